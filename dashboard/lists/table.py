"""The table under a chart: a frame with the reader's words and numbers, and the same as CSV with its metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO

import polars as pl

from dashboard.rows.reading import Result
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Unit
from pipelines.rejected import neutral


def by_category(rows: Sequence[Result], names: Mapping[str, str], unit: Unit, words: Words) -> pl.DataFrame:
    """One row per category, under translated headings; numbers rounded half-up in the unit's own scale."""
    head = {words("table.category"): [names[row.category] for row in rows]}
    return pl.DataFrame({**head, **_columns(rows, unit, words)}, schema_overrides=_types(unit, words))


def by_period(rows: Sequence[Result], unit: Unit, words: Words) -> pl.DataFrame:
    """One row per period, under translated headings."""
    head = {words("table.period"): [periods.label(row.period, words.language) for row in rows]}
    return pl.DataFrame({**head, **_columns(rows, unit, words)}, schema_overrides=_types(unit, words))


def number_columns(unit: Unit, words: Words) -> tuple[str, str, str]:
    """Headings of the columns that hold numbers in the unit: value and both ends of the interval."""
    return words("table.value", unit=unit.symbol.in_language(words.language)), words("table.low"), words("table.high")


def as_csv(frame: pl.DataFrame, facts: Sequence[tuple[str, str]], decimals: int | None) -> bytes:
    """UTF-8 with a byte order mark, as Excel needs it. Lines that begin with `#` say what the numbers are.

    Without `decimals` every digit is written. A text that a spreadsheet would run as a formula is marked as text.
    """
    text = StringIO()
    for term, told in facts:
        text.write(f"# {term}: {' '.join(told.split())}\r\n")
    safe = frame.with_columns(pl.col(pl.String).map_elements(neutral, return_dtype=pl.String, skip_nulls=True))
    text.write(safe.write_csv(line_terminator="\r\n", float_precision=decimals))
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def _columns(rows: Sequence[Result], unit: Unit, words: Words) -> dict[str, list[object]]:
    value, low, high = number_columns(unit, words)
    return {
        value: [format.shown(row.value, unit) for row in rows],
        low: [format.shown(row.low, unit) for row in rows],
        high: [format.shown(row.high, unit) for row in rows],
        words("table.n"): [row.n for row in rows],
        words("table.quality"): [row.quality and words(f"quality.{row.quality}") for row in rows],
        words("table.response"): [None if row.response_rate is None else round(100 * row.response_rate, 1) for row in rows],
        words("table.imputed"): [None if row.imputed_share is None else round(100 * row.imputed_share, 1) for row in rows],
        words("table.release"): [row.release and words(f"release.{row.release}") for row in rows],
        words("table.status"): [words(f"status.{row.status}") for row in rows],
    }


def _types(unit: Unit, words: Words) -> dict[str, pl.DataType]:
    numbers: dict[str, pl.DataType] = {name: pl.Float64() for name in number_columns(unit, words)}
    numbers |= {words(f"table.{name}"): pl.Float64() for name in ("response", "imputed")}
    texts = {words(f"table.{name}"): pl.String() for name in ("quality", "release", "status")}
    return {**numbers, words("table.n"): pl.Int64(), **texts}
