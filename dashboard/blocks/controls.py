"""The controls of a scenario: which groups, where to, and what the others do; each change writes the whole into the address."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import streamlit as st

from dashboard.blocks.held import Held
from dashboard.pieces import markup
from dashboard.rows.judged import categories
from dashboard.wording import definition
from dashboard.wording.wish import FIFTHS, Ground, Wish

Write = Callable[[Wish], None]


def show(held: Held, ground: Ground, wish: Wish, *, write: Write, first: Callable[[str], Wish]) -> None:
    """Three rows; `first` gives the wish to begin with when another breakdown is chosen."""
    _groups(held, ground, wish, write, first)
    _place(held, ground, wish, write)
    asked = []
    if wish.to == "level" and wish.level is not None:
        asked.append(_level)
    if wish.to in FIFTHS and (wish.among or len(ground.amongs(wish)) > 1):
        asked.append(_among)
    if ground.left and held.row.base is not None:
        asked.append(_others)
    for column, control in zip(st.columns(2) if asked else [], asked, strict=False):
        with column:
            control(held, ground, wish, write)


def _groups(held: Held, ground: Ground, wish: Wish, write: Write, first: Callable[[str], Wish]) -> None:
    """The breakdown, and in each of its parts the categories; where none is chosen all are meant."""
    words, plan = held.item.words, held.item.view.plan
    named = {name: held.by(name) for name in ground.offered}
    columns = st.columns(1 + len(wish.chosen))
    st.session_state["whatif_by"] = wish.breakdown
    columns[0].selectbox(
        words("target.page.if.by"), list(named), format_func=named.__getitem__, key="whatif_by",
        on_change=lambda: write(first(st.session_state["whatif_by"])),
    )  # fmt: skip

    def chose() -> None:
        write(replace(wish, chosen={name: tuple(st.session_state[f"whatif_in_{name}"]) for name in wish.chosen}))

    for column, (name, codes) in zip(columns[1:], wish.chosen.items(), strict=True):
        options = _options(held, ground, wish, name)
        called = {code: definition.category(plan, name, code, words) for code in options}
        st.session_state[f"whatif_in_{name}"] = list(codes)
        label = markup.markdown(definition.breakdown_name(plan, name, words))
        column.multiselect(
            label, options, format_func=called.__getitem__, key=f"whatif_in_{name}",
            on_change=chose, placeholder=words("target.page.if.all"),
        )  # fmt: skip


def _options(held: Held, ground: Ground, wish: Wish, name: str) -> list[str]:
    """The codes of categories that can be moved, in the order of their list; and those that the wish has."""
    at, order = wish.breakdown.split(",").index(name), list(held.item.view.plan.categories(name))
    found = {category.split(",")[at] for category in ground.offered[wish.breakdown]} | set(wish.chosen[name])
    return sorted(found, key=lambda code: (order.index(code) if code in order else len(order), code))


def _place(held: Held, ground: Ground, wish: Wish, write: Write) -> None:
    words, places = held.item.words, ground.places(wish)
    places.setdefault(wish.to, wish)  # a link may name what cannot be had; that is told below
    told = {to: words(f"target.page.if.to.{to}") for to in places}
    st.session_state["whatif_to"] = wish.to
    st.segmented_control(
        words("target.page.if.where"), list(told), format_func=told.__getitem__, key="whatif_to", required=True,
        on_change=lambda: write(places[st.session_state["whatif_to"]]),
    )  # fmt: skip


def _among(held: Held, ground: Ground, wish: Wish, write: Write) -> None:
    words, plan, options = held.item.words, held.item.view.plan, ground.amongs(wish)
    own = words("target.page.if.among.own")
    named = {one: own if one is None else definition.breakdown_name(plan, one, words) for one in [*options, wish.among]}
    st.session_state["whatif_among"] = wish.among
    st.selectbox(
        words("target.page.if.among"), list(named), format_func=named.__getitem__, key="whatif_among",
        on_change=lambda: write(replace(wish, among=st.session_state["whatif_among"])),
    )  # fmt: skip


def _others(held: Held, ground: Ground, wish: Wish, write: Write) -> None:
    words = held.item.words
    told = {name: words(f"target.page.if.others.{name}") for name in ("stay", "achieved")}
    st.session_state["whatif_others"] = wish.others
    st.segmented_control(
        words("target.page.if.others"), list(told), format_func=told.__getitem__, key="whatif_others", required=True,
        on_change=lambda: write(replace(wish, others=st.session_state["whatif_others"])),
    )  # fmt: skip


def _level(held: Held, ground: Ground, wish: Wish, write: Write) -> None:
    """A slider in the scale in which the numbers are read, with their decimals; what it writes is exact."""
    item, unit, level = held.item, held.item.scale.unit, wish.level or 0.0
    values = [part.value for part in categories(held.splits[wish.breakdown]) if part.value is not None]
    ends = [*values, level, held.target.value or 0.0]
    span = max(ends) - min(ends)
    bounded = unit.bounded and not item.scale.signed
    low, high = (0.0, 1.0) if bounded else (min(ends) - span / 2, max(ends) + span / 2)
    places, shown = unit.decimals, level * unit.factor
    bottom, top = min(round(low * unit.factor, places), shown), max(round(high * unit.factor, places), shown)
    st.session_state["whatif_level"] = shown

    def slid() -> None:
        exact = Decimal(repr(round(st.session_state["whatif_level"], places))) / Decimal(repr(float(unit.factor)))
        write(replace(wish, level=float(exact)))

    label = markup.markdown(item.words("target.page.if.level", unit=unit.symbol.in_language(item.words.language)))
    step = float(Decimal(1).scaleb(-places))
    st.slider(label, float(bottom), float(top), step=step, key="whatif_level", format=f"%.{places}f", on_change=slid)
