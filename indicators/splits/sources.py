"""Sources: what a split is made from, to be found by indicator, year and category."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from indicators.catalogue.plan import Indicator
from indicators.editions.results import TOTAL
from indicators.estimation.estimate import KEYS
from indicators.revisions.past import SHOWN
from indicators.targets.evidence import Evidence

Row = Mapping[str, Any]
#: breakdown and category
Key = tuple[str, str]


@dataclass(frozen=True, kw_only=True)
class Year:
    """Which levels: of an indicator in a year; `part` names the change and its year where both ends are cut to common months."""

    level: str
    period: str
    part: tuple[str, str] | None = None


#: the levels behind a number, and those of its base year
Ends = tuple[Year, Year | None]


@dataclass(kw_only=True)
class Sources:
    """Estimates, published numbers of whole years, to be found by indicator, year and category."""

    evidence: Evidence
    results: pl.DataFrame
    _levels: dict[Year, dict[Key, Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        yearly = pl.col("period").str.len_chars() == 4
        levels = self.evidence.levels.filter(yearly).partition_by("indicator", "period", as_dict=True)
        self._frames = {(str(name), str(period)): frame for (name, period), frame in levels.items()}
        told = self.results.filter(yearly).unique(
            ["indicator", "period", "breakdown", "category"], keep="first", maintain_order=True
        )
        shown = told.filter(pl.col("status").is_in(SHOWN), pl.col("value").is_not_null())
        self.shown = _by_year(shown, "value", "se")

    def rows(self, year: Year) -> Mapping[Key, Row]:
        """Rows of the estimates by category; none where there are none."""
        if year not in self._levels:
            if year.part is None:
                frame = self._frames.get((year.level, year.period))
            else:
                cut = self.evidence.part_years[year.part[0]][year.part[1]]
                frame = cut.filter(pl.col("indicator") == year.level, pl.col("period") == year.period)
            rows = [] if frame is None else frame.iter_rows(named=True)
            self._levels[year] = {(row["breakdown"], row["category"]): row for row in rows}
        return self._levels[year]

    def told(self, indicator: Indicator, period: str, ends: Ends) -> frozenset[Key]:
        """Categories published by themselves, and in the base year too; of a change the base year is in the number itself."""
        shown = self.shown.get((indicator.id, period), {})
        named = {key for key in self.rows(ends[0]) if key in shown and key[0] != TOTAL}
        if ends[1] is None:
            return frozenset(named)
        then = self.rows(ends[1])
        begun = self.shown.get((ends[1].level, ends[1].period), {}) if indicator.kind != "change" else then
        return frozenset(key for key in named if key in then and key in begun)

    def ends(self, indicator: Indicator, level: Indicator, period: str, base: str | None) -> Ends:
        """The levels behind a number and behind its base year; of a year that is not over, those of the same months.

        In the base year itself only a total has a base: each category its part of the threshold.
        """
        part = (indicator.id, period) if period in self.evidence.part_years.get(indicator.id, {}) else None
        now, whole = Year(level=level.id, period=period), (TOTAL, TOTAL)
        cut = Year(level=level.id, period=period, part=part)
        if part and self.rows(cut).get(whole) != self.rows(now).get(whole):
            now = cut
        if base is None or (base == period and level.kind != "total"):
            return now, None
        then = Year(level=level.id, period=base, part=part)
        total = self.rows(then).get(whole)
        return now, then if total and total["value"] is not None else None


def _by_year(frame: pl.DataFrame, *columns: str) -> dict[tuple[str, str], dict[Key, tuple[Any, ...]]]:
    found: dict[tuple[str, str], dict[Key, tuple[Any, ...]]] = defaultdict(dict)
    for name, period, breakdown, category, *rest in frame.select(*KEYS, *columns).iter_rows():
        found[name, period][breakdown, category] = tuple(rest)
    return dict(found)
