"""The worksheets of an XLSX file as texts, read from its XML parts. Runs in the limited child process only."""

# ruff: noqa: S314 - declarations were refused at the gate (pipelines/archive.py), and memory and time are bounded here

from __future__ import annotations

import posixpath
import zipfile
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import fastexcel
import polars as pl

from pipelines.child_cells import Context, Findings, area, local, meaning, reference, refuse, rich_text, text_of

COLUMNS, GAP, LAST_ROW = 2_000, 10_000, 1_048_576
NAMED = 1_000  # places of one kind that are handed on
_TRUE = ("1", "true", "on")
Relations = dict[str, tuple[str, str]]


@dataclass
class Page:
    """The texts of one worksheet and what belongs to the sheet rather than to a cell."""

    name: str
    state: str
    seen: int = 0  # number of the last row element
    rows: list[int] = field(default_factory=list)
    cells: list[dict[int, str]] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    dimension: tuple[int, int] | None = None


def convert(source: str, folder: str) -> dict[str, Any]:
    """Writes one Parquet file of texts per sheet into `folder` and returns what is to be said of them. Raises Refused."""
    with zipfile.ZipFile(source) as archive:
        parts = set(archive.namelist())
        place = next((part for kind, _, part in _relations(archive, "") if kind.endswith("/officeDocument")), "xl/workbook.xml")
        if place not in parts:
            refuse("workbook_missing", place)
        relations = {key: (kind, part) for kind, key, part in _relations(archive, place)}
        book = ElementTree.fromstring(archive.read(place))
        date1904 = any(local(e.tag) == "workbookPr" and e.get("date1904") in _TRUE for e in book.iter())
        recalculate = any(local(e.tag) == "calcPr" and e.get("fullCalcOnLoad") in _TRUE for e in book.iter())
        context = Context(strings=_strings(archive, relations), styles=_styles(archive, relations), date1904=date1904)
        pages = [_page(archive, element, relations, context) for element in book.iter() if local(element.tag) == "sheet"]
    found = [page for page in pages if page is not None]
    if not found:
        refuse("no_sheets")
    _confirm(source, found)
    return {"date1904": date1904, "recalculate": recalculate, "sheets": [_write(page, i, folder) for i, page in enumerate(found)]}


def _relations(archive: zipfile.ZipFile, part: str) -> list[tuple[str, str, str]]:
    """Type, id and target part of every relation of `part`."""
    folder, name = posixpath.split(part)
    place = posixpath.join(folder, "_rels", f"{name}.rels")
    if place not in archive.namelist():
        return []
    found = []
    for element in ElementTree.fromstring(archive.read(place)):
        if element.get("TargetMode") == "External":
            continue
        target = element.get("Target", "")
        full = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        found.append((element.get("Type", ""), element.get("Id", ""), full))
    return found


def _part(archive: zipfile.ZipFile, relations: Relations, kind: str) -> str | None:
    target = next((target for name, target in relations.values() if name.endswith(f"/{kind}")), None)
    return target if target in archive.namelist() else None


def _strings(archive: zipfile.ZipFile, relations: Relations) -> list[str]:
    found: list[str] = []
    if target := _part(archive, relations, "sharedStrings"):
        with archive.open(target) as file:
            for _, element in ElementTree.iterparse(file):
                if local(element.tag) == "si":
                    found.append(rich_text(element))
                    element.clear()
    return found


def _styles(archive: zipfile.ZipFile, relations: Relations) -> list[str]:
    """What each cell style makes of a number."""
    target = _part(archive, relations, "styles")
    if target is None:
        return []
    root = ElementTree.fromstring(archive.read(target))
    formats = {e.get("numFmtId", ""): e.get("formatCode", "") for e in root.iter() if local(e.tag) == "numFmt"}
    cells = next((e for e in root if local(e.tag) == "cellXfs"), ())
    return [meaning(e.get("numFmtId", "0"), formats) for e in cells if local(e.tag) == "xf"]


