"""Files to carry away: a link for the session that it was offered to, made and recorded when it is followed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from dashboard.blocks.view import View
from dashboard.pieces import markup
from dashboard.pieces.markup import escape
from dashboard.visitors import record
from dashboard.visitors.access import Granted, entered, read_access
from dashboard.visitors.door import browser_cookie
from dashboard.visitors.sessions import SESSIONS, Offer
from pipelines.yamlfile import PlanFaults


@dataclass(frozen=True, kw_only=True)
class File:
    """A file of a row: what its link says, what it says to those who hear it alone, and how it is made."""

    label: str
    told: str
    name: str
    kind: str
    make: Callable[[], bytes]


def link(view: View, label: str, *, key: str, name: str, kind: str, what: str, make: Callable[[], bytes]) -> None:
    """A link that looks like a button; nothing where the role may carry nothing away.

    `make` gives the bytes, outside of any run of the page; `what` says in the log which view they are of.
    """
    address = _offered(view, key=key, what=what, file=File(label=label, told=label, name=name, kind=kind, make=make))
    if address is not None:
        st.html(f'<a class="pw-export" href="{address}" download="{escape(name)}">{escape(label)}</a>', width="content")


def row(view: View, label: str, files: Sequence[File], *, key: str, what: str) -> None:
    """Small links to several files of the same, after the word `label`; nothing where the role may carry nothing away."""
    links = []
    for file in files:
        # NOTE: the place and not the name is the key: else a session would keep a file for every view it ever showed
        address = _offered(view, key=f"{key}_{file.name.rpartition('.')[2]}", what=what, file=file)
        if address is not None:
            named = f'download="{escape(file.name)}" aria-label="{escape(file.told)}"'
            links.append(f'<a href="{address}" {named}>{escape(file.label)}</a>')
    if links:
        st.html(markup.box("pw-carry", markup.text("", label, tag="span"), *links))


def _offered(view: View, *, key: str, what: str, file: File) -> str | None:
    """Under which address the file can be fetched by who sees this page; None where he may carry nothing away."""
    run = get_script_run_ctx()
    if not view.access.exports or run is None:
        return None
    access, edition, store = view.access, view.edition, view.started.store
    claims = st.user.to_dict()

    def allowed() -> bool:
        return access.name is None or _now(view, claims) == access

    offer = Offer(
        session=run.session_id,
        browser=st.context.cookies.get(browser_cookie(https=view.started.https), ""),
        name=file.name,
        kind=file.kind,
        make=file.make,
        allowed=allowed,
        record=lambda: record.exported(store, access, edition, what, file.name.rpartition(".")[2]),
    )
    return f"export/{SESSIONS.offer(key, offer)}"


def _now(view: View, claims: Mapping[str, object]) -> Granted | None:
    """What the same person may see at this moment: the list may have changed since the page was drawn."""
    try:
        found = entered(read_access(view.started.store), claims, time.time())
    except (OSError, PlanFaults):
        return None
    return found if isinstance(found, Granted) and not SESSIONS.is_ended(found.sign_in) else None
