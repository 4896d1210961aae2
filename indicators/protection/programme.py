"""Linear programmes about deviations from the true values, solved by HiGHS: the only place that knows of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from indicators.estimation.estimate import Floats

if TYPE_CHECKING:
    from highspy import _core

Integers = npt.NDArray[np.intp] | npt.NDArray[np.int32]

INFINITE = float("inf")
#: of HiGHS, for numbers that are scaled to about one
TOLERANCE = 1e-9
_OPTIONS: tuple[tuple[str, bool | int | float | str], ...] = (
    ("output_flag", False),
    ("threads", 1),
    ("presolve", "off"),  # solutions are starts for the next
    ("solver", "simplex"),
    ("primal_feasibility_tolerance", TOLERANCE),
    ("dual_feasibility_tolerance", TOLERANCE),
)


class Programme:
    """Least costs of columns that are not negative, under rows that are zero; until told otherwise nothing costs.

    The entries come column by column: where each starts, the rows of all, and their factors.
    """

    def __init__(self, columns: int, rows: int, starts: Integers, indices: Sequence[int] | Integers, factors: Sequence[float]):
        # imported where it is needed, for most plans are so small that no programme is; its own front end would print a line
        from highspy import _core

        self._optimal = _core.HighsModelStatus.kOptimal
        self._highs: _core._Highs = _core._Highs()
        for option, value in _OPTIONS:
            self._highs.setOptionValue(option, value)
        made = _core.HighsLp()
        made.num_col_, made.num_row_ = columns, rows
        made.col_cost_ = made.col_lower_ = np.zeros(columns)
        made.col_upper_ = np.full(columns, INFINITE)
        made.row_lower_ = made.row_upper_ = np.zeros(rows)
        made.a_matrix_.format_ = _core.MatrixFormat.kColwise
        made.a_matrix_.start_ = np.asarray(starts, dtype=np.int32)
        made.a_matrix_.index_ = np.asarray(indices, dtype=np.int32)
        made.a_matrix_.value_ = np.asarray(factors, dtype=np.float64)
        self._highs.passModel(made)

    def solve(self) -> bool:
        """Whether there is an optimum, from the last solution on."""
        self._highs.run()
        return self._highs.getModelStatus() == self._optimal

    def values(self) -> Floats:
        """Of the columns, in the optimum."""
        return np.array(self._highs.getSolution().col_value)

    def prices(self) -> Floats:
        """Of the rows: what one more of each would cost."""
        return np.array(self._highs.getSolution().row_dual)

    def forget(self) -> None:
        """Begins the next time from nothing."""
        self._highs.clearSolver()

    def cost(self, columns: Integers, costs: Floats) -> None:
        """Sets what columns cost."""
        self._highs.changeColsCost(len(columns), columns.astype(np.int32), costs)

    def bound(self, columns: Integers, lower: Floats, upper: Floats) -> None:
        """Sets the bounds of columns."""
        self._highs.changeColsBounds(len(columns), columns.astype(np.int32), lower, upper)

    def equal(self, sides: Floats) -> None:
        """Sets what the rows are equal to."""
        rows = np.arange(len(sides), dtype=np.int32)
        # missing from the stub of highspy 1.16
        self._highs.changeRowsBounds(len(rows), rows, sides, sides)  # type: ignore[attr-defined]

    def add_column(self, factors: Floats, cost: float, lower: float) -> None:
        """Adds a column with a factor for each row."""
        rows = np.flatnonzero(factors).astype(np.int32)
        self._highs.addCol(cost, lower, INFINITE, len(rows), rows, factors[rows])

    def drop_column(self) -> None:
        """Takes away the column that was added last."""
        self._highs.deleteCols(1, np.array([self._highs.getNumCol() - 1], dtype=np.int32))

    def add_row(self, columns: Integers, factors: Floats, least: float) -> None:
        """Adds a row that is `least` or more."""
        self._highs.addRow(least, INFINITE, len(columns), columns.astype(np.int32), factors)

    def drop_row(self) -> None:
        """Takes away the row that was added last."""
        self._highs.deleteRows(1, np.array([self._highs.getNumRow() - 1], dtype=np.int32))
