"""The trail of editing: what every run of the rules changed, appended as immutable parts, each run with its line.

Flow and contents of such a trail: UNECE, Generic Statistical Data Editing Models 2.0 (2019), ch. 5; de Waal, Pannekoek and
Scholtus (2011), §1.4. The line is what makes a run count, so a run that was cut short leaves the one before it standing.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from pipelines import vault
from pipelines.durable import sha256
from pipelines.parts import StoreDamaged, settle

#: the three frames of a run, kept side by side
FRAMES = ("events", "rows", "reviews")

MANIFEST = "edits/manifest.jsonl"
_WORK = "work-edit-"

#: what makes an event the same in a later run
_EVENT = ("table", "key", "unit", "period", "column", "old", "new", "rule", "method", "reason_zh", "reason_en", "donor")


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a run was made from: by whom, from which raw rows, under which rules and program."""

    actor: str
    plan_sha256: str
    rules_sha256: str  # of the table with its rules, and of the tables it is linked with
    inputs_sha256: str  # of the lines of the manifest whose parts it read
    program_sha256: str  # of the code that the rules are


@dataclass(frozen=True, kw_only=True)
class Run:
    """One line of the trail's manifest: one table was edited."""

    sequence: int
    time: str
    table: str
    origin: Origin
    changed: int  # values
    replaced: int  # rows that take the place of raw ones, and those that were added
    imputed: int  # of these, rows that hold an imputed value
    added: int  # rows
    reviews: int  # values for a person to look at
    sha256: Mapping[str, str]  # of each of FRAMES
    forgotten: int = 0  # rows of the frames that are no longer in them, because they were to be forgotten

    @property
    def line(self) -> bytes:
        """The line as it stands in the manifest."""
        values = asdict(self)
        if not self.forgotten:
            del values["forgotten"]
        return json.dumps(values, ensure_ascii=False, sort_keys=True).encode() + b"\n"

    @property
    def hash(self) -> str:
        """The SHA-256 of the line, which holds the hashes of the frames: it names the run and all that is in it."""
        return hashlib.sha256(self.line).hexdigest()


def manifest_path(store: Path) -> Path:
    return store / MANIFEST


def part_path(store: Path, sequence: int, table: str, frame: str) -> Path:
    """Where a frame of a run lies: events under the plain name, because they are what the trail is."""
    return store / part_name(sequence, table, frame)


def part_name(sequence: int, table: str, frame: str, forgotten: int = 0) -> str:
    """The name in the store of a frame of a run; one of which rows were forgotten is another file."""
    without = f"-without-{forgotten}" if forgotten else ""
    return f"edits/{sequence:06d}-{table}{'' if frame == 'events' else f'-{frame}'}{without}.parquet"


def read_runs(store: Path) -> tuple[Run, ...]:
    """All runs, oldest first; a torn last line (a crash while writing it) does not count.

    Raises StoreDamaged when the manifest is lost, broken in its middle, or shorter than the parts that lie beside it.
    """
    path = manifest_path(store)
    # NOTE: before the lines, because another process may add a run meanwhile
    newest = max((_numbered(part) for part in store.glob("edits/*.parquet")), default=0)
    if not path.exists():
        if (orphan := next(store.glob("edits/*.parquet"), None)) is not None:
            raise StoreDamaged(f"{path} is missing, but {orphan} exists. Restore the manifest from a copy of the store.")
        return ()
    runs = []
    for number, line in enumerate(vault.read(store, MANIFEST).splitlines(keepends=True), 1):
        if not line.endswith(b"\n"):
            break
        try:
            values = json.loads(line)
            runs.append(Run(**values | {"origin": Origin(**values["origin"])}))
        except (ValueError, TypeError, KeyError):
            raise StoreDamaged(f"{path} line {number} cannot be read. Restore it from a copy of the store.") from None
    if [run.sequence for run in runs] != list(range(1, len(runs) + 1)):
        raise StoreDamaged(f"{path} has lines missing: the sequence is not 1, 2, 3 … Restore it from a copy of the store.")
    if newest > len(runs) + 1:  # a run that was cut short leaves parts of the next number, and of no later one
        raise StoreDamaged(
            f"{path} ends with run {len(runs)}, but {path.parent} holds parts of run {newest}: lines are missing at its end. "
            "Restore it from a copy of the store; nothing was deleted."
        )
    return tuple(runs)


def latest(store: Path) -> dict[str, Run]:
    """The run that counts of each table: the last one, for every run starts again from the raw rows."""
    return {run.table: run for run in read_runs(store)}


