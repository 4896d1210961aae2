"""The command `revisions`: how far published numbers moved from edition to edition."""

from __future__ import annotations

from typing import Annotated

import typer

from dashboard.options import DATA, EditionId, Form, Lang, Store, edition_of, language_of, written


def revisions(
    indicator: Annotated[str | None, typer.Argument(metavar="INDICATOR", help="Only this one; without it all of them.")] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Every revised number of every edition, in the place of the summary.")
    ] = False,
    edition: EditionId = None,
    form: Annotated[Form, typer.Option("--format", help="table for people; csv and json hold every column.")] = Form.table,
    store: Store = DATA,
    lang: Lang = None,
) -> None:
    """Print the size and direction of past revisions: first publication to newest, and provisional to final.

    Mean: its sign is the direction. Relative: sum of absolute revisions over the sum of absolute newer values. Beyond error:
    share of the revised numbers that left the interval published before.
    """
    from dashboard.rows.selection import known
    from dashboard.terminal import console, details_tables
    from dashboard.words import words
    from indicators.revisions.revisions import revised_rows

    spoken, opened = words(language_of(lang)), edition_of(store, edition)
    table = "revisions" if every else "revision_summary"
    rows = opened.query("SELECT * FROM revision_summary ORDER BY indicator, stage DESC, rows DESC")
    if every:
        rows, notices = revised_rows(store / "editions", opened.plan.identity.id)
        for notice in notices:
            typer.echo(notice.in_language(spoken.language), err=True)
    if indicator is not None:
        rows = rows.filter(rows["indicator"] == known(opened.plan, indicator))
    if written(rows, form):
        return
    if rows.is_empty():
        typer.echo(spoken("revisions.none"))
    else:
        moved = rows if every or indicator else rows.filter(rows["revised"] > 0)
        if moved.height:
            for found in details_tables(opened.plan, table, moved, spoken):
                console().print(found)
        if unmoved := rows["indicator"].n_unique() - moved["indicator"].n_unique():
            typer.echo(spoken("revisions.unmoved", n=unmoved))
