"""The key under a figure: a small piece of each trace as it is drawn, with its words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.pictures.bars import ground
from dashboard.pictures.ink import INK, QUIET, n, paint, plain, rectangle, stroke, text
from dashboard.pictures.marks import dashed, symbol
from dashboard.pictures.traces import Trace, each

_SIZE = 12.5
_MARK, _GAP, _ROW = 26, 22, 22  # pixels: a mark, between two entries, a row


def legend(key: Mapping[str, str], traces: Sequence[Trace], width: float) -> tuple[str, float]:
    """The entries of `key` of which the figure has a trace, in rows; with their height.

    A name may end in the number of a point, where those of one trace differ: contribution/3.
    """
    x, y, body = 0.0, 0.0, ""
    for entry, words in key.items():
        name, _, at = entry.partition("/")
        held = [trace for trace in traces if trace.get("name") == name and (trace.get("x") or trace.get("y"))]
        if not held:
            continue
        line = plain(words)
        wide = _MARK + 8 + line.width(_SIZE)
        if x and x + wide > width:
            x, y = 0.0, y + _ROW
        body += _mark(held[0], int(at or 0), x, y + _ROW / 2) + text([line], x + _MARK + 8, y + _ROW / 2, _SIZE, colour=QUIET)
        x += wide + _GAP
    return body, y + _ROW if body else 0.0


def _mark(trace: Trace, at: int, x: float, y: float) -> str:
    count = len(trace.get("x") or trace.get("y") or ())
    marker, looks = trace.get("marker") or {}, trace.get("line") or {}
    if trace.get("type") == "bar":
        return ground(marker, at, count, (x, y - 6, x + _MARK, y + 6))
    if (trace.get("fill") or "none") != "none":
        return rectangle(x, y - 6, x + _MARK, y + 6, paint(trace.get("fillcolor") or "none"))
    drawn, mode = "", trace.get("mode") or "lines+markers"
    if "lines" in mode:
        width = 2.0 if looks.get("width") is None else float(looks["width"])
        colour = paint(looks.get("color") or INK, "stroke")
        style = f'{colour} stroke-width="{n(width)}"{dashed(looks.get("dash"), width)}'
        upright = width > 6
        drawn += stroke((x + _MARK / 2,) * 2, (y - 8, y + 8), style) if upright else stroke((x, x + _MARK), (y, y), style)
    if "markers" in mode:
        edge = marker.get("line") or {}
        looks_of = (("symbol", "circle"), ("size", 6), ("color", INK))
        shape, size, colour = (each(marker.get(name), count, other)[at] for name, other in looks_of)
        outline = (float(each(edge.get("width"), count, 0)[at]), each(edge.get("color"), count, INK)[at])
        drawn += symbol(str(shape), x + _MARK / 2, y, min(float(size), 11), colour, outline)
    opacity = trace.get("opacity")
    return drawn if opacity is None else f'<g opacity="{n(opacity)}">{drawn}</g>'
