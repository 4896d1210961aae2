"""Accepted files as immutable Parquet parts, each with its line in the manifest. The line is what makes a part count."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl

from pipelines import vault
from pipelines.durable import sync
from pipelines.report import Note
from pipelines.yamlfile import Text

MANIFEST = "accepted/manifest.jsonl"


class StoreDamaged(ValueError):
    """The store does not hold what its manifest says; the message names the file and what to do."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One line of the manifest: what was read from where, by which plan, and what became of it."""

    sequence: int
    time: str
    file: str
    source: str  # digest of the path it came from: tells files of one name apart without saying where they lay
    sheet: str | None
    table: str
    file_sha256: str
    dictionary_sha256: str
    key: tuple[str, ...]
    read: int
    accepted: int
    set_aside: int
    replaced: int
    unlinked: int  # rows set aside because the linked table lacked them; such a file is worth another try
    part: str | None  # path inside the store, None when no row was accepted
    part_sha256: str | None
    rejected: str | None
    notes: tuple[Note, ...] = ()
    left_out: int = 0  # totals, remarks and repeated headers, which are no records and not in `read`
    asked: str | None = None  # the table that the file was said to hold
    turn: int = 0  # which of the `tables` of its file
    tables: int = 0  # 0: not known, from a store of an earlier version
    forgotten: int = 0  # accepted rows that are no longer in the part, because they were to be forgotten
    forgotten_set_aside: int = 0  # the same of rows that were set aside


def manifest_path(store: Path) -> Path:
    return store / MANIFEST


def manifest_lines(store: Path) -> list[bytes]:
    """The lines of the manifest as they stand, the last one possibly torn."""
    return vault.read(store, MANIFEST).splitlines(keepends=True) if manifest_path(store).exists() else []


def read_manifest(store: Path) -> tuple[Part, ...]:
    """The parts in the order in which they were loaded; a torn last line (a crash while writing it) does not count.

    Raises StoreDamaged when the manifest is lost or broken in its middle.
    """
    path = manifest_path(store)
    if not path.exists():
        orphan = next(store.glob("accepted/*/*.parquet"), None)
        if orphan is not None:
            raise StoreDamaged(f"{path} is missing, but {orphan} exists. Restore the manifest from a copy of the store.")
        return ()
    parts = []
    for number, line in enumerate(manifest_lines(store), 1):
        if not line.endswith(b"\n"):
            break
        try:
            parts.append(_part(line))
        except (ValueError, TypeError, KeyError):
            raise StoreDamaged(f"{path} line {number} cannot be read. Restore the manifest from a copy of the store.") from None
    if [part.sequence for part in parts] != list(range(1, len(parts) + 1)):
        raise StoreDamaged(f"{path} has lines missing: the sequence is not 1, 2, 3 … Restore it from a copy of the store.")
    return tuple(parts)


def manifest_sha256(store: Path, sequence: int) -> str:
    """The hash of the first `sequence` lines: equal hashes mean the same parts in the same order."""
    return hashlib.sha256(b"".join(manifest_lines(store)[:sequence])).hexdigest()


def append(store: Path, part: Part) -> None:
    """Adds a line and makes sure that it is on the disk."""
    vault.append(store, MANIFEST, line_of(part))


def line_of(part: Part) -> bytes:
    """A part as it stands in the manifest."""
    return json.dumps(_plain(part), ensure_ascii=False, sort_keys=True).encode() + b"\n"


def begin(store: Path) -> tuple[Part, ...]:
    """The manifest of a store about to be written; a new store gets an empty one, so that a lost one can be told from it."""
    found = read_manifest(store)
    if not manifest_path(store).exists():
        vault.put(store, MANIFEST, b"")
    return found


def clean(store: Path, parts: tuple[Part, ...]) -> list[Path]:
    """Removes what a killed load left behind: work files, parts without a line, half a last line. Returns the removed files."""
    last = len(parts)
    debris = [*store.glob("work-*/*"), *store.glob("build-*"), *vault.halves(store)]
    for path in [*store.glob("accepted/*/*.parquet"), *store.glob("rejected/*.parquet")]:
        number = path.name.split("-")[0]
        # NOTE: only numbers after the last line are debris; an older part without a line is a sign of a tampered manifest
        if number.isdigit() and int(number) > last:
            debris.append(path)
    for path in debris:
        path.unlink()
    for folder in store.glob("work-*"):
        folder.rmdir()
    vault.mend(store, MANIFEST)
    return debris


def settle(store: Path, unfinished: Path, name: str) -> None:
    """Gives a finished file its name in the store, durably: content, rename, folder. Sealed where the store is."""
    final = store / name
    if vault.state(store) is not None:
        vault.put(store, name, unfinished, mode=0o440)
        unfinished.unlink()
        return
    final.parent.mkdir(parents=True, exist_ok=True)
    sync(unfinished)
    unfinished.replace(final)
    final.chmod(0o440)
    sync(final.parent)


def kept(store: Path, name: str) -> Path:
    """The path of a file of the store. Raises StoreDamaged when it is gone."""
    path = store / name
    if not path.is_file():
        raise StoreDamaged(
            f"{path} is missing, but {manifest_path(store)} lists it. "
            "Restore it from a backup of the store, or load the source files again into a new store."
        )
    return path


@contextmanager
def opened(store: Path, name: str) -> Iterator[Path]:
    """A path where a file of the store can be read in plain. Raises StoreDamaged when it is gone."""
    kept(store, name)
    with vault.plain(store, name) as path:
        yield path


def frame_of(store: Path, name: str) -> pl.DataFrame:
    """The rows of a Parquet file of the store. Raises StoreDamaged when it is gone."""
    kept(store, name)
    return pl.read_parquet(BytesIO(vault.read(store, name)))


def source_of(path: Path) -> str:
    """A digest of where a file lies; the path itself is nobody's business who gets the store."""
    return hashlib.sha256(str(path.absolute()).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _plain(part: Part) -> dict[str, Any]:
    return asdict(part) | {"notes": [_plain_note(note) for note in part.notes]}


def _plain_note(note: Note) -> dict[str, Any]:
    return {"kind": note.kind, "row": note.row, "column": note.column, "zh": note.message.zh, "en": note.message.en}


@lru_cache(maxsize=65536)
def _part(line: bytes) -> Part:
    """A line of the manifest, kept: it is read again with every file that is loaded."""
    values = json.loads(line)
    notes = tuple(
        Note(kind=note["kind"], row=note["row"], column=note["column"], message=Text(zh=note["zh"], en=note["en"]))
        for note in values.pop("notes")
    )
    if not re.fullmatch("[0-9a-f]{16}", values["source"]):  # an earlier version kept the path
        values["source"] = source_of(Path(values["source"]))
    return Part(**values | {"key": tuple(values["key"])}, notes=notes)
