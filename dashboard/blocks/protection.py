"""Suppression in numbers: how many numbers are published and withheld, and what the rules protect; never why a single one is."""

from __future__ import annotations

import streamlit as st

from dashboard import query
from dashboard.blocks.view import View
from dashboard.pieces import grid, markup
from dashboard.pieces.grid import Head
from dashboard.pieces.markup import escape
from dashboard.rows import counted as rows
from dashboard.wording import counted as wording
from indicators.editions.clearance import clearance
from indicators.editions.results import STATUSES

RULES = ("few", "dominant", "ratio", "sums", "editions", "more")


def show(view: View) -> None:
    """A sentence with the counts, the counts of each breakdown, the rules in plain words."""
    plan, words = view.plan, view.words
    found = rows.statuses(plan, view.read(query.numbers))
    if not found[0].whole:
        st.html(markup.box("pw-empty", markup.bold(words("data.quality.none")), "<br>", escape(words("data.none.what"))))
        return
    heads = [Head(told=words("table.breakdown")), *(Head(told=words(f"status.{name}"), mark=name) for name in STATUSES)]
    lines = [
        [
            grid.stacked(wording.name(one, plan, words), one.counts, f"{one.whole:,}"),
            *(grid.count(one.counts[name]) for name in STATUSES),
        ]
        for one in found
    ]
    notes = markup.text("pw-note", words("data.protection.untold"))
    st.html(markup.text("pw-told", wording.protection(found[0], words)) + notes)
    st.html(grid.table(heads, lines, label=words("data.protection.by")))
    rules = markup.facts([(words(f"data.rule.{name}"), words(f"data.rule.{name}.what")) for name in RULES])
    audited = markup.text("pw-note", words(f"data.protection.{clearance(view.edition)}"))
    st.html(markup.text("pw-head-of", words("data.protection.rules"), tag="h2") + rules + audited)
