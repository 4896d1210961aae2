"""One writer at a time in a store, and a plain word about who it is."""

from __future__ import annotations

import datetime as dt
import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from pipelines.renewal import finish


class StoreBusy(ValueError):
    """Another process is writing into the store; the message says which."""


class StoreUnusable(OSError):
    """The folder of the store is no folder, or cannot be written; `strerror` says what to do."""


@contextmanager
def held(store: Path, purpose: str) -> Iterator[None]:
    """Holds the store for one writer. Raises StoreBusy at once, instead of waiting, when another has it.

    A swap of files that was cut short is finished first. Raises StoreUnusable for a folder that cannot be written.

    NOTE: the lock file is never removed; a lock on a removed file and one on its successor would both be granted.
    """
    with _lock_file(store) as file:
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
            finish(store)
            yield
        finally:
            file.truncate(0)


def _lock_file(store: Path) -> TextIO:
    todo = "Name another folder for the store with --dir"
    try:
        store.mkdir(parents=True, exist_ok=True)
        if not os.access(store, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return (store / "lock").open("a+", encoding="utf-8")
    except (FileExistsError, NotADirectoryError) as error:
        words = f"this is a file or lies below one, but the store is a folder. {todo}"
        raise StoreUnusable(error.errno, words, str(store)) from None
    except OSError as error:
        words = f"the store cannot be written in this folder ({error.strerror}). {todo}, or ask for the right to write here"
        raise StoreUnusable(error.errno, words, str(store)) from None
