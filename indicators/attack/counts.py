"""Counts: how many units stand behind each category, and what totals less parts say of those that are not told."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from indicators.attack.elimination import Column, Terms, solve
from indicators.attack.links import WHOLE, Key, Link, Links
from indicators.attack.told import Series, Told
from indicators.attack.unchanged import unchanged

#: what is counted: units behind a number, asked, answered, moves of a panel
Counted = tuple[Series, str]
_ONE: Column = ("one",)


@dataclass(frozen=True, kw_only=True)
class Found:
    """A count that was not told and follows."""

    series: Series
    what: str
    key: Key
    value: float
    across: bool  # only with other editions


@dataclass(kw_only=True)
class Counts:
    """Units behind every category, told or worked out; several counts are one where they agree wherever both are told."""

    told: Told
    links: Links
    of: dict[Series, dict[Key, float]] = field(default_factory=dict)
    found: list[Found] = field(default_factory=list)
    _group: dict[Counted, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        known = _known(self.told)
        self.of |= {series: dict(counts) for (series, what), counts in known.items() if what == "n"}
        for same in self._alike(known):
            self._solve(same, known)

    def alike(self, one: Series, other: Series) -> bool:
        """Whether two series count the same units wherever both are told."""
        return self._group.get((one, "n")) == self._group.get((other, "n")) is not None

    def closed(self, series: Series, link: Link) -> bool:
        """Whether it is certain that nobody is in the parent and in none of its parts."""
        return self.links.whole(self.told.table(series.indicator), link.sets) or self.left(series, link) == 0

    def left(self, series: Series, link: Link) -> float | None:
        """How many units of a category are in none of its parts; None where that is not known."""
        counts = self.of.get(series, {})
        if any(key not in counts for key in (link.parent, *link.children)):
            return None
        return counts[link.parent] - sum(counts[key] for key in link.children)

    def _alike(self, known: Mapping[Counted, Mapping[Key, float]]) -> list[list[Counted]]:
        """Counts of one table and period that agree wherever two of them are told, in all editions; each on its own otherwise."""
        kinds: dict[tuple[object, str, str], dict[Counted, None]] = defaultdict(dict)
        for counted in known:
            series, what = counted
            kinds[self.told.rows_of(series.indicator), series.period, "moves" if "→" in what else ""][counted] = None
        found = []
        for (_, _, kind), members in kinds.items():
            groups: list[list[Counted]] = []
            for counted in members:
                home = next((g for g in groups if kind != "moves" and all(self._agree(known, counted, one) for one in g)), None)
                groups.append([counted]) if home is None else home.append(counted)
            found += groups
        for number, group in enumerate(found):
            self._group |= dict.fromkeys(group, number)
        return found

    def _agree(self, known: Mapping[Counted, Mapping[Key, float]], one: Counted, other: Counted) -> bool:
        first, second = known[one], known[other]
        if one[0].edition != other[0].edition:
            return one[0].indicator == other[0].indicator and one[1] == other[1]
        both = first.keys() & second.keys()
        return WHOLE in both and all(first[key] == second[key] for key in both)

    def _solve(self, group: Sequence[Counted], known: Mapping[Counted, Mapping[Key, float]]) -> None:
        """What links between the categories say of counts that are not told.

        Units asked, or answering, may be in categories of which there is no number at all, so they add up for certain only where
        they are the units behind the numbers.
        """
        if not any(what == "n" or "→" in what for _, what in group):
            return
        for across in (False, True):
            if not across or len({series.edition for series, _ in group}) > 1:
                self._within(group, known, across=across)

    def _within(self, group: Sequence[Counted], known: Mapping[Counted, Mapping[Key, float]], *, across: bool) -> None:
        same = {one.indicator: unchanged(self.told, self.links, one.indicator, one.period) for one, _ in group} if across else {}

        def column(series: Series, key: Key) -> Column:
            edition = same[series.indicator].get(series.edition, {}).get(key, series.edition) if across else series.edition
            return (edition, *key)

        equations: list[Terms] = []
        held: dict[Column, list[tuple[Counted, Key]]] = defaultdict(list)
        there: dict[Series, dict[Key, None]] = defaultdict(dict)
        first = {series.edition: series for series, _ in reversed(group)}
        for counted in group:
            series, what = counted
            own = [*self.told.cells.get(series, {})] if what == "n" else [*known[counted], *_hidden(self.told, counted, known)]
            there[first[series.edition]] |= dict.fromkeys(own)
            for key in own:
                held[column(series, key)].append((counted, key))
                if key in known[counted]:
                    equations.append({column(series, key): 1.0, _ONE: -known[counted][key]})
        if all(key in known[counted] for places in held.values() for counted, key in places):
            return
        for series, keys in there.items():
            equations += [self._sum(series, link, column, group) for link in self.links.of(keys)]
        solution = solve(equations, lambda column: "", [_ONE])
        for place, places in held.items():
            if (value := solution.ratio(place, _ONE)) is not None:
                self._take(places, known, value, across=across)

    def _sum(self, series: Series, link: Link, column: Callable[[Series, Key], Column], group: Sequence[Counted]) -> Terms:
        """A category less its parts; less those who are in none of them, unless there is certainly nobody."""
        terms: dict[Column, float] = {column(series, link.parent): 1.0}
        for child in link.children:
            terms[column(series, child)] = terms.get(column(series, child), 0.0) - 1.0
        units = any(what == "n" for _, what in group)
        if not (self.closed(series, link) if units else self.links.whole(self.told.table(series.indicator), link.sets)):
            terms["left", series.edition, link.parent, link.sets[1]] = -1.0
        return terms

    def _take(
        self, held: Sequence[tuple[Counted, Key]], known: Mapping[Counted, Mapping[Key, float]], value: float, *, across: bool
    ) -> None:
        # told in the open of other numbers over the same units
        told = {(counted[0].edition, key) for counted, key in held if key in known[counted]}
        for (series, what), key in held:
            if key in known[series, what]:
                continue
            if what == "n":
                if key in self.of.setdefault(series, {}):
                    continue
                self.of[series][key] = float(round(value))
            elif any(f.series == series and f.what == what and f.key == key for f in self.found):
                continue
            cell = self.told.cells.get(series, {}).get(key)
            if cell is not None and cell.withheld and (series.edition, key) not in told:
                self.found.append(Found(series=series, what=what, key=key, value=float(round(value)), across=across))


def _known(told: Told) -> dict[Counted, dict[Key, float]]:
    found: dict[Counted, dict[Key, float]] = {}
    for series, cells in told.cells.items():
        if told.kind(series.indicator) in ("ratio", "total", "duration"):
            found[series, "n"] = {key: float(cell.n) for key, cell in cells.items() if cell.n is not None}
    for row in told.rows("response"):
        series, key = Series(row["in_edition"], row["indicator"], row["period"]), (row["breakdown"], row["category"])
        for what in ("asked", "answered"):
            if row[what] is not None:
                found.setdefault((series, what), {})[key] = float(row[what])
    for row in told.rows("transitions", pl.col("units").is_not_null()):
        series, key = Series(row["in_edition"], row["indicator"], row["period"]), (row["breakdown"], row["category"])
        found.setdefault((series, f"{row['before']}→{row['after']}"), {})[key] = float(row["units"])
    return found


def _hidden(told: Told, counted: Counted, known: Mapping[Counted, Mapping[Key, float]]) -> list[Key]:
    """Categories of which the count is not told: those withheld, of breakdowns of which others are told."""
    series, _ = counted
    breakdowns = {breakdown for breakdown, _ in known[counted]}
    cells = told.cells.get(series, {})
    return [key for key, cell in cells.items() if key[0] in breakdowns and key not in known[counted] and cell.withheld]
