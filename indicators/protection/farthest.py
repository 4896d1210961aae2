"""Farthest: how far an attacker must let a cell move, by linear programmes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from indicators.estimation.estimate import Floats
from indicators.protection.freedom import Freedom
from indicators.protection.programme import INFINITE, TOLERANCE, Integers, Programme

#: a sum that goes this many times as far as asked has no limit
FAR = 1e3
#: values count as no larger than so many times a distance: what is larger drowns it in errors, and can but help an attacker
LIMIT = 1e6


class Farthest:
    """How far sums can move at most: max c·y with B·y ≥ −x, where B is the basis of a part and y has a number for each degree.

    Deviations, not values, are sought, so that there always is a solution: nothing moves. Solved as the dual, min x·λ with
    Bᵀλ = −c and λ ≥ 0, which has a row for each degree instead of each atom, and where each solution is a start for the next.
    """

    def __init__(self, freedom: Freedom, values: Floats) -> None:
        self._values, self._degrees = values, freedom.basis.shape[1]
        places = np.nonzero(freedom.basis)
        # every row has something, so that sums of its products can be taken from one start to the next
        self._entries = freedom.basis[places], places[1], np.searchsorted(places[0], np.arange(len(values)))
        lengths = np.abs(freedom.basis).max(axis=1)
        self._kept, self._column = _tightest(freedom.basis / lengths[:, None] + 0.0, values / lengths)
        self._lengths = lengths[self._kept]
        matrix = freedom.basis[self._kept] / self._lengths[:, None]
        columns, rows = np.nonzero(matrix)
        starts = np.searchsorted(columns, np.arange(len(matrix) + 1))
        self._programme = Programme(len(matrix), self._degrees, starts, rows, matrix[columns, rows])
        self._held = np.zeros((0, self._degrees))
        self._unit, self._room = 0.0, np.zeros(len(matrix))

    def solve(self, move: Floats, unit: float, known: Sequence[int] = ()) -> tuple[float, Floats]:
        """How far the sum `move` can go up, infinite if without limit, and a y by which it goes up to FAR units of it.

        The atoms in the rows `known` stay. Solutions are checked: y is possible for sure.
        """
        if not move.any():
            return 0.0, np.zeros(self._degrees)
        if unit != self._unit:
            self._unit, self._room = unit, np.minimum(self._values[self._kept] / unit, LIMIT) / self._lengths
            self._programme.cost(np.arange(len(self._room)), self._room)
        fixed = np.array(sorted(set(self._column[list(known)].tolist())), dtype=np.intp)
        self._fix(fixed, -INFINITE, np.zeros(len(fixed)))
        self._programme.equal(-move)
        found = self._optimum(move, known)
        self._fix(fixed, 0.0, self._room[fixed])
        return found

    def hold(self, move: Floats) -> None:
        """From now on this sum does not move."""
        self._programme.add_column(move, 0.0, -INFINITE)
        self._held = np.vstack([self._held, move])

    def release(self) -> None:
        """The sum that was held last moves again."""
        self._programme.drop_column()
        self._held = self._held[:-1]

    def _fix(self, columns: Integers, lower: float, costs: Floats) -> None:
        if len(columns):
            self._programme.bound(columns, np.full(len(columns), lower), np.full(len(columns), INFINITE))
            self._programme.cost(columns, costs)

    def _optimum(self, move: Floats, known: Sequence[int]) -> tuple[float, Floats]:
        if self._programme.solve():
            return self._certain(move, known)
        # without limit, as it seems: with one it must come to it
        self._programme.add_column(-move, FAR, 0.0)
        distance, way = self._certain(move, known) if self._programme.solve() else (0.0, np.zeros(self._degrees))
        self._programme.drop_column()
        return (distance if distance < FAR / 2 * self._unit else INFINITE), way

    def _certain(self, move: Floats, known: Sequence[int]) -> tuple[float, Floats]:
        """The solution, shortened where it would leave a value negative; nothing if it moves what is known or held."""
        way = -self._programme.prices() * self._unit
        reached = float(move @ way)
        # of a way that goes very far, a part is enough, and its errors are as much smaller
        way = way * min(1.0, FAR * self._unit / max(reached, self._unit))
        deviation, slight = self._deviation(way), 10 * TOLERANCE * self._unit
        if max(np.abs(deviation[list(known)]).max(initial=0.0), np.abs(self._held @ way).max(initial=0.0)) > slight:
            return 0.0, np.zeros(self._degrees)
        down = deviation < -slight
        share = float(((self._values[down] + slight) / -deviation[down]).min(initial=1.0))
        return (reached if share == 1 else float(move @ way) * share), way * share

    def _deviation(self, way: Floats) -> Floats:
        factors, columns, starts = self._entries
        found: Floats = np.add.reduceat(factors * way[columns], starts)
        return found


def _tightest(rows: Floats, room: Floats) -> tuple[Integers, Integers]:
    """Of rows that are equal the one with least room; and for each row the place of the one kept."""
    places: dict[bytes, int] = {}
    column = np.array([places.setdefault(row.tobytes(), len(places)) for row in rows], dtype=np.intp)
    order = np.lexsort((room, column))
    return order[np.unique(column[order], return_index=True)[1]], column
