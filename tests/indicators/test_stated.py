"""Stated sizes: populations, fractions and weights that cannot be, and answers that belong to no stratum."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from indicators.compute import Computed, compute

REGISTER = {"unit": "identifier", "year": "year", "layer": "identifier", "size": "integer", "share": "rate", "heavy": "number",
            "asked": "boolean"}  # fmt: skip
DESIGN = {"unit": "unit", "stratum": "layer", "population": "size"}
WEIGHTED = {"unit": "unit", "stratum": "layer", "weight": "heavy", "sampling_fraction": "share"}


def plan_of(make_plan: Any, design: dict[str, Any], *, required: bool = True) -> Any:
    return make_plan(
        tables={
            "register": {
                "key": ["unit", "year"],
                "period": "year",
                "design": {"unit": "unit", "census": True},
                "columns": REGISTER,
            },
            "survey": {
                "key": ["unit", "year"],
                "period": "year",
                "link": [{"table": "register", "on": {"unit": "unit", "year": "period"}, "required": required}],
                "design": design,
                "columns": {"unit": "identifier", "year": "year", "y": "number"},
            },
        },
        indicators={"sum": {"table": "survey", "numerator": "y"}},
    )


def frames_of(strata: dict[str, tuple[int, int]], year: int = 2025) -> dict[str, pl.DataFrame]:
    """Strata as listed units, all of them asked, and answers; y of each is one."""
    units = [(layer, f"{layer}{i}", i < answered) for layer, (size, answered) in strata.items() for i in range(size)]
    rows = [
        (unit, year, layer, strata[layer][0], strata[layer][1] / strata[layer][0], strata[layer][0] / strata[layer][1], True)
        for layer, unit, _ in units
    ]
    return {
        "register": pl.DataFrame(rows, schema=list(REGISTER), orient="row"),
        "survey": pl.DataFrame([(u, year, 1.0) for _, u, heard in units if heard], schema=["unit", "year", "y"], orient="row"),
    }


def with_value(frames: dict[str, pl.DataFrame], column: str, value: Any, which: str = "a") -> dict[str, pl.DataFrame]:
    """The frames with another value of a column of the register for the units whose name begins so, and a later good year."""
    changed = pl.when(pl.col("unit").str.starts_with(which)).then(pl.lit(value, frames["register"].schema[column]))
    bad = frames["register"].with_columns(changed.otherwise(pl.col(column)).alias(column))
    later = [frame.with_columns(year=pl.lit(2026, pl.Int64)) for frame in frames.values()]
    return {"register": pl.concat([bad, later[0]]), "survey": pl.concat([frames["survey"], later[1]])}


def computed(plan: Any, warehouse: Any, frames: dict[str, pl.DataFrame]) -> tuple[Computed, dict[str, float | None]]:
    found = compute(plan, warehouse(plan, frames))
    return found, dict(found.results.filter(pl.col("breakdown") == "total").select("period", "value").iter_rows())


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, "a (population blank)"), (0, "a (population 0, answers 3)"), (-4, "population -4"), (2, "population 2, answers 3")],
)
def test_a_population_that_cannot_be_is_no_census(make_plan: Any, warehouse: Any, value: Any, told: str) -> None:
    frames = with_value(frames_of({"a": (9, 3), "b": (4, 4)}), "size", value)
    found, values = computed(plan_of(make_plan, DESIGN), warehouse, frames)
    assert values == {"2025": None, "2026": 13.0}
    (notice,) = [one for one in found.notices if "cannot be" in one.en]
    assert notice.en.startswith("survey, 2025: ") and told in notice.en and "b (" not in notice.en
    assert "sum" in notice.en and "2025年" in notice.zh


def test_a_population_equal_to_the_answers_is_a_census(make_plan: Any, warehouse: Any) -> None:
    found, values = computed(plan_of(make_plan, DESIGN), warehouse, frames_of({"b": (4, 4)}))
    assert values == {"2025": 4.0}
    assert found.notices == ()


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("share", None, "a (sampling fraction blank)"),
        ("share", 0.0, "a (sampling fraction 0)"),
        ("share", 1.5, "a (sampling fraction 1.5)"),
        ("heavy", None, "a (weight blank)"),
        ("heavy", 0.5, "a (weight 0.5)"),
    ],
)
def test_stated_weights_and_fractions_are_checked(make_plan: Any, warehouse: Any, column: str, value: Any, told: str) -> None:
    frames = with_value(frames_of({"a": (9, 3), "b": (4, 4)}), column, value, "a1")
    found, values = computed(plan_of(make_plan, WEIGHTED), warehouse, frames)
    assert values == {"2025": None, "2026": pytest.approx(13.0)}
    assert any(told in one.en for one in found.notices)


@pytest.mark.parametrize("lost", ["blank", "unlisted"])
def test_answers_in_no_stratum_are_counted(make_plan: Any, warehouse: Any, lost: str) -> None:
    frames = frames_of({"a": (9, 3), "b": (4, 4)})
    if lost == "blank":
        frames["register"] = with_value(frames, "layer", None, "b")["register"].filter(pl.col("year") == 2025)
    else:
        frames["register"] = frames["register"].filter(pl.col("layer") == "a")
    found, values = computed(plan_of(make_plan, DESIGN, required=False), warehouse, frames)
    assert values == {"2025": 9.0}
    (notice,) = found.notices
    assert notice.en.startswith("survey, 2025: 4 enterprises answered that belong to no stratum")
    assert "2025年有 4 家" in notice.zh


def test_a_year_that_is_not_published_for_want_of_its_register_is_told_of_once(make_plan: Any, warehouse: Any) -> None:
    frames = frames_of({"a": (9, 3), "b": (4, 4)})
    frames["register"] = frames["register"].filter(pl.col("layer") == "a")
    found, values = computed(plan_of(make_plan, DESIGN), warehouse, frames)
    assert values == {"2025": None}
    assert not any("no stratum" in one.en for one in found.notices)


def test_strata_that_contradict_themselves_are_named(make_plan: Any, warehouse: Any) -> None:
    frames = frames_of({"a": (9, 3), "b": (4, 2), "c": (5, 5)})
    frames["register"] = frames["register"].with_columns(
        size=pl.when(unit="a1").then(12).when(layer="b").then(3).otherwise("size")
    )
    found, values = computed(plan_of(make_plan, DESIGN), warehouse, frames)
    assert values == {"2025": 12.0 + 3.0 + 5.0}
    (notice,) = found.notices
    assert "register, 2025: strata that contradict" in notice.en and "a (states 9 and 12); b (states 3, lists 4)." in notice.en
    assert "a（既填 9 又填 12）" in notice.zh


def test_a_neighbour_that_exists_in_no_year_is_named(make_plan: Any, warehouse: Any) -> None:
    plan = plan_of(make_plan, {**DESIGN, "collapse": {"a": "b", "b": "nobody"}})
    found, _ = computed(plan, warehouse, frames_of({"a": (9, 3), "b": (4, 2)}))
    (notice,) = found.notices
    assert "exist in no year: b → nobody" in notice.en and "b → nobody" in notice.zh
