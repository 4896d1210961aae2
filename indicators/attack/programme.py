"""Programmes: between which bounds an unknown lies, by linear programmes (HiGHS)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from highspy import _core  # its wrapper prints a banner

from indicators.attack.elimination import Column, Terms
from indicators.estimation.estimate import Floats

#: a number so many times that of all is as good as unbounded
_FAR = 1e4
_SENSES = (1.0, -1.0)


@dataclass(kw_only=True)
class Programme:
    """All that linear equations and signs allow of their unknowns, up to a common factor.

    Unknowns are never negative but those that are `signed`; those in `at_most` are no larger than so many times their partner.
    """

    equations: Sequence[Terms]
    at_most: Mapping[Column, tuple[Column, float]] = field(default_factory=dict)
    signed: frozenset[Column] = frozenset()
    columns: list[Column] = field(default_factory=list)
    _place: dict[Column, int] = field(default_factory=dict)
    _highs: _core._Highs = field(default_factory=_core._Highs)

    def __post_init__(self) -> None:
        self.columns = [*dict.fromkeys(column for terms in self.equations for column in terms)]
        self._place = {column: at for at, column in enumerate(self.columns)}
        for option, value in (("output_flag", False), ("threads", 1), ("solver", "simplex")):
            self._highs.setOptionValue(option, value)
        lower = np.array([-math.inf if column in self.signed else 0.0 for column in self.columns])
        self._highs.addVars(len(self.columns), lower, np.full(len(self.columns), math.inf))
        for terms in self.equations:
            self._row(terms, 0.0, 0.0)
        for above, (below, times) in self.at_most.items():
            if above in self._place and below in self._place:
                self._row({above: 1.0, below: -times}, -math.inf, 0.0)

    def holds(self, column: Column) -> bool:
        """Whether any equation holds the unknown."""
        return column in self._place

    def place(self, column: Column) -> int:
        """Where the unknown stands in a solution."""
        return self._place[column]

    def bounds(self, above: Column, below: Column) -> tuple[float, float, list[Floats]] | None:
        """Least and greatest `above` while `below` is one, and the solutions that reach them; infinite where there is none.

        None where `below` can be nothing but zero.
        """
        y, x, highs = self._place[above], self._place[below], self._highs
        floor = -_FAR if above in self.signed else 0.0
        highs.changeColBounds(y, floor, _FAR)
        highs.changeColBounds(x, 1.0, 1.0)
        found, solutions = [], []
        for sense in _SENSES:
            highs.changeColCost(y, sense)
            highs.run()
            if highs.getModelStatus() != _core.HighsModelStatus.kOptimal:
                break
            solution = np.array(highs.getSolution().col_value)
            solutions.append(solution)
            found.append(float(solution[y]))
        highs.changeColCost(y, 0.0)
        highs.changeColBounds(x, 0.0, math.inf)
        highs.changeColBounds(y, -math.inf if above in self.signed else 0.0, math.inf)
        if len(found) < 2:
            return None
        low, high = (value if abs(value) < _FAR * 0.999 else math.copysign(math.inf, value) for value in found)
        return low, high, solutions

    def _row(self, terms: Terms, low: float, high: float) -> None:
        places = np.array([self._place[column] for column in terms], dtype=np.int32)
        factors = np.array([*terms.values()], dtype=np.float64)
        self._highs.addRow(low, high, len(places), places, factors / np.abs(factors).max())
