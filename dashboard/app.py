"""The app: lets a visitor in, opens the current edition read-only as far as he may see it, and orders its pages."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # Streamlit puts only this file's own folder on the path
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402

from dashboard import query  # noqa: E402
from dashboard.blocks import newer  # noqa: E402
from dashboard.blocks.view import Page, View  # noqa: E402
from dashboard.views import (  # noqa: E402
    actions,
    catalogue,
    data,
    entry,
    explore,
    frame,
    overview,
    problem,
    reports,
    target,
    who,
)
from dashboard.visitors.access import EVERYONE, INSIDE  # noqa: E402
from dashboard.visitors.started import started as started_by  # noqa: E402
from dashboard.words import LANGUAGES, spoken, words  # noqa: E402
from indicators.editions.edition import BrokenEdition, NoEdition  # noqa: E402

# NOTE: a page is a choice in the address, not a path. Below a path Streamlit's own health check asks for
# addresses that do not exist, and every deep link begins with errors on the console.
PAGES = {
    "overview": Page(show=overview.show, roles=EVERYONE, group="decide"),
    "target": Page(show=target.show, roles=EVERYONE, group="decide"),
    "who": Page(show=who.show, roles=EVERYONE, group="decide"),
    "explore": Page(show=explore.show, roles=EVERYONE, group="analyse"),
    "data": Page(show=data.show, roles=EVERYONE, group="analyse"),
    "catalogue": Page(show=catalogue.show, roles=INSIDE, group="analyse"),
    "actions": Page(show=actions.show, roles=EVERYONE, group="deliver"),
    "reports": Page(show=reports.show, roles=EVERYONE, group="deliver"),
}

# NOTE: a link of the app to itself hands its choices to the script and leaves the address bar as it was
st.query_params.from_dict(st.query_params.to_dict())
asked = st.query_params.get("lang", "")
told = words(asked if asked in LANGUAGES else spoken(st.context.locale))
started = started_by(sys.argv, os.environ)
st.set_page_config(
    page_title=told("app.name"),
    layout="wide",
    initial_sidebar_state="collapsed",
)
frame.style(told)
home = st.navigation([st.Page(lambda: None, title=told("app.name"), default=True)], position="hidden")
access = entry.enter(told, started, home)
try:
    with st.spinner(told("edition.opening")):  # told only where it takes a moment: the first time after publishing
        edition = query.current(started.store / "editions", access.scope)
except (NoEdition, BrokenEdition) as error:
    problem.show(told, error, started.store if access.role == "steward" else None)
    st.stop()
shown = st.query_params.get("page", "")
pages = {name: page.group for name, page in PAGES.items() if access.role in page.roles}
view = View(
    words=told,
    edition=edition,
    access=access,
    started=started,
    page=shown if shown in pages else next(iter(pages)),
    pages=pages,
    home=home,
)
frame.bar(view)
newer.show(view)
try:
    PAGES[view.page].show(view)
except Exception:
    logging.getLogger("planwatch").exception("page %s, edition %s", view.page, edition.id)
    problem.unexpected(told)
