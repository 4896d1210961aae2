"""Pace and the probability of its grades: golden values, drawn numbers, and what must hold for any numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from indicators.editions.results import GRADES
from indicators.targets.assessment import JUDGED, judged
from tests.indicators.heldrows import CHANGE, COUNTED, DAYS, PROBABILITIES, SHARE, held, judge

ORDER = {name: rank for rank, name in enumerate(GRADES)}

# --- worked values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "base", "value", "threshold", "pace"),
    [
        (COUNTED, 0.89, 0.915, 0.95, 0.025 / 0.03),  # linear pace 0.83
        (COUNTED, 0.66, 0.678, 0.70, 0.9),
        (COUNTED, 0.60, 0.64, 0.70, 0.8),
        (DAYS, 100.0, 92.0, 80.0, math.log(0.92) / math.log(0.8) * 2),
        (DAYS, 100.0, 80.0, 80.0, 2.0),
        (CHANGE, 0.0, 0.04, 0.10, math.log(1.04) / math.log(1.10) * 2),
        (CHANGE, 0.0, 0.0, 0.10, 0.0),
        (CHANGE, 0.0, -0.02, 0.10, math.log(0.98) / math.log(1.10) * 2),
        (COUNTED, 15.0, 18.0, 20.0, 1.2),  # a count
    ],
)
def test_the_pace_is_that_of_the_published_rules(
    row: dict[str, Any], base: float, value: float, threshold: float, pace: float
) -> None:
    assert judge(row, base=base, value=value, threshold=threshold)["pace"] == pytest.approx(pace, rel=1e-12)


def test_a_growth_rate_is_compared_by_its_logarithm() -> None:
    """Two of three years done: 1.1506, where the ratio of yearly rates would be 1.1547."""
    told = judge(DAYS, direction=1, base=100.0, value=107.6, threshold=110.0, since=2, left=1)["pace"]
    log = (math.log(1.076) / 2) / (math.log(1.10) / 3)
    assert told == pytest.approx(log, rel=1e-12)
    rates = (1.076**0.5 - 1) / (1.10 ** (1 / 3) - 1)
    assert abs(rates - log) > 1e-3


@pytest.mark.parametrize(
    ("value", "grade"),
    [
        (0.7475, "on_track"),  # 0.95 of what is needed, exactly
        (0.74749, "acceleration"),
        (0.73, "acceleration"),  # 0.60, exactly
        (0.7299, "limited"),
        (0.70, "limited"),  # 0, exactly
        (0.6999, "deterioration"),
        (0.60, "deterioration"),
        (0.7999, "on_track"),
        (0.80, "on_track"),  # the threshold itself, which `more than` leaves out
        (0.8001, None),
    ],
)
def test_cut_offs_belong_to_the_better_grade(value: float, grade: str | None) -> None:
    told = judge(COUNTED, base=0.70, threshold=0.80, value=value)
    assert told["grade"] == grade
    if grade:
        assert told[f"p_{grade}"] == 1.0, "a full count leaves no doubt"
        assert told["outcome"] == grade


def test_the_share_of_controlled_processes_of_the_reference() -> None:
    """Pace 0.805; P(ρ ≥ 0.95) = 0.21 and P(ρ ≥ 0.60) = 0.87, from errors and covariance of the two waves."""
    base_se = 0.0116160142061606
    both, difference = 0.01620**2, 0.01024**2
    se = math.sqrt(both - base_se**2)
    known = {"base": 0.600135, "base_se": base_se, "value": 0.640325, "se": se, "covariance": (both - difference) / 2}
    told = judge(SHARE, **known, low=0.61, high=0.67)
    assert told["pace"] == pytest.approx(0.805, abs=5e-4)
    on_track, acceleration = told["p_met"] + told["p_on_track"], told["p_acceleration"]
    assert on_track == pytest.approx(0.21, abs=5e-3)
    assert on_track + acceleration == pytest.approx(0.87, abs=5e-3)
    assert (told["grade"], told["outcome"], told["other"]) == ("acceleration", "cannot_tell", "on_track")
    assert told["probability"] == pytest.approx(0.87, abs=5e-3)
    # without the covariance the doubt would be far larger
    assert judge(SHARE, **{**known, "covariance": 0.0}, low=0.61, high=0.67)["p_acceleration"] < acceleration - 0.1


# --- drawn numbers ---------------------------------------------------------------------------------------------------------


def drawn(row: dict[str, Any], draws: int = 400_000) -> dict[str, float]:
    """The share of drawn pairs of base and value in each grade by their own pace ratio, and of those that reach the target."""
    rng = np.random.default_rng(20260101)
    scale = {"linear": lambda v: v, "log": np.log, "index": np.log1p}[row["pace_scale"]]
    slope = {"linear": lambda v: 1.0, "log": lambda v: 1 / v, "index": lambda v: 1 / (1 + v)}[row["pace_scale"]]
    ends = [scale(np.asarray(row[name])) for name in ("base", "value")]
    errors = [slope(row["base"]) * row["base_se"], slope(row["value"]) * row["se"]]
    shared = slope(row["base"]) * slope(row["value"]) * row["covariance"]
    cov = [[errors[0] ** 2, shared], [shared, errors[1] ** 2]]
    then, now = rng.multivariate_normal([float(end) for end in ends], cov, draws).T
    goal, years = float(scale(np.asarray(row["threshold"]))), row["since"] + row["left"]
    needed = (goal - then) / years
    assert (row["direction"] * needed > 0).all(), "the case is far from its threshold at the base"
    pace = ((now - then) / row["since"]) / needed
    met = row["direction"] * (now - goal) >= 0
    bounds = [(np.inf, 0.95), (0.95, 0.60), (0.60, 0.0), (0.0, -np.inf)]
    found = {
        f"p_{name}": float(((pace < upper) & (pace >= lower) & ~met).mean())
        for name, (upper, lower) in zip(GRADES, bounds, strict=True)
    }
    return {"p_met": float(met.mean()), **found}


@pytest.mark.parametrize(
    "row",
    [
        {**SHARE, "bounded": False},
        {**SHARE, "bounded": False, "covariance": 0.00009},
        {**SHARE, "bounded": False, "covariance": -0.00005, "value": 0.655},
        {**SHARE, "bounded": False, "value": 0.695, "se": 0.02, "base_se": 0.015, "covariance": 0.0002},
        {**SHARE, "bounded": False, "value": 0.71, "se": 0.02},
        {**SHARE, "bounded": False, "value": 0.595, "since": 2, "left": 0, "period": "2027"},
        {**SHARE, "bounded": False, "since": 2, "left": 3, "value": 0.625},
        {**SHARE, "bounded": False, "base_se": 0.0, "covariance": 0.0, "value": 0.648},
        {**SHARE, "bounded": False, "se": 0.0, "exact": True, "covariance": 0.0, "value": 0.648},
        {**DAYS, "value": 94.0, "covariance": 2.5},
        {**DAYS, "value": 90.5, "se": 1.0, "base_se": 1.5, "covariance": 0.7},
        {**CHANGE, "value": 0.048, "se": 0.02},
        {**CHANGE, "value": 0.098, "se": 0.03},
        {**CHANGE, "direction": -1, "threshold": -0.2, "value": -0.08, "se": 0.04},
    ],
)
def test_closed_forms_agree_with_drawn_numbers(row: dict[str, Any]) -> None:
    told, found, draws = judge(row), drawn(row), 400_000
    for name, share in found.items():
        sampling = math.sqrt(max(share * (1 - share), 1e-6) / draws)
        assert told[name] == pytest.approx(share, abs=4.5 * sampling + 1e-5), name


def test_the_error_of_the_pace_is_that_of_one_line_of_algebra() -> None:
    """Base known: P(ρ ≥ c) is P(θ1 ≥ θ0 + c·(T − θ0)·a/A), whatever the way there."""
    told = judge(SHARE, bounded=False, base_se=0.0, covariance=0.0, value=0.65, se=0.013)
    tails = [float(stats.norm.sf((0.60 + cut * 0.05 - 0.65) / 0.013)) for cut in (2.0, 0.95, 0.60, 0.0)]
    wanted = np.diff([0.0, *tails, 1.0])
    assert [told[name] for name in PROBABILITIES] == pytest.approx(list(wanted), abs=1e-12)


# --- what is told, and what is not -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "other"),
    [(0.653, "acceleration"), (0.645, "on_track"), (0.633, "limited"), (0.629, "acceleration"), (0.602, "deterioration")],
)
def test_where_a_grade_is_not_probable_its_likelier_neighbour_stands_beside_it(value: float, other: str) -> None:
    told = judge(SHARE, value=value, se=0.015, covariance=0.0001)
    assert told["other"] == other
    assert abs(ORDER[told["grade"]] - ORDER[other]) == 1
    chance = {name: told[f"p_{name}"] + (told["p_met"] if name == "on_track" else 0.0) for name in GRADES}
    assert chance[told["grade"]] < 0.70
    assert told["probability"] == pytest.approx(chance[told["grade"]] + chance[other], abs=1e-12)
    assert told["outcome"] == "cannot_tell"


def test_a_grade_that_is_probable_stands_alone() -> None:
    told = judge(SHARE, value=0.64, se=0.002, base_se=0.002, covariance=0.0)
    assert (told["grade"], told["other"], told["outcome"]) == ("acceleration", None, "acceleration")
    assert told["probability"] == told["p_acceleration"] >= 0.70


def test_close_below_the_threshold_and_early_it_is_on_track_whether_it_is_there_or_not() -> None:
    """A true value that reaches the threshold a year early is on track as well: the doubt is not about the pace."""
    told = judge(SHARE, value=0.699, se=0.006, base_se=0.006)
    assert told["p_on_track"] < 0.70
    assert told["probability"] == pytest.approx(told["p_on_track"] + told["p_met"], abs=1e-12)
    assert told["probability"] > 0.98
    assert (told["outcome"], told["other"]) == ("on_track", None)


@pytest.mark.parametrize(
    "missing",
    [{"base": None, "base_se": None, "covariance": None}, {"target_year": None, "left": None}, {"since": 0}, {"since": None}],
)
def test_without_a_base_a_date_or_a_year_in_between_there_is_no_pace(missing: dict[str, Any]) -> None:
    told = judge(SHARE, **missing)
    assert [told[name] for name in ("pace", "grade", "other", "probability", *PROBABILITIES[1:])] == [None] * 8
    assert told["p_met"] == pytest.approx(float(stats.norm.cdf(-6)), abs=1e-3)


@pytest.mark.parametrize("missing", [{"se": None}, {"base_se": None}, {"covariance": None}])
def test_without_an_error_the_grade_stands_by_the_numbers_alone(missing: dict[str, Any]) -> None:
    told = judge(SHARE, **missing)
    assert told["pace"] == pytest.approx(0.8)
    assert (told["grade"], told["outcome"]) == ("acceleration", "no_error")
    assert [told[name] for name in ("other", "probability", *PROBABILITIES[1:])] == [None] * 6


def test_a_covariance_that_cannot_be_is_cut_to_what_can_be() -> None:
    most = judge(SHARE, covariance=0.01 * 0.01)
    assert {name: judge(SHARE, covariance=5.0)[name] for name in JUDGED} == {name: most[name] for name in JUDGED}


# --- any numbers -----------------------------------------------------------------------------------------------------------

ERRORS = st.floats(0.001, 0.05)
# of few digits, so that base, value and threshold often meet
SHARES = st.integers(5, 95).map(lambda k: k / 100)
CHANGES = st.integers(-50, 80).map(lambda k: k / 100)


@st.composite
def rows(draw: st.DrawFn, kinds: tuple[str, ...] = ("share", "level", "change")) -> dict[str, Any]:
    """A share, a level or a change, with errors and a covariance that may be."""
    kind = draw(st.sampled_from(kinds))
    since, left = draw(st.integers(1, 4)), draw(st.integers(0, 3))
    errors = {"se": draw(ERRORS), "base_se": draw(ERRORS)}
    years = {"since": since, "left": left, "period": str(2025 + since), "target_year": 2025 + since + left}
    if kind == "share":
        ends = {"base": draw(SHARES), "value": draw(SHARES), "threshold": draw(SHARES)}
        row = {**SHARE, **ends, **errors, "strict": draw(st.booleans()), "low": 0.0, "high": 1.0}
    elif kind == "level":
        ends = {name: draw(st.integers(10, 200).map(float)) for name in ("base", "value", "threshold")}
        row = {**DAYS, **ends, "se": errors["se"] * ends["value"], "base_se": errors["base_se"] * ends["base"]}
    else:
        ends = {"value": draw(CHANGES), "threshold": draw(CHANGES)}
        row = {**CHANGE, **ends, "se": errors["se"] * (1 + ends["value"])}
    row |= {**years, "direction": draw(st.sampled_from([1, -1]))}
    return {**row, "covariance": draw(st.floats(-0.9, 0.9)) * row["se"] * row["base_se"]}


@settings(max_examples=60, deadline=None)
@given(rows())
def test_probabilities_add_up_to_one(row: dict[str, Any]) -> None:
    told = judge(row)
    chances = [told[name] for name in PROBABILITIES]
    if told["pace"] is None:
        assert chances[1:] == [None] * 4
        return
    assert sum(chances) == pytest.approx(1.0, abs=1e-12)
    assert all(0 <= chance <= 1 for chance in chances)
    assert told["probability"] is None or 0 < told["probability"] <= 1 + 1e-12


def _better(row: dict[str, Any]) -> pl.DataFrame:
    """The row at values better and better, its error the same on the scale of pace."""
    sign = row["direction"]
    if row["pace_scale"] == "linear":
        values = np.linspace(0.02, 0.98, 49)[::sign]
        return held(*({**row, "value": float(v)} for v in values))
    if row["pace_scale"] == "log":
        values = np.geomspace(5.0, 400.0, 49)[::sign]
        return held(*({**row, "value": float(v), "se": row["se"] / row["value"] * float(v)} for v in values))
    values = np.expm1(np.linspace(-1.0, 1.0, 49))[::sign]
    return held(*({**row, "value": float(v), "se": row["se"] / (1 + row["value"]) * (1 + float(v))} for v in values))


@settings(max_examples=50, deadline=None)
@given(rows())
def test_better_data_never_worsens_a_grade(row: dict[str, Any]) -> None:
    row = {**row, "bounded": False}
    if row["pace_scale"] == "log":
        row["covariance"] = 0.0
    told = judged(_better(row))
    ranks = [-1 if met else ORDER.get(grade, -2) for met, grade in told.select(pl.col("gap") < 0, "grade").iter_rows()]
    graded = [rank for rank in ranks if rank > -2]
    assert graded == sorted(graded, reverse=True)


@settings(max_examples=50, deadline=None)
@given(rows())
def test_better_data_makes_every_grade_or_a_better_one_more_probable(row: dict[str, Any]) -> None:
    row = {**row, "bounded": False, "covariance": 0.0}
    if row["pace_scale"] == "log":
        row["threshold"] = row["base"] * (1.3 if row["direction"] == 1 else 0.7)
    told = judged(_better(row)).drop_nulls("p_limited")
    if row["pace_scale"] == "log":  # p_met is told in the unit of the level, the others on its logarithm
        told = told.filter(pl.col("p_met") < 1e-9)
    for number in range(1, 5):
        least = sum((told[name] for name in PROBABILITIES[1:number]), told["p_met"])
        assert least.diff().drop_nulls().min() is None or least.diff().drop_nulls().min() >= -1e-12  # type: ignore[operator]


def alike(one: float | None, other: float | None, *, rel: float, least: float) -> bool:
    """Whether two numbers agree; nothing agrees with nothing alone."""
    return (one is None) == (other is None) and (one is None or one == pytest.approx(other, rel=rel, abs=least))


def _mirrored(row: dict[str, Any]) -> dict[str, Any]:
    """The same where less is better: shares as their complement, logarithms with the other sign."""
    turn = {"direction": -row["direction"]}
    if row["pace_scale"] == "linear":
        ends = {name: 1 - row[name] for name in ("base", "value", "threshold")}
    elif row["pace_scale"] == "log":
        ends = {name: 1 / row[name] for name in ("base", "value", "threshold")}
        ends |= {"se": row["se"] / row["value"] ** 2, "base_se": row["base_se"] / row["base"] ** 2}
        ends["covariance"] = row["covariance"] / (row["value"] * row["base"]) ** 2
    else:
        ends = {name: 1 / (1 + row[name]) - 1 for name in ("value", "threshold")}
        ends["se"] = row["se"] / (1 + row["value"]) ** 2
    return {**row, **turn, **ends}


@settings(max_examples=60, deadline=None)
@given(rows())
def test_less_is_better_is_the_mirror_of_more_is_better(row: dict[str, Any]) -> None:
    told, mirror = judge(row), judge(_mirrored(row))
    names = ["pace", *PROBABILITIES[1:]] if row["pace_scale"] == "log" else ["pace", "distance", *PROBABILITIES]
    if row["pace_scale"] == "index":
        names.remove("distance")  # of the numbers themselves, not of their index
    if row["pace_scale"] == "log" and (told["p_met"] is None or max(told["p_met"], mirror["p_met"]) > 1e-9):
        names = ["pace"]  # to be there already is told in the unit of the level
    for name in names:
        assert alike(told[name], mirror[name], rel=1e-6, least=1e-9), name
    near = any(abs(told["pace"] - cut) < 1e-6 for cut in (0.95, 0.6, 0.0)) if told["pace"] is not None else False
    if not near:
        assert told["grade"] == mirror["grade"]


@settings(max_examples=60, deadline=None)
@given(rows(("level",)), st.floats(0.01, 1000.0))
def test_the_unit_of_a_level_does_not_matter(row: dict[str, Any], factor: float) -> None:
    moved = {name: row[name] * factor for name in ("base", "value", "threshold", "se", "base_se")}
    told, other = judge(row), judge(row, **moved, covariance=row["covariance"] * factor**2)
    for name in ("pace", "distance", *PROBABILITIES):
        assert alike(told[name], other[name], rel=1e-8, least=1e-11), name
    assert told["gap"] * factor == pytest.approx(other["gap"], rel=1e-9, abs=1e-9 * factor)


def test_the_order_of_rows_changes_no_bit() -> None:
    rng = np.random.default_rng(7)
    many = [
        {
            **kind,
            "category": str(i),
            "value": float(rng.uniform(0.3, 0.9)) * (100 if kind is DAYS else 1),
            "se": float(rng.uniform(0.001, 0.05)),
            "base_se": float(rng.uniform(0.001, 0.05)),
            "covariance": 0.0,
        }
        for i in range(151)
        for kind in (SHARE, DAYS, CHANGE)
    ]
    whole = judged(held(*many))
    shuffled = [many[i] for i in rng.permutation(len(many))]
    assert judged(held(*shuffled)).sort("indicator", "category").equals(whole.sort("indicator", "category"))
    one_by_one = pl.concat([judged(held(row)) for row in many[:60]])
    assert one_by_one.equals(whole.head(60))
