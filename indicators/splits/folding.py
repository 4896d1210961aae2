"""Folding: what may be told category by category, and what only together, so that nobody withheld can be worked out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from functools import cached_property

from indicators.catalogue.plan import Indicator, Plan
from indicators.editions.results import TOTAL
from indicators.splits.linked import LinkedTables
from indicators.splits.shares import Piece, Whole, together, weight_of
from indicators.splits.sources import Ends, Sources, Year
from indicators.splits.unknowns import Cell, Key

_SAME = 1e-9


class Guard:
    """Which shares may be told over all breakdowns and years of one edition."""

    def __init__(self, plan: Plan, sources: Sources) -> None:
        self._plan, self._sources = plan, sources
        self._minimum = sources.evidence.minimum_groups
        self._tables: dict[Year, LinkedTables] = {}
        self._told: dict[tuple[str, str], frozenset[Key]] = {}

    def told(self, indicator: Indicator, period: str, ends: Ends) -> frozenset[Key]:
        """Categories of a published number whose share may stand beside it, in the base year too.

        Breakdowns in the order of the plan, but that of a decomposition first, whose parts tell the shares already; in each the
        largest category first. What is told of one number counts for the next; so ask for the newest year first.
        """
        asked = (indicator.id, period)
        if asked not in self._told:  # a further target of the indicator asks the same
            self._told[asked] = self._tell(indicator, self.nameable(indicator, period, ends), ends)
        return self._told[asked]

    def _tell(self, indicator: Indicator, named: Collection[Key], ends: Ends) -> frozenset[Key]:
        unweighted = self._plan.indicators[ends[0].level].kind != "ratio"  # a count is told already, a mix stands alone
        if unweighted or ends[0].level in self._sources.evidence.public:
            return frozenset(named)
        found = set()
        for key in sorted(named, key=self._order(indicator, ends[0])):
            tables = [table for year in ends if year for table in self._alike(key, year)]
            if not any(table.exposes(key) for table in tables):
                found.add(key)
                for table in tables:
                    table.tell(key)
        return frozenset(found)

    def nameable(self, indicator: Indicator, period: str, ends: Ends) -> list[Key]:
        """Published, and in the base year too; of a change the base year is in the number itself."""
        shown = self._sources.shown.get((indicator.id, period), {})
        named = [key for key in self._sources.rows(ends[0]) if key in shown and key[0] != TOTAL]
        if ends[1] is None:
            return named
        then = self._sources.rows(ends[1])
        begun = self._sources.shown.get((ends[1].level, ends[1].period), {}) if indicator.kind != "change" else then
        return [key for key in named if key in then and key in begun]

    def _order(self, indicator: Indicator, year: Year) -> Callable[[Key], tuple[bool, int, float, str]]:
        by = indicator.decomposition.by if indicator.decomposition else ""
        places = {",".join(names): place for place, names in enumerate(self._plan.breakdown_sets())}
        rows = self._sources.rows(year)
        return lambda key: (key[0] != by, places.get(key[0], len(places)), -(rows[key].get("x") or 0.0), key[1])

    def _alike(self, key: Key, year: Year) -> list[LinkedTables]:
        """The tables of every level of which the category has the same share: telling one tells the other."""
        own = next(share for at, share in self._shares[year.period, key] if at == year)
        same = [at for at, share in self._shares[year.period, key] if abs(share - own) <= _SAME]
        return [self._of(at) for at in same]

    def _of(self, year: Year) -> LinkedTables:
        if year not in self._tables:
            self._tables[year] = LinkedTables(self._plan, self._cells(year), self._minimum)
        return self._tables[year]

    @cached_property
    def _shares(self) -> dict[tuple[str, Key], list[tuple[Year, float]]]:
        """By period and category: its share of the denominator, for every level that has one."""
        found: dict[tuple[str, Key], list[tuple[Year, float]]] = defaultdict(list)
        for year in self._sources.years():
            rows = self._sources.rows(year)
            whole = rows[TOTAL, TOTAL].get("x") if (TOTAL, TOTAL) in rows else None
            if whole:
                for key, row in rows.items():
                    found[year.period, key].append((year, float(row["x"] or 0.0) / whole))
        return found

    def _cells(self, year: Year) -> list[Cell]:
        """The categories of a year; of a year cut to common months the level is published as far as its change is."""
        rows, name = self._sources.rows(year), year.part or (year.level, year.period)
        shown, withheld = self._sources.shown.get(name, {}), self._sources.withheld.get(name, {})
        groups = self._sources.groups.get(name, {})
        whole = float(rows[TOTAL, TOTAL]["x"])
        unit = float(rows[TOTAL, TOTAL]["y"] or 0.0) / whole or 1.0
        known = [(key, row, float(row["x"] or 0.0)) for key, row in rows.items()]
        return [
            Cell(
                breakdown=key[0],
                category=key[1],
                share=x / whole,
                level=float(row["y"] or 0.0) / x / unit if x else 0.0,
                shown=key in shown or key[0] == TOTAL,
                secret=key in withheld,
                groups=int(groups.get(key, (0,))[0]),
            )
            for key, row, x in known
        ]


def folded(whole: Whole, breakdown: str, pieces: Sequence[Piece], told: Collection[Key], minimum: int) -> list[Piece] | None:
    """The pieces that may be told, and the others as one of no name; None where fewer than two can be told.

    The others must be at least two with at least `minimum` groups, lest one of them be found by subtraction; those of no
    category alone, or those known by name, if that many groups stand behind each of them. Until then the smallest of those
    told joins them.
    """
    named = [piece.value is not None and (breakdown, piece.category or "") in told for piece in pieces]
    kept = [piece for piece, one in zip(pieces, named, strict=True) if one]
    others = [piece for piece, one in zip(pieces, named, strict=True) if not one]
    kept.sort(key=lambda piece: (-abs(weight_of(whole, piece)), piece.category or ""))
    while others and len(kept) >= 2 and not _safe(others, minimum):
        others.append(kept.pop())
    if len(kept) < 2:
        return None
    return [*kept, together(others)] if others else kept


def _safe(others: Sequence[Piece], minimum: int) -> bool:
    groups = [piece.groups for piece in others]
    return min(groups) >= minimum or (len(others) >= 2 and max(groups) >= minimum)
