"""The app: opens the current edition read-only and orders its pages. Nothing else is read."""

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
from dashboard.views import frame, indicator, overview, problem  # noqa: E402
from dashboard.views.view import View  # noqa: E402
from dashboard.words import LANGUAGES, spoken, words  # noqa: E402
from indicators.editions.edition import BrokenEdition, NoEdition  # noqa: E402

# NOTE: a page is a choice in the address, not a path. Below a path Streamlit's own health check asks for
# addresses that do not exist, and every deep link begins with errors on the console.
PAGES = {"overview": overview.show, "indicator": indicator.show}

# NOTE: a link of the app to itself hands its choices to the script and leaves the address bar as it was
st.query_params.from_dict(st.query_params.to_dict())
asked = st.query_params.get("lang", "")
told = words(asked if asked in LANGUAGES else spoken(st.context.locale))
store = Path(sys.argv[sys.argv.index("--dir") + 1] if "--dir" in sys.argv[:-1] else os.environ.get("PLANWATCH_DIR", "data"))
st.set_page_config(
    page_title=told("app.name"),
    page_icon=str(ROOT / "dashboard" / "static" / "icon.png"),
    layout="wide",
    initial_sidebar_state="collapsed",
)
frame.style(told)
try:
    edition = query.current(store / "editions")
except (NoEdition, BrokenEdition) as error:
    problem.show(told, error, store)
    st.stop()
shown = st.query_params.get("page", "")
home = st.navigation([st.Page(lambda: None, title=told("app.name"), default=True)], position="hidden")
view = View(words=told, edition=edition, page=shown if shown in PAGES else "overview", home=home)
frame.bar(view)
try:
    PAGES[view.page](view)
except Exception:
    logging.getLogger("planwatch").exception("page %s, edition %s", view.page, edition.id)
    problem.unexpected(told)
