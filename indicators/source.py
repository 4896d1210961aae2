"""The source of a statement: rows of a table with what is linked to them, and the calendar that dates them."""

from __future__ import annotations

from indicators.question import Question
from pipelines.database import quoted
from pipelines.dictionary import Link


def listed(columns: list[str], margin: str = "    ") -> str:
    """Columns of a select, one a line, because people read this text."""
    return f",\n{margin}".join(columns)


def source(question: Question, late: Link | None = None) -> str:
    """Rows of the table with every linked column under its plain name, but those of a link that is followed late."""
    reachable = question.plan.dictionary.reachable(question.table.id)
    here = [name for name in question.columns if name in reachable and not (late and reachable[name][0] == late.table)]
    selected = [f"{place(question, name)} AS {quoted(name)}" for name in here]
    selected += [f"{expression} AS {name}" for name, expression in calendar(question)]
    if question.panel:
        base = [name for name in question.columns if name not in reachable]
        selected += [f"base.{quoted(name.removeprefix('base_'))} AS {name}" for name in base]
    body = "\n  ".join([f"FROM {quoted(question.table.id)} AS t", *joins(question, late)])
    if question.months:
        body += f"\n  WHERE month(t.{quoted(str(question.table.period))}) IN ({', '.join(map(str, question.months))})"
    return f"source AS (\n  SELECT {listed(selected)}\n  {body}\n)"


def joins(question: Question, late: Link | None = None) -> list[str]:
    """What the rows are joined with: linked tables but the late one, and for a panel their own row of the base year."""
    found = [join(question, link) for link in question.table.link if link is not late]
    if panel := question.panel:
        on = " AND ".join(f"base.{quoted(name)} = t.{quoted(name)}" for name in panel.on)
        years = f"{year_of(question, 'base')} = {panel.base_period} AND {year_of(question)} >= {panel.base_period}"
        found.append(f"JOIN {quoted(question.table.id)} AS base ON {on} AND {years}")
    return found


def join(question: Question, link: Link) -> str:
    dictionary = question.plan.dictionary
    target = dictionary.tables[link.table]
    panel = question.panel
    conditions = []
    for theirs, ours in link.on.items():
        if ours == "period" and question.dated_by_link:
            continue  # the linked table dates the row: one row for every year in which the unit is listed
        if ours == "period":
            left = str(panel.base_period) if panel else year_of(question)  # a fixed panel is what it was in its base year
        else:
            left = place(question, ours)
            dated = dictionary.reachable(question.table.id)[ours][1].type in ("date", "month", "timestamp")
            left = f"year({left})" if dated and target.columns[theirs].type == "year" else left
        conditions.append(f"{quoted(target.id)}.{quoted(theirs)} = {left}")
    kind = "JOIN" if question.dated_by_link else "LEFT JOIN"
    return f"{kind} {quoted(target.id)} ON {' AND '.join(conditions)}"


def place(question: Question, name: str) -> str:
    table, _ = question.plan.dictionary.reachable(question.table.id)[name]
    return f"{'t' if table == question.table.id else quoted(table)}.{quoted(name)}"


def year_of(question: Question, source: str = "t") -> str:
    if question.table.year is not None:
        return str(question.table.year)
    assert question.table.period is not None
    column = f"{source}.{quoted(question.table.period)}"
    return column if question.table.columns[question.table.period].type == "year" else f"year({column})"


def calendar(question: Question) -> list[tuple[str, str]]:
    """The columns a row is dated by, as far down as the finest level asked for."""
    if question.table.year is not None:
        return [("_year", str(question.table.year))]
    if question.table.period is None:
        link, theirs = question.dating_link
        return [("_year", f"{quoted(link.table)}.{quoted(theirs)}")]
    period = f"t.{quoted(question.table.period)}"
    columns = [("_year", year_of(question))]
    if "quarter" in question.levels:
        columns.append(("_quarter", f"quarter({period})"))
    if "month" in question.levels:
        columns.append(("_month", f"month({period})"))
    return columns


def period_sets(question: Question) -> list[list[str]]:
    """The calendar columns of each level asked for: a month keeps its quarter only where quarters are asked for too."""
    names = [name for name, _ in calendar(question)]
    finest = {"year": 1, "quarter": 2, "month": len(names)}
    return [names[: finest[level]] for level in question.levels]


def period_number(question: Question) -> str:
    present = dict(calendar(question))
    number = "CAST(_year AS INTEGER) * 10000"
    if "_quarter" in present:
        number += " + coalesce(CAST(_quarter AS INTEGER), 0) * 100"
    if "_month" in present:
        number += " + coalesce(CAST(_month AS INTEGER), 0)"
    return number
