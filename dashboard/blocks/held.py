"""The number that a target is held against, with everything the edition says of it at hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import polars as pl

from dashboard import query
from dashboard.blocks.item import Item
from dashboard.rows.assessed import Assessment
from dashboard.rows.judged import Lines, Part, lines, parts
from dashboard.rows.reading import Reading, Result
from dashboard.wording import definition, doubt, movers, phrases
from dashboard.wording.definition import Facts
from indicators.catalogue.plan import Target, codes_of
from indicators.catalogue.scenariofaults import scope_of
from indicators.splits.pareto import telling

Made = TypeVar("Made")


@dataclass(frozen=True, kw_only=True)
class Held:
    """One reading of a target on the page of its indicator; only of targets with a number, and where a number was published."""

    item: Item
    reading: Reading
    row: Assessment

    @property
    def target(self) -> Target:
        return self.reading.target

    @property
    def name(self) -> str:
        """The indicator, and the category where the target asks one."""
        return doubt.name(self.row, self.item.view.plan, self.item.words)

    @property
    def observed(self) -> list[Result]:
        """Whole years with a number, oldest first; those before the base too."""
        path = self.item.path(self.row.breakdown, self.row.category)
        return [row for row in path if len(row.period) == 4 and row.value is not None]

    @cached_property
    def lines(self) -> Lines:
        return self.made("lines", lambda: lines(self._now("paths")))

    @property
    def methods(self) -> list[dict[str, Any]]:
        return self._now("methods").to_dicts()

    @cached_property
    def splits(self) -> dict[str, tuple[Part, ...]]:
        """The parts of the gap by breakdown, in the order in which the plan names them."""
        grouped = "breakdown"
        return self.made(
            "splits", lambda: {str(key[0]): parts(rows) for key, rows in self._split.group_by(grouped, maintain_order=True)}
        )

    @property
    def telling(self) -> str | None:
        """The breakdown that says in the fewest names who holds the gap; None where there is none."""
        return self.made("telling", lambda: telling(self._split))

    def movers(self, breakdown: str) -> list[str]:
        """What the split by a breakdown says, in sentences."""

        def said() -> list[str]:
            split = self._split.filter(pl.col("breakdown") == breakdown)
            return movers.sentences(self.row, split, self.item.view.plan, self.item.words)

        return self.made("movers", said, breakdown)

    def made(self, name: str, make: Callable[[], Made], *choices: str) -> Made:
        """What is made of this number, kept for all who see the same rows; `choices` are what else it depends on."""
        row = self.row
        return self.item.view.made((name, row.indicator, row.target, *choices), lambda _: make())

    @cached_property
    def _split(self) -> pl.DataFrame:
        """All of them, in the order in which the plan names the breakdowns."""
        order = {",".join(names): place for place, names in enumerate(self.item.view.plan.breakdown_sets())}
        place = pl.col("breakdown").replace_strict(order, default=len(order), return_dtype=pl.Int64)
        return self._table("splits").filter(pl.col("period") == self.row.period).sort(place, "breakdown", "part", "rank")

    def facts(self, breakdown: str) -> Facts:
        """What stands above a table that leaves the app: the indicator, and what the target asks."""
        item, reading = self.item, self.reading
        asked = phrases.bound(self.target, reading.unit, item.words, signed=reading.signed)
        told = definition.metadata(item.view.edition, item.indicator, breakdown, item.words)
        return [*told, (item.words("tile.target"), asked)]

    def by(self, breakdown: str) -> str:
        """The name of a breakdown, without what the target itself asks for."""
        names = [name for name in breakdown.split(",") if name not in scope_of(self.target)]
        return definition.breakdown_name(self.item.view.plan, ",".join(names) or breakdown, self.item.words)

    def category(self, breakdown: str, category: str) -> str:
        """The name of a category of it."""
        asked, codes = scope_of(self.target), codes_of(breakdown, category)
        free = [(name, code) for name, code in zip(breakdown.split(","), codes, strict=False) if name not in asked]
        if len(codes) != breakdown.count(",") + 1 or not free:
            return definition.category(self.item.view.plan, breakdown, category, self.item.words)
        names, kept = zip(*free, strict=True)
        return definition.category(self.item.view.plan, ",".join(names), ",".join(kept), self.item.words)

    def part(self, breakdown: str, part: Part) -> str:
        """The name of a part of a split."""
        if part.part == "category":
            return self.category(breakdown, part.category)
        return self.item.words("target.page.composition.part" if part.part == "composition" else f"target.page.{part.part}")

    def _now(self, table: str) -> pl.DataFrame:
        row = self.row
        here = {"period": row.period, "breakdown": row.breakdown, "category": row.category}
        return self._table(table).filter(**here)

    def _table(self, name: str) -> pl.DataFrame:
        return self.item.view.read(query.judged, name, self.row.indicator, self.row.target)


def reading_name(reading: Reading, item: Item) -> str:
    """How a reading is told apart from others: whom it is asked of; of another indicator its name."""
    words, plan = item.words, item.view.plan
    if reading.indicator.id != item.indicator.id:
        return reading.indicator.name.in_language(words.language)
    return phrases.scope(reading.target, plan, words)
