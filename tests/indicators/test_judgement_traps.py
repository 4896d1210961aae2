"""Traps of grading, one by one: zeros, signs, equality, order, periods, duplicates and breaks of series."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from indicators.catalogue.plan import Indicator, Target
from indicators.compute import Computed, compute
from indicators.targets.assessment import judged
from tests.indicators.heldrows import CHANGE, COUNTED, DAYS, SHARE, held, judge

LAW = {
    "operator": ">",
    "value": 0.95,
    "year": 2027,
    "basis": "level",
    "base_period": "2025",
    "reading": "strict",
    "source": "law",
}
DUE = {"period": "2027", "since": 2, "left": 0}


# --- zeros and signs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [SHARE, COUNTED, DAYS])
def test_a_base_at_the_threshold_has_no_way_to_go(row: dict[str, Any]) -> None:
    for value in (0.5, 0.7, 0.9):
        told = judge(row, base=0.7, threshold=0.7, value=value, se=0.01, base_se=0.01)
        assert (told["pace"], told["distance"], told["grade"]) == (None, None, None)
        assert told["outcome"] in ("cannot_tell", "met", "met_within_error", "met_at_base", "lost")


def test_a_base_a_hair_from_the_threshold_has_a_way() -> None:
    told = judge(COUNTED, base=0.7 - 1e-6, value=0.7 - 5e-7)
    assert told["pace"] == pytest.approx(1.0, rel=1e-6)
    assert told["outcome"] == "on_track"


@pytest.mark.parametrize(
    ("value", "grade"),
    [(0.0, None), (2.0, "on_track"), (4.0, "on_track"), (6.0, "acceleration"), (9.0, "limited"), (11.0, "deterioration")],
)
def test_a_threshold_of_zero(value: float, grade: str | None) -> None:
    """No accidents any more: nothing shrinks to zero at a rate, so the way there is straight."""
    told = judge(DAYS, threshold=0.0, base=10.0, value=value, se=0.0, base_se=0.0, exact=True)
    assert told["grade"] == grade
    assert told["pace"] == pytest.approx((10 - value) / 5)
    assert told["gap"] == value


def test_a_base_of_zero() -> None:
    told = judge(DAYS, direction=1, base=0.0, value=3.0, threshold=10.0, se=0.5, base_se=0.1)
    assert (told["pace"], told["grade"]) == (pytest.approx(0.6), "acceleration")
    assert judge(COUNTED, base=0.0, value=0.0, threshold=0.5)["grade"] == "limited", "no step back is no deterioration"
    assert judge(CHANGE, value=0.0)["pace"] == 0.0


@pytest.mark.parametrize(
    ("base", "value", "threshold", "pace", "grade"),
    [
        (-5.0, -4.0, 10.0, 1 / 7.5, "limited"),
        (-5.0, 3.0, 10.0, 8 / 7.5, "on_track"),
        (-5.0, -6.0, 10.0, -1 / 7.5, "deterioration"),
        (-8.0, -6.0, -4.0, 1.0, "on_track"),
        (5.0, -1.0, 10.0, -2.4, "deterioration"),
    ],
)
def test_negative_numbers(base: float, value: float, threshold: float, pace: float, grade: str) -> None:
    told = judge(DAYS, direction=1, base=base, value=value, threshold=threshold, se=0.001, base_se=0.001)
    assert told["pace"] == pytest.approx(pace)
    assert (told["grade"], told["outcome"]) == (grade, grade)
    mirrored = judge({**DAYS, "pace_scale": "linear"}, base=-base, value=-value, threshold=-threshold, se=0.001, base_se=0.001)
    assert (mirrored["grade"], mirrored["pace"]) == (grade, told["pace"])


def test_the_direction_of_less_is_better() -> None:
    """A cycle of 100 days that is to be 80: 92 is progress and 104 leads away; were it to be 120, the other way round."""
    assert judge(DAYS, value=92.0)["pace"] == pytest.approx(2 * math.log(0.92) / math.log(0.8))
    assert judge(DAYS, value=92.0, threshold=120.0, direction=1)["grade"] == "deterioration"
    assert judge(DAYS, value=104.0)["grade"] == "deterioration"
    assert judge(DAYS, value=104.0, threshold=120.0, direction=1)["pace"] > 0
    assert judge(DAYS, value=79.0)["gap"] == -1.0


# --- equality and rounding -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direction", "strict", "word"), [(1, True, "not_met"), (1, False, "met"), (-1, True, "not_met"), (-1, False, "met")]
)
def test_equality_is_met_only_by_the_inclusive_reading(direction: int, strict: bool, word: str) -> None:
    for threshold in (0.7, 0.1 + 0.6, 0.7 + 2e-16):
        told = judge(
            COUNTED, **DUE, direction=direction, strict=strict, threshold=threshold, value=0.7, base=0.7 - direction * 0.2
        )
        assert (told["outcome"], told["gap"]) == (word, 0.0)


def test_nineteen_of_twenty_is_not_more_than_95_per_cent() -> None:
    row = {**COUNTED, **DUE, "threshold": 0.95, "base": 0.8}
    assert judge(row, value=19 / 20)["outcome"] == "not_met"
    assert judge(row, value=19 / 20, strict=False)["outcome"] == "met"


def test_what_prints_as_95_per_cent_is_not_95_per_cent() -> None:
    row = {**COUNTED, **DUE, "threshold": 0.95, "base": 0.8, "value": 0.94996}
    assert f"{100 * row['value']:.1f}" == "95.0"
    told = judge(row, strict=False)
    assert (told["outcome"], told["gap"]) == ("not_met", pytest.approx(4e-5))
    assert judge(row, strict=False, value=0.95004)["outcome"] == "met"


# --- time ------------------------------------------------------------------------------------------------------------------


def published(make_plan: Any, warehouse: Any, shares: dict[int, int], **target: Any) -> Computed:
    """Of 20 firms, all asked, how many use it, by year; more than 95 % are to."""
    facts = {"key": ["firm", "year"], "period": "year", "design": {"unit": "firm", "census": True}}
    plan = make_plan(
        tables={"facts": {**facts, "columns": {"firm": "identifier", "year": "year", "uses": "number"}}},
        indicators={
            "share": {"table": "facts", "numerator": "uses", "denominator": 1, "unit": "share", "targets": [{**LAW, **target}]}
        },
    )
    rows = [(f"f{i}", year, float(i < using)) for year, using in shares.items() for i in range(20)]
    return compute(plan, warehouse(plan, {"facts": pl.DataFrame(rows, schema=["firm", "year", "uses"], orient="row")}))


def words(found: Computed) -> dict[str, str]:
    rows = found.details["assessments"].filter("scope")
    return dict(rows.select("period", "outcome").iter_rows())


def test_met_then_lost_and_met_again(make_plan: Any, warehouse: Any) -> None:
    after = published(make_plan, warehouse, {2025: 18, 2026: 20, 2027: 19, 2028: 20})
    assert words(after) == {"2025": "base_only", "2026": "met", "2027": "not_met", "2028": "met"}
    before = published(make_plan, warehouse, {2025: 20, 2026: 19, 2027: 20})
    assert words(before) == {"2025": "met_at_base", "2026": "lost", "2027": "met_at_base"}


def test_one_point_is_no_pace(make_plan: Any, warehouse: Any) -> None:
    found = published(make_plan, warehouse, {2025: 15})
    assert words(found) == {"2025": "base_only"}
    assert found.details["assessments"]["pace"].null_count() == 1
    later = published(make_plan, warehouse, {2026: 15})
    assert words(later) == {"2026": "cannot_tell"}, "a number, but not the one it is counted from"
    assert later.details["assessments"].select("base", "pace", "grade").row(0) == (None, None, None)


def test_a_base_after_the_latest_number_leaves_nothing_to_judge(make_plan: Any, warehouse: Any) -> None:
    found = published(make_plan, warehouse, {2024: 15, 2025: 16}, base_period="2026")
    assert words(found) == {}
    assert found.results["outcome"].null_count() == found.results.height


def test_a_base_after_the_year_of_the_target(make_plan: Any, warehouse: Any) -> None:
    found = published(make_plan, warehouse, {2025: 15, 2026: 16}, year=2024)
    assert words(found) == {"2025": "not_met", "2026": "not_met"}


def test_a_period_of_two_years_is_no_year() -> None:
    for period in ("2025-26", "2025-2026", "25", "2025-Q1"):
        with pytest.raises(ValidationError, match="base_period"):
            Target.model_validate({**LAW, "base_period": period})


# --- units -----------------------------------------------------------------------------------------------------------------


def test_per_cent_and_percentage_points(make_plan: Any, warehouse: Any) -> None:
    """From 10 to 11 of 20: 10 per cent more, 5 points more; a target of 0.10 is met by the one and not by the other."""
    facts = {"key": ["firm", "year"], "period": "year", "design": {"unit": "firm", "census": True}}
    rise = {**LAW, "basis": "change", "operator": ">=", "reading": "inclusive", "value": 0.10}
    change = {"change_of": "share", "base_period": "2025"}
    plan = make_plan(
        tables={"facts": {**facts, "columns": {"firm": "identifier", "year": "year", "uses": "number"}}},
        indicators={
            "share": {"table": "facts", "numerator": "uses", "denominator": 1, "unit": "share"},
            "more": {**change, "unit": "share", "targets": [{**rise, "id": "relative"}]},
            "points": {**change, "change_as": "difference", "unit": "share", "targets": [{**rise, "id": "points"}]},
        },
    )
    rows = [(f"f{i}", year, float(i < using)) for year, using in {2025: 10, 2026: 11}.items() for i in range(20)]
    found = compute(plan, warehouse(plan, {"facts": pl.DataFrame(rows, schema=["firm", "year", "uses"], orient="row")}))
    told = {row["target"]: row for row in found.details["assessments"].to_dicts()}
    assert [told[name]["value"] for name in ("relative", "points")] == pytest.approx([0.10, 0.05])
    assert [told[name]["outcome"] for name in ("relative", "points")] == ["met", "on_track"]
    assert told["points"]["pace"] == pytest.approx(1.0)
    assert told["relative"]["pace"] == pytest.approx(2.0)


# --- what the plan must say ------------------------------------------------------------------------------------------------


def test_a_number_without_a_direction_is_refused() -> None:
    spec = {name: value for name, value in LAW.items() if name != "operator"}
    with pytest.raises(ValidationError, match="operator and value belong together"):
        Target.model_validate(spec)
    with pytest.raises(ValidationError, match="operator"):
        Target.model_validate({**LAW, "operator": "="})
    text = {"zh": "一", "en": "one"}
    indicator = {"id": "share", "name": text, "definition": text, "unit": "share", "table": "facts", "numerator": "y"}
    with pytest.raises(ValidationError, match="better"):
        Indicator.model_validate(indicator)
    with pytest.raises(ValidationError, match="better"):
        Indicator.model_validate({**indicator, "better": "either"})


# --- order and duplicates --------------------------------------------------------------------------------------------------


def test_grades_are_stable_under_any_order_of_rows(make_plan: Any, warehouse: Any) -> None:
    """Rows of the inputs in another order: the same table, to the last bit."""
    columns = {
        "firm": "identifier",
        "year": "year",
        "layer": "identifier",
        "size": "integer",
        "kind": "identifier",
        "y": "number",
    }
    design = {"unit": "firm", "stratum": "layer", "population": "size"}
    plan = make_plan(
        tables={"facts": {"key": ["firm", "year"], "period": "year", "design": design, "columns": {**columns, "x": "number"}}},
        indicators={"share": {"table": "facts", "numerator": "y", "denominator": "x", "unit": "share", "targets": [{**LAW}]}},
        breakdowns={"kind": "kind"},
    )
    rows = [
        (f"{layer}{i}", year, layer, 90, "ijk"[i % 3], (7 + i % 4 + (year - 2025) * (i % 2)) / 3, 11 / 3)
        for year in (2025, 2026)
        for layer in "abc"
        for i in range(30)
    ]
    frame = pl.DataFrame(rows, schema=[*columns, "x"], orient="row")
    told = [
        compute(plan, warehouse(plan, {"facts": frame.sample(fraction=1, shuffle=True, seed=seed)})).details["assessments"]
        for seed in range(3)
    ]
    assert told[0].filter(pl.col("grade").is_not_null()).height > 0
    assert all(one.equals(told[0]) for one in told)


def test_the_same_number_twice_is_judged_alike() -> None:
    told = judged(held(SHARE, SHARE, {**SHARE, "target": "other"}))
    assert told.height == 3
    assert told.drop("target").n_unique() == 1


# --- breaks of the series --------------------------------------------------------------------------------------------------

ASSESSED = {"firm": "identifier", "year": "year", "edition": "identifier", "level": "number"}


def assessed_plan(make_plan: Any, **indicator: Any) -> Any:
    """Levels of firms under an edition of a standard; levels under different editions are not comparable."""
    spec = {"table": "assessments", "numerator": "CASE WHEN level >= 3 THEN 1 ELSE 0 END", "denominator": 1, "unit": "share"}
    table = {"key": ["firm", "year", "edition"], "period": "year", "comparable": ["edition"], "columns": ASSESSED}
    return make_plan(
        tables={"assessments": {**table, "design": {"unit": "firm", "census": True}}},
        indicators={"risen": {**spec, "targets": [{**LAW, "value": 0.9}], **indicator}},
    )


def levels(edition: dict[int, str]) -> dict[str, pl.DataFrame]:
    rows = [(f"f{i}", year, name, float(2 + (year - 2024) * (i % 2))) for year, name in edition.items() for i in range(10)]
    return {"assessments": pl.DataFrame(rows, schema=list(ASSESSED), orient="row")}


def test_no_pace_is_told_over_a_new_edition_of_a_standard(make_plan: Any, warehouse: Any) -> None:
    """Fixed to the old edition, the years under the new one have no number, and so no pace, grade or outcome."""
    plan = assessed_plan(make_plan, respondents="edition = 'old'")
    whole = compute(plan, warehouse(plan, levels({2025: "old", 2026: "old", 2027: "old"}))).details["assessments"]
    assert whole.select("period", "outcome").rows() == [("2025", "base_only"), ("2026", "limited"), ("2027", "not_met")]
    broken = compute(plan, warehouse(plan, levels({2025: "old", 2026: "new", 2027: "new"})))
    assert broken.details["assessments"].select("period", "pace").rows() == [("2025", None)]
    late = compute(plan, warehouse(plan, levels({2025: "new", 2026: "old", 2027: "old"}))).details["assessments"]
    assert late.select("period", "base", "pace", "outcome").rows() == [
        ("2026", None, None, "cannot_tell"),
        ("2027", None, None, "not_met"),
    ]


def test_a_panel_that_lost_its_members_to_a_new_edition_has_met_nothing(make_plan: Any, warehouse: Any) -> None:
    panel = {"base_period": 2025, "on": ["firm", "edition"]}
    step = {**LAW, "basis": "step", "operator": ">=", "reading": "inclusive", "value": 0.5}
    plan = assessed_plan(make_plan, panel=panel, numerator="CASE WHEN level >= base_level + 1 THEN 1 ELSE 0 END", targets=[step])
    all_new = compute(plan, warehouse(plan, levels({2025: "old", 2026: "new"}))).details["assessments"]
    assert all_new["period"].to_list() == ["2025"], "not one can be compared"
    frame = levels({2025: "old", 2026: "old"})["assessments"]
    moved = frame.with_columns(
        pl.when((pl.col("year") == 2026) & (pl.col("firm") < "f4")).then(pl.lit("new")).otherwise("edition").alias("edition")
    )
    told = compute(plan, warehouse(plan, {"assessments": moved})).details["assessments"].filter(period="2026").row(0, named=True)
    assert (told["se"], told["p_met"], told["outcome"]) == (None, None, "no_error")
