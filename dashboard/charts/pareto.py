"""The figure of who must move: what each category holds of a gap, the largest first, and what they hold together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from dashboard.charts.axes import finished, zero_line
from dashboard.charts.bars import ROW, Label, row_label
from dashboard.charts.rows import fitted
from dashboard.charts.scale import Scale
from dashboard.pieces.colours import GRID, MUTED, OURS, PALE
from dashboard.pieces.markup import escape
from dashboard.rows.judged import Part
from indicators.catalogue import format
from indicators.splits.pareto import half_width

MOST = 12  # categories drawn; the table has all
_SPLIT = 0.70  # of the width: bars to the left, the sum so far to the right
_ROOM = {"zh": 13, "en": 26}  # letters of a name beside its amount


def pareto(parts: Sequence[Part], names: Mapping[str, str], scale: Scale) -> go.Figure:
    """Bars in the unit of the indicator with their errors, and the cumulative share as a line beside them.

    `parts` are in their order: categories by rank, then what cannot be named. Categories that belong to the fewest that hold
    four fifths of the gap are full, the others pale; what cannot be named is grey.
    """
    scale = scale.in_figures
    figure = go.Figure()
    shown = drawn(parts)
    places = [float(at) for at in range(len(shown))]
    figure.add_bar(
        x=[scale.shown(part.contribution) for part in shown],
        y=[place + 0.2 for place in places],
        orientation="h",
        width=0.32,
        name="contribution",
        marker={
            "color": [_colour(part) for part in shown],
            "line": {"width": [0 if _full(part) else 1.2 for part in shown], "color": [_edge(part) for part in shown]},
            "pattern": {"shape": ["" if part.part == "category" else "/" for part in shown], "size": 6, "solidity": 0.3},
        },
        error_x=_error(shown, scale),
        customdata=[[escape(names[part.category], quote=False), *_told(part, scale)] for part in shown],
        hovertemplate="%{customdata[0]}<br><b>%{customdata[1]}</b><br>%{customdata[2]}<extra></extra>",
    )
    zero_line(figure, places)
    labels = _labels(shown, names, places, scale) + _together(figure, shown, places, scale)
    figure.update_layout(annotations=labels)  # all at once: each `add_annotation` copies those before it
    finished(figure, scale, height=int(ROW * (len(shown) + 0.9)) + 16)
    reach = _reach(shown, scale)
    axis = {"domain": [0, _SPLIT - 0.02], "range": reach, "zeroline": False, "showticklabels": False, "showgrid": False}
    figure.update_layout(xaxis=axis, margin={"b": 4})
    return figure.update_yaxes(range=[len(shown) - 0.35, -1.1], visible=False)


def _labels(parts: Sequence[Part], names: Mapping[str, str], places: Sequence[float], scale: Scale) -> list[Label]:
    """The name of each part, and what it holds, above its bar."""
    labels = []
    for place, part in zip(places, parts, strict=True):
        name = escape(fitted(names[part.category], _ROOM[scale.words.language]), quote=False)
        labels.append(row_label(place, f"<b>{name}</b>" if part.essential else name, left=True))
        labels.append(row_label(place, _told(part, scale)[0], left=False) | {"x": _SPLIT - 0.02})
    return labels


def drawn(parts: Sequence[Part]) -> list[Part]:
    """The first categories, and what cannot be named; without the whole."""
    first = [part for part in parts if part.part == "category"][:MOST]
    return first + [part for part in parts if part.part in ("rest", "composition")]


def _full(part: Part) -> bool:
    return part.part == "category" and bool(part.essential)


def _colour(part: Part) -> str:
    return MUTED if part.part != "category" else OURS if part.essential else PALE


def _edge(part: Part) -> str:
    return MUTED if part.part != "category" else OURS


def _told(part: Part, scale: Scale) -> tuple[str, str]:
    """The contribution, and its share of the gap."""
    amount = format.difference(part.contribution or 0.0, scale.unit, scale.words.language, signed=True)
    share = "" if part.share is None else scale.words("target.page.share", share=format.share(part.share))
    return amount, share


def _error(parts: Sequence[Part], scale: Scale) -> dict[str, object]:
    ends = [half_width(part.se or 0.0) * scale.unit.factor for part in parts]
    return {"type": "data", "array": ends, "color": MUTED, "thickness": 1.5, "width": 4}


def _reach(parts: Sequence[Part], scale: Scale) -> tuple[float, float]:
    ends = [(part.contribution or 0.0) + side * half_width(part.se or 0.0) for part in parts for side in (-1, 1)]
    low, high = min([0.0, *ends]) * scale.unit.factor, max([0.0, *ends]) * scale.unit.factor
    room = 0.02 * (high - low) or 1.0
    return low - (room if low < 0 else 0.0), high + room


def _together(figure: go.Figure, parts: Sequence[Part], places: Sequence[float], scale: Scale) -> list[Label]:
    """The sum so far as a share of the gap, on an axis of its own to the right; a line at four fifths. Gives its labels."""
    along = [(place + 0.2, part.cumulative) for place, part in zip(places, parts, strict=True) if part.cumulative is not None]
    if not along:
        return []
    last = max(1.0, *(share for _, share in along))
    figure.add_scatter(
        x=[share for _, share in along],
        y=[place for place, _ in along],
        xaxis="x2",
        mode="lines+markers",
        name="cumulative",
        line={"color": MUTED, "width": 1.5},
        marker={"size": 7, "color": MUTED},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=[0.8, 0.8], y=[-0.45, along[-1][0] + 0.25], xaxis="x2", mode="lines", name="four fifths", hoverinfo="skip",
        line={"color": MUTED, "width": 1, "dash": "dot"},
    )  # fmt: skip
    figure.update_layout(
        xaxis2={
            "domain": [_SPLIT + 0.02, 1], "range": [0, last * 1.7], "anchor": "y", "gridcolor": GRID, "showticklabels": False,
            "fixedrange": True, "zeroline": True, "zerolinecolor": GRID, "showgrid": False,
        }
    )  # fmt: skip
    beside = {"showarrow": False, "font": {"size": 12}, "xanchor": "left", "xshift": 4, "yshift": 9}
    labels: list[Label] = [  # above a falling line there is room to its right
        {"x": share, "xref": "x2", "y": place, "text": format.share(share), **beside} for place, share in along
    ]
    heading = scale.words("target.page.cumulative")
    return [*labels, row_label(-0.52, heading, left=False)]
