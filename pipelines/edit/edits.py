"""The checks of a table as editing solves them: which there are, and which fields they tie together."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.dictionary import Table
from pipelines.edit.linear import DATES, NUMBERS, Node, NotLinear, fields, read

#: fields that checks may tie together; each more doubles the sets to be looked at
MOST_FIELDS = 12


@dataclass(frozen=True, kw_only=True)
class Edits:
    """The checks of a table as they are solved: those that are edited by, and the linear ones by which rows are set aside."""

    table: Table
    hard: Mapping[str, Node]  # by id, severity `edit`
    also: tuple[Node, ...]
    unsolved: tuple[str, ...]  # texts of other checks that set rows aside: a changed row is held against them, no more

    @property
    def nodes(self) -> list[Node]:
        return [*self.hard.values(), *self.also]

    @property
    def named(self) -> frozenset[str]:
        return frozenset().union(*map(fields, self.nodes))


def read_edits(table: Table) -> Edits:
    """The checks of a table. Raises NotLinear for one of severity `edit` that cannot be solved."""
    hard, also, unsolved = {}, [], []
    for check in table.checks:
        if check.severity == "edit":
            hard[check.id] = read(check.that, table.columns)
        elif check.severity == "reject":
            try:
                also.append(read(check.that, table.columns))
            except NotLinear:
                unsolved.append(check.that)
    return Edits(table=table, hard=hard, also=tuple(also), unsolved=tuple(unsolved))


def broken_rows(edits: Edits, frame: pl.DataFrame, ids: Collection[str]) -> NDArray[np.int64]:
    """Positions of the rows that break one of these checks, as the engine finds by the text of the check."""
    texts = [check.that for check in edits.table.checks if check.id in ids]
    if not texts:
        return np.zeros(0, dtype=np.int64)
    broken = frame.select(pl.any_horizontal((~pl.sql_expr(text)).fill_null(False) for text in texts)).to_series()
    return np.flatnonzero(broken.to_numpy())


def changeable(table: Table) -> list[str]:
    """Columns that editing may change, in the order of the table: not the key, not points in time."""
    kinds = (*NUMBERS, *DATES, "boolean", "code", "text", "identifier", "unit")
    return [name for name, column in table.columns.items() if name not in table.key and column.type in kinds]


def components(edits: Edits) -> list[list[Node]]:
    """The checks in groups that have no field which may be changed in common."""
    allowed = set(changeable(edits.table))
    groups: list[tuple[set[str], list[Node]]] = []
    for node in edits.nodes:
        names, nodes = set(fields(node)) & allowed, [node]
        for group in [group for group in groups if group[0] & names]:
            groups.remove(group)
            names, nodes = names | group[0], [*group[1], *nodes]
        groups.append((names, nodes))
    return [nodes for _, nodes in groups]
