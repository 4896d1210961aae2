"""Months written without a year (4月) in a table whose title names the year (2022年…统计表)."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from pipelines.dictionary import Dictionary
from pipelines.header import Match
from pipelines.report import Note, text
from pipelines.sheet import Sheet

_BARE_MONTH = r"^\s*(?:[0-9０-９]{1,2})\s*月(?:份)?\s*$"


def with_stated_year(sheet: Sheet, match: Match, dictionary: Dictionary) -> Sheet:
    """The sheet with the year of the title put before bare months; unchanged when the title names no year, or several."""
    types = dictionary.tables[match.table].columns
    months = [f"c{i}" for i, name in enumerate(sheet.columns) if name and types[name].type == "month"]
    if match.year is None or not months:
        return sheet
    bare = {name: pl.col(name).str.contains(_BARE_MONTH).fill_null(False) for name in months}
    count = int(sheet.rows.select(pl.sum_horizontal(found.sum() for found in bare.values())).collect(engine="streaming").item())
    if not count:
        return sheet
    filled = (
        pl.when(found).then(pl.lit(f"{match.year}年") + pl.col(name).str.strip_chars()).otherwise(name).alias(name)
        for name, found in bare.items()
    )
    zh = f"{count} 个月份未写年份，已按表题补为 {match.year} 年"
    en = f"{count} months stood without a year; {match.year} was taken from the title"
    note = Note(kind="normalised", message=text(zh, en))
    return replace(sheet, rows=sheet.rows.with_columns(filled), notes=(*sheet.notes, note))
