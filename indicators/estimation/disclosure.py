"""Protection of respondents: what may not leave the house becomes null, in the file and not only on the screen."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from indicators.editions.results import TOTAL
from indicators.estimation.estimate import KEYS

#: all that could tell something of a respondent
HIDDEN = ("value", "se", "low", "high", "n", "quality", "review", "df", "response_rate", "imputed_share", "significant")

#: what tells of the spread of the answers
ERRORS = ("se", "low", "high", "df", "significant")
#: respondents that may put together what they know: he who answered and one ally. From mean and spread of all the answers of
#: two others would follow
ALLIES = 2


def protect(
    estimates: pl.DataFrame, groups: pl.DataFrame, withheld: pl.DataFrame, *, minimum_groups: int, public: frozenset[str]
) -> pl.DataFrame:
    """Adds `status`; what is `withheld` (KEYS), or stands on fewer than `minimum_groups` holding groups, loses all but its key.

    A number of fewer than `minimum_groups` beside ALLIES is told without its error, unless it has none. Indicators in `public`
    rest on lists that anyone may read and are not touched.
    """
    counted = estimates.join(groups, on=KEYS, how="left").join(
        withheld.select(*KEYS, pl.lit(True).alias("withheld")), on=KEYS, how="left", maintain_order="left"
    )
    few = pl.col("groups").fill_null(0) < minimum_groups
    hidden = (few | pl.col("withheld").fill_null(False)) & ~pl.col("indicator").is_in(public)
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
    spread = (pl.col("groups").fill_null(0) < minimum_groups + ALLIES) & ~pl.col("indicator").is_in(public) & (minimum_groups > 1)
    told = (pl.col("se") == 0).fill_null(False) | ~spread
    marked = marked.with_columns(pl.when(told).then(name).alias(name) for name in ERRORS if name in marked.columns)
    return marked.with_columns(cleared).drop("groups", "withheld")


def shield(details: Mapping[str, pl.DataFrame], results: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """The further tables without what would tell of a suppressed result.

    Rows about a suppressed category go. Of a decomposition and of transitions every category of a breakdown goes where one
    is suppressed in the results, of the year or of the base year, because they add up to the total; and all of them where the
    total is suppressed.
    """
    hidden = results.filter(pl.col("status") == "suppressed").select(KEYS).unique()
    return {name: _shielded(name, frame, hidden) for name, frame in details.items()}


def _shielded(name: str, frame: pl.DataFrame, hidden: pl.DataFrame) -> pl.DataFrame:
    if "category" not in frame.columns:
        return frame
    kept = frame.join(hidden, on=KEYS, how="anti")
    if name in ("decomposition", "transitions"):
        for end in ("period", *(["base_period"] if "base_period" in kept.columns else [])):
            gone = hidden.rename({"period": end})
            kept = kept.join(gone, on=["indicator", end, "breakdown"], how="anti")
            kept = kept.join(gone.filter(pl.col("breakdown") == TOTAL), on=["indicator", end], how="anti")
        return kept
    if "other" in frame.columns:
        other = hidden.rename({"category": "other"})
        kept = kept.join(other, on=["indicator", "period", "breakdown", "other"], how="anti")
    return kept


def few_answers(responses: pl.DataFrame, *, minimum: int, public: frozenset[str]) -> pl.DataFrame:
    """Rows of the table `response`: null where fewer than `minimum` answered, and the rate by size where so few were silent.

    From the rate by size the size of a single one that was silent follows. Indicators in `public` are not touched.
    """
    open_ = pl.col("indicator").is_in(public)
    silent = pl.col("asked") - pl.col("answered")
    told = open_ | ~pl.col("answered").is_between(1, minimum - 1)
    sized = told & (open_ | ~silent.is_between(1, minimum - 1))
    kept = dict.fromkeys(("asked", "answered", "rate", "rate_weighted"), told) | {"rate_size": sized}
    return responses.with_columns(pl.when(shown).then(name).alias(name) for name, shown in kept.items())
