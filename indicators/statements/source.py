"""The source of a statement: rows of a table with what is linked to them, and the calendar that dates them."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from indicators.catalogue import formula
from indicators.catalogue.plan import Bridge, Panel
from indicators.catalogue.prices import chain_statement
from indicators.catalogue.question import Question
from pipelines.database import quoted
from pipelines.dictionary import SQL_TYPES, Link, Table


def listed(columns: list[str], margin: str = "    ") -> str:
    """Columns of a select, one a line, because people read this text."""
    return f",\n{margin}".join(columns)


def source(question: Question, late: Link | None = None) -> str:
    """Rows of the table with every linked column under its plain name, but those of a link that is followed late."""
    reachable = question.plan.dictionary.reachable(question.table.id)
    here = [name for name in question.columns if name in reachable and not (late and reachable[name][0] == late.table)]
    selected = [f"{place(question, name)} AS {quoted(name)}" for name in here]
    selected += [f"{expression} AS {name}" for name, expression in calendar(question)]
    selected += [f"t.{name} AS {name}" for name in question.flags(*question.indicators)]
    if question.panel:
        base = [name for name in question.columns if name not in reachable]
        selected += [f"base.{quoted(name.removeprefix('base_'))} AS {name}" for name in base]
    if question.panel and question.panel.bridge:
        selected.append(f"{_choice(question, question.panel.bridge)} AS _choice")
    body = "\n  ".join([f"FROM {quoted(question.table.id)} AS t", *joins(question, late)])
    if question.months:
        body += f"\n  WHERE month(t.{quoted(str(question.table.period))}) IN ({', '.join(map(str, question.months))})"
    rows = f"SELECT {listed(selected)}\n  {body}"
    if question.panel and question.panel.bridge:
        rows = f"SELECT *\n  FROM (\n  {rows}\n  ) AS paired\n  WHERE _choice = 1"
    return f"source AS (\n  {rows}\n)"


def joins(question: Question, late: Link | None = None) -> list[str]:
    """What the rows are joined with: linked tables but the late one, and for a panel their own row of the base year."""
    found = [join(question, link) for link in question.table.link if link is not late]
    if panel := question.panel:
        on = " AND ".join(f"base.{quoted(name)} = t.{quoted(name)}" for name in panel.on)
        years = f"{year_of(question, 'base')} = {panel.base_period} AND {year_of(question)} >= {panel.base_period}"
        former = _bridged(question, panel, panel.bridge) if panel.bridge else quoted(question.table.id)
        found.append(f"JOIN {former} AS base ON {on} AND {years}")
    return [*found, *(_chained(question, name) for name in chains(question))]


def in_scope(question: Question, columns: Sequence[tuple[str, str]], unsaid: AbstractSet[str], where: str | None) -> str:
    """The rows that respondents and `where` let through, with these columns (name, text), as a relation in brackets.

    Conditions on columns that are `unsaid` are left out: of a row for which nothing was found they would be false.
    """
    reachable = question.plan.dictionary.reachable(question.table.id)
    texts = [text for text in (question.respondents, where) if text]
    parts = [part for text in texts for part in formula.conjuncts(text) if not unsaid & set(part.columns)]
    names = dict.fromkeys(name for part in parts for name in part.columns)
    placed = [place(question, n) if n in reachable else f"base.{quoted(n.removeprefix('base_'))}" for n in names]
    selected = [f"{text} AS {name}" for name, text in columns]
    selected += [f"{text} AS {quoted(name)}" for name, text in zip(names, placed, strict=True)]
    rows = "\n    ".join([f"FROM {quoted(question.table.id)} AS t", *joins(question)])
    conditions = f"\n  WHERE {' AND '.join(f'({part.text})' for part in parts)}" if parts else ""
    return f"(\n  SELECT *\n  FROM (\n    SELECT {', '.join(selected)}\n    {rows}\n  ) AS placed{conditions}\n) AS looked"


def chains(question: Question) -> list[str]:
    """The derived columns that the question names."""
    dictionary = question.plan.dictionary
    reachable = dictionary.reachable(question.table.id)
    return [name for name in question.columns if name in reachable and name in dictionary.tables[reachable[name][0]].chains]


def series(question: Question, name: str) -> dict[str, str]:
    """What a derived column is looked up by: the columns of its table, and the expression over the rows that each equals."""
    dictionary = question.plan.dictionary
    table = dictionary.tables[dictionary.reachable(question.table.id)[name][0]]
    on = {column: column for column in table.key}
    if table.id != question.table.id:
        on = next(link.on for link in question.table.link if link.table == table.id)
    named = [*table.chains[name].by, str(table.period)]
    return {theirs: _ours(question, table, theirs, on[theirs]) for theirs in named}


def _chained(question: Question, name: str) -> str:
    """A chain stands beside its table and not in it: it also knows years and series of which the table has no row."""
    dictionary = question.plan.dictionary
    table = dictionary.tables[dictionary.reachable(question.table.id)[name][0]]
    on = " AND ".join(f"_{name}.{quoted(theirs)} = {ours}" for theirs, ours in series(question, name).items())
    chain = chain_statement(dictionary, table, name).replace("\n", "\n    ")
    return f"LEFT JOIN (\n    {chain}\n  ) AS _{name} ON {on}"


def _bridged(question: Question, panel: Panel, bridge: Bridge) -> str:
    """Rows as they are, and once more under every edition into which the bridge translates their value.

    Of a translated row nothing else is known under the other edition: only the columns on which it is matched stay.
    """
    table, reachable = question.table, question.plan.dictionary.reachable(question.table.id)
    taken = [name.removeprefix("base_") for name in question.columns if name not in reachable]
    names = list(dict.fromkeys([*panel.on, bridge.edition, bridge.value, *([table.period] if table.period else []), *taken]))
    kept = {*panel.on, *bridge.same, table.period}
    said = {bridge.edition: f"k.{quoted(bridge.after)}", bridge.value: f"k.{quoted(bridge.value_after)}"}
    own = [f"p.{quoted(name)} AS {quoted(name)}" for name in names]
    other = [
        f"{said.get(name) or (f'p.{quoted(name)}' if name in kept else _nothing(table.columns[name].type))} AS {quoted(name)}"
        for name in names
    ]
    on = [f"k.{quoted(name)} = p.{quoted(name)}" for name in bridge.same]
    translated = {bridge.before: bridge.edition, bridge.value_before: bridge.value}
    on += [f"k.{quoted(theirs)} = p.{quoted(ours)}" for theirs, ours in translated.items()]
    edition = f"p.{quoted(bridge.edition)} AS _edition"
    return (
        f"(\n    SELECT {', '.join([*own, edition, '0 AS _bridged'])} FROM {quoted(table.id)} AS p\n    UNION ALL\n"
        f"    SELECT {', '.join([*other, edition, '1 AS _bridged'])} FROM {quoted(table.id)} AS p\n"
        f"    JOIN {quoted(bridge.table)} AS k ON {' AND '.join(on)}\n  )"
    )


def _choice(question: Question, bridge: Bridge) -> str:
    """Of the pairs of one row in several editions: what can be compared, directly before by the bridge, the latest edition."""
    table, panel = question.table, question.panel
    assert panel is not None
    alike = [f"t.{quoted(name)}" for name in dict.fromkeys([*table.key, *panel.on]) if name != bridge.edition]
    blank = f"CASE WHEN t.{quoted(bridge.value)} IS NULL OR base.{quoted(bridge.value)} IS NULL THEN 1 ELSE 0 END"
    order = [blank, "base._bridged", f"t.{quoted(bridge.edition)} DESC", "base._edition DESC"]
    return f"row_number() OVER (PARTITION BY {', '.join(alike)} ORDER BY {', '.join(order)})"


def _nothing(kind: str) -> str:
    return f"CAST(NULL AS {SQL_TYPES[kind]})"


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
            left = _ours(question, target, theirs, ours)
        conditions.append(f"{quoted(target.id)}.{quoted(theirs)} = {left}")
    kind = "JOIN" if question.dated_by_link else "LEFT JOIN"
    return f"{kind} {quoted(target.id)} ON {' AND '.join(conditions)}"


def _ours(question: Question, target: Table, theirs: str, ours: str) -> str:
    """The expression over our rows that a column of a linked table equals; of a date its year, where theirs is one."""
    if ours == "period":
        return dict(calendar(question))["_year"]
    left = place(question, ours)
    dated = question.plan.dictionary.reachable(question.table.id)[ours][1].type in ("date", "month", "timestamp")
    return f"year({left})" if dated and target.columns[theirs].type == "year" else left


def place(question: Question, name: str) -> str:
    table, _ = question.plan.dictionary.reachable(question.table.id)[name]
    if name in question.plan.dictionary.tables[table].chains:
        return f"_{name}.{quoted(name)}"
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
