"""What editing did to a store: every changed value, what a person should look at, and the influence on the headline.

It names enterprises, so it is for those who edit and enters no edition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from indicators.catalogue.plan import Indicator, Plan
from indicators.change.imputation import Edited
from indicators.compute import Progress, compute
from indicators.editions.results import TOTAL
from indicators.engines import Engine
from pipelines.edit.trail import REVIEWS, TRAIL
from pipelines.editrun import open_edited
from pipelines.trail import Run, frame_of
from pipelines.warehouse import open_warehouse

#: one row is the newest total of a headline indicator: from raw and from edited rows, their difference, and how many
#: standard errors of the edited number that is; numbers in the unit of the indicator
INFLUENCE: dict[str, pl.DataType] = {
    "indicator": pl.String(),
    "period": pl.String(),
    **dict.fromkeys(("raw", "edited", "difference", "se", "in_errors", "imputed_share"), pl.Float64()),
}


@dataclass(frozen=True, kw_only=True)
class EditReport:
    """The columns of `changed` and `reviews` are `table` and those of TRAIL and REVIEWS; those of `influence` are INFLUENCE."""

    runs: Mapping[str, Run]
    changed: pl.DataFrame
    reviews: pl.DataFrame  # the most important first
    influence: pl.DataFrame


def edit_report(store: Path, plan: Plan, *, plan_sha256: str, progress: Progress | None = None) -> EditReport:
    """What editing does to what is loaded now; edited anew where the last run is not of these rows and rules.

    Raises what `open_edited` raises.
    """
    edited, runs = open_edited(store, plan.dictionary, plan_sha256=plan_sha256, progress=progress)
    with edited, open_warehouse(store, plan.dictionary) as raw:
        found = influence(plan, raw, edited, {name: run.imputed > 0 for name, run in runs.items()}, progress=progress)
    reviews = _of_runs(store, runs, "reviews", REVIEWS)
    return EditReport(
        runs=runs,
        changed=_of_runs(store, runs, "events", TRAIL),
        reviews=reviews.sort(pl.col("score"), descending=True, nulls_last=True, maintain_order=True),
        influence=found,
    )


def influence(plan: Plan, raw: Engine, edited: Engine, flags: Edited, *, progress: Progress | None = None) -> pl.DataFrame:
    """The columns INFLUENCE for every headline indicator that has a number either way, in the order of the headline.

    Nothing is withheld: it is for those who hold the records.
    """
    narrow = headline_only(plan)
    before = _totals(compute(narrow, raw, minimum_groups=1, progress=progress).results)
    after = _totals(compute(narrow, edited, minimum_groups=1, progress=progress, edited=flags).results)
    both = before.select("indicator", "period", pl.col("value").alias("raw")).join(
        after.select("indicator", "period", pl.col("value").alias("edited"), "se", "imputed_share"),
        on=["indicator", "period"],
        how="full",
        coalesce=True,
    )
    whole = pl.col("period").str.len_chars() == 4  # a year before its last quarter or month
    newest = both.sort(whole, "period").group_by("indicator", maintain_order=True).last()
    difference = pl.col("edited") - pl.col("raw")
    told = newest.with_columns(difference=difference, in_errors=pl.when(pl.col("se") > 0).then(difference / pl.col("se")))
    order = pl.DataFrame({"indicator": plan.identity.headline}, schema={"indicator": pl.String}).with_row_index("place")
    return told.join(order, on="indicator").sort("place").select(pl.col(name).cast(kind) for name, kind in INFLUENCE.items())


def headline_only(plan: Plan) -> Plan:
    """The plan with the indicators of its headline and those they are made from, and no more breakdowns than these need."""
    needed: dict[str, Indicator] = {}
    for name in plan.identity.headline:
        indicator = plan.indicators[name]
        mix = [indicator.mix] if indicator.mix else []
        for one in (indicator, *([plan.indicators[indicator.change_of]] if indicator.change_of else [])):
            kept = [*mix, *((needed[one.id].breakdowns or []) if one.id in needed else [])]
            alone = {"breakdowns": list(dict.fromkeys(kept)), "decomposition": None, "transitions": None, "targets": []}
            needed[one.id] = one.model_copy(update=alone)
    return plan.model_copy(update={"indicators": needed, "crossings": []})


def _totals(results: pl.DataFrame) -> pl.DataFrame:
    total = results.filter(pl.col("breakdown") == TOTAL, pl.col("value").is_not_null())
    return total.unique(["indicator", "period"], maintain_order=True)


def _of_runs(store: Path, runs: Mapping[str, Run], frame: str, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    columns = {"table": pl.String(), **schema}
    parts = [frame_of(store, run, frame).with_columns(pl.lit(name).alias("table")) for name, run in runs.items()]
    return pl.concat([pl.DataFrame(schema=columns), *(part.select(*columns) for part in parts)])
