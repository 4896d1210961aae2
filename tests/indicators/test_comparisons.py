"""Differences of two categories: R's figure, a second package, and one linearised variable unit by unit."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from indicators.catalogue.plan import Plan
from indicators.compute import Computed, compute
from indicators.estimation.comparisons import MOST, of_units, told
from pipelines.database import Database

COLUMNS = {
    **dict.fromkeys(("unit", "layer", "dom", "group"), "identifier"),
    "layer_size": "integer",
    **dict.fromkeys(("y", "x"), "number"),
}
INDICATORS = {
    "total": {"table": "answers", "numerator": "y"},
    "ratio": {"table": "answers", "numerator": "y", "denominator": "x"},
}
Compute = Callable[[Plan, dict[str, pl.DataFrame]], Computed]


@pytest.fixture(scope="module")
def computed(warehouse: Any) -> Compute:
    return lambda plan, frames: compute(plan, warehouse(plan, frames))


def answers_plan(make_plan: Any, *, minimum_groups: int = 1, census: bool = False, **collapse: str) -> Plan:
    drawn = {"stratum": "layer", "population": "layer_size", "collapse": collapse}
    design = {"unit": "unit", "group": "group", **({"census": True} if census else drawn)}
    return make_plan(
        tables={"answers": {"key": ["unit"], "year": 2025, "design": design, "columns": COLUMNS}},
        indicators=INDICATORS,
        breakdowns={"dom": "dom", "layer": "layer"},
        crossings=[["dom", "layer"]],
        minimum_groups=minimum_groups,
    )


def reference_plan(make_plan: Any) -> Plan:
    kinds = {**dict.fromkeys(("ent_id", "seg", "stratum", "large"), "identifier"), "n_pop": "integer"}
    columns = {**kinds, **dict.fromkeys(("kp_nc25", "kp_total", "tool25"), "integer"), "va25": "number"}
    design = {"unit": "ent_id", "stratum": "stratum", "population": "n_pop"}
    return make_plan(
        tables={"sample": {"key": ["ent_id"], "year": 2025, "design": design, "columns": columns}},
        indicators={
            "nc": {"table": "sample", "numerator": "kp_nc25", "denominator": "kp_total"},
            "tool": {"table": "sample", "numerator": "tool25", "denominator": 1, "unit": "share"},
            "value_added": {"table": "sample", "numerator": "va25"},
        },
        breakdowns={"seg": "seg", "large": "large"},
    )


@pytest.fixture(scope="module")
def reference(shared_data: Path, make_plan: Any, computed: Compute) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The comparisons of the reference sample, and its rows; `large` cuts through strata."""
    frame = pl.read_csv(shared_data / "statistics" / "sample_w1.csv", infer_schema_length=None).rename({"N_h": "n_pop"})
    frame = frame.with_columns(large=pl.when(pl.col("emp25") >= 300).then(pl.lit("yes")).otherwise(pl.lit("no")))
    return computed(reference_plan(make_plan), {"sample": frame}).details["comparisons"], frame


def pair(comparisons: pl.DataFrame, indicator: str, category: str, other: str) -> dict[str, Any]:
    found = comparisons.filter(
        pl.col("indicator") == indicator, pl.col("category") == category, pl.col("other") == other, pl.col("breakdown") != "layer"
    )
    assert found.height == 1, found
    return found.row(0, named=True)


def test_the_difference_of_two_segments_is_that_of_r(reference: tuple[pl.DataFrame, pl.DataFrame], shared_data: Path) -> None:
    wanted = json.loads((shared_data / "statistics" / "ref_a_estimates.json").read_text())["diff_PM_minus_PS"]
    row = pair(reference[0], "nc", "PM", "PS")
    assert row["difference"] == pytest.approx(wanted["est"], rel=1e-9)
    assert row["se"] == pytest.approx(wanted["se"], rel=1e-9)
    assert row["significant"] is True


