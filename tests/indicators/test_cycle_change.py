"""Changes of a duration: the fixed mix by hand, what it takes out, what it lacks, and its error against repeated samples."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from indicators.compute import Computed, compute
from indicators.cycles.survival import Cases, curve
from indicators.editions.results import DIGITS
from indicators.estimation.resampling import draw
from tests.indicators.cycles import DESIGN, answers, cases, cycle_plan, projects, register

YEARS = range(2025, 2027)


def case(firm: str, year: int, days: int | None) -> tuple[Any, ...]:
    begun = date(year, 1, 1)
    return (firm, begun, None if days is None else begun + timedelta(days=days), None)


def results(plan: Any, warehouse: Any, frames: dict[str, pl.DataFrame]) -> Computed:
    return compute(plan, warehouse(plan, frames))


def layered(sizes: dict[str, int], population: dict[str, int]) -> tuple[list[str], dict[str, tuple[str, int]]]:
    firms = [f"{layer}{i:02}" for layer, size in sizes.items() for i in range(size)]
    return firms, {firm: (firm[0], population[firm[0]]) for firm in firms}


def of_firms(lengths: dict[tuple[str, int], list[int | None]]) -> pl.DataFrame:
    """(layer, year): the days of one case of each of the first firms of the layer."""
    return projects(
        [case(f"{layer}{i:02}", year, days) for (layer, year), found in lengths.items() for i, days in enumerate(found)]
    )


def parts_of(found: Computed) -> dict[str, dict[str, Any]]:
    rows = found.details["decomposition"].filter(pl.col("method") == "mix")
    return {row["part"]: row for row in rows.iter_rows(named=True)}


def test_the_mix_of_the_base_year_is_kept(make_plan: Any, warehouse: Any, row_of: Any) -> None:
    """Layer a: 7 cases of weight 2 in 2025; layer b: 5 of weight 4; shares 14/34 and 20/34, whatever 2026 brings."""
    firms, layers = layered({"a": 12, "b": 5}, {"a": 24, "b": 20})
    lengths = {
        ("a", 2025): [200, 210, 220, 230, 240, 250, 260],
        ("b", 2025): [80, 90, 100, 110, 120],
        ("a", 2026): [190, 194, 196, 197, 198, 207, 209, 212, 218, 222, 235],
        ("b", 2026): [70, 80, 85, 90, 95],
    }
    plan = cycle_plan(make_plan, change={"mix": "layer"}, answered_in="asked")
    asked = register(firms, YEARS, layers)
    found = results(plan, warehouse, {"register": asked, "projects": of_firms(lengths), "asked": asked.select("firm", "year")})
    share = 14 / 34
    expected = np.exp(share * np.log(207 / 230) + (1 - share) * np.log(85 / 100)) - 1
    row = row_of(found.results, "shorter", "2026")
    assert row["value"] == pytest.approx(expected, rel=1e-12)
    assert row["low"] < row["value"] < row["high"]
    for layer, change in (("a", 207 / 230), ("b", 85 / 100)):
        assert row_of(found.results, "shorter", "2026", "layer", layer)["value"] == pytest.approx(change - 1, rel=1e-12), "pooled"
    levels = [row_of(found.results, "cycle", year)["value"] for year in ("2025", "2026")]
    parts = parts_of(found)
    assert parts["pooled"]["value"] == pytest.approx(levels[1] / levels[0] - 1, rel=1e-12)
    assert parts["total"]["value"] == row["value"]
    assert parts["total"]["se"] == row["se"]
    for part in parts.values():
        assert [part[name] for name in ("value", "se")] == [float(f"{part[name]:.{DIGITS}g}") for name in ("value", "se")]
    assert parts["pooled"]["value"] + parts["fixed_mix"]["value"] == pytest.approx(parts["total"]["value"], abs=1e-12)
    assert {part["base_period"] for part in parts.values()} == {"2025"}
    assert parts["total"]["n"] == row["n"] == 12


def test_a_mere_change_of_mix_is_no_change(make_plan: Any, warehouse: Any, row_of: Any) -> None:
    """Nobody's pace changes; only more slow ones have a case in 2026. Pooled: +100 %; at a fixed mix: nothing."""
    firms, layers = layered({"a": 12, "b": 12}, {"a": 12, "b": 12})
    asked = register(firms, YEARS, layers)
    frames = {"register": asked, "asked": asked.select("firm", "year")}
    lengths = {("a", 2025): [200] * 6, ("b", 2025): [100] * 12, ("a", 2026): [200] * 12, ("b", 2026): [100] * 6}
    found = results(
        cycle_plan(make_plan, change={"mix": "layer"}, answered_in="asked"), warehouse, {**frames, "projects": of_firms(lengths)}
    )
    row = row_of(found.results, "shorter", "2026")
    assert (row["value"], row["se"]) == (0.0, 0.0)
    assert parts_of(found)["pooled"]["value"] == pytest.approx(1.0), "200 days instead of 100"
    assert parts_of(found)["fixed_mix"]["value"] == pytest.approx(-1.0)


