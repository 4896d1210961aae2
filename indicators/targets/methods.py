"""The method strip: what other official methods would say of the same numbers."""

from __future__ import annotations

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.editions.details import as_details


def methods(plan: Plan, held: pl.DataFrame, assessed: pl.DataFrame) -> pl.DataFrame:
    """Rows of the table `methods` from the frame HELD and the table `assessments`."""
    return as_details("methods", None)
