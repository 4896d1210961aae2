"""Numbers as each language writes them: half-up decimals, 万 and 亿, signs, intervals, bounds."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from indicators.catalogue.periods import Language
from indicators.catalogue.plan import Plan, Unit

MINUS = "−"  # U+2212: as wide as the digits, and never a line break
_SIGNS = {">": ">", ">=": "≥", "<": "<", "<=": "≤"}
_MOST_DECIMALS = 6


def unit_of(plan: Plan, indicator: str) -> Unit:
    """The unit in which the numbers of an indicator are written; of a difference of shares percentage points, not per cent."""
    unit, written = plan.unit(indicator), plan.indicators[indicator]
    if written.kind != "change" or written.change_as != "difference" or unit.difference is None:
        return unit
    return unit.model_copy(update={"name": unit.difference, "symbol": unit.difference, "bounded": False})


def number(value: float, unit: Unit, language: Language, *, signed: bool = False, beside: float | None = None) -> str:
    """The value with its unit: 66.2%, 12.3亿元, +4.0%.

    `beside` is the bound the number stands next to: 94.996 % beside 95 % is written 94.996%, not 95.0%.
    """
    shift, symbol, decimals = _scale(value, unit, language)
    scaled = _decimal(value, unit) / shift
    if beside is not None:
        decimals = _telling(scaled, _decimal(beside, unit) / shift, decimals)
    return _joined(_digits(scaled, decimals, signed=signed), symbol)


def difference(value: float, unit: Unit, language: Language, *, signed: bool = False) -> str:
    """A difference of two such values, in words of its own where the unit has them: 2.3个百分点, 2.3 pp."""
    shift, symbol, decimals = _scale(value, unit, language)
    if unit.difference is not None:
        symbol = unit.difference.in_language(language)
    if value:  # a gap that is there must not read as zero
        decimals = _telling(_decimal(value, unit), Decimal(0), decimals)
    return _joined(_digits(_decimal(value, unit) / shift, decimals, signed=signed), symbol)


def even(values: Iterable[float | None], unit: Unit) -> Unit:
    """The unit with so many decimals, at most two more, that none of the differences in one column reads as nothing.

    Of counts of which not all are whole every one bears a decimal: 1.7, 0.7, −0.3.
    """
    amounts = [_decimal(value, unit) for value in values if value]
    part = int(not unit.decimals and any(amount != amount.to_integral_value() for amount in amounts))
    first = unit.decimals + part
    told = (n for n in range(first, first + 3) if all(_rounded(amount, n) for amount in amounts))
    return unit.model_copy(update={"decimals": next(told, first)})


def plain(value: float, unit: Unit, *, signed: bool = False) -> str:
    """The digits alone, for a column whose heading states the unit."""
    return _digits(_decimal(value, unit), unit.decimals, signed=signed)


def shown(value: float | None, unit: Unit) -> float | None:
    """The number a reader sees, as a float rounded half-up in the unit's own scale; for axes and sortable tables."""
    if value is None:
        return None
    return float(_rounded(_decimal(value, unit), unit.decimals))


def margin(low: float | None, high: float | None, unit: Unit, language: Language) -> str | None:
    """Half the width of an interval, ± 1.1, in the scale in which `number` writes the value; None without one."""
    if low is None or high is None:
        return None
    half = (Decimal(repr(high)) - Decimal(repr(low))) / 2
    middle = float((Decimal(repr(high)) + Decimal(repr(low))) / 2)
    shift, _, decimals = _scale(middle, unit, language)
    return f"± {_digits(half * Decimal(repr(unit.factor)) / shift, decimals)}"


def around(value: float, low: float | None, high: float | None, unit: Unit, language: Language) -> str | None:
    """The error beside a value: ± 1.1, or both ends in brackets where the value is not in their middle; None without one."""
    if low is None or high is None:
        return None
    half = (high - low) / 2
    if abs((high + low) / 2 - value) <= 0.1 * half:
        return margin(low, high, unit, language)
    shift, _, decimals = _scale(value, unit, language)
    ends = (_digits(_decimal(end, unit) / shift, decimals) for end in (low, high))
    return f"[{', '.join(ends)}]"


def interval(low: float | None, high: float | None, unit: Unit, language: Language, *, signed: bool = False) -> str | None:
    """Both ends of an interval: 64.1%至68.3%, 64.1% to 68.3%; None without one."""
    if low is None or high is None:
        return None
    between = "至" if language == "zh" else " to "
    if unit.symbol.in_language(language)[:1].isdigit():  # such a symbol in brackets stands once, after both ends
        ends = (plain(end, unit, signed=signed) for end in (low, high))
        return _joined(between.join(ends), unit.symbol.in_language(language))
    return between.join(number(end, unit, language, signed=signed) for end in (low, high))


def bound(operator: str, value: float, unit: Unit, language: Language, *, signed: bool = False) -> str:
    """What must be reached: > 95%, ≤ −20%. Decimals that say nothing are left out."""
    amount = _decimal(value, unit)
    decimals = next((n for n in range(_MOST_DECIMALS) if _rounded(amount, n) == amount), unit.decimals)
    return f"{_SIGNS[operator]} {_joined(_digits(amount, decimals, signed=signed), unit.symbol.in_language(language))}"


def beyond(value: float | None, low: float | None, unit: Unit, language: Language) -> str | None:
    """What is known of a number that was not reached: > 264天, > 264 days; None of any other."""
    return None if value is not None or low is None else bound(">", low, unit, language)


def share(part: float) -> str:
    """A share of one as whole per cent."""
    return f"{_digits(Decimal(repr(part)) * 100, 0)}%"


def percent(part: float) -> str:
    """A small share of one with a decimal; what is there is never written as nothing."""
    rounded = _rounded(Decimal(repr(part)) * 100, 1)
    return f"{rounded}%" if rounded else "< 0.1%"


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


def _telling(value: Decimal, other: Decimal, decimals: int) -> int:
    """The fewest decimals, from `decimals` up, with which two numbers look different; `decimals` when they never do."""
    return next((n for n in range(decimals, _MOST_DECIMALS) if _rounded(value, n) != _rounded(other, n)), decimals)


def _digits(value: Decimal, decimals: int, *, signed: bool = False) -> str:
    rounded = _rounded(value, decimals)
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return f"{sign}{abs(rounded):,}"


def _joined(digits: str, symbol: str) -> str:
    if not symbol:
        return digits
    tight = symbol[0] in "%‰°" or not symbol.isascii()  # 66.2%, 21家; but 21 providers, 2.3 pp
    if symbol[0].isdigit():
        return f"{digits} ({symbol})"  # 36.73 (10,000 yuan/person): two numbers side by side would read as one
    return digits + symbol if tight else f"{digits} {symbol}"
