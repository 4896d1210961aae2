"""The check of the log: every line as it was written, none missing, no end cut off; or the first line that is not."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from pipelines import vault
from pipelines.log import FILE, Entry, Head, LogBroken, hash_of, mark_of, parsed
from pipelines.secret import Key, configured_for_log
from pipelines.vault import State


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What was found right."""

    lines: int
    marked: int  # lines that bear a mark
    proven: int  # of these, marks that were worked out again with the key given
    heads: int  # editions whose head stands in the log
    torn: tuple[int, ...]  # lines that say that half a line was cut off before them


@dataclass(frozen=True, kw_only=True)
class Witness:
    """What an edition says of the log: how far it went when the edition was published; and what the log must say of it."""

    head: Head | None  # None: there was no log yet
    manifest_sha256: str


def verify(store: Path, witnesses: Mapping[str, Witness] = MappingProxyType({})) -> Checked:
    """What was found right. `witnesses` by the id of the edition.

    Raises LogBroken with the first line that is not what was written there, or is missing.
    """
    path, key = store / FILE, configured_for_log()
    lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
    heads = {edition: witness.head for edition, witness in witnesses.items() if witness.head is not None}
    entries: list[Entry] = []
    for number, line in enumerate(lines, 1):
        if not line.endswith(b"\n"):
            raise LogBroken(number, f"{path} line {number} is not whole: a crash tore it, or its end was cut off.")
        entry = parsed(line, number)
        _chained(entry, entries[-1] if entries else None, number)
        _marked(entry, entries, number, key)
        _as_in_editions(entry, heads)
        entries.append(entry)
    _whole(entries, heads, path)
    _published(entries, witnesses)
    state = vault.stated(store)
    if state is not None:
        _as_sealed(entries, state)
    if key is not None:
        _kept_with(entries, key, sealed=state is not None)
    return Checked(
        lines=len(entries),
        marked=sum(entry.mark is not None for entry in entries),
        proven=sum(key is not None and entry.key == key.id for entry in entries),
        heads=len(heads),
        torn=tuple(entry.sequence for entry in entries if "torn" in entry.objects),
    )


def _chained(entry: Entry, before: Entry | None, number: int) -> None:
    if entry.sequence != number:
        raise LogBroken(number, f"{FILE} line {number} says that it is number {entry.sequence}: a line was taken out or put in.")
    if entry.previous != (before.hash if before else "0" * 64):
        raise LogBroken(number, f"{FILE} line {number} does not follow on the line before it: one of the two was replaced.")
    if entry.hash != hash_of(entry):
        raise LogBroken(number, f"{FILE} line {number} was changed: it does not give its own hash.")


def _marked(entry: Entry, before: Iterable[Entry], number: int, key: Key | None) -> None:
    if (entry.key is None) != (entry.mark is None):
        raise LogBroken(number, f"{FILE} line {number} has lost its mark.")
    if key is not None and entry.key == key.id and not hmac.compare_digest(entry.mark or "", mark_of(entry.hash, key)):
        raise LogBroken(number, f"{FILE} line {number} bears a mark that was not made with the key {key.id}.")
    last = next(iter(reversed(list(before)[-1:])), None)
    if last is None or last.key == entry.key or last.key is None or last.action == "unseal":
        return
    if entry.key is None or entry.action != "seal":
        raise LogBroken(
            number, f"{FILE} line {number} bears no mark of the key {last.key}, with which the lines before it are kept."
        )


def _as_in_editions(entry: Entry, heads: Mapping[str, Head]) -> None:
    for edition, head in heads.items():
        if head.sequence == entry.sequence and head.hash != entry.hash:
            told = f"{FILE} line {entry.sequence} is not the one that stood there when edition {edition} was published."
            raise LogBroken(entry.sequence, f"{told} The log was made anew.")


def _whole(entries: list[Entry], heads: Mapping[str, Head], path: Path) -> None:
    for edition, head in sorted(heads.items(), key=lambda item: item[1].sequence):
        if head.sequence > len(entries):
            told = f"{path} ends with line {len(entries)}, but had {head.sequence} when edition {edition} was published"
            raise LogBroken(len(entries) + 1, f"{told}: its end was cut off.")


def _published(entries: list[Entry], witnesses: Mapping[str, Witness]) -> None:
    """What the log says last of an edition must be the edition that lies there."""
    last = {str(entry.objects.get("edition")): entry for entry in entries if (entry.action, entry.outcome) == ("publish", "done")}
    for edition, entry in last.items():
        if edition in witnesses and entry.objects.get("edition_sha256") != witnesses[edition].manifest_sha256:
            told = f"{FILE} line {entry.sequence} tells of another edition {edition} than the one that lies there"
            raise LogBroken(entry.sequence, f"{told}: the edition or the line was replaced.")


def _as_sealed(entries: list[Entry], state: State) -> None:
    """While the store is sealed the log says so last, and goes on with the marks of that line."""
    said = next((entry for entry in reversed(entries) if entry.action in ("seal", "unseal") and entry.outcome == "done"), None)
    if said is not None and (said.action, said.objects.get("key")) == ("seal", state.key) and said.key is not None:
        return  # the lines behind it bear the same mark, which was looked at line by line
    told = f"the store is sealed with the key {state.key} since {state.since}, and no line of {FILE} tells of it"
    if said is not None:
        told += f" after line {said.sequence}"
    found = f"line {len(entries)} is not the last that was written" if entries else "holds no line"
    raise LogBroken(
        len(entries),
        f"{FILE} {found}: {told}. The end was replaced. Only where `planwatch seal` itself was cut short, run it again.",
    )


def _kept_with(entries: list[Entry], key: Key, *, sealed: bool) -> None:
    """With a key, the last line bears its mark, and so vouches for all before; unless keeping with a key was given up."""
    ended = not sealed and any(entry.action == "unseal" and entry.key == key.id for entry in entries)
    if not entries or entries[-1].key == key.id or ended:
        return
    found = f"with the key {entries[-1].key}" if entries[-1].key else "without a key"
    raise LogBroken(
        len(entries),
        f"{FILE} line {len(entries)}, the last, was written {found}, and the key given is {key.id}: it is another key, "
        "or the log was made anew by somebody who lacks it. A log that was never kept with a key is checked without one.",
    )
