"""What an engine must be able to do: answer SQL with a frame."""

from __future__ import annotations

from typing import Protocol

import polars as pl


class Engine(Protocol):
    """The only way this room reaches large data."""

    def query(self, sql: str) -> pl.DataFrame: ...


class Once:
    """An engine that is asked each statement once, over data that do not change meanwhile; large answers are not kept."""

    MOST = 100_000  # rows

    def __init__(self, engine: Engine) -> None:
        self._engine, self._known = engine, dict[str, pl.DataFrame]()

    def query(self, sql: str) -> pl.DataFrame:
        """The rows of a statement."""
        if sql in self._known:
            return self._known[sql]
        found = self._engine.query(sql)
        if found.height <= self.MOST:
            self._known[sql] = found
        return found
