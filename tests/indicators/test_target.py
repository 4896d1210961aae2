"""Targets as the law reads them: what is met at equality, what is not, and what nobody can say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from indicators.case import fill
from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Target
from indicators.compute import compute
from indicators.editions.results import TOTAL
from indicators.targets.target import assess, gap, scope_key, verdict
from pipelines.database import Database


def target(operator: str | None, value: float | None, *, year: int | None = 2027, **more: Any) -> Target:
    reading = "qualitative" if operator is None else "strict" if operator in "<>" else "inclusive"
    spec = {"operator": operator, "value": value, "year": year, "basis": "level", "reading": reading, "source": "law", **more}
    return Target.model_validate(spec)


@pytest.mark.parametrize(
    ("operator", "threshold", "value", "met"),
    [
        (">", 0.95, 0.95, False),  # 超 excludes the number itself
        (">", 0.95, 19 / 20, False),
        (">", 0.95, 0.94996, False),  # prints as 95.0 %
        (">", 0.95, 0.95001, True),
        (">", 0.95, 0.9500000001, True),
        (">=", 20, 20.0, True),  # 以上 includes it
        (">=", 20, 19.0, False),
        (">=", 0.10, 0.10, True),
        (">=", 0.10, 0.0999999, False),
        ("<=", -0.20, -0.20, True),
        ("<=", -0.20, -0.1999, False),
        ("<=", -0.20, -0.25, True),
        ("<", 30.0, 30.0, False),
        ("<", 30.0, 29.0, True),
        (">=", 1.0, 1.0, True),
        (">=", 1.0, 0.999, False),
        (">", 0.0, 0.0, False),
        (">=", 0.0, 0.0, True),
    ],
)
def test_met_or_not(operator: str, threshold: float, value: float, met: bool) -> None:
    held = target(operator, threshold)
    assert verdict(held, value, "2027") == ("met" if met else "not_met")
    assert verdict(held, value, "2026") == ("met" if met else "not_yet")
    if value != threshold:
        assert (gap(held, value) > 0) == (not met)


@pytest.mark.parametrize(
    ("operator", "threshold", "value", "met"),
    [
        ("<=", -0.20, 24 / 30 - 1, True),  # exactly 20 % less is −0.19999999999999996 to a machine
        ("<=", -0.20, 0.8 - 1, True),
        (">=", 0.10, 44 / 40 - 1, True),
        (">=", 0.10, 110.0 / 100 - 1, True),
        (">", 0.10, 1.1 - 1, False),  # 0.10000000000000009
        (">", 0.95, sum([7 / 3] * 19) / sum([7 / 3] * 20), False),
        (">", 0.7, 0.1 + 0.6, False),
        (">", 0.7, 0.7 + 2e-16, False),
    ],
)
def test_rounding_of_the_machine_decides_nothing(operator: str, threshold: float, value: float, met: bool) -> None:
    held = target(operator, threshold)
    assert (verdict(held, value, "2027") == "met") == met
    assert gap(held, value) == 0.0


def test_every_share_of_whole_weights_at_the_threshold() -> None:
    """19 of 20 with any weight is 95 %, not more."""
    for k in range(1, 400):
        weight = k / 7
        assert verdict(target(">", 0.95), (19 * weight) / (20 * weight), "2027") != "met"
        assert verdict(target(">=", 0.95), (19 * weight) / (20 * weight), "2027") == "met"


def test_the_gap_is_what_is_still_to_go_whichever_way_is_better() -> None:
    assert gap(target(">", 0.95), 0.80) == pytest.approx(0.15)
    assert gap(target(">=", 20), 23.0) == -3.0
    assert gap(target("<=", -0.20), -0.05) == pytest.approx(0.15)
    assert gap(target("<=", -0.20), -0.30) == pytest.approx(-0.10)


@pytest.mark.parametrize("period", ["2026", "2026-12", "2027", "2027-Q1", "2028"])
def test_before_and_after_the_year_of_the_target(period: str) -> None:
    # a quarter never fails the target of a year
    assert verdict(target(">", 0.95), 0.5, period) == ("not_met" if period in ("2027", "2028") else "not_yet")


def test_a_target_without_a_year_is_never_missed() -> None:
    assert verdict(target(">=", 1.0, year=None), 0.5, "2090") == "not_yet"
    assert verdict(target(">=", 1.0, year=None), 1.0, "2025") == "met"


def test_without_a_number_on_either_side_nobody_decides() -> None:
    assert verdict(target(None, None), 0.5, "2027") == "undecided"
    assert verdict(target(">", 0.95), None, "2027") == "undecided"


def test_the_row_of_a_scope() -> None:
    assert scope_key(target(">", 0.5)) == (TOTAL, TOTAL)
    assert scope_key(target(">", 0.5, scope={"kind": "part"})) == ("kind", "part")
    assert scope_key(target(">", 0.5, scope={"kind": "part", "size": "small"})) == ("kind,size", "part,small")


# --- on the results --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results(make_plan: Any, results_of: Any) -> pl.DataFrame:
    """Enterprises of two kinds; a share with two targets, one of them of a category, and a change with a base."""
    law = {"basis": "level", "source": "law"}
    strict = {**law, "operator": ">", "reading": "strict", "year": 2027}
    columns = {"firm": "identifier", "year": "year", "kind": "identifier", "uses": "boolean", "days": "number"}
    plan = make_plan(
        tables={
            "answers": {"key": ["firm", "year"], "period": "year", "design": {"unit": "firm", "census": True}, "columns": columns}
        },
        indicators={
            "share": {
                "table": "answers",
                "numerator": "CASE WHEN uses THEN 1 ELSE 0 END",
                "denominator": 1,
                "unit": "share",
                "targets": [
                    {**strict, "id": "T3", "value": 0.5},
                    {**strict, "id": "T3_parts", "value": 0.75, "scope": {"kind": "part"}},
                ],
            },
            "days": {
                "table": "answers",
                "numerator": "days",
                "denominator": 1,
                "better": "lower",
                "targets": [{**law, "reading": "qualitative"}],
            },
            "shorter": {
                "change_of": "days",
                "base_period": "2025",
                "better": "lower",
                "targets": [
                    {
                        **law,
                        "basis": "change",
                        "base_period": "2025",
                        "operator": "<=",
                        "value": -0.2,
                        "reading": "inclusive",
                        "year": 2027,
                    },
                    {
                        **law,
                        "basis": "change",
                        "base_period": "2025",
                        "operator": "<",
                        "value": -0.2,
                        "reading": "strict",
                        "id": "more",
                    },
                ],
            },
        },
        breakdowns={"kind": "kind"},
    )
    rows = []
    for year, using, days in ((2024, 1, 40.0), (2025, 2, 30.0), (2026, 3, 27.0), (2027, 4, 24.0)):
        rows += [(f"p{i}", year, "part", i < using, days) for i in range(4)]
        rows += [(f"v{i}", year, "whole", i < using / 2, days) for i in range(4)]
    return results_of(plan, {"answers": pl.DataFrame(rows, schema=list(columns), orient="row")})


def judged(results: pl.DataFrame, name: str) -> dict[str, tuple[float, str]]:
    return {row["period"]: (row["gap"], row["verdict"]) for row in results.filter(pl.col("target") == name).to_dicts()}


def test_each_target_is_held_against_the_row_of_its_scope(results: pl.DataFrame) -> None:
    total = judged(results, "T3")
    assert {period: word for period, (_, word) in total.items()} == {
        "2024": "not_yet",
        "2025": "not_yet",
        "2026": "met",
        "2027": "met",
    }
    parts = results.filter(pl.col("target") == "T3_parts")
    assert set(parts.select("breakdown", "category").rows()) == {("kind", "part")}
    assert {period: word for period, (_, word) in judged(results, "T3_parts").items()}["2026"] == "not_yet", (
        "0.75 is not above 0.75"
    )
    assert judged(results, "T3_parts")["2026"][0] == 0.0
    assert (
        results.filter(pl.col("category") == "whole")["target"].null_count()
        == results.filter(pl.col("category") == "whole").height
    )


def test_two_targets_on_one_row_make_two_rows(results: pl.DataFrame) -> None:
    """24 days after 30 are exactly 20 % less: at least 20 % is met, more than 20 % is not."""
    rows = results.filter(pl.col("indicator") == "shorter", pl.col("breakdown") == "total", pl.col("period") == "2027")
    assert dict(rows.select("target", "verdict").rows()) == {"shorter": "met", "more": "not_yet"}
    assert rows["value"].n_unique() == 1
    assert dict(rows.select("target", "operator").rows()) == {"shorter": "<=", "more": "<"}


def test_before_the_base_nothing_is_judged(results: pl.DataFrame) -> None:
    assert set(judged(results, "shorter")) == {"2026", "2027"}


def test_a_qualitative_target_is_named_and_not_judged(results: pl.DataFrame) -> None:
    rows = results.filter(pl.col("target") == "days")
    assert set(rows["verdict"]) == {"undecided"}
    assert rows["gap"].null_count() == rows.height
    assert rows["operator"].null_count() == rows["threshold"].null_count() == rows.height


def test_a_plan_without_targets_has_empty_columns(make_plan: Any) -> None:
    plan = make_plan(
        tables={"facts": {"key": ["year"], "period": "year", "columns": {"year": "year", "y": "number"}}},
        indicators={"level": {"table": "facts", "numerator": "y"}},
    )
    row = {"indicator": "level", "period": "2025", "breakdown": "total", "category": "total", "value": 1.0}
    found = assess(plan, pl.DataFrame([row]))
    assert found.select("target", "operator", "threshold", "gap", "verdict").rows() == [(None, None, None, None, None)]


# --- another method says otherwise ------------------------------------------------------------------------------------------


def straddled(
    make_plan: Any, headline: dict[str, float | None], others: list[dict[str, float | None]], **more: Any
) -> dict[str, str]:
    """Verdicts by period on results invented for a headline and its tests of method; a period that is not there is absent."""
    facts = {"key": ["year"], "period": "year", "public": True, "columns": {"year": "year", "y": "number"}}
    names = [f"other_{i}" for i in range(len(others))]
    law = {"operator": ">=", "value": 0.1, "year": 2027, "basis": "change", "base_period": "2025", "source": "law"}
    held = {**law, "reading": "inclusive", "sensitivity": names, **more}
    indicators = {name: {"table": "facts", "numerator": "y"} for name in names}
    plan = make_plan(tables={"facts": facts}, indicators={**indicators, "rise": {**indicators["other_0"], "targets": [held]}})
    rows = [
        {"indicator": name, "period": period, "breakdown": "total", "category": "total", "value": value}
        for name, values in zip(["rise", *names], [headline, *others], strict=True)
        for period, value in values.items()
    ]
    found = assess(plan, pl.DataFrame(rows, schema_overrides={"value": pl.Float64}))
    return dict(found.filter(pl.col("target").is_not_null()).select("period", "verdict").iter_rows())


@pytest.mark.parametrize(
    ("headline", "other", "expected"),
    [
        (0.179, 0.074, "depends"),
        (0.074, 0.179, "depends"),
        (0.179, 0.12, "met"),
        (0.179, 0.10, "met"),  # at least 10 %
        (0.05, 0.09999, "not_met"),
        (0.179, None, "met"),  # what nobody knows disputes nothing
        (None, 0.179, "undecided"),
    ],
)
def test_where_methods_disagree_the_verdict_says_so(
    make_plan: Any, headline: float | None, other: float | None, expected: str
) -> None:
    assert straddled(make_plan, {"2027": headline}, [{"2027": other}]) == {"2027": expected}


def test_one_of_several_methods_is_enough_to_disagree(make_plan: Any) -> None:
    assert straddled(make_plan, {"2027": 0.15}, [{"2027": 0.2}, {"2027": 0.09}]) == {"2027": "depends"}


def test_methods_are_held_against_each_other_in_one_period(make_plan: Any) -> None:
    found = straddled(make_plan, {"2026": 0.05, "2027": 0.15}, [{"2026": 0.15, "2027": 0.12}])
    assert found == {"2026": "depends", "2027": "met"}, "before the year of the target, too"
    assert straddled(make_plan, {"2026": 0.05, "2027": 0.15}, [{"2026": 0.04}]) == {"2026": "not_yet", "2027": "met"}


def test_methods_are_held_against_each_other_in_one_scope(make_plan: Any) -> None:
    plan = make_plan(
        tables={"facts": {"key": ["year"], "period": "year", "public": True, "columns": {"year": "year", "y": "number"}}},
        indicators={
            "other": {"table": "facts", "numerator": "y"},
            "share": {
                "table": "facts",
                "numerator": "y",
                "targets": [
                    {
                        "operator": ">",
                        "value": 0.5,
                        "year": 2027,
                        "basis": "level",
                        "source": "law",
                        "reading": "strict",
                        "scope": {"kind": "part"},
                        "sensitivity": ["other"],
                    }
                ],
            },
        },
        breakdowns={"kind": "y"},
    )
    rows = [
        {"indicator": name, "period": "2027", "breakdown": breakdown, "category": category, "value": value}
        for name, breakdown, category, value in [
            ("share", "kind", "part", 0.6),
            ("other", "kind", "part", 0.55),
            ("other", "kind", "whole", 0.1),
            ("other", "total", "total", 0.2),
        ]
    ]
    assert assess(plan, pl.DataFrame(rows)).filter(pl.col("target").is_not_null())["verdict"].to_list() == ["met"]


def test_single_deflation_passes_and_double_deflation_fails(shared_data: Path) -> None:
    """The worked case in a price war, from the rows to the verdict: +12.0 % nominal, +17.9 % single, +7.4 % double."""
    known = json.loads((shared_data / "statistics" / "ref_j_productivity.json").read_text(encoding="utf-8"))["deflation"]
    plan = load_plan(AUTOMOTIVE)
    production = [
        {
            "enterprise_id": "a",
            "month": f"{year}-06-01",
            "output_value": known["output"][year],
            "value_added": known["va_current"][year],
            "employees": 1200.0,
        }
        for year in ("2025", "2027")
    ]
    tables: dict[str, list[dict[str, Any]]] = {
        "register": [
            {"enterprise_id": "a", "year": year, "segment": "3611", "stratum": "s", "stratum_population": 1}
            for year in (2025, 2027)
        ],
        # two years of indices that give the prices of the case
        "price_index": [
            {"industry": "3611", "year": 2026, "output_ppi": 98.0, "input_ppi": 100.0},
            {
                "industry": "3611",
                "year": 2027,
                "output_ppi": 100 * known["ppi_output_2027"] / 0.98,
                "input_ppi": 100 * known["ppi_input_2027"],
            },
        ],
        "production": production,
    }
    with Database() as database:
        fill(database, plan, tables)
        results = compute(plan, database, minimum_groups=1).results
    whole = results.filter(pl.col("breakdown") == "total", pl.col("period").is_in(["2025", "2027"]))
    value = {(indicator, period): told for indicator, period, told in whole.select("indicator", "period", "value").iter_rows()}
    nominal = value["labour_productivity_current", "2027"] / value["labour_productivity_current", "2025"] - 1
    assert nominal == pytest.approx(known["growth_nominal"], abs=1e-12)
    assert value["labour_productivity_change", "2027"] == pytest.approx(known["growth_single"], abs=1e-12)
    assert value["labour_productivity_double_change", "2027"] == pytest.approx(known["growth_double"], abs=1e-12)
    for name, key in (("labour_productivity", "single"), ("labour_productivity_double", "double")):
        assert 100 * value[name, "2027"] == pytest.approx(known[f"{key}_deflated_2027"], rel=1e-12)
    [verdict_] = whole.filter(pl.col("target") == "T5", pl.col("period") == "2027")["verdict"]
    assert verdict_ == "depends"
