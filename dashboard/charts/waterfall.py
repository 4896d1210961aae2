"""The figure of where a change came from: from the base, step by step, to the number of now and on to the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from dashboard.charts.axes import finished
from dashboard.charts.bars import ROW, Label, row_label
from dashboard.charts.rows import fitted
from dashboard.charts.scale import Scale
from dashboard.pieces.colours import GRID, MUTED, OURS, TARGET
from dashboard.pieces.markup import escape
from dashboard.rows.judged import Part
from indicators.catalogue import format

MOST = 8  # categories with a step of their own; the others share one
_ROOM = {"zh": 16, "en": 30}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One row: a level that is reached, or a step from `start` to `end`; in the unit of the indicator."""

    name: str
    kind: str  # level, within, composition, gap
    start: float
    end: float


def steps(parts: Sequence[Part], names: Mapping[str, str], base: tuple[str, float], now: tuple[str, float]) -> list[Step]:
    """The base, what each category changed itself (the largest first), what shares that moved did, and the number of now.

    `base` and `now` are what the two levels are called, with their values; `names[""]` names the categories without a step
    of their own, and `names["composition"]` the shares that moved. The steps add up to the change by the definition of the
    split. Empty where the change was not split.
    """
    known = [part for part in parts if part.part != "total" and (part.within is not None or part.composition is not None)]
    if not known:
        return []
    own = sorted((part for part in known if part.part == "category"), key=lambda part: -abs(part.within or 0.0))
    moved = [(names[part.category], part.within or 0.0) for part in own[:MOST]]
    others = [part.within or 0.0 for part in known if part not in own[:MOST]]
    moved += [(names[""], sum(others))] if any(others) else []
    found, at = [Step(name=base[0], kind="level", start=base[1], end=base[1])], base[1]
    for name, amount in moved:
        found.append(Step(name=name, kind="within", start=at, end=at + amount))
        at += amount
    shifted = sum(part.composition or 0.0 for part in known)
    found.append(Step(name=names["composition"], kind="composition", start=at, end=at + shifted))
    return [*found, Step(name=now[0], kind="level", start=now[1], end=now[1])]


def waterfall(found: Sequence[Step], scale: Scale, *, target: tuple[str, float] | None = None) -> go.Figure:
    """Levels as marks, steps as bars from one to the next, joined by thin lines; the target and what is to go to it last.

    `target` is what the target is called, with its value. The axis need not begin at zero: lengths are those of the steps.
    """
    scale = scale.in_figures
    rows = list(found)
    if target is not None:
        rows.append(Step(name=target[0], kind="gap", start=rows[-1].end, end=target[1]))
    figure, places = go.Figure(), [float(at) for at in range(len(rows))]
    for kind, colour, pattern in (("within", OURS, ""), ("composition", MUTED, "/"), ("gap", TARGET, "\\")):
        chosen = [(place, row) for place, row in zip(places, rows, strict=True) if row.kind == kind]
        if chosen:
            _bars(figure, chosen, scale, kind, colour, pattern)
    _joints(figure, rows, places, scale)
    levels = [(place, row) for place, row in zip(places, rows, strict=True) if row.kind == "level"]
    figure.add_scatter(
        x=[scale.shown(row.end) for _, row in levels], y=[place + 0.2 for place, _ in levels], mode="markers", name="level",
        marker={"symbol": "diamond", "size": 13, "color": OURS}, hoverinfo="skip",
    )  # fmt: skip
    figure.update_layout(annotations=_labels(rows, places, scale))
    finished(figure, scale, height=int(ROW * (len(rows) + 0.3)) + 12)
    figure.update_layout(barmode="overlay", margin={"b": 4})
    low, high = _reach(rows, scale)
    figure.update_xaxes(range=[low, high], zeroline=False, showgrid=False, showticklabels=False)
    return figure.update_yaxes(range=[len(rows) - 0.4, -0.5], visible=False)


def _bars(figure: go.Figure, rows: Sequence[tuple[float, Step]], scale: Scale, kind: str, colour: str, pattern: str) -> None:
    factor = scale.unit.factor
    figure.add_bar(
        base=[row.start * factor for _, row in rows],
        x=[(row.end - row.start) * factor for _, row in rows],
        y=[place + 0.2 for place, _ in rows],
        orientation="h",
        width=0.32,
        name=kind,
        marker={
            "color": colour,
            "line": {"width": 1, "color": colour},
            "pattern": {"shape": pattern, "size": 6, "solidity": 0.35, "fillmode": "replace"},
        },
        customdata=[[escape(row.name, quote=False), _amount(row, scale)] for _, row in rows],
        hovertemplate="%{customdata[0]} <b>%{customdata[1]}</b><extra></extra>",
    )


def _joints(figure: go.Figure, rows: Sequence[Step], places: Sequence[float], scale: Scale) -> None:
    """Thin lines from where one row ends to where the next begins."""
    x: list[float | None] = []
    y: list[float | None] = []
    for place, row in zip(places[:-1], rows[:-1], strict=True):
        x += [row.end * scale.unit.factor, row.end * scale.unit.factor, None]
        y += [place + 0.2, place + 1.2, None]
    figure.add_scatter(x=x, y=y, mode="lines", line={"color": GRID, "width": 1.5}, hoverinfo="skip", name="joint")


def _labels(rows: Sequence[Step], places: Sequence[float], scale: Scale) -> list[Label]:
    labels = []
    for place, row in zip(places, rows, strict=True):
        name = escape(fitted(row.name, _ROOM[scale.words.language]), quote=False)
        level = row.kind == "level"
        labels.append(row_label(place, f"<b>{name}</b>" if level else name, left=True))
        labels.append(row_label(place, f"<b>{scale.number(row.end)}</b>" if level else _amount(row, scale), left=False))
    return labels


def _amount(row: Step, scale: Scale) -> str:
    return format.difference(row.end - row.start, scale.unit, scale.words.language, signed=True)


def _reach(rows: Sequence[Step], scale: Scale) -> tuple[float, float]:
    ends = [end * scale.unit.factor for row in rows for end in (row.start, row.end)]
    room = 0.04 * (max(ends) - min(ends)) or 1.0
    return min(ends) - room, max(ends) + room
