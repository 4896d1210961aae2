"""Quality classes at their limits, and the reasons for which a person should look."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from indicators.estimation.quality import rate

KINDS = pl.DataFrame({"indicator": ["level", "share", "change"], "bounded": [False, True, False], "change": [False, False, True]})
TYPES: dict[str, Any] = {
    **dict.fromkeys(("value", "se", "low", "high", "imputed_share"), pl.Float64),
    **dict.fromkeys(("n", "df", "open_df"), pl.Int64),
    "sampled": pl.Boolean,
}


def row(indicator: str, **figures: Any) -> dict[str, Any]:
    usual = {"value": 100.0, "se": 1.0, "low": 98.0, "high": 102.0, "n": 200, "df": 190, "open_df": 190, "sampled": True}
    frame = pl.DataFrame([{"indicator": indicator, **usual, **figures}], schema={"indicator": pl.String, **TYPES})
    return rate(frame, KINDS).row(0, named=True)


def rated(indicator: str, **figures: Any) -> str | None:
    return row(indicator, **figures)["quality"]


@pytest.mark.parametrize(
    ("se", "letter"),
    [
        (0.0, "A"),
        (4.999, "A"),
        (5.0, "B"),
        (9.999, "B"),
        (10.0, "C"),
        (15.0, "D"),
        (25.0, "E"),
        (34.999, "E"),
        (35.0, "F"),
        (1e9, "F"),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_letters_change_at_their_limits(se: float, letter: str, sign: int) -> None:
    assert rated("level", se=se, value=sign * 100.0) == letter


def test_a_value_of_zero_with_an_error_is_unreliable_and_without_one_not_rated() -> None:
    assert rated("level", value=0.0, se=1.0) == "F"
    assert rated("level", value=0.0, se=0.0) is None
    assert rated("level", se=None) is None
    assert rated("level", value=None, se=None) is None


def test_an_error_without_a_degree_of_freedom_makes_nothing_reliable() -> None:
    assert rated("level", se=0.0, n=1, df=0) == "F"
    assert rated("level", value=0.0, se=0.0, n=1, df=0) == "F"
    assert rated("level", df=0) == "F"
    assert rated("level", df=1) == "A"
    assert rated("level", df=None) == "A", "of a duration they are not known"
    assert rated("level", df=0, sampled=False, se=0.0) == "census"
    assert rated("level", df=0, se=None) is None


def test_without_a_known_error_there_are_no_degrees_of_it() -> None:
    for indicator in ("level", "share", "change"):
        assert row(indicator, value=0.5, se=None, low=None, high=None)["df"] is None
        assert row(indicator, value=0.5)["df"] == 190


def test_a_time_of_which_one_end_alone_is_known_is_unreliable() -> None:
    assert rated("level", se=None, high=None) == "F"
    assert rated("level", se=None, low=None, high=None) is None, "an error that is not known is not a large one"
    assert rated("change", se=None, high=None) is None


def test_a_census_is_a_census_whatever_it_measures() -> None:
    for indicator in ("level", "share", "change"):
        found = row(indicator, se=0.0, low=None, high=None, n=3, df=2, open_df=0, sampled=False)
        assert (found["quality"], found["review"], found["df"]) == ("census", None, None)


def test_a_change_bears_no_letter() -> None:
    assert rated("change", value=0.001, se=0.02) is None


# --- shares ------------------------------------------------------------------------------------------------------------


def error_of(share: float, effective: float, n: int, df: int) -> float:
    """The standard error with which a share has this effective size."""
    ratio = stats.t.ppf(0.975, n - 1) / stats.t.ppf(0.975, df)
    return math.sqrt(share * (1 - share) / effective) * ratio


def width_of(share: float, effective: float) -> float:
    """Width of the Clopper–Pearson interval, from the F distribution and not the beta one."""
    yes, no = effective * share, effective * (1 - share)
    low = 0.0 if yes == 0 else 1 / (1 + (no + 1) / (yes * stats.f.ppf(0.025, 2 * yes, 2 * (no + 1))))
    high = 1.0 if no == 0 else 1 / (1 + no / ((yes + 1) * stats.f.ppf(0.975, 2 * (yes + 1), 2 * no)))
    return high - low


def share(value: float, effective: float, n: int = 2000, df: int = 1900) -> str | None:
    return rated("share", value=value, se=error_of(value, effective, n, df), n=n, df=df, open_df=df)


def edge(value: float, wide: float, smallest: float = 30, largest: float = 1e5) -> float:
    """The effective size at which the interval of a share is exactly so wide."""
    for _ in range(200):
        middle = (smallest + largest) / 2
        smallest, largest = (middle, largest) if width_of(value, middle) > wide else (smallest, middle)
    return largest


def test_a_share_of_few_units_is_unreliable() -> None:
    assert rated("share", value=0.9, se=0.01, n=29, df=28) == "F"
    assert rated("share", value=0.97, se=0.001, n=30, df=29) == "presentable"


def test_a_share_of_few_effective_units_is_unreliable() -> None:
    assert share(0.97, 29.9) == "F"
    assert share(0.97, 30.1) == "presentable"


def test_more_effective_units_than_units_count_as_those() -> None:
    """An error of next to nothing over 35 units does not make 35 units into thousands."""
    assert width_of(0.5, 35) > 0.30
    assert rated("share", value=0.5, se=1e-6, n=35, df=34) == "F"
    assert rated("share", value=0.5, se=0.0, n=35, df=34) == "F"


def test_an_interval_of_thirty_points_is_too_wide() -> None:
    at = edge(0.5, 0.30)
    assert 30 < at < 60
    assert share(0.5, at * 0.999) == "F"
    assert share(0.5, at * 1.001) == "presentable"


def test_an_interval_of_more_than_130_per_cent_of_the_share_is_too_wide() -> None:
    at = edge(0.10, 0.13)
    assert width_of(0.10, at) > 0.05
    assert share(0.10, at * 0.999) == "F"
    assert share(0.10, at * 1.001) == "presentable"


def test_an_interval_of_five_points_is_narrow_whatever_the_share() -> None:
    at = edge(0.02, 0.05)
    assert width_of(0.02, at) / 0.02 > 1.30
    assert share(0.02, at * 0.999) == "F"
    assert share(0.02, at * 1.001) == "presentable"


def test_the_width_of_a_large_share_is_not_held_against_its_complement() -> None:
    assert width_of(0.97, 200) / 0.03 > 1.30
    assert share(0.97, 200) == "presentable"


def test_a_share_of_none_has_no_relative_width_and_is_for_review() -> None:
    for value in (0.0, 1.0):
        found = row("share", value=value, se=0.0, n=31, df=30)
        assert (found["quality"], found["review"]) == ("presentable", "all_or_none")
        assert rated("share", value=value, se=0.0, n=29, df=28) == "F"


def test_degrees_of_freedom_take_from_the_effective_size() -> None:
    """The same error over the same units is worth less where its own spread is known from few degrees."""
    figures = {"value": 0.5, "se": 0.07, "n": 60}
    assert rated("share", **figures, df=58) == "presentable"
    assert 0.25 / 0.07**2 * (stats.t.ppf(0.975, 59) / stats.t.ppf(0.975, 4)) ** 2 < 30
    assert rated("share", **figures, df=4) == "F"
    assert rated("share", **figures, df=0) == "F", "nothing is known of the error"


def test_a_value_that_is_no_share_bears_a_letter() -> None:
    assert rated("share", value=1.02, se=0.01) == "A"


def test_the_letter_of_a_share_is_not_its_coefficient_of_variation() -> None:
    """A share of 4 % with an error of 1 % has 25 % variation and would bear an E; over 400 units its interval is narrow."""
    assert width_of(0.04, 400) < 0.05
    assert rated("share", value=0.04, se=math.sqrt(0.04 * 0.96 / 400), n=400, df=399) == "presentable"


# --- review -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figures", "reasons"),
    [
        ({"open_df": 7}, "few_degrees"),
        ({"open_df": 8}, None),
        ({"open_df": 7, "df": 100}, "few_degrees"),  # those of strata asked whole do not count
        ({"imputed_share": 0.1001}, "imputed"),
        ({"imputed_share": 0.10}, None),
        ({"imputed_share": None, "open_df": None}, None),
        ({"imputed_share": 0.5, "open_df": 0}, "few_degrees,imputed"),
        ({"imputed_share": 0.5, "sampled": False}, "imputed"),
        ({"value": None, "imputed_share": 0.5}, None),
    ],
)
def test_reasons_to_look(figures: dict[str, Any], reasons: str | None) -> None:
    assert row("level", **figures)["review"] == reasons


def test_all_or_none_survives_the_last_digit() -> None:
    assert row("share", value=1 - 1e-16, se=0.0, n=50, df=49)["review"] == "all_or_none"
    assert row("share", value=0.999, se=0.001, n=50, df=49)["review"] is None
    assert row("level", value=1.0, se=0.1)["review"] is None


# --- changes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "significant"),
    [(0.01, 0.09, True), (-0.09, -0.01, True), (-0.01, 0.09, False), (0.0, 0.09, False), (None, None, None)],
)
def test_a_change_is_significant_where_its_interval_leaves_zero_out(
    low: float | None, high: float | None, significant: bool | None
) -> None:
    found = row("change", value=0.04, se=0.025, low=low, high=high)
    assert (found["quality"], found["significant"]) == (None, significant)


def test_between_two_censuses_every_difference_is_one() -> None:
    certain = {"se": 0.0, "low": None, "high": None, "sampled": False}
    assert row("change", value=0.0001, **certain)["significant"] is True
    assert row("change", value=0.0, **certain)["significant"] is False


def test_of_a_sampled_change_in_which_no_spread_was_seen_the_error_is_not_known() -> None:
    """From a share of none to a share of none: 0 ± 0 would be as certain as a census."""
    found = row("change", value=0.0, se=0.0, low=None, high=None, n=12, df=10)
    assert (found["se"], found["df"], found["significant"], found["quality"]) == (None, None, None, None)
    census = row("change", value=0.0, se=0.0, low=None, high=None, sampled=False)
    assert (census["se"], census["significant"]) == (0.0, False)
    assert row("level", se=0.0)["se"] == 0.0


def test_levels_are_not_significant() -> None:
    assert row("level", value=5.0)["significant"] is None
    assert row("share", value=0.5, low=0.4, high=0.6)["significant"] is None


def test_estimates_of_which_less_is_known_are_rated_all_the_same() -> None:
    """A duration has no degrees of freedom, and most plans impute nothing."""
    frame = pl.DataFrame({"indicator": ["level"], "value": [5.0], "se": [0.1], "low": [4.8], "high": [5.2], "n": [9]})
    found = rate(frame.with_columns(sampled=True), KINDS).row(0, named=True)
    assert (found["quality"], found["review"], found["df"]) == ("A", None, None)
    assert np.isfinite(found["value"])
