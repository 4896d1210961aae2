"""Waves of a population that changes: births, deaths and units that change stratum; differences; the matched sample."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from indicators.catalogue.plan import Plan
from indicators.compute import Computed, compute
from pipelines.database import Database

REGISTER = {
    **dict.fromkeys(("firm", "layer", "kind", "group"), "identifier"),
    "year": "year",
    "layer_size": "integer",
}
ANSWERS = {"firm": "identifier", "year": "year", "y": "number", "x": "number"}
Compute = Callable[..., Computed]


@pytest.fixture(scope="module")
def computed(warehouse: Any) -> Compute:
    return lambda plan, frames, **options: compute(plan, warehouse(plan, frames), **options)


def waves_plan(make_plan: Any, *, total: bool = False, minimum_groups: int = 1, **collapse: str) -> Plan:
    design = {"unit": "firm", "stratum": "layer", "population": "layer_size", "group": "group", "collapse": collapse}
    level = {"table": "answers", "numerator": "y", **({} if total else {"denominator": "x"})}
    return make_plan(
        tables={
            "register": {
                "key": ["firm", "year"],
                "period": "year",
                "columns": REGISTER,
                "design": {"unit": "firm", "census": True},
            },
            "answers": {
                "key": ["firm", "year"],
                "period": "year",
                "columns": ANSWERS,
                "design": design,
                "link": [{"table": "register", "on": {"firm": "firm", "year": "period"}}],
            },
        },
        indicators={
            "level": level,
            "points": {"change_of": "level", "base_period": "2025", "change_as": "difference"},
            "index": {"change_of": "level", "base_period": "2025"},
        },
        breakdowns={"kind": "kind"},
        minimum_groups=minimum_groups,
    )


def population(seed: int, *, firms: int = 150, leaving: float = 0.15, moving: float = 0.08) -> pl.DataFrame:
    """A register of two years: some die, as many are born, some change stratum; y and x of every unit, asked or not."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(firms):
        layer, kind = i % 3, "ij"[int(rng.integers(2))]
        staff, pace = float(rng.integers(5, 60)) * (1 + layer), float(np.exp(0.3 * rng.standard_normal()))
        gone = rng.random() < leaving
        later = int(rng.integers(3)) if rng.random() < moving else layer
        grown = pace * 1.05 * float(np.exp(0.08 * rng.standard_normal()))
        rows.append((f"f{i}", 2025, f"s{layer}", kind, pace * staff, staff))
        if gone:
            fresh = float(np.exp(0.3 * rng.standard_normal()))
            rows.append((f"new{i}", 2027, f"s{layer}", kind, fresh * staff, staff))
        else:
            rows.append((f"f{i}", 2027, f"s{later}", kind, grown * staff, staff))
    frame = pl.DataFrame(rows, schema=["firm", "year", "layer", "kind", "y", "x"], orient="row")
    return frame.with_columns(layer_size=pl.len().over("year", "layer"), group=pl.col("firm"))


def drawn(frame: pl.DataFrame, seed: int, share: float = 0.4) -> pl.DataFrame:
    """Answers of a stratified sample of each year, by permanent random numbers, so that the two overlap."""
    rng = np.random.default_rng(seed)
    firms = frame["firm"].unique(maintain_order=True)
    numbers = dict(zip(firms, rng.random(len(firms)), strict=True))
    prn = pl.Series(
        [(numbers[firm] - (0.05 if year == 2027 else 0)) % 1 for firm, year in frame.select("firm", "year").iter_rows()]
    )
    placed = frame.with_columns(prn=prn)
    size = (share * pl.len()).ceil()
    taken = placed.filter(pl.col("prn").rank("ordinal").over("year", "layer") <= size.over("year", "layer"))
    return taken.select("firm", "year", "y", "x")


