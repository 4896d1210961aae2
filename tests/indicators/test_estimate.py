"""Each estimate by two roads: R's published figures, a second survey package, closed forms, and residuals by hand."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from indicators.catalogue.plan import Plan
from indicators.catalogue.question import questions
from indicators.compute import kinds_of
from indicators.estimation.estimate import FEW, KEYS, effective_size, estimate, estimate_rows, korn_graubard, with_intervals
from indicators.statements import cells
from pipelines.database import Database

SAMPLE_COLUMNS = {
    **dict.fromkeys(("ent_id", "seg", "prov", "stratum"), "identifier"),
    **dict.fromkeys(("N_h", "n_h", "emp25", "kp_total", "kp_nc25", "tool25"), "integer"),
    **dict.fromkeys(("w", "va25", "fraction"), "number"),
}
BY_COUNT = {"unit": "ent_id", "stratum": "stratum", "population": "n_pop"}
BY_WEIGHT = {"unit": "ent_id", "stratum": "stratum", "weight": "w", "sampling_fraction": "fraction"}


def levels(plan: Plan, database: Database) -> pl.DataFrame:
    """Estimates before quality and disclosure, with df: once from cells, once from the rows of the statement."""
    kinds = kinds_of(plan).drop("change")
    asked = questions(plan)
    found = pl.concat([estimate(cells.answer(q, database).frame, kinds) for q in asked]).sort(KEYS)
    direct = pl.concat([estimate_rows(q, cells.fetch(q, database), kinds) for q in asked])
    direct = direct.filter(pl.col("n") > 0).sort(KEYS)
    assert found.select(*KEYS, "n", "df", "sampled").equals(direct.select(*KEYS, "n", "df", "sampled"))
    for name in ("value", "se", "low", "high"):
        assert found[name].is_null().equals(direct[name].is_null()), name
        size = np.abs(found["value"].to_numpy())
        for row, got, wanted, scale in zip(found.iter_rows(), direct[name], found[name], size, strict=True):
            assert got is None or got == pytest.approx(wanted, rel=1e-9, abs=1e-6 * scale), (name, row)
    return found


def one(
    found: pl.DataFrame, indicator: str, breakdown: str = "total", category: str = "total", period: str | None = None
) -> dict[str, Any]:
    rows = found.filter(pl.col("indicator") == indicator, pl.col("breakdown") == breakdown, pl.col("category") == category)
    rows = rows if period is None else rows.filter(pl.col("period") == period)
    assert rows.height == 1, rows
    return rows.row(0, named=True)


# --- R's published figures -----------------------------------------------------------------------------------------

DOMAINS = {"emp_ge_300": "emp25 >= 300", "kp_lt_12": "kp_total < 12"}


def sample_plan(make_plan: Any, design: dict[str, str]) -> Plan:
    share = {"numerator": "tool25", "denominator": 1}
    wanted: dict[str, dict[str, Any]] = {
        "total_va25": {"numerator": "va25"},
        "total_emp25": {"numerator": "emp25"},
        "total_kp_total": {"numerator": "kp_total"},
        "total_kp_nc25": {"numerator": "kp_nc25"},
        "count": {"numerator": "1"},
        "ratio_nc": {"numerator": "kp_nc25", "denominator": "kp_total"},
        "ratio_lp": {"numerator": "va25", "denominator": "emp25"},
        "mean_of_ratios_nc": {"numerator": "CAST(kp_nc25 AS DOUBLE) / NULLIF(kp_total, 0)", "denominator": 1},
        "share_tool": share,
        "share_tool_bounded": {**share, "unit": "share"},
    }
    for name, where in DOMAINS.items():
        for base in ("total_kp_nc25", "count", "ratio_nc", "share_tool", "share_tool_bounded"):
            wanted[f"{base}_{name}"] = {**wanted[base], "where": where}
    columns = {name.replace("N_h", "n_pop"): kind for name, kind in SAMPLE_COLUMNS.items()}
    return make_plan(
        tables={"sample": {"key": ["ent_id"], "year": 2025, "design": design, "columns": columns}},
        indicators={name: {"table": "sample", **spec} for name, spec in wanted.items()},
        breakdowns={"seg": "seg", "prov": "prov"},
    )


def read_sample(shared_data: Path) -> pl.DataFrame:
    frame = pl.read_csv(shared_data / "statistics" / "sample_w1.csv", infer_schema_length=None)
    return frame.with_columns(fraction=pl.col("n_h") / pl.col("N_h")).rename({"N_h": "n_pop"})


@pytest.fixture(scope="module", params=[BY_COUNT, BY_WEIGHT], ids=["population", "weight and fraction"])
def estimated(request: pytest.FixtureRequest, shared_data: Path, make_plan: Any, warehouse: Any) -> pl.DataFrame:
    plan = sample_plan(make_plan, request.param)
    return levels(plan, warehouse(plan, {"sample": read_sample(shared_data)}))


@pytest.fixture(scope="module")
def published(shared_data: Path) -> dict[str, Any]:
    return json.loads((shared_data / "statistics" / "ref_a_estimates.json").read_text())


def reference_rows(published: dict[str, Any]) -> list[tuple[str, str, str, dict[str, Any], int | None]]:
    """(indicator, breakdown, category, R's figures, units in the domain)."""
    rows = [
        ("count" if name == "N" else f"total_{name}", "total", "total", figures, None)
        for name, figures in published["totals"].items()
    ]
    rows += [
        (name, "total", "total", published[name], None) for name in ("ratio_nc", "ratio_lp", "mean_of_ratios_nc", "share_tool")
    ]
    for split in ("seg", "prov"):
        for code, block in published[f"by_{split}"].items():
            rows += [
                (name, split, code, figures, block["n"])
                for name, figures in block.items()
                if isinstance(figures, dict) and "est" in figures
            ]
    for name in DOMAINS:
        block = published[f"domain_{name}"]
        rows += [
            (f"{base}_{name}", "total", "total", figures, block["n"])
            for base, figures in block.items()
            if isinstance(figures, dict) and "est" in figures
        ]
    return rows


def test_every_figure_of_r(estimated: pl.DataFrame, published: dict[str, Any]) -> None:
    rows = reference_rows(published)
    assert len(rows) > 50
    for indicator, breakdown, category, wanted, units in rows:
        found = one(estimated, indicator, breakdown, category)
        where = f"{indicator} {breakdown} {category}"
        assert found["value"] == pytest.approx(wanted["est"], rel=1e-9), where
        # R leaves 1e-14 of rounding on the size of the population, which is known
        assert found["se"] == pytest.approx(wanted["se"], rel=1e-9, abs=1e-9), where
        assert found["df"] == wanted["df"], where
        if units is not None:
            assert found["n"] == units, where
        if found["se"] == 0:
            assert (found["low"], found["high"]) == (None, None), where
        else:
            assert found["low"] == pytest.approx(wanted["ci_low"], rel=1e-7), where
            assert found["high"] == pytest.approx(wanted["ci_high"], rel=1e-7), where


def test_filtering_first_is_not_what_happens(estimated: pl.DataFrame, published: dict[str, Any]) -> None:
    for name in DOMAINS:
        wrong = published[f"domain_{name}"]["WRONG_filter_first"]
        for base in ("ratio_nc", "total_kp_nc25"):
            assert one(estimated, f"{base}_{name}")["se"] != pytest.approx(wrong[f"se_{base}"], rel=1e-3)


def test_census_domains_have_no_error_and_no_interval(estimated: pl.DataFrame) -> None:
    for name in ("ratio_nc", "ratio_lp", "share_tool", "share_tool_bounded", "total_va25", "mean_of_ratios_nc"):
        for segment in ("OEM", "PL"):
            found = one(estimated, name, "seg", segment)
            assert found["se"] == 0.0
            assert not found["sampled"]
            assert (found["low"], found["high"]) == (None, None)


def test_logit_limits_by_the_formula_of_r(estimated: pl.DataFrame, published: dict[str, Any]) -> None:
    """svyciprop(method = "xlogit"): expit(logit p ± t · se / (p (1 − p))), with df of the domain."""
    blocks: list[tuple[str, str, str, dict[str, Any]]] = [("share_tool_bounded", "total", "total", published["share_tool"])]
    blocks += [("share_tool_bounded", "prov", code, block["share_tool"]) for code, block in published["by_prov"].items()]
    blocks += [(f"share_tool_bounded_{name}", "total", "total", published[f"domain_{name}"]["share_tool"]) for name in DOMAINS]
    seen = 0
    for indicator, breakdown, category, wanted in blocks:
        p, se, df = wanted["est"], wanted["se"], wanted["df"]
        found = one(estimated, indicator, breakdown, category)
        if not 0 < p < 1 or found["n"] < 30:
            continue
        centre, width = math.log(p) - math.log1p(-p), stats.t.ppf(0.975, df) * se / (p * (1 - p))
        assert found["low"] == pytest.approx(1 / (1 + math.exp(width - centre)), rel=1e-7)
        assert found["high"] == pytest.approx(1 / (1 + math.exp(-width - centre)), rel=1e-7)
        assert 0 < found["low"] < p < found["high"] < 1
        seen += 1
    assert seen > 5
    assert one(estimated, "share_tool", "prov", "HB")["high"] > 1, "the plain interval leaves the unit; only the logit one stays"


# --- strata of one -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lonely(shared_data: Path, make_plan: Any, warehouse: Any) -> pl.DataFrame:
    columns = {
        **dict.fromkeys(("ent_id", "stratum", "dom"), "identifier"),
        "n_pop": "integer",
        **dict.fromkeys(("y", "m", "z"), "number"),
    }
    plan = make_plan(
        tables={"lonely": {"key": ["ent_id"], "year": 2025, "design": BY_COUNT, "columns": columns}},
        indicators={
            "total_y": {"table": "lonely", "numerator": "y"},
            "ratio": {"table": "lonely", "numerator": "y", "denominator": "m"},
            "share_z": {"table": "lonely", "numerator": "z", "denominator": 1},
        },
        breakdowns={"dom": "dom"},
    )
    frame = pl.read_csv(shared_data / "statistics" / "lonely.csv").rename({"N_h": "n_pop"})
    return levels(plan, warehouse(plan, {"lonely": frame}))


def test_a_stratum_of_one_is_adjusted_as_in_r(lonely: pl.DataFrame, shared_data: Path) -> None:
    reference = json.loads((shared_data / "statistics" / "ref_f_lonely.json").read_text())
    wanted = reference["adjust"]
    for name in ("total_y", "ratio", "share_z"):
        found = one(lonely, name)
        assert found["value"] == pytest.approx(wanted[name], rel=1e-9)
        assert found["se"] == pytest.approx(wanted[f"se_{name}"], rel=1e-9)
        assert found["df"] == wanted["degf"]
        for other in ("remove", "average"):
            assert found["se"] != pytest.approx(reference[other][f"se_{name}"], rel=1e-3)


def test_a_stratum_of_one_in_a_domain_is_adjusted_too(lonely: pl.DataFrame, shared_data: Path) -> None:
    reference = json.loads((shared_data / "statistics" / "ref_f_lonely.json").read_text())
    wanted = reference["domain_b_adjust_adjust.domain.lonely_FALSE"]
    for name in ("total_y", "ratio"):
        found = one(lonely, name, "dom", "b")
        assert found["value"] == pytest.approx(wanted[name], rel=1e-9)
        assert found["se"] == pytest.approx(wanted[f"se_{name}"], rel=1e-9)


@pytest.mark.parametrize("stated", ["by where", "by breakdown"])
def test_a_domain_has_one_error_however_it_is_stated(stated: str, make_plan: Any, warehouse: Any) -> None:
    """A lonely stratum outside the domain stays outside, whether the domain is a condition or a category."""
    frame = pl.DataFrame(
        {
            "unit": list("abcde"),
            "stratum": list("xxxyz"),
            "n_pop": [9, 9, 9, 4, 5],
            "y": [1.0, 4.0, 6.0, 50.0, 7.0],
            "dom": list("iiioi"),
        }
    )
    scope = {"where": "dom = 'i'"} if stated == "by where" else {}
    found = levels(*domain_case(make_plan, warehouse, frame, scope))
    row = one(found, "total_y") if scope else one(found, "total_y", "dom", "i")
    u = np.array([3.0, 12.0, 18.0])
    spread = (1 - 3 / 9) * 3 / 2 * ((u - u.mean()) ** 2).sum()
    alone = (1 - 1 / 5) * (35 - (u.sum() + 35) / 4) ** 2
    assert row["value"] == pytest.approx(68.0)
    assert row["se"] == pytest.approx(math.sqrt(spread + alone), rel=1e-12)
    assert row["df"] == 2


def domain_case(make_plan: Any, warehouse: Any, frame: pl.DataFrame, scope: dict[str, str]) -> tuple[Plan, Database]:
    columns = {
        "unit": "identifier",
        "stratum": "identifier",
        "dom": "identifier",
        "part": "identifier",
        "n_pop": "integer",
        "y": "number",
        "x": "number",
    }
    design = {"unit": "unit", "stratum": "stratum", "population": "n_pop"}
    plan = make_plan(
        tables={"answers": {"key": ["unit"], "year": 2025, "design": design, "columns": columns}},
        indicators={
            "total_y": {"table": "answers", "numerator": "y", **scope},
            "ratio": {"table": "answers", "numerator": "y", "denominator": "x", **scope},
            "mean": {"table": "answers", "numerator": "y", "denominator": 1, **scope},
            "share": {
                "table": "answers",
                "numerator": "CASE WHEN y > 2 THEN 1 ELSE 0 END",
                "denominator": 1,
                "unit": "share",
                **scope,
            },
        },
        breakdowns={"dom": "dom", "part": "part"},
        crossings=[["dom", "part"]],
    )
    missing = [name for name in columns if name not in frame.columns]
    return plan, warehouse(plan, {"answers": frame.with_columns(pl.lit(None).alias(name) for name in missing)})


# --- residuals by hand over random samples ---------------------------------------------------------------------------

Unit = tuple[int, str | None, str | None, float | None, float | None]  # stratum, dom, part, y, x


def by_hand(units: list[Unit], surplus: list[int], kind: str, domain: dict[int, str]) -> dict[str, Any] | None:
    """Value, se, df and n from the linearised residual of every answer, zero outside the domain, unit by unit."""
    sizes = [sum(unit[0] == h for unit in units) for h in range(len(surplus))]
    weight = np.array([(sizes[h] + surplus[h]) / sizes[h] for h, *_ in units])
    strata = np.array([unit[0] for unit in units])
    y = np.array([np.nan if unit[3] is None else unit[3] for unit in units])
    x = np.array([np.nan if unit[4] is None else unit[4] for unit in units])
    if kind in ("mean", "share"):
        x = np.ones_like(y)
    if kind == "share":
        y = np.where(np.isnan(y), 0.0, (np.nan_to_num(y) > 2).astype(float))
    inside = ~np.isnan(y) if kind == "total_y" else ~np.isnan(y) & ~np.isnan(x)
    for place, wanted in domain.items():
        inside &= np.array([unit[place] == wanted for unit in units])
    if not inside.any():
        return None
    y, x = np.where(inside, y, 0.0), np.where(inside, x, 0.0)
    held = sorted(set(strata[inside].tolist()))
    df = int(inside.sum()) - len(held)
    if kind == "total_y":
        value, z = float(weight @ y), y
    else:
        below = float(weight @ x)
        if below == 0:
            return {"value": None, "se": None, "df": df, "n": int(inside.sum())}
        value = float(weight @ y) / below
        z = np.where(inside, (y - value * x) / below, 0.0)
    u = weight * z
    there = np.isin(strata, held)
    variance = 0.0
    for h in held:
        here = strata == h
        n, population = here.sum(), here.sum() + surplus[h]
        if n == population:
            continue
        spread = (u[here][0] - u[there].mean()) ** 2 if n == 1 else n / (n - 1) * ((u[here] - u[here].mean()) ** 2).sum()
        variance += (1 - n / population) * spread
    return {"value": value, "se": math.sqrt(variance), "df": df, "n": int(inside.sum())}


small = st.integers(-30, 30).map(lambda k: k / 4)
positive = st.integers(1, 40).map(lambda k: k / 4)
answers = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from(["i", "j", None]),
        st.sampled_from(["p", "q", None]),
        st.none() | small,
        st.none() | positive | st.just(0.0),
    ),
    min_size=2,
    max_size=25,
)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(units=answers, surplus=st.lists(st.integers(0, 9), min_size=4, max_size=4), order=st.randoms(use_true_random=False))
def test_residuals_by_hand(units: list[Unit], surplus: list[int], order: Any, make_plan: Any, warehouse: Any) -> None:
    frame = pl.DataFrame(
        {
            "unit": [f"u{i}" for i in range(len(units))],
            "stratum": [str(unit[0]) for unit in units],
            "n_pop": [sum(other[0] == unit[0] for other in units) + surplus[unit[0]] for unit in units],
            "dom": [unit[1] for unit in units],
            "part": pl.Series([unit[2] for unit in units], dtype=pl.String),
            "y": pl.Series([unit[3] for unit in units], dtype=pl.Float64),
            "x": pl.Series([unit[4] for unit in units], dtype=pl.Float64),
        }
    ).with_columns(pl.col("dom").cast(pl.String))
    shuffled = list(range(len(units)))
    order.shuffle(shuffled)
    found = levels(*domain_case(make_plan, warehouse, frame[shuffled], {}))
    domains: dict[tuple[str, str], dict[int, str]] = {("total", "total"): {}}
    domains |= {("dom", dom): {1: dom} for dom in "ij"} | {("part", part): {2: part} for part in "pq"}
    domains |= {("dom,part", f"{dom},{part}"): {1: dom, 2: part} for dom in "ij" for part in "pq"}
    for kind in ("total_y", "ratio", "mean", "share"):
        for key, domain in domains.items():
            wanted = by_hand(units, surplus, kind, domain)
            rows = found.filter(pl.col("indicator") == kind, pl.col("breakdown") == key[0], pl.col("category") == key[1])
            if wanted is None:
                assert rows.is_empty()
                continue
            got = rows.row(0, named=True)
            assert (got["n"], got["df"]) == (wanted["n"], wanted["df"])
            if wanted["value"] is None:
                assert (got["value"], got["se"]) == (None, None)
                continue
            assert got["value"] == pytest.approx(wanted["value"], rel=1e-9, abs=1e-9)
            assert got["se"] == pytest.approx(wanted["se"], rel=1e-9, abs=1e-6 * max(1.0, abs(wanted["value"])))
            if got["se"] > 1e-3 * abs(got["value"]):
                assert got["se"] == pytest.approx(wanted["se"], rel=1e-9)


