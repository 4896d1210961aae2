"""Sums that no order of rows can change."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.statements.exact import added, added_few, grid
from pipelines.database import Database


def sums(values: list[float], others: list[float]) -> tuple[float, float, float]:
    """Exact sum of the values and of the products, and the engine's own sum."""
    with Database() as database:
        database.insert("t", pl.DataFrame({"a": values, "b": others}, schema={"a": pl.Float64, "b": pl.Float64}))
        text = (
            f"WITH {grid('grid', 't', ['a'], [('a', 'b')])}\n"
            f"SELECT {added('a', 'a')} AS a, {added('a * b', 'a', 'b')} AS ab, sum(a) AS plain FROM t CROSS JOIN grid"
        )
        row = database.query(text).row(0)
    return row[0], row[1], row[2]


def hostile(seed: int, size: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of both signs over sixteen orders of magnitude, which nearly cancel."""
    random = np.random.default_rng(seed)
    values = random.normal(size=size) * 10 ** random.uniform(-8, 8, size)
    values[size // 2 :] = -values[: size - size // 2] * (1 + 1e-12 * random.normal(size=size - size // 2))
    return values, random.normal(size=size) * 10 ** random.uniform(-3, 3, size)


@pytest.mark.parametrize("seed", range(4))
def test_the_sum_is_the_one_that_rounds_once(seed: int) -> None:
    a, b = hostile(seed)
    total, product, _ = sums(a.tolist(), b.tolist())
    assert total == pytest.approx(math.fsum(a), rel=1e-15, abs=1e-22 * np.abs(a).sum())
    assert product == pytest.approx(math.fsum(a * b), rel=1e-15, abs=1e-22 * np.abs(a * b).sum())


def test_no_order_changes_a_bit_where_plain_sums_differ() -> None:
    a, b = hostile(7, 5000)
    found, plain = set(), set()
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(a.size)
        total, product, usual = sums(a[order].tolist(), b[order].tolist())
        found.add((total, product))
        plain.add(usual)
    assert len(found) == 1
    assert len(plain) > 1  # else the test would show nothing


#: what is smaller than 1e-150 counts as nothing
NUMBERS = st.floats(-1e12, 1e12).filter(lambda number: number == 0 or abs(number) > 1e-100)


@settings(max_examples=40)
@given(st.lists(NUMBERS, min_size=1, max_size=30))
def test_any_numbers_in_any_order(values: list[float]) -> None:
    ones = [1.0] * len(values)
    total = sums(values, ones)[0]
    assert total == sums(values[::-1], ones)[0] == sums(sorted(values), ones)[0]
    assert total == pytest.approx(math.fsum(values), rel=1e-15, abs=1e-20 * max(map(abs, values)))


def test_zeros_and_blanks() -> None:
    assert sums([0.0, 0.0], [1.0, 2.0])[:2] == (0.0, 0.0)
    assert sums([None, 3.0], [1.0, 2.0])[:2] == (3.0, 6.0)  # type: ignore[list-item]


@settings(max_examples=30)
@given(st.lists(st.floats(-1e9, 1e9).filter(lambda number: number == 0 or abs(number) > 1e-6), min_size=1, max_size=12))
def test_a_few_values_in_any_order(values: list[float]) -> None:
    found = set()
    for ordered in (values, values[::-1], sorted(values)):
        with Database() as database:
            database.insert("t", pl.DataFrame({"a": ordered}, schema={"a": pl.Float64}))
            found.add(database.query(f"SELECT {added_few('a')} AS a FROM t").item())
    assert len(found) == 1
    assert found.pop() == pytest.approx(math.fsum(values), rel=1e-15, abs=2.0**-52 * len(values))


def test_blanks_count_for_nothing_among_a_few() -> None:
    with Database() as database:
        database.insert("t", pl.DataFrame({"a": [None, 2.5, -1.25], "b": [None, None, None]}, schema_overrides={"b": pl.Float64}))
        assert database.query(f"SELECT {added_few('a')} AS a, {added_few('b')} AS b FROM t").row(0) == (1.25, None)
