"""Small plans and small warehouses, made on the spot from a few words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import polars as pl
import pytest

from indicators.catalogue.disclosure import Disclosure
from indicators.catalogue.plan import Plan
from indicators.compute import compute
from pipelines.database import Database

POLARS_TYPES: dict[str, Any] = {
    "integer": pl.Int64,
    "number": pl.Float64,
    "rate": pl.Float64,
    "boolean": pl.Boolean,
    "date": pl.Date,
    "month": pl.Date,
    "year": pl.Int32,
    "timestamp": pl.Datetime,
}
Frames = Mapping[str, pl.DataFrame]
MakePlan = Callable[..., Plan]
Warehouse = Callable[[Plan, Frames], Database]
Results = Callable[..., pl.DataFrame]


def _text(words: str) -> dict[str, str]:
    return {"zh": words, "en": words}


def _table(name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    columns = {
        column: {"name": _text(column), "tier": "general", **({"type": kind} if isinstance(kind, str) else kind)}
        for column, kind in spec["columns"].items()
    }
    return {"id": name, "name": _text(name), **spec, "columns": columns}


def _codes(name: str, codes: Mapping[str, str | None]) -> dict[str, Any]:
    return {"id": name, "name": _text(name), "codes": {code: {"name": _text(code), "parent": up} for code, up in codes.items()}}


def _plan(
    *,
    tables: Mapping[str, Any],
    indicators: Mapping[str, Any],
    breakdowns: Mapping[str, Any] | None = None,
    crossings: list[list[str]] | None = None,
    codes: Mapping[str, Any] | None = None,
    minimum_groups: int = 1,
) -> Plan:
    shown = {
        name: {"id": name, "name": _text(name), "definition": _text(name), "unit": "number", "better": "higher", **spec}
        for name, spec in indicators.items()
    }
    units = {
        "number": {"name": _text("number"), "symbol": _text("1")},
        "share": {"name": _text("share"), "symbol": _text("%"), "factor": 100, "bounded": True},
    }
    identity = {"id": "small", "name": _text("small"), "issuers": [_text("we")], "issued": "2025-01-01", "units": units}
    return Plan.model_validate(
        {
            "identity": {**identity, "headline": list(indicators)},
            "dictionary": {
                "tables": {name: _table(name, spec) for name, spec in tables.items()},
                "codes": {name: _codes(name, listed) for name, listed in (codes or {}).items()},
            },
            "breakdowns": {
                name: {"name": _text(name), **({"column": split} if isinstance(split, str) else split)}
                for name, split in (breakdowns or {}).items()
            },
            "crossings": crossings or [],
            "indicators": shown,
            "references": {},
            "cases": {},
            "disclosure": Disclosure.of_groups(minimum_groups).model_dump(),
        }
    )


def _warehouse(plan: Plan, frames: Frames) -> Database:
    database = Database()
    for name, table in plan.dictionary.tables.items():
        schema = {column: POLARS_TYPES.get(spec.type, pl.String) for column, spec in table.columns.items()}
        frame = frames.get(name, pl.DataFrame(schema=schema))
        database.insert(name, frame.select(pl.col(column).cast(kind) for column, kind in schema.items()))
    return database


@pytest.fixture(scope="session")
def make_plan() -> MakePlan:
    """A plan from tables (columns as name: type), indicators, breakdowns (name: column) and codes (code: parent)."""
    return _plan


@pytest.fixture(scope="session")
def warehouse() -> Iterator[Warehouse]:
    """A database in memory with every table of a plan; tables without a frame are empty."""
    opened: list[Database] = []

    def make(plan: Plan, frames: Frames) -> Database:
        opened.append(_warehouse(plan, frames))
        return opened[-1]

    yield make
    for database in opened:
        database.close()


@pytest.fixture(scope="session")
def results_of() -> Results:
    """The results frame of a plan over frames, computed by the engine that publishes."""

    def run(plan: Plan, frames: Frames, **options: Any) -> pl.DataFrame:
        with _warehouse(plan, frames) as database:
            return compute(plan, database, **options).results

    return run


@pytest.fixture(scope="session")
def row_of() -> Callable[..., dict[str, Any]]:
    """The one row of a results frame with this key."""

    def find(
        results: pl.DataFrame, indicator: str, period: str, breakdown: str = "total", category: str = "total"
    ) -> dict[str, Any]:
        keys = {"indicator": indicator, "period": period, "breakdown": breakdown, "category": category}
        found = results.filter(*(pl.col(name) == value for name, value in keys.items()))
        assert found.height == 1, f"{keys}: {found.height} rows"
        return found.row(0, named=True)

    return find
