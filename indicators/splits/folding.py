"""Folding: of the categories of a breakdown those that are published by themselves, and all others as one of no name.

What a split tells of a published category, its weight above all, follows from its numerator and its denominator; the joint
protection counts both as told. So the others need no protection of their own here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from indicators.splits.shares import Piece, Whole, together, weight_of
from indicators.splits.sources import Key


def folded(whole: Whole, breakdown: str, pieces: Sequence[Piece], told: Collection[Key]) -> list[Piece] | None:
    """The pieces of `told` categories, largest weight first, then the others as one; None where fewer than two are told."""
    named = [piece.value is not None and (breakdown, piece.category or "") in told for piece in pieces]
    kept = [piece for piece, one in zip(pieces, named, strict=True) if one]
    others = [piece for piece, one in zip(pieces, named, strict=True) if not one]
    if len(kept) < 2:
        return None
    kept.sort(key=lambda piece: (-abs(weight_of(whole, piece)), piece.category or ""))
    return [*kept, together(others)] if others else kept
