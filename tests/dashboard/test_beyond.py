"""A number that was not reached yet is told by what it is known to exceed, everywhere a number would stand."""

from __future__ import annotations

from dataclasses import fields
from io import StringIO

import polars as pl
import pytest
from rich.console import Console

from dashboard.charts.rows import amount
from dashboard.charts.scale import Scale
from dashboard.pieces import cards
from dashboard.rows.reading import Result
from dashboard.terminal import results_table
from dashboard.wording import phrases
from dashboard.words import words
from indicators.catalogue import format
from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.periods import Language
from indicators.catalogue.plan import Plan
from indicators.editions.results import RESULTS


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plan(AUTOMOTIVE)


def row(**given: object) -> Result:
    key = {"indicator": "rd_cycle_cohort", "period": "2026", "breakdown": "total", "category": "total", "status": "absent"}
    return Result(**{**dict.fromkeys(field.name for field in fields(Result)), **key, **given})  # type: ignore[arg-type]


NOT_REACHED, ABSENT, HIDDEN, REACHED = (
    row(low=264.0),
    row(),
    row(status="suppressed"),
    row(value=500.0, low=480.0, status="published"),
)
TOLD = {"zh": ("> 264天", "尚未达到"), "en": ("> 264 days", "not reached yet")}


def test_only_what_has_a_lower_bound_and_no_value_is_beyond(plan: Plan) -> None:
    unit = plan.unit("rd_cycle_cohort")
    assert format.beyond(None, 264.0, unit, "zh") == "> 264天"
    assert format.beyond(None, 1264.4, unit, "en") == "> 1,264.4 days"
    assert format.beyond(None, None, unit, "en") is None
    assert format.beyond(500.0, 480.0, unit, "en") is None, "a value whose upper end is unknown"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_stands_in_tables_bars_and_cards(language: Language, plan: Plan) -> None:
    unit, told = plan.unit("rd_cycle_cohort"), words(language)
    bound, status = TOLD[language]
    shown = Console(width=200, file=StringIO())
    frame = pl.DataFrame([{name: getattr(NOT_REACHED, name) for name in RESULTS}], schema=RESULTS)
    shown.print(results_table(plan, frame, told))
    assert bound in shown.file.getvalue() and status in shown.file.getvalue()  # type: ignore[attr-defined]
    assert amount(NOT_REACHED, Scale(unit=unit, words=told)) == f"○ {bound.replace('>', '&gt;')}"
    assert f"{bound.replace('>', '&gt;')} {status}" in cards.value(NOT_REACHED, unit, told)


def test_of_others_the_status_is_told(plan: Plan) -> None:
    unit, told = plan.unit("rd_cycle_cohort"), words("en")
    assert [phrases.status(one, told) for one in (NOT_REACHED, ABSENT, HIDDEN, REACHED)] == [
        "not reached yet",
        "no data",
        "withheld",
        "published",
    ]
    assert amount(ABSENT, Scale(unit=unit, words=told)) == "○ no data"
    assert "no result for this period" in cards.value(ABSENT, unit, told)
