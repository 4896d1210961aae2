"""The indicator a page is about, with its scale, its readings and its rows at hand."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import streamlit as st

from dashboard import query
from dashboard.blocks.view import View
from dashboard.charts.scale import Scale
from dashboard.pieces import cards, markup
from dashboard.pieces.popover import Why
from dashboard.rows import headline
from dashboard.rows.headline import Tile
from dashboard.rows.reading import Reading, Result
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Indicator, Target
from indicators.editions.results import TOTAL


@dataclass(frozen=True, kw_only=True)
class Item:
    """One indicator in one language and edition."""

    view: View
    indicator: Indicator

    @property
    def words(self) -> Words:
        return self.view.words

    @property
    def name(self) -> str:
        return self.indicator.name.in_language(self.words.language)

    @property
    def scale(self) -> Scale:
        unit = format.unit_of(self.view.plan, self.indicator.id)
        return Scale(unit=unit, words=self.words, signed=self.indicator.kind == "change")

    @property
    def ends(self) -> dict[str, str]:
        return query.through(self.view.edition)

    @property
    def through(self) -> str | None:
        """The last period of the records it is made from."""
        return self.ends.get(headline.source(self.view.plan, self.indicator) or "")

    def headline(self, why: Why | None = None) -> str:
        """Its newest total, large; with `why` it can be pressed."""
        return cards.value(self.newest(), self.scale.unit, self.words, signed=self.scale.signed, through=self.through, why=why)

    def tiles(self) -> tuple[Tile, ...]:
        """Every target of the plan with its readings."""
        return self.view.tiles()

    def readings(self) -> list[Reading]:
        """The indicator against each of its targets, the judging one first."""
        held = [reading for tile in self.tiles() for reading in (*tile.readings, *tile.others)]
        return [reading for reading in held if reading.indicator.id == self.indicator.id]

    def offered(self) -> pl.DataFrame:
        return self.view.read(query.choices, self.indicator.id)

    def path(self, breakdown: str = TOTAL, category: str = TOTAL) -> list[Result]:
        """All periods of one category, oldest first."""
        found = self.view.read(query.path, self.indicator.id, breakdown, category)
        return sorted((Result(**row) for row in found.iter_rows(named=True)), key=lambda row: periods.middle(row.period))

    def newest(self) -> Result | None:
        """The total of the newest year, or of the newest period where no year was published."""
        path = self.path()
        return next(reversed([row for row in path if periods.level(row.period) == "year"] or path), None)

    def cut(self, breakdown: str, period: str) -> list[Result]:
        """All categories of a breakdown in one period."""
        found = self.view.read(query.cut, self.indicator.id, breakdown, period)
        return [Result(**row) for row in found.iter_rows(named=True)]

    def told(self, row: Result) -> str:
        """The number in words, or why there is none."""
        if row.value is not None:
            return self.scale.number(row.value)
        known = format.beyond(row.value, row.low, self.scale.unit, self.words.language)
        return known or self.words(f"status.{row.status}")


def marked(target: Target | None) -> list[str]:
    """The mark of the target line, where there is one."""
    return ["target"] if target is not None and target.value is not None else []


def nothing(words: Words) -> None:
    """In the place of a figure for which this edition has no rows."""
    told = [f"<b>{markup.line([words('indicator.nothing')])}</b>", markup.line([words("indicator.nothing.what")])]
    st.html(f'<div class="pw-empty">{"<br>".join(told)}</div>')


def ranged(rows: list[Result]) -> bool:
    """Whether any number bears an interval that can be seen."""
    return any(row.low is not None and row.high is not None and row.low < row.high for row in rows)
