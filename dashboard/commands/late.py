"""The command `late`: who is late with a report; for those who hold the records, never for publication."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.mistake import Mistake
from dashboard.options import DATA, Lang, PlanFolder, Store, language_of, plan_of

if TYPE_CHECKING:
    import polars as pl

    from dashboard.words import Words
    from indicators.catalogue.plan import Plan


class Form(StrEnum):
    table = "table"
    csv = "csv"


def late(
    store: Store = DATA,
    plan_folder: PlanFolder = None,
    form: Annotated[Form, typer.Option("--format", help="table for people; csv holds every column.")] = Form.table,
    lang: Lang = None,
) -> None:
    """List who has not reported in time, by name. Confidential.

    Of every table that says `due_days`: who reported for the period before, is still listed (and asked) and has not reported
    for the newest period that is due.
    """
    import polars as pl

    from dashboard.words import words
    from indicators.alerts.late import late_in
    from pipelines.parts import read_manifest
    from pipelines.rejected import neutral

    plan, spoken = plan_of(plan_folder), words(language_of(lang))
    dated = [table for table in plan.dictionary.tables.values() if table.due_days is not None]
    if not dated:
        raise Mistake(
            f"No table of the plan {plan.identity.id} says by when to report. State `due_days` in its file in tables/; "
            "indicators/plans/README.md lists the keys."
        )
    if not read_manifest(store):
        raise Mistake(f"Nothing is loaded in {store}. Run `planwatch load FILE…` first, or name another folder with --dir DIR.")
    found = late_in(store, plan, datetime.now(UTC).date())
    if form is Form.csv:
        typer.echo(spoken("alerts.late.confidential"), err=True)
        text = pl.col(pl.String).map_elements(neutral, return_dtype=pl.String, skip_nulls=True)
        sys.stdout.write(found.with_columns(text).write_csv())
        return
    if found.is_empty():
        names = spoken("mark.comma").join(table.name.in_language(spoken.language) for table in dated)
        typer.echo(spoken("alerts.late.nobody", tables=names))
        return
    typer.echo(spoken("alerts.late.confidential"), err=True)
    for rows in found.partition_by("table", maintain_order=True):
        _print(plan, rows, spoken)


def _print(plan: Plan, rows: pl.DataFrame, words: Words) -> None:
    """The late units of one table."""
    from dashboard.terminal import console, text_table

    name = plan.dictionary.tables[rows["table"][0]].name.in_language(words.language)
    title = words("alerts.late.title", table=name, n=f"{rows['unit'].n_unique():,}")
    headings = [words(f"alerts.late.{name}") for name in ("period", "due", "unit", "name", "holding")]
    cells = [
        ["" if cell is None else str(cell) for cell in row]
        for row in rows.select("period", "due", "unit", "name", "holding").rows()
    ]
    console().print(text_table(title, headings, cells))
