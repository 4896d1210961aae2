"""Response: who was asked and who answered, by table and by group over the years, and who is late by table."""

from __future__ import annotations

import streamlit as st

from dashboard import query
from dashboard.blocks.view import View
from dashboard.pieces import grid, markup
from dashboard.pieces.grid import Head
from dashboard.pieces.markup import escape
from dashboard.rows import answered as rows
from dashboard.rows import counted
from dashboard.rows.answered import Series
from dashboard.wording import answered as wording
from dashboard.wording import definition
from indicators.catalogue import format, periods
from indicators.editions.results import TOTAL


def show(view: View) -> None:
    """The tables, then the groups of one of them, then the late reports."""
    words = view.words
    found = rows.by_table(view.plan, view.read(query.answers))
    if not found:
        st.html(
            markup.box("pw-empty", markup.bold(words("data.response.none")), "<br>", escape(words("data.response.none.what")))
        )
    else:
        told = markup.text("pw-told", wording.lead(found, view.plan, words)) + markup.text("pw-note", words("data.response.note"))
        st.html(told + _tables(view, found))
        _groups(view, found)
    _late(view)


def _tables(view: View, found: list[Series]) -> str:
    words, plan = view.words, view.plan
    heads = [Head(told=words("data.response.of")), *_years(view, rows.years(found))]
    lines = []
    for one in found:
        name = escape(wording.table(one, plan, words)) + markup.text("pw-small", wording.indicators(one, plan, words))
        lines.append([name, *_rates(view, one, rows.years(found))])
    return grid.table(heads, lines, label=words("data.response.of"))


def _groups(view: View, found: list[Series]) -> None:
    """The rates of the categories of a breakdown, for all indicators of one series."""
    words, plan = view.words, view.plan
    st.header(words("data.response.by"), anchor=False)
    series = {one.indicators[0]: one for one in found}
    named = {name: wording.series(one, plan, words) for name, one in series.items()}
    known = [name for name, one in series.items() if one.newest is not None and one.newest.rate is not None]
    least = min(known or list(series), key=lambda name: _newest(series[name]))
    first, second = st.columns(2)
    with first:
        name = view.choose("indicator", words("data.response.which"), list(series), least, named.__getitem__)
    answers = view.read(query.detail, "response", name)
    by = [one for one in counted.order(plan, answers["breakdown"].to_list()) if one != TOTAL]
    if not by:
        st.html(markup.text("pw-note", words("data.response.ungrouped")))
        return
    called = {one: definition.breakdown_name(plan, one, words) for one in by}
    with second:
        breakdown = view.choose("breakdown", words("indicator.breakdown"), by, by[0], called.__getitem__)
    st.html(_categories(view, rows.by_category(plan, answers, breakdown), breakdown))


def _newest(one: Series) -> float:
    return (one.newest.rate if one.newest is not None else None) or 0.0


def _categories(view: View, found: list[Series], breakdown: str) -> str:
    words, plan = view.words, view.plan
    years = rows.years(found)
    if not years:
        return markup.text("pw-note", words("data.response.ungrouped"))
    least = {one.name for one in rows.lowest(found, years[-1])}
    heads = [Head(told=definition.breakdown_name(plan, breakdown, words)), *_years(view, years)]
    lines = [
        [
            escape(definition.category(plan, breakdown, one.name, words)),
            *_rates(view, one, years, low=years[-1] if one.name in least else None),
        ]
        for one in found
    ]
    told = markup.text("pw-told", wording.groups(found, years[-1], breakdown, plan, words))
    return told + grid.table(heads, lines, label=words("data.response.by"))


def _years(view: View, years: list[str]) -> list[Head]:
    return [Head(told=periods.label(year, view.words.language)) for year in years]


def _rates(view: View, one: Series, years: list[str], *, low: str | None = None) -> list[str]:
    """One cell a year."""
    cells = []
    for year in years:
        answer = one.years.get(year)
        rate = answer.rate if answer is not None else None
        cells.append(grid.level(rate, "–" if rate is None else format.share(rate), low=year == low))
    return cells


def _late(view: View) -> None:
    """The count of those who are late, by table, as the alerts tell it."""
    words = view.words
    told = [
        row[f"why_{words.language}"] for row in view.read(query.whole, "alerts").iter_rows(named=True) if row["kind"] == "late"
    ]
    st.header(words("data.late"), anchor=False)
    none = words("data.late.none" if view.access.scope.rows == "all" else "data.whole_only")
    st.html("".join(markup.text("pw-notice", one) for one in told if one) or markup.text("pw-note", none))
