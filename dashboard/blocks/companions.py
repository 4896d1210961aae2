"""Other readings of the same question: one click away with all choices kept, and side by side with their newest totals."""

from __future__ import annotations

import streamlit as st

from dashboard import query
from dashboard.blocks.item import Item

#: choices that only hold within one indicator
_OWN = ("indicator", "number", "target", "lang", "page")


def switch(item: Item) -> None:
    """A row of links, the present one marked; what the other indicator does not have is left out of its link."""
    others = item.indicator.companions
    if not others:
        return
    with st.container(key="switch", horizontal=True):
        for name in [item.indicator.id, *others]:
            other = _named(item, name)
            here = "_here" if name == item.indicator.id else ""
            with st.container(key=f"switch_{name}{here}", width="content"):
                item.view.link("explore", other.name, indicator=name, **_kept(other))


def show(item: Item) -> None:
    """The newest total of each."""
    if not item.indicator.companions:
        return
    st.header(item.words("indicator.companions"), anchor=False)
    with st.container(key="companions"):
        for name in [item.indicator.id, *item.indicator.companions]:
            other = _named(item, name)
            with st.container(key=f"companion_{name}", gap="xxsmall"):
                item.view.link("explore", other.name, indicator=name, **_kept(other))
                st.html(other.headline())


def _named(item: Item, name: str) -> Item:
    return Item(view=item.view, indicator=item.view.plan.indicators[name])


def _kept(other: Item) -> dict[str, str]:
    """The choices of the address that hold for the other indicator, too."""
    kept = {name: told for name, told in st.query_params.to_dict().items() if name not in _OWN}
    offered = other.view.read(query.choices, other.indicator.id)
    if kept.get("breakdown") not in (None, *offered["breakdown"]):
        return {}
    if kept.get("period") not in (None, *offered["period"]):
        del kept["period"]
    if other.indicator.kind == "change" and kept.get("sort") == "change":
        kept["sort"] = "value"
    return kept
