"""Linear programmes, solved by HiGHS: how far an attacker must let a cell move, and what is cheapest to let it move farther.

Both speak of deviations d from the true values x ≥ 0, so that d ≥ −x and d = 0 is always possible (Fischetti and Salazar 2001).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from indicators.estimation.estimate import Floats
from indicators.protection.freedom import Freedom
from indicators.protection.system import System

if TYPE_CHECKING:
    from highspy import _core

INFINITE = float("inf")
#: of HiGHS, for numbers that are scaled to about one
TOLERANCE = 1e-9
#: a sum that goes this many times as far as asked has no limit
FAR = 1e3
#: values are taken to be no larger than so many times a distance: what is larger drowns it in errors, and an attacker gains
LIMIT = 1e6
#: the same where cells are sought, so that what is found there is found again
NEAR = 1e4
#: rounds in which cells that move little are made dear, so that fewer move (Candès, Wakin and Boyd 2008)
ROUNDS = 2

#: less than this share of a distance is no movement
MOVED = 1e-7
#: and so much less than a distance is enough, where errors leave no more
SLIGHTLY = 5e-7
#: costs of atoms, so that none moves without need; of the dearest cell; and what is added to movements that divide them
CHEAP, DEAR, SMALL = 1e-7, 1e3, 1e-3
OPTIONS: tuple[tuple[str, bool | int | float | str], ...] = (
    ("output_flag", False),
    ("threads", 1),
    ("presolve", "off"),
    ("solver", "simplex"),
    ("primal_feasibility_tolerance", TOLERANCE),
    ("dual_feasibility_tolerance", TOLERANCE),
)

_Integers = npt.NDArray[np.intp] | npt.NDArray[np.int32]


@dataclass(frozen=True, kw_only=True)
class Detour:
    """Cells that must be withheld for a sum to move, what they cost, and the deviation of every atom that moves it."""

    cells: frozenset[int]
    cost: float
    deviation: Floats


class Farthest:
    """How far sums can move at most: max c·y with B·y ≥ −x, where B is the basis of a part, and y one number for each degree.

    Solved as the dual, min x·λ with Bᵀλ = −c and λ ≥ 0: it has as many rows as degrees of freedom, not as atoms, and the
    solution of one sum is a start for the next.
    """

    def __init__(self, freedom: Freedom, values: Floats) -> None:
        self._values = values
        places = np.nonzero(freedom.basis)
        # every row has something, so that sums of its products can be taken from one start to the next
        self._entries = freedom.basis[places], places[1], np.searchsorted(places[0], np.arange(len(values)))
        lengths = np.abs(freedom.basis).max(axis=1)
        kept, self._column = _tightest(freedom.basis / lengths[:, None] + 0.0, values / lengths)
        self._kept, self._lengths = kept, lengths[kept]
        self._columns = np.arange(len(kept), dtype=np.int32)
        self._rows = np.arange(freedom.basis.shape[1], dtype=np.int32)
        matrix = freedom.basis[kept] / self._lengths[:, None]
        columns, rows = np.nonzero(matrix)
        starts = np.searchsorted(columns, np.arange(len(kept) + 1))
        self._highs = _model(len(kept), matrix.shape[1], starts, rows, matrix[columns, rows])
        self._held = np.zeros((0, len(self._rows)))
        self._unit, self._room = 0.0, np.zeros(len(kept))
        self.solved = 0  # how often

    def solve(self, move: Floats, unit: float, known: Sequence[int] = ()) -> tuple[float, Floats]:
        """How far the sum `move` can go up, infinite if without limit, and a y by which it goes up to FAR units of it.

        The atoms in the rows `known` stay. Solutions are checked: y is possible for sure.
        """
        if not move.any():
            return 0.0, np.zeros(len(move))
        if unit != self._unit:
            self._unit, self._room = unit, np.minimum(self._values[self._kept] / unit, LIMIT) / self._lengths
            self._highs.changeColsCost(len(self._columns), self._columns, self._room)
        fixed = np.unique(self._column[list(known)]).astype(np.int32)
        none, endless = np.zeros(len(fixed)), np.full(len(fixed), INFINITE)
        self._bound(fixed, -endless, none)
        # missing from the stub of highspy 1.16
        self._highs.changeRowsBounds(len(self._rows), self._rows, -move, -move)  # type: ignore[attr-defined]
        found = self._optimum(move, known)
        self.solved += 1
        self._bound(fixed, none, self._room[fixed])
        return found

    def hold(self, move: Floats) -> None:
        """From now on this sum does not move."""
        self._add_column(move, 0.0, -INFINITE)
        self._held = np.vstack([self._held, move])

    def release(self) -> None:
        """The sum that was held last moves again."""
        self._drop_column()
        self._held = self._held[:-1]

    def _bound(self, columns: _Integers, lower: Floats, costs: Floats) -> None:
        if len(columns):
            self._highs.changeColsBounds(len(columns), columns, lower, np.full(len(columns), INFINITE))
            self._highs.changeColsCost(len(columns), columns, costs)

    def _optimum(self, move: Floats, known: Sequence[int]) -> tuple[float, Floats]:
        if _solved(self._highs):
            return self._certain(move, known)
        # without limit, as it seems: with one it must come to it
        self._add_column(-move, FAR, 0.0)
        distance, way = self._certain(move, known) if _solved(self._highs) else (0.0, np.zeros(len(move)))
        self._drop_column()
        return (distance if distance < FAR / 2 * self._unit else INFINITE), way

    def _certain(self, move: Floats, known: Sequence[int]) -> tuple[float, Floats]:
        """The solution, shortened where it would leave a value negative; nothing if it moves what is known or held."""
        way: Floats = -np.array(self._highs.getSolution().row_dual) * self._unit
        reached = float(move @ way)
        # of a way that goes very far, a part is enough, and its errors are as much smaller
        way = way * min(1.0, FAR * self._unit / max(reached, self._unit))
        deviation, slight = self._deviation(way), 10 * TOLERANCE * self._unit
        if max(np.abs(deviation[list(known)]).max(initial=0.0), np.abs(self._held @ way).max(initial=0.0)) > slight:
            return 0.0, np.zeros(len(way))
        down = deviation < -slight
        share = float(((self._values[down] + slight) / -deviation[down]).min(initial=1.0))
        return (reached if share == 1 else float(move @ way) * share), way * share

    def _deviation(self, way: Floats) -> Floats:
        factors, columns, starts = self._entries
        found: Floats = np.add.reduceat(factors * way[columns], starts)
        return found

    def _add_column(self, move: Floats, cost: float, lower: float) -> None:
        used = np.flatnonzero(move).astype(np.int32)
        self._highs.addCol(cost, lower, INFINITE, len(used), used, move[used])

    def _drop_column(self) -> None:
        self._highs.deleteCols(1, np.array([self._highs.getNumCol() - 1], dtype=np.int32))


class Cheapest:
    """The cheapest cells to withhold so that a sum can move: min Σ cost·|d(cell)| over those that are published.

    Earlier sums and forced cells do not move.
    """

    def __init__(self, system: System, published: Iterable[int]) -> None:
        count = system.atoms
        soft = sorted(set(published) - system.forced)
        # what a cell of one atom costs is laid on its atom; the others have a row, and two columns for how far they move
        self._cells = [*(c for c in soft if len(system.cells[c]) == 1), *(c for c in soft if len(system.cells[c]) > 1)]
        single = [next(iter(system.cells[cell])) for cell in self._cells if len(system.cells[cell]) == 1]
        many = [system.cells[cell] for cell in self._cells[len(single) :]]
        extra = 2 * count + np.arange(len(many))
        self._up = np.array([*single, *extra], dtype=np.intp)
        self._down = self._up + np.repeat([count, len(many)], [len(single), len(many)])
        self._costs = np.array([float(system.costs[cell]) for cell in self._cells])
        self._count, self._size = count, 2 * (count + len(many))
        inside: list[list[int]] = [[] for _ in range(count)]
        sums = [*many, *system.told, *(system.cells[cell] for cell in sorted(system.forced))]
        for row, atoms in enumerate(sums):
            for atom in atoms:
                inside[atom].append(row)
        own = [[row] for row in range(len(many))]
        columns = [(rows, sign) for sign, kind in ((1.0, inside), (-1.0, inside), (-1.0, own), (1.0, own)) for rows in kind]
        self._highs = _model(
            self._size,
            len(sums),
            np.cumsum([0, *(len(rows) for rows, _ in columns)]),
            [row for rows, _ in columns for row in rows],
            [sign for rows, sign in columns for _ in rows],
        )

    def withhold(self, cells: Iterable[int]) -> None:
        """From now on these may move for nothing."""
        self._costs[np.isin(self._cells, list(cells))] = 0.0

    def detour(self, atoms: Iterable[int], distance: float, values: Floats, known: Iterable[int] = ()) -> Detour | None:
        """The cells to withhold so that the sum of `atoms` can move by `distance`, down if it is negative.

        Atoms that are `known` stay. None when it cannot move so far though everything else were withheld.
        """
        both = np.array([*atoms])
        indices = np.concatenate([both, both + self._count]).astype(np.int32)
        signs = np.repeat([1.0, -1.0], len(both)) * np.sign(distance)
        limits = np.concatenate([np.full(self._count, INFINITE), np.minimum(values / abs(distance), NEAR)])
        for atom in known:
            limits[[atom, atom + self._count]] = 0.0
        every = np.arange(2 * self._count, dtype=np.int32)
        # from d = 0 a few steps of the dual simplex method suffice
        self._highs.clearSolver()
        self._highs.changeColsBounds(len(every), every, np.zeros(len(every)), limits)
        self._highs.addRow(1.0 - SLIGHTLY, INFINITE, len(indices), indices, signs)
        found = self._sparsest(abs(distance))
        self._highs.deleteRows(1, np.array([self._highs.getNumRow() - 1], dtype=np.int32))
        return found

    def _sparsest(self, unit: float) -> Detour | None:
        weights, best = self._costs, None
        for _ in range(1 + ROUNDS):
            self._price(weights)
            if not _solved(self._highs):
                break
            solution = np.array(self._highs.getSolution().col_value)
            moved = solution[self._up] + solution[self._down]
            new = (moved > MOVED) & (self._costs > 0)
            total = float(self._costs[new].sum())
            if best is None or total < best.cost:
                deviation = (solution[: self._count] - solution[self._count : 2 * self._count]) * unit
                best = Detour(cells=frozenset(self._cells[at] for at in np.flatnonzero(new)), cost=total, deviation=deviation)
            if not new.any():
                break
            weights = self._costs / (moved + SMALL)
        return best

    def _price(self, weights: Floats) -> None:
        costs = np.full(self._size, CHEAP)
        scaled = weights / max(weights.max(initial=0.0), 1e-300) * DEAR
        costs[self._up] += scaled
        costs[self._down] += scaled
        self._highs.changeColsCost(self._size, np.arange(self._size, dtype=np.int32), costs)


def _model(
    columns: int, rows: int, starts: _Integers, indices: Sequence[int] | _Integers, factors: Sequence[float]
) -> _core._Highs:
    """A programme of columns that are not negative, and rows that are zero."""
    # imported where it is needed: most plans are so small that no programme is; its own front end would print a line
    from highspy import _core

    highs = _core._Highs()
    for option, value in OPTIONS:
        highs.setOptionValue(option, value)
    programme = _core.HighsLp()
    programme.num_col_, programme.num_row_ = columns, rows
    programme.col_cost_ = programme.col_lower_ = np.zeros(columns)
    programme.col_upper_ = np.full(columns, INFINITE)
    programme.row_lower_ = programme.row_upper_ = np.zeros(rows)
    programme.a_matrix_.format_ = _core.MatrixFormat.kColwise
    programme.a_matrix_.start_ = np.asarray(starts, dtype=np.int32)
    programme.a_matrix_.index_ = np.asarray(indices, dtype=np.int32)
    programme.a_matrix_.value_ = np.asarray(factors, dtype=np.float64)
    highs.passModel(programme)
    return highs


def _solved(highs: _core._Highs) -> bool:
    """Whether there is an optimum."""
    from highspy import _core

    highs.run()
    return highs.getModelStatus() == _core.HighsModelStatus.kOptimal


def _tightest(rows: Floats, room: Floats) -> tuple[_Integers, _Integers]:
    """Of rows that are equal the one with least room; and for each row the place of the one kept."""
    places: dict[bytes, int] = {}
    column = np.array([places.setdefault(row.tobytes(), len(places)) for row in rows], dtype=np.int32)
    order = np.lexsort((room, column))
    kept = order[np.unique(column[order], return_index=True)[1]]
    return kept.astype(np.int32), column
