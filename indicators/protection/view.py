"""View: what an attacker sees of one connected part in one magnitude."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from math import log10

import numpy as np

from indicators.estimation.estimate import Floats
from indicators.protection.ellipsoid import Ellipsoid
from indicators.protection.farthest import Farthest
from indicators.protection.freedom import Freedom
from indicators.protection.needs import Need

#: what tolerances may cost of a distance
SLACK = 1e-6
#: ways that are tried into the inside of what is possible
STEPS = 30


class View:
    """Which needs of the cells of a part are met: the ellipsoid answers for most of them at once, programmes for the others."""

    def __init__(self, part: Freedom, values: Floats) -> None:
        self._part, self._values = part, values[list(part.atoms)]
        self._atoms = {atom: row for row, atom in enumerate(part.atoms)}
        self._cells = {cell: row for row, cell in enumerate(part.cells)}
        self._ellipsoids: list[Ellipsoid | None] = []  # one more for each cell that is held; None proves nothing
        self.effort = 0  # how many programmes were solved to find out what fails

    @cached_property
    def _farthest(self) -> Farthest:
        return Farthest(self._part, self._values)

    def _inside(self) -> Floats:
        """A way to values none of which is zero, but where an attacker knows that they are."""
        zero, ways = self._part.basis[self._values <= 0], [np.zeros(self._part.basis.shape[1])]
        if not len(zero):
            return ways[0]
        unit = float(self._values.mean()) or 1.0
        while len(zero) and len(ways) < STEPS:
            _, way = self._farthest.solve(zero.sum(axis=0), _rounded(unit))
            rises = zero @ way
            if rises.max(initial=0.0) <= SLACK * unit:
                break
            ways.append(way * min(1.0, len(zero) * unit / rises.sum()))
            zero = zero[rises <= SLACK * unit]
        inside: Floats = np.mean(ways, axis=0) / 2
        return inside

    def rows(self, atoms: Iterable[int]) -> list[int]:
        """Where those of some atoms stand that can move."""
        return sorted(self._atoms[atom] for atom in atoms if atom in self._atoms)

    def reach(self, cells: Sequence[int], known: Sequence[int] = ()) -> Floats:
        """Half the width that the intervals of cells have for sure when the atoms in the rows `known` do not move."""
        if (ellipsoid := self._ellipsoid()) is None:
            return np.zeros(len(cells))
        found: Floats = ellipsoid.reach(known)[[self._cells[cell] for cell in cells]]
        return found

    def distance(self, cell: int, side: int, unit: float, known: Sequence[int] = ()) -> float:
        """How far the upper (1) or lower (−1) bound is from the value; `unit` is a distance that matters."""
        return self._farthest.solve(side * self._part.moves[self._cells[cell]], _rounded(unit), known)[0]

    def failing(self, wanted: Sequence[Need], known: Sequence[int] = ()) -> Iterator[Need]:
        """Needs that are not met when the atoms in the rows `known` do not move, the most pressing first."""
        left = self._unsure(wanted, known)
        moves = self._part.moves[[self._cells[need.cell] for need in left]]
        sides, distances = np.array([need.direction for need in left]), np.array([need.distance for need in left])
        met = np.zeros(len(left), dtype=bool)
        for at, need in enumerate(left):
            unit, found = _rounded(need.distance), 0.0
            for side in () if met[at] else (need.direction,) if need.direction else (1, -1):
                distance, way = self._farthest.solve(side * moves[at], unit, known)
                found, self.effort = found + distance, self.effort + 1
                # the same deviation may be enough for others, but for those that are much smaller it is too coarse
                gone = moves @ way
                met |= (np.where(sides == 0, np.abs(gone), sides * gone) >= distances) & (distances > unit / 100)
                met[at] = found >= need.distance * (1 - SLACK)
                if met[at]:
                    break
            if not met[at]:
                yield need

    def hold(self, cell: int) -> None:
        """From now on a cell does not move."""
        ellipsoid, row = self._ellipsoid(), self._cells[cell]
        self._ellipsoids.append(ellipsoid and ellipsoid.held(row))
        self._farthest.hold(self._part.moves[row])

    def release(self) -> None:
        """The cell that was held last moves again."""
        self._farthest.release()
        self._ellipsoids.pop()

    def _ellipsoid(self) -> Ellipsoid | None:
        if not self._ellipsoids:
            self._ellipsoids.append(Ellipsoid(self._part, self._values, self._inside()))
        return self._ellipsoids[-1]

    def _unsure(self, wanted: Sequence[Need], known: Sequence[int]) -> list[Need]:
        """Those that the ellipsoid does not prove, the most pressing first."""
        sides, distances = np.array([need.direction for need in wanted]), np.array([need.distance for need in wanted])
        rows, ellipsoid = np.array([self._cells[need.cell] for need in wanted]), self._ellipsoid()
        share = np.zeros(len(wanted))
        if ellipsoid and known:
            share = np.where(sides == 0, 2 * ellipsoid.reach(known)[rows], 0.0) / distances
        elif ellipsoid:
            for ways in (ellipsoid.around, ellipsoid.outward):
                if not len(low := np.flatnonzero(share < 1 + SLACK)):
                    break
                up, down = ways(rows[low])
                share[low] = (np.where(sides[low] >= 0, up, 0.0) + np.where(sides[low] <= 0, down, 0.0)) / distances[low]
        return [wanted[at] for at in np.argsort(share, kind="stable").tolist() if share[at] < 1 + SLACK]


def _rounded(unit: float) -> float:
    """A power of a thousand, so that programmes are seldom scaled anew."""
    return float(10.0 ** (3 * round(log10(unit) / 3)))
