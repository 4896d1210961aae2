"""What every holding group adds to a published number: by hand, and adding up to what the estimators say, on every question."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Plan
from indicators.catalogue.question import Question, questions
from indicators.change import imputation
from indicators.change.estimates import estimates
from indicators.cycles import duration
from indicators.editions.results import TOTAL
from indicators.engines import Engine, Once
from indicators.estimation.estimate import KEYS
from indicators.protection.contributions import (
    CONTRIBUTIONS,
    WeightsMissing,
    contributions,
    contributions_statement,
    of_durations,
)
from indicators.statements.cells import category
from pipelines.database import Database
from pipelines.editrun import open_edited
from pipelines.load import load

SMALL = Path(__file__).parent.parent.parent / "sample_data" / "small"
COLUMNS = {
    "firm": "identifier", "year": "year", "holding": "identifier", "layer": "identifier", "size": "integer", "area": "identifier",
    "tier": "identifier", "sold": "number", "staff": "number", "seen": "boolean",
}  # fmt: skip
DESIGN = {"unit": "firm", "stratum": "layer", "population": "size", "group": "holding"}
INDICATORS = {
    "sold": {"table": "sales", "numerator": "sold"},
    "per_head": {"table": "sales", "numerator": "sold", "denominator": "staff", "where": "seen"},
}
#: layer A was asked whole; two of the six of B answered
SALES = [
    ("a1", "H", "A", 3, "n", "x", 10.0, 2.0, True),
    ("a2", "H", "A", 3, "n", "x", 20.0, 4.0, True),
    ("a3", None, "A", 3, "n", None, 5.0, None, True),  # belongs to no group, and does not tell its staff
    ("b1", "H", "B", 6, "n", "x", 1.0, 1.0, True),
    ("b2", "K", "B", 6, "s", "x", 0.0, 2.0, False),  # out of scope of one of the two
]


def kinds_of(plan: Plan) -> pl.DataFrame:
    rows = [
        {"indicator": one.id, "total": one.kind == "total", "bounded": one.kind == "ratio" and plan.unit(one.id).bounded}
        for one in plan.indicators.values()
    ]
    return pl.DataFrame(rows)


def of_sales(make_plan: Any, warehouse: Any, rows: list[tuple[Any, ...]], **more: Any) -> pl.DataFrame:
    plan = make_plan(
        tables={"sales": {"key": ["firm", "year"], "period": "year", "design": DESIGN, "columns": COLUMNS, **more}},
        indicators=INDICATORS,
        breakdowns={"area": "area", "tier": "tier"},
    )
    names = [name for name in COLUMNS if name != "year"]
    types = {"sold": pl.Float64, "staff": pl.Float64, "seen": pl.Boolean, "size": pl.Int64}
    frame = pl.DataFrame(rows, schema={name: types.get(name, pl.String) for name in names}, orient="row")
    engine = warehouse(plan, {"sales": frame.with_columns(year=pl.lit(2026, pl.Int32))})
    (question,) = questions(plan)
    return contributions(question, engine)


def test_contributions_by_hand(make_plan: Any, warehouse: Any) -> None:
    """Three units of H in two combinations: a1 and a2 are one contributor, b1 stands for three."""
    found = of_sales(make_plan, warehouse, SALES)
    assert found.schema == {
        **{name: CONTRIBUTIONS[name] for name in ("indicator", "period", "holding")},
        "b_area": pl.String(),
        "b_tier": pl.String(),
        **{name: kind for name, kind in CONTRIBUTIONS.items() if name not in ("indicator", "period", "holding")},
    }
    sold = found.filter(pl.col("indicator") == "sold").drop("indicator")
    assert sold.rows() == [
        ("2026", "H", "n", "x", 3, 33.0, 5.0, 31.0, 3.0, False),
        ("2026", "K", "s", "x", 1, 0.0, 3.0, 0.0, 1.0, False),
        ("2026", "a3", "n", None, 1, 5.0, 1.0, 5.0, 1.0, True),
    ]
    per_head = found.filter(pl.col("indicator") == "per_head").drop("indicator")
    assert per_head.rows() == [("2026", "H", "n", "x", 3, 33.0, 9.0, 31.0, 7.0, False)], "out of scope, or silent, is no zero"


def test_the_statement_asks_for_units_and_leaves_the_sums_to_the_house(make_plan: Any) -> None:
    plan = make_plan(
        tables={"sales": {"key": ["firm", "year"], "period": "year", "design": DESIGN, "columns": COLUMNS}},
        indicators=INDICATORS,
        breakdowns={"area": "area"},
    )
    (question,) = questions(plan)
    assert contributions_statement(question).split("\n)\n")[-1] == (
        "SELECT weighted.period AS period,\n  weighted.unit AS unit,\n  weighted.holding AS holding,\n"
        "  weighted.weight AS weight,\n  weighted.b_area AS b_area,\n"
        "  answer.y_0 AS y_0,\n  answer.x_0 AS x_0,\n  answer.y_1 AS y_1,\n  answer.x_1 AS x_1\n"
        "FROM weighted JOIN answer ON answer.unit = weighted.unit AND answer.period = weighted.period"
    )


def test_units_of_one_holding_are_one_contributor_where_their_categories_are_the_same(make_plan: Any, warehouse: Any) -> None:
    apart = [(*row[:5], row[0], *row[6:]) for row in SALES]  # every unit in a tier of its own
    found = of_sales(make_plan, warehouse, apart).filter(pl.col("indicator") == "sold")
    assert found.filter(pl.col("holding") == "H").select("b_tier", "units", "take_all").rows() == [
        ("a1", 1, True), ("a2", 1, True), ("b1", 1, False),
    ]  # fmt: skip


def test_the_order_of_the_rows_is_of_no_account(make_plan: Any, warehouse: Any) -> None:
    random = np.random.default_rng(4)
    rows = [
        (f"f{k}", f"h{k % 7}", "ABC"[k % 3], 400, "ns"[k % 2], "xyz"[k % 3], float(v), float(w), True)
        for k, (v, w) in enumerate(random.lognormal(0, 9, (600, 2)))
    ]
    once = of_sales(make_plan, warehouse, rows)
    again = of_sales(make_plan, warehouse, [rows[k] for k in random.permutation(len(rows))])
    assert once.equals(again)


IMPUTED = [("a", "N", 10.0, ""), ("b", "N", 20.0, ""), ("c", "S", 12.0, "added"), ("d", "N", 7.0, "sold")]


def test_what_was_imputed_is_in_the_sum_and_is_nobodys_contribution(make_plan: Any) -> None:
    plan = make_plan(
        tables={
            "sales": {
                "key": ["firm", "year"],
                "period": "year",
                "design": {"unit": "firm", "stratum": "layer", "population": "size"},
                "columns": {k: COLUMNS[k] for k in ("firm", "year", "layer", "size", "area", "sold")},
            }
        },
        indicators={"sold": {"table": "sales", "numerator": "sold"}},
        breakdowns={"area": "area"},
    )
    rows = [(f, 2026, "A", 8, area, y, what == "added", what != "") for f, area, y, what in IMPUTED]
    schema = {"firm": pl.String, "year": pl.Int32, "layer": pl.String, "size": pl.Int64, "area": pl.String, "sold": pl.Float64}
    (question,) = imputation.of_questions(questions(plan), {"sales": True})
    with Database() as engine:
        flags = {"_added": pl.Boolean, "_imputed_sold": pl.Boolean}
        engine.insert("sales", pl.DataFrame(rows, schema={**schema, **flags}, orient="row"))
        found = contributions(question, engine)
    assert found.drop("indicator", "period", "x", "take_all").rows() == [
        ("a", "N", 1, 20.0, 10.0, 1.0),
        ("b", "N", 1, 40.0, 20.0, 1.0),
        ("c", "S", 0, 24.0, 0.0, 0.0),
        ("d", "N", 0, 14.0, 0.0, 0.0),
    ]


def added_up(found: pl.DataFrame, question: Question) -> pl.DataFrame:
    """The sums of contributions in every category, and the holding groups with a unit of their own."""
    parts = []
    for names in question.sets:
        splits = [f"b_{name}" for name in names]
        inside = found.drop_nulls(splits) if splits else found
        held = pl.col("holding").filter(pl.col("units") > 0).n_unique().cast(pl.Int64)
        keyed = inside.with_columns(category(names), breakdown=pl.lit(",".join(names) or TOTAL))
        parts.append(keyed.group_by(KEYS).agg(pl.col("y", "x").sum(), held.alias("groups"), n=pl.col("units").sum()))
    return pl.concat(parts)


def check(question: Question, engine: Engine, kinds: pl.DataFrame) -> pl.DataFrame:
    """The contributions of a question, after they were held against its estimates: each sum, each number, each count."""
    answered = estimates(question, engine, kinds)
    found = contributions(question, engine, answered.weighed().fitted)
    levels = answered.levels.filter(pl.col("n") > 0)
    sums = added_up(found, question)
    joined = levels.join(sums, on=KEYS, how="full", coalesce=True, suffix="_added")
    assert joined.height == levels.height == sums.height, "every category that is told, and no other"
    for part in "yx":
        apart = (pl.col(part) - pl.col(f"{part}_added")).abs() > 1e-9 * pl.col(part).abs()
        assert joined.filter(apart).is_empty(), joined.filter(apart)
    total = pl.col("indicator").is_in(kinds.filter("total")["indicator"].to_list())
    value = pl.when(total).then("y_added").when(pl.col("x_added") != 0).then(pl.col("y_added") / pl.col("x_added"))
    again = joined.with_columns(again=value)
    assert again.filter((pl.col("again") - pl.col("value")).abs() > 1e-9 * pl.col("value").abs()).is_empty()
    assert again.filter(pl.col("again").is_null() != pl.col("value").is_null()).is_empty()
    groups = imputation.groups(question, engine, kinds, answered.levels)
    counted = sums.filter(pl.col("groups") > 0).select(*KEYS, "groups").sort(KEYS)
    assert counted.equals(groups.sort(KEYS))
    if not question.imputed:
        assert joined.filter(pl.col("n") != pl.col("n_added")).is_empty()
    return found


@pytest.fixture(scope="module")
def automotive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Plan, Engine, imputation.Edited]]:
    """The committed sample, loaded and edited as it is for an edition."""
    plan, store = load_plan(AUTOMOTIVE), tmp_path_factory.mktemp("store")
    files = sorted(path for path in SMALL.iterdir() if path.suffix in (".csv", ".xlsx"))
    loaded = [(re.sub(r"^SYNTHETIC_|_\d{4}$", "", path.stem), path) for path in files]
    assert {table for table, _ in loaded} == set(plan.dictionary.tables) - {"assessment_bridge"}
    assert [report.refused for report in load(loaded, store=store, dictionary=plan.dictionary)] == [None] * len(files)
    database, runs = open_edited(store, plan.dictionary, plan_sha256="0" * 64)
    with database:
        yield plan, Once(database), {name: run.imputed > 0 for name, run in runs.items()}


ASKED = [
    question
    for question in questions(load_plan(AUTOMOTIVE), ("ratio", "total", "duration"))
    if question.design and not question.table.public
]
SUMMED = [question for question in ASKED if question.indicators[0].duration is None]


def test_all_sorts_of_questions_are_among_those_that_follow() -> None:
    designs = [question.design for question in SUMMED if question.design]
    assert any(design.calibration for design in designs) and any(design.census for design in designs)
    assert any("quarter" in question.levels for question in SUMMED) and any(question.panel for question in SUMMED)
    assert len(SUMMED) < len(ASKED)


@pytest.mark.parametrize("number", range(len(SUMMED)), ids=lambda number: SUMMED[number].indicators[0].id)
def test_contributions_add_up_to_every_number_of_the_sample(number: int, automotive: Any) -> None:
    plan, engine, edited = automotive
    (question,) = imputation.of_questions([replace(SUMMED[number], plan=plan)], edited)
    found = check(question, engine, kinds_of(plan))
    assert found.height > 50
    assert question.imputed == (question.table.id == "production")
    if question.imputed:
        assert found.filter(pl.col("units") == 0, pl.col("y") != 0).height, "some were imputed"
        assert found["period"].str.contains("Q").any()
        check(replace(question, months=(1, 2, 3, 4, 5, 6, 7, 8)), engine, kinds_of(plan))


@pytest.mark.parametrize("wanted", [q for q in ASKED if q not in SUMMED], ids=lambda question: question.indicators[0].id)
def test_cases_of_durations_are_those_that_were_counted(wanted: Question, automotive: Any) -> None:
    plan, engine, _ = automotive
    question = replace(wanted, plan=plan)
    answered = duration.answer(question, engine)
    found = of_durations(question, answered.cases)
    sums = added_up(found, question).sort(KEYS)
    frame = answered.frame.sort(KEYS)
    assert sums.select(KEYS).equals(frame.select(KEYS))
    assert sums["groups"].equals(answered.groups.sort(KEYS)["groups"])
    assert (sums["n"] == frame["n"]).all(), "units of one holding in one combination are counted apart"
    assert np.allclose(sums["y"], frame["exposed"], rtol=1e-12)
    assert (found["own_y"] == found["own_x"]).all() and (found["own_y"] >= found["units"]).all()
    assert found["own_y"].sum() == answered.cases.height
    splits = [f"b_{name}" for name in question.breakdowns]
    alone: dict[tuple[Any, ...], bool] = {}
    for period, holding, weight, *codes in answered.cases.select("period", "holding", "weight", *splits).iter_rows():
        key = (str(period // 10000), holding, *codes)
        alone[key] = alone.get(key, True) and abs(weight - 1) < 1e-9
    assert dict(zip(found.select("period", "holding", *splits).iter_rows(), found["take_all"], strict=True)) == alone


@pytest.fixture(scope="module")
def monthly(make_plan: Any) -> tuple[Plan, dict[str, pl.DataFrame]]:
    """Months of firms whose weights are fitted to the staff of their areas, quarter by quarter too."""
    register = {
        "firm": "identifier", "year": "year", "layer": "identifier", "size": "integer", "asked": "boolean", "staff": "integer",
        "area": {"type": "code", "codes": "area"}, "holding": "identifier",
    }  # fmt: skip
    plan = make_plan(
        tables={
            "register": {
                "key": ["firm", "year"],
                "period": "year",
                "design": {"unit": "firm", "census": True},
                "columns": register,
            },
            "made": {
                "key": ["firm", "month"],
                "period": "month",
                "link": [{"table": "register", "on": {"firm": "firm", "year": "period"}}],
                "design": {
                    **DESIGN,
                    "sampled": "asked",
                    "size": "staff",
                    "calibration": {"method": "linear", "totals": [{"by": "area"}, {"of": "staff"}]},
                },
                "columns": {"firm": "identifier", "month": "month", "made": "number", "hours": "number"},
            },
        },
        indicators={
            "made": {"table": "made", "numerator": "made", "periods": ["year", "quarter"]},
            "speed": {"table": "made", "numerator": "made", "denominator": "hours", "periods": ["year", "quarter"]},
        },
        breakdowns={"area": "area"},
        codes={"area": {"n": None, "s": None}},
    )
    random = np.random.default_rng(6)
    layer = np.repeat(["A", "B", "C"], [6, 40, 60])
    firms = pl.DataFrame(
        {
            "firm": [f"f{k}" for k in range(106)], "year": [2026] * 106, "layer": layer,
            "size": np.repeat([6, 40, 60], [6, 40, 60]), "asked": [k < 6 or k % 3 == 0 for k in range(106)],
            "staff": random.integers(5, 90, 106),
            "area": random.choice(["n", "s"], 106), "holding": [f"h{k // 2}" for k in range(106)],
        }
    )  # fmt: skip
    rows = [
        (f"f{k}", date(2026, month, 1), float(random.lognormal(3, 1)), float(random.uniform(1, 5)))
        for k in range(106) for month in (1, 2, 4, 5) if (k < 6 or k % 3 == 0) and (k + month) % 11
    ]  # fmt: skip
    made = pl.DataFrame(rows, schema=["firm", "month", "made", "hours"], orient="row")
    return plan, {"register": firms, "made": made}


@pytest.mark.parametrize("months", [(), (1, 2)])
def test_calibrated_weights_of_every_period(months: tuple[int, ...], monthly: Any, warehouse: Any) -> None:
    plan, frames = monthly
    (question,) = [replace(one, months=months) for one in questions(plan) if one.table.id == "made"]
    engine = warehouse(plan, frames)
    found = check(question, engine, kinds_of(plan))
    periods = ["2026", "2026-Q1", *([] if months else ["2026-Q2"])]
    assert found["period"].unique().sort().to_list() == periods
    drawn = found.filter(~pl.col("take_all"))
    assert float(drawn["y"].sum()) > 1.5 * float(drawn["own_y"].sum()), "those who were drawn stand for others"


def test_without_the_weights_that_were_used_there_are_no_contributions(monthly: Any, warehouse: Any) -> None:
    plan, frames = monthly
    (question,) = [one for one in questions(plan) if one.table.id == "made"]
    engine = warehouse(plan, frames)
    with pytest.raises(WeightsMissing, match="need the weights that were used"):
        contributions(question, engine)
    fitted = estimates(question, engine, kinds_of(plan)).weighed().fitted
    assert fitted is not None
    with pytest.raises(WeightsMissing, match=r"period 20260100.*every period"):
        contributions(question, engine, fitted.filter(pl.col("period") % 10000 == 0))
