"""The command `details`: what stands behind the results of an edition."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.options import DATA, EditionId, Form, Lang, Store, edition_of, language_of, written

if TYPE_CHECKING:
    import polars as pl

    from indicators.editions.edition import Edition


class Detail(StrEnum):
    """The further tables of an edition."""

    comparisons = "comparisons"
    decomposition = "decomposition"
    assessments = "assessments"
    paths = "paths"
    paces = "paces"
    methods = "methods"
    splits = "splits"
    alerts = "alerts"
    transitions = "transitions"
    response = "response"
    weighting = "weighting"
    revisions = "revisions"
    revision_summary = "revision_summary"
    edits = "edits"


def details(
    table: Annotated[Detail, typer.Argument(metavar="TABLE", help="Which of the further tables of an edition.")],
    indicators: Annotated[list[str] | None, typer.Argument(metavar="INDICATOR…", help="Only these; none: all of them.")] = None,
    by: Annotated[str | None, typer.Option("--by", help="Only this breakdown; all for all.", metavar="BREAKDOWN")] = None,
    period: Annotated[str | None, typer.Option("--period", help="Only this period, as 2026 or 2026-Q3; all: every one.")] = None,
    edition: EditionId = None,
    form: Annotated[Form, typer.Option("--format", help="table for people; csv and json hold every column.")] = Form.table,
    store: Store = DATA,
    lang: Lang = None,
) -> None:
    """Print what stands behind the results: judgements, splits of gaps, response, weights, changes, revisions, edits."""
    from dashboard.terminal import console, details_tables
    from dashboard.words import words

    opened, spoken = edition_of(store, edition), words(language_of(lang))
    rows = _chosen(opened, table.value, indicators or [], by, period)
    if written(rows, form):
        return
    if rows.is_empty():
        typer.echo(spoken("details.none", table=spoken(f"details.{table.value}")))
    else:
        screen = console()
        for found in details_tables(opened.plan, table.value, rows, spoken):
            screen.print(found)


def _chosen(edition: Edition, table: str, indicators: list[str], by: str | None, period: str | None) -> pl.DataFrame:
    """Rows of the table that fit. Raises NotPublished for an indicator, a breakdown or a period that is not there."""
    from dashboard.rows.selection import ALL, known
    from indicators.editions.details import DETAILS

    names = [known(edition.plan, name) for name in indicators]
    given = {name: [value] for name, value in (("breakdown", by), ("period", period)) if value not in (None, ALL)}
    for column, values in given.items():
        if column in DETAILS[table]:
            _refuse_unknown(edition, table, names, column, str(values[0]))
    wanted = {"indicator": names, **given}
    asked = {name: values for name, values in wanted.items() if values and name in DETAILS[table]}
    conditions = [f"{name} IN (SELECT unnest(${name}))" for name in asked]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return edition.query(f"SELECT * FROM {table}{where} ORDER BY ALL", asked or None)


def _refuse_unknown(edition: Edition, table: str, indicators: list[str], column: str, value: str) -> None:
    """Raises NotPublished with the periods, or breakdowns, that there are, where the table has some and not this one."""
    from dashboard.rows.selection import NotPublished
    from indicators.editions.details import DETAILS

    asked = {"indicator": indicators} if indicators and "indicator" in DETAILS[table] else {}
    where = " WHERE indicator IN (SELECT unnest($indicator))" if asked else ""
    there = edition.query(f"SELECT DISTINCT {column} FROM {table}{where} ORDER BY ALL", asked or None)[column].drop_nulls()
    if len(there) and value not in there.to_list():
        shown = [*there[:3], "…", *there[-3:]] if len(there) > 12 else there.to_list()
        raise NotPublished(f"The table {table} has nothing of {value}. {column.capitalize()}s here: {', '.join(shown)}; or all.")
