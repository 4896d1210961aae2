"""The figure of an indicator over time: values with intervals, the target line, and what others published."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.charts.axes import finished, time_axis
from dashboard.charts.scale import Scale
from dashboard.pieces.colours import MUTED, OURS, SOFT, TARGET
from dashboard.rows.reading import Result
from indicators.catalogue import periods
from indicators.catalogue.plan import Observation, Target

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
    scale = scale.in_figures
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
    time_axis(
        figure,
        [
            *at,
            *(periods.middle(item.date) for item in cited),
            *([periods.middle(str(target.year))] if target is not None and target.year else []),
        ],
    )
    return finished(figure, scale, height=380)


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
