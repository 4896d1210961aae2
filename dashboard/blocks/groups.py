"""The categories of one breakdown in one period, as bars in their order and as a table."""

from __future__ import annotations

from collections.abc import Mapping

from dashboard.blocks import beside
from dashboard.blocks.beside import Sheet
from dashboard.blocks.item import marked, ranged
from dashboard.blocks.question import Question
from dashboard.charts.axes import Figure
from dashboard.charts.bars import bars
from dashboard.wording import definition


def show(question: Question) -> None:
    """The figure with its table; changes stand in the table where they are published."""
    beside.show(question, _sheet)


def _sheet(question: Question) -> Sheet | None:
    item, words, rows = question.item, question.item.words, question.rows
    if not rows:
        return None
    total = next((row.value for row in item.path() if row.period == question.period), None)

    def draw(names: Mapping[str, str]) -> Figure:
        groups = definition.grouped(item.view.plan, question.breakdown, names, words) if question.sort == "plan" else {}
        return bars(rows, names, item.scale, groups=groups, total=total, target=question.target)

    found = [row.status for row in rows]
    marks = [
        *(["bar"] if any(row.value is not None for row in rows) else []),
        *(["error"] if ranged(rows) else []),
        *(["total"] if total is not None else []),
        *marked(question.target),
        *(status for status in beside.NOTES if status in found),
    ]
    return beside.of_period(question, draw, "bars", [(mark, words(f"key.{mark}")) for mark in marks])
