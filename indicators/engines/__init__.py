"""What an engine must be able to do: answer SQL with a frame."""

from __future__ import annotations

from typing import Protocol

import polars as pl


class Engine(Protocol):
    """The only way this room reaches large data."""

    def query(self, sql: str) -> pl.DataFrame: ...