def _page(archive: zipfile.ZipFile, element: ElementTree.Element, relations: Relations, context: Context) -> Page | None:
    """The worksheet an entry of the workbook names; None for a chart or a dialog, which hold no cells."""
    key = next((value for name, value in element.attrib.items() if local(name) == "id"), "")
    page = Page(name=element.get("name", ""), state=element.get("state", "visible"))
    kind, part = relations.get(key, ("", ""))
    if kind and not kind.endswith("/worksheet"):
        return None
    if part not in archive.namelist():
        refuse("sheet_missing", page.name)
    with archive.open(part) as file:
        for _, child in ElementTree.iterparse(file):
            tag = local(child.tag)
            if tag == "row":
                _row(page, child, context)
                child.clear()
            elif tag == "mergeCell":
                page.merged.append(area(child.get("ref", "")))
            elif tag == "dimension":
                page.dimension = area(child.get("ref", "A1"))[2:]
            elif tag == "col" and child.get("hidden") in _TRUE:
                low, high = int(child.get("min", "1")), int(child.get("max", "1"))
                page.hidden_columns.extend(range(low, min(high, COLUMNS) + 1))
    return page


def _row(page: Page, element: ElementTree.Element, context: Context) -> None:
    """Adds a row. Refuses row numbers that repeat or go back, cells that stand there twice, cells far from all others."""
    number = int(element.get("r") or page.seen + 1)
    if number <= page.seen:
        refuse("row_repeated", f"{page.name}!{number}")
    page.seen = number
    cells: dict[int, str] = {}
    column = 0
    for cell in element:
        place = cell.get("r")
        column = reference(place, number) if place else column + 1
        text = text_of(cell, number, column, context, page.findings)
        if text is None:
            continue
        if column in cells:
            refuse("cell_repeated", f"{page.name}!{place}")
        if column > COLUMNS:
            refuse("cell_far", f"{page.name}!{place}")
        cells[column] = text
    if not cells:
        return
    if number > LAST_ROW or number - (page.rows[-1] if page.rows else 0) > GAP:
        refuse("cell_far", f"{page.name}!{number}")
    page.rows.append(number)
    page.cells.append(cells)
    if element.get("hidden") in _TRUE:
        page.hidden_rows.append(number)


def _confirm(source: str, pages: list[Page]) -> None:
    """A second reader must not see a row that the first has not: rows are counted on two independent roads."""
    book = fastexcel.read_excel(source)
    for page in pages:
        if page.name not in book.sheet_names:
            refuse("readers_disagree", page.name)
        grid = book.load_sheet(page.name, header_row=None, skip_rows=0, dtypes="string").to_polars()
        if grid.width == 0:
            continue
        filled = pl.any_horizontal(pl.all().str.strip_chars() != "").fill_null(False)
        numbers = grid.select((pl.arg_where(filled) + 1).cast(pl.Int64)).to_series()
        lost = numbers.filter(~numbers.is_in(pl.Series(page.rows, dtype=pl.Int64).implode()))
        if not lost.is_empty():
            refuse("readers_disagree", f"{page.name}!{lost[0]}")


def _write(page: Page, position: int, folder: str) -> dict[str, Any]:
    """Writes the texts as src_row and c1.. (1 is column A) and returns the facts of the sheet."""
    last = max((max(cells) for cells in page.cells), default=0)
    columns = {f"c{i}": pl.Series([cells.get(i) for cells in page.cells], dtype=pl.String) for i in range(1, last + 1)}
    frame = pl.DataFrame({"src_row": pl.Series(page.rows, dtype=pl.Int64), **columns})
    frame.write_parquet(f"{folder}/{position}.parquet", compression="lz4")
    end = (page.rows[-1] if page.rows else 0, last)
    return {
        "name": page.name,
        "state": page.state,
        "file": f"{position}.parquet",
        "rows": len(page.rows),
        "columns": last,
        "formulas": page.findings.formulas[:NAMED],
        "long": page.findings.long[:NAMED],
        "hidden_rows": page.hidden_rows[:NAMED],
        "hidden_columns": page.hidden_columns,
        "merged": page.merged,
        "overstated": bool(page.dimension and (page.dimension[0] > end[0] or page.dimension[1] > end[1])),
    }
