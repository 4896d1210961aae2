"""Response of the surveys behind an edition: rates by year, once for all indicators that share them, and the lowest groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from dashboard.rows import headline
from indicators.catalogue.plan import Plan


@dataclass(frozen=True, kw_only=True)
class Answer:
    """Who was asked and who answered in a year."""

    asked: int | None
    answered: int | None
    rate: float | None


@dataclass(frozen=True, kw_only=True)
class Series:
    """The rates of one or more indicators that have them in common, or of one category; by year."""

    name: str  # of the table, or the code of the category
    indicators: tuple[str, ...]
    years: Mapping[str, Answer]

    @property
    def newest(self) -> Answer | None:
        """Of the last year."""
        return self.years[max(self.years)] if self.years else None


def by_table(plan: Plan, rows: pl.DataFrame) -> list[Series]:
    """The rates of all units together, one series for all indicators of a table that share every figure of it."""
    made: dict[tuple[object, ...], list[str]] = {}
    years: dict[tuple[object, ...], dict[str, Answer]] = {}
    for (name,), these in rows.group_by("indicator", maintain_order=True):
        known = _years(these)
        table = headline.source(plan, plan.indicators[str(name)]) if str(name) in plan.indicators else None
        key = (table or str(name), *((year, one.asked, one.answered) for year, one in known.items()))
        made.setdefault(key, []).append(str(name))
        years[key] = known
    places = {name: place for place, name in enumerate(plan.dictionary.tables)}
    order = sorted(made, key=lambda key: (places.get(str(key[0]), len(places)), made[key]))
    return [Series(name=str(key[0]), indicators=tuple(made[key]), years=years[key]) for key in order]


def by_category(plan: Plan, rows: pl.DataFrame, breakdown: str) -> list[Series]:
    """The rates of each category of a breakdown in whole years, in the order of the code lists."""
    these = rows.filter(pl.col("breakdown") == breakdown, pl.col("period").str.len_chars() == 4).sort("period")
    found = {str(code): _years(part) for (code,), part in these.group_by("category", maintain_order=True)}
    places = [{code: at for at, code in enumerate(plan.categories(name))} for name in breakdown.split(",") if name != "total"]

    def place(category: str) -> tuple[list[int], str]:
        return [at.get(code, len(at)) for at, code in zip(places, category.split(","), strict=False)], category

    return [Series(name=code, indicators=(), years=found[code]) for code in sorted(found, key=place)]


def lowest(series: list[Series], year: str, *, most: int = 3) -> list[Series]:
    """Those that answered least in a year, the least first; none where all rates are alike or fewer than two are known."""
    known = [one for one in series if year in one.years and one.years[year].rate is not None]
    rates = {one.years[year].rate for one in known}
    if len(rates) < 2:
        return []
    return sorted(known, key=lambda one: (one.years[year].rate or 0.0, one.name))[: min(most, len(known) - 1)]


def years(series: list[Series]) -> list[str]:
    return sorted({year for one in series for year in one.years})


def _years(rows: pl.DataFrame) -> dict[str, Answer]:
    named = rows.sort("period").select("period", "asked", "answered", "rate").iter_rows()
    return {period: Answer(asked=asked, answered=answered, rate=rate) for period, asked, answered, rate in named}
