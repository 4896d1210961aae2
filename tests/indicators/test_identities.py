"""What must hold of any sample: domains add up, a census is certain, a sample twice over says twice as much, order is nothing."""

from __future__ import annotations

import math
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indicators.catalogue.plan import Plan
from indicators.compute import Computed, compute
from pipelines.database import Database
from pipelines.dictionary import SQL_TYPES

COLUMNS = {
    **dict.fromkeys(("firm", "layer", "dom"), "identifier"),
    "year": "year",
    "layer_size": "integer",
    **dict.fromkeys(("y", "x"), "number"),
}
PROFILE = settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])

unit = st.tuples(st.sampled_from("ijk"), st.integers(-40, 400), st.integers(1, 60), st.integers(1, 300))
layer = st.tuples(st.lists(unit, min_size=2, max_size=6), st.integers(0, 8))
layers = st.lists(layer, min_size=1, max_size=4)


def waves(drawn: list[tuple[list[tuple[str, int, int, int]], int]]) -> pl.DataFrame:
    """Two years of the same units; of every stratum at least two answered."""
    rows = [
        (f"f{h}-{i}", f"s{h}", dom, year, len(units) + surplus, (y if year == 2025 else later) / 8, x / 8)
        for h, (units, surplus) in enumerate(drawn)
        for i, (dom, y, x, later) in enumerate(units)
        for year in (2025, 2027)
    ]
    return pl.DataFrame(rows, schema=["firm", "layer", "dom", "year", "layer_size", "y", "x"], orient="row")


@pytest.fixture(scope="module")
def plan(make_plan: Any) -> Plan:
    design = {"unit": "firm", "stratum": "layer", "population": "layer_size"}
    table = {"key": ["firm", "year"], "period": "year", "design": design, "columns": COLUMNS}
    return make_plan(
        tables={"answers": table},
        indicators={
            "total": {"table": "answers", "numerator": "y"},
            "base": {"table": "answers", "numerator": "x"},
            "ratio": {"table": "answers", "numerator": "y", "denominator": "x"},
            "share": {"table": "answers", "numerator": "CASE WHEN y > 10 THEN 1 ELSE 0 END", "denominator": 1, "unit": "share"},
            "rise": {"change_of": "ratio", "base_period": "2025", "change_as": "difference"},
        },
        breakdowns={"dom": "dom"},
    )


def computed(plan: Plan, frame: pl.DataFrame) -> Computed:
    with Database() as database:
        types = ", ".join(
            f'"{name}" {SQL_TYPES[column.type]}' for name, column in plan.dictionary.tables["answers"].columns.items()
        )
        database.execute(f"CREATE TABLE answers ({types})")
        database.insert("filled", frame.select(list(COLUMNS)))
        database.execute("INSERT INTO answers SELECT * FROM filled")
        return compute(plan, database)


def figures(found: pl.DataFrame, indicator: str, year: str, breakdown: str = "total") -> dict[str, dict[str, Any]]:
    rows = found.filter(pl.col("indicator") == indicator, pl.col("period") == year, pl.col("breakdown") == breakdown)
    return {row["category"]: row for row in rows.to_dicts()}


@PROFILE
@given(drawn=layers)
def test_domains_add_up(drawn: Any, plan: Plan) -> None:
    """Totals of the categories are the total, and so are their linearised variables: V = Σ V_D + 2 Σ C(D, D')."""
    found = computed(plan, waves(drawn))
    for year in ("2025", "2027"):
        for indicator in ("total", "base"):
            whole, parts = (figures(found.results, indicator, year, split) for split in ("total", "dom"))
            size = sum(abs(part["value"]) for part in parts.values()) + 1
            assert sum(part["value"] for part in parts.values()) == pytest.approx(whole["total"]["value"], abs=1e-11 * size)
            variance = sum(part["se"] ** 2 for part in parts.values())
            for row in found.details["comparisons"].filter(indicator=indicator, period=year).to_dicts():
                one, other = parts[row["category"]], parts[row["other"]]
                variance += one["se"] ** 2 + other["se"] ** 2 - row["se"] ** 2
            assert variance == pytest.approx(whole["total"]["se"] ** 2, rel=1e-8, abs=1e-9 * size**2)
        weights, ratios = figures(found.results, "base", year, "dom"), figures(found.results, "ratio", year, "dom")
        mean = sum(weights[dom]["value"] * ratios[dom]["value"] for dom in ratios) / sum(row["value"] for row in weights.values())
        assert mean == pytest.approx(figures(found.results, "ratio", year)["total"]["value"], rel=1e-10, abs=1e-10)


@PROFILE
@given(drawn=layers)
def test_a_census_is_certain(drawn: Any, plan: Plan) -> None:
    found = computed(plan, waves([(units, 0) for units, _ in drawn]))
    known = found.results.filter(pl.col("value").is_not_null())
    assert set(known["se"]) == {0.0}
    assert known["low"].null_count() == known["high"].null_count() == known["df"].null_count() == known.height
    assert set(known["quality"]) == {"census"}
    rises = known.filter(indicator="rise")
    assert (rises["significant"] == (rises["value"] != 0)).all()
    compared = found.details["comparisons"]
    assert set(compared["se"]) <= {0.0}
    assert compared["low"].null_count() == compared.height
    assert (compared["significant"] == (compared["difference"] != 0)).all()


@PROFILE
@given(drawn=layers, size=st.integers(2, 5))
def test_a_sample_twice_over_halves_the_variance_but_for_its_degrees(drawn: Any, size: int, plan: Plan) -> None:
    """Every unit stands twice, as two units of a population twice as large: f stays, Σ(u − ū)² of a ratio halves, and n/(n − 1)
    becomes 2n/(2n − 1). With n answers in every stratum the variance is exactly (n − 1)/(2n − 1) of what it was, a little less
    than half; that of a total, which doubles, is four times that."""
    once = waves([((units * 3)[:size], surplus) for units, surplus in drawn])
    twins = once.with_columns(pl.col("firm") + "-twin")
    twice = pl.concat([once, twins]).with_columns(pl.col("layer_size") * 2)
    one, two = (computed(plan, frame).results for frame in (once, twice))
    factor = (size - 1) / (2 * size - 1)
    assert factor < 0.5
    for year in ("2025", "2027"):
        for indicator, times in (("ratio", 1), ("share", 1), ("total", 2)):
            before, after = (figures(found, indicator, year)["total"] for found in (one, two))
            assert after["value"] == pytest.approx(times * before["value"], rel=1e-11, abs=1e-11)
            assert after["n"] == 2 * before["n"]
            assert after["se"] == pytest.approx(times * math.sqrt(factor) * before["se"], rel=1e-7, abs=1e-7)
    before, after = (figures(found, "rise", "2027")["total"] for found in (one, two))
    assert after["se"] == pytest.approx(math.sqrt(factor) * before["se"], rel=1e-6, abs=1e-7)


@PROFILE
@given(drawn=layers, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_is_nothing(drawn: Any, order: Any, plan: Plan) -> None:
    frame = waves(drawn)
    places = list(range(frame.height))
    order.shuffle(places)
    one, two = computed(plan, frame), computed(plan, frame[places])
    assert one.results.equals(two.results), "to the last bit"
    for name, table in one.details.items():
        assert table.equals(two.details[name]), name
