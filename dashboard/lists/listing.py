"""A list for the terminal: rows of texts under headings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Rows of texts under headings; the columns under `right` hold numbers."""

    title: str | None
    headings: list[str]
    rows: list[list[str]]
    right: list[str]
