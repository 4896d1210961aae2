"""Joined strata: R's published figures, errors worked out unit by unit over the joined strata, and chains of neighbours."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indicators.estimation import strata
from pipelines.design import Design

COLUMNS = {
    **dict.fromkeys(("unit", "layer", "dom"), "identifier"),
    "layer_size": "integer",
    **dict.fromkeys(("y", "x"), "number"),
}


def answers_plan(make_plan: Any, collapse: Mapping[str, str]) -> Any:
    design = {"unit": "unit", "stratum": "layer", "population": "layer_size", "collapse": dict(collapse)}
    return make_plan(
        tables={"answers": {"key": ["unit"], "year": 2025, "design": design, "columns": COLUMNS}},
        indicators={
            "total": {"table": "answers", "numerator": "y"},
            "ratio": {"table": "answers", "numerator": "y", "denominator": "x"},
        },
        breakdowns={"dom": "dom"},
    )


def by_hand(frame: pl.DataFrame, joint: Mapping[str, str], *, dom: str | None, total: bool) -> tuple[float, float, int]:
    """Value, se and df: weights of the strata drawn, variance over the joined ones, unit by unit."""
    layers, doms = frame["layer"].to_list(), frame["dom"].to_list()
    size = dict(zip(layers, frame["layer_size"], strict=True))
    weight = np.array([size[h] / layers.count(h) for h in layers])
    inside = np.array([dom is None or one == dom for one in doms])
    y, x = (np.where(inside, frame[name].to_numpy(), 0.0) for name in "yx")
    value = float(weight @ y) if total else float(weight @ y) / float(weight @ x)
    u = weight * (y if total else (y - value * x) / float(weight @ x))
    joined = [joint.get(h, h) for h in layers]
    held = sorted({h for h, there in zip(joined, inside, strict=True) if there})
    asked = np.isin(joined, held)
    variance = 0.0
    for h in held:
        here = np.array([one == h for one in joined])
        n, population = int(here.sum()), sum(size[part] for part in size if joint.get(part, part) == h)
        if n < population:
            spread = (u[here][0] - u[asked].mean()) ** 2 if n == 1 else n / (n - 1) * ((u[here] - u[here].mean()) ** 2).sum()
            variance += (1 - n / population) * spread
    return value, math.sqrt(variance), int(inside.sum()) - len(held)


def agrees(results: pl.DataFrame, frame: pl.DataFrame, joint: Mapping[str, str], doms: tuple[str | None, ...] = (None,)) -> None:
    for dom in doms:
        for indicator in ("total", "ratio"):
            rows = results.filter(pl.col("indicator") == indicator, pl.col("category") == (dom or "total"))
            row = rows.row(0, named=True)
            value, error, df = by_hand(frame, joint, dom=dom, total=indicator == "total")
            assert row["value"] == pytest.approx(value, rel=1e-11, abs=1e-11)
            assert row["se"] == pytest.approx(error, rel=1e-7, abs=1e-7 * max(1.0, abs(value))), (indicator, dom)
            assert row["df"] in (df, None)


def layered(*layers: tuple[str, int, int], seed: int = 1) -> pl.DataFrame:
    """Answers of strata given as (name, answered, population)."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"{name}{i}", name, "ij"[i % 2], population, float(rng.integers(1, 50)), float(rng.integers(1, 9)))
        for name, answered, population in layers
        for i in range(answered)
    ]
    return pl.DataFrame(rows, schema=["unit", "layer", "dom", "layer_size", "y", "x"], orient="row")


def test_a_joined_stratum_is_that_of_r(shared_data: Path, make_plan: Any, results_of: Any, row_of: Any) -> None:
    wanted = json.loads((shared_data / "statistics" / "ref_f_lonely.json").read_text())["collapse_S2_S3"]
    columns = {
        **dict.fromkeys(("ent_id", "stratum", "dom"), "identifier"),
        "n_pop": "integer",
        **dict.fromkeys(("y", "m", "z"), "number"),
    }
    design = {"unit": "ent_id", "stratum": "stratum", "population": "n_pop", "collapse": {"S3": "S2", "S4": "S1"}}
    plan = make_plan(
        tables={"lonely": {"key": ["ent_id"], "year": 2025, "design": design, "columns": columns}},
        indicators={
            "total_y": {"table": "lonely", "numerator": "y"},
            "ratio": {"table": "lonely", "numerator": "y", "denominator": "m"},
            "share_z": {"table": "lonely", "numerator": "z", "denominator": 1},
        },
    )
    frame = pl.read_csv(shared_data / "statistics" / "lonely.csv").rename({"N_h": "n_pop"})
    results = results_of(plan, {"lonely": frame})
    for name in ("total_y", "ratio", "share_z"):
        row = row_of(results, name, "2025")
        assert row["value"] == pytest.approx(wanted[name], rel=1e-9)
        assert row["se"] == pytest.approx(wanted[f"se_{name}"], rel=1e-9)
        assert row["df"] == wanted["degf"], "S4 is one of one, so it is asked whole and not alone"


