"""A sealed store: nothing can be read or changed without the key, everything works with it, and no crash loses it."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest

from pipelines import (
    editrun,
    log,
    logcheck,
    overlay,
    parts,
    private,
    pseudonym,
    rejected,
    sealing,
    trail,
    vault,
    warehouse,
    weights,
)
from pipelines.database import Database
from pipelines.forget import forget
from pipelines.load import load
from pipelines.lock import held
from pipelines.log import LogBroken
from pipelines.parts import StoreDamaged
from pipelines.private import MEMORY, Private
from pipelines.request import Request
from pipelines.scratch import Scratch
from pipelines.seal import SealBroken
from pipelines.secret import Key, KeyNeeded, KeyUnusable, new_key, read_key, using, write_key
from tests.pipelines import stores
from tests.pipelines.forms import write
from tests.pipelines.stores import DICTIONARY, OPEN, REPOSITORY, UNITS

WORDS = [*UNITS, *(name for name, _ in UNITS.values()), "G77-GROUP", "U9999-X", "minimum_groups"]
HEADER = "enterprise_id,year,output,staff"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stores.full(tmp_path_factory.mktemp("made"))


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "store")
    return tmp_path / "store"


@pytest.fixture
def key() -> Key:
    return new_key()


def plain_of(store: Path) -> dict[str, bytes]:
    """The confidential files of a store in plain."""
    return {name: vault.read(store, name) for name in vault.files(store)}


def private_folders(store: Path) -> list[Path]:
    return [*MEMORY.glob(f"{private._prefix(store)}*"), *store.glob("private-*")]


def test_every_file_is_either_sealed_or_known_to_hold_no_record(store: Path, key: Key) -> None:
    kept = {f"weights/{version}.parquet" for version in weights.kept_versions(store)}
    whole = {"contributions/0001.parquet", "disclosure.yaml", "pseudonyms.secret", "warehouse.duckdb", *kept}
    assert {name for name in vault.files(store) if not name.startswith(("accepted/", "edits/", "rejected/"))} == whole
    assert stores.names(store) == set(vault.files(store)) | (OPEN - {"seal.json"})
    done = sealing.seal_store(store, key)
    assert (done.key, done.former, done.files) == (key.id, None, len(vault.files(store)))
    assert stores.names(store) == set(vault.files(store)) | OPEN
    assert all((store / name).read_bytes().startswith(b"PWSEAL1\n") for name in vault.files(store))


def test_nothing_of_a_record_stands_in_the_bytes_of_a_sealed_store(store: Path, key: Key) -> None:
    assert {word for some in stores.hits(store, WORDS).values() for word in some} == set(WORDS), "the control finds all of them"
    sealing.seal_store(store, key)
    assert stores.hits(store, WORDS) == {}


def test_sealed_and_unsealed_every_byte_is_as_it_was(store: Path, key: Key) -> None:
    before = plain_of(store)
    (store / "disclosure.yaml").chmod(0o644)
    modes = {name: stat.S_IMODE((store / name).stat().st_mode) for name in before}
    sealing.seal_store(store, key)
    with using(key):
        assert plain_of(store) == before
        now = {name: stat.S_IMODE((store / name).stat().st_mode) for name in before}
        assert now == {name: mode & 0o770 for name, mode in modes.items()}, "what is sealed is nobody's outside the group"
        assert sealing.inspect(store, key).opened == len(before)
        sealing.unseal_store(store)
    assert plain_of(store) == before == {name: (store / name).read_bytes() for name in before}
    assert not (store / vault.STATE).exists()
    with pytest.raises(sealing.NotSealed):
        sealing.unseal_store(store)


def same_work(store: Path, folder: Path) -> dict[str, object]:
    """What a store is used for; what comes out."""
    mended = write(folder / "mended.csv", HEADER, ["U0001-A,2026,5100,900", "U0002-B,2026,x,1"])
    reports = load([mended], store=store, dictionary=DICTIONARY)
    again = load([mended], store=store, dictionary=DICTIONARY)
    stores.edit(store)
    warehouse.keep_weights(store, DICTIONARY, stores.used().with_columns(weight=pl.lit(2.0)))
    runs = editrun.standing(store, DICTIONARY)
    assert runs is not None
    with overlay.open_edited(store, DICTIONARY, runs) as database:
        edited = database.query("SELECT * FROM survey ORDER BY ALL").rows()
    return {
        "loaded": [(report.accepted, report.set_aside, report.replaced, report.refused) for report in reports],
        "again": [report.unchanged for report in again],
        "rows": stores.rows(store),
        "edited": edited,
        "rejected": rejected.all_rejected(store).drop("file").rows(),
        "trail": trail.history(store).drop("since").rows(),
        "unit": trail.history(store, "U0001-A").height,
        "weights": weights.kept_versions(store),
        "outgrown": warehouse.outgrown(store, DICTIONARY),
        "marks": pseudonym.pseudonyms_for(store, "Ministry").of("U0001-A"),
    }


def test_a_sealed_store_does_all_that_a_plain_one_does(store: Path, key: Key, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path / "plain")
    expected = same_work(tmp_path / "plain", tmp_path)
    sealing.seal_store(store, key)
    with using(key):
        found = same_work(store, tmp_path)
        assert found == expected
        assert sealing.inspect(store, key).faults == ()
        (store / "warehouse.duckdb").unlink()
        assert stores.rows(store) == expected["rows"], "rebuilt from sealed parts"
    assert stores.hits(store, WORDS) == {}
    assert private_folders(store) == []


def test_a_new_store_can_be_sealed_before_anything_is_loaded(tmp_path: Path, key: Key) -> None:
    store = tmp_path / "new" / "store"
    sealing.seal_store(store, key)
    with using(key):
        made = stores.full(tmp_path / "new")
        assert made == store
        assert (store / "disclosure.yaml").read_bytes().startswith(b"minimum")
        with pytest.raises(SealBroken, match=r"disclosure\.yaml is not sealed, though the store is"):
            vault.read(store, "disclosure.yaml")
        assert sealing.seal_store(store, key).files == 1, "a file put beside the others is taken in"
        assert vault.read(store, "disclosure.yaml").startswith(b"minimum")
        assert sealing.inspect(store, key).opened == len(vault.files(store)) > 10
    assert stores.hits(store, WORDS) == {}


USES: dict[str, Callable[[Path], object]] = {
    "load": lambda store: load([write(store.parent / "x.csv", HEADER, ["U0001-A,2026,5,5"])], store=store, dictionary=DICTIONARY),
    "edit": stores.edit,
    "warehouse": lambda store: warehouse.open_warehouse(store, DICTIONARY),
    "rejected": rejected.all_rejected,
    "trail": trail.history,
    "weights": lambda store: weights.keep(store, stores.used().head(1)),
    "manifest": parts.read_manifest,
    "pseudonyms": lambda store: pseudonym.pseudonyms_for(store, "Ministry"),
    "unseal": sealing.unseal_store,
}  # fmt: skip


@pytest.mark.parametrize("use", USES)
def test_without_the_key_it_says_what_to_do_and_changes_nothing(use: str, store: Path, key: Key) -> None:
    sealing.seal_store(store, key)
    before = {name: (store / name).read_bytes() for name in stores.names(store)}
    with pytest.raises(KeyNeeded, match=f"key {key.id}, and no key was given. Give that key: --key-file"):
        USES[use](store)
    with using(other := new_key()), pytest.raises(KeyNeeded, match=f"the key given is {other.id}"):
        USES[use](store)
    assert {name: (store / name).read_bytes() for name in stores.names(store)} == before
    assert private_folders(store) == []


def read_all(store: Path) -> None:
    stores.rows(store)
    rejected.all_rejected(store)
    trail.history(store)
    for version in weights.kept_versions(store):
        weights.frame_of(store, version)
    for name in vault.files(store):
        vault.read(store, name)


@pytest.mark.parametrize("harm", ["changed", "cut", "swapped", "of another store", "plain"])
def test_a_sealed_file_that_was_touched_is_named(harm: str, store: Path, key: Key, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path / "plain")
    other = stores.full(tmp_path / "other")
    sealing.seal_store(other, new_key())
    sealing.seal_store(store, key)
    names = vault.files(store)
    for number, name in enumerate(names):
        content = (store / name).read_bytes()
        new = {
            "changed": content[:-30] + bytes([content[-30] ^ 1]) + content[-29:],
            "cut": content[: len(content) // 2],
            "swapped": (store / names[number - 1]).read_bytes(),
            "of another store": (other / name).read_bytes(),
            "plain": (tmp_path / "plain" / name).read_bytes(),
        }[harm]
        (store / name).chmod(0o640)
        (store / name).write_bytes(new)
        with using(key), pytest.raises((SealBroken, KeyNeeded, StoreDamaged)) as found:
            read_all(store)
        assert name in str(found.value) or harm == "of another store"
        with using(key):
            assert len(sealing.inspect(store, key).faults) == 1
        (store / name).write_bytes(content)
    with using(key):
        read_all(store)


def test_a_store_whose_state_was_removed_is_not_taken_for_a_plain_one(store: Path, key: Key) -> None:
    sealing.seal_store(store, key)
    (store / vault.STATE).unlink()
    with using(key), pytest.raises(SealBroken, match=r"is sealed, but .*seal\.json is not there"):
        parts.read_manifest(store)
    (store / vault.STATE).write_text("{")
    with using(key), pytest.raises(SealBroken, match="cannot be read"):
        parts.read_manifest(store)


def test_another_key_takes_over(store: Path, key: Key) -> None:
    before, mark = plain_of(store), pseudonym.pseudonyms_for(store, "Ministry").of("U0001-A")
    sealing.seal_store(store, key)
    second = new_key()
    with pytest.raises(KeyNeeded):
        sealing.seal_store(store, second)
    with using(key):
        assert sealing.seal_store(store, second).former == key.id
        with pytest.raises(KeyNeeded, match=second.id):
            plain_of(store)
    with using(second):
        assert plain_of(store) == before
        assert pseudonym.pseudonyms_for(store, "Ministry").of("U0001-A") == mark, "recipients keep their pseudonyms"
        assert logcheck.verify(store).proven == 1, "the line of the former key is vouched for by those of the new one"


def test_killed_at_any_moment_a_store_is_as_before_or_as_after(made: Path, key: Key, tmp_path: Path) -> None:
    """Killed before each of a sample of the things that sealing, changing the key and unsealing do to files."""
    second, environment = new_key(), {"PLANWATCH_KEY": key.raw.hex()}
    keys = "from pipelines.secret import Key, configured\nfrom pipelines.sealing import seal_store, unseal_store\n"
    steps = {
        "seal": (f"{keys}seal_store(store, configured())", None, key),
        "rotate": (f"{keys}seal_store(store, Key(raw=bytes.fromhex('{second.raw.hex()}')))", key, second),
        "unseal": (f"{keys}unseal_store(store)", key, None),
    }
    for name, (program, before, after) in steps.items():
        start = tmp_path / name
        shutil.copytree(made, start)
        if before is not None:
            sealing.seal_store(start, before)
        with using(before or key):
            content = plain_of(start)
        seen: set[str] = set()
        shutil.copytree(start, tmp_path / "probe")
        number = stores.killed(program, tmp_path / "probe", 0, environment)
        assert number is not None
        shutil.rmtree(tmp_path / "probe")
        for at in stores.moments(number):
            store = tmp_path / f"{name}-{at}"
            shutil.copytree(start, store)
            assert stores.killed(program, store, at, environment) is None
            found = _form(store)
            seen.add("after" if found == (after.id if after else None) else "before")
            with using((after if found == (after.id if after else None) else before) or key):
                assert plain_of(store) == content
                assert parts.read_manifest(store)
                with held(store, "the next writer"):
                    assert not [*store.glob("renewal*"), *store.glob("work-*")]
                assert {path for path in stores.names(store) if path.endswith(".new")} == set()
            shutil.rmtree(store)
        assert seen == {"before", "after"}, name


def _form(store: Path) -> str | None:
    state = vault.state(store)
    return state.key if state else None


def test_a_plain_copy_that_a_killed_reader_left_goes_with_the_next_run(store: Path, key: Key) -> None:
    sealing.seal_store(store, key)
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom pipelines.warehouse import open_warehouse\n"
        "from tests.pipelines.stores import DICTIONARY\nfound = open_warehouse(Path(sys.argv[1]), DICTIONARY)\n"
        "print(found.path, flush=True)\nsys.stdin.read(1)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    with using(key):
        environment = {"PYTHONPATH": str(REPOSITORY), "PLANWATCH_KEY": key.raw.hex(), "PATH": ""}
        with subprocess.Popen(
            [sys.executable, "-c", program, str(store)], stdin=-1, stdout=-1, env=environment, cwd=REPOSITORY
        ) as other:
            assert other.stdout is not None and other.stdin is not None
            left = Path(other.stdout.readline().decode().strip())
            assert stat.S_IMODE(left.parent.stat().st_mode) == 0o700
            stores.rows(store)
            assert left.exists(), "as long as the other lives, nobody takes it away"
            other.stdin.write(b"x")
            other.stdin.flush()
            other.wait()
        assert left.exists()
        stores.rows(store)
    assert private_folders(store) == []


def test_a_copy_lies_in_memory_where_it_fits_and_beside_where_not(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small, large = Private(store, 1000), Private(store, 1 << 60)
    assert (MEMORY in small.path.parents) == MEMORY.is_dir()
    assert large.path.parent == store
    small.remove()
    large.remove()
    monkeypatch.setattr(private, "_available", lambda: 0)
    beside = Private(store, 1)
    assert beside.path.parent == store
    path = beside.path
    del beside
    assert not path.exists()


def test_a_crash_while_loading_leaves_no_plain_work_in_a_sealed_store(store: Path, key: Key, tmp_path: Path) -> None:
    sealing.seal_store(store, key)
    lines = [f"U0001-A,{year},5,5" for year in range(2025, 2027)]
    write(tmp_path / "late.csv", HEADER, lines)
    program = (
        "from pipelines.load import load\nfrom tests.pipelines.stores import DICTIONARY\n"
        "load([store.parent / 'late.csv'], store=store, dictionary=DICTIONARY)"
    )
    for at in (10, 20, 30, 40, 50, 60, 70):
        shutil.copytree(store, tmp_path / "run" / "store")
        shutil.copy(tmp_path / "late.csv", tmp_path / "run" / "late.csv")
        stores.killed(program, tmp_path / "run" / "store", at, {"PLANWATCH_KEY": key.raw.hex()})
        assert stores.hits(tmp_path / "run" / "store", WORDS) == {}
        with using(key):
            report = load([tmp_path / "late.csv"], store=tmp_path / "run" / "store", dictionary=DICTIONARY)[0]
            assert not [name for name in stores.names(tmp_path / "run" / "store") if name.endswith(".new")]
            assert report.accepted == 2
            assert sealing.inspect(tmp_path / "run" / "store", key).faults == ()
        shutil.rmtree(tmp_path / "run")


def test_what_a_reader_copies_lies_in_the_private_folder(store: Path, key: Key) -> None:
    """A workbook or text file is copied while it is read; of a sealed store not into the folder for temporary files."""
    with vault.workplace(store, "work-") as work:
        assert work.parent == store
        assert Scratch().path.parent != work
    sealing.seal_store(store, key)
    with using(key), vault.workplace(store, "work-") as work:
        scratch = Scratch()
        assert scratch.path.parent == work
        assert store not in work.parents
    assert not scratch.path.exists()


PUT = {
    "disclosure.yaml": True,
    "accepted": True,
    "accepted/manifest.jsonl": False,
    "accepted, changed": False,
    "rejected": False,
    "edits/manifest.jsonl": False,
    "edits": False,
    "weights": False,
    "contributions": False,
    "pseudonyms.secret": False,
}


@pytest.mark.parametrize(("kind", "taken"), PUT.items(), ids=PUT)
def test_of_plain_files_put_into_a_sealed_store_only_those_are_taken_in_that_are_its_own(
    kind: str, *, taken: bool, store: Path, key: Key, tmp_path: Path
) -> None:
    shutil.copytree(store, tmp_path / "plain")
    sealing.seal_store(store, key)
    folder = kind.split(",")[0]
    name = next(one for one in vault.files(store) if one == folder or (one.startswith(f"{folder}/") and one.endswith(".parquet")))
    content = (tmp_path / "plain" / name).read_bytes()
    (store / name).unlink()
    (store / name).write_bytes(content + b" " if kind.endswith("changed") else content)
    before = {one: (store / one).read_bytes() for one in stores.names(store)}
    with using(key):
        if not taken:
            with pytest.raises(SealBroken, match=f"{name} is not sealed.*Restore it from a copy"):
                sealing.seal_store(store, key)
            assert {one: (store / one).read_bytes() for one in stores.names(store)} == before
            return
        assert sealing.seal_store(store, key).files == 1
        assert vault.read(store, name) == content
        assert sealing.inspect(store, key).faults == ()


@pytest.mark.parametrize("other", [False, True], ids=["same key", "another key"])
def test_a_plain_warehouse_in_a_sealed_store_is_never_read_and_goes(*, other: bool, store: Path, key: Key) -> None:
    expected = stores.rows(store)
    sealing.seal_store(store, key)
    path = store / "warehouse.duckdb"
    with using(key):
        shutil.copy(vault.copy(store, path.name, store.parent / "copy"), path)
        with Database(path) as database:
            database.execute("UPDATE survey SET output = 666")
        with pytest.raises(SealBroken, match=r"warehouse\.duckdb is not sealed.*Delete it"):
            vault.read(store, path.name)
        now = new_key() if other else key
        sealing.seal_store(store, now)
        assert not path.exists()
    with using(now):
        assert stores.rows(store) == expected, "made anew from the parts"
        assert sealing.inspect(store, now).faults == ()


def test_a_key_in_the_store_opens_and_seals_nothing(store: Path, key: Key, monkeypatch: pytest.MonkeyPatch) -> None:
    write_key(store / "key", key)
    own = read_key(store / "key")
    with pytest.raises(KeyUnusable, match="lies in the store"):
        sealing.seal_store(store, own)
    assert vault.state(store) is None
    sealing.seal_store(store, key)
    monkeypatch.setenv("PLANWATCH_KEY_FILE", str(store / "key"))
    for use in (lambda: vault.read(store, "disclosure.yaml"), lambda: log.append(store, action="load")):
        with pytest.raises(KeyUnusable, match="lies in the store"):
            use()


@pytest.mark.parametrize("use", ["load", "edit", "forget", "seal"])
def test_what_the_log_cannot_tell_does_not_happen(use: str, store: Path, key: Key) -> None:
    with using(key):
        log.append(store, action="load")  # a plain store whose log is kept with a key
    before = {name: (store / name).read_bytes() for name in stores.names(store)}
    uses = USES | {"forget": lambda store: forget(store, DICTIONARY, Request(unit="U0001-A"))}
    if use == "seal":  # another key may take over the log, which a broken one stops
        content = before[log.FILE] + b"{}\n"
        (store / log.FILE).write_bytes(content)
        with pytest.raises(LogBroken):
            sealing.seal_store(store, key)
        before[log.FILE] = content
    else:
        with pytest.raises(KeyNeeded, match="The log is kept with the key"):
            uses[use](store)
    assert {name: (store / name).read_bytes() for name in stores.names(store)} == before


def test_no_key_takes_over_a_log_that_was_touched(store: Path, key: Key) -> None:
    sealing.seal_store(store, key)
    path = store / log.FILE
    path.write_bytes(path.read_bytes().replace(b'"load"', b'"edit"', 1))
    with using(key), pytest.raises(LogBroken, match="line 1 was changed"):
        sealing.seal_store(store, new_key())
    assert _form(store) == key.id


def test_large_manifests_and_small_ones_are_read_alike(store: Path, key: Key) -> None:
    """Added to line by line, sealed or not, a manifest holds the same."""
    lines = [f'{{"n": {number}}}\n'.encode() for number in range(30)]
    sealing.seal_store(store, key)
    with using(key):
        vault.put(store, "edits/manifest.jsonl", b"")
        for line in lines:
            vault.append(store, "edits/manifest.jsonl", line)
        assert vault.read(store, "edits/manifest.jsonl") == b"".join(lines)
        vault.put(store, "edits/manifest.jsonl", b"".join(lines) + b'{"torn')
        vault.append(store, "edits/manifest.jsonl", lines[0])
        assert vault.read(store, "edits/manifest.jsonl") == b"".join([*lines, lines[0]])
        assert pl.read_parquet(BytesIO(vault.read(store, "contributions/0001.parquet"))).equals(stores.contributions())
