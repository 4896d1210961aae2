"""One indicator: number and verdict, trend, groups side by side, what is behind it, other readings, definition."""

from __future__ import annotations

import streamlit as st

from dashboard import cards, markup
from dashboard.headline import Reading
from dashboard.views import behind, card, groups, trend
from dashboard.views.item import Item, nothing
from dashboard.views.view import View


def show(view: View) -> None:
    """Orders the page."""
    item = Item(view=view, indicator=view.plan.indicators[_chosen(view)])
    st.title(markup.markdown(item.name), anchor=False)
    if item.offered().is_empty():
        nothing(view.words)
    else:
        readings = item.readings()
        _headline(item, readings)
        trend.show(item, readings)
        groups.show(item, readings)
        behind.show(item)
    _companions(item)
    card.show(item)


def _chosen(view: View) -> str:
    """All indicators, those of the headline first, each with the number of its target."""
    plan, words = view.plan, view.words
    order = [*plan.identity.headline, *(name for name in plan.indicators if name not in plan.identity.headline)]
    numbers = {name: next((target.id for target in plan.indicators[name].targets if target.id), "") for name in order}
    named = {name: f"{numbers[name]} {plan.indicators[name].name.in_language(words.language)}".strip() for name in order}
    return view.choose("indicator", words("indicator.choose"), order, order[0], named.__getitem__)


def _headline(item: Item, readings: list[Reading]) -> None:
    if readings:
        st.html("".join(cards.head(reading, item.view.plan, item.words) for reading in readings))
    else:
        st.html(markup.box("pw-block", item.headline()))


def _companions(item: Item) -> None:
    """Other readings of the same question, side by side with this one."""
    if not item.indicator.companions:
        return
    st.subheader(item.words("indicator.companions"), anchor=False)
    with st.container(key="companions"):
        for name in [item.indicator.id, *item.indicator.companions]:
            other = Item(view=item.view, indicator=item.view.plan.indicators[name])
            with st.container(key=f"companion_{name}", gap="xxsmall"):
                item.view.link("indicator", other.name, indicator=name)
                st.html(other.headline())
