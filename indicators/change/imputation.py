"""Imputation as the results tell of it: the share of a number that was imputed, and who really reported behind it.

The statement that gives the numbers is run again with the imputed values alone, weighted as they are in the number; the
share is |Σ w·y of these| / |Σ w·y of all|. A value counts as imputed when the row was added, or when any column that the
indicator is made from was imputed in it. (Eurostat 2014, Handbook on methodological aspects of quality, imputation rate A7.)
From the share of a single enterprise that was imputed its value follows, so a share behind which too few stand is not told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from indicators.catalogue.plan import Indicator, Plan
from indicators.catalogue.question import Question
from indicators.change.estimates import estimates
from indicators.editions.results import DIGITS, TOTAL
from indicators.engines import Engine
from indicators.estimation.estimate import KEYS
from indicators.statements import cells

#: table → whether editing imputed any value of it; a table that is not here was not edited
Edited = Mapping[str, bool]

SHARE = "imputed_share"
#: whether so few holding groups were imputed that the share would tell of them
FEW = "imputed_few"


def of_questions(asked: Sequence[Question], edited: Edited) -> list[Question]:
    """The questions, those marked as imputed that add up a table with imputed values."""
    summed = [question.indicators[0].duration is None for question in asked]
    return [
        replace(question, imputed=sums and edited.get(question.table.id, False))
        for question, sums in zip(asked, summed, strict=True)
    ]


def shares(
    question: Question, engine: Engine, kinds: pl.DataFrame, levels: pl.DataFrame, edited: Edited, minimum_groups: int
) -> pl.DataFrame:
    """The estimates of a question with `imputed_share`: 0 where nothing was imputed, null where the table is not edited.

    Null also for a duration over a table with imputed values, because it is no sum of which they could be a share. Beside it
    stands FEW: some holding groups were imputed, but fewer than `minimum_groups`, of a table that is not public.
    """
    if not question.imputed:
        known = 0.0 if edited.get(question.table.id) is False else None
        return levels.with_columns(pl.lit(known, pl.Float64).alias(SHARE), pl.lit(False).alias(FEW))
    only = replace(question, kept="imputed")
    part = estimates(only, engine, kinds).levels
    rule = 1 if question.table.public else minimum_groups
    few = cells.count_groups(only, engine, part).select(*KEYS, pl.col("groups").is_between(1, rule - 1).alias(FEW))
    share = pl.col("_part").fill_null(0.0).abs() / pl.col("y").abs()
    joined = levels.join(part.select(*KEYS, pl.col("y").alias("_part")), on=KEYS, how="left", maintain_order="left")
    joined = joined.join(few, on=KEYS, how="left", maintain_order="left")
    told = pl.when(share.is_finite()).then(share).alias(SHARE), pl.col(FEW).fill_null(False)
    return joined.with_columns(told).drop("_part")


def groups(question: Question, engine: Engine, kinds: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The holding groups behind each category; where values were imputed, those alone that reported one themselves."""
    if not question.imputed:
        return cells.count_groups(question, engine, found)
    only = replace(question, kept="reported")
    return cells.count_groups(only, engine, estimates(only, engine, kinds).levels)


def of_change(indicator: Indicator, changes: pl.DataFrame, levels: pl.DataFrame) -> pl.DataFrame:
    """A change has the larger imputed share of its two ends; `levels` are those that it was made from, of the same months."""
    level = levels.filter(pl.col("indicator") == indicator.change_of).select(*KEYS[1:], SHARE, FEW)
    base = level.filter(pl.col("period") == indicator.base_period).select(*KEYS[2:], _share=SHARE, _few=FEW)
    joined = changes.join(level, on=KEYS[1:], how="left", maintain_order="left")
    joined = joined.join(base, on=KEYS[2:], how="left", maintain_order="left")
    larger = pl.max_horizontal(SHARE, "_share").alias(SHARE), pl.any_horizontal(FEW, "_few").alias(FEW)
    return joined.with_columns(larger).drop("_share", "_few")


def complete(plan: Plan, levels: pl.DataFrame, changes: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """All estimates in one frame, with their imputed share; what has no value has none.

    A change that does not bear its share already has that of the levels.
    """
    if SHARE not in levels.columns:
        return pl.concat([levels, *changes], how="diagonal")
    found = [levels]
    for frame in changes:
        bare = frame.height and SHARE not in frame.columns
        found.append(of_change(plan.indicators[frame["indicator"][0]], frame, levels) if bare else frame)
    every = pl.concat(found, how="diagonal")
    return every.with_columns(pl.when(pl.col("value").is_not_null()).then(pl.col(SHARE).round_sig_figs(DIGITS)).alias(SHARE))


def hidden(rated: pl.DataFrame) -> pl.DataFrame:
    """The estimates without the shares that would tell of few; the reason to look, that much was imputed, stays.

    Shares of a total less those of its other parts give the one that is left out, so where one is, only whole years of the
    total keep theirs.
    """
    if FEW not in rated.columns:
        return rated
    few, year = pl.col(FEW).fill_null(False), pl.col("period").str.slice(0, 4)
    whole = (pl.col("breakdown") == TOTAL) & (pl.col("period").str.len_chars() == 4)
    told = ~few & (whole | ~few.any().over("indicator", year))
    return rated.with_columns(pl.when(told).then(SHARE).alias(SHARE)).drop(FEW)
