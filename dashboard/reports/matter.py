"""What reports are made from: an edition, in one language, with the readings, ways, splits and strips that stand in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from dashboard.charts.scale import Scale
from dashboard.rows import headline, selection
from dashboard.rows.assessed import Assessment
from dashboard.rows.headline import Tile
from dashboard.rows.judged import Lines, Part, lines, parts
from dashboard.rows.reading import Reading, Result
from dashboard.wording import holders
from dashboard.wording.strip import Strip
from dashboard.words import Words
from indicators.catalogue import periods
from indicators.catalogue.plan import Plan
from indicators.editions.edition import Edition
from indicators.editions.results import TOTAL


@dataclass(frozen=True, kw_only=True)
class Matter:
    """An edition in one language. Of one that was cut to a scope `whole` is false: then nothing is said of ranks."""

    edition: Edition
    words: Words
    whole: bool = True

    @property
    def plan(self) -> Plan:
        return self.edition.plan

    @cached_property
    def tiles(self) -> tuple[Tile, ...]:
        """Every target of the plan with its newest number; without those of categories that are not there."""
        found = selection.tiles(self.edition)
        return found if self.whole else headline.without_hidden(found)

    @cached_property
    def first(self) -> Reading | None:
        """The gap that matters most."""
        return headline.furthest(self.tiles)

    @cached_property
    def coverage(self) -> pl.DataFrame:
        return self.edition.query("SELECT * FROM coverage ORDER BY table_id")

    @property
    def through(self) -> str | None:
        """The last period of any table of confidential records; months and days go before years."""
        return selection.latest(self.plan, selection.through(self.coverage))

    @property
    def day(self) -> str:
        return self.edition.created[:10]

    def results(self, indicator: str, breakdown: str = TOTAL) -> list[Result]:
        """All rows of one indicator by one breakdown, one for each category and period, oldest first."""
        rows = selection.once(self.edition, indicator, breakdown=breakdown)
        found = [Result(**row) for row in rows.iter_rows(named=True)]
        return sorted(found, key=lambda row: (row.category, periods.middle(row.period)))

    def years(self, row: Assessment) -> list[Result]:
        """Whole years with a number of the category that is held against a target, oldest first."""
        path = self.results(row.indicator, row.breakdown)
        return [one for one in path if one.category == row.category and len(one.period) == 4 and one.value is not None]

    def lines(self, row: Assessment) -> Lines:
        """Path and scenario that go with a number."""
        return lines(self._now("paths", row))

    def split(self, reading: Reading) -> pl.DataFrame:
        """Rows of the gap split by the breakdown that needs the fewest names; none where it is not split."""
        name = reading.target.id or reading.indicator.id
        return holders.split_of(reading, self._table("splits", reading.indicator.id, name), self.plan)

    def parts(self, reading: Reading) -> tuple[str, tuple[Part, ...]] | None:
        """The same as breakdown and parts."""
        split = self.split(reading)
        return None if split.is_empty() else (str(split["breakdown"][0]), parts(split))

    def strip(self, reading: Reading) -> Strip | None:
        """What other official methods say of the number; None where the edition holds none of them."""
        row = reading.assessment
        rulings = self._now("methods", row).to_dicts() if row else []
        if row is None or not rulings:
            return None
        return Strip.of(self.plan, reading, row, rulings)

    def scale(self, reading: Reading) -> Scale:
        return Scale(unit=reading.unit, words=self.words, signed=reading.signed)

    def _now(self, table: str, row: Assessment) -> pl.DataFrame:
        here = {"period": row.period, "breakdown": row.breakdown, "category": row.category}
        return self._table(table, row.indicator, row.target).filter(**here)

    def _table(self, table: str, indicator: str, target: str) -> pl.DataFrame:
        return selection.judgements(self.edition, table, indicator, target)
