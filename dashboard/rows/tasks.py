"""What is known of each task of a plan: numbers of its indicators, goals without a number, and the tables that are loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from dashboard.rows import selection
from dashboard.rows.headline import Tile
from dashboard.rows.reading import Reading, Result
from indicators.catalogue.plan import Action, Goal, Indicator, Plan, Task
from indicators.editions.results import TOTAL

#: a number was published; records are loaded; neither
State = Literal["number", "register", "nothing"]
STATES: tuple[State, ...] = ("number", "register", "nothing")


@dataclass(frozen=True, kw_only=True)
class Number:
    """The newest number of an indicator: held against its target, or alone."""

    indicator: Indicator
    tile: str | None = None  # the number of its target
    reading: Reading | None = None
    now: Result | None = None


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """How much of a table stands behind an edition."""

    id: str
    rows: int = 0
    units: int = 0
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True, kw_only=True)
class Known:
    """A task with what is known of it."""

    task: Task
    numbers: tuple[Number, ...]
    goals: tuple[Goal, ...]
    tables: tuple[Loaded, ...]

    @property
    def numbered(self) -> bool:
        return any(number.now is not None and number.now.value is not None for number in self.numbers)

    @property
    def registered(self) -> bool:
        return any(table.rows for table in self.tables)

    @property
    def state(self) -> State:
        return "number" if self.numbered else "register" if self.registered else "nothing"


def known(
    plan: Plan, tiles: Sequence[Tile], totals: pl.DataFrame, coverage: pl.DataFrame
) -> tuple[tuple[Action, tuple[Known, ...]], ...]:
    """Every action with its tasks, in the order of the plan.

    `totals`: rows of the results frame with all totals; `coverage`: rows, units and periods of every table.
    """
    held = _held(tiles)
    spans = {row["table_id"]: _loaded(row) for row in coverage.iter_rows(named=True)}
    newest = {row["indicator"]: Result(**row) for row in _newest(totals).iter_rows(named=True)}
    goals = {goal.id: goal for goal in plan.identity.goals}

    def number(name: str) -> Number:
        tile, reading = held.get(name, (None, None))
        now = reading.now if reading is not None else newest.get(name)
        return Number(indicator=plan.indicators[name], tile=tile, reading=reading, now=now)

    def of(task: Task) -> Known:
        return Known(
            task=task,
            numbers=tuple(number(name) for name in task.indicators if name in plan.indicators),
            goals=tuple(goals[name] for name in task.goals if name in goals),
            tables=tuple(spans.get(name, Loaded(id=name)) for name in task.tables),
        )

    return tuple((action, tuple(of(task) for task in action.tasks)) for action in plan.identity.actions)


def counts(found: Iterable[Known]) -> Mapping[str, int]:
    """How many tasks there are, how many have a number, a register, and neither."""
    tasks = list(found)
    return {
        "tasks": len(tasks),
        "number": sum(one.numbered for one in tasks),
        "register": sum(one.registered for one in tasks),
        "nothing": sum(one.state == "nothing" for one in tasks),
    }


def apart(plan: Plan, tiles: Iterable[Tile], coverage: pl.DataFrame) -> tuple[list[Tile], list[Loaded]]:
    """Targets and loaded tables that belong to no single task."""
    tasks = [task for action in plan.identity.actions for task in action.tasks]
    indicators = {name for task in tasks for name in task.indicators}
    named = indicators | {name for task in tasks for name in (*task.goals, *task.tables)}
    free = [
        tile
        for tile in tiles
        if not any(reading.indicator.id in indicators for reading in (*tile.readings, *tile.others))
        and (tile.goal is None or tile.goal.id not in named)
    ]
    rest = (_loaded(row) for row in coverage.iter_rows(named=True) if row["table_id"] not in named)
    return free, [table for table in rest if table.rows]


def linked(plan: Plan) -> bool:
    """Whether the plan says of any task what speaks of it; editions of earlier versions do not."""
    return any(task.indicators or task.goals or task.tables for action in plan.identity.actions for task in action.tasks)


def _held(tiles: Iterable[Tile]) -> dict[str, tuple[str, Reading]]:
    """The reading of each indicator against its target, those that judge before the others."""
    found: dict[str, tuple[str, Reading]] = {}
    for tile in tiles:
        for reading in (*tile.readings, *tile.others):
            found.setdefault(reading.indicator.id, (tile.id, reading))
    return found


def _newest(totals: pl.DataFrame) -> pl.DataFrame:
    rows = selection.newest(totals.filter(pl.col("breakdown") == TOTAL))
    return rows.unique("indicator", keep="first", maintain_order=True)


def _loaded(row: Mapping[str, Any]) -> Loaded:
    ends = {"first": row["first_period"], "last": row["last_period"]}
    return Loaded(id=row["table_id"], rows=row["rows"] or 0, units=row["units"] or 0, **ends)
