"""A small path towards a target as SVG, without text, in colours that read on light and on dark ground."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dashboard.pieces.colours import MUTED, OURS, TARGET
from dashboard.rows.reading import Reading
from indicators.catalogue import periods

WIDTH, HEIGHT, EDGE = 320.0, 64.0, 8.0


@dataclass(frozen=True, kw_only=True)
class Point:
    """A value at a place on the time axis, with its interval where there is one."""

    at: float
    value: float
    low: float | None = None
    high: float | None = None


def of(reading: Reading) -> str:
    """The small path of a number towards its target."""
    target, known = reading.target, [row for row in reading.path if row.value is not None]
    points = [Point(at=periods.middle(row.period), value=row.value or 0.0, low=row.low, high=row.high) for row in known]
    if reading.signed and reading.base and reading.base.period not in {row.period for row in known}:
        points.append(Point(at=periods.middle(reading.base.period), value=0.0))  # against itself the base has not changed
    dated = target.year is not None and target.value is not None
    return sparkline(points, bound=target.value, bound_at=periods.middle(str(target.year)) if dated else None)


def sparkline(points: Sequence[Point], *, bound: float | None = None, bound_at: float | None = None) -> str:
    """The path as an SVG document: values with intervals, the newest value large, the target line with its date."""
    shown = sorted(points, key=lambda point: point.at)
    across = [point.at for point in shown] + ([bound_at] if bound_at is not None else [])
    along = [end for point in shown for end in (point.value, point.low, point.high) if end is not None] + (
        [bound] if bound is not None else []
    )
    marks: list[str] = []
    if along and across:
        x, y = _scale(across, EDGE, WIDTH - EDGE), _scale(along, HEIGHT - EDGE, EDGE)
        if bound is not None:
            marks.append(_line(0, y(bound), WIDTH, y(bound), TARGET, width=1.5, dashes="5 4"))
        if bound is not None and bound_at is not None:
            marks.append(_diamond(x(bound_at), y(bound)))
        marks += [
            _line(x(p.at), y(p.low), x(p.at), y(p.high), OURS, width=4, opacity=0.35)
            for p in shown
            if p.low is not None and p.high is not None
        ]
        if len(shown) > 1:
            marks.append(_polyline([(x(p.at), y(p.value)) for p in shown]))
        marks += [_dot(x(p.at), y(p.value), 5 if p is shown[-1] else 3) for p in shown]
    else:
        marks.append(_line(0, HEIGHT / 2, WIDTH, HEIGHT / 2, MUTED, width=1.5, dashes="2 6"))
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}">{"".join(marks)}</svg>'


def data_address(svg: str) -> str:
    """The SVG as an address that an image can bear, so that nothing is fetched."""
    return f"data:image/svg+xml;base64,{b64encode(svg.encode()).decode()}"


def _scale(values: Sequence[float], start: float, finish: float) -> Callable[[float], float]:
    low, span = min(values), max(values) - min(values)
    return lambda value: start + (finish - start) * ((value - low) / span if span else 0.5)


def _polyline(places: Sequence[tuple[float, float]]) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    return f'<polyline points="{path}" fill="none" stroke="{OURS}" stroke-width="2.5" stroke-linejoin="round"/>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str, *, width: float, dashes: str = "", opacity: float = 1) -> str:
    looks = f'stroke="{colour}" stroke-width="{width}" stroke-opacity="{opacity}"' + (
        f' stroke-dasharray="{dashes}"' if dashes else ""
    )
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {looks}/>'


def _dot(x: float, y: float, radius: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{OURS}"/>'


def _diamond(x: float, y: float) -> str:
    return f'<path d="M{x:.1f} {y - 6:.1f} l6 6 l-6 6 l-6 -6 z" fill="{TARGET}"/>'
