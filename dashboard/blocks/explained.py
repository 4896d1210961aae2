"""What a number is, how it was computed, and how sure it is: as a panel of three columns, or behind the number itself."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboard import query
from dashboard.blocks.item import Item
from dashboard.blocks.view import View
from dashboard.pieces import cards, markup, popover
from dashboard.pieces.popover import Why
from dashboard.rows.reading import Reading, Result
from dashboard.wording import explained
from dashboard.wording.definition import Facts
from dashboard.wording.explained import Explained, Number


def show(item: Item, row: Result) -> None:
    """The panel for one number; where there is none, why."""
    told = explained.explained(_number(item, row, coverage=True))
    st.html(markup.box("pw-explained", popover.columns(_headed(item, told))))


def why(item: Item, row: Result | None, key: str) -> Why | None:
    """What stands behind the number itself when it is pressed; nothing without a row. `key` is unlike all others of a page."""
    return None if row is None else _why(item, key, explained.brief(_number(item, row)))


def of(view: View, reading: Reading, key: str) -> Why | None:
    """The same for what a target is held against."""
    return why(Item(view=view, indicator=reading.indicator), reading.now, key)


def head(view: View, reading: Reading, place: int = 0) -> str:
    """The head of a page about a reading, its number to be pressed; `place` tells several on one page apart."""
    return cards.head(reading, view.plan, view.words, of(view, reading, f"head-{place}"))


def supposed(item: Item, key: str, facts: tuple[Facts, Facts, Facts]) -> Why:
    """The same for a number that was not observed, of which the caller says what is known."""
    what, how, sure = facts
    return _why(item, key, Explained(what=what, how=how, sure=sure))


def _why(item: Item, key: str, told: Explained) -> Why:
    words = item.words
    return Why(key=key, asks=words("explained.asks"), closes=words("explained.closes"), columns=_headed(item, told))


def _headed(item: Item, told: Explained) -> tuple[tuple[str, Facts], ...]:
    return tuple((item.words(f"explained.{name}"), facts) for name, facts in told.columns)


def _number(item: Item, row: Result, *, coverage: bool = False) -> Number:
    view = item.view
    return Number(
        edition=view.edition,
        indicator=item.indicator,
        row=row,
        words=item.words,
        through=item.through,
        coverage=view.read(query.coverage) if coverage else None,
        revision=_revision(item, row),
    )


def _revision(item: Item, row: Result) -> dict[str, object] | None:
    """How it differs from the last edition that published it."""
    found = item.view.read(query.detail, "revisions", item.indicator.id)
    own = found.filter(period=row.period, breakdown=row.breakdown, category=row.category).filter(pl.col("reason").is_not_null())
    return None if own.is_empty() else own.sort(pl.col("edition").str.zfill(12)).row(-1, named=True)
