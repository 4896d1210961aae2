"""The log: what was written can be read, and whatever is done to it afterwards is found."""

from __future__ import annotations

import json
import os
import random
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest

from pipelines import log, sealing
from pipelines.load import load
from pipelines.log import FILE, Head, LogBroken, append, head, read, recorded
from pipelines.logcheck import Witness, verify
from pipelines.parts import manifest_sha256
from pipelines.secret import Key, KeyNeeded, new_key, using
from tests.pipelines.forms import DICTIONARY, register, write

REPOSITORY = Path(__file__).parent.parent.parent
FIRST, SECOND = new_key(), new_key()
#: lines of the log, and the line after which each edition was published
LINES, EDITIONS = 24, {"0001": 6, "0002": 15, "0003": 24}


def filled(store: Path, key: Key | None) -> tuple[list[bytes], dict[str, Witness]]:
    """A log of LINES lines, and what three editions say of it."""
    store.mkdir(exist_ok=True)
    said = {}
    for number in range(1, LINES + 1):
        entry = _append(store, key, number)
        for edition, line in EDITIONS.items():
            if line == number:
                said[edition] = Witness(head=Head(sequence=entry.sequence, hash=entry.hash), manifest_sha256=f"{edition}" * 16)
    return (store / FILE).read_bytes().splitlines(keepends=True), said


def _append(store: Path, key: Key | None, number: int) -> log.Entry:
    action = ("load", "freeze", "sign-in", "export")[number % 4]
    objects: dict[str, str | int | bool] = {"rows": number, "edition": f"{number:04}"}
    if key is None:
        return append(store, action=action, objects=objects, actor=f"user{number % 3}@例.cn")
    with using(key):
        return append(store, action=action, objects=objects, actor=f"user{number % 3}@例.cn")


def found(store: Path, lines: list[bytes], key: Key | None, said: dict[str, Witness]) -> int | None:
    """The line that is named when the log holds these; None when nothing is found."""
    (store / FILE).write_bytes(b"".join(lines))
    try:
        if key is None:
            verify(store, said)
        else:
            with using(key):
                verify(store, said)
    except LogBroken as error:
        return error.line
    return None


Harm = Callable[[list[bytes], random.Random], list[bytes] | None]


def flipped(lines: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(lines))
    line = bytearray(lines[place])
    line[chance.randrange(len(line))] ^= 1 << chance.randrange(8)
    return [*lines[:place], bytes(line), *lines[place + 1 :]]


def removed(lines: list[bytes], chance: random.Random) -> list[bytes]:
    place = chance.randrange(len(lines))  # the last one, too: an edition knows of it
    return [*lines[:place], *lines[place + 1 :]]


def swapped(lines: list[bytes], chance: random.Random) -> list[bytes]:
    one, other = chance.sample(range(len(lines)), 2)
    new = list(lines)
    new[one], new[other] = new[other], new[one]
    return new


def doubled(lines: list[bytes], chance: random.Random) -> list[bytes]:
    place, target = chance.randrange(len(lines)), chance.randrange(len(lines) + 1)
    return [*lines[:target], lines[place], *lines[target:]]


