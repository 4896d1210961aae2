"""Lines of a delimited text as records: what quotes mean, and when they mean nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from pipelines.encoding import TextFile
from pipelines.report import FileRefused, refuse

LONGEST = 1 << 20  # bytes of one record; readers lose or abort on longer lines (DuckDB returns no rows above 32 MB)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the lines of a file are split, and where its data begins."""

    file: str
    delimiter: str
    width: int
    offset: int  # byte of the first line below the header
    first: int  # number of that line


@dataclass(frozen=True, kw_only=True)
class Line:
    """One record: its first physical line, how many lines it takes, its fields or None when its quotes are wrong."""

    number: int
    span: int
    fields: list[str] | None


def schema_of(width: int) -> dict[str, pl.DataType]:
    """Columns c0 … as texts."""
    return {f"c{i}": pl.String() for i in range(width)}


def numbered(source: TextFile, layout: Layout) -> Iterator[tuple[int, bytes]]:
    """The lines below the header with their numbers, without line ends."""
    with source.path.open("rb") as stream:
        stream.seek(layout.offset)
        number = layout.first
        while raw := stream.readline(LONGEST + 1):
            if len(raw) > LONGEST:
                raise too_long(layout.file, number)
            yield number, raw.rstrip(b"\r\n")
            number += 1


def head_records(lines: Sequence[str], delimiter: str, most: int) -> list[Line]:
    """The first records, for finding a header: where quotes are wrong a line is split bluntly, and judged later."""
    found: list[Line] = []
    place = 0
    while place < len(lines) and len(found) < most:
        for span in range(1, 6):  # a header cell in quotes may hold a few line breaks
            fields = split("\n".join(lines[place : place + span]), delimiter)
            if fields != "open":
                break
        if isinstance(fields, list):
            found.append(Line(number=place + 1, span=span, fields=fields))
            place += span
        else:
            found.append(Line(number=place + 1, span=1, fields=lines[place].split(delimiter)))
            place += 1
    return found


def quoted_record(number: int, line: str, more: Iterator[tuple[int, bytes]], layout: Layout) -> Line:
    """The record that begins with `line`, which has quotes; a field in quotes may go on over the next lines."""
    parts, span, size = [line], 1, len(line)
    fields = split(line, layout.delimiter)
    for _ in range(1000):
        if fields != "open":
            break
        count = 1
        while count % 2:  # only a line with an odd number of quotes can close the field
            following = next(more, None)
            if following is None or size > LONGEST:
                raise unclosed(layout.file, number)
            parts.append(following[1].decode("utf-8"))
            span, size, count = span + 1, size + len(following[1]), count + following[1].count(b'"')
        fields = split("\n".join(parts), layout.delimiter)
    if isinstance(fields, list):
        return Line(number=number, span=span, fields=fields)
    if fields == "open" or span > 1:  # a quote that closes in the midst of a later row has swallowed rows
        raise unclosed(layout.file, number)
    return Line(number=number, span=span, fields=None)


_QUOTED = re.compile(r'"((?:[^"]|"")*)"')
_WORD_QUOTES = re.compile(r'(?<!\w)"[^"]*"(?!\w)')


def split(line: str, delimiter: str) -> list[str] | str | None:
    """Fields of a record; "open" when a quoted field does not end, None when quotes stand where they cannot.

    Quotes inside an unquoted field are taken as text when they are pairs around a word of their own (`#read("x")`),
    not when they are glued into one (`某"某"公司`): there a separator or an escape has probably been lost.
    """
    fields, place = [], 0
    while True:
        if line.startswith('"', place):
            found = _QUOTED.match(line, place)
            if found is None:
                return "open"
            fields.append(found[1].replace('""', '"'))
            place = found.end()
            if place < len(line) and line[place] != delimiter:
                return None
        else:
            end = line.find(delimiter, place)
            field = line[place : end if end >= 0 else len(line)]
            if '"' in field and '"' in _WORD_QUOTES.sub("", field):
                return None
            fields.append(field)
            place = end if end >= 0 else len(line)
        if place >= len(line):
            return fields
        place += 1


def too_long(file: str, line: int) -> FileRefused:
    """The refusal of a file with a line that no record can have."""
    found = (f"第 {line} 行超过 {LONGEST >> 20} MB", f"line {line} is longer than {LONGEST >> 20} MB")
    todo = ("请检查换行和引号后重新导出", "check line ends and quotes and export it again")
    return refuse(file, found=found, expected=("每条记录一行", "one line per record"), todo=todo)


def cut_off(file: str, line: int) -> FileRefused:
    """The refusal of a file that ends in the middle of a row."""
    found = (f"文件在第 {line} 行中间中断（传输不完整）", f"a file that ends in the middle of row {line} (cut off)")
    todo = ("请重新导出或重新传输", "export or transfer it again")
    return refuse(file, found=found, expected=("完整的文件", "the whole file"), todo=todo)


def unclosed(file: str, line: int) -> FileRefused:
    """The refusal of a file in which a quote swallows rows; their content is not repeated."""
    zh = f"第 {line} 行起的引号没有正确闭合，其后的行无法区分"
    en = f"a quote opened in line {line} that is not closed properly, so the rows after it cannot be told apart"
    todo = ("请改正该行后重新提交", "mend that line and send the file again")
    return refuse(file, found=(zh, en), expected=("成对的引号", "quotes in pairs"), todo=todo)


def counts_differ(file: str, read: int, counted: int) -> FileRefused:
    """The refusal of a file of which not every line was accounted for."""
    found = (f"行数核对不一致（{read} / {counted}）", f"line counts that do not agree ({read} / {counted})")
    todo = ("请另存为 UTF-8 CSV 后重试", "save it again as UTF-8 CSV and try again")
    return refuse(file, found=found, expected=("每一行都被读取", "every line to be read"), todo=todo)
