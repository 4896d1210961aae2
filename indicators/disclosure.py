"""Protection of respondents: what may not leave the house becomes null, in the file and not only on the screen."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from indicators.estimate import KEYS

#: all that could tell something of a respondent
HIDDEN = ("value", "se", "low", "high", "n", "quality", "review", "df", "response_rate", "imputed_share", "significant")


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
    hideable = [name for name in HIDDEN if name in marked.columns]
    cleared = [pl.when(pl.col("status") != "suppressed").then(pl.col(name)).alias(name) for name in hideable]
    return marked.with_columns(cleared).drop("groups")


def shield(details: Mapping[str, pl.DataFrame], results: pl.DataFrame, *, minimum_groups: int) -> dict[str, pl.DataFrame]:
    """The further tables without what would tell of a suppressed result.

    Rows about a suppressed category go; of a decomposition all categories go where one is suppressed, because its parts
    add up; of a matrix of transitions every small count is null, and the next larger one where it would stand alone.
    """
    hidden = results.filter(pl.col("status") == "suppressed").select(KEYS).unique()
    return {name: _shielded(name, frame, hidden, minimum_groups) for name, frame in details.items()}


def _shielded(name: str, frame: pl.DataFrame, hidden: pl.DataFrame, minimum_groups: int) -> pl.DataFrame:
    if name == "transitions":
        return _without_small_counts(frame, minimum_groups)
    if "category" not in frame.columns:
        return frame
    if name == "decomposition":
        known = frame.join(hidden, on=KEYS, how="semi").select("indicator", "period", "method", "breakdown").unique()
        return frame.join(known, on=["indicator", "period", "method", "breakdown"], how="anti")
    kept = frame.join(hidden, on=KEYS, how="anti")
    if "other" in frame.columns:
        other = hidden.rename({"category": "other"})
        kept = kept.join(other, on=["indicator", "period", "breakdown", "other"], how="anti")
    return kept


def _without_small_counts(frame: pl.DataFrame, minimum_groups: int) -> pl.DataFrame:
    matrix = ["indicator", "period", "base_period", "breakdown", "category"]
    small = (pl.col("units") > 0) & (pl.col("units") < minimum_groups)
    marked = frame.with_columns(small=small)
    alone = pl.col("small").sum().over(matrix) == 1
    next_one = pl.when(~pl.col("small")).then(pl.col("units")).rank("ordinal").over(matrix) == 1
    gone = pl.col("small") | (alone & next_one)
    return marked.with_columns(units=pl.when(~gone).then("units")).drop("small")
