"""Elimination: what linear equations say of their unknowns, each as a combination of those that they leave open.

Published numbers have 13 digits, so arithmetic is floating and dependence has a tolerance: an equation of length one of which no
factor is left above NOTHING follows from the others, and of two combinations of which what sets them apart is less than OPEN of
their length one is a multiple of the other. A number found so has six digits at least.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from indicators.estimation.estimate import Floats

#: an unknown: what it is, of which indicator, period, edition and category
Column = tuple[Hashable, ...]
#: by unknown its factor; the sum is zero
Terms = Mapping[Column, float]

#: a factor that is smaller is what rounding left
NOTHING = 1e-10
#: what sets two directions apart, as a part of their length
OPEN = 1e-6
#: an equation that adds less than this is left out of programmes, whose tolerance is near
_FIRM = 1e-6
#: within one part an unknown is given only by an equation in which its factor is as large, lest rounding grow
_LARGE = 0.1


@dataclass(kw_only=True)
class Solution:
    """Unknowns as combinations of those left open: first within each part, then over all parts."""

    independent: list[int] = field(default_factory=list)  # equations from which all others follow, but for rounding
    _within: dict[Column, tuple[list[int], Floats]] = field(default_factory=dict)
    _across: Floats = field(default_factory=lambda: np.zeros((0, 0)))

    def ratio(self, above: Column, below: Column) -> float | None:
        """What one unknown is of another, where it is a multiple of it; None where that is left open."""
        return ratio(self.of(above), self.of(below))

    def of(self, column: Column) -> Floats | None:
        """The combination; of no length where the unknown is zero, None where no equation holds it."""
        if column not in self._within:
            return None
        places, factors = self._within[column]
        return np.asarray(factors @ self._across[places])


@dataclass(frozen=True, kw_only=True)
class Reduced:
    """The unknowns left open, every unknown as a combination of these, and which equations said so."""

    free: list[int]
    combinations: Floats
    used: list[int]  # equations, each of which gave an unknown by a factor that rounding does not reach
    over: list[int]  # those that say more, and what they say
    left: Floats


def solve(equations: Iterable[Terms], part_of: Callable[[Column], Hashable], shared: Collection[Column] = ()) -> Solution:
    """Every unknown as a combination of those left open (Gauss and Jordan, in two steps).

    `part_of` says to which part an unknown belongs: equations within a part are solved there as far as that is accurate, and only
    what these leave open is solved over all parts. Unknowns that are `shared` by all parts are never given by others.
    One tolerance fits all unknowns only where they are of about the same size.
    """
    inside: dict[Hashable, list[tuple[int, Terms]]] = defaultdict(list)
    between: list[tuple[int, Terms]] = []
    columns: dict[Hashable, dict[Column, None]] = defaultdict(dict)
    for number, terms in enumerate(equations):
        parts = {part_of(column) for column in terms if column not in shared}
        if not parts:
            continue
        for column in terms:
            for part in parts if column in shared else (part_of(column),):
                columns[part][column] = None
        (inside[next(iter(parts))] if len(parts) == 1 else between).append((number, terms))
    found = Solution()
    wide: dict[tuple[Hashable, Column], int] = {}
    rows: list[tuple[int, list[int], Floats]] = []
    for part, names in columns.items():
        place = {column: at for at, column in enumerate(names)}
        kept = [at for column, at in place.items() if column in shared]
        numbers = [number for number, _ in inside[part]]
        reduced = reduce(_dense([terms for _, terms in inside[part]], place), kept, floor=_LARGE)
        opened = [(None if at in kept else part, column) for column, at in place.items()]
        open_at = [wide.setdefault(opened[at], len(wide)) for at in reduced.free]
        found.independent += [numbers[at] for at in reduced.used]
        rows += [(numbers[at], open_at, row) for at, row in zip(reduced.over, reduced.left, strict=True)]
        found._within |= {column: (open_at, reduced.combinations[at]) for column, at in place.items()}
    matrix = np.zeros((len(rows) + len(between), len(wide)))
    for at, (_, open_at, row) in enumerate(rows):
        matrix[at, open_at] = row
    for at, (_, terms) in enumerate(between, len(rows)):
        length = math.hypot(*terms.values())
        for column, factor in terms.items():
            open_at, factors = found._within[column]
            matrix[at, open_at] += factor / length * factors
    last = reduce(matrix, [at for (part, _), at in wide.items() if part is None])
    numbers = [*(number for number, _, _ in rows), *(number for number, _ in between)]
    found.independent += [numbers[at] for at in last.used]
    found._across = last.combinations
    return found


def _dense(equations: Sequence[Terms], place: Mapping[Column, int]) -> Floats:
    """The equations as a matrix, each of length one."""
    rows = np.zeros((len(equations), len(place)))
    for at, terms in enumerate(equations):
        length = math.hypot(*terms.values())
        for column, factor in terms.items():
            rows[at, place[column]] += factor / length
    return rows


def reduce(rows: Floats, kept: Sequence[int] = (), floor: float = NOTHING) -> Reduced:
    """Solves equations as far as one has a factor above `floor`; unknowns that are `kept` are given by none.

    The largest factor left decides which unknown is given next (complete pivoting, Golub and Van Loan 2013, ch. 3.4), so that
    what is left at last is rounding. Plain loops, because a library that shares so little work among processors is slower on a
    busy machine.
    """
    order = [*(column for column in range(rows.shape[1]) if column not in kept), *kept]
    left, width = rows[:, order], rows.shape[1] - len(kept)
    given, used = dict[int, int](), list[int]()
    largest = np.abs(left[:, :width]).max(axis=1, initial=0.0)
    while largest.max(initial=0.0) > floor:
        at = int(largest.argmax())
        column = int(np.abs(left[at, :width]).argmax())
        used += [at] if largest[at] > _FIRM else []
        left[at] /= left[at, column]
        others = np.flatnonzero(left[:, column])
        others = others[others != at]
        there = np.flatnonzero(left[at])  # most factors of most equations are zero, and stay so for long
        left[np.ix_(others, there)] -= left[others, column, None] * left[at, there]
        left[others, column] = 0.0
        given[column], largest[at] = at, -1.0
        waiting = others[largest[others] >= 0]
        largest[waiting] = np.abs(left[waiting, :width]).max(axis=1)
    free = [column for column in range(len(order)) if column not in given]
    found = np.zeros((len(order), len(free)))
    found[[order[column] for column in free], range(len(free))] = 1.0
    for column, at in given.items():
        found[order[column]] = -left[at, free]
    over = np.flatnonzero(largest > NOTHING)
    opened = [order[column] for column in free]
    return Reduced(free=opened, combinations=found, used=used, over=over.tolist(), left=left[over][:, free])


def ratio(above: Floats | None, below: Floats | None) -> float | None:
    """What `above` is of `below`, where the one is a multiple of the other; None where it is left open."""
    if above is None or below is None:
        return None
    length = float(below @ below)
    if length <= NOTHING**2:
        return None
    value = float(above @ below) / length
    distance = np.linalg.norm(above - value * below)
    return value if distance <= OPEN * max(float(np.linalg.norm(above)), length**0.5) else None
