"""What is said of a trace of a figure: whether it can be drawn, on which axes it lies, its values point by point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboard.pictures.ink import n
from dashboard.pictures.missing import CannotDraw, known, one_of

Trace = Mapping[str, Any]
#: without a trace on paper
_UNSEEN = (
    "type name hoverinfo hovertemplate hovertext customdata hoverlabel meta uid ids showlegend legendgroup visible"
    " selected unselected selectedpoints"
)
_SCATTER = f"{_UNSEEN} x y mode line marker text textposition textfont fill fillcolor opacity xaxis yaxis cliponaxis connectgaps"
_BAR = f"{_UNSEEN} x y base width orientation marker error_x error_y opacity xaxis yaxis cliponaxis"
_LINE = "color width dash shape"
_MARKER = "symbol size color line opacity pattern"
_ERROR = "type symmetric array arrayminus color thickness width"
_PATTERN = "shape size fillmode solidity"


def checked(trace: Trace) -> None:
    """Raises CannotDraw for a trace, or for a part of one, that cannot be drawn."""
    kind = one_of(trace.get("type", "scatter"), ("scatter", "bar"), "trace.type")
    known(trace, _SCATTER if kind == "scatter" else _BAR, kind)
    line, marker = trace.get("line") or {}, trace.get("marker") or {}
    known(line, _LINE, "line")
    one_of(line.get("shape"), (None, "linear"), "line.shape")
    known(marker, _MARKER, "marker")
    known(marker.get("line") or {}, "color width", "marker.line")
    known(marker.get("pattern") or {}, _PATTERN, "marker.pattern")
    one_of(trace.get("fill"), (None, "none", "tonexty", "tozeroy", "tozerox", "toself"), "fill")
    for name in ("error_x", "error_y"):
        known(trace.get(name) or {}, _ERROR, name)
        one_of((trace.get(name) or {}).get("type"), (None, "data"), f"{name}.type")
    for name in ("x", "y"):
        if any(isinstance(value, str) for value in listed(trace.get(name))):
            raise CannotDraw(f"pictures/ cannot draw {kind}.{name} of names; place them by numbers with tickvals and ticktext")


def on(trace: Trace) -> tuple[str, str]:
    """The names of its axes."""
    return trace.get("xaxis") or "x", trace.get("yaxis") or "y"


def group(drawn: str, opacity: float | None) -> str:
    return drawn if opacity is None or opacity == 1 else f'<g opacity="{n(opacity)}">{drawn}</g>'


def listed(values: Any) -> list[Any]:
    if isinstance(values, Mapping):
        raise CannotDraw("pictures/ cannot draw packed arrays; give figures lists of numbers")
    return [] if values is None else list(values)


def numbers(values: Any) -> list[float]:
    return [float(value) for value in listed(values) if value is not None]


def each(value: Any, count: int, default: Any) -> list[Any]:
    """One value for each point, from one for all or a list."""
    if value is None or isinstance(value, str) or not hasattr(value, "__len__"):
        return [default if value is None else value] * count
    return [default if one is None else one for one in value]
