"""The table of assessments: what it holds, on results of rows made by hand, of the reference sample, and of single numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from indicators.catalogue.plan import Plan
from indicators.compute import Computed, compute
from indicators.editions.details import DETAILS
from indicators.estimation.estimate import KEYS
from indicators.targets.assessment import JUDGED, assessments, judged
from indicators.targets.held import HELD, hold
from tests.indicators.heldrows import CHANGE, COUNTED, DAYS, PROBABILITIES, SHARE, held, judge

ANSWERS = {"firm": "identifier", "year": "year", "layer": "identifier", "layer_size": "integer", "kind": "identifier"}
SAMPLED = {"unit": "firm", "stratum": "layer", "population": "layer_size"}


def survey(make_plan: Any, **target: Any) -> Plan:
    """A share of a sample that is to be more than 70 % in 2027, by kind, and its change on 2025."""
    law = {
        "operator": ">",
        "value": 0.7,
        "year": 2027,
        "basis": "level",
        "base_period": "2025",
        "reading": "strict",
        "source": "law",
    }
    columns = {**ANSWERS, "y": "number", "x": "number"}
    table = {"key": ["firm", "year"], "period": "year", "design": SAMPLED, "columns": columns}
    share = {
        "table": "answers",
        "numerator": "y",
        "denominator": "x",
        "unit": "share",
        "targets": [{**law, "id": "T4", **target}],
    }
    change = {**law, "id": "rise", "basis": "change", "operator": ">=", "reading": "inclusive", "value": 0.1}
    return make_plan(  # type: ignore[no-any-return]
        tables={"answers": table},
        indicators={"share": share, "grown": {"change_of": "share", "base_period": "2025", "targets": [change]}},
        breakdowns={"kind": "kind"},
    )


@pytest.fixture
def answered(warehouse: Any) -> Any:
    return lambda plan, frame: compute(plan, warehouse(plan, {"answers": frame}))


def firms(shares: dict[int, float], *, sampled: int = 60, of: int = 240) -> pl.DataFrame:
    """Two strata of firms with 100 processes each, of which about this share is controlled, by turns more and less."""
    rows = [
        (f"{layer}{i}", year, layer, of, "ij"[i % 2], round(100 * share) + (10, -10, 0)[(i + year) % 3 if i % 4 else i % 3], 100)
        for year, share in shares.items()
        for layer in "ab"
        for i in range(sampled)
    ]
    return pl.DataFrame(rows, schema=[*ANSWERS, "y", "x"], orient="row")


def row_of(found: Computed, **keys: str) -> dict[str, Any]:
    wanted = {"breakdown": "total", "category": "total", **keys}
    rows = found.details["assessments"].filter(pl.col(name) == value for name, value in wanted.items())
    assert rows.height == 1
    return rows.row(0, named=True)


# --- from the rows of an edition -------------------------------------------------------------------------------------------


def test_every_published_number_since_the_base_is_assessed_once(make_plan: Any, answered: Any) -> None:
    found = answered(survey(make_plan), firms({2024: 0.5, 2025: 0.6, 2026: 0.64, 2027: 0.7}))
    table = found.details["assessments"]
    assert table.schema == DETAILS["assessments"]
    assert table.group_by(*KEYS, "target").len()["len"].to_list() == [1] * table.height
    share = table.filter(pl.col("indicator") == "share")
    assert set(share.select("period", "category").iter_rows()) == {
        (year, category) for year in ("2025", "2026", "2027") for category in ("total", "i", "j")
    }
    assert set(share.filter("scope").select("breakdown", "category").iter_rows()) == {("total", "total")}
    assert set(table.filter(pl.col("indicator") == "grown")["period"]) == {"2026", "2027"}, "a change begins after its base"
    results = found.results
    values = results.filter(pl.col("period") >= "2025").unique(KEYS).select(*KEYS, "value", "se")
    both = share.join(values, on=KEYS, suffix="_published")
    assert both.height == share.height
    assert both["value"].equals(both["value_published"], check_names=False)
    assert both["se"].equals(both["se_published"], check_names=False)


def test_gap_and_interval_are_those_of_the_results(make_plan: Any, answered: Any) -> None:
    found = answered(survey(make_plan), firms({2025: 0.6, 2026: 0.64, 2027: 0.7}))
    both = found.results.filter(pl.col("target").is_not_null()).join(
        found.details["assessments"], on=[*KEYS, "target"], suffix="_assessed"
    )
    assert both.height == 4, "the results name a target after its base"
    for name in ("gap", "gap_low", "gap_high", "threshold", "outcome"):
        assert both[name].equals(both[f"{name}_assessed"], check_names=False), name
    assert both["gap_low"].null_count() == 0
    assert (both["gap_low"] < both["gap"]).all()
    assert (both["gap"] < both["gap_high"]).all()


def test_the_pace_goes_by_the_covariance_of_the_waves(make_plan: Any, answered: Any) -> None:
    """The same firms in all years: what the errors have in common is worked out from the rows."""
    found = answered(survey(make_plan), firms({2025: 0.6, 2026: 0.64}))
    told = row_of(found, indicator="share", period="2026")
    assert (told["base"], told["value"]) == (pytest.approx(0.6, abs=0.01), pytest.approx(0.64, abs=0.01))
    both = firms({2025: 0.6, 2026: 0.64}).with_columns(u=pl.col("y") - told["value"] * pl.col("x")).partition_by("year", "layer")
    shared = sum(float(np.cov(then["u"], now["u"])[0, 1]) for then, now in zip(both[:2], both[2:], strict=True))
    assert told["covariance"] == pytest.approx(240**2 * (1 / 60 - 1 / 240) * shared / 48000**2, rel=1e-9)
    assert told["pace"] == pytest.approx((told["value"] - told["base"]) / ((0.7 - told["base"]) / 2), rel=1e-9)
    freedom = found.results.filter(indicator="share", period="2026", breakdown="total")["df"][0]
    assert freedom == 118, "120 firms less two strata"
    wanted = judge(SHARE, **{name: told[name] for name in ("value", "se", "base", "base_se", "covariance")}, df=freedom)
    assert [told[name] for name in ("grade", *PROBABILITIES)] == [wanted[name] for name in ("grade", *PROBABILITIES)]
    grown = row_of(found, indicator="grown", period="2026")
    assert (grown["base"], grown["base_se"], grown["covariance"]) == (0.0, 0.0, 0.0)
    assert grown["pace"] == pytest.approx(math.log(told["value"] / told["base"]) / math.log(1.1) * 2, rel=1e-9)


def test_a_category_is_graded_from_its_own_base(make_plan: Any, answered: Any) -> None:
    frame = firms({2025: 0.6, 2026: 0.64}).with_columns(y=pl.col("y") + pl.when(pl.col("kind") == "i").then(1).otherwise(-1))
    found = answered(survey(make_plan), frame)
    for category in ("i", "j"):
        told = row_of(found, indicator="share", period="2026", breakdown="kind", category=category)
        base = row_of(found, indicator="share", period="2025", breakdown="kind", category=category)
        assert told["base"] == base["value"] != row_of(found, indicator="share", period="2025")["value"]
        assert (told["scope"], base["outcome"]) == (False, "base_only")


def test_the_reference_waves_from_rows_to_probabilities(shared_data: Path, make_plan: Any, answered: Any) -> None:
    """0.6001 and 0.6403 of 0.70: pace 0.805, P(ρ ≥ 0.95) = 0.21, P(ρ ≥ 0.60) = 0.87, so the grade is not told alone."""
    frame = pl.read_csv(shared_data / "statistics" / "frame.csv")
    waves = [
        frame.filter(frame[f"in_w{number}"] == 1).select(
            firm="ent_id", year=year, layer="stratum", layer_size="N_h", kind="seg", y=f"kp_nc{year - 2000}", x="kp_total"
        )
        for number, year in ((1, 2025), (2, 2026))
    ]
    found = answered(survey(make_plan), pl.concat(waves))
    told = row_of(found, indicator="share", period="2026")
    assert told["value"] - told["base"] == pytest.approx(0.04019, abs=5e-6)
    assert told["base_se"] == pytest.approx(0.0116160142061606, rel=1e-9)
    independent = math.hypot(told["se"], told["base_se"])
    assert independent == pytest.approx(0.01620, abs=5e-6)
    assert math.sqrt(independent**2 - 2 * told["covariance"]) == pytest.approx(0.01024, abs=5e-6)
    assert told["pace"] == pytest.approx(0.805, abs=5e-4)
    assert told["p_met"] + told["p_on_track"] == pytest.approx(0.21, abs=5e-3)
    assert told["p_met"] + told["p_on_track"] + told["p_acceleration"] == pytest.approx(0.87, abs=5e-3)
    assert (told["grade"], told["other"], told["outcome"]) == ("acceleration", "on_track", "cannot_tell")
    makers = row_of(found, indicator="share", period="2026", breakdown="kind", category="OEM")
    assert (makers["se"], makers["p_met"], makers["outcome"]) == (0.0, 1.0, "met_at_base"), "all makers were asked"


def test_quarters_and_months_have_no_outcome(make_plan: Any, results_of: Any) -> None:
    law = {"operator": ">=", "value": 100.0, "year": 2027, "basis": "count", "base_period": "2025", "reading": "inclusive"}
    columns = {"firm": "identifier", "month": "month", "y": "number"}
    plan = make_plan(
        tables={"lines": {"key": ["firm", "month"], "period": "month", "public": True, "columns": columns}},
        indicators={
            "sum": {
                "table": "lines",
                "numerator": "y",
                "periods": ["year", "quarter", "month"],
                "targets": [{**law, "source": "law"}],
            }
        },
    )
    rows = [("a", f"{year}-{month:02d}-01", 5.0) for year in (2025, 2026) for month in range(1, 13)]
    frame = pl.DataFrame(rows, schema=["firm", "month", "y"], orient="row").with_columns(pl.col("month").str.to_date())
    told = results_of(plan, {"lines": frame}).filter(pl.col("target").is_not_null())
    years = told.filter(pl.col("period").str.len_chars() == 4)
    assert dict(years.select("period", "outcome").iter_rows())["2026"] == "limited"
    assert (told.height, years.height) == (17, 1), "a year, four quarters and twelve months after the base"
    assert told.filter(pl.col("period").str.len_chars() > 4)["outcome"].null_count() == told.height - years.height


# --- the path --------------------------------------------------------------------------------------------------------------


def test_what_is_missing_to_the_path_is_positive_when_behind(make_plan: Any, answered: Any) -> None:
    found = answered(survey(make_plan), firms({2025: 0.6, 2026: 0.64}))
    told = row_of(found, indicator="share", period="2026")
    assert told["path"] == pytest.approx((told["base"] + 0.7) / 2)
    assert told["path_gap"] == pytest.approx(told["path"] - told["value"]) != 0.0
    less = survey(make_plan, operator="<", value=0.5)
    told = row_of(answered(less, firms({2025: 0.6, 2026: 0.64})), indicator="share", period="2026")
    assert told["path"] == pytest.approx((told["base"] + 0.5) / 2)
    assert told["path_gap"] == pytest.approx(told["value"] - told["path"]) != 0.0


# --- single numbers --------------------------------------------------------------------------------------------------------


def test_distance_is_the_share_of_the_way() -> None:
    assert judge(SHARE)["distance"] == pytest.approx(0.4)
    assert judge(SHARE, value=0.55)["distance"] == pytest.approx(-0.5)
    assert judge(SHARE, value=0.75)["distance"] == pytest.approx(1.5)
    assert judge(DAYS)["distance"] == pytest.approx(8 / 20)
    assert judge(CHANGE)["distance"] == pytest.approx(0.5)
    assert judge(SHARE, base=0.7)["distance"] is None, "there was no way to go"
    assert judge(SHARE, base=0.72, value=0.69)["distance"] is None
    assert judge(SHARE, target_year=None, left=None)["distance"] == pytest.approx(0.4), "a way, though no date"


def test_the_interval_of_the_gap_is_turned_with_the_direction() -> None:
    told = judge(SHARE)
    assert [told[name] for name in ("gap_low", "gap", "gap_high")] == pytest.approx([0.04, 0.06, 0.08])
    told = judge(DAYS)
    assert [told[name] for name in ("gap_low", "gap", "gap_high")] == pytest.approx([8.0, 12.0, 16.0])
    told = judge(SHARE, high=0.70)
    assert told["gap_low"] == 0.0
    assert [judge(COUNTED)[name] for name in ("gap_low", "gap_high")] == [None, None]
    assert [judge(SHARE, high=None)[name] for name in ("gap_low", "gap_high")] == [None, None], "an end is not known"


def test_a_number_that_was_never_published_is_judged_alike() -> None:
    """What if: HELD with another value and error, further columns, and types that came from elsewhere."""
    rows = held(SHARE, {**SHARE, "value": 0.75}).with_columns(
        pl.lit(None).alias("verdict"), pl.col("since").cast(pl.Int32), name=pl.Series(["now", "what if"])
    )
    told = judged(rows)
    assert told["name"].to_list() == ["now", "what if"]
    assert told["outcome"].to_list() == [judge(SHARE)["outcome"], "met"]
    assert told.columns == [*rows.columns, *JUDGED]
    with pytest.raises(pl.exceptions.ColumnNotFoundError):
        judged(rows.drop("covariance"))


def test_no_rows_give_no_rows(make_plan: Any) -> None:
    nothing = pl.DataFrame(schema=HELD)
    assert judged(nothing).height == 0
    assert judged(nothing).select(JUDGED).schema == judged(held(SHARE)).select(JUDGED).schema
    assert assessments(survey(make_plan), nothing).equals(pl.DataFrame(schema=DETAILS["assessments"]))


def test_what_is_published_carries_no_digits_of_chance() -> None:
    told = judge(SHARE, value=0.1 + 0.5333333333333333, base=0.1 + 0.2)
    for name in ("gap", "distance", "pace", *PROBABILITIES):
        assert float(f"{told[name]:.13g}") == told[name], name


def test_the_order_of_results_changes_no_bit(make_plan: Any, answered: Any) -> None:
    plan = survey(make_plan)
    found = answered(plan, firms({2025: 0.6, 2026: 0.64, 2027: 0.7}))
    columns = [name for name in found.results.columns if name != "outcome"]
    covariance = pl.DataFrame(
        {
            "indicator": "share",
            "period": "2026",
            "breakdown": ["total", "kind", "kind"],
            "category": ["total", "i", "j"],
            "base_period": "2025",
            "covariance": [1e-4, 2e-4, 3e-4],
        }
    )
    told = [
        assessments(plan, hold(plan, found.results.select(columns).sample(fraction=1, shuffle=True, seed=seed), covariance))
        for seed in range(4)
    ]
    assert all(one.equals(told[0]) for one in told)
    again = hold(plan, pl.concat([found.results, found.results]).select(columns), pl.concat([covariance, covariance]))
    assert assessments(plan, again).equals(told[0]), "the same row twice is the same row"
