"""Enterprises drawn again: the multipliers by hand, and the error of a median against closed forms and repeated samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.cycles.survival import Cases, curve
from indicators.estimation.resampling import REPLICATES, Draws, draw
from pipelines.design import Design
from tests.indicators.cycles import DESIGN, answers, cases


def drawn(rows: list[tuple[int, str, str]], design: Design = DESIGN) -> Draws:
    return draw(answers(rows), design)


def of(found: Draws, year: int, unit: str) -> Any:
    number = found.numbers.filter(pl.col("unit") == unit)["number"].item()
    return found.of_period[year * 10000][number, 1:]


def test_the_first_column_is_the_sample_itself() -> None:
    found = drawn([(2025, f"f{i}", "s") for i in range(5)])
    assert found.of_period[20250000].shape == (5, 1 + REPLICATES)
    assert (found.of_period[20250000][:, 0] == 1).all()
    assert REPLICATES == 500


@pytest.mark.parametrize("size", [2, 3, 12, 200])
def test_the_variance_of_a_total_is_that_of_the_sample(size: int) -> None:
    """Rao and Wu: over the draws a total varies by n/(n − 1) Σ (y − ȳ)², up to the chance of 500 draws."""
    found = drawn([(2025, f"f{i:03}", "s") for i in range(size)])
    multipliers = found.of_period[20250000][:, 1:]
    assert multipliers.sum(axis=0) == pytest.approx(np.full(REPLICATES, size))
    assert (multipliers >= 0).all()
    y = np.random.default_rng(size).normal(10, 3, size)
    totals = y @ multipliers
    expected = size / (size - 1) * np.sum((y - y.mean()) ** 2)
    assert totals.var(ddof=1) == pytest.approx(expected, rel=4 * np.sqrt(2 / REPLICATES))
    assert totals.mean() == pytest.approx(y.sum(), abs=4 * np.sqrt(expected / REPLICATES))


def test_strata_are_drawn_apart() -> None:
    rows = [(2025, f"a{i}", "a") for i in range(4)] + [(2025, f"b{i}", "b") for i in range(6)]
    found = drawn(rows)
    for name, size in (("a", 4), ("b", 6)):
        assert sum(of(found, 2025, f"{name}{i}") for i in range(size)) == pytest.approx(np.full(REPLICATES, size))


def test_an_enterprise_has_the_same_draws_in_every_year() -> None:
    found = drawn([(year, f"f{i}", "s") for year in (2025, 2026) for i in range(9)])
    assert (found.of_period[20250000] == found.of_period[20260000]).all()


def test_years_of_different_enterprises_keep_their_own_variance() -> None:
    """Forty answered in both years, ten in each only: the total of a year varies as if drawn from its fifty."""
    units = {2025: range(50), 2026: range(10, 60)}
    found = drawn([(year, f"f{i:02}", "s") for year, members in units.items() for i in members])
    y = np.random.default_rng(5).normal(0, 3, 60)
    for year, members in units.items():
        here = np.array(members)
        multipliers = np.array([of(found, year, f"f{i:02}") for i in members])
        assert multipliers.sum(axis=0) == pytest.approx(np.full(REPLICATES, 50), rel=1e-12)
        assert (multipliers >= 0).all()
        expected = 50 / 49 * np.sum((y[here] - y[here].mean()) ** 2)
        assert (y[here] @ multipliers).var(ddof=1) == pytest.approx(expected, rel=4 * np.sqrt(2 / REPLICATES))
    both = [np.array([of(found, year, f"f{i:02}") for i in range(10, 50)]) for year in units]
    assert np.corrcoef(both[0].ravel(), both[1].ravel())[0, 1] > 0.95


def test_who_is_alone_in_a_stratum_is_drawn_all_the_same() -> None:
    together = drawn([(2025, "x", "s1"), (2025, "y", "s2"), (2025, "z", "s3")])
    assert sum(of(together, 2025, unit) for unit in "xyz") == pytest.approx(np.full(REPLICATES, 3))
    one = drawn([(2025, "x", "alone"), *((2025, f"f{i}", "other") for i in range(5))])
    assert of(one, 2025, "x").std() > 0.5, "with the first stratum"
    named = Design(unit="firm", stratum="layer", population="layer_size", collapse={"alone": "z"})
    rows = [(2025, "x", "alone"), *((2025, f"f{i}", "b") for i in range(5)), *((2025, f"g{i}", "z") for i in range(5))]
    joined = drawn(rows, named)
    total = of(joined, 2025, "x") + sum(of(joined, 2025, f"g{i}") for i in range(5))
    assert total == pytest.approx(np.full(REPLICATES, 6)), "with the stratum that the design names"


def test_alone_in_one_year_only_it_comes_and_goes_with_its_stratum() -> None:
    found = drawn([(2025, "x", "s"), *((2026, unit, "s") for unit in "xyz")])
    assert (of(found, 2025, "x") > 0).tolist() == (of(found, 2026, "x") > 0).tolist()
    assert of(found, 2025, "x").mean() == pytest.approx(1, abs=0.2)


def test_the_only_enterprise_of_all_is_not_drawn() -> None:
    assert (drawn([(2025, "x", "s")]).of_period[20250000] == 1).all()


def test_strata_asked_whole_are_drawn_too() -> None:
    found = draw(answers([(2025, f"f{i}", "s") for i in range(8)], population=8), DESIGN)
    assert of(found, 2025, "f0").std() > 0.5


rows_of = st.lists(st.tuples(st.sampled_from([2024, 2025]), st.integers(0, 15), st.sampled_from("abc")), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=rows_of, seed=st.integers(0, 99))
def test_the_order_of_rows_never_matters_to_the_last_bit(rows: list[tuple[int, int, str]], seed: int) -> None:
    unique = {(year, unit): stratum for year, unit, stratum in rows}
    frame = answers([(year, f"f{unit:02}", stratum) for (year, unit), stratum in unique.items()])
    found = draw(frame, DESIGN)
    again = draw(frame.sample(fraction=1.0, shuffle=True, seed=seed), DESIGN)
    assert found.numbers.equals(again.numbers)
    for period, multipliers in found.of_period.items():
        assert multipliers.tobytes() == again.of_period[period].tobytes()
        assert np.isfinite(multipliers).all()
        assert (multipliers >= 0).all()


# --- errors of curves and medians -------------------------------------------------------------------------------------------


def lives(rng: np.random.Generator, size: int) -> Cases:
    """One case per enterprise: exponential lengths around 300 days, censored by 0 to 900 days of watching."""
    length, watched = rng.exponential(300, size), rng.uniform(0, 900, size)
    return cases(np.full(size, -1.0), np.minimum(length, watched), length <= watched)


def multipliers(size: int) -> Any:
    return drawn([(2025, f"f{i:04}", "s") for i in range(size)]).of_period[20250000]


def test_the_error_of_the_curve_is_greenwoods() -> None:
    """One case per enterprise and equal weights: V(S) = S² Σ d / (r (r − d)) (Greenwood 1926), at every tenth of the curve."""
    given_cases = lives(np.random.default_rng(8), 400)
    found = curve(given_cases, multipliers(400))
    survivors = found.survivors[:, 0]
    risk = np.array([(given_cases.exit >= age).sum() for age in found.ages])
    ratios = []
    for level in np.arange(0.2, 0.95, 0.1):
        at = int(np.argmax(survivors <= level))
        greenwood = survivors[at] * np.sqrt(np.sum(1 / (risk[: at + 1] * (risk[: at + 1] - 1.0))))
        ratios.append(found.survivors[at, 1:].std(ddof=1) / greenwood)
    assert np.array(ratios) == pytest.approx(np.ones(len(ratios)), abs=0.10)


def test_the_error_of_the_median_is_greenwoods_over_the_density() -> None:
    """se of the median = se of the curve there / density; of exponential lives the density at the median is ln 2 / 2 / median."""
    ratios, drawn_again = [], multipliers(400)
    for seed in range(40):  # the error of one median is itself uncertain by a sixth
        given_cases = lives(np.random.default_rng(100 + seed), 400)
        found = curve(given_cases, drawn_again)
        at = int(np.argmax(found.survivors[:, 0] <= 0.5))
        risk = np.array([(given_cases.exit >= age).sum() for age in found.ages[: at + 1]])
        greenwood = 0.5 * np.sqrt(np.sum(1 / (risk * (risk - 1.0))))
        density = 0.5 / 300
        ratios.append(found.quantile(0.5)[1:].std(ddof=1) / (greenwood / density))
    assert np.mean(ratios) == pytest.approx(1, abs=0.10)


def test_the_error_of_the_median_is_that_of_repeated_samples() -> None:
    """Enterprises in two strata with unequal weights and several alike cases each: 600 samples against 50 bootstraps."""
    rng = np.random.default_rng(9)

    def sample() -> tuple[Cases, list[tuple[int, str, str]]]:
        units, parts = [], []
        for stratum, size, weight, pace in (("a", 60, 1.0, 400.0), ("b", 90, 6.0, 250.0)):
            for i in range(size):
                count = int(rng.integers(0, 4))  # some have none, and are drawn all the same
                own = pace * np.exp(0.3 * rng.standard_normal()) * np.exp(0.4 * rng.standard_normal(count))
                watched = rng.uniform(200, 1200, count)
                number = len(units)
                units.append((2025, f"{stratum}{i:03}", stratum))
                parts += [(min(t, w), t <= w, weight, number) for t, w in zip(own, watched, strict=True)]
        exit_, event, weight, unit = zip(*parts, strict=True)
        return cases(np.full(len(parts), -1.0), exit_, event, weight, unit=unit), units

    medians, errors = [], []
    for number in range(600):
        given_cases, units = sample()
        if number < 50:
            found = curve(given_cases, drawn(units).of_period[20250000]).quantile(0.5)
            errors.append(found[1:].std(ddof=1))
            medians.append(found[0])
        else:
            medians.append(curve(given_cases, np.ones((len(units), 1))).quantile(0.5)[0])
    assert np.mean(errors) == pytest.approx(np.std(medians, ddof=1), rel=0.10)
