"""The curve of what is not finished yet: weighted Kaplan–Meier with late entry, and the age at which it falls to a level.

Sources: Kaplan and Meier (1958); Tsai, Jewell and Wang (1987) for cases that come under watch late; the rule for a quantile
on a flat step and its tolerance are those of R's survival (Therneau, quantile.survfit); Kish (1965), §11.7, for the number
of equally weighted cases that weighted ones are worth; Aalen and Johansen (1978) for cases that end in another way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from indicators.estimation.estimate import Floats

#: so many equally weighted cases must be at risk before a step counts; the curve begins there
AT_RISK = 5
#: two heights of the curve that differ by less are one height, as in R
TOLERANCE = float(np.sqrt(np.finfo(float).eps))
#: of all weight, a share so small is what additions leave behind, not a case
_REST = 1e-10

Flags = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Cases:
    """Cases of one category and year. A case is at risk at an age t when entry < t <= exit."""

    entry: Floats
    exit: Floats
    event: Flags  # finished at `exit`; otherwise no longer watched
    stopped: Flags  # given up at `exit`
    weight: Floats
    unit: Numbers  # the row of `drawn` that belongs to the enterprise of the case


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Share not finished after each age, one column per set of multipliers."""

    ages: Floats  # at which cases finished
    survivors: Floats  # ages × columns
    begins: float | None  # the age before which too few were at risk, where finished cases were passed over; else None
    watched: float | None  # the last age at which AT_RISK were at risk; None where they never were
    ends: float  # the last age at which anybody was

    def quantile(self, share: float, *, middle: bool = True) -> Floats:
        """The age at which `share` are finished, one per column; NaN where that is not reached.

        On a flat step at that very height it is the `middle` of the step, as in R's survival (a step at the end of the curve
        reaches to the last age watched), or else its beginning.
        """
        if self.ages.size == 0:
            return np.full(self.survivors.shape[1], np.nan)
        ages = np.append(self.ages, np.nan)
        reached, passed = (
            np.where(under.any(axis=0), under.argmax(axis=0), self.ages.size)
            for under in (self.survivors <= 1 - share + TOLERANCE, self.survivors <= 1 - share - TOLERANCE)
        )
        first = ages[reached]
        if not middle:
            return first
        after = np.where(passed < self.ages.size, ages[passed], self.ends)
        return (first + after) / 2


def curve(cases: Cases, drawn: Floats) -> Curve:
    """The curve of the cases, each weighing `weight` × the multiplier of its enterprise in `drawn` (units × columns)."""
    ages = np.unique(cases.exit[cases.event])
    enough = np.flatnonzero(effective_at_risk(cases, ages) >= AT_RISK)
    first = int(enough[0]) if enough.size else ages.size
    kept = ages[first:]
    finished, at_risk = _weights_at(cases, kept, drawn)
    risk = np.cumsum(at_risk, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.where(risk > _REST * cases.weight.sum(), 1 - finished / risk, 1.0)
    exits = np.unique(cases.exit)
    crowded = exits[effective_at_risk(cases, exits) >= AT_RISK]
    return Curve(
        ages=kept,
        survivors=np.cumprod(np.clip(steps, 0, 1), axis=0),
        begins=float(kept[0]) if first and kept.size else None,
        watched=float(crowded[-1]) if crowded.size else None,
        ends=float(cases.exit.max()),
    )


def effective_at_risk(cases: Cases, ages: Floats) -> Floats:
    """At each age, the number of equally weighted cases that those at risk are worth: (Σw)² / Σw²."""
    sums = [_at_risk(cases, ages, weight) for weight in (cases.weight, cases.weight**2)]
    with np.errstate(divide="ignore", invalid="ignore"):
        worth = np.where(sums[1] > _REST * (cases.weight**2).sum(), sums[0] ** 2 / sums[1], 0.0)
    return np.asarray(np.round(worth, 9))  # five equal weights are worth five, not 4.999…


def effective(weight: Floats) -> float:
    """The number of equally weighted cases that these are worth."""
    return float(np.round(weight.sum() ** 2 / (weight**2).sum(), 9))


def cumulative_incidence(cases: Cases) -> float:
    """Share that is given up sooner or later, in the presence of those that finish (Aalen and Johansen)."""
    ages = np.unique(cases.exit[cases.event | cases.stopped])
    risk = _at_risk(cases, ages, cases.weight)
    ended, given_up = (_sum_by_age(cases, ages, kind) for kind in (cases.event | cases.stopped, cases.stopped))
    shares = np.where(risk > 0, 1 / np.where(risk > 0, risk, 1.0), 0.0)
    staying = np.cumprod(np.clip(1 - ended * shares, 0, 1))
    return float(np.sum(np.append(1.0, staying[:-1]) * given_up * shares)) if ages.size else 0.0


def _at_risk(cases: Cases, ages: Floats, weight: Floats) -> Floats:
    """Sum of `weight` over the cases at risk at each age."""

    def at_or_after(moments: Floats) -> Floats:
        order = np.argsort(moments, kind="stable")
        after = np.append(np.cumsum(weight[order][::-1])[::-1], 0.0)
        return np.asarray(after[np.searchsorted(moments[order], ages, side="left")])

    return at_or_after(cases.exit) - at_or_after(cases.entry)


def _sum_by_age(cases: Cases, ages: Floats, kind: Flags) -> Floats:
    where = np.searchsorted(ages, cases.exit[kind])
    return np.bincount(where, weights=cases.weight[kind], minlength=ages.size).astype(np.float64)


def _weights_at(cases: Cases, ages: Floats, drawn: Floats) -> tuple[Floats, Floats]:
    """For each age and column, the weight that finishes then, and by how much the weight at risk differs from the age before."""
    first, last = (np.searchsorted(ages, moments, side="right") for moments in (cases.entry, cases.exit))
    ending = cases.event & (last > 0)
    finished = (cases.weight[ending], (last[ending] - 1, cases.unit[ending]))
    ever = first < last
    # who is at risk at the ages from `first` up to `last`: added at the one, taken away after the other
    leaving = ever & (last < ages.size)
    rows = np.concatenate([first[ever], last[leaving]])
    columns = np.concatenate([cases.unit[ever], cases.unit[leaving]])
    changes = (np.concatenate([cases.weight[ever], -cases.weight[leaving]]), (rows, columns))
    shape = (ages.size, drawn.shape[0])
    parts = (sparse.coo_array(part, shape=shape).tocsr() for part in (finished, changes))
    finishing, changing = (np.asarray(part @ drawn) for part in parts)
    return finishing, changing
