"""Secondary suppression: what holds of every pattern, by roads of their own, and the patterns of other programmes."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.bench_protection import table
from indicators.protection.audit import audit, bounds, narrowest
from indicators.protection.elimination import is_own
from indicators.protection.needs import NARROW
from indicators.protection.secondary import TooLarge, Unprotectable, protect
from indicators.protection.system import Magnitude, System
from tests.indicators.suppression import Floats, Respondents, follows, interval, margins, system

seeds = st.integers(0, 10**6)
ways = st.integers(2, 4)
PLENTY = 10**6


def told(of: System, withheld: Collection[int]) -> list[frozenset[int]]:
    hidden = set(withheld)
    return list(dict.fromkeys([*of.told, *(atoms for cell, atoms in enumerate(of.cells) if cell not in hidden)]))


def value(of: System, cell: int) -> float:
    return float(of.magnitudes[0].values[list(of.cells[cell])].sum())


def is_protected(of: System, withheld: Collection[int], cell: int, known: Collection[int] = ()) -> bool:
    """By a linear programme over values: whether both bounds are as far away as they must be, or the width is, for insiders."""
    low, high = interval(told(of, withheld), of.magnitudes[0].values, of.cells[cell], known)
    truth, distance, near = value(of, cell), of.magnitudes[0].upper[cell], 1 - 1e-5
    if known or distance < NARROW * truth:
        return high - low >= NARROW * truth * near
    return high - truth >= distance * near and truth - low >= min(distance, truth) * near


# --- every table ------------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(seeds, ways, st.sampled_from([0.0, 0.3]), st.booleans())
def test_every_primary_cell_is_protected_from_outsiders_and_insiders(seed: int, ways: int, zeros: float, forced: bool) -> None:
    of = Respondents(seed, ways, zeros).system(forced=forced)
    try:
        pattern = protect(of, PLENTY)
    except Unprotectable:
        assert forced
        return
    assert pattern.primary == of.primary
    assert not pattern.secondary & (of.primary | of.forced)
    assert pattern.given_away == frozenset()
    published = told(of, pattern.withheld)
    assert not {of.cells[cell] for cell in pattern.withheld} & set(published)
    for cell in of.primary:
        assert is_protected(of, pattern.withheld, cell), cell
        for contributor, atoms in list(of.alone.items())[:5]:
            if not is_own(of, cell, contributor):
                assert is_protected(of, pattern.withheld, cell, atoms), (cell, contributor)
                assert not follows([*published, *({atom} for atom in atoms)], of.cells[cell])
    assert protect(of, PLENTY) == pattern


@settings(max_examples=30, deadline=None)
@given(seeds, ways)
def test_nothing_is_lost_where_nothing_is_primary(seed: int, ways: int) -> None:
    of = replace(Respondents(seed, ways).system(), primary=frozenset(), magnitudes=(), holders={})
    assert protect(of, 1).withheld == frozenset()


@settings(max_examples=40, deadline=None)
@given(seeds, st.integers(2, 3))
def test_what_earlier_editions_told_is_taken_into_account(seed: int, ways: int) -> None:
    """The tables of one edition are protected; the next has the same atoms, tables of its own, and all that was told."""
    first = Respondents(seed, ways).system()
    earlier = told(first, protect(first, PLENTY).withheld)
    atoms = sorted({atom for cell in first.cells for atom in cell})
    random = np.random.default_rng(seed)
    more = [frozenset(random.choice(atoms, random.integers(1, len(atoms) + 1), replace=False).tolist()) for _ in range(6)]
    costs = np.array([max(first.magnitudes[0].values[list(cell)].sum(), 1.0) for cell in (*first.cells, *more)])
    order = tuple(np.argsort(-costs, kind="stable").tolist())
    of = replace(first, cells=(*first.cells, *more), costs=costs, order=order, told=tuple(earlier))
    pattern = protect(of, PLENTY)
    assert pattern.given_away == frozenset()
    for cell in of.primary:
        assert is_protected(of, pattern.withheld, cell), cell


@settings(max_examples=30, deadline=None)
@given(seeds, st.integers(2, 3))
def test_only_what_earlier_editions_gave_away_is_given_up(seed: int, ways: int) -> None:
    """Some primary cells were told before the rule was: they, and what follows from them, are left; all others are protected."""
    of = Respondents(seed, ways).system()
    of = replace(of, told=tuple(of.cells[cell] for cell in sorted(of.primary)[::3]))
    pattern = protect(of, PLENTY)
    everything = range(len(of.cells))
    for cell in of.primary:
        if is_protected(of, everything, cell):
            assert is_protected(of, pattern.withheld, cell), cell
        else:
            assert cell in pattern.given_away


# --- small tables, all patterns tried -----------------------------------------------------------------------------------------


def cheapest(of: System) -> float:
    """The least cost of any pattern that protects, by trying all of them, the cheap ones first."""
    others = [cell for cell in range(len(of.cells)) if cell not in of.primary]
    every = (set(chosen) for count in range(len(others) + 1) for chosen in itertools.combinations(others, count))
    tried = sorted(((of.costs[sorted(chosen)].sum(), sorted(chosen)) for chosen in every), key=lambda pair: pair[0])
    for cost, chosen in tried:
        hidden = {*of.primary, *chosen}
        published = told(of, hidden)
        if any(follows(published, of.cells[cell]) for cell in of.primary):
            continue
        if all(is_protected(of, hidden, cell) for cell in of.primary):
            return float(cost)
    raise AssertionError("to withhold everything protects everything")


@pytest.fixture(scope="module")
def reference(shared_data: Path) -> System:
    """The 3 × 3 table of which the best pattern is known; cell AX is primary by the p % rule."""
    rows = pl.read_csv(shared_data / "statistics" / "sdc_s2_micro.csv")
    sums = rows.group_by("row", "col").agg(pl.col("v").sum()).sort("row", "col")
    assert sums["v"].to_list() == [330, 180, 230, 300, 120, 103, 250, 195, 135]
    return system(margins(3, 3), sums["v"].to_list(), {0: 0.1 * 300 - (330 - 300 - 20)})


def test_the_best_pattern_of_the_reference_table_is_found(reference: System) -> None:
    pattern = protect(reference, 16)
    assert pattern.withheld == {0, 1, 3, 4}
    assert sum(value(reference, cell) for cell in pattern.withheld) == 930
    hidden = replace(reference, primary=pattern.withheld, magnitudes=(as_all(reference.magnitudes[0], pattern.withheld),))
    assert [(one.cell, one.low, one.high) for one in bounds(hidden, pattern.withheld)] == [
        (0, pytest.approx(210), pytest.approx(510)),
        (1, pytest.approx(0, abs=1e-6), pytest.approx(300)),
        (3, pytest.approx(120), pytest.approx(420)),
        (4, pytest.approx(0, abs=1e-6), pytest.approx(300)),
    ]


def as_all(one: Magnitude, cells: Collection[int]) -> Magnitude:
    return replace(one, upper=dict.fromkeys(cells, 0.0), lower={})


def test_no_pattern_of_the_reference_table_is_cheaper(reference: System) -> None:
    assert cheapest(reference) == 180 + 300 + 120


def test_patterns_of_small_tables_are_near_the_best() -> None:
    found, best = 0.0, 0.0
    for seed in range(25):
        random = np.random.default_rng(seed)
        values = np.round(random.lognormal(4, 1, 6))
        chosen = random.choice(6, 1 + seed % 2, replace=False)
        of = system(margins(2, 3), values, {int(cell): 0.1 * values[cell] for cell in chosen})
        least, ours = cheapest(of), float(of.costs[sorted(protect(of, 12).secondary)].sum())
        assert ours >= least
        found, best = found + ours, best + least
    assert found <= 1.1 * best


# --- tables that other programmes protected -------------------------------------------------------------------------------------

#: suppressed frequency of the table of sdcTable's vignette, primary cells included
VIGNETTE = {"OPT": 484, "GAUSS": 488, "HITAS": 508, "HYPERCUBE": 547, "SIMPLEHEURISTIC": 549}


def sums(
    frame: pl.DataFrame, names: list[str], groups: Mapping[str, Mapping[str, list[str]]], value: str
) -> tuple[list[frozenset[int]], Floats]:
    """Cells over the innermost rows of a table that lists its sums too: those rows and what they hold."""
    parts = [pl.col(name).is_in(list(groups[name])).not_() for name in names]
    inner = frame.filter(*parts)
    at = {key: number for number, key in enumerate(inner.select(names).iter_rows())}
    cells = [
        frozenset(
            at[key]
            for key in itertools.product(*(groups[name].get(code, [code]) for name, code in zip(names, row, strict=True)))
            if key in at
        )
        for row in frame.select(names).iter_rows()
    ]
    return cells, inner[value].cast(pl.Float64).to_numpy()


def test_the_vignette_of_sdctable_is_as_cheap_as_its_best_pattern(shared_data: Path) -> None:
    frame = pl.read_csv(shared_data / "suppression" / "vignette_completedat.csv")
    inner = ["A", "Ba", "Bb", "Bc", "C", "D"]
    groups = {"V1": {"Tot": inner, "B": inner[1:4]}, "V2": {"Tot": ["m", "w"]}, "V3": {"Tot": list("abcdef")}}
    cells, values = sums(frame, ["V1", "V2", "V3"], groups, "Freq")
    frequency = frame["Freq"].to_list()
    assert [values[list(cell)].sum() for cell in cells] == frequency
    primary = {cell: 0.0 for cell, count in enumerate(frequency) if count <= 10}
    assert (len(cells), len(primary)) == (168, 15)
    of = system(cells, values, primary)
    pattern = protect(of, 168)
    suppressed = sum(frequency[cell] for cell in pattern.withheld)
    assert suppressed <= 1.25 * min(VIGNETTE.values())
    assert suppressed <= VIGNETTE["OPT"]  # as it comes out
    assert all(is_protected(of, pattern.withheld, cell) for cell in primary)


@pytest.mark.parametrize(("rule", "primary"), [("few", {("A", "female")}), ("percent", {("A", "female"), ("D", "male")})])
def test_the_first_table_of_sdctable(shared_data: Path, rule: str, primary: set[tuple[str, str]]) -> None:
    """(A, female) alone takes three secondary cells in all of sdcTable's methods."""
    rows = pl.read_csv(shared_data / "suppression" / "microdata1.csv").sort("region", "gender")
    groups = rows.group_by("region", "gender", maintain_order=True).agg(pl.col("val"))
    cells, held, distances = [], [], {}
    for number, (region, gender, values) in enumerate(groups.iter_rows()):
        first, second = sorted(values, reverse=True)[:2]
        missing = 0.7 * first - (sum(values) - first - second)
        held.append(float(sum(values)))
        if len(values) <= 2 or (rule == "percent" and missing > 0):
            distances[number] = missing if rule == "percent" else 0.0
            cells.append((region, gender))
    assert set(cells) == primary
    of = system(margins(4, 2), held, distances)
    pattern = protect(of, 100)
    assert all(is_protected(of, pattern.withheld, cell) for cell in distances)
    if rule == "few":
        assert len(pattern.secondary) == 3
        assert of.costs[sorted(pattern.secondary)].sum() == cheapest(of)


