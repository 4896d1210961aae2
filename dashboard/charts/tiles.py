"""The map of equal tiles: one per unit of the provincial level, values in a few steps of one hue; what is missing told apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal

import plotly.graph_objects as go

from dashboard.charts.axes import finished
from dashboard.charts.provinces import COLUMNS, PLACES, ROWS
from dashboard.charts.scale import Scale
from dashboard.pieces.colours import MUTED
from dashboard.pieces.markup import escape
from dashboard.rows.reading import Result
from indicators.catalogue import format

HEIGHT = 470
#: from least to most; words on the first three are dark, on the others light (contrast at least 5)
STEPS = ("#D9E8F5", "#AFCFEA", "#7FB1DC", "#3371AE", "#1B456C")
_INK, _PAPER, _DARK = "#17212B", "#FFFFFF", 3
_CLEAR = "rgba(0,0,0,0)"
_SIDE = 0.92  # of a tile, of the room that it has
_SWATCH = 0.62  # width of a step of the legend, in tiles


def tiles(
    rows: Sequence[Result], names: Mapping[str, str], scale: Scale, *, missing_as: str = "explore.map.missing"
) -> go.Figure:
    """Every unit once: with a value, withheld (cross hatch), without a result (ring), or not among the rows (empty, dashed).

    `rows` are of categories that PLACES has, one each; a value that is unreliable bears a mark and a dotted frame.
    `missing_as` is the key of the words for units that are not among the rows. The legend of the steps stands in the
    empty corner. Raises KeyError for a category without a place.
    """
    scale = scale.in_figures
    figure = go.Figure()
    known = [row for row in rows if row.value is not None]
    edges = breaks([row.value or 0.0 for row in known], scale.unit.factor)
    filled = [step(row.value or 0.0, edges, scale.unit.factor) for row in known]
    told = {row.category: _told(row, names[row.category], scale) for row in rows}
    _bars(figure, "value", [row.category for row in known], told, {"color": [STEPS[at] for at in filled], "line": _edge(1)})
    hatch = {"shape": "x", "size": 9, "solidity": 0.12, "fillmode": "replace"}
    for status, look in (("suppressed", {"color": MUTED, "pattern": hatch}), ("absent", {"color": _CLEAR})):
        codes = [row.category for row in rows if row.value is None and (row.status == "suppressed") == (status == "suppressed")]
        _bars(figure, status, codes, told, {"line": _edge(1), **look})
    missing = [code for code in PLACES if code not in told]
    full = {code: [_name(code, scale), scale.words(missing_as), "", "", code] for code in missing}
    _bars(figure, "missing", missing, full, {"color": _CLEAR})
    frames = [_frame(code, "dash", 1.2, MUTED) for code in missing]
    doubtful = [(row, at) for row, at in zip(known, filled, strict=True) if row.status == "unreliable"]
    frames += [_frame(row.category, "dot", 2, _PAPER if at >= _DARK else MUTED) for row, at in doubtful]
    figure.update_layout(shapes=frames)
    dark = [_text(row, scale) for row, at in zip(known, filled, strict=True) if at < _DARK]
    light = [_text(row, scale) for row, at in zip(known, filled, strict=True) if at >= _DARK]
    plain = [_text(row, scale) for row in rows if row.value is None] + [(code, f"{_short(code, scale)}<br>–") for code in missing]
    _words(figure, "dark", dark, _INK)
    _words(figure, "light", light, _PAPER)
    notes = [_note(PLACES[code].column, PLACES[code].row, text) for code, text in plain]
    figure.update_layout(annotations=[*notes, *_legend(figure, edges, scale)])
    finished(figure, scale, height=HEIGHT)
    figure.update_layout(margin={"l": 0, "r": 0, "t": 0, "b": 4}, bargap=0, barmode="overlay")
    figure.update_xaxes(visible=False, range=[-0.5, COLUMNS - 0.5])
    return figure.update_yaxes(visible=False, range=[ROWS - 0.5, -0.5])


def breaks(values: Sequence[float], factor: float) -> list[float]:
    """Round ends of at most five steps of equal width that hold all values, in the scale of the unit; none without values."""
    if not values:
        return []
    low, high = (Decimal(repr(end)) * Decimal(repr(float(factor))) for end in (min(values), max(values)))
    exponent = math.floor(math.log10(float(high - low or abs(high) or 1))) - 1
    for power in range(exponent, exponent + 3):
        for first in ("1", "2", "2.5", "5"):
            width = Decimal(first) * Decimal(10) ** power
            start, stop = math.floor(low / width), math.ceil(high / width)
            count = max(stop - start, 1)
            if count <= len(STEPS):
                return [float((start + at) * width) for at in range(count + 1)]
    raise AssertionError("a step ten times as wide as the span holds it")


def step(value: float, edges: Sequence[float], factor: float) -> int:
    """Which of STEPS a value has; the ends belong to the step above them, the last one to the last step."""
    count = len(edges) - 1
    shown = float(Decimal(repr(value)) * Decimal(repr(float(factor))))
    at = min(sum(shown >= edge for edge in edges[1:]), count - 1)
    return hue(at, count)


def hue(at: int, count: int) -> int:
    """Of fewer steps than there are colours the outer ones are used first."""
    return round(at * (len(STEPS) - 1) / (count - 1)) if count > 1 else 2


def _edge(width: float) -> dict[str, object]:
    return {"width": width, "color": MUTED}


def _bars(
    figure: go.Figure, name: str, codes: Sequence[str], told: Mapping[str, list[str]], marker: Mapping[str, object]
) -> None:
    places = [PLACES[code] for code in codes]
    figure.add_bar(
        name=name,
        x=[place.column for place in places],
        y=[_SIDE] * len(places),
        base=[place.row - _SIDE / 2 for place in places],
        width=_SIDE,
        marker=dict(marker),
        customdata=[told[code] for code in codes],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<br>%{customdata[2]}<br>%{customdata[3]}<extra></extra>",
    )


def _told(row: Result, name: str, scale: Scale) -> list[str]:
    """Under the pointer: name, number, interval and units, or why there is none; last the code."""
    if row.value is None:
        return [escape(name, quote=False), scale.words(f"status.{row.status}.long"), "", "", row.category]
    behind = scale.words("chart.behind", n=row.n if row.n is not None else "–")
    doubt = f" · {scale.words('status.unreliable')} ◇" if row.status == "unreliable" else ""
    return [escape(name, quote=False), scale.number(row.value), scale.interval(row), behind + doubt, row.category]


def _name(code: str, scale: Scale) -> str:
    return PLACES[code].name.in_language(scale.words.language)


def _short(code: str, scale: Scale) -> str:
    return PLACES[code].short.in_language(scale.words.language)


def _text(row: Result, scale: Scale) -> tuple[str, str]:
    short = _short(row.category, scale)
    if row.value is None:
        return row.category, f"{short}<br>{'×' if row.status == 'suppressed' else '○'}"
    number = format.plain(row.value, scale.unit, signed=scale.signed)
    return row.category, f"{short}{'◇' if row.status == 'unreliable' else ''}<br><b>{number}</b>"


def _words(figure: go.Figure, name: str, texts: Sequence[tuple[str, str]], colour: str) -> None:
    figure.add_scatter(
        name=name,
        x=[PLACES[code].column for code, _ in texts],
        y=[PLACES[code].row for code, _ in texts],
        mode="text",
        text=[text for _, text in texts],
        textfont={"size": 12, "color": colour},
        hoverinfo="skip",
    )


def _frame(code: str, dash: str, width: float, colour: str) -> dict[str, object]:
    place, half = PLACES[code], _SIDE / 2 - (0.05 if dash == "dot" else 0)
    return {
        "type": "rect",
        "x0": place.column - half,
        "x1": place.column + half,
        "y0": place.row - half,
        "y1": place.row + half,
        "line": {"color": colour, "width": width, "dash": dash},
        "layer": "above",
    }


def _legend(figure: go.Figure, edges: Sequence[float], scale: Scale) -> list[dict[str, object]]:
    """Draws the steps side by side; gives the number at each of their ends, and the unit above them."""
    count = len(edges) - 1
    if count < 1:
        return []
    left, top = -_SIDE / 2 + 0.12, 0.05
    figure.add_bar(
        name="legend",
        x=[left + _SWATCH * (at + 0.5) for at in range(count)],
        y=[0.26] * count,
        base=[top] * count,
        width=_SWATCH,
        marker={"color": [STEPS[hue(at, count)] for at in range(count)], "line": _edge(1)},
        hoverinfo="skip",
    )
    notes = [_note(left + _SWATCH * at, top + 0.46, f"{edge:,.6g}".replace("-", "−")) for at, edge in enumerate(edges)]
    unit = scale.words("key.unit", unit=scale.unit.symbol.in_language(scale.words.language))
    return [*notes, _note(left, top - 0.24, unit, "left")]


def _note(x: float, y: float, text: str, across: str = "center") -> dict[str, object]:
    return {"x": x, "y": y, "text": text, "showarrow": False, "xanchor": across, "borderpad": 0, "font": {"size": 12}}
