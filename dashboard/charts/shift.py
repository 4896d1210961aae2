"""The figure of a change since the base: what each category changed itself, and what its share of the whole changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from dashboard.charts.axes import finished, zero_line
from dashboard.charts.bars import ROW, row_label
from dashboard.charts.pareto import MOST
from dashboard.charts.rows import fitted
from dashboard.charts.scale import Scale
from dashboard.pieces.colours import MUTED, OURS
from dashboard.pieces.markup import escape
from dashboard.rows.judged import Part
from indicators.catalogue import format

#: part → colour and pattern
LOOKS = {"within": (OURS, ""), "composition": (MUTED, "/")}
_ROOM = {"zh": 16, "en": 30}


def shift(parts: Sequence[Part], names: Mapping[str, str], scale: Scale) -> go.Figure:
    """Two bars from the middle for each part that has them: full for what happened within, hatched for shares that moved."""
    scale = scale.in_figures
    figure = go.Figure()
    shown = told(parts)
    places = [float(at) for at in range(len(shown))]
    for name, (colour, pattern) in LOOKS.items():
        figure.add_bar(
            x=[scale.shown(getattr(part, name) or 0.0) for part in shown],
            y=[place + 0.2 for place in places],
            orientation="h",
            width=0.32,
            name=name,
            marker={
                "color": colour,
                "line": {"width": 1, "color": colour},
                "pattern": {"shape": pattern, "size": 6, "solidity": 0.35, "fillmode": "replace"},
            },
            customdata=[[escape(names[part.category], quote=False), _amount(getattr(part, name), scale)] for part in shown],
            hovertemplate=f"%{{customdata[0]}}<br>{scale.words(f'target.page.{name}')} <b>%{{customdata[1]}}</b><extra></extra>",
        )
    zero_line(figure, places)
    for place, part in zip(places, shown, strict=True):
        name = escape(fitted(names[part.category], _ROOM[scale.words.language]), quote=False)
        figure.add_annotation(**row_label(place, f"<b>{name}</b>" if part.part == "total" else name, left=True))
        both = " · ".join(f"{scale.words(f'target.page.{one}.short')} {_brief(getattr(part, one), scale)}" for one in LOOKS)
        figure.add_annotation(**row_label(place, both, left=False))
    finished(figure, scale, height=int(ROW * (len(shown) + 0.3)) + 12)
    figure.update_layout(barmode="relative", margin={"b": 4})
    figure.update_xaxes(zeroline=False, showgrid=False, showticklabels=False)
    return figure.update_yaxes(range=[len(shown) - 0.4, -0.5], visible=False)


def told(parts: Sequence[Part]) -> list[Part]:
    """Those of which the change is split, as many as the figure of the gap draws; the whole first."""
    known = [part for part in parts if part.within is not None or part.composition is not None]
    named = [part for part in known if part.part == "category"][:MOST]
    return [part for part in known if part.part == "total"] + named + [part for part in known if part.part == "rest"]


def _amount(value: float | None, scale: Scale) -> str:
    return "–" if value is None else format.difference(value, scale.unit, scale.words.language, signed=True)


def _brief(value: float | None, scale: Scale) -> str:
    return "–" if value is None else format.plain(value, scale.unit, signed=True)
