"""Quality classes at their limits."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from indicators.quality import rate

KINDS = pl.DataFrame({"indicator": ["level", "share", "change"], "bounded": [False, True, False], "change": [False, False, True]})


def rated(indicator: str, **figures: Any) -> str | None:
    usual = {"value": 100.0, "se": 1.0, "low": 98.0, "high": 102.0, "n": 200, "sampled": True}
    types = {**dict.fromkeys(("value", "se", "low", "high"), pl.Float64), "n": pl.Int64, "sampled": pl.Boolean}
    row = pl.DataFrame([{"indicator": indicator, **usual, **figures}], schema={"indicator": pl.String, **types})
    return rate(row, KINDS)["quality"].item()


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


def test_a_census_is_a_census_whatever_it_measures() -> None:
    for indicator in ("level", "share", "change"):
        assert rated(indicator, se=0.0, low=None, high=None, n=3, sampled=False) == "census"


def test_a_change_bears_no_letter() -> None:
    assert rated("change", value=0.001, se=0.02) is None


@pytest.mark.parametrize(
    ("value", "low", "high", "n", "quality"),
    [
        (0.95, 0.90, 0.98, 200, "presentable"),
        (0.95, 0.90, 0.98, 29, "F"),  # too few
        (0.95, 0.90, 0.98, 30, "presentable"),
        (0.50, 0.36, 0.66, 100, "F"),  # 30 points wide
        (0.50, 0.36, 0.65, 100, "presentable"),
        (0.03, 0.005, 0.07, 100, "F"),  # wide against itself
        (0.03, 0.005, 0.05, 100, "presentable"),  # under five points wide
        (0.97, 0.93, 0.995, 100, "presentable"),  # the width of a large share is not held against its complement
    ],
)
def test_shares_follow_the_rule_for_shares(value: float, low: float, high: float, n: int, quality: str) -> None:
    assert rated("share", value=value, se=0.01, low=low, high=high, n=n) == quality


def test_the_letter_of_a_share_is_not_its_coefficient_of_variation() -> None:
    """A share of 4 % with an error of 1 % has 25 % variation and is still presentable."""
    assert rated("share", value=0.04, se=0.01, low=0.025, high=0.062, n=400) == "presentable"
