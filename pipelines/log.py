"""The log: who did what with the records of a store, and when. Lines are only added, each with the hash of the one before.

It tells of hashes, counts and ids of editions; never a value, a name of a respondent, or a name of a file, which may hold one.
The chain shows a line that was changed, moved, put in or taken out (Schneier and Kelsey 1999). That the end was cut off,
or all of it made anew, shows by the head that every edition keeps, and, where a key is given, by the marks of the lines.
"""

from __future__ import annotations

import errno
import fcntl
import getpass
import hashlib
import hmac
import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, BinaryIO

from pipelines import vault
from pipelines.durable import sync
from pipelines.secret import Key, KeyNeeded, apart, configured_for_log

FILE = "log.jsonl"
ACTIONS = frozenset(
    {"load", "edit", "publish", "freeze", "roll-back", "audit", "risk", "export", "pseudonymise"}
    | {"forget", "seal", "unseal", "sign-in", "sign-out"}
)
OUTCOMES = frozenset({"done", "refused", "failed"})
#: what an entry may tell of; nothing else, so that nothing slips in that names a respondent
OBJECTS = frozenset(
    {"edition", "edition_sha256", "manifest_sha256", "plan_sha256", "file_sha256", "sha256", "sequence", "part", "before"}
    | {"parts", "files", "refused", "rows", "set_aside", "torn"}
    | {"table", "period", "role", "scope", "view", "form", "command", "recipient", "key", "former_key", "mark", "reason"}
)
Objects = Mapping[str, str | int | bool]
_VALUE = re.compile(r"[0-9A-Za-z_.,:@+ -]{0,128}")
_LONGEST = 1 << 16  # bytes; no line is longer
_FIRST = "0" * 64
_KINDS = [int, str, str, str, dict, str, str, str]  # of the fields of an entry, up to its hash
_ENDED = "unseal"  # after such a line the log may go on without marks


class LogBroken(ValueError):
    """The log is not what was written; `line` is the first that is not."""

    def __init__(self, line: int, told: str) -> None:
        super().__init__(told)
        self.line = line


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One line: `hash` is of all that stands before it in this list, and `mark` is made of it with the key of that id."""

    sequence: int
    time: str
    actor: str
    action: str
    objects: Objects
    outcome: str
    previous: str  # hash of the line before
    hash: str
    key: str | None = None
    mark: str | None = None

    @property
    def line(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False).encode() + b"\n"


@dataclass(frozen=True, kw_only=True)
class Head:
    """How far the log went: its number of lines, and the hash of the last."""

    sequence: int
    hash: str


def append(
    store: Path, *, action: str, actor: str | None = None, objects: Objects = MappingProxyType({}), outcome: str = "done"
) -> Entry:
    """Adds an entry, on the disk when this returns; half a line that a crash left is cut off first, and the entry says so.

    `actor`: who is signed in; without it the user of the operating system. Raises ValueError for what no entry may hold,
    KeyNeeded where the log is kept with another key than the one given, LogBroken where its last line cannot be read.
    """
    _allow(action, objects, outcome)
    key, path, sealed = apart(configured_for_log(), store), store / FILE, vault.stated(store) is not None
    with open(path, "a+b", opener=_private) as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        last, torn = _last(file)
        _refuse_other_key(last, key, action, sealed=sealed)
        if torn:
            file.truncate(file.seek(0, os.SEEK_END) - torn)
        entry = _entry(
            {
                "sequence": last.sequence + 1 if last else 1,
                "time": datetime.now(UTC).isoformat(timespec="seconds"),
                "actor": "".join(sign for sign in actor or login() if sign.isprintable())[:200],
                "action": action,
                "objects": {**objects, **({"torn": torn} if torn else {})},
                "outcome": outcome,
                "previous": last.hash if last else _FIRST,
            },
            key,
        )
        os.write(file.fileno(), entry.line)
        os.fsync(file.fileno())
    if last is None:
        sync(store)
    return entry


def ready(store: Path, action: str = "") -> None:
    """Nothing, where an entry can be added now; asked before the first change, so that nothing changes that the log cannot tell.

    Raises as `append` does, and PermissionError where the log cannot be written. Writes nothing itself.
    """
    last = None
    try:
        with (store / FILE).open("r+b") as file:
            last, _ = _last(file)
    except FileNotFoundError:
        if store.is_dir() and not os.access(store, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(store / FILE)) from None
    _refuse_other_key(last, apart(configured_for_log(), store), action, sealed=vault.stated(store) is not None)


@contextmanager
def recorded(store: Path, *, action: str, objects: Objects = MappingProxyType({})) -> Iterator[dict[str, str | int | bool]]:
    """Adds an entry when the block ends, `failed` where it raises; what the block puts into the dict is told, too.

    Raises as `ready` does, before the block begins.
    """
    ready(store, action)
    told = dict(objects)
    try:
        yield told
    except BaseException as error:
        with suppress(OSError, ValueError):  # what went wrong first is what is told
            append(store, action=action, objects={**told, "reason": type(error).__name__}, outcome="failed")
        raise
    append(store, action=action, objects=told)


def head(store: Path) -> Head | None:
    """How far the log goes; None where there is none yet."""
    try:
        with (store / FILE).open("rb") as file:
            last, _ = _last(file)
    except FileNotFoundError:
        return None
    return Head(sequence=last.sequence, hash=last.hash) if last else None


def read(store: Path) -> tuple[Entry, ...]:
    """All entries, oldest first; half a last line does not count. Raises LogBroken for a line that is no entry."""
    path = store / FILE
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    whole = lines[:-1] if lines and not lines[-1].endswith(b"\n") else lines
    return tuple(parsed(line, number) for number, line in enumerate(whole, 1))


def _private(path: str, flags: int) -> int:
    """Opens the log; a new one is read by its owner and group alone, because it names who signed in."""
    return os.open(path, flags, 0o640)


def login() -> str:
    """The name somebody is logged in by, or the number where the machine knows no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())


