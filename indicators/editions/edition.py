"""The edition: an immutable folder of published results, and the pointer to the current one."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import polars as pl
from pydantic import ValidationError

from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS, complete
from indicators.editions.results import RESULTS, as_results
from pipelines.database import Database, DatabaseError
from pipelines.durable import sha256, sync, write_durably
from pipelines.yamlfile import Text

POINTER = "current.json"
DATABASE = "edition.duckdb"
MANIFEST = "manifest.json"
SEAL = "manifest.sha256"

_NUMBERED = re.compile(r"[0-9]{4,}")


class NoEdition(ValueError):
    """There is no such edition here; the message says how to make one."""


class BrokenEdition(ValueError):
    """The edition is there but its seal does not hold; the message says what differs."""


class PublishInProgress(ValueError):
    """Another process is publishing into the same folder."""


@dataclass(frozen=True, kw_only=True)
class Edition:
    """One open edition. Its files never change; `sha256` of its manifest names its content."""

    id: str
    created: str
    sha256: str
    folder: Path
    plan: Plan
    manifest: Mapping[str, Any]
    _database: Database

    def query(self, sql: str, parameters: Sequence[Any] | Mapping[str, Any] | None = None) -> pl.DataFrame:
        """Rows from the tables results, coverage, statements and those of DETAILS, read on a cursor of their own."""
        return self._database.query(sql, parameters)

    @property
    def notices(self) -> tuple[Text, ...]:
        """What its readers should know about the inputs."""
        return tuple(Text.model_validate(notice) for notice in self.manifest.get("notices", []))

    def close(self) -> None:
        self._database.close()


def write_edition(
    root: Path,
    *,
    plan: Plan,
    results: pl.DataFrame,
    coverage: pl.DataFrame,
    statements: pl.DataFrame,
    provenance: Mapping[str, Any],
    details: Mapping[str, pl.DataFrame] = MappingProxyType({}),
    notices: Sequence[Text] = (),
    created: datetime | None = None,
) -> Edition:
    """A new edition under `root`, built beside, sealed, named, and only then pointed at.

    A crash at any moment leaves the former edition standing; debris of it is cleared by the next call.
    Raises PublishInProgress when another process holds the folder.
    """
    root.mkdir(parents=True, exist_ok=True)
    with _locked(root):
        for debris in root.glob(".build-*"):
            shutil.rmtree(debris)
        identifier = f"{max((int(name) for name in list_editions(root)), default=0) + 1:04d}"
        building = root / f".build-{identifier}"
        building.mkdir()
        tables = {"results": as_results(results), "coverage": coverage, "statements": statements, **complete(details)}
        _write_database(building / DATABASE, tables)
        manifest = {
            "edition": identifier,
            "created": (created or datetime.now(UTC)).isoformat(timespec="seconds"),
            "plan": plan.model_dump(mode="json", exclude={"disclosure", "cases"}),
            "notices": [notice.model_dump() for notice in notices],
            "provenance": dict(provenance),
            "files": {DATABASE: sha256(building / DATABASE)},
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        write_durably(building / MANIFEST, text)
        write_durably(building / SEAL, sha256(building / MANIFEST))
        sync(building)
        for file in building.iterdir():
            file.chmod(0o444)
        os.rename(building, root / identifier)
        sync(root)
        pointer = {"edition": identifier, "manifest_sha256": sha256(root / identifier / MANIFEST)}
        _put(root / POINTER, json.dumps(pointer))
    return open_edition(root, identifier)


def write_beside(root: Path, name: str, change: Callable[[str | None], str | None]) -> None:
    """Replaces a small file beside the editions by what `change` makes of its text; None for a file that is not there yet.

    A crash at any moment leaves the former file standing; where `change` gives None nothing is written. Raises
    PublishInProgress when another process holds the folder.
    """
    with _locked(root):
        path = root / name
        text = change(path.read_bytes().decode(errors="replace") if path.exists() else None)
        if text is not None:
            _put(path, text)


def open_edition(root: Path, identifier: str | None = None) -> Edition:
    """The edition `identifier`, or the current one, after its seal was verified.

    Raises NoEdition when there is none, BrokenEdition when a byte of it differs from what was published.
    """
    pointer = _pointer(root)
    if identifier is None:
        if pointer is None:
            raise NoEdition(f"There is no edition in {root}. Load data and run `planwatch publish`, or try `planwatch demo`.")
        identifier = str(pointer["edition"])
    folder = root / identifier
    if identifier not in list_editions(root):
        known = ", ".join(list_editions(root)) or "none"
        raise NoEdition(f"There is no edition {identifier} in {root}. Editions here: {known}.")
    try:
        seal = sha256(folder / MANIFEST)
        sealed = {(folder / SEAL).read_text(encoding="ascii")}
        if pointer is not None and pointer["edition"] == identifier:
            sealed.add(pointer["manifest_sha256"])
        if sealed != {seal}:
            raise BrokenEdition(f"Edition {identifier}: the manifest is not the one that was published. Publish again.")
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = dict(manifest["files"])
    except BrokenEdition:
        raise
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenEdition(f"Edition {identifier}: its manifest cannot be read ({error}). Publish again.") from None
    foreign = {entry.name for entry in folder.iterdir()} - {MANIFEST, SEAL, *files}
    if foreign:  # a write-ahead log beside a sealed database would be read into it
        raise BrokenEdition(
            f"Edition {identifier}: {', '.join(sorted(foreign))} does not belong to it. Remove it, or publish again."
        )
    for name, expected in files.items():
        if not (folder / name).is_file() or sha256(folder / name) != expected:
            raise BrokenEdition(f"Edition {identifier}: {name} is not the file that was published. Publish again.")
    try:
        plan = Plan.model_validate_json(json.dumps({**manifest["plan"], "cases": {}}))
        database = _in_todays_form(Database(folder / DATABASE, read_only=True, bounded=True))
    except (DatabaseError, ValidationError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise BrokenEdition(f"Edition {identifier} was made by another version of planwatch ({reason}). Publish again.") from None
    return Edition(
        id=identifier,
        created=manifest["created"],
        sha256=seal,
        folder=folder,
        plan=plan,
        manifest=manifest,
        _database=database,
    )


def current_id(root: Path) -> str | None:
    """The id of the edition pointed at, whether it still stands or not; None without a pointer that can be read."""
    try:
        pointer = _pointer(root)
    except BrokenEdition:
        return None
    return str(pointer["edition"]) if pointer else None


def list_editions(root: Path) -> list[str]:
    """Identifiers of all complete editions, oldest first."""
    if not root.is_dir():
        return []
    return sorted((entry.name for entry in root.iterdir() if _NUMBERED.fullmatch(entry.name) and entry.is_dir()), key=int)


def _in_todays_form(database: Database) -> Database:
    """The database itself, or for an edition of an earlier version a copy in memory, with what it lacks left blank."""
    columns: dict[str, set[str]] = {}
    for table, column in database.query("SELECT table_name, column_name FROM information_schema.columns").iter_rows():
        columns.setdefault(table, set()).add(column)
    known = {name for name in DETAILS if name in columns and columns[name] <= set(DETAILS[name])}
    if all(columns.get(name) == set(schema) for name, schema in DETAILS.items()) and columns["results"] >= set(RESULTS):
        return database
    copy = Database()
    with database:
        copy.insert("results", as_results(database.query("SELECT * FROM results")))
        for name in ("coverage", "statements"):
            copy.insert(name, database.query(f"SELECT * FROM {name}"))
        for name, frame in complete({name: _widened(database, name, columns[name]) for name in known}).items():
            copy.insert(name, frame)
    return copy


def _widened(database: Database, name: str, present: set[str]) -> pl.DataFrame:
    """A further table with the columns that it lacks, blank."""
    blank = [pl.lit(None).alias(column) for column in DETAILS[name] if column not in present]
    return database.query(f"SELECT * FROM {name}").with_columns(blank)


def _put(path: Path, text: str) -> None:
    """The text under this name, whole: it is written beside and takes the place of the former file in one step."""
    beside = path.with_name(path.name + ".new")
    write_durably(beside, text)
    os.rename(beside, path)
    sync(path.parent)


def _pointer(root: Path) -> dict[str, Any] | None:
    try:
        pointer = json.loads((root / POINTER).read_text(encoding="utf-8"))
        return {"edition": str(pointer["edition"]), "manifest_sha256": str(pointer["manifest_sha256"])}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenEdition(f"The pointer {root / POINTER} cannot be read ({error}). Publish again.") from None


def _write_database(path: Path, tables: Mapping[str, pl.DataFrame]) -> None:
    with Database(path) as database:
        for name, frame in tables.items():
            database.insert(name, frame)
        database.execute("CHECKPOINT")
    with Database(path, read_only=True) as database:
        for name, frame in tables.items():
            if database.query(f'SELECT count(*) AS n FROM "{name}"').item() != frame.height:
                raise BrokenEdition(f"{path}: the table {name} was not written whole; is the disk full?")
    sync(path)


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    with (root / ".lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PublishInProgress(f"Another process is publishing into {root}. Wait for it, then try again.") from None
        yield
