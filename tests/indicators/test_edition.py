"""The edition: sealed, immutable, and standing after whatever happens while the next one is written."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS
from indicators.editions.edition import (
    DATABASE,
    MANIFEST,
    POINTER,
    SEAL,
    BrokenEdition,
    Edition,
    NoEdition,
    PublishInProgress,
    _in_todays_form,
    _locked,
    list_editions,
    open_edition,
    write_edition,
)
from indicators.editions.results import RESULTS
from pipelines.database import Database, DatabaseError
from pipelines.durable import sha256

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def plan(make_plan: Any) -> Plan:
    return make_plan(
        tables={"facts": {"key": ["year"], "period": "year", "public": True, "columns": {"year": "year", "y": "number"}}},
        indicators={"level": {"table": "facts", "numerator": "y"}},
        codes={"kind": {"零部件": None}},
    )


def parts(rows: int = 200, *, value: float = 1.0) -> dict[str, pl.DataFrame]:
    number = pl.int_range(rows, eager=True)
    results = pl.DataFrame({"indicator": "level", "period": number.cast(pl.String), "breakdown": "total", "category": "total"})
    return {
        "results": results.with_columns(value=number * value, status=pl.lit("published")),
        "coverage": pl.DataFrame(
            {"table_id": ["facts"], "rows": [rows], "units": [rows], "first_period": ["1"], "last_period": ["2"]}
        ),
        "statements": pl.DataFrame({"indicator": ["level"], "sql": ["SELECT 1"]}),
    }


def written(root: Path, plan: Plan, **options: Any) -> Edition:
    edition = write_edition(root, plan=plan, **parts(**options), provenance={"inputs": ["sha"]})
    edition.close()
    return edition


def test_what_was_written_is_read(tmp_path: Path, plan: Plan) -> None:
    made = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    edition = write_edition(tmp_path, plan=plan, **parts(5), provenance={"inputs": ["sha"]}, created=made)
    assert (edition.id, edition.created) == ("0001", "2026-11-23T12:00:00+00:00")
    results = edition.query("SELECT * FROM results ORDER BY value")
    assert dict(results.schema) == RESULTS
    assert results["value"].to_list() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert edition.query("SELECT rows FROM coverage WHERE table_id = ?", ["facts"]).item() == 5
    assert edition.manifest["provenance"] == {"inputs": ["sha"]}
    assert edition.plan.indicators == plan.indicators
    assert edition.plan.disclosure.reason is None, "the rule of the operator stays with the operator"
    assert "零部件" in (edition.folder / MANIFEST).read_text(encoding="utf-8")
    edition.close()


def test_editions_follow_each_other_and_stay(tmp_path: Path, plan: Plan) -> None:
    for number in range(1, 4):
        assert written(tmp_path, plan, value=float(number)).id == f"{number:04d}"
    assert list_editions(tmp_path) == ["0001", "0002", "0003"]
    for name, value in ((None, 3.0), ("0001", 1.0), ("0002", 2.0)):
        edition = open_edition(tmp_path, name)
        assert edition.query("SELECT max(value) AS m FROM results").item() == 199 * value
        edition.close()


def test_the_same_content_has_the_same_files(tmp_path: Path, plan: Plan) -> None:
    made = datetime(2026, 11, 23, tzinfo=UTC)
    seals = []
    for name in ("a", "b"):
        edition = write_edition(tmp_path / name, plan=plan, **parts(), provenance={}, created=made)
        seals.append(json.loads((edition.folder / MANIFEST).read_text())["plan"])
        edition.close()
    assert seals[0] == seals[1]


def test_files_are_read_only_and_opening_leaves_no_trace(tmp_path: Path, plan: Plan) -> None:
    edition = written(tmp_path, plan)
    before = {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in edition.folder.iterdir()}
    assert set(before) == {DATABASE, MANIFEST, SEAL}
    for path in edition.folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o444
    again = open_edition(tmp_path)
    again.query("SELECT * FROM results")
    with pytest.raises(DatabaseError):
        again.query("DELETE FROM results")
    with pytest.raises(DatabaseError):
        again.query("SELECT * FROM read_csv('/etc/passwd')")
    again.close()
    assert {path.name: (path.stat().st_mtime_ns, path.stat().st_size) for path in edition.folder.iterdir()} == before


def test_an_open_edition_outlives_the_next(tmp_path: Path, plan: Plan) -> None:
    first = write_edition(tmp_path, plan=plan, **parts(value=1.0), provenance={})
    written(tmp_path, plan, value=2.0)
    assert first.query("SELECT max(value) AS m FROM results").item() == 199.0
    first.close()


def test_no_edition_is_said_plainly(tmp_path: Path, plan: Plan) -> None:
    with pytest.raises(NoEdition, match="planwatch publish"):
        open_edition(tmp_path / "nowhere")
    written(tmp_path, plan)
    with pytest.raises(NoEdition, match=r"no edition 0009 .* Editions here: 0001"):
        open_edition(tmp_path, "0009")
    for name in ("../0001", "", ".", "/etc", "current.json"):
        with pytest.raises(NoEdition):
            open_edition(tmp_path, name)


def test_foreign_folders_are_not_editions(tmp_path: Path, plan: Plan) -> None:
    for name in ("notes", "²", "12", "٠٠٠٧"):
        (tmp_path / name).mkdir()
    (tmp_path / "0042").write_text("a file")
    assert written(tmp_path, plan).id == "0001"
    assert list_editions(tmp_path) == ["0001"]


def test_after_9999_comes_10000(tmp_path: Path, plan: Plan) -> None:
    first = written(tmp_path, plan)
    first.folder.rename(tmp_path / "9999")
    assert written(tmp_path, plan).id == "10000"
    assert list_editions(tmp_path) == ["9999", "10000"]
    assert written(tmp_path, plan).id == "10001"


# --- the seal ------------------------------------------------------------------------------------------------------------


def rewrite(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


@pytest.mark.parametrize("current", [True, False], ids=["current", "former"])
@pytest.mark.parametrize("name", [DATABASE, MANIFEST, SEAL])
def test_any_flipped_byte_breaks_the_seal(name: str, current: bool, tmp_path: Path, plan: Plan) -> None:
    edition = written(tmp_path, plan, rows=40)
    if not current:
        written(tmp_path, plan)
    path = edition.folder / name
    whole = path.read_bytes()
    step = max(1, len(whole) // 40)
    for place in [*range(0, len(whole), step), len(whole) - 1]:
        rewrite(path, whole[:place] + bytes([whole[place] ^ 0x01]) + whole[place + 1 :])
        with pytest.raises(BrokenEdition, match="Publish again"):
            open_edition(tmp_path, edition.id)
    rewrite(path, whole)
    open_edition(tmp_path, edition.id).close()


def swapped_words(whole: bytes) -> bytes:
    """The first two neighbouring words of eight bytes that differ, exchanged: DuckDB's own checksum does not see it."""
    at = next(at for at in range(len(whole) // 2 // 8 * 8, len(whole), 8) if whole[at : at + 8] != whole[at + 8 : at + 16])
    return whole[:at] + whole[at + 8 : at + 16] + whole[at : at + 8] + whole[at + 16 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[len(whole) // 2 :] + whole[: len(whole) // 2],
        swapped_words,
        lambda whole: whole[:-1],
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole + b"\0",
        lambda whole: b"",
    ],
    ids=["swapped halves", "swapped words", "one byte short", "half", "one byte more", "empty"],
)
@pytest.mark.parametrize("name", [DATABASE, MANIFEST])
def test_other_damage_breaks_the_seal(damage: Any, name: str, tmp_path: Path, plan: Plan) -> None:
    edition = written(tmp_path, plan, rows=2000)
    path = edition.folder / name
    whole = path.read_bytes()
    assert damage(whole) != whole
    rewrite(path, damage(whole))
    with pytest.raises(BrokenEdition):
        open_edition(tmp_path)


@pytest.mark.parametrize("name", [DATABASE, MANIFEST, SEAL])
def test_a_missing_file_breaks_the_seal(name: str, tmp_path: Path, plan: Plan) -> None:
    edition = written(tmp_path, plan)
    (edition.folder / name).unlink()
    with pytest.raises(BrokenEdition):
        open_edition(tmp_path)


def test_a_database_exchanged_with_its_manifest_does_not_pass_for_the_current_one(tmp_path: Path, plan: Plan) -> None:
    """Whoever rewrites manifest and seal together is still told by the pointer."""
    edition = written(tmp_path, plan)
    other = written(tmp_path / "elsewhere", plan, value=7.0)
    for name in (DATABASE, MANIFEST, SEAL):
        rewrite(edition.folder / name, (other.folder / name).read_bytes())
    with pytest.raises(BrokenEdition, match="not the one that was published"):
        open_edition(tmp_path)


@pytest.mark.parametrize("garbage", ["", "{", "[]", "null", '{"edition": "0001"}', '"0001"', "\udcff\udcfe"])
def test_a_pointer_that_cannot_be_read_is_said_plainly_and_mended_by_the_next_edition(
    garbage: str, tmp_path: Path, plan: Plan
) -> None:
    written(tmp_path, plan)
    (tmp_path / POINTER).write_bytes(garbage.encode("utf-8", "surrogateescape"))
    with pytest.raises(BrokenEdition, match="pointer"):
        open_edition(tmp_path)
    assert written(tmp_path, plan).id == "0002"
    open_edition(tmp_path).close()


def test_an_edition_of_another_version_is_said_plainly(tmp_path: Path, plan: Plan) -> None:
    """A manifest of an older shape, properly sealed, is no crash."""
    edition = written(tmp_path, plan)
    manifest = json.loads((edition.folder / MANIFEST).read_text(encoding="utf-8"))
    manifest["plan"]["identity"]["unheard_of"] = 1
    rewrite(edition.folder / MANIFEST, json.dumps(manifest).encode())
    seal = sha256(edition.folder / MANIFEST)
    rewrite(edition.folder / SEAL, seal.encode())
    (tmp_path / POINTER).write_text(json.dumps({"edition": "0001", "manifest_sha256": seal}))
    with pytest.raises(BrokenEdition, match="another version"):
        open_edition(tmp_path)


def test_what_an_edition_of_an_earlier_version_holds_is_kept_and_what_it_lacks_is_blank() -> None:
    earlier = Database()
    earlier.insert("results", pl.DataFrame({"indicator": ["level"], "value": [1.5]}))
    for name in ("coverage", "statements"):
        earlier.insert(name, pl.DataFrame({"indicator": ["level"]}))
    earlier.insert("revisions", pl.DataFrame({"indicator": ["level"], "former": [1.0], "value": [1.5]}))
    with _in_todays_form(earlier) as today:
        assert today.query("SELECT value, release FROM results").rows() == [(1.5, None)]
        assert dict(today.query("SELECT * FROM revisions").schema) == DETAILS["revisions"]
        assert today.query("SELECT former, reason FROM revisions").rows() == [(1.0, None)]
        assert all(today.query(f"SELECT * FROM {name}").is_empty() for name in DETAILS if name != "revisions")


# --- crashes and company ---------------------------------------------------------------------------------------------------

#: imports once, then forks a publisher for every line it reads; nothing is computed before the fork
PUBLISHERS = """
import json, os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import polars as pl
from indicators.editions.edition import write_edition
from indicators.catalogue.plan import Plan
root, text = Path(sys.argv[2]), sys.argv[3]
for line in sys.stdin:
    child = os.fork()
    if child == 0:
        plan = Plan.model_validate_json(text)
        number = pl.int_range(60_000, eager=True)
        results = pl.DataFrame({"indicator": "level", "period": number.cast(pl.String), "breakdown": "total"})
        results = results.with_columns(value=number * 3.0, status=pl.lit("published"), category=pl.lit("total"))
        coverage = pl.DataFrame({"table_id": ["facts"], "rows": [1], "units": [1], "first_period": ["1"], "last_period": ["2"]})
        statements = pl.DataFrame({"indicator": ["level"], "sql": ["SELECT 1"]})
        for _ in range(int(line)):
            write_edition(root, plan=plan, results=results, coverage=coverage, statements=statements, provenance={}).close()
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


@pytest.fixture
def publishers(tmp_path: Path, plan: Plan) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", PUBLISHERS, str(REPOSITORY), str(tmp_path), plan.model_dump_json()]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


def begin(publishers: subprocess.Popen[str], times: int) -> int:
    """The number of a process that publishes so many times."""
    assert publishers.stdin is not None
    assert publishers.stdout is not None
    publishers.stdin.write(f"{times}\n")
    publishers.stdin.flush()
    return int(publishers.stdout.readline())


def end(publishers: subprocess.Popen[str]) -> int:
    """Waits for the process; how it ended."""
    assert publishers.stdout is not None
    return int(publishers.stdout.readline())


def test_killed_at_any_moment_the_last_edition_stands(tmp_path: Path, plan: Plan, publishers: subprocess.Popen[str]) -> None:
    written(tmp_path, plan)
    begin(publishers, 1)
    begun = time.perf_counter()
    assert end(publishers) == 0
    whole = time.perf_counter() - begun
    standing = {"0001", "0002"}
    assert set(list_editions(tmp_path)) == standing
    debris, kills = 0, 16
    for kill in range(kills):
        child = begin(publishers, 5)
        time.sleep(whole * 1.3 * (kill + 0.5) / kills)
        with contextlib.suppress(ProcessLookupError):  # it may have been quicker this time
            os.kill(child, signal.SIGKILL)
        assert end(publishers) in (signal.SIGKILL, 0)
        debris += bool(list(tmp_path.glob(".build-*")))
        edition = open_edition(tmp_path)
        assert edition.query("SELECT count(*) AS n FROM results").item() in (200, 60_000)
        edition.close()
        known = set(list_editions(tmp_path))
        assert standing <= known, "no edition may vanish"
        standing = known
        for name in sorted(known)[-3:]:
            open_edition(tmp_path, name).close()
    assert debris > 0, "no kill fell into the writing; this test saw nothing"
    last = written(tmp_path, plan)
    assert not list(tmp_path.glob(".build-*"))
    assert open_edition(tmp_path).id == last.id == list_editions(tmp_path)[-1]


def test_a_second_publisher_is_told_to_wait(tmp_path: Path, plan: Plan) -> None:
    written(tmp_path, plan)
    with _locked(tmp_path), pytest.raises(PublishInProgress, match="Wait"):
        written(tmp_path, plan)
    assert list_editions(tmp_path) == ["0001"]
    assert written(tmp_path, plan).id == "0002"


def test_publishers_in_a_crowd_lose_nothing(tmp_path: Path, plan: Plan) -> None:
    """Each of many either makes an edition of its own or is told that another is at work."""
    made: list[str] = []
    refused: list[int] = []

    def one(number: int) -> None:
        for _ in range(3):
            try:
                made.append(written(tmp_path, plan, value=float(number)).id)
            except PublishInProgress:
                refused.append(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) + len(refused) == 12
    assert sorted(made) == list_editions(tmp_path)
    assert open_edition(tmp_path).id == list_editions(tmp_path)[-1]
    for name in list_editions(tmp_path):
        open_edition(tmp_path, name).close()


def test_a_write_ahead_log_beside_the_database_breaks_the_seal(tmp_path: Path, plan: Plan) -> None:
    edition = written(tmp_path, plan)
    edition.close()
    edition.folder.chmod(0o755)
    (edition.folder / f"{DATABASE}.wal").write_bytes(b"planted")
    with pytest.raises(BrokenEdition, match="does not belong to it"):
        open_edition(tmp_path)
