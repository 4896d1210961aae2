"""The categories of one breakdown in one period, as bars in their order and as a table."""

from __future__ import annotations

from dashboard.blocks import beside
from dashboard.blocks.beside import Sheet
from dashboard.blocks.item import marked, ranged
from dashboard.blocks.question import Question
from dashboard.charts.bars import bars
from dashboard.lists import explored
from dashboard.wording import definition
from dashboard.wording import explored as wording


def show(question: Question) -> None:
    """The figure with its table; changes stand in the table where they are published."""
    beside.show(question, _sheet)


def _sheet(question: Question) -> Sheet | None:
    item, words, rows = question.item, question.item.words, question.rows
    if not rows:
        return None
    names = question.names([row.category for row in rows])
    groups = definition.grouped(item.view.plan, question.breakdown, names, words) if question.sort == "plan" else {}
    total = next((row.value for row in item.path() if row.period == question.period), None)
    figure = bars(rows, names, item.scale, groups=groups, total=total, target=question.target)
    told = wording.ranked(rows, names, item.scale.unit, words, signed=item.scale.signed)
    values = [f"{names[row.category]} {item.told(row)}" for row in rows]
    found = [row.status for row in rows]
    marks = [
        *(["bar"] if any(row.value is not None for row in rows) else []),
        *(["error"] if ranged(rows) else []),
        *(["total"] if total is not None else []),
        *marked(question.target),
        *(status for status in beside.NOTES if status in found),
    ]
    return Sheet(
        figure=beside.asked(figure),
        frame=beside.changed(question, explored.of_rows(rows, names, item.scale.unit, words), list(names)),
        key="bars",
        told=told,
        alt=beside.spoken(question, told, values),
        marks=[(mark, words(f"key.{mark}")) for mark in marks],
        notes=beside.notes(question, rows),
        unit=beside.unit(question),
        codes=[row.category for row in rows],
        numbers={row.category: row for row in rows},
        names=names,
    )
