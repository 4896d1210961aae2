"""A private folder for copies that a reader has to make; it vanishes with the last object that holds it."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

_inside: ContextVar[Path | None] = ContextVar("_inside", default=None)


class Scratch:
    """A folder only this user can open, removed when the object is forgotten or the process ends."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="planwatch-", dir=_inside.get()))
        self._remove = weakref.finalize(self, shutil.rmtree, self.path, True)


@contextmanager
def scratches_in(folder: Path) -> Iterator[None]:
    """Scratch folders of this thread are made in `folder` for a while, in the place of the one for temporary files."""
    token = _inside.set(folder)
    try:
        yield
    finally:
        _inside.reset(token)
