"""Files as enterprises and offices send them: CSV in UTF-8 or GB18030, and XLSX; every row says that it is synthetic."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import xlsxwriter

from pipelines.dictionary import Code, Dictionary, Table

#: header and content of the column that labels every row; the tables of the plan list the headers in `ignore`
LABEL_HEADER = {"zh": "数据说明", "en": "note"}
LABEL = {"zh": "合成数据（虚构企业）", "en": "SYNTHETIC (invented enterprises)"}
YES_NO = {"zh": ("是", "否"), "en": ("yes", "no")}
TITLE = {
    "zh": "汽车行业数字化转型年度调查表（合成数据，企业均为虚构）",
    "en": "Annual survey of digital transformation (SYNTHETIC, invented enterprises)",
}
#: a fixed time of making, for the same frame must give the same bytes
CREATED = datetime(2026, 10, 15, tzinfo=UTC).replace(tzinfo=None)


def labelled(frame: pl.DataFrame, table: Table, dictionary: Dictionary, language: str) -> pl.DataFrame:
    """The frame under the header names of its table, codes and yes and no in words, with the label as its last column."""
    yes, no = YES_NO[language]
    words = [
        pl.when(pl.col(name)).then(pl.lit(yes)).when(~pl.col(name)).then(pl.lit(no)).alias(name)
        for name, dtype in frame.schema.items()
        if dtype == pl.Boolean
    ]
    months = [pl.col(name).dt.strftime("%Y-%m") for name, column in table.columns.items() if column.type == "month"]
    codes = [
        pl.col(name).replace_strict(_spoken(dictionary.codes[column.codes].codes, language)).alias(name)
        for name, column in table.columns.items()
        if column.codes
    ]
    ordered = frame.with_columns(words + months + codes).select(list(table.columns))
    named = ordered.rename({name: column.name.in_language(language) for name, column in table.columns.items()})
    return named.with_columns(pl.lit(LABEL[language]).alias(LABEL_HEADER[language]))


def _spoken(codes: dict[str, Code], language: str) -> dict[str, str]:
    """How a code is written by those who fill in forms: a number stays, a word is said in their language."""
    return {code: code if code.isdigit() else entry.name.in_language(language) for code, entry in codes.items()}


def write_csv(frame: pl.DataFrame, path: Path, encoding: str = "utf-8") -> Path:
    """The frame as CSV. In UTF-8 with a mark at the beginning, so that a spreadsheet shows Chinese."""
    if encoding == "utf-8":
        frame.write_csv(path, include_bom=True)
    else:
        path.write_bytes(frame.write_csv().encode(encoding))
    return path


def write_xlsx(frame: pl.DataFrame, path: Path, language: str) -> Path:
    """The frame as a form: a title line, a header line, rows with true dates. The same frame gives the same bytes."""
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}) as book:
        book.set_properties({"title": TITLE[language], "created": CREATED, "comments": LABEL[language]})
        sheet = book.add_worksheet({"zh": "调查表", "en": "survey"}[language])
        title = book.add_format({"bold": True, "font_size": 14, "align": "center"})
        header = book.add_format({"bold": True, "border": 1, "bg_color": "#DCE6F1", "text_wrap": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.merge_range(0, 0, 0, frame.width - 1, TITLE[language], title)
        sheet.write_row(1, 0, frame.columns, header)
        sheet.set_column(0, frame.width - 1, 18)
        sheet.freeze_panes(2, 1)
        for i, (name, dtype) in enumerate(frame.schema.items()):
            sheet.write_column(2, i, frame[name].to_list(), day if dtype == pl.Date else None)
    return path
