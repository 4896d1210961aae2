"""A request to forget: which rows of which frame it means."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import polars as pl

from pipelines.dictionary import Column, Table


@dataclass(frozen=True, kw_only=True)
class Request:
    """Exactly one of: all records of a unit, all of a part, all that are of a time wholly before a day."""

    unit: str | None = None
    part: int | None = None
    before: date | None = None

    def of_rows(self, table: Table, there: Collection[str], sequence: int | None = None) -> pl.Expr:
        """Which rows of the table it means, in a frame with these columns that came with the part `sequence`."""
        if self.unit is not None:
            name = unit_of(table)
            if name is None or name not in there:
                return pl.lit(False)
            return (pl.col(name).cast(pl.String) == self.unit).fill_null(False)
        if self.before is not None:
            return (last_day(table, there) < self.before).fill_null(False)
        return pl.lit(sequence is not None and sequence == self.part)

    def of_periods(self, periods: pl.Series) -> pl.Series:
        """Which of these periods (2026, 2026-Q3, 2026-09, 2026-09-30) lie wholly before the day asked for."""
        if self.before is None:
            return pl.Series([False] * len(periods), dtype=pl.Boolean)
        ends = {text: end_of(text) for text in periods.drop_nulls().unique().to_list()}
        early = {text: end is not None and end < self.before for text, end in ends.items()}
        return periods.replace_strict(early, default=False, return_dtype=pl.Boolean)


def unit_of(table: Table) -> str | None:
    """The column that says of whom a record is; None in a public list and where no column does."""
    if table.design is not None and table.design.unit in table.columns:
        return table.design.unit
    return table.key[0] if table.columns[table.key[0]].type == "identifier" and not table.public else None


def naming(table: Table) -> list[str]:
    """The columns that say of whom a record is: its unit, its holding group, and what is of the kind identity or contact."""
    behind = holding(table)

    def names(name: str, column: Column) -> bool:
        return name in behind or column.personal or column.kind in ("identity", "contact")

    return [name for name, column in table.columns.items() if names(name, column)]


def holding(table: Table) -> list[str]:
    """The columns of those who stand behind a record: its unit and its holding group."""
    group = table.design.group if table.design else None
    return [name for name in (unit_of(table), group) if name is not None and name in table.columns]


def last_day(table: Table, there: Collection[str]) -> pl.Expr:
    """The last day of the time a row is of: of its period, else the latest of its dates, else of the year of the table.

    The date that tells versions of a row apart (`latest`) says when it was looked at, not of what time it is.
    """
    kinds = ("year", "month", "date", "timestamp")
    dated = [name for name, column in table.columns.items() if column.type in kinds and name != table.latest]
    columns = [table.period] if table.period in table.columns else dated
    ends = [_end(pl.col(name), table.columns[name].type) for name in columns if name is not None and name in there]
    if ends:
        return pl.max_horizontal(ends)
    return pl.lit(date(table.year, 12, 31) if table.year else None, dtype=pl.Date)


def end_of(period: str) -> date | None:
    """The last day of a period as it is written; None for a text that is none."""
    found = re.fullmatch(r"(\d{4})(?:-Q([1-4])|-(\d{2})(?:-(\d{2}))?)?.*", period)
    if found is None:
        return None
    year, quarter, month, day = (int(part) if part else 0 for part in found.groups())
    month = month or 3 * quarter or 12
    return date(year, month, day or monthrange(year, month)[1]) if month <= 12 else None


def _end(value: pl.Expr, kind: str) -> pl.Expr:
    if kind == "year":
        return pl.date(value, 12, 31)
    return value.cast(pl.Date).dt.month_end() if kind == "month" else value.cast(pl.Date)
