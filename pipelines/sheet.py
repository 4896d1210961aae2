"""One table as read: its rows as texts, the dictionary column of each, and everything a reporter must know."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from pipelines.report import Note
from pipelines.scratch import Scratch


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table of a file before its cells are understood.

    `rows` holds src_row (Int64, the number the user sees) and c0..c{n-1} (String, null where empty), one per entry of
    `header`, `columns` (dictionary column, None: not loaded) and `units` (unit stated in the header, None: none).
    `read` counts the records, those in `faults` (frame of pipelines.report.REJECTED) included, `left_out` the totals,
    remarks and repeated headers, which are no records. Keep the sheet as long as
    its rows are used: copies it reads from vanish with it.
    """

    file: str
    sheet: str | None
    header: tuple[str, ...]
    columns: tuple[str | None, ...]
    units: tuple[str | None, ...]
    rows: pl.LazyFrame
    read: int
    faults: pl.DataFrame
    notes: tuple[Note, ...]
    left_out: int = 0
    scratch: Scratch | None = field(default=None, repr=False, compare=False)
