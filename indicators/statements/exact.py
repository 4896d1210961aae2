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
#: 2 to the power of 52: fractions become whole numbers, 2000 of which fit in 64 bits; what is below 2e-16 counts as nothing
_FRACTION = 4503599627370496


def grid(name: str, relation: str, values: Iterable[str], products: Iterable[tuple[str, str]] = ()) -> str:
    """A part of a statement, one row: for each value, and each product of two, the number that rounds to its grid."""
    columns = [f"{_rounder([name])} AS {spacing(name)}" for name in values]
    columns += [f"{_rounder([a, b])} AS {spacing(a, b)}" for a, b in products]
    columns.append("power(2, ceil(log2(greatest(count(*), 1))) - 52) AS fine")
    return f"{name} AS (\n  SELECT " + ",\n    ".join(columns) + f"\n  FROM {relation}\n)"


def spacing(*names: str) -> str:
    """The column of a grid for a value, or for a product of two."""
    return "_".join(["of", *names])


def added(text: str, *names: str, grid: str = "grid") -> str:
    """The exact sum of `text`, whose values are no larger than those of the named values, or of their product."""
    rounder = f"{grid}.{spacing(*names)}"
    coarse = f"(({text} + {rounder}) - {rounder})"
    finer = f"{rounder} * {grid}.fine"
    return f"sum({coarse}) + sum((({text} - {coarse}) + {finer}) - {finer})"


def added_few(text: str) -> str:
    """The exact sum of a few values each below 9e18, without a grid: whole parts and fractions are summed as whole numbers."""
    whole, fraction = f"CAST(floor({text}) AS BIGINT)", f"CAST(({text} - floor({text})) * {_FRACTION} AS BIGINT)"
    return f"CAST(sum({whole}) AS DOUBLE) + CAST(sum({fraction}) AS DOUBLE) / {_FRACTION}"


def _rounder(names: list[str]) -> str:
    """1.5 × a power of two above twice the largest possible sum: numbers of that size lie on the grid."""
    largest = " * ".join(f"greatest(max(abs({name})), {_TINY})" for name in names)
    return f"1.5 * power(2, ceil(log2({largest} * greatest(count(*), 1))) + 1)"
