"""The quality class of an estimate, from its error alone.

Totals, means and ratios bear a letter by their coefficient of variation (as Statistics Canada uses them in business
surveys); for shares that coefficient says nothing, so they are presentable or not by the rule of the National Center
for Health Statistics (2017, Series 2 No. 175).
"""

from __future__ import annotations

import polars as pl

LETTERS = {"A": 0.05, "B": 0.10, "C": 0.15, "D": 0.25, "E": 0.35}
UNRELIABLE = "F"
SMALLEST_SHARE_SAMPLE = 30


def rate(estimates: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """Adds `quality`: census, A to F, presentable, or null where no error is known; F is unreliable.

    `kinds` says which indicators are bounded shares and which are changes; a change near zero has no coefficient of
    variation worth the name, so it is not rated.
    """
    rated = estimates.join(kinds.select("indicator", "bounded", "change"), on="indicator", how="left")
    variation = (pl.col("se") / pl.col("value")).abs()
    letter = pl.lit(UNRELIABLE)
    for name, limit in reversed(LETTERS.items()):
        letter = pl.when(variation < limit).then(pl.lit(name)).otherwise(letter)
    letter = pl.when(variation.is_not_nan()).then(letter)  # an error around zero is infinitely large; 0 of 0 is none
    width = pl.col("high") - pl.col("low")
    relative = width / pl.min_horizontal(pl.col("value"), 1 - pl.col("value")).clip(lower_bound=1e-12)
    too_wide = (width >= 0.30) | ((width > 0.05) & (relative > 1.30) & (pl.col("value") < 0.5))
    poor = (pl.col("n") < SMALLEST_SHARE_SAMPLE) | too_wide
    share = pl.when(poor).then(pl.lit(UNRELIABLE)).otherwise(pl.lit("presentable"))
    unrated = pl.col("change") | pl.col("se").is_null()
    quality = (
        pl.when(~pl.col("sampled")).then(pl.lit("census")).when(unrated).then(None).when("bounded").then(share).otherwise(letter)
    )
    return rated.with_columns(quality=quality).drop("bounded", "change")
