"""What all figures have in common: height, margins, axes, ground; and that nobody drags or zooms them by mistake."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.charts.scale import Scale
from dashboard.pieces.colours import GRID, MUTED

Figure = go.Figure
CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False, "showTips": False}
CLEAR = "rgba(0,0,0,0)"


def finished(figure: go.Figure, scale: Scale, *, height: int) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 4, "r": 4, "t": 8, "b": 32},
        showlegend=False,
        dragmode=False,
        hovermode="closest",
        paper_bgcolor=CLEAR,
        plot_bgcolor=CLEAR,
        bargap=0.3,
    )
    figure.update_xaxes(fixedrange=True, automargin=True)
    figure.update_yaxes(fixedrange=True, automargin=True, gridcolor=GRID, zeroline=False, ticksuffix=suffix(scale))
    return figure


def time_axis(figure: go.Figure, places: Sequence[float]) -> None:
    """Whole years under their middles; every second or third year where they are many."""
    if not places:
        return
    first, last = int(min(places)), int(max(places))
    step = 1 if last - first <= 6 else 2 if last - first <= 12 else 3
    years = list(range(last, first - 1, -step))[::-1]
    span = max(places) - min(places)
    figure.update_xaxes(
        range=[min(places) - max(span * 0.03, 0.25), max(places) + max(span * 0.07, 0.4)],
        tickvals=[year + 0.5 for year in years],
        ticktext=[str(year) for year in years],
        showgrid=False,
    )


def suffix(scale: Scale) -> str:
    symbol = scale.unit.symbol.in_language(scale.words.language)
    return symbol if symbol in ("%", "‰") else ""


def zero_line(figure: go.Figure, places: Sequence[float]) -> None:
    """Where bars begin that go to either side; only along the bars, so that it does not run through the words above them."""
    along = [end for place in places for end in (place + 0.0, place + 0.4, None)]
    line = {"color": MUTED, "width": 1}
    figure.add_scatter(x=[0] * len(along), y=along, mode="lines", line=line, hoverinfo="skip", name="zero")
