"""Spells: between which ages each case was watched in a year, and how it ended.

Period method: exposure of every case within the calendar year, from its age on the first day (late entry) up to its age
when it finished, was given up, or the year or the record ended (a synthetic cohort). Cohort method: cases begun in the
year, followed as far as the record reaches.
"""

from __future__ import annotations

from datetime import date

import polars as pl

from indicators.catalogue.plan import Duration

_NEVER = date(9999, 12, 31)


def spells(rows: pl.DataFrame, duration: Duration) -> pl.DataFrame:
    """The rows that count, once for each of their years, with entry, exit (ages in days), event, stopped; sorted.

    `rows` bear period (year × 10000), unit and the dates that `duration` names.
    """
    start, end, as_of = pl.col(duration.start), pl.col(duration.end), pl.col(duration.as_of)
    year = pl.col("period") // 10000
    first, last = pl.date(year, 1, 1), pl.date(year, 12, 31)
    stopped = pl.col(duration.stopped) if duration.stopped else pl.lit(None, dtype=pl.Date)
    closing = pl.min_horizontal(pl.coalesce(end, _NEVER), pl.coalesce(stopped, _NEVER), as_of)
    if duration.method == "period":
        closing = pl.min_horizontal(closing, last)
        counted = (start <= last) & (closing >= first) & (as_of >= first)
    else:
        counted = start.dt.year() == year
    # watched from the end of the last day before the year; who begins within it, from before day 0. So each age of a
    # case falls in one year, and who finishes on 1 January finishes in that year and not in none
    entry = (first - start).dt.total_days() - 1 if duration.method == "period" else pl.lit(-1)
    event = (end == closing).fill_null(False)
    found = rows.filter(counted.fill_null(False) & start.is_not_null()).with_columns(
        entry=pl.max_horizontal(entry, -1).cast(pl.Float64),
        exit=(closing - start).dt.total_days().cast(pl.Float64),
        event=event,
        stopped=(stopped == closing).fill_null(False) & ~event,
    )
    splits = [name for name in rows.columns if name.startswith("b_")]
    # rows that agree in all of these are the same to every sum, so the order they came in is of no account
    return found.filter(pl.col("exit") > pl.col("entry")).sort("period", "unit", "entry", "exit", "event", "stopped", *splits)
