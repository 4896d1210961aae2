"""Sums that do not depend on the order of their addends, to the last bit, in the SQL of any engine.

Engines add in parallel, so a plain sum differs in its last digits from run to run. Here every addend is split into a part on
a grid so coarse that no sum of such parts loses a digit, and the rest on a second, finer grid of the same kind; both sums are
exact, whatever the order. Adding and taking away a large number is what rounds to a grid.
Sources: Rump, Ogita and Oishi (2008), accurate summation; Demmel and Nguyen (2013), reproducible summation.
"""

from __future__ import annotations

from collections.abc import Iterable

#: stands for the largest addend where all are zero, so that a logarithm can be taken
_TINY = "1e-150"

GRID = "grid"


def grid(relation: str, values: Iterable[str], products: Iterable[tuple[str, str]] = ()) -> str:
    """A select of one row: for each value, and each product of two, the number that rounds to its grid, as `spacing` names it."""
    columns = [f"{_rounder([name])} AS {spacing(name)}" for name in values]
    columns += [f"{_rounder([a, b])} AS {spacing(a, b)}" for a, b in products]
    columns.append("power(2, ceil(log2(greatest(count(*), 1))) - 52) AS fine")
    return "SELECT " + ",\n    ".join(columns) + f"\n  FROM {relation}"


def spacing(*names: str) -> str:
    """The column of the grid for a value, or for a product of two."""
    return "_".join(["of", *names])


def added(text: str, *names: str) -> str:
    """The exact sum of `text`, whose values are no larger than those of the named values, or of their product."""
    rounder = f"{GRID}.{spacing(*names)}"
    coarse = f"(({text} + {rounder}) - {rounder})"
    finer = f"{rounder} * {GRID}.fine"
    return f"sum({coarse}) + sum((({text} - {coarse}) + {finer}) - {finer})"


def _rounder(names: list[str]) -> str:
    """1.5 × a power of two above twice the largest possible sum: numbers of that size lie on the grid."""
    largest = " * ".join(f"greatest(max(abs({name})), {_TINY})" for name in names)
    return f"1.5 * power(2, ceil(log2({largest} * greatest(count(*), 1))) + 1)"
