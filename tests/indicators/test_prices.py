"""Price chains: against exact products, published results, and what must happen where an index is missing."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.catalogue.plan import Plan
from indicators.catalogue.prices import chain_statement
from indicators.compute import Computed, compute
from pipelines.database import Database
from pipelines.dictionary import Dictionary

WORDS = {"zh": "词", "en": "word"}
SERIES = {"36": "Division", "a": "Cars", "b": "Trams", "c": "Bodies"}


def table(base: int, *, fallback: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {
        "key": ["industry", "year"],
        "period": "year",
        "public": True,
        "chains": {
            "price": {
                "name": {"zh": "价格", "en": "Price"},
                "of": "ppi",
                "base": base,
                "by": ["industry"],
                "fallback": dict(fallback or {}),
            }
        },
        "columns": {"industry": {"type": "code", "codes": "industry"}, "year": "year", "ppi": "number"},
    }


def dictionary(base: int, **more: Any) -> Dictionary:
    spec = table(base, **more)
    kinds = {name: {"type": kind} if isinstance(kind, str) else kind for name, kind in spec["columns"].items()}
    columns = {name: {"name": WORDS, "tier": "general", **kind} for name, kind in kinds.items()}
    codes = {"industry": {"id": "industry", "name": WORDS, "codes": {code: {"name": WORDS} for code in SERIES}}}
    tables = {"prices": {"id": "prices", "name": WORDS, **spec, "columns": columns}}
    return Dictionary.model_validate({"tables": tables, "codes": codes})


Rows = Iterable[tuple[str, int, float | None]]


def chained(rows: Rows, base: int, **more: Any) -> dict[tuple[str, int], float | None]:
    """The chain of every series and year, by the statement that a source is joined with."""
    found = dictionary(base, **more)
    with Database() as database:
        schema = {"industry": pl.String, "year": pl.Int32, "ppi": pl.Float64}
        database.insert("prices", pl.DataFrame(list(rows), schema=schema, orient="row"))
        answer = database.query(chain_statement(found, found.tables["prices"], "price"))
    assert answer.select("industry", "year").is_duplicated().sum() == 0, "a row would be counted twice"
    return {(industry, year): price for industry, year, price in answer.iter_rows()}


def exact(indices: Mapping[int, float | None], base: int, year: int) -> float | None:
    """The product of indices one by one, in fractions: the definition."""
    product = Fraction(1)
    for step in range(min(base, year) + 1, max(base, year) + 1):
        index = indices.get(step)
        if index is None or index <= 0:
            return None
        product *= Fraction(index) / 100
    return float(product if year >= base else 1 / product)


def test_the_published_chain(shared_data: Path) -> None:
    known = json.loads((shared_data / "statistics" / "ref_j_productivity.json").read_text(encoding="utf-8"))["ppi_chain"]
    found = chained([("a", int(year), ppi) for year, ppi in known["prev_year_100"].items()], 2025)
    for year, index in known["index_2025_100"].items():
        assert found["a", int(year)] == pytest.approx(index / 100, rel=1e-12)


@settings(max_examples=60, deadline=None)
@given(
    indices=st.dictionaries(
        st.integers(2015, 2035), st.none() | st.sampled_from([0.0, -98.0]) | st.floats(60.0, 160.0), min_size=1, max_size=20
    ),
    base=st.integers(2018, 2030),
)
def test_every_year_is_the_product_of_the_indices_between(indices: dict[int, float | None], base: int) -> None:
    found = chained([("a", year, index) for year, index in indices.items()], base)
    assert found["a", base] == 1.0
    for year in {*indices, *(year - 1 for year in indices), base}:
        wanted = exact(indices, base, year)
        price = found["a", year]
        assert (price is None) == (wanted is None), (year, price, wanted)
        if price is not None and wanted is not None:
            assert math.isclose(price, wanted, rel_tol=1e-12)


def test_forty_years_of_published_indices_give_the_published_fixed_base_series(shared_data: Path) -> None:
    """The office publishes both, on the previous year and on a fixed year = 100 with one decimal; they agree to 0.12 %."""
    published = pl.read_csv(shared_data / "china_nbs" / "check_price_index_chaining.csv").sort("index", "year")
    for (name, base), rows in published.group_by("index", "base_year", maintain_order=True):
        yearly = rows.select("year", 100 * pl.col("chained") / pl.col("chained").shift(1).fill_null(100.0))
        found = chained([("a", *row) for row in yearly.iter_rows()], int(str(base)))
        for year, level, product in rows.select("year", "published", "chained").iter_rows():
            price = found["a", year]
            assert price is not None
            assert 100 * price == pytest.approx(product, rel=1e-12)
            assert 100 * price == pytest.approx(level, rel=1.2e-3), (name, year)


def test_ten_years_back_are_the_reciprocal_of_ten_years_on(shared_data: Path) -> None:
    rows = pl.read_csv(shared_data / "china_nbs" / "check_price_index_chaining.csv").sort("year")
    rows = rows.filter(pl.col("index") == "工业生产者出厂价格指数")
    level = dict(rows.select("year", "published").iter_rows())
    yearly = rows.select("year", 100 * pl.col("chained") / pl.col("chained").shift(1)).drop_nulls()
    indices = [("a", *row) for row in yearly.iter_rows()]
    for base in (1990, 1995, 2000):
        on, back = chained(indices, base)["a", base + 10], chained(indices, base + 10)["a", base]
        assert on is not None
        assert back is not None
        assert on * back == pytest.approx(1.0, rel=1e-14)
        assert on == pytest.approx(math.prod(ppi / 100 for _, year, ppi in indices if base < year <= base + 10), rel=1e-12)
        assert on == pytest.approx(level[base + 10] / level[base], rel=2e-3), "of the published series with another base"


def test_the_order_of_rows_changes_no_bit() -> None:
    rows = [("a", year, 97.3 + year % 7) for year in range(2000, 2031)]
    assert chained(rows, 2025) == chained(rows[::-1], 2025)


# --- a coarser series stands in ---------------------------------------------------------------------------------------------


def test_the_fallback_serves_year_by_year_and_for_series_without_any_row() -> None:
    rows = [("36", 2025, 98.0), ("36", 2026, 99.0), ("36", 2027, 97.0), ("a", 2026, 90.0), ("b", 2027, None)]
    found = chained(rows, 2025, fallback={"industry": "36"})
    assert found["a", 2027] == pytest.approx(0.90 * 0.97, rel=1e-12)
    assert found["b", 2027] == found["c", 2027] == pytest.approx(0.99 * 0.97, rel=1e-12)
    assert found["c", 2024] == pytest.approx(1 / 0.98, rel=1e-12)
    without = chained(rows, 2025)
    assert without["a", 2027] is None
    assert ("c", 2027) not in without


def test_an_index_that_cannot_be_is_no_gap_to_be_filled() -> None:
    found = chained([("36", 2026, 99.0), ("a", 2026, 0.0), ("b", 2026, -5.0)], 2025, fallback={"industry": "36"})
    assert found["a", 2026] is None
    assert found["b", 2026] is None
    assert found["a", 2025] == 1.0


# --- through the engine -----------------------------------------------------------------------------------------------------

REGISTER = {
    "key": ["firm", "year"],
    "period": "year",
    "columns": {
        "firm": "identifier",
        "year": "year",
        "industry": {"type": "code", "codes": "industry", "required": True},
        "layer": "identifier",
        "size": "integer",
    },
}
SALES = {
    "key": ["firm", "month"],
    "period": "month",
    "link": [
        {"table": "register", "on": {"firm": "firm", "year": "period"}},
        {"table": "prices", "on": {"industry": "industry", "year": "period"}},
    ],
    "design": {"unit": "firm", "stratum": "layer", "population": "size"},
    "columns": {"firm": "identifier", "month": "month", "sold": "number", "staff": "number"},
}


def plan(make_plan: Any, **more: Any) -> Plan:
    found: Plan = make_plan(
        tables={"prices": table(2025, **more), "register": REGISTER, "sales": SALES},
        indicators={
            "real": {"table": "sales", "numerator": "CAST(sold AS DOUBLE) / NULLIF(price, 0)", "denominator": "staff"},
            "nominal": {"table": "sales", "numerator": "sold", "denominator": "staff", "breakdowns": []},
            "rise": {"change_of": "real", "base_period": "2025"},
        },
        breakdowns={"industry": "industry"},
        codes={"industry": dict.fromkeys(SERIES)},
    )
    return found


def frames(prices: Rows, years: Iterable[int] = (2024, 2025, 2026, 2027)) -> dict[str, pl.DataFrame]:
    """Firm f sells 100 with 10 persons and g 60 with 20, every year; f is in series a, g in b."""
    firms = [(firm, year) for firm in ("f", "g") for year in years]
    sold, series = {"f": (100.0, 10.0), "g": (60.0, 20.0)}, {"f": "a", "g": "b"}
    register = [(firm, year, series[firm], "one", 2) for firm, year in firms]
    sales = [(firm, f"{year}-03-01", *sold[firm]) for firm, year in firms]
    return {
        "prices": pl.DataFrame(list(prices), schema={"industry": pl.String, "year": pl.Int64, "ppi": pl.Float64}, orient="row"),
        "register": pl.DataFrame(register, schema=["firm", "year", "industry", "layer", "size"], orient="row"),
        "sales": pl.DataFrame(sales, schema=["firm", "month", "sold", "staff"], orient="row").with_columns(
            pl.col("month").str.to_date()
        ),
    }


def computed(warehouse: Any, made: Plan, given: Mapping[str, pl.DataFrame]) -> Computed:
    return compute(made, warehouse(made, given))


def totals(found: Computed, indicator: str) -> dict[str, float | None]:
    rows = found.results.filter(pl.col("indicator") == indicator, pl.col("breakdown") == "total")
    return dict(rows.select("period", "value").iter_rows())


def test_a_derived_column_is_reachable_like_any_other(make_plan: Any, warehouse: Any) -> None:
    prices = [(industry, year, ppi) for industry, ppi in (("a", 80.0), ("b", 50.0)) for year in (2025, 2026, 2027)]
    found = computed(warehouse, plan(make_plan), frames(prices))
    real = totals(found, "real")
    assert real["2025"] == pytest.approx(160 / 30, rel=1e-12)
    assert real["2027"] == pytest.approx((100 / 0.64 + 60 / 0.25) / 30, rel=1e-12)
    assert real["2024"] == pytest.approx((100 * 0.8 + 60 * 0.5) / 30, rel=1e-12), "the index of 2025 says what 2024 cost"
    assert totals(found, "nominal") == dict.fromkeys(("2024", "2025", "2026", "2027"), pytest.approx(160 / 30))
    assert not [notice for notice in found.notices if "prices" in notice.en], "nothing was missing"


@pytest.mark.parametrize("bad", [None, 0.0, -3.0, "no row"])
def test_a_gap_empties_the_years_beyond_it_and_says_which_index_to_load(make_plan: Any, warehouse: Any, bad: Any) -> None:
    """Two answers came; without the price of one of them the year has no number, and not that of the other alone."""
    rows = [(industry, year, 95.0) for industry in "ab" for year in (2025, 2026, 2027)]
    rows = [row for row in rows if row[:2] != ("b", 2026)]
    given = frames(rows if bad == "no row" else [*rows, ("b", 2026, bad)])
    found = computed(warehouse, plan(make_plan), given)
    assert {period for period, value in totals(found, "real").items() if value is None} == {"2026", "2027"}
    assert {period for period, value in totals(found, "rise").items() if value is None} == {"2026", "2027"}
    gone = found.results.filter(pl.col("indicator") == "real", pl.col("period") == "2026")
    assert set(gone["breakdown"]) == {"total", "industry"}
    assert gone["value"].null_count() == gone["n"].null_count() == gone.height
    assert all(value is not None for value in totals(found, "nominal").values()), "what needs no price has a number"
    [notice] = [notice for notice in found.notices if "prices" in notice.en]
    assert "b (2026)" in notice.en
    assert "2026, 2027: real" in notice.en
    assert "b（2026年）" in notice.zh
    assert "2026、2027年不公布" in notice.zh


def test_a_year_before_the_first_index_has_no_price(make_plan: Any, warehouse: Any) -> None:
    rows = [(industry, 2026, 95.0) for industry in "ab"]
    found = computed(warehouse, plan(make_plan), frames(rows, years=(2024, 2025, 2026)))
    assert {period for period, value in totals(found, "real").items() if value is not None} == {"2025", "2026"}
    [notice] = [notice for notice in found.notices if "prices" in notice.en]
    assert "a (2025)" in notice.en
    assert "b (2025)" in notice.en


def test_a_notice_says_where_the_coarser_index_was_used(make_plan: Any, warehouse: Any) -> None:
    rows = [("36", year, 98.0) for year in (2025, 2026, 2027)] + [("a", year, 90.0) for year in (2025, 2027)]
    found = computed(warehouse, plan(make_plan, fallback={"industry": "36"}), frames(rows))
    assert totals(found, "real")["2027"] == pytest.approx((100 / (0.98 * 0.9) + 60 / 0.98**2) / 30, rel=1e-12)
    [notice] = [notice for notice in found.notices if "prices" in notice.en]
    assert notice.en == "prices: no index of a (2026); b (2025, 2026, 2027); in Price that of 36 stands in."
    assert "a（2026年）、b（2025、2026、2027年）" in notice.zh


def test_a_unit_of_no_known_series_has_no_price_either(make_plan: Any, warehouse: Any) -> None:
    rows = [("a", year, 95.0) for year in (2025, 2026, 2027)]
    found = computed(warehouse, plan(make_plan), frames(rows))
    assert set(totals(found, "real").values()) == {None}
    assert any("no index" in notice.en and "b (2025, 2026, 2027)" in notice.en for notice in found.notices)


def mixed(make_plan: Any) -> Plan:
    """Two indicators of one question: one needs a price, but of rows of f alone; the other needs none."""
    found: Plan = make_plan(
        tables={"prices": table(2025), "register": REGISTER, "sales": SALES},
        indicators={
            "real": {"table": "sales", "numerator": "sold * price", "denominator": "staff", "where": "staff < 15"},
            "nominal": {"table": "sales", "numerator": "sold", "denominator": "staff"},
        },
        breakdowns={"industry": "industry"},
        codes={"industry": dict.fromkeys(SERIES)},
    )
    return found


def test_a_missing_price_is_no_matter_for_what_needs_none(make_plan: Any, warehouse: Any) -> None:
    rows = [("b", year, 95.0) for year in (2025, 2026, 2027)]
    found = computed(warehouse, mixed(make_plan), frames(rows))
    assert set(totals(found, "real").values()) <= {None}
    assert totals(found, "nominal")["2027"] == pytest.approx(160 / 30)
    [notice] = [notice for notice in found.notices if "no index" in notice.en]
    assert notice.en.endswith("2024, 2025, 2026, 2027: real. Load what is missing of prices, then publish again.")


def test_rows_outside_the_scope_of_an_indicator_need_no_price(make_plan: Any, warehouse: Any) -> None:
    rows = [("a", year, 95.0) for year in (2025, 2026, 2027)]  # of b, whose staff are 20, no price is known
    found = computed(warehouse, mixed(make_plan), frames(rows))
    assert totals(found, "real")["2025"] == pytest.approx(10.0)
    assert not [notice for notice in found.notices if "no index" in notice.en]


def test_a_row_that_leads_nowhere_breaks_what_uses_the_table_and_no_more(make_plan: Any, warehouse: Any) -> None:
    """`ppi` is a column of the linked table itself, and the row of b is missing there in 2026."""
    made = make_plan(
        tables={"prices": table(2025), "register": REGISTER, "sales": SALES},
        indicators={
            "indexed": {"table": "sales", "numerator": "sold * ppi", "denominator": "staff"},
            "of_f": {"table": "sales", "numerator": "sold * ppi", "denominator": "staff", "where": "staff < 15 AND ppi > 0"},
            "of_g": {"table": "sales", "numerator": "sold * ppi", "denominator": "staff", "where": "staff > 15 AND ppi > 0"},
            "nominal": {"table": "sales", "numerator": "sold", "denominator": "staff"},
        },
        codes={"industry": dict.fromkeys(SERIES)},
    )
    rows = [(series, year, 90.0) for series in "ab" for year in (2024, 2025, 2026, 2027) if (series, year) != ("b", 2026)]
    found = computed(warehouse, made, frames(rows))
    gone = {name for name in ("indexed", "of_f", "of_g", "nominal") if totals(found, name).get("2026") is None}
    assert gone == {"indexed", "of_g"}
    assert all(totals(found, name)["2025"] is not None for name in ("indexed", "of_f", "of_g", "nominal"))
    assert sum("1 rows lead to no row of prices" in notice.en for notice in found.notices) == 2


def test_a_chain_may_be_used_in_its_own_table(make_plan: Any, results_of: Any) -> None:
    made = make_plan(
        tables={"prices": table(2025)},
        indicators={"mean": {"table": "prices", "numerator": "price", "denominator": "1"}},
        codes={"industry": dict.fromkeys(SERIES)},
    )
    rows = [(industry, year, ppi) for industry, ppi in (("a", 90.0), ("b", 110.0)) for year in (2025, 2026)]
    results = results_of(made, {"prices": frames(rows)["prices"]})
    assert dict(results.select("period", "value").iter_rows()) == {"2025": 1.0, "2026": pytest.approx(1.0)}
