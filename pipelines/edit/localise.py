"""Which fields of a row that breaks checks are to be changed: as few and as unreliable ones as possible.

Fellegi and Holt (1976), A systematic approach to automatic edit and imputation, JASA 71, 17–35: the smallest weighted set
of fields such that the others can stay and all checks be satisfied. Sets are enumerated, which for the number of fields
that checks tie together is quick and finds every one: de Waal, Pannekoek and Scholtus (2011), ch. 3.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.dictionary import Table
from pipelines.edit.edits import Edits, changeable, components
from pipelines.edit.feasible import feasible
from pipelines.edit.linear import Node, Value, fields, reduced


@dataclass(frozen=True, kw_only=True)
class Located:
    """The fields to change in one row, by which broken checks, and the other minimal sets there were; none: no set helps."""

    broken: tuple[str, ...]
    chosen: tuple[str, ...]
    others: tuple[tuple[str, ...], ...]


def locate(edits: Edits, values: Mapping[str, Value], weights: Mapping[str, float]) -> Located | None:
    """The fields to change in a row with these values; None when it breaks no check.

    Among all sets none of whose parts would do, the one of the smallest weight, then of the fewest fields, then the first
    in the order of the columns.
    """
    broken = tuple(name for name, node in edits.hard.items() if reduced(node, values) is False)
    if not broken:
        return None
    chosen: list[str] = []
    others: list[tuple[str, ...]] = []
    order = {name: i for i, name in enumerate(edits.table.columns)}
    for nodes in components(edits):
        if all(reduced(node, values) is not False for node in nodes):
            continue
        sets = minimal_sets(edits.table, nodes, values)
        if not sets:
            return Located(broken=broken, chosen=(), others=())
        ranked = sorted(sets, key=lambda found: (sum(weights.get(n, 1.0) for n in found), len(found), [order[n] for n in found]))
        chosen += ranked[0]
        others += ranked[1:]
    return Located(broken=broken, chosen=tuple(sorted(chosen, key=order.__getitem__)), others=tuple(others))


def minimal_sets(table: Table, nodes: Sequence[Node], values: Mapping[str, Value]) -> list[tuple[str, ...]]:
    """Every set of fields that can be changed so that all checks hold, and of which no part would do; none when there is none.

    Changed fields are filled; only where that cannot do, a field that a check wants blank may become so.
    """
    return _minimal_sets(table, nodes, values, blanks=False) or _minimal_sets(table, nodes, values, blanks=True)


def _minimal_sets(table: Table, nodes: Sequence[Node], values: Mapping[str, Value], *, blanks: bool) -> list[tuple[str, ...]]:
    names = [name for name in changeable(table) if any(name in fields(node) for node in nodes)]
    broken = [set(fields(node)) for node in nodes if reduced(node, values) is False]
    found: list[tuple[str, ...]] = []
    for count in range(1, len(names) + 1):
        for chosen in itertools.combinations(names, count):
            taken = set(chosen)
            if any(taken >= set(known) for known in found) or not all(taken & named for named in broken):
                continue
            if feasible(nodes, values, chosen, table.columns, blanks=blanks):
                found.append(chosen)
    return found
