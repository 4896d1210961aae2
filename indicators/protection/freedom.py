"""Freedom: how the atoms could differ from the truth without any told sum changing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from indicators.estimation.estimate import Floats
from indicators.protection.span import Span, Vector, fraction

#: a sum of small fractions that should be zero may differ from it by this
EXACT = 1e-9
#: sums looked at together
AT_ONCE = 50


@dataclass(frozen=True, kw_only=True)
class Freedom:
    """One connected part: every deviation of its atoms is `basis` times one number for each of its degrees of freedom.

    What is in no part is settled by what was told.
    """

    atoms: tuple[int, ...]
    basis: Floats  # atoms × degrees
    cells: tuple[int, ...]  # watched cells whose sums can differ
    moves: Floats  # cells × degrees


def freedoms(span: Span, sums: Iterable[frozenset[int]], atoms: int) -> list[Freedom]:
    """The connected parts, with the cells that are watched from anybody; watched cells also connect.

    Raises ArithmeticError when a deviation changes one of the `sums` that were told: a fraction was read wrongly.
    """
    moving = {atom: span.rows.get(atom, {atom: 1}) for atom in range(atoms)}
    moving = {atom: row for atom, row in moving.items() if row}
    cells = {name[0]: row for name, row in span.rows.items() if isinstance(name, tuple) and not name[1] and row}
    found = []
    for part in _connected([*moving.values(), *cells.values()]):
        place = {free: at for at, free in enumerate(part)}
        inside, watched = ({key: row for key, row in rows.items() if next(iter(row)) in place} for rows in (moving, cells))
        found.append(
            Freedom(
                atoms=tuple(inside),
                basis=_matrix(inside.values(), place),
                cells=tuple(watched),
                moves=_matrix(watched.values(), place),
            )
        )
    _check(found, sums)
    return found


def _connected(rows: Iterable[Vector]) -> Iterator[list[int]]:
    """Free atoms, those together that occur in one row, directly or through others."""
    root: dict[int, int] = {}

    def top(atom: int) -> int:
        while root.setdefault(atom, atom) != atom:
            root[atom] = root[root[atom]]
            atom = root[atom]
        return atom

    for row in rows:
        first, *others = row
        for other in others:
            root[top(other)] = top(first)
        top(first)
    parts: dict[int, list[int]] = {}
    for atom in sorted(root):
        parts.setdefault(top(atom), []).append(atom)
    yield from parts.values()


def _matrix(rows: Iterable[Vector], place: Mapping[int, int]) -> Floats:
    listed = list(rows)
    found = np.zeros((len(listed), len(place)))
    for at, row in enumerate(listed):
        for free, factor in row.items():
            found[at, place[free]] = fraction(factor)
    return found


def _check(parts: Iterable[Freedom], sums: Iterable[frozenset[int]]) -> None:
    told = list(sums)
    for part in parts:
        place = {atom: at for at, atom in enumerate(part.atoms)}
        rows = [inside for atoms in told if (inside := [place[atom] for atom in atoms if atom in place])]
        for some in (rows[at : at + AT_ONCE] for at in range(0, len(rows), AT_ONCE)):
            starts = np.cumsum([0, *(len(inside) for inside in some[:-1])])
            moved = np.add.reduceat(part.basis[[row for inside in some for row in inside]], starts)
            if np.abs(moved).max() > EXACT:
                raise ArithmeticError("a deviation changes a sum that was told: a fraction was read wrongly")
