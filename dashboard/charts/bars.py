"""The figure of categories side by side: bars with intervals, withheld ones by shape and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from dashboard.charts import rows as rows_of
from dashboard.charts.axes import finished, suffix, zero_line
from dashboard.charts.scale import Scale
from dashboard.pieces.colours import GRID, MUTED, OURS, TARGET
from dashboard.pieces.markup import escape
from dashboard.rows.reading import Result
from indicators.catalogue.plan import Target

#: an annotation of a figure, as plotly names its parts
Label = dict[str, object]
ROW = 50  # height of one category: a line of words above a bar
HEAD = 1.45  # room above the first category for the names of the lines, in rows


def bars(
    rows: Sequence[Result],
    names: Mapping[str, str],
    scale: Scale,
    *,
    groups: Mapping[str, tuple[str, str]] | None = None,
    total: float | None = None,
    target: Target | None = None,
) -> go.Figure:
    """One bar per category with its interval, in the order of `rows`; the total and the target as ticks across.

    Withheld and unreliable numbers are told by shape and by words. Names stand above the bars, so that
    the figure reads at any width. `groups` gives a category of a crossing its heading and its shorter name.
    """
    scale = scale.in_figures
    figure = go.Figure()
    places, headings = rows_of.places(rows, groups or {})
    known = [(place, row) for place, row in zip(places, rows, strict=True) if row.value is not None]
    figure.add_bar(
        x=[scale.shown(row.value) for _, row in known],
        y=[place + 0.2 for place, _ in known],
        orientation="h",
        width=0.3,
        name="value",
        marker=_fill([row for _, row in known]),
        error_x=_error([row for _, row in known], scale),
        customdata=[
            [
                escape(names[row.category], quote=False),
                scale.number(row.value or 0.0),
                scale.interval(row),
                scale.words("chart.behind", n=row.n if row.n is not None else "–"),
                row.category,
            ]
            for _, row in known
        ],
        hovertemplate="%{customdata[0]}<br><b>%{customdata[1]}</b><br>%{customdata[2]}<br>%{customdata[3]}<extra></extra>",
    )
    hidden = [(place, row) for place, row in zip(places, rows, strict=True) if row.value is None]
    figure.add_scatter(
        x=[0] * len(hidden),
        y=[place + 0.2 for place, _ in hidden],
        mode="markers",
        name="withheld",
        cliponaxis=False,
        marker={
            "symbol": ["x-thin" if row.status == "suppressed" else "circle-open" for _, row in hidden],
            "size": 9,
            "color": MUTED,
            "line": {"width": 2, "color": MUTED},
        },
        customdata=[
            [escape(names[row.category], quote=False), scale.words(f"status.{row.status}.long"), row.category]
            for _, row in hidden
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
    )
    labels = [row_label(place, f"<b>{escape(heading, quote=False)}</b>", left=True) for place, heading in headings]
    for place, row in zip(places, rows, strict=True):
        name = groups[row.category][1] if groups and row.category in groups else names[row.category]
        labels.append(row_label(place, rows_of.shortened(name, row, scale), left=True))
        labels.append(row_label(place, rows_of.amount(row, scale), left=False))
    reach = rows_of.reach(rows, total, target, scale)
    labels += _across(figure, total, target, scale, places, reach)
    if reach[0] < 0:
        zero_line(figure, places)
    # NOTE: all at once; each `add_annotation` copies those before it, which takes 18 seconds for 250 categories
    figure.update_layout(annotations=labels)
    bottom = places[-1] if places else 0.0
    return _bar_axes(finished(figure, scale, height=int(ROW * (bottom + 0.6 + HEAD)) + 40), bottom, scale, reach)


def _error(rows: Sequence[Result], scale: Scale) -> dict[str, object]:
    def reach(end: float | None, row: Result) -> float:
        return abs(end - row.value) * scale.unit.factor if end is not None and row.value is not None else 0.0

    return {
        "type": "data",
        "symmetric": False,
        "array": [reach(row.high, row) for row in rows],
        "arrayminus": [reach(row.low, row) for row in rows],
        "color": MUTED,
        "thickness": 1.5,
        "width": 4,
    }


def _fill(rows: Sequence[Result]) -> dict[str, object]:
    """Full bars for what is published, hatched and outlined ones for what is unreliable."""
    doubtful = [row.status == "unreliable" for row in rows]
    return {
        "color": OURS,
        "line": {"color": OURS, "width": [1.5 if flag else 0 for flag in doubtful]},
        "pattern": {"shape": ["/" if flag else "" for flag in doubtful], "size": 6, "fillmode": "replace", "solidity": 0.3},
    }


def row_label(place: float, text: str, *, left: bool) -> Label:
    """Words above the bar at a place, at the left or the right end of the figure."""
    return {
        "xref": "paper",
        "x": 0 if left else 1,
        "xanchor": "left" if left else "right",
        "y": place - 0.2,
        "text": text,
        "showarrow": False,
        "font": {"size": 13},
    }


def _across(
    figure: go.Figure,
    total: float | None,
    target: Target | None,
    scale: Scale,
    places: Sequence[float],
    reach: tuple[float, float],
) -> list[dict[str, object]]:
    """The total and the target, and the words that name each in a row of its own above the bars.

    The total is a solid tick across the upper half of a bar, the target a dotted one across the lower half, so that both
    are seen even where they are equal; the lesser is named to its left, the greater to its right.
    """
    lines = [] if total is None else [(total, MUTED, "solid", scale.words("chart.total", value=scale.brief(total)), -0.75)]
    if target is not None and target.value is not None:
        lines.append((target.value, TARGET, "2px,2px", f"{scale.words('chart.target')} {scale.bound(target)}", -1.2))
    greatest, labels = max((value for value, *_ in lines), default=0.0), []
    for value, colour, dash, text, y in lines:
        x, upper = value * scale.unit.factor, dash == "solid"
        spans = [(place + 0.02, place + 0.2) if upper else (place + 0.2, place + 0.5) for place in places]
        along = [end for low, high in [(y + 0.2, y + 0.34), *spans] for end in (low, high, None)]
        figure.add_scatter(
            x=[x] * len(along),
            y=along,
            mode="lines",
            line={"color": colour, "width": 2.5, "dash": dash},
            hoverinfo="skip",
            name="across",
        )
        part = (x - reach[0]) / (reach[1] - reach[0])
        right = part < 0.2 or (value == greatest and part <= 0.7)
        side = "left" if right else "right"
        labels.append({"x": x, "y": y, "text": text, "showarrow": False, "xanchor": side, "font": {"size": 13}})
    return labels


def _bar_axes(figure: go.Figure, bottom: float, scale: Scale, reach: tuple[float, float]) -> go.Figure:
    line = {"zeroline": reach[0] >= 0, "zerolinecolor": MUTED, "zerolinewidth": 1}  # to either side of it names would be crossed
    figure.update_xaxes(range=reach, **line, gridcolor=GRID, ticksuffix=suffix(scale), nticks=6)
    figure.update_yaxes(range=[bottom + 0.6, -HEAD], visible=False)
    return figure
