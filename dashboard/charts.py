"""Plotly figures from small frames: the trend of an indicator, and its categories side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import plotly.graph_objects as go

from dashboard import periods
from dashboard import rows as rows_of
from dashboard.colours import GRID, MUTED, OURS, SOFT, TARGET
from dashboard.headline import Result
from dashboard.scale import Scale
from indicators.catalogue.plan import Observation, Target

CONFIG = {"displayModeBar": False, "scrollZoom": False, "doubleClick": False, "showTips": False}
ROW = 50  # height of one category: a line of words above a bar
CLEAR = "rgba(0,0,0,0)"
HEAD = 1.45  # room above the first category for the names of the lines, in rows
_DENSE = 6  # with more values an interval is a band, with fewer a bar on each


def trend(
    path: Sequence[Result],
    scale: Scale,
    *,
    target: Target | None = None,
    cited: Sequence[Observation] = (),
    base: str | None = None,
) -> go.Figure:
    """The path of one category with its intervals, the target line, and what others published, muted.

    `path` is ordered by period; `base` is the period on which the numbers are changes, where they are.
    Withheld periods keep their place, marked by a cross with words on it.
    """
    figure = go.Figure()
    _cited(figure, cited, scale)
    known = [row for row in path if row.value is not None]
    at = [periods.middle(row.period) for row in known]
    _intervals(figure, known, at, scale)
    broken = _with_gaps(path, scale, base if scale.signed else None)
    figure.add_scatter(x=broken[0], y=broken[1], mode="lines", line={"color": OURS, "width": 2.5}, hoverinfo="skip", name="path")
    figure.add_scatter(
        x=at,
        y=[scale.shown(row.value) for row in known],
        mode="markers",
        name="value",
        marker={
            "color": OURS,
            "size": [11 if row is known[-1] else 8 for row in known],
            "symbol": ["diamond-open" if row.status == "unreliable" else "circle" for row in known],
        },
        customdata=[
            [periods.label(row.period, scale.words.language), scale.number(row.value or 0.0), scale.interval(row)]
            for row in known
        ],
        hovertemplate="%{customdata[0]}<br><b>%{customdata[1]}</b><br>%{customdata[2]}<extra></extra>",
    )
    if known:
        _newest(figure, known, at, scale, target, [item.value for item in cited])
    _withheld(figure, [row for row in path if not (scale.signed and row.period == base)], scale)
    if target is not None and target.value is not None:
        _target_line(
            figure, target, scale, start=min(at, default=periods.middle(str(target.year or 2000))), end=max(at, default=0.0)
        )
    _time_axis(
        figure,
        [
            *at,
            *(periods.middle(item.date) for item in cited),
            *([periods.middle(str(target.year))] if target is not None and target.year else []),
        ],
    )
    return _finished(figure, scale, height=380)


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
        customdata=[[escape(names[row.category], quote=False), scale.words(f"status.{row.status}.long")] for _, row in hidden],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<extra></extra>",
    )
    for place, row in zip(places, rows, strict=True):
        name = groups[row.category][1] if groups and row.category in groups else names[row.category]
        _row_label(figure, place, rows_of.shortened(name, row, scale), left=True)
        _row_label(figure, place, rows_of.amount(row, scale), left=False)
    for place, heading in headings:
        _row_label(figure, place, f"<b>{escape(heading, quote=False)}</b>", left=True)
    reach = rows_of.reach(rows, total, target, scale)
    _across(figure, total, target, scale, places, reach)
    bottom = places[-1] if places else 0.0
    return _bar_axes(_finished(figure, scale, height=int(ROW * (bottom + 0.6 + HEAD)) + 40), bottom, scale, reach)


def _cited(figure: go.Figure, cited: Sequence[Observation], scale: Scale) -> None:
    """What others published: hollow, muted, not joined; values in conflict with each other bear a cross."""
    for conflict in (False, True):
        chosen = [item for item in cited if (item.status == "conflict") == conflict]
        if not chosen:
            continue
        figure.add_scatter(
            x=[periods.middle(item.date) for item in chosen],
            y=[scale.shown(item.value) for item in chosen],
            mode="markers",
            name="conflict" if conflict else "cited",
            marker={
                "symbol": "diamond-x-open" if conflict else "diamond-open",
                "size": 11 if conflict else 8,
                "color": MUTED,
                "line": {"width": 1.5, "color": MUTED},
            },
            customdata=[
                [periods.label(item.date, scale.words.language), scale.number(item.value), scale.words(f"cited.{item.status}")]
                for item in chosen
            ],
            hovertemplate="%{customdata[0]}<br><b>%{customdata[1]}</b><br>%{customdata[2]}<extra></extra>",
        )
    if cited:
        first = min(cited, key=lambda item: item.date)
        figure.add_annotation(
            x=periods.middle(first.date),
            y=scale.shown(first.value),
            text=scale.words("chart.cited"),
            showarrow=False,
            xanchor="left",
            xshift=10,
            font={"size": 13},
        )


def _intervals(figure: go.Figure, known: Sequence[Result], at: Sequence[float], scale: Scale) -> None:
    ranged = [(x, row) for x, row in zip(at, known, strict=True) if row.low is not None and row.high is not None]
    if len(ranged) > _DENSE:
        x = [place for place, _ in ranged]
        figure.add_scatter(
            x=x, y=[scale.shown(row.low) for _, row in ranged], mode="lines", line={"width": 0}, hoverinfo="skip", name="low"
        )
        figure.add_scatter(
            x=x,
            y=[scale.shown(row.high) for _, row in ranged],
            mode="lines",
            line={"width": 0},
            fill="tonexty",
            fillcolor=SOFT,
            hoverinfo="skip",
            name="high",
        )
        return
    for x_at, row in ranged:
        figure.add_scatter(
            x=[x_at, x_at],
            y=[scale.shown(row.low), scale.shown(row.high)],
            mode="lines",
            line={"color": OURS, "width": 9},
            opacity=0.3,
            hoverinfo="skip",
            name="interval",
        )


def _with_gaps(path: Sequence[Result], scale: Scale, base: str | None) -> tuple[list[float], list[float | None]]:
    """The line, broken where a period is withheld; a change goes through zero in its base period, by definition."""
    values = {periods.middle(row.period): scale.shown(row.value) for row in path}
    if base is not None and values.get(periods.middle(base)) is None:
        values[periods.middle(base)] = 0.0
    return sorted(values), [values[at] for at in sorted(values)]


def _withheld(figure: go.Figure, path: Sequence[Result], scale: Scale) -> None:
    hidden = [row for row in path if row.value is None]
    for row in hidden:
        figure.add_annotation(
            x=periods.middle(row.period),
            yref="paper",
            y=0,
            yanchor="bottom",
            text=f"×<br>{scale.words(f'status.{row.status}')}",
            showarrow=False,
            font={"size": 12},
        )


def _newest(
    figure: go.Figure, known: Sequence[Result], at: Sequence[float], scale: Scale, target: Target | None, others: Sequence[float]
) -> None:
    """The newest value in words: left above the point; right below it where the target line would cross the words."""
    last = known[-1].value or 0.0
    ends = [*others, *(row.value for row in known if row.value is not None)] + (
        [target.value] if target is not None and target.value is not None else []
    )
    crowded = target is not None and target.value is not None and 0 <= target.value - last < 0.15 * (max(ends) - min(ends))
    falling = len(known) > 1 and last < (known[-2].value or 0.0)
    figure.add_annotation(
        x=at[-1], y=scale.shown(last), text=f"<b>{scale.brief(last)}</b>", showarrow=False, font={"size": 14},
        yshift=-18 if crowded else 18, xanchor="left" if crowded or falling else "right", xshift=-6 if crowded or falling else 10,
    )  # fmt: skip


def _target_line(figure: go.Figure, target: Target, scale: Scale, *, start: float, end: float) -> None:
    finish = periods.middle(str(target.year)) if target.year else max(end, start + 1)
    y = scale.shown(target.value)
    figure.add_scatter(
        x=[start, finish],
        y=[y, y],
        mode="lines",
        line={"color": TARGET, "width": 2, "dash": "dash"},
        hoverinfo="skip",
        name="target",
    )
    told = scale.words("target.of", year=target.year or "", bound=scale.bound(target)).strip()
    figure.add_scatter(
        x=[finish],
        y=[y],
        mode="markers",
        marker={"symbol": "diamond", "size": 11, "color": TARGET},
        customdata=[told],
        hovertemplate="%{customdata}<extra></extra>",
        name="target date",
    )
    falling = target.operator in ("<", "<=")
    figure.add_annotation(
        x=finish,
        y=y,
        text=f"<b>{scale.words('chart.target')} {scale.bound(target)}</b>",
        showarrow=False,
        yshift=-16 if falling else 16,
        xanchor="right",
        font={"size": 13},
    )


def _time_axis(figure: go.Figure, places: Sequence[float]) -> None:
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


def _row_label(figure: go.Figure, place: float, text: str, *, left: bool) -> None:
    figure.add_annotation(
        xref="paper",
        x=0 if left else 1,
        xanchor="left" if left else "right",
        y=place - 0.2,
        text=text,
        showarrow=False,
        font={"size": 13},
    )


def _across(
    figure: go.Figure,
    total: float | None,
    target: Target | None,
    scale: Scale,
    places: Sequence[float],
    reach: tuple[float, float],
) -> None:
    """The total and the target, each named in a row of its own above the bars.

    The total is a solid tick across the upper half of a bar, the target a dotted one across the lower half, so that both
    are seen even where they are equal; the lesser is named to its left, the greater to its right.
    """
    lines = [] if total is None else [(total, MUTED, "solid", scale.words("chart.total", value=scale.brief(total)), -0.75)]
    if target is not None and target.value is not None:
        lines.append((target.value, TARGET, "2px,2px", f"{scale.words('chart.target')} {scale.bound(target)}", -1.2))
    greatest = max((value for value, *_ in lines), default=0.0)
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
        figure.add_annotation(
            x=x, y=y, text=text, showarrow=False, xanchor="left" if right else "right", font={"size": 13}
        )  # fmt: skip


def _bar_axes(figure: go.Figure, bottom: float, scale: Scale, reach: tuple[float, float]) -> go.Figure:
    figure.update_xaxes(
        range=reach, zeroline=True, zerolinecolor=MUTED, zerolinewidth=1, gridcolor=GRID, ticksuffix=_suffix(scale), nticks=6
    )
    figure.update_yaxes(range=[bottom + 0.6, -HEAD], visible=False)
    return figure


def _suffix(scale: Scale) -> str:
    symbol = scale.unit.symbol.in_language(scale.words.language)
    return symbol if symbol in ("%", "‰") else ""


def _finished(figure: go.Figure, scale: Scale, *, height: int) -> go.Figure:
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
    figure.update_yaxes(fixedrange=True, automargin=True, gridcolor=GRID, zeroline=False, ticksuffix=_suffix(scale))
    return figure
