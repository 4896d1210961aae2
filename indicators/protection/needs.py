"""Needs: how far an attacker's bounds must stay from the value of each primary cell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from indicators.protection.system import System

#: an interval narrower than this share of the value gives the value away
NARROW = 1e-3
#: distances are asked a little longer than they must be, for what tolerances cost
MORE = 1 + 2e-6


@dataclass(frozen=True, kw_only=True)
class Need:
    """That a bound of a primary cell, in the magnitude of this number, is at such a distance from its value.

    `direction` is 1 for the upper bound, −1 for the lower, 0 for both together. Without a magnitude the cell must not follow
    from others as a sum; values may then be negative. The attacker is a `contributor`, or an outsider ("").
    """

    cell: int
    magnitude: int | None = None
    direction: int = 0
    distance: float = 1.0
    contributor: str = ""


class Blocked(Exception):
    """A primary cell cannot get what it needs while these forced cells, none of which can be spared, are published."""

    def __init__(self, primary: int, forced: Iterable[int]) -> None:
        self.primary, self.forced = primary, frozenset(forced)
        super().__init__(f"cell {primary} cannot be protected while {sorted(self.forced)} are published")


def needs(system: System) -> list[Need]:
    """What must hold of the primary cells against outsiders."""
    named = {cell for one in system.magnitudes for cell in (*one.upper, *one.lower)}
    found = [Need(cell=cell) for cell in sorted(system.primary - named)]
    for at, one in enumerate(system.magnitudes):
        for cell in sorted({*one.upper, *one.lower}):
            least = narrow(system, at, cell)
            # that nothing is below zero is known
            up, down = one.upper.get(cell, 0.0) * MORE, min(one.lower.get(cell, 0.0) * MORE, value(system, at, cell))
            sides = ((1, up), (-1, down), (0, least if max(up, down) < least else 0.0))
            found += [Need(cell=cell, magnitude=at, direction=side, distance=wide) for side, wide in sides if wide > 0]
    return found


def narrow(system: System, magnitude: int, cell: int) -> float:
    """The width below which an interval gives a value away; where the value is zero, as if it were that of a mean atom."""
    return NARROW * (value(system, magnitude, cell) or float(system.magnitudes[magnitude].values.mean()) or 1.0)


def value(system: System, magnitude: int, cell: int) -> float:
    """The value of a cell."""
    return float(system.magnitudes[magnitude].values[list(system.cells[cell])].sum())
