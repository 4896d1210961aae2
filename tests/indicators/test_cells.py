"""Cells from the generated statement against plain group-bys in Polars, and the statement itself."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest

from indicators.catalogue.plan import Plan
from indicators.catalogue.question import questions
from indicators.statements import cells, statement

MOMENTS = ("y", "x", "yy", "xx", "xy")

REGISTER = {
    "key": ["firm", "year"],
    "period": "year",
    "columns": {
        "firm": "identifier",
        "year": "year",
        "holding_group": "identifier",
        "segment": {"type": "code", "codes": "segment"},
        "size_class": "identifier",
        "layer": "identifier",
        "layer_size": "integer",
    },
}
PRICES = {
    "key": ["segment", "year"],
    "period": "year",
    "columns": {"segment": {"type": "code", "codes": "segment"}, "year": "year", "price": "number"},
}
DESIGN = {"unit": "firm", "stratum": "layer", "population": "layer_size", "group": "holding_group"}
TO_REGISTER = {"table": "register", "on": {"firm": "firm", "year": "period"}}
MONTHLY = {
    "key": ["firm", "month"],
    "period": "month",
    "link": [TO_REGISTER, {"table": "prices", "on": {"segment": "segment", "year": "period"}}],
    "design": DESIGN,
    "columns": {"firm": "identifier", "month": "month", "made": "number", "staff": "integer"},
}
INDICATORS = {
    "productivity": {
        "table": "monthly",
        "numerator": "CAST(made AS DOUBLE) / NULLIF(price, 0)",
        "denominator": "staff",
        "periods": ["year", "quarter", "month"],
    },
    "made_total": {"table": "monthly", "numerator": "made", "where": "staff > 3", "periods": ["year", "quarter", "month"]},
}
CODES = {
    "segment": {"car": "whole", "bus": "whole", "brake": "part", "lamp": "part", "other": None},
    "kind": {"whole": None, "part": None},
}
BREAKDOWNS = {"segment": "segment", "kind": {"column": "segment", "rollup": "kind"}, "size": "size_class"}


@pytest.fixture(scope="module")
def plan(make_plan: Any) -> Plan:
    return make_plan(
        tables={"register": REGISTER, "prices": PRICES, "monthly": MONTHLY},
        indicators=INDICATORS,
        breakdowns=BREAKDOWNS,
        crossings=[["kind", "size"]],
        codes=CODES,
    )


@pytest.fixture(scope="module")
def frames() -> dict[str, pl.DataFrame]:
    """120 firms of 40 holdings over two years; some months missing, some sizes blank, some values unknown."""
    rng = np.random.default_rng(7)
    firms = [f"f{i:03d}" for i in range(120)]
    segments, sizes = ["car", "bus", "brake", "lamp", "other"], ["big", "small", None]
    register, monthly = [], []
    for i, firm in enumerate(firms):
        segment, size = segments[rng.integers(5)], sizes[rng.integers(3)]
        for year in (2024, 2025):
            layer = f"{segment}-{size}"
            register.append(
                {
                    "firm": firm,
                    "year": year,
                    "holding_group": f"h{i % 40}",
                    "segment": segment,
                    "size_class": size,
                    "layer": layer,
                    "layer_size": 60,
                }
            )
            for month in range(1, 13):
                if rng.random() < 0.8:
                    made = None if rng.random() < 0.1 else float(rng.integers(0, 500)) / 8
                    monthly.append({"firm": firm, "month": date(year, month, 1), "made": made, "staff": int(rng.integers(1, 9))})
    prices = [
        {"segment": segment, "year": year, "price": 1.0 + 0.25 * i} for i, segment in enumerate(segments) for year in (2024, 2025)
    ]
    return {"register": pl.DataFrame(register), "monthly": pl.DataFrame(monthly), "prices": pl.DataFrame(prices)}


def answered(plan: Plan, database: Any) -> cells.Cells:
    (question,) = questions(plan)
    return cells.answer(question, database)


def naive(frames: dict[str, pl.DataFrame], indicator: str, dated: pl.Expr, names: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The cells of one indicator, one level and one breakdown set by plain joins and group-bys: (cells, groups)."""
    kinds = {code: parent for code, parent in CODES["segment"].items() if parent}
    rows = frames["monthly"].with_columns(year=pl.col("month").dt.year().cast(pl.Int64), period=dated)
    rows = rows.join(frames["register"], on=["firm", "year"]).join(frames["prices"], on=["segment", "year"])
    rows = rows.with_columns(kind=pl.col("segment").replace_strict(kinds, default=None), size=pl.col("size_class"))
    if indicator == "productivity":
        known = pl.col("made").is_not_null() & pl.col("staff").is_not_null()
        y, x = pl.col("made") / pl.col("price"), pl.col("staff").cast(pl.Float64)
    else:
        known = pl.col("made").is_not_null() & (pl.col("staff") > 3)
        y, x = pl.col("made"), pl.lit(1.0)
    rows = rows.with_columns(y=pl.when(known).then(y), x=pl.when(known).then(x))
    unit = rows.group_by("firm", "period").agg(
        *(pl.col(c).first() for c in ("layer", "layer_size", "holding_group", "segment", "kind", "size")),
        n=pl.col("y").is_not_null().any(),
        y=pl.col("y").sum(),
        x=pl.col("x").sum(),
    )
    size = pl.len().over("period", "layer")
    unit = unit.with_columns(weight=pl.col("layer_size") / size, answered=size).with_columns(pl.col("y", "x") * pl.col("weight"))
    inside = unit.drop_nulls(names) if names else unit
    category = pl.concat_str(names, separator=",") if names else pl.lit("total")
    grouped = (
        inside.with_columns(category=category)
        .group_by("period", "category", stratum="layer")
        .agg(
            pl.col("answered").first(),
            population=pl.col("layer_size").first(),
            n=pl.col("n").sum(),
            y=pl.col("y").sum(),
            x=pl.col("x").sum(),
            yy=(pl.col("y") ** 2).sum(),
            xx=(pl.col("x") ** 2).sum(),
            xy=(pl.col("x") * pl.col("y")).sum(),
        )
    )
    groups = (
        inside.filter("n")
        .with_columns(category=category)
        .group_by("period", "category")
        .agg(groups=pl.col("holding_group").n_unique())
    )
    return grouped.sort("period", "category", "stratum"), groups.sort("period", "category")


