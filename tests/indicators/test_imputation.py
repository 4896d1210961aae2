"""Imputed values in the results: their share, the error they leave, and the groups that really reported."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from indicators.catalogue.plan import Plan
from indicators.catalogue.question import questions
from indicators.compute import compute
from indicators.editions.results import RESULTS
from indicators.statements.statement import cells_statement
from pipelines.database import Database

COLUMNS = {
    "unit": "identifier", "year": "year", "stratum": "text", "size": "integer", "region": "text", "y": "number", "x": "number",
}  # fmt: skip
DESIGN = {"unit": "unit", "stratum": "stratum", "population": "size"}
WANTED: dict[str, dict[str, Any]] = {
    "total_y": {"numerator": "y"},
    "ratio": {"numerator": "y", "denominator": "x"},
    "count": {"numerator": "1"},
    "total_x": {"numerator": "x"},
    "large": {"numerator": "y", "where": "x > 4"},
}
FLAGS = ("_added", "_imputed_y", "_imputed_x")

Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def plan(make_plan: Any) -> Plan:
    return make_plan(
        tables={"answers": {"key": ["unit", "year"], "period": "year", "design": DESIGN, "columns": COLUMNS}},
        indicators={
            **{name: {"table": "answers", **spec} for name, spec in WANTED.items()},
            "change": {"change_of": "total_y", "base_period": "2025"},
        },
        breakdowns={"region": "region"},
        minimum_groups=3,
    )


def read(plan: Plan, rows: list[Row], *, edited: dict[str, bool] | None = None, minimum_groups: int = 1) -> pl.DataFrame:
    """Results over rows of COLUMNS and FLAGS."""
    schema = {
        "unit": pl.String, "year": pl.Int32, "stratum": pl.String, "size": pl.Int64, "region": pl.String, "y": pl.Float64,
        "x": pl.Float64, **dict.fromkeys(FLAGS, pl.Boolean),
    }  # fmt: skip
    with Database() as database:
        database.insert("answers", pl.DataFrame(rows, schema=schema, orient="row"))
        return compute(plan, database, minimum_groups=minimum_groups, edited=edited or {}).results


def one(results: pl.DataFrame, indicator: str, period: str = "2026", category: str = "total") -> dict[str, Any]:
    rows = results.filter(pl.col("indicator") == indicator, pl.col("period") == period, pl.col("category") == category)
    assert rows.height == 1, rows
    return rows.row(0, named=True)


def unit(name: str, stratum: str, size: int, y: float, x: float, imputed: str = "", region: str = "N", year: int = 2026) -> Row:
    """A row; `imputed` is `added`, or the columns that were."""
    added = imputed == "added"
    return (name, year, stratum, size, region, y, x, added, added or "y" in imputed, added or "x" in imputed)


#: stratum L was asked whole and c did not answer; of the ten of S three answered
ROWS = [
    unit("a", "L", 3, 10, 4), unit("b", "L", 3, 20, 5), unit("c", "L", 3, 12, 6, "added"),
    unit("d", "S", 10, 1, 1, region="S"), unit("e", "S", 10, 2, 1, region="S"), unit("f", "S", 10, 6, 2, region="S"),
]  # fmt: skip


def test_a_take_all_stratum_with_an_imputed_unit_is_no_census_any_more(plan: Plan) -> None:
    """k = (1 − 2/3)·9/(2·2) = 0.75 and S = 10² + 20² + 12² − 42²/3 = 56, so V = 42; the whole stratum would give 0."""
    row = one(read(plan, ROWS[:3], edited={"answers": True}), "total_y")
    assert (row["value"], row["n"]) == (42.0, 3)
    assert row["se"] == pytest.approx(math.sqrt(42), rel=1e-12)
    assert row["quality"] != "census"
    assert row["low"] < 42 < row["high"]
    whole = one(read(plan, ROWS[:3], edited={"answers": False}), "total_y")
    assert (whole["se"], whole["quality"], whole["low"]) == (0.0, "census", None)


def test_the_error_of_a_total_by_hand(plan: Plan) -> None:
    """To the 42 of L comes (1 − 3/10)·3/2 · Σ(u − ū)² of u = 10/3·(1, 2, 6): 1.05 · 100/9 · 14 = 163.33…"""
    row = one(read(plan, ROWS, edited={"answers": True}), "total_y")
    assert row["value"] == pytest.approx(42 + 30, rel=1e-12)
    assert row["se"] == pytest.approx(math.sqrt(42 + 1.05 * 100 / 9 * 14), rel=1e-12)


def test_the_share_is_that_of_the_weighted_sum(plan: Plan) -> None:
    results = read(plan, ROWS, edited={"answers": True})
    assert one(results, "total_y")["imputed_share"] == pytest.approx(12 / 72, rel=1e-12)
    assert one(results, "ratio")["imputed_share"] == pytest.approx(12 / 72, rel=1e-12)
    assert one(results, "count")["imputed_share"] == pytest.approx(1 / 13, rel=1e-12)
    assert one(results, "total_y", category="N")["imputed_share"] == pytest.approx(12 / 42, rel=1e-12)
    assert one(results, "total_y", category="S")["imputed_share"] == 0.0
    assert "imputed" in one(results, "total_y")["review"]


def test_a_value_counts_as_imputed_only_where_the_indicator_is_made_from_it(plan: Plan) -> None:
    """x of f was imputed: its y and the count of units are as reported; the ratio and what depends on x are not."""
    rows = [*ROWS[:2], unit("c", "L", 3, 12, 6), *ROWS[3:5], unit("f", "S", 10, 6, 2, "x", region="S")]
    results = read(plan, rows, edited={"answers": True})
    assert one(results, "total_y")["imputed_share"] == 0.0
    assert one(results, "count")["imputed_share"] == 0.0
    assert one(results, "total_x")["imputed_share"] == pytest.approx(20 / 3 / (15 + 40 / 3), rel=1e-12)
    assert one(results, "ratio")["imputed_share"] == pytest.approx(20 / 72, rel=1e-12)
    assert one(results, "large")["imputed_share"] == 0.0  # f is not in its scope


def test_a_unit_that_reported_something_is_heard(plan: Plan) -> None:
    """One value imputed of several asked for: the unit is no non-respondent, and its stratum stays a census."""
    rows = [*ROWS[:2], unit("c", "L", 3, 12, 6, "x")]
    assert one(read(plan, rows, edited={"answers": True}), "total_y")["se"] == 0.0


def test_where_nothing_was_imputed_not_a_bit_and_not_a_word_differs(plan: Plan) -> None:
    rows = [*ROWS[:2], unit("c", "L", 3, 12, 6), *ROWS[3:]]
    raw, edited = read(plan, rows), read(plan, rows, edited={"answers": False})
    assert raw.drop("imputed_share").equals(edited.drop("imputed_share"))
    assert raw["imputed_share"].null_count() == raw.height
    assert edited.filter(pl.col("value").is_not_null())["imputed_share"].unique().to_list() == [0.0]
    assert list(raw.columns) == list(RESULTS)
    for question in questions(plan):
        assert "imputed" not in cells_statement(question)
        assert "heard" not in cells_statement(question)
        assert "_added" not in cells_statement(question)


def test_flags_without_an_imputed_value_give_the_same_numbers_to_the_last_bit(plan: Plan) -> None:
    """The longer statement over rows in which nothing was imputed: k is taken as ever, not from the longer formula."""
    rows = [*ROWS[:2], unit("c", "L", 3, 12, 6), *ROWS[3:]]
    plain, flagged = read(plan, rows, edited={"answers": False}), read(plan, rows, edited={"answers": True})
    assert plain.equals(flagged)


def test_groups_that_reported_nothing_protect_nobody(plan: Plan) -> None:
    """Two enterprises and an imputed one are two: either of the two would learn the other's answer."""
    results = read(plan, ROWS, edited={"answers": True}, minimum_groups=3)
    assert one(results, "total_y", category="N")["status"] == "suppressed"
    assert one(results, "total_y", category="N")["imputed_share"] is None
    assert one(results, "total_y", category="S")["status"] == "suppressed", "lest the other follow from the total"
    assert one(read(plan, ROWS, edited={"answers": False}, minimum_groups=3), "total_y", category="N")["status"] != "suppressed"