def inserted(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """A line that somebody wrote, with a right hash and a right place in the chain, but nothing else changed."""
    place = chance.randrange(len(lines))
    entry = _entry(json.loads(lines[place]) | {"actor": "mallory"}, None)
    return [*lines[:place], entry, *lines[place:]]


def cut(lines: list[bytes], chance: random.Random) -> list[bytes]:
    whole = b"".join(lines)
    return whole[: chance.randrange(len(whole))].splitlines(keepends=True)


def cut_at_a_line(lines: list[bytes], chance: random.Random) -> list[bytes]:
    return lines[: chance.randrange(len(lines))]


def replaced(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """One entry changed, with a right hash of its own, and the others as they were."""
    place = chance.randrange(len(lines))
    return [*lines[:place], _entry(json.loads(lines[place]) | {"actor": "mallory"}, None), *lines[place + 1 :]]


def remade(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """One entry changed, and every hash from there on worked out anew, as one can who lacks the key; marks left as they are."""
    place, new = chance.randrange(len(lines)), list(lines)
    values = json.loads(lines[place])
    name = chance.choice(["actor", "action", "outcome", "time"])
    values[name] = {"actor": "mallory", "action": "audit", "outcome": "refused", "time": "2020-01-01T00:00:00+00:00"}[name]
    for number in range(place, len(lines)):
        values = values if number == place else json.loads(lines[number])
        values["previous"] = json.loads(new[number - 1])["hash"] if number else "0" * 64
        new[number] = _entry(values, values["mark"])
    return new


def unmarked(lines: list[bytes], chance: random.Random) -> list[bytes]:
    """The same, and no line bears a mark any more, as if there had never been a key."""
    return [_entry(json.loads(line), None) for line in remade(lines, chance)]


def _entry(values: dict[str, object], mark: object) -> bytes:
    """A line with the hash of these values, worked out by hand."""
    import hashlib

    body = {name: values[name] for name in ("sequence", "time", "actor", "action", "objects", "outcome", "previous")}
    digest = hashlib.sha256(json.dumps(body, ensure_ascii=False).encode()).hexdigest()
    kept = {"key": values["key"] if mark else None, "mark": mark}
    return json.dumps({**body, "hash": digest, **kept}, ensure_ascii=False).encode() + b"\n"


HARMS: list[Harm] = [flipped, removed, swapped, doubled, inserted, cut, cut_at_a_line, replaced, remade, unmarked]  # type: ignore[list-item]


@pytest.mark.parametrize("keyed", [False, True], ids=["without a key", "with a key"])
@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_every_tampering_is_found(harm: Harm, keyed: bool, tmp_path: Path) -> None:
    """10 kinds × 2 × 40 by chance. The editions vouch for all lines here, so that a changed last line is found without a key."""
    key = FIRST if keyed else None
    lines, said = filled(tmp_path, key)
    chance, tried = random.Random(harm.__name__), 0
    assert found(tmp_path, lines, key, said) is None
    while tried < 40:
        new = harm(lines, chance)
        if new is None or b"".join(new) == b"".join(lines):
            continue
        tried += 1
        assert found(tmp_path, new, key, said) is not None, b"".join(new)


@pytest.mark.parametrize(
    "harm", [flipped, removed, swapped, doubled, inserted, replaced, remade, unmarked], ids=lambda harm: harm.__name__
)
def test_with_a_key_it_is_found_without_any_edition(harm: Harm, tmp_path: Path) -> None:
    lines, _ = filled(tmp_path, FIRST)
    chance = random.Random(harm.__name__)
    for _ in range(25):
        new = harm(lines, chance) or []
        if new == lines or new == lines[:-1]:  # the end, cut off: only an edition knows of it
            continue
        assert found(tmp_path, new, FIRST, {}) is not None


def test_what_cannot_be_found_is_said(tmp_path: Path) -> None:
    """The controls: without a key and an edition a log made anew is a log; and nothing knows of an end that no edition saw."""
    lines, said = filled(tmp_path, None)
    assert found(tmp_path, unmarked(lines, random.Random(1)), None, {}) is None
    assert found(tmp_path, lines[:20], None, {name: said[name] for name in ("0001", "0002")}) is None
    assert found(tmp_path, lines[:14], None, {"0002": said["0002"]}) == 15


def test_the_first_broken_line_is_named(tmp_path: Path) -> None:
    lines, said = filled(tmp_path, None)
    named = {
        3: [*lines[:2], lines[2].replace(b"user", b"uses"), *lines[3:]],
        5: [*lines[:4], *lines[5:]],
        10: [*lines[:9], lines[9].replace(b'": ', b'":', 1), *lines[10:]],  # the same, written otherwise
        24: [*lines[:23], lines[23][:-1]],
        7: lines[:6],
    }
    for line, new in named.items():
        assert found(tmp_path, new, None, said) == line
    (tmp_path / FILE).write_bytes(b"".join(lines[:6]))
    with pytest.raises(LogBroken, match=r"ends with line 6, but had 15 when edition 0002 was published: its end was cut off"):
        verify(tmp_path, said)
    (tmp_path / FILE).unlink()
    with pytest.raises(LogBroken, match="ends with line 0"):
        verify(tmp_path, said)


def test_an_edition_that_was_replaced_is_found(tmp_path: Path) -> None:
    append(tmp_path, action="publish", objects={"edition": "0001", "edition_sha256": "a" * 64})
    append(tmp_path, action="publish", objects={"edition": "0002", "edition_sha256": "b" * 64}, outcome="failed")
    verify(tmp_path, {"0001": Witness(head=None, manifest_sha256="a" * 64), "0002": Witness(head=None, manifest_sha256="c")})
    with pytest.raises(LogBroken, match="line 1 tells of another edition 0001"):
        verify(tmp_path, {"0001": Witness(head=None, manifest_sha256="b" * 64)})


def test_what_was_written_is_read(tmp_path: Path) -> None:
    lines, _ = filled(tmp_path, None)
    entries = read(tmp_path)
    assert [entry.sequence for entry in entries] == list(range(1, LINES + 1))
    assert entries[5].actor == "user0@例.cn"
    assert entries[5].objects == {"rows": 6, "edition": "0006"}
    assert head(tmp_path) == Head(sequence=LINES, hash=entries[-1].hash)
    assert [entry.line for entry in entries] == lines
    assert (verify(tmp_path).lines, verify(tmp_path).marked) == (LINES, 0)
    assert head(tmp_path / "none") is None
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) & 0o037 == 0, "it names who signed in"
    assert verify(tmp_path / "none").lines == 0


def test_who_is_not_signed_in_is_the_user_of_the_system(tmp_path: Path) -> None:
    assert append(tmp_path, action="load").actor == log.login()
    told = append(tmp_path, action="sign-in", actor="a\nb\x1b[31m\u202e" + "x" * 500).actor
    assert told.startswith("ab[31mx") and len(told) == 200
    assert verify(tmp_path).lines == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"action": "look"},
        {"action": "load", "outcome": "perhaps"},
        {"action": "load", "objects": {"file": "甲公司.xlsx"}},
        {"action": "load", "objects": {"table": "甲公司"}},
        {"action": "load", "objects": {"reason": "x" * 129}},
        {"action": "load", "objects": {"reason": "a\nb"}},
        {"action": "load", "objects": {"reason": "a/b.csv"}},
    ],
)
def test_what_might_name_a_respondent_is_not_taken(wrong: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the log"):
        append(tmp_path, **wrong)  # type: ignore[arg-type]
    assert not (tmp_path / FILE).exists()


def test_a_block_is_recorded_as_it_ended(tmp_path: Path) -> None:
    with recorded(tmp_path, action="load", objects={"files": 2}) as told:
        told["rows"] = 7
    with pytest.raises(ZeroDivisionError), recorded(tmp_path, action="load", objects={"files": 1}):
        1 / 0  # noqa: B018
    done, failed = read(tmp_path)
    assert (done.outcome, done.objects) == ("done", {"files": 2, "rows": 7})
    assert (failed.outcome, failed.objects) == ("failed", {"files": 1, "reason": "ZeroDivisionError"})


def test_a_log_with_a_key_takes_no_line_without_it(tmp_path: Path) -> None:
    append(tmp_path, action="load")
    with using(FIRST):
        append(tmp_path, action="load")
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(KeyNeeded, match="PLANWATCH_LOG_KEY_FILE"):
        append(tmp_path, action="load")
    with using(SECOND), pytest.raises(KeyNeeded, match=f"the key given is {SECOND.of_log.id}"):
        append(tmp_path, action="load")
    assert (tmp_path / FILE).read_bytes() == before
    assert verify(tmp_path).marked == 1
    with using(SECOND), pytest.raises(LogBroken, match="another key"):
        verify(tmp_path)


def test_ready_says_beforehand_what_append_would_say(tmp_path: Path) -> None:
    log.ready(tmp_path / "none")
    log.ready(tmp_path)
    assert not list(tmp_path.iterdir()), "it writes nothing"
    with using(FIRST):
        append(tmp_path, action="load")
        log.ready(tmp_path)
    before = (tmp_path / FILE).read_bytes()
    with pytest.raises(KeyNeeded, match="no key was given"):
        log.ready(tmp_path)
    with using(SECOND):
        log.ready(tmp_path, "seal")
        with pytest.raises(KeyNeeded, match=SECOND.of_log.id):
            log.ready(tmp_path)
        with pytest.raises(KeyNeeded), recorded(tmp_path, action="load"):
            pytest.fail("the block has begun")
    (tmp_path / FILE).write_bytes(before + b"{}\n")
    with using(FIRST), pytest.raises(LogBroken):
        log.ready(tmp_path)


def sealed_again(store: Path, first: Key, second: Key) -> list[bytes]:
    """The log of a store that was sealed, unsealed, used, and sealed with another key, by hand in its lines."""
    loaded(store)
    sealing.seal_store(store, first)
    with using(first):
        sealing.unseal_store(store)
    append(store, action="export")
    sealing.seal_store(store, second)
    with using(second):
        append(store, action="export")
        assert verify(store).proven == 2
    return (store / FILE).read_bytes().splitlines(keepends=True)


def loaded(store: Path) -> None:
    load([register(store.parent / "register.csv")], store=store, dictionary=DICTIONARY)


@pytest.mark.parametrize("key", [None, SECOND], ids=["without a key", "with the key"])
def test_a_log_cut_back_to_where_it_was_unsealed_does_not_pass_while_the_store_is_sealed(key: Key | None, tmp_path: Path) -> None:
    store = tmp_path / "store"
    lines = sealed_again(store, FIRST, SECOND)
    actions = [json.loads(line)["action"] for line in lines]
    assert actions == ["load", "seal", "unseal", "export", "seal", "export"]
    state = (store / "seal.json").read_bytes()
    for kept in (3, 4):
        (store / FILE).write_bytes(b"".join(lines[:kept]))
        (store / "seal.json").unlink()  # so that a forger gets his line
        append(store, action="export", objects={"rows": 1})
        (store / "seal.json").write_bytes(state)
        assert found(store, (store / FILE).read_bytes().splitlines(keepends=True), key, {}) == kept + 1
        with pytest.raises(KeyNeeded, match="The store is sealed"):
            append(store, action="export")
    assert found(store, lines[:2], key, {}) == 2, "of another key"
    assert found(store, [], key, {}) == 0, "all of it gone"
    assert found(store, lines[:5], key, {}) is None, "an end that was cut off after it was sealed, no edition knows of"
    with using(SECOND):
        sealing.unseal_store(store)
        assert verify(store).lines == 6


def test_a_key_may_follow_another_and_may_be_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with using(FIRST):
        append(tmp_path, action="load")
    with using(SECOND):
        append(tmp_path, action="seal")
        append(tmp_path, action="load")
        assert verify(tmp_path).proven == 2
    monkeypatch.setenv("PLANWATCH_LOG_KEY", SECOND.of_log.raw.hex())
    append(tmp_path, action="sign-in")
    assert verify(tmp_path).proven == 3
    append(tmp_path, action="unseal")
    monkeypatch.delenv("PLANWATCH_LOG_KEY")
    append(tmp_path, action="load")
    append(tmp_path, action="load")
    assert (verify(tmp_path).lines, verify(tmp_path).marked) == (7, 5)
    with using(SECOND):
        assert verify(tmp_path).proven == 4


def test_half_a_line_of_a_crash_is_told_and_cut_off(tmp_path: Path) -> None:
    lines, said = filled(tmp_path, None)
    (tmp_path / FILE).write_bytes(b"".join(lines) + lines[3][:50])
    with pytest.raises(LogBroken, match="line 25 is not whole"):
        verify(tmp_path, said)
    assert read(tmp_path)[-1].sequence == LINES
    assert head(tmp_path) == Head(sequence=LINES, hash=read(tmp_path)[-1].hash)
    assert append(tmp_path, action="load", objects={"rows": 1}).objects == {"rows": 1, "torn": 50}
    assert verify(tmp_path, said).torn == (25,)
    (tmp_path / FILE).write_bytes(b'{"half')
    assert append(tmp_path, action="load").sequence == 1
    assert verify(tmp_path).torn == (1,)


def test_behind_a_line_that_is_no_entry_nothing_is_added(tmp_path: Path) -> None:
    filled(tmp_path, None)
    for last in (b"{}\n", b"\n", b"[[[[[\n", b'{"sequence": 1}\n', b"\xff\n"):
        content = (tmp_path / FILE).read_bytes() + last
        (tmp_path / FILE).write_bytes(content)
        with pytest.raises(LogBroken, match="log verify"):
            append(tmp_path, action="load")
        assert (tmp_path / FILE).read_bytes() == content
        (tmp_path / FILE).write_bytes(content[: -len(last)])


def test_four_processes_and_four_threads_write_one_log(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom pipelines.log import append\n"
        "for number in range(100):\n    append(Path(sys.argv[1]), action='export', objects={'rows': number}, actor=sys.argv[2])\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    others = [subprocess.Popen([sys.executable, "-c", program, str(tmp_path), f"p{n}"], env=environment) for n in range(4)]
    own = [threading.Thread(target=_hundred, args=(tmp_path, f"t{n}")) for n in range(4)]
    for thread in own:
        thread.start()
    assert [other.wait() for other in others] == [0] * 4
    for thread in own:
        thread.join()
    assert verify(tmp_path).lines == 500
    entries = read(tmp_path)
    for actor in (*(f"p{n}" for n in range(4)), *(f"t{n}" for n in range(4))):
        assert [entry.objects["rows"] for entry in entries if entry.actor == actor] == list(range(100 if actor[0] == "p" else 25))


def _hundred(store: Path, actor: str) -> None:
    for number in range(25):
        append(store, action="export", objects={"rows": number}, actor=actor)


def test_killed_while_writing_the_log_stands(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom pathlib import Path\nfrom pipelines.log import append\nprint('begun', flush=True)\n"
        "while True:\n    append(Path(sys.argv[1]), action='export', objects={'rows': 1})\n"
    )
    environment, chance, lines = {**os.environ, "PYTHONPATH": str(REPOSITORY)}, random.Random(5), 0
    for _ in range(15):
        with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], env=environment, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            other.stdout.readline()
            with pytest.raises(subprocess.TimeoutExpired):
                other.wait(chance.uniform(0.01, 0.1))
            os.kill(other.pid, signal.SIGKILL)
            other.wait()
        found = verify(tmp_path).lines
        assert found >= lines
        lines = found
    assert lines > 30
    assert append(tmp_path, action="load").sequence == lines + 1


def test_a_load_is_told_by_counts_and_hashes_alone(tmp_path: Path) -> None:
    store = tmp_path / "store"
    files = [
        register(tmp_path / "E1 甲公司.csv"),
        write(tmp_path / "survey.csv", "enterprise_id,year,key_processes", ["E1,2026,5", "E1,2026,x"]),
    ]
    load(files, store=store, dictionary=DICTIONARY)
    (entry,) = read(store)
    assert (entry.action, entry.outcome) == ("load", "done")
    assert entry.objects == {
        "files": 2, "refused": 0, "rows": 7, "set_aside": 1, "parts": 2, "manifest_sha256": manifest_sha256(store, 2),
    }  # fmt: skip
    assert "E1" not in (store / FILE).read_text(encoding="utf-8")
    load(files, store=store, dictionary=DICTIONARY)
    assert read(store)[1].objects["rows"] == 0
    assert asdict(read(store)[0])["previous"] == "0" * 64