def edited(plan: Plan, given: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """Results over answers of which some rows are marked as imputed."""
    with Database() as database:
        for name, frame in given.items():
            database.insert(name, frame.with_columns(pl.col("year").cast(pl.Int32)))
        return compute(plan, database, edited={"answers": True}).results


def frames(register: pl.DataFrame, answers: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {"register": register.drop("y", "x"), "answers": answers}


# --- pairs by hand, with the frame of both years ---------------------------------------------------------------------------


def by_hand(
    register: pl.DataFrame, answers: pl.DataFrame, kind: str | None = None, *, total: bool = False, listed: bool = True
) -> dict[str, float]:
    """Values, errors and their covariance, term by term as in Knottnerus and van Delden (2012)."""
    waves: dict[int, dict[str, dict[str, Any]]] = {}
    for year in (2025, 2027):
        told = answers.filter(pl.col("year") == year).join(register.drop("y", "x"), on=["firm", "year"])
        waves[year] = {row["firm"]: row for row in told.to_dicts()}
    stands = {year: dict(register.filter(pl.col("year") == year).select("firm", "layer").iter_rows()) for year in waves}
    layers = sorted(set(register["layer"]))
    n = {(year, h): sum(row["layer"] == h for row in wave.values()) for year, wave in waves.items() for h in layers}
    imputed = {year: {firm for firm, row in wave.items() if row.get("_added")} for year, wave in waves.items()}
    heard = {(year, h): n[year, h] - sum(waves[year][firm]["layer"] == h for firm in imputed[year]) for year, h in n}
    size = {(year, h): sum(layer == h for layer in stands[year].values()) for year in waves for h in layers}
    values, variances, degrees, u = {}, {}, {}, {}
    for year, wave in waves.items():
        inside = {firm for firm, row in wave.items() if kind is None or row["kind"] == kind}
        weight = {firm: size[year, row["layer"]] / n[year, row["layer"]] for firm, row in wave.items()}
        sums = [sum(weight[firm] * wave[firm][part] for firm in sorted(inside)) for part in "yx"]
        value = values[year] = sums[0] if total else sums[0] / sums[1]
        u[year] = {
            firm: weight[firm] * (row["y"] if total else (row["y"] - value * row["x"]) / sums[1]) if firm in inside else 0.0
            for firm, row in wave.items()
        }
        held = {wave[firm]["layer"] for firm in inside}
        spreads = {h: np.var([u[year][firm] for firm in wave if wave[firm]["layer"] == h], ddof=1) for h in held}
        variances[year] = sum((1 - heard[year, h] / size[year, h]) * n[year, h] ** 2 / heard[year, h] * spreads[h] for h in held)
        degrees[year] = len(inside) - len(held)
    covariance = 0.0
    for h in layers:
        common = sorted(
            firm for firm in waves[2025].keys() & waves[2027].keys() if all(w[firm]["layer"] == h for w in waves.values())
        )
        if len(common) < 2 or any(heard[year, h] == size[year, h] for year in waves):
            continue
        stayed = sum(stands[2027].get(firm) == h for firm, layer in stands[2025].items() if layer == h)
        both = stayed if listed else min(size[2025, h], size[2027, h])
        s12 = np.cov([u[2025][firm] for firm in common], [u[2027][firm] for firm in common])[0, 1]
        whole = size[2025, h] * size[2027, h]
        twice = len(set(common) - imputed[2025] - imputed[2027])
        share = twice / (heard[2025, h] * heard[2027, h]) - both / whole
        # weighted values: u = N/n · z, so s12 of z is that of u · n1·n2/(N1·N2)
        covariance += whole * share * s12 * n[2025, h] * n[2027, h] / whole
    return {
        "then": values[2025],
        "now": values[2027],
        "v0": variances[2025],
        "v1": variances[2027],
        "covariance": covariance,
        "df": min(degrees.values()),
    }


def agrees(points: dict[str, Any], index: dict[str, Any], wanted: dict[str, float]) -> None:
    then, now, covariance = wanted["then"], wanted["now"], wanted["covariance"]
    error = math.sqrt(wanted["v0"] + wanted["v1"] - 2 * covariance)
    relative = math.sqrt(wanted["v0"] / then**2 + wanted["v1"] / now**2 - 2 * covariance / (then * now))
    quantile = stats.t.ppf(0.975, wanted["df"])
    assert points["value"] == pytest.approx(now - then, rel=1e-9)
    assert points["se"] == pytest.approx(error, rel=1e-8)
    assert (points["low"], points["high"]) == pytest.approx(
        (now - then - quantile * error, now - then + quantile * error), rel=1e-7, abs=1e-12
    )
    assert index["value"] == pytest.approx(now / then - 1, rel=1e-9)
    assert index["se"] == pytest.approx(now / then * relative, rel=1e-8)
    assert (1 + index["low"], 1 + index["high"]) == pytest.approx(
        (now / then * math.exp(-quantile * relative), now / then * math.exp(quantile * relative)), rel=1e-8
    )
    for row in (points, index):
        assert row["df"] == wanted["df"]
        assert row["significant"] is (row["low"] > 0 or row["high"] < 0)
        assert row["quality"] is None


@pytest.mark.parametrize("total", [False, True], ids=["ratio", "total"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_frame_of_both_years_is_counted(seed: int, total: bool, make_plan: Any, computed: Compute, row_of: Any) -> None:
    register = population(seed)
    answers = drawn(register, seed)
    results = computed(waves_plan(make_plan, total=total), frames(register, answers)).results
    for kind in (None, "i", "j"):
        key = ("2027",) if kind is None else ("2027", "kind", kind)
        wanted = by_hand(register, answers, kind, total=total)
        agrees(row_of(results, "points", *key), row_of(results, "index", *key), wanted)
        assert wanted["covariance"] != by_hand(register, answers, kind, total=total, listed=False)["covariance"]


@pytest.mark.parametrize("total", [False, True], ids=["ratio", "total"])
def test_who_was_imputed_has_a_value_but_was_not_heard(total: bool, make_plan: Any, row_of: Any) -> None:
    register = population(16)
    odd = pl.int_range(pl.len()) % 5 == 2
    answers = drawn(register, 16, share=0.6).with_columns(_added=odd, _imputed_y=odd, _imputed_x=odd)
    results = edited(waves_plan(make_plan, total=total), frames(register, answers))
    for kind in (None, "i", "j"):
        key = ("2027",) if kind is None else ("2027", "kind", kind)
        wanted = by_hand(register, answers, kind, total=total)
        agrees(row_of(results, "points", *key), row_of(results, "index", *key), wanted)
        everyone = by_hand(register, answers.drop("_added"), kind, total=total)
        assert abs(wanted["covariance"] / everyone["covariance"] - 1) > 0.01


def test_a_stratum_asked_whole_with_imputed_units_has_an_error_in_common(make_plan: Any, row_of: Any) -> None:
    """Both years asked whole and the same units imputed: the error of the change is that of the differences of who was heard."""
    register = population(17, leaving=0.0, moving=0.0)
    silent = pl.col("firm").str.slice(1).cast(pl.Int64) % 7 == 3
    answers = register.select("firm", "year", "y", "x", _added=silent, _imputed_y=silent, _imputed_x=silent)
    plan = waves_plan(make_plan, total=True)
    row = row_of(edited(plan, frames(register, answers)), "points", "2027")
    variance = 0.0
    for h in ("s0", "s1", "s2"):
        own = register.filter(pl.col("layer") == h).join(answers.select("firm", "year", "_added"), on=["firm", "year"])
        then, now = (own.filter(pl.col("year") == year).sort("firm") for year in (2025, 2027))
        r = int((~then["_added"]).sum())
        variance += (1 - r / 50) * 50**2 / r * float((now["y"] - then["y"]).var(ddof=1))  # type: ignore[operator]
    assert row["se"] == pytest.approx(math.sqrt(variance), rel=1e-9)


def test_a_register_of_the_sample_alone_says_nothing_of_the_population(make_plan: Any, computed: Compute, row_of: Any) -> None:
    """Then the smaller population is taken to be wholly in the larger one, as without a register."""
    register = population(4)
    answers = drawn(register, 4)
    asked = register.join(answers, on=["firm", "year"], how="semi")
    results = computed(waves_plan(make_plan), frames(asked, answers)).results
    agrees(row_of(results, "points", "2027"), row_of(results, "index", "2027"), by_hand(register, answers, listed=False))


def test_one_stratum_that_is_listed_whole_is_counted_and_another_is_not(make_plan: Any, computed: Compute, row_of: Any) -> None:
    register = population(5)
    answers = drawn(register, 5)
    missing = register.filter(pl.col("layer") == "s2").join(answers, on=["firm", "year"], how="anti")
    short = register.join(missing, on=["firm", "year"], how="anti")
    row = row_of(computed(waves_plan(make_plan), frames(short, answers)).results, "points", "2027")
    ends = [by_hand(register, answers, listed=listed) for listed in (True, False)]
    errors = [math.sqrt(end["v0"] + end["v1"] - 2 * end["covariance"]) for end in ends]
    assert min(errors) < row["se"] < max(errors)


# --- repeated sampling ----------------------------------------------------------------------------------------------------------

REPEATS = 300


@pytest.fixture(scope="module")
def repeated(make_plan: Any, computed: Compute) -> tuple[pl.DataFrame, dict[str, float]]:
    """One changing population, sampled 300 times; every draw is a category of one run, with strata of its own."""
    once = population(11, firms=240)
    register, answers = [], []
    for repeat in range(REPEATS):
        own = once.with_columns(
            firm=pl.format("{}-{}", pl.lit(repeat), "firm"),
            layer=pl.format("{}-{}", pl.lit(repeat), "layer"),
            kind=pl.lit(str(repeat)),
        ).with_columns(group=pl.col("firm"))
        register.append(own)
        answers.append(drawn(own, 1000 + repeat, share=0.3))
    results = computed(waves_plan(make_plan), frames(pl.concat(register), pl.concat(answers))).results
    sums = once.group_by("year").agg(ratio=pl.col("y").sum() / pl.col("x").sum())
    levels = dict(sums.iter_rows())
    return results, {"points": levels[2027] - levels[2025], "index": levels[2027] / levels[2025] - 1}


@pytest.mark.parametrize("indicator", ["points", "index"])
def test_intervals_cover_the_truth_as_often_as_they_say(indicator: str, repeated: tuple[pl.DataFrame, dict[str, float]]) -> None:
    results, truth = repeated
    found = results.filter(pl.col("indicator") == indicator, pl.col("breakdown") == "kind", pl.col("period") == "2027")
    assert found.height == REPEATS
    covered = ((found["low"] <= truth[indicator]) & (truth[indicator] <= found["high"])).mean()
    assert 0.92 <= covered <= 0.985
    rms = math.sqrt((found["se"] ** 2).mean())
    assert rms == pytest.approx(found["value"].std(), rel=0.12)


def test_waves_taken_as_independent_would_have_far_too_large_an_error(
    repeated: tuple[pl.DataFrame, dict[str, float]],
) -> None:
    results, truth = repeated
    of_kind = results.filter(pl.col("breakdown") == "kind").sort("category")
    change = of_kind.filter(indicator="points", period="2027")
    ends = [of_kind.filter(indicator="level", period=year)["se"].to_numpy() for year in ("2025", "2027")]
    naive = np.hypot(*ends)
    assert naive.mean() > 1.3 * change["value"].std()
    covered = np.abs(change["value"].to_numpy() - truth["points"]) <= 1.98 * naive
    assert covered.mean() > 0.98, "an interval that is too wide covers too often"


# --- closed forms ---------------------------------------------------------------------------------------------------------------


def test_full_overlap_is_one_linearised_value(make_plan: Any, computed: Compute, row_of: Any) -> None:
    """The same sample of the same population twice: the variance of the difference of the linearised values."""
    register = population(6, leaving=0.0, moving=0.0)
    firms = register["firm"].unique(maintain_order=True)[::2]
    answers = register.filter(pl.col("firm").is_in(firms.implode())).select("firm", "year", "y", "x")
    row = row_of(computed(waves_plan(make_plan), frames(register, answers)).results, "points", "2027")
    told = answers.join(register.drop("y", "x"), on=["firm", "year"])
    told = told.with_columns(w=pl.col("layer_size") / pl.len().over("year", "layer"))
    z = {}
    for year in (2025, 2027):
        wave = told.filter(pl.col("year") == year).sort("firm")
        w, y, x = (wave[name].to_numpy() for name in "wyx")
        z[year] = w * (y - (w @ y) / (w @ x) * x) / (w @ x)
    layers = told.filter(pl.col("year") == 2025).sort("firm")["layer"].to_numpy()
    d = z[2027] - z[2025]
    variance = 0.0
    for h in ("s0", "s1", "s2"):
        here = d[layers == h]
        variance += (1 - here.size / 50) * here.size * here.var(ddof=1)
    assert row["se"] == pytest.approx(math.sqrt(variance), rel=1e-9)


def test_two_censuses_differ_with_certainty(make_plan: Any, computed: Compute, row_of: Any) -> None:
    register = population(7)
    row = row_of(
        computed(waves_plan(make_plan), frames(register, register.select("firm", "year", "y", "x"))).results, "points", "2027"
    )
    assert (row["se"], row["low"], row["high"], row["df"]) == (0.0, None, None, None)
    assert (row["quality"], row["significant"]) == ("census", True)


def test_full_overlap_of_joined_strata_is_one_linearised_value(make_plan: Any, computed: Compute, row_of: Any) -> None:
    """s1 has one answer in both years and is joined with s0 in both."""
    register = population(8, leaving=0.0, moving=0.0)
    firms = [f"f{i}" for i in range(150) if (i % 3 == 0 and i < 60) or i == 4 or (i % 3 == 2 and i < 90)]
    answers = register.filter(pl.col("firm").is_in(firms)).select("firm", "year", "y", "x")
    results = computed(waves_plan(make_plan, s1="s0"), frames(register, answers)).results
    told = answers.join(register.drop("y", "x"), on=["firm", "year"])
    told = told.with_columns(w=pl.col("layer_size") / pl.len().over("year", "layer"), layer=pl.col("layer").replace("s1", "s0"))
    z = {}
    for year in (2025, 2027):
        wave = told.filter(pl.col("year") == year).sort("firm")
        w, y, x = (wave[name].to_numpy() for name in "wyx")
        z[year] = w * (y - (w @ y) / (w @ x) * x) / (w @ x)
    layers, d = wave["layer"].to_numpy(), z[2027] - z[2025]
    variance = 0.0
    for h, size in (("s0", 100), ("s2", 50)):
        here = d[layers == h]
        variance += (1 - here.size / size) * here.size * here.var(ddof=1)
    assert row_of(results, "points", "2027")["se"] == pytest.approx(math.sqrt(variance), rel=1e-9)


def test_a_census_at_one_end_takes_no_degrees_of_freedom(make_plan: Any, computed: Compute, row_of: Any) -> None:
    register = population(9)
    whole = register.filter(pl.col("year") == 2025).select("firm", "year", "y", "x")
    answers = pl.concat([whole, drawn(register, 9).filter(pl.col("year") == 2027)])
    results = computed(waves_plan(make_plan), frames(register, answers)).results
    now, points = row_of(results, "level", "2027"), row_of(results, "points", "2027")
    assert points["se"] == pytest.approx(now["se"], rel=1e-12)
    assert points["df"] == now["df"]
    assert points["review"] is None


# --- the reference sample -------------------------------------------------------------------------------------------------------


def test_the_difference_of_the_reference_waves(shared_data: Path, make_plan: Any, computed: Compute, row_of: Any) -> None:
    """0.04019 with error 0.01024; those asked twice stand at 0.622 and 0.672 where all stand at 0.600 and 0.640."""
    frame = pl.read_csv(shared_data / "statistics" / "frame.csv")
    register, answers = [], []
    for year, wave in ((2025, "1"), (2027, "2")):
        made = f"kp_nc{25 if wave == '1' else 26}"
        named = frame.select(
            firm="ent_id", year=year, layer="stratum", layer_size="N_h", kind="seg", group="ent_id", y=made, x="kp_total"
        )
        register.append(named)
        answers.append(named.filter(frame[f"in_w{wave}"] == 1).select("firm", "year", "y", "x"))
    found = computed(waves_plan(make_plan), frames(pl.concat(register), pl.concat(answers)))
    points = row_of(found.results, "points", "2027")
    assert points["value"] == pytest.approx(0.04019, abs=5e-6)
    assert points["se"] == pytest.approx(0.01024, abs=5e-6)
    assert points["significant"] is True
    assert row_of(found.results, "level", "2025")["value"] == pytest.approx(0.600, abs=5e-4)
    matched = found.details["decomposition"].filter(indicator="points", breakdown="total")
    parts = dict(matched.select("part", "value").iter_rows())
    assert parts["then"] == pytest.approx(0.622, abs=5e-4)
    assert parts["now"] == pytest.approx(0.672, abs=5e-4)
    assert parts["change"] == pytest.approx(parts["now"] - parts["then"], abs=1e-12)
    assert set(matched["method"]) == {"matched"}


# --- those who answered both times ---------------------------------------------------------------------------------------------


def test_the_matched_sample_holds_those_who_changed_stratum(make_plan: Any, computed: Compute) -> None:
    register = population(10, moving=0.5)
    answers = drawn(register, 10, share=0.7)
    found = computed(waves_plan(make_plan), frames(register, answers)).details["decomposition"]
    told = answers.join(register.drop("y", "x"), on=["firm", "year"])
    told = told.with_columns(w=pl.col("layer_size") / pl.len().over("year", "layer"))
    both = told.filter(pl.len().over("firm") == 2, pl.col("kind").n_unique().over("firm") == 1)
    assert both.filter(pl.col("layer").n_unique().over("firm") == 2).height > 4
    for kind in (None, "i", "j"):
        own = both if kind is None else both.filter(pl.col("kind") == kind)
        ends = own.group_by("year").agg(value=(pl.col("w") * pl.col("y")).sum() / (pl.col("w") * pl.col("x")).sum())
        ends = dict(ends.iter_rows())
        rows = found.filter(pl.col("indicator") == "index", pl.col("category") == (kind or "total"))
        parts = dict(rows.select("part", "value").iter_rows())
        assert parts["then"] == pytest.approx(ends[2025], rel=1e-11)
        assert parts["now"] == pytest.approx(ends[2027], rel=1e-11)
        assert parts["change"] == pytest.approx(ends[2027] / ends[2025] - 1, rel=1e-9)
        assert set(rows["n"]) == {own["firm"].n_unique()}


def test_few_who_answered_twice_give_nobody_away(make_plan: Any, computed: Compute) -> None:
    """Enough groups stand behind each year, but of kind j only two answered both times: they could work each other out."""
    register = population(12, leaving=0.0, moving=0.0)
    answers = drawn(register, 12)
    twice = answers.filter(pl.len().over("firm") == 2)
    kinds = dict(register.filter(pl.col("year") == 2025).select("firm", "kind").iter_rows())
    of_j = [firm for firm in twice["firm"].unique(maintain_order=True) if kinds[firm] == "j"]
    left = answers.filter(~(pl.col("firm").is_in(of_j[2:]) & (pl.col("year") == 2025)))
    found = computed(waves_plan(make_plan, minimum_groups=3), frames(register, left))
    shown = found.results.filter(indicator="points", breakdown="kind", category="j")
    assert shown["status"].to_list() == ["published"]
    assert set(found.details["decomposition"]["breakdown"]) == {"total"}
    open_to_all = computed(waves_plan(make_plan), frames(register, left))
    assert set(open_to_all.details["decomposition"]["breakdown"]) == {"total", "kind"}


def test_groups_and_not_enterprises_are_counted_among_those_who_answered_twice(make_plan: Any, computed: Compute) -> None:
    """Of kind j many answered both times, but all of them belong to two holdings; those of other firms answered once."""
    register = population(13, leaving=0.0, moving=0.0)
    answers = drawn(register, 13)
    kinds = dict(register.filter(pl.col("year") == 2025).select("firm", "kind").iter_rows())
    of_j = [firm for firm in sorted(set(answers.filter(pl.len().over("firm") == 2)["firm"])) if kinds[firm] == "j"]
    once = pl.concat([pl.DataFrame({"firm": of_j[i : i + 4], "year": [year] * 4}) for i, year in ((0, 2025), (4, 2027))])
    answers = answers.join(once.with_columns(pl.col("year").cast(answers.schema["year"])), on=["firm", "year"], how="anti")
    twice = set(answers.filter(pl.len().over("firm") == 2)["firm"])
    held = {firm: f"holding{i % 2}" for i, firm in enumerate(sorted(twice))}
    register = register.with_columns(
        group=pl.when(pl.col("kind") == "j").then(pl.col("firm").replace(held)).otherwise(pl.col("firm"))
    )
    for minimum, shown in ((2, {"total", "kind"}), (3, {"total"})):
        found = computed(waves_plan(make_plan, minimum_groups=max(minimum, 3)), frames(register, answers), minimum_groups=minimum)
        assert set(found.details["decomposition"]["breakdown"]) == shown
        assert set(found.results.filter(indicator="points", breakdown="kind")["status"]) == {"published"}
    assert found.details["decomposition"].filter(breakdown="total", indicator="points")["n"][0] == len(twice)


def test_the_frame_tells_more_than_the_sizes_of_the_populations() -> None:
    """Where a sixth left, taking the smaller population to be wholly in the larger one overstates the error."""
    register = population(14, firms=240)
    answers = drawn(register, 14, share=0.3)
    ends = [by_hand(register, answers, listed=listed) for listed in (True, False)]
    counted, assumed = (math.sqrt(end["v0"] + end["v1"] - 2 * end["covariance"]) for end in ends)
    assert counted < 0.97 * assumed


@pytest.mark.parametrize(
    "names",
    [
        {"register": "several", "answers": "pairs", "firm": "holding", "layer": "stratum", "year": "period", "kind": "shared"},
        {"register": "listed", "answers": "stayed", "firm": "unit", "layer": "listed", "year": "year", "kind": "matched"},
        {"register": "a", "answers": "b", "firm": "stratum", "layer": "unit", "year": "stayed", "kind": "y0"},
        {"register": "order", "answers": "group", "firm": "select", "layer": "from", "year": "table", "kind": "where"},
    ],
    ids=lambda names: names["answers"],
)
def test_any_allowed_name_will_do(names: dict[str, str], make_plan: Any, computed: Compute) -> None:
    register = population(15).with_columns(group=pl.format("h{}", pl.int_range(pl.len()) % 40))
    answers = drawn(register, 15)
    usual = computed(waves_plan(make_plan), frames(register, answers))
    plain = waves_plan(make_plan)
    columns = {
        table: {names.get(n, n): c.type for n, c in plain.dictionary.tables[table].columns.items()}
        for table in ("register", "answers")
    }
    firm, year, layer = names["firm"], names["year"], names["layer"]
    design = {"unit": firm, "stratum": layer, "population": "layer_size", "group": "group"}
    plan = make_plan(
        tables={
            names["register"]: {
                "key": [firm, year], "period": year, "columns": columns["register"], "design": {"unit": firm, "census": True}
            },
            names["answers"]: {
                "key": [firm, year],
                "period": year,
                "columns": columns["answers"],
                "design": design,
                "link": [{"table": names["register"], "on": {firm: firm, year: "period"}}],
            },
        },
        indicators={
            "level": {"table": names["answers"], "numerator": "y", "denominator": "x"},
            "points": {"change_of": "level", "base_period": "2025", "change_as": "difference"},
            "index": {"change_of": "level", "base_period": "2025"},
        },
        breakdowns={"kind": names["kind"]},
    )  # fmt: skip
    given = {names[table]: frame.rename(names, strict=False) for table, frame in frames(register, answers).items()}
    found = computed(plan, given)
    for one, other in ((usual.results, found.results), (usual.details["decomposition"], found.details["decomposition"])):
        keys = [name for name, dtype in one.schema.items() if dtype == pl.String]
        assert one.sort(keys).select(keys).equals(other.sort(keys).select(keys))
        for name in ("value", "se"):
            np.testing.assert_allclose(one.sort(keys)[name].to_numpy(), other.sort(keys)[name].to_numpy(), rtol=1e-9)
