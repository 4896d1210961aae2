"""Entry and exit: statements that tell who stayed in the population, who came and who left, and with what weighted sums.

Generated text like that of `statement`; it runs on every engine.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from indicators.catalogue.question import Question
from indicators.engines import Engine
from indicators.statements.exact import added, grid
from indicators.statements.frame import frame_of
from indicators.statements.source import listed
from indicators.statements.statement import weighted_answers
from pipelines.database import quoted

#: a register that lists less than this share of its own population is a list of the sample
WHOLE = 0.99


def statement(question: Question, base: int, years: Sequence[int]) -> str:
    """Sums of the base year and of each other year, by category and by whether the register lists the unit at the other end.

    Columns: year, later (0: the base year, as held against `year`), category, stays, over_category (1: over all of them), n,
    groups, y, x, c; c is the value at current prices, or y where there is none.
    """
    split, frame = f"b_{question.breakdowns[0]}", frame_of(question)
    values = [("y", "y_0"), ("x", "x_0"), ("c", f"y_{len(question.indicators) - 1}")]
    others = " UNION ALL ".join(f"SELECT {year} AS year" for year in years)
    kept = ["weighted.unit", "weighted.holding", f"weighted.{split} AS category", *(f"weighted.{y} AS {x}" for x, y in values)]
    ends = [
        f"SELECT {', '.join(['others.year', '0 AS later', 'others.year AS elsewhere', *kept])}\n"
        f"  FROM weighted CROSS JOIN ({others}) AS others WHERE weighted.period = {base * 10000}",
        f"SELECT {', '.join(['others.year', '1 AS later', f'{base} AS elsewhere', *kept])}\n"
        f"  FROM weighted JOIN ({others}) AS others ON weighted.period = others.year * 10000",
    ]
    answers = weighted_answers(question)
    if frame:  # first, and under a name that no table can have: nothing then stands before it that could hide the register
        units = f"SELECT DISTINCT {quoted(frame.unit)} AS unit, {quoted(frame.year)} AS year FROM {quoted(frame.table)}"
        answers = answers.replace("WITH ", f"WITH _known AS (\n  {units}\n),\n", 1)
    else:
        unit = quoted(question.design.unit) if question.design else "NULL"
        answers += f",\n_known AS (\n  SELECT DISTINCT {unit} AS unit, _year AS year FROM source\n)"
    stays = "CASE WHEN _known.unit IS NULL THEN 0 ELSE 1 END AS stays"
    on = "_known.unit = ends.unit AND _known.year = ends.elsewhere"
    placed = f"SELECT ends.*, {stays}\n  FROM ends LEFT JOIN _known ON {on}"
    keys = ["year", "later", "category", "stays", "GROUPING(category) AS over_category"]
    counts = ["count(y) AS n", "count(DISTINCT CASE WHEN y IS NOT NULL THEN holding END) AS groups"]
    sums = [f"coalesce({added(name, name)}, 0) AS {name}" for name, _ in values]
    rounding = grid("grid", "placed", [name for name, _ in values])
    joined = "\n  UNION ALL\n  ".join(ends)
    return (
        f"{answers},\nends AS (\n  {joined}\n),\nplaced AS (\n  {placed}\n),\n{rounding}\n"
        f"SELECT {listed([*keys, *counts, *sums], '  ')}\nFROM placed CROSS JOIN grid\n"
        "GROUP BY GROUPING SETS ((year, later, stays, category), (year, later, stays))"
    )


def listed_statement(question: Question) -> str | None:
    """Per year, the population of the strata and how many units the register lists; None without a register of units."""
    frame = frame_of(question)
    if frame is None:
        return None
    units = f"SELECT {quoted(frame.year)} AS year, count(DISTINCT {quoted(frame.unit)}) AS listed FROM {quoted(frame.table)}"
    counted = f"_counts AS (\n  {units} GROUP BY {quoted(frame.year)}\n)"
    return (
        weighted_answers(question).replace("WITH ", f"WITH {counted},\n", 1)
        + "\nSELECT _counts.year AS year, max(_counts.listed) AS listed, sum(stratum.population) AS population\n"
        "FROM _counts JOIN stratum ON stratum.period = _counts.year * 10000\nGROUP BY _counts.year"
    )


def known_years(question: Question, engine: Engine) -> set[int]:
    """The years in which it is known who belongs to the population: the register lists it, or everyone was asked."""
    sql = listed_statement(question)
    if sql is not None:
        rows = engine.query(sql).filter(pl.col("listed") >= WHOLE * pl.col("population"))
        return set(rows["year"])
    census = question.design is not None and question.design.census
    rows = engine.query(f"{weighted_answers(question)}\nSELECT DISTINCT period FROM weighted")
    return {period // 10000 for period in rows["period"].drop_nulls()} if census else set()
