"""Files named on the command line, taken into a store; invented and real records are kept apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import typer

from dashboard.mistake import Mistake
from dashboard.options import csv_named, there
from dashboard.terminal import console, load_remarks, load_table, progress
from dashboard.words import Words, words
from indicators.catalogue.plan import Plan
from pipelines.load import LoadReport, load
from pipelines.log import append
from pipelines.rejected import all_rejected, export_rejected
from pipelines.yamlfile import suggest

Named = Path | tuple[str, Path]
READABLE = (".csv", ".xlsx", ".parquet")
#: stands in a store that was filled with invented records
MARK = "SYNTHETIC.txt"


def named_files(text: str, plan: Plan) -> list[Named]:
    """The files a word of the command line stands for: FILE, TABLE=FILE, or a folder of files.

    Raises Mistake when there are none.
    """
    given = re.match(r"^([a-z][a-z0-9_]*)=(.+)$", text)
    if given and not Path(text).exists():
        table, path = given.group(1), Path(given.group(2))
        if table not in plan.dictionary.tables:
            raise Mistake(f"{text}: the plan has no table `{table}`.{suggest(table, plan.dictionary.tables)}")
        if not path.is_file():
            raise Mistake(f"{path}: there is no such file.")
        return [(table, path)]
    path = Path(text)
    if path.is_dir():
        inside = sorted(
            file for file in path.iterdir() if file.suffix.lower() in READABLE and not file.name.startswith((".", "~$"))
        )
        if not inside:
            raise Mistake(f"{path}: no file in this folder ends in {', '.join(READABLE)}.")
        return list(inside)
    if not path.is_file():
        raise Mistake(f"{path}: there is no such file or folder.")
    return [path]


def take_in(files: Sequence[Named], store: Path, plan: Plan, spoken: Words) -> list[LoadReport]:
    """Loads the files and prints what became of each. Raises Mistake when invented and real records would be mixed."""
    _keep_apart(files, store)
    with progress("loading") as report:
        reports = load(files, store=store, dictionary=plan.dictionary, progress=report)
    console().print(load_table(reports, spoken))
    for found in reports:
        for line in load_remarks(found, spoken):
            typer.echo(line, err=True)
    return reports


def exit_code(reports: Sequence[LoadReport], plan: Plan, spoken: Words) -> int:
    """The worst over all files: 2 refused, 1 more set aside than the plan allows, 0 done."""
    if any(report.refused for report in reports):
        return 2
    limit = plan.identity.set_aside_limit
    above = [report for report in reports if report.set_aside > limit * report.read]
    for report in above:
        share = f"{report.set_aside / report.read:.1%}"
        typer.echo(spoken("load.above", file=report.file, share=share, limit=f"{limit:.0%}"), err=True)
    return 1 if above else 0


@dataclass(frozen=True, kw_only=True)
class Faults:
    """Rejected rows of several loads, one row a fault."""

    rejected: pl.DataFrame


def faults_in(store: Path, files: Sequence[str] = ()) -> Faults:
    """What is set aside in a store; with `files` only of files of these names. Raises Mistake where there is no store."""
    found = all_rejected(there(store))
    # a workbook with several tables names the sheet behind the file: two.xlsx [Sheet2]
    plain = pl.col("file").str.replace(r" \[[^\]]*\]$", "")
    return Faults(rejected=found.filter(plain.is_in([Path(name).name for name in files])) if files else found)


def faults_of(reports: Sequence[LoadReport]) -> Faults:
    """What these loads set aside."""
    return Faults(rejected=pl.concat([report.rejected for report in reports]))


def write_faults(faults: Faults, path: Path, language: str, store: Path) -> None:
    """Writes the faults for the reporter and says how many. Raises Mistake when the name does not end in .csv."""
    csv_named(path)
    append(store, action="export", objects={"command": "rejected", "rows": faults.rejected.height})
    path.parent.mkdir(parents=True, exist_ok=True)
    typer.echo(words(language)("load.written", n=f"{export_rejected(faults, path, language):,}", path=path))


def mark_as_invented(store: Path) -> None:
    """Says in the store that its records are invented. Raises Mistake when it holds others already."""
    if (store / "accepted").is_dir() and not (store / MARK).exists():
        raise Mistake(
            f"{store} holds records that are not the sample. Name another folder for it: planwatch demo --dir demo-data"
        )
    store.mkdir(parents=True, exist_ok=True)
    words = "Every record in this folder is invented. 本文件夹中的全部记录均为虚构的合成数据。\n"
    (store / MARK).write_text(words, encoding="utf-8")


def _keep_apart(files: Sequence[Named], store: Path) -> None:
    names = [(item if isinstance(item, Path) else item[1]).name for item in files]
    if (store / MARK).exists() and (real := [name for name in names if not name.startswith("SYNTHETIC")]):
        raise Mistake(
            f"{store} holds the invented records of `planwatch demo`, and {', '.join(real)} would be mixed with them. "
            "Load into a folder of its own: --dir DIR"
        )