def test_the_order_of_rows_never_matters(shared_data: Path, make_plan: Any, warehouse: Any) -> None:
    plan, frame = sample_plan(make_plan, BY_COUNT), read_sample(shared_data)
    first = levels(plan, warehouse(plan, {"sample": frame}))
    for seed in (1, 2):
        again = levels(plan, warehouse(plan, {"sample": frame.sample(fraction=1.0, shuffle=True, seed=seed)}))
        assert first.equals(again), "to the last bit"


# --- a second package --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def schools(shared_data: Path, make_plan: Any, warehouse: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """R's stratified sample of schools: our estimates, and the rows."""
    frame = pl.read_csv(shared_data / "survey_api" / "apistrat.csv", infer_schema_length=None, null_values="NA")
    frame = frame.select(
        "cds", "stype", "enroll", "api00", "pw", fpc="fpc", award=pl.col("awards"), wide="sch.wide"
    ).with_columns(pl.col("cds").cast(pl.String))
    columns = {
        "cds": "identifier",
        "stype": "identifier",
        "wide": "identifier",
        "fpc": "integer",
        "enroll": "number",
        "api00": "number",
    }
    plan = make_plan(
        tables={
            "schools": {
                "key": ["cds"],
                "year": 2000,
                "design": {"unit": "cds", "stratum": "stype", "population": "fpc"},
                "columns": columns,
            }
        },
        indicators={
            "mean_api": {"table": "schools", "numerator": "api00", "denominator": 1},
            "total_enroll": {"table": "schools", "numerator": "enroll"},
            "ratio": {"table": "schools", "numerator": "api00", "denominator": "enroll"},
        },
        breakdowns={"wide": "wide"},
    )
    return levels(plan, warehouse(plan, {"schools": frame})), frame


