"""Spreadsheets and Parquet files from outside: parsed by pipelines/child.py in a limited process, its report put into words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import polars as pl

from pipelines.report import FileRefused, refuse
from pipelines.scratch import Scratch

CHILD = Path(__file__).with_name("child.py")
SECONDS = 120  # on the clock; the child itself stops after 60 seconds of computing

_NEW = (
    "请在表格软件中打开并另存为新的 XLSX（或 CSV UTF-8）后重新提交",
    "open it in a spreadsheet program, save it as a new XLSX (or CSV UTF-8) and send it again",
)
_SOUND = ("可以安全解析的文件", "a file that can be parsed safely")
_REASONS: dict[str, tuple[str, str]] = {
    "workbook_missing": ("工作簿主部件缺失", "the main part of the workbook is missing"),
    "sheet_missing": ("工作表的内容缺失", "the content of a sheet is missing"),
    "no_sheets": ("没有工作表", "there is no worksheet"),
    "string_index": ("单元格指向不存在的共享字符串", "a cell points to a shared string that does not exist"),
    "row_repeated": ("行号重复或倒退", "a row number is repeated or goes back"),
    "cell_repeated": ("同一单元格出现两次", "a cell stands there twice"),
    "cell_place": ("单元格的位置无效", "a cell has an impossible place"),
    "cell_far": ("远离数据的单元格", "a cell lies far away from all others"),
    "readers_disagree": ("两个读取程序的行数不一致", "two readers do not find the same rows"),
    "too_many_columns": ("列数过多", "there are too many columns"),
    "column_type": ("列的类型无法转为文本", "a column is of a type that is no text or number"),
    "memory": ("解析时内存超出上限", "parsing needs more memory than is allowed"),
    "damaged": ("文件损坏", "the file is damaged"),
}


@dataclass(frozen=True, kw_only=True)
class Worksheet:
    """One sheet as texts: src_row and c1.. (1 is column A), with what the child says about it."""

    name: str
    state: str
    cells: pl.DataFrame
    facts: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Workbook:
    """The sheets of a workbook in their order, with the settings that concern all of them."""

    sheets: tuple[Worksheet, ...]
    date1904: bool
    recalculate: bool


@dataclass(frozen=True, kw_only=True)
class ParquetTable:
    """The texts of a Parquet file: src_row and c1.., lazily, and the names of its columns."""

    names: tuple[str, ...]
    rows: pl.LazyFrame
    count: int


def read_workbook(path: Path) -> Workbook:
    """All sheets of the XLSX at `path`. Raises FileRefused when the child refuses, dies or takes too long."""
    scratch = Scratch()
    report = _parse("workbook", path, scratch)
    sheets = tuple(
        Worksheet(name=facts["name"], state=facts["state"], cells=pl.read_parquet(scratch.path / facts["file"]), facts=facts)
        for facts in report["sheets"]
    )
    return Workbook(sheets=sheets, date1904=report["date1904"], recalculate=report["recalculate"])


def read_parquet(path: Path, scratch: Scratch) -> ParquetTable:
    """The Parquet file at `path`, rewritten as texts into `scratch`. Raises FileRefused as read_workbook."""
    report = _parse("parquet", path, scratch)
    return ParquetTable(names=tuple(report["names"]), rows=pl.scan_parquet(scratch.path / report["file"]), count=report["rows"])


def letters(column: int) -> str:
    """The letters of a spreadsheet column: 1 is A, 27 is AA."""
    word = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        word = chr(65 + rest) + word
    return word


def _parse(kind: Literal["workbook", "parquet"], path: Path, scratch: Scratch) -> dict[str, Any]:
    environment = {"POLARS_MAX_THREADS": "1" if kind == "workbook" else "2", "TMPDIR": str(scratch.path), "LC_ALL": "C.UTF-8"}
    environment |= {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    command = [sys.executable, "-I", str(CHILD), kind, str(path.resolve()), str(scratch.path)]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=SECONDS, env=environment, stdin=subprocess.DEVNULL, check=False
        )
    except subprocess.TimeoutExpired:
        raise _unsafe(path, (f"解析超过 {SECONDS} 秒", f"parsing takes longer than {SECONDS} seconds")) from None
    report = scratch.path / "report.json"
    if done.returncode != 0 or not report.is_file():  # NOTE: what the child printed may quote cells, so it is not passed on
        word = f"signal {-done.returncode}" if done.returncode < 0 else f"exit {done.returncode}"
        raise _unsafe(path, (f"解析进程中止（{word}）", f"the parsing process died ({word})"))
    found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    if "refused" in found:
        zh, en = _REASONS[found["refused"]]
        place = f" ({found['place']})" if found["place"] else ""
        raise _unsafe(path, (zh + place, en + place))
    return found


def _unsafe(path: Path, found: tuple[str, str]) -> FileRefused:
    return refuse(path.name, found=found, expected=_SOUND, todo=_NEW)
