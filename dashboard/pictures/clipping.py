"""Lines and grounds cut at the edges of a box (left, top, right, bottom), in pixels."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

Point = tuple[float, float]
Box = tuple[float, float, float, float]


def path(points: Sequence[Point], box: Box) -> list[list[Point]]:
    """The pieces of a line that lie within the box (Liang and Barsky 1984)."""
    if len(points) == 1:
        return []
    found: list[list[Point]] = []
    for start, end in itertools.pairwise(points):
        kept = _segment(start, end, box)
        if kept is None:
            continue
        if found and found[-1][-1] == kept[0]:
            found[-1].append(kept[1])
        else:
            found.append(list(kept))
    return found


def _segment(start: Point, end: Point, box: Box) -> tuple[Point, Point] | None:
    """The part of a segment within the box, by the shares of its length where it enters and leaves."""
    first, last = 0.0, 1.0
    for at, low, high in ((0, box[0], box[2]), (1, box[1], box[3])):
        step = end[at] - start[at]
        for way, room in ((-step, start[at] - low), (step, high - start[at])):
            if abs(way) < 1e-12:
                if room < -1e-6:
                    return None
            elif way < 0:
                first = max(first, room / way)
            else:
                last = min(last, room / way)
    if first > last + 1e-9:
        return None
    across, down = end[0] - start[0], end[1] - start[1]
    kept = [(start[0] + part * across, start[1] + part * down) for part in (first, last)]
    return start if first == 0.0 else kept[0], end if last == 1.0 else kept[1]


def area(points: Sequence[Point], box: Box) -> list[Point]:
    """The corners of a ground within the box (Sutherland and Hodgman 1974)."""
    kept = list(points)
    for at, edge, side in ((0, box[0], 1), (0, box[2], -1), (1, box[1], 1), (1, box[3], -1)):
        former, kept = kept, []
        for here, there in zip(former, former[1:] + former[:1], strict=True):
            if side * (here[at] - edge) >= 0:
                kept.append(here)
            if (here[at] - edge) * (there[at] - edge) < 0:
                part = (edge - here[at]) / (there[at] - here[at])
                kept.append((here[0] + part * (there[0] - here[0]), here[1] + part * (there[1] - here[1])))
    return kept
