"""Assessments: every number held against a target, with gap, pace, grade, and the probability of each from its errors."""

from __future__ import annotations

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS, as_details
from indicators.editions.results import DIGITS
from indicators.estimation.estimate import KEYS
from indicators.targets.held import HELD
from indicators.targets.outcome import outcome, p_met, reached, same, still_to_go
from indicators.targets.pace import paced
from indicators.targets.path import on_path

#: what `judged` adds to the rows of HELD
JUDGED = (
    *("gap", "gap_low", "gap_high", "distance", "pace", "grade", "other", "probability"),
    *("p_met", "p_on_track", "p_acceleration", "p_limited", "p_deterioration", "outcome"),
)


def assessments(plan: Plan, held: pl.DataFrame) -> pl.DataFrame:
    """Rows of the table `assessments` from the frame HELD."""
    path = on_path(plan, held).select(*KEYS, "target", pl.col("path").cast(pl.Float64))
    rows = judged(held).join(path, on=[*KEYS, "target"], how="left")
    behind = pl.col("direction") * (pl.col("path") - pl.col("value"))
    told = rows.with_columns(path_gap=behind.round_sig_figs(DIGITS), path=pl.col("path").round_sig_figs(DIGITS))
    return as_details("assessments", told.select(*DETAILS["assessments"]))


def judged(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of HELD in their order, each with the columns JUDGED (see the table `assessments`).

    Every row is judged by itself, so it may also be one that was never published: a number that a scenario moved. Further columns
    stay. Where `verdict` is `depends`, so is the outcome; leave it null to be judged by the numbers alone. `distance` is told
    only where there was a way to go at the base. Raises polars.exceptions.ColumnNotFoundError where a column of HELD is missing.
    """
    value, base = pl.col("value"), pl.col("base")
    given = rows.rechunk().with_columns(pl.col(name).cast(kind) for name, kind in HELD.items())
    ends = [still_to_go(pl.col(end)) for end in ("low", "high")]
    known = pl.all_horizontal(pl.col("low").is_not_null(), pl.col("high").is_not_null())
    way = pl.when(~reached(base) & ~same(base)).then(pl.col("threshold") - base)
    found = given.with_columns(
        gap=still_to_go(value),
        gap_low=pl.when(known).then(pl.min_horizontal(ends)),
        gap_high=pl.when(known).then(pl.max_horizontal(ends)),
        distance=(value - base) / way,
        p_met=p_met(),
    )
    found = paced(found).with_columns(outcome=outcome())
    figures = [name for name in JUDGED if found.schema[name] == pl.Float64()]
    # a machine may write nothing as -0.0
    rounded = found.with_columns(pl.col(figures).round_sig_figs(DIGITS) + 0.0)
    return rounded.select(*rows.columns, *JUDGED)
