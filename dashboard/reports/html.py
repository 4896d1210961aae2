"""A report as one HTML file that needs nothing else; for the screen, in light and dark, and for paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape as _quoted
from pathlib import Path

from dashboard.pieces.markup import plain
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
    Note,
    Paragraph,
    Picture,
    Points,
    Report,
    Runs,
    Section,
    Table,
    cell_text,
)
from dashboard.rows.assessed import Position


@dataclass(frozen=True, kw_only=True)
class Pen:
    """How marks and pictures are drawn: in a file of its own as they are, elsewhere as that place allows."""

    sign: Callable[[Position, bool], str]  # position, and whether error could have made it
    picture: Callable[[str, str], str]  # SVG, and what it shows in words


STYLE = Path(__file__).parent / "report.css"
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}


def html(report: Report) -> bytes:
    """UTF-8, with a policy under which a browser fetches nothing and runs nothing."""
    language = _LANGUAGES[report.language]
    head = [
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{_text(report.title)} · {_text(report.subtitle)}</title>",
        f"<style>{STYLE.read_text(encoding='utf-8')}</style>",
    ]
    foot = f'<footer class="pr-note">{_text(report.cite)}</footer>'
    inside = f'<main class="pr">{top(report)}{"".join(section(one) for one in report.sections)}{foot}</main>'
    return f'<!doctype html>\n<html lang="{language}"><head>{"".join(head)}</head><body>{inside}</body></html>\n'.encode()


def top(report: Report, *, level: int = 1) -> str:
    """Title, plan, how far the data reach, edition, and that the data were invented; the title is a heading of that level."""
    facts = "".join(f"<span><i>{_text(term)}</i> {_text(told)}</span>" for term, told in report.facts)
    warning = f'<b class="pr-warning">{_text(report.warning)}</b>' if report.warning else ""
    named = f'<h{level}>{_text(report.title)}</h{level}><p class="pr-plan">{_text(report.subtitle)}</p>'
    return f'<header>{named}<p class="pr-facts">{facts}{warning}</p></header>'


def section(of: Section, *, under: int = 1, pen: Pen | None = None) -> str:
    """A heading, whose level is below that of the title, and what stands below it."""
    level = under + (2 if of.deep else 1)
    return f"<section><h{level}>{_text(of.title)}</h{level}>{''.join(block(one, pen or INLINE) for one in of.blocks)}</section>"


def block(of: Block, pen: Pen) -> str:
    match of:
        case Paragraph():
            return f"<p>{_runs(of.runs)}</p>"
        case Points():
            return f"<ul>{''.join(f'<li>{_runs(point)}</li>' for point in of.points)}</ul>"
        case Callout():
            told = f"<p>{_runs(of.runs)}</p>" if of.runs else ""
            return f'<div class="pr-callout pr-{of.mark.position}"><p>{_mark(of.mark, pen)}</p>{told}</div>'
        case Counts():
            return f'<ul class="pr-counts">{"".join(_count(*one, pen) for one in of.counts)}</ul>'
        case Facts():
            facts = "".join(f"<dt>{_text(term)}</dt><dd>{_text(told)}</dd>" for term, told in of.facts)
            return f"<dl>{facts}</dl>"
        case Table():
            return _table(of, pen)
        case Figure():
            return _figure(of, pen)
        case Figures():
            return f'<div class="pr-beside">{"".join(_figure(figure, pen) for figure in of.figures)}</div>'
        case Note():
            return f'<p class="pr-note">{_text(of.text)}</p>'


def _figure(of: Figure, pen: Pen) -> str:
    """The picture on white, and its numbers on demand."""
    numbers = f"<details><summary>{_text(of.numbers.caption)}</summary>{_table(of.numbers, pen, named=False)}</details>"
    picture = f'<div class="pr-picture">{pen.picture(of.svg, of.alt)}</div>'
    return f"<figure><figcaption>{_text(of.caption)}</figcaption>{picture}{numbers}</figure>"


def _table(of: Table, pen: Pen, *, named: bool = True) -> str:
    def kind(at: int) -> str:
        return ' class="pr-right"' if at in of.right else ' class="pr-wide"' if at in of.wide else ""

    heads = "".join(f'<th scope="col"{kind(at)}>{_text(told)}</th>' for at, told in enumerate(of.headings))
    rows = "".join(
        f"<tr>{''.join(f'<td{kind(at)}>{_cell(cell, pen)}</td>' for at, cell in enumerate(row))}</tr>" for row in of.rows
    )
    caption = f"<caption>{_text(of.caption)}</caption>" if named else ""
    note = f'<p class="pr-note">{_text(of.note)}</p>' if of.note else ""
    label = f' role="region" tabindex="0" aria-label="{_text(of.caption)}"'
    table = f"<table>{caption}<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="pr-scroll"{label}>{table}</div>{note}'


def _cell(cell: Cell, pen: Pen) -> str:
    if isinstance(cell, Picture):
        return f'<span class="pr-spark">{pen.picture(cell.svg, cell.alt)}</span>'
    return _mark(cell, pen) if isinstance(cell, Mark) else _text(cell_text(cell))


def _mark(mark: Mark, pen: Pen) -> str:
    return f'<span class="pr-mark pr-{mark.position}">{pen.sign(mark.position, mark.within)}<b>{_text(mark.text)}</b></span>'


def _count(position: Position | None, number: str, told: str, pen: Pen) -> str:
    drawn = pen.sign(position, False) if position else ""
    return f'<li class="pr-{position or "time"}"><b>{_text(number)}</b><span>{drawn}{_text(told)}</span></li>'


def _sign(position: Position, within: bool) -> str:
    drawn = shapes.shape(position, within=within, colour="currentColor")
    return _hidden(drawn)


def _hidden(svg: str) -> str:
    return svg.replace("<svg ", '<svg aria-hidden="true" ', 1)


def _inline(svg: str, alt: str) -> str:
    """What is inside is drawn and not read."""
    return f'<span role="img" aria-label="{_text(alt)}">{_hidden(svg)}</span>'


def _runs(told: Runs) -> str:
    return "".join(f"<strong>{_text(run.text)}</strong>" if run.strong else _text(run.text) for run in told)


def _text(told: str) -> str:
    return _quoted(plain(told))


INLINE = Pen(sign=_sign, picture=_inline)
