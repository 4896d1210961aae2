"""Rejected rows for the reporter who must mend them: a CSV that a spreadsheet program opens rightly and safely."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path
from typing import Protocol

import polars as pl

from pipelines.parts import frame_of, read_manifest
from pipelines.report import REJECTED, UNSEEN

_HEADERS = {
    "zh": {"file": "文件", "row": "行号", "column": "列", "value": "原值", "rule": "规则", "message": "说明"},
    "en": {"file": "file", "row": "row", "column": "column", "value": "value", "rule": "rule", "message": "message"},
}


_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?")


class _HasRejected(Protocol):
    @property
    def rejected(self) -> pl.DataFrame: ...


def export_rejected(source: _HasRejected | Path, path: Path, language: str = "zh") -> int:
    """Writes the rejected rows of a report, or of everything in a store, as CSV with BOM; returns how many faults it holds.

    Only its owner can read the file.
    """
    frame = all_rejected(source) if isinstance(source, Path) else source.rejected
    words = _HEADERS["zh" if language == "zh" else "en"]
    chosen = frame.select("file", "row", "column", "value", "rule", message=f"message_{'zh' if language == 'zh' else 'en'}")
    texts = [name for name, kind in chosen.schema.items() if kind == pl.String]
    # NOTE: neutral looks at the first character, so it comes first: a tab before a formula is such a sign
    safe = chosen.with_columns(pl.col(name).map_elements(neutral, return_dtype=pl.String, skip_nulls=True) for name in texts)
    safe = safe.with_columns(pl.col(texts).str.replace_all(UNSEEN, "\N{REPLACEMENT CHARACTER}"))
    path.touch(mode=0o600)
    path.chmod(0o600)  # before anything is in it
    safe.rename(words).write_csv(path, include_bom=True, line_terminator="\r\n")
    return frame.height


def all_rejected(store: Path) -> pl.DataFrame:
    """The rejected frames of the files that count now: of a file loaded more than once, only the last."""
    latest = {(part.source, part.table, part.sheet): part for part in read_manifest(store)}
    frames = [frame_of(store, part.rejected) for part in latest.values() if part.rejected]
    return pl.concat(frames) if frames else pl.DataFrame(schema=REJECTED)


def neutral(text: str) -> str:
    """A text that no spreadsheet program takes for a formula: an apostrophe before = + - @ | % and tabs; numbers stay."""
    start = unicodedata.normalize("NFKC", text).lstrip()[:1]
    risky = start in ("=", "+", "-", "@", "|", "%") or text[:1] in ("\t", "\r", "\n")
    return f"'{text}" if risky and not _NUMBER.fullmatch(text) else text
