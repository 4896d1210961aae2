"""How good the published numbers are: classes of quality, what to review, what was imputed and edited, how weights were made."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboard import query
from dashboard.blocks.view import View
from dashboard.pieces import grid, markup
from dashboard.pieces.grid import Head
from dashboard.pieces.markup import escape
from dashboard.rows import counted as rows
from dashboard.rows import weighted
from dashboard.rows.counted import Counted
from dashboard.wording import counted as wording


def show(view: View) -> None:
    """Sentences with numbers, then quality by breakdown, editing, weighting."""
    plan, words = view.plan, view.words
    numbers = view.read(query.numbers)
    found = rows.qualities(plan, numbers)
    flagged, reasons = rows.reviews(numbers)
    every = found[0]
    if not every.whole:
        st.html(markup.box("pw-empty", markup.bold(words("data.quality.none")), "<br>", escape(words("data.none.what"))))
        return
    unreliable = rows.statuses(plan, numbers)[0].counts["unreliable"]
    st.html(markup.text("pw-told", wording.quality(every, unreliable, flagged, words)) + _classes(view, every))
    st.html(_by_breakdown(view, found) + _reviews(view, reasons, every.whole))
    st.html(markup.text("pw-head-of", words("data.edits.title"), tag="h2") + _edits(view, numbers))
    st.html(markup.text("pw-head-of", words("data.weighting.title"), tag="h2") + _weighting(view))


def _classes(view: View, every: Counted) -> str:
    words, whole, most = view.words, every.whole, max(every.counts.values())
    own = {rows.UNRATED: "data.unrated", "presentable": "data.quality.presentable"}
    listed = [
        (f"q-{kind}", words(own.get(kind) or f"quality.{kind}"), n / most, _of(view, n, whole))
        for kind, n in every.counts.items()
        if n
    ]
    return grid.tally(listed)


def _of(view: View, n: int, whole: int) -> str:
    return view.words("data.of", n=f"{n:,}", share=wording.share(n, whole))


def _by_breakdown(view: View, found: list[Counted]) -> str:
    words = view.words
    kinds = [kind for kind, n in found[0].counts.items() if n]
    names = {kind: words(f"data.short.{kind}") for kind in kinds}
    heads = [Head(told=words("table.breakdown")), *(Head(told=names[kind], mark=f"q-{kind}") for kind in kinds)]
    lines = [[escape(wording.name(one, view.plan, words)), *(grid.count(one.counts[kind]) for kind in kinds)] for one in found]
    return grid.folded(words("data.quality.by"), grid.table(heads, lines, label=words("data.quality.by")))


def _reviews(view: View, reasons: list[tuple[str, int]], whole: int) -> str:
    if not reasons:
        return ""
    words = view.words
    facts = [(words(f"review.{name}"), f"{_of(view, n, whole)} · {words(f'data.review.{name}')}") for name, n in reasons]
    return markup.facts(facts, kind="pw-facts pw-reasons")


def _edits(view: View, numbers: pl.DataFrame) -> str:
    """What was imputed in the published numbers, and what editing changed in the records, by rule."""
    words, found = view.words, view.read(query.whole, "edits")
    lead = markup.text("pw-told", wording.imputed(rows.imputed(numbers), words))
    if found.is_empty():
        return lead + markup.text("pw-note", _none(view, "data.edits.none"))
    texts = ("table", "column", "period", "rule", "method")
    heads = [Head(told=words(f"details.column.{name}"), text=True) for name in texts]
    heads += [Head(told=words(f"details.column.{name}")) for name in ("values", "units")]
    lines = [
        [*(escape(cell) for cell in wording.edit(row, view.plan, words)), grid.count(row["values"]), grid.count(row["units"])]
        for row in found.iter_rows(named=True)
    ]
    listed = grid.table(heads, lines, label=words("details.edits")) + markup.text("pw-note", words("data.edits.note"))
    told = markup.text("pw-told", wording.edits(found, view.plan, words))
    return lead + told + grid.folded(words("data.edits.by"), listed)


def _weighting(view: View) -> str:
    words, plan = view.words, view.plan
    found = weighted.steps(plan, view.read(query.whole, "weighting"))
    if not found:
        return markup.text("pw-note", _none(view, "data.weighting.none"))
    names = ("table", "period", "method", "units", "totals", "dropped", "factors", "indicators")
    texts = ("table", "period", "method", "dropped", "indicators")
    heads = [Head(told=words(f"data.weighting.column.{name}"), text=name in texts) for name in names]
    lines = [[escape(cell) for cell in wording.step(one, plan, words)] for one in found]
    listed = grid.table(heads, lines, label=words("details.weighting"))
    return markup.text("pw-told", wording.weighting(found, plan, words)) + grid.folded(words("data.weighting.by"), listed)


def _none(view: View, key: str) -> str:
    """Nothing there; or nothing of it for those who see a part of the rows."""
    return view.words(key if view.access.scope.rows == "all" else "data.whole_only")
