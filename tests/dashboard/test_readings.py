"""The readings of one target: what each says, and the sentence where they disagree."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from dashboard.rows import headline
from dashboard.rows.headline import Tile
from dashboard.wording import readings
from dashboard.words import words
from indicators.catalogue.plan import Plan
from tests.dashboard.test_headline import result

NAMES = {"T4": ("nc_rate", "total", "total"), "T4_parts": ("nc_rate", "segment_group", "parts")}
NAMES |= {"T4_pooled": ("nc_rate_pooled", "total", "total")}


def tile(plan: Plan, **told: tuple[str | None, str] | None) -> Tile:
    """The tile of T4 with an outcome and a verdict for each reading; None for one that is withheld."""
    rows = []
    for target, given in told.items():
        indicator, breakdown, category = NAMES[target]
        row = result(indicator=indicator, breakdown=breakdown, category=category, target=target)
        if given is None:
            rows.append(replace(row, value=None, gap=None, status="suppressed", verdict="undecided"))
        else:
            rows.append(replace(row, outcome=given[0], verdict=given[1], gap=-0.01 if given[1] == "met" else 0.04))  # type: ignore[arg-type]
    return headline.tiles(plan, pl.DataFrame([row.__dict__ for row in rows], infer_schema_length=None))[3]


def test_a_law_that_is_met_in_one_reading_alone_is_said_plainly(plan: Plan) -> None:
    found = tile(plan, T4=("met", "met"), T4_parts=("limited", "not_yet"), T4_pooled=("met_within_error", "met"))
    assert readings.disagreement(found, plan, words("en")) == (
        "Whether it is met depends on the reading: met for the whole, Numerical-control rate of key processes (pooled);"
        " not yet for Parts makers."
    )
    assert readings.disagreement(found, plan, words("zh")) == (
        "是否达到因读法而异：总体、关键工序数控化率（汇总比）已达到；零部件尚未达到。"
    )


def test_outcomes_of_another_kind_are_told_side_by_side(plan: Plan) -> None:
    found = tile(plan, T4=("on_track", "not_yet"), T4_parts=("limited", "not_yet"))
    assert (
        readings.disagreement(found, plan, words("en"))
        == "The readings disagree: the whole: on track; Parts makers: limited progress."
    )
    assert readings.disagreement(found, plan, words("zh")) == "读法不同，结论不同：按总体，符合进度；按零部件，进展有限。"
    assert readings.disagreements([found], plan, words("en"))[0].startswith("T4 ")


@pytest.mark.parametrize(
    "told",
    [
        {"T4": ("acceleration", "not_yet"), "T4_parts": ("limited", "not_yet")},  # both behind
        {"T4": ("met", "met"), "T4_parts": ("met_within_error", "met")},  # both reached
        {"T4": ("on_track", "not_yet"), "T4_parts": None},  # nothing is said by a number that is withheld
        {"T4": None, "T4_parts": ("on_track", "not_yet"), "T4_pooled": ("limited", "not_yet")},  # nor beside none
        {"T4": ("on_track", "not_yet")},
    ],
)
def test_readings_that_agree_need_no_sentence(plan: Plan, told: dict[str, tuple[str, str] | None]) -> None:
    found = tile(plan, **told)
    assert readings.disagreement(found, plan, words("en")) == ""
    assert readings.disagreements([found], plan, words("en")) == []


def test_a_reading_by_another_method_alone_is_named_by_its_indicator(plan: Plan) -> None:
    rows = [
        result(indicator=name, target=target, threshold=0.1, operator=">=", outcome=told)
        for name, target, told in (
            ("labour_productivity_change", "T5", "on_track"),
            ("labour_productivity_double_change", "T5_double", "limited"),
        )
    ]
    found = headline.tiles(plan, pl.DataFrame([row.__dict__ for row in rows]))[4]
    told = readings.disagreement(found, plan, words("en"))
    assert (
        "Change of labour productivity on 2025: on track; Change of labour productivity on 2025 (double deflation): limited"
        in told
    )


def test_where_there_is_no_outcome_the_verdict_is_told(plan: Plan) -> None:
    found = tile(plan, T4=(None, "not_yet"))
    assert found.worst is not None
    assert readings.badge(found.worst, plan, words("en")) == readings.outcome(found.worst, plan, words("en")) == "Not yet met"
    assert found.position == "not_yet"
