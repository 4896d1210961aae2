"""All that may be carried away: the tables of the edition, the dictionary, the catalogue; how to cite and how to verify."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import polars as pl
import streamlit as st

from dashboard import query
from dashboard.blocks import chosen, export
from dashboard.blocks.export import File
from dashboard.blocks.view import View
from dashboard.catalogue import cataloguejson, dcat
from dashboard.catalogue.catalogue import Catalogue
from dashboard.lists import table
from dashboard.lists.workbook import workbook
from dashboard.pieces import markup
from dashboard.pieces.markup import escape
from dashboard.wording import citation, dictionary
from indicators.editions.details import DETAILS
from pipelines.yamlfile import Text

#: so many rows fit on a sheet, one of which is the heading
SHEET = 1_048_575
_PLACES = 6
CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def show(view: View) -> None:
    """What there is, a line for each table with its files, then citation, terms and seal."""
    words = view.words
    sizes = {name: n for name, n in view.read(query.sizes).items() if n}
    if not sizes:
        st.html(markup.box("pw-empty", markup.bold(words("data.quality.none")), "<br>", escape(words("data.none.what"))))
        return
    told = words("data.downloads.lead", n=len(sizes), rows=f"{sum(sizes.values()):,}", id=view.edition.id)
    notes = [words("data.downloads.note" if view.access.exports else "data.downloads.viewer")]
    notes += [words("data.cut")] if view.access.scope.rows != "all" else []
    st.html(markup.text("pw-told", told) + "".join(markup.text("pw-note", note) for note in notes))
    with st.container(key="downloads", gap=None):
        for name, n in sizes.items():
            whole = partial(query.whole_table, view.edition, view.access.scope, name)
            _line(view, name, title(view, name), words("data.downloads.rows", n=f"{n:,}"), whole, workbook_too=n <= SHEET)
        names = chosen.every(view)
        count = words("data.downloads.rows", n=len(names))
        made = partial(dictionary.frame, view.plan, names, words)
        _line(view, "dictionary", words("data.downloads.dictionary"), count, made, workbook_too=True)
        if "catalogue" in view.pages:
            _catalogue(view)
    _about(view)


def title(view: View, name: str) -> str:
    """What a table is called."""
    return view.words(f"details.{name}" if name in DETAILS else f"catalogue.table.{name}")


def _line(view: View, name: str, told: str, count: str, frame: Callable[[], pl.DataFrame], *, workbook_too: bool) -> None:
    """The name of a table, its size and its files; a file is made only when it is asked for."""
    edition, words = view.edition, view.words
    stem = f"{name}_{edition.id}" if name != "dictionary" else f"{name}_{edition.id}_{words.language}"
    facts = [(words("details.column.table"), f"{told} ({name})"), *citation.facts(edition, told, words)]
    made: dict[str, tuple[str, Callable[[], bytes]]] = {"csv": (CSV, lambda: table.as_csv(frame(), facts, None))}
    if workbook_too:
        created = edition.created
        made["xlsx"] = (XLSX, lambda: workbook(frame(), title=told, facts=facts, places=_PLACES, created=created))
    _row(view, name, told, count, {f"{stem}.{form}": one for form, one in made.items()})


def _catalogue(view: View) -> None:
    words, stem = view.words, f"catalogue_{view.edition.id}"

    def of() -> Catalogue:
        return Catalogue.of_edition(view.edition, query.whole_table(view.edition, view.access.scope, "coverage"))

    made: dict[str, tuple[str, Callable[[], bytes]]] = {
        f"{stem}.jsonld": ("application/ld+json", lambda: dcat.as_dcat(of()).encode()),
        f"{stem}.json": ("application/json", lambda: cataloguejson.as_json(of()).encode()),
    }
    _row(view, "catalogue", words("catalogue.title"), "", made)


def _row(view: View, name: str, told: str, count: str, made: dict[str, tuple[str, Callable[[], bytes]]]) -> None:
    words = view.words
    files = []
    for file, (kind, make) in made.items():
        form = words(f"data.form.{file.rpartition('.')[2]}")
        spoken = words("data.downloads.file", form=form, title=told)
        files.append(File(label=form, told=spoken, name=file, kind=kind, make=make))
    with st.container(key=f"download_{name}", horizontal=True, vertical_alignment="center"):
        size = markup.text("pw-small", count, tag="span") if count else ""
        st.html(markup.box("pw-file", markup.bold(told), f"<code>{escape(name)}</code>", size))
        export.row(view, "", files, key=f"whole_{name}", what=f"table:{name}")


def _about(view: View) -> None:
    """How to cite the edition, on what terms it may be used, how to prove that it is what was published."""
    edition, words = view.edition, view.words
    language, kept = words.language, edition.plan.identity.publication
    terms = [one.in_language(language) for one in (kept.use, kept.legal_basis) if isinstance(one, Text)]
    facts = [
        (words("cite"), citation.citation(edition, words("data.downloads.whole"), words)),
        (words("cite.terms"), " ".join(terms) or words("cite.terms.of")),
        (words("data.seal"), words("data.seal.of", id=edition.id)),
    ]
    st.html(markup.text("pw-head-of", words("data.cite"), tag="h2") + markup.facts(facts))
    st.code(
        f"planwatch editions\nsha256sum editions/{edition.id}/manifest.json\n{edition.sha256}", language=None, wrap_lines=True
    )
