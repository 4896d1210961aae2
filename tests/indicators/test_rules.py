"""The formulas of official methods: their worked values, recomputed in 50 digits, and what must hold for any number."""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.methods import rules

#: sign, base, value, target; two years in all, one gone: R, x, status index, linear pace
CASES = {
    "tools": ((1, 89.0, 91.5, 95.0), (0.847, 0.845, 4.17, 0.83)),
    "processes": ((1, 66.0, 67.8, 70.0), (0.913, 0.912, 4.5, 0.90)),
    "productivity": ((1, 100.0, 104.0, 110.0), (0.820, 0.816, 4.0, 0.80)),
    "cycle": ((-1, 100.0, 92.0, 80.0), (0.758, 0.768, 4.0, 0.80)),
}
SHARES = st.floats(0.1, 99.9)


def power(base: Decimal, exponent: Fraction) -> Decimal:
    return base ** (Decimal(exponent.numerator) / Decimal(exponent.denominator))


def exactly(sign: int, base: float, value: float, target: float, since: int, whole: int) -> tuple[float, ...]:
    """R, x, status index and linear pace in 50 digits and in fractions, from the written formulas alone."""
    with localcontext() as context:
        context.prec = 50
        v0, v, goal = (Decimal(repr(number)) for number in (base, value, target))
        grown = power(v / v0, Fraction(1, since)) - 1
        ratio = sign * grown / abs(power(goal / v0, Fraction(1, whole)) - 1)
        expected = v * power(1 + grown, Fraction(whole - since))
        share = (expected - v0) / (goal - v0)
    start, now, end = (Fraction(repr(number)) for number in (base, value, target))
    status = 10 * sign * (now - start) / abs(end - start)
    pace = (now - start) / since / ((end - start) / whole)
    return float(ratio), float(share), float(status), float(pace)


def computed(sign: int, base: float, value: float, target: float, since: int, whole: int) -> tuple[float, ...]:
    return (
        rules.growth_ratio(sign, base, value, target, since, whole),
        rules.expected_share(base, value, target, since, whole),
        rules.current_status(sign, base, value, target),
        rules.pace_ratio(base, value, target, since, whole),
    )


@pytest.mark.parametrize("name", list(CASES))
def test_worked_values_of_cases_like_those_of_the_plan(name: str) -> None:
    given_, printed = CASES[name]
    found = computed(*given_, 1, 2)
    assert [round(found[0], 3), round(found[1], 3), round(found[2], 2), round(found[3], 2)] == list(printed)
    assert found == pytest.approx(exactly(*given_, 1, 2), rel=1e-13)


def test_two_methods_disagree_on_the_same_cycle() -> None:
    assert rules.growth_ratio(-1, 100, 95, 80, 1, 2) == pytest.approx(0.474, abs=5e-4)
    assert rules.expected_share(100, 95, 80, 1, 2) == pytest.approx(0.4875, abs=1e-12)


@given(SHARES, SHARES, SHARES, st.integers(1, 15), st.integers(1, 15), st.sampled_from([1, -1]))
def test_any_numbers_in_fifty_digits(base: float, value: float, target: float, since: int, whole: int, sign: int) -> None:
    if abs(target / base - 1) > 1e-3:
        found, told = computed(sign, base, value, target, since, whole), exactly(sign, base, value, target, since, whole)
        assert found == pytest.approx(told, rel=1e-9, abs=1e-9)


@given(SHARES, SHARES, SHARES, st.integers(1, 9), st.integers(1, 9))
def test_the_unit_does_not_matter(base: float, value: float, target: float, since: int, whole: int) -> None:
    if abs(target / base - 1) > 1e-3:
        fractions = computed(1, base / 100, value / 100, target / 100, since, whole)
        assert fractions == pytest.approx(computed(1, base, value, target, since, whole), rel=1e-8, abs=1e-8)


@pytest.mark.parametrize(("wanted", "value"), [(0.0, 89.00), (0.60, 90.77), (0.95, 91.80)])
def test_break_even_values_found_by_search(wanted: float, value: float) -> None:
    low, high = 80.0, 95.0
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if rules.growth_ratio(1, 89, middle, 95, 1, 2) < wanted else (low, middle)
    assert round(high, 2) == value


def test_a_base_near_the_target_makes_the_ratio_explode() -> None:
    assert rules.growth_ratio(1, 94.9, 94.95, 95, 1, 2) == pytest.approx(1.00, abs=5e-3)


def test_growth_of_the_fixture_and_what_a_forgotten_direction_makes_of_it() -> None:
    assert rules.growth(120, 100, 1) == pytest.approx(0.20, abs=1e-12)
    assert rules.wanted_growth(1, 100, 120, 1) == pytest.approx(0.20, abs=1e-12)
    assert rules.wanted_growth(-1, 100, 120, 1) == pytest.approx(-0.20, abs=1e-12)
    assert rules.wanted_growth(1, -100, -80, 1) == pytest.approx(0.20, abs=1e-12), "a smaller loss is better"


