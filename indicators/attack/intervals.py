"""Intervals: between which bounds an attacker can place each number that he cannot work out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from indicators.attack.elimination import Solution
from indicators.attack.programme import Programme
from indicators.attack.systems import System
from indicators.attack.target import Equation, Target
from indicators.estimation.estimate import Floats

#: an interval of less than this part of what is usual is a point
POINT = 1e-6
#: below this part of what is usual an unknown is nothing, and a ratio to it says nothing
_TINY = 1e-6


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Where a withheld number lies; of those that are not `exact` it is only known that both ends are possible."""

    target: Target
    low: float
    high: float
    width: float  # of shares as it is; of other numbers as a part of what is usual
    exact: bool

    @property
    def point(self) -> bool:
        """Whether it is as good as known."""
        return self.exact and self.width <= POINT


def intervals(system: System, targets: Sequence[Target], solution: Solution) -> list[Interval]:
    """An interval for every target, by the equations of its period; the narrowest is exact, and so is every point.

    The narrowest of a system of several periods is enclosed by all equations together, of which `solution` is the solution.
    """
    found = []
    for part in system.parts:
        mine = [target for target in targets if target.place[0].period == part.period and target.above[1] in part.indicators]
        own = solution if len(system.parts) == 1 else system.solution(part.all)
        found += _of_part(_programme(system, part.all, own), system, mine) if mine else []
    open_ = [interval for interval in found if interval.exact and not interval.point]
    if len(system.parts) == 1 or not open_:
        return found
    least = min(open_, key=lambda interval: interval.width)
    bounds = _bounds(_programme(system, system.equations, solution), least.target)
    if bounds is not None:
        found[found.index(least)] = _interval(system, least.target, bounds[0], bounds[1], exact=True)
    return found


def point(system: System, equations: Iterable[Equation], target: Target) -> bool:
    """Whether some of the equations leave a target no room."""
    used = list(equations)
    bounds = _bounds(_programme(system, used, system.solution(used)), target)
    return bounds is not None and _interval(system, target, bounds[0], bounds[1], exact=True).point


def _programme(system: System, equations: Sequence[Equation], solution: Solution) -> Programme:
    """Only equations from which the others follow are held to, for those contradict them in the last digits."""
    sized = [system.sized(equations[at].terms) for at in solution.independent]
    return Programme(equations=sized, at_most=system.at_most, signed=frozenset(system.signed))


def _bounds(programme: Programme, target: Target) -> tuple[float, float, list[Floats]] | None:
    return (
        programme.bounds(target.above, target.below) if programme.holds(target.above) and programme.holds(target.below) else None
    )


def _of_part(programme: Programme, system: System, targets: Sequence[Target]) -> list[Interval]:
    """Whatever solves one programme is a possible truth for all numbers at once, so it shows how far apart two truths may lie.

    The number for which that is least is looked at next, until the narrowest interval found is no wider than what is left.
    """
    asked = [target for target in targets if programme.holds(target.above) and programme.holds(target.below)]
    seen = _Seen(programme, asked)
    narrowest = math.inf
    while (at := seen.next(narrowest)) is not None:
        seen.settle(at, programme.bounds(asked[at].above, asked[at].below))
        width = float(seen.high[at] - seen.low[at])
        narrowest = min(narrowest, width) if width > POINT else narrowest
    unseen = np.isinf(seen.low) & (seen.low > 0)
    seen.low[unseen], seen.high[unseen] = -math.inf, math.inf
    return [
        _interval(system, target, float(seen.low[at]), float(seen.high[at]), exact=bool(seen.exact[at]))
        for at, target in enumerate(asked)
    ]


class _Seen:
    """The least and greatest that each number was in some solution."""

    def __init__(self, programme: Programme, asked: Sequence[Target]) -> None:
        self._above = np.array([programme.place(target.above) for target in asked], dtype=int)
        self._below = np.array([programme.place(target.below) for target in asked], dtype=int)
        self.low, self.high = np.full(len(asked), math.inf), np.full(len(asked), -math.inf)
        self.exact = np.zeros(len(asked), dtype=bool)
        most = [programme.at_most.get(target.above, (target.below, math.inf)) for target in asked]
        self._widest = np.array([times for _, times in most])

    def next(self, narrowest: float) -> int | None:
        """The number of which the ends seen are nearest to each other; None where all are known or wider than `narrowest`."""
        widths = np.where(np.isfinite(self.low), self.high - self.low, -1.0)
        self.exact |= widths >= self._widest * (1 - 1e-9)
        widths[self.exact] = math.inf
        at = int(widths.argmin()) if widths.size else 0
        return at if widths.size and widths[at] < narrowest else None

    def settle(self, at: int, found: tuple[float, float, list[Floats]] | None) -> None:
        """Takes the exact ends of one number, and what the solutions say of the others."""
        self.exact[at] = True
        if found is None:
            self.low[at], self.high[at] = -math.inf, math.inf
            return
        low, high, solutions = found
        for solution in solutions:
            below = solution[self._below]
            there = (below > _TINY) & ~self.exact
            value = solution[self._above][there] / below[there]
            self.low[there] = np.minimum(self.low[there], value)
            self.high[there] = np.maximum(self.high[there], value)
        self.low[at], self.high[at] = low, high


def _interval(system: System, target: Target, low: float, high: float, *, exact: bool) -> Interval:
    found = Interval(target=target, low=low * target.scale, high=high * target.scale, width=high - low, exact=exact)
    return replace(found, width=found.high - found.low) if target.above in system.at_most else found
