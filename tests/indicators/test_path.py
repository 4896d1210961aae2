"""Paths: worked values of others, every shape at its ends and between them, vintages, and where no path can be drawn."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from scipy.special import expit, logit

from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS
from indicators.estimation.estimate import KEYS
from indicators.targets.path import on_path, paths
from tests.indicators.heldrows import held_of, plan_of, shuffled

STEPS = {"2026": 0.62, "2028": 0.66}


def way(shape: str, declared: str = "2026-01-01", **more: Any) -> dict[str, Any]:
    return {"declared": declared, "shape": shape, **more}


def way_of(plan: Plan, held: pl.DataFrame) -> pl.DataFrame:
    """The table `paths` where nothing was published beyond what is held against the target."""
    return paths(plan, held, held)


def drawn(frame: pl.DataFrame, vintage: str | None = None) -> dict[int, float]:
    """Year and value of the path."""
    rows = frame.filter(pl.col("kind") == "path", True if vintage is None else pl.col("vintage") == vintage)
    return dict(rows.select("year", "value").iter_rows())


def where(base: float | None, *, shape: dict[str, Any] | None = None, **target: Any) -> dict[int, float]:
    """The path of one number year by year, from the table `paths`."""
    plan = plan_of(**{"paths": [shape] if shape else [], **target})
    return drawn(way_of(plan, held_of(plan, {"value": 0.5, "base": base})))


def test_digital_decade_leads_straight_to_its_target() -> None:
    """EU Digital Decade, ICT specialists in millions: 9.3702 in 2022, 20 in 2030, and every year 1.328725 more."""
    plan = plan_of("labour_productivity", value=20.0, year=2030, base_period="2022")
    path = drawn(way_of(plan, held_of(plan, {"period": "2023", "value": 10.0, "base": 9.3702, "bounded": False})))
    assert list(path) == list(range(2022, 2031))
    assert path[2023] == pytest.approx(10.698925, abs=1e-12)
    assert path[2026] == pytest.approx(14.6851, abs=1e-12)
    assert all(path[year + 1] - path[year] == pytest.approx(1.328725, abs=1e-9) for year in range(2022, 2030))


def test_triple_billion_leads_straight_to_its_target() -> None:
    """WHO Triple Billion: 68 in 2018, 99 in 2025; a path of even growth lies 1.41 lower in the third year."""
    plan = plan_of("labour_productivity", value=99.0, year=2025, base_period="2018")
    path = drawn(way_of(plan, held_of(plan, {"period": "2019", "value": 70.0, "base": 68.0, "bounded": False})))
    assert path == pytest.approx({2018 + k: 68 + 31 * k / 7 for k in range(8)}, abs=1e-11)
    assert path[2021] - 68 * (99 / 68) ** (3 / 7) == pytest.approx(1.41, abs=0.005)


def test_a_relative_change_is_relative() -> None:
    """WHO: 90 % cut by 30 % is 63 %, not 60 %. The path is one of the change, from nothing to −30 %."""
    plan = plan_of("rd_cycle_change", operator="<=", value=-0.30, basis="change", year=2027)
    path = drawn(way_of(plan, held_of(plan, {"value": -0.1, "base": 0.0, "change": True, "bounded": False})))
    assert path == pytest.approx({2025: 0.0, 2026: -0.15, 2027: -0.30}, abs=1e-15)
    assert 0.90 * (1 + path[2027]) == pytest.approx(0.63, abs=1e-12)


@pytest.mark.parametrize(
    ("base", "goal", "ceiling"), [(0.58, 0.70, 1.0), (0.02, 0.95, 0.98), (0.8, 0.1, 1.0), (20.0, 90.0, 100.0)]
)
def test_a_logistic_path_is_straight_on_log_odds(base: float, goal: float, ceiling: float) -> None:
    path = where(base, shape=way("logistic", ceiling=ceiling), value=goal, operator=">=" if goal > base else "<=")
    ends = logit(base / ceiling), logit(goal / ceiling)
    expected = {2025 + k: ceiling * expit(ends[0] + (ends[1] - ends[0]) * k / 5) for k in range(6)}
    assert path == pytest.approx(expected, rel=1e-11)


def test_milestones_stand_until_the_next() -> None:
    path = where(0.58, shape=way("steps", milestones=STEPS))
    assert path == {2025: 0.58, 2026: 0.62, 2027: 0.62, 2028: 0.66, 2029: 0.66, 2030: 0.70}
    late = where(0.58, shape=way("steps", milestones={"2028": 0.66}))
    assert late == {2025: 0.58, 2026: 0.58, 2027: 0.58, 2028: 0.66, 2029: 0.66, 2030: 0.70}
    assert where(0.58, shape=way("steps", milestones={"2030": 0.69}))[2030] == 0.70  # the target year belongs to the target


@settings(max_examples=200, deadline=None)
@given(
    base=st.floats(0.001, 0.98),
    goal=st.floats(0.001, 0.98),
    ceiling=st.floats(0.985, 1.0),
    shape=st.sampled_from(["linear", "logistic", "steps"]),
    years=st.integers(1, 30),
)
def test_every_path_goes_from_its_base_to_its_target(base: float, goal: float, ceiling: float, shape: str, years: int) -> None:
    milestones = {str(2025 + k): base + (goal - base) * k / years for k in range(2, years, 3)}
    declared = way("linear" if shape == "steps" and not milestones else shape, ceiling=ceiling)
    declared |= {"milestones": milestones} if shape == "steps" and milestones else {}
    up = goal > base
    path = where(base, shape=declared, value=goal, operator=">=" if up else "<=", year=2025 + years)
    if base == goal:
        assert path == {}, "what is there already needs no path"
        return
    values = [path[year] for year in range(2025, 2026 + years)]
    assert values[0] == pytest.approx(base, rel=1e-12)
    assert values[-1] == pytest.approx(goal, rel=1e-12)
    assert values == sorted(values, reverse=not up)
    assert all(0 < value < ceiling for value in values)


@pytest.mark.parametrize(
    ("base", "shape", "target"),
    [
        (None, way("linear"), {}),  # the base year is not published
        (0.0, way("logistic"), {}),  # log odds of none
        (1.0, way("logistic"), {}),
        (0.65, way("logistic", ceiling=0.65), {}),
        (0.5, way("logistic", ceiling=0.7), {}),  # the target lies at the ceiling: never reached
        (0.5, way("logistic", ceiling=0.6), {}),
        (-0.1, way("logistic"), {}),
        (0.5, None, {"year": None}),  # no date
        (0.5, None, {"year": 2025}),  # the base year is the target year
        (0.5, None, {"year": 2024}),
    ],
)
def test_no_path_where_none_can_be_drawn(base: float | None, shape: dict[str, Any] | None, target: dict[str, Any]) -> None:
    plan = plan_of(**{"paths": [shape] if shape else [], **target})
    held = held_of(plan, {"value": 0.6, "base": base})
    assert drawn(way_of(plan, held)) == {}
    assert on_path(plan, held)["path"].to_list() == [None]


def test_no_path_without_a_base_year() -> None:
    plan = plan_of(base_period=None)
    plan = plan.model_copy(update={"identity": plan.identity.model_copy(update={"base_period": None})})
    held = held_of(plan, {"value": 0.6, "base": None})
    assert held["base_period"].to_list() == [None]
    assert way_of(plan, held).height == 0
    assert on_path(plan, held)["path"].to_list() == [None]


def test_every_vintage_is_kept_and_the_newest_is_in_force() -> None:
    first, then, last = way("linear", "2025-12-29"), way("logistic", "2026-07-01"), way("steps", "2027-03-01", milestones=STEPS)
    held_at = {"value": 0.6, "base": 0.5}
    for order in ([first, then, last], [last, first, then]):
        plan = plan_of(paths=order)
        table = way_of(plan, held_of(plan, held_at))
        assert table.filter(kind="path")["vintage"].unique().sort().to_list() == ["2025-12-29", "2026-07-01", "2027-03-01"]
        assert drawn(table, "2025-12-29")[2026] == pytest.approx(0.54, abs=1e-12)
        assert drawn(table, "2026-07-01")[2026] == pytest.approx(expit(logit(0.5) * 0.8 + logit(0.7) * 0.2), abs=1e-12)
        assert on_path(plan, held_of(plan, held_at))["path"].to_list() == [0.62]
    two = plan_of(paths=[then, first])
    assert on_path(two, held_of(two, held_at))["path"][0] == drawn(table, "2026-07-01")[2026]


def test_without_a_declared_path_it_is_straight_since_the_plan_was_issued() -> None:
    plan = plan_of()
    table = way_of(plan, held_of(plan, {"value": 0.6, "base": 0.5})).filter(kind="path")
    assert table["vintage"].unique().to_list() == [plan.identity.issued]
    assert table["value"].to_list() == pytest.approx([0.50, 0.54, 0.58, 0.62, 0.66, 0.70], abs=1e-12)


def test_every_category_has_a_path_of_its_own() -> None:
    rows: list[dict[str, Any]] = [{"value": 0.6, "base": 0.5}, {"category": "31", "value": 0.4, "base": 0.2}]
    rows += [{"category": "32", "value": 0.4, "base": None}, {"category": "31", "period": "2032", "value": 0.9, "base": 0.2}]
    plan = plan_of()
    held = held_of(plan, *rows)
    placed = on_path(plan, held)
    assert placed.columns == [*KEYS, "target", "path"]
    assert placed.height == held.height
    assert placed["path"].to_list() == [pytest.approx(0.3), None, pytest.approx(0.54), 0.7]  # after the target year it stays
    assert way_of(plan, held)["category"].unique().to_list() == ["total"]
    stepwise = plan_of(paths=[way("steps", milestones=STEPS)])
    assert on_path(stepwise, held)["path"].to_list() == [None, None, 0.62, None]  # said of the law's number alone


def test_less_is_better() -> None:
    plan = plan_of("rd_cycle", operator="<=", value=400.0)
    path = drawn(way_of(plan, held_of(plan, {"value": 470.0, "base": 500.0, "bounded": False})))
    assert [path[year] for year in sorted(path)] == pytest.approx([500, 480, 460, 440, 420, 400], abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    plan = plan_of(paths=[way("linear", "2025-01-01"), way("logistic")])
    numbers = [{"category": f"{i}", "value": 0.3 + i / 31, "base": 0.2 + i / 37, "se": 0.01} for i in range(17)]
    years = [{"period": str(year), "value": (year - 2020) ** 2 / 113, "base": 0.23} for year in range(2025, 2030)]
    held = held_of(plan, *numbers, *years)
    assert_frame_equal(way_of(plan, shuffled(held, seed)), way_of(plan, held), check_exact=True)
    assert_frame_equal(on_path(plan, shuffled(held, seed)), on_path(plan, held), check_exact=True)


def test_the_table_is_as_promised() -> None:
    plan = plan_of(paths=[way("linear", "2025-01-01"), way("logistic")])
    years = [{"period": str(year), "value": (year - 2020) ** 2 / 113, "base": 0.23, "se": 0.01} for year in range(2025, 2030)]
    table = way_of(plan, held_of(plan, *years))
    assert dict(table.schema) == DETAILS["paths"]
    assert set(table["kind"]) == {"path", "same_pace", "trend"}
    assert not table.select(*KEYS, "target", "kind", "vintage", "year").is_duplicated().any()
    assert table.filter(pl.col("vintage").is_null())["kind"].unique().sort().to_list() == ["same_pace", "trend"]
    assert table.filter(pl.col("kind") == "path", pl.col("low").is_not_null() | pl.col("high").is_not_null()).height == 0
    for _, rows in table.group_by("period", "kind", "vintage"):
        assert rows["year"].is_sorted()


def test_nothing_held_against_nothing() -> None:
    plan = plan_of()
    assert way_of(plan, held_of(plan)).height == 0
    assert on_path(plan, held_of(plan)).height == 0
