"""Real inputs nobody here wrote, from the file to the sealed edition, through plan folders of their own."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from indicators.catalogue.catalogue import load_plan
from indicators.catalogue.plan import Plan
from indicators.compute import compute
from indicators.editions.edition import Edition, open_edition
from indicators.publish import NothingLoaded, publish
from pipelines.load import load
from pipelines.warehouse import open_warehouse

PLANS = Path(__file__).parents[1] / "plans"


def published(plan_name: str, file: Path, store: Path) -> tuple[Edition, Plan]:
    plan = load_plan(PLANS / plan_name)
    (report,) = load([file], store=store, dictionary=plan.dictionary)
    assert report.refused is None
    assert report.accepted + report.set_aside == report.read
    assert report.set_aside == 0, report.rejected
    return publish(store=store, plan=plan, plan_folder=PLANS / plan_name), plan


# --- 6,909 enterprises in 664 strata ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sbs(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    edition, plan = published("sbs", shared_data / "enterprise_survey_sbs" / "sbs.csv", tmp_path_factory.mktemp("sbs"))
    yield edition, plan
    edition.close()


def sbs_rows(edition: Edition) -> pl.DataFrame:
    return edition.query("SELECT * FROM results WHERE indicator = 'value_added_per_employee'")


def test_value_added_per_employee_overall(sbs: tuple[Edition, Plan]) -> None:
    row = sbs_rows(sbs[0]).row(by_predicate=pl.col("breakdown") == "total", named=True)
    assert row["value"] == pytest.approx(57.141990, abs=5e-7)
    assert row["se"] == pytest.approx(1.018897, abs=5e-7)
    assert row["n"] == 6909
    assert row["status"] == "published"
    assert row["low"] == pytest.approx(row["value"] - 1.9605 * row["se"], rel=1e-4)


def test_value_added_per_employee_in_motor_vehicles(sbs: tuple[Edition, Plan]) -> None:
    row = sbs_rows(sbs[0]).row(by_predicate=(pl.col("breakdown") == "nace2") & (pl.col("category") == "34"), named=True)
    assert row["value"] == pytest.approx(63.356430, abs=5e-7)
    assert row["se"] == pytest.approx(2.000329, abs=5e-7)


def test_census_cells_have_no_error_and_no_interval(sbs: tuple[Edition, Plan]) -> None:
    rows = sbs_rows(sbs[0])
    census = rows.filter(pl.col("quality") == "census")
    assert census.height > 20
    assert set(census["se"]) == {0.0}
    assert census["low"].null_count() == census["high"].null_count() == census.height
    assert census["value"].null_count() == 0
    # every enterprise above 99 was asked; of the other classes only some strata were
    assert set(census.filter(pl.col("breakdown") == "size")["category"]) == {"(99,Inf]"}
    sampled = rows.filter(pl.col("quality") != "census", pl.col("se") > 0)
    assert sampled["low"].null_count() == 0


def test_the_truth_of_the_frame_lies_where_the_error_says(sbs: tuple[Edition, Plan], shared_data: Path) -> None:
    frame = pl.read_csv(shared_data / "enterprise_survey_sbs" / "sbs_frame.csv", infer_schema_length=None, null_values="NA")
    truth = frame.group_by(category=pl.col("nace2").cast(pl.String)).agg(truth=pl.col("va.imp2").sum() / pl.col("emp.num").sum())
    rows = sbs_rows(sbs[0]).filter(pl.col("breakdown") == "nace2", pl.col("se") > 0).join(truth, on="category")
    assert rows.height > 30
    inside = ((rows["low"] <= rows["truth"]) & (rows["truth"] <= rows["high"])).mean()
    assert 0.80 <= inside <= 1.0
    overall = frame["va.imp2"].sum() / frame["emp.num"].sum()
    total = sbs_rows(sbs[0]).row(by_predicate=pl.col("breakdown") == "total", named=True)
    assert abs(total["value"] - overall) < 3 * total["se"]
    census = sbs_rows(sbs[0]).filter(pl.col("quality") == "census", pl.col("breakdown") == "nace2").join(truth, on="category")
    assert census["value"].to_list() == pytest.approx(census["truth"].to_list(), rel=1e-12)


def test_every_cell_of_the_crossing_by_a_second_road(sbs: tuple[Edition, Plan], shared_data: Path) -> None:
    """Residuals of every sampled enterprise, zero outside the cell, in plain Polars."""
    frame = pl.read_csv(shared_data / "enterprise_survey_sbs" / "sbs.csv", infer_schema_length=None, null_values="NA")
    frame = frame.select(
        "strata", "fpc", "weight", y="va.imp2", x="emp.num", cell=pl.concat_str(pl.col("nace2"), pl.lit(","), "emp.cl")
    )
    rows = sbs_rows(sbs[0]).filter(pl.col("breakdown") == "nace2,size", pl.col("status") != "suppressed")
    assert rows.height > 200
    for row in rows.iter_rows(named=True):
        inside = pl.col("cell") == row["category"]
        y, x = (pl.when(inside).then(pl.col(name)).otherwise(0.0) for name in "yx")
        part = frame.with_columns(y=y * pl.col("weight"), x=x * pl.col("weight"))
        ratio = part["y"].sum() / part["x"].sum()
        u = part.with_columns(u=(pl.col("y") - ratio * pl.col("x")) / part["x"].sum())
        spread = (pl.col("u") - pl.col("u").mean()).pow(2).sum() * pl.len() / (pl.len() - 1)
        strata = u.group_by("strata").agg(
            v=pl.when(pl.col("fpc").first() < 1).then((1 - pl.col("fpc").first()) * spread).otherwise(0.0)
        )
        assert row["value"] == pytest.approx(ratio, rel=1e-12)
        error = math.sqrt(strata["v"].sum())
        # of three or four enterprises the spread would tell one of them of the others
        assert row["se"] == (None if row["n"] < 5 and error > 1e-10 else pytest.approx(error, rel=1e-8, abs=1e-10))


def test_few_enterprises_are_hidden_in_the_edition(sbs: tuple[Edition, Plan], shared_data: Path) -> None:
    frame = pl.read_csv(shared_data / "enterprise_survey_sbs" / "sbs.csv", infer_schema_length=None, null_values="NA")
    count = frame.group_by(category=pl.concat_str(pl.col("nace2"), pl.lit(","), "emp.cl")).len()
    rows = sbs_rows(sbs[0]).filter(pl.col("breakdown") == "nace2,size").join(count, on="category", how="left")
    hidden = rows.filter(pl.col("status") == "suppressed")
    few = hidden.filter(pl.col("len") < 3).height
    assert 0 < few < hidden.height < 0.5 * rows.height, "others are withheld with them, so that they do not follow"
    assert (rows.filter(pl.col("status") != "suppressed")["len"] >= 3).all()


def test_the_edition_says_where_it_comes_from(sbs: tuple[Edition, Plan]) -> None:
    edition, _ = sbs
    coverage = edition.query("SELECT * FROM coverage").row(0, named=True)
    assert (coverage["table_id"], coverage["rows"], coverage["units"]) == ("sbs", 6909, 6909)
    assert "SUM(" in edition.query("SELECT sql FROM statements").item().upper()
    provenance = edition.manifest["provenance"]
    assert len(provenance["inputs"]) == 1
    assert len(provenance["plan_sha256"]) == 64
    assert provenance["versions"]["duckdb"].startswith("2.")
    assert open_edition(edition.folder.parent).sha256 == edition.sha256


# --- labour productivity of 27 years ------------------------------------------------------------------------------------------

YEARS = [str(year) for year in range(1997, 2024)]


@pytest.fixture(scope="module")
def vehicles(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    file = shared_data / "us_motor_vehicles" / "bea_bls_motor_vehicles_1997_2023.csv"
    edition, plan = published("us_motor_vehicles", file, tmp_path_factory.mktemp("vehicles"))
    reference = dict(pl.read_csv(file).select(pl.col("year").cast(pl.String), "published_labor_productivity_2017").rows())
    yield edition, plan, reference
    edition.close()


def test_published_productivity_of_every_year(vehicles: tuple[Edition, Plan, dict[str, float]]) -> None:
    edition, _, reference = vehicles
    rows = edition.query("SELECT period, value, se, low, status FROM results WHERE indicator = 'labour_productivity'")
    assert sorted(rows["period"]) == YEARS
    for row in rows.iter_rows(named=True):
        assert row["value"] == pytest.approx(reference[row["period"]], abs=0.0011)
        assert (row["se"], row["low"], row["status"]) == (0.0, None, "published"), (
            "a public series of one row a year is not hidden"
        )


def test_the_change_between_any_two_years(vehicles: tuple[Edition, Plan, dict[str, float]]) -> None:
    edition, plan, reference = vehicles
    checked = 0
    with open_warehouse(edition.folder.parents[1], plan.dictionary) as warehouse:
        for base in YEARS:
            change = plan.indicators["labour_productivity_change"].model_copy(update={"base_period": base})
            based = plan.model_copy(update={"indicators": {**plan.indicators, change.id: change}})
            results = compute(based, warehouse).results.filter(pl.col("indicator") == change.id)
            assert sorted(results["period"]) == [year for year in YEARS if year != base]
            for row in results.iter_rows(named=True):
                wanted = reference[row["period"]] / reference[base]
                # both published ends are rounded: each may be off by 0.0011
                room = 0.0011 / reference[base] * (1 + wanted)
                assert 1 + row["value"] == pytest.approx(wanted, abs=room)
                assert row["se"] == 0.0
                checked += 1
    assert checked == 27 * 26


def test_rebased_to_2010(vehicles: tuple[Edition, Plan, dict[str, float]]) -> None:
    """93.9257 in 2023 and 55.5226 in 1997 with 2010 = 100."""
    edition, plan, _ = vehicles
    change = plan.indicators["labour_productivity_change"].model_copy(update={"base_period": "2010"})
    based = plan.model_copy(update={"indicators": {**plan.indicators, change.id: change}})
    with open_warehouse(edition.folder.parents[1], plan.dictionary) as warehouse:
        results = compute(based, warehouse).results.filter(pl.col("indicator") == change.id)
    found = dict(results.select("period", 100 * (1 + pl.col("value"))).rows())
    assert found["2023"] == pytest.approx(93.9257, abs=0.0015)
    assert found["1997"] == pytest.approx(55.5226, abs=0.0015)


# --- publishing -----------------------------------------------------------------------------------------------------------------


def test_nothing_loaded_is_said_plainly(tmp_path: Path) -> None:
    plan = load_plan(PLANS / "sbs")
    with pytest.raises(NothingLoaded, match="planwatch load"):
        publish(store=tmp_path, plan=plan, plan_folder=PLANS / "sbs")


def test_loading_and_publishing_again_gives_the_same_numbers(
    vehicles: tuple[Edition, Plan, dict[str, float]], shared_data: Path
) -> None:
    edition, plan, _ = vehicles
    store = edition.folder.parents[1]
    (report,) = load(
        [shared_data / "us_motor_vehicles" / "bea_bls_motor_vehicles_1997_2023.csv"], store=store, dictionary=plan.dictionary
    )
    assert report.unchanged
    again = publish(store=store, plan=plan, plan_folder=PLANS / "us_motor_vehicles")
    query = "SELECT * FROM results ORDER BY ALL"
    assert int(again.id) == int(edition.id) + 1
    assert again.query(query).equals(edition.query(query))
    again.close()
