"""Quantiles of values that are all known: the weighted quantile, and its interval from the error of the share below it.

Sources: R's survey (Lumley), svyquantile with qrule "math" and interval.type "mean"; Woodruff (1952) for the inversion;
Särndal, Swensson and Wretman (1992), §5.11. The share at or below the quantile is linearised, summed by enterprise, and its
variance taken over enterprises within strata with finite population correction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats

from indicators.cycles.survival import Flags, Numbers
from indicators.estimation.estimate import CONFIDENCE, Floats

#: of all weight; a sum of weights that misses a bound by less has reached it
_SAME = 1e-12


@dataclass(frozen=True, kw_only=True)
class Strata:
    """The strata of one year for the variance: answers and population of each, and in which stratum each unit is."""

    answered: Floats
    population: Floats
    of_unit: Numbers  # by number of the unit; −1 where it did not answer


@dataclass(frozen=True, kw_only=True)
class Quantile:
    """A quantile with its error; None where that is not known."""

    value: float
    se: float | None
    low: float | None
    high: float | None
    df: int  # units behind it less the strata that hold them
    open_df: int  # the same of strata that were not asked whole
    sampled: bool  # was any of these strata not asked whole


def weighted_quantile(values: Floats, weight: Floats, share: float) -> float:
    """The smallest value at or below which lies at least `share` of the weight; NaN for a share outside 0 to 1."""
    if not 0 <= share <= 1:
        return float("nan")
    order = np.argsort(values, kind="stable")
    below = np.cumsum(weight[order])
    place = np.searchsorted(below, share * below[-1] - _SAME * below[-1])
    return float(values[order][min(place, values.size - 1)])


def woodruff(values: Floats, weight: Floats, unit: Numbers, strata: Strata, share: float) -> Quantile:
    """The quantile of `values` with its Woodruff interval.

    A limit that lies beyond all values is None. The error is half the interval over the quantile of t, as in R; where one
    limit is None, the other side alone. Nobody is left out in a stratum of one answer: it deviates from the mean of all.
    """
    value = weighted_quantile(values, weight, share)
    df, open_df, sampled = _freedom(unit, strata)
    if not sampled:
        return Quantile(value=value, se=0.0, low=None, high=None, df=df, open_df=open_df, sampled=False)
    below, error = _share_below(values <= value, weight, unit, strata)
    if df < 1:
        return Quantile(value=value, se=None, low=None, high=None, df=df, open_df=open_df, sampled=True)
    t = float(stats.t.ppf(0.5 + CONFIDENCE / 2, df))
    low, high = (weighted_quantile(values, weight, below + side * t * error) for side in (-1, 1))
    sides = [abs(end - value) for end in (low, high) if np.isfinite(end)]
    se = sum(sides) / len(sides) / t if sides else None
    ends = [end if np.isfinite(end) else None for end in (low, high)]
    return Quantile(value=value, se=se, low=ends[0], high=ends[1], df=df, open_df=open_df, sampled=True)


def _freedom(unit: Numbers, strata: Strata) -> tuple[int, int, bool]:
    units = np.unique(unit)
    held = np.bincount(strata.of_unit[units], minlength=strata.answered.size)
    is_open = strata.answered < strata.population
    spare = np.maximum(held - 1, 0)
    return int(spare.sum()), int(spare[is_open].sum()), bool((held[is_open] > 0).any())


def _share_below(inside: Flags, weight: Floats, unit: Numbers, strata: Strata) -> tuple[float, float]:
    """The weighted share of the cases marked, and its standard error."""
    total = weight.sum()
    share = float((weight * inside).sum() / total)
    # units without a case stay in the calculation with zero
    by_unit = np.bincount(unit, weights=weight * (inside - share) / total, minlength=strata.of_unit.size)
    present = strata.of_unit >= 0
    where, u = strata.of_unit[present], by_unit[present]
    n = strata.answered
    sums, squares = (np.bincount(where, weights=v, minlength=n.size) for v in (u, u**2))
    several = n > 1
    spread = np.where(several, n / np.where(several, n - 1, 1.0) * (squares - sums**2 / n), squares)
    return share, float(np.sqrt(np.sum(np.maximum(1 - n / strata.population, 0.0) * np.maximum(spread, 0.0))))
