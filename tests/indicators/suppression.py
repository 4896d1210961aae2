"""Tables of invented respondents, and what follows from published cells by roads that share nothing with the engine.

Whether a cell follows as a sum is told by Gaussian elimination over fractions; between which bounds it lies by linear
programmes over the values themselves, y ≥ 0, solved by SciPy.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from fractions import Fraction

import numpy as np
import numpy.typing as npt
from scipy import optimize

from indicators.protection.system import Magnitude, System

Floats = npt.NDArray[np.float64]


def system(
    cells: Iterable[Collection[int]],
    values: Sequence[float] | Floats,
    distances: Mapping[int, float],
    **more: object,
) -> System:
    """Cells over atoms with these values; the primary ones with the distance that both bounds need. Costs are values."""
    atoms = tuple(frozenset(cell) for cell in cells)
    held = np.asarray(values, dtype=np.float64)
    costs = np.array([max(held[list(cell)].sum(), 1.0) for cell in atoms])
    built: dict[str, object] = {
        "cells": atoms,
        "atoms": len(held),
        "primary": frozenset(distances),
        "order": tuple(sorted(range(len(atoms)), key=lambda cell: (-costs[cell], cell))),
        "costs": costs,
        "magnitudes": (Magnitude(name="value", values=held, upper=distances, lower=distances),),
    }
    return System(**{**built, **more})  # type: ignore[arg-type]


def margins(rows: int, columns: int) -> list[frozenset[int]]:
    """The cells of a table with two ways: inner ones by row, totals of rows, totals of columns, the total."""
    inner = [frozenset({at}) for at in range(rows * columns)]
    by_row = [frozenset(range(row * columns, (row + 1) * columns)) for row in range(rows)]
    by_column = [frozenset(range(column, rows * columns, columns)) for column in range(columns)]
    return [*inner, *by_row, *by_column, frozenset(range(rows * columns))]


class Respondents:
    """Respondents in a table of several ways, some of which have a level above; a few linked tables of it are published.

    A cell is primary with fewer than three respondents or by the p % rule with p = 10; both its bounds then need the distance
    of that rule.
    """

    def __init__(self, seed: int, ways: int, zeros: float = 0.0) -> None:
        random = np.random.default_rng(seed)
        sizes = random.integers(2, 6 - ways // 2, ways)
        count = int(random.integers(4, 14 * ways))
        self.places = np.stack([random.integers(0, size, count) for size in sizes], axis=1)
        self.names = [f"g{number}" for number in random.integers(0, max(count * 3 // 4, 1), count)]
        self.values = np.round(random.lognormal(3, 1.3, count), 1) * (random.random(count) >= zeros)
        levels = [self._levels(random, int(size)) for size in sizes]
        tables = list(itertools.product(*([*range(len(one))] for one in levels)))
        shown = [tables[at] for at in sorted(random.choice(len(tables), min(len(tables), 6), replace=False))]
        self.members = self._members([[levels[way][at] for way, at in enumerate(table)] for table in {*shown, tables[-1]}])

    @staticmethod
    def _levels(random: np.random.Generator, size: int) -> list[list[int]]:
        """For each level the group of every category: each alone, in pairs (of four or more), all together."""
        pairs = [[code // 2 for code in range(size)]] if size > 3 and random.random() < 0.7 else []
        return [list(range(size)), *pairs, [0] * size]

    def _members(self, tables: Iterable[Sequence[Sequence[int]]]) -> list[tuple[int, ...]]:
        """The respondents of each cell that has any; tables come in an order that does not depend on chance."""
        found = []
        for levels in sorted(map(list, tables)):
            cells = defaultdict(list)
            for number, place in enumerate(self.places):
                cells[tuple(groups[code] for groups, code in zip(levels, place, strict=True))].append(number)
            found += [tuple(cells[key]) for key in sorted(cells)]
        return found

    def system(self, *, forced: bool = False) -> System:
        """What the engine is given; with `forced` the total must stay published if it is safe."""
        kinds = {tuple(place): None for place in self.places.tolist()}
        atom = {place: at for at, place in enumerate(kinds)}
        of = [atom[tuple(place)] for place in self.places.tolist()]
        values, holders, upper, filled = np.zeros(len(atom)), {}, {}, defaultdict(set)
        np.add.at(values, of, self.values)
        for number, at in enumerate(of):
            filled[at].add(self.names[number])
        for cell, members in enumerate(self.members):
            if (distance := self.distance(members)) is not None:
                upper[cell], holders[cell] = distance, frozenset(self.names[number] for number in members)
        alone = defaultdict(set)
        for at, names in filled.items():
            if len(names) == 1:
                alone[next(iter(names))].add(at)
        total = max(range(len(self.members)), key=lambda cell: len(self.members[cell]))
        return system(
            [{of[number] for number in members} for members in self.members],
            values,
            upper,
            alone={name: frozenset(alone[name]) for name in sorted(alone)},
            holders=holders,
            forced=frozenset({total} - set(upper)) if forced else frozenset(),
        )

    def distance(self, members: Sequence[int]) -> float | None:
        """How far the bounds must be from the value; None for a cell that is safe."""
        sums: dict[str, float] = defaultdict(float)
        for number in members:
            sums[self.names[number]] += float(self.values[number])
        first, second = sorted([*sums.values(), 0.0, 0.0], reverse=True)[:2]
        missing = 0.1 * first - (sum(sums.values()) - first - second)
        return max(missing, 0.0) if len(sums) < 3 or missing > 1e-9 else None


def follows(told: Iterable[Collection[int]], wanted: Collection[int]) -> bool:
    """Whether a sum of atoms is a linear combination of others, over the rationals."""
    rows: dict[int, dict[int, Fraction]] = {}

    def left(atoms: Collection[int]) -> dict[int, Fraction]:
        row = dict.fromkeys(atoms, Fraction(1))
        for lead in sorted(rows):
            if factor := row.get(lead):
                for atom, other in rows[lead].items():
                    row[atom] = row.get(atom, Fraction(0)) - factor * other
        return {atom: factor for atom, factor in row.items() if factor}

    for atoms in told:
        if row := left(atoms):
            lead = min(row)
            rows[lead] = {atom: factor / row[lead] for atom, factor in row.items()}
    return not left(wanted)


def interval(
    told: Sequence[Collection[int]], values: Floats, wanted: Collection[int], known: Iterable[int] = ()
) -> tuple[float, float]:
    """The least and the greatest value of a sum of atoms when others are told, no value is negative, and some are known."""
    rows = np.zeros((len(told), len(values)))
    for at, atoms in enumerate(told):
        rows[at, list(atoms)] = 1.0
    unit = float(values.max()) or 1.0
    aim = np.zeros(len(values))
    aim[list(wanted)] = 1.0
    bounds = [(0.0, None)] * len(values)
    for atom in known:
        bounds[atom] = (values[atom] / unit,) * 2
    ends = []
    for side in (1.0, -1.0):
        found = optimize.linprog(side * aim, A_eq=rows, b_eq=rows @ values / unit, bounds=bounds, method="highs")
        assert found.status in (0, 3), found.message
        ends.append(side * np.inf * -1 if found.status == 3 else side * found.fun * unit)
    return ends[0], ends[1]
