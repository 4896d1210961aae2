"""Paths: the dated way from the base to a target, and where the pace so far would lead."""

from __future__ import annotations

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.editions.details import as_details
from indicators.estimation.estimate import KEYS


def paths(plan: Plan, held: pl.DataFrame) -> pl.DataFrame:
    """Rows of the table `paths` from the frame HELD: of the numbers that the law speaks of."""
    return as_details("paths", None)


def on_path(plan: Plan, held: pl.DataFrame) -> pl.DataFrame:
    """KEYS, target and `path`: where the path in force has each number of HELD, in the unit of the indicator."""
    return held.select(*KEYS, "target", pl.lit(None, pl.Float64).alias("path"))
