"""Periods as they are written (2025, 2025-Q3, 2025-09), on a time axis and in words."""

from __future__ import annotations

import re
from typing import Literal

from indicators.catalogue.plan import Level

Language = Literal["zh", "en"]

_FORM = re.compile(r"^(\d{4})(?:-(?:Q([1-4])|(\d{2})(?:-(\d{2}))?))?$")
_QUARTERS = ("一", "二", "三", "四")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def parts(period: str) -> tuple[int, int | None, int | None, int | None]:
    """Year, quarter, month and day of a period; what it does not say is None. Raises ValueError for another form."""
    found = _FORM.match(period)
    if found is None:
        raise ValueError(f"`{period}` is not a period; expected 2025, 2025-Q3, 2025-09 or 2025-09-30.")
    year, quarter, month, day = (None if part is None else int(part) for part in found.groups())
    assert year is not None
    return year, quarter, month, day


def level(period: str) -> Level:
    """Whether the period is a year, a quarter or a month."""
    _, quarter, month, _ = parts(period)
    return "quarter" if quarter else "month" if month else "year"


def middle(period: str) -> float:
    """The middle of the period on an axis of years: 2025 lies at 2025.5, 2025-Q1 at 2025.125."""
    year, quarter, month, day = parts(period)
    if quarter:
        return year + (quarter - 0.5) / 4
    if month:
        return year + (month - 0.5 if day is None else month - 1 + day / 31) / 12
    return year + 0.5


def end(period: str) -> float:
    """The end of the period on an axis of years: 2025 ends at 2026.0."""
    year, quarter, month, day = parts(period)
    if quarter:
        return year + quarter / 4
    if month:
        return year + (month if day is None else month - 1 + day / 31) / 12
    return year + 1.0


def partial(period: str, through: str | None) -> bool:
    """Whether `period` is a year of which records reach only to `through`: 2026, with records to 2026-09."""
    return (
        through is not None and level(period) == "year" and parts(through)[0] == int(period) and end(through) < end(period) - 0.01
    )


def month(period: str, language: Language) -> str:
    """The month in which a month, day or quarter ends: 9月, Sep."""
    _, quarter, number, _ = parts(period)
    number = number or (quarter or 4) * 3
    return f"{number}月" if language == "zh" else _MONTHS[number - 1]


def label(period: str, language: Language) -> str:
    """The period in words: 2025年三季度, Q3 2025; 2025年9月, Sep 2025."""
    year, quarter, month, day = parts(period)
    if quarter:
        return f"{year}年{_QUARTERS[quarter - 1]}季度" if language == "zh" else f"Q{quarter} {year}"
    if month and day:
        return f"{year}年{month}月{day}日" if language == "zh" else f"{day} {_MONTHS[month - 1]} {year}"
    if month:
        return f"{year}年{month}月" if language == "zh" else f"{_MONTHS[month - 1]} {year}"
    return f"{year}年" if language == "zh" else str(year)
