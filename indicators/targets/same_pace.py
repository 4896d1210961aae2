"""The same pace: where a number would be if it went on as it has since the base. A scenario, and no forecast.

Two years tell nothing of how much a pace varies, so the interval holds the sampling error alone.
"""

from __future__ import annotations

from statistics import NormalDist

import polars as pl

from indicators.estimation.estimate import KEYS
from indicators.targets.scale import back, forward, slope

_Z = NormalDist().inv_cdf(0.975)


def same_pace(spoken: pl.DataFrame) -> pl.DataFrame:
    """KEYS, target, year, value, low, high: from the year of each number to its target year, where that lies ahead.

    `spoken`: rows of HELD. With h the scenario scale, θ0 of the base, θ1 of the number a years later and m = (year − t1) ÷ a, the
    scenario is h(θ1) + m(h(θ1) − h(θ0)), of variance (1+m)²V1 + m²V0 − 2m(1+m)C on the scale by the delta method; the ends of its
    95 % normal interval are taken back to the unit. The year of the number bears its own interval. A full count has none, nor has
    a number of which an error or the covariance is not known. A share that is none or all has no log odds: there the scenario is
    straight in the share itself and ends at none or all.
    """
    begun = spoken.filter(pl.col("since") >= 1, pl.col("left") >= 1, pl.col("base").is_not_null())
    now = pl.col("period").cast(pl.Int64)
    dated = begun.with_columns(year=pl.int_ranges(now, pl.col("target_year") + 1)).explode("year", empty_as_null=False)
    times = ((pl.col("year") - now) / pl.col("since")).alias("times")
    drawn = dated.with_columns(times, scale=_scale()).with_columns(**_ahead())
    own = pl.col("times") == 0
    ends = {
        name: pl.when(own).then(name).otherwise(_inside(back(pl.col("scale"), pl.col("centre") + sign * _Z * pl.col("error"))))
        for name, sign in (("low", -1), ("high", 1))
    }
    value = pl.when(own).then("value").otherwise(_inside(back(pl.col("scale"), pl.col("centre"))))
    told = drawn.filter(pl.col("centre").is_not_null()).with_columns(value=value, **ends)
    return told.select(*KEYS, "target", "year", "value", "low", "high").sort(*KEYS, "target", "year")


def _scale() -> pl.Expr:
    """The scenario scale, or the plain one for a share that is none or all at either end."""
    plain = pl.min_horizontal("base", "value") <= 0
    plain |= pl.max_horizontal("base", "value") >= 1
    scale = pl.col("scenario_scale")
    return pl.when((scale == "logit") & plain).then(pl.lit("linear")).otherwise(scale)


def _ahead() -> dict[str, pl.Expr]:
    """centre and standard error of the scenario on its scale."""
    scale, times = pl.col("scale"), pl.col("times")
    now, then = forward(scale, pl.col("value")), forward(scale, pl.col("base"))
    of_now, of_then = slope(scale, pl.col("value")), slope(scale, pl.col("base"))
    variance = (
        ((1 + times) * of_now * pl.col("se")) ** 2
        + (times * of_then * pl.col("base_se")) ** 2
        - 2 * times * (1 + times) * of_now * of_then * pl.col("covariance")
    )
    # a covariance from fewer units than the errors can take the sum below zero
    error = pl.when(~pl.col("exact")).then(variance.clip(lower_bound=0).sqrt())
    return {"centre": now + times * (now - then), "error": error}


def _inside(value: pl.Expr) -> pl.Expr:
    """Between 0 and 1 where the number is a share."""
    return pl.when("bounded").then(value.clip(0, 1)).otherwise(value)
