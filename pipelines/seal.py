"""Sealing: bytes that nobody reads, changes, cuts or puts in another place without the key.

AES-256-GCM in segments, each bound to its number and to whether it is the last (the STREAM construction: Hoang, Reyhanitabar,
Rogaway and Vizár 2015), with a key of its own for every file, derived by HKDF from the key and a random salt, so that
nonces never meet. The role and the name of the file are bound to every segment as associated data.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pipelines.secret import Key, KeyNeeded, derive

#: what a sealed file begins with; the digit is the version of this form
MAGIC = b"PWSEAL1\n"
SEGMENT = 1 << 20
_SALT, _PREFIX, _TAG = 32, 7, 16
#: magic, key id, salt, start of every nonce, bytes of plain text in a segment
_HEADER = struct.Struct(f">8s8s{_SALT}s{_PREFIX}sI")


class SealBroken(ValueError):
    """A sealed file is not what was sealed in its place; the message names it and says what to do."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a file is and where in the store it lies: sealed for one place, it opens in no other."""

    role: str
    name: str  # path inside the store, with / between folders

    @property
    def bound(self) -> bytes:
        return struct.pack(">I", len(self.role.encode())) + self.role.encode() + self.name.encode()


def is_sealed(source: BinaryIO) -> bool:
    """Whether a file opened at its start is in the sealed form of any version; it stands at its start again afterwards."""
    start = source.read(len(MAGIC))
    source.seek(0)
    return start[:6] == MAGIC[:6]


def seal(content: Iterable[bytes], target: BinaryIO, key: Key, place: Place) -> None:
    """Writes content, which comes in bits of any size, to `target` in sealed form."""
    header = _HEADER.pack(MAGIC, bytes.fromhex(key.id), os.urandom(_SALT), os.urandom(_PREFIX), SEGMENT)
    cipher, bound, prefix = _of(header, key, place)
    target.write(header)
    waiting, number = b"", 0  # a segment waits until it is known whether it is the last
    for segment in _segments(content):
        if waiting:
            target.write(cipher.encrypt(_nonce(prefix, number, last=False), waiting, bound))
            number += 1
        waiting = segment
    target.write(cipher.encrypt(_nonce(prefix, number, last=True), waiting, bound))


def opened(source: BinaryIO, key: Key | None, place: Place) -> Iterator[bytes]:
    """What was sealed, segment by segment; only when the last one came does the whole count.

    Raises KeyNeeded without the key it was sealed with, SealBroken where a byte was changed, cut off, added or moved.
    """
    header = source.read(_HEADER.size)
    if len(header) < _HEADER.size:
        raise _broken(place)
    magic, identifier, _, _, size = _HEADER.unpack(header)
    if magic != MAGIC:
        raise SealBroken(f"{place.name} was sealed by another version of planwatch. Unseal it with that version first.")
    if key is None or key.id != identifier.hex():
        raise needed(identifier.hex(), key)
    cipher, bound, prefix = _of(header, key, place)
    if size != SEGMENT:
        raise _broken(place)
    segment, number = source.read(size + _TAG), 0
    while True:
        following = source.read(size + _TAG) if len(segment) == size + _TAG else b""
        try:
            yield cipher.decrypt(_nonce(prefix, number, last=not following), segment, bound)
        except InvalidTag:
            raise _broken(place) from None
        if not following:
            return
        segment, number = following, number + 1


def needed(identifier: str, given: Key | None) -> KeyNeeded:
    """The error for a key that was not given, or is another one."""
    found = "no key was given" if given is None else f"the key given is {given.id}"
    return KeyNeeded(
        f"The store is sealed with the key {identifier}, and {found}. Give that key: --key-file FILE, "
        "or PLANWATCH_KEY_FILE or PLANWATCH_KEY in the environment."
    )


def _segments(content: Iterable[bytes]) -> Iterator[bytes]:
    """The same content in whole segments, and what is left over."""
    rest = b""
    for bit in content:
        bit = rest + bit if rest else bit
        whole = len(bit) - len(bit) % SEGMENT
        for start in range(0, whole, SEGMENT):
            yield bit[start : start + SEGMENT]
        rest = bit[whole:]
    if rest:
        yield rest


def _of(header: bytes, key: Key, place: Place) -> tuple[AESGCM, bytes, bytes]:
    _, _, salt, prefix, _ = _HEADER.unpack(header)
    return AESGCM(derive(key.raw, "planwatch seal", salt=salt)), header + place.bound, prefix


def _nonce(prefix: bytes, number: int, *, last: bool) -> bytes:
    return prefix + struct.pack(">IB", number, last)


def _broken(place: Place) -> SealBroken:
    todo = "Restore it from a copy of the store."
    if place.role == "warehouse":
        todo = "Delete it: the next command makes it anew from the accepted parts."
    return SealBroken(
        f"{place.name} is not what was sealed in its place: it was changed, cut, or put there from elsewhere. {todo}"
    )
