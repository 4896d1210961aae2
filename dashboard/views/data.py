"""Data and methods: dictionary, quality, response, revisions, what is withheld, and downloads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from dashboard.blocks import answered, dictionary, downloads, protection, quality, revised
from dashboard.blocks.view import View
from dashboard.pieces import markup

PARTS: Final[Mapping[str, Callable[[View], None]]] = {
    "dictionary": dictionary.show,
    "quality": quality.show,
    "response": answered.show,
    "revisions": revised.show,
    "protection": protection.show,
    "downloads": downloads.show,
}


def show(view: View) -> None:
    """Orders the page: the choice of a part, the way to the catalogue, the part."""
    words = view.words
    st.title(words("nav.data"), anchor=False)
    named = {part: words(f"data.part.{part}") for part in PARTS}
    with st.container(key="data_part", horizontal=True, vertical_alignment="bottom"):
        part = view.choose("part", words("data.part"), list(PARTS), next(iter(PARTS)), named.__getitem__, few=True)
        if "catalogue" in view.pages:
            with st.container(key="onward", width="content"):
                view.link("catalogue", words("data.catalogue"))
    if view.access.scope.rows != "all" and part in ("quality", "response", "revisions", "protection"):
        st.html(markup.text("pw-note", words("data.cut")))
    PARTS[part](view)
