"""The same-pace scenario: reference values from a sample survey, correlated draws, growth rates of others, and its limits."""

from __future__ import annotations

import csv
import math
from itertools import pairwise
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from indicators.targets.same_pace import same_pace
from tests.indicators.heldrows import held_of, plan_of, shuffled

Z = NormalDist().inv_cdf(0.975)
#: NC rate of the reference survey: two years with their errors and covariance, worked out from its frame in the test below
BASE, VALUE, BASE_SE, SE, COVARIANCE = (
    0.6001353191747513,
    0.640322248764057,
    0.0116160142061606,
    0.0112849062434167,
    7.86647919513e-05,
)


def scenario(*, plan: Any = None, **number: Any) -> list[tuple[int, float, float | None, float | None]]:
    """Year, value, low and high of the scenario of one number."""
    plan = plan or plan_of(year=2027)
    return same_pace(held_of(plan, number)).select("year", "value", "low", "high").rows()


def nc_rate(scale: str, covariance: float = COVARIANCE) -> tuple[float, float, float]:
    rows = scenario(value=VALUE, se=SE, base=BASE, base_se=BASE_SE, covariance=covariance, scenario_scale=scale)
    assert [year for year, *_ in rows] == [2026, 2027]
    _, value, low, high = rows[1]
    assert low is not None and high is not None
    return value, low, high


def beyond(threshold: float, value: float, low: float, high: float, scale: Any = float) -> float:
    """The probability that a 95 % normal interval gives to what lies above the threshold."""
    error = (scale(high) - scale(low)) / (2 * Z)
    return 1 - NormalDist(scale(value), error).cdf(scale(threshold))


def odds(share: float) -> float:
    return math.log(share / (1 - share))


def test_reference_survey() -> None:
    linear = nc_rate("linear")
    assert linear == pytest.approx((0.6805, 0.645, 0.716), abs=5e-4)
    assert beyond(0.70, *linear) == pytest.approx(0.14, abs=0.005)
    assert beyond(0.70, *nc_rate("linear", covariance=0.0)) == pytest.approx(0.22, abs=0.005)
    share = nc_rate("logit")
    assert share[0] == pytest.approx(1 / (1 + math.exp(-(2 * odds(VALUE) - odds(BASE)))), abs=1e-12)
    assert beyond(0.70, *share, scale=odds) == pytest.approx(0.10, abs=0.005)


