"""The invented industry is believable: sizes, sample, overlap, answers, records and the centre they stand on."""

from __future__ import annotations

import json

import polars as pl
import pytest

from sample_data import answers, lists, mistakes, records
from sample_data.generate import ABOUT, SMALL, Population, dictionary, population, tables
from sample_data.industry import YEARS, size_class
from sample_data.sampling import DESIGN
from sample_data.truth import truth


@pytest.fixture(scope="module")
def found() -> Population:
    return population()


@pytest.fixture(scope="module")
def rows(found: Population) -> dict[str, pl.DataFrame]:
    return tables(found, dictionary().codes)


@pytest.mark.parametrize(
    ("employees", "revenue", "size"),
    [
        (1000, 40_000, "large"), (999, 40_000, "medium"), (1000, 39_999.99, "medium"), (5000, 1_999, "small"),
        (300, 2_000, "medium"), (299, 2_000, "small"), (300, 1_999.99, "small"), (20, 300, "small"), (19, 300, "micro"),
        (2000, 299.99, "micro"), (20, 299, "micro"), (19, 90_000, "micro"),
    ],
)  # fmt: skip
def test_size_class_needs_both_criteria(employees: int, revenue: float, size: str) -> None:
    assert pl.DataFrame({"employees": [employees], "revenue": [float(revenue)]}).select(size_class()).item() == size


def test_register_agrees_with_its_own_rules(found: Population) -> None:
    x, y = pl.col("employees"), pl.col("revenue")
    # said the other way round than the generator: how many of the three steps are passed
    steps = sum(((x >= a) & (y >= b)).cast(pl.Int8) for a, b in ((20, 300), (300, 2000), (1000, 40_000)))
    classes = found.frame.select(pl.col("size_class"), steps=steps).unique().sort("steps")  # type: ignore[arg-type]
    assert classes["size_class"].to_list() == ["micro", "small", "medium", "large"]
    assert found.frame.filter(pl.col("above_scale") != (y >= 2000)).is_empty()
    # both criteria bite: some fail large for want of revenue only, or of people only
    assert not found.frame.filter(x >= 1000, y < 40_000).is_empty()
    assert not found.frame.filter(x < 1000, y >= 40_000).is_empty()


def test_population_lives(found: Population) -> None:
    units = {year: set(found.frame.filter(pl.col("year") == year)["enterprise_id"]) for year in YEARS}
    assert len(units[2025]) == 1500
    for before, after in ((2024, 2025), (2025, 2026)):
        assert 0.01 < len(units[before] - units[after]) / len(units[before]) < 0.03
        assert 0.02 < len(units[after] - units[before]) / len(units[after]) < 0.05
    classes = found.frame.group_by("enterprise_id").agg(pl.col("size_class").n_unique())
    assert 10 < (classes["size_class"] > 1).sum() < 150


def test_holdings_own_several_and_the_larger_ones_in_several_provinces(found: Population) -> None:
    groups = found.frame.filter(pl.col("year") == 2025).drop_nulls("holding_group").group_by("holding_group")
    sizes = groups.agg(pl.len(), provinces=pl.col("province").n_unique())
    assert sizes.filter(pl.col("len") >= 2).height >= 20
    assert (sizes.filter(pl.col("len") >= 8)["provinces"] >= 3).all()
    assert sizes["len"].max() >= 8  # type: ignore[operator]


def test_stratum_population_is_the_count_of_the_frame(found: Population) -> None:
    counted = found.frame.group_by("year", "stratum").agg(pl.len(), pl.col("stratum_population").unique())
    assert (counted["stratum_population"].list.len() == 1).all()
    assert (counted["stratum_population"].list.first() == counted["len"]).all()
    asked = found.frame.group_by("year", "stratum").agg(pl.len(), pl.col("sampled", "answered").sum())
    takes_all = asked.filter(pl.col("stratum").str.slice(2, 1).is_in([key for key, value in DESIGN.items() if value[0] == 1]))
    assert (takes_all["sampled"] == takes_all["len"]).all()
    assert (takes_all["answered"] == takes_all["len"]).any(), "some take-all strata are complete"
    assert (takes_all["answered"] < takes_all["len"]).any(), "and some are not"
    assert (asked["answered"] >= 2).all()


