"""What is withheld is enough, by a road of its own: scipy's linear programmes over the cells themselves, not over deviations."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from scipy.optimize import linprog

from indicators.protection.audit import audit, bounds
from indicators.protection.secondary import TooLarge, Unprotectable, protect
from indicators.protection.system import Magnitude, System

VALUES = [[210.0, 300.0, 150.0], [300.0, 120.0, 270.0], [180.0, 240.0, 330.0]]


def table(values: list[list[float]], primary: dict[tuple[int, int], float]) -> System:
    """A table with its margins: cells first, then rows, columns and the total."""
    rows, columns = len(values), len(values[0])
    places = list(product(range(rows), range(columns)))
    at = {place: number for number, place in enumerate(places)}
    cells = [frozenset({number}) for number in range(len(places))]
    cells += [frozenset(at[r, c] for c in range(columns)) for r in range(rows)]
    cells += [frozenset(at[r, c] for r in range(rows)) for c in range(columns)]
    cells.append(frozenset(range(len(places))))
    inner = np.array([values[r][c] for r, c in places])
    needs = {at[place]: need for place, need in primary.items()}
    costs = np.array([max(inner[list(cell)].sum(), 1.0) for cell in cells])
    order = tuple(sorted(range(len(cells)), key=lambda cell: -costs[cell]))
    magnitude = Magnitude(name="y", values=inner, upper=needs, lower=dict(needs))
    return System(
        cells=tuple(cells), atoms=len(inner), primary=frozenset(needs), order=order, costs=costs, magnitudes=(magnitude,)
    )


def interval(system: System, withheld: frozenset[int], cell: int) -> tuple[float, float]:
    """The smallest and the largest sum of a cell over all values that give what is published."""
    values = system.magnitudes[0].values
    published = [held for number, held in enumerate(system.cells) if number not in withheld]
    known = np.array([[float(atom in held) for atom in range(system.atoms)] for held in published])
    sums = known @ values
    aim = np.array([float(atom in system.cells[cell]) for atom in range(system.atoms)])
    found = [linprog(sign * aim, A_eq=known, b_eq=sums, bounds=(0, None)) for sign in (1, -1)]
    return tuple(np.inf if one.status == 3 else sign * one.fun for one, sign in zip(found, (1, -1), strict=True))  # type: ignore[return-value]


def random_table(seed: int) -> System:
    chance = np.random.default_rng(seed)
    rows, columns = int(chance.integers(3, 7)), int(chance.integers(3, 7))
    values = [[float(chance.integers(0, 400)) for _ in range(columns)] for _ in range(rows)]
    places = [place for place in product(range(rows), range(columns)) if values[place[0]][place[1]] > 0]
    some = chance.choice(len(places), size=max(1, len(places) // 5), replace=False)
    return table(values, {places[i]: 0.1 * values[places[i][0]][places[i][1]] for i in some})


def test_bounds_are_those_of_the_other_road_and_the_pattern_is_near_the_best() -> None:
    """The best pattern of a small table is found by looking at all of them."""
    system = table(VALUES, {(0, 0): 21.0})
    pattern = protect(system, 100)
    [found] = bounds(system, pattern.withheld)
    assert (found.low, found.high) == pytest.approx(interval(system, pattern.withheld, found.cell))
    assert found.low <= found.value - 21 < found.value + 21 <= found.high

    def lost(withheld: frozenset[int]) -> float:
        return float(sum(system.costs[cell] for cell in withheld))

    others = [cell for cell in range(system.atoms) if cell != 0]
    patterns = [frozenset({0, *some}) for size in range(6) for some in combinations(others, size)]
    best = min(lost(one) for one in patterns if not audit(system, one))
    assert best <= lost(pattern.withheld) <= 1.7 * best


@pytest.mark.parametrize("seed", range(40))
def test_every_primary_keeps_its_distances(seed: int) -> None:
    system = random_table(seed)
    pattern = protect(system, 1000)
    for cell in system.primary:
        value, need = system.magnitudes[0].values[list(system.cells[cell])].sum(), system.magnitudes[0].upper[cell]
        low, high = interval(system, pattern.withheld, cell)
        assert low <= value - need * (1 - 1e-6)
        assert high >= value + need * (1 - 1e-6)
    assert audit(system, pattern.withheld) == []
    assert protect(system, 1000) == pattern, "the same system, the same pattern"


def test_the_audit_sees_what_is_missing() -> None:
    seen = sum(bool(audit(system, system.primary)) for system in map(random_table, range(20)))
    assert seen == 20, "in a table with margins a few cells alone always follow"


@pytest.mark.parametrize("seed", range(8))
def test_what_must_be_published_is_or_it_is_said(seed: int) -> None:
    system = random_table(seed)
    margins = frozenset(range(system.atoms, len(system.cells)))
    open_ = System(**{**vars(system), "forced": margins})
    pattern = protect(open_, 1000)
    assert not margins & pattern.withheld
    everything = System(**{**vars(system), "forced": frozenset(range(len(system.cells))) - system.primary})
    with pytest.raises(Unprotectable):
        protect(everything, 1000)


def test_nothing_unsafe_nothing_withheld_and_too_much_is_refused() -> None:
    system = table(VALUES, {})
    assert protect(system, 1).withheld == frozenset()
    with pytest.raises(TooLarge, match=r"16 cells .* budget is 15"):
        protect(table(VALUES, {(0, 0): 1.0}), 15)
