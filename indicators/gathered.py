"""Gathered: what the answers to all questions of a plan amount to, before anything is protected or judged."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from indicators.change import imputation
from indicators.change.overlap import Overlap
from indicators.editions.details import as_details
from indicators.estimation.estimate import Floats
from indicators.guard import Behind
from indicators.weights.weighting import Weighed
from pipelines.yamlfile import Text


@dataclass(frozen=True, kw_only=True)
class PartYear:
    """A year and the base year of a change, both cut to the months that both have."""

    year: str
    levels: pl.DataFrame
    shared: Overlap
    groups: pl.DataFrame


@dataclass(kw_only=True)
class Gathered:
    edited: imputation.Edited
    rule: int  # how many holding groups protect each other
    levels: list[pl.DataFrame] = field(default_factory=list)
    groups: list[pl.DataFrame] = field(default_factory=list)
    overlaps: dict[str, list[Overlap]] = field(default_factory=dict)  # by base year
    matched: list[pl.DataFrame] = field(default_factory=list)
    comparisons: list[pl.DataFrame] = field(default_factory=list)
    assessed: list[pl.DataFrame] = field(default_factory=list)  # changes of assessed units, split, and series of volunteers
    replicates: dict[str, dict[tuple[str, str, str], Floats]] = field(default_factory=dict)
    statements: dict[str, str] = field(default_factory=dict)
    part_years: dict[str, list[PartYear]] = field(default_factory=dict)
    unfinished: set[tuple[str, str]] = field(default_factory=set)
    details: dict[str, list[pl.DataFrame]] = field(default_factory=dict)
    notices: dict[Text, None] = field(default_factory=dict)
    behind: list[Behind] = field(default_factory=list)
    weights: list[pl.DataFrame] = field(default_factory=list)
    weighting: list[pl.DataFrame] = field(default_factory=list)
    responses: list[pl.DataFrame] = field(default_factory=list)

    def weigh(self, weighed: Weighed) -> None:
        """The weights of a question, how they were made, and what there is to say of it."""
        self.weights.append(weighed.weights)
        self.weighting.append(weighed.steps)
        self.notices |= dict.fromkeys(weighed.notices)

    def add(self, table: str, frame: pl.DataFrame) -> None:
        """Rows for a further table of the edition."""
        self.details.setdefault(table, []).append(as_details(table, frame))
