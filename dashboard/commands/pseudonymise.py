"""The command `pseudonymise`: a list for a recipient outside, in which nobody bears the identifier that the house knows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dashboard.mistake import Mistake
from dashboard.options import (
    DATA,
    RECIPIENT,
    KeyFile,
    Lang,
    PlanFolder,
    Store,
    csv_named,
    language_of,
    plan_of,
    there,
    write_safely,
)


def pseudonymise(
    recipient: Annotated[str, RECIPIENT],
    table: Annotated[str | None, typer.Argument(metavar="[TABLE]", help="Id of the table whose rows are listed.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="File to write, ending in .csv.")] = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", metavar="NAME", help="A further column, as it is; may be repeated.")
    ] = None,
    who: Annotated[
        str | None,
        typer.Option("--who", metavar="PSEUDONYM", help="Say whose pseudonym it is, inside the house; writes no list."),
    ] = None,
    store: Store = DATA,
    plan_folder: PlanFolder = None,
    key_file: KeyFile = None,
    lang: Lang = None,
) -> None:
    """Write the identifiers of a table as pseudonyms for one recipient: always the same for him, others for everybody else.

    Only who holds the store can tell whose they are (--who). Further columns may still give somebody away: choose few.
    """
    from dashboard.words import words
    from pipelines.log import append, ready
    from pipelines.pseudonym import pseudonymised, pseudonyms_for, whose

    if (who is None) == (table is None) or (table is None) != (out is None):
        raise Mistake("Expected a TABLE with --out FILE.csv, or --who PSEUDONYM.")
    if out is not None:
        csv_named(out)
    ready(there(store), "pseudonymise")
    plan, spoken, names = plan_of(plan_folder), words(language_of(lang)), pseudonyms_for(store, recipient)
    told = {"recipient": names.mark, "command": "who" if who else "list"}
    if who is not None:
        found = whose(store, plan.dictionary, names, who.strip().lower())
        append(store, action="pseudonymise", objects={**told, "rows": len(found)})
        typer.echo("\n".join(f"{table}.{name}\t{text}" for table, name, text in found) or spoken("pseudonym.nobody"))
        return
    assert table is not None and out is not None
    rows = pseudonymised(store, plan.dictionary, table, names, column or ())
    append(store, action="pseudonymise", objects={**told, "table": table, "rows": rows.height})
    write_safely(rows, out)
    typer.echo(spoken("pseudonym.done", n=f"{rows.height:,}", recipient=recipient.strip(), path=out))
