"""The trail of editing: appended, never altered; the last whole run counts, whatever happens in the middle of the next."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from pipelines import editrun, trail
from pipelines.durable import sha256
from pipelines.edit.edit import Edited
from pipelines.edit.trail import TRAIL
from pipelines.load import load
from pipelines.lock import StoreBusy, held
from pipelines.parts import StoreDamaged
from pipelines.trail import Run, frame_of, history, keep, latest, manifest_path, read_runs
from tests.pipelines.edited import ANSWERS, dictionary, filled, stand_in
from tests.pipelines.forms import write

DICTIONARY = dictionary()
REPOSITORY = Path(__file__).parent.parent.parent
HEADER = "enterprise_id,year,output,staff"


def edit(store: Path, **options: object) -> dict[str, Run]:
    return editrun.edit(store, DICTIONARY, **{"plan_sha256": "plan", "actor": "wang", "rules": stand_in, **options})  # type: ignore[arg-type]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return filled(tmp_path)


def test_a_run_holds_every_change_and_says_who_made_it_from_what(store: Path) -> None:
    run = edit(store)["survey"]
    events = frame_of(store, run, "events")
    assert dict(events.schema) == TRAIL
    assert events.select("unit", "column", "old", "new", "method").rows() == [
        ("E1", "output", "5000000.0", "5000.0", "unit"),
        ("E3", "output", None, "700.0", "ratio"),
        ("E3", "staff", None, "700", "ratio"),
        ("E5", "output", None, "20.0", "ratio"),
    ]
    assert (run.changed, run.replaced, run.imputed, run.added, run.reviews) == (4, 3, 2, 1, 1)
    assert (run.sequence, run.table, run.origin.actor, run.origin.plan_sha256) == (1, "survey", "wang", "plan")
    assert run.sha256 == {name: sha256(trail.part_path(store, 1, "survey", name)) for name in trail.FRAMES}
    assert latest(store) == {"survey": run}


def test_rows_say_which_of_their_values_were_imputed(store: Path) -> None:
    rows = frame_of(store, edit(store)["survey"], "rows")
    flags = ("_imputed", "_added", "_imputed_output", "_imputed_staff")
    assert rows.select("enterprise_id", *flags).rows() == [
        ("E1", False, False, False, False),
        ("E3", True, True, True, True),
        ("E5", True, False, True, False),
    ]


def test_the_same_outcome_appends_nothing(store: Path) -> None:
    first = edit(store)
    content = manifest_path(store).read_bytes()
    assert edit(store, actor="li") == first
    assert manifest_path(store).read_bytes() == content
    assert len(list((store / "edits").glob("*.parquet"))) == 3


def test_a_later_run_supersedes_and_the_earlier_one_can_still_be_read(store: Path, tmp_path: Path) -> None:
    first = edit(store)["survey"]
    before = {path.name: path.read_bytes() for path in (store / "edits").glob("*.parquet")}
    line = manifest_path(store).read_bytes()
    mended = ["E1,2026,5100,900", *ANSWERS[1:]]  # the reporter sent the value in the right unit
    load([write(tmp_path / "mended.csv", HEADER, mended)], store=store, dictionary=DICTIONARY)
    second = edit(store, actor="li")["survey"]
    assert second.sequence == 2
    assert frame_of(store, second, "events")["unit"].to_list() == ["E3", "E3", "E5"]
    assert frame_of(store, first, "events").height == 4
    assert manifest_path(store).read_bytes().startswith(line)
    assert {path.name: path.read_bytes() for path in (store / "edits").glob("000001*")} == before


def test_the_history_of_a_unit_spans_the_runs(store: Path, tmp_path: Path) -> None:
    edit(store)
    load([write(tmp_path / "mended.csv", HEADER, ["E1,2026,5100,900", *ANSWERS[1:]])], store=store, dictionary=DICTIONARY)
    edit(store, actor="li")
    told = history(store).select("unit", "column", "first", "last", "actor", "stands").rows()
    assert told == [
        ("E1", "output", 1, 1, "wang", False),
        ("E3", "output", 1, 2, "wang", True),
        ("E3", "staff", 1, 2, "wang", True),
        ("E5", "output", 1, 2, "wang", True),
    ]
    assert history(store, "E5").height == 1
    assert history(store, "E9").is_empty()


def test_a_store_without_a_run_has_no_history(tmp_path: Path) -> None:
    assert history(tmp_path).is_empty()
    assert latest(tmp_path) == {}


def test_a_run_stands_only_for_the_rows_and_rules_it_was_made_from(store: Path, tmp_path: Path) -> None:
    assert editrun.standing(store, DICTIONARY) is None
    runs = edit(store)
    assert editrun.standing(store, DICTIONARY) == runs
    other = dictionary()
    weights = other.tables["survey"].model_copy(update={"editing": other.tables["survey"].editing.model_copy(update={"by": []})})  # type: ignore[union-attr]
    assert editrun.standing(store, other.model_copy(update={"tables": {**other.tables, "survey": weights}})) is None
    load([write(tmp_path / "more.csv", HEADER, ["E3,2026,650,700"])], store=store, dictionary=DICTIONARY)
    assert editrun.standing(store, DICTIONARY) is None


def test_a_table_of_which_nothing_was_loaded_is_not_edited(tmp_path: Path) -> None:
    def refuse(*arguments: object) -> Edited:
        raise AssertionError

    assert edit(tmp_path / "store", rules=refuse) == {}
    assert editrun.standing(tmp_path / "store", DICTIONARY) == {}


@pytest.mark.parametrize("moment", ["after a part", "before the line", "in the line"])
def test_killed_in_the_middle_the_last_whole_run_counts(moment: str, store: Path, tmp_path: Path) -> None:
    first = edit(store)["survey"]
    load([write(tmp_path / "mended.csv", HEADER, ["E1,2026,5100,900", *ANSWERS[1:]])], store=store, dictionary=DICTIONARY)
    _killed(store, moment)
    assert latest(store) == {"survey": first}
    assert frame_of(store, first, "events").height == 4
    second = edit(store)["survey"]
    assert second.sequence == 2
    assert read_runs(store) == (first, second)
    assert {path.name for path in (store / "edits").glob("*.parquet")} == {
        trail.part_path(store, number, "survey", name).name for number in (1, 2) for name in trail.FRAMES
    }
    assert not list(store.glob("work-*"))


#: each ends the process itself, as a power cut would, at one place of `keep`
_CUTS = {
    "after a part": "genuine = trail.settle\ndef cut(*a):\n    genuine(*a)\n    die()\ntrail.settle = cut",
    "before the line": "trail.vault.append = lambda *a: die()",
    "in the line": "def cut(store, name, line):\n    (store / name).open('ab').write(line[:40])\n    die()\n"
    "trail.vault.append = cut",
}


def _killed(store: Path, moment: str) -> None:
    program = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom pipelines import editrun, trail\n"
        "from tests.pipelines.edited import dictionary, stand_in\n"
        f"def die():\n    os.kill(os.getpid(), {int(signal.SIGKILL)})\n{_CUTS[moment]}\n"
        "editrun.edit(Path(sys.argv[1]), dictionary(), plan_sha256='plan', actor='wang', rules=stand_in)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    ended = subprocess.run([sys.executable, "-c", program, str(store)], check=False, env=environment, cwd=REPOSITORY)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_part_that_was_touched_is_refused_by_name(harm: str, store: Path) -> None:
    run = edit(store)["survey"]
    path = trail.part_path(store, 1, "survey", "events")
    path.chmod(0o640)
    if harm == "gone":
        path.unlink()
    else:
        frame_of(store, run, "events").with_columns(new=pl.lit("0")).write_parquet(path)
    with pytest.raises(StoreDamaged, match=path.name):
        frame_of(store, run, "events")


def test_a_lost_or_broken_manifest_is_said_and_not_begun_anew(store: Path) -> None:
    edit(store)
    path = manifest_path(store)
    lines = path.read_bytes()
    path.write_bytes(b"{}\n" + lines)
    with pytest.raises(StoreDamaged, match="line 1"):
        read_runs(store)
    path.write_bytes(json.dumps(json.loads(lines) | {"sequence": 2}).encode() + b"\n")
    with pytest.raises(StoreDamaged, match="lines missing"):
        read_runs(store)
    path.unlink()
    with pytest.raises(StoreDamaged, match="is missing"):
        edit(store)


def test_a_manifest_that_lost_its_last_lines_is_said_and_nothing_is_deleted(store: Path, tmp_path: Path) -> None:
    edit(store)
    for number in (1, 2):
        answers = [f"E1,2026,{5100 + number},900", *ANSWERS[1:]]
        load([write(tmp_path / f"{number}.csv", HEADER, answers)], store=store, dictionary=DICTIONARY)
        run = edit(store)["survey"]
        frame = frame_of(store, run, "events").head(1).with_columns(new=pl.lit(str(number)))
        keep(store, "survey", {**{name: frame_of(store, run, name) for name in trail.FRAMES}, "events": frame}, run.origin)
    path, parts = manifest_path(store), sorted((store / "edits").glob("*.parquet"))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-2]))
    with pytest.raises(StoreDamaged, match=f"parts of run {len(lines)}: lines are missing at its end. Restore"):
        edit(store)
    with pytest.raises(StoreDamaged, match="lines are missing"):
        history(store)
    assert sorted((store / "edits").glob("*.parquet")) == parts
    path.write_bytes(b"".join(lines))
    assert len(read_runs(store)) == len(lines)


def test_the_hash_of_a_run_names_all_that_is_in_it(store: Path) -> None:
    run = edit(store)["survey"]
    assert read_runs(store)[0].hash == run.hash
    others = [replace(run, changed=5), replace(run, sha256={**run.sha256, "rows": "0"})]
    assert len({run.hash, *(other.hash for other in others)}) == 3


def test_who_edits_holds_the_store(store: Path) -> None:
    with held(store, "a load"), pytest.raises(StoreBusy, match="a load"):
        edit(store)


def test_keep_takes_a_run_that_changed_nothing(store: Path) -> None:
    run = edit(store)["survey"]
    empty = {name: frame_of(store, run, name).clear() for name in trail.FRAMES}
    later = keep(store, "survey", empty, run.origin)
    assert (later.sequence, later.changed, later.replaced, later.imputed) == (2, 0, 0, 0)
    assert keep(store, "survey", empty, run.origin) == later