def test_a_change_has_the_larger_share_of_its_two_ends(plan: Plan) -> None:
    before = [unit(name, "L", 3, y, 4, imputed, year=2025) for name, y, imputed in (("a", 8, ""), ("b", 8, "y"), ("c", 24, ""))]
    results = read(plan, [*before, *ROWS[:3]], edited={"answers": True})
    assert one(results, "total_y", "2025")["imputed_share"] == pytest.approx(0.2)
    assert one(results, "change")["imputed_share"] == pytest.approx(12 / 42)
    assert one(results, "change")["value"] == pytest.approx(42 / 40 - 1)


def test_the_share_of_few_imputed_enterprises_is_not_told(plan: Plan) -> None:
    """Four reported and one was imputed: its value would be the share times the published total. Of three imputed it is told."""
    reported = [unit(name, "L", 8, y, 4) for name, y in (("a", 10), ("b", 20), ("d", 30), ("e", 40))]
    for imputed, share in (("c", None), ("cf", None), ("cfg", 36 / 136)):
        rows = [*reported, *(unit(name, "L", 8, 12, 6, "added") for name in imputed)]
        results = read(plan, rows, edited={"answers": True}, minimum_groups=3)
        found = one(results, "total_y")
        assert found["status"] == "published"
        assert found["imputed_share"] == (None if share is None else pytest.approx(share))
        assert ("imputed" in found["review"]) is (len(imputed) * 12 > 0.1 * (100 + len(imputed) * 12))
    assert one(read(plan, reported, edited={"answers": True}, minimum_groups=3), "total_y")["imputed_share"] == 0.0


