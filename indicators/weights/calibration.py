"""Calibration: factors that move weights as little as possible until they give known totals, and the residuals it leaves.

Sources: Deville and Särndal (1992), §2 for the three distances (linear, raking, logit) and §4 for the residual variance;
Särndal, Swensson and Wretman (1992), ch. 6, for the regression behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Method = Literal["linear", "raking", "logit"]

#: largest relative distance from a total that counts as met
MET = 1e-12
STEPS, HALVINGS = 60, 30
#: singular values below this share of the largest come from margins that repeat each other
RANK = 1e-10


class Infeasible(ValueError):
    """No weights of the wanted kind give these totals; the message says why."""


@dataclass(frozen=True, kw_only=True)
class _Distance:
    """The factor of a unit and its slope, as functions of the linear predictor u."""

    factor: Callable[[Floats], Floats]
    slope: Callable[[Floats], Floats]


def calibrate(
    auxiliaries: Floats,
    totals: Floats,
    weights: Floats,
    *,
    method: Method,
    bounds: tuple[Floats | float, Floats | float] = (0.5, 2.0),
) -> Floats:
    """The factor g of each unit, with Σ weights · g · auxiliaries = totals to a relative 1e-12.

    `auxiliaries` is units × totals, `weights` are positive; margins that repeat each other (every set of categories adds up
    to the same count) do no harm. `bounds` are the least and largest factor of the logit method, for all units or one each.
    Newton's method on the Lagrange multipliers, with shorter steps where a full one would lead away.

    Raises Infeasible when the totals contradict each other or lie beyond what the method can reach.
    """
    goal = np.where(totals != 0, np.abs(totals), np.maximum(weights @ np.abs(auxiliaries), 1.0))
    scaled, wanted = auxiliaries / goal, totals / goal
    base, inside = _independent(scaled, wanted, weights)
    distance = _distance(method, bounds)
    multipliers = np.zeros(base.shape[1])
    factors, met = np.ones(len(weights)), False
    for step_number in range(STEPS):
        # once met, one step more: it doubles the right digits, so that none of those kept is chance
        if met or (step_number == 0 and _far(scaled, wanted, weights * factors) < MET):
            return factors
        met = _far(scaled, wanted, weights * factors) < MET
        missing = inside - (weights * factors) @ base
        slopes = weights * distance.slope(base @ multipliers)
        step = np.asarray(np.linalg.lstsq((base * slopes[:, None]).T @ base, missing, rcond=None)[0], dtype=np.float64)
        found = _shortened(multipliers, step, base, inside, weights, distance)
        if found is None:
            break
        multipliers, factors = found
    if met:
        return factors
    far = _far(scaled, wanted, weights * factors)
    raise Infeasible(f"the {method} method does not reach the totals; the nearest it came is {far:.2g} of a total away")


def _far(scaled: Floats, wanted: Floats, weights: Floats) -> float:
    """The largest distance from a total, as a part of it."""
    return float(np.abs(wanted - weights @ scaled).max(initial=0.0))


def basis(auxiliaries: Floats, weights: Floats) -> Floats:
    """Columns that span the auxiliaries, units × independent ones; Σ weights · b · b' is 1 of each with itself, else 0."""
    size = np.sqrt(weights @ auxiliaries**2)
    root = np.sqrt(weights)[:, None]
    left, sizes, _ = np.linalg.svd(root * auxiliaries[:, size > 0] / size[size > 0], full_matrices=False)
    return np.asarray(left[:, sizes > RANK * sizes.max(initial=0.0)] / root)


def residuals(values: Floats, spanned: Floats, weights: Floats) -> Floats:
    """What of `values` (units × columns) auxiliaries do not explain, by least squares with `weights`; `spanned` is their basis.

    With weights before calibration these are the residuals of its variance (Deville and Särndal 1992, equation 3.4).
    """
    left = values
    for _ in range(2):  # the second time for what rounding left of the first
        left = left - spanned @ (spanned.T @ (weights[:, None] * left))
    # what is explained to the last digits is explained: the rest is rounding, not variance
    return np.where(np.abs(left) > 1e-12 * np.abs(values).max(axis=0, initial=0.0), left, 0.0)


def _independent(scaled: Floats, wanted: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """The auxiliaries and totals turned so that none repeats another. Raises Infeasible when the totals contradict each other."""
    _, sizes, turned = np.linalg.svd(np.sqrt(weights)[:, None] * scaled, full_matrices=False)
    kept = turned[sizes > RANK * sizes.max(initial=0.0)]
    inside = kept @ wanted
    if np.abs(wanted - kept.T @ inside).max(initial=0.0) > 1e-9:
        raise Infeasible("the totals contradict each other, or nobody answered where one of them lies")
    return scaled @ kept.T, inside


def _shortened(
    multipliers: Floats, step: Floats, base: Floats, inside: Floats, weights: Floats, distance: _Distance
) -> tuple[Floats, Floats] | None:
    """Multipliers and factors after the longest halved step that comes nearer; None when none does."""
    before = np.linalg.norm(inside - (weights * distance.factor(base @ multipliers)) @ base)
    for halving in range(HALVINGS):
        tried = multipliers + step * 0.5**halving
        factors = distance.factor(base @ tried)
        after = np.linalg.norm(inside - (weights * factors) @ base)
        if np.isfinite(after) and after < before:
            return tried, factors
    return None


def _distance(method: Method, bounds: tuple[Floats | float, Floats | float]) -> _Distance:
    if method == "linear":
        return _Distance(factor=lambda u: 1 + u, slope=np.ones_like)
    if method == "raking":
        return _Distance(factor=_exp, slope=_exp)
    low, high = bounds
    spread = (high - low) / ((1 - low) * (high - 1))

    def factor(u: Floats) -> Floats:
        grown = _exp(np.clip(spread * u, -700, 700))
        return np.asarray((low * (high - 1) + high * (1 - low) * grown) / (high - 1 + (1 - low) * grown))

    def slope(u: Floats) -> Floats:
        reached = factor(u)
        return np.asarray(spread * (reached - low) * (high - reached) / (high - low))

    return _Distance(factor=factor, slope=slope)


def _exp(u: Floats) -> Floats:
    with np.errstate(over="ignore"):  # a step too long; it is halved
        return np.asarray(np.exp(u))
