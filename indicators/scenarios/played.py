"""A played scenario: the number before and after, which categories moved and what each adds, and what a reader should know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

import polars as pl

from indicators.catalogue.scenario import Scenario
from indicators.catalogue.scenariotext import to_link
from pipelines.yamlfile import Text

How = Literal["moved", "kept", "limited", "others"]
Reason = Literal["withheld", "no_pace"]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A number held against its target, as in the table `assessments`; numbers in the unit of the indicator."""

    period: str  # of what is played until the target year, that year
    value: float
    se: float | None = None
    low: float | None = None
    high: float | None = None
    gap: float | None = None
    gap_low: float | None = None
    gap_high: float | None = None
    p_met: float | None = None
    pace: float | None = None
    grade: str | None = None
    other: str | None = None
    probability: float | None = None
    p_on_track: float | None = None
    p_acceleration: float | None = None
    p_limited: float | None = None
    p_deterioration: float | None = None
    outcome: str | None = None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Standing:
        return cls(**{field.name: row[field.name] for field in fields(cls)})


@dataclass(frozen=True, kw_only=True)
class Moved:
    """A category that the scenario names, or that goes on at its pace beside those named."""

    category: str
    former: float
    value: float
    adds: float  # to the number of the target, in its unit; all of them add up to its change
    more: int | None  # of what the indicator counts, how many more that is in the population; negative: fewer
    how: How  # kept: it is better already; limited: no share leaves 0 to 1; others: not named, and goes on at its pace


@dataclass(frozen=True, kw_only=True)
class Left:
    """A category that was meant too and stays as it is."""

    category: str
    reason: Reason  # withheld: itself, or told together with those that are; no_pace: none is known since the base


@dataclass(frozen=True, kw_only=True)
class Played:
    """All that a scenario gives. `until` is the target year where something moves at a pace, else None."""

    scenario: Scenario
    indicator: str
    breakdown: str
    until: int | None
    before: Standing
    after: Standing
    moved: tuple[Moved, ...]
    left: tuple[Left, ...]
    notes: tuple[Text, ...]

    def as_dict(self) -> dict[str, Any]:
        """The same in plain values, for JSON; its keys are a public interface."""
        told = self.scenario.model_dump(exclude_none=True)
        return {
            "scenario": told,
            "link": to_link(self.scenario),
            "target": self.scenario.target,
            "indicator": self.indicator,
            "breakdown": self.breakdown,
            "until": self.until,
            "before": asdict(self.before),
            "after": asdict(self.after),
            "moved": [asdict(one) for one in self.moved],
            "left": [asdict(one) for one in self.left],
            "notes": [note.model_dump() for note in self.notes],
        }

    def as_frame(self) -> pl.DataFrame:
        """The same as rows with the columns ROWS: the number before and after, then every category."""
        ends = [{"part": part, **asdict(standing)} for part, standing in (("before", self.before), ("after", self.after))]
        moved = [
            {"part": "category", "breakdown": self.breakdown, "period": self.after.period, **asdict(one)} for one in self.moved
        ]
        left = [{"part": "left", "breakdown": self.breakdown, "category": one.category, "how": one.reason} for one in self.left]
        keys = {"indicator": self.indicator, "target": self.scenario.target}
        return pl.DataFrame([{**keys, **row} for row in (*ends, *moved, *left)], schema=ROWS)


#: columns of `as_frame`, a public interface
ROWS: dict[str, pl.DataType] = {
    "indicator": pl.String(),
    "target": pl.String(),
    "part": pl.String(),  # before, after, category, left
    "period": pl.String(),
    "breakdown": pl.String(),
    "category": pl.String(),
    "how": pl.String(),  # of a category: one of How; of one left out, its Reason
    "former": pl.Float64(),
    "value": pl.Float64(),
    "adds": pl.Float64(),
    "more": pl.Int64(),
    "se": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "gap": pl.Float64(),
    "gap_low": pl.Float64(),
    "gap_high": pl.Float64(),
    "p_met": pl.Float64(),
    "pace": pl.Float64(),
    "grade": pl.String(),
    "other": pl.String(),
    "probability": pl.Float64(),
    "p_on_track": pl.Float64(),
    "p_acceleration": pl.Float64(),
    "p_limited": pl.Float64(),
    "p_deterioration": pl.Float64(),
    "outcome": pl.String(),
}