@pytest.mark.parametrize(
    ("layers", "collapse", "joint"),
    [
        ([("a", 5, 20), ("b", 1, 9), ("c", 4, 12)], {"b": "a"}, {"b": "a"}),
        ([("a", 5, 20), ("b", 1, 9), ("c", 1, 12)], {"b": "a", "c": "b"}, {"b": "a", "c": "a"}),  # a chain
        ([("a", 5, 20), ("c", 1, 12)], {"b": "a", "c": "b"}, {"c": "a"}),  # nobody answered in b
        ([("a", 5, 20), ("b", 1, 9), ("c", 1, 12)], {"b": "c", "c": "b"}, {"c": "b"}),  # each other's neighbour
        ([("a", 5, 20), ("b", 1, 9), ("c", 1, 12)], {"b": "c"}, {"c": "b"}),  # two who were alone are two
        ([("a", 3, 3), ("b", 1, 9)], {"b": "a"}, {"b": "a"}),  # with a stratum asked whole
        ([("a", 5, 20), ("b", 2, 9)], {"b": "a"}, {}),  # not alone
        ([("a", 5, 20), ("b", 1, 1)], {"b": "a"}, {}),  # one of one
        ([("a", 5, 20), ("b", 1, 9)], {}, {}),  # without an entry: adjusted
        ([("a", 5, 20), ("b", 1, 9)], {"b": "c", "c": "b"}, {}),  # the chain turns back before anybody answered: adjusted
    ],
)
def test_who_is_joined_with_whom(
    layers: list[tuple[str, int, int]], collapse: dict[str, str], joint: dict[str, str], make_plan: Any, results_of: Any
) -> None:
    frame = layered(*layers)
    agrees(results_of(answers_plan(make_plan, collapse), {"answers": frame}), frame, joint, (None, "i", "j"))


def test_weights_stay_those_of_the_strata_that_were_drawn(make_plan: Any, results_of: Any, row_of: Any) -> None:
    frame = layered(("a", 5, 20), ("b", 1, 9))
    values = [
        row_of(results_of(answers_plan(make_plan, collapse), {"answers": frame}), name, "2025")["value"]
        for collapse in ({}, {"b": "a"})
        for name in ("total", "ratio")
    ]
    assert values[:2] == pytest.approx(values[2:], rel=1e-13)


def test_each_year_is_joined_by_its_own_answers() -> None:
    rows = pl.DataFrame(
        {
            "period": [20250000] * 2 + [20260000] * 2,
            "stratum": list("abab"),
            "answered": [5.0, 1.0, 5.0, 2.0],
            "population": [20.0, 9.0, 20.0, 9.0],
        }
    )
    design = Design(unit="unit", stratum="layer", population="size", collapse={"b": "a"})
    assert strata.layers(rows, design)["joint"].to_list() == ["a", "a", "a", "b"]


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    answered=st.lists(st.integers(0, 3), min_size=4, max_size=4).filter(lambda sizes: sum(sizes) > 2),
    surplus=st.lists(st.integers(0, 5), min_size=4, max_size=4),
    collapse=st.dictionaries(st.sampled_from("abcd"), st.sampled_from("abcd"), max_size=4),
    seed=st.integers(0, 99),
)
def test_any_map_of_neighbours(
    answered: list[int], surplus: list[int], collapse: dict[str, str], seed: int, make_plan: Any, results_of: Any
) -> None:
    layers = [(name, n, n + more) for name, n, more in zip("abcd", answered, surplus, strict=True) if n]
    joint = {name: name for name, _, _ in layers}
    alone = {name for name, n, population in layers if n == 1 < population}
    for _ in range(8):  # as often as it takes until nothing moves any more
        for name in alone:
            near = collapse.get(name)
            for _ in range(4):
                near = collapse.get(near or "") if near not in joint else near
            if near in joint and near != name:
                one, other = joint[name], joint[near]
                joint = {part: min(one, other) if of in (one, other) else of for part, of in joint.items()}
    frame = layered(*layers, seed=seed)
    results = results_of(answers_plan(make_plan, collapse), {"answers": frame})
    agrees(results, frame, joint, (None, *sorted(set(frame["dom"]))))
