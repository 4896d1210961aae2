"""The inventory of a data catalogue: every table of a plan, what is worked out beside them, and what an edition publishes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from indicators.catalogue.grading import tier_of_inputs
from indicators.catalogue.plan import Plan
from indicators.editions.clearance import Clearance
from indicators.editions.details import DETAILS
from indicators.editions.results import RESULTS
from pipelines.custody import Custody, Kind, Tier, highest, tier_of
from pipelines.dictionary import Column, Table
from pipelines.edit.trail import REVIEWS
from pipelines.report import REJECTED
from pipelines.weights import WEIGHTS
from pipelines.yamlfile import Text

#: records: confidential; public: lists that anybody may see; working: made from records and as confidential; published: editions
Group = Literal["records", "public", "working", "published"]
GROUPS: Final[tuple[Group, ...]] = ("records", "public", "working", "published")

#: an edition's tables beside the results and the further ones
COVERAGE: dict[str, pl.DataType] = {
    "table_id": pl.String(),
    "rows": pl.Int64(),
    "units": pl.Int64(),
    "first_period": pl.String(),
    "last_period": pl.String(),
}
STATEMENTS: dict[str, pl.DataType] = {"indicator": pl.String(), "sql": pl.String()}

#: what the store holds beside the tables of the plan, each made from them
_WORKING: dict[str, Mapping[str, pl.DataType]] = {
    "rejected": REJECTED,
    "edits": REVIEWS,
    "weights": {"version": pl.String(), **WEIGHTS},
}
#: of each holding group behind a number: what it contributes with its weight, and what it reported itself
_BEHIND: dict[str, pl.DataType] = {
    "units": pl.Int64(),
    "y": pl.Float64(),
    "x": pl.Float64(),
    "own_y": pl.Float64(),
    "own_x": pl.Float64(),
    "take_all": pl.Boolean(),
}
_TYPES = {pl.String(): "text", pl.Int64(): "integer", pl.Float64(): "number", pl.Boolean(): "boolean", pl.Date(): "date"}


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One column of the catalogue; `name` and what follows it only where the plan gives them."""

    id: str
    type: str
    tier: Tier
    kind: Kind | None
    personal: bool = False
    reason: Text | None = None
    name: Text | None = None
    description: Text | None = None
    unit: str | None = None
    codes: str | None = None
    required: bool = False
    sources: tuple[str, ...] = ()  # of a derived column of the plan, the columns that it is made from


@dataclass(frozen=True, kw_only=True)
class Holding:
    """One table of the catalogue. `inputs` is the highest tier of what a made table is made from."""

    id: str
    group: Group
    tier: Tier
    custody: Custody
    entries: tuple[Entry, ...]
    name: Text | None = None
    description: Text | None = None
    rows: int | None = None
    units: int | None = None
    first: str | None = None
    last: str | None = None
    sources: tuple[str, ...] = ()  # tables that it is made from
    inputs: Tier | None = None

    @property
    def personal(self) -> bool:
        return any(entry.personal for entry in self.entries)


def inventory(plan: Plan, coverage: pl.DataFrame | None = None, clearance: Clearance | None = None) -> tuple[Holding, ...]:
    """Every table, in the order of GROUPS and of the plan. `coverage`: rows and periods behind an edition; `clearance`: whether
    disclosure control cleared it; without it there is no edition, and nothing published is listed."""
    spans = {row["table_id"]: row for row in coverage.iter_rows(named=True)} if coverage is not None else {}
    tables = [_table(plan, table, spans.get(name, {})) for name, table in plan.dictionary.tables.items()]
    order = {group: place for place, group in enumerate(GROUPS)}
    found = [*tables, *_working(plan), *(_published(plan, clearance) if clearance else ())]
    return tuple(sorted(found, key=lambda one: order[one.group]))


def _table(plan: Plan, table: Table, span: Mapping[str, object]) -> Holding:
    own = [_entry(name, column) for name, column in table.columns.items()]
    derived = [_entry(name, column, (table.chains[name].of, *table.chains[name].by)) for name, column in table.derived.items()]
    return Holding(
        id=table.id,
        group="public" if table.public else "records",
        tier=tier_of(table),
        custody=plan.dictionary.custody_of(table),
        entries=(*own, *derived),
        name=table.name,
        description=table.description,
        rows=_whole(span.get("rows")),
        units=_whole(span.get("units")),
        first=_text(span.get("first_period")),
        last=_text(span.get("last_period")),
    )


def _entry(name: str, column: Column, sources: tuple[str, ...] = ()) -> Entry:
    return Entry(
        id=name,
        type=column.type,
        tier=column.tier,
        kind=column.kind,
        personal=column.personal,
        reason=column.reason,
        name=column.name,
        description=column.description,
        unit=column.unit,
        codes=column.codes,
        required=column.required,
        sources=sources,
    )


def _working(plan: Plan) -> Iterable[Holding]:
    """What may hold values of the records in any of its columns, all of which therefore bear the highest tier among them."""
    closed = [table for table in plan.dictionary.tables.values() if not table.public]
    tier = highest(tier_of(table) for table in closed)
    personal = any(column.personal for table in closed for column in table.columns.values())
    behind = {f"b_{name}": split.name for name, split in plan.breakdowns.items()}
    tables = {**_WORKING, "contributions": {**dict.fromkeys(("indicator", "period", "holding", *behind), pl.String()), **_BEHIND}}
    for name, schema in tables.items() if closed else ():
        entries = [
            Entry(id=one, type=_TYPES[kind], tier=tier, kind="derived", personal=personal, name=behind.get(one))
            for one, kind in schema.items()
        ]
        sources = tuple(table.id for table in closed)
        yield Holding(
            id=name, group="working", tier=tier, custody=plan.dictionary.custody, entries=tuple(entries),
            sources=sources, inputs=tier,
        )  # fmt: skip


def _published(plan: Plan, clearance: Clearance) -> Iterable[Holding]:
    """The tables of an edition: general once cleared, else of the tier of what they are made from."""
    tables = {"results": RESULTS, **DETAILS, "coverage": COVERAGE, "statements": STATEMENTS}
    inputs = highest(tier_of_inputs(plan, one) for one in plan.indicators.values())
    tier: Tier = "general" if clearance == "passed" else inputs
    sources = tuple(dict.fromkeys(str(one.table) for one in plan.indicators.values() if one.table is not None))
    for name, schema in tables.items():
        entries = [Entry(id=one, type=_TYPES[kind], tier=tier, kind="derived") for one, kind in schema.items()]
        yield Holding(
            id=name, group="published", tier=tier, custody=plan.identity.publication, entries=tuple(entries),
            sources=sources, inputs=inputs,
        )  # fmt: skip


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _text(value: object) -> str | None:
    return str(value) if value is not None else None