def test_figures_printed_by_r(schools: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    found, _ = schools
    assert one(found, "mean_api")["value"] == pytest.approx(662.29, abs=0.005)
    assert one(found, "mean_api")["se"] == pytest.approx(9.4089, abs=0.00005)
    assert one(found, "total_enroll")["value"] == pytest.approx(3687178, abs=0.5)
    assert one(found, "total_enroll")["se"] == pytest.approx(114642, abs=0.5)


def test_figures_of_another_package(schools: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    svy = pytest.importorskip("svy")
    found, frame = schools
    # the column pw of the file is rounded to single precision
    design = svy.Design(stratum="stype", wgt="weight", pop_size="fpc")
    sample = svy.Sample(frame.with_columns(weight=pl.col("fpc") / pl.len().over("stype")), design).estimation
    domain = svy.col("wide") == "Yes"
    pairs = [
        (sample.mean("api00"), one(found, "mean_api")),
        (sample.ratio("api00", "enroll"), one(found, "ratio")),
        (sample.mean("api00", where=domain), one(found, "mean_api", "wide", "Yes")),
        (sample.total("enroll", where=domain), one(found, "total_enroll", "wide", "Yes")),
    ]
    for theirs, ours in pairs:
        figures = theirs.estimates[0]
        assert ours["value"] == pytest.approx(figures.est, rel=1e-9)
        assert ours["se"] == pytest.approx(figures.se, rel=1e-9)


# --- what counts and what does not ---------------------------------------------------------------------------------------


def test_missing_is_not_zero_and_zero_is_an_answer(make_plan: Any, warehouse: Any) -> None:
    frame = pl.DataFrame(
        {
            "unit": list("abcd"),
            "stratum": ["s"] * 4,
            "n_pop": [8] * 4,
            "dom": list("iiii"),
            "y": [4.0, None, 0.0, 5.0],
            "x": [2.0, 9.0, 3.0, None],
        }
    )
    found = levels(*domain_case(make_plan, warehouse, frame, {}))
    assert one(found, "mean")["value"] == pytest.approx(3.0)
    assert one(found, "mean")["n"] == 3
    assert one(found, "ratio")["value"] == pytest.approx(4 / 5), "only pairs of which both are known"
    assert one(found, "ratio")["n"] == 2


def test_out_of_scope_stays_in_the_sample(make_plan: Any, warehouse: Any) -> None:
    """As a domain: the weights do not grow because some are out of scope."""
    frame = pl.DataFrame(
        {"unit": list("abcd"), "stratum": ["s"] * 4, "n_pop": [8] * 4, "dom": list("iioo"), "y": [4.0, 6.0, 100.0, 100.0]}
    )
    found = levels(*domain_case(make_plan, warehouse, frame, {"where": "dom = 'i'"}))
    assert one(found, "total_y")["value"] == pytest.approx(20.0)
    u = np.array([8.0, 12.0, 0.0, 0.0])
    assert one(found, "total_y")["se"] == pytest.approx(math.sqrt(0.5 * 4 / 3 * ((u - 5) ** 2).sum()), rel=1e-12)
    assert one(found, "mean")["n"] == 2


def test_a_unit_without_an_answer_leaves_the_respondents(make_plan: Any, results_of: Any, row_of: Any) -> None:
    """A take-all stratum with a refusal is no census any more: the weight exceeds one and there is an error."""
    columns = {"unit": "identifier", "stratum": "identifier", "n_pop": "integer", "y": "number"}
    tables = {
        "answers": {
            "key": ["unit"],
            "year": 2025,
            "design": {"unit": "unit", "stratum": "stratum", "population": "n_pop"},
            "columns": columns,
        }
    }
    frame = pl.DataFrame({"unit": list("abcd"), "stratum": ["s"] * 4, "n_pop": [4] * 4, "y": [3.0, 6.0, 9.0, None]})
    plain = make_plan(tables=tables, indicators={"total": {"table": "answers", "numerator": "y"}})
    asked = make_plan(tables=tables, indicators={"total": {"table": "answers", "numerator": "y", "respondents": "y IS NOT NULL"}})
    assert row_of(results_of(plain, {"answers": frame}), "total", "2025")["value"] == pytest.approx(18.0)
    row = row_of(results_of(asked, {"answers": frame}), "total", "2025")
    assert row["value"] == pytest.approx(24.0)
    assert row["se"] == pytest.approx(math.sqrt(0.25 * 3 / 2 * 2 * 16), rel=1e-12)
    assert row["quality"] != "census"


def test_nothing_known_gives_no_row_and_a_zero_denominator_no_value(make_plan: Any, warehouse: Any) -> None:
    frame = pl.DataFrame(
        {"unit": list("ab"), "stratum": ["s"] * 2, "n_pop": [8] * 2, "dom": list("ij"), "y": [None, 1.0], "x": [None, 0.0]},
        schema_overrides={"y": pl.Float64, "x": pl.Float64},
    )
    found = levels(*domain_case(make_plan, warehouse, frame, {}))
    assert found.filter(pl.col("category") == "i", pl.col("indicator").is_in(["mean", "ratio", "total_y"])).is_empty()
    row = one(found, "ratio", "dom", "j")
    assert (row["value"], row["se"], row["low"], row["high"], row["n"]) == (None, None, None, None, 1)


def test_more_answers_than_the_frame_has_units_is_a_census_not_a_negative_variance(make_plan: Any, warehouse: Any) -> None:
    frame = pl.DataFrame({"unit": list("abc"), "stratum": ["s"] * 3, "n_pop": [2] * 3, "dom": list("iii"), "y": [1.0, 2.0, 6.0]})
    row = one(levels(*domain_case(make_plan, warehouse, frame, {})), "total_y")
    assert (row["value"], row["se"], row["sampled"]) == (9.0, 0.0, False)


# --- shares at the edge --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("yes", "low", "high"), [(0, 0.0, 1 - 0.025 ** (1 / 12)), (12, 0.025 ** (1 / 12), 1.0)])
def test_a_sampled_share_of_none_or_all_has_the_exact_interval(
    yes: int, low: float, high: float, make_plan: Any, warehouse: Any
) -> None:
    frame = pl.DataFrame(
        {
            "unit": [f"u{i}" for i in range(12)],
            "stratum": ["s"] * 12,
            "n_pop": [40] * 12,
            "dom": ["i"] * 12,
            "y": [3.0 if i < yes else 0.0 for i in range(12)],
        }
    )
    row = one(levels(*domain_case(make_plan, warehouse, frame, {})), "share")
    assert row["value"] == yes / 12
    assert row["low"] == pytest.approx(low, rel=1e-12)
    assert row["high"] == pytest.approx(high, rel=1e-12)


def clopper_pearson(yes: float, n: float) -> tuple[float, float]:
    """From the F distribution, as in the tables of Korn and Graubard (1998), not from the beta one."""
    no = n - yes
    low = 0.0 if yes == 0 else 1 / (1 + (no + 1) / (yes * stats.f.ppf(0.025, 2 * yes, 2 * (no + 1))))
    high = 1.0 if no == 0 else 1 / (1 + no / ((yes + 1) * stats.f.ppf(0.975, 2 * (yes + 1), 2 * no)))
    return low, high


def test_a_share_of_few_units_has_the_interval_of_korn_and_graubard(make_plan: Any, warehouse: Any) -> None:
    """svyciprop(method = "beta"): n* = p(1 − p)/V · (t of n − 1 / t of df)², with n and df of the domain."""
    sizes = {"a": (9, 12), "b": (8, 14), "c": (12, 12)}
    rows = [
        (f"{h}{i}", h, population, float(3 * (i % 3 > 0))) for h, (answered, population) in sizes.items() for i in range(answered)
    ]
    frame = pl.DataFrame(rows, schema=["unit", "stratum", "n_pop", "y"], orient="row").with_columns(dom=pl.lit("i"))
    row = one(levels(*domain_case(make_plan, warehouse, frame, {})), "share")
    p, n, df = row["value"], 29, 26
    assert (row["n"], row["df"], row["open_df"]) == (n, df, 15)
    effective = p * (1 - p) / row["se"] ** 2 * (stats.t.ppf(0.975, n - 1) / stats.t.ppf(0.975, df)) ** 2
    assert effective > n, "an interval is not cut off at n; what may be presented is"
    assert (row["low"], row["high"]) == pytest.approx(clopper_pearson(effective * p, effective), rel=1e-7)


def test_limits_change_from_exact_to_logit_with_the_thirtieth_unit() -> None:
    usual = {"value": 0.8, "se": 0.05, "df": 20, "bounded": True, "sampled": True}
    found = with_intervals(pl.DataFrame([{**usual, "n": FEW - 1}, {**usual, "n": FEW}])).rows(named=True)
    effective = 0.16 / 0.0025 * (stats.t.ppf(0.975, FEW - 2) / stats.t.ppf(0.975, 20)) ** 2
    assert (found[0]["low"], found[0]["high"]) == pytest.approx(clopper_pearson(0.8 * effective, effective), rel=1e-7)
    width = stats.t.ppf(0.975, 20) * 0.05 / 0.16
    assert found[1]["low"] == pytest.approx(1 / (1 + math.exp(width) * 0.25), rel=1e-9)
    assert found[1]["high"] == pytest.approx(1 / (1 + math.exp(-width) * 0.25), rel=1e-9)


def test_limits_of_korn_and_graubard_by_another_package(shared_data: Path) -> None:
    """Over all and in two domains that cut through strata."""
    svy = pytest.importorskip("svy")
    frame = read_sample(shared_data)
    sample = svy.Sample(frame, svy.Design(stratum="stratum", wgt="w", pop_size="n_pop")).estimation
    domains = {None: pl.lit(True), "emp25": pl.col("emp25") >= 300, "kp_total": pl.col("kp_total") < 12}
    wheres = {None: None, "emp25": svy.col("emp25") >= 300, "kp_total": svy.col("kp_total") < 12}
    for name, inside in domains.items():
        n = frame.filter(inside).height
        df = n - frame.filter(inside)["stratum"].n_unique()
        theirs = sample.prop("tool25", where=wheres[name], ci_method="beta").estimates[1]
        sizes = [np.array([float(figure)]) for figure in (theirs.est, theirs.se, n, df)]
        low, high = korn_graubard(sizes[0], effective_size(*sizes))
        assert (low[0], high[0]) == pytest.approx((theirs.lci, theirs.uci), rel=1e-7), name


def test_a_census_has_no_interval_however_few_it_counted() -> None:
    usual = {"value": 1.0, "se": 0.0, "df": 3, "n": 4, "bounded": True, "sampled": False}
    found = with_intervals(pl.DataFrame([usual, {**usual, "sampled": True}]))
    assert found.select("low", "high").row(0) == (None, None)
    assert found["low"][1] == pytest.approx(0.025 ** (1 / 4), rel=1e-12)
    assert found["high"][1] == 1.0


def test_degrees_of_strata_not_asked_whole_are_those_of_r(estimated: pl.DataFrame, published: dict[str, Any]) -> None:
    assert one(estimated, "share_tool")["open_df"] == published["df_excluding_take_all_strata"]


def test_korn_graubard_is_clopper_pearson_for_whole_counts() -> None:
    low, high = korn_graubard(np.array([0.25]), np.array([20.0]))
    exact = stats.binomtest(5, 20).proportion_ci(0.95, "exact")
    assert (low[0], high[0]) == pytest.approx((exact.low, exact.high), rel=1e-9)


def test_an_exact_ratio_has_no_error_at_all(make_plan: Any, warehouse: Any) -> None:
    """y = 0.3 x for everyone: moments cancel to rounding, which must not appear as variance or NaN."""
    x = [0.1 * k + 7 for k in range(50)]
    frame = pl.DataFrame(
        {
            "unit": [f"u{i}" for i in range(50)],
            "stratum": ["s"] * 50,
            "n_pop": [170] * 50,
            "dom": ["i"] * 50,
            "x": x,
            "y": [0.3 * v for v in x],
        }
    )
    row = one(levels(*domain_case(make_plan, warehouse, frame, {})), "ratio")
    assert row["value"] == pytest.approx(0.3, rel=1e-14)
    assert row["se"] == pytest.approx(0.0, abs=1e-9)
