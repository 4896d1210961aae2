"""The one door to DuckDB: a small class that answers SQL with Polars frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb
import polars as pl

DatabaseError = duckdb.Error

#: a reader of a published file needs none of these, so none of them is left open
_CLOSED = (
    "SET autoinstall_known_extensions=false",
    "SET autoload_known_extensions=false",
    "SET allow_community_extensions=false",
    "SET allow_persistent_secrets=false",
    "SET python_enable_replacements=false",
    "SET enable_external_access=false",
    "SET lock_configuration=true",
)
#: what one question to a published file may cost; beside a sealed file nothing is written either
_BOUNDS = (
    "SET temp_directory=''",
    "SET memory_limit='2GB'",
    # NOTE: without GLOBAL these two would be of the connection, and no cursor of it would have them
    "SET GLOBAL max_execution_time=60000",  # milliseconds
    "SET GLOBAL max_expression_depth=250",
)


class Database:
    """A DuckDB file, or memory. Every query runs on a cursor of its own, so threads never share a result."""

    _after: Callable[[], None] | None = None

    def __init__(
        self,
        path: Path | str | None = None,
        *,
        read_only: bool = False,
        settings: Mapping[str, str] | None = None,
        schema: str | None = None,
        bounded: bool = False,
    ) -> None:
        """Opens `path` (None: memory). A read-only database also gives up files, extensions and settings; a bounded one answers
        no question that costs more than what is published can ask for.

        Plain names of tables mean those of `schema` where it has them.
        Raises DatabaseError when the file is not a database of this DuckDB line, or another process holds it.
        """
        self.path = Path(path) if path is not None else None
        # NOTE: a cursor does not inherit the search path of its connection, and it is the one setting no lock closes
        self._first = f"SET search_path='{schema},main'" if schema else None
        self._connection = duckdb.connect(str(path) if path is not None else ":memory:", read_only=read_only)
        for name, value in (settings or {}).items():
            self._connection.execute(f"SET {name}='{value}'")
        # NOTE: a second reader of the same file in one process shares its settings, which are locked by then
        if self.query("SELECT current_setting('lock_configuration') AS locked").item():
            return
        if read_only:
            self.harden(bounded=bounded)
        else:
            self._connection.execute("SET python_enable_replacements=false")

    def harden(self, *, bounded: bool = True) -> None:
        """Gives up files, extensions and settings for good; of a database in memory, once its tables stand."""
        for statement in (*(_BOUNDS if bounded else ()), *_CLOSED):
            self._connection.execute(statement)

    def query(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> pl.DataFrame:
        """The rows of a statement as a frame. Raises DatabaseError with DuckDB's own words."""
        with self._cursor() as cursor:
            relation = cursor.sql(sql, params=parameters)
            frame: pl.DataFrame = pl.DataFrame() if relation is None else relation.pl()
            return frame

    def execute(self, sql: str, parameters: Sequence[Any] | None = None) -> None:
        """Runs statements whose rows are not wanted."""
        with self._cursor() as cursor:
            cursor.execute(sql, parameters)

    def insert(self, table: str, frame: pl.DataFrame) -> None:
        """Creates `table` from a frame; it must not exist yet."""
        with self._connection.cursor() as cursor:
            cursor.register("incoming_frame", frame.to_arrow())
            cursor.execute(f'CREATE TABLE "{table}" AS SELECT * FROM incoming_frame')
            cursor.unregister("incoming_frame")

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._connection.cursor()
        if self._first is not None:
            cursor.execute(self._first)
        return cursor

    def close(self) -> None:
        self._connection.close()
        after, self._after = self._after, None
        if after is not None:
            after()

    def then(self, after: Callable[[], None] | None) -> Database:
        """Itself, with what is to be done once the file was closed."""
        self._after = after
        return self

    def __enter__(self) -> Database:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


@cache
def reserved_words() -> frozenset[str]:
    """Words that this line of DuckDB does not take for a name unless they stand in double quotes."""
    with duckdb.connect() as connection:
        kinds = "('reserved', 'type_function')"
        rows = connection.execute(f"SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN {kinds}").fetchall()
    return frozenset(word for (word,) in rows)


def quoted(name: str) -> str:
    """A plan's name as SQL: in double quotes where it is a word of the language, plain elsewhere, because people read it."""
    return f'"{name}"' if name in reserved_words() else name


def literal(text: str) -> str:
    """Text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
