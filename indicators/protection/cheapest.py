"""Cheapest: which cells to withhold so that a sum can move farther, by linear programmes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from indicators.estimation.estimate import Floats
from indicators.protection.programme import INFINITE, Programme
from indicators.protection.system import System

#: values count as no larger than so many times a distance: less than for attackers, so that they find what is found here
LIMIT = 1e4
#: so much less than a distance is enough, where errors leave no more
SLIGHTLY = 5e-7
#: less than this share of a distance is no movement
MOVED = 1e-7
#: rounds in which cells that move little are made dear, so that fewer move (Candès, Wakin and Boyd 2008)
ROUNDS = 2
#: costs of atoms, so that none moves without need; of the dearest cell; and what is added to movements that divide them
CHEAP, DEAR, SMALL = 1e-7, 1e3, 1e-3


@dataclass(frozen=True, kw_only=True)
class Detour:
    """Cells that must be withheld for a sum to move, what they cost, and the deviation of every atom that moves it."""

    cells: frozenset[int]
    cost: float
    deviation: Floats


class Cheapest:
    """The cheapest cells to withhold so that a sum can move: min Σ cost·|d(cell)| over those that are published.

    Earlier sums and forced cells do not move (Kelly, Golden and Assad 1992). Each atom and each cell has a column for how far it
    goes up and one for down.
    """

    def __init__(self, system: System, published: Iterable[int]) -> None:
        soft = sorted(set(published) - system.forced, key=lambda cell: (len(system.cells[cell]) > 1, cell))
        self._cells, self._count = np.array(soft, dtype=np.intp), system.atoms
        self._costs = system.costs[self._cells]
        # what a cell of one atom costs is laid on its atom; the others have a row that says how far they move
        single = [next(iter(system.cells[cell])) for cell in soft if len(system.cells[cell]) == 1]
        many = [system.cells[cell] for cell in soft[len(single) :]]
        self._up = np.array([*single, *range(2 * system.atoms, 2 * system.atoms + len(many))], dtype=np.intp)
        self._down = self._up + np.repeat([system.atoms, len(many)], [len(single), len(many)])
        self._size = 2 * (system.atoms + len(many))
        self._programme = self._programme_of(system, many)

    def _programme_of(self, system: System, many: list[frozenset[int]]) -> Programme:
        inside: list[list[int]] = [[] for _ in range(system.atoms)]
        sums = [*many, *system.told, *(system.cells[cell] for cell in sorted(system.forced))]
        for row, atoms in enumerate(sums):
            for atom in atoms:
                inside[atom].append(row)
        own = [[row] for row in range(len(many))]
        columns = [(rows, sign) for sign, kind in ((1.0, inside), (-1.0, inside), (-1.0, own), (1.0, own)) for rows in kind]
        starts = np.cumsum([0, *(len(rows) for rows, _ in columns)])
        indices = [row for rows, _ in columns for row in rows]
        return Programme(self._size, len(sums), starts, indices, [sign for rows, sign in columns for _ in rows])

    def withhold(self, cells: Iterable[int]) -> None:
        """From now on these may move for nothing."""
        self._costs[np.isin(self._cells, list(cells))] = 0.0

    def detour(self, atoms: Iterable[int], distance: float, values: Floats, known: Iterable[int] = ()) -> Detour | None:
        """The cells to withhold so that the sum of `atoms` can move by `distance`, down if it is negative.

        Atoms that are `known` stay. None when it cannot move so far though everything else were withheld.
        """
        both = np.array([*atoms])
        limits = np.concatenate([np.full(self._count, INFINITE), np.minimum(values / abs(distance), LIMIT)])
        fixed = np.array([*known], dtype=np.intp)
        limits[fixed] = limits[self._count + fixed] = 0.0
        # from no deviation a few steps of the dual simplex method suffice
        self._programme.forget()
        self._programme.bound(np.arange(2 * self._count), np.zeros(2 * self._count), limits)
        signs = np.repeat([1.0, -1.0], len(both)) * np.sign(distance)
        self._programme.add_row(np.concatenate([both, self._count + both]), signs, 1.0 - SLIGHTLY)
        found = self._sparsest(abs(distance))
        self._programme.drop_row()
        return found

    def _sparsest(self, unit: float) -> Detour | None:
        weights, best = self._costs, None
        for _ in range(1 + ROUNDS):
            self._price(weights)
            if not self._programme.solve():
                break
            values = self._programme.values()
            moved = values[self._up] + values[self._down]
            new = (moved > MOVED) & (self._costs > 0)
            total = float(self._costs[new].sum())
            if best is None or total < best.cost:
                deviation = (values[: self._count] - values[self._count : 2 * self._count]) * unit
                best = Detour(cells=frozenset(self._cells[new].tolist()), cost=total, deviation=deviation)
            if not new.any():
                break
            weights = self._costs / (moved + SMALL)
        return best

    def _price(self, weights: Floats) -> None:
        costs = np.full(self._size, CHEAP)
        scaled = weights / max(weights.max(initial=0.0), 1e-300) * DEAR
        costs[self._up] += scaled
        costs[self._down] += scaled
        self._programme.cost(np.arange(self._size), costs)
