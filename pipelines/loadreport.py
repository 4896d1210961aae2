"""What became of a file: counts that agree, a verdict, the rows set aside, the notes."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines.keys import CONFLICT, REPEATED, SUPERSEDED
from pipelines.report import Note, Refusal

#: rows left out because another row of the same file says the same or says it later: no fault of the reporter
_BENIGN = {REPEATED, SUPERSEDED}


class RowsLost(RuntimeError):
    """Accepted and set-aside rows are not the rows read: a mistake of this program, never of a file."""


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """What became of one table of one file; accepted + set_aside = read.

    `left_out` counts rows that are no records and not in `read`: totals, remarks, repeated headers (blank rows do not count).
    """

    file: str
    table: str | None
    read: int
    accepted: int
    set_aside: int
    replaced: int
    unchanged: bool
    rejected: pl.DataFrame
    notes: tuple[Note, ...]
    refused: Refusal | None
    left_out: int = 0

    @property
    def verdict(self) -> str:
        """REJECT (file), QUARANTINE (rows), REVIEW (a person must look), ACCEPT_NORMALISED or ACCEPT."""
        if self.refused is not None:
            return "REJECT"
        rules = set(self.rejected["rule"].unique())
        if rules - _BENIGN - {CONFLICT}:
            return "QUARANTINE"
        if CONFLICT in rules or any(note.kind == "review" for note in self.notes):
            return "REVIEW"
        return "ACCEPT_NORMALISED" if rules or self.notes else "ACCEPT"
