"""The way to the target: where the number should be now, where its pace leads, and how fast it must go to catch up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.blocks import carry
from dashboard.blocks.held import Held
from dashboard.blocks.item import ranged
from dashboard.charts.axes import CONFIG, Figure
from dashboard.charts.way import way
from dashboard.lists import judgedtable
from dashboard.pieces import markup
from dashboard.pieces.tempo import tempo
from dashboard.rows.reading import Result
from dashboard.wording import doubt

#: what the key names → the trace that is drawn so
_TRACES = {
    "observed": "observed",
    "way": "path",
    "target": "target",
    "pace": "same_pace",
    "trend": "trend",
    "vintage": "vintage",
}


def show(held: Held) -> None:
    """The figure with its key, what the scenario says in words, then the paces; or why there is no path."""
    words, plan, row = held.item.words, held.item.view.plan, held.row
    st.header(words("target.page.way"), anchor=False)
    drawn = held.lines
    if not any(kind == "path" for kind, _ in drawn):
        st.html(markup.text("pw-note", words("target.page.way.none" if held.target.year is None else "target.page.way.no_base")))
        return
    said = doubt.scenario(drawn, held.item.scale.unit, words, signed=held.item.scale.signed)
    told = doubt.joined([doubt.path(row, plan, words), said], words)
    observed = held.observed
    if held.reading.signed:  # what was before the base says nothing of the way from it
        observed = [one for one in observed if row.base_period is None or one.period >= row.base_period]
    figure = held.made("way", lambda: way(observed, drawn, row, held.item.scale, held.target))
    st.plotly_chart(figure, key="way", config=CONFIG, alt=words("target.page.way.alt", name=held.name, told=told))
    scenario = drawn.get(("same_pace", None), ())
    names = ["observed" if ranged(observed) else "observed.exact", "way", "target"]
    names += ["pace" if scenario[-1].low is not None else "pace.exact"] if len(scenario) > 1 else []
    names += ["trend"] if ("trend", None) in drawn else []
    names += ["vintage"] if sum(kind == "path" for kind, _ in drawn) > 1 else []
    keyed = [(f"way-{name.partition('.')[0]}", words(f"target.page.key.{name}")) for name in names]
    st.html(markup.key(keyed, held.item.scale.spelled))
    marks = {_TRACES[name.partition(".")[0]]: words(f"target.page.key.{name}") for name in names}
    _carry(held, figure, observed, marks)
    if said:
        st.html(markup.text("pw-note", said))
    if bars := tempo(row, held.reading.paces, plan, words):
        told = doubt.fastest(held.reading.paces, plan, words) if row.gap is not None and row.gap > 0 else ""
        st.html(markup.text("pw-sub", words("target.page.pace"), tag="h3") + bars + markup.text("pw-note", told))


def _carry(held: Held, figure: Figure, observed: Sequence[Result], marks: Mapping[str, str]) -> None:
    """The figure and its years as files."""
    item, row = held.item, held.row
    unit = item.scale.unit
    carry.chart(
        item.view,
        "way_files",
        name=f"{row.target}_way",
        title=item.words("carry.way", name=held.name),
        figure=figure,
        frame=judgedtable.way(observed, held.lines, held.target, unit, item.words),
        facts=held.facts(row.breakdown),
        what=f"{row.target}:way",
        places=unit.decimals,
        marks=marks,
    )
