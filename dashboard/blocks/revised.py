"""What this edition changed of the former one, and why."""

from __future__ import annotations

import streamlit as st

from dashboard import query
from dashboard.blocks.view import View
from dashboard.lists import detailtext
from dashboard.pieces import grid, markup
from dashboard.pieces.grid import Head
from dashboard.pieces.markup import escape
from dashboard.rows import revised as rows
from dashboard.rows.revised import Revised
from dashboard.wording import revised as wording


def show(view: View) -> None:
    """A sentence, what changed by indicator, the alerts, size and direction of all revisions; or why there is none."""
    words, changed = view.words, view.read(query.revised)
    former = rows.newest(changed)
    if former is None:
        _nothing(view)
    else:
        found = rows.against(changed, view.read(query.revised_totals), former, view.plan)
        st.html(markup.text("pw-told", wording.lead(found, former, words)) + _since(view) + _indicators(view, found))
    _alerts(view)
    _sizes(view)


def _nothing(view: View) -> None:
    """No former edition, or nothing that differs from it."""
    words = view.words
    provenance = view.edition.manifest.get("provenance", {})
    kind = "same" if provenance.get("former") else "first"
    told = markup.bold(words(f"data.revisions.{kind}", id=provenance.get("former") or view.edition.id))
    what = escape(words(f"data.revisions.{kind}.what"))
    st.html(markup.box("pw-empty", told, "<br>", what) + _since(view))


def _since(view: View) -> str:
    revised, compared = rows.since_first(view.read(query.whole, "revision_summary"))
    return markup.text("pw-note", wording.since(revised, compared, view.words)) if compared else ""


def _indicators(view: View, found: list[Revised]) -> str:
    words, plan = view.words, view.plan
    columns = ("indicator", "revised", "beyond", "reason", "total")
    heads = [Head(told=words(f"data.revisions.column.{name}"), text=name in ("reason", "total")) for name in columns]
    lines = [
        [
            escape(plan.indicators[one.indicator].name.in_language(words.language)),
            grid.count(one.numbers),
            grid.count(one.beyond),
            escape(words("mark.names").join(words(f"reason.{reason}") for reason in one.reasons)),
            escape(wording.total(one, plan, words)),
        ]
        for one in found
    ]
    return grid.table(heads, lines, label=words("data.revisions.by"))


def _alerts(view: View) -> None:
    """Verdicts that changed and numbers that left their interval; who is late is told with the response."""
    words = view.words
    late = {row["why_zh"] for row in view.read(query.whole, "alerts").iter_rows(named=True) if row["kind"] == "late"}
    told = [one.in_language(words.language) for one in view.read(query.alerts) if one.zh not in late]
    if told:
        listed = "".join(markup.text("pw-notice", one) for one in told)
        st.html(markup.text("pw-head-of", words("data.revisions.alerts"), tag="h2") + listed)


def _sizes(view: View) -> None:
    """Size and direction of the revisions over all editions, of the indicators that were revised at all."""
    words, summary = view.words, view.read(query.whole, "revision_summary")
    moved = summary.filter(summary["revised"] > 0)
    if moved.is_empty():
        return
    [listing] = detailtext.listings(view.plan, "revision_summary", moved, words)
    heads = [Head(told=name, text=name not in listing.right) for name in listing.headings]
    lines = [[escape(cell) for cell in row] for row in listing.rows]
    title = words("details.revision_summary")
    st.html(grid.folded(title, grid.table(heads, lines, label=title)))
