"""The traps of looking at finished cases only: simulations whose truth is known, and what the period and cohort curves say.

Lengths are log-normal with a median of 600 days and σ = 0.5; days are counted from 1970.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import optimize, stats

from tests.indicators.cycles import days, median_of_year

MEDIAN, SPREAD = 600.0, 0.5
END = date(2027, 12, 31)


def day(year: int) -> int:
    return (date(year, 1, 1) - date(1970, 1, 1)).days


@cache
def begun(seed: int, per_year: tuple[int, ...]) -> Any:
    """Days on which cases begin, evenly over the years up to 2027, and how long they would take."""
    rng = np.random.default_rng(seed)
    first = 2028 - len(per_year)
    starts = [rng.uniform(day(first + i), day(first + i + 1), size) for i, size in enumerate(per_year)]
    start = np.concatenate(starts)
    return start, MEDIAN * np.exp(SPREAD * rng.standard_normal(start.size))


def finished(records: pl.DataFrame) -> pl.DataFrame:
    return records.drop_nulls("done").with_columns(days=(pl.col("done") - pl.col("begun")).dt.total_days())


def naive_of_starts(records: pl.DataFrame, year: int) -> float:
    """The median of the finished projects of those started in the year."""
    return float(finished(records).filter(pl.col("begun").dt.year() == year)["days"].median())  # type: ignore[arg-type]


def naive_of_ends(records: pl.DataFrame, year: int) -> float:
    """The median of the projects finished in the year."""
    return float(finished(records).filter(pl.col("done").dt.year() == year)["days"].median())  # type: ignore[arg-type]


def median_within(shortest: float, longest: float) -> float:
    """Median of lengths that are no longer than a window, which is anything from `shortest` to `longest`, by integration."""
    windows = shortest + (longest - shortest) * (np.arange(2000) + 0.5) / 2000
    lengths = stats.lognorm(SPREAD, scale=MEDIAN)
    half = np.mean(lengths.cdf(windows)) / 2
    return float(optimize.brentq(lambda x: np.mean(lengths.cdf(np.minimum(x, windows))) - half, 1, 2000))


def test_projects_that_are_finished_by_the_end_show_a_false_fall_of_30_per_cent() -> None:
    """Started in 2026 against 2024, finished by the end of 2027, nothing has changed: −29.9 %, a false pass of −20 %."""
    records = days(*begun(1, (20_000,) * 10), END)
    naive = naive_of_starts(records, 2026) / naive_of_starts(records, 2024) - 1
    assert naive == pytest.approx(-0.299, abs=0.01)
    assert median_within(365, 730) / median_within(1095, 1461) - 1 == pytest.approx(-0.299, abs=0.001), "and by integration"
    medians = {year: median_of_year(records, year) for year in (2025, 2027)}
    assert medians[2025] == pytest.approx(MEDIAN, rel=0.01)
    assert medians[2027] / medians[2025] - 1 == pytest.approx(0, abs=0.01)
    cohort = median_of_year(records, 2024, "cohort")
    assert cohort == pytest.approx(MEDIAN, rel=0.01)


def test_a_surge_of_new_projects_looks_like_speed_only_to_the_naive() -> None:
    """From 2025 on more and more begin; those finished in a year are then younger, −9 %, though none is faster."""
    records = days(*begun(2, (*(15_000,) * 7, 20_000, 26_000, 33_000)), END)
    assert naive_of_ends(records, 2027) / naive_of_ends(records, 2024) - 1 == pytest.approx(-0.09, abs=0.01)
    assert median_of_year(records, 2027) / median_of_year(records, 2024) - 1 == pytest.approx(0, abs=0.012)


def faster(start: Any, length: Any, turn: int, speed: float) -> Any:
    """From the day `turn` on, everything under way goes `speed` times as fast."""
    end = start + length
    late = np.maximum(start, turn)
    return np.where(end > turn, late + (end - late) / speed, end) - start


def test_a_true_acceleration_by_20_per_cent_is_seen() -> None:
    """From 2026 on whatever is under way goes 1.25 times as fast; of the ages of 2027 the median is 20 % lower at once."""
    start, length = begun(3, (20_000,) * 12)
    records = days(start, faster(start, length, day(2026), 1.25), END)
    found = median_of_year(records, 2027) / median_of_year(records, 2025) - 1
    assert found == pytest.approx(-0.20, abs=0.015)
    naive = naive_of_ends(records, 2027) / naive_of_ends(records, 2025) - 1
    assert -0.17 < naive < -0.14, "what was finished in the year shows a part of it"


def test_speed_of_new_projects_alone_is_seen_late_by_period_and_in_full_by_cohort() -> None:
    """Projects begun from 2025 on take 20 % less, those under way do not: the period method lags, the cohort does not."""
    start, length = begun(4, (20_000,) * 12)
    records = days(start, np.where(start >= day(2025), 0.8 * length, length), END)
    period = [median_of_year(records, year) / median_of_year(records, 2024) - 1 for year in (2025, 2026, 2027)]
    assert -0.05 < period[0] < 0, "in its first year next to nothing is seen"
    assert -0.195 < period[1] < -0.10
    assert period[2] == pytest.approx(-0.20, abs=0.012)
    cohort = median_of_year(records, 2025, "cohort") / median_of_year(records, 2024, "cohort") - 1
    assert cohort == pytest.approx(-0.20, abs=0.012)
    early = records.filter(pl.col("begun").dt.year() == 2027)
    assert np.isnan(median_of_year(early, 2027, "cohort")), "but of the last year it does not know yet"


def test_a_report_of_finished_projects_alone_cannot_be_mended() -> None:
    """Why open projects must be reported too: without them the period median is 40 % too short, as any other."""
    records = days(*begun(5, (20_000,) * 10), END)
    assert median_of_year(records, 2027) == pytest.approx(MEDIAN, rel=0.01)
    assert median_of_year(records.drop_nulls("done"), 2027) < 0.65 * MEDIAN
