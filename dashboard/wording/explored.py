"""What a view of Explore shows, in one sentence; also the finding that a figure is told by to those who do not see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.rows.pairs import Pair, Shift
from dashboard.rows.reading import Result
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Unit


def ranked(rows: Sequence[Result], names: Mapping[str, str], unit: Unit, words: Words, *, signed: bool = False) -> str:
    """The highest and the lowest number of one period; nothing without rows."""
    known = sorted((row for row in rows if row.value is not None), key=lambda row: row.value or 0.0)
    if not rows:
        return ""
    period = periods.label(rows[0].period, words.language)
    if not known:
        return words("explore.rank.none", period=period)

    def told(row: Result) -> str:
        number = format.number(row.value or 0.0, unit, words.language, signed=signed)
        return words("explore.doubtful", told=number) if row.status == "unreliable" else number

    last, first = known[0], known[-1]
    if len(known) == 1:
        return words("explore.rank.one", period=period, first=names[first.category], most=told(first))
    return words(
        "explore.rank.told",
        period=period, first=names[first.category], most=told(first), last=names[last.category], least=told(last),
    )  # fmt: skip


def changed(shifts: Sequence[Shift], period: str, base: str, words: Words) -> str:
    """How many changes are beyond their error and which way, how many are not, and of how many that is not known."""
    counts = {
        "up": sum(one.known == "beyond" and (one.value or 0.0) > 0 for one in shifts),
        "down": sum(one.known == "beyond" and (one.value or 0.0) <= 0 for one in shifts),
        "within": sum(one.known == "within" for one in shifts),
        "unknown": sum(one.known == "unknown" for one in shifts),
        "hidden": sum(one.value is None for one in shifts),
    }
    told = [words(f"explore.change.{name}", n=n) for name, n in counts.items() if n]
    dated = {"period": periods.label(period, words.language), "base": periods.label(base, words.language)}
    return words("explore.change.told", told=words("mark.comma").join(told), **dated) if told else ""


def compared(shifts: Mapping[str, Shift], first: str, second: str, unit: Unit, words: Words) -> str:
    """By how much the first is above or below the second in the newest period of which that was published."""
    dated = [period for period, shift in shifts.items() if shift.value is not None]
    if not dated:
        return words("explore.compare.unpublished", first=first, second=second)
    period = max(dated, key=periods.end)
    shift = shifts[period]
    value = shift.value or 0.0
    interval = ""
    if shift.low is not None and shift.high is not None:
        high = format.difference(shift.high, unit, words.language, signed=True)
        interval = words("explore.compare.interval", low=format.plain(shift.low, unit, signed=True), high=high)
    key = "higher" if value > 0 else "lower" if value < 0 else "equal"
    return words(
        f"explore.compare.{key}",
        period=periods.label(period, words.language), first=first, second=second, interval=interval,
        amount=format.difference(abs(value), unit, words.language), known=words(f"explore.shift.{shift.known}"),
    )  # fmt: skip


def revised(pairs: Sequence[Pair], period: str, former: str, words: Words) -> str:
    """How many numbers of a period were revised since another edition, and how many beyond their error."""
    found = [pair for pair in pairs if pair.shift.value is not None]
    beyond = sum(pair.shift.known == "beyond" for pair in found)
    dated = {"id": former, "period": periods.label(period, words.language), "all": len(pairs)}
    untold = sum(pair.shift.known == "none" for pair in pairs)
    more = [words("explore.editions.unknown", n=untold, **dated)] if untold else []
    if not found:
        return more[0] if more else words("explore.editions.none", **dated)
    return " ".join([words("explore.editions.told", n=len(found), beyond=beyond, **dated), *more])


def shift(one: Shift, unit: Unit, words: Words) -> str:
    """A difference in words: its amount and what is known of it."""
    known = words(f"explore.shift.{one.known}")
    return known if one.value is None else f"{format.difference(one.value, unit, words.language, signed=True)} {known}"
