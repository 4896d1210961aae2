"""A renewal: many files of a store replaced together. New files and the list of old ones lie ready beside, then all is swapped.

One rename of a folder is the moment at which it counts: killed before, nothing has changed; killed after, the next writer
finishes the swap, for which no key is needed. Old files are unlinked, never written over or cut.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from pipelines.durable import sync, write_durably

BUILDING, READY = "renewal-building", "renewal"
_OLD = "old.json"  # in the folder: names of the files that go
_NEW = "new"  # in the folder: the files that come, under the paths they will have


class Renewal:
    """What will take the place of files of a store that this process holds; `commit` swaps."""

    def __init__(self, store: Path) -> None:
        self.store, self.building = store, store / BUILDING
        shutil.rmtree(self.building, ignore_errors=True)  # of a renewal that never counted
        (self.building / _NEW).mkdir(parents=True, mode=0o700)
        self.building.chmod(0o700)

    def path(self, name: str) -> Path:
        """Where to write the file that will be `name`."""
        path = self.building / _NEW / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def commit(self, old: Iterable[str]) -> None:
        """Swaps: the new files come, and those of `old` go that have no successor of their name."""
        for path in sorted(self.building.rglob("*")):
            sync(path)
        write_durably(self.building / _OLD, json.dumps(sorted(set(old) - {name for name, _ in _files(self.building)})))
        sync(self.building)
        os.rename(self.building, self.store / READY)
        sync(self.store)
        finish(self.store)

    def __enter__(self) -> Renewal:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.building, ignore_errors=True)  # there only where it was not committed: then nothing has changed


def pending(store: Path) -> bool:
    """Whether a swap was begun and cut short; the next process that holds the store finishes it."""
    return (store / READY / _OLD).is_file()


def finish(store: Path) -> None:
    """Finishes a swap, from wherever it was cut short, or clears one that never counted. For a process that holds the store."""
    ready = store / READY
    if pending(store):
        old = [store / name for name in json.loads((ready / _OLD).read_text(encoding="utf-8"))]
        for path in old:
            path.unlink(missing_ok=True)
        new = {store / name: path for name, path in _files(ready)}
        for final, path in new.items():
            final.parent.mkdir(parents=True, exist_ok=True)
            path.replace(final)
        for folder in {path.parent for path in (*old, *new)} | {store}:
            if folder.is_dir():
                sync(folder)
        # the list goes last: without it, what is left is nothing but empty folders
        (ready / _OLD).unlink()
    for folder in (ready, store / BUILDING):
        if folder.exists():
            shutil.rmtree(folder)
            sync(store)


def _files(folder: Path) -> list[tuple[str, Path]]:
    new = folder / _NEW
    return [(path.relative_to(new).as_posix(), path) for path in sorted(new.rglob("*")) if path.is_file()]
