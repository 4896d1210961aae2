"""Estimates from cells: value, Taylor standard error and interval of totals, means, shares and ratios.

Sources: Särndal, Swensson and Wretman (1992), ch. 5, for linearisation; domains keep every sampled unit, with zeros
outside (Cochran 1977, §5A.14); Korn and Graubard (1998) for shares of zero and one.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import stats

KEYS = ("indicator", "period", "breakdown", "category")
CONFIDENCE = 0.95

Floats = npt.NDArray[np.float64]

#: below this share of its own terms a difference of moments is rounding, not variance
_NOISE = 1e-13


def estimate(cells: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """One row per indicator, period, breakdown and category, from cells and `kinds` (indicator, total, bounded).

    Columns: KEYS, value, se, low, high, n, df, sampled, y, x. A stratum asked whole (answered = population) adds no
    variance; where every stratum of a category was, `sampled` is false, se is 0 and there is no interval. A stratum
    with one answer out of several takes its squared deviation from the mean of all answers ("adjust").
    Degrees of freedom: answers in the domain less the strata that hold them.
    """
    keyed = cells.join(kinds, on="indicator")
    totals = keyed.group_by(KEYS).agg(
        pl.col("y").sum().alias("total_y"),
        pl.col("x").sum().alias("total_x"),
        pl.col("total").first(),
        pl.col("bounded").first(),
        n=pl.col("n").sum(),
        df=pl.col("n").sum() - (pl.col("n") > 0).sum(),
        sampled=((pl.col("n") > 0) & (pl.col("answered") < pl.col("population"))).any(),
    )
    ratio = pl.col("total_y") / pl.col("total_x")
    totals = totals.filter(pl.col("n") > 0).with_columns(
        value=pl.when("total").then("total_y").when(pl.col("total_x") != 0).then(ratio),
    )
    everyone = keyed.filter(pl.col("breakdown") == "total").group_by("indicator", "period").agg(asked=pl.col("answered").sum())
    parts = keyed.drop("total", "bounded", "n").join(totals, on=KEYS).join(everyone, on=("indicator", "period"), how="left")
    variance = parts.group_by(KEYS).agg(variance=_contribution().sum())
    found = totals.join(variance, on=KEYS).with_columns(
        se=pl.when(pl.col("value").is_finite()).then(pl.col("variance").sqrt()),
    )
    return _intervals(found).rename({"total_y": "y", "total_x": "x"}).drop("variance", "total", "bounded").sort(KEYS)


def _contribution() -> pl.Expr:
    """What one stratum adds to the variance: (1 − f) · n/(n − 1) · Σ(u − ū)², u the weighted linearised value."""
    ratio, scale = pl.col("value"), pl.col("total_x")
    square = pl.col("yy") - 2 * ratio * pl.col("xy") + ratio**2 * pl.col("xx")
    square = pl.when(square > _NOISE * (pl.col("yy") + ratio**2 * pl.col("xx"))).then(square).otherwise(0.0)
    squares = pl.when("total").then(pl.col("yy")).otherwise(square / scale**2)
    sums = pl.when("total").then(pl.col("y")).otherwise((pl.col("y") - ratio * pl.col("x")) / scale)
    answered = pl.col("answered")
    spread = squares - sums**2 / answered
    spread = pl.when(spread > _NOISE * squares).then(spread).otherwise(0.0)
    # the linearised values of a ratio sum to zero over the sample, so only a total has a mean to deviate from
    mean = pl.when("total").then(pl.col("total_y") / pl.col("asked")).otherwise(0.0)
    alone = squares - 2 * mean * sums + mean**2
    correction = 1 - answered / pl.col("population")
    several = pl.when(answered > 1).then(answered / (answered - 1) * spread).otherwise(alone)
    return pl.when(answered < pl.col("population")).then(correction * several).otherwise(0.0)


def _intervals(found: pl.DataFrame) -> pl.DataFrame:
    """Adds low and high: t for totals and ratios, logit for bounded shares, Korn–Graubard where logit has no answer."""
    value, se = found["value"].to_numpy(), found["se"].to_numpy()
    df, n = found["df"].to_numpy().astype(float), found["n"].to_numpy().astype(float)
    usable = found["sampled"].to_numpy() & np.isfinite(value) & np.isfinite(se) & (df >= 1)
    bounded = found["bounded"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        quantile = stats.t.ppf(0.5 + CONFIDENCE / 2, np.where(df >= 1, df, np.nan))
        low, high = value - quantile * se, value + quantile * se
        inner = bounded & (value > 0) & (value < 1)
        logit, width = np.log(value / (1 - value)), quantile * se / (value * (1 - value))
        low, high = np.where(inner, _expit(logit - width), low), np.where(inner, _expit(logit + width), high)
        edge = bounded & usable & ~((value > 0) & (value < 1) & (se > 0))
        edge &= (value >= 0) & (value <= 1)
        exact_low, exact_high = korn_graubard(value, n)
    low, high = np.where(edge, exact_low, low), np.where(edge, exact_high, high)
    shown = usable & (edge | (se > 0))
    return found.with_columns(
        low=pl.Series(np.where(shown, low, np.nan)).fill_nan(None),
        high=pl.Series(np.where(shown, high, np.nan)).fill_nan(None),
    )


def korn_graubard(share: Floats, effective: Floats) -> tuple[Floats, Floats]:
    """Clopper–Pearson limits with an effective sample size (Korn and Graubard 1998); 0 and 1 keep their own limit."""
    alpha = 1 - CONFIDENCE
    yes, no = effective * share, effective * (1 - share)
    low = np.where(yes > 0, stats.beta.ppf(alpha / 2, np.where(yes > 0, yes, 1.0), no + 1), 0.0)
    high = np.where(no > 0, stats.beta.ppf(1 - alpha / 2, yes + 1, np.where(no > 0, no, 1.0)), 1.0)
    return low, high


def _expit(x: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-x)))
