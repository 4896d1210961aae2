"""Numbers, periods and categories as the sentences of an edition write them: in the unit and manner of each language."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from indicators.catalogue.plan import Plan, Unit
from indicators.editions.results import TOTAL

Language = Literal["zh", "en"]

MINUS = "−"
SIGNS = {">": ">", ">=": "≥", "<": "<", "<=": "≤"}
_MOST_DECIMALS = 6
_QUARTERS = ("一", "二", "三", "四")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def unit_of(plan: Plan, indicator: str) -> Unit:
    """The unit in which the numbers of an indicator are written; of a difference of shares percentage points, not per cent."""
    unit, written = plan.unit(indicator), plan.indicators[indicator]
    if written.kind != "change" or written.change_as != "difference" or unit.difference is None:
        return unit
    return unit.model_copy(update={"name": unit.difference, "symbol": unit.difference, "bounded": False})


def number(value: float, unit: Unit, language: Language, *, signed: bool = False, beside: float | None = None) -> str:
    """The value with its unit: 66.2%, 12.3亿元, +4.0%. `beside` is a number from which it must look different."""
    shift, symbol, decimals = _scale(value, unit, language)
    amount = _decimal(value, unit) / shift
    if beside is not None:
        other = _decimal(beside, unit) / shift
        telling = (n for n in range(decimals, _MOST_DECIMALS) if _rounded(amount, n) != _rounded(other, n))
        decimals = next(telling, decimals)
    return _joined(_digits(amount, decimals, signed=signed), symbol)


def interval(low: float | None, high: float | None, unit: Unit, language: Language, *, signed: bool = False) -> str | None:
    """Both ends of an interval: 64.1%至68.3%, 64.1% to 68.3%; None without one."""
    if low is None or high is None:
        return None
    between, symbol = "至" if language == "zh" else " to ", unit.symbol.in_language(language)
    if symbol[:1].isdigit():  # such a symbol in brackets stands once, after both ends
        return _joined(between.join(_digits(_decimal(end, unit), unit.decimals, signed=signed) for end in (low, high)), symbol)
    return between.join(number(end, unit, language, signed=signed) for end in (low, high))


def bound(operator: str, value: float, unit: Unit, language: Language, *, signed: bool = False) -> str:
    """What must be reached: > 95%, ≤ −20%. Decimals that say nothing are left out."""
    amount = _decimal(value, unit)
    decimals = next((n for n in range(_MOST_DECIMALS) if _rounded(amount, n) == amount), unit.decimals)
    return f"{SIGNS[operator]} {_joined(_digits(amount, decimals, signed=signed), unit.symbol.in_language(language))}"


def percent(part: float) -> str:
    """A probability with a decimal; none is so small that it is written as nothing."""
    rounded = _rounded(Decimal(repr(part)) * 100, 1)
    return f"{rounded}%" if rounded else "< 0.1%"


def period(code: str, language: Language) -> str:
    """2025, 2025-Q3, 2025-09 in words: 2025年三季度, Q3 2025; 2025年9月, Sep 2025."""
    year, _, rest = code.partition("-")
    if not rest:
        return f"{year}年" if language == "zh" else year
    if rest.startswith("Q"):
        return f"{year}年{_QUARTERS[int(rest[1]) - 1]}季度" if language == "zh" else f"{rest} {year}"
    return f"{year}年{int(rest)}月" if language == "zh" else f"{_MONTHS[int(rest) - 1]} {year}"


def day(of: date, language: Language) -> str:
    """2026年10月15日, 15 Oct 2026."""
    return f"{of.year}年{of.month}月{of.day}日" if language == "zh" else f"{of.day} {_MONTHS[of.month - 1]} {of.year}"


def category(plan: Plan, breakdown: str, code: str, language: Language) -> str:
    """The name of a category: 零部件 · 小型; empty for the total, the code itself where a column has no list."""
    if breakdown == TOTAL:
        return ""
    names, codes = breakdown.split(","), code.split(",") if "," in breakdown else [code]
    if len(names) != len(codes):
        return code
    found = [(plan.categories(name).get(one), one) for name, one in zip(names, codes, strict=True)]
    return " · ".join(entry.name.in_language(language) if entry else one for entry, one in found)


def _scale(value: float, unit: Unit, language: Language) -> tuple[Decimal, str, int]:
    """By what the number is divided so that it reads well, the symbol it then has, and its decimals."""
    symbol = unit.symbol.in_language(language)
    if language != "zh":
        return Decimal(1), symbol, unit.decimals
    own = Decimal(10_000) if symbol.startswith("万") else Decimal(1)
    rest = symbol.removeprefix("万") if own != 1 else symbol
    size = abs(_decimal(value, unit)) * own
    if size >= 100_000_000:
        return Decimal(100_000_000) / own, f"亿{rest}", max(unit.decimals, 1)
    if size >= 100_000 and own == 1 and not symbol.startswith("%"):
        return Decimal(10_000), f"万{rest}", max(unit.decimals, 1)
    return Decimal(1), symbol, unit.decimals


def _decimal(value: float, unit: Unit) -> Decimal:
    return Decimal(repr(float(value))) * Decimal(repr(float(unit.factor)))


def _rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def _digits(value: Decimal, decimals: int, *, signed: bool = False) -> str:
    rounded = _rounded(value, decimals)
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}{abs(rounded):,}"


def _joined(digits: str, symbol: str) -> str:
    if not symbol:
        return digits
    if symbol[0].isdigit():
        return f"{digits} ({symbol})"  # two numbers side by side would read as one
    return digits + symbol if symbol[0] in "%‰°" or not symbol.isascii() else f"{digits} {symbol}"
