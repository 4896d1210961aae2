"""The trend: the curve of the EU's Digital Decade, another fitter, and where there is no curve."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy import optimize
from scipy.special import expit, logit

from indicators.targets.path import paths
from indicators.targets.trend import logistic, steepness, straight, trend
from tests.indicators.heldrows import held_of, plan_of, shuffled

#: coverage by 5G in the EU, 2019 to 2022
COVERAGE = [(-3, 0.0), (-2, 0.139), (-1, 0.658), (0, 0.812)]


def test_digital_decade() -> None:
    """EU Digital Decade: a logistic curve with ceiling 100, k near 1.90228, moved to pass through the last observation."""
    assert steepness(COVERAGE) == pytest.approx(1.90228, abs=5e-5)
    published = {-2: 8.774, -1: 39.192, 0: 81.2, 1: 96.660, 8: 99.999994}
    found = dict(zip(range(-2, 9), logistic(COVERAGE, range(-2, 9)), strict=True))
    assert {year: 100 * found[year] for year in published} == pytest.approx(published, abs=5e-4)
    assert 100 * found[8] == pytest.approx(99.999994, abs=1e-6)


def test_digital_decade_in_the_table() -> None:
    plan = plan_of(value=0.99, year=2030, base_period="2019")
    years = [{"period": str(2022 + year), "value": value, "base": 0.0} for year, value in COVERAGE]
    table = paths(plan, held := held_of(plan, *years), held).filter(kind="trend")
    assert table["period"].unique().to_list() == ["2022"]  # before, there are fewer than four years
    values = dict(table.select("year", "value").iter_rows())
    assert list(values) == list(range(2019, 2031))
    assert [100 * values[year] for year in (2020, 2021, 2022, 2023)] == pytest.approx([8.774, 39.192, 81.2, 96.660], abs=5e-4)
    assert table["low"].null_count() == table["high"].null_count() == table["vintage"].null_count() == 12


@settings(max_examples=30, deadline=None)
@given(k=st.integers(-25, 25), middle=st.integers(-50, 20), noise=st.lists(st.integers(-30, 30), min_size=4, max_size=9))
def test_another_fitter_finds_no_better_curve(k: int, middle: int, noise: list[int]) -> None:
    """scipy's least squares from several beginnings, among them the curve that made the points."""
    years = np.arange(1 - len(noise), 1, dtype=float)
    values = np.clip(expit(k / 10 * (years - middle / 10)) + np.array(noise) / 1000, 0.001, 0.999)
    points = [(int(year), float(value)) for year, value in zip(years, values, strict=True)]
    found = steepness(points)

    def fitted(steeps: list[float], rests: Any) -> Any:
        """The best of scipy's fits, begun with curves through every point."""
        starts = [[logit(value) - steep * year, steep] for steep in steeps for year, value in points]
        return min((optimize.least_squares(rests, start, xtol=1e-14, ftol=1e-14) for start in starts), key=lambda fit: fit.cost)

    best = fitted([k / 10, 0.1, 1.0, -1.0], lambda ends: expit(ends[0] + ends[1] * years) - values)
    if found is None:
        assert abs(best.x[1]) > 10  # a leap
    else:
        ours = fitted([found], lambda ends: expit(ends[0] + found * years) - values)
        assert ours.cost <= best.cost * (1 + 1e-5) + 1e-10


def test_another_fitter_finds_the_same_steepness() -> None:
    draws = np.random.default_rng(3)
    for _ in range(50):
        years = np.arange(-5, 1, dtype=float)
        values = expit(draws.uniform(0.2, 1.2) * (years - draws.uniform(-4, -1))) + draws.normal(0, 0.01, 6)
        (_, k), _ = optimize.curve_fit(lambda t, a, k: expit(a + k * t), years, values, p0=(0.0, 0.5), ftol=1e-14, xtol=1e-14)
        assert steepness([(int(t), float(v)) for t, v in zip(years, values, strict=True)]) == pytest.approx(k, rel=1e-5)


def test_points_on_a_curve_are_met_exactly() -> None:
    points = [(year, float(expit(0.4 + 0.7 * year))) for year in range(-4, 1)]
    assert logistic(points, range(-4, 6)) == pytest.approx([float(expit(0.4 + 0.7 * year)) for year in range(-4, 6)], abs=1e-10)
    falling = [(year, 1 - value) for year, value in points]
    assert logistic(falling, range(6)) == pytest.approx([float(expit(-0.4 - 0.7 * year)) for year in range(6)], abs=1e-10)
    assert logistic([(year, 0.3) for year in range(-3, 1)], range(4)) == pytest.approx([0.3] * 4, abs=1e-10)