def frame_of(store: Path, run: Run, frame: str) -> pl.DataFrame:
    """One of FRAMES of a run. Raises StoreDamaged when its file is gone or was changed."""
    with opened(store, run, frame) as path:
        return pl.read_parquet(path, memory_map=False)


@contextmanager
def opened(store: Path, run: Run, frame: str) -> Iterator[Path]:
    """A plain file of one of FRAMES of a run, after its hash was verified. Raises StoreDamaged."""
    name = part_name(run.sequence, run.table, frame, run.forgotten)
    if not (store / name).is_file():
        listed = manifest_path(store)
        raise StoreDamaged(f"{store / name} is missing, but {listed} lists it. Restore it from a copy of the store.")
    with vault.plain(store, name) as path:
        if sha256(path) != run.sha256[frame]:
            raise StoreDamaged(f"{store / name} was changed after it was written. Restore it from a copy of the store.")
        yield path


def keep(store: Path, table: str, frames: Mapping[str, pl.DataFrame], origin: Origin) -> Run:
    """The run that holds these FRAMES: the last one of the table where it holds the same, else a new one at the end.

    For a writer that holds the store. `frames["rows"]` has `_imputed` and `_added`. Raises StoreDamaged as `read_runs` does.
    """
    runs = read_runs(store)
    last = next((run for run in reversed(runs) if run.table == table), None)
    if last is not None and all(frame_of(store, last, name).equals(frames[name]) for name in FRAMES):
        return last
    clean(store, len(runs))
    sequence = len(runs) + 1
    digests = {}
    with vault.workplace(store, _WORK) as work:
        for name in FRAMES:
            frames[name].write_parquet(work / f"{name}.parquet", compression="lz4")
            digests[name] = sha256(work / f"{name}.parquet")
            settle(store, work / f"{name}.parquet", part_name(sequence, table, name))
    run = Run(
        sequence=sequence,
        time=dt.datetime.now().astimezone().isoformat(timespec="seconds"),
        table=table,
        origin=origin,
        changed=frames["events"].height,
        replaced=frames["rows"].height,
        imputed=int(frames["rows"]["_imputed"].sum()),
        added=int(frames["rows"]["_added"].sum()),
        reviews=frames["reviews"].height,
        sha256=digests,
    )
    vault.append(store, MANIFEST, run.line)
    return run


def history(store: Path, unit: str | None = None) -> pl.DataFrame:
    """Every event of every run, of one unit or of all: once, with the first and the last run that holds it.

    Columns: table, key, unit, period, column, old, new, rule, method, reason_zh, reason_en, donor, then `first` and `last`
    (sequence of the run), `since` (time of the first), `actor` of the first, and `stands`: does the newest run hold it.
    """
    newest = {run.sequence for run in latest(store).values()}
    parts = []
    for run in read_runs(store):
        events = frame_of(store, run, "events").cast(pl.String)
        told = {"table": run.table, "since": run.time, "actor": run.origin.actor, "sequence": run.sequence}
        parts.append(events.with_columns(pl.lit(value).alias(name) for name, value in told.items()))
    if not parts:
        schema = dict.fromkeys((*_EVENT, "since", "actor"), pl.String) | {"sequence": pl.Int32}
        parts.append(pl.DataFrame(schema=schema))
    found = pl.concat(parts, how="diagonal")
    if unit is not None:
        found = found.filter(pl.col("unit") == unit)
    ordered = found.sort("sequence").group_by(_EVENT, maintain_order=True)
    first = ordered.agg(
        first=pl.col("sequence").first(),
        last=pl.col("sequence").last(),
        since=pl.col("since").first(),
        actor=pl.col("actor").first(),
    )
    return first.with_columns(stands=pl.col("last").is_in(sorted(newest))).sort(
        "unit", "table", "period", "column", "first", nulls_last=True
    )


def clean(store: Path, runs: int) -> None:
    """Removes what a killed run left behind: work files, parts without a line, half a last line. A new store gets a manifest.

    For a writer that holds the store.
    """
    for leftover in store.glob(f"{_WORK}*"):
        shutil.rmtree(leftover)
    path = manifest_path(store)
    if not path.exists():
        vault.put(store, MANIFEST, b"")  # so that a lost one can be told from a new store
    # NOTE: only the next number is debris; an older part without a line, or a later one, is a sign of a tampered manifest
    for part in (part for part in path.parent.glob("*.parquet") if _numbered(part) == runs + 1):
        part.unlink()
    vault.mend(store, MANIFEST)


def _numbered(path: Path) -> int:
    number = path.name.split("-")[0]
    return int(number) if number.isdigit() else 0
