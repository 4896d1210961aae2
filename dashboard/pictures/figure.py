"""A figure alone, as SVG: margins from what its words take, grid, bars, lines, shapes and words, in this order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dashboard.charts.axes import Figure
from dashboard.pictures import bars, notes, scatter
from dashboard.pictures.ink import LINE, QUIET, n, paint, text
from dashboard.pictures.missing import known, one_of
from dashboard.pictures.plane import Axis, Plane, axes
from dashboard.pictures.traces import Trace, checked, numbers, on

_GRID = "rgba(118, 131, 143, 0.25)"
_LAYOUT = (
    "height margin showlegend bargap barmode annotations shapes"
    " width template dragmode hovermode paper_bgcolor plot_bgcolor hoverlabel uirevision autosize font meta modebar"
)
_TURNS = 3  # each change of the margins moves words, which may then reach further


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """A figure as SVG elements with its height, and the plane on which they lie."""

    body: str
    height: float
    plane: Plane
    traces: tuple[Trace, ...]


def drawn(figure: Figure, width: float) -> Drawn:
    """The figure `width` pixels wide, its plot as high as on the screen. Raises CannotDraw for what it cannot draw."""
    told = figure.to_plotly_json()
    layout, traces = told.get("layout") or {}, [trace for trace in told["data"] if trace.get("visible") is not False]
    known({name: value for name, value in layout.items() if name[1:5] != "axis"}, _LAYOUT, "layout")
    one_of(layout.get("showlegend"), (None, False), "layout.showlegend")
    for trace in traces:
        checked(trace)
    traces = bars.stacked(traces, layout)
    plane, height = _placed(axes(layout, *_reach(traces, layout)), layout, width)
    below = [shape for shape in layout.get("shapes") or () if shape.get("layer") == "below"]
    above = [shape for shape in layout.get("shapes") or () if shape.get("layer") != "below"]
    parts = [
        *(_grid(axis, plane) for axis in plane.axes.values()),
        *(notes.shape(one, plane) for one in below),
        *(bars.bar(trace, plane) for trace in traces if trace.get("type") == "bar"),
        *_scatters(traces, plane),
        *(notes.shape(one, plane) for one in above),
        *(_words(axis, plane) for axis in plane.axes.values()),
        *(notes.drawn(notes.noted(one, plane)) for one in layout.get("annotations") or ()),
    ]
    return Drawn(body="".join(parts), height=height, plane=plane, traces=tuple(traces))


def _scatters(traces: list[Trace], plane: Plane) -> list[str]:
    before: dict[tuple[str, str], Trace] = {}
    found = []
    for trace in traces:
        if trace.get("type") != "bar":
            found.append(scatter.scatter(trace, plane, before.get(on(trace))))
            before[on(trace)] = trace
    return found


def _reach(traces: list[Trace], layout: Mapping[str, Any]) -> tuple[dict[str, list[float]], dict[str, set[float]]]:
    """The numbers on each axis, and those beyond which it does not go by itself."""
    found: dict[str, list[float]] = {}
    flat: dict[str, set[float]] = {}
    for trace in traces:
        ends = bars.reach(trace) if trace.get("type") == "bar" else (numbers(trace.get("x")), numbers(trace.get("y")))
        for name, values in zip(on(trace), ends, strict=True):
            found.setdefault(name, []).extend(values)
        if trace.get("type") == "bar":
            flat.setdefault(on(trace)[0 if trace.get("orientation") == "h" else 1], set()).add(0.0)
    for name, places in _noted(layout):
        found.setdefault(name, []).append(places)
    return found, flat


def _noted(layout: Mapping[str, Any]) -> list[tuple[str, float]]:
    """Where words and shapes lie on axes."""
    words = layout.get("annotations") or ()
    found = [(note.get(f"{way}ref") or way, note[way]) for note in words for way in "xy"]
    for shape in layout.get("shapes") or ():
        found += [(shape.get(f"{end[0]}ref") or end[0], shape[end]) for end in ("x0", "x1", "y0", "y1")]
    return [(ref, float(value)) for ref, value in found if ref != "paper" and " " not in ref]


def _placed(found: dict[str, Axis], layout: Mapping[str, Any], width: float) -> tuple[Plane, float]:
    """The plane with margins in which all words have room, and the height of it all."""
    asked = layout.get("margin") or {}
    room = {side: float(asked.get(side, 20)) for side in "ltrb"}
    inner = float(layout.get("height") or 400) - room["t"] - room["b"]
    plane = Plane(axes=found, box=(0, 0, width, inner))
    for _ in range(_TURNS):
        plane = plane.moved((room["l"], room["t"], width - room["r"], room["t"] + inner))
        for axis in plane.axes.values():
            _beside(axis, room, plane)
        plane = plane.moved((room["l"], room["t"], width - room["r"], room["t"] + inner))
        plane = _around_words(plane, layout)
        for note in layout.get("annotations") or ():
            left, top, right, bottom = notes.noted(note, plane).box
            room["l"] += max(0.0, -left)
            room["r"] += max(0.0, right - width)
            room["t"] += max(0.0, -top)
            room["b"] += max(0.0, bottom - (room["t"] + inner + room["b"]))
    plane = plane.moved((room["l"], room["t"], width - room["r"], room["t"] + inner))
    return plane, room["t"] + inner + room["b"]


def _around_words(plane: Plane, layout: Mapping[str, Any]) -> Plane:
    """Upright axes without a range of their own reach as far as the words on them, as on the screen."""
    found = dict(plane.axes)
    for note in layout.get("annotations") or ():
        axis = found.get(note.get("yref") or "y")
        if axis is None or axis.is_across or axis.told.get("range") is not None:
            continue
        _, top, _, bottom = notes.noted(note, plane).box
        pixel = (axis.high - axis.low) / abs(axis.end - axis.start)
        under, over = max(0.0, bottom - axis.start) * pixel, max(0.0, axis.end - top) * pixel
        found[axis.name] = replace(axis, low=axis.low - under, high=axis.high + over)
    return replace(plane, axes=found)


def _beside(axis: Axis, room: dict[str, float], plane: Plane) -> None:
    """Widens the margins for the words of an axis that stands at the edge of the plot."""
    left, _, right, bottom = plane.box
    other = plane.partner(axis)
    if axis.is_across and abs(other.start - bottom) < 1:
        room["b"] = max(room["b"], axis.room)
        for value, word in axis.words[-1:]:
            room["r"] = max(room["r"], axis.at(value) + word.width(axis.size) / 2 - right)
        for value, word in axis.words[:1]:
            room["l"] = max(room["l"], word.width(axis.size) / 2 - axis.at(value) + left)
    elif not axis.is_across and abs(other.start - left) < 1:
        room["l"] = max(room["l"], axis.room)


def _grid(axis: Axis, plane: Plane) -> str:
    """Lines across at each tick, the line of zero, and the axis itself; as on the screen none upwards by themselves."""
    if not axis.visible:
        return ""
    told, other = axis.told, plane.partner(axis)
    drawn = ""
    shown = told.get("showgrid")
    if shown or (shown is None and not axis.is_across):
        looks = f'{paint(told.get("gridcolor") or _GRID, "stroke")} stroke-width="{n(told.get("gridwidth") or 1)}"'
        drawn += "".join(_rule(axis, axis.at(value), other, looks) for value, _ in axis.ticks)
    if told.get("zeroline") and axis.holds(0.0):
        looks = f'{paint(told.get("zerolinecolor") or LINE, "stroke")} stroke-width="{n(told.get("zerolinewidth") or 1)}"'
        drawn += _rule(axis, axis.at(0.0), other, looks)
    if told.get("showline"):
        looks = f'{paint(told.get("linecolor") or LINE, "stroke")} stroke-width="{n(told.get("linewidth") or 1)}"'
        drawn += _rule(axis, other.start, axis, looks, along=True)
    return drawn


def _rule(axis: Axis, at: float, other: Axis, looks: str, *, along: bool = False) -> str:
    ends = (n(other.start), n(other.end))
    if axis.is_across != along:
        return f'<line x1="{n(at)}" y1="{ends[0]}" x2="{n(at)}" y2="{ends[1]}" {looks}/>'
    return f'<line x1="{ends[0]}" y1="{n(at)}" x2="{ends[1]}" y2="{n(at)}" {looks}/>'


def _words(axis: Axis, plane: Plane) -> str:
    """The words at the ticks, and the heading of the axis."""
    edge, size, drawn = plane.partner(axis).start, axis.size, ""
    colour = (axis.told.get("tickfont") or {}).get("color") or QUIET
    for value, word in axis.words:
        if axis.is_across:
            drawn += text([word], axis.at(value), edge + 7 + size * 0.65, size, anchor="middle", colour=colour)
        else:
            drawn += text([word], edge - 7, axis.at(value), size, anchor="end", colour=colour)
    if axis.heading is not None:
        middle, away = (axis.start + axis.end) / 2, axis.room - size * 0.75
        if axis.is_across:
            drawn += text([axis.heading], middle, edge + away, size, anchor="middle", colour=colour)
        else:
            drawn += text([axis.heading], edge - away, middle, size, anchor="middle", colour=colour, turned=-90)
    return drawn
