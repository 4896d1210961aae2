"""The tables beside the figures of Explore: the same rows in the reader's words, those columns first that the figure shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from dashboard.lists import table
from dashboard.rows.pairs import NONE, Pair, Shift
from dashboard.rows.reading import Result
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Unit

Columns = dict[str, list[object]]


def of_rows(rows: Sequence[Result], names: Mapping[str, str], unit: Unit, words: Words, *, dated: bool = False) -> pl.DataFrame:
    """One row per result: name, where asked its period, number, status and the rest; its codes last, so that files join."""
    plain = table.by_category(rows, names, unit, words)
    head, status = words("table.category"), words("table.status")
    low, high = table.number_columns(unit, words)[1:]
    period = pl.Series(words("table.period"), [periods.label(row.period, words.language) for row in rows], pl.String)
    codes = pl.Series(words("table.codes"), [row.category for row in rows], pl.String)
    times = pl.Series(words("table.period.code"), [row.period for row in rows], pl.String)
    first = [head, *([period.name] if dated else []), table.number_columns(unit, words)[0], low, high, status]
    whole = plain.with_columns(period, codes, times)
    return whole.select(*first, pl.exclude(*first))


def with_shifts(
    frame: pl.DataFrame, categories: Sequence[str], shifts: Mapping[str, Shift], names: tuple[str, str], unit: Unit, words: Words
) -> pl.DataFrame:
    """The same with a published difference and what is known of it, under these two headings, after the interval."""
    found = [shifts.get(category, NONE) for category in categories]
    added = [
        pl.Series(names[0], [format.shown(one.value, unit) for one in found], pl.Float64),
        pl.Series(names[1], [known(one, words) for one in found], pl.String),
    ]
    at = frame.columns.index(words("table.status"))
    return frame.select(*frame.columns[:at], *added, *frame.columns[at:])


def of_pairs(
    pairs: Sequence[Pair], names: Mapping[str, str], heads: tuple[str, str, str, str], unit: Unit, changing: Unit, words: Words
) -> pl.DataFrame:
    """One row per pair: name, both numbers, the difference, what is known of it, and the status of both; the code last."""
    columns: Columns = {
        words("table.category"): [names[pair.category] for pair in pairs],
        heads[2]: [format.shown(pair.shift.value, changing) for pair in pairs],
        heads[3]: [known(pair.shift, words) for pair in pairs],
        heads[0]: [_value(pair.before, unit) for pair in pairs],
        heads[1]: [_value(pair.after, unit) for pair in pairs],
        words("explore.column.difference.low"): [format.shown(pair.shift.low, changing) for pair in pairs],
        words("explore.column.difference.high"): [format.shown(pair.shift.high, changing) for pair in pairs],
        words("table.status"): [_statuses(pair, words) for pair in pairs],
        words("table.codes"): [pair.category for pair in pairs],
    }
    if any(pair.shift.reason for pair in pairs):
        columns[words("explore.column.reason")] = [
            words(f"reason.{pair.shift.reason}") if pair.shift.reason else None for pair in pairs
        ]
    numbers = (*heads[:3], words("explore.column.difference.low"), words("explore.column.difference.high"))
    return _framed(columns, numbers)


def of_two(
    paths: Sequence[Sequence[Result]], names: Sequence[str], shifts: Mapping[str, Shift], unit: Unit, words: Words
) -> pl.DataFrame:
    """One row per period: both numbers with their status, the difference, its interval, and what is known of it."""
    by_period = [{row.period: row for row in path} for path in paths]
    dated = sorted({period for found in by_period for period in found}, key=periods.end)
    symbol = unit.symbol.in_language(words.language)
    columns: Columns = {words("table.period"): [periods.label(period, words.language) for period in dated]}
    numbers: list[str] = []
    statuses: Columns = {}
    for name, found in zip(names, by_period, strict=True):
        head = words("explore.column.of", period=name, unit=symbol)
        numbers.append(head)
        columns[head] = [_value(found.get(period), unit) for period in dated]
        statuses[f"{words('table.status')} · {name}"] = [_status(found.get(period), words) for period in dated]
    differing = (unit.difference or unit.symbol).in_language(words.language)
    found_shifts = [shifts.get(period, NONE) for period in dated]
    heads = [
        words("explore.column.difference", unit=differing),
        words("explore.column.difference.low"),
        words("explore.column.difference.high"),
    ]
    columns[heads[0]] = [format.shown(one.value, unit) for one in found_shifts]
    columns[words("explore.column.judged")] = [known(one, words) for one in found_shifts]
    columns[heads[1]] = [format.shown(one.low, unit) for one in found_shifts]
    columns[heads[2]] = [format.shown(one.high, unit) for one in found_shifts]
    codes: Columns = {words("table.period.code"): list(dated)}
    return _framed({**columns, **statuses, **codes}, (*numbers, *heads))


def known(shift: Shift, words: Words) -> str:
    return f"{shift.mark} {words(f'explore.shift.{shift.known}')}"


def _framed(columns: Columns, numbers: Sequence[str]) -> pl.DataFrame:
    """Numbers as numbers, all else as text, also where a column has nothing."""
    return pl.DataFrame(columns, schema_overrides={name: pl.Float64() if name in numbers else pl.String() for name in columns})


def _value(row: Result | None, unit: Unit) -> float | None:
    return None if row is None else format.shown(row.value, unit)


def _status(row: Result | None, words: Words) -> str:
    return words("explore.map.missing") if row is None else words(f"status.{row.status}")


def _statuses(pair: Pair, words: Words) -> str:
    """One word where both are alike, else both in their order."""
    told = list(dict.fromkeys([_status(pair.before, words), _status(pair.after, words)]))
    return " → ".join(told)
