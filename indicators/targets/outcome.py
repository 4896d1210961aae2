"""Outcomes: whether a number reaches its target, with what probability its true value does, and the word for both.

Whether a target is reached is decided by the comparison that the law makes, on unrounded numbers (a value within 1e-12 of the
threshold is the threshold). The probability is that of the sampling error alone: one-sided, by t as the interval; for
shares on the log odds, where near 0 and 1 an interval stays inside (Newcombe 2001), for changes on the scale of their index.
Where all answers of a sample are alike it is the exact binomial one (Clopper and Pearson 1934), as in their interval.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import special

from indicators.editions.results import GRADES
from indicators.targets.held import error_of
from indicators.targets.scale import forward, slope
from indicators.targets.target import SAME

#: one-sided certainty that `met` and `not_met` ask for
CERTAIN = 0.95
#: a grade less probable than this is not told
TOLD = 0.70

_THETA, _THRESHOLD, _DIRECTION = pl.col("value"), pl.col("threshold"), pl.col("direction")


def same(value: pl.Expr) -> pl.Expr:
    """Whether a value is the threshold: equal but for the rounding of the machine."""
    return (value - _THRESHOLD).abs() <= SAME * pl.max_horizontal(value.abs(), _THRESHOLD.abs())


def still_to_go(value: pl.Expr) -> pl.Expr:
    """The gap of rows of HELD: what is still to go from `value`, in its own unit; positive means not there yet."""
    return pl.when(same(value)).then(pl.lit(0.0)).otherwise(_DIRECTION * (_THRESHOLD - value))


def reached(value: pl.Expr) -> pl.Expr:
    """Whether `value` reaches the threshold of its row by the comparison of the law; null where it is null."""
    return pl.when(same(value)).then(~pl.col("strict")).otherwise(_DIRECTION * (value - _THRESHOLD) > 0)


def below(z: pl.Expr) -> pl.Expr:
    """The distribution function of Student's t with `df` of the row, as in its interval; normal where df is not known."""
    freedom = pl.col("df").cast(pl.Float64).fill_null(float("inf")).clip(lower_bound=1.0)
    return pl.struct(z.alias("z"), freedom.alias("df")).map_batches(_below, return_dtype=pl.Float64).fill_nan(None)


def _below(both: pl.Series) -> pl.Series:
    z, freedom = (both.struct.field(name).to_numpy() for name in ("z", "df"))
    known = np.isfinite(freedom)
    return pl.Series(np.where(known, special.stdtr(np.where(known, freedom, 1.0), z), special.ndtr(z)))


def p_met() -> pl.Expr:
    """The probability that the true value reaches the threshold; null where nobody knows.

    Of a full count 0 or 1. A share that must reach its own limit (all, or none) and in which one unit was seen that does not is
    certainly not there, whatever its error; of one in which none was seen, nothing can be said of those not asked.
    """
    error = error_of(pl.col("exact"), pl.col("se"), pl.col("low"), pl.col("high"))
    certain = pl.when(reached(_THETA)).then(pl.lit(1.0)).otherwise(pl.lit(0.0))
    limit = pl.col("bounded") & ((_THRESHOLD <= 0) | (_THRESHOLD >= 1))
    aimed = (_DIRECTION == 1) == (_THRESHOLD >= 1)  # is the limit the one that lies ahead
    alike = pl.col("bounded") & (pl.col("se") == 0) & _THETA.is_in([0.0, 1.0]) & error.is_not_null()
    beyond = pl.when(_THETA == 1).then(_THRESHOLD).otherwise(1 - _THRESHOLD).pow(pl.col("n"))
    return (
        pl.when("exact")
        .then(certain)
        .when(limit & (~same(_THETA) | (aimed == pl.col("strict"))))
        .then(certain)
        .when(limit)
        .then(None)
        .when(alike)
        .then(pl.when(reached(_THETA)).then(1 - beyond).otherwise(beyond))
        .otherwise(below(_standardised(error)))
    )


def _standardised(error: pl.Expr) -> pl.Expr:
    """How many errors the value lies beyond the threshold, in the direction that is better."""
    own, odds = pl.col("pace_scale"), pl.lit("logit")
    share = pl.col("bounded") & (_THRESHOLD > 0) & (_THRESHOLD < 1) & (_THETA > 0) & (_THETA < 1)
    ahead = (
        pl.when(share)
        .then((forward(odds, _THETA) - forward(odds, _THRESHOLD)) / slope(odds, _THETA))
        .when("change")
        .then((forward(own, _THETA) - forward(own, _THRESHOLD)) / slope(own, _THETA))
        .otherwise(_THETA - _THRESHOLD)
    )
    return _DIRECTION * ahead / error


def outcome() -> pl.Expr:
    """The word of OUTCOMES for rows of HELD with p_met, grade and p_grade; the first that fits.

    `p_grade` is the probability of the grade. A base that reaches the threshold counts as having reached it, by its value;
    that a number still does, or does not any more, is said of it only beyond error. Of an unreliable number nothing is
    said beyond error: an interval from few units hides more than it tells.
    """
    now, then, probability = reached(_THETA), reached(pl.col("base")).fill_null(False), pl.col("p_met")
    unknown = error_of(pl.col("exact"), pl.col("se"), pl.col("low"), pl.col("high")).is_null()
    dated = pl.col("target_year").is_not_null()
    due = (dated & (pl.col("period").cast(pl.Int64) >= pl.col("target_year")) & pl.col("over")).fill_null(False)
    grade = pl.col("grade")
    began, firm = pl.col("since").eq_missing(pl.lit(0)), pl.col("reliable").fill_null(True)
    doubted = ~firm | (pl.when(now).then(1 - probability).otherwise(probability) > 1 - CERTAIN).fill_null(False)
    words = [
        (pl.col("verdict").eq_missing(pl.lit("depends")), "depends"),
        (began & ~now & ~due, "base_only"),
        ((began | then) & now & ~doubted, "met_at_base"),
        (then & ~now & ~doubted, "lost"),
        (~now & due & firm & (probability <= 1 - CERTAIN).fill_null(False), "not_met"),
        (unknown, "no_error"),
        (now & firm & (probability >= CERTAIN).fill_null(False), "met"),
        (now, "met_within_error"),
        (~dated, "no_date"),
        (due, "not_met_within_error"),
        (grade.is_null(), "cannot_tell"),
        (pl.col("p_grade").is_null(), "no_error"),
        (~firm | (pl.col("p_grade") < TOLD), "cannot_tell"),
    ]
    told = grade.replace_strict({name: name for name in GRADES}, default=None, return_dtype=pl.String)
    for holds, word in reversed(words):
        told = pl.when(holds).then(pl.lit(word)).otherwise(told)
    return told
