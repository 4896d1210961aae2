"""The inventory of the data catalogue holds every table and column of the plan's own files and of an edition, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.editions.clearance import clearance
from indicators.editions.edition import Edition
from indicators.editions.inventory import GROUPS, Holding, inventory
from indicators.protection.contributions import CONTRIBUTIONS
from indicators.publish import publish
from pipelines.weights import SQL_COLUMNS
from tests.dashboard.plausible import write_plausible
from tests.indicators.test_publish_weights import PLAN as GOOD
from tests.indicators.test_publish_weights import load_all

PLAN = load_plan(AUTOMOTIVE)
FILES: dict[str, Any] = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in (AUTOMOTIVE / "tables").glob("*.yaml")
}
#: what a column of a published table is called in DuckDB
SQL = {"text": "VARCHAR", "integer": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edition]:
    with closing(write_plausible(tmp_path_factory.mktemp("edition"), PLAN)) as written:
        yield written


def of(group: str, holdings: tuple[Holding, ...]) -> dict[str, Holding]:
    return {one.id: one for one in holdings if one.group == group}


def test_every_table_and_column_of_the_files_is_listed_with_its_tier() -> None:
    found = inventory(PLAN)
    tables = of("records", found) | of("public", found)
    assert {name: [one.id for one in table.entries] for name, table in tables.items()} == {
        name: [*file["columns"], *file.get("chains", {})] for name, file in FILES.items()
    }
    for name, file in FILES.items():
        listed = {one.id: (one.tier, one.kind, one.reason) for one in tables[name].entries}
        for column, entry in file["columns"].items():
            tier, kind, reason = listed[column]
            assert (tier, kind) == (entry["tier"], entry["kind"])
            assert (reason.model_dump() if reason else None) == entry.get("reason")
    assert set(of("public", found)) == {name for name, file in FILES.items() if file.get("public")}


def test_every_column_above_general_has_a_reason_in_both_languages() -> None:
    for table in inventory(PLAN):
        for entry in table.entries if table.group == "records" else ():
            assert (entry.tier == "general") == (entry.reason is None)
            assert entry.kind is not None


def test_what_is_published_is_what_an_edition_holds(edition: Edition) -> None:
    """Held against the tables that DuckDB itself finds in the file."""
    rows = edition.query("SELECT table_name, column_name, data_type FROM information_schema.columns ORDER BY ALL").rows()
    published = of("published", inventory(PLAN, edition.query("SELECT * FROM coverage"), "passed"))
    assert sorted((name, one.id, SQL[one.type]) for name, table in published.items() for one in table.entries) == rows


def test_weights_are_listed_as_the_warehouse_holds_them() -> None:
    assert [one.id for one in of("working", inventory(PLAN))["weights"].entries] == list(SQL_COLUMNS)


def test_what_stands_behind_an_edition_is_listed_as_it_is_kept() -> None:
    listed = {one.id: one for one in of("working", inventory(PLAN))["contributions"].entries}
    splits = {f"b_{name}": split.name for name, split in PLAN.breakdowns.items()}
    assert set(listed) == set(CONTRIBUTIONS) | set(splits)
    assert {name: listed[name].name for name in splits} == splits


def test_what_is_made_from_records_bears_their_highest_tier_until_disclosure_control_clears_it(edition: Edition) -> None:
    coverage = edition.query("SELECT * FROM coverage")
    cleared, kept = inventory(PLAN, coverage, "passed"), inventory(PLAN, coverage, "unrecorded")
    assert {entry.tier for one in of("published", cleared).values() for entry in one.entries} == {"general"}
    assert {entry.tier for one in of("published", kept).values() for entry in one.entries} == {"core"}
    assert {one.inputs for one in of("published", cleared).values()} == {"core"}
    assert {entry.tier for one in of("working", cleared).values() for entry in one.entries} == {"core"}
    assert of("published", inventory(PLAN)) == {}, "without an edition nothing is published"


def test_an_edition_is_cleared_by_what_its_manifest_records(edition: Edition) -> None:
    assert clearance(edition) == "unrecorded"
    provenance = {**edition.manifest["provenance"], "audit": {"systems": 3}}
    assert clearance(replace(edition, manifest={**edition.manifest, "provenance": provenance})) == "passed"


def test_publishing_records_the_audit_and_nothing_where_the_operator_turned_the_rules_off(tmp_path: Path) -> None:
    good = load_plan(GOOD)
    load_all(tmp_path / "store", tmp_path, tools="yyn")
    with closing(publish(store=tmp_path / "store", plan=good, plan_folder=GOOD)) as audited:
        assert clearance(audited) == "passed"
    load_all(tmp_path / "open", tmp_path, tools="yyn")
    off = "minimum_groups: 1\npercent: null\nunanimity: never\nreason: {zh: 虚构, en: invented}\n"
    (tmp_path / "open" / "disclosure.yaml").write_text(off, encoding="utf-8")
    with closing(publish(store=tmp_path / "open", plan=good, plan_folder=GOOD)) as unprotected:
        assert clearance(unprotected) == "unrecorded"


def test_rows_and_periods_come_from_the_edition() -> None:
    coverage = pl.DataFrame(
        {"table_id": ["survey"], "rows": [12], "units": [7], "first_period": ["2024"], "last_period": ["2026"]},
    )
    survey = of("records", inventory(PLAN, coverage))["survey"]
    assert (survey.rows, survey.units, survey.first, survey.last) == (12, 7, "2024", "2026")
    assert of("records", inventory(PLAN, coverage))["register"].rows is None


def test_groups_come_in_their_order() -> None:
    order = [GROUPS.index(one.group) for one in inventory(PLAN, None, "passed")]
    assert order == sorted(order)


def test_a_plan_of_public_lists_alone_has_nothing_that_is_made_from_records() -> None:
    folder = Path(__file__).parent.parent / "plans" / "us_motor_vehicles"
    assert {one.group for one in inventory(load_plan(folder))} == {"public"}
