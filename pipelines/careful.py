"""The careful road through a text file: quoted fields, ragged rows and blank rows, with every physical line accounted for."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.dictionary import Dictionary
from pipelines.encoding import CHUNK, TextFile
from pipelines.header import is_header
from pipelines.lines import Layout, Line, counts_differ, cut_off, numbered, quoted_record, schema_of, unclosed
from pipelines.report import Note, plural, row_fault, text
from pipelines.scratch import Scratch
from pipelines.sift import is_remark, is_total, two_tables

SPILL = 4  # batches held in memory before they go to disk


class Careful:
    """Reads a file line by line: quoted fields, ragged rows, blank rows. Counts every physical line it has used."""

    def __init__(self, source: TextFile, layout: Layout, dictionary: Dictionary, table: str, scratch: Scratch) -> None:
        self.source, self.layout, self.dictionary, self.scratch = source, layout, dictionary, scratch
        self.table = dictionary.tables[table]
        self.faults: list[dict[str, Any]] = []
        self.read = self.used = 0
        self.blank: list[int] = []
        self.remarks: list[int] = []  # totals and remarks with fewer fields than the table
        self.ragged: list[tuple[int, int]] = []  # line and number of fields

    def rows(self) -> pl.LazyFrame:
        """The rows with the right number of fields; sets the counts. Raises FileRefused when lines are left over."""
        frames: list[pl.DataFrame] = []
        spilled: list[Path] = []
        for frame in self._batches():
            frames.append(frame)
            if len(frames) >= SPILL:
                spilled.append(self.scratch.path / f"rows{len(spilled):05}.parquet")
                pl.concat(frames).write_parquet(spilled[-1], compression="lz4")
                frames = []
        if self.used != self.source.lines - self.layout.first + 1:
            raise counts_differ(self.layout.file, self.used, self.source.lines - self.layout.first + 1)
        self._refuse_cut_off()
        self._refuse_second_table()
        rest = pl.concat([pl.DataFrame(schema={"src_row": pl.Int64(), **schema_of(self.layout.width)}), *frames]).lazy()
        return pl.concat([pl.scan_parquet(spilled), rest]) if spilled else rest

    def notes(self) -> tuple[Note, ...]:
        found = []
        for rows, zh, one, many in (
            (self.blank, "略去 {} 个空行", "blank row was", "blank rows were"),
            (self.remarks, "略去 {} 行表注或合计", "row with a remark or a total was", "rows with remarks or totals were"),
        ):
            if rows:
                words = text(zh.format(len(rows)), f"{plural(len(rows), one, many)} left out")
                found.append(Note(kind="normalised", row=rows[0], message=words))
        return tuple(found)

    def _batches(self) -> Iterator[pl.DataFrame]:
        mark, quote, fields = self.layout.delimiter.encode(), b'"', self.layout.width - 1
        empty = b" \t\r\x1a" + mark  # NOTE: old DOS programs end a file with 0x1A
        lines = numbered(self.source, self.layout)
        clean: list[bytes] = []
        numbers: list[int] = []
        quoted: list[Line] = []
        size = 0
        for number, raw in lines:
            if quote in raw:
                record = quoted_record(number, raw.decode("utf-8"), lines, self.layout)
                self._take(record, quoted)
            elif not raw.strip(empty):
                self.blank.append(number)
                self.used += 1
            elif raw.count(mark) == fields:
                clean.append(raw)
                numbers.append(number)
                size += len(raw)
            else:
                self._take(Line(number=number, span=1, fields=raw.decode("utf-8").split(self.layout.delimiter)), quoted)
            if size > CHUNK or len(quoted) >= 100_000:
                yield self._frame(clean, numbers, quoted)
                clean, numbers, quoted, size = [], [], [], 0
        yield self._frame(clean, numbers, quoted)

    def _take(self, record: Line, good: list[Line]) -> None:
        """Files one record that is not plain: good, blank, or a fault."""
        self.used += record.span
        fields, width = record.fields, self.layout.width
        if fields is not None and not any(field.strip() for field in fields):
            self.blank.append(record.number)
            return
        if fields is not None and len(fields) == width:
            self.read += 1
            good.append(record)
            return
        if fields is not None and (is_remark(fields) or is_total(fields, self.table)):
            self.remarks.append(record.number)
            return
        self.read += 1
        if fields is None:
            zh, en = (
                "引号位置错误，无法确定字段；请将含引号的字段整体加引号并双写其中的引号",
                "has quotes in the wrong place, so its fields are unclear; put such a field in quotes and double those inside",
            )
            self.faults.append(row_fault(self.layout.file, record.number, "row.quotes", zh, en))
            return
        if record.span > 1:
            raise unclosed(self.layout.file, record.number)
        if is_header(fields, self.dictionary):
            raise two_tables(self.layout.file, record.number)
        self.ragged.append((record.number, len(fields)))
        zh, en = (
            f"有 {len(fields)} 个字段，应为 {width} 个；请检查分隔符和引号",
            f"has {plural(len(fields), 'field', 'fields')} where {width} are expected; check separators and quotes",
        )
        self.faults.append(row_fault(self.layout.file, record.number, "row.fields", zh, en, value=str(len(fields))))

    def _frame(self, clean: list[bytes], numbers: list[int], quoted: list[Line]) -> pl.DataFrame:
        """One batch in line order; lines without quotes are split by polars, which is checked to return as many."""
        schema = schema_of(self.layout.width)
        body = io.BytesIO(b"\n".join(clean) + b"\n")
        plain = pl.DataFrame(schema=schema)
        if clean:
            plain = pl.read_csv(body, has_header=False, separator=self.layout.delimiter, quote_char=None, schema=schema)
        if plain.height != len(clean):
            raise counts_differ(self.layout.file, plain.height, len(clean))
        self.read += len(clean)
        self.used += len(clean)
        plain = plain.insert_column(0, pl.Series("src_row", numbers, dtype=pl.Int64))
        if not quoted:
            return plain
        cells = [[record.number, *(field if field else None for field in record.fields or [])] for record in quoted]
        other = pl.DataFrame(cells, schema={"src_row": pl.Int64(), **schema}, orient="row")
        return pl.concat([plain, other]).sort("src_row")

    def after_blank(self) -> list[int]:
        """Lines that follow a blank one."""
        blank = set(self.blank)
        return [line + 1 for line in self.blank if line + 1 not in blank]

    def _refuse_cut_off(self) -> None:
        """A last line with too few fields and no line end is where a transfer broke off; the rows behind it are missing."""
        line, fields = self.ragged[-1] if self.ragged else (0, 0)
        if line == self.source.lines and fields < self.layout.width and not self.source.ended:
            raise cut_off(self.layout.file, line)

    def _refuse_second_table(self) -> None:
        """A block after a blank row whose rows all have one other number of fields is another table, not a set of slips."""
        blank, ragged = set(self.blank), dict(self.ragged)
        for line, fields in self.ragged:
            above = line - 1
            if above not in blank:
                continue
            block = [line]
            while block[-1] + 1 in ragged:
                block.append(block[-1] + 1)
            ends = block[-1] + 1 in blank or block[-1] >= self.source.lines
            if ends and len(block) >= 2 and fields >= 2 and {ragged[i] for i in block} == {fields}:
                raise two_tables(self.layout.file, line)
