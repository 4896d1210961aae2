"""Rows of a table file that are no records: totals, remarks, repeated headers, blank rows."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.dictionary import Dictionary, Table
from pipelines.header import Match, is_header
from pipelines.heading import plain
from pipelines.report import FileRefused, Note, plural, refuse, text

_QUANTITIES = ("integer", "number", "rate", "date", "month", "year", "timestamp")
_LOOKED_AT = 1_000  # rows after a blank one
_NOTE_WORDS = "注|备注|附注|说明|填表说明|数据来源|资料来源|来源|[Nn]otes?|NOTES?|[Ss]ources?"
_NOTE = re.compile(rf"^\s*(?:{_NOTE_WORDS})\s*(?:[:：]|\d+\s*[.、:：])")


@dataclass(frozen=True, kw_only=True)
class Sifted:
    """The rows that are records, how many others were left out, and the notes that say so."""

    rows: pl.LazyFrame
    dropped: int
    notes: tuple[Note, ...]
    left_out: int = 0  # of those dropped, the ones that are not blank


def is_remark(fields: Sequence[str | None]) -> bool:
    """Whether a row is a remark about the table: 注：…, Source: … in its first cell and nothing in the others."""
    return bool(fields) and bool(_NOTE.match(fields[0] or "")) and not any((field or "").strip() for field in fields[1:])


def is_total(fields: Sequence[str | None], table: Table) -> bool:
    """Whether a row repeats a sum: its first cell is one of the table's words for totals."""
    return bool(fields) and _word(fields[0]) in {_word(total) for total in table.totals}


def sift(rows: pl.LazyFrame, match: Match, dictionary: Dictionary, *, file: str, after_blank: Sequence[int] = ()) -> Sifted:
    """The rows without totals, remarks, repeated headers and blank rows. Raises FileRefused when another table begins.

    Only rows whose first cell is blank or one of a few words are looked at, so a large file is scanned once on one column.
    """
    cells = [name for name in rows.collect_schema().names() if name.startswith("c")]
    _refuse_second_table(rows, match, dictionary, file, after_blank)
    marked = _marked(rows, match, dictionary)
    if marked.is_empty():
        return Sifted(rows=rows, dropped=0, notes=())
    empty: list[int] = []
    if marked["blank"].any():
        nothing = pl.all_horizontal(pl.col(name).is_null() | (pl.col(name).str.strip_chars() == "") for name in cells)
        empty = rows.filter(nothing).select("src_row").collect(engine="streaming")["src_row"].to_list()
    suspects = marked.filter("suspect")["src_row"].implode()
    candidates = rows.filter(pl.col("src_row").is_in(suspects)).collect(engine="streaming")
    totals, remarks, repeats = _classify(candidates, cells, match, dictionary, file)
    dropped = sorted({*empty, *totals, *remarks, *repeats})
    notes = (
        *_note(empty, "略去 {n} 个空行（首个在第 {row} 行）", "blank row was", "blank rows were"),
        *_note(totals, "略去 {n} 个合计行（首个在第 {row} 行）", "row with totals was", "rows with totals were"),
        *_note(remarks, "略去 {n} 行表注（首行为第 {row} 行）", "row with a remark was", "rows with remarks were"),
        *_note(repeats, "略去 {n} 个重复的表头行（首个在第 {row} 行）", "repeated header row was", "repeated header rows were"),
    )
    kept = rows.filter(~pl.col("src_row").is_in(pl.Series(dropped, dtype=pl.Int64).implode())) if dropped else rows
    left_out = len({*totals, *remarks, *repeats})
    return Sifted(rows=kept, dropped=len(dropped), notes=notes, left_out=left_out)


def _marked(rows: pl.LazyFrame, match: Match, dictionary: Dictionary) -> pl.DataFrame:
    """src_row, blank, suspect of the rows whose first cell is blank or one of the words that begin no record."""
    first = pl.col("c0").str.strip_chars()
    blank = pl.col("c0").is_null() | (first == "")
    words = [*_spellings(dictionary.tables[match.table]), *_header_spellings(match, dictionary)]
    suspect = first.is_in(words) | pl.col("c0").str.contains(rf"^\s*(?:{_NOTE_WORDS})\s*[:：\d]")
    marked = rows.select("src_row", blank=blank, suspect=suspect.fill_null(False))
    return marked.filter(pl.col("blank") | pl.col("suspect")).collect(engine="streaming")


