"""The frame of numbers held against targets: which rows, which base, which errors, and on which scale."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from indicators.catalogue.plan import Plan
from indicators.estimation.estimate import KEYS
from indicators.targets.held import HELD, NORMAL, hold
from indicators.targets.scale import back, fitting, forward, slope

LAW = {"operator": ">", "value": 0.7, "year": 2027, "basis": "level", "base_period": "2025", "reading": "strict", "source": "law"}
ROW: dict[str, Any] = {
    "indicator": "share",
    "period": "2026",
    "breakdown": "total",
    "category": "total",
    "value": 0.64,
    "se": 0.02,
    "low": 0.60,
    "high": 0.68,
    "n": 50,
    "df": 40,
    "quality": "presentable",
    "target": None,
    "verdict": None,
}
SCHEMA = {
    **dict.fromkeys((*KEYS, "quality", "target", "verdict"), pl.String()),
    **dict.fromkeys(("value", "se", "low", "high"), pl.Float64()),
    **dict.fromkeys(("n", "df"), pl.Int64()),
}
COUNTED = {"se": 0.0, "low": None, "high": None, "df": None, "quality": "census"}
NONE = pl.DataFrame(schema={**dict.fromkeys((*KEYS, "base_period"), pl.String()), "covariance": pl.Float64()})


@pytest.fixture(scope="module")
def plan(make_plan: Any) -> Plan:
    """Measures of every kind over one table, each with a target of its own."""
    facts = {
        "key": ["firm", "year"],
        "period": "year",
        "design": {"unit": "firm", "census": True},
        "columns": {
            "firm": "identifier",
            "year": "year",
            "y": "number",
            "x": "number",
            "kind": "identifier",
            "a": "date",
            "b": "date",
        },
    }
    rise = {**LAW, "basis": "change", "operator": ">=", "reading": "inclusive", "value": 0.1}
    return make_plan(  # type: ignore[no-any-return]
        tables={"facts": facts},
        indicators={
            "share": {
                "table": "facts",
                "numerator": "y",
                "denominator": "x",
                "unit": "share",
                "targets": [{**LAW, "id": "T4"}, {**LAW, "id": "T4_parts", "scope": {"kind": "parts"}, "value": 0.8}],
            },
            "level": {"table": "facts", "numerator": "y", "denominator": "x", "targets": [{**LAW, "id": "L"}]},
            "number": {"table": "facts", "numerator": "y", "targets": [{**LAW, "id": "N", "basis": "count"}]},
            "days": {
                "table": "facts",
                "better": "lower",
                "duration": {"start": "a", "end": "b", "as_of": "year", "method": "period"},
                "targets": [{**LAW, "id": "D", "operator": "<", "value": 20.0}],
            },
            "grown": {"change_of": "level", "base_period": "2024", "targets": [{**rise, "id": "G"}]},
            "points": {
                "change_of": "share",
                "base_period": "2025",
                "change_as": "difference",
                "unit": "share",
                "targets": [{**rise, "id": "P"}],
            },
            "step": {
                "table": "facts",
                "numerator": "y",
                "denominator": 1,
                "unit": "share",
                "panel": {"base_period": 2025, "on": ["firm"]},
                "targets": [{**rise, "id": "S", "basis": "step"}],
            },
            "undated": {"table": "facts", "numerator": "y", "targets": [{**LAW, "id": "U", "year": None, "base_period": None}]},
            "wordy": {
                "table": "facts",
                "numerator": "y",
                "targets": [{"id": "W", "basis": "level", "reading": "qualitative", "source": "law"}],
            },
        },
        breakdowns={"kind": "kind"},
    )


def results(*rows: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([{**ROW, **row} for row in rows], schema=SCHEMA)


def covariances(*rows: tuple[str, str, float]) -> pl.DataFrame:
    """Of totals: indicator, period, covariance with 2025."""
    told = [
        {**ROW, "indicator": name, "period": period, "base_period": "2025", "covariance": value} for name, period, value in rows
    ]
    return pl.DataFrame(told, schema=NONE.schema)


def only(plan: Plan, frame: pl.DataFrame, target: str, period: str = "2026", covariance: pl.DataFrame = NONE) -> dict[str, Any]:
    found = hold(plan, frame, covariance).filter(target=target, period=period)
    assert found.height == 1
    return found.row(0, named=True)


# --- which rows ------------------------------------------------------------------------------------------------------------


def test_published_numbers_of_whole_years_since_the_base(plan: Plan) -> None:
    frame = results(
        *({"period": period} for period in ("2024", "2025", "2026", "2026-Q3", "2026-09", "2025-26", "2027")),
        {"breakdown": "kind", "category": "parts"},
        {"breakdown": "kind", "category": "makers", "value": None},
        {"indicator": "wordy"},
    )
    found = hold(plan, frame, NONE)
    assert found.schema == HELD
    assert found.filter(target="T4").select("period", "category").rows() == [
        ("2025", "total"),
        ("2026", "parts"),
        ("2026", "total"),
        ("2027", "total"),
    ]
    assert found.filter(target="T4_parts").select("period", "category").rows() == [("2026", "parts")]
    assert found.filter("scope").select("target", "category").unique().sort("target").rows() == [
        ("T4", "total"),
        ("T4_parts", "parts"),
    ]
    assert hold(plan, frame.clear(), NONE).equals(pl.DataFrame(schema=HELD))


def test_a_row_is_held_once_however_often_it_stands_there(plan: Plan) -> None:
    rows = [{}, {"period": "2025"}, {"target": "T4", "verdict": "not_yet"}, {"target": "T4_parts", "verdict": "met"}, {}]
    shared = covariances(("share", "2026", 1e-4), ("share", "2026", 1e-4))
    found = hold(plan, results(*rows), shared)
    assert found.filter(target="T4").select("period", "verdict").rows() == [("2025", None), ("2026", "not_yet")]
    assert hold(plan, results(*rows[::-1]), shared).equals(found)


def test_two_targets_with_one_id_do_not_multiply(plan: Plan) -> None:
    """The plan refuses them; were it not so, the first would be held, once."""
    share = plan.indicators["share"]
    twice = [share.targets[0], share.targets[0].model_copy(update={"value": 0.9})]
    double = plan.model_copy(update={"indicators": {"share": share.model_copy(update={"targets": twice})}})
    frame = results({}, {"target": "T4", "verdict": "not_yet"}, {"target": "T4", "verdict": "met"})
    found = hold(double, frame, NONE)
    assert (
        found.select("threshold", "verdict").rows() == hold(double, frame.reverse(), NONE).select("threshold", "verdict").rows()
    )
    assert found["threshold"].to_list() == [0.7]


# --- the base --------------------------------------------------------------------------------------------------------------


def test_the_base_is_the_same_category_in_the_year_of_the_base(plan: Plan) -> None:
    parts = {"breakdown": "kind", "category": "parts"}
    frame = results({"period": "2025", "value": 0.6, "se": 0.03}, {}, {**parts, "period": "2025", "value": 0.5}, parts)
    told = hold(plan, frame, covariances(("share", "2026", 2e-4))).filter(target="T4", period="2026")
    by_category = {row["category"]: row for row in told.to_dicts()}
    assert [by_category["total"][name] for name in ("base", "base_se", "covariance")] == [0.6, 0.03, 2e-4]
    assert [by_category["parts"][name] for name in ("base", "base_se", "covariance")] == [0.5, 0.02, 0.0]
    first = only(plan, frame.filter(breakdown="total"), "T4", "2025", covariances(("share", "2026", 2e-4)))
    assert first["covariance"] == pytest.approx(0.03**2), "a number shares all of its error with itself"
    assert (first["since"], first["left"]) == (0, 2)


def test_without_a_number_in_the_base_year_there_is_no_base(plan: Plan) -> None:
    told = only(plan, results({}, {"period": "2024"}), "T4")
    assert [told[name] for name in ("base", "base_se", "covariance", "base_period", "since")] == [None, None, None, "2025", 1]


@pytest.mark.parametrize(
    ("indicator", "target", "begun"), [("grown", "G", "2024"), ("points", "P", "2025"), ("step", "S", "2025")]
)
def test_nothing_has_changed_yet_in_the_base_year(plan: Plan, indicator: str, target: str, begun: str) -> None:
    """A change counts from its own base, whatever else the target says."""
    frame = results(*({"indicator": indicator, "period": period} for period in ("2024", "2025", "2026")))
    told = only(plan, frame, target)
    assert [told[name] for name in ("base", "base_se", "covariance", "base_period")] == [0.0, 0.0, 0.0, begun]
    assert told["since"] == 2026 - int(begun)
    first = begun if target == "S" else str(int(begun) + 1)
    assert hold(plan, frame, NONE).filter(target=target)["period"].min() == first


def test_without_a_base_or_a_date(plan: Plan) -> None:
    told = only(plan, results({"indicator": "undated"}), "U")
    assert [told[name] for name in ("base", "base_period", "since", "left", "target_year")] == [None] * 5
    assert only(plan, results({"period": "2029"}), "T4", "2029")["left"] == 0, "after the target year nothing is left"


# --- errors ----------------------------------------------------------------------------------------------------------------


def test_only_a_full_count_is_exact(plan: Plan) -> None:
    assert only(plan, results({**COUNTED}), "T4")["exact"] is True
    alike = only(plan, results({**COUNTED, "quality": "F"}), "T4")
    assert alike["exact"] is False, "four who all say the same are no full count"
    assert only(plan, results({"se": None, "quality": None}), "T4")["exact"] is False


@pytest.mark.parametrize(
    ("base", "error"),
    [
        ({}, 0.02),
        (COUNTED, 0.0),
        ({"se": 0.0, "value": 1.0, "low": 0.7, "high": 1.0}, 0.3 / (2 * NORMAL)),  # all alike: that of the interval
        ({**COUNTED, "quality": "F"}, None),
        ({"se": None, "low": None, "high": None}, None),
    ],
)
def test_the_error_of_the_base(plan: Plan, base: dict[str, Any], error: float | None) -> None:
    told = only(plan, results({**base, "period": "2025"}, {}), "T4")
    assert told["base_se"] == (None if error is None else pytest.approx(error, rel=1e-12))


def test_of_a_duration_the_covariance_is_not_known(plan: Plan) -> None:
    days = {"indicator": "days", "value": 25.0}
    then = {**days, "period": "2025"}
    assert only(plan, results(days, then), "D")["covariance"] is None
    assert only(plan, results(days, {**then, **COUNTED}), "D")["covariance"] == 0.0
    assert only(plan, results({**days, **COUNTED}, then), "D")["covariance"] == 0.0
    assert only(plan, results({}, {"period": "2025"}), "T4")["covariance"] == 0.0, "of a sample it would have been told"


def test_a_year_that_is_not_over(plan: Plan) -> None:
    frame = results({}, {"period": "2027"}, {"indicator": "level"})
    found = hold(plan, frame, NONE, frozenset({("share", "2027"), ("level", "2025")}))
    assert found.filter(target="T4").select("period", "over").rows() == [("2026", True), ("2027", False)]
    assert found.filter(target="L")["over"].to_list() == [True]


# --- scales ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indicator", "target", "pace", "scenario"),
    [
        ("share", "T4", "linear", "logit"),
        ("level", "L", "log", "log"),
        ("number", "N", "linear", "linear"),
        ("days", "D", "log", "log"),
        ("grown", "G", "index", "index"),
        ("points", "P", "linear", "linear"),
        ("step", "S", "linear", "logit"),
        ("undated", "U", "linear", "linear"),
    ],
)
def test_each_kind_moves_on_its_own_scale(plan: Plan, indicator: str, target: str, pace: str, scenario: str) -> None:
    told = only(plan, results({"indicator": indicator}, {"indicator": indicator, "period": "2025"}), target)
    assert (told["pace_scale"], told["scenario_scale"]) == (pace, scenario)
    assert told["bounded"] is (scenario == "logit")
    assert told["change"] is (indicator in ("grown", "points"))
    assert told["direction"] == (-1 if target == "D" else 1)
    assert told["strict"] is (target not in ("G", "P", "S"))


@pytest.mark.parametrize(("now", "then"), [(-1.0, 2.0), (0.0, 2.0), (2.0, 0.0), (2.0, -1.0)])
def test_nothing_grows_from_zero_at_a_rate(plan: Plan, now: float, then: float) -> None:
    rows = [{"indicator": "level", "value": now}, {"indicator": "level", "value": then, "period": "2025"}]
    assert only(plan, results(*rows), "L")["pace_scale"] == "linear"
    assert only(plan, results({"indicator": "grown", "value": -1.0}), "G")["pace_scale"] == "linear"
    assert only(plan, results({"indicator": "grown", "value": -0.99}), "G")["pace_scale"] == "index"


def test_scales_lead_there_and_back() -> None:
    frame = pl.DataFrame({"scale": ["linear", "log", "index", "logit"] * 3, "v": [0.2] * 4 + [0.5] * 4 + [0.9] * 4})
    scale, value = pl.col("scale"), pl.col("v")
    near = 1e-6
    told = frame.select(
        there=back(scale, forward(scale, value)),
        slope=slope(scale, value),
        steep=(forward(scale, value + near) - forward(scale, value - near)) / (2 * near),
    )
    assert told["there"].to_list() == pytest.approx(frame["v"].to_list(), abs=1e-14)
    assert told["slope"].to_list() == pytest.approx(told["steep"].to_list(), rel=1e-8)


def test_what_is_not_on_a_scale_has_no_place_there() -> None:
    frame = pl.DataFrame({"scale": ["log", "log", "index", "logit", "logit"], "v": [0.0, -1.0, -1.0, 0.0, 1.0]})
    told = frame.select(a=forward(pl.col("scale"), pl.col("v")), b=slope(pl.col("scale"), pl.col("v")))
    assert (told["a"].null_count(), told["b"].null_count()) == (5, 5)
    fits = frame.select(fitting(pl.col("scale"), pl.lit(3.0), pl.col("v"), pl.lit(None, pl.Float64))).to_series()
    assert fits.to_list() == ["linear", "linear", "linear", "logit", "logit"]
