"""A worked case: a few rows by hand go through the engine that publishes, and must give the numbers worked out by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import polars as pl

from indicators.catalogue.plan import Case, Expected, Plan
from indicators.compute import compute
from pipelines.database import Database, quoted
from pipelines.dictionary import SQL_TYPES

TOLERANCE = 1e-9


def run_case(plan: Plan, case: Case) -> list[str]:
    """Everything in which the engine and the case disagree; an empty list when they agree."""
    indicator = plan.indicators[case.id]
    needed = {case.id: indicator}
    if indicator.change_of:
        needed[indicator.change_of] = plan.indicators[indicator.change_of]
    if indicator.decomposition and (current := indicator.decomposition.current):
        needed[current] = plan.indicators[current]
    narrowed = plan.model_copy(update={"indicators": needed})
    with Database() as database:
        fill(database, plan, case.tables)
        # a case is invented, so nobody is to be protected in it
        results = compute(narrowed, database, minimum_groups=1).results
    found = []
    for expected in case.expect:
        found += _mismatch(case.id, expected, results)
    return found


def fill(database: Database, plan: Plan, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    """Creates every table of a plan and puts the rows of a case into them, cast to the types of their columns."""
    for name, table in plan.dictionary.tables.items():
        columns = {column: SQL_TYPES[spec.type] for column, spec in table.columns.items()}
        typed = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
        database.execute(f"CREATE TABLE {quoted(name)} ({typed})")
        for row in rows.get(name, []):
            _insert(database, name, row, columns)


def _insert(database: Database, table: str, row: dict[str, Any], columns: dict[str, str]) -> None:
    values = [None if value is None else str(value) for value in row.values()]
    casts = ", ".join(f"CAST(? AS {columns[name]})" for name in row)
    database.execute(f"INSERT INTO {quoted(table)} ({', '.join(map(quoted, row))}) VALUES ({casts})", values)


def _mismatch(indicator: str, expected: Expected, results: pl.DataFrame) -> list[str]:
    where = f"{indicator} {expected.period} {expected.breakdown} {expected.category}"
    rows = results.filter(
        pl.col("indicator") == indicator,
        pl.col("period") == expected.period,
        pl.col("breakdown") == expected.breakdown,
        pl.col("category") == expected.category,
    ).unique("indicator")
    if rows.is_empty():
        return [f"{where}: expected {expected.value}, the engine gives no such row."]
    row = rows.row(0, named=True)
    found = []
    for name in ("value", "se"):
        wanted, got = getattr(expected, name), row[name]
        if name == "se" and wanted is None:
            continue
        close = (
            got == wanted if wanted is None or got is None else math.isclose(got, wanted, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
        )
        if not close:
            found.append(f"{where}: {name} expected {wanted}, the engine gives {got}.")
    status = "published" if row["status"] == "unreliable" else row["status"]
    if status != expected.status:
        found.append(f"{where}: status expected {expected.status}, the engine gives {row['status']}.")
    return found
