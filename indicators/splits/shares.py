"""Shares: what each category adds to the gap of the whole and to its change since the base, so that the parts add up.

A ratio of all is the mean of those of the categories, each by its share of the denominator, so each has its own gap times its
share (Kitagawa 1955). The relative change of a ratio is the mean of those of the categories with the weights (share now) ×
(level in the base year over that of all); the weights add up to one only where no share moved, and what is left is the shift
between the categories. A duration at a fixed mix is a geometric mean, whose logarithm is split and taken back with the
logarithmic mean (Vartia 1976). The change since the base is split into within and between as by Bennet (1920).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from indicators.catalogue.plan import Indicator

#: ratio, total: a level; relative, difference: a change of a ratio; growth: the relative change of a total; mix: of a duration
Kind = Literal["ratio", "total", "relative", "difference", "growth", "mix"]

#: what parts may differ from the whole by, relative to their size, before it is said that they do not add up
_TRUE = 1e-9


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A category, or several together, with its part of the whole now and in the base year.

    `x` is its share of the denominator of the whole and `y` that share times its level, so that y adds up to the level of all; of
    totals y is the total, of a fixed mix x is the share kept and y that share times ln(1 + change).
    """

    category: str | None = None  # None: of several, or of no category
    value: float | None = None  # as published, in the unit of the target; None: it stands nowhere by itself
    se: float | None = None
    units: float | None = None
    x: float = 0.0
    y: float = 0.0
    x0: float = 0.0
    y0: float = 0.0
    level0: float | None = None  # in the base year; of a frozen base not y0 / x0

    @property
    def empty(self) -> bool:
        return not (self.x or self.y or self.x0 or self.y0)


@dataclass(frozen=True, kw_only=True)
class Whole:
    """The number that the law speaks of, which the pieces make up."""

    kind: Kind
    direction: int  # 1: more is better, −1: less is
    strict: bool
    threshold: float
    value: float
    se: float | None
    gap: float
    doubted: bool = False  # the interval of the gap includes zero, so that nobody holds a share of it
    units: float | None = None
    counted: bool = False
    level: float = 0.0  # of all, now and in the base year, in the unit of y
    level0: float | None = None  # None: nothing is known of a base year
    moved: float | None = None  # the published change since the base; None in the base year, and where the base is frozen


@dataclass(frozen=True, kw_only=True)
class Part:
    """What a piece adds to the gap, and to the change since the base."""

    piece: Piece
    weight: float
    contribution: float
    se: float | None
    missing: int | None
    within: float | None
    composition: float | None


def kind_of(indicator: Indicator, level: Indicator) -> Kind | None:
    """How the number of all is made of those of its categories; None where it is not made of them, as a median is not.

    `level` is what a change is a change of, else the indicator itself.
    """
    relative = indicator.change_as == "relative"
    if level.kind == "duration":
        return "mix" if indicator.kind == "change" and indicator.mix and relative else None
    if indicator.kind != "change":
        return "total" if level.kind == "total" else "ratio"
    if level.kind == "total":
        return "growth" if relative else None
    return "relative" if relative else "difference"


def measured(whole: Whole, piece: Piece) -> Part:
    """Its weight, contribution to the gap and part of the change; of what stands by itself with its error and what is missing."""
    weight = weight_of(whole, piece)
    within, composition = _moved(whole, piece) if whole.moved is not None else (None, None)
    slope = log_mean(whole) / (1 + piece.value) if whole.kind == "mix" and piece.value is not None else 1.0
    return Part(
        piece=piece,
        weight=weight,
        contribution=whole.direction * _short(whole, piece, weight),
        se=None if piece.se is None else abs(weight) * slope * piece.se,
        missing=None if piece.value is None else missing(whole, piece.value, piece.units),
        within=within,
        composition=composition,
    )


def weight_of(whole: Whole, piece: Piece) -> float:
    """By how much the number of all moves when that of the piece moves by one."""
    if whole.kind == "total":
        return 1.0
    if whole.kind == "growth":
        return piece.y0 / whole.level0 if whole.level0 else 0.0
    if whole.kind != "relative":
        return piece.x
    return piece.x * _level0(whole, piece) / whole.level0 if whole.level0 else 0.0


def _short(whole: Whole, piece: Piece, weight: float) -> float:
    """What the piece is short of the threshold, in the unit and direction of the number of all."""
    goal, value = whole.threshold, piece.value
    if whole.kind == "total":
        return goal * piece.y0 / (whole.level0 or 1.0) - piece.y
    if whole.kind == "mix":
        done = piece.y if value is None else piece.x * math.log1p(value)
        return log_mean(whole) * (piece.x * math.log1p(goal) - done)
    if value is not None:
        return weight * (goal - value)
    if whole.kind == "ratio":
        return piece.x * goal - piece.y
    if whole.kind == "difference":
        return piece.x * (goal + _level0(whole, piece)) - piece.y
    return (1 + goal) * weight - piece.y / (whole.level0 or 1.0)


