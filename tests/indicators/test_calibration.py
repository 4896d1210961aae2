"""Calibration against R's survey, another package, closed forms, brute force, and what holds for every sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from indicators.weights.calibration import Infeasible, Method, basis, calibrate, residuals

Floats = npt.NDArray[np.float64]
METHODS: tuple[Method, ...] = ("linear", "raking", "logit")


def cells(codes: npt.NDArray[Any], values: list[Any]) -> Floats:
    """One column of ones and zeros for each value."""
    return np.column_stack([codes == value for value in values]).astype(float)


# --- R's survey on its own data ---------------------------------------------------------------------------------------------


class Clusters:
    """apiclus1: 15 school districts of 757, all their schools."""

    def __init__(self, folder: Path) -> None:
        frame = pl.read_csv(folder / "survey_api" / "apiclus1.csv", null_values="NA", infer_schema_length=None)
        self.district = frame["dnum"].to_numpy()
        self.weight, self.api, self.former, self.enrolled = (
            frame[name].to_numpy().astype(float) for name in ("pw", "api00", "api99", "enroll")
        )
        self.kind, self.wide = frame["stype"].to_numpy(), frame["sch.wide"].to_numpy()
        self.one = np.ones(frame.height)

    def error(self, u: Floats) -> float:
        sums = np.array([u[self.district == number].sum() for number in np.unique(self.district)])
        return float(np.sqrt((1 - 15 / 757) * 15 / 14 * ((sums - sums.mean()) ** 2).sum()))

    def mean(self, x: Floats, factor: Floats) -> tuple[float, float]:
        final = self.weight * factor
        value = float(final @ self.api / final.sum())
        return value, self.error(
            final * residuals(((self.api - value) / final.sum())[:, None], basis(x, self.weight), self.weight)[:, 0]
        )

    def total(self, x: Floats, factor: Floats) -> tuple[float, float]:
        final = self.weight * factor
        return float(final @ self.enrolled), self.error(
            final * residuals(self.enrolled[:, None], basis(x, self.weight), self.weight)[:, 0]
        )


@pytest.fixture(scope="module")
def clusters(shared_data: Path) -> Clusters:
    return Clusters(shared_data)


def test_raking_as_saved_with_the_package(clusters: Clusters) -> None:
    """tests/rakecheck.Rout.save of survey: calibrate(dclus1, ~stype + sch.wide, calfun = "raking")."""
    x = np.column_stack([clusters.one, cells(clusters.kind, ["H", "M"]), cells(clusters.wide, ["Yes"])])
    factor = calibrate(x, np.array([6194.0, 755, 1018, 5122]), clusters.weight, method="raking")
    assert clusters.mean(x, factor) == (pytest.approx(641.23, abs=0.005), pytest.approx(23.704, abs=0.0005))
    assert clusters.total(x, factor) == (pytest.approx(3647280, abs=0.5), pytest.approx(400603, abs=0.5))


def test_linear_factors_as_saved_with_the_package(clusters: Clusters) -> None:
    """tests/caleg.Rout.save of survey: calibrate(dclus1, ~enroll, pop) and the range of its factors."""
    x = np.column_stack([clusters.one, clusters.enrolled])
    factor = calibrate(x, np.array([6194.0, 3811472]), clusters.weight, method="linear")
    assert (factor.min(), factor.max()) == (pytest.approx(0.7906782, abs=5e-8), pytest.approx(1.7891164, abs=5e-8))
    assert clusters.total(x, factor) == (pytest.approx(3811472, rel=1e-12), 0.0)


@pytest.mark.parametrize(
    ("method", "bounds", "low", "high", "mean", "error"),
    [
        ("linear", (0.5, 2.0), 0.4185925, 1.8332949, 665.31, 3.4418),
        ("raking", (0.5, 2.0), 0.5342314, 1.9947612, 665.39, 3.4378),
        ("logit", (0.5, 2.5), 0.5943692, 1.9358791, 665.43, 3.4325),
    ],
)
def test_the_three_methods_as_in_the_manual_of_r(
    clusters: Clusters, method: Method, bounds: tuple[float, float], low: float, high: float, mean: float, error: float
) -> None:
    """The example of ?calibrate: stype + api99, whose totals are 6194, 755, 1018 and 3914069."""
    x = np.column_stack([clusters.one, cells(clusters.kind, ["H", "M"]), clusters.former])
    factor = calibrate(x, np.array([6194.0, 755, 1018, 3914069]), clusters.weight, method=method, bounds=bounds)
    assert (factor.min(), factor.max()) == (pytest.approx(low, abs=5e-7), pytest.approx(high, abs=5e-7))
    assert clusters.mean(x, factor) == (pytest.approx(mean, abs=0.005), pytest.approx(error, abs=0.0001))


# --- another package --------------------------------------------------------------------------------------------------------


def test_linear_and_raking_as_svy_has_them(shared_data: Path) -> None:
    svy = pytest.importorskip("svy")
    frame = pl.read_csv(shared_data / "survey_api" / "apistrat.csv", null_values="NA", infer_schema_length=None)
    frame = frame.with_columns(weight=pl.col("fpc") / pl.len().over("stype"), wide=pl.col("sch.wide"))
    design = svy.Design(stratum="stype", wgt="weight", pop_size="fpc")
    weight, kind, wide = frame["weight"].to_numpy(), frame["stype"].to_numpy(), frame["wide"].to_numpy()
    kinds, wides = {"E": 4421.0, "H": 755.0, "M": 1018.0}, {"Yes": 5122.0, "No": 1072.0}
    margins = np.column_stack([cells(kind, list(kinds)), cells(wide, list(wides))])
    goal = np.array([*kinds.values(), *wides.values()])

    raked = svy.Sample(frame, design).weighting.rake(controls={"stype": kinds, "wide": wides}, tol=1e-13, max_iter=10_000)
    theirs = raked.data["rk_wgt"].to_numpy()
    assert calibrate(margins, goal, weight, method="raking") * weight == pytest.approx(theirs, rel=1e-9)

    controls = {svy.Cat("stype"): kinds, "api99": 3914069.0}
    moved = svy.Sample(frame, design).weighting.calibrate(controls=controls)
    theirs = moved.data["calib_wgt"].to_numpy()
    x = np.column_stack([cells(kind, list(kinds)), frame["api99"].to_numpy().astype(float)])
    ours = calibrate(x, np.array([*kinds.values(), 3914069.0]), weight, method="linear") * weight
    assert ours == pytest.approx(theirs, rel=1e-9)


# --- closed forms and brute force -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_post_stratification_is_known_over_estimated(method: Method) -> None:
    codes = np.array(list("aabbbcc"))
    weight = np.array([2.0, 3, 1, 1, 2, 5, 4])
    known = {"a": 6.0, "b": 3.0, "c": 8.0}
    factor = calibrate(cells(codes, list(known)), np.array(list(known.values())), weight, method=method)
    assert factor == pytest.approx([known[code] / weight[codes == code].sum() for code in codes], rel=1e-13)


def test_one_quantity_by_the_linear_method_is_the_regression_factor() -> None:
    x, weight, known = np.array([1.0, 4, 2, 8]), np.array([3.0, 2, 2, 1]), 30.0
    factor = calibrate(x[:, None], np.array([known]), weight, method="linear")
    assert factor == pytest.approx(1 + x * (known - weight @ x) / (weight @ x**2), rel=1e-13)


@pytest.mark.parametrize("method", METHODS)
def test_a_count_alone_is_the_ratio_of_counts(method: Method) -> None:
    weight = np.array([3.0, 2, 2, 1])
    factor = calibrate(np.ones((4, 1)), np.array([10.0]), weight, method=method)
    assert factor == pytest.approx(np.full(4, 10 / 8), rel=1e-13)


def test_raking_is_iterative_proportional_fitting() -> None:
    random = np.random.default_rng(11)
    rows, columns = random.integers(0, 4, 300), random.integers(0, 3, 300)
    weight = random.uniform(1, 9, 300)
    wanted = weight * random.uniform(0.7, 1.4, 300)
    margins = [cells(rows, [0, 1, 2, 3]), cells(columns, [0, 1, 2])]
    totals = [wanted @ margin for margin in margins]
    fitted = weight.copy()
    for _ in range(2000):
        for margin, total in zip(margins, totals, strict=True):
            fitted = fitted * (margin @ (total / (fitted @ margin)))
    factor = calibrate(np.hstack(margins), np.concatenate(totals), weight, method="raking")
    assert factor * weight == pytest.approx(fitted, rel=1e-9)


def test_the_logit_method_minimises_its_distance() -> None:
    """Deville and Särndal (1992), case 6: the distance itself, minimised by a general optimiser."""
    low, high = 0.5, 2.0
    x = np.array([[1.0, 2], [1, 3], [1, 7], [1, 1], [1, 5]])
    weight, goal = np.array([2.0, 2, 3, 4, 2]), np.array([14.0, 50.0])
    spread = (high - low) / ((1 - low) * (high - 1))

    def distance(g: Floats) -> float:
        part = (g - low) * np.log((g - low) / (1 - low)) + (high - g) * np.log((high - g) / (high - 1))
        return float(weight @ part / spread)

    room = [(low + 1e-9, high - 1e-9)] * 5
    met = {"type": "eq", "fun": lambda g: (weight * g) @ x - goal}
    best = optimize.minimize(distance, np.ones(5), bounds=room, constraints=[met], method="SLSQP", options={"ftol": 1e-15})
    assert calibrate(x, goal, weight, method="logit", bounds=(low, high)) == pytest.approx(best.x, abs=2e-6)


def test_each_unit_may_have_a_bound_of_its_own() -> None:
    x, weight = cells(np.array(list("aabb")), ["a", "b"]) @ np.array([[1.0, 1.0], [1.0, 3.0]]), np.array([1.2, 6.0, 5.0, 5.0])
    goal = (weight * np.array([0.9, 0.75, 1.1, 1.2])) @ x
    floor = np.maximum(0.5, 1 / weight)
    factor = calibrate(x, goal, weight, method="logit", bounds=(floor, 2.0))
    assert (weight * factor) @ x == pytest.approx(goal, rel=1e-12)
    assert (weight * factor >= 1).all()


# --- faults -----------------------------------------------------------------------------------------------------------------


def test_totals_that_contradict_each_other_are_refused() -> None:
    x = np.column_stack([np.ones(4), cells(np.array(list("aabb")), ["a", "b"])])
    with pytest.raises(Infeasible, match="contradict"):
        calibrate(x, np.array([10.0, 5, 6]), np.ones(4), method="linear")


def test_a_total_where_nobody_answered_is_refused() -> None:
    x = cells(np.array(list("aaa")), ["a", "b"])
    with pytest.raises(Infeasible, match="nobody answered"):
        calibrate(x, np.array([4.0, 2.0]), np.ones(3), method="raking")


def test_totals_beyond_the_bounds_are_refused() -> None:
    x = np.ones((3, 1))
    assert calibrate(x, np.array([5.9]), np.ones(3), method="logit") == pytest.approx(5.9 / 3)
    for beyond in (6.5, 1.4):
        with pytest.raises(Infeasible, match="logit"):
            calibrate(x, np.array([beyond]), np.ones(3), method="logit")


def test_raking_cannot_reach_a_total_of_the_other_sign() -> None:
    with pytest.raises(Infeasible, match="raking"):
        calibrate(np.array([[1.0], [2.0]]), np.array([-3.0]), np.ones(2), method="raking")


# --- what holds for every sample ----------------------------------------------------------------------------------------------


@st.composite
def samples(draw: st.DrawFn) -> tuple[Floats, Floats, Floats]:
    """Auxiliaries with margins that repeat each other, weights, and totals that weights within the bounds give."""
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    size = draw(st.integers(12, 60))
    weight = random.uniform(1, 30, size)
    margins = [cells(random.integers(0, count, size), list(range(count))) for count in (3, draw(st.integers(2, 4)))]
    staff = np.exp(random.normal(4, 1, size))
    x = np.hstack([*margins, staff[:, None]])
    reachable = weight * random.uniform(0.8, 1.25, size)
    return x, weight, reachable @ x


@settings(max_examples=60, deadline=None)
@given(sample=samples(), method=st.sampled_from(METHODS))
def test_totals_are_met_and_bounds_are_kept(sample: tuple[Floats, Floats, Floats], method: Method) -> None:
    x, weight, goal = sample
    factor = calibrate(x, goal, weight, method=method)
    reached = (weight * factor) @ x
    assert np.abs(reached - goal).max() <= 1e-11 * np.abs(goal).max()
    if method == "raking":
        assert (factor > 0).all()
    if method == "logit":
        assert (factor > 0.5).all() and (factor < 2).all()


@settings(max_examples=30, deadline=None)
@given(sample=samples(), method=st.sampled_from(METHODS))
def test_weights_that_meet_the_totals_already_stay(sample: tuple[Floats, Floats, Floats], method: Method) -> None:
    x, weight, _ = sample
    assert (calibrate(x, weight @ x, weight, method=method) == 1).all()


@settings(max_examples=30, deadline=None)
@given(sample=samples(), method=st.sampled_from(METHODS))
def test_the_order_of_units_and_the_scale_of_a_quantity_do_not_matter(
    sample: tuple[Floats, Floats, Floats], method: Method
) -> None:
    x, weight, goal = sample
    order = np.random.default_rng(1).permutation(len(weight))
    scale = np.append(np.ones(x.shape[1] - 1), 1e4)
    factor = calibrate(x, goal, weight, method=method)
    assert calibrate(x[order] * scale, goal * scale, weight[order], method=method) == pytest.approx(factor[order], rel=1e-8)


@settings(max_examples=30, deadline=None)
@given(sample=samples())
def test_residuals_are_the_normal_equations_and_vanish_for_the_auxiliaries(sample: tuple[Floats, Floats, Floats]) -> None:
    x, weight, _ = sample
    values = np.random.default_rng(2).normal(size=(len(weight), 2))
    left = residuals(values, basis(x, weight), weight)
    assert np.abs((weight[:, None] * left).T @ x).max() < 1e-7 * np.abs((weight[:, None] * values).T @ x).max()
    assert (residuals(x, basis(x, weight), weight) == 0).all()


def test_without_totals_the_residual_is_the_value() -> None:
    values, weight = np.array([[1.0], [2.0]]), np.ones(2)
    assert (residuals(values, basis(np.zeros((2, 0)), weight), weight) == values).all()


def test_residuals_are_those_of_a_weighted_regression(clusters: Clusters) -> None:
    x = np.column_stack([clusters.one, cells(clusters.kind, ["E", "H", "M"]), clusters.former])  # one column too many
    normal = (x[:, 1:].T * clusters.weight) @ x[:, 1:]
    slopes = np.linalg.solve(normal, (x[:, 1:].T * clusters.weight) @ clusters.api)
    left = residuals(clusters.api[:, None], basis(x, clusters.weight), clusters.weight)[:, 0]
    assert left == pytest.approx(clusters.api - x[:, 1:] @ slopes, abs=1e-8)
