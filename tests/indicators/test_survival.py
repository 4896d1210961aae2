"""The curve of what is not finished: R's rules, a slow curve by hand, and what weighted cases are worth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.cycles import survival
from indicators.cycles.survival import cumulative_incidence, curve, effective, effective_at_risk
from tests.indicators.cycles import cases, line, quantile


def by_hand(entry: Any, exit_: Any, event: Any, weight: Any, q: float) -> float:
    """One age after the other; the rule of five and R's rule for a flat step, spelt out."""
    listed = list(zip(entry, exit_, event, weight, strict=True))
    survivors, steps, begun = 1.0, [], False
    for t in sorted({e for _, e, d, _ in listed if d}):
        at_risk = [(e, d, w) for i, e, d, w in listed if i < t <= e]
        risk = sum(w for _, _, w in at_risk)
        begun = begun or risk**2 / sum(w**2 for _, _, w in at_risk) >= 5 - 1e-9
        if not begun:
            continue
        survivors *= 1 - sum(w for e, d, w in at_risk if d and e == t) / risk
        steps.append((t, survivors))
    tolerance = np.finfo(float).eps ** 0.5
    reached = [(t, s) for t, s in steps if s <= 1 - q + tolerance]
    if not reached:
        return float("nan")
    first, height = reached[0]
    if height < 1 - q - tolerance:
        return float(first)
    below = [t for t, s in reached if s < 1 - q - tolerance]
    return (first + (below[0] if below else max(exit_))) / 2


def test_the_median_on_a_flat_step_is_its_middle_as_in_r() -> None:
    """quantile(survfit(Surv(10 * 1:4) ~ 1), 0.5) is 25 in R; lifelines says 20. Here every case stands there twice."""
    assert quantile([-1] * 8, [10, 20, 30, 40] * 2, [True] * 8) == 25.0
    assert quantile([-1] * 8, [10, 20, 30, 40] * 2, [True] * 8, q=0.25) == 15.0
    assert quantile([-1] * 8, [10, 20, 30, 40] * 2, [True] * 8, q=0.3) == 20.0


def test_a_flat_step_at_the_end_reaches_to_the_last_age_watched_as_in_r() -> None:
    """findq in R's survival: (x + xmax) / 2 where the last point of the curve is at the level."""
    assert quantile([-1] * 8, [10, 20, 30, 40] * 2, [True, True, False, False] * 2) == 30.0


@pytest.mark.parametrize("size", [20, 48, 300, 1000])
def test_rounding_does_not_hide_a_flat_step(size: int) -> None:
    """The example of R's help page: (19/20)(18/19)…(10/11) is one half, and the machine says 0.5000000000000001 or less."""
    found = quantile([-1] * size, range(1, size + 1), [True] * size)
    assert found == (size + 1) / 2 == np.median(np.arange(1, size + 1))


def test_the_tolerance_is_that_of_r() -> None:
    """A step that misses one half by 1e-9 of the weight is flat; one that misses it by 1e-6 is not."""
    for more, expected in ((1e-9, 35.0), (1e-6, 40.0)):
        weight = [1.0 - more] * 3 + [1.0] * 3
        assert quantile([-1] * 6, [10, 20, 30, 40, 50, 60], [True] * 6, weight) == expected
    assert pytest.approx(1.490116e-08, rel=1e-6) == survival.TOLERANCE


def test_the_hand_case(shared_data: Path) -> None:
    """9/10 · 8/9 · 5/7 · 4/5: after 18 the curve is at 4/7, after 24 at 16/35, so the median is 24."""
    frame = pl.read_csv(shared_data / "statistics" / "km_hand.csv")
    found = line(cases([-1] * frame.height, frame["t"], frame["e"] == 1))
    assert found.ages.tolist() == [6, 12, 18, 24, 30, 40]
    assert found.survivors[:, 0].tolist() == pytest.approx([9 / 10, 8 / 10, 4 / 7, 16 / 35, 32 / 105, 0], abs=1e-15)
    assert found.quantile(0.5)[0] == 24.0
    assert found.quantile(1 - 0.58)[0] == 18.0
    assert found.quantile(1 - 4 / 7)[0] == 21.0, "flat at 4/7 from 18 to 24"


spell = st.tuples(st.integers(-1, 20), st.integers(1, 30), st.booleans(), st.sampled_from([0.5, 1.0, 2.5, 4.0]))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(spells=st.lists(spell, min_size=1, max_size=40), q=st.sampled_from([0.25, 0.5, 0.75, 0.9]))
def test_the_curve_by_hand(spells: list[tuple[int, int, bool, float]], q: float) -> None:
    entry, length, event, weight = (list(column) for column in zip(*spells, strict=True))
    exit_ = [i + k for i, k in zip(entry, length, strict=True)]
    found, wanted = quantile(entry, exit_, event, weight, q), by_hand(entry, exit_, event, weight, q)
    assert found == pytest.approx(wanted, nan_ok=True, abs=0)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(spells=st.lists(spell, min_size=5, max_size=30), seed=st.integers(0, 1000))
