"""The method strip: what other official methods say of the same numbers, and how many of them agree."""

from __future__ import annotations

import polars as pl
import streamlit as st

from dashboard.blocks import carry
from dashboard.blocks.held import Held
from dashboard.pieces import markup
from dashboard.pieces.marks import marks, table
from dashboard.wording import doubt, strip
from dashboard.wording.strip import Strip


def show(held: Held) -> None:
    """A sentence with the count, one row of marks, and on demand the figure of each; nothing where the edition holds none."""
    words, found = held.item.words, Strip.of(held.item.view.plan, held.reading, held.row, held.methods)
    if not found.rulings:
        return
    st.header(words("methods.title"), anchor=False)
    told = markup.text("pw-told", doubt.joined(strip.sentences(found, words), words))
    st.html(told + (marks(found, words) if found.applying else ""))
    with st.expander(words("target.page.strip.figures")):
        st.html(table(found, words) + markup.text("pw-note", words("methods.note")))
        columns = zip(*strip.lines(found, words), strict=True)
        carry.frame(
            held.item.view,
            "methods_files",
            name=f"{held.row.target}_methods",
            title=words("carry.methods", name=held.name),
            frame=pl.DataFrame({head: list(cells) for head, cells in zip(strip.headings(words), columns, strict=True)}),
            facts=held.facts(held.row.breakdown),
            what=f"{held.row.target}:methods",
            places=2,
        )
