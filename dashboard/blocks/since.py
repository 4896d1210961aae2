"""What changed since the edition before this one, and what a reader of this one should know."""

from __future__ import annotations

import streamlit as st

from dashboard import query
from dashboard.blocks.view import View
from dashboard.pieces import markup
from dashboard.wording import change


def show(view: View) -> None:
    """A sentence with the changes folded below it; then the notices of the edition."""
    words = view.words
    revised, former = view.read(query.revised), change.former(view.edition)
    if told := change.sentence(former, view.read(query.whole, "alerts"), revised, words):
        with st.expander(markup.markdown(told)):
            lines = [*change.reasons(former, revised, words), *change.fired(view.read(query.alerts), words)]
            st.html("".join(markup.text("pw-notice", line) for line in lines) or markup.text("pw-note", words("since.same")))
            view.link("data", words("since.more"), part="revisions")
    if view.edition.notices:
        with st.expander(words("head.notices", n=len(view.edition.notices))):
            st.html("".join(markup.text("pw-notice", notice.in_language(words.language)) for notice in view.edition.notices))
