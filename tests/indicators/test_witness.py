"""Editions that vouch for the log: each holds how far it went, and one that was touched speaks for nothing."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import polars as pl
import pytest

from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.editions.edition import MANIFEST, BrokenEdition, Edition, write_edition
from indicators.editions.results import RESULTS
from indicators.editions.witness import witnesses
from pipelines import log
from pipelines.durable import sha256
from pipelines.forget import forget
from pipelines.log import FILE, LogBroken, append
from pipelines.logcheck import verify
from pipelines.request import Request
from pipelines.sealing import inspect, seal_store
from pipelines.secret import new_key, using
from tests.indicators.office import Office, answers, firms, jobs

PLAN = load_plan(AUTOMOTIVE)


def published(store: Path) -> None:
    """An edition as `publish` writes it, as far as the log is concerned."""
    head = log.head(store)
    edition = write_edition(
        store / "editions",
        plan=PLAN,
        results=pl.DataFrame(schema=RESULTS),
        coverage=pl.DataFrame(
            {"table_id": ["survey"], "rows": [1], "units": [1], "first_period": ["2026"], "last_period": ["2026"]}
        ),
        statements=pl.DataFrame({"indicator": ["nc_rate"], "sql": ["SELECT 1"]}),
        provenance={"log_head": asdict(head) if head else None},
    )
    edition.close()
    append(store, action="publish", objects={"edition": edition.id, "edition_sha256": edition.sha256})


@pytest.fixture
def store(tmp_path: Path) -> Path:
    published(tmp_path)
    append(tmp_path, action="load", objects={"rows": 5})
    append(tmp_path, action="load", objects={"rows": 6})
    published(tmp_path)
    append(tmp_path, action="load", objects={"rows": 7})
    return tmp_path


def test_every_edition_says_how_far_the_log_went(store: Path) -> None:
    found, entries = witnesses(store / "editions"), log.read(store)
    assert {name: witness.head for name, witness in found.items()} == {
        "0001": None,
        "0002": log.Head(sequence=3, hash=entries[2].hash),
    }
    assert found["0002"].manifest_sha256 == sha256(store / "editions" / "0002" / MANIFEST) == entries[3].objects["edition_sha256"]
    checked = verify(store, found)
    assert (checked.lines, checked.heads) == (5, 1)
    assert witnesses(store / "none") == {}


def test_an_end_that_was_cut_off_is_found(store: Path) -> None:
    lines = (store / FILE).read_bytes().splitlines(keepends=True)
    for kept in (0, 1, 2):
        (store / FILE).write_bytes(b"".join(lines[:kept]))
        with pytest.raises(LogBroken, match=f"ends with line {kept}, but had 3 when edition 0002 was published"):
            verify(store, witnesses(store / "editions"))


def test_a_log_made_anew_is_found(store: Path) -> None:
    (store / FILE).unlink()
    for number in range(5):
        append(store, action="load", objects={"rows": number})
    with pytest.raises(LogBroken, match="line 3 is not the one that stood there when edition 0002 was published"):
        verify(store, witnesses(store / "editions"))


@pytest.mark.parametrize("harm", ["changed", "cut", "gone"])
def test_an_edition_that_was_touched_speaks_for_nothing(harm: str, store: Path) -> None:
    path = store / "editions" / "0002" / MANIFEST
    path.chmod(0o640)
    path.parent.chmod(0o750)
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes().replace(b'"sequence": 3', b'"sequence": 1') if harm == "changed" else b"{")
    with pytest.raises(BrokenEdition, match=r"Edition 0002: .* cannot speak for the log"):
        witnesses(store / "editions")


def numbers(edition: Edition) -> list[tuple[object, ...]]:
    with closing(edition):
        columns = "indicator, period, breakdown, category, value, se, n, status"
        return edition.query(f"SELECT {columns} FROM results ORDER BY ALL").rows()


def test_publishing_goes_on_in_a_sealed_store_and_after_forgetting(tmp_path: Path) -> None:
    """A sealed store gives the numbers of a plain one; one that forgot a firm those of one that never had it."""
    listed = firms((2025, 2026))
    given = {"firms": listed, "answers": answers(listed), "jobs": jobs(listed)}
    plain, sealed = Office(tmp_path / "plain"), Office(tmp_path / "sealed")
    for office in (plain, sealed):
        office.load(**given)
    gone = str(listed["firm"][0])
    key, plan = new_key(), load_plan(plain.folder)
    seal_store(sealed.store, key)
    with using(key):
        expected = numbers(plain.publish())
        assert numbers(sealed.publish()) == expected
        assert len([row for row in expected if row[-1] == "published"]) > 10
        forget(sealed.store, plan.dictionary, Request(unit=gone))
        after = numbers(sealed.publish())
        without = Office(tmp_path / "without")
        without.load(**{name: frame.filter(frame["firm"] != gone) for name, frame in given.items()})
        never = {row[:4]: row for row in numbers(without.publish())}
        told = [row for row in after if row[-1] == "published"]
        assert len(told) > 10
        assert told == [never[row[:4]] for row in told]
        assert inspect(sealed.store, key).faults == ()
        found = witnesses(sealed.editions)
        checked = verify(sealed.store, found)
    assert [entry.action for entry in log.read(sealed.store)] == [*["load"] * 3, "seal", "publish", "forget", "publish"]
    assert [witness.head.sequence for witness in found.values() if witness.head] == [4, 6]
    assert (checked.marked, checked.proven) == (4, 4)
    assert not [name for name in ("0001", "0002") if gone.encode() in (sealed.editions / name / MANIFEST).read_bytes()]
