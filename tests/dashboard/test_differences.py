"""Differences on every face: in the unit of a difference, with both ends of their intervals."""

from __future__ import annotations

from io import StringIO

import polars as pl
import pytest
from rich.console import Console

from dashboard.terminal import details_tables, results_table
from dashboard.wording import definition
from dashboard.words import words
from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS
from indicators.editions.results import RESULTS


@pytest.fixture(scope="module")
def plan() -> Plan:
    return load_plan(AUTOMOTIVE)


def test_everywhere_a_difference_is_written_as_one(plan: Plan) -> None:
    row = {
        **dict.fromkeys(RESULTS),
        "indicator": "nc_rate_change",
        "period": "2026",
        "breakdown": "total",
        "category": "total",
        "value": 0.04,
        "low": 0.02,
        "high": 0.06,
        "status": "published",
    }
    shown = Console(width=200, file=StringIO())
    shown.print(results_table(plan, pl.DataFrame([row], schema=RESULTS), words("en")))
    printed = shown.file.getvalue()
    assert "+4.0 pp" in printed and "+2.0 pp to +6.0 pp" in printed
    assert "%" not in printed.replace("95 %", "")
    told = dict(definition.formula(plan, plan.indicators["nc_rate_change"], words("en")))
    assert list(told.values()) == ["Difference of Numerical-control rate of key processes from 2025"]
    assert ("Unit", "pp") in definition.about(plan, plan.indicators["nc_rate_change"], words("en"))


def test_both_ends_of_a_matched_change_are_levels(plan: Plan) -> None:
    key = {
        "period": "2026",
        "base_period": "2025",
        "method": "matched",
        "breakdown": "total",
        "category": "total",
        "se": None,
        "n": 9,
    }
    rows = [
        {"indicator": name, **key, "part": part, "value": value}
        for name, ends in (("nc_rate_change", (0.62, 0.67, 0.05)), ("labour_productivity_change", (30.0, 33.0, 0.10)))
        for part, value in zip(("then", "now", "change"), ends, strict=True)
    ]
    shown = Console(width=250, file=StringIO())
    shown.print(*details_tables(plan, "decomposition", pl.DataFrame(rows, schema=DETAILS["decomposition"]), words("en")))
    printed = shown.file.getvalue()
    for told in ("62.0%", "67.0%", "+5.0 pp", "30.00 (10,000 yuan/person)", "33.00 (10,000 yuan/person)", "+10.0%"):
        assert told in printed


def test_the_interval_of_a_comparison_is_in_percentage_points(plan: Plan) -> None:
    row = {
        "indicator": "nc_rate",
        "period": "2026",
        "breakdown": "segment_group",
        "category": "parts",
        "other": "vehicle",
        "difference": -0.04,
        "se": 0.01,
        "low": -0.06,
        "high": -0.02,
        "significant": True,
    }
    shown = Console(width=250, file=StringIO())
    shown.print(*details_tables(plan, "comparisons", pl.DataFrame([row], schema=DETAILS["comparisons"]), words("en")))
    printed = shown.file.getvalue()
    for told in ("−4.0 pp", "−6.0 pp", "−2.0 pp", "1.0 pp"):
        assert told in printed