def test_a_share_that_is_not_told_does_not_follow_from_the_others(plan: Plan) -> None:
    """Of N four were imputed and of S one: sums of the total less those of N are the one of S, so of a region none is told."""
    north = [unit(f"n{at}", "L", 15, 10, 4, "added" if at < 4 else "", "N") for at in range(8)]
    south = [unit(f"s{at}", "L", 15, 20, 4, "added" if at < 1 else "", "S") for at in range(7)]
    results = read(plan, [*north, *south], edited={"answers": True}, minimum_groups=3)
    shares = {code: one(results, "total_y", category=code)["imputed_share"] for code in ("total", "N", "S")}
    assert shares == {"total": pytest.approx(60 / 220), "N": None, "S": None}
    bare = read(plan, [*north, *south], edited={"answers": True}, minimum_groups=1)
    sums = [one(bare, "total_y", category=code) for code in ("total", "N")]
    total, others = (row["value"] * row["imputed_share"] for row in sums)
    assert total - others == pytest.approx(20.0), "what would follow without the rule"
    none = read(plan, [*north, *south[1:]], edited={"answers": True}, minimum_groups=3)
    assert one(none, "total_y", category="N")["imputed_share"] == pytest.approx(0.5)


def test_a_change_does_not_tell_the_share_of_few_at_either_end(plan: Plan) -> None:
    names = "abcdefg"
    then = [unit(name, "L", 9, 10, 4, "added" if i > 3 else "", year=2025) for i, name in enumerate(names)]
    now = [unit(name, "L", 9, 10, 4, "added" if i > 5 else "") for i, name in enumerate(names)]
    results = read(plan, [*then, *now], edited={"answers": True}, minimum_groups=3)
    assert one(results, "total_y", "2025")["imputed_share"] == pytest.approx(3 / 7)
    assert one(results, "total_y")["imputed_share"] is None
    assert one(results, "change")["imputed_share"] is None
    assert one(results, "change")["value"] == 0.0


def test_the_change_of_a_part_of_a_year_has_the_share_of_the_same_months(make_plan: Any) -> None:
    """Of 2025 only December was imputed, of 2026 there is January and February: nothing of the change was imputed."""
    columns = {**{name: kind for name, kind in COLUMNS.items() if name != "year"}, "month": "month"}
    spec = {"key": ["unit", "month"], "period": "month", "design": DESIGN, "columns": columns}
    level = {"table": "answers", "numerator": "y"}
    change = {"change_of": "total_y", "base_period": "2025"}
    monthly = make_plan(tables={"answers": spec}, indicators={"total_y": level, "change": change}, minimum_groups=3)
    months = [date(2025, month, 1) for month in range(1, 13)] + [date(2026, 1, 1), date(2026, 2, 1)]
    for silent, share in ((date(2025, 12, 1), 0.0), (date(2025, 1, 1), 40 / 80), (date(2026, 2, 1), 50 / 100)):
        rows = [
            {
                "unit": name,
                "month": month,
                "stratum": "L",
                "size": 4,
                "region": "N",
                "y": 10.0 + 2.5 * (month.year > 2025),
                "x": 1.0,
            }
            | dict.fromkeys(FLAGS, month == silent)
            for name in "abcd"
            for month in months
        ]
        with Database() as database:
            database.insert("answers", pl.DataFrame(rows))
            results = compute(monthly, database, minimum_groups=1, edited={"answers": True}).results
        assert one(results, "change")["imputed_share"] == pytest.approx(share)
        assert one(results, "total_y", "2025")["imputed_share"] == pytest.approx(1 / 12 if silent.year == 2025 else 0.0)


def test_a_stratum_in_which_nobody_was_heard_counts_as_if_one_had_been(plan: Plan) -> None:
    """Both of two were imputed: k = (1 − 0/2)·4/(1·1) = 4 and S = 2, so V = 8. One alone takes its distance from the mean."""
    whole = [*ROWS[:2], unit("c", "L", 3, 12, 6)]
    both = [unit("g", "G", 2, 4, 1, "added"), unit("h", "G", 2, 6, 1, "added"), *whole]
    assert one(read(plan, both, edited={"answers": True}), "total_y")["se"] == pytest.approx(math.sqrt(8))
    alone = [unit("g", "G", 1, 50, 1, "added"), *whole]
    # the mean of all four answers is 92/4 = 23, so the error is 50 − 23
    assert one(read(plan, alone, edited={"answers": True}), "total_y")["se"] == pytest.approx(27)


