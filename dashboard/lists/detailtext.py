"""The further tables of an edition as lists for the terminal: names for ids, numbers in the unit of each indicator."""

from __future__ import annotations

from typing import Any

import polars as pl

from dashboard.lists import judgedtext
from dashboard.lists.listing import Listing
from dashboard.wording import definition
from dashboard.words import Words
from indicators.catalogue import format
from indicators.catalogue.plan import Plan
from pipelines.edit.trail import NAMES

#: columns that hold numbers in the unit of the indicator, and shares
_DIFFERENCES = {"difference", "revision", "se", "mean", "mean_absolute", "largest_revision"}
_IN_UNIT = {"value", "former", "low", "high", *_DIFFERENCES}
_ENDS = ("then", "now")
_SHARES = {"rate", "rate_weighted", "rate_size", "relative", "share_beyond"}


def listings(plan: Plan, name: str, rows: pl.DataFrame, words: Words) -> list[Listing]:
    """A judgement as a list for each target, any other table as one; columns that are blank throughout are left out."""
    if name in judgedtext.TABLES:
        return judgedtext.listings(plan, name, rows, words)
    shown = [column for column in rows.columns if not rows[column].is_null().all()]
    headings = {column: words(f"details.column.{column}") for column in shown}
    cells = [[_cell(plan, row, column, words) for column in shown] for row in rows.iter_rows(named=True)]
    right = [headings[column] for column in shown if rows[column].dtype.is_numeric()]
    return [Listing(title=words(f"details.{name}"), headings=list(headings.values()), rows=cells, right=right)]


def _cell(plan: Plan, row: dict[str, Any], column: str, words: Words) -> str:
    found, indicator = row[column], row.get("indicator")
    if found is None:
        return "–"
    if "rule" in row:
        return _of_editing(plan, row, column, words)
    if column in ("before", "after") and found == "lost":
        return words("part.lost")
    if column == "indicator" and indicator in plan.indicators:
        return plan.indicators[indicator].name.in_language(words.language)
    if column in ("category", "other"):
        return definition.category(plan, row["breakdown"], found, words)
    if column == "breakdown":
        return definition.breakdown_name(plan, found, words)
    if column == "part" or (column == "method" and "part" in row):
        return words(f"part.{found}" if column == "part" else f"behind.{found}")
    if column == "reason":
        return words(f"reason.{found}")
    if column == "stage":
        return words(f"stage.{found}")
    if column == "rows":
        return words(f"rows.{found}")
    if column in _SHARES:
        return f"{found:.1%}"
    if column in _IN_UNIT and indicator in plan.indicators:
        return _number(plan, row, column, words)
    if isinstance(found, bool):
        return words("details.yes" if found else "details.no")
    return f"{found:,.4g}" if isinstance(found, float) else str(found)


def _number(plan: Plan, row: dict[str, Any], column: str, words: Words) -> str:
    """In the unit of the indicator; both ends of a change are levels."""
    indicator = plan.indicators[row["indicator"]]
    of = indicator.change_of if row.get("part") in _ENDS else None
    unit = format.unit_of(plan, of or indicator.id)
    if column in _DIFFERENCES or "difference" in row:
        return format.difference(row[column], unit, words.language)
    return format.number(row[column], unit, words.language, signed=of is None and indicator.kind == "change")


def _of_editing(plan: Plan, row: dict[str, Any], column: str, words: Words) -> str:
    """A cell of the table `edits`: names of table, column and method, the id of the rule, counts."""
    found, table = row[column], plan.dictionary.tables[row["table"]]
    if column == "method":
        return NAMES[found].in_language(words.language)
    if column in ("table", "column"):
        return (table if column == "table" else table.columns[found]).name.in_language(words.language)
    return f"{found:,}" if isinstance(found, int) else str(found)
