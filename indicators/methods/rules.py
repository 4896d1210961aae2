"""The formulas by which official bodies grade progress towards a target, each on plain numbers.

Throughout `sign` is 1 where more is better and −1 where less is, `since` the years from base to value, `whole` those from base to
target. What a formula asks of its numbers stands in `rulings`; here a number that does not fit fails as arithmetic fails.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

_LIMIT_POWER = 4.44
Knots = Sequence[tuple[float, float]]


def growth(value: float, base: float, years: int) -> float:
    """Compound annual growth rate; as a fraction."""
    return math.pow(value / base, 1 / years) - 1


def growth_ratio(sign: int, base: float, value: float, target: float, since: int, whole: int) -> float:
    """R: growth so far over the growth that the target asks for, positive in the direction wanted.

    Statistics Canada (2025), progress measurement methodology of Open SDG, with a target; its thresholds are those of Eurostat
    (2021). Where all is negative growth counts the other way.
    """
    asked = abs(growth(target, base, whole))
    return (sign if base > 0 else -sign) * growth(value, base, since) / asked


def wanted_growth(sign: int, base: float, value: float, since: int) -> float:
    """Growth so far, positive in the direction wanted: what the methods go by where a target has no number."""
    return (sign if base > 0 else -sign) * growth(value, base, since)


def curb(base: float, limit: float) -> float:
    """C: what growth thresholds are multiplied by near a natural limit; 1 far from it, 0 at it (Statistics Canada, 2025).

    With the exponent 4.44 a number that grows by 1.5 % · C a year from any base stays below the limit for 15 years.
    """
    base, limit = abs(base), abs(limit)
    if base >= 2 * limit:
        return 1.0
    near = base if base <= limit else 2 * limit - base
    return 1 - math.pow(near / limit, _LIMIT_POWER)


def ratio_score(ratio: float) -> float:
    """The score of −5 to 5 that Statistics Canada gives to R, and EUSTAT after Eurostat: 0 at 60 %, 5 from 130 % on."""
    return _pieces(ratio, ((-0.60, -5.0), (0.60, 0.0), (1.30, 5.0)))


def growth_score(grown: float, curbed: float = 1.0) -> float:
    """The score of −5 to 5 that Statistics Canada gives to growth where a target has no number; `curbed` is C."""
    if grown < 0:
        return _pieces(grown, ((-0.02, -5.0), (0.0, -2.5)))
    if curbed == 0:  # at the limit, and kept there
        return 5.0
    return _pieces(grown / curbed, ((0.0, -2.5), (0.005, 0.0), (0.015, 2.5), (0.02, 5.0)))


def eurostat_growth_score(grown: float) -> float:
    """The score of −5 to 5 that EUSTAT, after Eurostat, gives to growth where a target has no number: 5 from 2 % on."""
    return _pieces(grown, ((-0.02, -5.0), (0.02, 5.0)))


def _pieces(at: float, knots: Knots) -> float:
    """The straight pieces between the knots; level beyond their ends."""
    (first, score), *others = knots
    if at <= first:
        return score
    for end, reached in others:
        if at <= end:
            return score + (reached - score) * (at - first) / (end - first)
        first, score = end, reached
    return score


def expected_share(base: float, value: float, target: float, since: int, whole: int) -> float:
    """x: how much of the way from base to target is done at the target year if growth goes on as it did.

    UNSD (2023), Progress Chart technical note, as restated by EUSTAT.
    """
    try:
        expected = base * math.pow(value / base, whole / since)
    except OverflowError:  # from next to nothing, over many years
        expected = math.copysign(math.inf, base)
    return (expected - base) / (target - base)


def current_status(sign: int, base: float, value: float, target: float) -> float:
    """Current status index of UN ESCAP: how much of the needed progress is made, 10 being all of it."""
    return 10 * sign * (value - base) / abs(target - base)


def predicted(points: Mapping[int, float], year: int) -> float:
    """The value of `year` on a straight line through yearly values, later years weighing more.

    UN ESCAP (2017, SD/WP/04) weighs by time; as its weights could not be read, they are our own here: 1 for the first year that
    has a value, and one more for each year after it. Through two years the line is the same whatever they weigh.
    """
    years = sorted(points)
    weights = [float(one - years[0] + 1) for one in years]
    total = math.fsum(weights)
    middle = math.fsum(weight * one for weight, one in zip(weights, years, strict=True)) / total
    level = math.fsum(weight * points[one] for weight, one in zip(weights, years, strict=True)) / total
    spread = math.fsum(weight * (one - middle) ** 2 for weight, one in zip(weights, years, strict=True))
    moved = math.fsum(weight * (one - middle) * (points[one] - level) for weight, one in zip(weights, years, strict=True))
    return level + moved / spread * (year - middle)


def anticipated_gap(sign: int, base: float, target: float, ahead: float) -> float:
    """Anticipated progress index of UN ESCAP: what the predicted value misses, over the progress required from the base.

    0 where the prediction reaches the target.
    """
    return max(sign * (target - ahead), 0.0) / abs(target - base)


def mean_change(points: Mapping[int, float], year: int, most: int = 5, least: int = 3) -> float | None:
    """Mean of the last annual changes up to `year`, five where there are six years in a row; None for fewer than four.

    Germany, sustainable development strategy, indicator status.
    """
    first = year
    while first - 1 in points and year - first < most:
        first -= 1
    return (points[year] - points[first]) / (year - first) if year - first >= least else None


def missed_share(sign: int, value: float, target: float, change: float, left: int) -> float:
    """What the same annual change until the target year would still miss, over what is missing today; 0 where it is reached."""
    return max(sign * (target - value - left * change), 0.0) / (sign * (target - value))


def pace_ratio(base: float, value: float, target: float, since: int, whole: int) -> float:
    """Linear pace: change a year so far over change a year required from the base on."""
    return (value - base) / since / ((target - base) / whole)


def ratio_to_path(base: float, value: float, path: float) -> float:
    """What was gained since the base over what the path gains by then (EU Digital Decade: observed against the ideal path)."""
    return (value - base) / (path - base)


def milestone_score(base: float, value: float, milestone: float) -> float:
    """UNDP: what was gained over what the milestone of the year asks for, from 0 to 100."""
    return min(max(100 * ratio_to_path(base, value, milestone), 0.0), 100.0)
