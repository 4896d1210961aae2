"""Change between waves that share enterprises: closed forms, pairs by hand, and repeated sampling from a known frame."""

from __future__ import annotations

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

COLUMNS = {
    "firm": "identifier",
    "year": "year",
    "layer": "identifier",
    "layer_size": "integer",
    "kind": "identifier",
    "y": "number",
    "x": "number",
}
DESIGN = {"unit": "firm", "stratum": "layer", "population": "layer_size"}


def change_plan(make_plan: Any, *, base: str = "2025", total: bool = False, period: str = "year", **design: Any) -> Plan:
    table = {"key": ["firm", period], "period": period, "columns": {**COLUMNS, period: "year" if period == "year" else "month"}}
    if period != "year":
        table["columns"].pop("year")
    level = {"table": "answers", "numerator": "y", **({} if total else {"denominator": "x"})}
    if period != "year":
        level["periods"] = ["year", "quarter", "month"]
    return make_plan(
        tables={"answers": {**table, "design": {**DESIGN, **design}}},
        indicators={"level": level, "change": {"change_of": "level", "base_period": base}},
        breakdowns={"kind": "kind"},
    )


# --- pairs by hand ---------------------------------------------------------------------------------------------------------


def linearised(wave: dict[str, dict[str, Any]], kind: str | None, total: bool) -> tuple[float, float, dict[str, float], int]:
    """Value, variance, weighted linearised value of each unit (zero outside the domain), df."""
    layers = sorted({unit["layer"] for unit in wave.values()})
    answered = {h: sum(unit["layer"] == h for unit in wave.values()) for h in layers}
    size = {unit["layer"]: unit["layer_size"] for unit in wave.values()}
    inside = {firm for firm, unit in wave.items() if kind is None or unit["kind"] == kind}
    weight = {firm: size[unit["layer"]] / answered[unit["layer"]] for firm, unit in wave.items()}
    sums = [sum(weight[firm] * wave[firm][part] for firm in sorted(inside)) for part in "yx"]
    value = sums[0] if total else sums[0] / sums[1]
    u = {}
    for firm, unit in wave.items():
        z = unit["y"] if total else (unit["y"] - value * unit["x"]) / sums[1]
        u[firm] = weight[firm] * z if firm in inside else 0.0
    held = {wave[firm]["layer"] for firm in inside}
    asked = [u[firm] for firm, unit in wave.items() if unit["layer"] in held]
    variance = 0.0
    for h in held:
        here = np.array([u[firm] for firm, unit in wave.items() if unit["layer"] == h])
        n = len(here)
        if n < size[h]:
            spread = (here[0] - np.mean(asked)) ** 2 if n == 1 else n * here.var(ddof=1)
            variance += (1 - n / size[h]) * spread
    return value, variance, u, len(inside) - len(held)


def by_hand(frame: pl.DataFrame, kind: str | None = None, *, total: bool = False) -> dict[str, float]:
    """Change 2025 to 2027 with its error, term by term as in Knottnerus and van Delden (2012)."""
    waves = {year: {row["firm"]: row for row in frame.filter(pl.col("year") == year).to_dicts()} for year in (2025, 2027)}
    old, new = waves[2025], waves[2027]
    then, v0, u0, df0 = linearised(old, kind, total)
    now, v1, u1, df1 = linearised(new, kind, total)
    covariance = 0.0
    for h in {unit["layer"] for unit in new.values()}:
        common = sorted(firm for firm in set(old) & set(new) if old[firm]["layer"] == h == new[firm]["layer"])
        if len(common) < 2:
            continue
        sizes = [next(unit["layer_size"] for unit in wave.values() if unit["layer"] == h) for wave in (old, new)]
        fractions = [
            sum(unit["layer"] == h for unit in wave.values()) / size for wave, size in zip((old, new), sizes, strict=True)
        ]
        if max(fractions) >= 1:
            continue
        s12 = np.cov([u0[firm] for firm in common], [u1[firm] for firm in common])[0, 1]
        covariance += (len(common) - min(sizes) * fractions[0] * fractions[1]) * s12
    ratio = now / then
    error = math.sqrt(max(v0 / then**2 + v1 / now**2 - 2 * covariance / (then * now), 0.0))
    df = max(min(df0, df1), 1)
    return {"value": ratio - 1, "se": ratio * error, "error": error, "quantile": stats.t.ppf(0.975, df), "covariance": covariance}