LEVELS = {
    "year": pl.col("month").dt.strftime("%Y"),
    "quarter": pl.concat_str(pl.col("month").dt.year(), pl.lit("-Q"), pl.col("month").dt.quarter()),
    "month": pl.col("month").dt.strftime("%Y-%m"),
}


@pytest.mark.parametrize("indicator", list(INDICATORS))
def test_grouping_sets_equal_plain_group_bys(indicator: str, plan: Plan, frames: dict[str, pl.DataFrame], warehouse: Any) -> None:
    found = answered(plan, warehouse(plan, frames))
    lengths = {"year": 4, "quarter": 7, "month": 7}
    for level, dated in LEVELS.items():
        for names in ([], ["segment"], ["kind"], ["size"], ["kind", "size"]):
            want, groups = naive(frames, indicator, dated, names)
            right = (pl.col("indicator") == indicator) & (pl.col("breakdown") == (",".join(names) or "total"))
            right &= (pl.col("period").str.len_chars() == lengths[level]) & (
                pl.col("period").str.contains("Q") == (level == "quarter")
            )
            got = found.frame.filter(right).sort("period", "category", "stratum")
            assert got.select("period", "category", "stratum").equals(want.select("period", "category", "stratum"))
            assert got["n"].to_list() == want["n"].to_list()
            # the second moments with the denominator serve ratios only
            for name in ("answered", "population", *(MOMENTS if indicator == "productivity" else MOMENTS[:3])):
                np.testing.assert_allclose(got[name].to_numpy(), want[name].to_numpy(), rtol=1e-12, err_msg=name)
            got_groups = found.groups.filter(right).sort("period", "category")
            assert got_groups.select("period", "category", "groups").rows() == groups.rows()


