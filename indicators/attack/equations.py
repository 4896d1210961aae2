"""Equations: the sums behind ratios and totals as unknowns, and all that is published as linear equations between them.

Of each category x is its denominator and y its numerator. A published ratio R says y = R·x, so only x is unknown then. Everything
is homogeneous: `ONE` stands for one unit of measurement, and a number is known when it is a multiple of it, or y one of x.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from indicators.attack.counts import Counts
from indicators.attack.elimination import Column
from indicators.attack.kinds import Kind
from indicators.attack.levels import Levels
from indicators.attack.links import Key, Link, Links
from indicators.attack.prices import factors
from indicators.attack.shares import Shares
from indicators.attack.target import ONE, Equation, Target
from indicators.attack.told import AS_OF, RAW, Cell, Series, Told
from indicators.attack.unchanged import downwards, unchanged
from indicators.editions.results import TOTAL

#: of so few units that are left over a mean tells too much
FEW = 3
#: units told of so many categories may show that each answer stands for as many
_SEVERAL = 3
_SAME = 1e-9


@dataclass(frozen=True, kw_only=True)
class _Agreed:
    """A share of none or of all, and whether it is of a full count."""

    value: float
    full: bool


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that equations are made from."""

    told: Told
    links: Links
    counts: Counts
    levels: Levels
    shares: Shares


