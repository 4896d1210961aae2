"""How weights were made, once for all indicators of a table that share every figure of a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from dashboard.rows import headline
from indicators.catalogue.plan import Plan

#: the step that every weighting begins with; the others fit weights to totals
DESIGN = "design"
_OWN = ("period", "method", "units", "totals", "dropped", "smallest", "largest", "worst")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a weighting in one period."""

    table: str
    indicators: tuple[str, ...]
    period: str
    method: str
    units: int | None
    totals: int | None
    dropped: str | None
    smallest: float | None
    largest: float | None
    worst: float | None


def steps(plan: Plan, weighting: pl.DataFrame) -> list[Step]:
    """The steps by table in the order of the plan, the newest period first."""
    made: dict[tuple[object, ...], list[str]] = {}
    for row in weighting.iter_rows(named=True):
        known = plan.indicators.get(row["indicator"])
        table = (headline.source(plan, known) if known is not None else None) or row["indicator"]
        made.setdefault((table, *(row[name] for name in _OWN)), []).append(row["indicator"])
    found = [
        Step(table=str(key[0]), indicators=tuple(names), **dict(zip(_OWN, key[1:], strict=True)))  # type: ignore[arg-type]
        for key, names in made.items()
    ]
    places = {name: place for place, name in enumerate(plan.dictionary.tables)}
    newest = sorted(found, key=lambda step: step.period, reverse=True)
    return sorted(newest, key=lambda step: (places.get(step.table, len(places)), step.table))


def steepest(found: Sequence[Step]) -> Step | None:
    """The step with the largest factor on a design weight."""
    known = [step for step in found if step.largest is not None]
    return max(known, key=lambda step: step.largest or 0.0, default=None)
