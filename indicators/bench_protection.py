"""The benchmark of protection: what secondary suppression of a large sparse table costs beside one interval of it.

`python -m indicators.bench_protection [ENTERPRISES]` prints its figures. Seconds are those of the processor, which depend less on
what else the machine does, and the floor is taken in the same run.
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from indicators.protection.attacker import Attacker
from indicators.protection.audit import bounds, narrowest
from indicators.protection.merging import merge
from indicators.protection.secondary import protect
from indicators.protection.system import Magnitude, System

SEED = 1
ENTERPRISES = 6000  # about 3,000 cells that are not empty, and a third of them primary
BUDGET = 10_000
#: categories of segment, province and size, and into how many of the level above they go
WAYS = ((16, 4), (31, 7), (4, 1))
PERCENT = 10.0  # of the p % rule
FEWEST = 3  # holdings

Integers = npt.NDArray[np.intp]
Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What protection of one table came to, in seconds of the processor."""

    cells: int  # that are not empty
    primary: int
    secondary: int
    withheld: float  # share of the values of all cells
    seconds: float  # protection with its audits
    intervals: float  # the exact interval of every primary cell
    floor: float  # one attacker, and one interval
    narrowest: float  # how many times what is needed the narrowest interval leaves

    @property
    def ratio(self) -> float:
        """Protection, in units of the floor."""
        return self.seconds / self.floor


def run(enterprises: int = ENTERPRISES) -> Figures:
    """Protects a table and takes the time."""
    system = table(enterprises)
    seconds, pattern = _timed(lambda: protect(system, BUDGET))
    merged = merge(system)
    first = min(merged.system.primary)
    floor, _ = _timed(lambda: Attacker(merged.system, merged.withheld(pattern.withheld)).interval(first, 0))
    intervals, found = _timed(lambda: bounds(system, pattern.withheld))
    worst = narrowest(system, found)
    assert worst is not None
    return Figures(
        cells=len(system.cells),
        primary=len(system.primary),
        secondary=len(pattern.secondary),
        withheld=float(system.costs[sorted(pattern.withheld)].sum() / system.costs.sum()),
        seconds=seconds,
        intervals=intervals,
        floor=floor,
        narrowest=worst[1],
    )


def table(enterprises: int, seed: int = SEED) -> System:
    """Segment × province × size, each with a total and a level above, of log-normal values that belong to holdings.

    Primary are cells of fewer than FEWEST holdings and those of the p % rule, whose distance both bounds then need.
    """
    random = np.random.default_rng(seed)
    segment, province = (
        random.choice(count, enterprises, p=random.dirichlet(np.full(count, even)))
        for (count, _), even in zip(WAYS, (1.5, 0.8), strict=False)
    )
    size = np.minimum(random.exponential(1.1, enterprises).astype(int), WAYS[2][0] - 1)
    values = np.round(random.lognormal(5, 1.2, enterprises) * 4.0**size, 2)
    holdings = random.integers(0, enterprises * 4 // 5, enterprises).tolist()
    places, of = np.unique(np.stack([segment, province, size], axis=1), axis=0, return_inverse=True)
    held: list[dict[int, float]] = [defaultdict(float) for _ in places]
    for atom, holding, value in zip(of.ravel().tolist(), holdings, values.tolist(), strict=True):
        held[atom][holding] += value
    return _system(list(_cells(places)), held)


def _cells(places: Integers) -> Iterator[frozenset[int]]:
    """The cells that are not empty of every table: each way by its categories, by those above them, or in all."""
    ways = []
    for codes, (count, above) in zip(places.T, WAYS, strict=True):
        levels = [codes, codes * above // count, np.zeros_like(codes)]
        ways.append([level.tolist() for level in (levels if above > 1 else levels[::2])])
    for chosen in product(*ways):
        cells = defaultdict(list)
        for atom, key in enumerate(zip(*chosen, strict=True)):
            cells[key].append(atom)
        yield from (frozenset(cells[key]) for key in sorted(cells))


def _system(cells: Sequence[frozenset[int]], held: Sequence[dict[int, float]]) -> System:
    """`held`: what each holding has of each atom."""
    values = np.array([sum(of.values()) for of in held])
    costs = np.array([values[sorted(cell)].sum() for cell in cells])
    distances, holders = dict[int, float](), dict[int, frozenset[str]]()
    for number, cell in enumerate(cells):
        sums: dict[int, float] = defaultdict(float)
        for atom in cell:
            for holding, value in held[atom].items():
                sums[holding] += value
        first, second = sorted([*sums.values(), 0.0], reverse=True)[:2]
        missing = PERCENT / 100 * first - (costs[number] - first - second)
        if len(sums) < FEWEST or missing > 0:
            distances[number] = max(float(missing), 0.0)
            holders[number] = frozenset(map(str, sums))
    alone: dict[str, set[int]] = defaultdict(set)
    for atom, of in enumerate(held):
        if len(of) == 1:
            alone[str(next(iter(of)))].add(atom)
    return System(
        cells=tuple(cells),
        atoms=len(held),
        primary=frozenset(distances),
        order=tuple(sorted(range(len(cells)), key=lambda cell: (-costs[cell], cell))),
        costs=costs,
        magnitudes=(Magnitude(name="value", values=values, upper=distances, lower=distances),),
        alone={name: frozenset(atoms) for name, atoms in alone.items()},
        holders=holders,
    )


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    start = time.process_time()
    result = work()
    return time.process_time() - start, result


if __name__ == "__main__":
    told = run(int(sys.argv[1]) if len(sys.argv) > 1 else ENTERPRISES)
    print(f"{told.cells} cells, {told.primary} primary, {told.secondary} secondary, {told.withheld:.1%} of all values withheld")
    print(f"protection {told.seconds:.2f} s, {told.ratio:.0f} × the floor ({told.floor:.3f} s: one attacker and one interval)")
    print(f"all {told.primary} intervals {told.intervals:.2f} s; the narrowest leaves {told.narrowest:.6f} of what is needed")
