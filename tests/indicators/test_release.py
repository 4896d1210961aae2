"""Provisional or final: by the data that came in behind a year, or by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import polars as pl
import pytest

from indicators.catalogue.plan import Plan
from indicators.catalogue.question import questions
from indicators.compute import compute
from indicators.revisions.past import Ties
from indicators.revisions.release import unwatched

Frames = Mapping[str, pl.DataFrame]
MakePlan = Callable[..., Plan]


@pytest.fixture(scope="session")
def plan(make_plan: MakePlan) -> Plan:
    lines = {"key": ["firm", "month"], "period": "month", "design": {"unit": "firm", "census": True}}
    return make_plan(
        tables={"lines": {**lines, "columns": {"firm": "identifier", "month": "month", "kind": "identifier", "y": "number"}}},
        indicators={
            "made": {"table": "lines", "numerator": "y", "periods": ["year", "quarter", "month"]},
            "made_change": {"change_of": "made", "base_period": "2025"},
        },
        breakdowns={"kind": "kind"},
        minimum_groups=3,
    )


def lines(months: Mapping[int, int], firms: Mapping[int, int] | None = None) -> pl.DataFrame:
    """The first `months` of each year, of ten firms or as many as `firms` says; the last firm is of a kind of its own."""
    rows = [
        {"firm": f"f{i}", "month": date(year, month, 1), "kind": "rare" if i == 0 else "common", "y": 1.0 + i}
        for year, last in months.items()
        for month in range(1, last + 1)
        for i in range((firms or {}).get(year, 10))
    ]
    return pl.DataFrame(rows)


def final_years(plan: Plan, warehouse: Callable[[Plan, Frames], Any], frame: pl.DataFrame, **ties: Any) -> set[str]:
    """Years of which every row is final; no year may have rows of both kinds, and no row may have neither."""
    results = compute(plan, warehouse(plan, {"lines": frame}), ties=Ties(**ties)).results
    marked = results.group_by(pl.col("period").str.slice(0, 4), "indicator").agg(pl.col("release").unique().sort())
    assert marked["release"].list.len().to_list() == [1] * marked.height
    assert set(marked.explode("release")["release"]) <= {"provisional", "final"}
    assert {"suppressed", "published"} <= set(results["status"]), "withheld rows bear it too"
    return {period for period, _, [release] in marked.rows() if release == "final"}


@pytest.mark.parametrize(
    ("months", "firms", "after", "final"),
    [
        ({2025: 12}, {}, 1, set()),
        ({2025: 12, 2026: 12}, {}, 1, {"2025"}),
        ({2025: 12, 2026: 11}, {}, 1, set()),
        ({2025: 12, 2026: 12, 2027: 3}, {}, 1, {"2025"}),
        ({2025: 12, 2026: 12, 2027: 12}, {}, 1, {"2025", "2026"}),
        ({2025: 12, 2026: 12, 2027: 12}, {}, 2, {"2025"}),
        ({2025: 12, 2026: 12}, {}, 0, {"2025", "2026"}),
        ({2025: 12, 2026: 9}, {}, 0, {"2025"}),
        ({2025: 9, 2026: 12}, {}, 1, {"2025"}),
        ({2025: 12, 2026: 12}, {2026: 4}, 1, set()),
        ({2025: 12, 2026: 12}, {2026: 5}, 1, {"2025"}),
    ],
    ids=[
        "one year",
        "the next is there",
        "a month of the next is missing",
        "a new year has begun",
        "two after",
        "two are asked for",
        "none is asked for",
        "none, but the year itself must be over",
        "its own months may be missing for good",
        "few have answered",
        "half have",
    ],
)
def test_a_year_is_final_when_newer_years_are_there(
    months: dict[int, int], firms: dict[int, int], after: int, final: set[str], plan: Plan, warehouse: Callable[..., Any]
) -> None:
    own = plan.model_copy(update={"identity": plan.identity.model_copy(update={"final_after": after})})
    assert final_years(own, warehouse, lines(months, firms)) == final


def test_a_year_is_final_by_hand_whatever_the_data_say(plan: Plan, warehouse: Callable[..., Any]) -> None:
    assert final_years(plan, warehouse, lines({2025: 12, 2026: 3}), final=frozenset({"2026"})) == {"2026"}


def test_a_change_follows_its_later_year(plan: Plan, warehouse: Callable[..., Any]) -> None:
    results = compute(plan, warehouse(plan, {"lines": lines({2025: 12, 2026: 12, 2027: 12})})).results
    changes = results.filter(pl.col("indicator") == "made_change", pl.col("breakdown") == "total")
    assert dict(changes.select("period", "release").rows()) == {"2026": "final", "2027": "provisional"}


@pytest.mark.parametrize(
    ("seen", "unfinished"),
    [
        ([(date(2026, 9, 30), 50)], {"2026"}),
        ([(date(2026, 12, 31), 50)], set()),
        ([(date(2025, 12, 31), 90), (date(2026, 9, 30), 50)], {"2026"}),
        ([(date(2025, 12, 31), 90), (date(2026, 12, 31), 30), (date(2027, 1, 15), 1)], {"2027"}),
        ([(date(2026, 6, 30), 49), (date(2026, 12, 31), 51)], set()),
        ([(date(2026, 6, 30), 51), (date(2026, 12, 31), 49)], {"2026"}),
    ],
)
def test_a_year_of_durations_is_over_when_most_records_reach_its_end(
    seen: list[tuple[date, int]], unfinished: set[str], make_plan: MakePlan, warehouse: Callable[..., Any]
) -> None:
    jobs = {"firm": "identifier", "year": "year", "begun": "date", "ended": "date", "seen": "date"}
    plan = make_plan(
        tables={
            "jobs": {"key": ["firm", "begun"], "period": "year", "design": {"unit": "firm", "census": True}, "columns": jobs}
        },
        indicators={
            "wait": {"table": "jobs", "duration": {"start": "begun", "end": "ended", "as_of": "seen", "method": "period"}}
        },
    )
    rows = [
        {"firm": f"f{i}", "year": day.year, "begun": date(2025, 1, 1), "ended": None, "seen": day}
        for day, n in seen
        for i in range(n)
    ]
    [question] = questions(plan, ("duration",))
    assert unwatched(question, warehouse(plan, {"jobs": pl.DataFrame(rows, schema_overrides={"ended": pl.Date})})) == unfinished