def test_the_table_of_tau_argus_has_its_protection_levels(shared_data: Path) -> None:
    """Its values miss four of their sums by one; the shadow values, on which its rules work, add up."""
    names = ["size", "region", "value", "freq", "shadow", "cost", "top1", "top2", "status", "lower", "upper"]
    path = shared_data / "suppression" / "tauargus_pp.tab"
    frame = pl.read_csv(path, separator=";", has_header=False, new_columns=names, infer_schema=False)
    numbers = [pl.col(name).str.replace(",", ".").cast(pl.Float64) for name in ("shadow", "freq", "lower", "upper")]
    frame = frame.with_columns(*numbers, pl.col("size", "region").str.strip_chars())
    sizes, regions = ["2", "4", "5", "6", "7", "8", "9", "99"], {"Nr": range(1, 4), "Os": range(4, 8), "Ws": range(8, 11)}
    levels = {name: [str(code) for code in codes] for name, codes in {**regions, "Zd": range(11, 13)}.items()}
    groups = {"size": {"Total": sizes}, "region": {**levels, "Total": [*itertools.chain(*levels.values()), "99"]}}
    frame = frame.filter(pl.col("freq") > 0)
    cells, values = sums(frame, ["size", "region"], groups, "shadow")
    assert [values[sorted(cell)].sum() for cell in cells] == pytest.approx(frame["shadow"].to_list(), abs=0.01)
    rows = list(frame.select("status", "upper").iter_rows())
    distances = {cell: upper for cell, (status, upper) in enumerate(rows) if status == "U"}
    assert len(distances) == 9
    of = system(cells, values, distances)
    pattern = protect(of, 1000)
    found = {one.cell: one for one in bounds(of, pattern.withheld)}
    for cell, distance in distances.items():
        assert found[cell].high - found[cell].value >= distance * (1 - 1e-9)
        assert found[cell].value - found[cell].low >= distance * (1 - 1e-9)
        assert is_protected(of, pattern.withheld, cell)


