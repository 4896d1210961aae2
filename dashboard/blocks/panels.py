"""The categories of a breakdown over time: a small panel for each, in their order, and a table with the same numbers."""

from __future__ import annotations

from dashboard.blocks import beside
from dashboard.blocks.beside import Sheet
from dashboard.blocks.item import marked, ranged
from dashboard.blocks.question import Question
from dashboard.charts.multiples import multiples
from dashboard.lists import explored
from dashboard.wording import explored as wording
from indicators.catalogue import periods


def show(question: Question) -> None:
    """The figure with its table; above it how many of the changes are beyond their error."""
    beside.show(question, _sheet)


def _sheet(question: Question) -> Sheet | None:
    item, words, history = question.item, question.item.words, question.history
    if not history:
        return None
    names = question.names(list(history))
    rows = [row for path in history.values() for row in path]
    own = question.changes is not None and question.changes.indicator.id != item.indicator.id and question.level == "year"
    shifts = {name: question.shifts[name] for name in history if name in question.shifts} if own else None
    figure = multiples(
        history,
        names,
        item.scale,
        total=[row for row in item.path() if periods.level(row.period) == question.level],
        target=question.target,
        shifts=shifts,
        changing=question.changing,
    )
    latest = {name: path[-1] for name, path in history.items()}
    told = (
        wording.changed(list(shifts.values()), question.shift_period, question.base, words)
        if shifts
        else wording.ranked(list(latest.values()), names, item.scale.unit, words, signed=item.scale.signed)
    )
    values = [f"{names[name]} {item.told(row)}" for name, row in latest.items()]
    frame = explored.of_rows(rows, names, item.scale.unit, words, dated=True)
    found = [row.status for row in rows]
    marks = [
        ("panel", words("key.panel" if ranged(rows) else "key.panel-exact")),
        ("panel-total", words("key.panel-total")),
        *((mark, words(f"key.{mark}")) for mark in marked(question.target)),
        *((f"point-{status}", words(f"key.{status}")) for status in beside.NOTES if status in found),
    ]
    return Sheet(
        figure=beside.asked(figure),
        frame=frame,
        key="multiples",
        told=told,
        alt=beside.spoken(question, told, values),
        marks=marks,
        notes=[*beside.notes(question, rows, dated=True), *([beside.source(question)] if shifts else [])],
        unit=item.scale.spelled,
        codes=[row.category for row in rows],
        numbers=latest,
        names=names,
    )
