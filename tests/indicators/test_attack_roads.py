"""The outsider by a second road: dense matrices over the smallest cells, straight from the units, on random patterns."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

from indicators.attack.elimination import reduce, solve
from indicators.attack.links import Links
from indicators.catalogue.plan import Plan
from indicators.estimation.estimate import Floats
from tests.indicators.conftest import MakePlan
from tests.indicators.leaking import UP, A, B, Industry, a_plan, attacked, publish, recovered, rows_of, units

ALL = ((), ("a",), ("b",), ("up",), ("a", "b"), ("up", "b"))
ATOMS = [(a, b) for a in A for b in B]
Key = tuple[str, ...]


@pytest.fixture(scope="session")
def plan(make_plan: MakePlan) -> Plan:
    return a_plan(make_plan)


def members(key: Key) -> Floats:
    """Which of the smallest cells make up a category, as ones and zeros."""
    names, codes = key[2].split(","), key[3].split(",")
    wanted = {} if key[2] == "total" else dict(zip(names, codes, strict=True))
    return np.array([float(all({"a": a, "b": b, "up": UP[a]}[name] == code for name, code in wanted.items())) for a, b in ATOMS])


def withheld(industry: Industry, seed: int, share: float) -> set[Key]:
    drawn = random.Random(seed)
    return {key for key in sorted(industry.values) if key[2] != "total" and drawn.random() < share}


def inside(rows: Floats, wanted: Floats) -> bool:
    """Whether a row is a combination of others, by singular values."""
    _, sizes, right = np.linalg.svd(rows, full_matrices=False)
    known = right[sizes > 1e-10 * sizes[0]]
    return bool(np.linalg.norm(wanted - known.T @ (known @ wanted)) <= 1e-7 * np.linalg.norm(wanted))


@pytest.mark.parametrize("seed", range(8))
def test_sums_fall_exactly_where_a_dense_matrix_says_so(tmp_path: Path, plan: Plan, seed: int) -> None:
    industry = Industry(plan=plan, rows=units(seed), indicators=("sum",), sets=ALL)
    hidden = withheld(industry, seed, 0.55)
    publish(tmp_path, industry, hidden)
    told = np.array([members(key) for key in industry.values if key not in hidden])
    expected = {key for key in hidden if inside(told, members(key))}
    found = recovered(attacked(tmp_path))
    # a sum of what is not negative that is zero, or that its parts use up, is no matter of combinations
    assert set(found) == expected
    assert all(math.isclose(value, industry.values[key], rel_tol=1e-9) for key, value in found.items())


def weights(industry: Industry, seed: int, hidden: set[Key]) -> tuple[pl.DataFrame, list[Key]]:
    """Weights of some published categories of `a`, as the table `splits` tells them."""
    drawn = random.Random(100 + seed)
    told = [key for key in sorted(industry.values) if key[2] == "a" and key not in hidden and drawn.random() < 0.7]
    row = {"indicator": "rate", "period": "2025", "target": "T", "part": "category", "scale": "linear"}
    rows = [row | {"breakdown": key[2], "category": key[3], "weight": float(f"{industry.share(key):.12e}")} for key in told]
    return rows_of("splits", rows), told


@pytest.mark.parametrize("seed", range(10))
def test_ratios_fall_exactly_where_a_dense_matrix_says_so(tmp_path: Path, plan: Plan, seed: int) -> None:
    """Unknown are numerators and denominators of the smallest cells, known the ratios and some shares of the denominator."""
    industry = Industry(plan=plan, rows=units(seed), indicators=("rate",), sets=ALL)
    hidden = withheld(industry, seed, 0.35)
    splits, shares = weights(industry, seed, hidden)
    publish(tmp_path, industry, hidden, splits=splits)
    nothing, whole = np.zeros(len(ATOMS)), members(("", "", "total", "total"))
    told = [np.concatenate([members(key), -industry.values[key] * members(key)]) for key in industry.values if key not in hidden]
    told += [np.concatenate([nothing, members(key) - industry.share(key) * whole]) for key in shares]
    wanted = {key: np.concatenate([members(key), -industry.values[key] * members(key)]) for key in hidden}
    expected = {key for key, row in wanted.items() if inside(np.array(told), row)}
    found = recovered(attacked(tmp_path))
    assert set(found) == expected
    assert all(math.isclose(value, industry.values[key], rel_tol=1e-6) for key, value in found.items())


def test_over_all_patterns_some_ratios_fall_and_some_do_not(plan: Plan) -> None:
    """Otherwise the tests above would say nothing."""
    counts = []
    for seed in range(10):
        industry = Industry(plan=plan, rows=units(seed), indicators=("rate",), sets=ALL)
        hidden = withheld(industry, seed, 0.35)
        told = [np.concatenate([members(k), -industry.values[k] * members(k)]) for k in industry.values if k not in hidden]
        shares = [np.concatenate([np.zeros(12), members(k) - industry.share(k)]) for k in weights(industry, seed, hidden)[1]]
        rows = np.array([*told, *shares])
        counts += [inside(rows, np.concatenate([members(k), -industry.values[k] * members(k)])) for k in hidden]
    assert 5 < sum(counts) < len(counts) - 5


@pytest.mark.parametrize("seed", range(4))
def test_intervals_of_sums_are_those_of_another_solver(tmp_path: Path, plan: Plan, seed: int) -> None:
    industry = Industry(plan=plan, rows=units(seed), indicators=("sum",), sets=ALL)
    hidden = withheld(industry, seed, 0.7)
    publish(tmp_path, industry, hidden)
    told = [key for key in industry.values if key not in hidden]
    rows, sums = np.array([members(key) for key in told]), np.array([industry.values[key] for key in told])
    found = attacked(tmp_path)
    assert found.intervals
    narrowest = math.inf
    for (series, key), interval in found.intervals.items():
        own = (series.indicator, series.period, *key)
        ends = [float(linprog(sign * members(own), A_eq=rows, b_eq=sums).fun) * sign for sign in (1, -1)]
        assert ends[0] - 1e-6 <= interval.low <= interval.high <= ends[1] + 1e-6
        assert not interval.exact or np.allclose([interval.low, interval.high], ends, atol=1e-5)
        assert ends[0] - 1e-6 <= industry.values[own] <= ends[1] + 1e-6
        narrowest = min(narrowest, ends[1] - ends[0])
    kept = min(found.narrowest.values(), key=lambda one: one.width)
    assert math.isclose(kept.high - kept.low, narrowest, abs_tol=1e-5)


def test_equations_in_parts_are_solved_as_those_in_one() -> None:
    drawn = np.random.default_rng(7)
    names = [(part, at) for part in "pqr" for at in range(6)]
    equations = [{name: float(drawn.normal()) for name in names if name[0] == part} for part in "pqr" for _ in range(3)]
    equations += [{("p", at): 1.0, ("q", at): -1.0, ("r", at): float(drawn.normal())} for at in range(4)]
    rows = np.array([[terms.get(name, 0.0) for name in names] for terms in equations])
    solution = solve(equations, lambda column: column[0])
    combined = np.array([solution.of(name) for name in names])
    assert combined.shape[1] == len(names) - np.linalg.matrix_rank(rows)
    assert np.abs(rows @ combined).max() <= 1e-9
    assert len(solution.independent) == np.linalg.matrix_rank(rows)


def test_what_follows_from_other_equations_gives_nothing() -> None:
    rows = np.array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0], [1.0, 2.0, 1.0], [1.0, 0.0, -1.0]])
    reduced = reduce(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    assert (len(reduced.free), len(reduced.used), reduced.over) == (1, 2, [])


def pairs(plan: Plan, keys: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield from sorted({link.sets for link in Links(plan=plan).of(keys)})


def test_links_lead_from_each_breakdown_to_the_next_finer(plan: Plan) -> None:
    keys = [("total", "total"), ("a", "a0"), ("b", "b0"), ("up", "u0"), ("a,b", "a0,b0"), ("up,b", "u0,b0")]
    assert list(pairs(plan, keys)) == [
        ("a", "a,b"),
        ("b", "up,b"),
        ("total", "b"),
        ("total", "up"),
        ("up", "a"),
        ("up", "up,b"),
        ("up,b", "a,b"),
    ]


def test_what_two_crossings_share_is_a_link_though_nobody_publishes_it(plan: Plan) -> None:
    assert ("up", "a") in set(pairs(plan, [("a", "a0"), ("up,b", "u0,b0")]))
    assert ("up", "up,b") in set(pairs(plan, [("a", "a0"), ("up,b", "u0,b0")]))
