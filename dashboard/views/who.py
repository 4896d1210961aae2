"""Who must move: the gap of a target split over the groups, the few that hold most of it, and what would close it."""

from __future__ import annotations

import streamlit as st

from dashboard.blocks import behind, chosen, explained, reporting, split, whatif
from dashboard.blocks.item import nothing
from dashboard.blocks.view import View
from dashboard.pieces import markup


def show(view: View) -> None:
    """Orders the page."""
    item = chosen.item(view, chosen.aimed(view), view.words("nav.target"))
    st.title(markup.markdown(view.words("who.title", name=item.name)), anchor=False)
    reading = chosen.reading(item)
    held = chosen.held(item, reading)
    if item.offered().is_empty():
        nothing(view.words)
    elif held is None:
        st.html("".join(explained.head(view, one, place) for place, one in enumerate(item.readings())))
        st.html(markup.text("pw-note", view.words("who.unjudged")))
    else:
        st.html(markup.box("pw-block", explained.head(view, held.reading)))
        split.show(held)
        whatif.show(held)
        behind.show(item)
    reporting.brief_link(view)
