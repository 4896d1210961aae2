"""The dictionary: every indicator with definition, formula and method, and the codes of every breakdown."""

from __future__ import annotations

import streamlit as st

from dashboard import query
from dashboard.blocks import chosen
from dashboard.blocks.view import View
from dashboard.pieces import entries, markup
from dashboard.wording import definition, dictionary

#: so many entries are opened for who looked for something
UNFOLDED = 3


def show(view: View) -> None:
    """A sentence, the search, the indicators that fit, the lists of codes."""
    plan, words = view.plan, view.words
    names = chosen.every(view)
    aimed = sum(bool(plan.indicators[name].targets) for name in names)
    told = words("data.dictionary.lead", n=len(names), aimed=aimed, breakdowns=len(plan.breakdowns))
    st.html(markup.text("pw-told", told))
    search = _search(view)
    found = dictionary.found(plan, names, search, words)
    if not found:
        st.html(markup.box("pw-empty", markup.bold(words("data.dictionary.nothing")), "<br>", words("data.dictionary.todo")))
    else:
        coverage, unfolded = view.read(query.coverage), bool(search) and len(found) <= UNFOLDED
        count = markup.text("pw-small", words("data.dictionary.found", n=len(found))) if search else ""
        listed = "".join(entries.entry(plan, one, coverage, words, unfolded=unfolded) for one in found)
        st.html(count + markup.box("pw-shelf", listed))
    _codes(view)


def _search(view: View) -> str:
    st.session_state["dictionary_q"] = st.query_params.get("q", "")[:80]
    words = view.words
    with st.container(key="dictionary_filter"):
        return st.text_input(
            words("data.dictionary.search"), key="dictionary_q", placeholder=words("data.dictionary.hint"), width=300,
            on_change=lambda: view.changed("q", st.session_state["dictionary_q"]),
        )  # fmt: skip


def _codes(view: View) -> None:
    """The codes of each breakdown; for those who see a part of the rows, the codes that these have."""
    plan, words = view.plan, view.words
    seen = None if view.access.scope.rows == "all" else set(view.read(query.codes).rows())
    listed = []
    for name in plan.breakdowns:
        every = [*plan.categories(name)] or [code for by, code in view.read(query.codes).rows() if by == name]
        codes = {code: definition.category(plan, name, code, words) for code in every if seen is None or (name, code) in seen}
        if codes:
            listed.append(entries.codes(definition.breakdown_name(plan, name, words), name, codes, words))
    st.header(words("data.codes.title"), anchor=False)
    cut = markup.text("pw-note", words("data.codes.cut")) if seen is not None else ""
    none = markup.text("pw-note", words("data.codes.none"))
    st.html(cut + (markup.box("pw-shelf", *listed) if listed else none))
