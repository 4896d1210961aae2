"""Repair: the cheapest cells are withheld that let the bounds of a primary cell move far enough from its value."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from indicators.estimation.estimate import Floats
from indicators.protection.cheapest import Cheapest, Detour
from indicators.protection.farthest import FAR
from indicators.protection.needs import Blocked, Need
from indicators.protection.system import System

#: part of the needs that is repaired before the others are looked at again, and how many at least
PART, LEAST = 0.1, 10


def repair(system: System, withheld: Collection[int], wanted: Sequence[Need]) -> frozenset[int]:
    """Cells to be withheld as well for the largest of some needs. Raises Blocked where forced cells leave no way."""
    cheapest = Cheapest(system, [cell for cell in range(len(system.cells)) if cell not in withheld])
    most, found = max(LEAST, int(PART * len(wanted))), set[int]()
    done: list[tuple[Need, Floats]] = []
    for need in sorted(wanted, key=lambda need: (-need.distance, need.cell, need.direction, need.contributor)):
        if any(_serves(system, deviation, of, need) for of, deviation in done):
            continue
        if (detour := _detour(system, cheapest, need)) is None:
            raise Blocked(need.cell, _fewest(system, need))
        cheapest.withhold(detour.cells)
        done.append((need, detour.deviation))
        found |= detour.cells
        if len(done) >= most:
            break
    return frozenset(found)


def _detour(system: System, cheapest: Cheapest, need: Need) -> Detour | None:
    """The cheaper one where either side will do."""
    values = _values(system, need)
    known = system.alone.get(need.contributor, frozenset())
    sides = (need.direction,) if need.direction else (1, -1)
    found = [cheapest.detour(system.cells[need.cell], side * need.distance, values, known) for side in sides]
    return min((one for one in found if one is not None), key=lambda one: one.cost, default=None)


def _serves(system: System, deviation: Floats, of: Need, need: Need) -> bool:
    """Whether a deviation that was made possible for one need is enough for another, if need be the other way round."""
    if need.magnitude != of.magnitude or np.any(deviation[list(system.alone.get(need.contributor, ()))]):
        return False
    values = _values(system, need)
    for way in (deviation, -deviation):
        falls = way < 0
        share = (values[falls] / -way[falls]).min(initial=FAR)
        moved = way[list(system.cells[need.cell])].sum()
        moved = moved * share if moved else 0.0  # what does not fall anywhere may grow without end
        if (abs(moved) if need.direction == 0 else moved * need.direction) >= need.distance:
            return True
    return False


def _values(system: System, need: Need) -> Floats:
    if need.magnitude is None:
        return np.full(system.atoms, np.inf)
    return system.magnitudes[need.magnitude].values


def _fewest(system: System, need: Need) -> list[int]:
    """Forced cells that are in the way, none of which can be spared."""
    needed = sorted(system.forced)
    for cell in sorted(system.forced):
        fewer = [one for one in needed if one != cell]
        without = replace(system, forced=frozenset(fewer))
        if _detour(without, Cheapest(without, range(len(system.cells))), need) is None:
            needed = fewer
    return needed