def agrees(row: dict[str, Any], wanted: dict[str, float]) -> None:
    assert row["value"] == pytest.approx(wanted["value"], rel=1e-9, abs=1e-12)
    assert row["se"] == pytest.approx(wanted["se"], rel=1e-8, abs=1e-9)
    if wanted["error"] > 1e-7:
        width = wanted["quantile"] * wanted["error"]
        assert row["low"] == pytest.approx((1 + wanted["value"]) * math.exp(-width) - 1, rel=1e-7, abs=1e-9)
        assert row["high"] == pytest.approx((1 + wanted["value"]) * math.exp(width) - 1, rel=1e-7, abs=1e-9)


def waves(seed: int, *, overlap: float = 0.7, moving: float = 0.0, sizes: tuple[int, int] = (30, 30)) -> pl.DataFrame:
    """Two waves of firms in three strata; a share of them stays, some change stratum or kind."""
    rng = np.random.default_rng(seed)
    rows = []
    for h in range(3):
        for i in range(12):
            firm, base = f"f{h}-{i}", float(rng.integers(20, 80))
            staff, kind = float(rng.integers(5, 40)), "ij"[int(rng.integers(2))]
            for year, size in zip((2025, 2027), sizes, strict=True):
                if year == 2027 and rng.random() > overlap:
                    firm, base = f"{firm}-new", float(rng.integers(20, 80))
                if year == 2027 and rng.random() < moving:
                    kind = "ij"[int(rng.integers(2))]
                    layer = f"layer{rng.integers(3)}"
                else:
                    layer = f"layer{h}"
                made = base * staff * (1.0 if year == 2025 else 1.06) * (1 + 0.1 * rng.standard_normal())
                rows.append(
                    {
                        "firm": firm,
                        "year": year,
                        "layer": layer,
                        "layer_size": size,
                        "kind": kind,
                        "y": round(made, 3),
                        "x": staff,
                    }
                )
    return pl.DataFrame(rows)


@pytest.mark.parametrize("total", [False, True], ids=["ratio", "total"])
@pytest.mark.parametrize("moving", [0.0, 0.5], ids=["stay", "move"])
@pytest.mark.parametrize("sizes", [(30, 30), (45, 27)], ids=["same frame", "shrinking"])
def test_pairs_by_hand(total: bool, moving: float, sizes: tuple[int, int], make_plan: Any, results_of: Any, row_of: Any) -> None:
    frame = waves(5, moving=moving, sizes=sizes)
    results = results_of(change_plan(make_plan, total=total), {"answers": frame})
    agrees(row_of(results, "change", "2027"), by_hand(frame, total=total))
    for kind in "ij":
        agrees(row_of(results, "change", "2027", "kind", kind), by_hand(frame, kind, total=total))


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10_000), overlap=st.floats(0, 1), moving=st.sampled_from([0.0, 0.2, 0.9]))
def test_any_pair_of_waves(seed: int, overlap: float, moving: float, make_plan: Any, results_of: Any, row_of: Any) -> None:
    frame = waves(seed, overlap=overlap, moving=moving, sizes=(40, 38))
    results = results_of(change_plan(make_plan), {"answers": frame})
    agrees(row_of(results, "change", "2027"), by_hand(frame))
    for kind in "ij":
        agrees(row_of(results, "change", "2027", "kind", kind), by_hand(frame, kind))


def test_the_same_sample_twice_is_one_linearised_value(make_plan: Any, results_of: Any, row_of: Any) -> None:
    """Full overlap: the usual formula on the difference of the two linearised values, unit by unit."""
    frame = waves(8, overlap=1.0)
    row = row_of(results_of(change_plan(make_plan), {"answers": frame}), "change", "2027")
    pairs = [{unit["firm"]: unit for unit in frame.filter(pl.col("year") == year).to_dicts()} for year in (2025, 2027)]
    (then, _, u0, _), (now, _, u1, _) = (linearised(wave, None, False) for wave in pairs)
    variance = 0.0
    for h in ("layer0", "layer1", "layer2"):
        d = np.array([u1[firm] / now - u0[firm] / then for firm, unit in pairs[0].items() if unit["layer"] == h])
        variance += (1 - 12 / 30) * 12 * d.var(ddof=1)
    assert row["se"] == pytest.approx(now / then * math.sqrt(variance), rel=1e-9)


def test_samples_without_a_common_enterprise_are_independent(make_plan: Any, results_of: Any, row_of: Any) -> None:
    frame = waves(9, overlap=0.0)
    results = results_of(change_plan(make_plan), {"answers": frame})
    then, now = row_of(results, "level", "2025"), row_of(results, "level", "2027")
    error = math.hypot(then["se"] / then["value"], now["se"] / now["value"])
    assert row_of(results, "change", "2027")["se"] == pytest.approx(now["value"] / then["value"] * error, rel=1e-12)


