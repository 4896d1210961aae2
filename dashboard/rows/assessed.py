"""Rows of the tables `assessments` and `paces` as they are read, and the position in which each leaves a target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import polars as pl

from indicators.editions.results import GRADES
from indicators.targets.outcome import TOLD as PROBABLE

if TYPE_CHECKING:
    from indicators.editions.edition import Edition

#: where a target stands, the worst first; `not_yet` is what the law says of a number that bears no outcome
Position = Literal["missed", "away", "behind", "not_yet", "undated", "cannot_tell", "nothing", "on_track", "reached"]
POSITIONS: tuple[Position, ...] = (
    "missed",
    "away",
    "behind",
    "not_yet",
    "undated",
    "cannot_tell",
    "nothing",
    "on_track",
    "reached",
)
#: the order in which a reader is told how many stand where
TOLD: tuple[Position, ...] = (
    "reached",
    "on_track",
    "behind",
    "away",
    "missed",
    "not_yet",
    "cannot_tell",
    "undated",
    "nothing",
)
#: outcomes by position, in each the worst first
_OUTCOMES: dict[Position, tuple[str, ...]] = {
    "missed": ("not_met", "not_met_within_error"),
    "away": ("lost", "deterioration"),
    "behind": ("limited", "acceleration"),
    "undated": ("no_date",),
    "cannot_tell": ("depends", "cannot_tell", "no_error"),
    "nothing": ("base_only", "no_number"),
    "on_track": ("on_track",),
    "reached": ("met_within_error", "met", "met_at_base"),
}
_POSITION_OF = {outcome: position for position, outcomes in _OUTCOMES.items() for outcome in outcomes}
_WORST_FIRST = [outcome for position in POSITIONS for outcome in _OUTCOMES.get(position, ())]
_VERDICTS: dict[str, Position] = {"met": "reached", "not_met": "missed", "not_yet": "not_yet", "depends": "cannot_tell"}


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """One row of the table `assessments`."""

    indicator: str
    period: str
    breakdown: str
    category: str
    target: str
    scope: bool = True
    threshold: float | None = None
    value: float | None = None
    se: float | None = None
    base_period: str | None = None
    base: float | None = None
    base_se: float | None = None
    covariance: float | None = None
    gap: float | None = None
    gap_low: float | None = None
    gap_high: float | None = None
    distance: float | None = None
    path: float | None = None
    path_gap: float | None = None
    pace: float | None = None
    grade: str | None = None
    other: str | None = None
    probability: float | None = None
    p_met: float | None = None
    p_on_track: float | None = None
    p_acceleration: float | None = None
    p_limited: float | None = None
    p_deterioration: float | None = None
    outcome: str | None = None

    @property
    def alike(self) -> bool:
        """Whether both grades that cannot be told apart leave the target in one position, and one of them is probable."""
        if self.grade is None or self.other is None or self.probability is None or self.probability < PROBABLE:
            return False
        return _POSITION_OF[self.grade] == _POSITION_OF[self.other]

    @property
    def probabilities(self) -> dict[str, float]:
        """Of the target reached and of each grade, where they are known; the best first."""
        named = {name: getattr(self, f"p_{name}") for name in ("met", *GRADES)}
        return {name: found for name, found in named.items() if found is not None}


@dataclass(frozen=True, kw_only=True)
class Pace:
    """One row of the table `paces`."""

    indicator: str
    period: str
    breakdown: str
    category: str
    target: str
    scale: str
    achieved: float | None = None
    required: float | None = None
    among: str | None = None
    categories: int | None = None
    fastest: float | None = None
    reached: bool | None = None


Key = tuple[str, str, str, str, str]
_KEY = ("indicator", "period", "breakdown", "category", "target")


@dataclass(frozen=True, kw_only=True)
class Assessed:
    """The assessments and paces of an edition, or those of them that a page needs, to be found by key."""

    rows: Mapping[Key, Assessment] = field(default_factory=lambda: MappingProxyType({}))
    paces: Mapping[Key, tuple[Pace, ...]] = field(default_factory=lambda: MappingProxyType({}))
    through: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))  # the last period of each table

    @classmethod
    def of(cls, assessments: pl.DataFrame, paces: pl.DataFrame, through: Mapping[str, str] = MappingProxyType({})) -> Assessed:
        rows = [Assessment(**row) for row in assessments.iter_rows(named=True)]
        fast: dict[Key, list[Pace]] = {}
        for row in paces.iter_rows(named=True):
            fast.setdefault(_key(row), []).append(Pace(**row))
        found = {(row.indicator, row.period, row.breakdown, row.category, row.target): row for row in rows}
        return cls(rows=found, paces={key: tuple(these) for key, these in fast.items()}, through=through)

    @classmethod
    def published(cls, edition: Edition) -> Assessed:
        """Everything that an edition holds."""
        coverage = edition.query("SELECT table_id, last_period FROM coverage WHERE last_period IS NOT NULL")
        through = {str(table): str(last) for table, last in coverage.iter_rows()}
        return cls.of(edition.query("SELECT * FROM assessments"), edition.query("SELECT * FROM paces"), through)

    def row(self, key: Key | None) -> Assessment | None:
        return self.rows.get(key) if key is not None else None

    def pace(self, key: Key | None) -> tuple[Pace, ...]:
        return self.paces.get(key, ()) if key is not None else ()


def position(outcome: str | None, verdict: str | None = None, told: Assessment | None = None) -> Position:
    """Where an outcome leaves the target; where there is none (a quarter, an older edition), what the law says of it.

    Two grades that cannot be told apart but are in the same position leave it there: behind is behind.
    """
    if outcome == "cannot_tell" and told is not None and told.alike:
        return _POSITION_OF[str(told.grade)]
    return _POSITION_OF[outcome] if outcome else _VERDICTS.get(verdict or "", "nothing")


def severity(outcome: str | None, verdict: str | None = None, told: Assessment | None = None) -> tuple[int, int]:
    """Sorts the worst first: by position, within it by outcome."""
    return POSITIONS.index(position(outcome, verdict, told)), _WORST_FIRST.index(outcome) if outcome else -1


def _key(row: Mapping[str, Any]) -> Key:
    indicator, period, breakdown, category, target = (str(row[name]) for name in _KEY)
    return indicator, period, breakdown, category, target
