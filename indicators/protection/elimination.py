"""Elimination: which cells can be published before a primary cell follows from them as a sum (Langsrud 2024).

Cells are accepted from the most to the least wanted; one that would make a primary cell follow is withheld. The same for every
contributor who knows his own atoms: where he could work out a cell with multiples of them, that combination is watched from
then on, and elimination begins again; each round rules out what the round before overlooked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from indicators.protection.needs import Blocked
from indicators.protection.span import PRIME, Span, Vector, Watch, ones
from indicators.protection.system import System

#: a primary cell, and the contributor who can work it out ("" for anybody)
Pair = tuple[int, str]


@dataclass(frozen=True, kw_only=True)
class Elimination:
    """Cells withheld so that no primary cell follows, and the vectors that were watched for it."""

    secondary: frozenset[int]
    watched: Mapping[Watch, Vector]


def eliminate(system: System, withheld: Collection[int] = ()) -> Elimination:
    """Cells withheld as secondary, those among them that are `withheld` already.

    A primary cell that follows from earlier sums is not protected from those who know them. Raises Blocked where forced cells
    leave no choice.
    """
    watched = primaries(system)
    lost = exposed(system, known(system, (), watched))
    watched = {name: vector for name, vector in watched.items() if (name[0], "") not in lost}
    while True:
        span = known(system, (), watched)
        secondary = _accept(system, span, watched, withheld)
        found = {pair: vector for pair, vector in exposed(system, span).items() if pair not in lost}
        if not found:
            return Elimination(secondary=secondary, watched=watched)
        watched |= {(*pair, number): vector for number, (pair, vector) in enumerate(found.items(), start=len(watched))}


def primaries(system: System) -> dict[Watch, Vector]:
    """The primary cells as vectors to be watched."""
    return {(cell, "", 0): ones(system.cells[cell]) for cell in sorted(system.primary)}


def known(system: System, published: Iterable[int], watched: Mapping[Watch, Vector] | None = None) -> Span:
    """What follows from earlier sums and from published cells."""
    span = Span(watched)
    for atoms in (*system.told, *(system.cells[cell] for cell in published)):
        if residue := span.residue(ones(atoms)):
            span.accept(residue)
    return span


def exposed(system: System, span: Span) -> dict[Pair, Vector]:
    """The watched primary cells that anybody can work out, or a contributor who has more to learn than his own value.

    With each the vector that follows from the span: the cell, without multiples of the contributor's own atoms.
    """
    watched = (name for name in span.rows if isinstance(name, tuple) and not name[1])
    found: dict[Pair, Vector] = {(name[0], ""): ones(system.cells[name[0]]) for name in watched if not span.rows[name]}
    for contributor in system.alone:
        found |= {(cell, contributor): vector for cell, vector in _worked_out(system, span, contributor)}
    return found


def is_own(system: System, cell: int, contributor: str) -> bool:
    """Whether a cell is nothing but a contributor's own value."""
    return system.holders.get(cell) == frozenset({contributor}) or system.cells[cell] <= system.alone.get(
        contributor, frozenset()
    )


def _accept(system: System, span: Span, watched: Mapping[Watch, Vector], withheld: Collection[int]) -> frozenset[int]:
    """Accepts forced cells, then all others in order; returns those that cannot be, and those that were withheld before."""
    forced = [cell for cell in system.order if cell in system.forced]
    found = set(withheld) - system.primary
    out = found | system.primary | system.forced
    for cell in (*forced, *(cell for cell in system.order if cell not in out)):
        residue = span.residue(ones(system.cells[cell]))
        if not residue:
            continue
        if (name := span.caught(residue)) is None:
            span.accept(residue)
        elif cell in system.forced:
            raise Blocked(name[0], _fewest(system, forced, watched[name]))
        else:
            found.add(cell)
    return frozenset(found)


def _fewest(system: System, forced: list[int], vector: Vector) -> list[int]:
    """Forced cells from which a vector follows, none of which can be spared."""
    needed = list(forced)
    for cell in forced:
        fewer = [one for one in needed if one != cell]
        if not known(system, fewer).residue(vector):
            needed = fewer
    return needed


def _worked_out(system: System, span: Span, contributor: str) -> Iterator[tuple[int, Vector]]:
    """Cells that follow when a contributor's own atoms are known, and what follows without them."""
    own, near = Span(), set[int]()
    for atom in sorted(system.alone[contributor]):
        residue = span.residue({atom: 1})
        near |= residue.keys()
        # the label of an atom tells how often it was used
        left = own.residue({**residue, -1 - atom: 1})
        if any(place >= 0 for place in left):
            own.accept(left)
    for name in span.within(near):
        if name[1] or is_own(system, name[0], contributor):
            continue
        left = own.residue(span.rows[name])
        if all(place < 0 for place in left):
            vector = ones(system.cells[name[0]])
            for place, factor in left.items():
                vector[-1 - place] = vector.get(-1 - place, 0) + factor
            yield name[0], {atom: factor for atom, factor in vector.items() if factor % PRIME}
