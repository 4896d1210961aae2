"""The data catalogue: every table and column with its tier and why, who answers for it, how long it is kept and for what."""

from __future__ import annotations

import streamlit as st

from dashboard import query
from dashboard.blocks import export
from dashboard.blocks.view import View
from dashboard.catalogue import cataloguejson, dcat
from dashboard.catalogue.catalogue import ALL, RANKED, Catalogue, found, groups, kept, lead, shared
from dashboard.pieces import markup, shelf
from indicators.editions.inventory import GROUPS, Group, Holding

#: columns that are shown at once; of more the reader chooses the tables
UNFOLDED = 60


def show(view: View) -> None:
    """Orders the page: sentences, counts, what is looked for, tables by group, downloads."""
    words = view.words
    catalogue = Catalogue.of_edition(view.edition, view.read(query.coverage))
    st.title(words("catalogue.title"), anchor=False)
    first, *others = lead(catalogue, words)
    entries = [entry for one in catalogue.tables for entry in one.entries]
    notes = "".join(f"<p>{markup.line([told])}</p>" for told in others)
    st.html(markup.text("pw-told", first) + shelf.counts(entries, words) + markup.box("pw-note", notes))
    search, tier, group = _wanted(view)
    fitting = found(catalogue, words, search=search, tier=tier, group=group)
    columns = sum(len(one.entries) for one in fitting)
    if not fitting:
        st.html(markup.box("pw-empty", markup.bold(words("catalogue.nothing")), "<br>", words("catalogue.nothing.todo")))
    elif search or (tier, group) != (ALL, ALL):
        st.html(markup.text("pw-small", words("catalogue.found", tables=len(fitting), columns=columns)))
    for name, tables in groups(fitting):
        _group(view, catalogue, name, tables, unfolded=bool(search or tier != ALL) and columns <= UNFOLDED)
    _downloads(view, catalogue)


def _wanted(view: View) -> tuple[str, str, str]:
    """What is looked for, which the address says."""
    with st.container(key="catalogue_filter", horizontal=True, vertical_alignment="bottom", gap="medium"):
        search = _search(view)
        tier = _choice(view, "tier", [ALL, *RANKED], "tier")
        group = _choice(view, "group", [ALL, *GROUPS], "filter.group")
    return search, tier, group


def _choice(view: View, key: str, options: list[str], named: str) -> str:
    words = view.words
    names = {name: words("catalogue.filter.all" if name == ALL else f"catalogue.{named}.{name}") for name in options}
    with st.container(width="content"):
        return view.choose(key, words(f"catalogue.filter.{key}"), options, ALL, names.__getitem__, few=True)


def _search(view: View) -> str:
    st.session_state["catalogue_q"] = st.query_params.get("q", "")[:80]
    words = view.words
    return st.text_input(
        words("catalogue.search"), key="catalogue_q", placeholder=words("catalogue.search.hint"), width=300,
        on_change=lambda: view.changed("q", st.session_state["catalogue_q"]),
    )  # fmt: skip


def _group(view: View, catalogue: Catalogue, name: Group, tables: list[Holding], *, unfolded: bool) -> None:
    """A heading, what holds for all its tables, then the tables."""
    words, asked = view.words, st.query_params.get("table", "")
    common = shared(catalogue.of_group(name), words)
    st.header(words(f"catalogue.group.{name}"), anchor=False)
    note = markup.text("pw-note", words(f"catalogue.group.{name}.note", id=view.edition.id))
    every = all(fact in kept(one.custody, words) for one in catalogue.of_group(name) for fact in common)
    but = "" if every else markup.text("pw-small", words("catalogue.terms.but"))
    listed = "".join(shelf.holding(catalogue, one, common, words, unfolded=unfolded or one.id == asked) for one in tables)
    st.html(note + (shelf.facts(common, words, "pw-terms") + but if common else "") + markup.box("pw-shelf", listed))


def _downloads(view: View, catalogue: Catalogue) -> None:
    words, name = view.words, f"catalogue_{view.edition.id}"
    with st.container(key="catalogue_downloads", horizontal=True):
        export.link(
            view, words("catalogue.download.dcat"), key="catalogue_dcat", name=f"{name}.jsonld", kind="application/ld+json",
            what="catalogue", make=lambda: dcat.as_dcat(catalogue).encode(),
        )  # fmt: skip
        export.link(
            view, words("catalogue.download.json"), key="catalogue_json", name=f"{name}.json", kind="application/json",
            what="catalogue", make=lambda: cataloguejson.as_json(catalogue).encode(),
        )  # fmt: skip
