"""Ellipsoid: deviations that are possible for sure, for all cells and all contributors at once, without a linear programme."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import numpy as np
import numpy.typing as npt

from indicators.estimation.estimate import Floats
from indicators.protection.freedom import Freedom

#: share of the largest below which a length counts as zero
ZERO = 1e-9
#: what should be zero comes out below this share of the longest way there may be
NOISE = 1e-11
#: how many times as far as the ellipsoid a straight line may be followed before its errors count
FAR = 1e3

Integers = npt.NDArray[np.intp]


class Ellipsoid:
    """Around values x > 0 all deviations with Σ (d/x)² ≤ 1 leave nothing negative (Dikin 1967): an attacker must allow for them.

    `start` leads from the true values to those in the middle; atoms that stay zero there are held. The other way round nothing
    follows: more may be possible.
    """

    def __init__(self, freedom: Freedom, values: Floats, start: Floats) -> None:
        begun = freedom.basis @ start
        middle = values + begun
        self._rows = np.flatnonzero(middle > ZERO * middle.mean())
        degrees = _null_space(np.delete(freedom.basis, self._rows, axis=0))
        middle = middle[self._rows]
        self._atoms, triangle = np.linalg.qr(freedom.basis[self._rows] @ degrees / middle[:, None])
        size = np.abs(np.diag(triangle))
        self._to = np.zeros((len(freedom.cells), len(size)))
        if len(size) and size.min() > ZERO * size.max():
            self._to = np.linalg.solve(triangle.T, (freedom.moves @ degrees).T).T
            self._to[np.abs(self._to).max(axis=1) <= NOISE / size.min()] = 0.0
        self._begun: Floats = begun[self._rows] / middle
        self._moved: Floats = freedom.moves @ start

    def reach(self, known: Sequence[int] = ()) -> Floats:
        """Half the width that the interval of each cell has at least when the atoms in the rows `known` do not move."""
        rows = np.isin(self._rows, known)
        axes, _, share = self._cut(self._atoms[rows], -self._begun[rows], ~rows)
        whole = (self._to**2).sum(axis=1)
        rest = whole - ((self._to @ axes.T) ** 2).sum(axis=1)
        return np.sqrt(np.where(rest > ZERO * whole, rest, 0.0)) * share

    def around(self, cells: Integers) -> tuple[Floats, Floats]:
        """How far some cells can move up and down from their true values without leaving the ellipsoid."""
        lengths, moved = np.sqrt((self._to[cells] ** 2).sum(axis=1)), self._moved[cells]
        return moved + lengths, lengths - moved

    def outward(self, cells: Integers) -> tuple[Floats, Floats]:
        """The same beyond it, on the straight line to its farthest point."""
        to, moved = self._to[cells], self._moved[cells]
        lengths, relative = (to**2).sum(axis=1), to @ self._atoms.T
        with np.errstate(divide="ignore", invalid="ignore"):
            up, down = (np.where(lengths > 0, lengths / side.max(axis=1, initial=0.0), 0.0) for side in (-relative, relative))
            up, down = (np.minimum(way, FAR * np.sqrt(lengths)) for way in (up, down))
        return moved + up, down - moved

    def held(self, cell: int) -> Ellipsoid | None:
        """The same when the cell in this row does not move; None where that is not found to be possible."""
        found = copy(self)
        axes, step, share = self._cut(self._to[[cell]], -self._moved[[cell]], np.ones(len(self._rows), dtype=bool))
        if share == 0:
            return None
        found._to = (self._to - self._to @ axes.T @ axes) * share
        found._atoms = self._atoms - self._atoms @ axes.T @ axes
        found._begun = (self._begun + self._atoms @ step) / share
        found._moved = self._moved + self._to @ step
        return found

    def _cut(self, ways: Floats, offsets: Floats, free: npt.NDArray[np.bool_]) -> tuple[Floats, Floats, float]:
        """Where all `ways` go as far as `offsets`: their axes, the step to the nearest such point, and how much is left there.

        That is the least share which the `free` atoms keep of their values; around the point an ellipsoid as much smaller lies
        within the bounds. 0 where there is no such point.
        """
        left, sizes, axes = np.linalg.svd(ways, full_matrices=False)
        firm = sizes > ZERO * sizes.max(initial=ZERO)
        axes, step = axes[firm], axes[firm].T @ (left.T[firm] @ offsets / sizes[firm])
        if not np.allclose(ways @ step, offsets, rtol=0, atol=ZERO * max(1.0, np.abs(offsets).max(initial=0.0))):
            return axes, step, 0.0
        return axes, step, max(1 + float((self._atoms[free] @ step).min(initial=0.0)), 0.0)


def _null_space(rows: Floats) -> Floats:
    """Degrees of freedom, as columns, in which none of the rows move."""
    if not len(rows):
        return np.eye(rows.shape[1])
    _, sizes, axes = np.linalg.svd(rows)
    rank = int((sizes > ZERO * sizes.max(initial=ZERO)).sum())
    found: Floats = axes[rank:].T
    return found