def two_tables(file: str, row: int) -> FileRefused:
    """The refusal of a file in which another table begins in `row`."""
    found = (f"第 {row} 行起是另一张表", f"another table begins in row {row}")
    return refuse(
        file,
        found=found,
        expected=("每个文件一张表", "one table per file"),
        todo=("请将两张表分别保存为文件", "save the two tables as two files"),
    )


def _refuse_second_table(rows: pl.LazyFrame, match: Match, dictionary: Dictionary, file: str, after_blank: Sequence[int]) -> None:
    """After a blank row, a row with words where there should be quantities and no digit anywhere is a header we do not know."""
    if not after_blank:
        return
    columns = dictionary.tables[match.table].columns
    quantities = [i for i, name in enumerate(match.columns) if name and columns[name].type in _QUANTITIES]
    numbers = pl.Series(list(after_blank)[:_LOOKED_AT], dtype=pl.Int64)
    found = rows.filter(pl.col("src_row").is_in(numbers.implode())).collect(engine="streaming")
    for number, *fields in found.iter_rows():
        words = [field.strip() for field in fields if field and field.strip()]
        stated = [field for i in quantities if (field := (fields[i] or "").strip()) and field not in dictionary.missing]
        if (
            len(words) >= 2
            and stated
            and not any(re.search(r"\d", word) for word in words)
            and not is_total(fields, dictionary.tables[match.table])
        ):
            raise two_tables(file, number)


def _classify(
    candidates: pl.DataFrame, cells: list[str], match: Match, dictionary: Dictionary, file: str
) -> tuple[list[int], list[int], list[int]]:
    totals, remarks, repeats = [], [], []
    own = [plain(word) for word in match.header]
    for record in candidates.iter_rows():
        number, fields = record[0], record[1 : 1 + len(cells)]
        if is_remark(fields):
            remarks.append(number)
        elif is_total(fields, dictionary.tables[match.table]):
            totals.append(number)
        elif is_header(fields, dictionary) is not None:
            if [plain(field) for field in fields] != own and not _same_order(fields, match, dictionary):
                raise two_tables(file, number)
            repeats.append(number)
    return totals, remarks, repeats


def _same_order(fields: Sequence[str | None], match: Match, dictionary: Dictionary) -> bool:
    """Whether a second header names the same columns in the same places, for example in the other language."""
    table = dictionary.tables[match.table]
    for field, name in zip(fields, match.columns, strict=True):
        column = table.columns.get(name or "")
        if column and plain(field) not in {plain(word) for word in (name, column.name.zh, column.name.en, *column.aliases)}:
            return False
    return True


def _note(rows: list[int], zh: str, one: str, many: str) -> list[Note]:
    if not rows:
        return []
    first = f" (the first is row {min(rows)})" if len(rows) > 1 else f" (row {min(rows)})"
    en = f"{plural(len(rows), one, many)} left out{first}"
    return [Note(kind="normalised", row=min(rows), message=text(zh.format(n=len(rows), row=min(rows)), en))]


def _word(cell: str | None) -> str:
    return re.sub(r"[\s:：]+", "", unicodedata.normalize("NFKC", cell or "")).casefold()


def _spellings(table: Table) -> list[str]:
    """Ways in which the words for totals are written, as far as a quick look on a large file goes."""
    found: set[str] = set()
    for total in table.totals:
        spaced = [total, *(gap.join(total) for gap in (" ", "  ", "\u3000", "\u3000\u3000") if not total.isascii())]
        found |= {
            form + end for word in spaced for form in (word, word.lower(), word.upper(), word.title()) for end in ("", ":", "：")
        }
    return sorted(found)


def _header_spellings(match: Match, dictionary: Dictionary) -> list[str]:
    words = {match.header[0].strip()} if match.header else set()
    for table in dictionary.tables.values():
        for name, column in table.columns.items():
            words |= {name, column.name.zh, column.name.en, *column.aliases}
    return sorted(word for word in words if word)
