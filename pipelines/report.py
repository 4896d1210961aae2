"""What the pipelines tell a reporter: notes on a file, refusal of a file, and the frame of rejected rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import polars as pl

from pipelines.yamlfile import Text

#: characters that would garble a message or steer a terminal
UNSEEN = r"[\x00-\x1f\x7f-\x{9f}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{2069}\x{feff}]"
#: one row is one fault; `row` is the number the user sees (line in an editor, row in a spreadsheet)
REJECTED: dict[str, pl.DataType] = {
    "file": pl.String(),
    "row": pl.Int64(),
    "column": pl.String(),
    "value": pl.String(),
    "rule": pl.String(),
    "message_zh": pl.String(),
    "message_en": pl.String(),
}


@dataclass(frozen=True, kw_only=True)
class Note:
    """Something a reporter should know about a file that was read: it was normalised, or a person should look."""

    kind: Literal["normalised", "review"]
    message: Text
    row: int | None = None
    column: str | None = None


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a whole file was refused: what was found, what was expected, what to do."""

    found: Text
    expected: Text
    todo: Text

    def in_language(self, language: str) -> str:
        """The three sentences in one line."""
        if language == "zh":
            return f"发现：{self.found.zh}。应为：{self.expected.zh}。处理：{self.todo.zh}。"
        return f"Found: {self.found.en}. Expected: {self.expected.en}. What to do: {self.todo.en}."


class FileRefused(Exception):
    """A file that cannot be read as a table of the plan; `file` is its name, `refusal` says why."""

    def __init__(self, file: str, refusal: Refusal) -> None:
        self.file = file
        self.refusal = refusal
        super().__init__(f"{file}: {refusal.in_language('en')}")

    def __reduce__(self) -> tuple[Any, ...]:
        return FileRefused, (self.file, self.refusal)


def plural(count: int, one: str, many: str) -> str:
    """A count with its English words: "1 row was", "2 rows were"."""
    return f"{count} {one if count == 1 else many}"


def text(zh: str, en: str) -> Text:
    """The same words in both languages."""
    return Text(zh=zh, en=en)


def refuse(file: str, *, found: tuple[str, str], expected: tuple[str, str], todo: tuple[str, str]) -> FileRefused:
    """The exception for `file`, each part given as (zh, en) without a full stop at the end."""
    return FileRefused(file, Refusal(found=text(*found), expected=text(*expected), todo=text(*todo)))


def rejected(rows: Iterable[Mapping[str, Any]] = ()) -> pl.DataFrame:
    """A frame with the columns of REJECTED from mappings that name them; absent names are null."""
    return pl.DataFrame([{name: row.get(name) for name in REJECTED} for row in rows], schema=REJECTED)


def row_fault(file: str, row: int, rule: str, zh: str, en: str, *, value: str | None = None) -> dict[str, Any]:
    """A fault of a whole row for `rejected`, in the words of all messages; `zh` and `en` say what is wrong and what to do."""
    return {
        "file": file,
        "row": row,
        "value": value,
        "rule": rule,
        "message_zh": f"{file} 第{row}行：{zh}（规则 {rule}）。该行未载入，已另存。",
        "message_en": f"{file} row {row}: {en} (rule {rule}). The row was set aside.",
    }
