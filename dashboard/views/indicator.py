"""One indicator: number and verdict, the way to its target, who must move, what if; then trend, groups, readings, definition."""

from __future__ import annotations

import streamlit as st

from dashboard.pieces import cards, markup
from dashboard.rows.headline import Tile
from dashboard.rows.reading import Reading
from dashboard.views import behind, card, groups, judgement, strip, trend, way, whatif, who
from dashboard.views.held import Held, reading_name
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
        reading = _reading(item, readings)
        _judged(item, readings, reading)
        trend.show(item, [reading, *readings] if reading else readings)
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


def _reading(item: Item, readings: list[Reading]) -> Reading | None:
    """Against which target the number is held. Readings of one target lie side by side below; of several there is a choice."""
    ids = {reading.target.id or item.indicator.id: reading for reading in readings}
    if len(ids) < 2:
        return next(iter(ids.values()), None)
    first, named = next(iter(ids)), {name: reading_name(reading, item) for name, reading in ids.items()}
    if sum(reading.target.reading_of is None for reading in readings) < 2:
        return ids[item.view.asked("target", list(ids), first, named.__getitem__)]
    return ids[item.view.choose("target", item.words("target.page.reading"), list(ids), first, named.__getitem__, few=True)]


def _judged(item: Item, readings: list[Reading], reading: Reading | None) -> None:
    """All that is said of a number held against a target with a number; what the page had before of any other."""
    if reading is None:
        st.html(markup.box("pw-block", item.headline()))
        return
    row = reading.assessment
    if row is None or row.outcome is None or row.value is None or reading.target.value is None:
        st.html("".join(cards.head(one, item.view.plan, item.words) for one in readings))
        return
    held = Held(item=item, reading=reading, row=row)
    judgement.show(held, _tile(item, reading))
    way.show(held)
    strip.show(held)
    who.show(held)
    whatif.show(held)


def _tile(item: Item, reading: Reading) -> Tile:
    """The target of the plan that a reading is of."""
    return next(tile for tile in item.tiles() if any(one.target is reading.target for one in (*tile.readings, *tile.others)))


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
