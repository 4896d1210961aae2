"""What an edition tells of editing: counts that add up, and that point at nobody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS
from indicators.editions.edits import _of_table, edits, told, unedited
from pipelines.edit.trail import REVIEWS, TRAIL
from pipelines.trail import Origin, Run, keep

ORIGIN = Origin(actor="wang", plan_sha256="p", rules_sha256="r", inputs_sha256="i", program_sha256="c")


def events(rows: list[tuple[str, str, str, str]]) -> pl.DataFrame:
    """Unit, period, column and rule; what begins with `impute` is imputed."""
    full = [
        {"unit": unit, "period": period, "column": column, "rule": rule, "method": "ratio" if rule == "impute" else "unit"}
        for unit, period, column, rule in rows
    ]
    return pl.DataFrame(full, schema=TRAIL)


def kept(store: Path, found: pl.DataFrame, table: str = "answers") -> dict[str, Run]:
    rows = pl.DataFrame(schema={"_imputed": pl.Boolean, "_added": pl.Boolean})
    return {table: keep(store, table, {"events": found, "rows": rows, "reviews": pl.DataFrame(schema=REVIEWS)}, ORIGIN)}


@pytest.fixture
def plan(make_plan: Any) -> Plan:
    columns = {"unit": "identifier", "y": "number"}
    return make_plan(
        tables={"answers": {"key": ["unit"], "year": 2026, "columns": columns, "editing": {}}},
        indicators={"total": {"table": "answers", "numerator": "y"}},
        minimum_groups=3,
    )


def many(units: str, period: str, column: str = "y", rule: str = "impute") -> list[tuple[str, str, str, str]]:
    return [(unit, period, column, rule) for unit in units]


def counts(found: pl.DataFrame) -> list[tuple[Any, ...]]:
    return found.select("column", "period", "rule", "values", "units").rows()


def test_counts_by_column_year_and_rule(tmp_path: Path) -> None:
    found = events(
        [*many("abc", "2025-01"), *many("abd", "2025-02"), *many("abcd", "2026-01", "x"), *many("efg", "2026", "x", "fix")]
    )
    told_of = edits(tmp_path, kept(tmp_path, found), minimum=3)
    assert dict(told_of.schema) == DETAILS["edits"]
    assert counts(told_of) == [("x", "2026", "fix", 3, 3), ("x", "2026", "impute", 4, 4), ("y", "2025", "impute", 6, 4)]
    assert told_of["table"].unique().to_list() == ["answers"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # over the years together there are enough
        ([*many("ab", "2025"), *many("bc", "2026")], [("y", None, "impute", 4, 3)]),
        # over the rules of one column
        ([*many("ab", "2025"), *many("c", "2025", rule="fix")], [("y", None, None, 3, 3)]),
        # over the columns
        ([*many("ab", "2025"), *many("c", "2025", "x")], [(None, None, None, 3, 3)]),
        # too few in all: that something was changed is told, not how much
        ([*many("ab", "2025"), *many("a", "2025", "x")], [(None, None, None, None, None)]),
        # the small rest takes the smallest other row along, or it would follow from the total in the notice
        (
            [*many("abc", "2025"), *many("abcd", "2026"), *many("z", "2025", "x", "fix")],
            [("y", "2026", "impute", 4, 4), (None, None, None, 4, 4)],
        ),
    ],
)
def test_small_counts_are_added_together(rows: list[tuple[str, str, str, str]], expected: list[tuple[Any, ...]]) -> None:
    assert sorted(counts(_of_table(events(rows), 3)), key=str) == sorted(expected, key=str)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdef"),
            st.sampled_from(["2025", "2026"]),
            st.sampled_from("xy"),
            st.sampled_from(["impute", "fix"]),
        ),
        min_size=1,
        max_size=25,
    )
)
def test_nothing_is_left_out_and_nothing_small_is_told(rows: list[tuple[str, str, str, str]]) -> None:
    found, units = _of_table(events(rows), 3), {row[0] for row in rows}
    if len(units) < 3:
        assert counts(found) == [(None, None, None, None, None)]
    else:
        assert found["values"].sum() == len(rows)
        assert found["units"].min() >= 3
        assert found["units"].max() <= len(units)


def test_the_notice_counts_values_and_units(tmp_path: Path, plan: Plan) -> None:
    found = events([*many("abcd", "2025"), *many("efg", "2025", rule="fix")])
    [notice] = told(plan, tmp_path, kept(tmp_path, found))
    assert notice.en == "answers: the rules of editing changed 7 values of 7 units, 4 of them imputed; the raw values are kept."
    assert notice.zh == "answers：按审核规则改动了7家单位的7个数值，其中插补4个；原始值保留不变。"


def test_a_notice_splits_no_number_into_small_ones(tmp_path: Path, plan: Plan) -> None:
    [notice] = told(plan, tmp_path, kept(tmp_path, events([*many("abcd", "2025"), *many("e", "2025", rule="fix")])))
    assert notice.en == "answers: the rules of editing changed 5 values of 5 units; the raw values are kept."
    [few] = told(plan, tmp_path, kept(tmp_path, events(many("ab", "2025"))))
    assert few.en == "answers: the rules of editing changed values of a few units; the raw values are kept."


def test_nothing_is_said_where_nothing_was_changed(tmp_path: Path, plan: Plan, make_plan: Any) -> None:
    runs = kept(tmp_path, events([]))
    assert told(plan, tmp_path, runs) == ()
    assert edits(tmp_path, runs, minimum=3).is_empty()
    assert edits(tmp_path, {}, minimum=3).is_empty()
    [notice] = unedited(plan)
    assert "answers" in notice.en
    without = make_plan(
        tables={"answers": {"key": ["unit"], "year": 2026, "columns": {"unit": "identifier", "y": "number"}}},
        indicators={"total": {"table": "answers", "numerator": "y"}},
    )
    assert unedited(without) == ()
