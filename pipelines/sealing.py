"""Sealing a store: all its confidential files change their form together, or none does."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines import log, parts, private, pseudonym, trail, vault
from pipelines.durable import sha256
from pipelines.lock import held
from pipelines.logcheck import verify
from pipelines.renewal import Renewal
from pipelines.seal import SealBroken, is_sealed, opened
from pipelines.secret import Key, KeyNeeded, apart, using
from pipelines.vault import State


class NotSealed(ValueError):
    """The store is plain, and something was asked that only a sealed one can do."""


@dataclass(frozen=True, kw_only=True)
class Resealed:
    """What became of a store: the key it is sealed with now, None where it is plain, and how many files changed their form."""

    key: str | None
    former: str | None
    files: int


@dataclass(frozen=True, kw_only=True)
class Found:
    """How the files of a store are kept; `faults` says of each that is not as it should be why."""

    state: State | None
    files: int
    sealed: int  # files in the sealed form
    opened: int  # files that were opened with the key given
    faults: tuple[str, ...]


def seal_store(store: Path, key: Key) -> Resealed:
    """Seals every confidential file with the key: those of a plain store, or those sealed with the key in use.

    Of plain files in a sealed store only those are taken in that people write, and parts that are what the manifest lists; a
    plain warehouse goes, to be made anew; any other may be anybody's, and is refused. Killed at any moment the store is as before
    or as after; what lies in between is finished by the next writer. Raises KeyUnusable for a key that lies in the store,
    KeyNeeded where it is sealed with another key than the one in use, SealBroken for a file that does not open or is refused,
    LogBroken where another key takes over and the log is not what was written with the former one.
    """
    with held(store, "planwatch seal"):
        apart(key, store)
        with using(key):
            log.ready(store, "seal")
        found = vault.state(store)
        former = vault.key_of(store) if found is None or found.key != key.id else key
        gone = _not_taken_in(store, former) if found is not None and former is not None else []
        names = [name for name in vault.files(store) if name not in gone]
        changed = [name for name in names if former is None or former.id != key.id or not _is_sealed(store, name)]
        if former is not None and former.id != key.id:
            verify(store)  # the new key vouches for all that stands in the log, so the former one proves it first
        old = [*clear(store), *gone]
        with Renewal(store) as renewal:
            for name in changed:
                _reseal(store, name, renewal.path(name), former, key)
            if former is None or former.id != key.id:
                state = State(key=key.id, since=datetime.now(UTC).isoformat(timespec="seconds"))
                renewal.path(vault.STATE).write_text(state.text, encoding="utf-8")
            renewal.commit(old)
        with using(key):
            unlisted(store)
            known = {"former_key": former.id} if former and former.id != key.id else {}
            log.append(store, action="seal", objects={"key": key.id, "files": len(changed), **known})
    return Resealed(key=key.id, former=former.id if former else None, files=len(changed))


def unseal_store(store: Path) -> Resealed:
    """Gives every confidential file its plain form again. Raises NotSealed, KeyNeeded and SealBroken."""
    with held(store, "planwatch unseal"):
        key = vault.key_of(store)
        if key is None:
            raise NotSealed(f"{store} is not sealed: there is nothing to unseal.")
        log.ready(store, "unseal")
        names, old = vault.files(store), clear(store)
        with Renewal(store) as renewal:
            for name in names:
                _reseal(store, name, renewal.path(name), key, None)
            renewal.commit([*old, vault.STATE])
        log.append(store, action="unseal", objects={"key": key.id, "files": len(names)})
    return Resealed(key=None, former=key.id, files=len(names))


def inspect(store: Path, key: Key | None) -> Found:
    """How the store is kept; with the key of the store every file is opened."""
    state, faults, whole = vault.state(store), [], 0
    sealed = {name: _is_sealed(store, name) for name in vault.files(store)}
    for name in sealed:
        if sealed[name] != (state is not None):
            faults.append(f"{name} is {'not ' if state else ''}sealed, though the store is{'' if state else ' not'}.")
        elif state is not None and key is not None:
            try:
                whole += all(True for _ in _content(store / name, key, name))
            except SealBroken as error:
                faults.append(str(error))
            except KeyNeeded:
                faults.append(f"{name} is sealed with another key than {state.key}: it was put there from elsewhere.")
    if (state is None or key is not None) and (told := pseudonym.fault(store)) is not None:
        faults.append(told)
    return Found(state=state, files=len(sealed), sealed=sum(sealed.values()), opened=whole, faults=tuple(faults))


def unlisted(store: Path) -> None:
    """Removes parts that a killed process left without a line in their manifest. For a process that holds the store."""
    parts.clean(store, parts.read_manifest(store))
    if trail.manifest_path(store).exists():
        trail.clean(store, len(trail.read_runs(store)))


def clear(store: Path) -> list[str]:
    """Clears what killed processes left in a store that this one holds; names further files that may hold records and must go."""
    private.clear(store)
    for folder in (*store.glob("work-*"), *store.glob("warehouse.duckdb.tmp")):
        shutil.rmtree(folder, ignore_errors=True)
    return vault.strays(store)


def _not_taken_in(store: Path, key: Key) -> list[str]:
    """The plain warehouse of a sealed store, where there is one. Raises SealBroken for a plain file that may be anybody's."""
    with using(key):
        listed = {part.part: part.part_sha256 for part in parts.read_manifest(store) if part.part}
    plain = [name for name in vault.files(store) if not _is_sealed(store, name)]
    for name in plain:
        own = name in listed and sha256(store / name) == listed[name]
        if not own and name not in (*vault.WRITTEN_BY_HAND, vault.WAREHOUSE):
            raise vault.foreign(store, name)
    return [name for name in plain if name == vault.WAREHOUSE]


def _is_sealed(store: Path, name: str) -> bool:
    with (store / name).open("rb") as file:
        return is_sealed(file)


def _reseal(store: Path, name: str, target: Path, former: Key | None, key: Key | None) -> None:
    """Writes a file in its new form, and reads that again: the old one goes only when the new one gives the same."""
    path, digest = store / name, hashlib.sha256()

    def content() -> Iterator[bytes]:
        for bit in _content(path, former, name):
            digest.update(bit)
            yield bit

    with target.open("wb") as file:
        vault.write(content(), file, key, name)
    target.chmod(path.stat().st_mode & 0o770)
    again = hashlib.sha256()
    for bit in _content(target, key, name):
        again.update(bit)
    if again.digest() != digest.digest():
        raise SealBroken(f"{target} does not hold what was written to it; is the disk failing? Nothing has changed.")


def _content(path: Path, key: Key | None, name: str) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from opened(file, key, vault.place(name)) if is_sealed(file) else vault.bits(file)
