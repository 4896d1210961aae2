"""The text of a spreadsheet cell as its author meant it: percent and date formats, errors, missing results, lost digits."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import NoReturn
from xml.etree import ElementTree

LAST_COLUMN = 16_384


class Refused(Exception):
    """The file cannot be read: a reason word and the place in the file."""


def refuse(reason: str, place: str = "") -> NoReturn:
    raise Refused(reason, place[:80])


@dataclass
class Findings:
    """What a plain reader of cells would hide, as (row, column)."""

    formulas: list[tuple[int, int]] = field(default_factory=list)  # with a result in the file
    long: list[tuple[int, int]] = field(default_factory=list)  # integers of more than 15 digits


@dataclass(frozen=True, kw_only=True)
class Context:
    """What cells of a workbook refer to: shared strings, the meaning of each style, the calendar."""

    strings: list[str]
    styles: list[str]
    date1904: bool


def local(tag: str) -> str:
    """The name of an element without its namespace."""
    return tag.rpartition("}")[2]


def rich_text(element: ElementTree.Element) -> str:
    """The text of a string with its runs; phonetic hints above Chinese characters are left out."""
    parts = []
    for child in element:
        name = local(child.tag)
        if name == "t":
            parts.append(child.text or "")
        elif name == "r":
            parts.extend(run.text or "" for run in child if local(run.tag) == "t")
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), "".join(parts))


def meaning(number: str, formats: dict[str, str]) -> str:
    """What a number format makes of a number: "percent", "date", "time" or "" (ECMA-376 part 1, 18.8.30, and its Chinese ids)."""
    code = formats.get(number)
    if code is None:
        n = int(number) if number.isdigit() else 0
        if n in (9, 10):
            return "percent"
        if n in (18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56):
            return "time"
        return "date" if n in (14, 15, 16, 17, 22, 27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58) else ""
    plain = re.sub(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', "", code.split(";")[0]).casefold()
    if "%" in plain:
        return "percent"
    if "general" in plain or re.search(r"[0#?]", re.sub(r"ss\.0+", "", plain)):
        return ""
    if re.search(r"[yde年月日]", plain) or re.search(r"m", re.sub(r"[h时].*", "", plain)):
        return "date"
    return "time" if re.search(r"[hs]", plain) else ""


def text_of(cell: ElementTree.Element, row: int, column: int, context: Context, findings: Findings) -> str | None:
    """The text of a cell, None when it is empty; `#FORMULA?` for a formula without a result."""
    kind, value, formula, inline = cell.get("t", "n"), None, False, None
    for child in cell:
        tag = local(child.tag)
        if tag == "v":
            value = child.text
        elif tag == "f":
            formula = True
        elif tag == "is":
            inline = rich_text(child)
    if inline is not None or kind == "inlineStr":
        return inline or None
    if not value:
        return "#FORMULA?" if formula and kind != "str" else None
    if formula:
        findings.formulas.append((row, column))
    if kind == "s":
        index = int(value) if value.strip().isdigit() else -1
        if not 0 <= index < len(context.strings):
            refuse("string_index", cell.get("r", ""))
        return context.strings[index] or None
    if kind == "b":
        return "TRUE" if value.strip() in ("1", "true") else "FALSE"
    if kind in ("str", "d", "e"):
        return value
    style = cell.get("s", "0")
    means = context.styles[int(style)] if style.isdigit() and int(style) < len(context.styles) else ""
    text = _number(value.strip(), means, context.date1904)
    if len(text) > 15 and len(text.lstrip("-0")) > 15 and text.lstrip("-").isdigit():
        findings.long.append((row, column))
    return text


def reference(text: str, row: int) -> int:
    """The column number of a place such as B7, which must lie in `row`."""
    found = _REFERENCE.fullmatch(text)
    if found is None or int(found[2]) != row:
        refuse("cell_place", text)
    column = _column(found[1])
    if column > LAST_COLUMN:
        refuse("cell_far", text)
    return column


def area(text: str) -> tuple[int, int, int, int]:
    """First row, first column, last row, last column of A1:B2."""
    ends = [found for part in text.split(":") if (found := _REFERENCE.fullmatch(part))]
    if not 1 <= len(ends) <= 2 or len(ends) != text.count(":") + 1:
        refuse("cell_place", text)
    return int(ends[0][2]), _column(ends[0][1]), int(ends[-1][2]), _column(ends[-1][1])


_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})")
_PLAIN = re.compile(r"-?[1-9]\d{0,14}|0|-?(?:0|[1-9]\d{0,14})\.\d{0,14}[1-9]")


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - 64
    return number


def _number(value: str, means: str, date1904: bool) -> str:
    if not means and _PLAIN.fullmatch(value):  # most cells: nothing to do
        return value
    try:
        number = Decimal(value)
    except InvalidOperation:
        return value
    if not number.is_finite() or abs(number.adjusted()) > 300:
        return value
    if means == "percent":
        return f"{_decimal(number.scaleb(2))}%"
    if means:
        return _moment(number, means, date1904)
    return _decimal(number) if abs(number.adjusted()) < 25 else value


def _decimal(number: Decimal) -> str:
    """Plain decimal digits without trailing zeros behind the point."""
    text = format(number, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def _moment(number: Decimal, means: str, date1904: bool) -> str:
    """A serial number as ISO text. Serial 60 is 1900-02-29, which never was; below 0 there are no dates."""
    if number < 0 or number > 2_958_465:
        return f"#DATE? {number}"
    if not date1904 and 60 <= number < 61:
        return "1900-02-29"
    base = dt.date(1904, 1, 1) if date1904 else dt.date(1899, 12, 31 if number < 60 else 30)
    seconds = int((number * 86400).to_integral_value())
    moment = dt.datetime.combine(base, dt.time()) + dt.timedelta(seconds=seconds)
    if means == "time" and number < 1:
        return moment.time().isoformat()
    return moment.date().isoformat() if moment.time() == dt.time() else moment.isoformat()