def test_waves_overlap_and_some_do_not_answer(found: Population) -> None:
    for mark, low, high in (("sampled", 0.72, 0.88), ("answered", 0.66, 0.82)):
        waves = {year: set(found.frame.filter(pl.col("year") == year, mark)["enterprise_id"]) for year in YEARS}
        for before, after in ((2024, 2025), (2025, 2026)):
            assert low < len(waves[before] & waves[after]) / len(waves[before]) < high
    response = found.frame.filter("sampled").group_by("year").agg(pl.col("answered").mean())["answered"]
    assert response.is_between(0.85, 0.92).all()


@pytest.mark.parametrize("year", YEARS)
def test_population_stands_on_the_published_centre(found: Population, year: int) -> None:
    frame = found.frame.filter(pl.col("year") == year)
    inside = frame.filter(pl.col("key_processes") > 0)
    assert frame["uses_rd_design_tools"].mean() == pytest.approx(answers.TOOL_RATE[year], abs=1 / frame.height)
    assert (inside["nc_key_processes"] / inside["key_processes"]).mean() == pytest.approx(answers.NC_RATE[year], abs=0.001)
    assert (answers.TOOL_RATE[2025], answers.NC_RATE[2025]) == (0.835, 0.662)


@pytest.mark.parametrize("year", YEARS)
def test_weighted_answers_come_near_to_the_truth(found: Population, rows: dict[str, pl.DataFrame], year: int) -> None:
    design = found.frame.select("enterprise_id", "year", "stratum", "stratum_population")
    wave = rows["survey"].filter(pl.col("year") == year).join(design, on=["enterprise_id", "year"])
    tools = wave.drop_nulls("uses_rd_design_tools")
    weight = tools.select(pl.col("stratum_population") / pl.len().over("stratum")).to_series()
    assert float((weight * tools["uses_rd_design_tools"]).sum() / weight.sum()) == pytest.approx(
        answers.TOOL_RATE[year], abs=0.03
    )


def test_tools_grow_with_size_and_some_items_are_blank(found: Population, rows: dict[str, pl.DataFrame]) -> None:
    by_size = dict(found.frame.group_by("size_class").agg(pl.col("uses_rd_design_tools").mean()).iter_rows())
    assert by_size["large"] > by_size["medium"] > by_size["small"] > by_size["micro"]
    survey = rows["survey"]
    for name in ("uses_rd_design_tools", "key_processes", "nc_key_processes"):
        assert 0 < survey[name].null_count() < 0.04 * survey.height
    assert survey.filter(pl.col("nc_key_processes") > pl.col("key_processes")).is_empty()
    assert not survey.filter(pl.col("key_processes") == 0).is_empty()


def test_production_ends_in_its_last_month_and_grows(found: Population, rows: dict[str, pl.DataFrame]) -> None:
    production = rows["production"]
    assert str(production["month"].min()) == "2024-01-01"
    assert str(production["month"].max()) == "2026-09-01"
    # but for the values that are a thousandfold too large on purpose
    assert 0 < production.filter(pl.col("value_added") > pl.col("output_value")).height <= mistakes.THOUSANDFOLD
    last, before = (production.filter(pl.col("month") == pl.date(2026, month, 1)).height for month in (9, 8))
    assert 0.93 * before < last < before, "a few are late"
    level = truth(found.industry, found.frame).filter(pl.col("scope") == "all")
    nine = level.filter(pl.col("value") == "productivity_january_to_september").sort("year")["truth"].to_list()
    assert 1.04 < nine[1] / nine[0] < 1.06
    assert 1.04 < nine[2] / nine[1] < 1.06


def test_prices_are_one_in_2025_and_fall(rows: dict[str, pl.DataFrame]) -> None:
    index = lists.output_prices().pivot(on="year", index="segment", values="output_price")
    assert (index["2025"] == 1).all()
    assert (index["2024"] > 1).all()
    assert (index["2026"] < 1).all()
    vehicles = index.filter(pl.col("segment").is_in(["3611", "3612"]))["2026"].max()
    assert vehicles < index.filter(pl.col("segment") == "3670")["2026"].item()  # type: ignore[operator]
    # the published indices, of two decimals, give the prices that the values were made with
    for segment, prices in lists.PRICES.items():
        assert index.filter(pl.col("segment") == segment).row(0)[1:] == pytest.approx(prices, abs=6e-5)


