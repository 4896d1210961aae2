"""Merging: the same system with every set of atoms once, and atoms that no sum tells apart as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from indicators.protection.system import Magnitude, System


@dataclass(frozen=True, kw_only=True)
class Merged:
    """A system without empty or repeated cells, and the cells of the original that each of its own stands for."""

    system: System
    groups: tuple[tuple[int, ...], ...]

    def expand(self, cells: Iterable[int]) -> frozenset[int]:
        """The cells of the original."""
        return frozenset(original for cell in cells for original in self.groups[cell])

    def withheld(self, cells: frozenset[int]) -> frozenset[int]:
        """Merged cells that are withheld when `cells` of the original are: a set of atoms is told if one of its cells is."""
        return frozenset(cell for cell, group in enumerate(self.groups) if cells.issuperset(group))


def merge(system: System) -> Merged:
    """Cells with the same atoms become one that is primary or forced if any is, costs what all cost and needs what any needs.

    Atoms are merged that lie in the same cells and earlier sums and have the same sole contributor. Raises ValueError for a
    value of an atom that is negative or no number, and for a distance asked of a cell that is not primary.
    """
    _check(system)
    parts, sole = _parts(system)
    cells: dict[frozenset[int], list[int]] = {}
    for number, atoms in enumerate(system.cells):
        if atoms:
            cells.setdefault(frozenset(parts[atom] for atom in atoms), []).append(number)
    groups = tuple(tuple(group) for group in cells.values())
    new = {number: at for at, group in enumerate(groups) for number in group}
    alone: dict[str, set[int]] = {}
    for part, contributor in sole.items():
        alone.setdefault(contributor, set()).add(part)
    count = len(set(parts.values()))
    merged = System(
        cells=tuple(cells),
        atoms=count,
        primary=frozenset(new[number] for number in system.primary if number in new),
        order=tuple(dict.fromkeys(new[number] for number in (*system.order, *range(len(system.cells))) if number in new)),
        costs=np.array([sum(float(system.costs[number]) for number in group) for group in groups]),
        magnitudes=tuple(_magnitude(one, parts, count, new) for one in system.magnitudes),
        forced=frozenset(new[number] for number in system.forced if number in new),
        told=tuple(dict.fromkeys(frozenset(parts[atom] for atom in atoms) for atoms in system.told if atoms)),
        alone={name: frozenset(alone[name]) for name in sorted(alone)},
        holders={new[number]: held for number, held in sorted(system.holders.items()) if number in new},
    )
    return Merged(system=merged, groups=groups)


def _check(system: System) -> None:
    for one in system.magnitudes:
        if not (np.isfinite(one.values).all() and (one.values >= 0).all()):
            raise ValueError(f"magnitude {one.name}: every atom needs a value that is finite and not negative")
        if stray := sorted((set(one.upper) | set(one.lower)) - system.primary):
            raise ValueError(f"magnitude {one.name}: a distance is asked of cell {stray[0]}, which is not primary")


def _parts(system: System) -> tuple[dict[int, int], dict[int, str]]:
    """The merged atom of every atom that lies in a cell or sum, and the sole contributor of each that has one."""
    inside: dict[int, list[int]] = {}
    for number, atoms in enumerate(dict.fromkeys((*system.cells, *system.told))):
        for atom in atoms:
            inside.setdefault(atom, []).append(number)
    owner = {atom: name for name in sorted(system.alone) for atom in system.alone[name]}
    numbers: dict[tuple[tuple[int, ...], str | None], int] = {}
    parts = {atom: numbers.setdefault((tuple(inside[atom]), owner.get(atom)), len(numbers)) for atom in sorted(inside)}
    return parts, {part: owner[atom] for atom, part in parts.items() if atom in owner}


def _magnitude(one: Magnitude, parts: Mapping[int, int], count: int, new: Mapping[int, int]) -> Magnitude:
    atoms = np.fromiter(parts, dtype=np.intp, count=len(parts))
    values = np.zeros(count)
    np.add.at(values, [parts[int(atom)] for atom in atoms], one.values[atoms])
    return Magnitude(name=one.name, values=values, upper=_most(one.upper, new), lower=_most(one.lower, new))


def _most(distances: Mapping[int, float], new: Mapping[int, int]) -> dict[int, float]:
    found: dict[int, float] = {}
    for number, distance in sorted(distances.items()):
        if number in new:
            found[new[number]] = max(distance, found.get(new[number], 0.0))
    return found