def by_hand(rows: list[Row], name: str) -> tuple[float, float, float]:
    """Value, standard error and imputed share of an indicator, unit by unit in plain Python."""
    strata: dict[str, list[Row]] = {}
    for row in rows:
        strata.setdefault(row[2], []).append(row)
    weight = {h: max(members[0][3], len(members)) / len(members) for h, members in strata.items()}
    y = {row[0]: {"count": 1.0, "total_x": row[6]}.get(name, row[5]) for row in rows}
    x = {row[0]: row[6] if name == "ratio" else 1.0 for row in rows}
    total_y = sum(weight[row[2]] * y[row[0]] for row in rows)
    total_x = sum(weight[row[2]] * x[row[0]] for row in rows)
    value, scale = (total_y / total_x, total_x) if name == "ratio" else (total_y, 1.0)
    variance = 0.0
    for h, members in strata.items():
        n, size = len(members), max(members[0][3], len(members))
        heard = n - sum(row[7] for row in members)
        u = [weight[h] * (y[row[0]] - value * x[row[0]] if name == "ratio" else y[row[0]]) / scale for row in members]
        spread = sum((one - sum(u) / n) ** 2 for one in u)
        variance += (1 - heard / size) * n**2 / (max(heard, 1) * (n - 1)) * spread
    part = sum(weight[row[2]] * y[row[0]] for row in rows if row[7])
    return value, math.sqrt(variance), abs(part) / abs(total_y)


@st.composite
def populations(draw: st.DrawFn) -> list[Row]:
    rows: list[Row] = []
    for h in range(draw(st.integers(1, 3))):
        answered = draw(st.integers(2, 5))
        size = answered + draw(st.integers(0, 4))
        for i in range(answered):
            y, x = draw(st.integers(1, 50)), draw(st.integers(1, 20))
            rows.append(unit(f"u{h}{i}", f"h{h}", size, y, x, draw(st.sampled_from(["", "", "added"]))))
    return rows


@settings(max_examples=10, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(rows=populations())
def test_value_error_and_share_agree_with_a_sum_over_units(plan: Plan, rows: list[Row]) -> None:
    results = read(plan, rows, edited={"answers": True})
    for name in ("total_y", "ratio", "count", "total_x"):
        value, se, share = by_hand(rows, name)
        row = one(results, name)
        assert row["value"] == pytest.approx(value, rel=1e-9)
        assert row["se"] == pytest.approx(se, rel=1e-6, abs=1e-6 * abs(value))
        assert row["imputed_share"] == pytest.approx(share, rel=1e-9)
    turned = read(plan, rows[::-1], edited={"answers": True})
    keys = ("indicator", "period", "category", "n", "quality", "review", "status")
    assert results.select(keys).equals(turned.select(keys))
    shares = [frame["imputed_share"].fill_null(-1).to_list() for frame in (results, turned)]
    assert shares[0] == pytest.approx(shares[1], rel=1e-12)


def _former(y: Any, before: Any, heard: Any, silent: Any, generator: Any) -> Any:
    return before[silent] * y[heard].sum() / before[heard].sum()


def _mean(y: Any, before: Any, heard: Any, silent: Any, generator: Any) -> Any:
    return y[heard].mean()


def _donor(y: Any, before: Any, heard: Any, silent: Any, generator: Any) -> Any:
    return generator.choice(y[heard], silent.size, replace=False)


@pytest.mark.parametrize(("impute", "low", "high"), [(_former, 1.5, 5.0), (_mean, 0.80, 0.95), (_donor, 0.75, 0.90)])
def test_imputed_units_as_non_respondents_give_the_size_of_the_true_error(impute: Any, low: float, high: float) -> None:
    """Of 60 in a stratum asked whole, 15 chosen by chance do not answer; the plain formula takes it for a census and says 0.

    Over 4000 repetitions: imputed from their own former values, the error is smaller than told, because the former wave knows
    much of them; by theory √(44/59) = 0.86 of it is told for the mean, which narrows the spread, and √(2/3) = 0.82 for donors
    drawn by chance, whose own chance comes to it.
    """
    generator = np.random.default_rng(20271231)
    before = np.exp(generator.normal(3, 0.5, 60))
    y = before * np.exp(generator.normal(0.05, 0.15, 60))
    totals, errors = [], []
    for _ in range(4000):
        silent = generator.permutation(60)[:15]
        heard = np.setdiff1d(np.arange(60), silent)
        filled = y.copy()
        filled[silent] = impute(y, before, heard, silent, generator)
        totals.append(filled.sum())
        errors.append((1 - 45 / 60) * 60**2 / (45 * 59) * ((filled - filled.mean()) ** 2).sum())
    true, told = np.std(totals), math.sqrt(np.mean(errors))
    assert low * true < told < high * true
