"""Estimates from cells: value, Taylor standard error and interval of totals, means, shares and ratios.

Sources: Särndal, Swensson and Wretman (1992), ch. 5, for linearisation; domains keep every sampled unit, with zeros
outside (Cochran 1977, §5A.14); Korn and Graubard (1998) for shares of none, of all and of few units, with the effective
size of R's svyciprop(method = "beta"); all other shares on the logit scale, as its method "xlogit".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import special, stats

from indicators.catalogue.question import Question
from indicators.estimation import moments

KEYS = ("indicator", "period", "breakdown", "category")
CONFIDENCE = 0.95
#: of fewer units the limits of a share are exact ones, and it is not presentable
FEW = 30

Floats = npt.NDArray[np.float64]

#: the moments that an estimate goes on with
_KEPT = ("y", "x", "n", "df", "open_df", "sampled")


def estimate(cells: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """One row per indicator, period, breakdown and category, from cells and `kinds` (indicator, total, bounded).

    Columns: KEYS, value, se, low, high, n, df, open_df, sampled, y, x. A stratum asked whole (answered = population) adds no
    variance; where every stratum of a category was, `sampled` is false, se is 0 and there is no interval. A stratum
    with one answer out of several takes its squared deviation from the mean of all answers ("adjust"); as in R's
    survey, all answers are those of the strata that hold a unit of the domain.
    Degrees of freedom: answers in the domain less the strata that hold them.
    """
    return finish(moments.of_cells(cells, KEYS).join(kinds, on="indicator")).sort(KEYS)


def estimate_rows(question: Question, rows: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """The same as `estimate`, from the rows of a statement, without a row per stratum in between."""
    sets = moments.keyed_sets(question, rows)
    of = {row["indicator"]: {name: pl.lit(row[name]) for name in ("total", "bounded")} for row in kinds.iter_rows(named=True)}
    found = [
        finish(moments.unfold(question, number, sets).with_columns(**of[indicator.id]))
        for number, indicator in enumerate(question.indicators)
    ]
    return pl.concat(found).select(*KEYS, *(name for name in found[0].columns if name not in KEYS))


def finish(found: pl.DataFrame) -> pl.DataFrame:
    """Value, standard error and interval from moments, and whether they are of a `total` or a `bounded` share."""
    done = with_intervals(errors(found))
    return done.drop("total", "bounded", *(name for name in moments.MOMENTS if name not in _KEPT))


def errors(found: pl.DataFrame) -> pl.DataFrame:
    """Adds value and se to moments; `total` says of what."""
    y, x, ratio = pl.col("y"), pl.col("x"), pl.col("value")
    found = found.with_columns(value=pl.when("total").then(y).when(x != 0).then(y / x))
    # the linearised values of a ratio sum to zero over the sample, so only a total has a mean to deviate from
    mean = y / pl.col("asked")
    terms = pl.col("vyy") + pl.when("total").then(mean**2 * pl.col("a1")).otherwise(ratio**2 * pl.col("vxx"))
    cross = pl.when("total").then(mean * pl.col("ay")).otherwise(ratio * pl.col("vxy"))
    variance = pl.when(terms - 2 * cross > moments.NOISE * terms).then(terms - 2 * cross).otherwise(0.0)
    error = variance.sqrt() / pl.when("total").then(1.0).otherwise(x.abs())
    return found.with_columns(se=pl.when(ratio.is_finite()).then(error))


def with_intervals(found: pl.DataFrame) -> pl.DataFrame:
    """Adds low and high to rows with value, se, df, n, bounded and sampled; null in a census and where no error is known.

    t for totals and ratios; for bounded shares logit, and Korn–Graubard for none, for all, without an error, and for fewer
    than FEW units.
    """
    usable = pl.col("sampled") & pl.col("value").is_finite() & pl.col("se").is_finite() & (pl.col("df") >= 1)
    rows = found.select("value", "se", "df", "n", "bounded", "sampled").with_row_index("at").filter(usable)
    value, se, n = (rows[name].to_numpy().astype(float) for name in ("value", "se", "n"))
    freedom = rows["df"].to_numpy().astype(float)
    width = t_quantile(freedom) * se
    low, high = value - width, value + width
    share = rows["bounded"].to_numpy() & (value >= 0) & (value <= 1)
    exact = share & ((value == 0) | (value == 1) | (se == 0) | (n < FEW))
    inner = share & ~exact
    logit, scaled = special.logit(value[inner]), width[inner] / (value[inner] * (1 - value[inner]))
    low[inner], high[inner] = special.expit(logit - scaled), special.expit(logit + scaled)
    low[exact], high[exact] = korn_graubard(value[exact], effective_size(value[exact], se[exact], n[exact], freedom[exact]))
    limits = rows.select("at", low=pl.Series(low), high=pl.Series(high)).filter(pl.Series(exact | (se > 0)))
    return found.with_row_index("at").join(limits, on="at", how="left", maintain_order="left").drop("at")


def t_quantile(freedom: Floats) -> Floats:
    """The two-sided quantile of Student's t at CONFIDENCE for each number of degrees of freedom."""
    # numbers are many and degrees of freedom few: a quantile is slow, so each is looked up once
    few, which = np.unique(freedom, return_inverse=True)
    return np.asarray(stats.t.ppf(0.5 + CONFIDENCE / 2, few)[which])


def effective_size(share: Floats, se: Floats, n: Floats, freedom: Floats) -> Floats:
    """p(1 − p)/V · (t of n − 1 / t of df)², as R's svyciprop has it; n itself where no error was seen (NCHS 2017).

    Not cut off at n: the rule for what may be presented does that, an interval does not.
    """
    spread = (se > 0) & (share > 0) & (share < 1)
    ratio = t_quantile(n - 1) / t_quantile(freedom)
    return np.where(spread, share * (1 - share) * (ratio / np.where(spread, se, 1.0)) ** 2, n)


def korn_graubard(share: Floats, effective: Floats) -> tuple[Floats, Floats]:
    """Clopper–Pearson limits with an effective sample size (Korn and Graubard 1998); 0 and 1 keep their own limit."""
    alpha = 1 - CONFIDENCE
    yes, no = effective * share, effective * (1 - share)
    low = np.where(yes > 0, stats.beta.ppf(alpha / 2, np.where(yes > 0, yes, 1.0), no + 1), 0.0)
    high = np.where(no > 0, stats.beta.ppf(1 - alpha / 2, yes + 1, np.where(no > 0, no, 1.0)), 1.0)
    return low, high