def test_the_months_of_a_unit_add_up_to_its_quarters_and_years(
    make_plan: Any, frames: dict[str, pl.DataFrame], warehouse: Any
) -> None:
    """With every unit asked the weights are one at all levels, so the sums themselves must add up."""
    census = {**MONTHLY, "design": {"unit": "firm", "census": True, "group": "holding_group"}}
    plan = make_plan(tables={"register": REGISTER, "prices": PRICES, "monthly": census}, indicators=INDICATORS, codes=CODES)
    found = answered(plan, warehouse(plan, frames)).frame.filter(pl.col("breakdown") == "total")
    for indicator in INDICATORS:
        for part in ("y", "x"):
            sums = {row["period"]: row[part] for row in found.filter(pl.col("indicator") == indicator).to_dicts()}
            for year in ("2024", "2025"):
                quarters = [sums[f"{year}-Q{q}"] for q in (1, 2, 3, 4)]
                months = [sums[f"{year}-{m:02d}"] for m in range(1, 13)]
                assert sum(quarters) == pytest.approx(sums[year], rel=1e-12)
                assert sum(months) == pytest.approx(sums[year], rel=1e-12)
                assert sum(months[3:6]) == pytest.approx(quarters[1], rel=1e-12)


def test_without_a_design_every_row_is_a_unit(make_plan: Any, warehouse: Any) -> None:
    table = {"key": ["shop", "day"], "period": "day", "columns": {"shop": "identifier", "day": "date", "sold": "number"}}
    plan = make_plan(
        tables={"sales": table},
        indicators={
            "sold": {
                "table": "sales",
                "numerator": "sold",
                "periods": ["year", "quarter", "month"],
                "respondents": "sold IS NOT NULL",
            }
        },
        breakdowns={"shop": "shop"},
    )
    days = [date(2025, 1, 3), date(2025, 1, 3), date(2025, 2, 1), date(2025, 7, 1), date(2026, 1, 1), None]
    frame = pl.DataFrame({"shop": list("aabaaa"), "day": days, "sold": [1.0, 2.0, 4.0, 8.0, 16.0, 99.0]})
    found = answered(plan, warehouse(plan, {"sales": frame}))
    total = {row["period"]: row["y"] for row in found.frame.filter(pl.col("breakdown") == "total").to_dicts()}
    assert total == {
        "2025": 15,
        "2025-Q1": 7,
        "2025-01": 3,
        "2025-02": 4,
        "2025-Q3": 8,
        "2025-07": 8,
        "2026": 16,
        "2026-Q1": 16,
        "2026-01": 16,
    }
    groups = {(row["period"], row["category"]): row["groups"] for row in found.groups.to_dicts()}
    assert groups["2025", "a"] == 3


@pytest.mark.parametrize("levels", [["month"], ["quarter"], ["year", "month"], ["month", "quarter"]])
def test_any_choice_of_levels(levels: list[str], make_plan: Any, frames: dict[str, pl.DataFrame], warehouse: Any) -> None:
    plan = make_plan(
        tables={"register": REGISTER, "prices": PRICES, "monthly": MONTHLY},
        indicators={name: {**spec, "periods": levels} for name, spec in INDICATORS.items()},
        codes=CODES,
    )
    found = answered(plan, warehouse(plan, frames)).frame
    want = set()
    for level in levels:
        want |= set(naive(frames, "productivity", LEVELS[level], [])[0]["period"])
    assert set(found["period"]) == want
    for level in levels:
        grouped, _ = naive(frames, "productivity", LEVELS[level], [])
        got = found.filter(pl.col("indicator") == "productivity", pl.col("period").is_in(grouped["period"].unique().to_list()))
        np.testing.assert_allclose(got.sort("period", "stratum")["yy"], grouped.sort("period", "stratum")["yy"], rtol=1e-12)


def test_a_blank_category_counts_in_the_total_and_nowhere_else(
    plan: Plan, frames: dict[str, pl.DataFrame], warehouse: Any
) -> None:
    found = answered(plan, warehouse(plan, frames)).frame.filter(pl.col("indicator") == "made_total", pl.col("period") == "2025")
    units = found.group_by("breakdown").agg(pl.col("n").sum())
    n = dict(units.rows())
    blank = frames["register"].filter(pl.col("year") == 2025, pl.col("size_class").is_null()).height
    assert blank > 10
    assert n["total"] - n["size"] == pytest.approx(blank, abs=2)  # a firm may have had no month in scope
    assert n["segment"] == n["total"]
    assert not found["category"].str.contains("null|None").any()


