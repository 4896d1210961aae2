"""A number held against a target: one row of the results frame, and the newest of them with its path, base and assessment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from dashboard.rows import assessed
from dashboard.rows.assessed import Assessment, Key, Pace, Position
from indicators.catalogue.plan import Indicator, Target, Unit

Verdict = Literal["met", "not_met", "not_yet", "depends", "undecided"]


@dataclass(frozen=True, kw_only=True)
class Result:
    """One row of the results frame."""

    indicator: str
    period: str
    breakdown: str
    category: str
    value: float | None
    se: float | None
    low: float | None
    high: float | None
    n: int | None
    quality: str | None
    review: str | None = None
    df: int | None = None
    response_rate: float | None = None
    imputed_share: float | None = None
    significant: bool | None = None
    release: str | None = None
    status: str
    target: str | None
    target_year: int | None
    operator: str | None
    threshold: float | None
    gap: float | None
    verdict: Verdict | None
    gap_low: float | None = None
    gap_high: float | None = None
    outcome: str | None = None

    @property
    def key(self) -> Key | None:
        """By which its assessment is found; None where it is held against nothing."""
        return None if self.target is None else (self.indicator, self.period, self.breakdown, self.category, self.target)

    @property
    def assessment(self) -> Assessment:
        """What the row itself says of its assessment, for want of more."""
        names = (
            "indicator",
            "period",
            "breakdown",
            "category",
            "threshold",
            "value",
            "se",
            "gap",
            "gap_low",
            "gap_high",
            "outcome",
        )
        return Assessment(target=self.target or "", **{name: getattr(self, name) for name in names})


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One indicator held against one target: the newest result, the path so far, and where it began."""

    indicator: Indicator
    unit: Unit
    target: Target
    now: Result | None
    path: tuple[Result, ...]  # rows of the same scope, oldest first
    base: Result | None  # of `base_of`, in the base period
    base_of: Indicator  # the indicator itself; for a change, the level it is a change of
    base_unit: Unit
    through: str | None = None  # the last period of the records it is made from
    assessment: Assessment | None = None  # of `now`
    paces: tuple[Pace, ...] = ()

    @property
    def judged(self) -> Assessment | None:
        """What the edition judges of it; None where the target has no number, or none was published."""
        row = self.assessment
        told = row is not None and row.outcome is not None and row.value is not None and self.target.value is not None
        return row if told else None

    @property
    def position(self) -> Position:
        return assessed.position(self.now.outcome, self.verdict, self.assessment) if self.now else "nothing"

    @property
    def severity(self) -> tuple[int, int]:
        return assessed.severity(self.now.outcome if self.now else None, self.verdict, self.assessment)

    @property
    def behind(self) -> float | None:
        """What is missing to the path as a share of the whole way; None where nothing is, or no path is known."""
        told = self.assessment
        if (
            told is None
            or told.path_gap is None
            or told.path_gap <= 0
            or told.base is None
            or told.threshold in (None, told.base)
        ):
            return None
        return told.path_gap / abs((told.threshold or 0.0) - told.base)

    @property
    def verdict(self) -> Verdict:
        return (self.now.verdict if self.now else None) or "undecided"

    @property
    def signed(self) -> bool:
        """Whether its numbers are changes, which bear a sign."""
        return self.indicator.kind == "change"

    @property
    def within_error(self) -> bool:
        """Whether the interval reaches over the bound, so that the verdict could be otherwise."""
        now, bound = self.now, self.target.value
        return (
            now is not None
            and now.low is not None
            and now.high is not None
            and bound is not None
            and now.low <= bound <= now.high
        )

    @property
    def relative_gap(self) -> float | None:
        """What is still to go as a share of the bound; None when nothing is to go or nothing can be said."""
        if self.now is None or self.now.gap is None or self.now.gap <= 0 or not self.target.value:
            return None
        return self.now.gap / abs(self.target.value)