def test_indices_are_on_the_previous_year_and_inputs_fall_faster_than_output(rows: dict[str, pl.DataFrame]) -> None:
    table = rows["price_index"]
    assert set(table["industry"]) == {"36", *lists.PRICES}
    assert table.group_by("industry").len()["len"].unique().to_list() == [2]
    for name in ("output_ppi", "input_ppi"):
        assert table[name].is_between(90, 101).all()
        assert (table[name].round(2) == table[name]).all()
        division = table.filter(pl.col("industry") == "36")
        for year, ppi in division.select("year", name).iter_rows():
            inside = table.filter(pl.col("industry") != "36", pl.col("year") == year)[name]
            assert inside.min() < ppi < inside.max()  # type: ignore[operator]
    assert (table["input_ppi"] < table["output_ppi"]).all()


@pytest.mark.parametrize(
    ("table", "start", "end", "stop"),
    [("rd_projects", "approved_on", "released_on", "abandoned_on"), ("orders", "accepted_on", "delivered_on", "cancelled_on")],
)
def test_open_and_stopped_cases_are_there(rows: dict[str, pl.DataFrame], table: str, start: str, end: str, stop: str) -> None:
    frame = rows[table]
    unfinished = frame.filter(pl.col(end).is_null(), pl.col(stop).is_null())
    assert unfinished.height > 20
    assert 0.01 < 1 - frame[stop].null_count() / frame.height < 0.10
    for name in (end, stop):
        assert frame.filter(pl.col(name) < pl.col(start)).is_empty()
        assert frame.filter(pl.col(name) > pl.col("as_of")).is_empty()
    assert frame.filter(pl.col(end).is_not_null(), pl.col(stop).is_not_null()).is_empty()
    assert frame["as_of"].unique().cast(pl.String).to_list() == ["2026-09-30"]


def test_work_gets_faster(rows: dict[str, pl.DataFrame]) -> None:
    orders = rows["orders"].with_columns(days=(pl.col("delivered_on") - pl.col("accepted_on")).dt.total_days())
    early = orders.filter(pl.col("accepted_on").dt.year() == 2024)["days"].median()
    late = orders.filter(pl.col("accepted_on").is_between(pl.date(2025, 9, 1), pl.date(2026, 5, 31)))["days"].median()
    assert 0.80 < late / early < 0.97  # type: ignore[operator]
    assert set(records.DELIVERY_DAYS) == set(records.CYCLE_YEARS) == set(lists.PRICES)


def test_every_stratum_has_reporters(found: Population, rows: dict[str, pl.DataFrame]) -> None:
    strata = found.frame.filter(pl.col("year") == 2025).group_by("stratum").len()
    for table in ("survey", "rd_projects", "orders"):
        frame = found.frame.filter(pl.col("year") == 2025, pl.col("enterprise_id").is_in(rows[table]["enterprise_id"].implode()))
        assert set(frame["stratum"]) == set(strata["stratum"]), table


def test_benchmark_vehicle_makers_are_all_assessed_and_part_of_them_rise(
    found: Population, rows: dict[str, pl.DataFrame]
) -> None:
    everyone = rows["assessments"].filter(pl.col("standard") == "gbt_39116")
    bounds = answers.MATURITY.bounds
    assert (everyone["level"] == sum((everyone["score"] >= bound).cast(pl.Int64) for bound in bounds)).all()
    assert everyone["score"].is_between(0, 5).all()
    makers = found.frame.filter("benchmark_oem").select("enterprise_id").unique()
    maturity = everyone.join(makers, on="enterprise_id", how="semi", maintain_order="left")
    assert maturity.group_by("year").len()["len"].to_list() == [36, 36, 36]
    assert maturity.filter(pl.col("method") == "self")["year"].to_list() == [2026]
    panel = maturity.filter(pl.col("method") == "on_site", pl.col("year") >= 2025)
    panel = panel.pivot(on="year", index="enterprise_id", values="level").drop_nulls()
    assert panel.height == 35
    eligible = panel.filter(pl.col("2025") < 5)
    assert eligible.height == 34
    assert 0.3 < (eligible["2026"] > eligible["2025"]).mean() < 0.6  # type: ignore[operator]
    assert (panel["2026"] >= panel["2025"]).all()


