"""What takes the place of files of a store when records are forgotten, laid ready for a renewal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pipelines import vault
from pipelines.dictionary import Dictionary
from pipelines.durable import sha256
from pipelines.renewal import Renewal
from pipelines.request import Request
from pipelines.terms import Terms


@dataclass(frozen=True, kw_only=True)
class Meant:
    """What a request means in a store."""

    request: Request
    gone: Mapping[int, pl.DataFrame]  # sequence of a part → its rows that go: naming columns, key, period
    keys: Mapping[str, frozenset[str]]  # table → keys of the rows of a forgotten part, as the trail writes them
    terms: Terms  # identifiers and names that no record bears afterwards
    holders: Mapping[str, str]  # units and groups among them → a name by chance, where somebody must stand for a number


@dataclass(frozen=True, kw_only=True)
class Rewrite:
    """Where new files are laid ready; `old` collects the names of those that go."""

    store: Path
    dictionary: Dictionary
    meant: Meant
    renewal: Renewal
    work: Path
    old: list[str] = field(default_factory=list)

    def frame(self, name: str, frame: pl.DataFrame) -> str:
        """Lays a frame ready as the file `name`; its SHA-256 in plain."""
        path = self.work / "frame.parquet"
        frame.write_parquet(path, compression="lz4")
        return self.file(name, path)

    def file(self, name: str, path: Path) -> str:
        """Lays the content of a plain file ready as the file `name`; its SHA-256 in plain."""
        with path.open("rb") as source, self.renewal.path(name).open("wb") as target:
            vault.write(vault.bits(source), target, vault.key_of(self.store), name)
        former = self.store / name
        self.renewal.path(name).chmod(former.stat().st_mode & 0o770 if former.exists() else 0o440)
        return sha256(path)

    def lines(self, name: str, lines: list[bytes]) -> None:
        """Lays lines ready as the manifest `name`."""
        with self.renewal.path(name).open("wb") as target:
            vault.write(lines, target, vault.key_of(self.store), name)
        self.renewal.path(name).chmod(0o640)
        self.old.append(name)
