"""The overview: how much time has gone, which targets are met, the one gap that matters most, and what changed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import polars as pl
import streamlit as st

from dashboard import query
from dashboard.blocks import reporting, since
from dashboard.blocks.view import View
from dashboard.pieces import cards, markup
from dashboard.rows import headline, selection
from dashboard.rows.headline import Tile
from dashboard.rows.reading import Reading
from dashboard.visitors.scoped import Shown
from dashboard.wording import holders
from indicators.catalogue import periods


@dataclass(frozen=True, kw_only=True)
class _Told:
    """What the page says, as HTML: the sentences at the top, and of each reading the body of its tile or row."""

    lead: str
    bodies: dict[str, str]


def show(view: View) -> None:
    """Orders the page: title, sentences, time bar, what changed, one tile per target, later goals."""
    tiles = view.tiles()
    told = view.made(("overview",), partial(_told, view))
    with st.container(key="plan_name"):
        st.title(markup.markdown(view.plan.identity.name.in_language(view.words.language)), anchor=False)
    st.html(told.lead)
    _time(view)
    since.show(view)
    with st.container(key="tiles"):
        for tile in tiles:
            _tile(view, tile, told)
    _later(view)


def _told(view: View, _: Shown) -> _Told:
    """Made once for an edition, a scope and a language."""
    plan, words, tiles = view.plan, view.words, view.tiles()
    first = headline.furthest(tiles)
    movers = holders.foremost(tiles, first, partial(_split, view), plan, words)
    sentences = cards.lead(headline.counts(tiles), first, words, movers, cards.strip(tiles, plan, words))
    bodies: dict[str, str] = {}
    for tile in tiles:
        for reading in tile.readings:
            who = holders.short(reading, _split(view, reading), plan, words)
            if len(tile.readings) > 1:
                bodies[_key(reading)] = cards.tile_row(reading, plan, words, who)
                continue
            others = [cards.tile_other(other, tile, plan, words) for other in tile.others]
            body = cards.tile_body(reading, plan, words, who)
            bodies[_key(reading)] = body + "".join([*others, cards.tile_disagreement(tile, plan, words)])
    return _Told(lead=markup.box("pw-lead", sentences), bodies=bodies)


def _key(reading: Reading) -> str:
    return reading.target.id or reading.indicator.id


def _time(view: View) -> None:
    plan = view.plan.identity
    part = headline.elapsed(view.plan, view.edition.created[:10])
    through = selection.latest(view.plan, query.through(view.edition))
    told = [view.words("edition.line", id=view.edition.id, day=periods.label(view.edition.created[:10], view.words.language))]
    if through:
        told.insert(0, view.words("head.through", period=periods.label(through, view.words.language)))
    bar = cards.time_bar(part, view.words, base=plan.base_period or "", target=plan.target_year or 0) if part is not None else ""
    with st.container(key="status", horizontal=True, vertical_alignment="bottom"):
        st.html(f'<div class="pw-status">{bar}<div class="pw-small">{markup.line(told)}</div></div>')
        reporting.brief_link(view)


def _split(view: View, reading: Reading) -> pl.DataFrame:
    rows = view.read(query.judged, "splits", reading.indicator.id, _key(reading))
    return holders.split_of(reading, rows, view.plan)


def _tile(view: View, tile: Tile, told: _Told) -> None:
    words = view.words
    with st.container(key=f"tile_{tile.id}", gap="xxsmall"):
        st.html(cards.tile_head(tile, view.plan, words))
        if tile.goal is not None:
            st.html(cards.tile_goal(tile, words))
        elif len(tile.readings) == 1:
            _open(view, tile.readings[0])
            st.html(told.bodies[_key(tile.readings[0])])
        else:
            _rows(view, tile, told)
            st.html(cards.tile_bound(tile, words))


def _rows(view: View, tile: Tile, told: _Told) -> None:
    with st.container(key=f"rows_{tile.id}"):
        for reading in tile.readings:
            with st.container(key=f"row_{reading.indicator.id}", gap="xxsmall"):
                _open(view, reading)
                st.html(told.bodies[_key(reading)])


def _open(view: View, reading: Reading) -> None:
    view.link("target", reading.indicator.name.in_language(view.words.language), indicator=reading.indicator.id)


def _later(view: View) -> None:
    """Goals of later years, which have no number and no tile."""
    identity, words = view.plan.identity, view.words
    later = [goal for goal in identity.goals if goal.year is not None and goal.year != identity.target_year]
    for year in sorted({goal.year for goal in later if goal.year}):
        with st.expander(f"{words('tile.later', year=year)} · {words('tile.later.note')}"):
            texts = [(goal.name, goal.sentence) for goal in later if goal.year == year]
            st.html(markup.facts([(name.in_language(words.language), told.in_language(words.language)) for name, told in texts]))
