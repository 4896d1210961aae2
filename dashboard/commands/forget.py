"""The command `forget`: records leave every file of the store, on request or at the end of the time they may be kept."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from dashboard.mistake import Mistake
from dashboard.options import DATA, KeyFile, Lang, PlanFolder, Store, language_of, plan_of, there

#: exit code where no record of a unit was found, which is no fault where it was forgotten before
NOBODY = 1


def forget(
    unit: Annotated[
        str | None, typer.Option("--unit", metavar="ID", help="All records of this unit, e.g. an enterprise.")
    ] = None,
    part: Annotated[
        int | None,
        typer.Option("--part", metavar="SEQUENCE", min=1, help="All rows that one file brought, by its number in the manifest."),
    ] = None,
    before: Annotated[
        str | None, typer.Option("--before", metavar="DATE", help="All records of times that ended before this day, 2024-01-01.")
    ] = None,
    store: Store = DATA,
    plan_folder: PlanFolder = None,
    key_file: KeyFile = None,
    lang: Lang = None,
) -> None:
    """Take records out of parts, set-aside rows, trail, weights and warehouse, so that nothing of them stays in the bytes.

    Editions hold no records and stay. Files that were sent, and copies of the store, are not touched: they are yours to delete.
    Exit code 1 where there is no record of the unit.
    """
    from dashboard.words import words
    from pipelines.forget import forget as forget_in
    from pipelines.request import Request

    given = [name for name, value in (("--unit", unit), ("--part", part), ("--before", before)) if value is not None]
    if len(given) != 1:
        raise Mistake(
            f"Found {' and '.join(given) or 'no request'}; expected one of --unit ID, --part SEQUENCE and --before DATE."
        )
    plan, spoken = plan_of(plan_folder), words(language_of(lang))
    found = forget_in(there(store), plan.dictionary, Request(unit=unit, part=part, before=_day(before)))
    if unit is not None and not any((found.rows, found.set_aside, found.edits, found.weights, found.contributions)):
        typer.echo(spoken("forget.nobody", unit=unit, store=store), err=True)
        raise typer.Exit(NOBODY)
    rows = [f"{plan.dictionary.tables[table].name.in_language(spoken.language)} {n:,}" for table, n in found.rows.items()]
    counts = {"set_aside": found.set_aside, "edits": found.edits, "weights": found.weights, "behind": found.contributions}
    told = {name: f"{count:,}" for name, count in counts.items()}
    typer.echo(spoken("forget.done", rows=spoken("mark.comma").join(rows) or "0", **told))
    if found.back:
        typer.echo(spoken("forget.back", n=f"{found.back:,}"), err=True)
    typer.echo(spoken("forget.elsewhere"), err=True)


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise Mistake(f"--before {text}: expected a day such as 2024-01-01.") from None
