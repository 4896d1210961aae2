"""Explore: any indicator by any breakdown in any period, as ranking, over time, as change, on a map, or two held together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from dashboard.blocks import atlas, behind, card, changed, chosen, companions, compared, groups, panels, question, trend
from dashboard.blocks.item import nothing
from dashboard.blocks.question import Question
from dashboard.blocks.view import View
from dashboard.pieces import markup
from indicators.editions.results import TOTAL

SHOWN: Mapping[str, Callable[[Question], None]] = {
    "rank": groups.show,
    "time": panels.show,
    "change": changed.show,
    "map": atlas.show,
    "compare": compared.show,
}


def show(view: View) -> None:
    """Orders the page."""
    item = chosen.item(view, chosen.every(view), view.words("indicator.choose"))
    st.title(markup.markdown(item.name), anchor=False)
    companions.switch(item)
    if item.offered().is_empty():
        nothing(view.words)
    else:
        st.html(markup.box("pw-block", item.headline()))
        asked = question.ask(item)
        question.note(asked)
        (trend.show if (asked.breakdown, asked.view) == (TOTAL, "time") else SHOWN[asked.view])(asked)
        behind.show(behind.of(item))
    companions.show(item)
    card.show(item)