def test_more_volunteers_every_year_hide_that_each_of_them_rises(found: Population, rows: dict[str, pl.DataFrame]) -> None:
    makers = found.frame.filter("benchmark_oem").select("enterprise_id").unique()
    chosen = rows["assessments"].filter(pl.col("standard") == "gbt_39116", pl.col("method") == "self")
    chosen = chosen.join(makers, on="enterprise_id", how="anti")
    counts = dict(chosen.group_by("year").len().iter_rows())
    assert counts[2024] < counts[2025] < counts[2026]
    high = dict(chosen.group_by("year").agg((pl.col("level") >= 4).mean()).iter_rows())
    assert high[2024] < high[2025] > high[2026], "the share at level 4 goes up and down with those who join"
    both = chosen.pivot(on="year", index="enterprise_id", values="score").drop_nulls(["2025", "2026"])
    assert both.height > 0.9 * counts[2025], "who took part goes on"
    assert (both["2026"] >= both["2025"]).mean() > 0.9  # type: ignore[operator]
    assert (both["2026"] >= 3.8).mean() > (both["2025"] >= 3.8).mean()  # type: ignore[operator]


def test_small_parts_makers_have_levels_of_the_2024_edition(found: Population, rows: dict[str, pl.DataFrame]) -> None:
    level = rows["assessments"].filter(pl.col("standard") == "miit_sme")
    assert level["edition"].unique().to_list() == ["2024"]
    assert (level["level"] == (level["score"] // 20).clip(0, 4).cast(pl.Int64)).all()
    assert level.filter(pl.col("assessed_on") < pl.date(2024, 9, 4)).is_empty()
    firms = level.join(found.frame, on=["enterprise_id", "year"])
    assert set(firms["segment_group"]) == {"parts"}
    assert "large" not in set(firms["size_class"])


def test_declarations_rise_and_two_are_missing(found: Population, rows: dict[str, pl.DataFrame]) -> None:
    declared = rows["declarations"]
    asked = found.frame.filter("answered", "above_scale", pl.col("year") >= 2025).select("enterprise_id", "year")
    missing = asked.join(declared, on=["enterprise_id", "year"], how="anti")
    assert missing["year"].to_list() == [2026, 2026]
    assert declared.join(asked, on=["enterprise_id", "year"], how="anti").is_empty()
    for name in answers.DECLARED:
        rate = dict(declared.group_by("year").agg(pl.col(name).mean()).iter_rows())
        assert rate[2025] + 0.05 < rate[2026] < 0.95


def test_providers_are_12_15_18(rows: dict[str, pl.DataFrame]) -> None:
    assert rows["providers"].group_by("year", maintain_order=True).len()["len"].to_list() == [12, 15, 18]
    assert rows["providers"].filter(pl.col("listed_on").dt.year() > pl.col("year")).is_empty()


def test_recorded_truth_is_that_of_the_population(found: Population) -> None:
    recorded = json.loads((SMALL / ABOUT).read_text(encoding="utf-8"))["truth"]
    values = {(value, year, scope): number for value, year, scope, number in recorded}
    frame = found.frame.filter(pl.col("year") == 2026, "above_scale")
    assert values["tiered_protection", 2026, "above_scale"] == pytest.approx(frame["tiered_protection"].mean(), abs=1e-6)
    assert values["uses_rd_design_tools", 2025, "all"] == pytest.approx(0.835, abs=0.001)
    pooled = found.frame.filter(pl.col("year") == 2025)
    assert values["nc_rate_pooled", 2025, "all"] == pytest.approx(
        pooled["nc_key_processes"].sum() / pooled["key_processes"].sum(), abs=1e-6
    )