def test_thresholds_shrink_near_a_natural_limit() -> None:
    assert rules.curb(95, 100) == pytest.approx(0.2037, abs=5e-5)
    assert rules.curb(50, 100) == pytest.approx(0.9539, abs=5e-5)
    assert rules.curb(100, 100) == 0.0
    assert rules.curb(105, 100) == pytest.approx(rules.curb(95, 100), rel=1e-12), "the limit may be approached from above"
    assert rules.curb(200, 100) == rules.curb(0, 0) == 1.0
    assert rules.curb(0.95, 1) == pytest.approx(rules.curb(95, 100), rel=1e-13)


@given(st.floats(0.1, 100.0))
def test_on_track_stays_reachable_for_fifteen_years(base: float) -> None:
    value = base
    for _ in range(15):
        value *= 1 + 0.015 * rules.curb(base, 100)
    assert value <= 100 * (1 + 1e-12)


def test_a_smaller_exponent_would_not_keep_on_track_reachable() -> None:
    """That the property above says something: with 5 in the place of 4.44 it fails."""
    base = 98.0
    assert base * (1 + 0.015 * (1 - (base / 100) ** 5)) ** 15 > 100


@pytest.mark.parametrize(
    ("ratio", "score"), [(-2.0, -5), (-0.6, -5), (0.0, -2.5), (0.6, 0), (0.95, 2.5), (1.3, 5), (7.0, 5), (0.3, -1.25)]
)
def test_scores_with_a_target(ratio: float, score: float) -> None:
    assert rules.ratio_score(ratio) == pytest.approx(score, abs=1e-12)


@pytest.mark.parametrize("curbed", [1.0, 0.2037])
@pytest.mark.parametrize(("grown", "score"), [(0.0, -2.5), (0.005, 0), (0.010, 1.25), (0.015, 2.5), (0.02, 5), (0.4, 5)])
def test_scores_without_a_target(grown: float, score: float, curbed: float) -> None:
    assert rules.growth_score(grown * curbed, curbed) == pytest.approx(score, abs=1e-12)
    assert rules.growth_score(-0.02, curbed) == rules.growth_score(-0.5, curbed) == -5
    assert rules.growth_score(-0.01, curbed) == pytest.approx(-3.75, abs=1e-12), "what falls is not curbed"


def test_a_number_kept_at_its_limit_has_the_best_score() -> None:
    assert rules.growth_score(0.0, 0.0) == 5.0
    assert rules.growth_score(-0.01, 0.0) == pytest.approx(-3.75, abs=1e-12)


@pytest.mark.parametrize(
    ("grown", "score"), [(-0.03, -5), (-0.02, -5), (-0.01, -2.5), (0.0, 0), (0.01, 2.5), (0.02, 5), (0.1, 5)]
)
def test_scores_of_eurostat_without_a_target(grown: float, score: float) -> None:
    assert rules.eurostat_growth_score(grown) == pytest.approx(score, abs=1e-12)
    if abs(grown) <= 0.02:
        assert rules.eurostat_growth_score(grown) == pytest.approx(250 * grown, abs=1e-12)