def test_a_column_of_multipliers_is_the_curve_of_multiplied_weights(
    spells: list[tuple[int, int, bool, float]], seed: int
) -> None:
    entry, length, event, weight = (np.array(column) for column in zip(*spells, strict=True))
    unit = np.random.default_rng(seed).integers(0, 4, len(spells))
    drawn = np.column_stack([np.ones(4), [0.0, 1.5, 0.5, 2.0], [1.0, 0.0, 3.0, 0.0]])
    given_cases = cases(entry, entry + length, event, weight, unit=unit)
    found = curve(given_cases, drawn)
    for column in (1, 2):
        risk = np.array([(weight * drawn[unit, column])[(entry < t) & (t <= entry + length)].sum() for t in found.ages])
        here = [event & (entry + length == t) for t in found.ages]
        died = np.array([(weight * drawn[unit, column])[mask].sum() for mask in here])
        steps = np.where(risk > 0, 1 - died / np.where(risk > 0, risk, 1), 1.0)
        assert found.survivors[:, column] == pytest.approx(np.cumprod(steps), abs=1e-12)


def test_a_quantile_that_is_not_reached_is_not_a_number() -> None:
    assert np.isnan(quantile([-1] * 8, range(10, 18), [True, True, False, False, False, False, False, False]))
    assert np.isnan(quantile([-1] * 8, range(10, 18), [False] * 8))


def test_it_is_known_to_what_age_the_curve_was_watched() -> None:
    """Eight cases leave one a day from day 10 to 17; five are left at day 13, so of later days it says too little."""
    found = line(cases([-1] * 8, range(10, 18), [True, True] + [False] * 6))
    assert (found.watched, found.ends, found.begins) == (13.0, 17.0, None)
    assert line(cases([-1] * 4, range(10, 14), [True] * 4)).watched is None


def test_the_curve_starts_where_five_are_at_risk() -> None:
    """One early finisher among two watched would halve the curve; it is passed over, and the curve says so."""
    late = [100] * 20
    exit_ = [50, 60, *range(110, 130)]
    found = line(cases([-1, -1, *late], exit_, [True, False] + [True] * 20))
    assert found.quantile(0.5)[0] == 119.5
    assert found.begins == 110.0
    assert np.isnan(quantile([-1] * 4, [50, 60, 70, 80], [True] * 4)), "four cases have no curve"


def test_five_cases_of_which_one_stands_for_nearly_all_are_not_five() -> None:
    exit_, event = [10, 20, 30, 40, 50, 60], [True] * 6
    assert quantile([-1] * 6, exit_, event, [1.0] * 6) == 35.0
    assert np.isnan(quantile([-1] * 6, exit_, event, [1.0, 1, 1, 1, 1, 100]))
    assert effective(np.array([100.0, 1, 1, 1, 1, 1])) == pytest.approx(105**2 / 10005)


def test_the_effective_number_at_risk_is_counted_at_each_age() -> None:
    given_cases = cases([-1, -1, 15, 15], [10, 30, 30, 40], [True] * 4, [1.0, 2.0, 3.0, 1.0])
    found = effective_at_risk(given_cases, np.array([10.0, 20.0, 40.0, 50.0]))
    assert found.tolist() == pytest.approx([9 / 5, 36 / 14, 1, 0])


def test_whole_weights_are_repeated_cases() -> None:
    rng = np.random.default_rng(3)
    exit_, event, weight = rng.integers(1, 60, 60), rng.random(60) < 0.7, rng.integers(1, 3, 60)
    entry = np.where(rng.random(60) < 0.4, exit_ - rng.integers(1, 10, 60), -1)
    for q in (0.25, 0.5, 0.75):
        repeated = [np.repeat(column, weight) for column in (entry, exit_, event)]
        assert quantile(entry, exit_, event, weight, q) == quantile(*repeated, q=q)


def test_all_who_finish_or_give_up_add_up() -> None:
    """Without open cases the cumulative incidence of giving up is its share; and finishing and giving up add up to all."""
    rng = np.random.default_rng(4)
    exit_, stopped, weight = rng.integers(1, 60, 80), rng.random(80) < 0.3, rng.random(80) + 0.5
    given_up = cumulative_incidence(cases([-1] * 80, exit_, ~stopped, weight, stopped))
    assert given_up == pytest.approx(weight[stopped].sum() / weight.sum(), abs=1e-12)
    finished = cumulative_incidence(cases([-1] * 80, exit_, stopped, weight, ~stopped))
    assert given_up + finished == pytest.approx(1, abs=1e-12)


def test_cumulative_incidence_by_hand() -> None:
    """Five cases: finished on day 1, given up on 2, open on 3, given up on 4, finished on 5: 4/5 · 1/4 + 3/5 · 1/2 = 1/2."""
    found = cumulative_incidence(cases([-1] * 5, [1, 2, 3, 4, 5], [1, 0, 0, 0, 1], stopped=[0, 1, 0, 1, 0]))
    assert found == pytest.approx(0.5, abs=1e-15)
