"""All results of a plan together: their shape, what is absent, and that nothing depends on chance or order."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from indicators.case import fill
from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Plan, Target
from indicators.compute import compute
from indicators.editions.results import RESULTS, STATUSES, VERDICTS
from pipelines.database import Database

KEY = ["indicator", "period", "breakdown", "category", "target"]
COLUMNS = {
    "firm": "identifier",
    "year": "year",
    "layer": "identifier",
    "layer_size": "integer",
    "segment": {"type": "code", "codes": "segment"},
    "sold": "number",
    "staff": "integer",
}


def small_plan(make_plan: Any, *, minimum_groups: int = 3) -> Plan:
    law = {"basis": "level", "source": "law", "operator": ">=", "reading": "inclusive", "year": 2027}
    return make_plan(
        tables={
            "sales": {
                "key": ["firm", "year"],
                "period": "year",
                "design": {"unit": "firm", "stratum": "layer", "population": "layer_size"},
                "columns": COLUMNS,
            }
        },
        indicators={
            "per_head": {"table": "sales", "numerator": "sold", "denominator": "staff", "targets": [{**law, "value": 20.0}]},
            "sold": {
                "table": "sales",
                "numerator": "sold",
                "breakdowns": [],
                "targets": [{**law, "value": 1.0, "scope": {"segment": "c"}}],
            },
            "rise": {"change_of": "per_head", "base_period": "2025", "targets": [{**law, "value": 0.1}]},
        },
        breakdowns={"segment": "segment", "kind": {"column": "segment", "rollup": "kind"}},
        crossings=[["kind", "segment"]],
        codes={"segment": {"a": "x", "b": "x", "c": "y", "d": None}, "kind": {"x": None, "y": None}},
        minimum_groups=minimum_groups,
    )


def sales(segments: str = "ab", years: tuple[int, ...] = (2025, 2026)) -> pl.DataFrame:
    rows = [
        (f"{segment}{i}", year, segment, 12, segment, 10.0 * i + year - 2000, i + 1)
        for segment in segments
        for year in years
        for i in range(6)
    ]
    return pl.DataFrame(rows, schema=list(COLUMNS), orient="row")


@pytest.fixture(scope="module")
def results(make_plan: Any, results_of: Any) -> pl.DataFrame:
    return results_of(small_plan(make_plan), {"sales": sales()})


def shape_holds(results: pl.DataFrame) -> None:
    assert dict(results.schema) == RESULTS
    assert results.select(KEY).is_duplicated().sum() == 0
    for name in ("indicator", "period", "breakdown", "category", "status"):
        assert results[name].null_count() == 0, name
    assert set(results["status"]) <= set(STATUSES)
    assert set(results["verdict"].drop_nulls()) <= set(VERDICTS)
    for name in ("value", "se", "low", "high", "gap"):
        assert not results[name].is_nan().any(), name
        assert not results[name].is_infinite().any(), name
    known = results.filter(pl.col("low").is_not_null())
    assert (known["low"] <= known["value"] + 1e-12).all()
    assert (known["high"] >= known["value"] - 1e-12).all()
    hidden = results.filter(pl.col("status").is_in(["suppressed", "absent"]))
    assert hidden["value"].null_count() == hidden.height
    shown = results.filter(pl.col("status").is_in(["published", "unreliable"]))
    assert shown["value"].null_count() == shown["n"].null_count() == 0
    assert (results["verdict"].is_null() == results["target"].is_null()).all()


def test_the_shape_of_results(results: pl.DataFrame) -> None:
    shape_holds(results)
    assert results.equals(results.sort(KEY, nulls_last=True)), "rows stand in a stable order"


def test_categories_without_answers_are_seen_as_gaps(results: pl.DataFrame) -> None:
    rows = results.filter(
        pl.col("indicator") == "per_head", pl.col("period") == "2026", pl.col("breakdown").is_in(["segment", "kind"])
    )
    status = {(row["breakdown"], row["category"]): row["status"] for row in rows.to_dicts()}
    assert status["segment", "c"] == status["segment", "d"] == status["kind", "y"] == "absent"
    assert "absent" not in {status["segment", "a"], status["segment", "b"], status["kind", "x"]}
    assert len(status) == 6
    absent = results.filter(pl.col("status") == "absent")
    for name in ("value", "se", "low", "high", "n", "quality"):
        assert absent[name].null_count() == absent.height


def test_breakdowns_are_those_the_indicator_allows(results: pl.DataFrame) -> None:
    assert set(results.filter(pl.col("indicator") == "sold")["breakdown"]) == {"total"}
    assert set(results.filter(pl.col("indicator") == "per_head")["breakdown"]) == {"total", "segment", "kind", "kind,segment"}


def test_every_total_bears_its_target(results: pl.DataFrame) -> None:
    for indicator in ("per_head", "rise"):
        rows = results.filter(pl.col("indicator") == indicator, pl.col("breakdown") == "total")
        assert rows.height > 0
        assert rows["target"].to_list() == [indicator] * rows.height


def test_parts_add_up_to_the_whole(make_plan: Any, results_of: Any) -> None:
    plan = make_plan(
        tables={
            "sales": {
                "key": ["firm", "year"],
                "period": "year",
                "design": {"unit": "firm", "stratum": "layer", "population": "layer_size"},
                "columns": COLUMNS,
            }
        },
        indicators={"sold": {"table": "sales", "numerator": "sold"}},
        breakdowns={"segment": "segment"},
        codes={"segment": {"a": None, "b": None}},
    )
    results = results_of(plan, {"sales": sales()})
    for period in ("2025", "2026"):
        rows = results.filter(pl.col("period") == period)
        total = rows.filter(pl.col("breakdown") == "total").row(0, named=True)
        split = rows.filter(pl.col("breakdown") == "segment")
        assert split["value"].sum() == pytest.approx(total["value"], rel=1e-12)
        assert split["n"].sum() == total["n"]
        assert (split["se"] ** 2).sum() == pytest.approx(total["se"] ** 2, rel=1e-9), "segments are whole strata"


def test_statements_are_kept_for_every_indicator(make_plan: Any, warehouse: Any) -> None:
    plan = small_plan(make_plan)
    computed = compute(plan, warehouse(plan, {"sales": sales()}))
    kept = dict(computed.statements.rows())
    assert set(kept) == set(plan.indicators)
    assert all("FROM sales" in sql for sql in kept.values())
    assert kept["rise"] == kept["per_head"]


def test_the_same_rows_give_the_same_bytes(make_plan: Any, results_of: Any) -> None:
    plan = small_plan(make_plan)
    first = results_of(plan, {"sales": sales()})
    assert first.equals(results_of(plan, {"sales": sales()}))
    again = results_of(plan, {"sales": sales().sample(fraction=1.0, shuffle=True, seed=9)})
    assert first.equals(again), "to the last bit"


def test_progress_is_told_to_the_end(make_plan: Any, results_of: Any) -> None:
    told: list[tuple[str, int, int]] = []
    results_of(small_plan(make_plan), {"sales": sales()}, progress=lambda *step: told.append(step))
    assert told[0][1] == 0
    assert told[-1][1] == told[-1][2]
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_nothing_loaded_gives_no_rows_and_no_crash(make_plan: Any, results_of: Any) -> None:
    results = results_of(small_plan(make_plan), {})
    assert results.is_empty()
    assert dict(results.schema) == RESULTS


def test_a_plan_without_indicators(make_plan: Any, results_of: Any) -> None:
    plan = small_plan(make_plan).model_copy(update={"indicators": {}})
    assert results_of(plan, {"sales": sales()}).is_empty()


def test_one_answer_in_all(make_plan: Any, results_of: Any, row_of: Any) -> None:
    results = results_of(small_plan(make_plan, minimum_groups=1), {"sales": sales()[:1]})
    shape_holds(results)
    row = row_of(results, "per_head", "2025")
    assert row["value"] == pytest.approx(25.0)
    assert (row["n"], row["low"], row["high"]) == (1, None, None)


@pytest.mark.parametrize("loaded", [(), ("register",), ("register", "survey"), ("production",)])
def test_the_automotive_plan_over_an_empty_or_partial_warehouse(loaded: tuple[str, ...], results_of: Any) -> None:
    plan = load_plan(AUTOMOTIVE)
    results = results_of(plan, {name: blank_row(plan, name) for name in loaded})
    shape_holds(results)


def blank_row(plan: Plan, table: str) -> pl.DataFrame:
    """One row of a table in which only the required columns are filled, each with something."""
    filled: dict[str, pl.Series] = {}
    some = {"year": 2025, "integer": 3, "number": 1.5, "rate": 0.5, "boolean": True}
    for name, column in plan.dictionary.tables[table].columns.items():
        dated = pl.Series(["2025-03-01"]).str.to_date()
        value = dated if column.type in ("date", "month", "timestamp") else pl.Series([some.get(column.type, "3620")])
        filled[name] = value if column.required else value.clear().extend_constant(None, 1)
    return pl.DataFrame(filled)


def test_a_price_that_is_missing_empties_the_year_and_is_said() -> None:
    plan = load_plan(AUTOMOTIVE)
    case = plan.cases["labour_productivity"]
    short = {**case.tables, "price_index": case.tables["price_index"][:1]}
    for tables, said in ((case.tables, False), (short, True)):
        with Database() as database:
            fill(database, plan, tables)
            computed = compute(plan, database, minimum_groups=1)
        price = plan.dictionary.tables["price_index"].chains["output_price"].name
        assert any(price.zh in notice.zh and "不公布" in notice.zh for notice in computed.notices) is said
        [value] = computed.results.filter(indicator="labour_productivity", period="2026", breakdown="total")["value"]
        assert (value is None) is said


def months(make_plan: Any) -> tuple[Plan, list[dict[str, Any]]]:
    """Four firms of a stratum of eight, by months, with a strong season; 2026 ends in March."""
    plan = make_plan(
        tables={
            "sales": {
                "key": ["firm", "month"],
                "period": "month",
                "design": {"unit": "firm", "stratum": "layer", "population": "layer_size"},
                "columns": {**COLUMNS, "month": "month"},
            }
        },
        indicators={
            "per_head": {"table": "sales", "numerator": "sold", "denominator": "staff"},
            "rise": {"change_of": "per_head", "base_period": "2025"},
        },
    )
    rows = []
    for year, last, pace in ((2025, 12, 1.0), (2026, 3, 1.1)):
        for month in range(1, last + 1):
            for firm, size in (("a", 1.0), ("b", 2.0), ("c", 3.0), ("d", 5.0)):
                sold = size * pace * (10 + 7 * month) * (1.03 if firm == "b" and year == 2026 else 1.0)
                one = {"firm": firm, "month": f"{year}-{month:02d}-01", "layer": "l", "layer_size": 8, "sold": sold, "staff": 2}
                rows.append(one)
    return plan, rows


def test_a_year_that_is_not_over_is_held_against_the_same_months(make_plan: Any) -> None:
    plan, rows = months(make_plan)
    with Database() as database:
        fill(database, plan, {"sales": rows})
        results = compute(plan, database, minimum_groups=1).results
    [rise] = results.filter(indicator="rise", period="2026", breakdown="total")["value"]
    same = [row for row in rows if int(row["month"][5:7]) <= 3]
    heads = {year: sum(row["staff"] for row in same if row["month"].startswith(year)) for year in ("2025", "2026")}
    sold = {year: sum(row["sold"] for row in same if row["month"].startswith(year)) for year in ("2025", "2026")}
    assert rise == pytest.approx((sold["2026"] / heads["2026"]) / (sold["2025"] / heads["2025"]) - 1)
    assert 0.1 < rise < 0.11  # against the whole of 2025 the season would make it a fall


def test_a_panel_that_lost_a_member_is_no_full_count() -> None:
    plan = load_plan(AUTOMOTIVE)
    case = plan.cases["maturity_step"]
    with Database() as database:
        fill(database, plan, case.tables)
        results = compute(plan, database, minimum_groups=1).results
    shown = results.filter(indicator="maturity_step", breakdown="total").sort("period")
    first, last = shown.row(0, named=True), shown.row(-1, named=True)
    assert first["quality"] == "census"
    assert last["n"] < first["n"]
    assert last["quality"] is None and last["se"] is None


def test_one_early_row_does_not_make_a_month(make_plan: Any) -> None:
    plan, rows = months(make_plan)
    early = {"firm": "a", "month": "2026-10-01", "layer": "l", "layer_size": 8, "sold": 900.0, "staff": 2}
    found = []
    for given in (rows, [*rows, early]):
        with Database() as database:
            fill(database, plan, {"sales": given})
            results = compute(plan, database, minimum_groups=1).results
        found.append(results.filter(indicator="rise", period="2026", breakdown="total").row(0, named=True)["value"])
    assert found[0] == found[1]


def test_a_change_over_part_of_a_year_counts_the_groups_of_that_part(make_plan: Any) -> None:
    """Two firms alone reported in the months that both years have: each could work the other out from the change."""
    plan, rows = months(make_plan)
    quiet = [row for row in rows if row["firm"] in "ab" or row["month"] >= "2025-04"]
    with Database() as database:
        fill(database, plan, {"sales": quiet})
        [row] = (
            compute(plan, database, minimum_groups=3)
            .results.filter(indicator="rise", period="2026", breakdown="total")
            .to_dicts()
        )
    assert row["status"] in ("suppressed", "absent")
    assert row["value"] is None and row["n"] is None


def test_a_month_of_the_target_year_fails_nothing(make_plan: Any) -> None:
    plan, rows = months(make_plan)
    law = Target(year=2026, operator=">=", value=0.5, basis="change", base_period="2025", source="law", reading="inclusive")
    strict = plan.model_copy(
        update={
            "indicators": {n: i.model_copy(update={"targets": [law] if n == "rise" else []}) for n, i in plan.indicators.items()}
        }
    )
    with Database() as database:
        fill(database, strict, {"sales": rows})
        results = compute(strict, database, minimum_groups=1).results
    assert results.filter(indicator="rise", period="2026", breakdown="total")["verdict"].to_list() == ["not_yet"]
