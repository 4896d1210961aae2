"""Told: what a collection says of each category, and what its numbers are measured of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import polars as pl

from indicators.attack.collection import Collection
from indicators.attack.links import Key
from indicators.catalogue import formula
from indicators.catalogue.plan import Indicator, Plan

#: the unweighted mean of volunteers stands beside the weighted one, under this name
RAW = "·raw"
#: the base year cut to the months of a year that is not over: 2025 as of 2026
AS_OF = " as of "


class Series(NamedTuple):
    """The numbers of one indicator in one period of one edition."""

    edition: str
    indicator: str
    period: str


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One category: what is published of it; `withheld` is attacked, the others are known to be there."""

    withheld: bool = False
    value: float | None = None
    se: float | None = None
    n: int | None = None
    census: bool = False


Row = dict[str, Any]


@dataclass(kw_only=True)
class Told:
    """The categories of every series, and how each indicator is made."""

    collection: Collection
    cells: dict[Series, dict[Key, Cell]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for row in self.rows("results"):
            if row["status"] != "absent" or row["n"] is not None:
                self._put(row, row["value"], se=row["se"], n=row["n"], census=row["quality"] == "census", status=row["status"])
        for row in self.rows("decomposition", pl.col("method") == "opt_in", pl.col("base_period").is_null()):
            if row["part"] == "raw":
                self._put({**row, "indicator": row["indicator"] + RAW}, row["value"], n=row["n"])
        for series in [one for one in self.cells if one.indicator.endswith(RAW)]:
            own = self.cells[series._replace(indicator=series.indicator.removesuffix(RAW))]
            there = {breakdown for breakdown, _ in self.cells[series]}
            hidden = {key: Cell(withheld=cell.withheld) for key, cell in own.items() if key[0] in there}
            self.cells[series] = hidden | self.cells[series]

    @property
    def plan(self) -> Plan:
        return self.collection.plan

    def rows(self, table: str, *conditions: pl.Expr) -> Iterator[Row]:
        """Rows of a table by name of column, without those of indicators that the plan does not have."""
        known = pl.col("indicator").is_in(list(self.plan.indicators))
        yield from self.collection.tables[table].filter(known, *conditions).iter_rows(named=True)

    def indicator(self, name: str) -> Indicator:
        return self.plan.indicators[name.removesuffix(RAW)]

    def kind(self, name: str) -> str:
        """ratio, total, change, duration; `mix` of a change of durations at a fixed mix."""
        indicator = self.indicator(name)
        return "mix" if indicator.kind == "change" and indicator.mix else indicator.kind

    def table(self, name: str) -> str:
        """The table that an indicator is measured in."""
        indicator = self.indicator(name)
        return str(self.plan.indicators[indicator.change_of].table if indicator.change_of else indicator.table)

    def rows_of(self, name: str) -> tuple[object, ...]:
        """Which rows an indicator speaks of, but for respondents who left its own item blank."""
        indicator = self.indicator(name)
        duration = indicator.duration.model_copy(update={"quantile": 0.5}) if indicator.duration else None
        return self.table(name), repr(indicator.design), indicator.where, repr(indicator.panel), repr(duration), RAW in name

    def bounded(self, name: str) -> bool:
        indicator = self.indicator(name)
        return indicator.kind == "ratio" and self.plan.unit(indicator.id).bounded

    def sensitive(self, name: str) -> bool:
        """Whether what everybody does, or nobody, would harm them if it were told."""
        indicator = self.indicator(name)
        if indicator.table is None or indicator.numerator is None:
            return False
        columns, named = self.plan.reachable(indicator), formula.parse(indicator.numerator).columns
        return any(column in columns and columns[column].sensitive for column in named)

    def constant(self, name: str) -> float | None:
        """The denominator of an indicator that counts units; None where it is no number."""
        denominator = self.indicator(name).denominator
        try:
            return None if denominator is None else float(denominator)
        except ValueError:
            return None

    def counted(self, name: str) -> bool:
        """Whether every unit stands for itself, so that a denominator that counts is the number of units behind a mean."""
        indicator = self.indicator(name)
        if name.endswith(RAW):
            return True
        if self.constant(name) is None or indicator.periods != ["year"]:
            return False
        design = indicator.design or self.plan.dictionary.tables[str(indicator.table)].design
        return design is None or design.census

    @cached_property
    def signed(self) -> frozenset[str]:
        """Indicators of which a number below zero is published: no sum of theirs need be positive."""
        return frozenset(
            series.indicator for series, cells in self.cells.items() if any((cell.value or 0.0) < 0 for cell in cells.values())
        )

    @cached_property
    def additive(self) -> frozenset[str]:
        """Indicators that are made of sums."""
        return frozenset(one.indicator for one in self.cells if self.kind(one.indicator) in ("ratio", "total", "mix"))

    def series(self, name: str, period: str) -> list[Series]:
        """The series of an indicator in a period, edition after edition."""
        return [one for edition in self.collection.editions if (one := Series(edition, name, period)) in self.cells]

    def _put(self, row: Row, value: float | None, status: str = "published", **more: Any) -> None:
        cells = self.cells.setdefault(Series(row["in_edition"], row["indicator"], row["period"]), {})
        key = (row["breakdown"], row["category"])
        if key not in cells or cells[key].value is None:
            cells[key] = Cell(withheld=status == "suppressed", value=value, **more)
