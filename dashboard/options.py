"""What the commands have in common: their options, their exit codes, and how an option becomes a plan or an edition."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

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
Port = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port of the app on this machine.")]


def language_of(given: Tongue | None) -> Language:
    """The language asked for, else that of the terminal: Chinese where it says zh, English elsewhere."""
    named = next((os.environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(name)), "")
    return "zh" if given is Tongue.zh or (given is None and named.lower().startswith("zh")) else "en"


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
