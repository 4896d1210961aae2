"""Protection of respondents: what may not leave the house becomes null, in the file and not only on the screen."""

from __future__ import annotations

import polars as pl

from indicators.estimate import KEYS

#: all that could tell something of a respondent
HIDDEN = ("value", "se", "low", "high", "n", "quality")


def protect(estimates: pl.DataFrame, groups: pl.DataFrame, *, minimum_groups: int, public: frozenset[str]) -> pl.DataFrame:
    """Adds `status`; rows behind which fewer than `minimum_groups` holding groups stand lose everything but their key.

    The rule counts holding groups, not legal entities, because a holding knows its own subsidiaries. Indicators in
    `public` rest on lists that anyone may read and are not touched.
    """
    counted = estimates.join(groups, on=KEYS, how="left")
    hidden = (pl.col("groups").fill_null(0) < minimum_groups) & ~pl.col("indicator").is_in(public)
    status = (
        pl.when(hidden)
        .then(pl.lit("suppressed"))
        .when(pl.col("value").is_null())
        .then(pl.lit("absent"))
        .when(pl.col("quality") == "F")
        .then(pl.lit("unreliable"))
        .otherwise(pl.lit("published"))
    )
    marked = counted.with_columns(status=status)
    cleared = [pl.when(pl.col("status") != "suppressed").then(pl.col(name)).alias(name) for name in HIDDEN]
    return marked.with_columns(cleared).drop("groups")
