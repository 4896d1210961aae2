"""Who comes in: everyone where nobody has to sign in, else those whom access.yaml lists; for the others a page of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

import streamlit as st
from streamlit.errors import StreamlitAuthError
from streamlit.navigation.page import StreamlitPage

from dashboard.pieces import markup
from dashboard.views import frame
from dashboard.visitors import record
from dashboard.visitors.access import FILE, Granted, entered, local, named, read_access
from dashboard.visitors.sessions import SESSIONS
from dashboard.visitors.started import Started
from dashboard.words import Words
from pipelines.yamlfile import PlanFaults

_KNOWN = "came_in_as"


def enter(words: Words, started: Started, home: StreamlitPage) -> Granted:
    """What the visitor may see, by the list as it is at this run.

    Draws its own page for whoever sees nothing, and ends the run.
    """
    if started.who != "sign-in":
        return local(started.who)
    claims = st.user.to_dict()
    name = named(claims)
    try:
        found = _judged(started, claims, name)
    except (OSError, ValueError, PlanFaults) as error:
        # what is wrong may name others, so the page does not say it
        logging.getLogger("planwatch").error("%s or the log: %s", started.store / FILE, error)
        found = "closed"
    if not isinstance(found, Granted):
        _page(words, home, found, name)
        st.stop()
    return found


def _judged(started: Started, claims: Mapping[str, object], name: str) -> Granted | str:
    """What the person may see, or why nothing. Who cannot be recorded does not come in."""
    found = entered(read_access(started.store), claims, time.time())
    if isinstance(found, Granted) and SESSIONS.is_ended(found.sign_in):
        return "signed_out"
    _recorded(started, found, name)
    return found


def _recorded(started: Started, found: Granted | str, name: str) -> None:
    """Once in a session, and again when it is somebody else or another role."""
    now = (name, found.role) if isinstance(found, Granted) else (name, found)
    if found == "signed_out" or st.session_state.get(_KNOWN) == now:
        return
    if isinstance(found, Granted):
        record.came(started.store, found)
    else:
        record.refused(started.store, name, str(found))
    st.session_state[_KNOWN] = now


def _page(words: Words, home: StreamlitPage, kind: str, name: str) -> None:
    """Why there is nothing to be seen, and the one thing to do about it."""
    with st.container(key="entry"):
        with st.container(horizontal=True, vertical_alignment="center", key="entry_bar"):
            frame.brand(words)
            frame.language(words, home)
        with st.container(key="entry_card"):
            st.title(words(f"entry.{kind}"), anchor=False)
            st.html(markup.text("pw-entry-told", words(f"entry.{kind}.what"), tag="p"))
            if name and kind != "signed_out":
                st.html(markup.facts([(words("entry.as"), name)], kind="pw-facts"))
            if kind in ("signed_out", "expired"):
                st.button(words("entry.sign_in"), type="primary", key="sign_in", on_click=_sign_in)
            else:
                st.button(words("entry.other"), key="sign_in_as_other", on_click=st.logout)
            st.html(markup.text("pw-small", words(f"entry.{kind}.note"), tag="p"))


def _sign_in() -> None:
    """To the provider and back. Without one there is nowhere to go, and the page stays what it is."""
    try:
        st.login()
    except StreamlitAuthError:
        logging.getLogger("planwatch").exception("sign-in")
