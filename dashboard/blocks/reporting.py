"""Reports on the page: which one is asked for, what it will hold, and the file, made when asked for and then offered."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import streamlit as st

from dashboard.blocks import export
from dashboard.blocks.view import View
from dashboard.pieces import markup
from dashboard.pieces.sparkline import data_address
from dashboard.reports import html, sheet
from dashboard.reports.compose import KINDS, compose
from dashboard.reports.formats import FORMATS, file_name
from dashboard.reports.matter import Matter
from dashboard.reports.report import Figure, Figures, Kind, Report
from dashboard.rows.assessed import Position
from dashboard.visitors.scoped import Shown
from dashboard.wording import definition
from dashboard.words import LANGUAGES, words
from indicators.catalogue.periods import Language

_BUILT = "reports_built"
_KEPT = 4  # files of a session that are kept at hand, the newest
_SHOWN = 2  # sections of the preview


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which report, in which language, about what, in which format."""

    kind: Kind
    language: Language
    of: tuple[str, str] | None
    ending: str

    @property
    def what(self) -> tuple[str, ...]:
        return (self.kind, self.language, *(self.of or ()))


def asked(view: View) -> Asked | None:
    """The choices of the address; None where a sheet is wanted and there is no category to be seen."""
    told = view.words
    kinds: dict[str, Kind] = {kind: kind for kind in KINDS}
    with st.container(key="report_choices"):
        names = {kind: told(f"report.kind.{kind}") for kind in kinds}
        kind = kinds[view.choose("kind", told("report.choose.kind"), list(kinds), "brief", names.__getitem__, few=True)]
        of = _category(view) if kind == "sheet" else None
        with st.container(key="report_form", horizontal=True):
            tongues: dict[str, Language] = dict(zip(LANGUAGES, LANGUAGES, strict=True))
            names = {name: told(f"report.language.{name}") for name in tongues}
            language = view.choose(
                "report_lang", told("report.choose.language"), list(tongues), told.language, names.__getitem__, few=True
            )
            names = {ending: told(f"report.format.{ending}") for ending in FORMATS}
            ending = view.choose("format", told("report.choose.format"), list(FORMATS), "pdf", names.__getitem__, few=True)
    return None if kind == "sheet" and of is None else Asked(kind=kind, language=tongues[language], of=of, ending=ending)


def _category(view: View) -> tuple[str, str] | None:
    """Of what a sheet is: breakdown and code, as scope=province=320000 in the address."""
    found = view.made(("report scopes",), lambda edition: sheet.categories(_matter(edition, view.words.language)))
    named = {
        f"{breakdown}={code}": " · ".join(
            [
                definition.breakdown_name(view.plan, breakdown, view.words),
                definition.category(view.plan, breakdown, code, view.words),
            ]
        )
        for breakdown, codes in found.items()
        for code in codes
    }
    if not named:
        return None
    chosen = view.choose("scope", view.words("report.choose.scope"), list(named), _first(found), named.__getitem__)
    breakdown, _, code = chosen.partition("=")
    return breakdown, code


def _first(found: Mapping[str, list[str]]) -> str:
    """The breakdown with most categories: in most plans the provinces."""
    breakdown = max(found, key=lambda name: len(found[name]))
    return f"{breakdown}={found[breakdown][0]}"


def report(view: View, wanted: Asked) -> Report:
    """The report as a description, composed once for an edition and a scope."""
    return view.made(("report", *wanted.what), partial(_composed, wanted))


def _composed(wanted: Asked, edition: Shown) -> Report:
    return compose(wanted.kind, _matter(edition, wanted.language), wanted.of)


def _matter(edition: Shown, language: Language) -> Matter:
    return Matter(edition=edition, words=words(language), whole=edition.scope.rows == "all")


