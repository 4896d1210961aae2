"""The overlay: edited rows in the place of raw ones, as views that bear the names of the tables.

Raw tables stay as they are. A view of the schema `current` takes the rows that a run of editing replaced or added from
`<table>__edited`, and all others from the table itself; who reads with that schema first reads edited values by the same
statements. A table without edited rows has no view, and costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from pipelines import trail, warehouse
from pipelines.database import Database, DatabaseError, literal
from pipelines.dictionary import Dictionary, Table
from pipelines.lock import held
from pipelines.trail import Run

SCHEMA = "current"


def open_edited(store: Path, dictionary: Dictionary, runs: Mapping[str, Run]) -> Database:
    """The warehouse, read-only, with the edited rows of these runs in the place of raw ones; laid anew when they are not there.

    Raises what `open_warehouse` raises, and StoreDamaged when a part of the trail is not what its manifest says.
    """
    wanted = _wanted(runs)
    if not wanted:
        return warehouse.open_warehouse(store, dictionary)
    with warehouse.open_warehouse(store, dictionary) as database:
        there = _laid(database) == wanted
    if not there:
        with held(store, "laying edited rows over the warehouse"), warehouse.writable(store, dictionary) as writer:
            lay(writer, store, dictionary, runs)
    return warehouse.reader(store, schema=SCHEMA)


def lay(database: Database, store: Path, dictionary: Dictionary, runs: Mapping[str, Run]) -> None:
    """Puts the edited rows of these runs, and no others, over their tables: all of it or nothing.

    For a writer that holds the store. Raises StoreDamaged when a part of the trail is not what its manifest says.
    """
    laid, wanted = _laid(database), _wanted(runs)
    if laid == wanted:
        return
    statements = [f'DROP SCHEMA IF EXISTS "{SCHEMA}" CASCADE', "DROP TABLE IF EXISTS _overlay"]
    statements += [f'DROP TABLE IF EXISTS "{edited(name)}"' for name in laid]
    if wanted:
        statements += [f'CREATE SCHEMA "{SCHEMA}"', "CREATE TABLE _overlay (table_id VARCHAR, run VARCHAR)"]
    with ExitStack() as files:
        for name in wanted:
            rows = f"read_parquet({warehouse.quoted(files.enter_context(trail.opened(store, runs[name], 'rows')))})"
            statements.append(replacement(dictionary.tables[name], rows))
            statements.append(view(dictionary.tables[name]))
            statements.append(f"INSERT INTO _overlay VALUES ({literal(name)}, {literal(wanted[name])})")
        database.execute(";".join(["BEGIN", *statements, "COMMIT"]))


def flags(table: Table) -> list[str]:
    """What the view says of a row beside its values: was any of them imputed, was the row added, and which were imputed."""
    return ["_imputed", "_added", *(flag(name) for name in table.columns if name not in table.key)]


def flag(column: str) -> str:
    """The column that says of a row whether this value of it was imputed."""
    return f"_imputed_{column}"


def place(table: str) -> str:
    """The SQL name under which a table that has a view is read with its edited rows."""
    return f'"{SCHEMA}"."{table}"'


def edited(table: str) -> str:
    """The table that holds the edited rows of another."""
    return f"{table}__edited"


def replacement(table: Table, source: str) -> str:
    """The statement that creates the table of edited rows from an SQL source with the columns and flags of the table."""
    columns = {name: kind for name, kind in warehouse.columns_of(table).items() if name in table.columns}
    typed = [f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in columns.items()]
    return f'CREATE TABLE "{edited(table.id)}" AS SELECT {", ".join([*typed, *flags(table)])} FROM {source}'


def view(table: Table) -> str:
    """The statement that creates the view: rows nobody edited, then the edited ones, with their flags."""
    names = [f'"{name}"' for name in table.columns]
    raw = ", ".join([*(f"t.{name}" for name in names), *(f"FALSE AS {name}" for name in flags(table))])
    ours = ", ".join([*names, *flags(table)])
    untouched = f'NOT EXISTS (SELECT 1 FROM main."{edited(table.id)}" AS e WHERE {warehouse.matching(table, "e", "t")})'
    return (
        f'CREATE VIEW {place(table.id)} AS SELECT {raw} FROM main."{table.id}" AS t WHERE {untouched} '
        f'UNION ALL SELECT {ours} FROM main."{edited(table.id)}"'
    )


def _wanted(runs: Mapping[str, Run]) -> dict[str, str]:
    """The tables that have edited rows, each with the hash of its run."""
    return {name: run.hash for name, run in runs.items() if run.replaced}


def _laid(database: Database) -> dict[str, str]:
    """Table → hash of the run whose rows lie over it."""
    try:
        return dict(database.query("SELECT table_id, run FROM _overlay").rows())
    except DatabaseError:
        return {}