# --- what cannot be done, and what is told of it --------------------------------------------------------------------------------


def test_forced_cells_that_leave_a_bound_too_near_are_named() -> None:
    """Row and column totals of a cell of 90 bound it by 100 when they must be told; nothing else is in the way."""
    of = system(margins(2, 2), [90.0, 10.0, 10.0, 90.0], {0: 20.0}, forced=frozenset({4, 8}))
    with pytest.raises(Unprotectable) as caught:
        protect(of, 9)
    assert (caught.value.primary, caught.value.forced) == (0, (4,))
    assert protect(replace(of, forced=frozenset({8})), 9).withheld >= {0, 4}


def test_a_primary_cell_cannot_be_forced() -> None:
    with pytest.raises(Unprotectable) as caught:
        protect(system(margins(2, 2), [1.0, 2.0, 3.0, 4.0], {0: 0.0}, forced=frozenset({0})), 9)
    assert (caught.value.primary, caught.value.forced) == (0, (0,))


def test_a_forced_cell_with_the_atoms_of_a_primary_one_is_named_by_its_own_number() -> None:
    of = system([{0}, {1}, {0, 1}, {0}], [1.0, 2.0], {0: 0.0}, forced=frozenset({3}))
    with pytest.raises(Unprotectable) as caught:
        protect(of, 9)
    assert (caught.value.primary, caught.value.forced) == (0, (3,))


