"""A worksheet as a table: header found, merged cells resolved, and what a spreadsheet hides brought to light."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipelines.dictionary import Dictionary
from pipelines.header import SEARCHED, Match, recognise
from pipelines.report import Note, plural, rejected, row_fault, text
from pipelines.workbook import Workbook, Worksheet, letters

#: types in which a value may stand for several rows; a quantity in a merged cell belongs to no single row
REPEATABLE = {"identifier", "text", "code", "unit", "year", "month", "date"}
NAMED = 20  # notes of one kind that are written out


@dataclass(frozen=True, kw_only=True)
class Body:
    """The rows below the header: src_row and c0.., the rows that could not be taken, and the notes."""

    match: Match
    rows: pl.DataFrame
    faults: pl.DataFrame
    notes: tuple[Note, ...]


def body(sheet: Worksheet, book: Workbook, dictionary: Dictionary, *, file: str, table: str | None = None) -> Body:
    """The table on a worksheet. Raises FileRefused when no header on it fits."""
    cells = _without_empty_columns(sheet.cells)
    places = [int(name[1:]) for name in cells.columns[1:]]  # spreadsheet column of each c0..
    top = [list(row[1:]) for row in cells.head(SEARCHED + 3).iter_rows()]
    match = recognise(top, dictionary, file=file, table=table)
    frame = cells.slice(match.first + match.height)
    frame = frame.rename({name: f"c{i}" for i, name in enumerate(cells.columns[1:])})
    frame, serials = _dated(frame, match, dictionary, book)
    frame, faults, merged = _resolve_merged(frame, sheet, places, match, dictionary, file)
    notes = (*serials, *merged, *_hidden(frame, sheet, places, match), *_hints(frame, sheet, book, places, match, dictionary))
    return Body(match=match, rows=frame, faults=faults, notes=notes)


def _without_empty_columns(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.select("src_row", *(name for name in cells.columns[1:] if cells[name].null_count() < cells.height))


def _dated(frame: pl.DataFrame, match: Match, dictionary: Dictionary, book: Workbook) -> tuple[pl.DataFrame, list[Note]]:
    """Serial numbers in columns of dates as ISO days: in a workbook, unlike in a CSV, the calendar they count by is known."""
    types = dictionary.tables[match.table].columns
    names = [f"c{i}" for i, name in enumerate(match.columns) if name and types[name].type in ("date", "month", "timestamp")]
    base, notes = (dt.date(1904, 1, 1) if book.date1904 else dt.date(1899, 12, 30)), []
    low, high = ((day - base).days for day in (dt.date(1990, 1, 1), dt.date(2100, 1, 1)))
    for name in names:
        serial = pl.col(name).str.extract(r"^(\d{5})$").cast(pl.Int32)
        serial = pl.when(serial.is_between(low, high)).then(serial)
        rows = frame.filter(serial.is_not_null())["src_row"]
        if len(rows):
            frame = frame.with_columns(
                pl.coalesce((pl.lit(base) + pl.duration(days=serial)).cast(pl.String), pl.col(name)).alias(name)
            )
            zh = f"{len(rows)} 个日期是未设格式的序号，已按工作簿的日期系统换算"
            en = plural(len(rows), "date was an unformatted serial number,", "dates were unformatted serial numbers,")
            en += " read by the calendar of the workbook"
            notes.append(Note(kind="normalised", row=rows[0], column=match.columns[int(name[1:])], message=text(zh, en)))
    return frame, notes


def _resolve_merged(
    frame: pl.DataFrame, sheet: Worksheet, places: Sequence[int], match: Match, dictionary: Dictionary, file: str
) -> tuple[pl.DataFrame, pl.DataFrame, list[Note]]:
    """Names in vertically merged cells are repeated in every row they cover; rows with a merged quantity are set aside."""
    if frame.is_empty() or not sheet.facts["merged"]:
        return frame, rejected(), []
    numbers = frame["src_row"].to_list()
    at = {number: i for i, number in enumerate(numbers)}
    columns = {name: frame[name].to_list() for name in frame.columns[1:]}
    types = [dictionary.tables[match.table].columns[name].type if name else None for name in match.columns]
    filled, bad = 0, dict[int, str]()
    for top, left, bottom, right in sheet.facts["merged"]:
        rows = [at[number] for number in range(max(top, numbers[0]), min(bottom, numbers[-1]) + 1) if number in at]
        covered = [i for i, place in enumerate(places) if left <= place <= right]
        if not rows or not covered or top < numbers[0]:
            continue
        value = columns[f"c{covered[0]}"][rows[0]]
        if value is None or (len(rows) == 1 and not any(columns[name][rows[0]] for name in columns if name != f"c{covered[0]}")):
            continue  # an empty merged cell says nothing; one alone in its row is a remark
        if len(covered) == 1 and types[covered[0]] in REPEATABLE:
            for i in rows[1:]:
                columns[f"c{covered[0]}"][i] = value
                filled += 1
        else:
            bad |= {numbers[i]: match.header[covered[0]] for i in rows}
    faults = rejected(_merged_fault(file, row, column) for row, column in sorted(bad.items()))
    result = pl.DataFrame({"src_row": frame["src_row"], **{n: pl.Series(v, dtype=pl.String) for n, v in columns.items()}})
    note = Note(
        kind="normalised",
        message=text(
            f"合并单元格的内容已补到其覆盖的 {filled} 行",
            f"merged cells were repeated in {plural(filled, 'further row', 'further rows')} they cover",
        ),
    )
    return (
        result.filter(~pl.col("src_row").is_in(pl.Series(list(bad), dtype=pl.Int64).implode())),
        faults,
        [note] if filled else [],
    )


def _merged_fault(file: str, row: int, column: str) -> dict[str, Any]:
    zh = f"{column} 的数值位于合并单元格中，无法确定属于哪一行或哪一列；请取消合并并逐行填写"
    en = f"{column} has a value in a merged cell, which belongs to no single row and column; unmerge it and fill in every row"
    return row_fault(file, row, "row.merged", zh, en)


def _hidden(frame: pl.DataFrame, sheet: Worksheet, places: Sequence[int], match: Match) -> list[Note]:
    """Notes on hidden rows and columns; their values are read like all others."""
    found = []
    rows = frame.filter(pl.col("src_row").is_in(pl.Series(sheet.facts["hidden_rows"], dtype=pl.Int64).implode()))[
        "src_row"
    ].to_list()
    if rows:
        shown = ", ".join(map(str, rows[:NAMED]))
        found.append(
            _normalised(f"已读取隐藏的行 {shown}", f"{'hidden row was' if len(rows) == 1 else 'hidden rows were'} read: {shown}")
        )
    hidden = [
        letters(place)
        for place, name in zip(places, match.columns, strict=True)
        if place in sheet.facts["hidden_columns"] and name
    ]
    if hidden:
        shown = ", ".join(hidden)
        found.append(
            _normalised(
                f"已读取隐藏的列 {shown}", f"{'hidden column was' if len(hidden) == 1 else 'hidden columns were'} read: {shown}"
            )
        )
    first, last = frame["src_row"].min(), frame["src_row"].max()
    if isinstance(first, int) and isinstance(last, int) and (blank := last - first + 1 - frame.height) > 0:
        found.append(_normalised(f"略去 {blank} 个空行", f"{plural(blank, 'blank row was', 'blank rows were')} left out"))
    if sheet.facts["overstated"]:
        found.append(
            _normalised(
                "工作表声明的范围大于实际内容，已按实际内容读取",
                "the sheet claims a larger range than it fills; what is there was read",
            )
        )
    return found


def _hints(
    frame: pl.DataFrame, sheet: Worksheet, book: Workbook, places: Sequence[int], match: Match, dictionary: Dictionary
) -> list[Note]:  # fmt: skip
    """Notes for a person to look at: lost digits, the 1904 calendar, formulas whose results may be stale."""
    found = []
    numbers = set(frame["src_row"])
    named = {place: name for place, name in zip(places, match.columns, strict=True) if name}
    columns = dictionary.tables[match.table].columns
    long = [
        (row, named[c])
        for row, c in sheet.facts["long"]
        if row in numbers and c in named and columns[named[c]].type in ("identifier", "text", "code")
    ]
    for row, name in long[:NAMED]:
        zh, en = (
            "以数字保存的长编码：电子表格只保留 15 位，其后的数字已丢失，请核对",
            "a long identifier stored as a number: spreadsheets keep 15 digits, the others are lost; please verify",
        )
        found.append(Note(kind="review", row=row, column=name, message=text(zh, en)))
    if len(long) > NAMED:
        n = len(long) - NAMED
        found.append(
            _review(
                f"另有 {n} 个以数字保存的长编码",
                plural(n, "more long identifier is stored as a number", "more long identifiers are stored as numbers"),
            )
        )
    if book.date1904:
        found.append(
            _review(
                "工作簿使用 1904 日期系统；日期已按其换算，请核对",
                "the workbook uses the 1904 date system; its dates were read accordingly, please verify",
            )
        )
    stale = [row for row, c in sheet.facts["formulas"] if row in numbers and c in named]
    if book.recalculate and stale:
        zh = f"{len(stale)} 个单元格是公式，其结果可能从未由电子表格计算，请打开并保存后核对"
        en = plural(len(stale), "cell is a formula whose result", "cells are formulas whose results")
        en += " may never have been computed; open and save the file and verify"
        found.append(Note(kind="review", row=stale[0], message=text(zh, en)))
    return found


def _normalised(zh: str, en: str) -> Note:
    return Note(kind="normalised", message=text(zh, en))


def _review(zh: str, en: str) -> Note:
    return Note(kind="review", message=text(zh, en))