@settings(max_examples=100, deadline=None)
@given(values=st.lists(st.floats(0, 1), min_size=4, max_size=12))
def test_a_share_stays_a_share_and_passes_through_the_last(values: list[float]) -> None:
    points = [(i - len(values) + 1, value) for i, value in enumerate(values)]
    curve = logistic(points, range(30))
    assert curve == [] or curve[0] == values[-1]
    assert all(0 <= value <= 1 for value in curve)
    falls = bool(curve) and curve[-1] < curve[0]
    assert curve == pytest.approx(sorted(curve, reverse=falls), abs=1e-12)


@pytest.mark.parametrize("values", [[0, 0, 0, 0.5], [1, 1, 1, 0.5], [0.2, 0.5, 0.8, 1.0], [0.4, 0.3, 0.1, 0.0], [0, 0, 1, 1]])
def test_no_curve_through_a_leap_or_through_none_and_all(values: list[float]) -> None:
    assert logistic([(i - 3, value) for i, value in enumerate(values)], range(5)) == []


def test_other_numbers_follow_a_line_through_the_last() -> None:
    values = [51.3, 50.2, 53.9, 54.4, 57.0]
    gradient = np.polyfit(range(5), values, 1)[0]
    points = [(i - 4, value) for i, value in enumerate(values)]
    assert straight(points, (-4, 0, 3)) == pytest.approx([57.0 - 4 * gradient, 57.0, 57.0 + 3 * gradient], abs=1e-10)


def numbers(*values: float | None, first: int = 2022, category: str = "total") -> pl.DataFrame:
    """Results of one indicator, year by year."""
    years = [str(first + i) for i in range(len(values))]
    place = {"indicator": "labour_productivity_change", "breakdown": "total", "category": category}
    return pl.DataFrame({"period": years, "value": values}).with_columns(**{name: pl.lit(text) for name, text in place.items()})


def change_plan() -> Any:
    return plan_of("labour_productivity_change", value=0.3, basis="change", year=2029)


def test_years_before_the_base_count_and_so_does_the_base_year_of_a_change() -> None:
    plan, known = change_plan(), {"bounded": False, "change": True}
    held = held_of(plan, {"value": 0.05, "base": 0.0, **known}, {"period": "2027", "value": 0.11, "base": 0.0, **known})
    assert trend(held, held).height == 0  # 2025 to 2027 are three years
    results = numbers(-0.04, None, -0.01, None, 0.05, 0.11, 0.9)  # what comes after the number is not known to it
    quarter = results.head(1).with_columns(period=pl.lit("2026-Q3"), value=pl.lit(9.0))
    elsewhere = numbers(5.0, 7.0, 1.0, category="other")
    found = trend(held, pl.concat([results, quarter.select(results.columns), elsewhere]))
    for period, years, values in (
        ("2026", [2022, 2024, 2025, 2026], [-0.04, -0.01, 0, 0.05]),
        ("2027", [2022, 2024, 2025, 2026, 2027], [-0.04, -0.01, 0, 0.05, 0.11]),
    ):
        gradient = np.polyfit(years, values, 1)[0]
        rows = dict(found.filter(period=period).select("year", "value").iter_rows())
        assert rows == pytest.approx(
            {year: values[-1] + gradient * (year - int(period)) for year in range(2022, 2030)}, abs=1e-12
        )


def test_a_trend_needs_years_ahead() -> None:
    plan = change_plan()
    late = held_of(plan, {"period": "2029", "value": 0.2, "base": 0.0, "bounded": False})
    assert trend(late, numbers(*[0.01 * i for i in range(7)])).height == 0
    undated = plan_of("labour_productivity_change", value=0.3, basis="change", year=None)
    assert trend(held_of(undated, {"value": 0.2, "base": 0.0, "bounded": False}), numbers(0.1, 0.2, 0.3)).height == 0


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    plan = change_plan()
    held = held_of(
        plan, *({"period": str(2026 + i), "value": 0.013 * i + 0.01, "base": 0.0, "bounded": i % 2 == 0} for i in range(3))
    )
    results = numbers(*[math.sin(i) / 97 for i in range(9)])
    assert_frame_equal(trend(shuffled(held, seed), shuffled(results, seed)), trend(held, results), check_exact=True)
