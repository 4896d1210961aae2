"""Any table file as sheets: gate, encoding, header, records. Nothing in a file is lost without a note, a fault or a refusal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import polars as pl

from pipelines.archive import check_workbook
from pipelines.csvfile import read_records
from pipelines.dictionary import Dictionary
from pipelines.encoding import open_text
from pipelines.gate import admit
from pipelines.header import Match, recognise, score
from pipelines.heading import split_unit
from pipelines.months import with_stated_year
from pipelines.report import FileRefused, Note, plural, refuse, rejected, row_fault, text
from pipelines.scratch import Scratch
from pipelines.sheet import Sheet
from pipelines.sidecar import check_hash, check_rows, read_sidecar
from pipelines.sift import sift
from pipelines.workbook import Workbook, Worksheet, read_parquet, read_workbook
from pipelines.worksheet import body

__all__ = ["Sheet", "of_sheet", "read_sheets"]


def read_sheets(path: Path, dictionary: Dictionary, *, table: str | None = None) -> list[tuple[str, Sheet]]:
    """The tables in a CSV, XLSX or Parquet file as (table id, sheet); `table` says which it must be.

    Raises FileRefused, with what was found, what was expected and what to do, when the file as a whole cannot be trusted.
    """
    kind = admit(path)
    sidecar = read_sidecar(path)
    check_hash(path, sidecar)
    if kind == "text":
        found = [_from_text(path, dictionary, table)]
    elif kind == "parquet":
        found = [_from_parquet(path, dictionary, table)]
    else:
        check_workbook(path)
        found = _from_workbook(path, dictionary, table)
    check_rows(path.name, sum(sheet.read for _, sheet in found), sidecar)
    return found


def _from_text(path: Path, dictionary: Dictionary, table: str | None) -> tuple[str, Sheet]:
    scratch = Scratch()
    source = open_text(path, scratch)
    records = read_records(source, dictionary, file=path.name, scratch=scratch, table=table)
    sheet = Sheet(
        file=path.name, sheet=None, header=records.match.header, columns=records.match.columns, units=records.match.units,
        rows=records.rows, read=records.read, faults=records.faults, notes=records.notes,
        left_out=records.left_out, scratch=scratch,
    )  # fmt: skip
    return _finished(sheet, records.match, dictionary, after_blank=records.after_blank)


def _from_parquet(path: Path, dictionary: Dictionary, table: str | None) -> tuple[str, Sheet]:
    scratch = Scratch()
    found = read_parquet(path, scratch)
    match = recognise([list(found.names)], dictionary, file=path.name, table=table)
    rows = found.rows.rename({f"c{i}": f"x{i - 1}" for i in range(1, len(found.names) + 1)}).rename(
        lambda name: name.replace("x", "c")
    )
    sheet = Sheet(
        file=path.name, sheet=None, header=match.header, columns=match.columns, units=match.units, rows=rows, read=found.count,
        faults=rejected(), notes=(), scratch=scratch,
    )  # fmt: skip
    return _finished(sheet, match, dictionary)


def _from_workbook(path: Path, dictionary: Dictionary, table: str | None) -> list[tuple[str, Sheet]]:
    book = read_workbook(path)
    visible = [sheet for sheet in book.sheets if sheet.state == "visible" and sheet.cells.height]
    found: list[tuple[str, Sheet]] = []
    refusals: list[tuple[tuple[bool, int, int, int], FileRefused]] = []
    skipped: list[Worksheet] = []
    heads = [[row[1:] for row in sheet.cells.head(40).iter_rows()] for sheet in visible]
    ranks = [score(head, dictionary, file=path.name, table=table) for head in heads]
    several = sum(rank[0] for rank in ranks) > 1
    for sheet, rank in zip(visible, ranks, strict=True):
        file = of_sheet(path.name, sheet.name) if several else path.name
        try:
            found.append(_from_worksheet(sheet, book, dictionary, file, table))
        except FileRefused as error:
            if rank[0]:  # its header fits, so what stands against it stands against the file
                raise
            refusals.append((rank, error))
            skipped.append(sheet)
    if not found:
        if refusals:
            raise max(refusals, key=lambda item: item[0])[1]
        raise _no_rows(path.name)
    extra = _sheet_notes(book, skipped)
    return [(found[0][0], replace(found[0][1], notes=(*found[0][1].notes, *extra))), *found[1:]]


def _from_worksheet(sheet: Worksheet, book: Workbook, dictionary: Dictionary, file: str, table: str | None) -> tuple[str, Sheet]:
    found = body(sheet, book, dictionary, file=file, table=table)
    whole = Sheet(
        file=file, sheet=sheet.name, header=found.match.header, columns=found.match.columns, units=found.match.units,
        rows=found.rows.lazy(), read=found.rows.height + found.faults["row"].n_unique(), faults=found.faults, notes=found.notes,
    )  # fmt: skip
    gaps = found.rows.filter(pl.col("src_row").diff() > 1)["src_row"].to_list()
    return _finished(whole, found.match, dictionary, after_blank=gaps)


def of_sheet(file: str, sheet: str) -> str:
    """What a sheet of a workbook with several tables is called: two.xlsx [Sheet2]."""
    shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in sheet)
    return f"{file} [{shown}]"


def _sheet_notes(book: Workbook, skipped: list[Worksheet]) -> list[Note]:
    """Notes on sheets that were not loaded; those that hold more than a few words are for a person to look at."""
    notes = []
    for sheet in book.sheets:
        if sheet.state != "visible" and sheet.cells.height:
            zh, en = (
                f"隐藏的工作表“{sheet.name}”含有数据，未载入，请核实",
                f"the hidden sheet `{sheet.name}` holds data and was not loaded; please verify",
            )
            notes.append(Note(kind="review", message=text(zh, en)))
    for sheet in skipped:
        large = sheet.facts["rows"] >= 2 and sheet.facts["columns"] >= 2
        zh, en = (
            f"工作表“{sheet.name}”不是计划中的表，未载入",
            f"the sheet `{sheet.name}` is no table of the plan and was not loaded",
        )
        notes.append(Note(kind="review" if large else "normalised", message=text(zh, en)))
    return notes


def _finished(sheet: Sheet, match: Match, dictionary: Dictionary, *, after_blank: Sequence[int] = ()) -> tuple[str, Sheet]:
    """The sheet without rows and columns that are no data. Raises FileRefused when no record is left."""
    sheet = _without_blank_headers(sheet)
    match = replace(match, header=sheet.header, columns=sheet.columns, units=sheet.units)
    sheet = with_stated_year(sheet, match, dictionary)
    sifted = sift(sheet.rows, match, dictionary, file=sheet.file, after_blank=after_blank)
    read = sheet.read - sifted.dropped
    if read <= 0:
        raise _no_rows(sheet.file)
    notes = [*sheet.notes, *_header_note(match, dictionary), *sifted.notes]
    if match.skipped:
        zh, en = (
            f"表头之上的 {match.skipped} 行标题或说明未载入",
            f"{plural(match.skipped, 'row of titles was', 'rows of titles were')} above the header and not loaded",
        )
        notes.insert(0, Note(kind="normalised", message=text(zh, en)))
    return match.table, replace(sheet, rows=sifted.rows, read=read, notes=tuple(notes), left_out=sheet.left_out + sifted.left_out)


def _header_note(match: Match, dictionary: Dictionary) -> list[Note]:
    """A note on headers that were recognised although they are not spelt as in the dictionary."""
    columns = dictionary.tables[match.table].columns
    odd = []
    for word, name in zip(match.header, match.columns, strict=True):
        if name is not None:
            known = {name, columns[name].name.zh, columns[name].name.en, *columns[name].aliases}
            odd += [] if word in known or split_unit(word)[0] in known else [word.replace("\n", " ").strip()]
    if not odd:
        return []
    zh = f"表头写法与字典不同，已按其识别：{'、'.join(odd[:8])}"
    en = f"headers spelt differently from the dictionary were recognised: {', '.join(odd[:8])}"
    return [Note(kind="normalised", message=text(zh, en))]


def _without_blank_headers(sheet: Sheet) -> Sheet:
    """Empty columns without a header are left out; a row with a value in one is set aside, for nobody knows what it means."""
    blank = [
        i for i, (word, name) in enumerate(zip(sheet.header, sheet.columns, strict=True)) if name is None and not word.strip()
    ]
    if not blank:
        return sheet
    stray = pl.any_horizontal((pl.col(f"c{i}").str.strip_chars() != "").fill_null(False) for i in blank)
    bad = sheet.rows.filter(stray).select("src_row").collect(engine="streaming")["src_row"]
    zh, en = (
        "在没有表头的列中有内容；请为该列加表头或移除内容",
        "has a value in a column without a header; give the column a header or remove the value",
    )
    faults = rejected(row_fault(sheet.file, row, "row.fields", zh, en) for row in bad)
    kept = [i for i in range(len(sheet.header)) if i not in set(blank)]
    rows = sheet.rows.filter(~pl.col("src_row").is_in(bad.implode())) if len(bad) else sheet.rows
    return replace(
        sheet,
        header=tuple(sheet.header[i] for i in kept),
        columns=tuple(sheet.columns[i] for i in kept),
        units=tuple(sheet.units[i] for i in kept),
        rows=rows.select("src_row", *(pl.col(f"c{i}").alias(f"c{n}") for n, i in enumerate(kept))),
        faults=pl.concat([sheet.faults, faults]),
    )


def _no_rows(file: str) -> FileRefused:
    todo = ("请检查导出条件后重新提交", "check what was exported and send it again")
    return refuse(
        file,
        found=("没有数据行", "no rows of data"),
        expected=("表头之下至少一行数据", "at least one row below the header"),
        todo=todo,
    )
