"""The rows of a table as editing sees them: in the order of their keys, with their cell, weight, and former wave."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.dictionary import Column, Table
from pipelines.edit.rule import Former
from pipelines.edit.trail import as_text, key_text

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Place = tuple[int, str]  # a row by its position, and a column

#: digits kept of a calculated value; what lies beyond comes from the machine and not from the data
_DIGITS = 12
_BESIDE = {"_cell": pl.String(), "_weight": pl.Float64(), "_stratum_whole": pl.Boolean(), "_size": pl.Float64()}


@dataclass(frozen=True, kw_only=True)
class Change:
    """A value that is changed: by which rule and method, and why."""

    row: int
    column: str
    new: Any
    rule: str
    method: str
    zh: str
    en: str
    donor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Review:
    """A value that a person should look at and that stays as it is; `row` None: the total of the category `cell`."""

    row: int | None
    column: str
    rule: str
    method: str
    zh: str
    en: str
    score: float | None = None
    expected: float | None = None
    cell: str = ""
    period: str | None = None
    old: str | None = None

    @property
    def place(self) -> Place | None:
        return None if self.row is None else (self.row, self.column)


@dataclass(frozen=True, kw_only=True)
class Records:
    """Rows sorted by key. Blank rows of units that did not report stand among them, marked in `added`.

    `former` gives for each row the position of the same thing in the former wave, −1 where there is none; `groups` are the
    positions of rows of one cell and period.
    """

    table: Table
    frame: pl.DataFrame
    added: Bools
    things: Ints
    time: Ints
    former: Mapping[Former, Ints]
    groups: tuple[Ints, ...]

    def numbers(self, column: str) -> Floats:
        """The values of a column, nan where blank; `_size` and `_weight` are columns too."""
        return self.frame[column].cast(pl.Float64).fill_null(float("nan")).to_numpy()

    def before(self, column: str, former: Former) -> Floats:
        """The values that the rows had in the former wave, nan where there was none."""
        at = self.former[former]
        found = self.numbers(column)[at] if len(at) else np.zeros(0)
        return np.where(at >= 0, found, np.nan)

    def row(self, at: int) -> dict[str, Any]:
        return self.frame.row(at, named=True)

    def value(self, at: int, column: str) -> Any:
        return self.frame[column][at]

    def unit(self, at: int) -> str:
        return str(as_text(self.frame[unit_of(self.table)][at]))

    def key(self, at: int) -> str:
        return key_text([self.frame[name][at] for name in self.table.key])

    def period(self, at: int) -> str | None:
        return period_text(self.table, self.frame[self.table.period][at] if self.table.period else None)

    def changed(self, changes: Sequence[Change]) -> Records:
        """The same rows with these values in the place of the old ones; of several changes of a value the last one counts."""
        values: dict[str, dict[int, Any]] = {}
        for change in changes:
            values.setdefault(change.column, {})[change.row] = change.new
        frame = self.frame
        for column, news in values.items():
            at = pl.Series(list(news), dtype=pl.UInt32)
            frame = frame.with_columns(frame[column].scatter(at, pl.Series(list(news.values()), dtype=frame.schema[column])))
        return replace(self, frame=frame)


def records(table: Table, rows: pl.DataFrame, sizes: pl.DataFrame | None, added: pl.DataFrame | None = None) -> Records:
    """The rows with the sizes of their units (columns unit, year, _size) and the blank rows to be filled, sorted by key."""
    frame = rows.with_columns(pl.lit(False).alias("_added"))
    if sizes is not None:
        listed = sizes.select(pl.col("unit").alias("_of"), pl.col("year").cast(pl.Int64).alias("_in"), "_size")
        whose = frame.with_columns(pl.col(unit_of(table)).cast(pl.String).alias("_of"), year_of(table).alias("_in"))
        frame = whose.join(listed.unique(["_of", "_in"]), on=["_of", "_in"], how="left").drop("_of", "_in")
    else:
        frame = frame.with_columns(pl.lit(None, pl.Float64).alias("_size"))
    if added is not None:
        frame = pl.concat([frame, added.with_columns(pl.lit(True).alias("_added"))], how="diagonal_relaxed")
    frame = frame.sort(table.key, nulls_last=True, maintain_order=True)
    frame = frame.with_columns(
        pl.col("_cell").fill_null(""), pl.col("_weight").fill_null(1.0), pl.col("_stratum_whole").fill_null(False)
    )
    time, things = times(table, frame), _codes(frame, [name for name in table.key if name != table.period] or table.key)
    return Records(
        table=table,
        frame=frame.select(*table.columns, *_BESIDE),
        added=frame["_added"].to_numpy(),
        things=things,
        time=time,
        former={"year": _former(things, time, per_year(table)), "period": _former(things, time, 1)},
        groups=_grouped(_codes(frame, ["_cell"]), time),
    )


def unit_of(table: Table) -> str:
    """The column that says whose a row is."""
    unit = table.design.unit if table.design else table.key[0]
    return unit if unit in table.columns else table.key[0]


def per_year(table: Table) -> int:
    """How many periods a year has."""
    return 12 if table.period and table.columns[table.period].type == "month" else 1


def waves(table: Table) -> bool:
    """Whether rows of one thing follow each other in time, so that there is a former wave."""
    return table.period in table.key and table.columns[str(table.period)].type in ("year", "month")


def times(table: Table, frame: pl.DataFrame) -> Ints:
    """The period of each row as a number that grows by one from period to period; 0 where there are no waves."""
    if not waves(table):
        return np.zeros(frame.height, dtype=np.int64)
    period = pl.col(str(table.period))
    number = period.dt.year() * 12 + period.dt.month() - 1 if per_year(table) == 12 else period
    return frame.select(number.cast(pl.Int64)).to_series().to_numpy()


def year_of(table: Table) -> pl.Expr:
    if table.period is None:
        return pl.lit(table.year, pl.Int64)
    period = pl.col(table.period)
    return (period if table.columns[table.period].type == "year" else period.dt.year()).cast(pl.Int64)


def period_text(table: Table, value: Any) -> str | None:
    """A period as results write it: 2026, 2026-09; the day for a table by day."""
    if table.period is None:
        return as_text(table.year)
    return f"{value:%Y-%m}" if isinstance(value, dt.date) and per_year(table) == 12 else as_text(value)


def rounded(value: float, column: Column) -> int | float:
    """A calculated number as the column holds it: whole where it is whole, halves up; else without the noise of the machine."""
    if column.type in ("integer", "year"):
        return math.floor(value + 0.5)
    return float(f"{value:.{_DIGITS}g}")


def _codes(frame: pl.DataFrame, names: Sequence[str]) -> Ints:
    """A number for each distinct value of these columns, in the order of first appearance."""
    return frame.select(pl.struct(names).rank("dense").cast(pl.Int64)).to_series().to_numpy()


def _former(things: Ints, time: Ints, lag: int) -> Ints:
    places = {pair: at for at, pair in enumerate(zip(things.tolist(), time.tolist(), strict=True))}
    pairs = zip(things.tolist(), (time - lag).tolist(), strict=True)
    return np.array([places.get(pair, -1) for pair in pairs], dtype=np.int64)


def _grouped(cells: Ints, time: Ints) -> tuple[Ints, ...]:
    if not len(cells):
        return ()
    order = np.lexsort((np.arange(len(cells)), cells, time))
    starts = np.flatnonzero((np.diff(cells[order]) != 0) | (np.diff(time[order]) != 0)) + 1
    return tuple(np.split(order, starts))