def test_two_censuses_have_a_certain_change_whoever_came_and_went(make_plan: Any, results_of: Any, row_of: Any) -> None:
    frame = waves(10, overlap=0.6, sizes=(12, 12))
    row = row_of(results_of(change_plan(make_plan), {"answers": frame}), "change", "2027")
    assert row["se"] == 0.0
    assert (row["low"], row["high"], row["quality"]) == (None, None, "census")
    births = pl.concat([frame, frame.filter(pl.col("year") == 2027).with_columns(firm=pl.col("firm") + "-birth")])
    births = births.with_columns(layer_size=pl.when(pl.col("year") == 2027).then(24).otherwise(12))
    row = row_of(results_of(change_plan(make_plan), {"answers": births}), "change", "2027")
    assert (row["se"], row["low"]) == (0.0, None)


def test_a_census_in_one_year_shares_nothing_with_a_sample_in_the_other(make_plan: Any, results_of: Any, row_of: Any) -> None:
    frame = waves(11, overlap=0.5, sizes=(12, 30))
    results = results_of(change_plan(make_plan), {"answers": frame})
    then, now = row_of(results, "level", "2025"), row_of(results, "level", "2027")
    assert then["se"] == 0.0
    assert row_of(results, "change", "2027")["se"] == pytest.approx(now["se"] / then["value"], rel=1e-12)


# --- the reference sample ----------------------------------------------------------------------------------------------------


def test_the_two_waves_of_the_reference_frame(shared_data: Path, make_plan: Any, results_of: Any, row_of: Any) -> None:
    """Difference of the NC ratio 0.04019 with error 0.01024, and 0.01620 if the waves are taken as independent."""
    frame = pl.read_csv(shared_data / "statistics" / "frame.csv")
    parts = []
    for year, wave in ((2025, "1"), (2027, "2")):
        made = f"kp_nc{25 if wave == '1' else 26}"
        kept = frame.filter(pl.col(f"in_w{wave}") == 1)
        parts.append(kept.select(firm="ent_id", year=year, layer="stratum", layer_size="N_h", kind="seg", y=made, x="kp_total"))
    results = results_of(change_plan(make_plan), {"answers": pl.concat(parts)})
    then, now, change = row_of(results, "level", "2025"), row_of(results, "level", "2027"), row_of(results, "change", "2027")
    assert now["value"] - then["value"] == pytest.approx(0.04019, abs=5e-6)
    error = change["se"] / (1 + change["value"])
    covariance = (
        ((then["se"] / then["value"]) ** 2 + (now["se"] / now["value"]) ** 2 - error**2) * then["value"] * now["value"] / 2
    )
    assert math.hypot(then["se"], now["se"]) == pytest.approx(0.01620, abs=5e-6)
    assert math.sqrt(then["se"] ** 2 + now["se"] ** 2 - 2 * covariance) == pytest.approx(0.01024, abs=5e-6)


REPEATS = 400


@pytest.fixture(scope="module")
def repeated(make_plan: Any, results_of: Any) -> tuple[pl.DataFrame, float]:
    """Two waves drawn 400 times from one population by permanent random numbers; every draw is a category of one run."""
    rng = np.random.default_rng(20271231)
    layers = np.repeat([0, 1, 2], [40, 80, 120])
    drawn = {0: 20, 1: 20, 2: 24}
    staff = rng.integers(10, 200, layers.size)
    before = staff * (30 + 10 * layers) * np.exp(0.3 * rng.standard_normal(layers.size))
    after = before * 1.08 * np.exp(0.1 * rng.standard_normal(layers.size))
    rows = []
    for repeat in range(REPEATS):
        prn = rng.random(layers.size)
        for year, made, shift in ((2025, before, 0.0), (2027, after, 0.03)):
            for h, size in drawn.items():
                members = np.flatnonzero(layers == h)
                taken = members[np.argsort((prn[members] - shift) % 1)[:size]]
                rows += [(f"{repeat}-{i}", year, f"{repeat}-{h}", members.size, str(repeat), made[i], staff[i]) for i in taken]
    frame = pl.DataFrame(rows, schema=list(COLUMNS), orient="row")
    return results_of(change_plan(make_plan), {"answers": frame}), float(after.sum() / before.sum() - 1)


