"""What each official method says of the way of a number: worked values, bounds, traps, and what better data may do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicators.methods.course import Course
from indicators.methods.rulings import METHODS, Ruling, curbed

RANK = {"away": 0, "behind": 1, "on_track": 2}
GROWING, ALONG = ("statcan", "eurostat", "unsd"), ("escap", "undp", "digital_decade", "linear")


def course(base: float | None, value: float, target: float | None, *, sign: int = 1, **more: Any) -> Course:
    """2025 → 2026, target year 2027, on a straight path."""
    known = {"base_year": 2025, "base": base, "target_year": 2027, "year": 2026} | more
    if target is not None and base is not None and known["target_year"] is not None:
        since, whole = known["year"] - known["base_year"], known["target_year"] - known["base_year"]
        known.setdefault("path", base + (target - base) * min(since, whole) / whole if whole > 0 else target)
    points = {year: one for year, one in ((2025, base), (known["year"], value)) if one is not None}
    return Course(**{"sign": sign, "value": value, "target": target, "points": points, **known})


def series(*values: float, target: float | None, last: int = 2025, **more: Any) -> Course:
    points = {last - len(values) + 1 + i: one for i, one in enumerate(values)}
    return Course(
        **{"sign": 1, "year": last, "value": values[-1], "points": points, "target": target, "target_year": 2027, **more}
    )


def say(method: str, way: Course) -> tuple[str | None, str | None, str | None]:
    found = METHODS[method](way)
    assert (found.verdict is None) == (found.direction is None) == (found.reason is not None)
    assert found.figure is None or found.verdict is not None
    return found.verdict, found.direction, found.reason


def strip(way: Course) -> dict[str, str | None]:
    return {name: say(name, way)[0] or say(name, way)[2] for name in METHODS}


def test_the_strip_of_the_cases_like_those_of_the_plan() -> None:
    behind = {
        "statcan": "acceleration",
        "eurostat": "moderate",
        "unsd": "fair",
        "escap": "accelerate",
        "germany": "few_years",
        "undp": "green",
        "digital_decade": "near_path",
        "linear": "acceleration",
    }
    assert strip(course(89.0, 91.5, 95.0)) == behind
    assert strip(course(66.0, 67.8, 70.0)) == {**behind, "escap": "maintain"}, "0.1 of the way would be missing, no more"
    assert strip(course(100.0, 104.0, 110.0)) == behind
    assert strip(course(100.0, 92.0, 80.0, sign=-1)) == behind


def test_figures_are_those_of_the_worked_values() -> None:
    found = {name: METHODS[name](course(100.0, 92.0, 80.0, sign=-1)).figure for name in METHODS}
    assert found["statcan"] == found["eurostat"] == pytest.approx(0.758, abs=5e-4)
    assert found["unsd"] == pytest.approx(0.768, abs=5e-4)
    assert (found["escap"], found["undp"], found["digital_decade"], found["linear"]) == (0.2, 80.0, 0.8, 0.8)


def test_one_cycle_is_limited_here_and_fair_there() -> None:
    way = course(100.0, 95.0, 80.0, sign=-1)
    assert (say("statcan", way)[0], say("unsd", way)[0]) == ("limited", "fair")


def test_escap_reverses_what_will_be_worse_than_the_base() -> None:
    way = course(100.0, 102.0, 80.0, sign=-1)
    assert METHODS["escap"](way) == Ruling(figure=1.2, verdict="reverse", direction="away")
    assert say("escap", course(100.0, 100.0, 80.0, sign=-1))[0] == "accelerate", "a gap of exactly all that is required"
    assert METHODS["escap"](course(100.0, 70.0, 60.0, sign=-1)) == Ruling(figure=0.0, verdict="maintain", direction="on_track")


def test_weather() -> None:
    slow = METHODS["germany"](series(60, 61.2, 62.1, 63.4, 64.6, 66.0, target=70.0))
    assert (slow.figure, slow.verdict, slow.direction) == (pytest.approx(0.40, abs=1e-9), "cloud", "behind")
    assert say("germany", series(60, 61, 63, 65, 66.5, 68, target=70.0))[:2] == ("sun", "on_track")
    assert say("germany", series(60, 61, 62, target=70.0))[2] == "few_years"
    # four points, one a year, two years to go: 10 a year are needed, then 9.5, 9.4, 8, 7.9, and away
    weather = [
        say("germany", series(60 - 3 * step, 60 - 2 * step, 60 - step, 60, target=80.0))[0]
        for step in (10, 9.51, 9.5, 8, 7.9, 0, -1)
    ]
    assert weather == ["sun", "sun", "sun_cloud", "sun_cloud", "cloud", "cloud", "thunderstorm"]


def test_weather_of_what_is_met_goes_by_level_then_trend() -> None:
    assert METHODS["germany"](series(68, 69, 70, 71, target=70.0)) == Ruling(verdict="sun", direction="on_track")
    assert say("germany", series(75, 74, 73, 71, target=70.0))[:2] == ("sun_cloud", "on_track")
    assert say("germany", series(70, 70, 70, 70, target=70.0, target_year=None))[0] == "sun"


def test_weather_of_a_bare_direction_goes_by_trend_then_the_last_year() -> None:
    seen = [
        say("germany", series(*values, target=None))[:2] for values in ((1, 2, 3, 4), (1, 2, 4, 3), (4, 3, 1, 2), (4, 3, 2, 1))
    ]
    assert seen == [("sun", "on_track"), ("sun_cloud", "behind"), ("cloud", "behind"), ("thunderstorm", "away")]
    assert say("germany", series(1, 2, 4, 4, target=None))[0] == "sun_cloud", "no change at all is not one for the better"
    assert METHODS["germany"](series(1, 2, 4, 7, target=None)).figure == 2.0
    assert say("germany", series(4, 3, 2, 1, target=None, sign=-1))[0] == "sun"


@pytest.mark.parametrize(
    ("figure", "statcan", "eurostat"),
    [
        (0.95, "on_track", "moderate"),  # Eurostat wants more than 95 %
        (0.9500001, "on_track", "significant"),
        (0.9499999, "acceleration", "moderate"),
        (0.60, "acceleration", "insufficient"),
        (0.5999999, "limited", "insufficient"),
        (0.0, "limited", "insufficient"),
        (-0.0000001, "deterioration", "away"),
    ],
)
def test_bounds_of_the_growth_ratio(figure: float, statcan: str, eurostat: str) -> None:
    """Base 1, target year one year on, T = 2: R is the growth itself."""
    way = course(1.0, 1.0 + figure, 2.0, target_year=2026)
    assert METHODS["statcan"](way).figure == pytest.approx(figure, abs=1e-12)
    assert (say("statcan", way)[0], say("eurostat", way)[0]) == (statcan, eurostat)


@pytest.mark.parametrize(
    ("figure", "unsd", "direction"),
    [
        (0.95, "on_track", "on_track"),
        (0.94, "fair", "behind"),
        (0.1, "fair", "behind"),
        (0.09, "stagnation", "behind"),
        (-0.01, "stagnation", "away"),
    ],
)
def test_bounds_of_the_expected_share(figure: float, unsd: str, direction: str) -> None:
    assert say("unsd", course(1.0, 1.0 + figure, 2.0, target_year=2026))[:2] == (unsd, direction)


@pytest.mark.parametrize(
    ("figure", "undp", "digital_decade", "linear"),
    [
        (1.3, "green", "on_path", "on_track"),
        (0.95, "green", "on_path", "on_track"),
        (0.94, "green", "near_path", "acceleration"),
        (0.80, "green", "near_path", "acceleration"),
        (0.79, "yellow", "near_path", "acceleration"),
        (0.60, "yellow", "near_path", "acceleration"),
        (0.59, "red", "far_from_path", "limited"),
        (0.0, "red", "far_from_path", "limited"),
        (-0.01, "red", "away", "deterioration"),
    ],
)
def test_bounds_of_ratios_to_the_path(figure: float, undp: str, digital_decade: str, linear: str) -> None:
    way = course(10.0, 10.0 + figure, 12.0)
    assert [say(name, way)[0] for name in ("undp", "digital_decade", "linear")] == [undp, digital_decade, linear]
    assert say("undp", way)[1] == ("away" if figure < 0 else "on_track" if figure >= 0.8 else "behind")
    assert METHODS["undp"](way).figure == pytest.approx(min(max(100 * figure, 0), 100), abs=1e-9)


@pytest.mark.parametrize(
    ("rate", "statcan", "eurostat", "unsd"),
    [
        (0.02, "on_track", "significant", "on_track"),
        (0.019, "on_track", "significant", "fair"),
        (0.015, "on_track", "significant", "fair"),
        (0.012, "acceleration", "significant", "fair"),
        (0.01, "acceleration", "moderate", "fair"),
        (0.005, "acceleration", "moderate", "fair"),
        (0.002, "limited", "moderate", "stagnation"),
        (0.001, "limited", "none", "stagnation"),
        (0.0, "limited", "none", "stagnation"),
        (-0.001, "deterioration", "none", "stagnation"),
        (-0.005, "deterioration", "moderate_away", "stagnation"),
        (-0.01, "deterioration", "moderate_away", "stagnation"),
        (-0.011, "deterioration", "significant_away", "stagnation"),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_targets_without_a_number_go_by_growth(rate: float, statcan: str, eurostat: str, unsd: str, sign: int) -> None:
    way = course(1000.0, 1000.0 * (1 + sign * rate), None, sign=sign)
    assert [say(name, way)[0] for name in GROWING] == [statcan, eurostat, unsd]
    assert say("unsd", way)[1] == ("away" if rate < 0 else "on_track" if rate >= 0.02 else "behind")
    assert {say(name, way)[2] for name in ALONG} == {"no_number"}


def test_near_its_limit_a_share_need_not_grow_as_fast() -> None:
    """C(95|100) = 0.2037: 1.5 % becomes 0.31 %, 0.5 % becomes 0.10 %."""
    for grown, verdict in ((0.0031, "on_track"), (0.0030, "acceleration"), (0.0011, "acceleration"), (0.0010, "limited")):
        assert say("statcan", course(0.95, 0.95 * (1 + grown), None, share=True))[0] == verdict
    assert say("statcan", course(0.95, 0.95 * 1.0031, None))[0] == "limited", "of a level no limit is known"
    assert say("statcan", course(1.0, 1.0, None, share=True))[0] == "on_track", "kept at its limit"
    assert say("statcan", course(1.0, 0.999, None, share=True))[0] == "deterioration"
    assert say("statcan", course(0.95, 0.95 * 0.9969, None, share=True, sign=-1))[0] == "limited", "down there the limit is far"
    assert curbed(0.95, 1, share=True) == pytest.approx(0.2037, abs=5e-5)


def test_equality_is_met_for_them_whatever_the_law_says() -> None:
    way = course(89.0, 95.0, 95.0)
    assert [say(name, way)[0] for name in ("statcan", "eurostat", "unsd", "linear")] == [
        "achieved",
        "significant",
        "on_track",
        "achieved",
    ]
    assert say("statcan", course(30.0, 100 * (1 + (24 / 30 - 1)), 80.0, sign=-1))[0] == "achieved", "rounding decides nothing"


def test_met_now_is_met_whatever_the_trend_and_needs_no_date() -> None:
    falling = course(99.0, 96.0, 95.0, target_year=None)
    assert [say(name, falling)[:2] for name in ("statcan", "eurostat", "unsd", "linear")] == [
        ("achieved", "on_track"),
        ("significant", "on_track"),
        ("on_track", "on_track"),
        ("achieved", "on_track"),
    ]
    assert say("statcan", course(15.0, 20.0, 20.0, growthless="count"))[0] == "achieved"


def test_within_a_point_of_all_or_nothing_is_met_for_the_united_nations() -> None:
    assert say("unsd", course(0.989, 0.99, 1.0, share=True))[:2] == ("on_track", "on_track")
    assert say("unsd", course(0.989, 0.98999, 1.0, share=True))[0] == "fair"
    assert say("unsd", course(0.9, 0.99, 1.0, share=True, target_year=None))[0] == "on_track"
    assert say("unsd", course(0.011, 0.01, 0.0, share=True, sign=-1))[0] == "on_track"
    assert say("unsd", course(0.94, 0.945, 0.955, share=True))[0] == "fair", "half way, and a point from 95.5 % is not met"
    assert say("unsd", course(0.989, 0.9905, 1.0))[0] == "fair", "a level that is no share has no limit at 1"


@pytest.mark.parametrize("growthless", ["count", "step", "difference"])
def test_no_growth_rates_of_counts_grades_and_differences(growthless: Any) -> None:
    way = course(15.0, 18.0, 20.0, growthless=growthless)
    assert {say(name, way)[2] for name in GROWING} == {growthless}
    assert {say(name, way)[2] for name in ALONG} == {None}
    bare = course(15.0, 18.0, None, growthless=growthless)
    assert {say(name, bare)[2] for name in GROWING} == {growthless}


@pytest.mark.parametrize(
    ("way", "reasons"),
    [
        (course(0.0, 0.3, 0.95), dict.fromkeys(GROWING, "zero")),
        (course(0.3, 0.2, 0.0, sign=-1), dict.fromkeys(GROWING, "zero")),
        (course(-5.0, 5.0, 10.0), dict.fromkeys(GROWING, "signs")),
        (course(-5.0, -4.0, 10.0), dict.fromkeys(GROWING, "signs")),
        (course(None, 0.3, 0.95), dict.fromkeys((*GROWING, *ALONG), "no_base")),
        (course(0.3, 0.3, 0.95, year=2025), dict.fromkeys((*GROWING, *ALONG), "one_point")),
        (course(0.3, 0.4, 0.95, target_year=None), dict.fromkeys((*GROWING, *ALONG), "no_date")),
        (course(0.3, 0.4, 0.95, target_year=2025), dict.fromkeys((*GROWING, *ALONG), "no_time")),
        (course(0.3, 0.4, 0.95, path=None), dict.fromkeys(("undp", "digital_decade"), "no_path")),
        (course(0.3, 0.4, 0.95, path=0.3), dict.fromkeys(("undp", "digital_decade"), "not_due")),
        (course(0.95, 0.9, 0.95), dict.fromkeys((*GROWING, *ALONG), "met_at_base")),
        (course(0.97, 0.9, 0.95), dict.fromkeys(("unsd", *ALONG), "met_at_base")),
    ],
)
def test_why_a_method_does_not_apply(way: Course, reasons: dict[str, str]) -> None:
    assert {name: say(name, way)[2] for name in METHODS if name != "germany" and say(name, way)[2]} == reasons


def test_what_was_met_and_is_lost_deteriorates() -> None:
    assert [say(name, course(97.0, 90.0, 95.0))[0] for name in ("statcan", "eurostat")] == ["deterioration", "away"]


def test_negative_series_turn_the_sign_of_growth() -> None:
    """A loss of 100 that shall become one of 60, after a year 85: −0.15 a year of a negative number is a gain."""
    way = course(-100.0, -85.0, -60.0)
    assert METHODS["statcan"](way).figure == pytest.approx(0.15 / (1 - 0.6**0.5), rel=1e-12)
    assert METHODS["unsd"](way).figure == pytest.approx((100 - 100 * 0.85**2) / 40, rel=1e-12)
    assert (say("statcan", way)[0], say("unsd", way)[0]) == ("acceleration", "fair")
    assert say("statcan", course(-100.0, -110.0, -60.0))[0] == "deterioration"
    assert say("statcan", course(-100.0, -97.0, None))[0] == "on_track"


def test_after_the_target_year_growth_is_taken_back_to_it() -> None:
    way = course(100.0, 108.0, 110.0, year=2029)
    expected = 100 * 1.08 ** (2 / 4)
    assert METHODS["unsd"](way).figure == pytest.approx((expected - 100) / 10, rel=1e-12)
    assert METHODS["germany"](series(100, 102, 104, 108, target=110.0, last=2029)).figure == 1.0, "no year is left"


def test_a_figure_without_end_is_none_but_has_its_verdict() -> None:
    way = course(1e-5, 10.0, 20.0, target_year=2100)
    assert METHODS["unsd"](way) == Ruling(figure=None, verdict="on_track", direction="on_track")


VALUES = st.floats(1, 99)


@given(VALUES, VALUES, VALUES, VALUES, st.sampled_from([1, -1]), st.integers(2026, 2030), st.integers(2027, 2035))
def test_better_data_never_have_a_worse_verdict(
    one: float, other: float, base: float, target: float, sign: int, year: int, until: int
) -> None:
    if sign * (target - base) < 1e-6:
        return
    worse, better = sorted((one, other), reverse=sign < 0)
    for name in METHODS:
        low, high = (
            say(name, course(base, value, target, sign=sign, year=year, target_year=until))[1] for value in (worse, better)
        )
        assert low is None or high is None or RANK[low] <= RANK[high], name


@given(VALUES, VALUES, VALUES, st.sampled_from([1, -1]))
def test_a_change_and_its_level_have_the_same_strip(base: float, value: float, target: float, sign: int) -> None:
    """The index of a change, 100 at its base, moves as its level does."""
    if abs(target / base - 1) < 1e-3 or abs(value / base - 1) < 1e-6:
        return
    level = course(base, value, target, sign=sign)
    index = course(100.0, 100 * value / base, 100 * target / base, sign=sign)
    for name in METHODS:
        one, other = METHODS[name](level), METHODS[name](index)
        assert one.reason == other.reason
        if one.figure is not None:
            assert one.figure == pytest.approx(other.figure, rel=1e-6, abs=1e-6)


@given(st.lists(VALUES, min_size=3, max_size=6), VALUES, VALUES, VALUES, st.sampled_from([1, -1]), st.integers(2025, 2030))
def test_a_better_last_year_never_has_worse_weather(
    before: list[float], one: float, other: float, target: float, sign: int, until: int
) -> None:
    worse, better = sorted((one, other), reverse=sign < 0)
    low, high = (
        say("germany", series(*before, value, target=target, sign=sign, target_year=until))[1] for value in (worse, better)
    )
    assert low is not None and high is not None and RANK[low] <= RANK[high]
