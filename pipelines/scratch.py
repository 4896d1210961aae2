"""A private folder for copies that a reader has to make; it vanishes with the last object that holds it."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from pathlib import Path


class Scratch:
    """A folder only this user can open, removed when the object is forgotten or the process ends."""

    def __init__(self) -> None:
        self.path = Path(tempfile.mkdtemp(prefix="planwatch-"))
        self._remove = weakref.finalize(self, shutil.rmtree, self.path, True)
