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
    by: Annotated[str | None, typer.Option("--by", help="Only this breakdown.", metavar="BREAKDOWN")] = None,
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
    """Rows of the table that fit. Raises NotPublished for an indicator that the plan does not have, and an unknown period."""
    from dashboard.selection import ALL, known
    from indicators.editions.details import DETAILS

    names = [known(edition.plan, name) for name in indicators]
    if period is not None and period != ALL and "period" in DETAILS[table]:
        _refuse_unknown(edition, table, names, period)
    only = [] if period in (None, ALL) else [str(period)]
    wanted = {"indicator": names, "breakdown": [by] if by else [], "period": only}
    asked = {name: values for name, values in wanted.items() if values and name in DETAILS[table]}
    conditions = [f"{name} IN (SELECT unnest(${name}))" for name in asked]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return edition.query(f"SELECT * FROM {table}{where} ORDER BY ALL", asked or None)


def _refuse_unknown(edition: Edition, table: str, indicators: list[str], period: str) -> None:
    """Raises NotPublished with the periods there are, where the table has some and not this one."""
    from dashboard.selection import NotPublished
    from indicators.editions.details import DETAILS

    asked = {"indicator": indicators} if indicators and "indicator" in DETAILS[table] else {}
    where = " WHERE indicator IN (SELECT unnest($indicator))" if asked else ""
    there = edition.query(f"SELECT DISTINCT period FROM {table}{where} ORDER BY period", asked or None)["period"].drop_nulls()
    if len(there) and period not in there.to_list():
        shown = [*there[:3], "…", *there[-3:]] if len(there) > 12 else there.to_list()
        raise NotPublished(f"The table {table} has nothing of {period}. Periods here: {', '.join(shown)}; or all.")
