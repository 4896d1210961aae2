"""The figure of two numbers of each category: a ring for the former, a dot for the latter, and the difference in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from dashboard.charts import rows as rows_of
from dashboard.charts.axes import finished, suffix
from dashboard.charts.bars import ROW, row_label
from dashboard.charts.scale import Scale
from dashboard.charts.shifts import shifted
from dashboard.pieces.colours import GRID, MUTED, OURS
from dashboard.pieces.markup import escape
from dashboard.rows.pairs import Pair
from dashboard.rows.reading import Result

_LONGEST = {"zh": 14, "en": 24}


def dumbbell(pairs: Sequence[Pair], names: Mapping[str, str], scale: Scale, changing: Scale) -> go.Figure:
    """One line per pair in their order: solid where the difference is beyond its error, dotted where not.

    `scale` is that of the two numbers, `changing` that of the difference, which stands in words at the right. A number
    that is withheld has a cross, one without a result a ring of its own, at the left end.
    """
    scale, changing = scale.in_figures, changing.in_figures
    figure = go.Figure()
    low, high = _reach(pairs, scale)
    for beyond in (True, False):
        _links(figure, [(at, pair) for at, pair in enumerate(pairs) if (pair.shift.known == "beyond") == beyond], scale, beyond)
    _ends(figure, [(at, pair.before) for at, pair in enumerate(pairs)], names, scale, "before")
    _ends(figure, [(at, pair.after) for at, pair in enumerate(pairs)], names, scale, "after")
    _hidden(figure, pairs, names, scale, low)
    labels = []
    for at, pair in enumerate(pairs):
        name = rows_of.fitted(names[pair.category], _LONGEST[scale.words.language])
        labels.append(row_label(at, escape(name, quote=False), left=True))
        labels.append(row_label(at, shifted(pair.shift, changing), left=False))
    figure.update_layout(annotations=labels)
    finished(figure, scale, height=int(ROW * (len(pairs) + 0.2)) + 40)
    figure.update_xaxes(range=[low, high], gridcolor=GRID, zeroline=False, ticksuffix=suffix(scale), nticks=6)
    return figure.update_yaxes(range=[len(pairs) - 0.4, -0.6], visible=False)


def _reach(pairs: Sequence[Pair], scale: Scale) -> tuple[float, float]:
    """From the least to the greatest of all numbers, with a little room."""
    found = [row.value for pair in pairs for row in (pair.before, pair.after) if row is not None and row.value is not None]
    low, high = min(found, default=0.0) * scale.unit.factor, max(found, default=1.0) * scale.unit.factor
    room = 0.05 * (high - low) or 1.0
    return low - room, high + room


def _links(figure: go.Figure, pairs: Sequence[tuple[int, Pair]], scale: Scale, beyond: bool) -> None:
    x: list[float | None] = []
    y: list[float | None] = []
    for at, pair in pairs:
        if pair.before is not None and pair.after is not None and None not in (pair.before.value, pair.after.value):
            x += [scale.shown(pair.before.value), scale.shown(pair.after.value), None]
            y += [at + 0.2, at + 0.2, None]
    look = {"color": OURS, "width": 4} if beyond else {"color": MUTED, "width": 1.5, "dash": "dot"}
    figure.add_scatter(x=x, y=y, mode="lines", line=look, hoverinfo="skip", name="beyond" if beyond else "within")


def _ends(
    figure: go.Figure, rows: Sequence[tuple[int, Result | None]], names: Mapping[str, str], scale: Scale, name: str
) -> None:
    known = [(at, row) for at, row in rows if row is not None and row.value is not None]
    figure.add_scatter(
        x=[scale.shown(row.value) for _, row in known],
        y=[at + 0.2 for at, _ in known],
        mode="markers",
        name=name,
        marker={
            "color": OURS,
            "size": 10,
            "symbol": [_symbol(row, name) for _, row in known],
            "line": {"width": 2, "color": OURS},
        },
        customdata=[
            [
                escape(names[row.category], quote=False),
                scale.words(f"explore.{name}"),
                scale.number(row.value or 0.0),
                scale.interval(row),
                row.category,
            ]
            for _, row in known
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]} <b>%{customdata[2]}</b><br>%{customdata[3]}<extra></extra>",
    )


def _symbol(row: Result, name: str) -> str:
    shape = "diamond" if row.status == "unreliable" else "circle"
    return f"{shape}-open" if name == "before" else shape


def _hidden(figure: go.Figure, pairs: Sequence[Pair], names: Mapping[str, str], scale: Scale, low: float) -> None:
    """Numbers that are not there, at the left end, the former above the latter."""
    found = [
        (at + 0.1 + 0.2 * after, row, ("before", "after")[after])
        for at, pair in enumerate(pairs)
        for after, row in enumerate((pair.before, pair.after))
        if row is not None and row.value is None
    ]
    figure.add_scatter(
        x=[low] * len(found),
        y=[y for y, *_ in found],
        mode="markers",
        name="withheld",
        cliponaxis=False,
        marker={
            "symbol": ["x-thin" if row.status == "suppressed" else "circle-open" for _, row, _ in found],
            "size": 7,
            "color": MUTED,
            "line": {"width": 1.5, "color": MUTED},
        },
        customdata=[
            [
                escape(names[row.category], quote=False),
                scale.words(f"explore.{when}"),
                scale.words(f"status.{row.status}.long"),
                "",
                row.category,
            ]
            for _, row, when in found
        ],
        hovertemplate="%{customdata[0]}<br>%{customdata[1]}<br>%{customdata[2]}<extra></extra>",
    )
