"""Span: the linear combinations of sums that are known, in exact arithmetic modulo a prime (Langsrud 2024).

A combination modulo 2^61 − 1 that is none over the rationals withholds a cell too many, which does no harm; one over the
rationals is overlooked only if the prime divides a minor of the 0/1 matrix, which happens to a step with a chance of about
10^-18. A prime of this size also lets a factor be read back as the one fraction of small numbers that it stands for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import lru_cache

PRIME = 2**61 - 1
#: parts of fractions are below; by chance a number modulo PRIME is such a fraction once in a million times
SMALL = 2**20

#: factors by atom, none of them 0 modulo PRIME; numbers below 0 are labels and no atoms
Vector = dict[int, int]
#: name of a watched vector: the primary cell, the contributor from whom it is kept ("" for anybody), a running number
Watch = tuple[int, str, int]


class Span:
    """What follows from the sums accepted so far.

    `rows` gives each settled atom, and each watched vector, as a combination of free atoms, modulo what was accepted; a watched
    vector with an empty row follows.
    """

    def __init__(self, watched: Mapping[Watch, Vector] | None = None) -> None:
        self.rows: dict[int | Watch, Vector] = {}
        self._users: dict[int, set[int | Watch]] = {}  # free atom → rows with it
        for name, vector in (watched or {}).items():
            self._enter(name, dict(vector))

    def residue(self, vector: Mapping[int, int]) -> Vector:
        """What is left of a vector without what follows; nothing of one that follows itself."""
        found: Vector = {}
        for atom, factor in vector.items():
            row = self.rows.get(atom)
            if row is None:
                found[atom] = found.get(atom, 0) + factor
            else:
                for free, other in row.items():
                    found[free] = found.get(free, 0) + factor * other
        return {atom: left for atom, factor in found.items() if (left := factor % PRIME)}

    def caught(self, residue: Vector) -> Watch | None:
        """The first watched vector that would follow if this were accepted."""
        rarest = min(residue, key=lambda atom: len(self._users.get(atom, ())))
        names = (name for name in self._users.get(rarest, ()) if isinstance(name, tuple))
        return min((name for name in names if _are_proportional(self.rows[name], residue, rarest)), default=None)

    def accept(self, residue: Vector) -> None:
        """Adds a residue that is not empty to what is known."""
        # the atom that the fewest rows have, so that they grow least
        settled = min((atom for atom in residue if atom >= 0), key=lambda atom: (len(self._users.get(atom, ())), atom))
        inverse = pow(-residue[settled], -1, PRIME)
        row = {atom: factor * inverse % PRIME for atom, factor in residue.items() if atom != settled}
        for name in self._users.pop(settled, ()):
            self._replace(name, settled, row)
        self._enter(settled, row)

    def within(self, atoms: Iterable[int]) -> list[Watch]:
        """Watched vectors whose rows have no other free atoms than these."""
        count = Counter(name for atom in set(atoms) for name in self._users.get(atom, ()) if isinstance(name, tuple))
        return sorted(name for name, found in count.items() if found == len(self.rows[name]))

    def _enter(self, name: int | Watch, row: Vector) -> None:
        self.rows[name] = row
        for atom in row:
            self._users.setdefault(atom, set()).add(name)

    def _replace(self, name: int | Watch, settled: int, row: Vector) -> None:
        target = self.rows[name]
        factor = target.pop(settled)
        for atom, other in row.items():
            before = target.get(atom)
            if before is None:
                target[atom] = factor * other % PRIME
                self._users.setdefault(atom, set()).add(name)
            elif after := (before + factor * other) % PRIME:
                target[atom] = after
            else:
                del target[atom]
                self._users[atom].discard(name)


def ones(atoms: Iterable[int]) -> Vector:
    """The vector of a sum."""
    return dict.fromkeys(atoms, 1)


@lru_cache(maxsize=4096)
def fraction(factor: int) -> float:
    """The fraction of small whole numbers that a factor stands for. Raises ArithmeticError when it stands for none."""
    upper, lower, above, below = PRIME, factor % PRIME, 0, 1
    while lower >= SMALL:
        quotient = upper // lower
        upper, lower, above, below = lower, upper - quotient * lower, below, above - quotient * below
    if abs(below) >= SMALL:
        raise ArithmeticError(f"{factor} modulo {PRIME} is no fraction of numbers below {SMALL}")
    return lower / below


def _are_proportional(one: Vector, other: Vector, atom: int) -> bool:
    """Whether two vectors that both have `atom` are multiples of each other."""
    if len(one) != len(other):
        return False
    ratio = one[atom] * pow(other[atom], -1, PRIME)
    return all((one.get(at, 0) - ratio * factor) % PRIME == 0 for at, factor in other.items())
