"""What each official method says of the way of one number: its figure and verdict, or why it does not apply."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from indicators.editions.results import DIGITS
from indicators.methods import rules
from indicators.methods.bands import DIGITAL_DECADE, EUROSTAT, EUROSTAT_GROWTH, STATCAN, UNDP, UNSD, UNSD_GROWTH, Bands, Direction
from indicators.methods.course import Course
from indicators.targets.target import SAME


@dataclass(frozen=True, kw_only=True)
class Ruling:
    """The figure that a method goes by, its verdict in its own words and in one of three; or the reason why it says nothing."""

    figure: float | None = None
    verdict: str | None = None
    direction: Direction | None = None
    reason: str | None = None


UNSD_NEAR = 0.01  # as near to 0 or 100 % counts as met, where that is the target


def statcan(course: Course) -> Ruling:
    """Statistics Canada / Open SDG (2025): R, or without a number growth held against 1.5, 0.5 and 0 %, less near a limit."""
    if course.target is None:
        return _statcan_growth(course)
    ratio, reason = _growth_ratio(course)
    if course.reached:
        return Ruling(figure=ratio, verdict="achieved", direction="on_track")
    return Ruling(reason=reason) if ratio is None else _graded(ratio, STATCAN)


def _statcan_growth(course: Course) -> Ruling:
    grown, reason = _growth(course)
    if grown is None or course.base is None:
        return Ruling(reason=reason)
    factor = curbed(course.base, course.sign, share=course.share)
    high, middle = (0.015 * factor, *STATCAN[0][1:]), (0.005 * factor, *STATCAN[1][1:])
    return _graded(grown, (high, middle, *STATCAN[2:]))


def curbed(base: float, sign: int, *, share: bool) -> float:
    """What Statistics Canada multiplies its growth thresholds by: less than 1 for a share that is to rise, whose limit is 1."""
    return rules.curb(base, 1.0) if share and sign > 0 else 1.0


def eurostat(course: Course) -> Ruling:
    """Eurostat (2021), as EUSTAT documents it: R; without a number growth held against ±1 and ±0.1 %."""
    if course.target is None:
        grown, reason = _growth(course)
        return Ruling(reason=reason) if grown is None else _graded(grown, EUROSTAT_GROWTH)
    ratio, reason = _growth_ratio(course)
    if course.reached:
        return Ruling(figure=ratio, verdict="significant", direction="on_track")
    return Ruling(reason=reason) if ratio is None else _graded(ratio, EUROSTAT)


def unsd(course: Course) -> Ruling:
    """UNSD (2023), Progress Chart: x; met now, or within a point of 0 or 100 %, is 3 whatever the trend."""
    if course.target is None:
        grown, reason = _growth(course)
        return Ruling(reason=reason) if grown is None else _graded(grown, UNSD_GROWTH)
    base, whole = course.base, course.whole
    reason = course.no_growth or course.no_way
    share = None
    if reason is None and base is not None and whole is not None:
        share = _rounded(rules.expected_share(base, course.value, course.target, course.since, whole))
    near = course.share and course.target in (0.0, 1.0) and _rounded(abs(course.value - course.target)) <= UNSD_NEAR
    ruling = Ruling(reason=reason) if share is None else _graded(share, UNSD)
    return Ruling(figure=ruling.figure, verdict="on_track", direction="on_track") if course.reached or near else ruling


def escap(course: Course) -> Ruling:
    """UN ESCAP, anticipated progress: what is missed at the target year, over the progress required. Bands are from memory."""
    if course.target is None:
        return Ruling(reason="no_number")
    if reason := course.no_start or course.no_date:
        return Ruling(reason=reason)
    assert course.base is not None and course.target_year is not None
    ahead = rules.predicted(course.points, course.target_year)
    short = _rounded(course.sign * (course.target - ahead))
    if short > 0 and not course.uphill:
        return Ruling(reason="met_at_base")
    missed = _rounded(rules.anticipated_gap(course.sign, course.base, course.target, ahead)) if short > 0 else 0.0
    if missed <= 0.10:
        return Ruling(figure=missed, verdict="maintain", direction="on_track")
    if missed <= 1:
        return Ruling(figure=missed, verdict="accelerate", direction="behind")
    return Ruling(figure=missed, verdict="reverse", direction="away")


def germany(course: Course) -> Ruling:
    """Germany, weather symbols: what the mean annual change would miss at the target year, over what is missing today."""
    change = rules.mean_change(course.points, course.year)
    if change is None:
        return Ruling(reason="few_years")
    right = _rounded(course.sign * change)
    if course.target is None:
        last = _rounded(course.sign * (course.value - course.points[course.year - 1]))
        return _weather_of_direction(right, last)
    if course.reached:  # level first, trend second
        return Ruling(verdict="sun" if right >= 0 else "sun_cloud", direction="on_track")
    if course.target_year is None:
        return Ruling(reason="no_date")
    left = max(course.target_year - course.year, 0)
    missed = _rounded(rules.missed_share(course.sign, course.value, course.target, change, left))
    if right < 0:
        return Ruling(figure=missed, verdict="thunderstorm", direction="away")
    if missed < 0.05:
        return Ruling(figure=missed, verdict="sun", direction="on_track")
    return Ruling(figure=missed, verdict="sun_cloud" if missed <= 0.20 else "cloud", direction="behind")


def _weather_of_direction(mean: float, last: float) -> Ruling:
    """Where only a direction is asked: mean and last annual change, positive in the direction wanted; the figure is the mean."""
    if mean > 0:
        return Ruling(figure=mean, verdict="sun" if last > 0 else "sun_cloud", direction="on_track" if last > 0 else "behind")
    return Ruling(figure=mean, verdict="cloud" if last > 0 else "thunderstorm", direction="behind" if last > 0 else "away")


def undp(course: Course) -> Ruling:
    """UNDP: score of the milestone of the year, which is that of the path in force; less than nothing is 0, and moves away."""
    ratio, reason = _path_ratio(course)
    if ratio is None or course.base is None or course.path is None:
        return Ruling(reason=reason)
    found = _graded(rules.milestone_score(course.base, course.value, course.path), UNDP)
    return Ruling(figure=found.figure, verdict=found.verdict, direction="away") if ratio < 0 else found


def digital_decade(course: Course) -> Ruling:
    """EU Digital Decade: the observed gain over that of the path in force, in bands of our own."""
    ratio, reason = _path_ratio(course)
    return Ruling(reason=reason) if ratio is None else _graded(ratio, DIGITAL_DECADE)


def linear(course: Course) -> Ruling:
    """Linear pace so far over that required, in the bands of our own grades."""
    if course.target is None:
        return Ruling(reason="no_number")
    ratio, reason = None, course.no_start or course.no_date or course.no_way
    if reason is None and course.base is not None and course.whole is not None:
        ratio = _rounded(rules.pace_ratio(course.base, course.value, course.target, course.since, course.whole))
    if course.reached:
        return Ruling(figure=ratio, verdict="achieved", direction="on_track")
    return Ruling(reason=reason) if ratio is None else _graded(ratio, STATCAN)


#: the strip, in its order
METHODS: Mapping[str, Callable[[Course], Ruling]] = {
    "statcan": statcan,
    "eurostat": eurostat,
    "unsd": unsd,
    "escap": escap,
    "germany": germany,
    "undp": undp,
    "digital_decade": digital_decade,
    "linear": linear,
}


def _rounded(figure: float) -> float:
    """To the digits that are published, so that a verdict follows from the figure beside it."""
    return float(f"{figure:.{DIGITS - 1}e}") + 0.0  # a zero has no sign


def _graded(figure: float, bands: Bands) -> Ruling:
    shown = _rounded(figure)
    verdict, direction = next((verdict, direction) for least, verdict, direction in bands if shown >= least)
    return Ruling(figure=shown if math.isfinite(shown) else None, verdict=verdict, direction=direction)


def _growth(course: Course) -> tuple[float | None, str | None]:
    """Growth in the direction wanted, or why there is none."""
    if (reason := course.no_growth) or course.base is None:
        return None, reason
    return _rounded(rules.wanted_growth(course.sign, course.base, course.value, course.since)), None


def _growth_ratio(course: Course) -> tuple[float | None, str | None]:
    """R, or why there is none; of a base that had the target already only where the target lies behind it."""
    base, target, whole = course.base, course.target, course.whole
    if (reason := course.no_growth) or base is None or target is None or whole is None:
        return None, reason
    if math.isclose(base, target, rel_tol=SAME):
        return None, "met_at_base"
    return _rounded(rules.growth_ratio(course.sign, base, course.value, target, course.since, whole)), None


def _path_ratio(course: Course) -> tuple[float | None, str | None]:
    """What was gained over what the path gains, or why that says nothing."""
    if course.target is None:
        return None, "no_number"
    if reason := course.no_start or course.no_date or course.no_way:
        return None, reason
    if course.path is None or course.base is None:
        return None, "no_path"
    if course.sign * (course.path - course.base) <= 0:
        return None, "not_due"
    return _rounded(rules.ratio_to_path(course.base, course.value, course.path)), None
