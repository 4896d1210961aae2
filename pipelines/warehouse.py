"""The warehouse: current rows of every table in DuckDB, always to be had again from the accepted parts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import polars as pl

from pipelines import vault, weights
from pipelines.database import Database, DatabaseError
from pipelines.dictionary import SQL_TYPES, Dictionary, Table
from pipelines.durable import sha256, sync
from pipelines.lock import StoreBusy, held
from pipelines.parts import Part, StoreDamaged, kept, manifest_sha256, opened, read_manifest
from pipelines.private import Private

NAME = "warehouse.duckdb"


def open_warehouse(store: Path, dictionary: Dictionary) -> Database:
    """The warehouse, read-only and in step with the accepted parts; built anew when it is missing, torn or out of step.

    Raises StoreBusy while a load is running and StoreDamaged when a part is not what the manifest says.
    """
    if (database := _in_step(store, dictionary)) is not None:
        return database
    with held(store, "rebuilding the warehouse"):
        writable(store, dictionary).close()
    return reader(store)


def reader(store: Path, schema: str | None = None) -> Database:
    """The warehouse as it lies there, read-only: of a sealed store a private copy that goes when it is closed."""
    if vault.state(store) is None:
        return Database(store / NAME, read_only=True, schema=schema)
    folder = Private(store, 2 * (store / NAME).stat().st_size)
    try:
        path = vault.copy(store, NAME, folder.path / NAME)
        return Database(path, read_only=True, schema=schema).then(folder.remove)
    except BaseException:
        folder.remove()
        raise


def writable(store: Path, dictionary: Dictionary) -> Database:
    """The warehouse for a writer that holds the store, caught up with the manifest or rebuilt.

    Of a sealed store it is a private copy; when that is closed, it takes, sealed, the place of the former one.
    """
    if vault.state(store) is None:
        return _writable(store / NAME, store, dictionary)
    there = (store / NAME).exists()
    folder = Private(store, 2 * (store / NAME).stat().st_size if there else _guessed(store))
    path = folder.path / NAME

    def keep() -> None:
        try:
            if sha256(path) != before:
                vault.put(store, NAME, path)
        finally:
            folder.remove()

    try:
        before = sha256(vault.copy(store, NAME, path)) if there else None
        return _writable(path, store, dictionary).then(keep)
    except BaseException:
        folder.remove()
        raise


def rebuild(store: Path, dictionary: Dictionary) -> None:
    """A new warehouse file from the parts, put in the place of the old one only when it is whole."""
    if vault.state(store) is None:
        _build(store / NAME, store, dictionary)
        return
    (store / NAME).unlink(missing_ok=True)
    writable(store, dictionary).close()


def _guessed(store: Path) -> int:
    """About how many bytes a warehouse built from the parts will have; on the safe side."""
    return sum(4 * kept(store, part.part).stat().st_size for part in read_manifest(store) if part.part)


def _writable(path: Path, store: Path, dictionary: Dictionary) -> Database:
    try:
        database = _opened(path)
        if _state(database) is not None and _matches(database, store, dictionary):
            catch_up(database, store, dictionary)
            return database
        database.close()
    except DatabaseError as error:
        _raise_if_locked(error, path)
    _build(path, store, dictionary)
    return _opened(path)


def _build(path: Path, store: Path, dictionary: Dictionary) -> None:
    building = path.with_name(f"build-{NAME}")
    for leftover in path.parent.glob("build-*"):
        leftover.unlink()
    for part in read_manifest(store):
        if part.part and _digest(store, part.part) != part.part_sha256:
            raise StoreDamaged(f"{store / part.part} was changed after it was accepted. Restore it from a copy of the store.")
    with _opened(building) as database:
        _create(database, dictionary)
        catch_up(database, store, dictionary)
        database.execute("CHECKPOINT")
    for old in (path, Path(f"{path}.wal")):
        old.unlink(missing_ok=True)
    building.replace(path)
    sync(path.parent)


def _digest(store: Path, part: str) -> str:
    kept(store, part)
    return vault.sha256(store, part)


def catch_up(database: Database, store: Path, dictionary: Dictionary) -> None:
    """Applies the parts that came after the recorded sequence, each in a transaction of its own, and weights not yet there."""
    state = _state(database)
    done = state[0] if state else 0
    for part in read_manifest(store)[done:]:
        _apply(database, store, part, dictionary)
    there = set(database.query(f"SELECT DISTINCT version FROM {weights.TABLE}")["version"])
    for version in weights.kept_versions(store):
        if version not in there:
            weights.frame_of(store, version)  # raises where it is not what it was
            with vault.plain(store, weights.part_name(version)) as path:
                source = f"read_parquet({quoted(path)})"
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
    state = f"UPDATE _state SET sequence = {part.sequence}, manifest_sha256 = '{manifest_sha256(store, part.sequence)}'"
    if table is None or part.part is None:
        database.execute(state)
        return
    with opened(store, part.part) as path:
        statements = _taking(database, part, table, f"read_parquet({quoted(path)})")
        database.execute(";".join(["BEGIN", *statements, state, "COMMIT"]))


def _taking(database: Database, part: Part, table: Table, source: str) -> list[str]:
    """The statements by which the rows of a part, read from `source`, take the place of those with the same key."""
    there = set(database.query(f"DESCRIBE SELECT * FROM {source}")["column_name"])
    chosen = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in columns_of(table).items() if name in there)
    inserted = f'INSERT INTO "{table.id}" BY NAME SELECT {chosen}, {part.sequence} AS src_part FROM {source}'
    if not set(table.key) <= there:
        return [f"{inserted} WHERE FALSE"]  # told by `outgrown`: its rows cannot be told apart any more
    if part.replaced or part.key != tuple(table.key):
        new = f"(SELECT * FROM {source}) AS new"
        return [f'DELETE FROM "{table.id}" AS old USING {new} WHERE {matching(table, "old", "new")}', inserted]
    return [inserted]


def outgrown(store: Path, dictionary: Dictionary) -> dict[str, int]:
    """Rows per table that were accepted before the plan made a column part of the key that they lack; they are not read."""
    found: dict[str, int] = {}
    for part in read_manifest(store):
        table = dictionary.tables.get(part.table)
        if table is None or part.part is None or part.key == tuple(table.key):
            continue
        with opened(store, part.part) as path:
            there = set(pl.read_parquet_schema(path))
        if not set(table.key) <= there:
            found[table.id] = found.get(table.id, 0) + part.accepted - part.forgotten
    return found


def shape(dictionary: Dictionary) -> str:
    """A hash of tables, keys, columns and types: another shape needs another warehouse."""
    tables: dict[str, object] = {table.id: [table.key, columns_of(table)] for table in dictionary.tables.values()}
    tables |= {weights.TABLE: weights.SQL_COLUMNS}
    return hashlib.sha256(json.dumps(tables).encode()).hexdigest()


def _opened(path: Path) -> Database:
    return Database(path, settings={"memory_limit": "300MB", "temp_directory": str(path.parent / "work-spill")})


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


def _in_step(store: Path, dictionary: Dictionary) -> Database | None:
    """The warehouse, read-only, where it holds what the manifest says."""
    path = store / NAME
    if not path.exists() or Path(f"{path}.wal").exists():
        return None
    try:
        database = reader(store)
    except DatabaseError as error:
        _raise_if_locked(error, path)
        return None
    try:
        state = _state(database)
        if state is not None and state[0] == len(read_manifest(store)) and _matches(database, store, dictionary):
            return database
    except BaseException:
        database.close()
        raise
    database.close()
    return None


def _raise_if_locked(error: DatabaseError, path: Path) -> None:
    words = str(error).casefold()
    if "set lock" in words or "different configuration" in words:  # the second: open in this very process
        raise StoreBusy(f"{path} is open in another process. Wait until it has finished, then try again.") from None
