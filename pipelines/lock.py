"""One writer at a time in a store, and a plain word about who it is."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class StoreBusy(ValueError):
    """Another process is writing into the store; the message says which."""


@contextmanager
def held(store: Path, purpose: str) -> Iterator[None]:
    """Holds the store for one writer. Raises StoreBusy at once, instead of waiting, when another has it.

    NOTE: the lock file is never removed; a lock on a removed file and one on its successor would both be granted.
    """
    store.mkdir(parents=True, exist_ok=True)
    with (store / "lock").open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise StoreBusy(f"{store} is being written by {holder}. Wait until it has finished, then try again.") from None
        started = dt.datetime.now().astimezone().isoformat(timespec="seconds")
        file.truncate(0)
        file.write(f"{purpose} (process {os.getpid()} on {socket.gethostname()}, since {started})")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
