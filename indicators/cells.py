"""Cells: one generated statement per question reduces a table of any length to weighted sums and moments.

The statement reads top to bottom: source (rows with what is linked), answer (one row per unit and period), stratum
(how many answered of how many), weighted, and then the cells of every breakdown set, crossed with the stratum.
Periods travel as whole numbers, year × 10000 + quarter × 100 + month, because engines group numbers faster than text.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from indicators.engines import Engine
from indicators.plan import Indicator
from indicators.question import Question
from indicators.results import TOTAL
from pipelines.dictionary import Design, Link

#: one row is one indicator × period × breakdown × category × stratum; y and x are weighted sums over the units of
#: the domain, yy, xx, xy sums of products of the weighted values; `answered` of `population` units answered in the stratum
CELLS = ("indicator", "period", "breakdown", "category", "stratum", "answered", "population", "n", "y", "x", "yy", "xx", "xy")


@dataclass(frozen=True, kw_only=True)
class Cells:
    """The answer to one question: the cells, the holding groups behind each category, and the statement that was run."""

    frame: pl.DataFrame  # columns CELLS
    groups: pl.DataFrame  # indicator, period, breakdown, category, groups
    sql: str


def answer(question: Question, engine: Engine) -> Cells:
    """Runs the statement of a question and unfolds its rows into cells."""
    sql = statement(question)
    rows = engine.query(sql).with_columns(period_name(pl.col("period")).alias("period"))
    cells, groups = [], []
    for number, indicator in enumerate(question.indicators):
        for names in question.sets:
            picked = pick(rows, question, names)
            keys: list[pl.Expr | str] = [
                pl.lit(indicator.id).alias("indicator"),
                "period",
                pl.lit(",".join(names) or TOTAL).alias("breakdown"),
                category(names),
            ]
            moments = [pl.col(f"{part}_{number}").alias(part) for part in ("n", "y", "x", "yy", "xx", "xy")]
            inside = picked.filter(pl.col("stratum").is_not_null())
            cells.append(inside.select(*keys, "stratum", "answered", "population", *moments))
            outside = picked.filter(pl.col("stratum").is_null(), pl.col(f"groups_{number}") > 0)
            groups.append(outside.select(*keys, pl.col(f"groups_{number}").alias("groups")))
    return Cells(frame=pl.concat(cells), groups=pl.concat(groups), sql=sql)


def statement(question: Question) -> str:
    """The SQL text of a question; the same text runs on every engine."""
    return f"{weighted_answers(question)}\n{_cells(question)}\nUNION ALL\n{_groups(question)}"


def rows_statement(question: Question) -> str:
    """Every row with what is linked to it, for the few methods that need single rows (durations)."""
    assert question.design is not None
    design = [f"{text} AS {name}" for name, text in _design_columns(question.design)]
    splits = [f"{text} AS {name}" for name, text in _breakdown_columns(question)]
    columns = [f"{_period_number(question)} AS period", f"{question.design.unit} AS unit", *design, *splits]
    columns += [name for name in question.columns if name in question.table.columns and name != question.design.unit]
    where = " AND ".join(f"({text})" for text in (question.respondents, question.indicators[0].where) if text)
    condition = f"\nWHERE {where}" if where else ""
    return f"WITH {_source(question)}\nSELECT {_listed(columns, '  ')}\nFROM source{condition}"


def strata_statement(question: Question) -> str:
    """How many answered of how many, per period and stratum."""
    return f"{weighted_answers(question)}\nSELECT period, stratum, answered, population\nFROM stratum"


def weighted_answers(question: Question) -> str:
    """The WITH clause that ends in `weighted`: one row per unit and period with its weight, for any statement over answers."""
    parts = [_source(question)]
    parts += [_rows(question)] if question.design is None else [_answers(question), _strata(question)]
    return "WITH " + ",\n".join(parts)


def period_name(code: pl.Expr) -> pl.Expr:
    """2026, 2026-Q3 or 2026-09 from a period number."""
    year, quarter, month = code // 10000, code // 100 % 100, code % 100
    dated = year.cast(pl.String) + pl.lit("-") + month.cast(pl.String).str.zfill(2)
    quartered = year.cast(pl.String) + pl.lit("-Q") + quarter.cast(pl.String)
    return pl.when(month > 0).then(dated).when(quarter > 0).then(quartered).otherwise(year.cast(pl.String))


def _listed(columns: list[str], margin: str = "    ") -> str:
    """Columns of a select, one a line, because people read this text."""
    return f",\n{margin}".join(columns)


def _source(question: Question) -> str:
    """Rows of the table with every linked column under its plain name."""
    reachable = question.plan.dictionary.reachable(question.table.id)
    selected = [f"{_place(question, name)} AS {name}" for name in question.columns if name in reachable]
    selected += [f"{expression} AS {name}" for name, expression in _calendar(question)]
    if question.design is None:
        key = " || '|' || ".join(f"CAST(t.{name} AS VARCHAR)" for name in question.table.key)
        selected.append(f"{key} AS row_key")
    joins = [_join(question, link) for link in question.table.link]
    panel = question.indicators[0].panel if question.indicators else None
    if panel:
        base = [name for name in question.columns if name not in reachable]
        selected += [f"base.{name.removeprefix('base_')} AS {name}" for name in base]
        on = " AND ".join(f"base.{name} = t.{name}" for name in panel.on)
        year = _year_of(question, f"base.{question.table.period}")
        joins.append(f"JOIN {question.table.id} AS base ON {on} AND {year} = {panel.base_period}")
    body = "\n  ".join([f"FROM {question.table.id} AS t", *joins])
    return f"source AS (\n  SELECT {_listed(selected)}\n  {body}\n)"


def _join(question: Question, link: Link) -> str:
    dictionary = question.plan.dictionary
    target = dictionary.tables[link.table]
    conditions = []
    for theirs, ours in link.on.items():
        if ours == "period" and question.dated_by_link:
            continue  # the linked table dates the row: one row for every year in which the unit is listed
        if ours == "period":
            left = _year_of(question, f"t.{question.table.period}")
        else:
            left = _place(question, ours)
            dated = dictionary.reachable(question.table.id)[ours][1].type in ("date", "month", "timestamp")
            left = f"year({left})" if dated and target.columns[theirs].type == "year" else left
        conditions.append(f"{target.id}.{theirs} = {left}")
    kind = "JOIN" if question.dated_by_link else "LEFT JOIN"
    return f"{kind} {target.id} ON {' AND '.join(conditions)}"


def _place(question: Question, name: str) -> str:
    table, _ = question.plan.dictionary.reachable(question.table.id)[name]
    return f"t.{name}" if table == question.table.id else f"{table}.{name}"


def _year_of(question: Question, column: str) -> str:
    if question.table.year is not None:
        return str(question.table.year)
    assert question.table.period is not None
    return column if question.table.columns[question.table.period].type == "year" else f"year({column})"


def _calendar(question: Question) -> list[tuple[str, str]]:
    """The columns a row is dated by, as far down as the finest level asked for."""
    if question.table.year is not None:
        return [("period_year", str(question.table.year))]
    if question.table.period is None:
        link, theirs = question.dating_link
        return [("period_year", f"{link.table}.{theirs}")]
    period = f"t.{question.table.period}"
    columns = [("period_year", _year_of(question, period))]
    if "quarter" in question.levels:
        columns.append(("period_quarter", f"quarter({period})"))
    if "month" in question.levels:
        columns.append(("period_month", f"month({period})"))
    return columns


def _period_sets(question: Question) -> list[list[str]]:
    """The calendar columns of each level asked for: a month keeps its quarter only where quarters are asked for too."""
    names = [name for name, _ in _calendar(question)]
    finest = {"year": 1, "quarter": 2, "month": len(names)}
    return [names[: finest[level]] for level in question.levels]


def _period_number(question: Question) -> str:
    present = dict(_calendar(question))
    number = "CAST(period_year AS INTEGER) * 10000"
    if "period_quarter" in present:
        number += " + coalesce(CAST(period_quarter AS INTEGER), 0) * 100"
    if "period_month" in present:
        number += " + coalesce(CAST(period_month AS INTEGER), 0)"
    return number


def _value(indicator: Indicator, part: str) -> str:
    """Numerator (y) or denominator (x) in scope; null when the other one is missing, for missing is not zero."""
    numerator = f"CAST({indicator.numerator} AS DOUBLE)"
    denominator = "1.0" if indicator.denominator is None else f"CAST({indicator.denominator} AS DOUBLE)"
    conditions = [f"({indicator.where})"] if indicator.where else []
    if part == "x":
        conditions.append(f"{numerator} IS NOT NULL")
    elif isinstance(indicator.denominator, str):
        conditions.append(f"{denominator} IS NOT NULL")
    wanted = numerator if part == "y" else denominator
    return f"CASE WHEN {' AND '.join(conditions)} THEN {wanted} END" if conditions else wanted


def _values(question: Question) -> list[str]:
    return [f"{part}_{i}" for i in range(len(question.indicators)) for part in "yx"]


def _rows(question: Question) -> str:
    """Without a design every row is a unit of its own, all were recorded, and nothing need be summed before the cells."""
    values = [f"{_value(indicator, part)} AS {part}_{i}" for i, indicator in enumerate(question.indicators) for part in "yx"]
    splits = [f"{expression} AS {name}" for name, expression in _breakdown_columns(question)]
    calendar = [name for name, _ in _calendar(question)]
    constants = ["'all' AS stratum", "row_key AS unit", "1.0 AS answered", "1.0 AS population", "1.0 AS weight"]
    where = f"\n  WHERE {question.respondents}" if question.respondents else ""
    return f"weighted AS (\n  SELECT {_listed([*calendar, *constants, *splits, *values])}\n  FROM source{where}\n)"


def _answers(question: Question) -> str:
    """One row per unit and period: its design, its categories, and y and x of every indicator; null outside the domain."""
    assert question.design is not None
    attributes = [*_design_columns(question.design), *_breakdown_columns(question)]
    sums = [f"sum({_value(indicator, part)}) AS {part}_{i}" for i, indicator in enumerate(question.indicators) for part in "yx"]
    calendar = [name for name, _ in _calendar(question)]
    picked = [f"{question.design.unit} AS unit", *calendar, *(f"any_value({text}) AS {name}" for name, text in attributes), *sums]
    where = f"\n  WHERE {question.respondents}" if question.respondents else ""
    grouped = ", ".join([question.design.unit, *calendar])
    finest = f"SELECT {_listed(picked)}\n  FROM source{where}\n  GROUP BY {grouped}"
    names = [name for name, _ in attributes]
    outer = ["unit", f"{_period_number(question)} AS period", *names, *_values(question)]
    if _period_sets(question) == [calendar]:
        return f"finest AS (\n  {finest}\n),\nanswer AS (\n  SELECT {', '.join(outer)}\n  FROM finest\n)"
    # a unit's sums of a year are the sums of its months
    sets = ", ".join(f"({', '.join(['unit', *names_])})" for names_ in _period_sets(question))
    again = ["unit", *calendar, *(f"any_value({n}) AS {n}" for n in names), *(f"sum({v}) AS {v}" for v in _values(question))]
    rolled = f"SELECT {', '.join(again)}\n  FROM finest\n  GROUP BY GROUPING SETS ({sets})"
    return f"finest AS (\n  {finest}\n),\nrolled AS (\n  {rolled}\n),\nanswer AS (\n  SELECT {', '.join(outer)}\n  FROM rolled\n)"


def _design_columns(design: Design) -> list[tuple[str, str]]:
    nothing = "CAST(NULL AS DOUBLE)"
    stated = design.population or design.sampling_fraction
    return [
        ("stratum", "'all'" if design.census else f"CAST({design.stratum} AS VARCHAR)"),
        ("stated", f"CAST({stated} AS DOUBLE)" if stated and not design.census else nothing),
        ("stated_weight", f"CAST({design.weight} AS DOUBLE)" if design.weight and not design.census else nothing),
        ("holding", f"CAST({design.group or design.unit} AS VARCHAR)"),
    ]


def _breakdown_columns(question: Question) -> list[tuple[str, str]]:
    columns = []
    for name in question.breakdowns:
        split = question.plan.breakdowns[name]
        if split.rollup is None:
            columns.append((f"b_{name}", f"CAST({split.column} AS VARCHAR)"))
            continue
        _, column = question.plan.dictionary.reachable(question.table.id)[split.column]
        assert column.codes is not None
        entries = question.plan.dictionary.codes[column.codes].codes
        cases = " ".join(f"WHEN '{code}' THEN '{entry.parent}'" for code, entry in entries.items() if entry.parent)
        columns.append((f"b_{name}", f"CASE {split.column} {cases} END"))
    return columns


def _strata(question: Question) -> str:
    """How many answered of how many, per period and stratum, and so the weight of each answer."""
    assert question.design is not None
    counted = "CAST(count(*) AS DOUBLE)"
    if question.design.census:
        population = counted
    elif question.design.population:
        # a frame smaller than its respondents cannot be; the count of respondents then stands for it
        population = f"greatest(max(stated), {counted})"
    else:
        population = f"{counted} / max(stated)"
    strata = (
        f"SELECT period, stratum, {counted} AS answered, {population} AS population\n  FROM answer\n  GROUP BY period, stratum"
    )
    weight = "coalesce(answer.stated_weight, stratum.population / stratum.answered)"
    splits = [f"answer.b_{name}" for name in question.breakdowns]
    columns = [
        "answer.period",
        "answer.stratum",
        "answer.unit",
        "answer.holding",
        *splits,
        "stratum.answered",
        "stratum.population",
    ]
    columns += [f"{weight} AS weight", *(f"{weight} * answer.{value} AS {value}" for value in _values(question))]
    on = "answer.period = stratum.period AND answer.stratum = stratum.stratum"
    weighted = f"SELECT {_listed(columns)}\n  FROM answer JOIN stratum ON {on}"
    return f"stratum AS (\n  {strata}\n),\nweighted AS (\n  {weighted}\n)"


def _cells(question: Question) -> str:
    moments = []
    for i in range(len(question.indicators)):
        moments += [f"count(y_{i}) AS n_{i}"]
        products = {"y": f"y_{i}", "x": f"x_{i}", "yy": f"y_{i} * y_{i}", "xx": f"x_{i} * x_{i}", "xy": f"x_{i} * y_{i}"}
        moments += [f"coalesce(sum({product}), 0) AS {name}_{i}" for name, product in products.items()]
        moments += [f"CAST(0 AS BIGINT) AS groups_{i}"]
    head = ["stratum", *_split_columns(question), "max(answered) AS answered", "max(population) AS population"]
    return _grouped(question, [*head, *moments], "stratum")


def _groups(question: Question) -> str:
    """Distinct holding groups behind each category; they cross strata, so they cannot be summed from cells."""
    counts = []
    for i in range(len(question.indicators)):
        counts += [f"CAST(0 AS BIGINT) AS n_{i}", *(f"CAST(0 AS DOUBLE) AS {part}_{i}" for part in ("y", "x", "yy", "xx", "xy"))]
        distinct = f"count(DISTINCT CASE WHEN y_{i} IS NOT NULL THEN holding END)"
        counts.append(f"{distinct if question.design else f'count(y_{i})'} AS groups_{i}")
    head = [
        "CAST(NULL AS VARCHAR) AS stratum",
        *_split_columns(question),
        "CAST(0 AS DOUBLE) AS answered",
        "CAST(0 AS DOUBLE) AS population",
    ]
    return _grouped(question, [*head, *counts])


def _split_columns(question: Question) -> list[str]:
    names = question.breakdowns
    return [*(f"b_{name}" for name in names), *(f"GROUPING(b_{name}) AS over_{name}" for name in names)]


def _grouped(question: Question, columns: list[str], *keys: str) -> str:
    """A select over `weighted` grouped by every period, every breakdown set, and `keys`."""
    periods = [["period"]] if question.design else _period_sets(question)
    period = "period" if question.design else f"{_period_number(question)} AS period"
    combined = [[*dates, *keys, *(f"b_{name}" for name in names)] for dates in periods for names in question.sets]
    sets = ", ".join(f"({', '.join(names)})" for names in combined)
    return f"SELECT {_listed([period, *columns], '  ')}\nFROM weighted\nGROUP BY GROUPING SETS ({sets})"


def pick(rows: pl.DataFrame, question: Question, names: tuple[str, ...]) -> pl.DataFrame:
    """Rows of one breakdown set; units that bear no category of it (a blank tier, say) belong to none."""
    wanted = [pl.col(f"over_{name}") == (0 if name in names else 1) for name in question.breakdowns]
    wanted += [pl.col(f"b_{name}").is_not_null() for name in names]
    return rows.filter(*wanted) if wanted else rows


def category(names: tuple[str, ...]) -> pl.Expr:
    if not names:
        return pl.lit(TOTAL).alias("category")
    return pl.concat_str([f"b_{name}" for name in names], separator=",").alias("category")
