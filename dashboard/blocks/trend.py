"""The path of an indicator as a whole over time, with its table and the values others published."""

from __future__ import annotations

import streamlit as st

from dashboard.blocks import beside
from dashboard.blocks.beside import Sheet
from dashboard.blocks.item import Item, marked, ranged
from dashboard.blocks.question import Question
from dashboard.charts.trend import trend
from dashboard.lists import explored
from dashboard.pieces import cards, markup
from indicators.catalogue import periods
from indicators.catalogue.plan import Reference


def show(question: Question) -> None:
    """Figure, key, table and cited values."""
    beside.show(question, _sheet)
    if reference := _reference(question.item):
        _cited(question.item, reference)


def _reference(item: Item) -> Reference | None:
    return item.view.plan.references.get(item.indicator.reference or "")


def _sheet(question: Question) -> Sheet | None:
    item, words, target = question.item, question.item.words, question.target
    rows = [row for row in item.path() if periods.level(row.period) == question.level]
    if not rows:
        return None
    reference = _reference(item)
    cited = reference.observations if reference else []
    known = [row for row in rows if row.value is not None]
    conflict = ["conflict"] if any(entry.status == "conflict" for entry in cited) else []
    drawn = [*(["path"] if known else []), *(["interval"] if ranged(rows) else [])]
    marks = [*drawn, *marked(target), *(["cited"] if cited else []), *conflict]
    return Sheet(
        figure=trend(rows, item.scale, target=target, cited=cited, base=item.indicator.base_period),
        frame=explored.of_rows(rows, question.names([rows[0].category]), item.scale.unit, words, dated=True),
        key="trend",
        told="",
        alt=words("chart.trend.alt", name=item.name, values="; ".join(f"{row.period} {item.told(row)}" for row in rows)),
        marks=[(mark, words(f"key.{mark}")) for mark in marks],
        notes=_partial(question, [row.period for row in rows]),
        unit=item.scale.spelled,
    )


def _partial(question: Question, found: list[str]) -> list[str]:
    """That the newest year is not over."""
    words, through = question.item.words, question.item.through
    if through is None or not any(periods.partial(period, through) for period in found):
        return []
    told = {"period": periods.label(through[:4], words.language), "month": periods.month(through, words.language)}
    return [words("indicator.partial", **told)]


def _cited(item: Item, reference: Reference) -> None:
    with st.expander(f"{item.words('cited.title')} · {markup.markdown(reference.name.in_language(item.words.language))}"):
        st.html(cards.cited(reference.observations, item.scale.unit, item.words))
