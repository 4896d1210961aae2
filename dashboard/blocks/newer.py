"""A newer edition appears by itself, and says so until the reader has seen it."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import query
from dashboard.blocks.view import View
from dashboard.pieces import markup

#: how often an open page looks whether there is a newer edition
SECONDS = 60
_SHOWN, _FORMER = "edition_shown", "edition_before"


def show(view: View) -> None:
    """The message where the edition is another than the one this window showed before; and the watch for the next."""
    state, now = st.session_state, view.edition.id
    shown = state.setdefault(_SHOWN, now)
    if shown != now:
        state[_SHOWN], state[_FORMER] = now, shown
    if _FORMER in state:
        with st.container(key="newer", horizontal=True, vertical_alignment="center"):
            st.html(markup.text("pw-newer", view.words("newer.told", id=now, former=state[_FORMER])), width="content")
            st.button(view.words("newer.back"), key="newer_seen", type="tertiary", on_click=lambda: state.pop(_FORMER, None))
    _watch(view.started.store / "editions", view.edition.sha256)


@st.fragment(run_every=SECONDS)
def _watch(root: Path, sha256: str) -> None:
    """Draws nothing; draws the whole page anew once the pointer names another edition."""
    if query.pointed(root) not in (None, sha256):
        st.rerun()
