"""The records of a delimited text file: header found, fields counted, every line accounted for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from pipelines.careful import Careful
from pipelines.dictionary import Dictionary
from pipelines.encoding import CHUNK, TextFile
from pipelines.header import SEARCHED, Match, recognise, score
from pipelines.lines import LONGEST, Layout, Line, head_records, schema_of, too_long
from pipelines.report import Note, rejected, text
from pipelines.scratch import Scratch

DELIMITERS = {",": ("逗号", "comma"), ";": ("分号", "semicolon"), "\t": ("制表符", "tab"), "|": ("竖线", "vertical bar")}


@dataclass(frozen=True, kw_only=True)
class Records:
    """What a text file holds: src_row and c0.. as text, the rows that could not be split, and counts of lines."""

    match: Match
    rows: pl.LazyFrame
    read: int  # records below the header, the faulty ones included
    faults: pl.DataFrame
    notes: tuple[Note, ...]
    left_out: int = 0  # remarks and totals, which are not in `read`
    after_blank: tuple[int, ...] = ()  # numbers of rows that follow a blank one


def read_records(source: TextFile, dictionary: Dictionary, *, file: str, scratch: Scratch, table: str | None = None) -> Records:
    """The records of a text file. Raises FileRefused for unclosed quotes, endless lines, two tables in one file, no rows."""
    delimiter, head = _head(source, dictionary, file, table)
    match = recognise([line.fields or [] for line in head], dictionary, file=file, table=table)
    last = head[match.first + match.height - 1]
    first = last.number + last.span
    layout = Layout(file=file, delimiter=delimiter, width=len(match.header), offset=_offset(source, first - 1), first=first)
    notes = list(source.notes)
    if delimiter != "," and not (delimiter == "\t" and file.lower().endswith((".tsv", ".txt"))):
        zh, en = DELIMITERS[delimiter]
        words = text(f"分隔符是{zh}，已识别", f"the fields are separated by a {en}, which was recognised")
        notes.append(Note(kind="normalised", message=words))
    regular = None if source.quotes else _regular(source, layout)
    if regular is not None and regular == source.lines - first + 1:
        return Records(match=match, rows=_scan(source, layout), read=regular, faults=rejected(), notes=tuple(notes))
    careful = Careful(source, layout, dictionary, match.table, scratch)
    rows = careful.rows()
    faults, after = rejected(careful.faults), tuple(careful.after_blank())
    return Records(
        match=match, rows=rows, read=careful.read, faults=faults, notes=(*notes, *careful.notes()),
        left_out=len(careful.remarks), after_blank=after,
    )  # fmt: skip


def _head(source: TextFile, dictionary: Dictionary, file: str, table: str | None) -> tuple[str, list[Line]]:
    """The delimiter under which the first lines fit a table best, and those lines split by it."""
    with source.path.open("rb") as stream:
        stream.seek(source.start)
        raw = [stream.readline(LONGEST) for _ in range(4 * SEARCHED)]
    if any(len(line) >= LONGEST for line in raw):
        raise too_long(file, 1 + next(i for i, line in enumerate(raw) if len(line) >= LONGEST))
    lines = [line.decode("utf-8").rstrip("\r\n") for line in raw if line]
    found = {delimiter: head_records(lines, delimiter, SEARCHED + 3) for delimiter in DELIMITERS}
    best = max(
        DELIMITERS, key=lambda mark: score([line.fields or [] for line in found[mark]], dictionary, file=file, table=table)
    )
    return best, found[best]


def _offset(source: TextFile, lines: int) -> int:
    with source.path.open("rb") as stream:
        stream.seek(source.start)
        for _ in range(lines):
            stream.readline()
        return stream.tell()


def _regular(source: TextFile, layout: Layout) -> int | None:
    """The number of lines when each has exactly the header's fields and none is blank; None when a closer look is needed.

    Delimiters and line ends are taken together in file order: in a regular file they repeat with the period of the header.
    """
    rows, carried = 0, b""
    pattern = np.array([ord(layout.delimiter)] * (layout.width - 1) + [10], dtype=np.uint8)
    with source.path.open("rb") as stream:
        stream.seek(layout.offset)
        while block := stream.read(CHUNK):
            block = carried + block
            end = block.rfind(b"\n") + 1
            block, carried = block[:end], block[end:]
            if len(carried) > LONGEST:
                raise too_long(layout.file, layout.first + rows + block.count(b"\n"))
            found = _regular_block(block, pattern, layout, rows) if block else 0
            if found is None:
                return None
            rows += found
    if carried:
        found = _regular_block(carried + b"\n", pattern, layout, rows)
        return None if found is None else rows + found
    return rows


def _regular_block(block: bytes, pattern: np.ndarray[Any, np.dtype[np.uint8]], layout: Layout, rows: int) -> int | None:
    data = np.frombuffer(block, dtype=np.uint8)
    places = np.flatnonzero((data == pattern[0]) | (data == 10))
    if places.size % pattern.size or not (data[places].reshape(-1, pattern.size) == pattern).all():
        return None
    ends = places[pattern.size - 1 :: pattern.size]
    lengths = np.diff(ends, prepend=-1)
    if lengths.max(initial=0) > LONGEST:
        raise too_long(layout.file, layout.first + rows + int(lengths.argmax()))
    return None if lengths.min(initial=LONGEST) <= pattern.size + 1 else int(ends.size)  # so short: perhaps all fields are blank


def _scan(source: TextFile, layout: Layout) -> pl.LazyFrame:
    return pl.scan_csv(
        source.path, has_header=False, skip_lines=layout.first - 1, separator=layout.delimiter, quote_char=None,
        infer_schema=False, schema=schema_of(layout.width), row_index_name="src_row", row_index_offset=layout.first,
    ).with_columns(pl.col("src_row").cast(pl.Int64))  # fmt: skip
