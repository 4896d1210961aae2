"""A table as an Excel workbook: the numbers on the first sheet, what they are and how to cite them on the second."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import polars as pl
import xlsxwriter

from dashboard.wording.definition import Facts

#: the first sheet, by which programs find the numbers, and the second
DATA, ABOUT = "data", "about"
_WIDEST = 60  # letters of a column
_OPTIONS = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_FONT = {"font_name": "Noto Sans SC", "font_size": 10}


def workbook(frame: pl.DataFrame, *, title: str, facts: Facts, places: int, created: str = "1980-01-01T00:00:00") -> bytes:
    """Two sheets: `data` as `frame` has it, with real numbers of which fractions bear `places` decimals, and `about`.

    No text of the data becomes a formula or a link. `created` is a day and time in ISO 8601, stated as that of the file,
    so that the same table always gives the same bytes.
    """
    told = BytesIO()
    with xlsxwriter.Workbook(told, _OPTIONS) as book:
        at = datetime.fromisoformat(created)
        book.set_properties({"title": title, "created": at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)})
        _data(book, frame, places)
        _about(book, title, facts)
    return told.getvalue()


def _data(book: Any, frame: pl.DataFrame, places: int) -> None:
    sheet = book.add_worksheet(DATA)
    head = book.add_format({**_FONT, "bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter"})
    text = book.add_format(_FONT)
    whole = book.add_format({**_FONT, "num_format": "#,##0"})
    fraction = book.add_format({**_FONT, "num_format": "#,##0" + ("." + "0" * places if places else "")})
    for at, (name, kind) in enumerate(frame.schema.items()):
        looks = fraction if kind.is_float() else whole if kind.is_integer() else text
        values = frame[name].to_list()
        sheet.set_column(at, at, _width(name, values, places), looks)
        sheet.write_string(0, at, name, head)
        for row, value in enumerate(values, start=1):
            if isinstance(value, int | float) and not isinstance(value, bool):
                sheet.write_number(row, at, value, looks)
            elif value is not None:
                sheet.write_string(row, at, str(value), looks)
    sheet.freeze_panes(1, 0)
    if frame.width:
        sheet.autofilter(0, 0, frame.height, frame.width - 1)


def _about(book: Any, title: str, facts: Facts) -> None:
    sheet = book.add_worksheet(ABOUT)
    sheet.set_column(0, 0, 18, book.add_format({**_FONT, "valign": "top"}))
    sheet.set_column(1, 1, 100, book.add_format({**_FONT, "text_wrap": True, "valign": "top"}))
    sheet.write_string(0, 0, title, book.add_format({**_FONT, "bold": True, "font_size": 13}))
    for row, (term, told) in enumerate(facts, start=2):
        sheet.write_string(row, 0, term)
        sheet.write_string(row, 1, told)


def _width(name: str, values: list[object], places: int) -> float:
    """Letters that the widest cell takes, a Chinese one as two; the heading wraps at half of its own."""
    shown = [f"{value:,.{places}f}" if isinstance(value, float) else str(value) for value in values if value is not None]
    return min(max([8.0, _letters(name) / 2 + 3, *(_letters(one) + 2.0 for one in shown)]), _WIDEST)


def _letters(text: str) -> int:
    return sum(1 if letter.isascii() else 2 for letter in text)
