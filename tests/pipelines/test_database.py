"""What a reader of a published file gives up: other files, extensions, settings, writing, and questions without an end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from pipelines.database import Database, DatabaseError


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Database]:
    with Database(tmp_path / "x.duckdb") as made:
        made.insert("results", pl.DataFrame({"n": [1, 2, 3]}))
    with Database(tmp_path / "x.duckdb", read_only=True, bounded=True) as opened:
        yield opened


@pytest.fixture
def copy() -> Iterator[Database]:
    """A database in memory that was closed off when its tables stood."""
    with Database() as made:
        made.insert("results", pl.DataFrame({"n": [1, 2, 3]}))
        made.harden()
        yield made


STATEMENTS = [
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM read_blob('/etc/hostname')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_json('/etc/hostname')",
    "SELECT * FROM read_parquet('/etc/hostname')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "COPY results TO '/tmp/planwatch-out.csv'",
    "COPY results FROM '/etc/passwd'",
    "EXPORT DATABASE '/tmp/planwatch-out'",
    "ATTACH '/tmp/planwatch-other.duckdb' AS other",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SET enable_external_access=true",
    "SET memory_limit='100GB'",
    "SET temp_directory='/tmp'",
    "RESET lock_configuration",
    "CREATE PERSISTENT SECRET s (TYPE s3)",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_reader_and_a_copy_reach_nothing_beside_their_tables(reader: Database, copy: Database, statement: str) -> None:
    for database in (reader, copy):
        with pytest.raises(DatabaseError):
            database.query(statement)
        assert database.query("SELECT sum(n) AS n FROM results").item() == 6


CHANGES = ["CREATE TABLE y AS SELECT 1", "DELETE FROM results", "INSERT INTO results VALUES (4)", "DROP TABLE results"]


@pytest.mark.parametrize("statement", CHANGES)
def test_a_reader_changes_nothing(reader: Database, statement: str) -> None:
    with pytest.raises(DatabaseError):
        reader.execute(statement)


def test_beside_a_published_file_nothing_is_written(reader: Database, tmp_path: Path) -> None:
    """What does not fit into memory would be put into a folder beside it, and the seal of an edition would not hold."""
    with pytest.raises(DatabaseError):
        reader.query("SELECT count(*) FROM (SELECT DISTINCT i, i::VARCHAR || repeat('x', 200) AS t FROM range(40_000_000) r(i))")
    assert [path.name for path in tmp_path.iterdir()] == ["x.duckdb"]


def test_a_question_has_an_end(reader: Database) -> None:
    """The bounds hold for a cursor, on which every question is asked, and not only for the connection that set them."""
    names = {"max_execution_time": "60000", "max_expression_depth": "250", "temp_directory": "", "memory_limit": "1.8 GiB"}
    settings = reader.query("SELECT name, value FROM duckdb_settings() WHERE name IN (SELECT unnest($n))", {"n": list(names)})
    assert dict(settings.iter_rows()) == names
    with pytest.raises(DatabaseError, match="depth"):
        reader.query(f"SELECT 1{'+1' * 400}")


def test_values_are_values_whatever_they_look_like(reader: Database) -> None:
    hostile = ["' OR 1=1 --", "3; DROP TABLE results", "$n", "%", "\\"]
    assert reader.query("SELECT count(*) AS n FROM results WHERE n::VARCHAR IN (SELECT unnest($n))", {"n": hostile}).item() == 0
