"""Keys: where they come from, by which name they are known, and what is derived from them.

Two keys may be given. That of the store (PLANWATCH_KEY, PLANWATCH_KEY_FILE) opens what is sealed. That of the log
(PLANWATCH_LOG_KEY, PLANWATCH_LOG_KEY_FILE) only marks lines of the log; it follows from that of the store and not the other
way round, so the app can be given it alone.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

STORE, LOG = "PLANWATCH_KEY", "PLANWATCH_LOG_KEY"
BYTES = 32
DIFFERENT = 8  # fewer different bytes than these are a placeholder, not a key
_OTHERS = stat.S_IWGRP | stat.S_IRWXO  # what a key file may not allow
_given: list[Key] = []


class KeyNeeded(ValueError):
    """Something is kept with a key, and no key, or another one, was given; the message says which and how to give it."""


class KeyUnusable(ValueError):
    """What was given as a key is none; the message says what is expected."""


@dataclass(frozen=True, kw_only=True)
class Key:
    """32 bytes that nobody else knows."""

    raw: bytes = field(repr=False)
    file: Path | None = field(default=None, repr=False, compare=False)  # where it was read; None where no file holds it

    @property
    def id(self) -> str:
        """By what the key is known in files and messages: 16 hexadecimal digits that tell nothing about it."""
        return derive(self.raw, "planwatch key id", length=8).hex()

    @property
    def of_log(self) -> Key:
        """The key that marks the log of a store kept with this key."""
        return Key(raw=derive(self.raw, "planwatch log"), file=self.file)


def configured() -> Key | None:
    """The key of the store: the one in use, else that of the environment; None where there is none.

    Raises KeyUnusable for what is no key, and where the environment names two.
    """
    return _given[-1] if _given else _from_environment(STORE)


def configured_for_log() -> Key | None:
    """The key of the log: the one given for it alone, else that which follows from the key of the store."""
    given = None if _given else _from_environment(LOG)
    if given is None and (key := configured()) is not None:
        return key.of_log
    return given


@contextmanager
def using(key: Key) -> Iterator[None]:
    """Makes this the key for a while, before whatever the environment says."""
    _given.append(key)
    try:
        yield
    finally:
        _given.pop()


def read_key(path: Path) -> Key:
    """The key in a file. Raises KeyUnusable when the file holds none, cannot be read, or could be read or changed by others."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if stat.S_ISREG(mode) and mode & _OTHERS:
                raise KeyUnusable(
                    f"{path} is open to others (mode {stat.S_IMODE(mode):04o}): the key in it may be known. Expected mode 0600, "
                    f"or 0640 for a group: `chmod 600 {path}`, and seal with a new key where others could have read this one."
                )
            return replace(_key(file.read(), str(path)), file=path)
    except OSError as error:
        raise KeyUnusable(
            f"{path}: the key file cannot be read ({error.strerror}). `planwatch seal --make-key FILE` makes one."
        ) from None


def apart(key: Key | None, store: Path) -> Key | None:
    """The key, which does not lie in the store. Raises KeyUnusable where it does."""
    refuse_inside(key.file if key is not None else None, store)
    return key


def refuse_inside(path: Path | None, store: Path) -> None:
    """Raises KeyUnusable for a key that lies, or would lie, in the store it protects."""
    if path is not None and store.resolve() in path.resolve().parents:
        raise KeyUnusable(
            f"{path} lies in the store {store} that the key protects: who gets the store would get the key. Put it elsewhere."
        )


def write_key(path: Path, key: Key) -> None:
    """Writes a key as 64 hexadecimal digits into a new file that only its owner can read. Raises KeyUnusable when it exists."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyUnusable(f"{path} exists already. A key is never written over another file: name another one.") from None
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key.raw.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())


def new_key() -> Key:
    """A key by chance."""
    return Key(raw=secrets.token_bytes(BYTES))


def derive(raw: bytes, *purpose: str, salt: bytes = b"", length: int = BYTES) -> bytes:
    """Key material for one purpose by HKDF with SHA-256 (RFC 5869, §2); its words are told apart by their lengths."""
    info = b"".join(len(word).to_bytes(4) + word for word in (text.encode() for text in purpose))
    return hkdf(raw, salt=salt, info=info, length=length)


def hkdf(raw: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    """HKDF with SHA-256: extract, then expand (RFC 5869, §2.2 and §2.3)."""
    extracted = hmac.digest(salt or bytes(32), raw, hashlib.sha256)
    made, block = b"", b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.digest(extracted, block + info + bytes([number]), hashlib.sha256)
        made += block
    return made[:length]


def _from_environment(name: str) -> Key | None:
    text, file = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if text and file:
        raise KeyUnusable(f"{name} and {name}_FILE are both set, and may differ. Unset one of them.")
    if file:
        return read_key(Path(file))
    return _key(text.encode("utf-8", "surrogateescape"), name) if text else None


def _key(text: bytes, place: str) -> Key:
    """The key that was written down. NOTE: a message never quotes what was found, which may be most of a key."""
    found = text.strip()
    try:
        raw = bytes.fromhex(found.decode("ascii")) if len(found) == 2 * BYTES else base64.b64decode(found, validate=True)
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != BYTES or len(set(raw)) < DIFFERENT:
        raise KeyUnusable(
            f"{place} holds no key: expected {BYTES} bytes by chance as {2 * BYTES} hexadecimal digits or as base64. "
            "`planwatch seal --make-key FILE` makes one."
        )
    return Key(raw=raw)
