"""Paces: by hand, the fastest fifth by brute force, and what has no pace."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS
from indicators.editions.results import as_results
from indicators.targets.speed import fastest, paces
from tests.indicators.heldrows import held_of, plan_of, shuffled


def results(plan: Plan, values: dict[tuple[str, str], float], breakdown: str = "province", **more: Any) -> pl.DataFrame:
    """Published values of the one indicator that has a target, by category and period."""
    indicator = next(one.id for one in plan.indicators.values() if one.targets)
    rows = [
        {
            "indicator": indicator,
            "period": period,
            "breakdown": breakdown,
            "category": category,
            "value": value,
            "status": "published",
            **more,
        }
        for (category, period), value in values.items()
    ]
    schema = {
        **dict.fromkeys(("indicator", "period", "breakdown", "category"), pl.String),
        "value": pl.Float64,
        "status": pl.String,
    }
    return as_results(pl.DataFrame(rows, schema=schema))


def series(**values: list[float | None]) -> dict[tuple[str, str], float]:
    """Values of categories, year by year from 2024 on."""
    return {(name, str(2024 + i)): value for name, row in values.items() for i, value in enumerate(row) if value is not None}


def only(plan: Plan, held: pl.DataFrame, found: pl.DataFrame) -> dict[str, Any]:
    table = paces(plan, held, found)
    assert dict(table.schema) == DETAILS["paces"]
    assert table.height == 1
    return table.row(0, named=True)


def of_province(plan: Plan, found: pl.DataFrame) -> tuple[int, float | None]:
    """Categories and fastest among provinces."""
    indicator, target = next((one, one.targets[0]) for one in plan.indicators.values() if one.targets)
    rows = fastest(plan, indicator, target, found).filter(among="province").select("categories", "fastest").rows()
    assert len(rows) == 1
    categories, pace = rows[0]
    return categories, pace


FIVE = series(a=[0.50, 0.53, 0.55], b=[0.40, 0.41, 0.47], c=[0.60, 0.62, 0.61], d=[0.5, 0.54, 0.55], e=[0.3, 0.3, 0.3])


def test_a_share_by_hand() -> None:
    """0.60 in 2025, 0.64 in 2026, 0.70 wanted in 2027; the best of five provinces once gained 0.06 in a year."""
    plan = plan_of(year=2027)
    row = only(plan, held_of(plan, {"value": 0.64, "base": 0.60}), results(plan, FIVE))
    assert (row["scale"], row["among"], row["categories"]) == ("linear", "province", 5)
    assert (row["achieved"], row["required"], row["fastest"]) == pytest.approx((0.04, 0.06, 0.06), abs=1e-12)
    assert row["reached"] is True  # just as fast is fast enough


def test_a_relative_change_by_hand() -> None:
    """A cycle 8 % shorter after one of two years, 20 % wanted: rates of growth, and a fall is negative."""
    plan = plan_of("rd_cycle_change", operator="<=", value=-0.20, basis="change", year=2027)
    values = {
        (name, "2026"): value for name, value in {"a": -0.02, "b": -0.30, "c": 0.1, "d": -0.05, "e": -0.12, "f": 0.02}.items()
    }
    values |= {("b", "2024"): 0.25, ("c", "2024"): 0.5}
    held = held_of(plan, {"value": -0.08, "base": 0.0, "pace_scale": "index", "change": True, "bounded": False})
    row = only(plan, held, results(plan, values))
    assert row["scale"] == "log"
    assert row["achieved"] == pytest.approx(math.log(0.92), abs=1e-12)
    assert row["required"] == pytest.approx(math.log(0.80 / 0.92), abs=1e-12)
    # two of six are the fastest fifth: c fell by a third from 2024 to the base year, b by 30 % after it
    assert row["fastest"] == pytest.approx(math.log(0.70), abs=1e-12)
    assert row["reached"] is True


def test_levels_grow() -> None:
    plan = plan_of("labour_productivity", value=60.0, year=2027)
    held = held_of(plan, {"value": 52.0, "base": 50.0, "pace_scale": "log", "bounded": False})
    values = series(a=[50, 51, 52], b=[40, 44, 44], c=[60, 60, 60], d=[50, 55, 50], e=[-1, 9, 9])
    row = only(plan, held, results(plan, values))
    assert (row["achieved"], row["required"]) == pytest.approx((math.log(1.04), math.log(60 / 52)), abs=1e-12)
    assert (row["categories"], row["fastest"]) == (5, pytest.approx(math.log(1.1), abs=1e-12))
    assert row["reached"] is False


@pytest.mark.parametrize(
    ("number", "target", "achieved", "required"),
    [
        ({"period": "2025", "value": 0.60, "base": 0.60}, {}, None, 0.05),  # the base year: nothing has happened yet
        ({"period": "2027", "value": 0.65, "base": 0.60}, {}, 0.025, None),  # no time is left
        ({"period": "2028", "value": 0.66, "base": 0.60}, {}, 0.02, None),
        ({"value": 0.71, "base": 0.60}, {}, 0.11, None),  # reached
        ({"value": 0.70, "base": 0.60}, {}, 0.10, None),
        ({"value": 0.7 + 1e-16, "base": 0.60}, {"operator": ">"}, 0.10, None),  # at the number: nothing is left, met or not
        ({"value": 0.1 * 7, "base": 0.60}, {"operator": ">"}, 0.10, None),
        ({"value": 0.65, "base": 0.60}, {"year": None}, 0.05, None),
        ({"value": 0.65, "base": None}, {}, None, 0.05),
        ({"value": 0.55, "base": 0.60}, {}, -0.05, 0.15),  # the wrong way
        ({"value": 0.75, "base": 0.80}, {"operator": "<="}, -0.05, -0.05),
    ],
)
def test_what_was_done_and_what_must_be(number: Any, target: Any, achieved: float | None, required: float | None) -> None:
    plan = plan_of(**{"year": 2027, **target})
    row = only(plan, held_of(plan, number), results(plan, FIVE))
    assert row["achieved"] == (None if achieved is None else pytest.approx(achieved, abs=1e-12))
    assert row["required"] == (None if required is None else pytest.approx(required, abs=1e-12))
    assert (row["reached"] is None) == (required is None)


@settings(max_examples=100, deadline=None)
@given(
    table=st.lists(st.lists(st.one_of(st.none(), st.integers(1, 99)), min_size=2, max_size=6), min_size=1, max_size=23),
    lower=st.booleans(),
)
def test_the_fastest_fifth_by_brute_force(table: list[list[int | None]], lower: bool) -> None:
    plan = plan_of(operator="<=" if lower else ">=")
    values = series(**{f"c{i}": [None if value is None else value / 100 for value in row] for i, row in enumerate(table)})
    best = []
    for row in table:
        years = [i for i, value in enumerate(row) if value is not None]
        moves = [((row[j] or 0) - (row[i] or 0)) / 100 / (j - i) for i, j in pairwise(years)]
        if moves:
            best.append(min(moves) if lower else max(moves))
    found = fastest(plan, plan.indicators["nc_rate"], plan.indicators["nc_rate"].targets[0], results(plan, values))
    if not values:
        assert found.height == 0
        return
    categories, pace = found.select("categories", "fastest").row(0)
    assert categories == len(best)
    if len(best) < 5:
        assert pace is None
        return
    at_least = [move for move in best if (move <= pace + 1e-12 if lower else move >= pace - 1e-12)]
    fifth = math.ceil(len(best) / 5)
    assert len(at_least) >= fifth
    beyond = [move for move in best if (move < pace - 1e-12 if lower else move > pace + 1e-12)]
    assert len(beyond) < fifth
    assert min(abs(move - pace) for move in best) < 1e-12


@pytest.mark.parametrize(("count", "rank"), [(5, 1), (6, 2), (10, 2), (11, 3), (31, 7)])
def test_a_fifth_is_rounded_up(count: int, rank: int) -> None:
    plan = plan_of()
    gains = [0.001 * (i + 1) for i in range(count)]
    values = series(**{f"c{i}": [0.4, 0.4 + gain] for i, gain in enumerate(gains)})
    assert of_province(plan, results(plan, values)) == (count, pytest.approx(gains[-rank], abs=1e-12))


def test_only_published_whole_years_count() -> None:
    plan = plan_of()
    known = results(plan, FIVE | series(g=[None, 0.5]))  # one year alone is no pace
    wild = series(f=[0.1, 0.9])
    assert of_province(plan, known) == (5, pytest.approx(0.06, abs=1e-12))
    assert of_province(plan, pl.concat([known, results(plan, wild)])) == (6, pytest.approx(0.06, abs=1e-12))
    for status in ("unreliable", "suppressed", "absent"):
        assert of_province(plan, pl.concat([known, results(plan, wild, status=status)])) == of_province(plan, known)
    quarters = {("a", "2026-Q1"): 0.1, ("a", "2026-Q2"): 0.9}
    assert of_province(plan, pl.concat([known, results(plan, quarters)])) == of_province(plan, known)
    twice = pl.concat([known, known.with_columns(target=pl.lit("another"))])
    assert of_province(plan, twice) == of_province(plan, known)


def test_a_year_that_is_missing_between_halves_the_move() -> None:
    plan = plan_of()
    values = series(**{f"c{i}": [0.4, None, 0.6] for i in range(5)})
    assert of_province(plan, results(plan, values)) == (5, pytest.approx(0.1, abs=1e-12))


def test_levels_of_a_year_that_is_not_over_are_left_out_and_changes_are_not() -> None:
    plan = plan_of(year=2027)
    held = held_of(plan, {"value": 0.64, "base": 0.60, "over": False})
    row = only(plan, held, results(plan, FIVE))
    assert row["fastest"] == pytest.approx(0.04, abs=1e-12)  # of 2025; b gained 0.06 in 2026
    change = plan_of("labour_productivity_change", value=0.3, basis="change", year=2027)
    values = {(f"c{i}", "2026"): 0.1 for i in range(5)}
    held = held_of(change, {"value": 0.1, "base": 0.0, "over": False, "change": True, "pace_scale": "index", "bounded": False})
    assert only(change, held, results(change, values))["fastest"] == pytest.approx(math.log(1.1), abs=1e-12)


def test_steps_begin_with_none_in_the_base_year() -> None:
    plan = plan_of("maturity_step", value=1.0, basis="step", year=2027)
    values = {(f"c{i}", "2026"): 0.1 * (i + 1) for i in range(5)} | {("c0", "2025"): 0.0}
    row = only(plan, held_of(plan, {"value": 0.44, "base": 0.0}), results(plan, values))
    assert (row["achieved"], row["required"], row["fastest"]) == pytest.approx((0.44, 0.56, 0.5), abs=1e-12)
    assert row["reached"] is False


def test_parts_of_a_total_are_not_as_fast_as_the_whole() -> None:
    plan = plan_of("solution_providers", value=20.0, basis="count", year=2027)
    values = series(**{f"c{i}": [1.0, 2.0, 4.0] for i in range(6)})
    row = only(plan, held_of(plan, {"value": 18.0, "base": 15.0, "exact": True, "bounded": False}), results(plan, values))
    assert (row["achieved"], row["required"]) == (3.0, 2.0)
    assert [row[name] for name in ("among", "categories", "fastest", "reached")] == [None] * 4


def test_each_breakdown_of_the_whole_stands_once_and_no_crossing() -> None:
    plan = plan_of(year=2027)
    found = pl.concat(
        [
            results(plan, FIVE),
            results(plan, FIVE, breakdown="segment"),
            results(plan, FIVE, breakdown="segment,size_class"),
            results(plan, series(large=[0.5, 0.7], small=[0.4, 0.6]), breakdown="size_class"),
            results(plan, series(total=[0.5, 0.7]), breakdown="total"),
        ]
    )
    table = paces(plan, held_of(plan, {"value": 0.64, "base": 0.60}, {"category": "a", "value": 0.5, "base": 0.4}), found)
    assert table.select("among", "categories").rows() == [("province", 5), ("segment", 5), ("size_class", 2)]
    assert table["fastest"].to_list() == [pytest.approx(0.06), pytest.approx(0.06), None]
    parts = plan_of(year=2027, scope={"segment": "a"})
    number = {"breakdown": "segment", "category": "a", "scope": True, "value": 0.64, "base": 0.60}
    assert paces(parts, held_of(parts, number), found)["among"].to_list() == ["segment"]


def test_a_pace_stands_also_where_nothing_is_broken_down() -> None:
    plan = plan_of(year=2027)
    row = only(plan, held_of(plan, {"value": 0.64, "base": 0.60}), results(plan, {}))
    assert (row["achieved"], row["required"]) == pytest.approx((0.04, 0.06), abs=1e-12)
    assert row["among"] is None


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.tuples(st.floats(0.05, 0.95), st.floats(0.05, 0.95)), min_size=6, max_size=6))
def test_less_is_better_is_the_mirror(values: list[tuple[float, float]]) -> None:
    (base, value), *others = values
    up, down = plan_of(year=2028, value=0.96), plan_of(year=2028, value=0.04, operator="<=")
    rows = {f"c{i}": [*row] for i, row in enumerate(others)}
    mirrored = {name: [1 - v for v in row] for name, row in rows.items()}
    one = only(up, held_of(up, {"value": value, "base": base}), results(up, series(**rows)))
    other = only(down, held_of(down, {"value": 1 - value, "base": 1 - base}), results(down, series(**mirrored)))
    for name in ("achieved", "required", "fastest"):
        assert one[name] == pytest.approx(-other[name], abs=1e-12)
    if abs(one["fastest"] - one["required"]) > 1e-9:
        assert one["reached"] == other["reached"]


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    plan = plan_of(year=2028)
    values = series(**{f"c{i}": [math.sin(i + year) ** 2 for year in range(4)] for i in range(13)})
    held = held_of(plan, *({"period": str(2025 + i), "value": 0.6 + i / 31, "base": 0.6} for i in range(4)))
    found = results(plan, values)
    assert_frame_equal(paces(plan, shuffled(held, seed), shuffled(found, seed)), paces(plan, held, found), check_exact=True)
