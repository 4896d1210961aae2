"""The word for every state of a number and its target, and the probability that the true value is there."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from indicators.editions.results import GRADES, OUTCOMES
from indicators.targets.assessment import judged
from tests.indicators.heldrows import CHANGE, COUNTED, DAYS, SHARE, held, judge

DUE = {"period": "2027", "since": 2, "left": 0}
#: so far before the base that the base plays no part
LATE = {**DUE, "base": 0.5}


def said(row: dict[str, Any], **changed: Any) -> str:
    word = judge(row, **changed)["outcome"]
    assert word in OUTCOMES
    return str(word)


# --- the words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (0.75, "met"),
        (0.7170, "met"),
        (0.7150, "met_within_error"),
        (0.7001, "met_within_error"),
        (0.70, "not_met_within_error"),  # more than 70 %: the number itself is not
        (0.6999, "not_met_within_error"),
        (0.6850, "not_met_within_error"),
        (0.6800, "not_met"),
        (0.50, "not_met"),
    ],
)
def test_in_the_year_of_the_target(value: float, word: str) -> None:
    assert said(SHARE, **LATE, value=value) == word
    mirrored = {"direction": -1, "threshold": 0.30, "value": 1 - value, "base": 0.5}
    assert said(SHARE, **{**LATE, **mirrored}) == word


@pytest.mark.parametrize(("value", "word"), [(0.75, "met"), (0.7001, "met_within_error"), (0.6999, "on_track")])
def test_before_the_year_of_the_target_a_number_may_be_there_already(value: float, word: str) -> None:
    assert said(SHARE, value=value) == word


def test_the_certainty_asked_for_is_one_sided() -> None:
    """At the 95th percentile of a normal distribution on the scale of the test, a hair to each side."""
    row = {**DAYS, **DUE, "base": 150.0}
    edge = 80.0 - float(stats.norm.ppf(0.95)) * row["se"]
    assert [said(row, value=edge - 1e-6), said(row, value=edge + 1e-6)] == ["met", "met_within_error"]
    edge = 80.0 + float(stats.norm.ppf(0.95)) * row["se"]
    assert [said(row, value=edge - 1e-6), said(row, value=edge + 1e-6)] == ["not_met_within_error", "not_met"]


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"value": 0.71}, "met"),
        ({"value": 0.70}, "not_met"),
        ({"value": 0.70, "strict": False}, "met"),
        ({"value": 0.699}, "not_met"),
    ],
)
def test_a_full_count_is_without_doubt(changed: dict[str, Any], word: str) -> None:
    told = judge(COUNTED, **LATE, **changed)
    assert told["outcome"] == word
    assert told["p_met"] == (1.0 if word == "met" else 0.0)


@pytest.mark.parametrize("row", [SHARE, COUNTED])
def test_the_base_year_has_nothing_to_compare_yet(row: dict[str, Any]) -> None:
    first = {"period": "2025", "since": 0, "left": 2}
    assert said(row, **first, value=0.6) == "base_only"
    assert said(row, **first, value=0.75) == "met_at_base"
    assert said(row, **{**first, "left": None}, value=0.6, target_year=None) == "base_only"
    # where the plan asked for it in the base year itself, it is due
    assert said(COUNTED, **{**first, "left": 0}, value=0.6, target_year=2025) == "not_met"


@pytest.mark.parametrize("row", [SHARE, COUNTED])
def test_what_was_met_at_the_base_is_still_met_or_lost(row: dict[str, Any]) -> None:
    for year in (DUE, {}):
        assert said(row, **year, base=0.72, value=0.75) == "met_at_base"
        # a share this near its threshold may lie on either side of it; a full count may not
        assert said(row, **year, base=0.72, value=0.7001) == ("met_at_base" if row is COUNTED else "met_within_error")
        assert said(row, **year, base=0.72, value=0.6999) == (
            "lost" if row is COUNTED else "not_met_within_error" if year else "cannot_tell"
        )
        assert said(row, **year, base=0.72, value=0.62) == "lost"
    told = judge(row, base=0.72, value=0.62)
    assert [told[name] for name in ("pace", "grade", "distance", "p_on_track")] == [None] * 4
    assert said(row, base=0.70, value=0.69) != "lost", "70 % is not more than 70 %"
    assert said(row, base=0.70, value=0.62, strict=False) == "lost"


def test_without_a_date_it_is_never_missed() -> None:
    undated = {"target_year": None, "left": None}
    assert said(SHARE, **undated) == "no_date"
    assert said(COUNTED, **undated) == "no_date"
    assert said(SHARE, **undated, value=0.75) == "met"
    assert said(SHARE, **undated, base=0.72, value=0.65) == "lost"


@pytest.mark.parametrize("value", [0.60, 0.75])
def test_without_an_error_nothing_is_said_of_doubt(value: float) -> None:
    for year in (DUE, {}):
        told = judge(SHARE, **year, value=value, se=None, low=None, high=None)
        assert (told["outcome"], told["p_met"]) == ("no_error", None)
        assert told["grade"] == (None if value > 0.7 else "limited")


def test_a_year_that_is_not_over_fails_nothing() -> None:
    told = judge(SHARE, **LATE, value=0.55, over=False)
    assert told["outcome"] == told["grade"] == "limited"
    assert said(SHARE, **LATE, value=0.55) == "not_met"
    assert said(SHARE, **LATE, value=0.75, over=False) == "met"


def test_another_method_that_says_otherwise_comes_first() -> None:
    for changed in ({}, DUE, {"base": 0.72}, {"se": None}, {"period": "2025", "since": 0, "left": 2}):
        assert said(SHARE, **changed, verdict="depends") == "depends"
    assert said(SHARE, verdict=None) == said(SHARE, verdict="not_yet")


def test_a_number_without_its_base_cannot_be_graded() -> None:
    none = {"base": None, "base_se": None, "covariance": None}
    assert said(SHARE, **none) == "cannot_tell"
    assert said(SHARE, **none, value=0.75) == "met"
    assert said(SHARE, **none, **DUE, value=0.5) == "not_met"
    assert said(COUNTED, **none) == "cannot_tell"
    assert said(SHARE, **none, base_period=None, since=None) == "cannot_tell"


# --- the probability to be there -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "se"), [(0.64, 0.02), (0.71, 0.006), (0.93, 0.02), (0.985, 0.008)])
def test_a_share_is_tested_on_its_log_odds(value: float, se: float) -> None:
    z = (special.logit(value) - special.logit(0.7)) / (se / (value * (1 - value)))
    assert judge(SHARE, value=value, se=se)["p_met"] == pytest.approx(float(stats.norm.cdf(z)), abs=1e-12)
    at_most = judge(SHARE, value=value, se=se, direction=-1)["p_met"]
    assert at_most == pytest.approx(float(stats.norm.cdf(-z)), abs=1e-12)


def test_it_agrees_with_the_published_interval() -> None:
    """The 95 % interval of a share ends at the threshold where the probability is 2.5 or 97.5 %."""
    value, threshold = 0.9, 0.95
    width = special.logit(threshold) - special.logit(value)
    se = width * value * (1 - value) / 1.959963984540054
    assert judge(SHARE, value=value, se=se, threshold=threshold)["p_met"] == pytest.approx(0.025, abs=1e-9)
    assert judge(SHARE, value=value, se=se, threshold=threshold, direction=-1)["p_met"] == pytest.approx(0.975, abs=1e-9)


def test_levels_and_changes_are_tested_on_their_own_scale() -> None:
    assert judge(DAYS, value=82.0, se=1.5)["p_met"] == pytest.approx(float(stats.norm.cdf(-2 / 1.5)), abs=1e-12)
    z = (math.log(1.08) - math.log(1.10)) / (0.02 / 1.08)
    assert judge(CHANGE, value=0.08, se=0.02)["p_met"] == pytest.approx(float(stats.norm.cdf(z)), abs=1e-12)
    z = (math.log(0.85) - math.log(0.80)) / (0.03 / 0.85)
    told = judge(CHANGE, direction=-1, threshold=-0.2, value=-0.15, se=0.03)["p_met"]
    assert told == pytest.approx(float(stats.norm.cdf(-z)), abs=1e-12)
    told = judge(CHANGE, pace_scale="linear", value=0.08, se=0.02)["p_met"]
    assert told == pytest.approx(float(stats.norm.cdf(-1.0)), abs=1e-12)


def test_repeated_samples_say_met_wrongly_no_more_often_than_promised() -> None:
    """From a population at the threshold itself, 95 % certainty is claimed of about 5 % of samples, on either side."""
    rng = np.random.default_rng(11)
    n, threshold, samples = 400, 0.80, 4000
    shares = rng.binomial(n, threshold, samples) / n
    rows = [{**SHARE, **LATE, "threshold": threshold, "value": v, "se": math.sqrt(v * (1 - v) / (n - 1))} for v in shares]
    words = judged(held(*rows))["outcome"].value_counts()
    told = dict(words.iter_rows())
    assert 0.03 < told["met"] / samples < 0.07
    assert 0.03 < told["not_met"] / samples < 0.07


ALIKE: dict[str, Any] = {**SHARE, "value": 1.0, "se": 0.0, "low": 0.5, "high": 1.0, "n": 10}


@pytest.mark.parametrize(
    ("changed", "chance"),
    [
        ({}, 1 - 0.7**10),
        ({"n": 3}, 1 - 0.7**3),
        ({"direction": -1}, 0.7**10),
        ({"value": 0.0}, 0.3**10),
        ({"value": 0.0, "direction": -1}, 1 - 0.3**10),
    ],
)
def test_where_all_answers_are_alike_the_probability_is_the_exact_one(changed: dict[str, Any], chance: float) -> None:
    assert judge(ALIKE, **changed)["p_met"] == pytest.approx(chance, abs=1e-12)


def test_three_that_all_say_yes_are_not_certain_to_stand_for_all() -> None:
    assert said(ALIKE, **LATE, n=3) == "met_within_error"
    assert said(ALIKE, **LATE, n=9) == "met", "0.7 to the power of nine is less than 5 %"
    # the published one-sided limit says the same
    for n in (3, 8, 9, 30):
        limit = float(stats.beta.ppf(0.05, n, 1))
        assert (said(ALIKE, **LATE, n=n) == "met") == (limit >= 0.70)


def test_errors_of_answers_that_are_all_alike_leave_doubt_in_the_pace() -> None:
    none = judge(ALIKE, value=0.0, low=0.0, high=0.3, base=0.05)
    assert none["grade"] == "deterioration"
    assert 0.5 < none["p_deterioration"] < 0.9
    unknown = judge(ALIKE, low=None, high=None)
    assert (unknown["outcome"], unknown["p_met"]) == ("no_error", None), "without an interval nothing is known of the error"


@pytest.mark.parametrize(
    ("changed", "chance", "word"),
    [
        ({"value": 0.99, "se": 0.05}, 0.0, "not_met"),  # one was seen that has it not
        ({"value": 0.99, "se": None, "low": None, "high": None}, 0.0, "not_met"),
        ({"value": 1.0, "se": 0.0, "low": 0.9, "high": 1.0}, None, "met_within_error"),
        ({"value": 1.0, "se": None, "low": None, "high": None}, None, "no_error"),
        ({"value": 1.0, "se": 0.0, "low": None, "high": None, "exact": True}, 1.0, "met"),
        ({"value": 1.0, "se": 0.0, "low": 0.9, "high": 1.0, "strict": True}, 0.0, "not_met"),  # more than all
        ({"value": 0.02, "direction": -1, "threshold": 0.0}, 0.0, "not_met"),
        ({"value": 0.0, "se": 0.0, "low": 0.0, "high": 0.1, "direction": -1, "threshold": 0.0}, None, "met_within_error"),
        ({"value": 0.02, "direction": 1, "threshold": 0.0}, 1.0, "met"),  # at least none
        ({"value": 0.0, "se": 0.0, "low": 0.0, "high": 0.1, "threshold": 0.0}, 1.0, "met"),
        ({"value": 0.0, "se": 0.0, "low": 0.0, "high": 0.1, "threshold": 0.0, "strict": True}, None, "not_met_within_error"),
    ],
)
def test_a_share_that_must_be_all_or_none(changed: dict[str, Any], chance: float | None, word: str) -> None:
    unmet = {"base": None, "base_se": None, "covariance": None}
    told = judge(SHARE, **{**DUE, **unmet, "strict": False, "threshold": 1.0, **changed})
    assert (told["p_met"], told["outcome"]) == (chance, word)


def test_before_its_year_a_share_that_must_be_all_is_graded() -> None:
    told = judge(SHARE, threshold=1.0, strict=False, value=0.85, base=0.6, se=0.004, base_se=0.004)
    assert (told["outcome"], told["p_met"]) == ("on_track", 0.0)


# --- any numbers -----------------------------------------------------------------------------------------------------------

RANK = {name: rank for rank, name in enumerate(["not_met", "not_met_within_error", "met_within_error", "met"])}
GRADED = {name: rank for rank, name in enumerate([*GRADES[::-1], "met_within_error", "met"])}


@settings(max_examples=60, deadline=None)
@given(
    threshold=st.integers(1, 99).map(lambda k: k / 100),
    sign=st.sampled_from([1, -1]),
    error=st.floats(0.01, 2.0),
    strict=st.booleans(),
    bounded=st.booleans(),
)
def test_better_data_never_worsens_an_outcome(threshold: float, sign: int, error: float, strict: bool, bounded: bool) -> None:
    """In the year of the target, the error being the same on the scale of the test."""
    values = np.linspace(0.01, 0.99, 99)[::sign]
    ends = {"base": None, "base_se": None, "covariance": None}
    row = {**SHARE, **DUE, **ends, "threshold": threshold, "direction": sign, "strict": strict, "bounded": bounded}
    rows = [{**row, "value": float(v), "se": error * (v * (1 - v) if bounded else 0.1)} for v in values]
    told = judged(held(*rows))
    ranks = [RANK[word] for word in told["outcome"]]
    assert ranks == sorted(ranks)
    assert told["p_met"].diff().drop_nulls().min() >= -1e-12  # type: ignore[operator]


@settings(max_examples=60, deadline=None)
@given(
    base=st.integers(5, 95).map(lambda k: k / 100),
    threshold=st.integers(5, 95).map(lambda k: k / 100),
    se=st.floats(0.002, 0.05),
    base_se=st.floats(0.0, 0.05),
    correlation=st.floats(-0.9, 0.9),
    left=st.integers(1, 3),
)
def test_before_its_year_a_better_number_is_never_told_to_be_worse(
    base: float, threshold: float, se: float, base_se: float, correlation: float, left: int
) -> None:
    sign = 1 if threshold >= base else -1
    values = np.linspace(0.01, 0.99, 99)[::sign]
    row = {**SHARE, "bounded": False, "base": base, "threshold": threshold, "direction": sign, "se": se, "base_se": base_se}
    row |= {"left": left, "target_year": 2026 + left, "covariance": correlation * se * base_se}
    told = [GRADED[word] for word in judged(held(*({**row, "value": float(v)} for v in values)))["outcome"] if word in GRADED]
    assert told == sorted(told)


def test_every_row_has_a_word() -> None:
    """Whatever is missing, whichever way, at the edges and beyond them."""
    rows = [
        {**kind, "category": str(number), **changed, **year, "value": value, "base": base, "direction": sign}
        for number, (kind, changed, year, value, base, sign) in enumerate(
            (kind, changed, year, value, base, sign)
            for kind in (SHARE, COUNTED, DAYS, CHANGE)
            for changed in ({}, {"se": None}, {"base_se": None}, {"covariance": None}, {"n": None}, {"verdict": None})
            for year in ({}, DUE, {"target_year": None, "left": None}, {"period": "2025", "since": 0, "left": 2})
            for value in (-1.0, -0.5, 0.0, 0.7, 0.8, 1.0, 80.0)
            for base in (None, -1.0, 0.0, 0.7, 1.0, 80.0)
            for sign in (1, -1)
        )
    ]
    told = judged(held(*rows))
    assert told["outcome"].null_count() == 0
    assert set(told["outcome"]) <= set(OUTCOMES)
    for name in ("pace", "distance", "p_met", "probability", "gap"):
        assert told[name].drop_nulls().is_finite().all(), name


@pytest.mark.parametrize("freedom", [1, 4, 30])
def test_few_degrees_of_freedom_make_less_certain(freedom: int) -> None:
    """Student's t as in the interval: of three enterprises nothing is certain."""
    told = judge(DAYS, **{**DUE, "base": 150.0}, value=76.0, se=2.0, df=freedom)
    assert told["p_met"] == pytest.approx(float(stats.t.cdf(2.0, freedom)), rel=1e-12)
    assert told["p_met"] < judge(DAYS, **{**DUE, "base": 150.0}, value=76.0, se=2.0)["p_met"]
    assert told["outcome"] == ("met" if freedom == 30 else "met_within_error")


def test_of_an_unreliable_number_nothing_is_said_beyond_error() -> None:
    loose = {"reliable": False}
    assert (said(SHARE, **LATE, value=0.9), said(SHARE, **LATE, value=0.9, **loose)) == ("met", "met_within_error")
    assert (said(SHARE, **LATE, value=0.5), said(SHARE, **LATE, value=0.5, **loose)) == ("not_met", "not_met_within_error")
    assert (said(SHARE, value=0.61), said(SHARE, value=0.61, **loose)) == ("limited", "cannot_tell")
    assert said(SHARE, base=0.72, value=0.62, **loose) == "cannot_tell"
    assert said(SHARE, period="2025", since=0, left=2, value=0.9, **loose) == "met_within_error"
