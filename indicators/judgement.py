"""The judgement of all results: outcomes beside them, and the tables that say how far, how fast, and who must move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.estimation.estimate import KEYS
from indicators.methods.methods import methods
from indicators.splits.split import splits
from indicators.targets.assessment import assessments
from indicators.targets.evidence import Evidence
from indicators.targets.held import hold
from indicators.targets.path import paths
from indicators.targets.speed import paces
from pipelines.yamlfile import Text


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """The results with their outcomes, the further tables by name, and what a reader should know of them."""

    results: pl.DataFrame
    details: Mapping[str, pl.DataFrame]
    notices: tuple[Text, ...] = ()


def judge(plan: Plan, results: pl.DataFrame, evidence: Evidence) -> Judgement:
    """`results` as of `assess`; everything told follows from those that are published."""
    held = hold(plan, results, evidence.covariance, evidence.unfinished)
    assessed = assessments(plan, held)
    split = splits(plan, held, evidence, results)
    tables = {
        "assessments": assessed,
        "paths": paths(plan, held, results),
        "paces": paces(plan, held, results),
        "methods": methods(plan, held, assessed, results),
        "splits": split.frame,
    }
    outcomes = assessed.select(*KEYS, "target", "outcome")
    judged = results.join(outcomes, on=[*KEYS, "target"], how="left")
    yearly = pl.col("value").is_not_null() & (pl.col("period").str.len_chars() == 4)
    nothing = pl.col("target").is_not_null() & pl.col("threshold").is_null() & yearly
    told = judged.with_columns(outcome=pl.when(nothing).then(pl.lit("no_number")).otherwise("outcome"))
    return Judgement(results=told, details=tables, notices=split.notices)
