"""Periods on an axis and in words."""

from __future__ import annotations

import pytest

from indicators.catalogue import periods
from indicators.catalogue.periods import Language


@pytest.mark.parametrize(
    ("period", "level", "middle", "end", "zh", "en"),
    [
        ("2025", "year", 2025.5, 2026.0, "2025年", "2025"),
        ("2025-Q3", "quarter", 2025.625, 2025.75, "2025年三季度", "Q3 2025"),
        ("2025-09", "month", 2025 + 8.5 / 12, 2025.75, "2025年9月", "Sep 2025"),
        ("2025-12-31", "month", 2026.0, 2026.0, "2025年12月31日", "31 Dec 2025"),
    ],
)
def test_a_period(period: str, level: str, middle: float, end: float, zh: str, en: str) -> None:
    assert periods.level(period) == level
    assert periods.middle(period) == pytest.approx(middle)
    assert periods.end(period) == pytest.approx(end)
    told: list[tuple[Language, str]] = [("zh", zh), ("en", en)]
    for language, words in told:
        assert periods.label(period, language) == words


@pytest.mark.parametrize("period", ["", "25", "2025-Q5", "2025/09", "2025-9"])
def test_another_form_is_refused(period: str) -> None:
    with pytest.raises(ValueError, match="is not a period"):
        periods.level(period)


def test_a_year_that_is_not_over_is_known() -> None:
    assert periods.partial("2026", "2026-09")
    assert periods.partial("2026", "2026-09-30")
    assert not periods.partial("2026", "2026-12")
    assert not periods.partial("2026", "2026-12-31")
    assert not periods.partial("2026", "2026")
    assert not periods.partial("2025", "2026-09")
    assert not periods.partial("2026-09", "2026-09")
    assert (periods.month("2026-09-30", "zh"), periods.month("2026-Q3", "en")) == ("9月", "Sep")
