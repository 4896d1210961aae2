"""Words and shapes laid over a figure, and how far the words reach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dashboard.pictures.ink import INK, LEADING, Line, lines, n, paint, rectangle, text
from dashboard.pictures.marks import dashed
from dashboard.pictures.missing import CannotDraw, known, one_of
from dashboard.pictures.plane import Plane

_NOTE = (
    "text x y xref yref xanchor yanchor xshift yshift showarrow font align textangle bgcolor borderpad opacity name"
    " hovertext captureevents"
)
_SHAPE = "type xref yref x0 x1 y0 y1 line fillcolor opacity layer name"
_SIZE = 12.0


@dataclass(frozen=True, kw_only=True)
class Note:
    """One text with its box in pixels (left, top, right, bottom)."""

    told: Mapping[str, Any]
    lines: tuple[Line, ...]
    box: tuple[float, float, float, float]

    @property
    def size(self) -> float:
        return float((self.told.get("font") or {}).get("size") or _SIZE)


def noted(told: Mapping[str, Any], plane: Plane) -> Note:
    """An annotation where it lies. Raises CannotDraw for one with an arrow, or turned otherwise than by a quarter."""
    known(told, _NOTE, "annotation")
    font = told.get("font") or {}
    known(font, "size color weight", "annotation.font")
    if told.get("showarrow") is not False:
        raise CannotDraw(f"pictures/ cannot draw the arrow of the annotation {told.get('text')!r:.60}; set showarrow to False")
    turned = one_of(told.get("textangle"), (None, 0, -90), "annotation.textangle")
    found = lines(str(told.get("text") or ""))
    if font.get("weight") in ("bold", 700):
        found = tuple(Line(parts=tuple((part, True) for part, _ in line.parts)) for line in found)
    size = float(font.get("size") or _SIZE)
    wide, high = max(line.width(size) for line in found), len(found) * size * LEADING
    wide, high = (high, wide) if turned else (wide, high)
    x = plane.across(told.get("xref") or "x", told["x"]) + (told.get("xshift") or 0)
    y = plane.down(told.get("yref") or "y", told["y"]) - (told.get("yshift") or 0)
    left = x - wide * _share(told.get("xanchor"), told.get("xref"), told["x"], ("left", "center", "right"))
    top = y - high * _share(told.get("yanchor"), told.get("yref"), told["y"], ("top", "middle", "bottom"))
    return Note(told=told, lines=found, box=(left, top, left + wide, top + high))


def _share(anchor: str | None, ref: str | None, place: float, names: tuple[str, str, str]) -> float:
    """Which part of a text lies before its place; by itself the middle, on paper the side that it is near to."""
    if anchor in names:
        return names.index(anchor) / 2
    one_of(anchor, (None, "auto"), "annotation anchor")
    if ref != "paper" and not str(ref).endswith("domain"):
        return 0.5
    side = 0.0 if place <= 1 / 3 else 1.0 if place >= 2 / 3 else 0.5
    return 1 - side if names[0] == "top" else side


def drawn(note: Note) -> str:
    """Its ground where it has one, and its lines, beside each other as it says."""
    told, (left, top, right, bottom) = note.told, note.box
    colour = (told.get("font") or {}).get("color") or INK
    ground = told.get("bgcolor")
    pad = told.get("borderpad") or 1
    under = rectangle(left - pad, top - pad, right + pad, bottom + pad, paint(ground)) if ground else ""
    if told.get("textangle"):
        return under + text(
            note.lines, (left + right) / 2, (top + bottom) / 2, note.size, anchor="middle", colour=colour, turned=-90
        )
    align = told.get("align") or "center"
    at = {"left": left, "center": (left + right) / 2, "right": right}[align]
    if len(note.lines) == 1:  # by the side that it is fixed at, so that other fonts move it the least
        align = {"left": "left", "right": "right"}.get(told.get("xanchor") or "", align)
        at = {"left": left, "center": (left + right) / 2, "right": right}[align]
    anchor = {"left": "start", "center": "middle", "right": "end"}[align]
    words = under + text(note.lines, at, (top + bottom) / 2, note.size, anchor=anchor, colour=colour)
    opacity = told.get("opacity")
    return words if opacity is None or opacity == 1 else f'<g opacity="{n(opacity)}">{words}</g>'


def shape(told: Mapping[str, Any], plane: Plane) -> str:
    """A rectangle, a line or an ellipse between two corners."""
    known(told, _SHAPE, "shape")
    kind = one_of(told.get("type", "rect"), ("rect", "line", "circle"), "shape.type")
    x = [plane.across(told.get("xref") or "x", told[name]) for name in ("x0", "x1")]
    y = [plane.down(told.get("yref") or "y", told[name]) for name in ("y0", "y1")]
    edge = told.get("line") or {}
    known(edge, "color width dash", "shape.line")
    width = 2.0 if edge.get("width") is None else float(edge["width"])
    looks = paint(told.get("fillcolor") or "none")
    if width:
        looks += f' {paint(edge.get("color") or INK, "stroke")} stroke-width="{n(width)}"{dashed(edge.get("dash"), width)}'
    if told.get("opacity") not in (None, 1):
        looks += f' opacity="{n(told["opacity"])}"'
    if kind == "line":
        return f'<line x1="{n(x[0])}" y1="{n(y[0])}" x2="{n(x[1])}" y2="{n(y[1])}" {looks}/>'
    if kind == "rect":
        return rectangle(x[0], y[0], x[1], y[1], looks)
    middle = f'cx="{n(sum(x) / 2)}" cy="{n(sum(y) / 2)}" rx="{n(abs(x[1] - x[0]) / 2)}" ry="{n(abs(y[1] - y[0]) / 2)}"'
    return f"<ellipse {middle} {looks}/>"
