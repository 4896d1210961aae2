"""The confidential files of a store, read and written in the one form the store has: plain, or sealed with a key.

`seal.json` in the store says that it is sealed, since when and with which key. A file in the other form is refused by name:
it was put there, or taken from a copy.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from pipelines.durable import sync
from pipelines.lock import held
from pipelines.private import Private
from pipelines.renewal import pending
from pipelines.scratch import scratches_in
from pipelines.seal import Place, SealBroken, is_sealed, needed, opened, seal
from pipelines.secret import Key, apart, configured

STATE = "seal.json"
#: every file of a store that holds records, or tells of single respondents, and what it is; all of them are sealed
CONFIDENTIAL = {
    "accepted/manifest.jsonl": "manifest of parts",
    "accepted/*/*.parquet": "accepted part",
    "rejected/*.parquet": "rejected rows",
    "edits/manifest.jsonl": "manifest of the trail",
    "edits/*.parquet": "part of the trail",
    "weights/*.parquet": "weights",
    "contributions/*.parquet": "contributions behind an edition",
    "warehouse.duckdb": "warehouse",
    "disclosure.yaml": "rules of disclosure",
    "pseudonyms.secret": "secret of the pseudonyms",
}
WAREHOUSE = "warehouse.duckdb"
#: those that people write, and may put anew in plain into a sealed store
WRITTEN_BY_HAND = frozenset({"disclosure.yaml"})
#: what killed processes leave: of this version, of earlier ones (weights), and of the database
_UNFINISHED = ("*.new", "*/*.new", "accepted/*/*.new", "weights/[0-9a-f]*-[0-9]*", "build-*", "warehouse.duckdb.wal")


@dataclass(frozen=True, kw_only=True)
class State:
    """That a store is sealed, with which key, and since when."""

    key: str  # id of the key
    since: str

    @property
    def text(self) -> str:
        return json.dumps({"form": 1, **asdict(self)}, indent=1) + "\n"


def state(store: Path) -> State | None:
    """How the store is sealed, None where it is plain. Finishes a swap of its files that was cut short.

    Raises StoreBusy while another process seals, and SealBroken where `seal.json` cannot be read.
    """
    if pending(store):
        with held(store, "finishing what was cut short"):
            pass
    return stated(store)


def stated(store: Path) -> State | None:
    """What `seal.json` says now, which a swap that was cut short may have left behind. Raises SealBroken."""
    try:
        found = json.loads((store / STATE).read_text(encoding="utf-8"))
        return State(key=found["key"], since=found["since"])
    except FileNotFoundError:
        return None
    except (NotADirectoryError, ValueError, KeyError, TypeError):
        raise SealBroken(f"{store / STATE} cannot be read. Restore it from a copy of the store.") from None


def key_of(store: Path) -> Key | None:
    """The key with which files of the store are written, None where it is plain. Raises KeyNeeded where it is not given."""
    if (found := state(store)) is None:
        return None
    given = apart(configured(), store)
    if given is None or given.id != found.key:
        raise needed(found.key, given)
    return given


def files(store: Path) -> list[str]:
    """The names of all confidential files of a store, in order."""
    return sorted(path.relative_to(store).as_posix() for pattern in CONFIDENTIAL for path in store.glob(pattern))


def place(name: str) -> Place:
    """What a confidential file is, by its name in the store."""
    return Place(role=next(role for pattern, role in CONFIDENTIAL.items() if fnmatchcase(name, pattern)), name=name)


def read(store: Path, name: str) -> bytes:
    """What a confidential file holds, in plain. Raises KeyNeeded, SealBroken, and FileNotFoundError."""
    with (store / name).open("rb") as file:
        return b"".join(segments(store, name, file))


def segments(store: Path, name: str, file: BinaryIO) -> Iterator[bytes]:
    """What an open confidential file holds, in plain, bit by bit; it counts only when the last bit came."""
    sealed = state(store) is not None
    if is_sealed(file) and not sealed:
        raise SealBroken(f"{store / name} is sealed, but {store / STATE} is not there. Restore it from a copy of the store.")
    if sealed and not is_sealed(file):
        raise foreign(store, name)
    if sealed:
        yield from opened(file, apart(configured(), store), place(name))
        return
    yield from bits(file)


def foreign(store: Path, name: str) -> SealBroken:
    """The error for a plain file in a sealed store, which anybody can have written."""
    if name in WRITTEN_BY_HAND:
        todo = "Read it, and where it says what you want, run `planwatch seal` to seal it with the rest."
    elif name == WAREHOUSE:
        todo = "Delete it: the next command makes it anew from the accepted parts."
    else:
        todo = "Restore it from a copy of the store."
    return SealBroken(f"{store / name} is not sealed, though the store is: it was put there from elsewhere. {todo}")


def bits(file: BinaryIO) -> Iterator[bytes]:
    """What an open file holds, bit by bit."""
    while found := file.read(1 << 20):
        yield found


@contextmanager
def plain(store: Path, name: str) -> Iterator[Path]:
    """A path where a confidential file can be read in plain: its own, or that of a private copy that goes afterwards."""
    path = store / name
    if state(store) is None and not _looks_sealed(path):
        yield path
        return
    folder = Private(store, path.stat().st_size)
    try:
        yield copy(store, name, folder.path / path.name)
    finally:
        folder.remove()


def copy(store: Path, name: str, target: Path) -> Path:
    """Writes what a confidential file holds, in plain, to `target`, which is there only when all of it was right."""
    unfinished = target.with_name(f"{target.name}.new")
    try:
        with (store / name).open("rb") as source, unfinished.open("wb") as file:
            for found in segments(store, name, source):
                file.write(found)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target


def put(store: Path, name: str, content: bytes | Path, *, mode: int = 0o640) -> None:
    """Gives a confidential file this content, or that of a plain file, in the form the store has: all of it or nothing."""
    key, final = key_of(store), store / name
    final.parent.mkdir(parents=True, exist_ok=True)
    beside = final.with_name(f"{final.name}.{os.getpid()}.new")
    try:
        with beside.open("wb") as file, content.open("rb") if isinstance(content, Path) else BytesIO(content) as source:
            write(bits(source), file, key, name)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(mode)
        beside.replace(final)
    finally:
        beside.unlink(missing_ok=True)
    sync(final.parent)


def sha256(store: Path, name: str) -> str:
    """The SHA-256 of what a confidential file holds in plain, as hexadecimal text."""
    digest = hashlib.sha256()
    with (store / name).open("rb") as file:
        for found in segments(store, name, file):
            digest.update(found)
    return digest.hexdigest()


@contextmanager
def workplace(store: Path, prefix: str, need: int = 0) -> Iterator[Path]:
    """A folder for files that are not finished, gone afterwards: in the store, or private where the store is sealed."""
    if state(store) is None:
        work = Path(tempfile.mkdtemp(prefix=prefix, dir=store))
        try:
            yield work
        finally:
            shutil.rmtree(work, ignore_errors=True)
        return
    folder = Private(store, need)
    try:
        with scratches_in(folder.path):
            yield folder.path
    finally:
        folder.remove()


def append(store: Path, name: str, line: bytes) -> None:
    """Adds a whole line to a confidential file and makes sure that it is on the disk."""
    path = store / name
    if state(store) is not None:  # a sealed file is never added to, but put anew
        content = read(store, name) if path.exists() else b""
        put(store, name, content[: content.rfind(b"\n") + 1] + line)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())
    sync(path.parent)


def mend(store: Path, name: str) -> None:
    """Cuts half a last line off, which a crash left behind; in a sealed file there is none."""
    path = store / name
    if state(store) is not None or not path.exists():
        return
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        with path.open("r+b") as file:
            file.truncate(len(whole))
            os.fsync(file.fileno())


def write(content: Iterable[bytes], target: BinaryIO, key: Key | None, name: str) -> None:
    """Writes plain content into a confidential file, sealed where there is a key."""
    if key is not None:
        seal(content, target, key, place(name))
        return
    for bit in content:
        target.write(bit)


def halves(store: Path) -> list[Path]:
    """Files that a killed process was putting anew; only of the kinds that are put by who holds the store."""
    return [
        path
        for pattern in ("warehouse.duckdb.*.new", "accepted/**/*.new", "rejected/*.new", "edits/*.new")
        for path in store.glob(pattern)
    ]


def strays(store: Path) -> list[str]:
    """Names of unfinished files that killed processes left among the confidential ones; they may hold records."""
    found = [path for pattern in _UNFINISHED for path in store.glob(pattern)]
    return sorted(path.relative_to(store).as_posix() for path in found if path.is_file())


def _looks_sealed(path: Path) -> bool:
    with path.open("rb") as file:
        return is_sealed(file)
