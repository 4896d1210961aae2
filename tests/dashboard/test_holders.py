"""Who holds the gap of a reading, on a tile and in the first sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from dashboard.rows import headline
from dashboard.rows.reading import Reading
from dashboard.wording import holders
from dashboard.words import words
from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS
from tests.dashboard.test_doubt import NC
from tests.dashboard.test_headline import result

NAMES = {"size_class": ("small", "medium", "large"), "segment_group": ("parts", "vehicle")}


def parts(breakdown: str, period: str = "2026", **shares: float) -> list[dict[str, Any]]:
    """The rows of a split of a gap of 4 points, with the share of the gap that each category holds."""
    key = {"indicator": "nc_rate", "period": period, "breakdown": breakdown, "target": "T4", "scale": "linear"}
    told, rows, so_far = sorted(shares.items(), key=lambda item: -item[1]), [], 0.0
    for rank, (category, share) in enumerate(told, 1):
        essential, so_far = so_far < 0.8, so_far + share
        row = {"category": category, "part": "category", "share": share, "contribution": 0.04 * share, "se": 0.002, "rank": rank}
        rows.append({**key, **row, "cumulative": so_far, "essential": essential, "missing": 100.0 * share})
    return [*rows, {**key, "category": "total", "part": "total", "contribution": 0.04, "share": 1.0}]


def frame(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=DETAILS["splits"])


@pytest.fixture
def reading(plan: Plan) -> Reading:
    found = headline.tiles(plan, pl.DataFrame([result().__dict__]))[3].readings[0]
    return replace(found, assessment=replace(NC, value=0.66, gap=0.04, gap_low=0.02, gap_high=0.06))


SPLITS = frame(
    *parts("size_class", small=0.85, medium=0.1, large=0.05),
    *parts("segment_group", parts=0.5, vehicle=0.5),
    *parts("size_class", "2025", small=0.2, medium=0.7, large=0.1),
)


def test_the_breakdown_that_needs_the_fewest_names_is_told_for_the_newest_number(plan: Plan, reading: Reading) -> None:
    split = holders.split_of(reading, SPLITS, plan)
    assert set(zip(split["breakdown"], split["period"], strict=True)) == {("size_class", "2026")}
    assert holders.short(reading, split, plan, words("en")) == "Small (85% of the gap)"
    assert holders.short(reading, split, plan, words("zh")) == "小型（差距的85%）"
    told = holders.sentence(reading, split, plan, words("en"))
    assert "Small" in told and "85%" in told
    named = holders.sentence(reading, split, plan, words("en"), named=True)
    assert named.endswith(told) and "Numerical-control rate of key processes" in named


def test_who_holds_all_of_it_is_said_so(plan: Plan, reading: Reading) -> None:
    split = holders.split_of(reading, frame(*parts("size_class", small=0.7, medium=0.3, large=0.0)), plan)
    assert holders.short(reading, split, plan, words("en")) == f"Small and Medium ({words('en')('movers.all')})"


def test_nothing_is_said_without_a_split_or_without_a_gap(plan: Plan, reading: Reading) -> None:
    for now, splits in ((reading.now, SPLITS.clear()), (None, SPLITS), (result(gap=-0.01, verdict="met"), SPLITS)):
        found = replace(reading, now=now)
        split = holders.split_of(found, splits, plan)
        assert split.is_empty()
        assert (
            holders.short(found, split, plan, words("en")) == holders.sentence(found, split, plan, words("en"), named=True) == ""
        )


def test_where_all_categories_hold_it_no_name_says_anything(plan: Plan, reading: Reading) -> None:
    every = frame(*parts("segment_group", parts=0.6, vehicle=0.4))
    assert holders.short(reading, holders.split_of(reading, every, plan), plan, words("en")) == ""
