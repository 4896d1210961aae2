"""What `streamlit run` is given: the app behind its door."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # Streamlit puts only this file's own folder on the path
    sys.path.insert(0, str(ROOT))

import streamlit as st  # noqa: E402
from starlette.middleware import Middleware  # noqa: E402
from streamlit import runtime  # noqa: E402

from dashboard.visitors.door import Door  # noqa: E402
from dashboard.visitors.sessions import SESSIONS  # noqa: E402
from dashboard.visitors.started import started  # noqa: E402

SESSIONS.active = lambda session: runtime.exists() and runtime.get_instance().is_active_session(session)
app = st.App(
    "app.py",
    middleware=[
        Middleware(
            Door,
            started=started(sys.argv, os.environ),
            sessions=SESSIONS,
            page=(Path(st.__file__).parent / "static" / "index.html").read_text(encoding="utf-8"),
        )
    ],
)
