"""Workbooks that leave the app, read back by another library."""

from __future__ import annotations

from io import BytesIO

import openpyxl
import polars as pl
import pytest

from dashboard.lists.table import as_csv
from dashboard.lists.workbook import workbook

FACTS = [("引用格式", "《方案》监测：数，第0001版。"), ("公式", "=1+1"), ("Link", "https://example.org")]
FRAME = pl.DataFrame(
    {"类别": ["整车", "=HYPERLINK(\"x\")", "https://example.org"], "数值": [66.25, None, -1.0], "单位数": [1200, 3, None]},
    schema={"类别": pl.String, "数值": pl.Float64, "单位数": pl.Int64},
)  # fmt: skip


@pytest.fixture
def book() -> openpyxl.Workbook:
    told = workbook(FRAME, title="题目", facts=FACTS, places=1, created="2026-11-23T08:00:00+00:00")
    return openpyxl.load_workbook(BytesIO(told))


def test_numbers_stay_numbers_and_nothing_becomes_a_formula_or_a_link(book: openpyxl.Workbook) -> None:
    sheet = book["data"]
    assert [cell.value for cell in sheet[1]] == FRAME.columns
    for row, wanted in zip(sheet.iter_rows(min_row=2, values_only=True), FRAME.rows(), strict=True):
        assert row == wanted
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert not [cell for row in (*sheet.iter_rows(), *book["about"].iter_rows()) for cell in row if cell.hyperlink]
    assert not [cell for row in book["about"].iter_rows() for cell in row if cell.data_type == "f"]
    assert (sheet["B2"].number_format, sheet["C2"].number_format) == ("#,##0.0", "#,##0")
    assert sheet.freeze_panes == "A2"


def test_the_second_sheet_holds_title_and_facts_and_the_day_is_that_of_the_edition(book: openpyxl.Workbook) -> None:
    assert book.sheetnames == ["data", "about"]
    about = [row[:2] for row in book["about"].iter_rows(values_only=True)]
    assert about[0][0] == "题目"
    assert about[2:] == FACTS
    assert str(book.properties.created) == "2026-11-23 08:00:00"


def test_the_same_table_gives_the_same_bytes() -> None:
    assert workbook(FRAME, title="t", facts=FACTS, places=1) == workbook(FRAME, title="t", facts=FACTS, places=1)


def test_a_table_without_rows_or_columns_is_a_workbook() -> None:
    for frame in (FRAME.clear(), pl.DataFrame()):
        told = openpyxl.load_workbook(BytesIO(workbook(frame, title="t", facts=[], places=0)))
        assert told["data"].max_row == 1


def test_the_same_numbers_stand_in_the_text_file(book: openpyxl.Workbook) -> None:
    text = as_csv(FRAME, FACTS, 1).decode("utf-8-sig")
    told = pl.read_csv(text.encode(), comment_prefix="#")
    sheet = book["data"]
    column = [row[1] for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert [None if one is None else abs(one - two) <= 0.051 for one, two in zip(column, told["数值"], strict=True)] == [
        True,
        None,
        True,
    ]
    assert text.startswith("# 引用格式")
