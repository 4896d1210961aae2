"""The headline: every target of the plan with the newest number held against it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal

import polars as pl

from dashboard import format, periods
from indicators.catalogue.plan import Goal, Indicator, Plan, Target, Unit
from indicators.editions.results import TOTAL

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
    def standing_since(self) -> str | None:
        """The first period of the unbroken run of the present verdict; None with fewer than two judged periods."""
        judged = [row for row in self.path if row.verdict not in (None, "undecided")]
        if self.now is None or len(judged) < 2 or judged[-1] is not self.now:
            return None
        run = takewhile(lambda row: row.verdict == self.verdict, reversed(self.path))
        return [row.period for row in run][-1]

    @property
    def relative_gap(self) -> float | None:
        """What is still to go as a share of the bound; None when nothing is to go or nothing can be said."""
        if self.now is None or self.now.gap is None or self.now.gap <= 0 or not self.target.value:
            return None
        return self.now.gap / abs(self.target.value)


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One target of the plan: its readings (three coverages are one target), or the goal that has no number.

    A target whose sentence can be read in another way has its second reading in `others`; the first one judges.
    """

    id: str
    readings: tuple[Reading, ...] = ()
    others: tuple[Reading, ...] = ()
    goal: Goal | None = None

    @property
    def verdict(self) -> Verdict:
        """Met only when all its readings are; open readings count before unknown ones."""
        found = {reading.verdict for reading in self.readings}
        for verdict in ("not_met", "not_yet", "depends", "undecided"):
            if verdict in found:
                return verdict
        return "met" if found else "undecided"


def tiles(plan: Plan, rows: pl.DataFrame, through: Mapping[str, str] | None = None) -> tuple[Tile, ...]:
    """One tile per target, in the order in which the plan numbers them; goals without a number included.

    `rows` are the rows of the results frame that hold a target, and the totals; `through` is the last period of each table.
    """
    results = tuple(Result(**row) for row in rows.iter_rows(named=True))
    found: dict[str, list[Reading]] = {}
    for name in [*plan.identity.headline, *(name for name in plan.indicators if name not in plan.identity.headline)]:
        for target in plan.indicators[name].targets:
            made_of = reading(plan, plan.indicators[name], target, results, through or {})
            found.setdefault(tile_of(target, name), []).append(made_of)
    made = [_tile(name, group) for name, group in found.items()]
    dated = (None, plan.identity.target_year)  # goals of later years have no place beside these
    made += [Tile(id=goal.id, goal=goal) for goal in plan.identity.goals if goal.id not in found and goal.year in dated]
    return tuple(sorted(made, key=lambda tile: _number(tile.id)))


def _tile(identifier: str, group: Sequence[Reading]) -> Tile:
    """The first target of each indicator judges; a further one of the same indicator is another reading."""
    first = {item.indicator.id: item for item in reversed(group)}
    judging = tuple(item for item in group if first[item.indicator.id] is item)
    return Tile(id=identifier, readings=judging, others=tuple(item for item in group if item not in judging))


def source(plan: Plan, indicator: Indicator) -> str | None:
    """The table an indicator is made from; for a change, that of the level."""
    return indicator.table or (plan.indicators[indicator.change_of].table if indicator.change_of else None)


def reading(plan: Plan, indicator: Indicator, target: Target, results: Sequence[Result], through: Mapping[str, str]) -> Reading:
    """The indicator against the target; in its newest year (or quarter or month, where no year was published)."""
    held = [
        row
        for row in results
        if row.indicator == indicator.id and _in_scope(row, target)
        # the base itself is not judged, but a path begins there
        if row.target == (target.id or indicator.id) or (row.target is None and row.period == target.base_period)
    ]
    coarsest = next(
        (level for level in ("year", "quarter", "month") if any(periods.level(row.period) == level for row in held)), None
    )
    path = tuple(sorted((row for row in held if periods.level(row.period) == coarsest), key=lambda row: row.period))
    base_of = plan.indicators[indicator.change_of] if indicator.change_of else indicator
    base_period = target.base_period or indicator.base_period or plan.identity.base_period
    began = path if base_of is indicator else [row for row in results if row.indicator == base_of.id and row.breakdown == TOTAL]
    return Reading(
        indicator=indicator,
        unit=format.unit_of(plan, indicator.id),
        target=target,
        now=path[-1] if path else None,
        path=path,
        base=next((row for row in began if row.period == base_period and row.value is not None), None),
        base_of=base_of,
        base_unit=plan.unit(base_of.id),
        through=through.get(source(plan, indicator) or ""),
    )


def counts(found: Iterable[Tile]) -> Mapping[Verdict, int]:
    """How many targets have each verdict."""
    verdicts = [tile.verdict for tile in found]
    return {verdict: verdicts.count(verdict) for verdict in ("met", "not_yet", "not_met", "depends", "undecided")}


def widest(found: Iterable[Tile]) -> Reading | None:
    """The reading that is furthest from its bound, in relation to the bound; None when nothing is to go."""
    open_ones = [reading for tile in found for reading in tile.readings if reading.relative_gap is not None]
    return max(open_ones, key=lambda reading: reading.relative_gap or 0.0, default=None)


def elapsed(plan: Plan, today: str) -> float | None:
    """How much of the time from the end of the base period to the end of the target year has gone on the day `today`."""
    if plan.identity.base_period is None or plan.identity.target_year is None:
        return None
    start, finish = periods.end(plan.identity.base_period), plan.identity.target_year + 1.0
    return min(max((periods.end(today) - start) / (finish - start), 0.0), 1.0)


def _in_scope(row: Result, target: Target) -> bool:
    if isinstance(target.scope, dict):
        return row.breakdown == ",".join(target.scope) and row.category == ",".join(target.scope.values())
    return row.breakdown == TOTAL


def tile_of(target: Target, indicator: str) -> str:
    """The three coverages T10a, T10b, T10c (or all T10) are one target of the plan."""
    numbered = re.match(r"^([A-Z]+\d+)", target.id or "")
    return numbered.group(1) if numbered else target.id or indicator


def _number(identifier: str) -> int:
    digits = re.search(r"\d+", identifier)
    return int(digits.group()) if digits else 10_000  # sorting is stable: unnumbered ones keep their order, at the end
