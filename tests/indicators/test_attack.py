"""The outsider: each kind of leak is planted and found, with the true number; with the leak plugged nothing is."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from indicators.catalogue.plan import Plan
from tests.indicators.conftest import MakePlan
from tests.indicators.leaking import CROSSED, Industry, a_plan, attacked, kinds, publish, recovered, rows_of, units

Leaks = Callable[..., None]


@pytest.fixture(scope="session")
def plan(make_plan: MakePlan) -> Plan:
    return a_plan(make_plan)


def agree(found: Mapping[tuple[str, ...], float], truth: Mapping[tuple[str, ...], float], expected: set[tuple[str, ...]]) -> None:
    """Exactly these fell, and with their true values."""
    assert set(found) == expected
    for key, value in found.items():
        assert math.isclose(value, truth[key], rel_tol=1e-6, abs_tol=1e-9), key


def named(indicator: str, *places: str, period: str = "2025") -> set[tuple[str, ...]]:
    """Keys from places such as `a:a0` and `a,b:a0,b1`."""
    return {(indicator, period, *place.split(":")) for place in places}


def test_one_withheld_category_is_the_total_less_the_others(tmp_path: Path, plan: Plan) -> None:
    industry = Industry(plan=plan, rows=units(), indicators=("sum",))
    publish(tmp_path / "leak", industry, named("sum", "a:a0", "up:u0", "up:u1"))
    found = attacked(tmp_path / "leak")
    agree(recovered(found), industry.values, named("sum", "a:a0", "up:u0", "up:u1"))
    assert recovered(found, "n") == {key: industry.counts[key] for key in named("sum", "a:a0", "up:u0", "up:u1")}
    publish(tmp_path / "plugged", industry, named("sum", "a:a0", "a:a2", "up:u0", "up:u1"))
    assert attacked(tmp_path / "plugged").recovered == []


def test_a_hierarchy_is_one_more_total(tmp_path: Path, plan: Plan) -> None:
    """Two withheld of four hide each other, unless each is alone in its group."""
    industry = Industry(plan=plan, rows=units(2), indicators=("sum",))
    publish(tmp_path / "leak", industry, named("sum", "a:a0", "a:a2"))
    found = attacked(tmp_path / "leak")
    agree(recovered(found), industry.values, named("sum", "a:a0", "a:a2"))
    assert kinds(found) == {"parts"}
    publish(tmp_path / "plugged", industry, named("sum", "a:a0", "a:a1"))
    assert attacked(tmp_path / "plugged").recovered == []


def test_a_crossing_is_held_against_its_margins(tmp_path: Path, plan: Plan) -> None:
    industry = Industry(plan=plan, rows=units(3), indicators=("sum",), sets=CROSSED)
    diagonal = named("sum", "a,b:a0,b0", "a,b:a1,b1", "a,b:a2,b2")
    publish(tmp_path / "leak", industry, diagonal)
    agree(recovered(attacked(tmp_path / "leak")), industry.values, diagonal)
    publish(tmp_path / "plugged", industry, named("sum", "a,b:a0,b0", "a,b:a0,b1", "a,b:a1,b0", "a,b:a1,b1"))
    assert attacked(tmp_path / "plugged").recovered == []


def test_a_withheld_margin_is_the_sum_of_its_crossing(tmp_path: Path, plan: Plan) -> None:
    """Filter minus filter: no total is needed."""
    industry = Industry(plan=plan, rows=units(4), indicators=("sum",), sets=CROSSED)
    margins = named("sum", "a:a0", "a:a1")
    publish(tmp_path / "leak", industry, margins)
    found = attacked(tmp_path / "leak")
    agree(recovered(found), industry.values, margins)
    assert kinds(found) == {"filters"}
    crossed = named("sum", "a,b:a0,b0", "a,b:a1,b0", "a,b:a0,b1", "a,b:a1,b1")
    publish(tmp_path / "plugged", industry, margins | crossed)
    assert attacked(tmp_path / "plugged").recovered == []


def test_a_mean_of_a_full_count_times_n_is_a_sum(tmp_path: Path, plan: Plan) -> None:
    industry = Industry(plan=plan, rows=units(5), indicators=("share",))
    publish(tmp_path / "leak", industry, named("share", "a:a0", "a:a2"))
    found = attacked(tmp_path / "leak")
    agree(recovered(found), industry.values, named("share", "a:a0", "a:a2"))
    assert kinds(found) == {"mean"}
    publish(tmp_path / "plugged", industry, named("share", "a:a0", "a:a1"))
    assert attacked(tmp_path / "plugged").recovered == []


def split(industry: Industry, told: list[str], **kept: Any) -> pl.DataFrame:
    """Rows of the table `splits` for categories of `a`: their weights, or what is told in their place."""
    rows = []
    for code in told:
        key = ("rate", "2025", "a", code)
        value, weight = industry.values[key], industry.share(key)
        facts = {"weight": weight, "contribution": weight * (9.0 - value), "value": value}
        row = {"indicator": "rate", "period": "2025", "breakdown": "a", "category": code, "target": "T", "part": "category"}
        rows.append(row | {"scale": "linear"} | {name: facts[name] for name in kept.get("columns", ("weight",))})
    return rows_of("splits", rows)


@pytest.mark.parametrize("columns", [("weight",), ("contribution", "value")])
def test_a_ratio_times_a_denominator_that_is_told_is_a_sum(tmp_path: Path, plan: Plan, columns: tuple[str, ...]) -> None:
    industry = Industry(plan=plan, rows=units(6), indicators=("rate",))
    hidden = named("rate", "a:a0", "up:u0")
    publish(tmp_path / "leak", industry, hidden, splits=split(industry, ["a1", "a2", "a3"], columns=columns))
    found = attacked(tmp_path / "leak")
    agree(recovered(found), industry.values, hidden)
    assert kinds(found) == {"denominators"}
    publish(tmp_path / "plugged", industry, hidden)
    assert recovered(attacked(tmp_path / "plugged")) == {}


def test_several_ratios_on_one_denominator_tell_it(tmp_path: Path, plan: Plan) -> None:
    """Of two categories whose twins are told with that of both together, the shares of the denominator follow."""
    industry = Industry(plan=plan, rows=units(7), indicators=("rate", "twin"))
    publish(tmp_path / "leak", industry, named("rate", "a:a2"))
    found = attacked(tmp_path / "leak")
    agree(recovered(found), industry.values, named("rate", "a:a2"))
    assert kinds(found) == {"denominators"}
    publish(tmp_path / "plugged", industry, named("rate", "a:a2") | named("twin", "a:a2"))
    assert recovered(attacked(tmp_path / "plugged")) == {}


@pytest.mark.parametrize("relative", [True, False])
def test_a_change_and_one_end_give_the_other(tmp_path: Path, plan: Plan, *, relative: bool) -> None:
    industry, name = Industry(plan=plan, rows=units(8, years=(2025, 2026))), "moved" if relative else "risen"
    industry.changed(name, "2026", relative=relative)
    hidden = named("rate", "a:a0", "a:a1", period="2026")
    told = {key for key in industry.values if key[0] == name and key[2] == "a" and key[3] == "a0"}
    others = {key for key in industry.values if key[0] == name} - told
    publish(tmp_path / "leak", industry, hidden | others)
    found = attacked(tmp_path / "leak")
    fell = set(recovered(found))
    assert named("rate", "a:a0", period="2026") <= fell
    assert all(key in others for key in fell - hidden), "a change between two levels that are told is told"
    agree(recovered(found), industry.values, fell)
    assert kinds(found) == {"index"}
    publish(tmp_path / "plugged", industry, hidden | {("rate", "2025", *key[2:]) for key in hidden} | others | told)
    assert hidden.isdisjoint(recovered(attacked(tmp_path / "plugged")))


def test_a_year_is_held_against_its_quarters(tmp_path: Path, plan: Plan) -> None:
    industry = Industry(plan=plan, rows=units(9), indicators=("sum",), periods="quarter")
    both = ["a:a0", "a:a1"]
    last = named("sum", *both, period="2025-Q4")
    publish(tmp_path / "leak", industry, last)
    found = attacked(tmp_path / "leak")
    agree(recovered(found), industry.values, last)
    assert kinds(found) == {"periods"}
    publish(tmp_path / "plugged", industry, last | named("sum", *both))
    assert recovered(attacked(tmp_path / "plugged")) == {}


def test_editions_withhold_different_categories_of_the_same_data(tmp_path: Path, plan: Plan) -> None:
    industry = Industry(plan=plan, rows=units(10), indicators=("sum",))
    pairs = [named("sum", "a:a0", "a:a1"), named("sum", "a:a2", "a:a3")]
    publish(tmp_path / "leak", industry, pairs[0])
    publish(tmp_path / "leak", industry, pairs[1])
    alone = attacked(tmp_path / "leak")
    assert alone.recovered == []
    found = attacked(tmp_path / "leak", "0001")
    agree(recovered(found), industry.values, pairs[1])
    assert kinds(found) == {"editions"}
    publish(tmp_path / "plugged", industry, pairs[0])
    publish(tmp_path / "plugged", industry, pairs[0])
    assert attacked(tmp_path / "plugged", "0001").recovered == []


def test_a_newcomer_is_the_difference_of_two_full_counts(tmp_path: Path, plan: Plan) -> None:
    before = units(11)
    one = before.filter(pl.col("unit") == "a0b00").with_columns(unit=pl.lit("late"), flag=pl.lit(1, pl.Int64))
    first = Industry(plan=plan, rows=before, indicators=("share",))
    publish(tmp_path, first, set())
    publish(tmp_path, Industry(plan=plan, rows=pl.concat([before, one]), indicators=("share",)), set())
    found = attacked(tmp_path, "0001")
    told = recovered(found, "newcomers")
    assert set(told) == named("share", "total:total", "a:a0", "up:u0")
    assert all(math.isclose(value, 1.0, abs_tol=1e-9) for value in told.values())
    assert attacked(tmp_path, "0002").recovered == []


def test_a_number_that_stands_beside_is_seen(tmp_path: Path, plan: Plan) -> None:
    industry = Industry(plan=plan, rows=units(12), indicators=("rate",))
    hidden = named("rate", "a:a0", "a:a1")
    key = {"indicator": "rate", "period": "2025", "breakdown": "a", "category": "a0"}
    beside = rows_of("assessments", [key | {"target": "T", "value": industry.values["rate", "2025", "a", "a0"]}])
    publish(tmp_path / "leak", industry, hidden, assessments=beside)
    found = attacked(tmp_path / "leak")
    agree(recovered(found), industry.values, named("rate", "a:a0"))
    assert kinds(found) == {"beside"}
    publish(tmp_path / "plugged", industry, hidden)
    assert attacked(tmp_path / "plugged").recovered == []


def test_a_comparison_and_one_of_its_categories_give_the_other(tmp_path: Path, plan: Plan) -> None:
    industry = Industry(plan=plan, rows=units(13), indicators=("rate",))
    hidden = named("rate", "a:a0", "a:a1")
    key = {"indicator": "rate", "period": "2025", "breakdown": "a", "category": "a0", "other": "a2"}
    apart = industry.values["rate", "2025", "a", "a0"] - industry.values["rate", "2025", "a", "a2"]
    publish(tmp_path / "leak", industry, hidden, comparisons=rows_of("comparisons", [key | {"difference": apart}]))
    found = attacked(tmp_path / "leak")
    agree(recovered(found), industry.values, named("rate", "a:a0"))
    assert kinds(found) == {"filters"}
    inside = [key | {"other": "a1", "difference": apart}]
    publish(tmp_path / "plugged", industry, hidden, comparisons=rows_of("comparisons", inside))
    assert attacked(tmp_path / "plugged").recovered == []


def test_moves_of_a_panel_add_up_as_everything_does(tmp_path: Path, plan: Plan) -> None:
    industry = Industry(plan=plan, rows=units(14), indicators=("rate",))
    key = {"indicator": "rate", "period": "2025", "base_period": "2025", "before": "1", "after": "2"}
    moves = {"total": ("total", 9), "a0": ("a", 4), "a1": ("a", 3)}
    rows = [key | {"breakdown": by, "category": code, "units": count} for code, (by, count) in moves.items()]
    publish(tmp_path / "leak", industry, named("rate", "a:a2"), transitions=rows_of("transitions", rows))
    assert recovered(attacked(tmp_path / "leak"), "1→2") == {("rate", "2025", "a", "a2"): 2}
    publish(tmp_path / "plugged", industry, named("rate", "a:a2", "a:a3"), transitions=rows_of("transitions", rows))
    assert attacked(tmp_path / "plugged").recovered == []


@pytest.mark.parametrize(("sensitive", "falls"), [(False, set()), (True, {"a0", "a1"})])
def test_unanimity_is_its_own_line_unless_it_harms(
    tmp_path: Path, make_plan: MakePlan, *, sensitive: bool, falls: set[str]
) -> None:
    """Whoever is in a share of none does not do it; of a full count of what harms that is a disclosure."""
    plan = a_plan(make_plan, sensitive=sensitive)
    rows = units(15).with_columns(flag=pl.when(pl.col("up") == "u0").then(0).otherwise("flag"))
    industry = Industry(plan=plan, rows=rows, indicators=("share",))
    publish(tmp_path, industry, named("share", "a:a0", "a:a1"))
    found = attacked(tmp_path)
    assert {key[3] for key in recovered(found)} == falls
    assert {code for _, (_, code) in found.unanimous} == {"a0", "a1"} - falls


def test_who_is_left_over_is_seen(tmp_path: Path, make_plan: MakePlan) -> None:
    """A unit without a code is in the total and in no category: what is left of the total is its own number."""
    plan = a_plan(make_plan)
    columns = plan.dictionary.tables["people"].columns
    loose = {name: column.model_copy(update={"required": False}) for name, column in columns.items()}
    people = plan.dictionary.tables["people"].model_copy(update={"columns": loose})
    tables = {**plan.dictionary.tables, "people": people}
    plan = plan.model_copy(update={"dictionary": plan.dictionary.model_copy(update={"tables": tables})})
    industry = Industry(plan=plan, rows=units(16), indicators=("share",))
    whole = ("share", "2025", "total", "total")
    summed = industry.values[whole] * industry.counts[whole] + 1
    industry.counts[whole] += 1
    industry.values[whole] = summed / industry.counts[whole]
    publish(tmp_path, industry, set())
    found = recovered(attacked(tmp_path), "rest")
    assert set(found) == {whole}
    assert math.isclose(found[whole], 1.0, abs_tol=1e-9)


@pytest.mark.parametrize("missing", [("a0", "a2"), ("a0", "a1", "a2")])
def test_the_same_sum_under_other_public_prices_is_a_second_equation(
    tmp_path: Path, plan: Plan, missing: tuple[str, ...]
) -> None:
    """Two unknown parts of a total follow from it at both prices, which a published crossing tells; three do not."""
    prices = {"a0": 2.0, "a1": 3.0, "a2": 5.0, "a3": 4.0}
    rows = units(31).with_columns(z=pl.col("y") * pl.col("a").replace_strict(prices))
    industry = Industry(plan=plan, rows=rows, indicators=("rate", "twin"), sets=((), ("a",), ("a", "b")))
    crossed = [f"a,b:{code},b{at}" for code in missing for at in (1, 2)]
    hidden = {key for name in ("rate", "twin") for key in named(name, *(f"a:{code}" for code in missing), *crossed)}
    shares = rows_of("splits", [
        {"indicator": "rate", "period": "2025", "breakdown": "a", "category": code, "target": "T", "part": "category"}
        | {"scale": "linear", "weight": industry.share(("rate", "2025", "a", code))}
        for code in prices
    ])  # fmt: skip
    publish(tmp_path / "leak", industry, hidden, splits=shares)
    found = recovered(attacked(tmp_path / "leak"))
    fell = {key for key in found if key[2] == "a"}
    assert fell == (hidden & {key for key in hidden if key[2] == "a"} if len(missing) == 2 else set())
    assert all(math.isclose(found[key], industry.values[key], rel_tol=1e-6) for key in fell)
