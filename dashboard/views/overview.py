"""The overview: how much time has gone, which targets are met, and the one gap that matters most."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
import streamlit as st

from dashboard import query
from dashboard.pieces import cards, markup
from dashboard.rows import headline
from dashboard.rows.headline import Tile
from dashboard.rows.reading import Reading
from dashboard.views.view import View
from dashboard.wording import holders
from indicators.catalogue import periods


def show(view: View) -> None:
    """Orders the page: title, sentences, time bar, one tile per target, later goals."""
    plan, words = view.plan, view.words
    tiles = view.tiles()
    with st.container(key="plan_name"):
        st.title(markup.markdown(plan.identity.name.in_language(words.language)), anchor=False)
    marks = cards.strip(tiles, plan, words)
    first = headline.furthest(tiles)
    sentences = cards.lead(headline.counts(tiles), first, words, _movers(view, tiles, first), marks)
    st.html(f'<div class="pw-lead">{sentences}</div>')
    _time(view)
    if view.edition.notices:
        with st.expander(words("head.notices", n=len(view.edition.notices))):
            for notice in view.edition.notices:
                st.html(markup.text("pw-notice", notice.in_language(words.language)))
    with st.container(key="tiles"):
        for tile in tiles:
            _tile(view, tile)
    _later(view)


def _time(view: View) -> None:
    plan = view.plan.identity
    part = headline.elapsed(view.plan, view.edition.created[:10])
    through = newest(view)
    told = [view.words("edition.line", id=view.edition.id, day=periods.label(view.edition.created[:10], view.words.language))]
    if through:
        told.insert(0, view.words("head.through", period=periods.label(through, view.words.language)))
    bar = cards.time_bar(part, view.words, base=plan.base_period or "", target=plan.target_year or 0) if part is not None else ""
    st.html(f'<div class="pw-status">{bar}<div class="pw-small">{markup.line(told)}</div></div>')


def _split(view: View, reading: Reading) -> pl.DataFrame:
    target = reading.target.id or reading.indicator.id
    rows = view.read(query.judged, "splits", reading.indicator.id, target)
    return holders.split_of(reading, rows, view.plan)


def _who(view: View, reading: Reading) -> str:
    return holders.short(reading, _split(view, reading), view.plan, view.words)


def _movers(view: View, tiles: Sequence[Tile], first: Reading | None) -> str:
    """Who makes the gap that matters most; where that one cannot be split, the next that can."""
    for reading in headline.late(tiles) or ([first] if first else []):
        told = holders.sentence(reading, _split(view, reading), view.plan, view.words, named=reading is not first)
        if told:
            return told
    return ""


def newest(view: View) -> str | None:
    """The last period of any table of confidential records; public lists are not what the plan is measured by."""
    closed = [name for name, table in view.plan.dictionary.tables.items() if not table.public]
    ends = [last for name, last in query.through(view.edition).items() if name in closed]
    months = [end for end in ends if periods.level(end) != "year"]
    return max(months or ends, key=periods.end, default=None)


def _tile(view: View, tile: Tile) -> None:
    words = view.words
    with st.container(key=f"tile_{tile.id}", gap="xxsmall"):
        st.html(cards.tile_head(tile, view.plan, words))
        if tile.goal is not None:
            st.html(cards.tile_goal(tile, words))
        elif len(tile.readings) == 1:
            _open(view, tile.readings[0])
            others = [cards.tile_other(other, tile, view.plan, words) for other in tile.others]
            disagreement = cards.tile_disagreement(tile, view.plan, words)
            body = cards.tile_body(tile.readings[0], view.plan, words, _who(view, tile.readings[0]))
            st.html(body + "".join([*others, disagreement]))
        else:
            _rows(view, tile)
            st.html(cards.tile_bound(tile, words))


def _rows(view: View, tile: Tile) -> None:
    with st.container(key=f"rows_{tile.id}"):
        for reading in tile.readings:
            with st.container(key=f"row_{reading.indicator.id}", gap="xxsmall"):
                _open(view, reading)
                st.html(cards.tile_row(reading, view.plan, view.words, _who(view, reading)))


def _open(view: View, reading: Reading) -> None:
    view.link("indicator", reading.indicator.name.in_language(view.words.language), indicator=reading.indicator.id)


def _later(view: View) -> None:
    """Goals of later years, which have no number and no tile."""
    identity, words = view.plan.identity, view.words
    later = [goal for goal in identity.goals if goal.year is not None and goal.year != identity.target_year]
    for year in sorted({goal.year for goal in later if goal.year}):
        with st.expander(f"{words('tile.later', year=year)} · {words('tile.later.note')}"):
            texts = [(goal.name, goal.sentence) for goal in later if goal.year == year]
            st.html(markup.facts([(name.in_language(words.language), told.in_language(words.language)) for name, told in texts]))
