"""Large units of strata asked whole that did not report: blank rows for them, to be filled like any other blank.

A stratum asked whole of which a unit is missing is no census any more. One whose size matters is imputed from its own former
wave rather than left to the weights of the others: Särndal, Swensson and Wretman (1992), §15.7; de Waal et al. (2011), §7.1.
"""

from __future__ import annotations

import polars as pl

from pipelines.dictionary import Table
from pipelines.edit.records import Review, period_text, unit_of, year_of
from pipelines.edit.rule import MissingUnits

#: the rule under which these rows stand in the trail
RULE = "missing_units"
#: share of those asked who must have reported before what is missing in a period counts as missing
_REPORTED = 0.5


def blank_rows(table: Table, rule: MissingUnits, rows: pl.DataFrame, asked: pl.DataFrame) -> tuple[pl.DataFrame, list[Review]]:
    """A row with its key, `_cell`, `_size` and `_stratum_whole` for each record that is missing, and what is left to a person.

    Only units with more than the stated share of the size of those asked in their category and year count, those of unknown
    size among them; the others are left to the weights.
    """
    period = str(table.period)
    there = rows.select(_of=pl.col(unit_of(table)).cast(pl.String), _in=year_of(table), _when=pl.col(period))
    listed = asked.select(
        pl.col("unit").alias("_of"), pl.col("year").cast(pl.Int64).alias("_in"), "_cell", "_size", "_stratum_whole"
    )
    listed = listed.unique().sort("_in", "_of")
    share = pl.col("_size") / pl.col("_size").sum().over("_in", "_cell")
    large = listed.filter("_stratum_whole", share.is_null() | (share > rule.above))
    reported = there.unique().join(listed.select("_of", "_in"), on=["_of", "_in"], how="semi")
    counted = reported.group_by("_in", "_when").agg(there=pl.len()).join(listed.group_by("_in").agg(asked=pl.len()), on="_in")
    lacking = large.join(counted, on="_in").join(there.unique(), on=["_of", "_in", "_when"], how="anti")
    early = lacking.filter(pl.col("there") < _REPORTED * pl.col("asked"))
    blank = lacking.filter(pl.col("there") >= _REPORTED * pl.col("asked")).sort("_when", "_of")
    return _keyed(table, rows, blank), _too_early(table, rule, early)


def _keyed(table: Table, rows: pl.DataFrame, blank: pl.DataFrame) -> pl.DataFrame:
    """The blank rows under their keys. Where a key has more than unit and period, it is that of the unit's last former rows."""
    unit, period = unit_of(table), str(table.period)
    named = blank.select(
        pl.col("_of").cast(rows.schema[unit]).alias(unit), pl.col("_when").alias(period), "_cell", "_size", "_stratum_whole"
    )
    further = [name for name in table.key if name not in (unit, period)]
    if not further:
        return named
    earlier = named.join(rows.select(unit, pl.col(period).alias("_then"), *further), on=unit)
    earlier = earlier.filter(pl.col("_then") < pl.col(period))
    return earlier.filter(pl.col("_then") == pl.col("_then").max().over(unit, period)).drop("_then")


def _too_early(table: Table, rule: MissingUnits, early: pl.DataFrame) -> list[Review]:
    found = []
    for when, there, asked, count in early.group_by("_when", "there", "asked").len().sort("_when").rows():
        zh = f"本期{asked}家被调查企业仅{there}家已报，另有{count}家应全数调查的大企业未报；报送过半之前不插补"
        en = (
            f"only {there} of {asked} units asked have reported; {count} large units of strata asked whole are missing, "
            "and nothing is imputed for them before half have reported"
        )
        found.append(
            Review(row=None, column=rule.columns[0], rule=RULE, method="blank", zh=zh, en=en, period=period_text(table, when))
        )
    return found