def test_the_interval_covers_the_truth_as_often_as_it_says(repeated: tuple[pl.DataFrame, float]) -> None:
    results, truth = repeated
    found = results.filter(pl.col("indicator") == "change", pl.col("breakdown") == "kind", pl.col("period") == "2027")
    assert found.height == REPEATS
    covered = ((found["low"] <= truth) & (truth <= found["high"])).mean()
    assert 0.92 <= covered <= 0.98
    assert found["se"].mean() == pytest.approx(found["value"].std(), rel=0.10)


def test_without_the_covariance_the_error_would_be_far_too_large(repeated: tuple[pl.DataFrame, float]) -> None:
    results, _ = repeated
    found = results.filter(pl.col("indicator") == "change", pl.col("breakdown") == "kind", pl.col("period") == "2027")
    level = results.filter(pl.col("indicator") == "level", pl.col("breakdown") == "kind").with_columns(
        part=pl.col("se") / pl.col("value")
    )
    parts = [level.filter(pl.col("period") == year).sort("category")["part"].to_numpy() for year in ("2025", "2027")]
    naive = np.hypot(*parts) * (1 + found.sort("category")["value"].to_numpy())
    assert naive.mean() > 1.5 * found["value"].std()


# --- what is compared with what ------------------------------------------------------------------------------------------------


def test_without_the_base_period_there_is_no_change(make_plan: Any, results_of: Any) -> None:
    frame = waves(12)
    results = results_of(change_plan(make_plan, base="2024"), {"answers": frame})
    assert results.filter(pl.col("indicator") == "change", pl.col("value").is_not_null()).is_empty()
    assert results.filter(pl.col("indicator") == "level").height > 0


def test_the_base_period_itself_has_no_change(make_plan: Any, results_of: Any) -> None:
    results = results_of(change_plan(make_plan), {"answers": waves(12)})
    assert set(results.filter(pl.col("indicator") == "change")["period"]) == {"2027"}


def test_a_category_without_a_base_has_no_change(make_plan: Any, results_of: Any) -> None:
    frame = waves(13).with_columns(kind=pl.when(pl.col("year") == 2027).then(pl.lit("late")).otherwise(pl.lit("early")))
    results = results_of(change_plan(make_plan), {"answers": frame})
    assert results.filter(
        pl.col("indicator") == "change", pl.col("breakdown") == "kind", pl.col("value").is_not_null()
    ).is_empty()


def test_years_are_compared_with_years_and_not_months_with_a_year(make_plan: Any, results_of: Any, row_of: Any) -> None:
    frame = waves(14).with_columns(month=pl.date(pl.col("year"), pl.int_range(pl.len()) % 3 + 1, 1)).drop("year")
    results = results_of(change_plan(make_plan, period="month"), {"answers": frame})
    assert {"2025-Q1", "2027-Q1"} < set(results.filter(pl.col("indicator") == "level")["period"])
    assert set(results.filter(pl.col("indicator") == "change")["period"]) == {"2027"}
    yearly = waves(14)
    agrees(row_of(results, "change", "2027"), by_hand(yearly))


@pytest.mark.parametrize(("then", "now"), [(0.0, 5.0), (-3.0, 5.0), (5.0, -3.0)])
def test_a_relative_change_needs_two_positive_levels(then: float, now: float, make_plan: Any, results_of: Any) -> None:
    rows = [(f"f{i}", year, "s", 20, "i", value, 1.0) for i in range(10) for year, value in ((2025, then), (2027, now))]
    results = results_of(change_plan(make_plan), {"answers": pl.DataFrame(rows, schema=list(COLUMNS), orient="row")})
    found = results.filter(pl.col("indicator") == "change", pl.col("breakdown") == "total")
    assert found.select("value", "se", "low", "high").rows() == [(None, None, None, None)]
    assert found["status"].to_list() == ["absent"]


def test_two_exact_values_have_an_exact_change(make_plan: Any, results_of: Any, row_of: Any) -> None:
    plan = make_plan(
        tables={"facts": {"key": ["year"], "period": "year", "public": True, "columns": {"year": "year", "y": "number"}}},
        indicators={"level": {"table": "facts", "numerator": "y"}, "change": {"change_of": "level", "base_period": "2025"}},
    )
    row = row_of(results_of(plan, {"facts": pl.DataFrame({"year": [2025, 2027], "y": [8.0, 10.0]})}), "change", "2027")
    assert (row["value"], row["se"], row["low"], row["high"]) == (0.25, 0.0, None, None)