def test_a_unit_counts_once_however_many_rows_it_has(make_plan: Any, warehouse: Any) -> None:
    """Three orders of one firm are one unit: n is of units and the second moment is of its sum."""
    columns = {
        "firm": "identifier",
        "line": "identifier",
        "year": "year",
        "value": "number",
        "layer": "identifier",
        "layer_size": "integer",
    }
    design = {"unit": "firm", "stratum": "layer", "population": "layer_size"}
    plan = make_plan(
        tables={"orders": {"key": ["firm", "line"], "period": "year", "design": design, "columns": columns}},
        indicators={"value": {"table": "orders", "numerator": "value"}},
    )
    frame = pl.DataFrame(
        {
            "firm": list("aaabc"),
            "line": list("12311"),
            "year": [2025] * 5,
            "value": [1.0, 2.0, 3.0, 10.0, None],
            "layer": ["s"] * 5,
            "layer_size": [6] * 5,
        }
    )
    row = answered(plan, warehouse(plan, {"orders": frame})).frame.row(0, named=True)
    assert (row["n"], row["answered"], row["population"]) == (2, 3.0, 6.0)
    assert (row["y"], row["yy"]) == (32.0, 12.0**2 + 20.0**2)


def test_a_fixed_panel_meets_its_base_row(make_plan: Any, warehouse: Any) -> None:
    columns = {"firm": "identifier", "year": "year", "edition": "identifier", "level": "integer"}
    plan = make_plan(
        tables={
            "marks": {
                "key": ["firm", "year", "edition"],
                "period": "year",
                "design": {"unit": "firm", "census": True},
                "columns": columns,
            }
        },
        indicators={
            "rise": {
                "table": "marks",
                "where": "base_level < 5",
                "numerator": "CASE WHEN level > base_level THEN 1 ELSE 0 END",
                "denominator": 1,
                "panel": {"base_period": 2025, "on": ["firm", "edition"]},
            }
        },
    )
    rows = [
        ("a", 2025, "old", 2), ("a", 2027, "old", 3),  # rose
        ("b", 2025, "old", 3), ("b", 2027, "old", 3),  # stayed
        ("c", 2025, "old", 5), ("c", 2027, "old", 5),  # at the ceiling: not in scope
        ("d", 2027, "old", 4),  # not in the panel
        ("e", 2025, "old", 1), ("e", 2027, "new", 4),  # another edition is another yardstick
        ("f", 2025, "old", 1),  # dropped out
        ("a", 2024, "old", 1),  # before the base
    ]  # fmt: skip
    frame = pl.DataFrame(rows, schema=["firm", "year", "edition", "level"], orient="row")
    found = answered(plan, warehouse(plan, {"marks": frame})).frame.sort("period")
    assert found["period"].to_list() == ["2025", "2027"]
    assert found.filter(pl.col("period") == "2027").select("n", "y", "x", "answered").rows() == [(2, 1.0, 2.0, 3.0)]


def test_holding_groups_are_counted_once_across_strata(make_plan: Any, warehouse: Any) -> None:
    columns = {
        "firm": "identifier",
        "holding_group": "identifier",
        "layer": "identifier",
        "layer_size": "integer",
        "kind": "identifier",
        "value": "number",
    }
    plan = make_plan(
        tables={"answers": {"key": ["firm"], "year": 2025, "design": DESIGN, "columns": columns}},
        indicators={"value": {"table": "answers", "numerator": "value"}},
        breakdowns={"kind": "kind"},
    )
    frame = pl.DataFrame(
        {
            "firm": list("abcdef"),
            "holding_group": ["h", "h", "h", "k", None, None],
            "layer": list("xyzxyz"),
            "layer_size": [9] * 6,
            "kind": list("iiiijj"),
            "value": [1.0, 2.0, 3.0, None, 4.0, 5.0],
        }
    )
    groups = answered(plan, warehouse(plan, {"answers": frame})).groups
    counted = {(row["breakdown"], row["category"]): row["groups"] for row in groups.to_dicts()}
    assert counted["kind", "i"] == 1, "three firms of one holding, and one that said nothing"
    assert counted["kind", "j"] == 2, "a firm without a holding stands for itself"
    assert counted["total", "total"] == 3


