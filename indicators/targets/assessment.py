"""Assessments: every number held against a target, with gap, pace, grade, and the probability of each from its errors."""

from __future__ import annotations

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.editions.details import as_details


def assessments(plan: Plan, held: pl.DataFrame) -> pl.DataFrame:
    """Rows of the table `assessments` from the frame HELD."""
    return as_details("assessments", None)
