"""One target: the number and its verdict, the way to it, other methods and readings, and how the law is read."""

from __future__ import annotations

import streamlit as st

from dashboard.blocks import chosen, explained, judgement, law, strip, way
from dashboard.blocks.item import Item, nothing
from dashboard.blocks.view import View
from dashboard.pieces import markup
from dashboard.rows.reading import Reading


def show(view: View) -> None:
    """Orders the page."""
    item = chosen.item(view, chosen.aimed(view), view.words("nav.target"))
    st.title(markup.markdown(item.name), anchor=False)
    reading = chosen.reading(item)
    if item.offered().is_empty():
        nothing(view.words)
    else:
        _judged(item, reading)
    law.show(item, reading)


def _judged(item: Item, reading: Reading | None) -> None:
    """All that is said of a number held against a target with a number; of any other the number alone."""
    held = chosen.held(item, reading)
    if reading is None or held is None:
        st.html("".join(explained.head(item.view, one, place) for place, one in enumerate(item.readings())))
        onward(item)
        return
    judgement.show(held, chosen.tile(item, reading))
    onward(item, who=bool(held.splits))
    way.show(held)
    strip.show(held)


def onward(item: Item, *, who: bool = False) -> None:
    """Where to go from here with the same indicator."""
    target = {"target": st.query_params["target"]} if "target" in st.query_params else {}
    with st.container(key="onward", horizontal=True):
        if who:
            item.view.link("who", item.words("onward.who"), indicator=item.indicator.id, **target)
        item.view.link("explore", item.words("onward.explore"), indicator=item.indicator.id)
