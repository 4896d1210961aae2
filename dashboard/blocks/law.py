"""The legal reading card: the words of the law, how they are read, what else they could mean; of one target, or of all."""

from __future__ import annotations

import streamlit as st

from dashboard.blocks.item import Item
from dashboard.pieces import markup
from dashboard.rows import headline
from dashboard.rows.reading import Reading
from dashboard.wording import definition


def show(item: Item, reading: Reading | None) -> None:
    """The target that is looked at first and open, the others of the indicator folded away."""
    words, plan = item.words, item.view.plan
    readings = sorted(item.readings(), key=lambda one: one is not reading)
    if not readings:
        return
    st.header(words("law.title"), anchor=False)
    for place, one in enumerate(readings):
        told = definition.target_name(one.target, headline.tile_of(one.target, item.indicator.id), plan, words)
        facts = markup.facts(definition.law(plan, item.indicator, one.target, words))
        if place == 0:
            with st.container(border=True, key="law"):
                st.html(f"<h3>{markup.line([words('card.law', target=told)])}</h3>{facts}")
        else:
            with st.expander(markup.markdown(words("card.law", target=told))):
                st.html(facts)