def test_the_reference_survey_gives_these_errors(shared_data: Path) -> None:
    """Combined ratio of a stratified sample, linearised; covariance over the units of both years (methods of the survey)."""
    text = (shared_data / "statistics" / "frame.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    strata: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        strata.setdefault(row["stratum"], []).append(row)

    def year(drawn: str, counted: str) -> tuple[float, dict[str, dict[str, float]]]:
        """The ratio, and the linearised values of the units that were drawn, by stratum."""
        samples = {name: [row for row in units if row[drawn] == "1"] for name, units in strata.items()}
        weight = {name: len(strata[name]) / len(units) for name, units in samples.items()}
        counts = [
            (weight[name] * float(row[counted]), weight[name] * float(row["kp_total"]))
            for name in samples
            for row in samples[name]
        ]
        below = math.fsum(x for _, x in counts)
        ratio = math.fsum(y for y, _ in counts) / below
        z = {
            name: {row["ent_id"]: (float(row[counted]) - ratio * float(row["kp_total"])) / below for row in units}
            for name, units in samples.items()
        }
        return ratio, z

    def covariance(one: dict[str, dict[str, float]], other: dict[str, dict[str, float]]) -> float:
        found = 0.0
        for name, units in strata.items():
            both = sorted(set(one[name]) & set(other[name]))
            if len(both) > 1:
                shared = np.cov([one[name][unit] for unit in both], [other[name][unit] for unit in both])[0, 1]
                found += len(units) ** 2 * (len(both) / (len(one[name]) * len(other[name])) - 1 / len(units)) * shared
        return found

    (base, then), (value, now) = year("in_w1", "kp_nc25"), year("in_w2", "kp_nc26")
    assert (base, value) == pytest.approx((BASE, VALUE), abs=1e-12)
    assert math.sqrt(covariance(then, then)) == pytest.approx(BASE_SE, abs=1e-10)
    assert math.sqrt(covariance(now, now)) == pytest.approx(SE, abs=1e-10)
    assert covariance(then, now) == pytest.approx(COVARIANCE, rel=1e-9)
    difference = math.sqrt(SE**2 + BASE_SE**2 - 2 * COVARIANCE)
    assert (value - base, difference) == pytest.approx((0.04019, 0.01024), abs=5e-6)


@pytest.mark.parametrize(
    ("scale", "value", "base", "error"),
    [("linear", 62.0, 55.0, 1.0), ("log", 62.0, 55.0, 0.6), ("index", 0.08, 0.0, 0.012), ("logit", 0.72, 0.63, 0.012)],
)
def test_correlated_draws_spread_as_the_interval_says(scale: str, value: float, base: float, error: float) -> None:
    """400 000 pairs of errors: the scenario of every pair, and the ends between which 95 % of them lie."""
    years, bounded = 3, scale == "logit"
    base_se = 0.0 if scale == "index" else error * 0.9
    shared = 0.6 * error * base_se
    rows = scenario(
        plan=plan_of(year=2027 + years - 1),
        period="2027",
        value=value,
        base=base,
        se=error,
        base_se=base_se,
        covariance=shared,
        scenario_scale=scale,
        bounded=bounded,
    )
    draws = np.random.default_rng(7).multivariate_normal([value, base], [[error**2, shared], [shared, base_se**2]], 400_000)
    there = {"linear": lambda v: v, "log": np.log, "index": np.log1p, "logit": lambda v: np.log(v / (1 - v))}[scale]
    here = {"linear": lambda v: v, "log": np.exp, "index": np.expm1, "logit": lambda v: 1 / (1 + np.exp(-v))}[scale]
    for year, found, low, high in rows[1:]:
        times = (year - 2027) / 2
        now, then = there(draws[:, 0]), there(draws[:, 1])
        ends = here(np.quantile(now + times * (now - then), [0.025, 0.5, 0.975]))
        width = ends[2] - ends[0]
        assert [low, found, high] == pytest.approx([*ends], abs=0.02 * width)


def test_average_growth_of_the_last_year() -> None:
    """WHO Triple Billion, latest rate of change: 87 in 2017 and 88 in 2018 are 95.3293 in 2025."""
    plan = plan_of("labour_productivity", year=2025, value=99.0, base_period="2017")
    rows = scenario(plan=plan, period="2018", value=88.0, base=87.0, scenario_scale="log", bounded=False)
    assert rows[-1][:2] == (2025, pytest.approx(95.3293, abs=5e-5))
    assert all(later / former == pytest.approx(88 / 87, rel=1e-12) for (_, former, *_), (_, later, *_) in pairwise(rows))


def test_even_growth_lies_below_the_straight_path() -> None:
    """WHO: from 68 in 2018 to 99 in 2025, the third year of even growth lies 1.41 below the straight line."""
    plan = plan_of("labour_productivity", year=2025, value=99.0, base_period="2018")
    first = 68 * (99 / 68) ** (1 / 7)
    rows = scenario(plan=plan, period="2019", value=first, base=68.0, scenario_scale="log", bounded=False)
    reached = {year: value for year, value, *_ in rows}
    assert reached[2025] == pytest.approx(99.0, rel=1e-12)
    assert 68 + 31 * 3 / 7 - reached[2021] == pytest.approx(1.41, abs=0.005)


def test_a_change_goes_on_as_an_index() -> None:
    """Two years of 16.33 % less are 30 % less, so 90 become 63; the interval is that of the logarithm of the index."""
    half = math.sqrt(0.7) - 1
    rows = scenario(
        value=half, base=0.0, se=0.02, base_se=0.0, covariance=0.0, scenario_scale="index", bounded=False, change=True
    )
    assert 90 * (1 + rows[1][1]) == pytest.approx(63.0, abs=1e-9)
    width = 2 * 0.02 / (1 + half) * Z
    assert rows[1][2:] == pytest.approx((0.7 * math.exp(-width) - 1, 0.7 * math.exp(width) - 1), abs=1e-12)


def test_the_year_itself_bears_its_own_interval() -> None:
    rows = scenario(value=0.64, base=0.60, se=0.01, base_se=0.02, covariance=0.0, low=0.61, high=0.66)
    assert rows[0] == (2026, 0.64, 0.61, 0.66)


@settings(max_examples=200, deadline=None)
@given(
    value=st.floats(0.01, 0.99),
    base=st.floats(0.01, 0.99),
    errors=st.tuples(st.floats(0, 0.2), st.floats(0, 0.2)),
    correlation=st.floats(-1, 1),
)
def test_a_share_stays_a_share_and_its_complement_its_complement(
    value: float, base: float, errors: tuple[float, float], correlation: float
) -> None:
    known = {"se": errors[0], "base_se": errors[1], "covariance": correlation * errors[0] * errors[1]}
    plan = plan_of(year=2031)
    rows = scenario(plan=plan, value=value, base=base, low=value, high=value, **known)
    mirrored = scenario(plan=plan, value=1 - value, base=1 - base, low=1 - value, high=1 - value, **known)
    assert len(rows) == 6
    for (_, middle, low, high), (_, other, other_low, other_high) in zip(rows, mirrored, strict=True):
        assert low is not None and high is not None and other_low is not None and other_high is not None
        assert 0 <= low <= middle <= high <= 1
        assert (1 - other, 1 - other_high, 1 - other_low) == pytest.approx((middle, low, high), abs=1e-9)
    values = [middle for _, middle, *_ in rows]
    assert values == pytest.approx(sorted(values, reverse=value < base), abs=1e-14)


def test_the_interval_widens_with_the_years() -> None:
    plan = plan_of("labour_productivity", value=90.0, year=2032)
    known = {"se": 0.8, "base_se": 0.7, "covariance": 0.3, "scenario_scale": "linear", "bounded": False}
    rows = scenario(plan=plan, value=60.0, base=56.0, low=58.4, high=61.6, **known)
    widths = [high - low for _, _, low, high in rows if low is not None and high is not None]
    assert len(widths) == 7
    assert widths == sorted(widths)


def test_less_is_better() -> None:
    """Ten per cent a year less: 400 after 444.4 after 493.8."""
    plan = plan_of("rd_cycle", operator="<=", value=400.0, year=2028)
    rows = scenario(plan=plan, value=450.0, base=500.0, scenario_scale="log", bounded=False)
    assert [value for _, value, *_ in rows] == pytest.approx([450.0, 405.0, 364.5], abs=1e-9)


def test_a_pace_of_two_years_is_a_yearly_one() -> None:
    plan = plan_of("solution_providers", value=30.0, year=2029)
    rows = scenario(plan=plan, period="2027", value=21.0, base=15.0, exact=True, scenario_scale="linear", bounded=False)
    assert rows == [(2027, 21.0, None, None), (2028, 24.0, None, None), (2029, 27.0, None, None)]


@pytest.mark.parametrize("unknown", [{"se": None}, {"base_se": None}, {"covariance": None}, {"exact": True}])
def test_no_interval_without_all_errors_and_none_of_a_full_count(unknown: dict[str, Any]) -> None:
    known: dict[str, Any] = {"se": 0.01, "base_se": 0.01, "covariance": 0.0, **unknown}
    rows = scenario(value=0.64, base=0.60, **known)
    assert rows[1][2:] == (None, None)
    assert 0.67 < rows[1][1] < 0.68


def test_a_covariance_larger_than_the_errors_leaves_no_width() -> None:
    rows = scenario(value=0.64, base=0.60, se=0.01, base_se=0.01, covariance=2e-4, scenario_scale="linear")
    assert rows[1][1:] == pytest.approx((0.68, 0.68, 0.68), abs=1e-12)


@pytest.mark.parametrize(
    ("base", "value", "expected"),
    [(0.0, 0.44, [0.44, 0.88, 1.0]), (0.1, 0.0, [0.0, 0.0, 0.0]), (1.0, 0.7, [0.7, 0.4, 0.1]), (0.4, 1.0, [1.0, 1.0, 1.0])],
)
def test_a_share_that_is_none_or_all_goes_on_straight(base: float, value: float, expected: list[float]) -> None:
    """Log odds of none and all do not exist: steps since the base year begin with none."""
    rows = scenario(plan=plan_of(year=2028), value=value, base=base, se=0.05, base_se=0.0, covariance=0.0, low=value, high=value)
    assert [found for _, found, *_ in rows] == pytest.approx(expected, abs=1e-12)
    assert all(low is not None and high is not None and 0 <= low <= found <= high <= 1 for _, found, low, high in rows)


@pytest.mark.parametrize(
    ("target", "number"),
    [
        ({}, {"period": "2025", "value": 0.6, "base": 0.6}),  # the base year itself
        ({}, {"period": "2030", "value": 0.6, "base": 0.5}),  # the target year
        ({}, {"period": "2031", "value": 0.6, "base": 0.5}),
        ({"year": None}, {"value": 0.6, "base": 0.5}),  # no date
        ({}, {"value": 0.6, "base": None}),
        ({}, {"value": -1.0, "base": 5.0, "scenario_scale": "log", "bounded": False}),  # no logarithm
        ({}, {"value": -1.0, "base": 0.0, "scenario_scale": "index", "bounded": False}),
    ],
)
def test_no_scenario(target: dict[str, Any], number: dict[str, Any]) -> None:
    assert scenario(plan=plan_of(**target), **number) == []


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    plan = plan_of()
    known = {"base_se": 0.011, "covariance": 1e-5}
    rows = [{"category": f"{i}", "value": 0.3 + i / 31, "base": 0.2 + i / 37, "se": 0.01 + i / 999, **known} for i in range(19)]
    held = held_of(plan, *rows)
    assert_frame_equal(same_pace(shuffled(held, seed)), same_pace(held), check_exact=True)
    alone = same_pace(held.filter(pl.col("category") == "7"))
    assert_frame_equal(alone, same_pace(held).filter(pl.col("category") == "7"), check_exact=True)
