"""Imputation as the results tell of it: the share of a number that was imputed, and who really reported behind it.

The statement that gives the numbers is run again with the imputed values alone, weighted as they are in the number; the
share is |Σ w·y of these| / |Σ w·y of all|. A value counts as imputed when the row was added, or when any column that the
indicator is made from was imputed in it. (Eurostat 2014, Handbook on methodological aspects of quality, imputation rate A7.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from indicators import cells
from indicators.engines import Engine
from indicators.estimate import KEYS
from indicators.estimates import estimates
from indicators.plan import Plan
from indicators.question import Question
from indicators.results import DIGITS

#: table → whether editing imputed any value of it; a table that is not here was not edited
Edited = Mapping[str, bool]

SHARE = "imputed_share"


def of_questions(asked: Sequence[Question], edited: Edited) -> list[Question]:
    """The questions, those marked as imputed that add up a table with imputed values."""
    summed = [question.indicators[0].duration is None for question in asked]
    return [
        replace(question, imputed=sums and edited.get(question.table.id, False))
        for question, sums in zip(asked, summed, strict=True)
    ]


def shares(question: Question, engine: Engine, kinds: pl.DataFrame, levels: pl.DataFrame, edited: Edited) -> pl.DataFrame:
    """The estimates of a question with `imputed_share`: 0 where nothing was imputed, null where the table is not edited.

    Null also for a duration over a table with imputed values, because it is no sum of which they could be a share.
    """
    if not question.imputed:
        known = 0.0 if edited.get(question.table.id) is False else None
        return levels.with_columns(pl.lit(known, pl.Float64).alias(SHARE))
    only = replace(question, kept="imputed")
    part = estimates(only, engine, kinds).levels.select(*KEYS, pl.col("y").alias("_part"))
    share = pl.col("_part").fill_null(0.0).abs() / pl.col("y").abs()
    joined = levels.join(part, on=KEYS, how="left", maintain_order="left")
    return joined.with_columns(pl.when(share.is_finite()).then(share).alias(SHARE)).drop("_part")


def groups(question: Question, engine: Engine, kinds: pl.DataFrame, found: pl.DataFrame) -> pl.DataFrame:
    """The holding groups behind each category; where values were imputed, those alone that reported one themselves."""
    if not question.imputed:
        return cells.count_groups(question, engine, found)
    only = replace(question, kept="reported")
    return cells.count_groups(only, engine, estimates(only, engine, kinds).levels)


def complete(plan: Plan, levels: pl.DataFrame, changes: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """All estimates in one frame; a change has the larger imputed share of its two ends, and what has no value has none."""
    if SHARE not in levels.columns:
        return pl.concat([levels, *changes], how="diagonal")
    found = [levels]
    for frame in changes:
        indicator = plan.indicators[frame["indicator"][0]] if frame.height else None
        if indicator is None:
            continue
        level = levels.filter(pl.col("indicator") == indicator.change_of).select(*KEYS[1:], SHARE)
        base = level.filter(pl.col("period") == indicator.base_period).select(*KEYS[2:], pl.col(SHARE).alias("_base"))
        joined = frame.join(level, on=KEYS[1:], how="left", maintain_order="left")
        joined = joined.join(base, on=KEYS[2:], how="left", maintain_order="left")
        found.append(joined.with_columns(pl.max_horizontal(SHARE, "_base").alias(SHARE)).drop("_base"))
    every = pl.concat(found, how="diagonal")
    return every.with_columns(pl.when(pl.col("value").is_not_null()).then(pl.col(SHARE).round_sig_figs(DIGITS)).alias(SHARE))