@dataclass(kw_only=True)
class Equations:
    """The unknowns of indicators with one denominator in one period, over all editions, and what is said of them."""

    evidence: Evidence
    name: str  # of the denominator: that of its first indicator
    period: str
    indicators: tuple[str, ...]
    all: list[Equation] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    at_most: dict[Column, tuple[Column, float]] = field(default_factory=dict)  # numerators that are no larger than so many others
    signed: set[Column] = field(default_factory=set)  # unknowns that may be negative
    scale: dict[str, float] = field(default_factory=dict)  # of a published number of an indicator, in the mean
    size: float = 1.0  # units, at most: x is measured in these
    _hidden: set[tuple[str, str | None, Key]] = field(default_factory=set)  # withheld, by the first edition that is the same
    _units: dict[Key, float] = field(default_factory=dict)
    _edition: dict[tuple[str, str, Key], str] = field(default_factory=dict)
    _other: bool = False  # whether another edition than the one that is attacked says so
    _seen: set[frozenset[tuple[Column, float]]] = field(default_factory=set)

    def __post_init__(self) -> None:
        every = [(name, one) for name in self.indicators for one in self.evidence.told.series(name, self.period)]
        self._identify()
        self._measure(every)
        asked = self.evidence.told.collection.asked
        for edition in sorted({one.edition for _, one in every}, key=lambda one: (one != asked, one)):
            self._other = edition != asked
            self._of_denominators(edition)
            for name, series in every:
                if series.edition == edition:
                    self._of_numerators(name, series)

    def _measure(self, every: list[tuple[str, Series]]) -> None:
        """Units of measurement in which all unknowns are of about the same size, so that one tolerance fits all of them."""
        evidence = self.evidence
        for name in self.indicators:
            own = [(one, key) for asked, one in every if asked == name for key in evidence.told.cells[one]]
            values = [abs(self._in(name, value)) for place in own if (value := evidence.levels.value(*place))]
            self.scale[name] = math.fsum(values) / len(values) if values else 1.0
        counts = [evidence.counts.of.get(one._replace(period=one.period.partition(AS_OF)[0]), {}) for _, one in every]
        self.size = max((units for known in counts for units in known.values() if units), default=1.0)
        for known in counts:
            self._units |= {key: units for key, units in known.items() if units}

    def expected(self, column: Column) -> float:
        """About how large an unknown is: as the units behind it, as far as they are known."""
        if column == ONE or self.evidence.told.kind(self.name) == "total":
            return 1.0
        few = 1.0 if str(column[0]).endswith("left") else self._units.get((str(column[-2]), str(column[-1])), 1.0)
        return few / self.size

    def cells(self, series: Series) -> dict[Key, Cell]:
        """The categories whose sums add up; of changes at a fixed mix those of the mix."""
        found = self.evidence.told.cells[series]
        if self.evidence.told.kind(series.indicator) != "mix":
            return found
        mix = self.evidence.told.indicator(series.indicator).mix
        return {key: cell for key, cell in found.items() if key[0] in (TOTAL, mix)}

    def x(self, edition: str, key: Key) -> Column:
        return "x", self.name, self.period, self._edition.get(("", edition, key), edition), *key

    def y(self, name: str, edition: str, key: Key) -> Column:
        found = ("y", name, self.period, self._edition.get((name, edition, key), edition), *key)
        self._bound(name, found, self.x(edition, key))
        return found

    def _bound(self, name: str, above: Column, below: Column) -> None:
        told = self.evidence.told
        if name in told.signed or told.kind(name) == "mix":
            self.signed.add(above)
        elif told.bounded(name):
            self.at_most[above] = (below, 1.0 / self.scale[name])

    def _in(self, name: str, value: float | None) -> float:
        """A number as it adds up: of changes at a fixed mix the logarithm does."""
        return math.log1p(value or 0.0) if self.evidence.told.kind(name) == "mix" else value or 0.0

    def out(self, name: str, value: float) -> float:
        """The number itself."""
        return math.expm1(value) if self.evidence.told.kind(name) == "mix" else value

    def _identify(self) -> None:
        """Categories that did not change between editions are the same unknowns in all of them."""
        for name in self.indicators:
            if AS_OF in self.period:
                continue
            for edition, keys in unchanged(self.evidence.told, self.evidence.links, name, self.period).items():
                for key, first in keys.items():
                    self._edition[name, edition, key] = first
                    self._edition["", edition, key] = min(first, self._edition.get(("", edition, key), first))
                    if self.evidence.told.cells[Series(edition, name, self.period)][key].withheld:
                        self._hidden.add((name, first, key))

    def _add(self, terms: Mapping[Column, float], kind: Kind, owner: str | None = None, *, agreed: bool = False) -> None:
        held = {column: factor for column, factor in terms.items() if factor}
        mark = frozenset(held.items())
        if held and mark not in self._seen:
            self._seen.add(mark)
            told = Kind.editions if self._other else kind
            self.all.append(Equation(terms=held, kind=told, owner=owner, agreed=agreed))

    def _of_denominators(self, edition: str) -> None:
        evidence = self.evidence
        own = [Series(edition, name, self.period) for name in self.indicators]
        own = [one for one in own if one in evidence.told.cells]
        if evidence.told.kind(self.name) == "total" or not own:
            return
        keys = dict.fromkeys(key for one in own for key in self.cells(one))
        first = max(own, key=lambda one: len(evidence.told.cells[one]))
        for link in evidence.links.of(keys):
            left = self._left("x", self.name, first, link)
            self._sum(link, left, lambda key: (self.x(edition, key), 1.0), self._kind(first, link), None)
            units = evidence.counts.left(first, link)
            if left is not None and units is not None and self._stands_for_one(first, link.parent):
                self._add({left: 1.0, ONE: -units * self._each(first) / self.size}, Kind.mean)
        for one in own:
            self._of_units(one)
            self._of_shares(one)

    def _of_units(self, series: Series) -> None:
        """Where every unit stands for itself, a denominator that counts is the number of units."""
        for key, units in self.evidence.counts.of.get(series, {}).items():
            if self._stands_for_one(series, key):
                self._add({self.x(series.edition, key): 1.0, ONE: -units * self._each(series) / self.size}, Kind.mean)

    def _of_shares(self, series: Series) -> None:
        """What is told of denominators; where every answer told stands for as many units, all of them do."""
        told, counts = self.evidence.shares.of.get(series, {}), self.evidence.counts.of.get(series, {})
        for share in told.values():
            whole = ONE if share.of is None else self.x(series.edition, share.of)
            value = share.value / self.size if share.of is None else share.value
            self._add({self.x(series.edition, share.key): 1.0, whole: -value}, Kind.denominators)
        each = [one.value / counts[key] for key, one in told.items() if one.of is None and counts.get(key)]
        if len(each) >= _SEVERAL and max(each) - min(each) <= _SAME * max(each):
            for key, units in counts.items():
                self._add({self.x(series.edition, key): 1.0, ONE: -units * each[0] / self.size}, Kind.denominators)

    def _stands_for_one(self, series: Series, key: Key) -> bool:
        told = self.evidence.told
        cell = told.cells[series].get(key)
        whole = cell is not None and cell.census and told.indicator(series.indicator).periods == ["year"]
        return told.counted(series.indicator) or (whole and told.constant(series.indicator) is not None)

    def _each(self, series: Series) -> float:
        constant = None if series.indicator.endswith(RAW) else self.evidence.told.constant(series.indicator)
        return 1.0 if constant is None else constant

    def _of_numerators(self, name: str, series: Series) -> None:
        evidence, edition = self.evidence, series.edition
        cells, is_total = self.cells(series), evidence.told.kind(name) == "total"
        links = downwards(evidence.links.of(cells))
        agreed = self._unanimous(name, series, links)
        for link in links:
            left = self._left("y", name, series, link)
            self._sum(link, left, lambda key: self.term(name, series, key), self._kind(series, link), name)
            units = evidence.counts.left(series, link)
            if left is not None and units is not None and 0 < units < FEW and not is_total:
                below = self._left("x", self.name, series, link)
                assert below is not None
                self._aim(series, link.parent, left, below, left=link.sets[1])
        self._of_prices(name, series)
        for key, cell in cells.items():
            level = evidence.levels.known.get((series, key))
            above, below = self.y(name, edition, key), ONE if is_total else self.x(edition, key)
            if key in agreed and not is_total:
                self._add({above: 1.0, below: -agreed[key].value / self.scale[name]}, Kind.parts, name, agreed=True)
            if level is not None and level.published and (name, self._edition.get((name, edition, key)), key) in self._hidden:
                self._add({above: 1.0, below: -self._in(name, level.value) / self.scale[name]}, Kind.editions, name)
            if level is not None and not level.published and AS_OF not in self.period:
                told = self._in(name, level.value) / self.scale[name]
                self._add({above: 1.0, below: -told}, level.kind, name, agreed=level.agreed)
            if cell.withheld:
                self._aim(series, key, above, below, agreed=agreed.get(key))

    def _of_prices(self, name: str, series: Series) -> None:
        """Numerators that are others under a public factor."""
        for other in self.indicators[: self.indicators.index(name)]:
            beside = series._replace(indicator=other)
            known = factors(self.evidence.told, beside, series) if beside in self.evidence.told.cells else {}
            for key, factor in known.items():
                (above, one), (below, much) = self.term(name, series, key), self.term(other, beside, key)
                if above != below:
                    terms = {above: one * self.scale[name], below: -factor * much * self.scale[other]}
                    self._add(terms, Kind.denominators, name)

    def _aim(
        self, series: Series, key: Key, above: Column, below: Column, *, left: str | None = None, agreed: _Agreed | None = None
    ) -> None:
        told = self.evidence.told
        if series.edition == told.collection.asked:
            full = told.counted(series.indicator) or (agreed is not None and agreed.full)
            agreeable = told.bounded(series.indicator) and not (full and told.sensitive(series.indicator))
            found = Target(
                place=(series, key),
                above=above,
                below=below,
                scale=self.scale[series.indicator],
                left=left,
                unanimous=agreed is not None and agreeable,
                agreeable=agreeable,
            )
            self.targets.append(found)

    def term(self, name: str, series: Series, key: Key) -> tuple[Column, float]:
        """The numerator of a category: where its ratio is published a multiple of the denominator."""
        level = self.evidence.levels.known.get((series, key))
        if level is None or not (level.published or AS_OF in self.period):
            return self.y(name, series.edition, key), 1.0
        below = ONE if self.evidence.told.kind(name) == "total" else self.x(series.edition, key)
        return below, self._in(name, level.value) / self.scale[name]

    def _sum(
        self, link: Link, left: Column | None, term: Callable[[Key], tuple[Column, float]], kind: Kind, owner: str | None
    ) -> None:
        terms: dict[Column, float] = {} if left is None else {left: -1.0}
        for key, sign in ((link.parent, 1.0), *((child, -1.0) for child in link.children)):
            column, factor = term(key)
            terms[column] = terms.get(column, 0.0) + sign * factor
        self._add(terms, kind, owner)

    def _left(self, what: str, name: str, series: Series, link: Link) -> Column | None:
        """The unknown sum of those in a category and in none of its parts; None where there is nobody."""
        if self.evidence.counts.closed(series, link):
            return None
        parent = self._edition.get(("", series.edition, link.parent), series.edition)
        found: Column = (f"{what} left", name, self.period, parent, *link.parent, link.sets[1])
        if what == "y":
            self._bound(name, found, (*("x left", self.name), *found[2:]))
        return found

    def _kind(self, series: Series, link: Link) -> Kind:
        """A published total less its parts; or what two breakdowns have in common that is not published."""
        level = self.evidence.levels.known.get((series, link.parent))
        return Kind.parts if level is not None and level.published else Kind.filters

    def _unanimous(self, name: str, series: Series, links: list[Link]) -> dict[Key, _Agreed]:
        """Categories in a published 0 or 100 %: what is said of everybody is said of each."""
        told = self.evidence.told
        if not told.bounded(name) or name in told.signed:
            return {}
        cells = told.cells[series]
        found = {
            key: _Agreed(value=float(cell.value), full=cell.census) for key, cell in cells.items() if cell.value in (0.0, 1.0)
        }
        for link in links:
            if link.parent in found:
                found |= dict.fromkeys(link.children, found[link.parent])
        return {key: agreed for key, agreed in found.items() if key in cells and cells[key].value is None}
