"""The table `methods`: every method on every number that the law speaks of, and whether it agrees with our own pace."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import polars as pl
import pytest

from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Path, Plan
from indicators.editions.details import DETAILS
from indicators.editions.results import TOTAL, as_results
from indicators.methods.methods import methods, own_direction
from indicators.methods.rulings import METHODS
from indicators.targets.assessment import assessments
from indicators.targets.held import hold
from indicators.targets.target import assess

Numbers = Mapping[str, Mapping[int, float]]
PLAN = cache(lambda: load_plan(AUTOMOTIVE))
#: what the worked values start from, as this plan holds it: shares as fractions, changes on 2025
WORKED: Numbers = {
    "rd_tool_rate": {2025: 0.89, 2026: 0.915},
    "nc_rate": {2025: 0.66, 2026: 0.678},
    "labour_productivity_change": {2026: 0.04},
    "rd_cycle_change": {2026: -0.08},
    "delivery_cycle_change": {2026: -0.05},
}
NO_COVARIANCE = pl.DataFrame(
    schema={
        **dict.fromkeys(("indicator", "period", "breakdown", "category", "base_period"), pl.String),
        "covariance": pl.Float64,
    }
)


def results_of(plan: Plan, numbers: Numbers, place: tuple[str, str] = (TOTAL, TOTAL)) -> pl.DataFrame:
    """Results of a full count, assessed."""
    rows = [
        {
            "indicator": indicator,
            "period": str(year),
            "breakdown": place[0],
            "category": place[1],
            "value": value,
            "se": 0.0,
            "quality": "census",
            "status": "published",
        }
        for indicator, series in numbers.items()
        for year, value in series.items()
    ]
    return assess(plan, as_results(pl.DataFrame(rows)))


def table(numbers: Numbers, *, plan: Plan | None = None, place: tuple[str, str] = (TOTAL, TOTAL)) -> pl.DataFrame:
    plan = plan or PLAN()
    results = results_of(plan, numbers, place)
    held = hold(plan, results, NO_COVARIANCE)
    return methods(plan, held, assessments(plan, held), results)


def row(found: pl.DataFrame, indicator: str, method: str, period: str = "2026") -> dict[str, Any]:
    [one] = found.filter(indicator=indicator, method=method, period=period).to_dicts()
    return one


def with_target(indicator: str, **changed: Any) -> Plan:
    """The plan with the first target of an indicator changed."""
    plan = PLAN()
    one = plan.indicators[indicator]
    targets = [one.targets[0].model_copy(update=changed)]
    return plan.model_copy(update={"indicators": {**plan.indicators, indicator: one.model_copy(update={"targets": targets})}})


def straight() -> Plan:
    """The plan with straight paths to all its targets."""
    plan = PLAN()
    bent = {
        name: one.model_copy(update={"targets": [target.model_copy(update={"paths": []}) for target in one.targets]})
        for name, one in plan.indicators.items()
    }
    return plan.model_copy(update={"indicators": bent})


@pytest.mark.parametrize(
    ("indicator", "ratio", "share", "pace"),
    [
        ("rd_tool_rate", 0.847, 0.845, 0.83),
        ("nc_rate", 0.913, 0.912, 0.90),
        ("labour_productivity_change", 0.820, 0.816, 0.80),
        ("rd_cycle_change", 0.758, 0.768, 0.80),
        ("delivery_cycle_change", 0.474, 0.487, 0.50),
    ],
)
def test_worked_values_from_results_to_the_table(indicator: str, ratio: float, share: float, pace: float) -> None:
    found = table(WORKED, plan=straight())
    assert row(found, indicator, "statcan")["figure"] == pytest.approx(ratio, abs=5e-4)
    assert row(found, indicator, "eurostat")["figure"] == row(found, indicator, "statcan")["figure"]
    assert row(found, indicator, "unsd")["figure"] == pytest.approx(share, abs=6e-4)
    assert row(found, indicator, "linear")["figure"] == pytest.approx(pace, abs=5e-3)
    # on a straight path the milestone of the year is half of the way
    assert row(found, indicator, "digital_decade")["figure"] == pytest.approx(row(found, indicator, "linear")["figure"], rel=1e-9)
    assert row(found, indicator, "undp")["figure"] == pytest.approx(100 * row(found, indicator, "linear")["figure"], rel=1e-9)
    assert row(found, indicator, "escap")["figure"] == pytest.approx(1 - row(found, indicator, "linear")["figure"], rel=1e-9)
    assert row(found, indicator, "germany")["reason"] == "few_years"


def test_who_agrees_with_our_own_pace() -> None:
    found = table(WORKED, plan=straight())
    # our own pace is 0.5 of what is needed, so behind; so is every method that applies, also where one says limited and one fair
    cycle = found.filter(indicator="delivery_cycle_change")
    assert cycle["agrees"].to_list().count(True) == 7
    assert row(found, "delivery_cycle_change", "undp")["verdict"] == "red"
    assert row(found, "delivery_cycle_change", "statcan")["verdict"] == "limited"
    assert row(found, "delivery_cycle_change", "unsd")["verdict"] == "fair"
    odd = found.filter(pl.col("agrees").eq(False)).select("indicator", "method").rows()
    assert ("nc_rate", "undp") in odd and ("nc_rate", "escap") in odd, "0.90 is green for UNDP, and 10 % short is maintained"
    assert found.filter(pl.col("reason").is_not_null())["agrees"].is_null().all()


def test_every_number_that_the_law_speaks_of_has_every_method() -> None:
    found = table({**WORKED, "parts_digital_level": {2025: 40.0, 2026: 41.0}})
    assert found.columns == list(DETAILS["methods"])
    for _, group in found.group_by("indicator", "period", "breakdown", "category", "target"):
        assert sorted(group["method"]) == sorted(METHODS)
    assert set(found.filter(indicator="rd_tool_rate")["period"]) == {"2025", "2026"}
    assert set(found.filter(indicator="rd_tool_rate", period="2025")["reason"]) == {"one_point", "few_years"}
    assert found.filter(pl.col("verdict").is_null() == pl.col("reason").is_null()).is_empty()


def test_a_category_that_the_law_names_is_judged_by_its_own_number() -> None:
    target = next(one for one in PLAN().indicators["rd_tool_rate"].targets if isinstance(one.scope, dict))
    place = (",".join(target.scope), ",".join(target.scope.values()))  # type: ignore[arg-type, union-attr]
    found = table({"rd_tool_rate": {2025: 0.89, 2026: 0.915}}, place=place)
    assert set(found["target"]) == {target.id}
    assert row(found, "rd_tool_rate", "statcan")["figure"] == pytest.approx(0.847, abs=5e-4)
    assert table({"rd_tool_rate": {2025: 0.89, 2026: 0.915}}, place=("segment", "3670")).is_empty()


def test_germany_looks_at_the_years_before_the_base() -> None:
    years = dict(zip(range(2020, 2026), (0.60, 0.612, 0.621, 0.634, 0.646, 0.66), strict=True))
    found = row(table({"nc_rate": years}), "nc_rate", "germany", "2025")
    assert (found["verdict"], found["direction"]) == ("cloud", "behind")
    assert found["figure"] == pytest.approx(0.40, abs=1e-9)
    assert found["agrees"] is None, "in the base year we give no pace of our own"
    later = row(table({"nc_rate": {**years, 2026: 0.69, 2027: 0.75}}), "nc_rate", "germany", "2026")
    # the six years to 2026 rise by 0.0156 a year: short of nothing
    assert (later["verdict"], later["figure"], later["agrees"]) == ("sun", 0.0, True)
    assert row(table({"nc_rate": {2025: 0.66, 2026: 0.67, 2023: 0.6, 2022: 0.59}}), "nc_rate", "germany")["reason"] == "few_years"


def test_years_before_the_base_of_a_change_are_on_its_index_too() -> None:
    """Index 115, 110, 105, 100 (base), 95: five less a year; 80 is wanted a year on, so 10 of 15 would be missing."""
    found = table({"rd_cycle_change": {2022: 0.15, 2023: 0.10, 2024: 0.05, 2026: -0.05}})
    assert row(found, "rd_cycle_change", "germany")["figure"] == pytest.approx(10 / 15, rel=1e-9)
    assert row(found, "rd_cycle_change", "escap")["figure"] == pytest.approx(10 / 20, rel=1e-9)
    assert set(found["period"]) == {"2026"}, "before the base nothing is judged"


def test_escap_draws_its_line_through_all_years() -> None:
    found = row(table({"nc_rate": {2024: 0.50, 2025: 0.60, 2026: 0.60}}), "nc_rate", "escap")
    # weights 1, 2, 3: mean year 2/3 before 2026, mean value 0.35/0.6; slope (Σwtv − …)
    years, values, weights = (0, 1, 2), (0.5, 0.6, 0.6), (1, 2, 3)
    middle = sum(w * y for w, y in zip(weights, years, strict=True)) / 6
    level = sum(w * v for w, v in zip(weights, values, strict=True)) / 6
    slope = sum(w * (y - middle) * v for w, y, v in zip(weights, years, values, strict=True))
    slope /= sum(w * (y - middle) ** 2 for w, y in zip(weights, years, strict=True))
    assert found["figure"] == pytest.approx((0.70 - (level + slope * (3 - middle))) / 0.10, rel=1e-9)


def test_a_target_without_a_number_is_judged_by_growth_and_agrees_with_nobody() -> None:
    found = table({"parts_digital_level": {2023: 39.0, 2024: 39.5, 2025: 40.0, 2026: 40.5}})
    assert set(found["target"]) == {"T2"}
    assert set(found["period"]) == {"2025", "2026"}
    told = {name: row(found, "parts_digital_level", name) for name in METHODS}
    assert {name: one["verdict"] for name, one in told.items() if one["verdict"]} == {
        "statcan": "acceleration",
        "eurostat": "significant",
        "unsd": "fair",
        "germany": "sun",
    }
    assert told["statcan"]["figure"] == pytest.approx(0.0125, rel=1e-9)
    assert told["germany"]["figure"] == pytest.approx(0.5, rel=1e-9)
    assert {told[name]["reason"] for name in ("escap", "undp", "digital_decade", "linear")} == {"no_number"}
    assert found["agrees"].is_null().all()


def test_a_share_without_a_number_has_its_natural_limit() -> None:
    """C(0.95) = 0.2037: 0.4 % a year is on track there, and far from it at 0.5."""
    blank = {"operator": None, "value": None, "reading": "qualitative"}
    plan = with_target("nc_rate", **blank)
    assert row(table({"nc_rate": {2025: 0.95, 2026: 0.9538}}, plan=plan), "nc_rate", "statcan")["verdict"] == "on_track"
    assert row(table({"nc_rate": {2025: 0.50, 2026: 0.5020}}, plan=plan), "nc_rate", "statcan")["verdict"] == "limited"


def test_milestones_are_those_of_the_path_in_force() -> None:
    """In steps: 62 % at the end of 2026, so 61.5 % is three quarters of the way that is due."""
    paths = [
        {"declared": "2025-01-01", "shape": "steps", "milestones": {"2026": 0.60, "2027": 0.70}},
        {"declared": "2026-01-01", "shape": "steps", "milestones": {"2026": 0.62, "2027": 0.70}},
    ]
    plan = with_target("nc_rate", paths=[Path.model_validate(one) for one in paths])
    found = table({"nc_rate": {2025: 0.60, 2026: 0.615}}, plan=plan)
    assert row(found, "nc_rate", "undp")["figure"] == pytest.approx(75.0, abs=1e-9)
    assert row(found, "nc_rate", "undp")["verdict"] == "yellow"
    assert row(found, "nc_rate", "digital_decade")["figure"] == pytest.approx(0.75, abs=1e-9)
    former = with_target("nc_rate", paths=[Path.model_validate(paths[0])])
    assert row(table({"nc_rate": {2025: 0.60, 2026: 0.615}}, plan=former), "nc_rate", "undp")["reason"] == "not_due"


def test_counts_and_grades_have_no_growth() -> None:
    found = table({"solution_providers": {2025: 15, 2026: 18}, "maturity_step": {2025: 0.0, 2026: 0.5}})
    for indicator, reason in (("solution_providers", "count"), ("maturity_step", "step")):
        told = {name: row(found, indicator, name)["reason"] for name in METHODS}
        assert {name for name, one in told.items() if one == reason} == {"statcan", "eurostat", "unsd"}
        assert row(found, indicator, "linear")["verdict"] == "on_track"
    assert row(found, "solution_providers", "linear")["figure"] == 1.2
    reached = table({"solution_providers": {2025: 15, 2026: 20}})
    assert row(reached, "solution_providers", "statcan")["verdict"] == "achieved"
    assert row(reached, "solution_providers", "statcan")["agrees"] is True


def test_a_target_without_a_date_is_judged_only_once_it_is_met() -> None:
    open_ = table({"data_catalogue_rate": {2025: 0.6, 2026: 0.8}})
    assert {row(open_, "data_catalogue_rate", name)["reason"] for name in METHODS} == {"no_date", "few_years"}
    met = table({"data_catalogue_rate": {2025: 0.6, 2026: 1.0}})
    assert row(met, "data_catalogue_rate", "unsd")["verdict"] == "on_track"
    assert row(met, "data_catalogue_rate", "unsd")["agrees"] is True
    near = table({"data_catalogue_rate": {2025: 0.6, 2026: 0.992}})
    assert row(near, "data_catalogue_rate", "unsd")["verdict"] == "on_track", "within a point of 100 %"
    assert row(near, "data_catalogue_rate", "statcan")["reason"] == "no_date"


@pytest.mark.parametrize(
    ("gap", "grade", "strict", "said"),
    [
        (-0.01, None, True, "on_track"),
        (0.0, None, False, "on_track"),
        (0.0, "acceleration", True, "behind"),  # at equality a strict threshold is not reached
        (0.2, "on_track", True, "on_track"),
        (0.2, "acceleration", False, "behind"),
        (0.2, "limited", False, "behind"),
        (0.2, "deterioration", False, "away"),
        (0.2, None, False, None),
        (None, None, False, None),
    ],
)
def test_our_own_direction(gap: float | None, grade: str | None, strict: bool, said: str | None) -> None:
    assert own_direction(gap, grade, strict=strict) == said


def test_the_order_of_rows_changes_nothing() -> None:
    plan = PLAN()
    history = {2021: 0.61, 2022: 0.613, 2023: 0.634, 2024: 0.651, 2025: 0.66, 2026: 0.678}
    results = results_of(plan, {**WORKED, "nc_rate": history, "parts_digital_level": {2024: 39.1, 2025: 40.3, 2026: 41.7}})
    held = hold(plan, results, NO_COVARIANCE)
    own = assessments(plan, held)
    first = methods(plan, held, own, results)
    for seed in range(3):
        mixed = [frame.sample(fraction=1.0, shuffle=True, seed=seed) for frame in (held, own, results)]
        assert methods(plan, *mixed).equals(first)


def test_nothing_to_judge_is_an_empty_table() -> None:
    found = table({"labour_productivity": {2025: 30.0, 2026: 31.0}})
    assert found.is_empty()
    assert found.columns == list(DETAILS["methods"])


def test_numbers_that_are_withheld_or_of_a_quarter_are_not_judged() -> None:
    plan = PLAN()
    base = {"breakdown": TOTAL, "category": TOTAL, "se": 0.0, "quality": "census", "status": "published"}
    rows = [
        {**base, "indicator": "nc_rate", "period": "2025", "value": 0.66},
        {**base, "indicator": "nc_rate", "period": "2026", "value": None, "status": "suppressed"},
        {**base, "indicator": "solution_providers", "period": "2025", "value": 15.0},
        {**base, "indicator": "solution_providers", "period": "2026-Q2", "value": 17.0},
    ]
    results = assess(plan, as_results(pl.DataFrame(rows)))
    held = hold(plan, results, NO_COVARIANCE)
    found = methods(plan, held, assessments(plan, held), results)
    assert set(found["period"]) == {"2025"}
