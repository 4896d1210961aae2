"""Pace: how fast a number moved since the base against how fast it had to, its grade, and the probability of each grade.

The pace ratio is ρ = (f(θ1) − f(θ0))/a ÷ (f(T) − f(θ0))/A, with a years from the base to the number, A from the base to the
target year, and f the scale of pace. Cut-offs as Statistics Canada and Open SDG document them, inclusive below. ρ ≥ c says the
same as L = d·[(f(θ1) − f(θ0))/a − c·(f(T) − f(θ0))/A] ≥ 0, which is linear in f(θ0) and f(θ1), so that its error follows from
theirs and their covariance by the delta method, and P(ρ ≥ c) = Φ(L/se) without any simulation.
"""

from __future__ import annotations

import polars as pl

from indicators.editions.results import GRADES
from indicators.targets.held import error_of
from indicators.targets.outcome import TOLD, below, reached, same
from indicators.targets.scale import fitting, forward, slope
from indicators.targets.target import SAME

#: the least pace ratio of each grade, best first; the last grade has none
CUTS = (0.95, 0.60, 0.0)
#: less variance than this share of its terms is rounding
_NOISE = 1e-12

_NOW, _THEN, _THRESHOLD = (pl.col(f"_{name}") for name in ("now", "then", "threshold"))
_YEARS = pl.col("since") + pl.col("left")  # from the base to the target


def paced(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of HELD, which bear p_met, with pace, grade, p_grade, other, probability, and p_ of each grade.

    `p_grade` is the probability of the grade of ρ itself; where it is below TOLD, `other` names the likelier grade beside it and
    `probability` is that of both. A true value that reaches the threshold is on track, too, so P(ρ ≥ c) is never below p_met;
    `p_on_track` is what is left of it without p_met, and p_met and the four add up to 1. Null without a base, a date or a year
    in between, and where the base has reached the threshold.
    """
    scale = fitting(pl.col("pace_scale"), pl.col("value"), pl.col("base"), pl.col("threshold"))
    scaled = rows.with_columns(scale.alias("_scale"))
    own = pl.col("_scale")
    scaled = scaled.with_columns(
        forward(own, pl.col("value")).alias("_now"),
        forward(own, pl.col("base")).alias("_then"),
        forward(own, pl.col("threshold")).alias("_threshold"),
        (error_of(pl.col("exact"), pl.col("se"), pl.col("low"), pl.col("high")) * slope(own, pl.col("value"))).alias("_error"),
        (pl.col("base_se") * slope(own, pl.col("base"))).alias("_base_error"),
        (pl.col("covariance") * slope(own, pl.col("value")) * slope(own, pl.col("base"))).alias("_shared"),
    )
    base = pl.col("base")
    open_way = (pl.col("since") >= 1) & (pl.col("left") >= 0) & ~reached(base) & ~same(base)
    pace = ((_NOW - _THEN) / pl.col("since")) / ((_THRESHOLD - _THEN) / _YEARS)
    graded = scaled.with_columns(pl.when(open_way).then(pace).alias("pace"), *_tails(open_way))
    graded = graded.with_columns(_grade().alias("grade"), *_probabilities())
    told = graded.with_columns(*_told())
    return told.drop(name for name in told.columns if name.startswith("_"))


def _lead(cut: float) -> pl.Expr:
    """L of a cut-off: by how much a year the pace is ahead of that share of what is required."""
    lead = pl.col("direction") * ((_NOW - _THEN) / pl.col("since") - cut * (_THRESHOLD - _THEN) / _YEARS)
    # numbers that come from decimals hit a cut-off exactly, and their difference misses it by rounding
    terms = (_NOW.abs() + _THEN.abs()) / pl.col("since") + cut * (_THRESHOLD.abs() + _THEN.abs()) / _YEARS
    return pl.when(lead.abs() <= SAME * terms).then(pl.lit(0.0)).otherwise(lead)


def _tails(open_way: pl.Expr) -> list[pl.Expr]:
    """For each cut-off whether ρ reaches it (`_at_`), and the probability that it does (`_from_`)."""
    found = []
    error, base_error = pl.col("_error"), pl.col("_base_error")
    # of two estimates one cannot know more of the other than they know themselves
    most = error * base_error
    shared = pl.when(most == 0).then(pl.lit(0.0)).otherwise(pl.col("_shared").clip(-most, most))
    for number, cut in enumerate(CUTS):
        lead, since = _lead(cut), pl.col("since")
        rest = 1 / since - cut / _YEARS
        terms = (error / since) ** 2 + (rest * base_error) ** 2
        variance = terms - 2 * rest * shared / since
        certain = pl.when(lead >= 0).then(pl.lit(1.0)).otherwise(pl.lit(0.0))
        tail = pl.when(variance > _NOISE * terms).then(below(lead / variance.sqrt())).when(variance.is_not_null()).then(certain)
        found += [pl.when(open_way).then(lead >= 0).alias(f"_at_{number}"), pl.when(open_way).then(tail).alias(f"_from_{number}")]
    return found


def _grade() -> pl.Expr:
    """The grade of ρ; null once the threshold is reached, and where there is no pace."""
    grade = pl.lit(GRADES[-1])
    for number, name in reversed(list(enumerate(GRADES[:-1]))):
        grade = pl.when(pl.col(f"_at_{number}")).then(pl.lit(name)).otherwise(grade)
    return pl.when(pl.col("_at_0").is_not_null() & ~reached(pl.col("value"))).then(grade)


def _probabilities() -> list[pl.Expr]:
    """p_ of each grade, and `_least_` of all but the worst: the probability of this grade, a better one, or met."""
    known = [pl.col("p_met"), *(pl.col(f"_from_{number}") for number in range(len(CUTS)))]
    complete = pl.all_horizontal(one.is_not_null() for one in known)
    # beyond a threshold so near that the scales of both probabilities differ, the better grade is as probable as the worse
    least = [pl.max_horizontal(known[: number + 2]) for number in range(len(CUTS))]
    steps = [pl.col("p_met"), *least, pl.lit(1.0)]
    found = {f"p_{name}": after - before for name, before, after in zip(GRADES, steps, steps[1:], strict=False)}
    found["_p_on_track"] = least[0]
    return [pl.when(complete).then(probability).alias(name) for name, probability in found.items()]


def _told() -> list[pl.Expr]:
    """p_grade, and beside it the other grade and the probability of both where one alone is not told."""
    chance = {name: pl.col("_p_on_track" if name == GRADES[0] else f"p_{name}") for name in GRADES}
    own, other, beside = pl.lit(None, pl.Float64), pl.lit(None, pl.String), pl.lit(None, pl.Float64)
    for number, name in enumerate(GRADES):
        here = pl.col("grade") == name
        better, worse = GRADES[max(number - 1, 0)], GRADES[min(number + 1, len(GRADES) - 1)]
        up = chance[better] >= chance[worse] if better != name else pl.lit(False)
        up = up if worse != name else pl.lit(True)
        own = pl.when(here).then(chance[name]).otherwise(own)
        other = pl.when(here).then(pl.when(up).then(pl.lit(better)).otherwise(pl.lit(worse))).otherwise(other)
        beside = pl.when(here).then(pl.when(up).then(chance[better]).otherwise(chance[worse])).otherwise(beside)
    doubtful = own < TOLD
    return [
        own.alias("p_grade"),
        pl.when(doubtful).then(other).alias("other"),
        pl.when(doubtful).then(own + beside).otherwise(own).alias("probability"),
    ]
