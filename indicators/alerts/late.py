"""Late reporters: who reported for the period before, is still asked, and has not reported for one that is due.

Tables that say `due_days` only. A report is a row with any value, as it was loaded: what editing added or blanked counts for
nothing. What is found names units and stays in the house; an edition gets a count of it, see `alerts`.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.engines import Engine
from pipelines.database import quoted
from pipelines.dictionary import Link, Table
from pipelines.warehouse import open_warehouse

#: one row is a unit that is late with a table
LATE: dict[str, pl.DataType] = {
    "table": pl.String(),
    "period": pl.String(),  # that is due, 2026-09 or 2026
    "due": pl.Date(),  # the last day on which a report was in time
    "former": pl.String(),  # the period before, for which the unit reported
    "unit": pl.String(),
    "name": pl.String(),  # the column `name` of the register; null without one
    "holding": pl.String(),  # the holding group behind the unit; the unit itself where it belongs to none
}


def late(plan: Plan, engine: Engine, today: date) -> pl.DataFrame:
    """The frame LATE on a day, by table in the order of the plan, then by unit.

    The period is the newest one of which anything is there and whose due day has passed. Where the table is linked with a
    register of its units, only those count that it lists for the period, and where it says who was asked, only those asked.
    """
    found = [pl.DataFrame(schema=LATE)]
    for table in plan.dictionary.tables.values():
        if table.due_days is not None and table.period is not None:
            rows = engine.query(late_statement(plan, table, today))
            found.append(_dated(table, rows))
    return pl.concat(found)


def late_in(store: Path, plan: Plan, today: date) -> pl.DataFrame:
    """The frame LATE of what is loaded in a store. Raises StoreBusy while a load is running, StoreDamaged as `open_warehouse`."""
    with open_warehouse(store, plan.dictionary) as warehouse:
        return late(plan, warehouse, today)


def late_statement(plan: Plan, table: Table, today: date) -> str:
    """The statement that gives period, former, unit, name and holding; periods as 202609 or 2026."""
    assert table.period is not None and table.due_days is not None
    unit = table.design.unit if table.design and table.design.unit in table.columns else table.key[0]
    number, columns = _number(f"t.{quoted(table.period)}", table), [name for name in table.columns if name not in table.key]
    said = [f"t.{quoted(unit)} IS NOT NULL", f"t.{quoted(table.period)} IS NOT NULL"]
    said += [f"({' OR '.join(f't.{quoted(name)} IS NOT NULL' for name in columns)})"] if columns else []
    group = table.design.group if table.design else None
    own = f"max(CAST(t.{quoted(group)} AS VARCHAR))" if group in table.columns else "CAST(NULL AS VARCHAR)"
    register = _register(table, unit)
    joined, name, holding, asked = "", "CAST(NULL AS VARCHAR)", "reported.holding", ""
    if register is not None:
        listed = plan.dictionary.tables[register.table].columns
        joined = f"\nJOIN main.{quoted(register.table)} AS listed ON {_listed(plan, table, register, unit)}"
        name = "CAST(listed.name AS VARCHAR)" if "name" in listed and listed["name"].type == "text" else name
        holding = f"coalesce(reported.holding, CAST(listed.{quoted(group)} AS VARCHAR))" if group in listed else holding
        sampled = table.design.sampled if table.design else None
        asked = f" AND listed.{quoted(sampled)}" if sampled in listed else ""
    return (
        f"WITH reported AS (\n  SELECT CAST(t.{quoted(unit)} AS VARCHAR) AS unit, {number} AS period, {own} AS holding\n"
        f"  FROM main.{quoted(table.id)} AS t\n  WHERE {' AND '.join(said)}\n"
        f"  GROUP BY CAST(t.{quoted(unit)} AS VARCHAR), {number}\n),\n"
        f"due AS (SELECT max(period) AS period FROM reported WHERE period <= {last_due(table, today)}),\n"
        "former AS (SELECT max(reported.period) AS period FROM reported CROSS JOIN due WHERE reported.period < due.period)\n"
        f"SELECT due.period AS period, former.period AS former, reported.unit AS unit, max({name}) AS name,\n"
        f"  coalesce(max({holding}), reported.unit) AS holding\n"
        f"FROM former JOIN reported ON reported.period = former.period CROSS JOIN due{joined}\n"
        "WHERE NOT EXISTS (SELECT 1 FROM reported AS again WHERE again.unit = reported.unit AND again.period = due.period)"
        f"{asked}\nGROUP BY due.period, former.period, reported.unit\nORDER BY unit"
    )


def last_due(table: Table, today: date) -> int:
    """The newest period, as 202609 or 2026, whose reports had to be there before this day."""
    assert table.due_days is not None and table.period is not None
    ended = today - timedelta(days=table.due_days)  # a period is due once its last day lies before this one
    if table.columns[table.period].type == "year":
        return ended.year - 1
    return ended.year * 100 + ended.month - 1 if ended.month > 1 else (ended.year - 1) * 100 + 12


def due_day(table: Table, period: int) -> date:
    """The last day on which a report for the period, 202609 or 2026, was in time."""
    assert table.due_days is not None
    year, month = (period, 12) if period < 10_000 else divmod(period, 100)
    after = date(year + 1, 1, 1) if month == 12 else date(year, month + 1, 1)
    return after + timedelta(days=table.due_days - 1)


def _dated(table: Table, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows of the statement as LATE."""

    def label(number: int) -> str:
        return str(number) if number < 10_000 else f"{number // 100}-{number % 100:02d}"

    told = [
        {**row, "period": label(row["period"]), "former": label(row["former"]), "due": due_day(table, row["period"])}
        for row in rows.iter_rows(named=True)
    ]
    return pl.DataFrame([{"table": table.id, **row} for row in told], schema=LATE)


def _number(column: str, table: Table) -> str:
    assert table.period is not None
    return column if table.columns[table.period].type == "year" else f"year({column}) * 100 + month({column})"


def _register(table: Table, unit: str) -> Link | None:
    """The link to the table that lists the units, period by period or once for all."""
    ours = ({unit}, {unit, "period"}, {unit, str(table.period)})
    return next((link for link in table.link if set(link.on.values()) in ours), None)


def _listed(plan: Plan, table: Table, register: Link, unit: str) -> str:
    """The condition that a row of the register is that of the unit in the period that is due."""
    columns, found = plan.dictionary.tables[register.table].columns, []
    for theirs, ours in register.on.items():
        place = f"listed.{quoted(theirs)}"
        if ours == unit:
            found.append(f"CAST({place} AS VARCHAR) = reported.unit")
        elif columns[theirs].type == "month":
            found.append(f"year({place}) * 100 + month({place}) = due.period")
        elif table.columns[str(table.period)].type == "year":
            found.append(f"{place} = due.period")
        else:
            found.append(f"{place} * 100 = due.period - due.period % 100")
    return " AND ".join(found)
