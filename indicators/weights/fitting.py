"""Fitting: the weights of one period are calibrated to the totals of its register, and totals that cannot be met are given up.

Only units of strata not asked whole are moved: where a stratum was asked whole its units are known, and to move their weights
off one for the sake of a total raised the error of total value added in a reference sample from 165,596 to 336,631.
When no weights within the bounds give all totals, the margin of the most categories is coarsened: its two categories of the
fewest answers become one (Kalton and Flores-Cervantes 2003, §3), and in the end it is given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from indicators.weights.calibration import MET, Floats, Infeasible, calibrate
from pipelines.design import Calibration, Margin


@dataclass(frozen=True, kw_only=True)
class GivenUp:
    """Totals that no weights could give: those of these categories, which were met together only; of none: the whole margin.

    `unknown`: the register or the sample lacks values of it, so that it was not tried; `empty`: the register adds up to nothing.
    """

    margin: Margin
    categories: tuple[str, ...] = ()
    unknown: bool = False
    empty: bool = False


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Factors on the weights of the units of one period, and what they were fitted to."""

    factor: Floats  # one per unit; 1 where the weight stays
    moved: npt.NDArray[np.bool_]
    auxiliaries: Floats  # units × totals met; the rows of units that were not moved are not used
    met: int
    given_up: tuple[GivenUp, ...]
    worst: float | None  # largest relative distance from a total that was to be met, given up or not; None without totals


@dataclass(frozen=True, kw_only=True)
class _Known:
    """One margin in one period: what every unit adds to each total, and the totals, of one or several categories each."""

    margin: Margin
    names: tuple[tuple[str, ...], ...]
    values: Floats  # units × totals
    totals: Floats

    def coarser(self, moved: npt.NDArray[np.bool_]) -> _Known | None:
        """The two totals to which the fewest units add become one; None when there is but one."""
        if len(self.names) < 2:
            return None
        answers = (self.values[moved] != 0).sum(axis=0)
        first, second = sorted(np.argsort(answers, kind="stable")[:2])
        kept = [k for k in range(len(self.names)) if k not in (first, second)]
        return _Known(
            margin=self.margin,
            names=(*(self.names[k] for k in kept), (*self.names[first], *self.names[second])),
            values=np.column_stack([self.values[:, kept], self.values[:, first] + self.values[:, second]]),
            totals=np.append(self.totals[kept], self.totals[first] + self.totals[second]),
        )


def fit(part: pl.DataFrame, totals: pl.DataFrame, inside: npt.NDArray[np.bool_], calibration: Calibration) -> Fit:
    """Calibrated factors for the units of `part` (weight, c_ and v_ of every margin), of which `inside` may be moved.

    `totals` (margin, category, total, blank) are those of the register over the strata of these units. A margin of which the
    register or a unit lacks a value cannot be used.
    """
    weight = part["weight"].to_numpy()
    # a weight that is one already stands for nobody but its unit
    moved = inside if calibration.take_all else inside & (weight > 1)
    known = [_known(i, margin, part, totals, inside) for i, margin in enumerate(calibration.totals)]
    empty = [_is_empty(i, totals) for i in range(len(calibration.totals))]
    met = [one for one in known if one is not None]
    factor = np.ones(len(weight))
    while met and moved.any():
        x, rest = np.hstack([one.values for one in met]), weight[inside & ~moved]
        goal = np.concatenate([one.totals for one in met]) - rest @ x[inside & ~moved]
        try:
            factor[moved] = _factors(x[moved], goal, weight[moved], calibration)
            break
        except Infeasible:
            # of as many categories the later one in the plan goes first
            finest = max(reversed(met), key=lambda one: len(one.names))
            met = [one for one in (m.coarser(moved) if m is finest else m for m in met) if one is not None]
    else:
        met, moved = [], np.zeros_like(moved)
    return Fit(
        factor=factor,
        moved=moved,
        auxiliaries=np.hstack([np.zeros((len(weight), 0)), *(one.values for one in met)]),
        met=sum(len(one.names) for one in met),
        given_up=_given_up(calibration, known, met, empty),
        worst=_worst([one for one in known if one is not None], weight * factor, inside),
    )


def _given_up(
    calibration: Calibration, known: Sequence[_Known | None], met: Sequence[_Known], empty: Sequence[bool]
) -> tuple[GivenUp, ...]:
    found = []
    for margin, tried, nothing in zip(calibration.totals, known, empty, strict=True):
        own = next((one for one in met if one.margin is margin), None)
        if own is None:
            found.append(GivenUp(margin=margin, unknown=tried is None and not nothing, empty=nothing))
        else:
            found += [GivenUp(margin=margin, categories=tuple(sorted(names))) for names in own.names if len(names) > 1]
    return tuple(found)


def _factors(x: Floats, goal: Floats, weight: Floats, calibration: Calibration) -> Floats:
    """Factors that leave no weight below one, by bounds of their own where the common ones would. Raises Infeasible."""
    low, high = calibration.bounds
    factor = calibrate(x, goal, weight, method=calibration.method, bounds=(low, high))
    if _at_least_one(weight, factor):
        return factor
    if calibration.method == "logit":
        floor = np.where(weight > 1, np.maximum(low, 1 / weight), low)
        factor = calibrate(x, goal, weight, method="logit", bounds=(floor, high))
        if _at_least_one(weight, factor):
            return factor
    raise Infeasible("an enterprise would stand for less than itself")


def _at_least_one(weight: Floats, factor: Floats) -> bool:
    return bool((weight * factor)[weight > 1].min(initial=np.inf) >= 1)


def _known(i: int, margin: Margin, part: pl.DataFrame, totals: pl.DataFrame, inside: npt.NDArray[np.bool_]) -> _Known | None:
    """A margin with its categories in their order; one that holds nothing in the register is no total. None: not usable."""
    own, sums = totals.filter(pl.col("margin") == i).drop_nulls("category"), _sums(i, totals)
    category, value = part[f"c_{i}"], part[f"v_{i}"]
    lacking = (category.is_not_null() & value.is_null()).to_numpy() & inside
    if sums.is_empty() or own["blank"].sum() or lacking.any():
        return None
    filled = value.fill_null(0.0).to_numpy()
    columns = [np.where((category == name).fill_null(False).to_numpy(), filled, 0.0) for name in sums["category"]]
    return _Known(
        margin=margin,
        names=tuple((name,) for name in sums["category"]),
        values=np.column_stack(columns),
        totals=sums["total"].to_numpy(),
    )


def _sums(i: int, totals: pl.DataFrame) -> pl.DataFrame:
    """The totals of a margin by category, without those that are zero."""
    own = totals.filter(pl.col("margin") == i).drop_nulls("category")
    return own.group_by("category").agg(pl.col("total").sum()).filter(pl.col("total") != 0).sort("category")


def _is_empty(i: int, totals: pl.DataFrame) -> bool:
    """Whether the register knows all values of a margin, and every one of its totals is zero."""
    own = totals.filter(pl.col("margin") == i).drop_nulls("category")
    return bool(own.height) and not own["blank"].sum() and _sums(i, totals).is_empty()


def _worst(known: Sequence[_Known], weight: Floats, inside: npt.NDArray[np.bool_]) -> float | None:
    far = [np.abs(weight[inside] @ one.values[inside] / one.totals - 1) for one in known]
    every = np.concatenate(far) if far else np.zeros(0)
    worst = every.max(initial=0.0)
    return (float(worst) if worst > MET else 0.0) if every.size else None  # less than that is rounding
