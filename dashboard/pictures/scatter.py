"""Scatter traces: their ground, their line, their markers and their words."""

from __future__ import annotations

from dashboard.pictures import clipping
from dashboard.pictures.ink import INK, lines, n, paint, stroke, text
from dashboard.pictures.marks import dashed, symbol
from dashboard.pictures.missing import known, one_of
from dashboard.pictures.plane import Axis, Plane
from dashboard.pictures.traces import Trace, each, group, listed, on


def scatter(trace: Trace, plane: Plane, before: Trace | None) -> str:
    """Its ground, its line, its markers and its words, in this order; `before` is the one that a ground may reach down to."""
    mode = trace.get("mode") or "lines+markers"
    for part in mode.split("+"):
        one_of(part, ("lines", "markers", "text", "none"), "scatter.mode")
    drawn = _fill(trace, plane, before)
    if "lines" in mode:
        drawn += _lines(trace, plane)
    if "markers" in mode:
        drawn += _markers(trace, plane)
    if "text" in mode:
        drawn += _words(trace, plane)
    return group(drawn, trace.get("opacity"))


def _points(trace: Trace) -> list[tuple[float | None, float | None]]:
    return list(zip(listed(trace.get("x")), listed(trace.get("y")), strict=True))


def runs(trace: Trace) -> list[list[tuple[float, float]]]:
    """The unbroken pieces of its line."""
    found: list[list[tuple[float, float]]] = [[]]
    for x, y in _points(trace):
        if x is not None and y is not None:
            found[-1].append((x, y))
        elif found[-1] and not trace.get("connectgaps"):
            found.append([])
    return [run for run in found if run]


def _lines(trace: Trace, plane: Plane) -> str:
    looks = trace.get("line") or {}
    width = 2.0 if looks.get("width") is None else float(looks["width"])
    if not width:
        return ""
    style = f'{paint(looks.get("color") or INK, "stroke")} stroke-width="{n(width)}"{dashed(looks.get("dash"), width)}'
    style += "" if looks.get("dash") or width > 6 else ' stroke-linejoin="round" stroke-linecap="round"'
    x, y = (plane.axes[name] for name in on(trace))
    drawn = ""
    for run in runs(trace):
        pixels = [(x.at(a), y.at(b)) for a, b in run]
        for piece in clipping.path(pixels, box(x, y)) if trace.get("cliponaxis") is not False else [pixels]:
            drawn += stroke([a for a, _ in piece], [b for _, b in piece], style)
    return drawn


def _fill(trace: Trace, plane: Plane, before: Trace | None) -> str:
    kind = trace.get("fill") or "none"
    if kind == "none":
        return ""
    x, y = (plane.axes[name] for name in on(trace))
    upper = [point for run in runs(trace) for point in run]
    if kind == "tonexty" and before is not None:
        lower = [point for run in runs(before) for point in run][::-1]
    elif kind == "toself":
        lower = []
    elif kind == "tozerox":
        lower = [(0.0, b) for _, b in upper[:1] + upper[-1:]][::-1]
    else:
        lower = [(a, 0.0) for a, _ in upper[:1] + upper[-1:]][::-1]
    corners = clipping.area([(x.at(a), y.at(b)) for a, b in upper + lower], box(x, y))
    points = " ".join(f"{n(a)},{n(b)}" for a, b in corners)
    return f'<polygon points="{points}" {paint(trace.get("fillcolor") or "rgba(82,96,109,0.2)")}/>' if corners else ""


def _markers(trace: Trace, plane: Plane) -> str:
    x, y = (plane.axes[name] for name in on(trace))
    marker, points = trace.get("marker") or {}, _points(trace)
    edge, count = marker.get("line") or {}, len(points)
    columns = zip(
        points,
        each(marker.get("symbol"), count, "circle"),
        each(marker.get("size"), count, 6.0),
        each(marker.get("color"), count, (trace.get("line") or {}).get("color") or INK),
        each(edge.get("width"), count, 0.0),
        each(edge.get("color"), count, INK),
        each(marker.get("opacity"), count, 1.0),
        strict=True,
    )
    drawn = ""
    for (a, b), shape, size, colour, width, outline, opacity in columns:
        if a is not None and b is not None and (trace.get("cliponaxis") is False or (x.holds(a) and y.holds(b))):
            drawn += symbol(str(shape), x.at(a), y.at(b), float(size), colour, (float(width), outline), float(opacity))
    return drawn


def _words(trace: Trace, plane: Plane) -> str:
    x, y = (plane.axes[name] for name in on(trace))
    points, font, size = _points(trace), trace.get("textfont") or {}, float((trace.get("marker") or {}).get("size") or 0)
    known(font, "size color", "textfont")
    count, drawn = len(points), ""
    columns = (each(trace.get("text"), count, ""), each(trace.get("textposition"), count, "middle center"))
    looks = (each(font.get("size"), count, 12.0), each(font.get("color"), count, INK))
    for (a, b), told, position, height, colour in zip(points, *columns, *looks, strict=True):
        if a is None or b is None or not told:
            continue
        vertical, _, side = str(position).partition(" ")
        away = size / 2 + 4
        block = lines(str(told))
        down = {"top": -1, "middle": 0, "bottom": 1}[vertical] * (away + len(block) * height * 0.65)
        across = {"left": -away, "center": 0, "right": away}[side]
        anchor = {"left": "end", "center": "middle", "right": "start"}[side]
        drawn += text(block, x.at(a) + across, y.at(b) + down, height, anchor=anchor, colour=colour)
    return drawn


def box(x: Axis, y: Axis) -> tuple[float, float, float, float]:
    return min(x.start, x.end), min(y.start, y.end), max(x.start, x.end), max(y.start, y.end)
