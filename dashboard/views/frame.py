"""What stands around every page: style, language of the document, name, navigation, language link."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import markup
from dashboard.views.view import View
from dashboard.words import Words

STYLE = Path(__file__).parent.parent / "static" / "style.css"


def style(told: Words) -> None:
    """The style sheet, and the language of the document for screen readers and for the shapes of Chinese letters."""
    st.html(STYLE)
    tag = "zh-CN" if told.language == "zh" else "en"
    st.html(f"<script>document.documentElement.lang = '{tag}'</script>", unsafe_allow_javascript=True)


def bar(view: View) -> None:
    """Name, pages and the link to the other language, which keeps the view."""
    told = view.words
    with st.container(key="bar", horizontal=True, vertical_alignment="center"):
        st.html(f'<div class="pw-brand"><span></span>{markup.line([told("app.name")])}</div>', width="content")
        for name in ("overview", "indicator"):
            with st.container(key=f"nav_{name}{'_here' if name == view.page else ''}", width="content"):
                view.link(name, told(f"nav.{name}"))
        if view.edition.manifest.get("provenance", {}).get("synthetic"):
            st.html(markup.text("pw-synthetic", told("edition.synthetic")), width="content")
        with st.container(key="language", width="content"):
            other = "en" if told.language == "zh" else "zh"
            st.page_link(view.home, label=told("nav.language"), query_params={**st.query_params.to_dict(), "lang": other})