def test_shares_are_not_drawn_again(make_plan: Any, warehouse: Any, row_of: Any) -> None:
    """Layer a doubles and layer b halves in every replicate; with shares that varied the index would."""
    firms, layers = layered({"a": 10, "b": 10}, {"a": 100, "b": 30})
    lengths = {("a", 2025): [100] * 10, ("b", 2025): [200] * 10, ("a", 2026): [200] * 10, ("b", 2026): [100] * 10}
    asked = register(firms, YEARS, layers)
    plan = cycle_plan(make_plan, change={"mix": "layer"}, answered_in="asked")
    found = results(plan, warehouse, {"register": asked, "projects": of_firms(lengths), "asked": asked.select("firm", "year")})
    row = row_of(found.results, "shorter", "2026")
    assert row["value"] == pytest.approx(2 ** (100 / 130 - 30 / 130) - 1, rel=1e-12)
    assert row["se"] == pytest.approx(0.0, abs=1e-12)


def test_both_years_draw_the_same_enterprises(make_plan: Any, results_of: Any, row_of: Any) -> None:
    """Cohorts of which each enterprise repeats its own pace to the day: the change is null in every replicate."""
    plan = cycle_plan(make_plan, "cohort", change={})
    firms = [f"f{i}" for i in range(40)]
    rows = [case(firm, year, 30 + 5 * i) for year in YEARS for i, firm in enumerate(firms)] + [
        case("f0", year, None) for year in YEARS
    ]
    found = results_of(plan, {"register": register(firms, YEARS), "projects": projects(rows)})
    assert row_of(found, "cycle", "2026")["se"] > 5
    change = row_of(found, "shorter", "2026")
    assert (change["value"], change["se"], change["low"], change["high"]) == (0.0, 0.0, 0.0, 0.0)


def test_a_group_without_a_median_empties_the_overall_change_and_is_named(make_plan: Any, warehouse: Any, row_of: Any) -> None:
    firms, layers = layered({"a": 8, "b": 6}, {"a": 8, "b": 6})
    lengths: dict[tuple[str, int], list[int | None]] = {
        ("a", 2025): [100 + i for i in range(8)],
        ("b", 2025): [150 + i for i in range(6)],
        ("a", 2026): [90 + i for i in range(8)],
        ("b", 2026): [140, 141, None, None, None, None],
    }
    asked = register(firms, YEARS, layers)
    frames = {
        "register": asked,
        "projects": of_firms(lengths).with_columns(seen=pl.lit(date(2026, 12, 31))),
        "asked": asked.select("firm", "year"),
    }
    found = results(cycle_plan(make_plan, change={"mix": "layer"}, answered_in="asked"), warehouse, frames)
    total = row_of(found.results, "shorter", "2026")
    assert (total["value"], total["low"], total["high"], total["status"]) == (None, None, None, "absent")
    assert row_of(found.results, "shorter", "2026", "layer", "a")["value"] == pytest.approx(93.5 / 103.5 - 1)
    assert [notice.en for notice in found.notices if notice.en.startswith("shorter")] == [
        "shorter: no overall value is published for 2026, because b have none in 2025 or 2026, so the mix of 2025 cannot be "
        "kept; see the breakdowns."
    ]
    parts = parts_of(found)
    assert parts["pooled"]["value"] is not None
    assert parts["fixed_mix"]["value"] is None
    assert parts["total"]["value"] is None
    pooled = results(cycle_plan(make_plan, change={}, answered_in="asked"), warehouse, frames)
    assert row_of(pooled.results, "shorter", "2026")["value"] == pytest.approx(parts["pooled"]["value"], rel=1e-12)
    assert parts_of(pooled) == {}


