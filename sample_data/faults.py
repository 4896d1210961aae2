"""A small file with deliberate faults, to show how rows are set aside: late answers to the 2026 survey, badly filled in."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl

from pipelines.dictionary import Table
from sample_data.files import LABEL, LABEL_HEADER

FOLDER = Path(__file__).parent / "faulty"
NAME = "SYNTHETIC_survey_2026_faulty.csv"

#: what a row holds in the columns after identifier and year, and what is wrong with it; None: nothing
ROWS: list[tuple[tuple[str, str, str, str], str | None]] = [
    (("是", "8", "5", "2026-10-09"), None),
    (("是", "１２", " 7 ", "2026/10/9"), None),
    (("是", "9", "10", "2026-10-09"), "数控关键工序数大于关键工序总数"),
    (("否", "-3", "", "2026-10-09"), "关键工序总数为负数"),
    (("大概", "6", "4", "2026-10-09"), "“是否”一栏不是“是”或“否”"),
    (("是", "十来道", "4", "2026-10-09"), "关键工序总数不是数字"),
    (("是", "7", "4.5", "2026-10-09"), "工序数不是整数"),
    (("是", "7", "4", "2026-06-31"), "日期不存在"),
]


def write_faulty(folder: Path, asked: pl.DataFrame, table: Table) -> Path:
    """The file made of enterprises that were asked in 2026 and did not answer (`asked`: enterprise_id), one fault a row."""
    late = asked["enterprise_id"].sort().to_list()[: len(ROWS) + 3]
    header = [column.name.zh for column in table.columns.values()] + [LABEL_HEADER["zh"]]
    lines = [[late[i], "2026", *cells, _note(fault)] for i, (cells, fault) in enumerate(ROWS)]
    good = ("是", "8", "5", "2026-10-09")
    lines += [
        ["", "2026", *good, _note("缺企业代码")],
        ["E999999", "2026", *good, _note("企业名录中没有此企业")],
        [late[-3], "1926", *good, _note("年份超出范围")],
        [late[-2], "2026", "是", "8", "5", "2026-10-09", "", _note("多出一格")],
    ]
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *lines])
    return path


def _note(fault: str | None) -> str:
    return LABEL["zh"] + (f"，故意出错：{fault}" if fault else "，此行无误")
