"""Bars from where they begin to where they end, stacked where they share a place, with patterns and errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dashboard.pictures.ink import INK, PAPER, n, paint, rectangle, stroke
from dashboard.pictures.marks import hatching
from dashboard.pictures.missing import one_of
from dashboard.pictures.plane import Axis, Plane
from dashboard.pictures.traces import Trace, each, group, listed, numbers, on


def stacked(traces: Sequence[Trace], layout: Mapping[str, Any]) -> list[Trace]:
    """The traces in their order; every bar told where it begins and how wide it is, in the unit of its axis.

    Those above zero stand on those above zero, those below hang from those below, where the figure says so (relative).
    """
    mode = one_of(layout.get("barmode"), (None, "group", "relative", "stack", "overlay"), "barmode")
    drawn = [trace for trace in traces if trace.get("type") == "bar"]
    beside = len(drawn) if mode in (None, "group") else 1
    one_of(beside, (0, 1), "the number of bar traces side by side")
    ends: dict[tuple[str, str, float, bool], float] = {}
    found = []
    for trace in traces:
        if trace.get("type") != "bar":
            found.append(trace)
            continue
        values, places = _along(trace)
        bases = each(trace.get("base"), len(values), 0.0)
        if mode in ("relative", "stack"):
            for at, (value, place) in enumerate(zip(values, places, strict=True)):
                key = (*on(trace), place, (value or 0.0) >= 0)
                bases[at] = ends.get(key, 0.0)
                ends[key] = bases[at] + (value or 0.0)
        apart = min((b - a for a, b in zip(sorted(set(places)), sorted(set(places))[1:], strict=False)), default=1.0)
        gap = layout.get("bargap")
        found.append({"width": apart * (1 - (0.2 if gap is None else gap)), **trace, "base": bases})
    return found


def _along(trace: Trace) -> tuple[list[Any], list[Any]]:
    """Its values and its places."""
    flat = trace.get("orientation") == "h"
    return listed(trace.get("x" if flat else "y")), listed(trace.get("y" if flat else "x"))


def reach(trace: Trace) -> tuple[list[float], list[float]]:
    """All numbers that it puts on its two axes."""
    ends = [end for low, high, _, error in spans(trace) for end in (low, high, *error)]
    places, half = numbers(_along(trace)[1]), max(each(trace.get("width"), 1, 0.8)) / 2
    sides = [end for place in places for end in (place - half, place + half)]
    return (ends, sides) if trace.get("orientation") == "h" else (sides, ends)


def spans(trace: Trace) -> Iterator[tuple[float, float, float, tuple[float, ...]]]:
    """Of each bar where it begins and ends, its place, and the ends of its error."""
    values, places = _along(trace)
    error = trace.get("error_x" if trace.get("orientation") == "h" else "error_y") or {}
    count = len(values)
    bases, up = each(trace.get("base"), count, 0.0), each(error.get("array"), count, 0.0)
    down = up if error.get("symmetric", "arrayminus" not in error) else each(error.get("arrayminus"), count, 0.0)
    for value, place, base, more, less in zip(values, places, bases, up, down, strict=True):
        if value is not None:
            end = base + value
            yield base, end, place, (end - less, end + more) if more or less else ()


def bar(trace: Trace, plane: Plane) -> str:
    """Its bars from where they begin, each with pattern, outline and error."""
    x, y = (plane.axes[name] for name in on(trace))
    flat = trace.get("orientation") == "h"
    along, across = (x, y) if flat else (y, x)
    values, _ = _along(trace)
    count = len(values)
    widths, marker = each(trace.get("width"), count, 0.8), trace.get("marker") or {}
    shown = [at for at, value in enumerate(values) if value is not None]
    drawn = []
    for at, (base, end, place, error) in zip(shown, spans(trace), strict=True):
        ends = sorted(along.at(min(max(value, min(along.low, along.high)), max(along.low, along.high))) for value in (base, end))
        sides = sorted(across.at(place + side * widths[at] / 2) for side in (-1, 1))
        box = (ends[0], sides[0], ends[1], sides[1]) if flat else (sides[0], ends[0], sides[1], ends[1])
        drawn.append(ground(marker, at, count, box))
        if error:
            drawn.append(_error(trace["error_x" if flat else "error_y"], along, error, across.at(place), flat=flat))
    return group("".join(drawn), trace.get("opacity"))


def ground(marker: Trace, at: int, count: int, box: tuple[float, float, float, float]) -> str:
    edge, pattern = marker.get("line") or {}, marker.get("pattern") or {}
    colour = each(marker.get("color"), count, INK)[at]
    width = each(edge.get("width"), count, 0.0)[at]
    outline = f' {paint(each(edge.get("color"), count, INK)[at], "stroke")} stroke-width="{n(width)}"' if width else ""
    shape = each(pattern.get("shape"), count, "")[at]
    replaced = shape and pattern.get("fillmode") != "overlay"
    ground = rectangle(*box, paint(PAPER if replaced else colour) + ("" if shape else outline))
    if not shape:
        return ground
    size, solidity = pattern.get("size") or 8.0, pattern.get("solidity") or 0.3
    hatched = hatching(shape, box, size, solidity, colour if replaced else "rgba(255,255,255,0.75)")
    return ground + hatched + (rectangle(*box, 'fill="none"' + outline) if outline else "")


def _error(looks: Trace, along: Axis, ends: Sequence[float], middle: float, *, flat: bool) -> str:
    """A stroke over the interval with a short one across at each end that lies within the range."""
    low, high = sorted((along.low, along.high))
    cap = 4.0 if looks.get("width") is None else float(looks["width"])
    style = f'{paint(looks.get("color") or INK, "stroke")} stroke-width="{n(looks.get("thickness") or 2)}"'
    from_, to = (along.at(min(max(end, low), high)) for end in ends)
    parts = [((from_, to), (middle, middle))]
    parts += [((at, at), (middle - cap, middle + cap)) for end, at in zip(ends, (from_, to), strict=True) if low <= end <= high]
    return "".join(stroke(a, b, style) if flat else stroke(b, a, style) for a, b in parts)
