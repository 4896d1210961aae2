"""Who must move: the gap split over the categories of a breakdown, the fewest that hold most of it, and what would close it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl
import streamlit as st

from dashboard.blocks import carry, course
from dashboard.blocks.held import Held
from dashboard.charts.axes import CONFIG, Figure
from dashboard.charts.pareto import MOST, drawn, pareto
from dashboard.pieces import markup
from dashboard.rows.judged import Part, categories
from dashboard.wording import doubt
from indicators.catalogue import format


def show(held: Held) -> None:
    """The choice of a breakdown, sentence, figure and table; then what the change since the base came from."""
    words, splits = held.item.words, held.splits
    within = held.item.view.access.scope.rows == "within"
    st.header(words("target.page.who"), anchor=False)
    if not splits:
        st.html(markup.text("pw-note", words("target.page.who.not_yours" if within else "target.page.who.none")))
        return
    if within:
        st.html(markup.text("pw-note", words("target.page.who.yours")))
    named = {name: held.by(name) for name in splits}
    by = held.item.view.choose("by", words("target.page.who.by"), list(splits), first(held), named.__getitem__)
    parts = splits[by]
    doubtful = {row.category for row in held.item.cut(by, held.row.period) if row.status == "unreliable"}
    doubtful &= {part.category for part in parts}
    names = {one.category: held.part(by, one) + (" ◇" if one.category in doubtful else "") for one in parts}
    said = [*held.movers(by), *([words("target.page.who.met")] if (held.row.gap or 0.0) <= 0 else [])]
    st.html(markup.text("pw-told", doubt.joined(said, words)))
    _gap(held, by, parts, names)
    if doubtful:
        st.html(markup.text("pw-note", f"◇ {words('indicator.unreliable', n=len(doubtful))}"))
    course.show(held, by, parts, names)


def first(held: Held) -> str:
    """The breakdown to begin with: the one that needs the fewest names."""
    return held.telling or next(iter(held.splits))


def _gap(held: Held, by: str, parts: tuple[Part, ...], names: dict[str, str]) -> None:
    words, scale = held.item.words, held.item.scale
    amounts = [
        f"{names[one.category]} {format.difference(one.contribution or 0.0, scale.unit, words.language)}" for one in drawn(parts)
    ]
    alt = words("target.page.who.alt", name=held.name, breakdown=held.by(by), told=words("mark.list").join(amounts))
    left, right = st.columns(2, gap="medium")
    with left:
        figure = held.made("pareto", lambda: pareto(parts, names, scale), by)
        st.plotly_chart(figure, key="pareto", config=CONFIG, alt=alt)
        within = held.item.view.access.scope.rows == "within"
        marks = ["essential", "other"] if any(one.essential for one in parts) else ["own" if within else "other"]
        marks += ["unnamed"] if any(one.part in ("rest", "composition") for one in parts) else []
        marks += ["cumulative"] if any(one.cumulative is not None for one in parts) else []
        st.html(markup.key([(f"who-{name}", words(f"target.page.who.key.{name}")) for name in marks]))
        if len(categories(parts)) > MOST:
            st.html(markup.text("pw-note", words("target.page.who.more", n=MOST, all=len(categories(parts)))))
    with right:
        columns = _columns(held, parts, names)
        frame = pl.DataFrame({one.name: one.values for one in columns}, strict=False)
        looks = {
            one.name: st.column_config.NumberColumn(format=f"%.{one.places}f", width=one.width)
            for one in columns
            if one.places is not None
        }
        st.dataframe(frame, hide_index=True, key="who_table", placeholder="–", column_config=looks, alt=alt)
        _carry(held, by, parts, frame, figure, {name: words(f"target.page.who.key.{name}") for name in marks})


def _carry(held: Held, by: str, parts: tuple[Part, ...], frame: pl.DataFrame, figure: Figure, marks: Mapping[str, str]) -> None:
    """The figure and the table as files."""
    words = held.item.words
    first: dict[str, int] = {}
    for at, one in enumerate(drawn(parts)):
        first.setdefault("unnamed" if one.part != "category" else "essential" if one.essential else "other", at)
    first["own"] = first.get("other", 0)
    keyed = {f"contribution/{first[name]}": told for name, told in marks.items() if name in first}
    keyed |= {name: told for name, told in marks.items() if name == "cumulative"}
    carry.chart(
        held.item.view,
        "who_files",
        name=f"{held.row.target}_{by.replace(',', '-')}",
        title=words("carry.who", name=held.name, breakdown=held.by(by)),
        figure=figure,
        frame=frame,
        facts=held.facts(by),
        what=f"{held.row.target}:{by}",
        places=held.item.scale.unit.decimals + 1,
        marks=keyed,
        width=760,
    )


@dataclass(frozen=True, kw_only=True)
class _Column:
    """A column of the table: its values as they are shown, how many decimals they have, and its width in pixels."""

    name: str
    values: list[object]
    places: int | None = None  # None: text
    width: int = 76


def _columns(held: Held, parts: tuple[Part, ...], names: dict[str, str]) -> list[_Column]:
    """All parts with what they hold of the gap; numbers in the unit of the indicator, parts of a gap with one decimal more."""
    words, unit, counted = held.item.words, held.item.scale.unit, held.item.indicator.counted
    symbol, places = unit.symbol.in_language(words.language), unit.decimals
    differing = (unit.difference or unit.symbol).in_language(words.language)
    values: list[object] = [format.shown(one.value, unit) for one in parts]
    amounts: list[object] = [_fine(one.contribution, unit.factor) for one in parts]
    found = [
        _Column(name=words("target.page.column.category"), values=[names[one.category] for one in parts]),
        _Column(name=words("target.page.column.value", unit=symbol), values=values, places=places),
        _Column(name=words("target.page.column.contribution", unit=differing), values=amounts, places=places + 1, width=118),
        _Column(name=words("target.page.column.share"), values=[_fine(one.share, 100) for one in parts], places=1),
        _Column(name=words("target.page.column.cumulative"), values=[_fine(one.cumulative, 100) for one in parts], places=1),
    ]
    if held.item.view.access.scope.rows == "within":
        found.pop()  # a sum over the ranks is one of others, too
    if counted is not None and any(one.missing is not None for one in parts):
        name = words("target.page.column.missing", counted=counted.in_language(words.language))
        missing: list[object] = [None if one.missing is None else round(one.missing) for one in parts]
        found.insert(3, _Column(name=name, values=missing, places=0, width=96))
    return found


def _fine(value: float | None, factor: float) -> float | None:
    return None if value is None else round(value * factor, 4)
