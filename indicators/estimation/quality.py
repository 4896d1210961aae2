"""The quality of an estimate: a letter or a word that sums up its error, and the reasons why a person should look at it.

Totals, means and ratios bear a letter by their coefficient of variation (as Statistics Canada uses them in business
surveys); for shares that coefficient says nothing, so they are presentable or not by the rule of the National Center
for Health Statistics (2017, Series 2 No. 175): units, effective units, and width of the Korn–Graubard interval. A share of
none has no relative width, as there, and is given to a person to review. A change near zero has no coefficient of variation
worth the name, so it bears no letter but the word whether it differs from zero. An error of which less than one degree of
freedom is left says nothing, so the estimate is unreliable; and a change between samples in which no spread was seen, as from
a share of none to a share of none, has no error that could be told, rather than one of 0.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from indicators.editions.results import DIGITS
from indicators.estimation.estimate import FEW, effective_size, korn_graubard

LETTERS = {"A": 0.05, "B": 0.10, "C": 0.15, "D": 0.25, "E": 0.35}
UNRELIABLE = "F"
#: of a share: the interval may not be so wide; wider than NARROW it may not be so wide in relation to the share
WIDE, NARROW, RELATIVE = 0.30, 0.05, 1.30
#: fewer degrees of freedom in the strata not asked whole, and an error is itself uncertain
FEW_DEGREES = 8
MUCH_IMPUTED = 0.10


def rate(estimates: pl.DataFrame, kinds: pl.DataFrame) -> pl.DataFrame:
    """Adds `quality` (census, A to F, presentable; null where no error is known), `review` and, for changes, `significant`.

    F is unreliable. `kinds` says which indicators are bounded shares and which are changes. Columns value, se, low, high, n
    and sampled are needed; df, open_df and imputed_share are taken as unknown where they are missing. Without sampling, and
    without a known error, there are no degrees of freedom, so df is emptied; so is se of a sampled change where it is 0 and no
    interval is known.
    """
    unknown = {"df": pl.Int64(), "open_df": pl.Int64(), "imputed_share": pl.Float64()}
    added = [pl.lit(None, dtype).alias(name) for name, dtype in unknown.items() if name not in estimates.columns]
    rated = estimates.with_columns(added).join(kinds.select("indicator", "bounded", "change"), on="indicator", how="left")
    unseen = pl.col("change") & pl.col("sampled") & (pl.col("se") == 0) & pl.col("low").is_null()
    rated = rated.with_columns(pl.when(~unseen.fill_null(False)).then("se").alias("se"))
    error = pl.col("sampled") & pl.col("se").is_not_null()
    share = (pl.col("bounded") & pl.col("value").is_between(0, 1)).fill_null(False)
    rated = rated.with_columns(presentable=_presentable(rated, rated.select(error & share).to_series()))
    word = pl.when("presentable").then(pl.lit("presentable")).otherwise(pl.lit(UNRELIABLE))
    # of a time that too many replicates do not reach, only one end of the interval is known
    endless = ~pl.col("change") & pl.col("se").is_null() & pl.col("low").is_not_null() & pl.col("high").is_null()
    quality = pl.when(~pl.col("sampled")).then(pl.lit("census")).when(endless).then(pl.lit(UNRELIABLE))
    quality = quality.when(pl.col("change") | pl.col("se").is_null()).then(None)
    found = {
        "quality": quality.when(share).then(word).otherwise(_letter()),
        "review": _review(error, share),
        "significant": _significant(),
        "df": pl.when(error).then("df"),
    }
    known = [pl.when(pl.col("value").is_not_null()).then(told).alias(name) for name, told in found.items()]
    return rated.with_columns(known).drop("bounded", "change", "presentable")


def _letter() -> pl.Expr:
    variation = (pl.col("se") / pl.col("value")).abs()
    letter = pl.lit(UNRELIABLE)
    for name, limit in reversed(LETTERS.items()):
        letter = pl.when(variation < limit).then(pl.lit(name)).otherwise(letter)
    known = pl.when(variation.is_not_nan()).then(letter)  # an error around zero is infinitely large; 0 of 0 is none
    return pl.when(pl.col("df") < 1).then(pl.lit(UNRELIABLE)).otherwise(known)


def _presentable(rated: pl.DataFrame, asked: pl.Series) -> pl.Series:
    """Whether a share may stand by the rule for shares; false where the rule is not asked or has nothing to go by."""
    usable = (asked & (rated["df"].fill_null(0) >= 1)).to_numpy()
    rows = rated.filter(pl.Series(usable))
    value, se, n, freedom = (rows[name].to_numpy().astype(float) for name in ("value", "se", "n", "df"))
    effective = np.minimum(effective_size(value, se, n, freedom), n)
    low, high = korn_graubard(value, effective)
    width = high - low
    relative = np.where(value > 0, width / np.where(value > 0, value, 1.0), 0.0)
    found = np.zeros(usable.size, dtype=bool)
    found[usable] = (n >= FEW) & (effective >= FEW) & (width < WIDE) & ((width <= NARROW) | (relative <= RELATIVE))
    return pl.Series(found)


def _review(error: pl.Expr, share: pl.Expr) -> pl.Expr:
    """The reasons, joined by commas; null without one."""
    value = pl.col("value").round_sig_figs(DIGITS)
    reasons = {
        "few_degrees": error & (pl.col("open_df") < FEW_DEGREES),
        "all_or_none": error & share & ((value == 0) | (value == 1)),
        "imputed": pl.col("imputed_share") > MUCH_IMPUTED,
    }
    told = [pl.when(holds).then(pl.lit(name)) for name, holds in reasons.items()]
    joined = pl.concat_str(told, separator=",", ignore_nulls=True)
    return pl.when(joined != "").then(joined)


def _significant() -> pl.Expr:
    """Of a change: whether its interval leaves zero out; between two censuses, whether it is not zero."""
    certain = pl.when(~pl.col("sampled")).then(pl.col("value") != 0)
    outside = (pl.col("low") > 0) | (pl.col("high") < 0)
    return pl.when("change").then(pl.coalesce(outside, certain))
