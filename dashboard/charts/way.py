"""The figure of the way to a target: what was observed, the path it should take, and where the pace so far would lead."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.charts.axes import finished, time_axis
from dashboard.charts.labels import spread, width
from dashboard.charts.scale import Scale
from dashboard.pieces.colours import MUTED, OURS, SOFT, TARGET
from dashboard.rows.assessed import Assessment
from dashboard.rows.judged import Lines, Step
from dashboard.rows.reading import Result
from indicators.catalogue import format
from indicators.catalogue.plan import Target

HEIGHT = 400
_INSIDE = HEIGHT - 40  # without margins
_APART = 38  # pixels between two labels of two lines
_CLEAR = 13  # pixels between the middle of a word and a line


def way(observed: Sequence[Result], lines: Lines, now: Assessment, scale: Scale, target: Target) -> go.Figure:
    """Years from the first observed one to the target year.

    `observed` are years with a number, in order; of the paths in `lines` the newest is in force and the others are thin;
    the same-pace line is a scenario and is drawn dashed, with a fan of sampling error.
    """
    scale = scale.in_figures
    figure = go.Figure()
    low, high = _reach(observed, lines, target)
    years = [row.year for steps in lines.values() for row in steps] + [int(row.period) for row in observed]
    years += [target.year] if target.year else []
    paths = [steps for (kind, _), steps in lines.items() if kind == "path"]
    for steps in paths[1:]:
        _line(figure, steps, scale, "vintage", {"color": MUTED, "width": 1, "dash": "dot"})
    scenario, trend = lines.get(("same_pace", None), ()), lines.get(("trend", None), ())
    _fan(figure, scenario, scale)
    _line(figure, trend, scale, "trend", {"color": MUTED, "width": 1.5, "dash": "dashdot"})
    for steps in paths[:1]:
        _line(figure, steps, scale, "path", {"color": TARGET, "width": 2})
    _threshold(figure, years, target, scale)
    _line(figure, scenario, scale, "same_pace", {"color": OURS, "width": 2, "dash": "dash"})
    _observed(figure, observed, now, scale)
    _now(figure, now, scenario, scale, target, pixel=(high - low) / _INSIDE)
    ends = [(steps[-1], key) for steps, key in ((scenario, "pace"), (trend, "trend")) if len(steps) > 1]
    _names(figure, ends, target, scale, inside=(low, high))
    time_axis(figure, [_at(year) for year in years])
    finished(figure, scale, height=HEIGHT)
    figure.update_layout(margin={"r": _margin(figure)})
    figure.update_xaxes(range=[_at(min(years)) - 0.25, _at(max(years)) + 0.08])
    return figure.update_yaxes(range=[scale.shown(low), scale.shown(high)])


def _at(year: int) -> float:
    return year + 0.5


def _reach(observed: Sequence[Result], lines: Lines, target: Target) -> tuple[float, float]:
    """From the lowest to the highest end of anything drawn, with room for words; in the unit of the plan, unscaled."""
    ends = [end for row in observed for end in (row.value, row.low, row.high)]
    ends += [end for steps in lines.values() for row in steps for end in (row.value, row.low, row.high)] + [target.value]
    known = [end for end in ends if end is not None]
    room = 0.09 * (max(known) - min(known)) or 1.0
    return min(known) - room, max(known) + room


def _line(figure: go.Figure, steps: Sequence[Step], scale: Scale, name: str, looks: dict[str, object]) -> None:
    if steps:
        told = scale.words(f"target.page.line.{name}")
        figure.add_scatter(
            x=[_at(row.year) for row in steps],
            y=[scale.shown(row.value) for row in steps],
            mode="lines",
            name=name,
            line=looks,
            customdata=[[row.year, "" if row.value is None else scale.number(row.value)] for row in steps],
            hovertemplate=f"{told} %{{customdata[0]}}<br><b>%{{customdata[1]}}</b><extra></extra>",
        )


def _fan(figure: go.Figure, steps: Sequence[Step], scale: Scale) -> None:
    ranged = [row for row in steps if row.low is not None and row.high is not None]
    for name, end in (("low", "low"), ("high", "high")):
        figure.add_scatter(
            x=[_at(row.year) for row in ranged],
            y=[scale.shown(getattr(row, end)) for row in ranged],
            mode="lines",
            line={"width": 0},
            fill="tonexty" if name == "high" else None,
            fillcolor=SOFT,
            hoverinfo="skip",
            name=f"fan {name}",
        )


def _threshold(figure: go.Figure, years: Sequence[int], target: Target, scale: Scale) -> None:
    finish = _at(target.year or max(years))
    y = scale.shown(target.value)
    looks = {"color": TARGET, "width": 1.5, "dash": "dash"}
    figure.add_scatter(x=[_at(min(years)), finish], y=[y, y], mode="lines", line=looks, hoverinfo="skip", name="target")
    mark = {"symbol": "diamond", "size": 11, "color": TARGET}
    figure.add_scatter(x=[finish], y=[y], mode="markers", marker=mark, hoverinfo="skip", name="target date")


def _observed(figure: go.Figure, observed: Sequence[Result], now: Assessment, scale: Scale) -> None:
    known = [row for row in observed if row.value is not None]
    for row in known:
        if row.low is not None and row.high is not None:
            x, y = [_at(int(row.period))] * 2, [scale.shown(row.low), scale.shown(row.high)]
            looks = {"color": OURS, "width": 9}
            figure.add_scatter(x=x, y=y, mode="lines", line=looks, opacity=0.35, hoverinfo="skip", name="interval")
    values = {int(row.period): scale.shown(row.value) for row in known}
    if scale.signed and now.base_period and now.base == 0:
        values.setdefault(int(now.base_period), 0.0)  # against itself the base has not changed
    x, y = [_at(year) for year in sorted(values)], [values[year] for year in sorted(values)]
    figure.add_scatter(x=x, y=y, mode="lines", line={"color": OURS, "width": 2.5}, hoverinfo="skip", name="observed")
    figure.add_scatter(
        x=[_at(int(row.period)) for row in known],
        y=[scale.shown(row.value) for row in known],
        mode="markers",
        name="value",
        marker={
            "color": OURS,
            "size": [12 if row.period == now.period else 8 for row in known],
            "symbol": ["diamond-open" if row.status == "unreliable" else "circle" for row in known],
        },
        customdata=[[row.period, scale.number(row.value or 0.0), scale.interval(row)] for row in known],
        hovertemplate="%{customdata[0]}<br><b>%{customdata[1]}</b><br>%{customdata[2]}<extra></extra>",
    )


def _now(figure: go.Figure, now: Assessment, scenario: Sequence[Step], scale: Scale, target: Target, *, pixel: float) -> None:
    """Where the number is and where it should be, in words on either side of the two points."""
    if now.value is None:
        return
    x, year = _at(int(now.period)), int(now.period)
    ahead = [row.value for row in scenario if row.year > year and row.value is not None]
    rising = ahead[0] >= now.value if ahead else (now.base or 0.0) <= now.value
    should = now.path if now.base_period is not None and now.period > now.base_period else None
    below = should is not None and should >= now.value
    told = f"<b>{_exact(scale, now.value, target.value)}</b>"
    over = ((target.value or 0.0) - now.value) / pixel
    _beside(figure, x, scale.shown(now.value), told, below=below, rising=rising, size=15, line=over)
    if should is None:
        return
    mark = {"symbol": "circle-open", "size": 11, "color": TARGET, "line": {"width": 2.5, "color": TARGET}}
    figure.add_scatter(x=[x], y=[scale.shown(should)], mode="markers", marker=mark, hoverinfo="skip", name="should")
    told = scale.words("target.page.should", value=_exact(scale, should, now.value))
    rising, over = (now.threshold or 0.0) >= (now.base or 0.0), ((target.value or 0.0) - should) / pixel
    _beside(figure, x, scale.shown(should), told, below=not below, rising=rising, size=13, line=over)


def _exact(scale: Scale, value: float, beside: float | None) -> str:
    """With so many decimals that it looks different from the number beside it."""
    unit, words = scale.unit, scale.words
    return (
        format.number(value, unit, words.language, signed=scale.signed, beside=beside) if scale.is_brief else scale.brief(value)
    )


def _beside(
    figure: go.Figure, x: float, y: float | None, text: str, *, below: bool, rising: bool, size: int, line: float
) -> None:
    """Under a rising line there is room to the right, above it to the left; `line`: how many pixels higher another lies."""
    left, shift = below == rising, -15 if below else 15
    if abs(line - shift) < _CLEAR:
        shift = round(line) + (-_CLEAR if below else _CLEAR)
    figure.add_annotation(
        x=x, y=y, text=text, showarrow=False, xanchor="left" if left else "right", xshift=9 if left else -9, yshift=shift,
        font={"size": size},
    )  # fmt: skip


def _names(
    figure: go.Figure, ends: Sequence[tuple[Step, str]], target: Target, scale: Scale, *, inside: tuple[float, float]
) -> None:
    """At the right end of each line its name and its last value; the target first."""
    assert target.value is not None
    named = [(target.value, f"<b>{scale.words('chart.target')}<br>{scale.bound(target)}</b>", "target")]
    for row, key in ends:
        if row.value is not None:
            told = scale.words(f"target.page.end.{key}", value=scale.brief(row.value))
            named.append((row.value, told.replace("\n", "<br>"), key))
    pixel = (inside[1] - inside[0]) / _INSIDE
    places = spread([value for value, _, _ in named], _APART * pixel)
    for (_, text, name), place in zip(named, places, strict=True):
        figure.add_annotation(
            xref="paper", x=1, y=scale.shown(place), text=text, showarrow=False, xanchor="left", xshift=6, align="left",
            font={"size": 13}, name=name,
        )  # fmt: skip


def _margin(figure: go.Figure) -> int:
    """Room on the right for the widest name."""
    return max((width(note.text) for note in figure.layout.annotations if note.xref == "paper"), default=0) + 12
