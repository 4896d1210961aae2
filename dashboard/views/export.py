"""Files to carry away: a link for the session that it was offered to, made and recorded when it is followed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.pieces.markup import escape
from dashboard.views.view import View
from dashboard.visitors import record
from dashboard.visitors.access import Granted, entered, read_access
from dashboard.visitors.door import browser_cookie
from dashboard.visitors.sessions import SESSIONS, Offer
from pipelines.yamlfile import PlanFaults


def link(view: View, label: str, *, key: str, name: str, kind: str, what: str, make: Callable[[], bytes]) -> None:
    """A link that looks like a button; nothing where the role may carry nothing away.

    `make` gives the bytes, outside of any run of the page; `what` says in the log which view they are of.
    """
    run = get_script_run_ctx()
    if not view.access.exports or run is None:
        return
    access, edition, store = view.access, view.edition, view.started.store
    claims = st.user.to_dict()

    def allowed() -> bool:
        return access.name is None or _now(view, claims) == access

    offer = Offer(
        session=run.session_id,
        browser=st.context.cookies.get(browser_cookie(https=view.started.https), ""),
        name=name,
        kind=kind,
        make=make,
        allowed=allowed,
        record=lambda: record.exported(store, access, edition, what, name.rpartition(".")[2]),
    )
    address = f"export/{SESSIONS.offer(key, offer)}"
    st.html(f'<a class="pw-export" href="{address}" download="{escape(name)}">{escape(label)}</a>', width="content")


def _now(view: View, claims: Mapping[str, object]) -> Granted | None:
    """What the same person may see at this moment: the list may have changed since the page was drawn."""
    try:
        found = entered(read_access(view.started.store), claims, time.time())
    except (OSError, PlanFaults):
        return None
    return found if isinstance(found, Granted) and not SESSIONS.is_ended(found.sign_in) else None
