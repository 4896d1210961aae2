"""Caches of the app are keyed by the edition's hash and by scalars; a restated number is seen wherever it stands."""

from __future__ import annotations

import inspect
from pathlib import Path

import polars as pl
import pytest

from dashboard import query
from dashboard.visitors.access import Scope
from dashboard.visitors.scoped import Shown, restricted
from indicators.catalogue.plan import Plan
from indicators.editions.edition import BrokenEdition, Edition, NoEdition, write_edition
from indicators.editions.results import RESULTS
from tests.dashboard.plausible import rows

CACHED = [found for _, found in inspect.getmembers(query) if hasattr(found, "clear") and hasattr(found, "__wrapped__")]


ALL = Scope(rows="all")


def shown(edition: Edition) -> Shown:
    return restricted(edition, ALL)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    for found in CACHED:
        found.clear()


def written(root: Path, plan: Plan, frame: pl.DataFrame) -> Edition:
    coverage = pl.DataFrame(
        {"table_id": ["survey"], "rows": [1], "units": [1], "first_period": ["2024"], "last_period": ["2026"]}
    )
    statements = pl.DataFrame({"indicator": ["nc_rate"], "sql": ["SELECT 1"]})
    return write_edition(root, plan=plan, results=frame, coverage=coverage, statements=statements, provenance={})


def test_cached_functions_take_an_edition_its_hash_the_scope_and_scalars_only() -> None:
    assert len(CACHED) >= 6
    for found in CACHED:
        parameters = inspect.signature(found.__wrapped__).parameters
        kinds = {name: parameter.annotation for name, parameter in parameters.items()}
        scalars = {"str", "tuple[Choice, ...]"}  # what a reader chose
        assert all(kind in scalars for name, kind in kinds.items() if name not in ("_edition", "_make", "scope")), found
        assert "_edition" not in kinds or list(kinds)[:3] == ["_edition", "sha256", "scope"], found


def test_two_editions_that_differ_in_one_row_in_the_middle_are_told_apart(tmp_path: Path, plan: Plan) -> None:
    """Streamlit hashes the first and last ten rows of a frame: a frame as a key would give the old number here."""
    frame = pl.DataFrame(
        list(rows(plan)), infer_schema_length=None, schema_overrides={name: RESULTS[name] for name in ("value",)}
    )
    frame = frame.filter(pl.col("indicator") == "nc_rate", pl.col("breakdown") == "province")
    assert frame.height > 60
    middle = frame.height // 2
    place = frame.row(middle, named=True)
    restated = frame.with_columns(value=pl.when(pl.int_range(pl.len()) == middle).then(0.123456).otherwise("value"))
    first, second = written(tmp_path, plan, frame), written(tmp_path, plan, restated)
    found = [
        query.cut(shown(edition), edition.sha256, ALL, "nc_rate", "province", place["period"])
        .filter(category=place["category"])["value"]
        .item()
        for edition in (first, second, first)
    ]
    assert found == [place["value"], 0.123456, place["value"]]


def test_a_newer_edition_is_seen_and_the_open_one_is_not_opened_again(tmp_path: Path, plan: Plan) -> None:
    frame = pl.DataFrame(list(rows(plan)), infer_schema_length=None)
    written(tmp_path, plan, frame).close()
    first = query.current(tmp_path, ALL)
    assert query.current(tmp_path, ALL) is first
    written(tmp_path, plan, frame.head(10)).close()
    assert (first.id, query.current(tmp_path, ALL).id) == ("0001", "0002")
    assert query.coverage(first, first.sha256, ALL).height == 1  # the older one goes on answering


def test_no_edition_and_a_broken_one_are_told(tmp_path: Path, plan: Plan) -> None:
    with pytest.raises(NoEdition):
        query.current(tmp_path, ALL)
    written(tmp_path, plan, pl.DataFrame(list(rows(plan)), infer_schema_length=None)).close()
    file = tmp_path / "0001" / "edition.duckdb"
    file.chmod(0o644)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(BrokenEdition):
        query.current(tmp_path, ALL)


def test_one_row_for_each_category_and_period_although_two_targets_hold_a_total(edition: Edition) -> None:
    assert query.path(shown(edition), edition.sha256, ALL, "nc_rate", "total", "total")["period"].is_unique().all()
    assert query.cut(shown(edition), edition.sha256, ALL, "nc_rate", "segment_group", "2026")["category"].is_unique().all()
    assert query.statement(shown(edition), edition.sha256, ALL, "nc_rate") != ()
    assert query.statement(shown(edition), edition.sha256, ALL, "no_such") == ()
