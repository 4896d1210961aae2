"""A figure as a picture for print: white ground, dark ink, with its title, and with source, edition and citation under it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from types import MappingProxyType

from dashboard.charts.axes import Figure
from dashboard.pictures.figure import drawn
from dashboard.pictures.ink import FAMILY, INK, LEADING, LINE, PAPER, QUIET, Line, n, rectangle, text, wrapped
from dashboard.pictures.legend import legend

_EDGE = 28  # pixels of paper around everything
_TITLE, _NOTE, _SMALL = 20, 13.5, 11.5  # sizes


def svg(
    figure: Figure,
    *,
    title: str,
    note: str,
    lines: Sequence[str],
    width: int = 960,
    key: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """A self-contained SVG `width` pixels wide: title, note, the figure, its key, and `lines` (source, edition, citation).

    `key` says in words what the traces of the figure are, by their names. Raises CannotDraw, which names it, for anything
    that the figure holds and pictures do not know.
    """
    inside = width - 2 * _EDGE
    body, y = [], float(_EDGE)
    for told, size, colour, bold in ((title, _TITLE, INK, True), (note, _NOTE, QUIET, False)):
        block, y = _block(wrapped(told, inside, size, bold=bold), y, size, colour)
        body.append(block)
    y += 12 if title or note else 0
    found = drawn(figure, inside)
    body.append(f'<g transform="translate({_EDGE} {n(y)})">{found.body}</g>')
    y += found.height + 10
    told, high = legend(key, found.traces, inside)
    body.append(f'<g transform="translate({_EDGE} {n(y)})">{told}</g>')
    y += high + 8
    if lines:
        body.append(f'<line x1="{_EDGE}" y1="{n(y)}" x2="{width - _EDGE}" y2="{n(y)}" stroke="{LINE}" stroke-width="1"/>')
        y += 10
    for line in lines:
        block, y = _block(wrapped(line, inside, _SMALL), y, _SMALL, QUIET)
        body.append(block)
    height = round(y + _EDGE * 0.75)
    head = f'xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img"'
    ground = rectangle(0, 0, width, height, f'fill="{PAPER}"')
    return f'<svg {head} font-family="{FAMILY}"><title>{escape(title)}</title>{ground}{"".join(body)}</svg>'


def _block(lines: Sequence[Line], top: float, size: float, colour: str) -> tuple[str, float]:
    """Lines from a height on, and the height under them."""
    if not lines:
        return "", top
    high = len(lines) * size * LEADING
    return text(lines, _EDGE, top + high / 2, size, colour=colour), top + high + size * 0.25
