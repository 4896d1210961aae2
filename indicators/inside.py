"""Inside: the protection of an edition looked at from the warehouse, where the truth is known. For the steward alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from indicators.catalogue.plan import Plan
from indicators.change.imputation import Edited
from indicators.compute import Progress, compute
from indicators.editions.edition import Edition
from indicators.engines import Engine
from indicators.estimation.estimate import KEYS
from indicators.protection.audit import bounds
from indicators.protection.joint import Guarded
from indicators.protection.system import Bounds


@dataclass(frozen=True, kw_only=True)
class Inside:
    """What an edition withholds, and how close an attacker comes who knows all it publishes."""

    systems: int
    cells: int
    primary: int
    secondary: int
    exposed: tuple[tuple[str, ...], ...]  # KEYS of numbers that are unsafe and published: there must be none
    narrow: tuple[str, ...]  # unsafe numbers that an attacker encloses too narrowly: there must be none
    withheld: float  # of the sums of all cells with a magnitude, the share withheld
    margin: float | None  # how many times the distance asked the narrowest bound is away; 1 or more is protected


def inside(plan: Plan, engine: Engine, edition: Edition, edited: Edited, progress: Progress | None = None) -> Inside:
    """The edition held against what the warehouse holds now. Raises CannotProtect where a system is above the budget.

    Contributions are those of today: of an edition made from other data, what is found is about today's.
    """
    computed = compute(plan, engine, edited=edited, progress=progress)
    guarded = computed.joint.guarded if computed.joint else ()
    shown = edition.query("SELECT DISTINCT indicator, period, breakdown, category, status FROM results")
    status = {row[:4]: row[4] for row in shown.select(*KEYS, "status").iter_rows()}
    found = [_of_system(one, status) for one in guarded if one.family.change is None]
    margins = [margin for one in found for margin in one.margins]
    lost, whole = (sum(getattr(one, name) for one in found) for name in ("lost", "whole"))
    return Inside(
        systems=len(found),
        cells=sum(len(one.guarded.linked.names) for one in found),
        primary=sum(len(one.guarded.linked.system.primary) for one in found),
        secondary=sum(len(one.withheld) - len(one.guarded.linked.system.primary & one.withheld) for one in found),
        exposed=tuple(key for one in found for key in one.exposed),
        narrow=tuple(name for one in found for name in one.narrow),
        withheld=lost / whole if whole else 0.0,
        margin=min(margins, default=None),
    )


@dataclass(frozen=True, kw_only=True)
class _Seen:
    guarded: Guarded
    withheld: frozenset[int]
    exposed: tuple[tuple[str, ...], ...]
    narrow: tuple[str, ...]
    margins: tuple[float, ...]
    lost: float
    whole: float


def _of_system(guarded: Guarded, status: Mapping[tuple[str, ...], str]) -> _Seen:
    linked, family = guarded.linked, guarded.family
    system = linked.system

    def told(at: int) -> bool:
        return any(status.get((one, *linked.names[at])) in ("published", "unreliable") for one in family.indicators)

    withheld = frozenset(at for at in range(len(linked.names)) if not told(at))
    exposed = [
        (indicator, *linked.names[at])
        for at in sorted(system.primary - withheld)
        for indicator in family.indicators
        if status.get((indicator, *linked.names[at])) in ("published", "unreliable")
    ]
    found = bounds(system, withheld)
    margins = list(_margins(guarded, found))
    sums = [
        (at in withheld, float(one.values[list(cell)].sum())) for one in system.magnitudes for at, cell in enumerate(system.cells)
    ]
    return _Seen(
        guarded=guarded,
        withheld=withheld,
        exposed=tuple(exposed),
        narrow=tuple(name for name, margin in margins if margin < 1),
        margins=tuple(margin for _, margin in margins),
        lost=sum(value for hidden, value in sums if hidden),
        whole=sum(value for _, value in sums),
    )


def _margins(guarded: Guarded, found: Sequence[Bounds]) -> Iterator[tuple[str, float]]:
    """Of every bound with a distance that is asked: how many times that it is away."""
    asked = {one.name: one for one in guarded.linked.system.magnitudes}
    for bound in found:
        magnitude = asked[bound.magnitude]
        name = " ".join((magnitude.name, *guarded.linked.names[bound.cell]))
        for need, away in ((magnitude.upper, bound.high - bound.value), (magnitude.lower, bound.value - bound.low)):
            if need.get(bound.cell, 0.0) > 0:
                yield name, away / need[bound.cell]
