"""What stands around every page: style, language of the document, name, navigation, account, language link."""

from __future__ import annotations

import logging
from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard.blocks.view import View
from dashboard.pieces import markup
from dashboard.visitors import record
from dashboard.visitors.policy import SCRIPTS
from dashboard.visitors.scoped import told
from dashboard.visitors.sessions import SESSIONS
from dashboard.wording import definition
from dashboard.words import Words

STYLE = Path(__file__).parent.parent / "static" / "style.css"


def style(words: Words) -> None:
    """The style sheet, and the language of the document for screen readers and for the shapes of Chinese letters."""
    st.html(STYLE)
    tag = "zh-CN" if words.language == "zh" else "en"
    st.html(f"<script>{SCRIPTS[tag]}</script>", unsafe_allow_javascript=True)


def bar(view: View) -> None:
    """Name, who is signed in, the link to the other language, which keeps the view; below them the pages."""
    words = view.words
    with st.container(key="bar", horizontal=True, vertical_alignment="center"):
        brand(words)
        if view.edition.manifest.get("provenance", {}).get("synthetic"):
            st.html(markup.text("pw-synthetic", words("edition.synthetic")), width="content")
        with st.container(key="bar_end", horizontal=True, vertical_alignment="center", width="content"):
            _account(view)
            language(words, view.home)
    _pages(view)


def _pages(view: View) -> None:
    """The pages that the visitor may see, grouped by who asks."""
    words = view.words
    with st.container(key="nav", horizontal=True):
        for group in dict.fromkeys(view.pages.values()):
            with st.container(key=f"group_{group}", horizontal=True, vertical_alignment="center", width="content"):
                st.html(markup.text("pw-group", words(f"nav.group.{group}")), width="content")
                for name in (name for name, of in view.pages.items() if of == group):
                    with st.container(key=f"nav_{name}{'_here' if name == view.page else ''}", width="content"):
                        view.link(name, words(f"nav.{name}"))


def brand(words: Words) -> None:
    st.html(f'<div class="pw-brand"><span></span>{markup.line([words("app.name")])}</div>', width="content")


def language(words: Words, home: StreamlitPage) -> None:
    """The link to the other language, which keeps the view."""
    with st.container(key="language", width="content"):
        other = "en" if words.language == "zh" else "zh"
        st.page_link(home, label=words("nav.language"), query_params={**st.query_params.to_dict(), "lang": other})


def _account(view: View) -> None:
    """Who is signed in as what, of an association what its members have in common, and the way out."""
    words, access = view.words, view.access
    if access.name is None:
        return
    kept = told(access.scope, view.plan)
    members = [definition.category(view.plan, name, code, words) for name, codes in kept.items() for code in codes]
    role = words("mark.dot").join([words(f"entry.role.{access.role}"), *([words("mark.list").join(members)] if members else [])])
    lines = markup.text("pw-account-name", access.called, tag="span") + markup.text("pw-account-role", role, tag="span")
    st.html(markup.box("pw-account", lines), width="content")
    st.button(words("entry.sign_out"), type="tertiary", key="sign_out", on_click=lambda: _leave(view))


def _leave(view: View) -> None:
    """The sign-in ends for every window of every machine that has it, not for this one alone."""
    try:
        record.left(view.started.store, view.access)
    except (OSError, ValueError):  # who wants to leave leaves
        logging.getLogger("planwatch").exception("sign-out")
    if view.access.sign_in is not None:
        SESSIONS.end(view.access.sign_in)
    st.logout()
