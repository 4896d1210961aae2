"""Estimates under calibrated weights: against R's numbers, plain numpy, an own simulation, and what the plan does not allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from pydantic import ValidationError

from indicators.catalogue.question import Question, questions
from indicators.change import calibrated_overlap
from indicators.change.overlap import overlap
from indicators.compute import compute
from indicators.estimation import strata
from indicators.estimation.estimate import KEYS, estimate_rows
from indicators.statements import cells
from indicators.weights.calibrated import Calibrated, answer
from indicators.weights.calibration import basis, calibrate, residuals
from pipelines.database import Database
from pipelines.design import Calibration

Floats = npt.NDArray[np.float64]
REGISTER = {
    "unit": "identifier",
    "year": "year",
    "layer": "identifier",
    "layer_size": "integer",
    "asked": "boolean",
    "staff": "integer",
    "area": {"type": "code", "codes": "area"},
    "band": {"type": "code", "codes": "band"},
}
SURVEY = {"unit": "identifier", "year": "year", "y": "number", "x": "number", "kind": "identifier"}
DESIGN = {"unit": "unit", "stratum": "layer", "population": "layer_size", "sampled": "asked", "size": "staff"}
CODES = {
    "area": {"n": "north", "s": "south", "e": "south"},
    "side": {"north": None, "south": None},
    "band": {"low": None, "high": None},
}
INDICATORS = {
    "ratio": {"table": "survey", "numerator": "y", "denominator": "x"},
    "mean": {"table": "survey", "numerator": "y", "denominator": 1},
    "total": {"table": "survey", "numerator": "y"},
    "change": {"change_of": "ratio", "base_period": "2025", "unit": "number"},
    "rise": {"change_of": "total", "base_period": "2025"},
}
AREA, STAFF = {"by": "area"}, {"of": "staff"}


def plan_of(make_plan: Any, calibration: dict[str, Any] | None, **design: Any) -> Any:
    return make_plan(
        tables={
            "register": {
                "key": ["unit", "year"],
                "period": "year",
                "design": {"unit": "unit", "census": True},
                "columns": REGISTER,
            },
            "survey": {
                "key": ["unit", "year"],
                "period": "year",
                "link": [{"table": "register", "on": {"unit": "unit", "year": "period"}}],
                "design": {**DESIGN, **({"calibration": calibration} if calibration else {}), **design},
                "columns": SURVEY,
            },
        },
        indicators=INDICATORS,
        breakdowns={"area": "area", "side": {"column": "area", "rollup": "side"}, "kind": "kind"},
        crossings=[["side", "kind"]],
        codes=CODES,
    )


def invented(seed: int = 3, *, years: Sequence[int] = (2025, 2026)) -> dict[str, pl.DataFrame]:
    """178 units in four strata, one of them asked whole; most of those asked answer, and many do in both years."""
    random = np.random.default_rng(seed)
    size = {"big": 8, "mid": 30, "few": 60, "rest": 80}
    fraction = {"big": 1.0, "mid": 0.5, "few": 0.4, "rest": 0.35}
    layer = np.repeat(list(size), list(size.values()))
    count = len(layer)
    area = random.choice(list("nse"), count)
    base = np.exp(random.normal(3, 0.6, count)) * np.where(layer == "big", 20, 1)
    luck = random.random(count)
    registers, answers = [], []
    for i, year in enumerate(years):
        staff = np.rint(base * (1 + 0.05 * i) + 1).astype(int)
        place = (luck + 0.9 - 0.1 * i) % 1
        asked = np.zeros(count, dtype=bool)
        for name, share in fraction.items():
            own = np.flatnonzero(layer == name)
            asked[own[np.argsort(place[own])[: int(np.ceil(share * len(own)))]]] = True
        unit = [f"u{k:03d}" for k in range(count)]
        sizes = [size[name] for name in layer]
        band = np.where(staff >= 40, "high", "low")
        registers.append(
            pl.DataFrame(
                {"unit": unit, "year": [year] * count, "layer": layer, "layer_size": sizes, "asked": asked, "staff": staff,
                 "area": area, "band": band}
            )
        )  # fmt: skip
        replied = asked & ((random.random(count) < 0.85) | (layer == "big"))
        x = staff + random.uniform(0, 5, count)
        y = np.round(x * (0.5 + 0.1 * i + 0.1 * (area == "n")) + random.normal(0, 3, count), 2)
        kind = random.choice(["a", "b"], count)
        frame = pl.DataFrame({"unit": unit, "year": [year] * count, "y": y, "x": x, "kind": kind})
        frame = frame.with_columns(y=pl.when(pl.int_range(pl.len()) % 17 == 5).then(None).otherwise(pl.col("y")))
        answers.append(frame.filter(pl.Series(replied)))
    return {"register": pl.concat(registers), "survey": pl.concat(answers)}


def kinds_of(plan: Any) -> pl.DataFrame:
    rows = [{"indicator": i.id, "total": i.kind == "total", "bounded": False} for i in plan.indicators.values()]
    return pl.DataFrame(rows)


def asked_of(plan: Any, warehouse: Any, frames: dict[str, pl.DataFrame]) -> tuple[Question, Any, Calibrated]:
    (question,) = questions(plan)
    engine = warehouse(plan, frames)
    return question, engine, answer(question, engine, kinds_of(plan))


def row(levels: pl.DataFrame, indicator: str, period: str, breakdown: str = "total", category: str = "total") -> dict[str, Any]:
    return levels.row(
        by_predicate=(pl.col("indicator") == indicator) & (pl.col("period") == period)
        & (pl.col("breakdown") == breakdown) & (pl.col("category") == category),
        named=True,
    )  # fmt: skip


class Plain:
    """The same year in numpy, unit by unit: weights by hand, regression by the normal equations."""

    def __init__(self, frames: dict[str, pl.DataFrame], year: int, margins: Sequence[str], method: str = "logit") -> None:
        register = frames["register"].filter(pl.col("year") == year)
        part = frames["survey"].filter(pl.col("year") == year).join(register, on=["unit", "year"]).sort("unit")
        self.part, self.layer = part, part["layer"].to_numpy()
        self.n = {name: int((self.layer == name).sum()) for name in set(self.layer)}
        self.size = dict(register.select("layer", "layer_size").unique().rows())
        self.before = np.array([self.size[name] / self.n[name] for name in self.layer])
        whole = register.group_by("layer").agg(pl.col("asked").all()).filter("asked")["layer"].to_list()
        self.moved = ~np.isin(self.layer, whole)
        known = register.filter(~pl.col("layer").is_in(whole))
        columns, goal = [], []
        for margin in margins:
            if margin == "staff":
                columns.append(part["staff"].to_numpy().astype(float))
                goal.append(float(known["staff"].sum()))
                continue
            for value in sorted(set(known[margin])):
                columns.append((part[margin] == value).to_numpy().astype(float))
                goal.append(float((known[margin] == value).sum()))
        self.x = np.column_stack(columns)[self.moved]
        factor = np.ones(len(self.layer))
        factor[self.moved] = calibrate(self.x, np.array(goal), self.before[self.moved], method=method)  # type: ignore[arg-type]
        self.weight = self.before * factor

    def values(self, name: str, inside: npt.NDArray[np.bool_]) -> Floats:
        known = self.part["y"].is_not_null().to_numpy() & inside
        plain = {"y": self.part["y"].fill_null(0.0).to_numpy(), "x": self.part["x"].to_numpy(), "1": np.ones(len(inside))}
        return np.where(known, plain[name], 0.0)

    def spread(self, z: Floats) -> Floats:
        """Weight × residual; the regression leaves out a column that repeats the others."""
        left = z.copy()
        w = self.before[self.moved]
        normal = (self.x.T * w) @ self.x
        left[self.moved] -= self.x @ np.linalg.solve(normal, (self.x.T * w) @ z[self.moved])
        return self.weight * left

    def error(self, u: Floats) -> float:
        total = 0.0
        for name, n in self.n.items():
            if n < self.size[name]:
                own = u[self.layer == name]
                total += (1 - n / self.size[name]) * n / (n - 1) * ((own - own.mean()) ** 2).sum()
        return float(np.sqrt(total))

    def linear(self, indicator: str, inside: npt.NDArray[np.bool_]) -> tuple[float, Floats]:
        y = self.values("y", inside)
        if indicator == "total":
            return float(self.weight @ y), y
        x = self.values("x" if indicator == "ratio" else "1", inside)
        value = float(self.weight @ y / (self.weight @ x))
        return value, (y - value * x) / (self.weight @ x)


# --- every number by a second road --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["linear", "raking", "logit"])
def test_levels_are_those_of_plain_numpy(make_plan: Any, warehouse: Any, method: str) -> None:
    frames = invented()
    plan = plan_of(make_plan, {"method": method, "bounds": [0.3, 3], "totals": [AREA, STAFF]})
    _, _, found = asked_of(plan, warehouse, frames)
    for year in (2025, 2026):
        plain = Plain(frames, year, ["area", "staff"], method)
        domains = {("total", "total"): np.ones(len(plain.layer), dtype=bool)}
        domains |= {("area", a): (plain.part["area"] == a).to_numpy() for a in "nse"}
        domains |= {("side", "south"): plain.part["area"].is_in(["s", "e"]).to_numpy()}
        domains |= {("side,kind", "south,a"): (plain.part["area"].is_in(["s", "e"]) & (plain.part["kind"] == "a")).to_numpy()}
        for (breakdown, category), inside in domains.items():
            for indicator in ("ratio", "mean", "total"):
                told = row(found.levels, indicator, str(year), breakdown, category)
                value, z = plain.linear(indicator, inside)
                if method == "logit":  # the bounds of the helper are the usual ones
                    continue
                assert told["value"] == pytest.approx(value, rel=1e-10)
                assert told["se"] == pytest.approx(plain.error(plain.spread(z)), rel=1e-9)
                known = inside & plain.part["y"].is_not_null().to_numpy()
                held = {str(name) for name in plain.layer[known]}
                assert told["n"] == known.sum()
                assert told["df"] == known.sum() - len(held)
                assert told["open_df"] == sum((known & (plain.layer == h)).sum() - 1 for h in held if plain.n[h] < plain.size[h])


def test_the_logit_method_with_its_usual_bounds(make_plan: Any, warehouse: Any) -> None:
    frames = invented()
    _, _, found = asked_of(plan_of(make_plan, {"totals": [AREA, STAFF]}), warehouse, frames)
    for year in (2025, 2026):
        plain = Plain(frames, year, ["area", "staff"])
        value, z = plain.linear("ratio", np.ones(len(plain.layer), dtype=bool))
        told = row(found.levels, "ratio", str(year))
        assert (told["value"], told["se"]) == (
            pytest.approx(value, rel=1e-10),
            pytest.approx(plain.error(plain.spread(z)), rel=1e-9),
        )
        weights = found.weighed.weights.filter(pl.col("period") == str(year))
        assert weights["weight"].to_numpy() == pytest.approx(plain.weight, rel=1e-9)
        assert weights["response_weight"].to_numpy() == pytest.approx(plain.before, rel=1e-9)


def test_the_totals_of_the_register_are_met_and_have_no_error(make_plan: Any, warehouse: Any) -> None:
    frames = invented()
    plan = make_plan_with_auxiliaries(make_plan)
    (question,) = questions(plan)
    found = answer(question, warehouse(plan, frames), kinds_of(plan)).levels
    for year in (2025, 2026):
        register = frames["register"].filter(pl.col("year") == year)
        told = row(found, "staffed", str(year))
        assert told["value"] == pytest.approx(register["staff"].sum(), rel=1e-11)
        assert told["se"] == pytest.approx(0, abs=1e-9 * told["value"])
        for name in "nse":
            told = row(found, "counted", str(year), "area", name)
            assert told["value"] == pytest.approx((register["area"] == name).sum(), rel=1e-11)
            assert told["se"] == 0.0


def make_plan_with_auxiliaries(make_plan: Any) -> Any:
    plan = plan_of(make_plan, {"totals": [AREA, STAFF]})
    one = plan.indicators["total"]
    own = {
        "counted": one.model_copy(update={"id": "counted", "numerator": "1"}),
        "staffed": one.model_copy(update={"id": "staffed", "numerator": "staff"}),
    }
    return plan.model_copy(update={"indicators": own})


def test_without_a_total_that_can_be_used_nothing_changes(make_plan: Any, warehouse: Any) -> None:
    """A register that lists fewer units than its strata have: the estimates are those from cells, and a notice says so."""
    frames = invented()
    frames["register"] = frames["register"].with_columns(pl.col("layer_size") + 1)
    question, engine, found = asked_of(plan_of(make_plan, {"totals": [AREA, STAFF]}), warehouse, frames)
    rows = cells.fetch(question, engine)
    plain = estimate_rows(question, rows, kinds_of(question.plan)).sort(KEYS)
    assert found.levels.select(KEYS).equals(plain.select(KEYS))
    for name in ("value", "se", "low", "high", "n", "df", "open_df", "y", "x"):
        assert found.levels[name].to_list() == pytest.approx(plain[name].to_list(), rel=1e-9, abs=1e-12), name
    assert found.levels["sampled"].equals(plain["sampled"])
    assert set(found.levels.columns) == set(plain.columns)
    assert [notice.en.split(":")[0] for notice in found.weighed.notices] == ["survey, 2025", "survey, 2026"]
    assert all("does not list as many enterprises" in notice.en for notice in found.weighed.notices)
    steps = found.weighed.steps.filter(pl.col("method") == "logit")
    assert set(steps["totals"]) == {0}
    assert set(steps["dropped"]) == {"area; staff"}


def test_what_two_waves_share_is_that_of_their_residuals(make_plan: Any, warehouse: Any) -> None:
    frames = invented()
    question, engine, found = asked_of(plan_of(make_plan, {"totals": [AREA, STAFF]}), warehouse, frames)
    shared = calibrated_overlap.overlap(question, engine, 2025, found.waves)
    then, now = (Plain(frames, year, ["area", "staff"]) for year in (2025, 2026))
    both = then.part.select("unit").with_row_index("a").join(now.part.select("unit").with_row_index("b"), on="unit")
    for indicator in ("ratio", "total"):
        for category in ("total", "n"):
            sides = []
            for plain in (then, now):
                inside = (
                    np.ones(len(plain.layer), dtype=bool) if category == "total" else (plain.part["area"] == category).to_numpy()
                )
                sides.append(plain.spread(plain.linear(indicator, inside)[1]))
            covariance = 0.0
            for name in ("mid", "few", "rest"):
                pairs = both.filter(pl.Series(then.layer[both["a"].to_numpy()] == name))
                u, v, n = sides[0][pairs["a"].to_numpy()], sides[1][pairs["b"].to_numpy()], pairs.height
                size = then.size[name]
                fractions = then.n[name] / size * (now.n[name] / size)
                covariance += (n - size * fractions) * np.cov(u, v)[0, 1]
            breakdown = "total" if category == "total" else "area"
            told = row(shared.covariance, indicator, "2026", breakdown, category)
            assert told["covariance"] == pytest.approx(covariance, rel=1e-8)
    # without totals the two roads of the engine agree
    frames["register"] = frames["register"].with_columns(pl.col("layer_size") + 1)
    question, engine, found = asked_of(plan_of(make_plan, {"totals": [AREA, STAFF]}), warehouse, frames)
    layers = strata.layers(cells.fetch(question, engine), question.design)
    plain_shared = overlap(question, engine, 2025, found.levels, layers)
    mine = calibrated_overlap.overlap(question, engine, 2025, found.waves)
    joined = mine.covariance.join(plain_shared.covariance, on=KEYS)
    assert joined.height == mine.covariance.height > 20
    assert joined["covariance"].to_list() == pytest.approx(joined["covariance_right"].to_list(), rel=1e-8, abs=1e-12)
    matched = mine.matched.join(plain_shared.matched, on=KEYS)
    assert matched.height == mine.matched.height > 20
    for name in ("n", "groups", "then", "now"):
        assert matched[name].to_list() == pytest.approx(matched[f"{name}_right"].to_list(), rel=1e-10), name


def test_who_was_imputed_in_a_wave_counts_alike_on_both_roads(make_plan: Any) -> None:
    """The road over units and the one over cells, with totals that cannot be used."""
    frames = invented()
    odd = pl.int_range(pl.len()) % 6 == 1
    frames["survey"] = frames["survey"].with_columns(_added=odd, _imputed_y=odd, _imputed_x=odd, _imputed_kind=pl.lit(False))
    frames["register"] = frames["register"].with_columns(pl.col("layer_size") + 1)
    plan = plan_of(make_plan, {"totals": [AREA, STAFF]})
    (plain,) = questions(plan)
    with Database() as database:
        for name, frame in frames.items():
            database.insert(name, frame.with_columns(pl.col("year").cast(pl.Int32)))
        shared = []
        for question in (replace(plain, imputed=True), plain):
            found = answer(question, database, kinds_of(plan))
            layers = strata.layers(cells.fetch(question, database), question.design)
            of_cells = overlap(question, database, 2025, found.levels, layers).covariance
            of_units = calibrated_overlap.overlap(question, database, 2025, found.waves).covariance
            joined = of_units.join(of_cells, on=KEYS)
            assert joined.height == of_units.height > 20
            assert joined["covariance"].to_list() == pytest.approx(joined["covariance_right"].to_list(), rel=1e-8, abs=1e-12)
            shared.append(row(of_units, "total", "2026")["covariance"])
    assert shared[0] != pytest.approx(shared[1], rel=0.01)


def test_two_categories_are_compared_by_their_residuals(make_plan: Any, warehouse: Any) -> None:
    frames = invented()
    _, _, found = asked_of(plan_of(make_plan, {"totals": [AREA, STAFF]}), warehouse, frames)
    plain = Plain(frames, 2025, ["area", "staff"])
    one, other = ((plain.part["kind"] == kind).to_numpy() for kind in "ab")
    (first, z1), (second, z2) = (plain.linear("mean", inside) for inside in (one, other))
    told = found.comparisons.row(
        by_predicate=(pl.col("indicator") == "mean") & (pl.col("period") == "2025") & (pl.col("breakdown") == "kind"), named=True
    )
    assert told["difference"] == pytest.approx(first - second, rel=1e-10)
    assert told["se"] == pytest.approx(plain.error(plain.spread(z1 - z2)), rel=1e-9)


def test_changes_and_results_go_on_from_calibrated_levels(make_plan: Any, warehouse: Any, results_of: Any, row_of: Any) -> None:
    frames = invented()
    plan = plan_of(make_plan, {"totals": [AREA, STAFF]})
    results = results_of(plan, frames)
    then, now = (Plain(frames, year, ["area", "staff"]) for year in (2025, 2026))
    before, after = (plain.linear("ratio", np.ones(len(plain.layer), dtype=bool))[0] for plain in (then, now))
    question, engine, found = asked_of(plan, warehouse, frames)
    shared = row(calibrated_overlap.overlap(question, engine, 2025, found.waves).covariance, "ratio", "2026")["covariance"]
    errors = [row_of(results, "ratio", year)["se"] for year in ("2025", "2026")]
    variance = (errors[0] / before) ** 2 + (errors[1] / after) ** 2 - 2 * shared / (before * after)
    told = row_of(results, "change", "2026")
    assert told["value"] == pytest.approx(after / before - 1, rel=1e-9)
    assert told["se"] == pytest.approx(after / before * np.sqrt(variance), rel=1e-8)
    assert shared != 0
    assert row_of(results, "ratio", "2026")["response_rate"] < 1


# --- the reference survey, and the trap in it -----------------------------------------------------------------------------------


def reference(shared_data: Path, cut: int) -> dict[str, pl.DataFrame]:
    """The population and its first wave; units of `cut` persons or more are the band `high`."""
    frame = pl.read_csv(shared_data / "statistics" / "frame.csv").sort("ent_id")
    register = frame.select(
        unit="ent_id", year=pl.lit(2025), layer="stratum", layer_size="N_h", asked=pl.col("in_w1") == 1, staff="emp25",
        area=pl.lit("n"), band=pl.when(pl.col("emp25") >= cut).then(pl.lit("high")).otherwise(pl.lit("low")),
    )  # fmt: skip
    sample = frame.filter(pl.col("in_w1") == 1)
    survey = sample.select(unit="ent_id", year=pl.lit(2025), y="va25", x="kp_total", kind=pl.lit("a"))
    return {"register": register, "survey": survey}


BAND = {"method": "linear", "totals": [{"by": "band"}]}
ALL = {**BAND, "take_all": True, "reason": {"zh": "演示", "en": "to show what it does"}}


def test_a_total_met_already_leaves_the_numbers_of_r(make_plan: Any, warehouse: Any, shared_data: Path) -> None:
    _, _, found = asked_of(plan_of(make_plan, BAND), warehouse, reference(shared_data, 1000))
    told = row(found.levels, "total", "2025")
    assert told["value"] == pytest.approx(23010390.9073964, rel=1e-9)
    assert told["se"] == pytest.approx(127119.584778917, rel=1e-9)


def test_moving_the_weights_of_strata_asked_whole_raises_the_error(make_plan: Any, warehouse: Any, shared_data: Path) -> None:
    """A size band that holds vehicle makers asked whole and parts makers of the sample: the error grows five times.

    Fitted to the part of the register that was sampled, the same band lowers it.
    """
    frames = reference(shared_data, 300)
    _, _, some = asked_of(plan_of(make_plan, BAND), warehouse, frames)
    _, _, everyone = asked_of(plan_of(make_plan, ALL), warehouse, frames)
    design = 127119.584778917
    assert row(some.levels, "total", "2025")["se"] == pytest.approx(0.9486 * design, rel=1e-4)
    assert row(everyone.levels, "total", "2025")["se"] == pytest.approx(5.0676 * design, rel=1e-4)
    whole = frames["register"].filter(pl.col("layer").is_in(["OEM_ALL", "PL_ALL"]))["unit"]
    kept = some.weighed.weights.filter(pl.col("unit").is_in(whole.implode()))
    assert set(kept["weight"]) == {1.0}
    assert some.weighed.notices == ()
    (notice,) = everyone.weighed.notices
    assert "to show what it does" in notice.en and "演示" in notice.zh
    moved = everyone.weighed.weights.filter(pl.col("unit").is_in(whole.implode()))
    assert (moved["weight"] != 1).all()


def test_the_plan_does_not_move_them_in_silence() -> None:
    with pytest.raises(ValidationError, match="only with a `reason`"):
        Calibration.model_validate({**ALL, "reason": None})
    assert Calibration.model_validate(ALL).take_all
    assert not Calibration.model_validate(BAND).take_all


def test_a_refusal_in_a_stratum_asked_whole_makes_it_no_census(make_plan: Any, warehouse: Any) -> None:
    """Its weights exceed one and it adds an error, but the totals are still those of the others."""
    frames = invented()
    frames["survey"] = frames["survey"].filter((pl.col("unit") != "u000") | (pl.col("year") != 2025))
    _, _, found = asked_of(plan_of(make_plan, {"totals": [AREA, STAFF]}), warehouse, frames)
    big = found.weighed.weights.filter(pl.col("stratum") == "big")
    assert big.filter(pl.col("period") == "2025")["weight"].to_list() == pytest.approx([8 / 7] * 7)
    assert set(big.filter(pl.col("period") == "2026")["weight"]) == {1.0}
    plain = Plain(frames, 2025, ["area", "staff"])
    value, z = plain.linear("total", np.ones(len(plain.layer), dtype=bool))
    told = row(found.levels, "total", "2025")
    assert (told["value"], told["se"]) == (pytest.approx(value, rel=1e-10), pytest.approx(plain.error(plain.spread(z)), rel=1e-9))


# --- totals that cannot be met ------------------------------------------------------------------------------------------------


def test_categories_are_put_together_before_a_total_is_given_up(make_plan: Any, warehouse: Any) -> None:
    frames = invented(years=(2025,))
    moved = frames["register"].filter(pl.col("asked"), pl.col("layer") != "big")["unit"]
    # nobody of area e answered outside the stratum that was asked whole
    gone = frames["register"].filter(pl.col("area") == "e", pl.col("layer") != "big")["unit"]
    frames["survey"] = frames["survey"].filter(~pl.col("unit").is_in(gone.implode()))
    assert frames["survey"]["unit"].is_in(moved.implode()).any()
    _, _, found = asked_of(plan_of(make_plan, {"bounds": [0.2, 5], "totals": [AREA, STAFF]}), warehouse, frames)
    (step,) = found.weighed.steps.filter(pl.col("method") == "logit", pl.col("indicator") == "mean").rows(named=True)
    assert step["dropped"] in ("area e+n", "area e+s")
    assert step["totals"] == 3
    assert step["worst"] > 0.1
    assert any("together" in notice.en and "合并" in notice.zh for notice in found.weighed.notices)
    register = frames["register"].filter(pl.col("layer") != "big")
    fitted = found.weighed.weights.filter(pl.col("stratum") != "big")
    assert fitted["weight"].sum() == pytest.approx(register.height, rel=1e-10)


def test_what_no_weights_can_give_is_given_up_the_finest_first(make_plan: Any, warehouse: Any) -> None:
    """Factors between 0.99 and 1.01 leave no room: areas are put together, the staff is given up, the count of all is left."""
    frames = invented(years=(2025,))
    tight = {"bounds": [0.99, 1.01], "totals": [AREA, STAFF]}
    _, _, found = asked_of(plan_of(make_plan, tight), warehouse, frames)
    weights = found.weighed.weights
    step = found.weighed.steps.filter(pl.col("method") == "logit", pl.col("indicator") == "mean").row(0, named=True)
    assert step["dropped"] == "area e+n+s; staff"
    assert step["totals"] == 1
    assert weights["weight"].to_list() == pytest.approx(weights["response_weight"].to_list(), rel=1e-9)
    (notice,) = found.weighed.notices
    assert "e, n, s together" in notice.en and "staff" in notice.en


def test_no_weight_falls_below_one(make_plan: Any, warehouse: Any) -> None:
    """Units asked nearly whole have little room downwards: the bounds give way to one enterprise each."""
    frames = invented(years=(2025,))
    nearly = (pl.col("layer") == "mid") & (pl.col("unit") != "u008")
    register = frames["register"].with_columns(
        asked=pl.when(pl.col("unit") == "u008").then(pl.lit(False)).otherwise(pl.col("asked") | nearly)
    )
    added = register.filter(nearly).select("unit", "year", y=pl.col("staff") * 0.5, x=pl.col("staff") * 1.0, kind=pl.lit("a"))
    rest = frames["survey"].filter(pl.col("unit") != "u008").join(added, on="unit", how="anti")
    frames = {"register": register, "survey": pl.concat([rest, added])}
    _, _, found = asked_of(plan_of(make_plan, {"totals": [AREA, STAFF]}), warehouse, frames)
    mid = found.weighed.weights.filter(pl.col("stratum") == "mid")
    assert mid["response_weight"].max() == pytest.approx(30 / 29)
    assert found.weighed.weights["weight"].min() >= 1
    assert mid["weight"].n_unique() > 1
    assert found.weighed.steps.filter(pl.col("method") == "logit")["totals"].to_list() == [4, 4, 4]


def test_a_blank_in_the_register_takes_its_total_out(make_plan: Any, warehouse: Any) -> None:
    frames = invented(years=(2025,))
    blank = pl.when(pl.col("unit") == "u100").then(None).otherwise(pl.col("staff"))
    frames["register"] = frames["register"].with_columns(staff=blank)
    _, _, found = asked_of(plan_of(make_plan, {"totals": [AREA, STAFF]}), warehouse, frames)
    steps = found.weighed.steps.filter(pl.col("method") == "logit")
    assert set(steps["dropped"]) == {"staff"}
    assert set(steps["totals"]) == {3}
    (notice,) = found.weighed.notices
    assert notice.en == (
        "survey, 2025: the register lacks values, so the weights are not fitted to these totals: staff. "
        "It concerns: ratio; mean; total."
    )
    assert notice.zh.startswith("survey2025年：名录缺少数值")


def test_a_column_of_zeros_is_not_called_blank(make_plan: Any, warehouse: Any) -> None:
    frames = invented(years=(2025,))
    frames["register"] = frames["register"].with_columns(staff=pl.lit(0, pl.Int64))
    _, _, found = asked_of(plan_of(make_plan, {"totals": [AREA, STAFF]}), warehouse, frames)
    (notice,) = found.weighed.notices
    assert "the register adds up to zero" in notice.en and "staff" in notice.en and "合计为零" in notice.zh


def test_a_register_of_the_sample_alone_is_not_fitted_to_and_a_notice_says_so(make_plan: Any, warehouse: Any) -> None:
    frames = invented(years=(2025,))
    frames["register"] = frames["register"].filter("asked")
    _, _, found = asked_of(plan_of(make_plan, {"totals": [AREA, STAFF]}), warehouse, frames)
    assert any("does not list as many enterprises" in notice.en for notice in found.weighed.notices)
    assert set(found.weighed.steps["method"]) == {"design", "logit"}
    assert found.weighed.steps.filter(pl.col("method") == "logit")["totals"].to_list() == [0, 0, 0]


def test_a_year_asked_whole_has_no_calibration(make_plan: Any, warehouse: Any) -> None:
    frames = invented(years=(2025,))
    register = frames["register"].with_columns(asked=pl.lit(True))
    survey = register.select("unit", "year", y=pl.col("staff") * 0.5, x=pl.col("staff") * 1.0, kind=pl.lit("a"))
    _, _, found = asked_of(plan_of(make_plan, {"totals": [AREA]}), warehouse, {"register": register, "survey": survey})
    assert set(found.weighed.steps["method"]) == {"design"}
    assert found.weighed.notices == ()
    assert set(found.levels["se"]) == {0.0}
    assert not found.levels["sampled"].any()


def test_a_stratum_that_joins_another_brings_its_totals(make_plan: Any, warehouse: Any) -> None:
    """Nobody of `rest` answered: `few` stands for both, and the totals are those of both."""
    frames = invented(years=(2025,))
    rest = frames["register"].filter(pl.col("layer") == "rest")["unit"]
    frames["survey"] = frames["survey"].filter(~pl.col("unit").is_in(rest.implode()))
    calibration = {"bounds": [0.2, 4], "totals": [AREA, STAFF]}
    _, _, joined = asked_of(plan_of(make_plan, calibration, collapse={"rest": "few"}), warehouse, frames)
    _, _, alone = asked_of(plan_of(make_plan, calibration), warehouse, frames)
    register = frames["register"]
    assert joined.weighed.weights["weight"].sum() == pytest.approx(register.height, rel=1e-10)
    assert alone.weighed.weights["weight"].sum() == pytest.approx(register.height - 80, rel=1e-10)
    (notice,) = joined.weighed.notices
    assert notice.en.endswith("rest: 80 enterprises represented by few.")
    (notice,) = alone.weighed.notices
    assert "rest" in notice.en and "80 enterprises are not represented" in notice.en


def test_imputed_units_count_as_they_do_from_cells(make_plan: Any) -> None:
    """Who was imputed whole did not answer: the error grows alike on both roads, and the imputed share is by the weights used."""
    frames = invented(years=(2025,))
    odd = pl.int_range(pl.len()) % 6 == 1
    frames["survey"] = frames["survey"].with_columns(_added=odd, _imputed_y=odd, _imputed_x=odd, _imputed_kind=pl.lit(False))

    def computed(calibration: dict[str, Any] | None, *, unlisted: int) -> pl.DataFrame:
        register = frames["register"].with_columns(pl.col("layer_size") + unlisted)
        with Database() as database:
            for name, frame in (("register", register), ("survey", frames["survey"])):
                database.insert(name, frame.with_columns(pl.col("year").cast(pl.Int32)))
            return compute(plan_of(make_plan, calibration), database, edited={"survey": True}).results

    plain, unfitted = computed(None, unlisted=1), computed({"totals": [AREA]}, unlisted=1)
    assert plain.height == unfitted.height > 20
    for column in ("value", "se", "n", "df", "imputed_share"):
        assert unfitted[column].to_list() == pytest.approx(plain[column].to_list(), rel=1e-9, abs=1e-12), column
    fitted = row(computed({"totals": [AREA]}, unlisted=0), "total", "2025")["imputed_share"]
    assert 0 < fitted < 1
    assert fitted != pytest.approx(row(plain, "total", "2025")["imputed_share"], rel=1e-6)


def test_the_order_of_rows_never_matters(make_plan: Any, warehouse: Any) -> None:
    frames = invented()
    plan = plan_of(make_plan, {"totals": [AREA, STAFF]})
    _, _, found = asked_of(plan, warehouse, frames)
    turned = {name: frame.sample(fraction=1, shuffle=True, seed=5) for name, frame in frames.items()}
    _, _, again = asked_of(plan, warehouse, turned)
    assert again.levels.equals(found.levels)
    assert again.weighed.weights.equals(found.weighed.weights)
    assert again.comparisons.equals(found.comparisons)


def test_a_calibrated_question_may_hold_months(make_plan: Any, warehouse: Any) -> None:
    """Quarters are fitted to the totals of their year, each by itself."""
    frames = invented(years=(2025,))
    plan = plan_of(make_plan, {"totals": [AREA, STAFF]})
    table = plan.dictionary.tables["survey"]
    columns = {**table.columns, "day": table.columns["year"].model_copy(update={"type": "date"})}
    del columns["year"]
    dated = table.model_copy(update={"columns": columns, "period": "day", "key": ["unit", "day"]})
    tables = {**plan.dictionary.tables, "survey": dated}
    level = plan.indicators["total"].model_copy(update={"periods": ["year", "quarter"]})
    plan = plan.model_copy(
        update={"dictionary": plan.dictionary.model_copy(update={"tables": tables}), "indicators": {"total": level}}
    )
    halves = [frames["survey"].drop("year").with_columns(day=pl.date(2025, month, 1)) for month in (2, 5)]
    _, _, found = asked_of(plan, warehouse, {"register": frames["register"], "survey": pl.concat(halves)})
    year, first, second = (row(found.levels, "total", period)["value"] for period in ("2025", "2025-Q1", "2025-Q2"))
    assert first == pytest.approx(second, rel=1e-12)
    assert year == pytest.approx(first + second, rel=1e-10)
    assert set(found.weighed.weights["period"]) == {"2025"}
    assert {"2025", "2025-Q1"} <= set(found.weighed.steps.filter(pl.col("method") == "logit")["period"])


# --- is it true? ----------------------------------------------------------------------------------------------------------------


def test_the_error_is_that_of_repeated_samples() -> None:
    """Samples drawn again and again from one population: the mean estimated variance is that of the estimates."""
    random = np.random.default_rng(20)
    size, drawn = np.array([60, 90]), np.array([18, 20])
    layer = np.repeat([0, 1], size)
    area = random.integers(0, 3, 150)
    staff = np.exp(random.normal(3, 0.5, 150))
    y = 2 * staff + 10 * area + random.normal(0, 4, 150)
    x = np.column_stack([area == 0, area == 1, area == 2, staff]).astype(float)
    estimates, variances, plain = [], [], []
    for _ in range(1500):
        taken = np.concatenate([random.choice(np.flatnonzero(layer == h), drawn[h], replace=False) for h in (0, 1)])
        before = (size / drawn)[layer[taken]]
        factor = calibrate(x[taken], x.sum(axis=0), before, method="raking")
        left = residuals(y[taken][:, None], basis(x[taken], before), before)[:, 0]
        estimates.append(before * factor @ y[taken])
        plain.append(before @ y[taken])
        u = before * factor * left
        variances.append(sum((1 - drawn[h] / size[h]) * drawn[h] * u[layer[taken] == h].var(ddof=1) for h in (0, 1)))
    assert np.mean(estimates) == pytest.approx(y.sum(), rel=2e-3)
    assert np.sqrt(np.mean(variances)) == pytest.approx(np.std(estimates), rel=0.08)
    assert np.std(estimates) < 0.4 * np.std(plain)


def test_the_weights_of_a_publication_are_those_that_were_used(make_plan: Any, warehouse: Any) -> None:
    frames = invented()
    plan = plan_of(make_plan, {"totals": [AREA, STAFF]})
    computed = compute(plan, warehouse(plan, frames))
    assert computed.weights is not None
    told = frames["survey"].join(
        computed.weights.select("unit", pl.col("period").cast(pl.Int64).alias("year"), "weight"), on=["unit", "year"]
    )
    for year in (2025, 2026):
        own = told.filter(pl.col("year") == year)
        value = computed.results.row(
            by_predicate=(pl.col("indicator") == "total") & (pl.col("period") == str(year)) & (pl.col("breakdown") == "total"),
            named=True,
        )["value"]
        assert (own["weight"] * own["y"].fill_null(0.0)).sum() == pytest.approx(value, rel=1e-9)
    steps = computed.details["weighting"]
    assert steps["version"].n_unique() == 1
    assert set(steps["method"]) == {"design", "logit"}
