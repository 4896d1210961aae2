"""The page that stands in for all others when there is no edition to show."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.pieces import markup
from dashboard.words import Words
from indicators.editions.edition import NoEdition


def show(words: Words, error: ValueError, folder: Path | None) -> None:
    """What is wrong, and the commands that mend it; without a folder, for those who do not look after it, only that it is so."""
    if folder is None:
        with st.container(key="problem"):
            st.title(words("edition.away"), anchor=False)
            st.html(markup.text("pw-note", words("edition.away.what"), tag="p"))
        return
    kind = "none" if isinstance(error, NoEdition) else "broken"
    with st.container(key="problem"):
        st.title(words(f"edition.{kind}"), anchor=False)
        st.html(f"<p>{markup.line([words(f'edition.{kind}.what', folder=folder)])}</p>")
        at = "" if str(folder) == "data" else f" --dir {folder}"
        if kind == "none":
            st.html(f'<div class="pw-small">{markup.line([words("edition.none.demo")])}</div>')
            st.code(f"planwatch demo{at}", language=None)
            st.html(f'<div class="pw-small">{markup.line([words("edition.none.publish")])}</div>')
            st.code(f"planwatch load FILE …{at}\nplanwatch publish{at}", language=None)
        else:
            st.code(f"planwatch publish{at}", language=None)
            st.html(markup.text("pw-note", str(error)))


def unexpected(words: Words) -> None:
    """A mistake of the program: said plainly, without anything of what it was; the log has the rest."""
    st.html(markup.box("pw-empty", markup.bold(words("edition.mistake")), "<br>", markup.line([words("edition.mistake.what")])))
