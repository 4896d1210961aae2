"""The warehouse: current rows of every table in DuckDB, always to be had again from the accepted parts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl

from pipelines import weights
from pipelines.database import Database, DatabaseError
from pipelines.dictionary import SQL_TYPES, Dictionary, Table
from pipelines.durable import sha256, sync
from pipelines.lock import StoreBusy, held
from pipelines.parts import Part, StoreDamaged, kept, manifest_sha256, read_manifest

NAME = "warehouse.duckdb"


def open_warehouse(store: Path, dictionary: Dictionary) -> Database:
    """The warehouse, read-only and in step with the accepted parts; built anew when it is missing, torn or out of step.

    Raises StoreBusy while a load is running and StoreDamaged when a part is not what the manifest says.
    """
    if not _in_step(store, dictionary):
        with held(store, "rebuilding the warehouse"):
            writable(store, dictionary).close()
    return Database(store / NAME, read_only=True)


def writable(store: Path, dictionary: Dictionary) -> Database:
    """The warehouse for a writer that holds the store, caught up with the manifest or rebuilt."""
    path = store / NAME
    try:
        database = _opened(path, store)
        if _state(database) is not None and _matches(database, store, dictionary):
            catch_up(database, store, dictionary)
            return database
        database.close()
    except DatabaseError as error:
        _raise_if_locked(error, path)
    rebuild(store, dictionary)
    return _opened(path, store)


def rebuild(store: Path, dictionary: Dictionary) -> None:
    """A new warehouse file from the parts, put in the place of the old one only when it is whole."""
    for leftover in store.glob("build-*"):
        leftover.unlink()
    parts = read_manifest(store)
    for part in parts:
        if part.part and sha256(kept(store, part.part)) != part.part_sha256:
            raise StoreDamaged(f"{store / part.part} was changed after it was accepted. Restore it from a copy of the store.")
    building = store / f"build-{NAME}"
    with _opened(building, store) as database:
        _create(database, dictionary)
        catch_up(database, store, dictionary)
        database.execute("CHECKPOINT")
    path = store / NAME
    for old in (path, Path(f"{path}.wal")):
        old.unlink(missing_ok=True)
    building.replace(path)
    sync(store)


def catch_up(database: Database, store: Path, dictionary: Dictionary) -> None:
    """Applies the parts that came after the recorded sequence, each in a transaction of its own, and weights not yet there."""
    state = _state(database)
    done = state[0] if state else 0
    for part in read_manifest(store)[done:]:
        _apply(database, store, part, dictionary)
    there = set(database.query(f"SELECT DISTINCT version FROM {weights.TABLE}")["version"])
    for version in weights.kept_versions(store):
        if version not in there:
            source = f"read_parquet({quoted(weights.path_of(store, version))})"
            database.execute(f"INSERT INTO {weights.TABLE} BY NAME SELECT '{version}' AS version, * FROM {source}")


def keep_weights(store: Path, dictionary: Dictionary, used: pl.DataFrame) -> str:
    """Keeps the weights of a publication as a part and in the table `weights`, and returns their version.

    The part is what counts: while another process writes or reads, the table is left to the next writer.
    """
    version = weights.keep(store, used)
    try:
        with held(store, "keeping weights"):
            writable(store, dictionary).close()
    except StoreBusy:
        pass
    return version


def columns_of(table: Table) -> dict[str, str]:
    """The columns of a warehouse table with their SQL types: those of the dictionary, then the number of the part."""
    return {name: SQL_TYPES[column.type] for name, column in table.columns.items()} | {"src_part": "BIGINT"}


def quoted(path: Path | str) -> str:
    """A path or a text as an SQL string."""
    return "'" + str(path).replace("'", "''") + "'"


def matching(table: Table, one: str, other: str) -> str:
    """The SQL condition that two rows have the same key."""
    return " AND ".join(f'{one}."{name}" = {other}."{name}"' for name in table.key)


def _create(database: Database, dictionary: Dictionary) -> None:
    for table in dictionary.tables.values():
        columns = ", ".join(f'"{name}" {kind}' for name, kind in columns_of(table).items())
        database.execute(f'CREATE TABLE "{table.id}" ({columns})')
    columns = ", ".join(f'"{name}" {kind}' for name, kind in weights.SQL_COLUMNS.items())
    database.execute(f"CREATE TABLE {weights.TABLE} ({columns})")
    database.execute("CREATE TABLE _state (sequence BIGINT, manifest_sha256 VARCHAR, shape VARCHAR)")
    database.execute("INSERT INTO _state VALUES (0, ?, ?)", [hashlib.sha256(b"").hexdigest(), shape(dictionary)])


def _apply(database: Database, store: Path, part: Part, dictionary: Dictionary) -> None:
    """Rows of the part take the place of rows with the same key."""
    table = dictionary.tables.get(part.table)
    statements = []
    if table is not None and part.part is not None:
        source = f"read_parquet({quoted(kept(store, part.part))})"
        there = set(database.query(f"DESCRIBE SELECT * FROM {source}")["column_name"])
        if not set(table.key) <= there:
            source += " WHERE FALSE"  # told by `outgrown`: its rows cannot be told apart any more
        chosen = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in columns_of(table).items() if name in there)
        if part.replaced or part.key != tuple(table.key):
            new = f"(SELECT * FROM {source}) AS new"
            if set(table.key) <= there:
                statements.append(f'DELETE FROM "{table.id}" AS old USING {new} WHERE {matching(table, "old", "new")}')
        statements.append(f'INSERT INTO "{table.id}" BY NAME SELECT {chosen}, {part.sequence} AS src_part FROM {source}')
    state = f"UPDATE _state SET sequence = {part.sequence}, manifest_sha256 = '{manifest_sha256(store, part.sequence)}'"
    database.execute(";".join(["BEGIN", *statements, state, "COMMIT"]))


def outgrown(store: Path, dictionary: Dictionary) -> dict[str, int]:
    """Rows per table that were accepted before the plan made a column part of the key that they lack; they are not read."""
    found: dict[str, int] = {}
    for part in read_manifest(store):
        table = dictionary.tables.get(part.table)
        if table is None or part.part is None or part.key == tuple(table.key):
            continue
        if not set(table.key) <= set(pl.read_parquet_schema(kept(store, part.part))):
            found[table.id] = found.get(table.id, 0) + part.accepted
    return found


def shape(dictionary: Dictionary) -> str:
    """A hash of tables, keys, columns and types: another shape needs another warehouse."""
    tables: dict[str, object] = {table.id: [table.key, columns_of(table)] for table in dictionary.tables.values()}
    tables |= {weights.TABLE: weights.SQL_COLUMNS}
    return hashlib.sha256(json.dumps(tables).encode()).hexdigest()


def _opened(path: Path, store: Path) -> Database:
    return Database(path, settings={"memory_limit": "300MB", "temp_directory": str(store / "work-spill")})


def _state(database: Database) -> tuple[int, str, str] | None:
    """Sequence, manifest hash and shape that the warehouse says it holds; None when it says nothing."""
    try:
        rows = database.query("SELECT sequence, manifest_sha256, shape FROM _state").rows()
    except DatabaseError:
        return None
    return (rows[0][0], rows[0][1], rows[0][2]) if len(rows) == 1 else None


def _matches(database: Database, store: Path, dictionary: Dictionary) -> bool:
    """Whether the warehouse is what the first lines of the manifest give under this dictionary."""
    state = _state(database)
    if state is None or state[2] != shape(dictionary) or state[0] > len(read_manifest(store)):
        return False
    return state[1] == manifest_sha256(store, state[0])


def _in_step(store: Path, dictionary: Dictionary) -> bool:
    path = store / NAME
    if not path.exists() or Path(f"{path}.wal").exists():
        return False
    try:
        with Database(path, read_only=True) as database:
            state = _state(database)
            return state is not None and state[0] == len(read_manifest(store)) and _matches(database, store, dictionary)
    except DatabaseError as error:
        _raise_if_locked(error, path)
        return False


def _raise_if_locked(error: DatabaseError, path: Path) -> None:
    words = str(error).casefold()
    if "set lock" in words or "different configuration" in words:  # the second: open in this very process
        raise StoreBusy(f"{path} is open in another process. Wait until it has finished, then try again.") from None
