"""Links: which categories are made of which others, over all breakdowns and crossings, by the code lists of a plan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from indicators.catalogue.plan import Plan
from indicators.editions.results import TOTAL
from pipelines.dictionary import Code

#: breakdown and category
Key = tuple[str, str]
WHOLE: Key = (TOTAL, TOTAL)


@dataclass(frozen=True, kw_only=True)
class Link:
    """A category and those of a finer breakdown that it is made of."""

    parent: Key
    children: tuple[Key, ...]

    @property
    def sets(self) -> tuple[str, str]:
        """The coarser and the finer breakdown."""
        return self.parent[0], self.children[0][0]


@dataclass(kw_only=True)
class Links:
    """The links between the breakdowns of one plan."""

    plan: Plan
    _made: dict[frozenset[Key], tuple[Link, ...]] = field(default_factory=dict)
    _whole: dict[tuple[str, str, str], bool] = field(default_factory=dict)

    def of(self, keys: Collection[Key]) -> tuple[Link, ...]:
        """Every category with those of the next finer breakdowns; those further down follow from these.

        Where two breakdowns have in common what is not published by itself, as the crossings a × b and a × c without a, the
        sums of that are links too: then a parent is none of `keys`.
        """
        there = frozenset(keys)
        if there not in self._made:
            self._made[there] = tuple(self._between(there))
        return self._made[there]

    def whole(self, table: str, sets: tuple[str, str]) -> bool:
        """Whether the dictionary says that whoever is in a category of the coarser breakdown is in one of the finer."""
        asked = (table, *sets)
        if asked not in self._whole:
            columns = {name: column for name, (_, column) in self.plan.dictionary.reachable(table).items()}
            coarse = {self.plan.breakdowns[name].column for name in _names(sets[0])}
            self._whole[asked] = all(self._is_full(name, columns, coarse) for name in _names(sets[1]))
        return self._whole[asked]

    def _is_full(self, name: str, columns: Mapping[str, object], coarse: Collection[str]) -> bool:
        split = self.plan.breakdowns[name]
        column = columns.get(split.column)
        stated = split.column in coarse or bool(getattr(column, "required", False))
        codes = self.plan.dictionary.codes[str(getattr(column, "codes", ""))].codes if split.rollup and column else {}
        return stated and all(code.parent for code in codes.values())

    def _between(self, keys: frozenset[Key]) -> list[Link]:
        of: dict[str, list[str]] = defaultdict(list)
        for breakdown, category in sorted(keys):
            of[breakdown].append(category)
        below = self._below([*of])
        found = []
        for fine, coarser in below.items():
            for coarse in self._next(coarser, below):
                found += self._grouped(coarse, fine, of.get(fine) or self._implied(fine, below, of))
        return found

    def _below(self, breakdowns: Sequence[str]) -> dict[str, list[str]]:
        """Of each breakdown those that are coarser; with those that two have in common."""
        every = dict.fromkeys([TOTAL, *breakdowns])
        for one in breakdowns:
            for other in breakdowns:
                every |= dict.fromkeys([self._common(one, other)])
        return {fine: [coarse for coarse in every if self._is_coarser(coarse, fine)] for fine in every}

    def _next(self, coarser: Sequence[str], below: Mapping[str, Sequence[str]]) -> list[str]:
        """Of the coarser ones those with nothing between."""
        return [one for one in coarser if not any(one in below[other] for other in coarser)]

    def _implied(self, breakdown: str, below: Mapping[str, Sequence[str]], of: Mapping[str, Sequence[str]]) -> list[str]:
        """The categories of a breakdown that nobody publishes, from those of the finer ones."""
        found = dict[str, None]()
        for fine, coarser in below.items():
            if breakdown in coarser:
                found |= dict.fromkeys(parent for code in of.get(fine, ()) if (parent := self.parent(breakdown, fine, code)))
        return [*found]

    def _grouped(self, coarse: str, fine: str, categories: Sequence[str]) -> list[Link]:
        members: dict[str, list[Key]] = defaultdict(list)
        for category in categories:
            if parent := self.parent(coarse, fine, category):
                members[parent].append((fine, category))
        return [Link(parent=(coarse, parent), children=tuple(children)) for parent, children in members.items()]

    def parent(self, coarse: str, fine: str, category: str) -> str | None:
        """The category of `coarse` to which one of `fine` belongs; None for one that belongs to none."""
        if coarse == TOTAL:
            return TOTAL
        names, codes = _names(fine), category.split(",") if "," in fine else [category]
        if len(names) != len(codes):  # a text that holds a comma cannot be taken apart
            return None
        found = []
        for wanted in _names(coarse):
            at = self._place(wanted, names)
            if at is None:
                return None
            code = codes[at] if wanted == names[at] else _rolled(self.plan.categories(names[at]), codes[at])
            if not code:
                return None
            found.append(code)
        return ",".join(found)

    def _is_coarser(self, coarse: str, fine: str) -> bool:
        if coarse == fine or fine == TOTAL:
            return False
        return all(self._place(name, _names(fine)) is not None for name in _names(coarse))

    def _place(self, name: str, names: Sequence[str]) -> int | None:
        """Where a breakdown stands among others, itself or by the codes that roll up to it."""
        if name in names:
            return names.index(name)
        return next((at for at, other in enumerate(names) if self._rolls_up(other, name)), None)

    def _rolls_up(self, fine: str, coarse: str) -> bool:
        one, other = self.plan.breakdowns[fine], self.plan.breakdowns[coarse]
        return one.column == other.column and one.rollup is None and other.rollup is not None

    def _common(self, one: str, other: str) -> str:
        """What two breakdowns both tell, in the order of the plan; the total where that is nothing."""
        pairs = [(a, b) for a in _names(one) for b in _names(other)]
        names = {a for a, b in pairs if a == b or self._rolls_up(b, a)} | {b for a, b in pairs if self._rolls_up(a, b)}
        kept = [name for name in self.plan.breakdowns if name in names]
        published = {frozenset(crossing): ",".join(crossing) for crossing in self.plan.crossings}
        return published.get(frozenset(kept), ",".join(kept)) or TOTAL


def _names(breakdown: str) -> list[str]:
    return [] if breakdown == TOTAL else breakdown.split(",")


def _rolled(codes: Mapping[str, Code], code: str) -> str | None:
    entry = codes.get(code)
    return entry.parent if entry else None