# --- names ------------------------------------------------------------------------------------------------------------


def renamed(make_plan: Any, table: str, unit: str, layer: str, value: str, split: str) -> tuple[Plan, pl.DataFrame]:
    columns = {unit: "identifier", "at": "year", layer: "identifier", "size": "integer", split: "identifier", value: "number"}
    plan = make_plan(
        tables={
            table: {
                "key": [unit, "at"],
                "period": "at",
                "design": {"unit": unit, "stratum": layer, "population": "size"},
                "columns": columns,
            }
        },
        indicators={"v": {"table": table, "numerator": f'"{value}"', "where": f'"{value}" > 0'}},
        breakdowns={"kind": split},
    )
    frame = pl.DataFrame(
        {
            unit: list("abcd"),
            "at": [2025] * 4,
            layer: list("xxyy"),
            "size": [4] * 4,
            split: list("ijij"),
            value: [1.0, 2.0, 3.0, 4.0],
        }
    )
    return plan, frame


@pytest.mark.parametrize(
    "names",
    [
        ("answers", "firm", "layer", "value", "kind"),
        ("order", "select", "group", "from", "table"),  # words of SQL
        ("source", "unit", "weight", "stated", "holding"),  # words of the statement
        ("stratum", "stratum", "unit", "answered", "population"),
        ("weighted", "holding", "stratum", "y", "period"),
        ("t", "period", "answer", "x", "unit"),
        ("base", "period_year", "row_key", "n", "stratum"),
        ("answer", "b_kind", "y_0", "x_0", "over_kind"),
        ("finest", "user", "end", "primary", "case"),
        ("rolled", "weight", "stratum", "stated_weight", "groups_0"),
    ],
    ids=lambda names: names[0],
)
def test_any_allowed_name_will_do(names: tuple[str, ...], make_plan: Any, warehouse: Any) -> None:
    plan, frame = renamed(make_plan, *names)
    found = answered(plan, warehouse(plan, {names[0]: frame}))
    by = {(row["category"], row["stratum"]): (row["n"], row["y"]) for row in found.frame.to_dicts()}
    assert by == {
        ("total", "x"): (2, 6.0),
        ("total", "y"): (2, 14.0),
        ("i", "x"): (1, 2.0),
        ("i", "y"): (1, 6.0),
        ("j", "x"): (1, 4.0),
        ("j", "y"): (1, 8.0),
    }
    assert found.groups.filter(pl.col("breakdown") == "kind")["groups"].to_list() == [2, 2]


def test_codes_with_quotes_are_quoted(make_plan: Any, warehouse: Any) -> None:
    columns = {"firm": "identifier", "segment": {"type": "code", "codes": "segment"}, "value": "number"}
    plan = make_plan(
        tables={"answers": {"key": ["firm"], "year": 2025, "design": {"unit": "firm", "census": True}, "columns": columns}},
        indicators={"v": {"table": "answers", "numerator": "value"}},
        breakdowns={"kind": {"column": "segment", "rollup": "kind"}},
        codes={"segment": {"o'neil": "l'auto", "b": None}, "kind": {"l'auto": None}},
    )
    frame = pl.DataFrame({"firm": ["a", "b"], "segment": ["o'neil", "b"], "value": [3.0, 4.0]})
    found = answered(plan, warehouse(plan, {"answers": frame})).frame.filter(pl.col("breakdown") == "kind")
    assert found.select("category", "y").rows() == [("l'auto", 3.0)]


# --- the statement, as people read it -----------------------------------------------------------------------------------


def test_the_statement_of_a_sample(plan: Plan, snapshot: Any) -> None:
    (question,) = questions(plan)
    assert statement.cells_statement(question) == snapshot


def test_the_statement_of_plain_records(make_plan: Any, snapshot: Any) -> None:
    table = {"key": ["shop", "day"], "period": "day", "columns": {"shop": "identifier", "day": "date", "sold": "number"}}
    plan = make_plan(
        tables={"sales": table}, indicators={"sold": {"table": "sales", "numerator": "sold"}}, breakdowns={"shop": "shop"}
    )
    (question,) = questions(plan)
    assert statement.cells_statement(question) == snapshot
