"""The months of each year for which a table was really reported."""

from __future__ import annotations

import polars as pl

from indicators.catalogue import formula
from indicators.catalogue.question import Question
from indicators.engines import Engine
from pipelines.database import quoted

#: a month in which fewer than this share of the year's busiest month reported is not there yet
PRESENT = 0.5


def months_of(question: Question, engine: Engine) -> dict[int, tuple[int, ...]]:
    """For each year of a table dated by months, the months that most of those who reported in it have reported.

    One early reporter does not make a month, and one blank row does not either. Empty for other tables.
    """
    table, period = question.table, question.table.period
    if period is None or table.columns[period].type not in ("month", "date", "timestamp"):
        return {}
    unit = question.design.unit if question.design and question.design.unit in table.columns else table.key[0]
    own = question.respondents and set(formula.parse(question.respondents).columns) <= set(table.columns)
    where = f" WHERE {question.respondents}" if own else ""
    date = quoted(period)
    rows = engine.query(
        f"SELECT year({date}) AS year, month({date}) AS month, count(DISTINCT {quoted(unit)}) AS units "
        f"FROM {quoted(table.id)}{where} GROUP BY year({date}), month({date})"
    ).drop_nulls()
    found: dict[int, tuple[int, ...]] = {}
    enough = rows.filter(pl.col("units") >= PRESENT * pl.col("units").max().over("year")).sort("year", "month")
    for year, month in enough.select("year", "month").iter_rows():
        found[int(year)] = (*found.get(int(year), ()), int(month))
    return found
