"""What the commands have in common: their options, their exit codes, and how an option becomes a plan or an edition."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.mistake import Mistake

if TYPE_CHECKING:
    import polars as pl

    from indicators.catalogue.periods import Language
    from indicators.catalogue.plan import Plan
    from indicators.editions.edition import Edition

DONE, SET_ASIDE, MEND = 0, 1, 2
DATA = Path("data")


class Form(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"


class Tongue(StrEnum):
    zh = "zh"
    en = "en"


Store = Annotated[Path, typer.Option("--dir", help="Folder with the accepted files, the warehouse and the editions.")]
PlanFolder = Annotated[Path | None, typer.Option("--plan", help="Plan folder; without it the automotive plan.")]
Lang = Annotated[Tongue | None, typer.Option("--lang", help="Language of names and texts; without it that of the terminal.")]
EditionId = Annotated[str | None, typer.Option("--edition", help="Edition id; without it the current one.")]
Address = Annotated[str, typer.Option("--address", help="IP address to listen on; by default this machine alone.")]
SignIn = Annotated[
    Path | None,
    typer.Option("--sign-in", metavar="FILE", help="Secrets file of the identity provider; DIR/access.yaml says who may enter."),
]
Hosts = Annotated[
    list[str] | None,
    typer.Option("--host", metavar="NAME", help="A further name under which visitors reach it; may be repeated."),
]
WithoutSignIn = Annotated[
    bool, typer.Option("--without-sign-in", help="Everyone who reaches the app sees all that is published, as an analyst.")
]
#: for whom a list of pseudonyms is
RECIPIENT = typer.Option("--for", metavar="RECIPIENT", help="Who gets the list: identifiers are pseudonyms made for him alone.")


def _use_key(context: typer.Context, path: Path | None) -> Path | None:
    """Makes the key in the file that of this command; PLANWATCH_KEY_FILE and PLANWATCH_KEY stand in for it elsewhere."""
    from pipelines.secret import read_key, using

    if path is not None:
        context.with_resource(using(read_key(path)))
    return path


KeyFile = Annotated[
    Path | None,
    typer.Option("--key-file", metavar="FILE", callback=_use_key, help="Key of a sealed store; or PLANWATCH_KEY_FILE says it."),
]
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the app on this machine.")]


def language_of(given: Tongue | None) -> Language:
    """The language asked for, else that of the terminal: Chinese where it says zh, English elsewhere."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if given is Tongue.zh or (given is None and named.lower().startswith("zh")) else "en"


def there(store: Path) -> Path:
    """The folder of a store. Raises Mistake where it is not there, so that a mistyped name is not taken for an empty store."""
    if not store.is_dir():
        raise Mistake(f"{store}: there is no such folder. Name the one that was given to `planwatch load`: --dir DIR")
    return store


def csv_named(path: Path) -> Path:
    """A file to write rows into. Raises Mistake when its name does not end in .csv."""
    if path.suffix.lower() != ".csv":
        raise Mistake(f"{path}: rows are written as CSV; found the ending `{path.suffix}`, expected `.csv`.")
    return path


def folder_of(given: Path | None) -> Path:
    from indicators.catalogue.catalogue import AUTOMOTIVE

    return given or AUTOMOTIVE


def plan_of(given: Path | None) -> Plan:
    from indicators.catalogue.catalogue import load_plan

    return load_plan(folder_of(given))


def edition_of(store: Path, identifier: str | None) -> Edition:
    from indicators.editions.edition import open_edition

    return open_edition(store / "editions", identifier)


def written(rows: pl.DataFrame, form: Form) -> bool:
    """Whether rows were asked for as csv or json, and if so written whole to standard output."""
    if form is Form.table:
        return False
    sys.stdout.write(rows.write_csv() if form is Form.csv else rows.write_json() + "\n")
    return True


def write_safely(rows: pl.DataFrame, out: Path | None) -> None:
    """As CSV that a spreadsheet program opens rightly, in which no text becomes a formula, readable by its owner alone.

    To standard output where there is no file.
    """
    import polars as pl

    from pipelines.rejected import neutral

    safe = rows.with_columns(pl.col(pl.String).map_elements(neutral, return_dtype=pl.String, skip_nulls=True))
    if out is None:
        sys.stdout.write(safe.write_csv())
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.touch(mode=0o600)
    out.chmod(0o600)  # before anything is in it
    safe.write_csv(out, include_bom=True, line_terminator="\r\n")
