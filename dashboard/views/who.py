"""Who must move: the gap split over the categories of a breakdown, the fewest that hold most of it, and what would close it."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
import streamlit as st

from dashboard.charts.axes import CONFIG
from dashboard.charts.pareto import MOST, drawn, pareto
from dashboard.charts.shift import shift
from dashboard.charts.shift import told as shifted
from dashboard.lists import table
from dashboard.pieces import markup
from dashboard.rows.judged import Part, categories
from dashboard.views import export
from dashboard.views.held import Held
from dashboard.wording import definition, doubt, phrases
from indicators.catalogue import format


def show(held: Held) -> None:
    """The choice of a breakdown, sentence, figure and table; then what the change since the base came from."""
    words, splits = held.item.words, held.splits
    within = held.item.view.access.scope.rows == "within"
    st.subheader(words("target.page.who"), anchor=False)
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
    if shifted(parts):
        _change(held, by, parts, names)


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
        st.plotly_chart(pareto(parts, names, scale), key="pareto", config=CONFIG, alt=alt)
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
        _download(held, by, frame)


def _download(held: Held, by: str, frame: pl.DataFrame) -> None:
    """The table as a file, with what it is above it."""
    view, indicator, words = held.item.view, held.item.indicator, held.item.words
    asked = (words("tile.target"), phrases.bound(held.target, held.reading.unit, words, signed=held.reading.signed))
    facts = [*definition.metadata(view.edition, indicator, by, words), asked]
    places = held.item.scale.unit.decimals + 1
    name = f"{held.row.target}_{by.replace(',', '-')}_{view.edition.id}_{words.language}.csv"
    export.link(
        view, words("table.download"), key="who_csv", name=name, kind="text/csv; charset=utf-8", what=f"{held.row.target}:{by}",
        make=lambda: table.as_csv(frame, facts, places),
    )  # fmt: skip


def _change(held: Held, by: str, parts: tuple[Part, ...], names: dict[str, str]) -> None:
    words, scale = held.item.words, held.item.scale
    with st.expander(words("target.page.shift")):
        st.html(markup.text("pw-note", words("target.page.shift.note")))
        amounts = [
            f"{names[one.category]} {format.difference(one.within or 0.0, scale.unit, words.language, signed=True)}"
            for one in shifted(parts)
        ]
        alt = words("target.page.shift.alt", name=held.name, told=words("mark.list").join(amounts))
        st.plotly_chart(shift(parts, names, scale), key="shift", config=CONFIG, alt=alt)
        st.html(markup.key([(f"shift-{name}", words(f"target.page.{name}")) for name in ("within", "composition")]))


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
