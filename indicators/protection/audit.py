"""Audit: whether what is published lets anybody work out a primary cell, or enclose it more narrowly than allowed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from indicators.protection.attacker import Attacker
from indicators.protection.elimination import is_own
from indicators.protection.merging import merge
from indicators.protection.needs import Need, narrow, needs
from indicators.protection.system import Bounds, System


def audit(system: System, withheld: Collection[int]) -> list[Need]:
    """What is not met when all cells but `withheld` are published; nothing when every primary cell is protected.

    What anybody can find is not told again for each contributor.
    """
    merged = merge(system)
    attacker = Attacker(merged.system, merged.withheld(frozenset(withheld)))
    found = [*attacker.followed(), *unmet(attacker, needs(merged.system))]
    return [replace(need, cell=cell) for need in found for cell in merged.groups[need.cell] if cell in system.primary]


def unmet(attacker: Attacker, wanted: Iterable[Need]) -> list[Need]:
    """Needs that are not met, and of cells where all are, those against contributors."""
    asked = list(wanted)
    found = attacker.unmet(asked)
    open_cells = {(need.magnitude, need.cell) for need in found}
    kept = (need for need in asked if (need.magnitude, need.cell) not in open_cells)
    return [*found, *attacker.unmet(attacker.suspected(kept))]


def bounds(system: System, withheld: Collection[int], contributors: Iterable[str] = ()) -> list[Bounds]:
    """The exact interval of every primary cell in every magnitude that names it, for an outsider and for some contributors.

    A contributor has no interval for what is his own alone.
    """
    merged = merge(system)
    attacker = Attacker(merged.system, merged.withheld(frozenset(withheld)))
    found = []
    for at, one in enumerate(system.magnitudes):
        for contributor in ("", *contributors):
            for number, group in enumerate(merged.groups):
                named = [cell for cell in group if cell in one.upper or cell in one.lower]
                if named and not is_own(merged.system, number, contributor):
                    interval = attacker.interval(number, at, contributor)
                    found += [replace(interval, cell=cell) for cell in named]
    return found


def narrowest(system: System, found: Iterable[Bounds]) -> tuple[Bounds, float] | None:
    """The interval that leaves least beside what its cell needs, and how many times as much as needed that is."""
    wanted = list(_wanted(system, found))
    return min(((one, _left(one, need) / need.distance) for one, need in wanted), key=lambda pair: pair[1], default=None)


def _wanted(system: System, found: Iterable[Bounds]) -> Iterator[tuple[Bounds, Need]]:
    """Each interval with all that is asked of it; against a contributor, that it is not narrow."""
    numbers = {one.name: at for at, one in enumerate(system.magnitudes)}
    asked: dict[tuple[int | None, int], list[Need]] = {}
    for need in needs(system):
        asked.setdefault((need.magnitude, need.cell), []).append(need)
    for one in found:
        at = numbers[one.magnitude]
        if one.contributor:
            yield one, Need(cell=one.cell, magnitude=at, distance=narrow(system, at, one.cell))
        else:
            yield from ((one, need) for need in asked[at, one.cell])


def _left(one: Bounds, need: Need) -> float:
    low, high = one.value - one.low, one.high - one.value
    return {1: high, -1: low, 0: low + high}[need.direction]