def test_a_system_above_the_budget_is_refused_with_both_numbers() -> None:
    of = system([*margins(3, 3), frozenset(), frozenset({0})], np.ones(9), {0: 0.0})
    with pytest.raises(TooLarge) as caught:
        protect(of, 15)
    assert (caught.value.cells, caught.value.budget) == (16, 15)
    assert protect(of, 16).withheld >= {0, 17}


def test_cells_with_the_same_atoms_stand_and_fall_together() -> None:
    of = system([*margins(3, 3), *margins(3, 3)[:9]], np.arange(1.0, 10.0), {0: 0.5})
    pattern = protect(of, 100)
    assert 16 in pattern.secondary
    assert {cell for cell in pattern.withheld if cell < 9} == {cell - 16 for cell in pattern.withheld if cell >= 16}


# --- a table of many cells ------------------------------------------------------------------------------------------------------


def test_a_sparse_table_of_three_ways_is_protected() -> None:
    of = table(800)
    pattern = protect(of, PLENTY)
    assert audit(of, pattern.withheld) == []
    worst = narrowest(of, bounds(of, pattern.withheld))
    assert worst is not None and worst[1] >= 1 - 1e-9
    random = np.random.default_rng(1)
    for cell in random.choice(sorted(of.primary), 12, replace=False).tolist():
        assert is_protected(of, pattern.withheld, cell), cell


@pytest.mark.parametrize("scale", [1e-3, 1e6])
def test_the_unit_of_the_values_makes_no_difference(scale: float) -> None:
    of = Respondents(7, 3).system()
    one = of.magnitudes[0]
    distances = {cell: distance * scale for cell, distance in one.upper.items()}
    other = replace(of, magnitudes=(Magnitude(name="value", values=one.values * scale, upper=distances, lower=distances),))
    assert protect(other, PLENTY) == protect(of, PLENTY)
