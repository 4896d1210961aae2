"""Small multiples: one small panel per category over time, all on the same axes, two side by side as a telephone holds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import plotly.graph_objects as go

from dashboard.charts import rows as rows_of
from dashboard.charts.axes import finished
from dashboard.charts.scale import Scale
from dashboard.charts.shifts import shifted
from dashboard.pieces.colours import GRID, MUTED, OURS, SOFT, TARGET
from dashboard.pieces.markup import escape
from dashboard.rows.pairs import NONE, Shift
from dashboard.rows.reading import Result
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Target

COLUMNS = 2
PANEL = 172  # height of a panel: two or three lines of words above its lines
_LINE = 17  # of words
_PLOT = 80
_GAP = 0.06  # between panels, of the width of one
_WIDE = 0.83  # of the panel that the lines take; beside them stand the ends of the axis
_LONGEST = {"zh": 12, "en": 22}  # letters of a name that a telephone can hold


@dataclass(frozen=True, kw_only=True)
class _Frame:
    """Where things lie: panels are places of one plane, so that one trace draws a part of all of them."""

    first: float
    last: float
    low: float
    high: float
    height: int  # of a panel, in pixels

    def x(self, at: int, when: float) -> float:
        span = (self.last - self.first) or 1.0
        part = (when - self.first) / span if self.last > self.first else 0.5
        return at % COLUMNS + _GAP + (0.03 + (_WIDE - 0.06) * part) * (1 - 2 * _GAP)

    def y(self, at: int, value: float) -> float:
        """Pixels from the top, in panels."""
        part = (value - self.low) / ((self.high - self.low) or 1.0)
        return at // COLUMNS + (self.height - 20 - _PLOT * part) / self.height

    def left(self, at: int) -> float:
        return at % COLUMNS + _GAP


def multiples(
    history: Mapping[str, Sequence[Result]],
    names: Mapping[str, str],
    scale: Scale,
    *,
    total: Sequence[Result] = (),
    target: Target | None = None,
    shifts: Mapping[str, Shift] | None = None,
    changing: Scale | None = None,
) -> go.Figure:
    """One panel per category in the order of `history`, each with its rows by period, oldest first, and their intervals.

    The newest number, and where `shifts` are given (in the scale `changing`) the published change and whether it is beyond
    its error, stand above the lines in words; a withheld period has a cross, one without a result a ring, on the ground of
    its panel. `total` is the thin grey line in every panel.
    """
    scale = scale.in_figures
    frame = _framed(history, total, target, scale, tall=shifts is not None)
    figure = go.Figure()
    panels = list(history.items())
    _ground(figure, len(panels), total, target, scale, frame)
    bands: list[list[tuple[float, float]]] = []
    lines = _Strokes()
    for at, (_, path) in enumerate(panels):
        for run in _runs(path):
            bands.append(_band(run, at, scale, frame))
            lines.add([(frame.x(at, periods.middle(row.period)), frame.y(at, _shown(row, scale))) for row in run])
    look = {"mode": "lines", "hoverinfo": "skip"}
    # NOTE: a trace each; pictures for print fill what lies between the stretches of one
    ranged = [band for band in bands if band]
    filled = {"name": "interval", "fill": "toself", "fillcolor": SOFT, "line": {"width": 0}, **look}
    figure.add_traces([go.Scatter(x=[x for x, _ in band], y=[y for _, y in band], **filled) for band in ranged])
    figure.add_scatter(x=lines.x, y=lines.y, name="path", line={"color": OURS, "width": 2}, **look)
    _points(figure, panels, names, scale, frame)
    _words(figure, panels, names, scale, frame, shifts, changing)
    rows = -(-len(panels) // COLUMNS)
    finished(figure, scale, height=rows * frame.height + 12)
    figure.update_layout(margin={"l": 0, "r": 0, "t": 4, "b": 8})
    figure.update_xaxes(visible=False, range=[0, COLUMNS])
    return figure.update_yaxes(visible=False, range=[max(rows, 1), 0])


class _Strokes:
    """Several strokes as one trace, with a gap after each."""

    def __init__(self) -> None:
        self.x: list[float | None] = []
        self.y: list[float | None] = []

    def add(self, points: Sequence[tuple[float, float]]) -> None:
        if points:
            self.x += [*(x for x, _ in points), None]
            self.y += [*(y for _, y in points), None]


def _framed(
    history: Mapping[str, Sequence[Result]], total: Sequence[Result], target: Target | None, scale: Scale, *, tall: bool
) -> _Frame:
    rows = [row for path in history.values() for row in path] + list(total)
    when = [periods.middle(row.period) for row in rows] or [0.0]
    ends = [end for row in rows for end in (row.value, row.low, row.high) if end is not None]
    ends += [target.value] if target is not None and target.value is not None else []
    low, high = min(ends, default=0.0) * scale.unit.factor, max(ends, default=1.0) * scale.unit.factor
    return _Frame(first=min(when), last=max(when), low=low, high=high, height=PANEL if tall else PANEL - _LINE)


def _shown(row: Result, scale: Scale) -> float:
    return (row.value or 0.0) * scale.unit.factor


def _runs(path: Sequence[Result]) -> Iterator[list[Result]]:
    """Stretches of periods that have a number."""
    for there, run in groupby(path, key=lambda row: row.value is not None):
        if there:
            yield list(run)


def _band(run: Sequence[Result], at: int, scale: Scale, frame: _Frame) -> list[tuple[float, float]]:
    """Around the interval of a stretch; a single period has a narrow one of its own."""
    ranged = [row for row in run if row.low is not None and row.high is not None]
    wide = 0.012 if len(ranged) == 1 else 0.0
    factor = scale.unit.factor
    over = [(periods.middle(row.period), row.low or 0.0, row.high or 0.0) for row in ranged]
    upper = [(frame.x(at, when), frame.y(at, high * factor)) for when, _, high in over]
    lower = [(frame.x(at, when), frame.y(at, low * factor)) for when, low, _ in reversed(over)]
    if wide and upper:
        (x, top), (_, bottom) = upper[0], lower[0]
        return [(x - wide, top), (x + wide, top), (x + wide, bottom), (x - wide, bottom), (x - wide, top)]
    return [*upper, *lower, *upper[:1]]


def _ground(figure: go.Figure, count: int, total: Sequence[Result], target: Target | None, scale: Scale, frame: _Frame) -> None:
    """In every panel the two ends of the common axis, the target, and the line of the total."""
    ends, aims, whole = _Strokes(), _Strokes(), _Strokes()
    for at in range(count):
        left, right = frame.left(at), at % COLUMNS + _GAP + _WIDE * (1 - 2 * _GAP)
        for value in (frame.low, frame.high):
            ends.add([(left, frame.y(at, value)), (right, frame.y(at, value))])
        if target is not None and target.value is not None:
            y = frame.y(at, target.value * scale.unit.factor)
            aims.add([(left, y), (right, y)])
        for run in _runs(total):
            whole.add([(frame.x(at, periods.middle(row.period)), frame.y(at, _shown(row, scale))) for row in run])
    for name, strokes, line in (
        ("axis", ends, {"color": GRID, "width": 1}),
        ("target", aims, {"color": TARGET, "width": 1.5, "dash": "dash"}),
        ("total", whole, {"color": MUTED, "width": 1}),
    ):
        figure.add_scatter(x=strokes.x, y=strokes.y, name=name, mode="lines", line=line, hoverinfo="skip")


def _points(
    figure: go.Figure,
    panels: Sequence[tuple[str, Sequence[Result]]],
    names: Mapping[str, str],
    scale: Scale,
    frame: _Frame,
) -> None:
    """Every row once: a point where there is a number, on the ground of its panel a cross or a ring where there is none."""
    known: list[tuple[int, str, Result]] = []
    hidden: list[tuple[int, str, Result]] = []
    for at, (name, path) in enumerate(panels):
        for row in path:
            (hidden if row.value is None else known).append((at, name, row))
    told = {name: escape(names[name], quote=False) for name, _ in panels}
    language = scale.words.language
    figure.add_scatter(
        x=[frame.x(at, periods.middle(row.period)) for at, _, row in known],
        y=[frame.y(at, _shown(row, scale)) for at, _, row in known],
        mode="markers",
        name="value",
        marker={
            "color": OURS,
            "size": [7 if row.status == "unreliable" else 5 for *_, row in known],
            "symbol": ["diamond-open" if row.status == "unreliable" else "circle" for *_, row in known],
        },
        customdata=[
            [told[name], periods.label(row.period, language), scale.number(row.value or 0.0), scale.interval(row), name]
            for _, name, row in known
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]} <b>%{customdata[2]}</b><br>%{customdata[3]}<extra></extra>",
    )
    figure.add_scatter(
        x=[frame.x(at, periods.middle(row.period)) for at, _, row in hidden],
        y=[frame.y(at, frame.low) for at, _, row in hidden],
        mode="markers",
        name="withheld",
        marker={
            "symbol": ["x-thin" if row.status == "suppressed" else "circle-open" for *_, row in hidden],
            "size": 7,
            "color": MUTED,
            "line": {"width": 1.5, "color": MUTED},
        },
        customdata=[
            [told[name], periods.label(row.period, language), scale.words(f"status.{row.status}.long"), "", name]
            for _, name, row in hidden
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>%{customdata[2]}<extra></extra>",
    )


def _words(
    figure: go.Figure,
    panels: Sequence[tuple[str, Sequence[Result]]],
    names: Mapping[str, str],
    scale: Scale,
    frame: _Frame,
    shifts: Mapping[str, Shift] | None,
    changing: Scale | None,
) -> None:
    """Above the lines name, newest number and change; under them the first and the last period; beside them the axis."""
    longest = _LONGEST[scale.words.language]
    # NOTE: as notes, since words of a trace have a colour of their own, too pale to be read; all at once, as in bars
    notes: list[dict[str, object]] = []
    for at, (name, path) in enumerate(panels):
        lines = [f"<b>{escape(rows_of.fitted(names[name], longest), quote=False)}</b>", _newest(path, scale)]
        if shifts is not None and changing is not None:
            lines.append(shifted(shifts.get(name, NONE), changing.in_figures))
        notes.append(_note(frame.left(at), at // COLUMNS + 0.03, "<br>".join(lines), 13, "left", "top"))
        foot = at // COLUMNS + (frame.height - 6) / frame.height
        for period in dict.fromkeys((path[0].period, path[-1].period)) if path else ():
            notes.append(_note(frame.x(at, periods.middle(period)), foot, _brief(period), 11, "center", "middle"))
        for value in (frame.low, frame.high):
            told = format.plain(value / scale.unit.factor, scale.unit, signed=scale.signed)
            notes.append(_note(at % COLUMNS + 1 - _GAP, frame.y(at, value), told, 11, "right", "middle"))
    figure.update_layout(annotations=notes)


def _note(x: float, y: float, text: str, size: int, across: str, along: str) -> dict[str, object]:
    return {
        "x": x,
        "y": y,
        "text": text,
        "showarrow": False,
        "align": "left",
        "xanchor": across,
        "yanchor": along,
        "borderpad": 0,
        "font": {"size": size},
    }


def _newest(path: Sequence[Result], scale: Scale) -> str:
    return rows_of.amount(path[-1], scale) if path else "–"


def _brief(period: str) -> str:
    """As short as it can be read: 2026, 26 Q3, 26-09."""
    return period if periods.level(period) == "year" else period[2:].replace("-Q", " Q")
