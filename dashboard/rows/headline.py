"""The headline: every target of the plan with the newest number held against it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from dashboard.rows.assessed import TOLD, Assessed, Position
from dashboard.rows.reading import Reading, Result, Verdict
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Goal, Indicator, Plan, Target
from indicators.editions.results import TOTAL


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One target of the plan: what it is made of (three coverages are one target), or the goal that has no number.

    All of `readings` must hold, so the worst of them speaks for the target; nothing is averaged. A target whose sentence can be
    read in another way has its other readings in `others`, which judge nothing.
    """

    id: str
    readings: tuple[Reading, ...] = ()
    others: tuple[Reading, ...] = ()
    goal: Goal | None = None

    @property
    def worst(self) -> Reading | None:
        """What speaks for the target: by outcome, then by the gap in relation to the bound."""
        return min(self.readings, key=lambda one: (*one.severity, -(one.relative_gap or 0.0)), default=None)

    @property
    def position(self) -> Position:
        return self.worst.position if self.worst else "nothing"

    @property
    def verdict(self) -> Verdict:
        """Met only when all its readings are; open readings count before unknown ones."""
        found = {reading.verdict for reading in self.readings}
        for verdict in ("not_met", "not_yet", "depends", "undecided"):
            if verdict in found:
                return verdict
        return "met" if found else "undecided"


def tiles(
    plan: Plan, rows: pl.DataFrame, through: Mapping[str, str] | None = None, judged: Assessed | None = None
) -> tuple[Tile, ...]:
    """One tile per target, in the order in which the plan numbers them; goals without a number included.

    `rows` are the rows of the results frame that hold a target, and the totals; `through` is the last period of each table.
    """
    results = tuple(Result(**row) for row in rows.iter_rows(named=True))
    homes = {target.id: tile_of(target, name) for name, target in _targets(plan) if target.id}
    found: dict[str, list[Reading]] = {}
    for name, target in _targets(plan):
        made_of = reading(plan, plan.indicators[name], target, results, through or {}, judged or Assessed())
        home = homes.get(target.reading_of) if target.reading_of else None
        found.setdefault(home or tile_of(target, name), []).append(made_of)
    made = [_tile(name, group) for name, group in found.items()]
    dated = (None, plan.identity.target_year)  # goals of later years have no place beside these
    made += [Tile(id=goal.id, goal=goal) for goal in plan.identity.goals if goal.id not in found and goal.year in dated]
    return tuple(sorted(made, key=lambda tile: _number(tile.id)))


def without_hidden(found: Iterable[Tile]) -> tuple[Tile, ...]:
    """The tiles of an edition cut to a scope: a reading asked of a category that has no row there is of others."""

    def kept(these: Sequence[Reading]) -> tuple[Reading, ...]:
        return tuple(one for one in these if one.now is not None or not isinstance(one.target.scope, dict))

    cut = (replace(tile, readings=kept(tile.readings), others=kept(tile.others)) for tile in found)
    return tuple(tile for tile in cut if tile.readings or tile.goal)


def _targets(plan: Plan) -> list[tuple[str, Target]]:
    """Every target with its indicator, those of the headline first."""
    names = [*plan.identity.headline, *(name for name in plan.indicators if name not in plan.identity.headline)]
    return [(name, target) for name in names for target in plan.indicators[name].targets]


def _tile(identifier: str, group: Sequence[Reading]) -> Tile:
    """Other readings judge nothing; nor does a further target of the same indicator, in plans that do not say what it is."""
    own = [item for item in group if item.target.reading_of is None]
    first = {item.indicator.id: item for item in reversed(own)}
    judging = tuple(item for item in own if first[item.indicator.id] is item)
    return Tile(id=identifier, readings=judging, others=tuple(item for item in group if item not in judging))


def source(plan: Plan, indicator: Indicator) -> str | None:
    """The table an indicator is made from; for a change, that of the level."""
    return indicator.table or (plan.indicators[indicator.change_of].table if indicator.change_of else None)


def reading(
    plan: Plan,
    indicator: Indicator,
    target: Target,
    results: Sequence[Result],
    through: Mapping[str, str],
    judged: Assessed,
) -> Reading:
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
    now = path[-1] if path else None
    base_of = plan.indicators[indicator.change_of] if indicator.change_of else indicator
    base_period = target.base_period or indicator.base_period or plan.identity.base_period
    began = path if base_of is indicator else [row for row in results if row.indicator == base_of.id and row.breakdown == TOTAL]
    return Reading(
        indicator=indicator,
        unit=format.unit_of(plan, indicator.id),
        target=target,
        now=now,
        path=path,
        base=next((row for row in began if row.period == base_period and row.value is not None), None),
        base_of=base_of,
        base_unit=plan.unit(base_of.id),
        through=through.get(source(plan, indicator) or ""),
        assessment=judged.row(now.key) or now.assessment if now and now.target else None,
        paces=judged.pace(now.key) if now else (),
    )


def counts(found: Iterable[Tile]) -> Mapping[Position, int]:
    """How many targets stand where, in the order in which it is told."""
    positions = [tile.position for tile in found]
    return {position: positions.count(position) for position in TOLD}


def late(found: Iterable[Tile]) -> list[Reading]:
    """Those behind their path: of those that stand worst the furthest behind first, in relation to the whole way."""
    behind = [reading for tile in found for reading in tile.readings if reading.behind is not None]
    return sorted(behind, key=lambda reading: (reading.severity[0], -(reading.behind or 0.0)))


def furthest(found: Iterable[Tile]) -> Reading | None:
    """The reading whose gap matters most: the first of those behind their path, else that of the widest gap."""
    tiles = list(found)
    return next(iter(late(tiles)), None) or widest(tiles)


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