def test_cases_of_no_group_empty_it_too(make_plan: Any, warehouse: Any, row_of: Any) -> None:
    firms, layers = layered({"a": 8}, {"a": 8})
    frame = of_firms({("a", 2025): [100 + i for i in range(8)], ("a", 2026): [90 + i for i in range(8)]})
    frame = frame.with_columns(kind=pl.when(pl.int_range(pl.len()) != 0).then("kind"))
    found = results(
        cycle_plan(make_plan, change={"mix": "kind"}), warehouse, {"register": register(firms, YEARS, layers), "projects": frame}
    )
    assert row_of(found.results, "shorter", "2026")["value"] is None
    assert any("because those of no group have none" in notice.en for notice in found.notices)


def test_a_difference_is_in_days(make_plan: Any, results_of: Any, row_of: Any) -> None:
    firms, layers = layered({"a": 30}, {"a": 90})
    rng = np.random.default_rng(6)
    lengths = {("a", year): rng.integers(base, base + 100, 30).tolist() for year, base in ((2025, 150), (2026, 120))}
    frames = {"register": register(firms, YEARS, layers), "projects": of_firms(lengths)}
    found = results_of(cycle_plan(make_plan, change={"change_as": "difference"}), frames)
    levels = [row_of(found, "cycle", year)["value"] for year in ("2025", "2026")]
    row = row_of(found, "shorter", "2026")
    assert row["value"] == levels[1] - levels[0] < -10
    assert row["low"] < row["value"] < row["high"]
    assert row["se"] > 3


def test_a_change_is_not_known_where_an_end_is_not(make_plan: Any, results_of: Any, row_of: Any) -> None:
    firms, layers = layered({"a": 8}, {"a": 8})
    frame = of_firms({("a", 2025): [100 + i for i in range(8)], ("a", 2026): [90, None, None, None, None, None, None, None]})
    frame = frame.with_columns(seen=pl.lit(date(2026, 12, 31)))
    for change in ({}, {"change_as": "difference"}):
        found = results_of(cycle_plan(make_plan, change=change), {"register": register(firms, YEARS, layers), "projects": frame})
        row = row_of(found, "shorter", "2026")
        assert [row[name] for name in ("value", "se", "low", "high")] == [None] * 4
        assert row["status"] == "absent"
        assert row_of(found, "cycle", "2026")["low"] == 364.0


def simulated(rng: np.random.Generator) -> tuple[list[tuple[int, str, str]], dict[int, Cases]]:
    """90 enterprises of which 60 answered in both years, 15 in each only; each has a pace of its own that stays."""
    pace = 150 * np.exp(0.25 * rng.standard_normal(90))
    answered = {2025: range(75), 2026: range(15, 90)}
    found = {}
    for year, members in answered.items():
        unit = np.repeat(np.array(members), rng.integers(0, 3, 75))
        days = pace[unit] * (0.9 if year == 2026 else 1.0) * np.exp(0.2 * rng.standard_normal(unit.size))
        is_open = rng.random(unit.size) < 0.05
        found[year] = cases(np.full(unit.size, -1.0), np.where(is_open, 120.0, np.round(days)), ~is_open, unit=unit)
    return [(year, f"a{i:02}", "s") for year, members in answered.items() for i in members], found


def test_the_error_of_a_change_is_that_of_repeated_samples() -> None:
    """The draws common to both years carry the covariance of those who answered twice: ±10 % of what 1000 samples show."""
    rng = np.random.default_rng(12)
    changes, errors, apart = [], [], []
    for number in range(1000):
        rows, found = simulated(rng)
        if number >= 60:
            medians = [curve(found[year], np.ones((90, 1))).quantile(0.5)[0] for year in YEARS]
            changes.append(np.log(medians[1] / medians[0]))
            continue
        drawn = draw(answers(rows), DESIGN).of_period
        then, now = (np.log(curve(found[year], drawn[year * 10000]).quantile(0.5)) for year in YEARS)
        changes.append(now[0] - then[0])
        errors.append(np.std((now - then)[1:], ddof=1))
        apart.append(np.hypot(np.std(now[1:], ddof=1), np.std(then[1:], ddof=1)))
    assert np.mean(errors) == pytest.approx(np.std(changes, ddof=1), rel=0.10)
    assert np.mean(apart) > 1.10 * np.mean(errors), "two samples taken for independent overstate it"
