"""Rows of the tables `paths` and `splits` as the page of an indicator reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, kw_only=True)
class Step:
    """One year of a path, of the same-pace scenario, or of the curve through all years."""

    kind: str
    vintage: str | None
    year: int
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Part:
    """One part of a gap: a category, those withheld together, the shift between categories, or the whole."""

    category: str
    part: str
    scale: str | None = None
    weight: float | None = None
    value: float | None = None
    units: float | None = None
    missing: float | None = None
    contribution: float | None = None
    se: float | None = None
    share: float | None = None
    rank: int | None = None
    cumulative: float | None = None
    essential: bool | None = None
    within: float | None = None
    composition: float | None = None


#: the lines of a path figure by kind and vintage
Lines = Mapping[tuple[str, str | None], tuple[Step, ...]]


def lines(paths: pl.DataFrame) -> Lines:
    """Each line in the order of its years; of the paths the newest vintage, which is in force, first."""
    names = list(Step.__dataclass_fields__)
    rows = [Step(**row) for row in paths.select(names).sort("kind", "year").iter_rows(named=True)]
    keys = sorted({(row.kind, row.vintage) for row in rows}, key=lambda key: (key[0], key[1] or ""), reverse=True)
    return {key: tuple(row for row in rows if (row.kind, row.vintage) == key) for key in keys}


def parts(frame: pl.DataFrame) -> tuple[Part, ...]:
    """The categories by their rank, then what else the gap is made of, the whole last."""
    order = {"category": 0, "rest": 1, "composition": 2, "total": 3}
    rows = [Part(**row) for row in frame.select(list(Part.__dataclass_fields__)).iter_rows(named=True)]
    return tuple(sorted(rows, key=lambda row: (order[row.part], row.rank or 0, row.category)))


def categories(found: Iterable[Part]) -> tuple[Part, ...]:
    """Those that can be named."""
    return tuple(row for row in found if row.part == "category")
