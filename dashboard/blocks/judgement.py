"""The verdict with its doubt: number, outcome and why; the other readings beside it; the probability of every grade."""

from __future__ import annotations

import streamlit as st

from dashboard.blocks import explained
from dashboard.blocks.held import Held
from dashboard.blocks.view import View
from dashboard.pieces import cards, markup
from dashboard.pieces.odds import odds
from dashboard.rows.headline import Tile
from dashboard.rows.reading import Reading
from dashboard.wording import doubt, phrases, readings

#: outcomes of which the sentence beside says all that their long words do
_TOLD_BESIDE = ("cannot_tell", "no_error", "no_date")


def show(held: Held, tile: Tile) -> None:
    """Three pieces, each only where there is something to say."""
    words = held.item.words
    st.html(_head(held))
    if len(tile.readings) == 1 and tile.others:
        _beside(held, tile)
    if bar := odds(held.row, words):
        head, note = words("target.page.odds"), words("target.page.odds.note")
        st.html(markup.text("pw-sub", head, tag="h2") + bar + markup.text("pw-note", note))


def _head(held: Held) -> str:
    """The number large, its outcome, and why in a sentence; then target, gap, path, base and how far it can be relied on."""
    words, plan, reading, row = held.item.words, held.item.view.plan, held.reading, held.row
    short = row.outcome in _TOLD_BESIDE
    asked = explained.of(held.item.view, reading, "head")
    left = markup.box("pw-block-value", cards.value_of(reading, words, asked), cards.outcome(reading, plan, words, short=short))
    facts = [
        (words("tile.target"), phrases.bound(reading.target, reading.unit, words, signed=reading.signed)),
        (words("tile.gap"), doubt.gap(row, plan, words)),
        (words("target.page.fact.path"), doubt.path(row, plan, words)),
        (words("tile.since"), phrases.base(reading, words)),
        (words("sure.title"), phrases.assurance(reading.now, words) if reading.now else ""),
    ]
    if isinstance(reading.target.scope, dict):
        facts.insert(0, (words("card.scope"), phrases.scope(reading.target, plan, words)))
    why = markup.text("pw-why", doubt.because(row, words), tag="p")
    return markup.box("pw-block pw-judged", left, f"<div>{why}{markup.facts(facts, kind='pw-facts')}</div>")


def _beside(held: Held, tile: Tile) -> None:
    """Every reading of the target, each a link to its own page; and a sentence where they disagree."""
    words, view = held.item.words, held.item.view
    told = readings.disagreement(tile, view.plan, words)
    with st.container(gap="xsmall"):
        head = markup.text("pw-sub", words("target.page.readings"), tag="h2")
        st.html(head + (markup.text("pw-disagree", told) if told else ""))
        with st.container(key="readings"):
            for place, reading in enumerate((*tile.readings, *tile.others)):
                here = "_here" if reading.target is held.target else ""
                with st.container(key=f"reading_{place}{here}", gap="xxsmall"):
                    _reading(view, reading, tile, place)


def _reading(view: View, reading: Reading, tile: Tile, place: int) -> None:
    words = view.words
    label = readings.label(reading, tile, view.plan, words)
    view.link("target", label, indicator=reading.indicator.id, target=reading.target.id or reading.indicator.id)
    why = explained.of(view, reading, f"reading-{place}")
    st.html(cards.value_of(reading, words, why) + cards.outcome(reading, view.plan, words))
