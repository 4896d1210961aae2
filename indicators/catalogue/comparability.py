"""What in an indicator would compare things that are not comparable, or count a member of a panel twice."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from indicators.catalogue import formula
from indicators.catalogue.plan import Bridge, Indicator
from pipelines.dictionary import Dictionary, Table
from pipelines.yamlfile import suggest

Found = tuple[list[str | int], str]  # where in the file of the indicator, and what is wrong there


def faults(indicator: Indicator, table: Table, dictionary: Dictionary, unsure: AbstractSet[str] = frozenset()) -> Iterator[Found]:
    """Every such fault of an indicator over `table`, with its place; tables of `unsure` exist, and no more is known of them."""
    yield from _comparable(indicator, table)
    if indicator.panel and indicator.panel.bridge and indicator.panel.bridge.table not in unsure:
        yield from _bridge(indicator.panel.bridge, indicator.panel.on, table, dictionary)
    if indicator.transitions:
        yield from _transitions(indicator, table)
    if indicator.opt_in and (indicator.kind != "ratio" or indicator.panel):
        yield (
            ["opt_in"],
            "`opt_in` is said of a ratio over all who were assessed; leave it out of a panel, total or duration",
        )


def _comparable(indicator: Indicator, table: Table) -> Iterator[Found]:
    """A mean over several standards, editions or methods is a mean of nothing; a count of rows is none."""
    if indicator.kind == "total":
        return
    matched = indicator.panel.on if indicator.panel else []
    held = {*formula.fixed(indicator.respondents), *formula.fixed(indicator.where), *matched}
    for name in table.comparable:
        if name in table.columns and name not in held:
            fix = f"write {name} = '…' in respondents or where, or name it in panel.on"
            yield ["table"], f"rows of `{table.id}` are comparable only under one `{name}`, which is not fixed here; {fix}"


def _bridge(bridge: Bridge, on: list[str], table: Table, dictionary: Dictionary) -> Iterator[Found]:
    place: list[str | int] = ["panel", "bridge"]
    if bridge.edition not in on:
        message = f"the bridge leads from one `{bridge.edition}` to another, so the panel must be matched on it; add it to `on`"
        yield [*place, "edition"], message
    for field in ("edition", "value"):
        yield from _column([*place, field], getattr(bridge, field), table)
    other = dictionary.tables.get(bridge.table)
    if other is None:
        yield [*place, "table"], f"the table `{bridge.table}` does not exist.{suggest(bridge.table, dictionary.tables)}"
        return
    for field in ("before", "after", "value_before", "value_after"):
        yield from _column([*place, field], getattr(bridge, field), other)
    for i, name in enumerate(bridge.same):
        for side in (table, other):
            yield from _column([*place, "same", i], name, side)


def _transitions(indicator: Indicator, table: Table) -> Iterator[Found]:
    design, column = indicator.design or table.design, str(indicator.transitions)
    yield from _column(["transitions"], column, table)
    if indicator.panel is None or design is None:
        yield ["transitions"], "transitions are those of a panel; state `panel`, and a `design` that says who its members are"
        return
    edition = indicator.panel.bridge.edition if indicator.panel.bridge else None
    for name in table.key:
        if name not in {design.unit, table.period, edition, *formula.fixed(indicator.respondents)}:
            message = f"a member may have several rows in a year, which differ in `{name}`, and would count twice"
            yield ["transitions"], f"{message}; write {name} = '…' in respondents"


def _column(place: list[str | int], name: str, table: Table) -> Iterator[Found]:
    if name not in table.columns:
        yield place, f"table `{table.id}` has no column `{name}`.{suggest(name, table.columns)}"
