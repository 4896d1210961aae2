"""The benchmark measures what it says: its numbers are right, every figure stands on its floor, its rows are the same again."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from indicators import bench, bench_data
from indicators.catalogue.plan import Plan
from indicators.catalogue.question import Question
from indicators.estimation import moments
from indicators.estimation.estimate import KEYS, estimate, estimate_rows
from indicators.statements import cells
from pipelines.database import Database

ROWS = 20_000
SPLITS = tuple(bench_data.SPLITS)
LEVELS = {
    "year": pl.col("month").dt.strftime("%Y"),
    "quarter": pl.concat_str(pl.col("month").dt.year(), pl.lit("-Q"), pl.col("month").dt.quarter()),
    "month": pl.col("month").dt.strftime("%Y-%m"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("bench")
    bench_data.make(made, ROWS)
    return made


@pytest.fixture(scope="module")
def rows(folder: Path) -> pl.DataFrame:
    """Production with what the register says of each enterprise in that year."""
    register = pl.read_csv(folder / "register.csv", schema_overrides={"year": pl.Int32})
    production = pl.read_parquet(folder / "production" / "*.parquet").with_columns(year=pl.col("month").dt.year())
    return production.join(register, on=["enterprise_id", "year"])


def kinds(plan: Plan) -> pl.DataFrame:
    listed = [{"indicator": i.id, "total": i.kind == "total", "bounded": False} for i in plan.indicators.values()]
    return pl.DataFrame(listed)


def plain(question: Question, rows: pl.DataFrame) -> pl.DataFrame:
    """period, breakdown, category, rows and sums by one plain GROUP BY per set, sixteen breakdown sets at three levels."""
    parts = []
    for length in range(len(SPLITS) + 1):
        for names in combinations(SPLITS, length):
            for dated in LEVELS.values():
                category = pl.concat_str(names, separator=",") if names else pl.lit("total")
                keyed = rows.with_columns(period=dated, breakdown=pl.lit(",".join(names) or "total"), category=category)
                parts.append(keyed.group_by(KEYS[1:]).agg(pl.len().alias("rows"), pl.col(bench_data.VALUES).sum()))
    return pl.concat(parts).sort(KEYS[1:])


def test_every_cell_equals_a_plain_group_by(folder: Path, rows: pl.DataFrame) -> None:
    plan = bench.recorded()
    question = bench.only_question(plan)
    want = plain(question, rows)
    with Database(folder / "base.duckdb", read_only=True) as database:
        fetched = cells.fetch(question, database)
        found = estimate_rows(question, fetched, kinds(plan))
    assert fetched.height == want.height
    assert found.height == want.height * len(plan.indicators)
    for indicator in plan.indicators.values():
        got = found.filter(pl.col("indicator") == indicator.id).sort(KEYS)
        assert got.select(KEYS[1:]).equals(want.select(KEYS[1:]))
        assert got["n"].to_list() == want["rows"].to_list()
        value = want[indicator.numerator] / (want[indicator.denominator] if indicator.denominator else 1)
        np.testing.assert_allclose(got["value"], value.fill_nan(None), rtol=1e-12)
        assert (got["se"] == 0).all()


def test_sums_over_strata_say_the_same_as_strata_one_by_one(folder: Path) -> None:
    """The lattice of moments against the frame of cells, each stratum of each set on its own: two roads to each error."""
    plan = bench.sampled()
    question = bench.only_question(plan)
    with Database(folder / "base.duckdb", read_only=True) as database:
        one_by_one = estimate(cells.answer(question, database).frame, kinds(plan))
        summed = estimate_rows(question, cells.fetch(question, database), kinds(plan)).sort(KEYS)
    assert summed.select(KEYS).equals(one_by_one.select(KEYS))
    assert summed["sampled"].any()
    for name in ("value", "se", "low", "high", "n", "df", "y", "x"):
        assert (summed[name].is_null() == one_by_one[name].is_null()).all()
        np.testing.assert_allclose(summed[name].to_numpy(), one_by_one[name].to_numpy(), rtol=1e-6, atol=1e-9, err_msg=name)


@pytest.mark.parametrize("names", [["segment"], ["tier"], ["province", "tier"]])
def test_every_error_equals_that_of_residuals(names: list[str], folder: Path, rows: pl.DataFrame) -> None:
    """Textbook road for years: residuals of every enterprise, zero outside the domain, variance stratum by stratum."""
    plan = bench.sampled()
    question = bench.only_question(plan)
    with Database(folder / "base.duckdb", read_only=True) as database:
        found = estimate_rows(question, cells.fetch(question, database), kinds(plan))
    said = ("stratum", "stratum_population", *names)
    units = rows.group_by("year", "enterprise_id").agg(pl.col(said).first(), pl.col("value_added", "employees").sum())
    size = pl.len().over("year", "stratum")
    units = units.with_columns(answered=size, weight=pl.col("stratum_population") / size)
    got = found.filter(
        pl.col("indicator") == "va_per_employee", pl.col("breakdown") == ",".join(names), pl.col("period").str.len_chars() == 4
    )
    assert got["se"].max() > 0
    for row in got.iter_rows(named=True):
        chosen = pl.all_horizontal(pl.col(name) == code for name, code in zip(names, row["category"].split(","), strict=True))
        year = units.filter(pl.col("year") == int(row["period"]))
        inside = year.filter(chosen)
        y, x = ((inside[name] * inside["weight"]).sum() for name in ("value_added", "employees"))
        residual = (
            pl.when(chosen).then(pl.col("weight") * (pl.col("value_added") - y / x * pl.col("employees")) / x).otherwise(0.0)
        )
        strata = year.group_by("stratum").agg(
            n=pl.len(),
            f=(pl.col("answered") / pl.col("stratum_population")).first(),
            u=residual.var(),
            alone=residual.first() ** 2,
        )
        spread = pl.when(pl.col("n") > 1).then(pl.col("n") * pl.col("u")).otherwise("alone")
        assert row["value"] == pytest.approx(y / x, rel=1e-12)
        assert row["se"] == pytest.approx(
            strata.select(((1 - pl.col("f")) * spread).sum().sqrt()).item(), rel=1e-6, abs=1e-9 * y / x
        )


def test_no_stratum_is_cut_by_what_it_was_made_of(folder: Path) -> None:
    question = bench.only_question(bench.sampled())
    with Database(folder / "base.duckdb", read_only=True) as database:
        fetched = cells.fetch(question, database)
    lattice = moments._Lattice(question, cells.pick(fetched, question, SPLITS, blanks=True), SPLITS)
    assert lattice._nested >= {"segment", "size_class"}
    assert "tier" not in lattice._nested


def test_groups_counted_by_surplus_are_the_distinct_groups(folder: Path, rows: pl.DataFrame) -> None:
    plan = bench.yearly()
    question = bench.only_question(plan)
    with Database(folder / "base.duckdb", read_only=True) as database:
        found = cells.count_groups(question, database, estimate_rows(question, cells.fetch(question, database), kinds(plan)))
    for names in ([], ["segment"], ["size_class", "tier"]):
        category = pl.concat_str(names, separator=",") if names else pl.lit("total")
        keyed = rows.with_columns(period=LEVELS["year"], category=category)
        want = keyed.group_by("period", "category").agg(
            groups=pl.col("holding_group").n_unique(), units=pl.col("enterprise_id").n_unique()
        )
        assert (want["groups"] <= want["units"]).all()
        got = found.filter(pl.col("indicator") == "total_units", pl.col("breakdown") == (",".join(names) or "total"))
        right = want.sort("period", "category")["groups"].to_list()
        assert got.sort("period", "category")["groups"].to_list() == right
    assert rows["holding_group"].n_unique() < rows["enterprise_id"].n_unique(), "some groups hold several enterprises"


def test_the_same_rows_are_made_again(folder: Path, tmp_path: Path) -> None:
    made = bench_data.make(tmp_path, ROWS)
    assert made % 60 == 0
    assert abs(made - ROWS) < 60
    assert (tmp_path / "production.csv").read_bytes() == (folder / "production.csv").read_bytes()
    assert (tmp_path / "register.csv").read_bytes() == (folder / "register.csv").read_bytes()
    before = (tmp_path / "made.json").stat().st_mtime_ns
    assert bench_data.make(tmp_path, ROWS) == made
    assert (tmp_path / "made.json").stat().st_mtime_ns == before, "rows that are there are not made again"


def test_every_figure_stands_on_its_floor(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "RUNS", 1)
    told: list[tuple[str, int, int]] = []
    figures = bench.run(ROWS, folder, lambda *step: told.append(step))
    by = {figure.name: figure for figure in figures}
    assert list(by) == list(bench.TASKS)
    for figure in figures:
        assert figure.seconds > 0
        assert figure.ratio > 0
        assert figure.cpu_ratio > 0
        assert figure.peak_mb > 50
        if figure.floor:
            assert figure.ratio == pytest.approx(figure.seconds / by[figure.floor].seconds)
        else:
            assert figure.ratio == 1
    made = bench_data.make(folder, ROWS)
    assert by["load"].rows == made + pl.scan_csv(folder / "register.csv").select(pl.len()).collect().item()
    assert by["cells"].rows == by["errors"].rows
    assert by["cells as results"].rows == by["errors as results"].rows == by["cells"].rows * 15
    assert told[0] == ("rows", 0, len(bench.TASKS) + 1)
    assert told[-1] == ("", len(bench.TASKS) + 1, len(bench.TASKS) + 1)


def test_a_task_that_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"`sum` failed(.|\n)*base\.duckdb"):
        bench._measure("sum", tmp_path)
