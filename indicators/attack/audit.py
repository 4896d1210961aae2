"""The audit: what an outsider can work out from an edition and all others of its plan, and how much it withholds."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from indicators.attack.attack import Progress, attack
from indicators.attack.collection import Collection
from indicators.attack.found import Attacked, Narrowest, Recovered
from indicators.attack.kinds import Kind
from indicators.attack.levels import Place
from indicators.editions.edition import BrokenEdition, Edition, list_editions, open_edition
from indicators.estimation.estimate import KEYS


@dataclass(frozen=True, kw_only=True)
class Tried:
    """One kind of attack: on how many withheld numbers it bore, how many fell to it, and the one it encloses most closely."""

    kind: Kind
    tried: int
    recovered: int
    narrowest: Narrowest | None


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What an outsider gets. Withheld are primary and secondary numbers together, for nobody outside can tell them apart."""

    edition: str
    editions: tuple[str, ...]  # all that were held against each other
    unread: tuple[str, ...]  # those that cannot be opened
    published: int
    withheld: int
    kinds: tuple[Tried, ...]
    recovered: tuple[Recovered, ...]  # there must be none
    unanimous: int  # withheld numbers in a share of none or of all that is told, and so known

    @property
    def share(self) -> float:
        """Of all numbers with somebody behind them, the share that is published."""
        return self.published / (self.published + self.withheld) if self.published + self.withheld else 0.0


def audit(root: Path, identifier: str | None = None, progress: Progress | None = None) -> Audit:
    """The audit of an edition under `root`, the current one without an id, together with all others of the same plan.

    Raises NoEdition and BrokenEdition as `open_edition` does; others that cannot be opened are named in the result.
    """
    with ExitStack() as opened:
        asked = opened.enter_context(closing(open_edition(root, identifier)))
        others, unread = _others(root, asked, opened)
        collection = Collection.of_editions(sorted([asked, *others], key=lambda one: int(one.id)), asked)
    return of_attack(collection, attack(collection, progress), tuple(unread))


def of_attack(collection: Collection, found: Attacked, unread: tuple[str, ...] = ()) -> Audit:
    """The audit of what came of an attack on any collection of numbers."""
    rows = collection.tables["results"].filter(pl.col("in_edition") == collection.asked).unique(KEYS)
    counts = dict(rows.group_by("status").len().iter_rows())
    fell = [one.kind for one in found.recovered]
    kinds = [
        Tried(kind=kind, tried=len(found.tried[kind]), recovered=fell.count(kind), narrowest=found.narrowest.get(kind))
        for kind in Kind
    ]
    return Audit(
        edition=collection.asked,
        editions=tuple(collection.editions),
        unread=unread,
        published=counts.get("published", 0) + counts.get("unreliable", 0),
        withheld=counts.get("suppressed", 0),
        kinds=tuple(kinds),
        recovered=tuple(sorted(found.recovered, key=lambda one: (one.kind, one.place, one.what))),
        unanimous=len(found.unanimous),
    )


def as_json(told: Audit) -> dict[str, Any]:
    """The audit for machines. What was recovered is named and not repeated, for logs and papers hold what is printed."""
    return {
        "edition": told.edition,
        "editions": list(told.editions),
        "unread": list(told.unread),
        "published": told.published,
        "withheld": told.withheld,
        "share_published": told.share,
        "unanimous": told.unanimous,
        "attacks": [
            {"kind": one.kind.name, "tried": one.tried, "recovered": one.recovered, "narrowest": _narrowest(one.narrowest)}
            for one in told.kinds
        ],
        "recovered": [
            {**_key(one.place), "what": one.what, "kind": one.kind.name, "beside": one.beside or None} for one in told.recovered
        ],
    }


def _narrowest(narrowest: Narrowest | None) -> dict[str, Any] | None:
    if narrowest is None:
        return None
    ends = {"low": narrowest.low, "high": narrowest.high, "width": narrowest.width}
    return {**_key(narrowest.place), **{name: end if abs(end) < float("inf") else None for name, end in ends.items()}}


def _key(place: Place) -> dict[str, str]:
    series, (breakdown, category) = place
    return {"indicator": series.indicator, "period": series.period, "breakdown": breakdown, "category": category}


def _others(root: Path, asked: Edition, opened: ExitStack) -> tuple[list[Edition], list[str]]:
    """The other editions of the same plan, and those that cannot be opened."""
    found, unread = list[Edition](), list[str]()
    for name in list_editions(root):
        if name == asked.id:
            continue
        try:
            other = opened.enter_context(closing(open_edition(root, name)))
        except BrokenEdition:
            unread.append(name)
            continue
        if other.plan.identity.id == asked.plan.identity.id:
            found.append(other)
    return found, unread