@given(st.floats(-2, 3), st.floats(-2, 3))
def test_a_better_figure_never_has_a_worse_score(one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert rules.ratio_score(low) <= rules.ratio_score(high)
    assert rules.growth_score(low) <= rules.growth_score(high)
    assert rules.eurostat_growth_score(low) <= rules.eurostat_growth_score(high)


@given(SHARES, SHARES, SHARES, SHARES, st.integers(1, 9), st.integers(1, 9))
def test_better_data_never_give_a_lower_figure(
    one: float, other: float, base: float, target: float, since: int, whole: int
) -> None:
    """For a target above the base; and the same upside down for one below it."""
    if abs(target / base - 1) < 1e-3:
        return
    sign = 1 if target > base else -1
    worse, better = sorted((one, other), reverse=sign < 0)
    for low, high in zip(
        computed(sign, base, worse, target, since, whole), computed(sign, base, better, target, since, whole), strict=True
    ):
        assert low <= high + 1e-9 * abs(high)


def test_the_status_index_is_ten_times_the_distance_done_and_ten_at_the_target() -> None:
    assert rules.current_status(-1, 100, 92, 80) == pytest.approx(4.0, abs=1e-12)
    assert rules.current_status(-1, 0.0, -0.08, -0.20) == pytest.approx(4.0, abs=1e-12), "a change on its base is the same way"
    assert rules.current_status(1, 89, 95, 95) == 10.0


def test_anticipated_gaps() -> None:
    assert rules.anticipated_gap(-1, 100, 80, 84) == pytest.approx(0.20, abs=1e-12)
    assert rules.anticipated_gap(-1, 100, 80, 104) == pytest.approx(1.20, abs=1e-12)
    assert rules.anticipated_gap(-1, 100, 80, 71) == 0.0, "further than the target is no gap"
    assert rules.predicted({2025: 100.0, 2026: 92.0}, 2027) == pytest.approx(84.0, abs=1e-12)


@given(st.floats(-50, 50), st.floats(-5, 5), st.integers(2, 12))
def test_a_straight_line_is_prolonged_whatever_the_weights(level: float, slope: float, years: int) -> None:
    points = {2000 + i: level + slope * i for i in range(years)}
    assert rules.predicted(points, 2030) == pytest.approx(level + 30 * slope, abs=1e-9)


def test_the_line_is_the_one_of_least_weighted_squares() -> None:
    """Held against the normal equations in fractions; later years pull more than earlier ones."""
    points = {2015: 60.0, 2017: 66.0, 2018: 61.0, 2021: 70.0}
    weights = {year: Fraction(year - 2014) for year in points}
    total = sum(weights.values())
    first = sum(weights[y] * y for y in points)
    second = sum(weights[y] * y * y for y in points)
    level = sum(weights[y] * Fraction(points[y]) for y in points)
    cross = sum(weights[y] * y * Fraction(points[y]) for y in points)
    slope = (total * cross - first * level) / (total * second - first * first)
    assert rules.predicted(points, 2030) == pytest.approx(float((level - slope * first) / total + slope * 2030), rel=1e-12)
    assert rules.predicted({1: 0.0, 2: 0.0, 3: 0.0, 4: 3.0}, 5) > 3.0, "with equal weights it would be 3"
    shuffled = dict(reversed(points.items()))
    assert rules.predicted(shuffled, 2030) == rules.predicted(points, 2030)


def series(*values: float, last: int = 2025) -> dict[int, float]:
    return {last - len(values) + 1 + i: value for i, value in enumerate(values)}


def test_weather_of_germany() -> None:
    slow, fast = series(60, 61.2, 62.1, 63.4, 64.6, 66.0), series(60, 61, 63, 65, 66.5, 68)
    mean = rules.mean_change(slow, 2025)
    assert mean == pytest.approx(1.2, abs=1e-12)
    assert 66.0 + 2 * mean == pytest.approx(68.4, abs=1e-9)
    assert rules.missed_share(1, 66.0, 70, mean, 2) == pytest.approx(0.40, abs=1e-9)
    quick = rules.mean_change(fast, 2025)
    assert quick is not None
    assert 68 + 2 * quick == pytest.approx(71.2, abs=1e-9)
    assert rules.missed_share(1, 68, 70, quick, 2) == 0.0
    changes = [later - former for former, later in pairwise([60, 61.2, 62.1, 63.4, 64.6, 66.0])]
    assert mean == pytest.approx(math.fsum(changes) / 5, rel=1e-12)


def test_the_last_six_years_in_a_row_and_no_fewer_than_four() -> None:
    long = {2010: 0.0, **series(60, 61.2, 62.1, 63.4, 64.6, 66.0)}
    assert rules.mean_change({**long, 2019: 1.0, 2018: -40.0}, 2025) == pytest.approx(1.2, abs=1e-12), "six years, not more"
    assert rules.mean_change(series(1, 2, 4, 7), 2025) == pytest.approx(2.0, abs=1e-12)
    assert rules.mean_change(series(1, 2, 4), 2025) is None
    broken = {2020: 1.0, 2021: 2.0, 2023: 3.0, 2024: 4.0, 2025: 5.0}
    assert rules.mean_change(broken, 2025) is None, "2022 is missing, so three in a row are left"


def test_milestones_and_paths() -> None:
    assert rules.milestone_score(100, 92, 90) == pytest.approx(80.0, abs=1e-12)
    assert rules.milestone_score(100, 104, 90) == 0.0
    assert rules.milestone_score(100, 70, 90) == 100.0
    # EU Digital Decade, ICT specialists in millions: a straight ideal path from 9.3702 (2022) to 20 (2030)
    step = (20 - 9.3702) / 8
    assert (round(step, 6), round(9.3702 + 4 * step, 4)) == (1.328725, 14.6851)
    assert rules.ratio_to_path(9.3702, 9.3702 + 3 * step, 9.3702 + 4 * step) == pytest.approx(0.75, abs=1e-12)


def test_what_grows_from_next_to_nothing_has_no_end() -> None:
    assert rules.expected_share(1e-5, 10.0, 20.0, 1, 75) == math.inf
    assert rules.expected_share(-1e-5, -10.0, 20.0, 1, 75) == -math.inf
