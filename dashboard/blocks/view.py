"""What every view is given, and choices that live in the address bar."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard import query
from dashboard.pieces import markup
from dashboard.query import Choice
from dashboard.rows.headline import Tile
from dashboard.visitors.access import Granted, Role, Scope
from dashboard.visitors.scoped import Shown
from dashboard.visitors.started import Started
from dashboard.words import Words
from indicators.catalogue.plan import Plan

_BY_HAND = "chosen_by_hand"
Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")


@dataclass(frozen=True, kw_only=True)
class View:
    """One run of a page: one language, one visitor, one edition cut to what he may see, and where the other pages are."""

    words: Words
    edition: Shown
    access: Granted
    started: Started
    page: str
    pages: Mapping[str, str]  # that the visitor may see, each with the group it stands in
    home: StreamlitPage  # the app has one address; `page` is a choice like any other

    def read(
        self, cached: Callable[Concatenate[Shown, str, Scope, Asked], Answer], *asked: Asked.args, **named: Asked.kwargs
    ) -> Answer:
        """What a question of `query` answers of this edition, for the scope of this visitor."""
        return cached(self.edition, self.edition.sha256, self.access.scope, *asked, **named)

    def made(self, what: tuple[Choice, ...], make: Callable[[Shown], Answer]) -> Answer:
        """What `make` makes of the edition in this language, made once for each `what`; see `query.made`."""
        return query.made(self.edition, self.edition.sha256, self.access.scope, self.words.language, what, make)

    @property
    def plan(self) -> Plan:
        return self.edition.plan

    def tiles(self) -> tuple[Tile, ...]:
        """Every target of the plan with its readings, without those of categories that the visitor may not see."""
        return query.tiles(self.edition, self.edition.sha256, self.access.scope)

    def link(self, page: str, label: str, **choices: str) -> None:
        """A link to a page that keeps the language and states every choice as a stable code."""
        st.page_link(self.home, label=markup.markdown(label), query_params={"lang": self.words.language, "page": page, **choices})

    def asked(self, key: str, options: Sequence[str], default: str, names: Callable[[str], str]) -> str:
        """What the address says for `key`; `default` where it says nothing, or what this edition does not have, which is told."""
        asked = st.query_params.get(key, default)
        chosen = asked if asked in options else default
        if asked != chosen and self.by_hand:
            del st.query_params[key]  # the reader chose another indicator here, which has no such group or period
        elif asked != chosen:
            st.info(markup.markdown(self.words("indicator.unknown", value=asked[:60], instead=names(chosen))))
        return chosen

    @property
    def by_hand(self) -> bool:
        """Whether the reader has chosen anything here, so that what does not fit the address is no fault of a link."""
        return bool(st.session_state.get(_BY_HAND))

    @staticmethod
    def changed(key: str, value: str) -> None:
        """Writes a choice into the address, from which the next run reads it."""
        st.query_params[key] = value
        st.session_state[_BY_HAND] = True

    def choose(
        self, key: str, label: str, options: Sequence[str], default: str, names: Callable[[str], str], *, few: bool = False
    ) -> str:
        """The choice for `key`, which is whatever the address says; a widget only changes the address.

        The address holds codes, never words, so a link opens the same view in the other language. A code
        that this edition does not have is replaced by `default`; the reader of a link is told.
        """
        chosen = self.asked(key, options, default, names)
        widget = f"choice_{key}"
        st.session_state[widget] = chosen

        def changed() -> None:
            self.changed(key, st.session_state[widget])

        if few:
            told = {option: markup.markdown(names(option)) for option in options}  # of these the names are Markdown, too
            st.segmented_control(label, options, format_func=told.__getitem__, key=widget, on_change=changed, required=True)
        else:
            st.selectbox(label, options, format_func=names, key=widget, on_change=changed)
        return chosen


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of the app, the roles that may see it, and under what it stands in the navigation: who asks."""

    show: Callable[[View], None]
    roles: frozenset[Role]
    group: str
