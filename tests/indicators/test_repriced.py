"""The same sum under two sets of public prices: both together tell nothing that the first does not tell alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest

from indicators.catalogue.disclosure import Disclosure
from indicators.catalogue.plan import Plan
from tests.indicators.conftest import MakePlan
from tests.indicators.test_joint import COLUMNS, DESIGN, PARENTS, computed, lines, numbers

PRICES = {"k1": 2.0, "k2": 3.0, "k3": 5.0, "k4": 4.0}
CASES = " ".join(f"WHEN kind = '{kind}' THEN made * {price}" for kind, price in PRICES.items())


@pytest.fixture(scope="module")
def plan(make_plan: MakePlan) -> Plan:
    ratio = {"table": "lines", "denominator": "staff", "periods": ["year", "quarter"]}
    found = make_plan(
        tables={"lines": {"key": ["firm", "month"], "period": "month", "design": DESIGN, "columns": COLUMNS}},
        indicators={
            "current": {**ratio, "numerator": f"CASE {CASES} END"},
            "double": {**ratio, "numerator": "made * 2.0"},
            "constant": {**ratio, "numerator": "made", "companions": ["current"]},
            "rise": {"change_of": "constant", "base_period": "2025"},
        },
        breakdowns={"kind": "kind", "branch": {"column": "kind", "rollup": "branch"}, "place": "place"},
        crossings=[["kind", "place"]],
        codes={"kind": PARENTS, "branch": {"b1": None, "b2": None}},
    )
    return found.model_copy(update={"disclosure": Disclosure()})


def follow(results: pl.DataFrame, frame: pl.DataFrame, *, blind: bool = False) -> int:
    """Withheld sums of fewer than three owners that follow by linear algebra from all that is published under either prices.

    `blind`: as if the sums at current prices were told wherever those at constant prices are.
    """
    rows_of = {(period, breakdown, code): rows for period, breakdown, code, rows in numbers(frame)}
    place = {(row["firm"], row["month"]): at for at, row in enumerate(frame.iter_rows(named=True))}
    names = ["period", "breakdown", "category"]

    def vector(rows: pl.DataFrame, *, priced: bool) -> np.ndarray:
        found = np.zeros(len(place))
        for firm, month, kind in rows.select("firm", "month", "kind").iter_rows():
            found[place[firm, month]] = PRICES[kind] if priced else 1.0
        return found

    shown = {
        name: set(results.filter(pl.col("indicator") == name, pl.col("value").is_not_null()).select(names).iter_rows())
        for name in ("constant", "current")
    }
    known = [vector(rows_of[name], priced=False) for name in shown["constant"]]
    known += [vector(rows_of[name], priced=True) for name in shown["constant" if blind else "current"]]
    _, sizes, basis = np.linalg.svd(np.array(known), full_matrices=False)
    basis = basis[sizes > 1e-9 * sizes[0]]
    hidden = results.filter(pl.col("indicator") == "constant", pl.col("status") == "suppressed").select(names)
    lost = 0
    for name in hidden.iter_rows():
        ones = vector(rows_of[name], priced=False)
        lost += np.linalg.norm(ones - basis.T @ (basis @ ones)) < 1e-7 and rows_of[name]["owner"].n_unique() < 3
    return lost


def test_prices_that_differ_by_kind_tell_nobodys_sum(plan: Plan, warehouse: Any) -> None:
    blind = 0
    for seed in range(5):
        frame = lines(seed)
        results = computed(plan, warehouse, frame).results
        assert follow(results, frame) == 0
        blind += follow(results, frame, blind=True)
    assert blind > 0, "without the rule some follow"


def test_the_one_that_a_change_is_about_stays_and_the_other_is_told_where_all_its_parts_are(plan: Plan, warehouse: Any) -> None:
    results = computed(plan, warehouse, lines(1, firms=200)).results
    status = {
        tuple(row[:4]): row[4] for row in results.select("indicator", "period", "breakdown", "category", "status").iter_rows()
    }
    kinds = [status["constant", "2026", "kind", kind] for kind in PRICES]
    assert kinds == ["published"] * 4
    assert status["current", "2026", "total", "total"] == "published"
    mixed = [
        code for (i, p, b, code), told in status.items() if (i, p, b) == ("current", "2026", "place") and told == "published"
    ]
    for code in mixed:
        crossed = [status.get(("constant", "2026", "kind,place", f"{kind},{code}"), "absent") for kind in PRICES]
        assert set(crossed) <= {"published", "absent"}


def test_a_factor_that_is_the_same_for_all_changes_nothing(plan: Plan, warehouse: Any) -> None:
    results = computed(plan, warehouse, lines(2)).results
    told = {
        name: set(
            results.filter(pl.col("indicator") == name, pl.col("value").is_not_null())
            .select("period", "breakdown", "category")
            .iter_rows()
        )
        for name in ("constant", "double", "current")
    }
    assert told["constant"] == told["double"] > told["current"]
