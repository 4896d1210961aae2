"""Splits: the gap to a target and the change since the base, category by category, in parts that add up."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.editions.details import as_details
from indicators.targets.evidence import Evidence
from pipelines.yamlfile import Text


@dataclass(frozen=True, kw_only=True)
class Splits:
    """Rows of the table `splits`, and what a reader should know of those that are not there."""

    frame: pl.DataFrame
    notices: tuple[Text, ...] = ()


def splits(plan: Plan, held: pl.DataFrame, evidence: Evidence) -> Splits:
    """The split of every number of HELD that the law speaks of."""
    return Splits(frame=as_details("splits", None))
