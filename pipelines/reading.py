"""A reading: how the cells of one column of one file are to be understood."""

from __future__ import annotations

import datetime as dt
import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import polars as pl

from pipelines import units
from pipelines.dictionary import CodeList, Column

#: what the types of the dictionary are called in Polars
POLARS_TYPES: dict[str, pl.DataType] = {
    "identifier": pl.String(),
    "text": pl.String(),
    "code": pl.String(),
    "unit": pl.String(),
    "integer": pl.Int64(),
    "number": pl.Float64(),
    "rate": pl.Float64(),
    "boolean": pl.Boolean(),
    "date": pl.Date(),
    "month": pl.Date(),
    "year": pl.Int32(),
    "timestamp": pl.Datetime("us"),
}


class Memory:
    """Spellings of a column already understood. Replaced as a whole, so threads may lose a gain but never see half of one."""

    table: pl.DataFrame | None = None


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the cells of one column are read: its dictionary entry, and what the file says beside it."""

    id: str
    column: Column
    missing: tuple[str, ...] = ()
    codes: CodeList | None = None
    unit: str | None = None  # the unit in the header of the file, where it states one
    stated: bool = False  # a unit column states the unit row by row
    units: tuple[str, ...] = ()  # for a unit column: the units of the columns it speaks of
    today: dt.date = dt.date.max

    @property
    def kind(self) -> str:
        """The type to read; a count whose unit stands in another column is read as a number and rounded off later."""
        return "number" if self.column.type == "integer" and self.stated else self.column.type

    @property
    def dtype(self) -> pl.DataType:
        return POLARS_TYPES[self.kind]

    @cached_property
    def factor(self) -> Fraction:
        """What a bare number is multiplied by because the header states another unit. Raises ValueError when that cannot be.

        NOTE: what stands in brackets in a header need not be a unit (“当年价格”), so an unknown word is passed over.
        """
        if self.unit is None or self.column.unit is None:
            return Fraction(1)
        found = units.factor(self.unit, self.column.unit)
        if found is None and units.unit(self.unit) is not None:
            raise ValueError(f"{self.unit} cannot be converted into {self.column.unit}")
        return found or Fraction(1)

    @property
    def bare(self) -> Fraction:
        """`factor`, unless the unit stands in the row: then the row tells, and the header only where the row is silent."""
        return Fraction(1) if self.stated else self.factor

    @cached_property
    def memory(self) -> Memory:
        return Memory()

    @cached_property
    def words(self) -> dict[str, tuple[str, bool]]:
        """For a code column: every spelling that is understood, as (code, whether it is the code or its name)."""
        return spellings(self.codes) if self.codes else {}


def spellings(codes: CodeList) -> dict[str, tuple[str, bool]]:
    """Every understood spelling of a code list, folded, as (code, True for the code itself and its two names)."""
    found: dict[str, tuple[str, bool]] = {}
    for key, entry in codes.codes.items():
        for word in entry.aliases:
            found.setdefault(fold(word), (key, False))
    for key, entry in codes.codes.items():
        for word in (entry.name.zh, entry.name.en):
            found[fold(word)] = (key, True)
    return found | {fold(key): (key, True) for key in codes.codes}


def fold(word: str) -> str:
    """A word without the differences that do not matter: width, letter case, blanks."""
    return "".join(unicodedata.normalize("NFKC", word).casefold().split())
