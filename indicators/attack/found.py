"""Found: what came of an attack."""

from __future__ import annotations

from dataclasses import dataclass, field

from indicators.attack.intervals import Interval
from indicators.attack.kinds import Kind
from indicators.attack.levels import Place


@dataclass(frozen=True, kw_only=True)
class Recovered:
    """A number that nobody was told and that follows all the same.

    `what` is value, n, asked, answered, a move of a panel as 3→4, `raw` (the unweighted mean), `rest` (those of a category who
    are in none of the breakdown `beside`), `newcomers` (those who came between the edition `beside` and this one).
    """

    place: Place
    what: str
    value: float
    kind: Kind
    beside: str = ""


@dataclass(frozen=True, kw_only=True)
class Narrowest:
    """The withheld number that is enclosed most closely."""

    place: Place
    low: float
    high: float
    width: float


@dataclass(kw_only=True)
class Attacked:
    """What came of an attack: how many withheld numbers each kind bore on, which fell, which are known by unanimity."""

    tried: dict[Kind, set[Place]] = field(default_factory=lambda: {kind: set() for kind in Kind})
    recovered: list[Recovered] = field(default_factory=list)
    unanimous: dict[Place, float] = field(default_factory=dict)
    narrowest: dict[Kind, Narrowest] = field(default_factory=dict)
    intervals: dict[Place, Interval] = field(default_factory=dict)
