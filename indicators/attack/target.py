"""Targets: the withheld numbers that are attacked, and the equations that they are attacked with."""

from __future__ import annotations

from dataclasses import dataclass

from indicators.attack.elimination import Column, Terms
from indicators.attack.kinds import Kind
from indicators.attack.levels import Place

#: one unit of measurement: a number is known when its sum is a multiple of it
ONE: Column = ("one", "")


@dataclass(frozen=True, kw_only=True)
class Equation:
    """A sum that is zero; `owner` is the indicator whose numerators it adds up, if any; `agreed` ones are known by unanimity."""

    terms: Terms
    kind: Kind
    owner: str | None = None
    agreed: bool = False


@dataclass(frozen=True, kw_only=True)
class Target:
    """A withheld number: `above` over `below`, times `scale`; of those in a category and in none of the breakdown `left`."""

    place: Place
    above: Column
    below: Column
    scale: float
    left: str | None = None
    unanimous: bool = False  # known because everybody, or nobody, does what it counts
    agreeable: bool = False  # a share of none or of all may be known: in a full count it must not harm
