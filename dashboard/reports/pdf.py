"""A report as PDF: A4, tagged (PDF/UA-1), with the fonts of the app; the same bytes for the same report."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from dashboard.pictures.setter import SETTER
from dashboard.reports import shapes
from dashboard.reports.report import (
    Block,
    Callout,
    Cell,
    Counts,
    Facts,
    Figure,
    Figures,
    Mark,
    Paragraph,
    Picture,
    Points,
    Report,
    Runs,
    Table,
)

TEMPLATE = Path(__file__).parent / "report.typ"
_LONG = 9.5  # points, of what may take as many pages as it needs
#: of the text in points; the next one is tried where a report takes more pages than it should
_SIZES = (10.0, 9.6, 9.2, 8.8, 8.4, 8.0, 7.6)
_PAGES = re.compile(rb"/Type/Pages/Count (\d+)")
_AUTHOR = "planwatch"


def pdf(report: Report) -> bytes:
    """The report set in the largest text with which it takes no more pages than it should, else in the smallest.

    Raises NotSet where the typesetter warns.
    """
    told = json.dumps(_told(report), ensure_ascii=False)
    made = b""
    for size in _SIZES if report.pages else (_LONG,):
        made = _made(told, size)
        if report.pages is None or pages(made) <= report.pages:
            break
    return made


def pages(made: bytes) -> int:
    """How many pages a PDF made here has."""
    found = _PAGES.search(made)
    assert found is not None
    return int(found.group(1))


def _made(told: str, size: float) -> bytes:
    return SETTER.set(TEMPLATE.read_bytes(), {"report": told, "size": str(size)}, format="pdf", pdf_standards=["ua-1"])


def _told(report: Report) -> dict[str, Any]:
    names = ("language", "title", "subtitle", "head", "foot", "facts", "warning", "cite")
    sections = [
        {"title": section.title, "deep": section.deep, "fresh": section.fresh, "blocks": [_block(one) for one in section.blocks]}
        for section in report.sections
    ]
    date = [int(part) for part in report.day.split("-")]
    return {**{name: getattr(report, name) for name in names}, "author": _AUTHOR, "date": date, "sections": sections}


def _block(block: Block) -> dict[str, Any]:
    match block:
        case Paragraph():
            return {"is": "paragraph", "runs": _runs(block.runs)}
        case Points():
            return {"is": "points", "points": [_runs(point) for point in block.points]}
        case Callout():
            return {"is": "callout", "mark": _mark(block.mark), "runs": _runs(block.runs)}
        case Counts():
            return {"is": "counts", "counts": [_count(*one) for one in block.counts]}
        case Facts():
            return {"is": "facts", "facts": block.facts}
        case Table():
            return _table(block)
        case Figure():
            return {"is": "figure", "svg": block.svg, "caption": block.caption, "alt": block.alt}
        case Figures():
            return {"is": "figures", "figures": [_block(figure) for figure in block.figures]}
        case _:
            return {"is": "note", "text": block.text}


def _table(table: Table) -> dict[str, Any]:
    names = ("caption", "headings", "note")
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    marked = sorted({at for row in table.rows for at, cell in enumerate(row) if isinstance(cell, Mark)})
    told = {name: getattr(table, name) for name in names}
    return {"is": "table", **told, "right": sorted(table.right), "wide": sorted(table.wide), "marked": marked, "rows": rows}


def _cell(cell: Cell) -> str | dict[str, str]:
    if isinstance(cell, Picture):
        return {"is": "picture", "svg": cell.svg, "alt": cell.alt}
    return _mark(cell) if isinstance(cell, Mark) else cell


def _mark(mark: Mark) -> dict[str, str]:
    return {"is": "mark", "svg": shapes.of(mark), "colour": shapes.COLOURS[mark.position], "text": mark.text}


def _count(position: Any, number: str, told: str) -> dict[str, str]:
    svg, colour = (shapes.shape(position), shapes.COLOURS[position]) if position else ("", shapes.OPEN)
    return {"number": number, "told": told, "svg": svg, "colour": colour}


def _runs(told: Runs) -> list[dict[str, Any]]:
    return [{"text": run.text, "strong": run.strong} for run in told]
