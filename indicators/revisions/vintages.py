"""Vintages: what several editions together would tell of a number that each of them withholds.

Where an edition withheld two categories of a breakdown and gave the total, their sum is known. If one of them were published
now and the other not, the other could be found by subtraction, as long as the data of the period are the same. So what was
withheld before is preferred for withholding now (Handbook on Statistical Disclosure Control, 2nd edition, ch. 4: linked
tables).
"""

from __future__ import annotations

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.editions.results import TOTAL
from indicators.estimation.disclosure import HIDDEN
from indicators.estimation.estimate import KEYS

_SET = ["indicator", "period", "breakdown"]


def keep_withheld(plan: Plan, guarded: pl.DataFrame, withheld: pl.DataFrame) -> pl.DataFrame:
    """The protected estimates, with those withheld that would leave a single one of those withheld before alone.

    `withheld` is as of `past.WITHHELD`. Only editions count whose total is the same: of as many units, and revised by less
    than the last digit that is printed.
    """
    if withheld.is_empty():
        return guarded
    same = withheld.join(_totals(guarded), on=["indicator", "period"]).join(_rounding(plan), on="indicator")
    close = (pl.col("total") - pl.col("now")).abs() < pl.col("rounding")
    then = same.filter(close, pl.col("total_n") == pl.col("now_n")).select(*KEYS, "edition")
    hidden = guarded.filter(pl.col("status") == "suppressed").select(KEYS)
    while True:  # what is withheld again may leave one alone that another edition withheld
        still = then.join(hidden.with_columns(still=pl.lit(True)), on=KEYS, how="left").with_columns(
            pl.col("still").fill_null(False)
        )
        group = [*_SET, "edition"]
        alone = still.filter(pl.len().over(group) > 1, pl.col("still").sum().over(group) == 1)
        more = alone.select(KEYS).join(guarded, on=KEYS, how="semi").join(hidden, on=KEYS, how="anti").unique()
        if more.is_empty():
            break
        hidden = pl.concat([hidden, more])
    marked = guarded.join(hidden.with_columns(hide=pl.lit(True)), on=KEYS, how="left", maintain_order="left")
    cleared = [pl.when(pl.col("hide").is_null()).then(name).alias(name) for name in HIDDEN if name in marked.columns]
    status = pl.when("hide").then(pl.lit("suppressed")).otherwise("status")
    return marked.with_columns(*cleared, status=status).drop("hide")


def _totals(guarded: pl.DataFrame) -> pl.DataFrame:
    totals = guarded.filter(pl.col("breakdown") == TOTAL)
    return totals.select("indicator", "period", pl.col("value").alias("now"), pl.col("n").alias("now_n"))


def _rounding(plan: Plan) -> pl.DataFrame:
    """One unit in the last digit that is printed of each indicator."""
    units = {name: plan.unit(name) for name in plan.indicators}
    rows = [(name, 10.0**-unit.decimals / unit.factor) for name, unit in units.items()]
    return pl.DataFrame(rows, schema={"indicator": pl.String, "rounding": pl.Float64}, orient="row")
