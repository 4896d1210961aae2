"""Secondary suppression: what else must be withheld so that primary cells cannot be worked out or enclosed too narrowly.

Elimination first, then an audit, and repair of what it finds, until it finds nothing (Langsrud 2024; Kelly, Golden and Assad
1992). Elimination alone leaves about a third of the primary cells of a table of magnitudes too narrowly enclosed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from indicators.protection.attacker import Attacker
from indicators.protection.audit import audit, unmet
from indicators.protection.elimination import Elimination, eliminate, exposed, known, primaries
from indicators.protection.merging import Merged, merge
from indicators.protection.needs import Blocked, Need, needs
from indicators.protection.repair import repair
from indicators.protection.restoration import restore
from indicators.protection.span import Vector, Watch
from indicators.protection.system import Pattern, System

#: cells up to which a pattern is also sought that begins with the cheapest cells instead of elimination
SMALL = 200
#: how often cells are sought that may be published again
TRIES = 4
_FAULT = "this is a fault of the programme, and nothing may be published"


class TooLarge(ValueError):
    """The system has more cells than may be protected together."""

    def __init__(self, cells: int, budget: int) -> None:
        super().__init__(f"{cells} cells would have to be protected together, and the budget is {budget}")
        self.cells, self.budget = cells, budget


class Unprotectable(ValueError):
    """A primary cell cannot be protected while the `forced` cells, of which none can be spared, are published."""

    def __init__(self, primary: int, forced: Iterable[int]) -> None:
        self.primary, self.forced = primary, tuple(sorted(forced))
        super().__init__(f"primary cell {primary} cannot be protected while cells {self.forced} must be published")


def protect(system: System, budget: int) -> Pattern:
    """A pattern in which every primary cell keeps the distances it needs, and cannot be worked out by any contributor.

    Raises TooLarge for more than `budget` different cells with atoms, Unprotectable where forced cells are in the way, and
    RuntimeError when the last audit, of everything from the beginning, contradicts the ones before.
    """
    if not system.primary:
        return Pattern(primary=frozenset(), secondary=frozenset())
    merged = merge(system)
    if (cells := len(merged.groups)) > budget:
        raise TooLarge(cells, budget)
    if both := system.primary & system.forced:
        raise Unprotectable(min(both), (min(both),))
    try:
        withheld, rounds = _pattern(merged.system)
    except Blocked as error:
        raise Unprotectable(*_original(system, merged, error.primary, error.forced)) from error
    hidden = system.primary | merged.expand(withheld)
    lost = set(audit(system, range(len(system.cells)))) if system.told else set()
    if left := [need for need in audit(system, hidden) if need not in lost]:
        raise RuntimeError(f"the pattern does not do what it should: {left[0]}; {_FAULT}")
    return Pattern(
        primary=system.primary,
        secondary=hidden - system.primary,
        given_away=frozenset(need.cell for need in lost),
        rounds=rounds,
    )


def _pattern(system: System) -> tuple[frozenset[int], int]:
    """The cheapest of the patterns found for a merged system, and how often it was audited."""
    # what was told earlier cannot be taken back
    lost = set(unmet(Attacker(system, range(len(system.cells))), needs(system)) if system.told else ())
    patterns = [_finished(system, eliminate(system), lost)]
    if len(system.cells) <= SMALL:
        cheap, rounds = _repaired(system, system.primary, lost)
        found = eliminate(system, cheap)
        if system.primary | found.secondary != patterns[0][0]:
            withheld, more_rounds = _finished(system, found, lost)
            patterns.append((withheld, rounds + more_rounds))
    return min(patterns, key=lambda pattern: _cost(system, pattern[0]))


def _finished(system: System, found: Elimination, lost: Collection[Need]) -> tuple[frozenset[int], int]:
    """What was eliminated, repaired, and without what is not needed any more."""
    withheld, rounds = _repaired(system, system.primary | found.secondary, lost)
    if spared := _spared(system, withheld, found.watched, [need for need in needs(system) if need not in lost]):
        fewer, more_rounds = _repaired(system, withheld - spared, lost)
        rounds += more_rounds
        if _cost(system, fewer) < _cost(system, withheld):
            withheld = fewer
    return withheld, rounds


def _spared(system: System, withheld: frozenset[int], watched: Mapping[Watch, Vector], wanted: Sequence[Need]) -> frozenset[int]:
    """Cells that may be published again; what contributors could then combine is watched, and they are sought once more."""
    for _ in range(TRIES):
        if not (spared := restore(system, withheld, watched, wanted)):
            break
        published = [cell for cell in range(len(system.cells)) if cell not in withheld - spared]
        before, after = (exposed(system, known(system, told, primaries(system))) for told in ((), published))
        new = [(pair, vector) for pair, vector in after.items() if pair not in before]
        if not new:
            return spared
        watched = {**watched, **{(*pair, number): vector for number, (pair, vector) in enumerate(new, start=len(watched))}}
    return frozenset()


def _repaired(system: System, withheld: frozenset[int], lost: Collection[Need]) -> tuple[frozenset[int], int]:
    """The cells and as many more as it takes to meet all needs but those that are lost."""
    asked, rounds = needs(system), 0
    while True:
        wanted = [need for need in unmet(Attacker(system, withheld), asked) if need not in lost]
        rounds += 1
        if not wanted:
            return withheld, rounds
        # what is met stays so while more is withheld
        while wanted:
            if not (more := repair(system, withheld, wanted)):
                raise RuntimeError(f"it is undecided whether a need is met: {wanted[0]}; {_FAULT}")
            withheld |= more
            wanted, rounds = Attacker(system, withheld).unmet(wanted), rounds + 1


def _cost(system: System, cells: Iterable[int]) -> float:
    return float(system.costs[sorted(cells)].sum())


def _original(system: System, merged: Merged, primary: int, forced: Iterable[int]) -> tuple[int, list[int]]:
    """The numbers that cells have in the system that was not merged."""
    named = min(cell for cell in merged.groups[primary] if cell in system.primary)
    return named, [cell for cell in sorted(merged.expand(forced)) if cell in system.forced]
