"""The figure of two categories over time, each with its intervals and its name at its end."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.charts import rows as rows_of
from dashboard.charts.axes import finished, time_axis
from dashboard.charts.labels import spread, width
from dashboard.charts.scale import Scale
from dashboard.pieces.colours import GRID, MUTED, OTHER, OURS
from dashboard.pieces.markup import escape
from dashboard.rows.reading import Result
from indicators.catalogue import periods

HEIGHT = 360
_APART = 36  # pixels between two labels
_ASIDE = 0.035  # years by which the two are moved apart, so that both intervals are seen
#: told apart by colour, by shape and by the kind of line
_LOOKS = ((OURS, "circle", "solid"), (OTHER, "square", "dash"))
_SHAPES = ("●", "■")


def duo(paths: Sequence[Sequence[Result]], names: Sequence[str], scale: Scale) -> go.Figure:
    """Two paths, each ordered by period; withheld periods have a cross, those without a result a ring, on the lower edge."""
    scale = scale.in_figures
    figure = go.Figure()
    rows = [row for path in paths for row in path]
    ends = [end * scale.unit.factor for row in rows for end in (row.value, row.low, row.high) if end is not None]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    room = 0.08 * (high - low) or 1.0
    low, high = low - room, high + room
    for place, (path, name) in enumerate(zip(paths, names, strict=True)):
        _path(figure, path, name, scale, place, low)
    _names(figure, paths, names, scale, pixel=(high - low) / (HEIGHT - 40))
    time_axis(figure, [periods.middle(row.period) for row in rows])
    finished(figure, scale, height=HEIGHT)
    margin = max((width(note.text) for note in figure.layout.annotations), default=0) + 14
    figure.update_layout(margin={"r": margin})
    return figure.update_yaxes(range=[low, high], gridcolor=GRID)


def _path(figure: go.Figure, path: Sequence[Result], name: str, scale: Scale, place: int, low: float) -> None:
    colour, symbol, dash = _LOOKS[place]
    aside = _ASIDE * (2 * place - 1) if len(path) <= 8 else 0.0
    at = {row.period: periods.middle(row.period) + aside for row in path}
    known = [row for row in path if row.value is not None]
    line = {"color": colour, "width": 2.5, "dash": dash}
    x, y = [at[row.period] for row in path], [scale.shown(row.value) for row in path]
    figure.add_scatter(x=x, y=y, mode="lines", line=line, hoverinfo="skip", name=f"path {place}")
    ranged = [(at[row.period], end) for row in known if row.low is not None for end in (row.low, row.high, None)]
    figure.add_scatter(
        x=[when if end is not None else None for when, end in ranged], y=[scale.shown(end) for _, end in ranged],
        mode="lines", line={"color": colour, "width": 7}, opacity=0.3, hoverinfo="skip", name=f"interval {place}",
    )  # fmt: skip
    told = escape(name, quote=False)
    figure.add_scatter(
        x=[at[row.period] for row in known],
        y=[scale.shown(row.value) for row in known],
        mode="markers",
        name=f"value {place}",
        marker={
            "color": colour,
            "size": 9,
            "symbol": ["diamond-open" if row.status == "unreliable" else symbol for row in known],
        },
        customdata=[
            [told, periods.label(row.period, scale.words.language), scale.number(row.value or 0.0), scale.interval(row)]
            for row in known
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]} <b>%{customdata[2]}</b><br>%{customdata[3]}<extra></extra>",
    )
    hidden = [row for row in path if row.value is None]
    figure.add_scatter(
        x=[at[row.period] for row in hidden],
        y=[low] * len(hidden),
        mode="markers",
        name=f"withheld {place}",
        cliponaxis=False,
        marker={
            "symbol": ["x-thin" if row.status == "suppressed" else "circle-open" for row in hidden],
            "size": 9,
            "color": MUTED,
            "line": {"width": 2, "color": colour},
        },
        customdata=[
            [told, periods.label(row.period, scale.words.language), scale.words(f"status.{row.status}.long")] for row in hidden
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>%{customdata[2]}<extra></extra>",
    )


def _names(figure: go.Figure, paths: Sequence[Sequence[Result]], names: Sequence[str], scale: Scale, *, pixel: float) -> None:
    """At the right, as high as the newest number of each: its shape, its name and that number."""
    longest, ended = {"zh": 8, "en": 14}[scale.words.language], []
    for path, name, shape in zip(paths, names, _SHAPES, strict=True):
        known = [row for row in path if row.value is not None]
        if known:
            told = escape(rows_of.fitted(name, longest), quote=False)
            ended.append((scale.shown(known[-1].value) or 0.0, f"{shape} {told}<br><b>{scale.brief(known[-1].value or 0.0)}</b>"))
    for (_, text), y in zip(ended, spread([at for at, _ in ended], _APART * pixel), strict=True):
        figure.add_annotation(
            xref="paper", x=1, y=y, text=text, showarrow=False, xanchor="left", xshift=8, align="left", font={"size": 13}
        )