def _level0(whole: Whole, piece: Piece) -> float:
    """The level of the base year; those who were not there yet are held against that of all."""
    if piece.level0 is not None:
        return piece.level0
    return piece.y0 / piece.x0 if piece.x0 else whole.level0 or 0.0


def _moved(whole: Whole, piece: Piece) -> tuple[float, float]:
    """Bennet: what the piece changed itself, and what its share of the whole changed; who came or left is all of the second."""
    if whole.kind in ("total", "growth"):
        return (piece.y - piece.y0) / ((whole.level0 or 1.0) if whole.kind == "growth" else 1.0), 0.0
    if whole.kind == "mix":
        log = math.log1p(whole.value)
        return (whole.value / log if log else 1.0) * piece.y, 0.0
    per = (whole.level0 or 1.0) if whole.kind == "relative" else 1.0
    mean = (whole.level + (whole.level0 or 0.0)) / 2
    if not piece.x or not piece.x0:
        return 0.0, (piece.y - piece.y0 - mean * (piece.x - piece.x0)) / per
    now, then = piece.y / piece.x, piece.y0 / piece.x0
    within = (piece.x + piece.x0) / 2 * (now - then)
    return within / per, ((now + then) / 2 - mean) * (piece.x - piece.x0) / per


def log_mean(whole: Whole) -> float:
    """Of 1 + threshold and 1 + value: takes a difference of their logarithms back to their difference."""
    goal, value = math.log1p(whole.threshold), math.log1p(whole.value)
    return (whole.threshold - whole.value) / (goal - value) if goal != value else 1 + whole.value


def missing(whole: Whole, value: float, units: float | None) -> int | None:
    """How many more of those counted would reach the threshold: one more than enough where it must be exceeded."""
    short = whole.direction * (whole.threshold - value)
    if not whole.counted or units is None or short <= 0:
        return None
    exact = short * units
    near = _TRUE * max(1.0, exact)  # 12 must not become 13 because a machine says 12.000000000000002
    return math.floor(exact + near) + 1 if whole.strict else math.ceil(exact - near)


def together(pieces: Sequence[Piece]) -> Piece:
    """Several pieces as one."""
    known = [piece.units for piece in pieces if piece.units is not None]
    return Piece(
        units=math.fsum(known) if len(known) == len(pieces) else None,
        x=math.fsum(piece.x for piece in pieces),
        y=math.fsum(piece.y for piece in pieces),
        x0=math.fsum(piece.x0 for piece in pieces),
        y0=math.fsum(piece.y0 for piece in pieces),
    )


def composition(whole: Whole, parts: Iterable[Part]) -> float | None:
    """What the shift between the pieces since the base adds to the gap; None for numbers that have no such part.

    Relative: d(1 + T)(1 − Σ weights); difference: d(θ0 − Σ share·θ_c0).
    """
    known = list(parts)
    if whole.kind == "relative":
        return whole.direction * (1 + whole.threshold) * (1 - math.fsum(part.weight for part in known))
    if whole.kind == "difference":
        kept = math.fsum(part.piece.x * _level0(whole, part.piece) for part in known)
        return whole.direction * ((whole.level0 or 0.0) - kept)
    return None


def adds_up(whole: Whole, parts: Sequence[Part], shift: float | None) -> bool:
    """Whether the parts and the shift between them are the gap."""
    terms = [*(part.contribution for part in parts), shift or 0.0]
    return abs(math.fsum(terms) - whole.gap) <= _TRUE * max(_size(whole), abs(whole.gap), *(abs(term) for term in terms))


def evened(whole: Whole, parts: Sequence[Part], shift: float | None) -> tuple[list[Part], float | None]:
    """The parts and the shift, with what rounding of the published numbers left between them and the gap taken to one of them."""
    terms = [*(part.contribution for part in parts), shift or 0.0]
    left = whole.gap - math.fsum(terms)
    if shift is not None:
        return list(parts), shift + left
    unnamed = [at for at, part in enumerate(parts) if part.piece.category is None]
    taken = unnamed[0] if unnamed else max(range(len(parts)), key=lambda at: (abs(terms[at]), -at))
    even = replace(parts[taken], contribution=terms[taken] + left)
    return [even if at == taken else part for at, part in enumerate(parts)], None


def explained(whole: Whole, parts: Sequence[Part]) -> bool:
    """Whether within and composition add up to the published change since the base."""
    if whole.moved is None:
        return False
    terms = [term for part in parts for term in (part.within or 0.0, part.composition or 0.0)]
    return abs(math.fsum(terms) - whole.moved) <= _TRUE * max(_size(whole), *(abs(term) for term in terms))


def _size(whole: Whole) -> float:
    """What is large in the unit of the number: nothing may have changed at all, and rounding is of the size of the levels."""
    of_levels = 1.0 if whole.kind in ("relative", "growth", "mix") else max(abs(whole.level), abs(whole.level0 or 0.0))
    return max(of_levels, abs(whole.value), abs(whole.threshold))
