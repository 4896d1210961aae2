"""Restoration: secondary cells that are not needed any more, now that others are withheld, are published after all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from indicators.protection.attacker import Attacker
from indicators.protection.elimination import known, primaries
from indicators.protection.needs import Need
from indicators.protection.span import Span, Vector, Watch, ones
from indicators.protection.system import System

#: part of the cost of secondary cells that is looked at, the dearest first
LOOKED_AT = 0.8
#: linear programmes after which no other cell is looked at
EFFORT = 2000


def restore(system: System, withheld: frozenset[int], watched: Mapping[Watch, Vector], wanted: Sequence[Need]) -> frozenset[int]:
    """Cells that may be published again while no `watched` vector follows and all that is `wanted` is met.

    What contributors can enclose has to be audited again.
    """
    span = known(system, [cell for cell in range(len(system.cells)) if cell not in withheld], watched)
    secondary = sorted(withheld - system.primary, key=lambda cell: (-system.costs[cell], cell))
    left = LOOKED_AT * float(system.costs[secondary].sum())
    # what cannot be told now cannot be told either when more is
    candidates = [cell for cell in secondary if not _is_caught(span, system.cells[cell])]
    if not candidates:
        return frozenset()
    moving = {(cell, "", 0): ones(system.cells[cell]) for cell in candidates}
    attacker, found = Attacker(system, withheld, {**primaries(system), **moving}), set[int]()
    for cell in candidates:
        if left <= 0 or attacker.effort > EFFORT:
            break
        left -= float(system.costs[cell])
        if _is_caught(span, system.cells[cell]):
            continue
        attacker.hold(cell)
        if next(attacker.failing(wanted), None):
            attacker.release(cell)
            continue
        if residue := span.residue(ones(system.cells[cell])):
            span.accept(residue)
        found.add(cell)
    return frozenset(found)


def _is_caught(span: Span, atoms: frozenset[int]) -> bool:
    """Whether a watched vector would follow if the sum were told."""
    residue = span.residue(ones(atoms))
    return bool(residue) and span.caught(residue) is not None
