"""Where the change since the base came from: step by step from the base to now, and what is left to the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from dashboard.blocks import carry
from dashboard.blocks.held import Held
from dashboard.charts.axes import CONFIG
from dashboard.charts.waterfall import Step, steps, waterfall
from dashboard.lists import judgedtable
from dashboard.pieces import markup
from dashboard.rows.judged import Part
from indicators.catalogue import format, periods


def show(held: Held, by: str, parts: Sequence[Part], names: Mapping[str, str]) -> None:
    """Figure, key and files; nothing where the change was not split, or a visitor has not all of its parts."""
    words, scale = held.item.words, held.item.scale
    found = _steps(held, parts, names)
    if not found or held.item.view.access.scope.rows == "within":
        return
    st.header(words("target.page.shift"), anchor=False)
    st.html(markup.text("pw-note", words("target.page.shift.note")))
    figure = held.made("waterfall", lambda: waterfall(found, scale, target=_target(held)), by)
    told = [f"{step.name} {_amount(held, step)}" for step in found]
    alt = words("target.page.shift.alt", name=held.name, told=words("mark.list").join(told))
    st.plotly_chart(figure, key="waterfall", config=CONFIG, alt=alt)
    marks = {name: words(f"target.page.{name}") for name in ("level", "within", "composition")}
    marks |= {"gap": words("tile.gap")} if _target(held) else {}
    st.html(markup.key([(f"shift-{name}", mark) for name, mark in marks.items()]))
    carry.chart(
        held.item.view,
        "shift_files",
        name=f"{held.row.target}_{by.replace(',', '-')}_change",
        title=words("carry.shift", name=held.name, breakdown=held.by(by)),
        figure=figure,
        frame=judgedtable.shift(parts, {**names, "total": words("target.page.total")}, scale.unit, words),
        facts=held.facts(by),
        what=f"{held.row.target}:{by}:change",
        places=scale.unit.decimals + 1,
        marks=marks,
        width=760,
    )


def _steps(held: Held, parts: Sequence[Part], names: Mapping[str, str]) -> list[Step]:
    row, words = held.row, held.item.words
    if row.base is None or row.value is None or row.base_period is None:
        return []
    named = {**names, "": words("target.page.others"), "composition": words("target.page.composition")}
    base, now = (periods.label(period, words.language) for period in (row.base_period, row.period))
    return steps(parts, named, (base, row.base), (now, row.value))


def _target(held: Held) -> tuple[str, float] | None:
    """What is still to go, where something is."""
    if held.target.value is None or (held.row.gap or 0.0) <= 0:
        return None
    return held.item.words("target.page.to_go", bound=held.item.scale.bound(held.target)), held.target.value


def _amount(held: Held, step: Step) -> str:
    scale = held.item.scale
    if step.kind == "level":
        return scale.number(step.end)
    return format.difference(step.end - step.start, scale.unit, scale.words.language, signed=True)
