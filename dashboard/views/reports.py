"""Reports: audience, language, scope and format; what the reader will get, the file when asked for, and how it begins."""

from __future__ import annotations

import streamlit as st

from dashboard.blocks import reporting
from dashboard.blocks.view import View
from dashboard.pieces import markup


def show(view: View) -> None:
    """Orders the page."""
    st.title(view.words("nav.reports"), anchor=False)
    wanted = reporting.asked(view)
    if wanted is None:
        st.html(markup.text("pw-note", view.words("report.no_scope")))
        return
    made = reporting.report(view, wanted)
    reporting.told(view, wanted, made)
    reporting.carry(view, wanted, made)
    reporting.preview(view, made)
