"""A system: cells that are linked because they are sums of the same atoms, and what must not follow from those published.

An atom is the smallest piece that any published number tells apart: a combination of categories in one part of a year. Every
table, margin, crossing, hierarchy and view of a year is a set of atoms, so all of them are linked by construction
(Handbook on Statistical Disclosure Control, 2nd edition, ch. 4.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from indicators.estimation.estimate import Floats


@dataclass(frozen=True, kw_only=True)
class Magnitude:
    """One quantity over the atoms, and how far from the truth an attacker's bounds must stay for each primary cell.

    `upper` and `lower` name cells that are primary because of this quantity; the distance is in its unit, and 0 asks only that
    the value cannot be worked out exactly.
    """

    name: str
    values: Floats  # of each atom, never negative
    upper: Mapping[int, float] = field(default_factory=dict)
    lower: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class System:
    """Cells by number, each as the atoms whose sum it is; empty atoms are left out, since that they are empty is known."""

    cells: tuple[frozenset[int], ...]
    atoms: int  # how many there are
    primary: frozenset[int]
    order: tuple[int, ...]  # all cells, the most wanted first
    costs: Floats  # per cell: what is lost when it is withheld; positive
    magnitudes: tuple[Magnitude, ...] = ()
    forced: frozenset[int] = frozenset()  # cells that must stay published
    told: tuple[frozenset[int], ...] = ()  # sums of atoms that earlier editions told
    alone: Mapping[str, frozenset[int]] = field(default_factory=dict)  # contributor → atoms that nobody else fills
    holders: Mapping[int, frozenset[str]] = field(default_factory=dict)  # primary cell → its contributors


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Where an attacker can place a primary cell in one quantity; a `contributor` knows his own atoms, None is an outsider."""

    cell: int
    magnitude: str
    value: float
    low: float
    high: float
    contributor: str | None = None


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """What is withheld so that no primary cell can be worked out or enclosed too narrowly."""

    primary: frozenset[int]
    secondary: frozenset[int]
    given_away: frozenset[int] = frozenset()  # primary cells that follow from what earlier editions told
    rounds: int = 0  # of audit and repair

    @property
    def withheld(self) -> frozenset[int]:
        return self.primary | self.secondary