def _entry(body: dict[str, Any], key: Key | None) -> Entry:
    digest = hashlib.sha256(_canonical(body)).hexdigest()
    return Entry(**body, hash=digest, key=key.id if key else None, mark=mark_of(digest, key) if key else None)


def mark_of(digest: str, key: Key) -> str:
    """What only who has the key of the log can make of the hash of an entry."""
    return hmac.digest(key.raw, digest.encode(), hashlib.sha256).hex()


def hash_of(entry: Entry) -> str:
    """The hash of an entry, worked out from what stands in it."""
    body = asdict(entry)
    return hashlib.sha256(_canonical({name: body[name] for name in body if name not in ("hash", "key", "mark")})).hexdigest()


def _canonical(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def parsed(line: bytes, number: int) -> Entry:
    """The entry of a line. A line that says the same in other bytes is none."""
    try:
        entry = Entry(**json.loads(line))
        kinds = [type(value) for name, value in asdict(entry).items() if name not in ("key", "mark")]
        sound = entry.line == line and kinds == _KINDS and {type(entry.key), type(entry.mark)} <= {str, type(None)}
    except (ValueError, TypeError, RecursionError):
        sound = False
    if not sound:
        raise LogBroken(number, f"{FILE} line {number} is no entry: it was changed, or put there by hand.")
    return entry


def _last(file: BinaryIO) -> tuple[Entry | None, int]:
    """The last whole line, None in a new log, and how many bytes of half a line stand after it."""
    size = file.seek(0, os.SEEK_END)
    start = file.seek(max(0, size - 2 * _LONGEST))
    block = file.read()
    whole, _, rest = block.rpartition(b"\n")
    if not whole:
        if start or (size and not rest):
            raise LogBroken(1, f"{FILE} cannot be read from its end. Run `planwatch log verify`.")
        return None, len(rest)
    line = whole.rpartition(b"\n")[2] + b"\n"
    try:
        return parsed(line, 0), len(rest)
    except LogBroken:
        told = f"The last line of {FILE} is no entry, so nothing can be added behind it. Run `planwatch log verify`."
        raise LogBroken(0, told) from None


def _refuse_other_key(last: Entry | None, key: Key | None, action: str, *, sealed: bool) -> None:
    """As long as the store is sealed no line goes without a mark, whatever the one before it says."""
    if sealed and key is None and (last is None or last.key is None or last.action == _ENDED):
        raise KeyNeeded(
            "The store is sealed, so its log is kept with a key, and no key was given. Give the key of the store "
            "(--key-file FILE, PLANWATCH_KEY_FILE), or that of the log alone (PLANWATCH_LOG_KEY_FILE)."
        )
    if last is None or last.key is None or (key is not None and key.id == last.key) or last.action == _ENDED:
        return
    if key is not None and action == "seal":  # another key takes over; the entry is marked with the new one
        return
    found = "no key was given" if key is None else f"the key given is {key.id}"
    raise KeyNeeded(
        f"The log is kept with the key {last.key}, and {found}. Give the key of the store (--key-file FILE, PLANWATCH_KEY_FILE), "
        "or that of the log alone (PLANWATCH_LOG_KEY_FILE), which `planwatch log key` writes."
    )


def _allow(action: str, objects: Objects, outcome: str) -> None:
    if action not in ACTIONS or outcome not in OUTCOMES or not set(objects) <= OBJECTS:
        raise ValueError(f"the log knows no {action!r} that is {outcome!r} and tells {sorted(set(objects) - OBJECTS)}")
    for name, value in objects.items():
        if isinstance(value, str) and not _VALUE.fullmatch(value):
            raise ValueError(f"the log takes ids, hashes and counts; {name} is none of them")
