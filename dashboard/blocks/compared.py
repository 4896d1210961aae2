"""Two categories of a breakdown over all periods, or the same numbers in two editions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import query
from dashboard.blocks import beside
from dashboard.blocks import question as asking
from dashboard.blocks.beside import Sheet
from dashboard.blocks.item import Item
from dashboard.blocks.question import Question
from dashboard.charts.dumbbell import dumbbell
from dashboard.charts.duo import duo
from dashboard.charts.scale import Scale
from dashboard.lists import explored
from dashboard.pieces import markup
from dashboard.rows.pairs import differences, revised
from dashboard.rows.reading import Result
from dashboard.visitors.scoped import Shown
from dashboard.wording import explored as wording
from indicators.catalogue import periods
from indicators.editions.edition import BrokenEdition, NoEdition
from indicators.editions.results import TOTAL


def show(question: Question) -> None:
    """What is compared, then the comparison."""
    view, words = question.item.view, question.item.words
    kinds = [*(["categories"] if question.breakdown != TOTAL else []), *(["editions"] if question.former else [])]
    named = {name: words(f"explore.compare.{name}") for name in kinds}
    with st.container(key="explore_compared"):
        columns = st.columns([2, 2, 2])
        with columns[0]:
            kind = view.choose("compare", words("explore.compare"), kinds, kinds[0], named.__getitem__, few=True)
        if kind == "categories":
            _categories(question, columns[1:])
        else:
            _editions(question, columns[1:])


def _categories(question: Question, columns: Sequence[DeltaGenerator]) -> None:
    """Two categories with the difference that was published between them."""
    words, view = question.item.words, question.item.view
    history = question.history
    names = question.names(list(history))
    if len(names) < 2:
        st.html(markup.text("pw-note", words("explore.compare.alone")))
        return
    with columns[0]:
        first = view.choose("first", words("explore.compare.first"), list(names), next(iter(names)), names.__getitem__)
    others = [name for name in names if name != first]
    with columns[1]:
        second = view.choose("second", words("explore.compare.second"), others, others[0], names.__getitem__)
    beside.show(question, partial(_two, first=first, second=second), first, second)


def _two(question: Question, *, first: str, second: str) -> Sheet:
    item, words, history = question.item, question.item.words, question.history
    named = question.names(list(history))
    rows = item.view.read(query.between, item.indicator.id, question.breakdown, first, second)
    shifts = differences(rows.iter_rows(named=True), first)
    shifts = {period: shift for period, shift in shifts.items() if periods.level(period) == question.level}
    paths, called = [history[first], history[second]], [named[first], named[second]]
    told = wording.compared(shifts, called[0], called[1], item.scale.unit, words)
    values = [f"{name} {row.period} {item.told(row)}" for name, path in zip(called, paths, strict=True) for row in path]
    both = [row for path in paths for row in path]
    found = {row.status for row in both}
    return Sheet(
        key="duo",
        figure=duo(paths, called, item.scale),
        frame=explored.of_two(paths, called, shifts, item.scale.unit, words),
        told=told,
        alt=beside.spoken(question, told, values),
        marks=[
            ("first", called[0]),
            ("second", called[1]),
            *((f"point-{status}", words(f"key.{status}")) for status in beside.NOTES if status in found),
        ],
        notes=beside.notes(question, both, dated=True),
        unit=item.scale.spelled,
    )


def _editions(question: Question, columns: Sequence[DeltaGenerator]) -> None:
    """The same numbers in another edition of the store, read as the same visitor may see it."""
    words, view = question.item.words, question.item.view
    named = {name: words("explore.editions.edition", id=name) for name in question.former}
    with columns[0]:
        against = view.choose("against", words("explore.compare.against"), question.former, question.former[0], named.__getitem__)
    with columns[1]:
        period = asking.period(question)
    try:
        other = query.opened(view.started.store / "editions", against, view.access.scope)
    except (NoEdition, BrokenEdition):
        st.info(words("explore.editions.broken", id=against))
        return
    before = _cut(other, question, period)
    if not before:
        st.html(markup.text("pw-note", words("explore.editions.empty", id=against)))
    beside.show(replace(question, period=period), partial(_revised, before=before, against=against), other.sha256)


def _differing(item: Item) -> Scale:
    """How differences of its numbers are written: those of shares in percentage points."""
    unit = item.scale.unit
    told = {"symbol": unit.difference} if unit.difference else {}
    return Scale(unit=unit.model_copy(update=told), words=item.words, signed=True)


def _cut(edition: Shown, question: Question, period: str) -> list[Result]:
    key = (edition, edition.sha256, edition.scope)
    found = query.cut(*key, question.item.indicator.id, question.breakdown, period)
    return [Result(**row) for row in found.iter_rows(named=True)]


def _revised(question: Question, *, before: list[Result], against: str) -> Sheet | None:
    item, words, period = question.item, question.item.words, question.period
    after = item.cut(question.breakdown, period)
    if not (before or after):
        return None
    rows = item.view.read(query.since, item.indicator.id, question.breakdown, period, against)
    pairs = sorted(revised(before, after, rows.iter_rows(named=True)), key=lambda pair: question.listed(pair.category))
    names = question.names([pair.category for pair in pairs])
    told = wording.revised(pairs, period, against, words)
    unit, symbol = item.scale.unit, item.scale.unit.symbol.in_language(words.language)
    newer = words("explore.editions.newer", id=item.view.edition.id)
    heads = (
        words("explore.column.edition", id=against, unit=symbol),
        words("explore.column.edition", id=newer, unit=symbol),
        words("explore.column.revision", unit=(unit.difference or unit.symbol).in_language(words.language)),
        words("explore.column.revised"),
    )
    values = [f"{names[pair.category]} {wording.shift(pair.shift, unit, words)}" for pair in pairs]
    return Sheet(
        key="editions",
        figure=dumbbell(pairs, names, item.scale, _differing(item)),
        frame=explored.of_pairs(pairs, names, heads, unit, unit, words),
        told=told,
        alt=beside.spoken(question, told, values),
        marks=[
            ("before", words("explore.editions.edition", id=against)),
            ("after", words("explore.editions.edition", id=newer)),
            ("beyond", words("key.revision-beyond")),
            ("within", words("key.revision-within")),
        ],
        notes=beside.notes(question, after),
        unit=item.scale.spelled,
    )
