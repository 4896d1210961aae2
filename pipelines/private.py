"""A private folder for plain copies of what is sealed: in memory where that fits, removed afterwards, also after a crash."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
import weakref
from pathlib import Path

#: a file system in memory, so that a plain copy never reaches a disk (but for swap)
MEMORY = Path("/dev/shm")  # noqa: S108  folders in it are made by mkdtemp, for this user alone
#: the name of a folder beside, where memory is too small
BESIDE = "private-"
_LIVE = "held"  # a file in the folder, locked as long as the process that made the folder lives
_MAKING = 60  # seconds after which a folder without it is no longer being made


class Private:
    """A folder only this user can open; it goes with `remove`, with the object, with the process, or with the next run."""

    def __init__(self, store: Path, need: int = 0) -> None:
        """`need`: bytes that will lie in it. Folders that a killed process left for the same store are removed first."""
        clear(store)
        base, prefix = _base(store, need)
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=base))
        self._lock = _locked(self.path)
        self._gone = weakref.finalize(self, _remove, self.path, self._lock)

    def remove(self) -> None:
        self._gone()


def clear(store: Path) -> list[Path]:
    """Removes the private folders of a store whose process is gone, and returns them."""
    found = [path for path in (*MEMORY.glob(f"{_prefix(store)}*"), *store.glob(f"{BESIDE}*")) if _is_debris(path)]
    for path in found:
        shutil.rmtree(path, ignore_errors=True)
    return found


def _base(store: Path, need: int) -> tuple[Path, str]:
    there = MEMORY.is_dir() and os.access(MEMORY, os.W_OK | os.X_OK)
    # NOTE: what lies there is memory of the machine; half of what is left of that stays for everybody else
    if there and need < shutil.disk_usage(MEMORY).free and 2 * need < _available():
        return MEMORY, _prefix(store)
    store.mkdir(parents=True, exist_ok=True)
    return store, BESIDE


def _prefix(store: Path) -> str:
    return f"planwatch-{hashlib.sha256(os.fsencode(store.resolve())).hexdigest()[:12]}-"


def _available() -> int:
    """Bytes of memory that programs may still have."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) * 1024
    except (OSError, StopIteration, ValueError):
        return 0


def _locked(folder: Path) -> int:
    descriptor = os.open(folder / "new", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.rename(folder / "new", folder / _LIVE)  # under its name only once it is locked
    return descriptor


def _is_debris(folder: Path) -> bool:
    """Whether nobody holds the folder. One without the lock file is just being made, or was killed at that."""
    try:
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            return False
        descriptor = os.open(folder / _LIVE, os.O_RDWR)
    except FileNotFoundError:
        return time.time() - folder.stat().st_mtime > _MAKING
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _remove(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
