"""The commands `log show`, `log verify` and `log key`: what was done with the records of a store, and whether that is all."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dashboard.options import DATA, Form, KeyFile, Lang, Store, language_of, there, written

log_app = typer.Typer(no_args_is_help=True, help="Read and check the log of a store.")


@log_app.command("show")
def log_show(
    action: Annotated[str | None, typer.Option("--action", help="Only entries of this action, e.g. publish.")] = None,
    last: Annotated[int | None, typer.Option("--last", min=1, metavar="N", help="Only the last N entries.")] = None,
    form: Annotated[Form, typer.Option("--format", help="table for people; csv and json hold every column.")] = Form.table,
    store: Store = DATA,
    lang: Lang = None,
) -> None:
    """Print who did what with the records, and when: hashes, counts and ids, no values and no names of respondents."""
    from dataclasses import asdict

    import polars as pl

    from dashboard.terminal import console, text_table
    from dashboard.words import words
    from pipelines.log import read

    spoken = words(language_of(lang))
    entries = [entry for entry in read(there(store)) if action in (None, entry.action)][-last if last else 0 :]
    rows = [asdict(entry) | {"objects": _objects(dict(entry.objects))} for entry in entries]
    if written(pl.DataFrame(rows, schema=_SCHEMA), form):
        return
    if not rows:
        typer.echo(spoken("log.empty", store=store))
        return
    names = ("sequence", "time", "actor", "action", "outcome", "objects")
    cells = [[str(row[name]) for name in names] for row in rows]
    console().print(text_table(None, [spoken(f"log.{name}") for name in names], cells, [spoken("log.sequence")]))


@log_app.command("verify")
def log_verify(store: Store = DATA, key_file: KeyFile = None, lang: Lang = None) -> None:
    """Check every line of the log, and that no edition knows of more. Exit code 1 names the first line that is not as written."""
    from dashboard.words import words
    from indicators.editions.edition import BrokenEdition
    from indicators.editions.witness import witnesses
    from pipelines.log import LogBroken
    from pipelines.logcheck import verify

    spoken = words(language_of(lang))
    try:
        found = verify(there(store), witnesses(store / "editions"))
    except (LogBroken, BrokenEdition) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(spoken("log.whole", n=f"{found.lines:,}", heads=f"{found.heads:,}"))
    if found.marked:
        typer.echo(spoken("log.marked", n=f"{found.marked:,}", proven=f"{found.proven:,}"))
    if found.torn:
        typer.echo(spoken("log.torn", lines=spoken("mark.comma").join(map(str, found.torn))), err=True)


@log_app.command("key")
def log_key(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="New file for the key of the log.")],
    store: Store = DATA,
    key_file: KeyFile = None,
    lang: Lang = None,
) -> None:
    """Write the key that marks lines of the log, and opens no record: for the app, which signs people in and holds no records."""
    from dashboard.mistake import Mistake
    from dashboard.words import words
    from pipelines.log import append, ready
    from pipelines.secret import configured, refuse_inside, write_key

    there(store)
    if (key := configured()) is None:
        raise Mistake("The key of the log follows from that of the store, and no key was given: --key-file FILE.")
    refuse_inside(out, store)
    ready(store, "export")
    write_key(out, key.of_log)
    try:
        append(store, action="export", objects={"command": "log_key", "key": key.of_log.id})
    except BaseException:
        out.unlink()  # no key leaves the store without a line
        raise
    typer.echo(words(language_of(lang))("log.key", file=out))


_SCHEMA = ["sequence", "time", "actor", "action", "objects", "outcome", "previous", "hash", "key", "mark"]


def _objects(objects: dict[str, str | int | bool]) -> str:
    return " ".join(f"{name}={value}" for name, value in objects.items())
