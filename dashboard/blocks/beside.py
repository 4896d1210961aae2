"""A figure with its table beside it, or below it where the window is narrow; its key, its notes, its files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl
import streamlit as st

from dashboard.blocks import carry, explained
from dashboard.blocks.item import nothing
from dashboard.blocks.question import Question, decimals
from dashboard.blocks.view import View
from dashboard.charts.axes import CONFIG, Figure
from dashboard.lists import explored
from dashboard.pieces import markup
from dashboard.rows.reading import Result
from dashboard.wording import definition
from dashboard.wording import explored as wording
from dashboard.words import Words
from indicators.catalogue import periods

Marks = Sequence[tuple[str, str]]
NOTES = {"suppressed": "indicator.withheld", "unreliable": "indicator.unreliable", "absent": "indicator.absent"}
#: what a key under a figure calls a mark → the trace that is drawn so
_TRACES = {
    "bar": "value", "panel": "interval", "panel-total": "total", "target": "target", "path": "path", "interval": "interval",
    "cited": "cited", "conflict": "conflict", "before": "before", "after": "after", "beyond": "beyond", "within": "within",
    "first": "value 0", "second": "value 1", "tile-suppressed": "suppressed", "tile-absent": "absent", "tile-missing": "missing",
}  # fmt: skip
_SYMBOLS = {"x-thin": "suppressed", "circle-open": "absent", "diamond-open": "unreliable"}
_ROW, _MOST = 35, 20  # height of a row of a table, in pixels; the most rows that it shows at once


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """All that one view shows of a question; made once, shared, and never changed."""

    key: str
    figure: Figure
    frame: pl.DataFrame
    told: str  # the finding in a sentence
    alt: str
    marks: Marks
    notes: Sequence[str] = ()
    unit: str = ""
    codes: Sequence[str] = ()  # the category of each row of the table
    numbers: Mapping[str, Result] = field(default_factory=dict)  # by category, that can be asked what they are
    names: Mapping[str, str] = field(default_factory=dict)


def show(question: Question, make: Callable[[Question], Sheet | None], *more: str) -> None:
    """The sentence, the figure with its key and notes, the table with the same rows, and what one number is.

    `more` is what the sheet depends on beside the question.
    """
    view, words = question.item.view, question.item.words
    key = (question.view, question.item.indicator.id, question.breakdown, question.period, question.level, question.sort, *more)
    sheet = view.made(("explore", *key), lambda _: make(question))
    if sheet is None:
        nothing(words)
        return
    if sheet.told:
        st.html(markup.text("pw-told", sheet.told))
    with st.container(key="explore_pair"):
        left, right = st.columns([11, 9], gap="medium")
        with left:
            _figure(sheet)
            st.html(markup.key(sheet.marks, sheet.unit) + "".join(markup.text("pw-note", one) for one in sheet.notes))
        with right:
            _table(question, sheet)
            _carry(question, sheet)
    if sheet.numbers:
        _number(question, sheet)


def _carry(question: Question, sheet: Sheet) -> None:
    view, indicator, words = question.item.view, question.item.indicator, question.item.words
    carry.chart(
        view,
        sheet.key,
        name=f"{indicator.id}_{question.breakdown.replace(',', '-')}_{question.view}",
        title=f"{question.item.name} · {question.by}",
        figure=sheet.figure,
        frame=sheet.frame,
        facts=definition.metadata(view.edition, indicator, question.breakdown, words),
        what=f"{indicator.id}:{question.breakdown}",
        places=decimals(question),
        marks=_traces(sheet.figure, dict(sheet.marks), words),
    )


def _traces(figure: Figure, marks: Mapping[str, str], words: Words) -> dict[str, str]:
    """The same key for a picture of the figure: the names of its traces, or of a point of one, with their words."""
    found = {name: marks[mark] for mark, name in _TRACES.items() if mark in marks}
    for trace in figure.data:
        symbols = trace.marker.symbol if trace.type == "scatter" else None
        for at, symbol in enumerate(symbols if isinstance(symbols, tuple | list) else ()):
            status = _SYMBOLS.get(symbol) if trace.name.startswith(("value", "withheld")) else None
            if status is not None and words(f"key.{status}") not in found.values():
                found[f"{trace.name}/{at}"] = words(f"key.{status}")
    return found


def asked(figure: Figure) -> Figure:
    """The figure so that none of its marks grows pale when one of them is clicked."""
    return figure.update_traces(unselected={"marker": {"opacity": 1}}, selector=lambda trace: trace.customdata is not None)


def _figure(sheet: Sheet) -> None:
    if not sheet.numbers:
        st.plotly_chart(sheet.figure, key=sheet.key, config=CONFIG, alt=sheet.alt)
        return

    def clicked() -> None:
        points = st.session_state[sheet.key]["selection"]["points"]
        if points and points[0].get("customdata"):
            View.changed("number", _last(points[0]["customdata"]))

    st.plotly_chart(sheet.figure, key=sheet.key, config=CONFIG, alt=sheet.alt, on_select=clicked, selection_mode="points")


def _last(custom: Any) -> str:
    """Streamlit hands a list of the point over as one, or as a mapping from place to item."""
    return str(custom[max(custom, key=int)] if isinstance(custom, Mapping) else custom[-1])


def _table(question: Question, sheet: Sheet) -> None:
    """With so many decimals as the unit has; a click on a cell asks for the number of its row."""
    frame, key = sheet.frame, f"{sheet.key}_table"
    number = st.column_config.NumberColumn(format=f"%.{decimals(question)}f", width=71)
    looks: dict[str, object] = {name: number for name, kind in frame.schema.items() if kind == pl.Float64}
    looks[frame.columns[0]] = st.column_config.Column(width=130)
    table: dict[str, Any] = {
        "hide_index": True,
        "key": key,
        "placeholder": "–",
        "column_config": looks,
        "alt": sheet.alt,
        "height": _ROW * (min(frame.height, _MOST) + 1) + 3,
    }
    if not sheet.numbers:
        st.dataframe(frame, **table)
        return

    def clicked() -> None:
        cells = st.session_state[key]["selection"]["cells"]
        if cells:
            View.changed("number", sheet.codes[cells[0][0]])

    st.dataframe(frame, **table, on_select=clicked, selection_mode="single-cell")


def _number(question: Question, sheet: Sheet) -> None:
    """What one of the numbers is, how it was computed, how sure it is; which one, the address says."""
    words = question.item.words
    named = {"": words("explore.number.none"), **{code: sheet.names[code] for code in sheet.numbers}}
    with st.container(key="explore_number"):
        chosen = question.item.view.choose("number", words("explore.number"), list(named), "", named.__getitem__)
        if chosen:
            explained.show(question.item, sheet.numbers[chosen])


def of_period(question: Question, draw: Callable[[Mapping[str, str]], Figure], key: str, marks: Marks, *more: str) -> Sheet:
    """The sheet of all categories in one period: `draw` gives their figure from their names, `more` are further notes."""
    item, words, rows = question.item, question.item.words, question.rows
    names = question.names([row.category for row in rows])
    told = wording.ranked(rows, names, item.scale.unit, words, signed=item.scale.signed)
    return Sheet(
        figure=asked(draw(names)),
        frame=changed(question, explored.of_rows(rows, names, item.scale.unit, words), list(names)),
        key=key,
        told=told,
        alt=spoken(question, told, [f"{names[row.category]} {item.told(row)}" for row in rows]),
        marks=marks,
        notes=[*notes(question, rows), *more],
        unit=item.scale.spelled,
        codes=list(names),
        numbers={row.category: row for row in rows},
        names=names,
    )


def notes(question: Question, found: Sequence[Result], *, dated: bool = False) -> list[str]:
    """Why numbers are withheld, unreliable or not there, with how many they are; of one period groups, else numbers."""
    statuses = [row.status for row in found]
    keys = {status: f"explore.notes.{status}" if dated else key for status, key in NOTES.items()}
    return [question.item.words(key, n=statuses.count(status)) for status, key in keys.items() if status in statuses]


def spoken(question: Question, told: str, values: Sequence[str]) -> str:
    """The text alternative: what is shown, the finding, then the numbers."""
    words = question.item.words
    listed = words("mark.list").join(values)
    return words("explore.alt", name=question.item.name, breakdown=question.by, told=told, values=listed)


def changed(question: Question, frame: pl.DataFrame, categories: Sequence[str]) -> pl.DataFrame:
    """The table with the published change of each of its rows; as it is where none is published, or its numbers are changes."""
    words, changes = question.item.words, question.changes
    if changes is None or changes.indicator.id == question.item.indicator.id:
        return frame
    symbol = changes.scale.unit.symbol.in_language(words.language)
    of = {"base": period_of(question.base, question), "period": period_of(question.shift_period, question), "unit": symbol}
    own = question.shift_period == question.period
    head = words("explore.column.on", base=of["base"], unit=symbol) if own else words("explore.column.change", **of)
    heads = head, words("explore.column.known")
    return explored.with_shifts(frame, categories, question.shifts, heads, changes.scale.unit, words)


def period_of(period: str, question: Question) -> str:
    return periods.label(period, question.item.words.language)


def source(question: Question) -> str:
    """Where changes are taken from, and in which unit they are."""
    assert question.changes is not None
    told = question.item.words("explore.change.note", name=question.changes.name)
    symbol = question.changes.scale.unit.symbol.in_language(question.item.words.language)
    return told if question.changes.scale.is_brief else f"{told} {question.item.words('explore.change.unit', unit=symbol)}"
