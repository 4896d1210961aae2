"""Unknowns: the sums of every category of a year as linear equations, and what these leave open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indicators.editions.results import TOTAL
from indicators.estimation.estimate import Floats

Key = tuple[str, str]
Equation = dict[int, float]  # by unknown: its factor

#: a factor that is smaller is what rounding left
_NOTHING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A category of a breakdown in one year, with its share of the denominator of all and its level over that of all."""

    breakdown: str
    category: str
    share: float
    level: float
    shown: bool  # its level is published
    secret: bool  # and may not follow from anything
    groups: int  # holding groups behind it

    @property
    def key(self) -> Key:
        return self.breakdown, self.category


@dataclass(frozen=True, kw_only=True)
class Link:
    """A category and those of a finer breakdown that it is made of; `left` is share and level of what is in none of them."""

    parent: Cell
    children: Sequence[Cell]
    left: tuple[float, float] | None

    @property
    def groups(self) -> int:
        """How many groups stand behind what is left, at least."""
        return self.parent.groups - sum(child.groups for child in self.children)


class Unknowns:
    """Linear equations in the unknown sums of all categories: x of each, and y of those whose level is not published."""

    def __init__(self, cells: Sequence[Cell], links: Sequence[Link], minimum: int) -> None:
        names = [("x", cell.key) for cell in cells] + [("y", cell.key) for cell in cells if not cell.shown]
        self._column = {name: place for place, name in enumerate(names)}
        self._width = len(names)
        self._shown = [cell.key for cell in cells if cell.shown]
        self._equations: list[Equation] = [{self._column["x", (TOTAL, TOTAL)]: 1.0}]
        self._secrets: list[Equation] = [
            {self._column["y", cell.key]: 1.0, self._column["x", cell.key]: -cell.level}  # known as soon as its level is
            for cell in cells
            if cell.secret and cell.share
        ]
        for link in links:
            self._add(link, minimum)

    def open(self) -> tuple[dict[Key, Floats], Floats]:
        """What the equations leave open of the shares of published categories, and of the withheld levels, one row each.

        Unknowns that the equations give are combinations of the others; a row of zeros is known.
        """
        free, of_free = solved(_dense(self._equations, self._width))
        found = np.zeros((self._width, len(free)))
        found[free, range(len(free))] = 1.0
        for column, row in of_free.items():
            found[column] = row
        secrets = np.zeros((len(self._secrets), len(free)))
        for at, secret in enumerate(self._secrets):
            for column, factor in secret.items():
                secrets[at] += factor * found[column]
        return {key: found[self._column["x", key]] for key in self._shown}, secrets

    def _add(self, link: Link, minimum: int) -> None:
        rows = [self._sum(of, link) for of in ("x", "y")]
        if link.left is not None:
            x, y = self._width, self._width + 1
            self._width += 2
            rows[0][x], rows[1][y] = -1.0, -1.0
            if link.groups < minimum:
                self._secrets.append({y: 1.0, x: -link.left[1]})
        self._equations += rows

    def _sum(self, of: str, link: Link) -> Equation:
        row: Equation = defaultdict(float)
        for cell, sign in ((link.parent, 1.0), *((child, -1.0) for child in link.children)):
            if (of, cell.key) in self._column:
                row[self._column[of, cell.key]] += sign
            else:
                row[self._column["x", cell.key]] += sign * cell.level
        return row


def solved(equations: Floats) -> tuple[list[int], dict[int, Floats]]:
    """The unknowns that linear equations leave open, and each of the others as a combination of these (Gauss and Jordan).

    Of each equation the largest factor decides which unknown it gives; one that follows from the others gives none. Plain loops,
    because a library that shares so little work among processors is slower on a busy machine.
    """
    left = equations.copy()
    given: dict[int, int] = {}
    for at in range(len(left)):
        column = int(np.abs(left[at]).argmax())
        factor = left[at, column]
        if abs(factor) <= _NOTHING:
            continue
        left[at] /= factor
        others = np.flatnonzero(left[:, column])
        others = others[others != at]
        left[others] -= left[others, column, None] * left[at]
        left[others, column] = 0.0
        given[column] = at
    free = [column for column in range(left.shape[1]) if column not in given]
    return free, {column: -left[at, free] for column, at in given.items()}


def _dense(rows: Sequence[Equation], width: int) -> Floats:
    """The rows as a matrix, each of length one."""
    found = np.zeros((len(rows), width))
    for at, row in enumerate(rows):
        found[at, list(row)] = list(row.values())
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    return np.asarray(found / np.where(lengths > 0, lengths, 1.0))
