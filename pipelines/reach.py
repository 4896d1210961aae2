"""Who can reach the files of a store on this machine, by their modes and those of the folders above them.

Access control lists, and what administrators of the machine can do, are not seen here.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Final, Literal

from pipelines.log import FILE as LOG
from pipelines.seal import is_sealed
from pipelines.vault import CONFIDENTIAL, STATE

#: owner: nobody else; group: also the other members of the file's group; everyone: whoever has an account on the machine
Reach = Literal["owner", "group", "everyone"]
REACHES: Final[tuple[Reach, ...]] = ("owner", "group", "everyone")
#: files of a store that hold no records: what is published, who may enter, who did what, and its own tools
OPEN: Final[dict[str, str]] = {
    "editions/*": "editions",
    "access.yaml": "accounts",
    LOG: "log",
    STATE: "tools",
    "lock": "tools",
    "SYNTHETIC.txt": "tools",
}


@dataclass(frozen=True, kw_only=True)
class Kept:
    """One file of a store and who can reach it. `role` says what it is: of CONFIDENTIAL, of OPEN, or None, where nobody does."""

    name: str  # path inside the store, with / between folders
    role: str | None
    mode: int
    readers: Reach
    writers: Reach  # who can change it, or put another file in its place
    group: str
    sealed: bool | None  # None where it could not be opened
    size: int

    @property
    def confidential(self) -> bool:
        return self.role not in OPEN.values()


def reached(store: Path) -> tuple[Kept, ...]:
    """Every file of a store, in the order of their names; a store that is not there has none.

    Raises OSError for a folder that cannot be listed, because what lies in it would be missing here.
    """
    store = store.resolve()
    return tuple(_kept(store, path) for path in sorted(_files(store)))


def _files(store: Path) -> Iterator[Path]:
    for folder, _, names in os.walk(store, onerror=_refuse) if store.exists() else ():
        for name in names:
            path = Path(folder) / name
            if path.is_symlink() or path.is_file():
                yield path


def _refuse(error: OSError) -> None:
    raise error


def _kept(store: Path, path: Path) -> Kept:
    name = path.relative_to(store).as_posix()
    found = path.lstat()
    above = [folder.stat() for folder in path.parents]
    inside = [folder.stat() for folder in path.parents if folder == store or store in folder.parents]
    role = next((told for pattern, told in {**CONFIDENTIAL, **OPEN}.items() if fnmatchcase(name, pattern)), None)
    return Kept(
        name=name,
        role=role,
        mode=stat.S_IMODE(found.st_mode),
        readers=_reach(found, stat.S_IRGRP, stat.S_IROTH, above),
        writers=max((_writers(one, above) for one in (found, *inside)), key=REACHES.index),
        group=_group(found.st_gid)[0],
        sealed=_sealed(path),
        size=found.st_size,
    )


def _writers(found: os.stat_result, above: list[os.stat_result]) -> Reach:
    """Of a folder with the sticky bit only the owner of a file in it can put another in its place."""
    if stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX:
        return "owner"
    return _reach(found, stat.S_IWGRP, stat.S_IWOTH, above)


def _reach(found: os.stat_result, of_group: int, of_others: int, above: list[os.stat_result]) -> Reach:
    """Who has the right, and gets as far as the file through every folder above it."""
    if found.st_mode & of_others and all(folder.st_mode & stat.S_IXOTH for folder in above):
        return "everyone"
    others = set(_group(found.st_gid)[1]) - {_owner(found.st_uid)}
    passes = all(folder.st_mode & stat.S_IXOTH or _same_group(folder, found) for folder in above)
    return "group" if found.st_mode & of_group and others and passes else "owner"


def _same_group(folder: os.stat_result, found: os.stat_result) -> bool:
    return bool(folder.st_mode & stat.S_IXGRP) and folder.st_gid == found.st_gid


@cache
def _group(number: int) -> tuple[str, tuple[str, ...]]:
    """The name of a group and its members, as this machine knows them."""
    try:
        entry = grp.getgrgid(number)
    except KeyError:
        return str(number), ()
    primary = [user.pw_name for user in pwd.getpwall() if user.pw_gid == number]
    return entry.gr_name, tuple(sorted({*entry.gr_mem, *primary}))


@cache
def _owner(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _sealed(path: Path) -> bool | None:
    try:
        with path.open("rb") as file:
            return is_sealed(file)
    except OSError:
        return None