def told(view: View, wanted: Asked, made: Report) -> None:
    """What the reader will get, in words: for whom, how long, which sections, what the format is good for."""
    said = view.words
    sections = [section.title for section in made.sections if not section.deep]
    lines = [said(f"report.about.{wanted.kind}"), said(f"report.format.{wanted.ending}.about")]
    listed = said("report.sections", titles=said("mark.list").join(" ".join(title.split()) for title in sections))
    st.html(markup.box("pw-report-about", *(markup.text("", one, tag="p") for one in lines), markup.text("pw-note", listed)))


def carry(view: View, wanted: Asked, made: Report) -> None:
    """One button that makes the file, with what is being done; then the link to it, for this session."""
    said = view.words
    if not view.access.exports:
        st.html(markup.text("pw-note", said("report.no_export")))
        return
    built: dict[object, tuple[bytes, float]] = st.session_state.setdefault(_BUILT, {})
    key = (view.edition.sha256, view.access.scope, wanted)
    with st.container(key="report_make"):
        if key not in built:
            named = said("report.make", format=said(f"report.format.{wanted.ending}"))
            if not st.button(markup.markdown(named), key="make_report", type="primary"):
                return
            built[key] = _made(view, wanted, made)
            for old in list(built)[:-_KEPT]:
                del built[old]
        data, seconds = built[key]
        export.link(
            view,
            said("report.save", format=said(f"report.format.{wanted.ending}"), size=f"{max(len(data) / 1024, 1):,.0f}"),
            key="report",
            name=file_name(wanted.kind, view.edition.id, wanted.language, wanted.ending, wanted.of),
            kind=FORMATS[wanted.ending].media,
            what=f"report:{':'.join(wanted.what)}",
            make=lambda: data,
        )
        st.html(markup.text("pw-note", said("report.made", seconds=f"{seconds:.1f}")))


def _made(view: View, wanted: Asked, made: Report) -> tuple[bytes, float]:
    """The file, and how many seconds it took."""
    said, began = view.words, time.perf_counter()
    figures = sum(len(one.figures) if isinstance(one, Figures) else isinstance(one, Figure) for one in made.blocks)
    with st.status(said("report.making"), expanded=True) as status:
        st.html(markup.text("pw-note", said("report.step.composed", n=len(made.sections), figures=figures)))
        st.html(markup.text("pw-note", said("report.step.format", format=said(f"report.format.{wanted.ending}"))))
        data = FORMATS[wanted.ending].make(made)
        status.update(label=said("report.done"), state="complete", expanded=False)
    return data, time.perf_counter() - began


def preview(view: View, made: Report) -> None:
    """Title and first findings of the report, as it says them."""
    st.header(view.words("report.preview"), anchor=False)
    inside = html.top(made, level=3)
    for section in made.sections[:_SHOWN]:
        inside += html.section(section, under=3, pen=_PEN)
    label = markup.escape(made.title)
    st.html(f'<article class="pw-preview" lang="{made.language}" aria-label="{label}">{inside}</article>')


def _sign(position: Position, within: bool) -> str:
    return f'<span class="pw-outcome pw-{position}{" pw-within" if within else ""}"><i></i></span>'


def _picture(svg: str, alt: str) -> str:
    return f'<img src="{data_address(svg)}" alt="{markup.escape(alt)}">'


#: NOTE: Streamlit takes drawings out of HTML, and leaves pictures in it
_PEN = html.Pen(sign=_sign, picture=_picture)


def brief_link(view: View) -> None:
    """The brief in the language of the page as PDF, made when the link is followed; nothing where nothing may be carried away."""
    wanted = Asked(kind="brief", language=view.words.language, of=None, ending="pdf")
    edition = view.edition
    export.link(
        view,
        view.words("report.brief.link"),
        key="brief",
        name=file_name("brief", edition.id, wanted.language, "pdf"),
        kind=FORMATS["pdf"].media,
        what=f"report:{':'.join(wanted.what)}",
        make=lambda: FORMATS["pdf"].make(_composed(wanted, edition)),
    )