def test_domains_that_cut_through_strata_by_another_package(reference: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    svy = pytest.importorskip("svy")
    comparisons, frame = reference
    sample = svy.Sample(frame, svy.Design(stratum="stratum", wgt="w", pop_size="n_pop")).estimation
    results = {
        "nc": sample.ratio("kp_nc25", "kp_total", by="large"),
        "tool": sample.mean("tool25", by="large"),
        "value_added": sample.total("va25", by="large"),
    }
    for indicator, theirs in results.items():
        yes, no = ([row.by_level for row in theirs.estimates].index((level,)) for level in ("yes", "no"))
        found = pair(comparisons, indicator, "no", "yes")
        covariance = np.asarray(theirs.covariance)
        variance = covariance[yes, yes] + covariance[no, no] - 2 * covariance[no, yes]
        assert abs(covariance[no, yes]) > 1e-3 * variance, "the domains share strata"
        assert found["difference"] == pytest.approx(theirs.estimates[no].est - theirs.estimates[yes].est, rel=1e-9)
        assert found["se"] == pytest.approx(math.sqrt(variance), rel=1e-9)


def test_the_interval_takes_the_degrees_of_both_domains(reference: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    comparisons, frame = reference
    row = pair(comparisons, "nc", "PM", "PS")
    both = frame.filter(pl.col("seg").is_in(["PM", "PS"]))
    width = stats.t.ppf(0.975, both.height - both["stratum"].n_unique()) * row["se"]
    assert (row["low"], row["high"]) == pytest.approx((row["difference"] - width, row["difference"] + width), rel=1e-9)


def test_two_segments_asked_whole_differ_with_certainty(reference: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    row = pair(reference[0], "nc", "OEM", "PL")
    assert (row["se"], row["low"], row["high"], row["significant"]) == (0.0, None, None, True)
    row = pair(reference[0], "tool", "OEM", "PL")
    assert row["significant"] is (row["difference"] != 0)


# --- unit by unit -------------------------------------------------------------------------------------------------------


def by_hand(frame: pl.DataFrame, one: str, other: str, *, total: bool, joint: dict[str, str]) -> dict[str, float] | None:
    """Value, error and degrees of one linearised variable z1 − z2."""
    layers, doms = frame["layer"].to_list(), np.array(frame["dom"].to_list())
    size = dict(zip(layers, frame["layer_size"], strict=True))
    weight = np.array([size[h] / layers.count(h) for h in layers])
    z, value = np.zeros(len(layers)), 0.0
    for sign, dom in ((1, one), (-1, other)):
        y, x = (np.where(doms == dom, frame[name].to_numpy(), 0.0) for name in "yx")
        own = weight @ y if total else weight @ y / (weight @ x)
        value += sign * own
        z += sign * (y if total else (y - own * x) / (weight @ x))
    u, joined = weight * z, [joint.get(h, h) for h in layers]
    inside = np.isin(doms, [one, other])
    held = {h for h, there in zip(joined, inside, strict=True) if there}
    asked = np.array([h in held for h in joined])
    variance = 0.0
    for h in held:
        here = np.array([layer == h for layer in joined])
        n, population = here.sum(), sum(size[part] for part in size if joint.get(part, part) == h)
        heard = n - (frame["_added"].to_numpy()[here].sum() if "_added" in frame.columns else 0)
        if heard < population:
            several = n**2 / (max(heard, 1) * max(n - 1, 1)) * ((u[here] - u[here].mean()) ** 2).sum()
            spread = (u[here][0] - u[asked].mean()) ** 2 if n == 1 else several
            variance += (1 - heard / population) * spread
    return {"value": value, "se": math.sqrt(variance), "df": inside.sum() - len(held)}


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    units=st.lists(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("ijk"), st.integers(-20, 40), st.integers(1, 9)),
        min_size=2,
        max_size=24,
    ),
    surplus=st.lists(st.integers(0, 7), min_size=4, max_size=4),
)
def test_every_pair_is_one_linearised_variable(
    units: list[tuple[str, str, int, int]], surplus: list[int], make_plan: Any, computed: Compute
) -> None:
    answered = {h: sum(unit[0] == h for unit in units) for h in "abcd"}
    whole = {h: answered[h] + more for h, more in zip("abcd", surplus, strict=True)}
    rows = [(f"u{i}", h, dom, "", whole[h], y / 4, x / 4) for i, (h, dom, y, x) in enumerate(units)]
    frame = pl.DataFrame(rows, schema=["unit", "layer", "dom", "group", "layer_size", "y", "x"], orient="row")
    frame = frame.with_columns(group="unit")
    alone = answered["b"] == 1 < whole["b"] and answered["a"] > 0
    found = computed(answers_plan(make_plan, b="a"), {"answers": frame}).details["comparisons"].filter(breakdown="dom")
    doms = sorted(set(frame["dom"]))
    assert found.height == 2 * math.comb(len(doms), 2)
    for row in found.iter_rows(named=True):
        wanted = by_hand(
            frame, row["category"], row["other"], total=row["indicator"] == "total", joint={"b": "a"} if alone else {}
        )
        assert wanted is not None
        scale = max(1.0, abs(wanted["value"]), float(np.abs(frame["y"].to_numpy()).sum()))
        assert row["difference"] == pytest.approx(wanted["value"], rel=1e-9, abs=1e-9 * scale)
        error = 0.0 if row["se"] is None else row["se"]  # where no spread was seen in a sample none is told
        assert error == pytest.approx(wanted["se"], rel=1e-7, abs=1e-6 * scale)
        if row["low"] is not None:
            width = stats.t.ppf(0.975, wanted["df"]) * row["se"]
            assert row["high"] - row["low"] == pytest.approx(2 * width, rel=1e-9, abs=1e-9)
            assert row["significant"] is (row["low"] > 0 or row["high"] < 0)


def test_who_was_imputed_does_not_narrow_a_difference(make_plan: Any) -> None:
    """Of three strata a was asked whole, and every fourth unit was imputed: the pair is the linearised variable all the same."""
    rng = np.random.default_rng(8)
    layers = np.repeat(list("abc"), [8, 12, 9])
    odd = pl.int_range(29) % 4 == 1
    frame = pl.DataFrame(
        {
            "unit": [f"u{i}" for i in range(29)],
            "layer": layers,
            "dom": rng.choice(list("ijk"), 29),
            "group": [f"u{i}" for i in range(29)],
            "layer_size": np.repeat([8, 30, 40], [8, 12, 9]),
            "y": rng.integers(1, 90, 29) / 4,
            "x": rng.integers(1, 40, 29) / 4,
        }
    ).with_columns(_added=odd, _imputed_y=odd, _imputed_x=odd)
    with Database() as database:
        database.insert("answers", frame)
        found = compute(answers_plan(make_plan), database, edited={"answers": True})
    pairs = found.details["comparisons"].filter(breakdown="dom")
    assert pairs.height == 6
    for row in pairs.iter_rows(named=True):
        wanted, plain = (
            by_hand(one, row["category"], row["other"], total=row["indicator"] == "total", joint={})
            for one in (frame, frame.drop("_added"))
        )
        assert wanted is not None
        assert plain is not None
        assert row["se"] == pytest.approx(wanted["se"], rel=1e-9)
        assert wanted["se"] > 1.05 * plain["se"]
    # domains in strata apart have no error in common
    apart = found.details["comparisons"].filter(breakdown="layer", indicator="ratio", category="a", other="b")
    levels = found.results.filter(breakdown="layer", indicator="ratio").sort("category")
    assert apart["se"].item() == pytest.approx(math.hypot(*levels["se"][:2]), rel=1e-9)


def test_values_of_single_units_give_the_same_pairs(reference: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    """The road of calibrated weights, where every unit bears a value for every domain."""
    comparisons, frame = reference
    frame = frame.sort("ent_id")
    names, doms = sorted(frame["stratum"].unique()), sorted(frame["seg"].unique())
    strata = np.array([names.index(h) for h in frame["stratum"]])
    sizes, wholes = (frame.unique("stratum").sort("stratum")[name].to_numpy().astype(float) for name in ("n_h", "n_pop"))
    inside = np.array([[seg == dom for dom in doms] for seg in frame["seg"]])
    y, x, w = (frame[name].to_numpy()[:, None] * inside for name in ("kp_nc25", "kp_total", "w"))
    ratio = (w * y).sum(0) / (w * x).sum(0)
    values = w * (y - ratio * x) / (w * x).sum(0)
    pairs = of_units(values, inside, strata, sizes, wholes)
    for i, one in enumerate(doms):
        for j, other in enumerate(doms[i + 1 :], i + 1):
            assert math.sqrt(pairs.variance[i, j]) == pytest.approx(pair(comparisons, "nc", one, other)["se"], rel=1e-9)


def test_residuals_outside_a_domain_count() -> None:
    """Of a calibrated estimate also who is in neither domain has a residual; the pair is their difference, unit by unit."""
    rng = np.random.default_rng(3)
    strata, sizes, wholes = np.repeat([0, 1, 2], [5, 4, 1]), np.array([5.0, 4.0, 1.0]), np.array([9.0, 4.0, 6.0])
    values = rng.normal(size=(10, 3))
    inside = np.array([[True, False, False]] * 4 + [[False, True, False]] * 3 + [[False, False, True]] * 3)
    pairs = of_units(values, inside, strata, sizes, wholes)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        d = values[:, i] - values[:, j]
        spread = (1 - 5 / 9) * 5 / 4 * ((d[:5] - d[:5].mean()) ** 2).sum()  # the second stratum was asked whole
        alone = (1 - 1 / 6) * (d[9] - d.mean()) ** 2
        assert pairs.variance[i, j] == pytest.approx(spread + alone, rel=1e-12)
    assert pairs.freedom[0, 1] == 7 - 2
    assert pairs.freedom[1, 2] == 6 - 3


def test_an_unknown_error_stays_unknown() -> None:
    levels = pl.DataFrame(
        {
            **{name: ["a", "a"] for name in ("indicator", "period", "breakdown")},
            "category": ["i", "j"],
            "value": [3.0, 1.0],
            "se": [None, 0.0],
            "sampled": [True, False],
        }
    )
    pairs = of_units(np.zeros((2, 2)), np.eye(2, dtype=bool), np.array([0, 0]), np.array([2.0]), np.array([2.0]))
    row = told(levels, pairs).row(0, named=True)
    assert row["difference"] == 2.0
    assert (row["se"], row["low"], row["high"], row["significant"]) == (None, None, None, None)


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_two_shares_of_none_or_of_all_differ_by_nobody_knows_what(share: float, make_plan: Any, computed: Compute) -> None:
    """Ten asked of twenty in each of two strata: a difference of 0 ± 0 would be as certain as that of two censuses."""
    rows = [(f"u{i}", "ab"[i % 2], "ij"[i % 2], f"u{i}", 20, share, 1.0) for i in range(20)]
    frame = pl.DataFrame(rows, schema=["unit", "layer", "dom", "group", "layer_size", "y", "x"], orient="row")
    for whole, known in ((20, (None, None)), (10, (0.0, False))):
        found = computed(answers_plan(make_plan), {"answers": frame.with_columns(layer_size=whole)}).details["comparisons"]
        row = pair(found, "ratio", "i", "j")
        assert row["difference"] == 0.0
        assert (row["se"], row["significant"]) == known
        assert (row["low"], row["high"]) == (None, None)


def test_one_answer_each_of_many_makes_no_difference_certain(make_plan: Any, computed: Compute, row_of: Any) -> None:
    """One answer of 120 in each category: no spread, no degrees of freedom, and no letter that could be relied on."""
    rows = [(f"u{i}", "ab"[i], "ij"[i], f"u{i}", 120, 3.0 + i, 2.0) for i in range(2)]
    frame = pl.DataFrame(rows, schema=["unit", "layer", "dom", "group", "layer_size", "y", "x"], orient="row")
    found = computed(answers_plan(make_plan), {"answers": frame})
    row = pair(found.details["comparisons"], "ratio", "i", "j")
    assert (row["se"], row["low"], row["significant"]) == (None, None, None)
    level = row_of(found.results, "ratio", "2025", "dom", "i")
    assert (level["df"], level["quality"], level["status"]) == (0, "F", "unreliable")


# --- which pairs there are ----------------------------------------------------------------------------------------------


def sampled(doms: str, *, layers: int = 2, groups: str = "") -> pl.DataFrame:
    rng = np.random.default_rng(5)
    rows = [
        (
            f"{dom}{i}",
            f"layer{i % layers}",
            dom,
            groups or f"{dom}{i}",
            500,
            float(rng.integers(1, 90)),
            float(rng.integers(1, 9)),
        )
        for dom in doms
        for i in range(6)
    ]
    return pl.DataFrame(rows, schema=["unit", "layer", "dom", "group", "layer_size", "y", "x"], orient="row")


def test_each_pair_stands_once_and_crossings_do_not(make_plan: Any, computed: Compute) -> None:
    found = computed(answers_plan(make_plan), {"answers": sampled("ijkl")}).details["comparisons"]
    assert set(found["breakdown"]) == {"dom", "layer"}
    doms = found.filter(indicator="ratio", breakdown="dom")
    assert doms.select("category", "other").rows() == [("i", "j"), ("i", "k"), ("i", "l"), ("j", "k"), ("j", "l"), ("k", "l")]


def test_a_suppressed_category_is_compared_with_none(make_plan: Any, computed: Compute) -> None:
    frame = pl.concat([sampled("ijlm"), sampled("k", groups="one")])
    found = computed(answers_plan(make_plan, minimum_groups=3), {"answers": frame})
    hidden = found.results.filter(breakdown="dom", category="k")
    assert set(hidden["status"]) == {"suppressed"}
    shown = found.results.filter(pl.col("breakdown") == "dom", pl.col("value").is_not_null())["category"].unique().sort()
    assert len(shown) == 3, "one more is withheld, lest the first follow from the total"
    doms = found.details["comparisons"].filter(breakdown="dom")
    assert set(doms.select("category", "other").rows()) == set(combinations(shown, 2))


def test_a_full_count_differs_or_not(make_plan: Any, computed: Compute) -> None:
    frame = sampled("ij").with_columns(y=pl.lit(2.0), x=pl.when(pl.col("dom") == "i").then(1.0).otherwise(2.0))
    found = computed(answers_plan(make_plan, census=True), {"answers": frame}).details["comparisons"].filter(breakdown="dom")
    assert pair(found, "ratio", "i", "j")["significant"] is True
    assert pair(found, "total", "i", "j")["significant"] is False
    assert found["se"].to_list() == [0.0, 0.0]


def test_too_many_categories_are_said_and_not_compared(make_plan: Any, computed: Compute) -> None:
    several = pl.concat(
        [sampled("i").with_columns(dom=pl.lit(f"d{i:03d}"), unit=pl.col("unit") + f"-{i}") for i in range(MOST + 1)]
    )
    found = computed(answers_plan(make_plan), {"answers": several})
    assert set(found.details["comparisons"]["breakdown"]) == {"layer"}
    assert [notice.en for notice in found.notices] == [
        f"“dom” has more than {MOST} categories, so they are not compared with each other."
    ]


def test_the_order_of_rows_does_not_matter(make_plan: Any, computed: Compute) -> None:
    frame, plan = sampled("ijkl", layers=3), answers_plan(make_plan)
    first, again = (
        computed(plan, {"answers": rows}).details["comparisons"]
        for rows in (frame, frame.sample(fraction=1.0, shuffle=True, seed=4))
    )
    keys = ["indicator", "breakdown", "category", "other", "significant"]
    assert first.select(keys).equals(again.select(keys))
    for name in ("difference", "se", "low", "high"):
        np.testing.assert_allclose(first[name].to_numpy(), again[name].to_numpy(), rtol=1e-11)
