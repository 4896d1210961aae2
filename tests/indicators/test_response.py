"""Response rates: who was asked, who answered, and whose answer was never asked for."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from indicators.catalogue.question import questions
from indicators.compute import compute
from indicators.estimation.response import rates

REGISTER = {"unit": "identifier", "year": "year", "layer": "identifier", "layer_size": "integer", "asked": "boolean",
            "staff": "integer", "area": {"type": "code", "codes": "area"}, "holding": "identifier"}  # fmt: skip
SURVEY = {"unit": "identifier", "year": "year", "y": "number", "kind": "identifier"}
DESIGN = {"unit": "unit", "stratum": "layer", "population": "layer_size", "sampled": "asked", "size": "staff", "group": "holding"}
LINK = [{"table": "register", "on": {"unit": "unit", "year": "period"}}]


def plan_of(make_plan: Any, indicators: dict[str, Any] | None = None, more: dict[str, Any] | None = None, **design: Any) -> Any:
    tables = {
        "register": {"key": ["unit", "year"], "period": "year", "design": {"unit": "unit", "census": True}, "columns": REGISTER},
        "survey": {"key": ["unit", "year"], "period": "year", "link": LINK, "design": {**DESIGN, **design}, "columns": SURVEY},
        **(more or {}),
    }
    return make_plan(
        tables=tables,
        indicators=indicators or {"mean": {"table": "survey", "numerator": "y", "denominator": 1}},
        breakdowns={"area": "area", "side": {"column": "area", "rollup": "side"}, "kind": "kind"},
        crossings=[["area", "side"]],
        codes={"area": {"n": "top", "s": "foot"}, "side": {"top": None, "foot": None}},
    )


#: stratum, population, asked, answered, area, persons employed
UNITS = [
    ("big", 3, 3, 2, "n", 900),
    ("mid", 10, 5, 3, "n", 100),
    ("mid2", 10, 4, 4, "s", 80),
    ("low", 40, 6, 0, "s", 10),
]


def frames_of(units: list[tuple[str, int, int, int, str, int]] = UNITS, year: int = 2025) -> dict[str, pl.DataFrame]:
    register, survey = [], []
    for layer, size, asked, answered, area, staff in units:
        for i in range(size):
            register.append((f"{layer}{i}", year, layer, size, i < asked, staff + i, area, f"h{layer}{i}"))
            if i < answered:
                survey.append((f"{layer}{i}", year, float(i), "k"))
    return {
        "register": pl.DataFrame(register, schema=list(REGISTER), orient="row"),
        "survey": pl.DataFrame(survey, schema=list(SURVEY), orient="row"),
    }


def by_hand(frames: dict[str, pl.DataFrame], keep: pl.Expr) -> tuple[int, int, float, float, float]:
    """The rates in plain Polars, from the units asked."""
    register = frames["register"].with_columns(weight=pl.col("layer_size") / pl.col("asked").sum().over("year", "layer"))
    asked = register.filter("asked", keep).join(
        frames["survey"].drop_nulls("y").select("unit", "year", reply=pl.lit(1)), on=["unit", "year"], how="left"
    )
    reply, weight, staff = asked["reply"].fill_null(0), asked["weight"], asked["staff"]
    weighted = float((weight * reply).sum() / weight.sum())
    sized = float((weight * staff * reply).sum() / (weight * staff).sum())
    return asked.height, int(reply.sum()), float(reply.mean() or 0), weighted, sized


def told(frame: pl.DataFrame, breakdown: str = "total", category: str = "total", **keys: str) -> dict[str, Any]:
    wanted = {"indicator": "mean", "period": "2025", "breakdown": breakdown, "category": category, **keys}
    return frame.row(by_predicate=pl.all_horizontal(pl.col(name) == value for name, value in wanted.items()), named=True)


def rates_of(plan: Any, engine: Any) -> pl.DataFrame:
    return pl.concat([rates(question, engine) for question in questions(plan)])


def test_three_rates_by_hand(make_plan: Any, warehouse: Any) -> None:
    """Strata from which nobody answered count: low was asked six times for nothing."""
    frames = frames_of()
    found = rates_of(plan_of(make_plan), warehouse(plan_of(make_plan), frames))
    cases = {
        ("total", "total"): pl.lit(True),
        ("area", "n"): pl.col("area") == "n",
        ("side", "foot"): pl.col("area") == "s",
        ("area,side", "s,foot"): pl.col("area") == "s",
    }
    for (breakdown, category), keep in cases.items():
        row = told(found, breakdown, category)
        asked, answered, plain, weighted, sized = by_hand(frames, keep)
        assert (row["asked"], row["answered"]) == (asked, answered)
        assert row["rate"] == pytest.approx(plain, rel=1e-12)
        assert row["rate_weighted"] == pytest.approx(weighted, rel=1e-12)
        assert row["rate_size"] == pytest.approx(sized, rel=1e-12)
    assert told(found)["rate"] == 0.5
    assert told(found)["rate_weighted"] == pytest.approx((2 + 6 + 10) / 63)


def test_what_the_register_does_not_know_has_no_rate(make_plan: Any, warehouse: Any) -> None:
    """Of those who did not answer nobody knows the `kind`, which only the questionnaire asks."""
    found = rates_of(plan_of(make_plan), warehouse(plan_of(make_plan), frames_of()))
    assert set(found["breakdown"]) == {"total", "area", "side", "area,side"}


def test_a_blank_answer_is_none(make_plan: Any, warehouse: Any) -> None:
    frames = frames_of()
    frames["survey"] = frames["survey"].with_columns(y=pl.when(pl.col("unit") == "mid1").then(None).otherwise(pl.col("y")))
    measured = {"mean": {"table": "survey", "numerator": "y", "denominator": 1, "respondents": "y IS NOT NULL"}}
    plan = plan_of(make_plan, measured)
    row = told(rates_of(plan, warehouse(plan, frames)))
    assert (row["asked"], row["answered"]) == by_hand(frames, pl.lit(True))[:2] == (18, 8)


def test_each_indicator_is_asked_of_its_scope(make_plan: Any, warehouse: Any) -> None:
    """`where` over columns of the register says who is asked; over the answers it says nothing of those who gave none."""
    measured = {
        "mean": {"table": "survey", "numerator": "y", "denominator": 1},
        "north": {"table": "survey", "numerator": "y", "denominator": 1, "where": "area = 'n'"},
        "large": {"table": "survey", "numerator": "y", "denominator": 1, "where": "staff >= 101 AND y >= 0"},
        "some": {"table": "survey", "numerator": "y", "denominator": 1, "where": "y > 0 OR staff > 5"},
    }
    plan = plan_of(make_plan, measured)
    frames = frames_of()
    found = rates_of(plan, warehouse(plan, frames))
    for indicator, keep in {
        "mean": pl.lit(True),
        "north": pl.col("area") == "n",
        "large": pl.col("staff") >= 101,
        "some": pl.lit(True),
    }.items():
        row = told(found, indicator=indicator)
        asked, answered, _, weighted, _ = by_hand(frames, keep)
        assert (row["asked"], row["answered"]) == (asked, answered), indicator
        assert row["rate_weighted"] == pytest.approx(weighted, rel=1e-12)


def test_strata_never_heard_of_were_not_addressed_by_a_part_of_the_register(make_plan: Any, warehouse: Any) -> None:
    """Where the scope is a part of the register, a stratum counts that answered in any year, and one that never did does not."""
    measured = {"mean": {"table": "survey", "numerator": "y", "denominator": 1, "where": "staff > 0"}}
    plan = plan_of(make_plan, measured)
    one, two = (
        frames_of(),
        frames_of([(*unit[:3], min(unit[3], 1) if unit[0] != "big" else 0, *unit[4:]) for unit in UNITS], 2026),
    )
    frames = {name: pl.concat([one[name], two[name]]) for name in one}
    found = rates_of(plan, warehouse(plan, frames))
    heard = pl.col("layer") != "low"
    for year in (2025, 2026):
        row = told(found, period=str(year))
        assert (row["asked"], row["answered"]) == by_hand(frames, heard & (pl.col("year") == year))[:2]
    assert told(found, period="2026")["answered"] == 2  # big is silent in 2026, and counts


def test_who_was_not_asked_raises_no_rate(make_plan: Any, warehouse: Any) -> None:
    frames = frames_of()
    extra = pl.DataFrame([("mid9", 2025, 1.0, "k")], schema=frames["survey"].schema, orient="row")
    frames["survey"] = pl.concat([frames["survey"], extra])
    row = told(rates_of(plan_of(make_plan), warehouse(plan_of(make_plan), frames)))
    assert (row["asked"], row["answered"]) == (18, 9)


def test_quarters_have_rates_of_their_own(make_plan: Any, warehouse: Any) -> None:
    columns = {"unit": "identifier", "month": "month", "y": "number"}
    table = {"key": ["unit", "month"], "period": "month", "link": LINK, "design": DESIGN, "columns": columns}
    measured = {"mean": {"table": "monthly", "numerator": "y", "denominator": 1, "periods": ["year", "quarter", "month"]}}
    plan = plan_of(make_plan, measured, {"monthly": table})
    frames = frames_of()
    months = [frames["survey"].select("unit", month=pl.date(2025, month, 1), y="y") for month in (1, 5)]
    late = months[1].filter(pl.col("unit").str.starts_with("mid"))
    engine = warehouse(plan, {"register": frames["register"], "monthly": pl.concat([months[0], late])})
    found = rates_of(plan, engine)
    for period, answered in {"2025": 9, "2025-Q1": 9, "2025-Q2": 7, "2025-01": 9, "2025-05": 7}.items():
        assert (told(found, period=period)["asked"], told(found, period=period)["answered"]) == (18, answered)


def test_durations_are_answered_by_the_table_they_name(make_plan: Any, warehouse: Any) -> None:
    """Who answered the survey without a job has none; where no table says who answered, whoever has jobs did."""
    columns = {"unit": "identifier", "job": "identifier", "begun": "date", "ended": "date", "seen": "date"}
    jobs = {"key": ["unit", "job"], "link": LINK, "columns": columns}
    duration = {"start": "begun", "end": "ended", "as_of": "seen", "method": "cohort"}
    more = {"jobs": {**jobs, "design": {**DESIGN, "answered_in": "survey"}}, "lone": {**jobs, "design": DESIGN}}
    measured = {
        "mean": {"table": "survey", "numerator": "y", "denominator": 1},
        "wait": {"table": "jobs", "duration": duration, "better": "lower"},
        "delay": {"table": "lone", "duration": duration, "better": "lower", "where": "area = 'n'"},
    }
    plan = plan_of(make_plan, measured, more)
    frames = frames_of()
    units = {"big0": 1, "mid0": 4, "mid1": 7}
    rows = [
        (u, f"j{k}", date(2025, 3, 1), date(2025, 4, day + k), date(2025, 12, 31)) for u, day in units.items() for k in range(3)
    ]
    cases = pl.DataFrame(rows, schema=list(columns), orient="row")
    computed = compute(plan, warehouse(plan, {**frames, "jobs": cases, "lone": cases}))
    response = computed.details["response"]
    assert told(response, indicator="wait")["answered"] == told(response)["answered"] == 9
    row = told(response, indicator="delay")
    assert (row["asked"], row["answered"]) == (8, 3)
    assert row["rate_weighted"] == pytest.approx((1 + 2 + 2) / (3 + 10))
    assert told(response, "area", "n", indicator="delay")["rate_size"] == pytest.approx(row["rate_size"])


def test_results_bear_the_rate_by_design_weight(make_plan: Any, results_of: Any, row_of: Any) -> None:
    frames = frames_of()
    results = results_of(plan_of(make_plan), frames)
    assert row_of(results, "mean", "2025")["response_rate"] == pytest.approx(by_hand(frames, pl.lit(True))[3], rel=1e-12)
    assert row_of(results, "mean", "2025", "area", "n")["response_rate"] == pytest.approx(8 / 13)
    assert row_of(results, "mean", "2025", "kind", "k")["response_rate"] is None


@pytest.mark.parametrize("design", [{"sampled": None}, {"census": True}])
def test_nothing_is_told_where_nobody_says_who_was_asked(make_plan: Any, results_of: Any, design: dict[str, Any]) -> None:
    plan = plan_of(make_plan, **design)
    results = results_of(plan, frames_of())
    assert results["response_rate"].null_count() == results.height > 0


def test_a_blank_mark_is_not_a_no(make_plan: Any, results_of: Any) -> None:
    frames = frames_of()
    frames["register"] = frames["register"].with_columns(asked=pl.lit(None, pl.Boolean))
    results = results_of(plan_of(make_plan), frames)
    assert results["response_rate"].null_count() == results.height > 0


def test_rates_of_withheld_numbers_are_withheld(make_plan: Any, warehouse: Any) -> None:
    plan = plan_of(make_plan)
    frames = frames_of()
    frames["register"] = frames["register"].with_columns(
        holding=pl.when(pl.col("area") == "n").then(pl.lit("one")).otherwise(pl.col("holding"))
    )
    computed = compute(plan, warehouse(plan, frames), minimum_groups=3)
    hidden = computed.results.filter(pl.col("status") == "suppressed")
    assert hidden.height > 0
    assert hidden["response_rate"].null_count() == hidden.height
    keys = ["indicator", "period", "breakdown", "category"]
    assert computed.details["response"].join(hidden, on=keys, how="semi").is_empty()
