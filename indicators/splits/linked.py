"""Linked tables: what all breakdowns of a year together would tell of a category that is withheld.

Every breakdown adds up to the total, every crossing to its breakdowns, every group of codes to its members; and a published
level says of two unknown sums of its category what one is of the other. All of this is linear in the sums, so whether a withheld
level follows from what is published is whether its equation is a combination of theirs. Weights are told one category after the
other, and one that would complete such a combination is not (Langsrud 2024, who suppresses cells so; Handbook on Statistical
Disclosure Control, 2nd edition, ch. 4 and 5).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from indicators.catalogue.plan import Plan
from indicators.editions.results import TOTAL
from indicators.estimation.estimate import Floats
from indicators.splits.unknowns import Cell, Key, Link, Unknowns
from pipelines.dictionary import Code

#: a withheld level of which no more than this part is open is known
_OPEN = 1e-6
#: sums that differ by less are the same
_SAME = 1e-9


class LinkedTables:
    """What can be told of the shares of one level in one year. Begins with what the published levels tell by themselves."""

    def __init__(self, plan: Plan, cells: Sequence[Cell], minimum: int) -> None:
        """`cells` are all categories of the year with the total; fewer than `minimum` groups are protected."""
        known = sorted(cells, key=lambda cell: cell.key)
        links = list(_links(plan, known))
        self._shares: dict[Key, Floats] = {}
        self._last: tuple[Key, Floats | None] | None = None  # asked for twice: may it be told, and then to tell it
        self._secrets = self._told = np.zeros((0, 0))
        if any(cell.secret for cell in known) or any(link.left and link.groups < minimum for link in links):
            self._shares, secrets = Unknowns(known, links, minimum).open()
            # what follows already no silence can protect
            self._secrets = secrets[np.linalg.norm(secrets, axis=1) > _OPEN]
            self._secrets /= np.linalg.norm(self._secrets, axis=1, keepdims=True)
            self._told = np.zeros((0, secrets.shape[1]))

    def exposes(self, key: Key) -> bool:
        """Whether telling the share of a category would tell a withheld level; of one that follows already, it does not."""
        direction = self._direction(key)
        if direction is None:
            return False
        left = (self._secrets**2).sum(axis=1) - (self._secrets @ direction) ** 2
        return bool((left <= _OPEN**2).any())

    def tell(self, key: Key) -> None:
        """From now on the share of the category is known."""
        direction = self._direction(key)
        if direction is not None:
            self._secrets = self._secrets - np.outer(self._secrets @ direction, direction)
            self._told, self._last = np.vstack([self._told, direction]), None

    def _direction(self, key: Key) -> Floats | None:
        """What the share of the category would add to what is known; None where it is known, or nothing is left to protect."""
        if key not in self._shares or not len(self._secrets):
            return None
        if self._last is None or self._last[0] != key:
            added = self._shares[key]
            for _ in range(2):  # once more takes away what rounding left
                added = added - (self._told @ added) @ self._told
            length = math.sqrt(float(added @ added))
            self._last = (key, added / length if length > _OPEN else None)
        return self._last[1]


def _links(plan: Plan, cells: Sequence[Cell]) -> Iterator[Link]:
    """Each category with those of every finer breakdown that it is made of."""
    of: dict[str, list[Cell]] = defaultdict(list)
    for cell in cells:
        of[cell.breakdown].append(cell)
    for coarse in of:
        for fine in of:
            parents = _parents(plan, coarse, fine, of[fine])
            if parents is None:
                continue
            members: dict[str, list[Cell]] = defaultdict(list)
            for cell, parent in zip(of[fine], parents, strict=True):
                members[parent].append(cell)
            for cell in of[coarse]:
                if children := members.get(cell.category):
                    yield Link(parent=cell, children=children, left=_left(cell, children))


def _left(parent: Cell, children: Sequence[Cell]) -> tuple[float, float] | None:
    share = math.fsum([parent.share, *(-cell.share for cell in children)])
    if abs(share) <= _SAME:
        return None
    return share, math.fsum([parent.share * parent.level, *(-cell.share * cell.level for cell in children)]) / share


def _parents(plan: Plan, coarse: str, fine: str, cells: Sequence[Cell]) -> list[str] | None:
    """The category of `coarse` to which each of `fine` belongs; None where the one is no part of the other."""
    if coarse == fine or fine == TOTAL:
        return None
    if coarse == TOTAL:
        return [TOTAL] * len(cells)
    names, wanted = fine.split(","), coarse.split(",")
    places = [place for name in wanted if (place := _place(plan, name, names)) is not None]
    parted = [cell.category.split(",") for cell in cells]
    if len(places) < len(wanted) or any(len(codes) != len(names) for codes in parted):
        return None
    lists = [None if name in names else plan.categories(names[place]) for name, place in zip(wanted, places, strict=True)]
    return [
        ",".join(
            codes[place] if listed is None else _rolled(listed, codes[place]) for listed, place in zip(lists, places, strict=True)
        )
        for codes in parted
    ]


def _place(plan: Plan, name: str, names: Sequence[str]) -> int | None:
    """Where a breakdown stands among others, itself or by the codes that roll up to it."""
    if name in names:
        return names.index(name)
    asked = plan.breakdowns[name]
    others = [plan.breakdowns[other] for other in names]
    own = [at for at, other in enumerate(others) if asked.rollup and other.column == asked.column and other.rollup is None]
    return own[0] if own else None


def _rolled(codes: Mapping[str, Code], code: str) -> str:
    """The code to which a code rolls up; empty for one that stands in no list."""
    entry = codes.get(code)
    return (entry.parent if entry else None) or ""
