"""Speed: how fast a number moved, how fast it must move now, and how fast the fastest ever did."""

from __future__ import annotations

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.editions.details import as_details


def paces(plan: Plan, held: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    """Rows of the table `paces` from the frame HELD; `results` hold every year of every category."""
    return as_details("paces", None)
