"""The command `late`: who is late with a report; for those who hold the records, never for publication."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.mistake import Mistake
from dashboard.options import DATA, RECIPIENT, KeyFile, Lang, PlanFolder, Store, language_of, plan_of, write_safely

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
    recipient: Annotated[str | None, RECIPIENT] = None,
    key_file: KeyFile = None,
    lang: Lang = None,
) -> None:
    """List who has not reported in time, by name; with --for by pseudonyms for a recipient outside. Confidential.

    Of every table that says `due_days`: who reported for the period before, is still listed (and asked) and has not reported
    for the newest period that is due.
    """
    from dashboard.words import words
    from indicators.alerts.late import late_in
    from pipelines.log import append
    from pipelines.parts import read_manifest

    plan, spoken = plan_of(plan_folder), words(language_of(lang))
    dated = [table for table in plan.dictionary.tables.values() if table.due_days is not None]
    if not dated:
        raise Mistake(
            f"No table of the plan {plan.identity.id} says by when to report. State `due_days` in its file in tables/; "
            "indicators/plans/README.md lists the keys."
        )
    if not read_manifest(store):
        raise Mistake(f"Nothing is loaded in {store}. Run `planwatch load FILE…` first, or name another folder with --dir DIR.")
    found, told = _for(recipient, late_in(store, plan, datetime.now(UTC).date()), store)
    append(store, action="export", objects={"command": "late", "form": form.value, "rows": found.height, **told})
    warning = spoken("alerts.late.pseudonyms", recipient=recipient) if recipient else spoken("alerts.late.confidential")
    if form is Form.csv:
        typer.echo(warning, err=True)
        write_safely(found, None)
        return
    if found.is_empty():
        names = spoken("mark.comma").join(table.name.in_language(spoken.language) for table in dated)
        typer.echo(spoken("alerts.late.nobody", tables=names))
        return
    typer.echo(warning, err=True)
    for rows in found.partition_by("table", maintain_order=True):
        _print(plan, rows, spoken)


def _for(recipient: str | None, found: pl.DataFrame, store: Path) -> tuple[pl.DataFrame, dict[str, str]]:
    """The list as it is for a recipient, without names and in no order that tells of identifiers; by what the log knows him."""
    if recipient is None:
        return found, {}
    from pipelines.pseudonym import pseudonyms_for

    names = pseudonyms_for(store, recipient)
    hidden = found.drop("name").with_columns(names.of_all(found[column]).alias(column) for column in ("unit", "holding"))
    tables = hidden["table"].unique(maintain_order=True).to_list()
    return hidden.sort(hidden["table"].replace_strict(tables, range(len(tables))), "unit"), {"recipient": names.mark}


def _print(plan: Plan, rows: pl.DataFrame, words: Words) -> None:
    """The late units of one table."""
    from dashboard.terminal import console, text_table

    name = plan.dictionary.tables[rows["table"][0]].name.in_language(words.language)
    title = words("alerts.late.title", table=name, n=f"{rows['unit'].n_unique():,}")
    columns = [name for name in ("period", "due", "unit", "name", "holding") if name in rows.columns]
    headings = [words(f"alerts.late.{name}") for name in columns]
    cells = [["" if cell is None else str(cell) for cell in row] for row in rows.select(columns).rows()]
    console().print(text_table(title, headings, cells))
