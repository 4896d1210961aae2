"""The path of an indicator over time, with its table and the values others published."""

from __future__ import annotations

import streamlit as st

from dashboard.charts.axes import CONFIG
from dashboard.charts.trend import trend
from dashboard.lists import table
from dashboard.pieces import cards, markup
from dashboard.rows.reading import Reading, Result
from dashboard.views.item import Item, marked, nothing, ranged
from dashboard.wording import definition
from indicators.catalogue import periods
from indicators.catalogue.plan import Reference
from indicators.editions.results import TOTAL


def show(item: Item, readings: list[Reading]) -> None:
    """Figure, key, table and cited values of the judging reading's scope."""
    words, target = item.words, readings[0].target if readings else None
    st.subheader(words("indicator.trend"), anchor=False)
    scope = target.scope if target and isinstance(target.scope, dict) else {}
    rows = _of_one_level(item, item.path(",".join(scope) or TOTAL, ",".join(scope.values()) or TOTAL))
    if not rows:
        nothing(words)
        return
    reference = item.view.plan.references.get(item.indicator.reference or "")
    cited = reference.observations if reference else []
    alt = words("chart.trend.alt", name=item.name, values="; ".join(f"{row.period} {item.told(row)}" for row in rows))
    st.plotly_chart(
        trend(rows, item.scale, target=target, cited=cited, base=item.indicator.base_period),
        key="trend",
        config=CONFIG,
        alt=alt,
    )
    conflict = ["conflict"] if any(entry.status == "conflict" for entry in cited) else []
    drawn = [*(["path"] if any(row.value is not None for row in rows) else []), *(["interval"] if ranged(rows) else [])]
    item.key([*drawn, *marked(target), *(["cited"] if cited else []), *conflict])
    if through := next((item.through for row in rows if periods.partial(row.period, item.through)), None):
        told = {"period": periods.label(through[:4], words.language), "month": periods.month(through, words.language)}
        st.html(markup.text("pw-note", words("indicator.partial", **told)))
    with st.expander(words("table.trend")):
        item.frame(table.by_period(rows, item.scale.unit, words), "trend_table", alt)
        names = {row.category: definition.category(item.view.plan, row.breakdown, row.category, words) for row in rows}
        item.download(rows, rows[0].breakdown, names, "trend_csv")
    if reference:
        _cited(item, reference)


def _of_one_level(item: Item, rows: list[Result]) -> list[Result]:
    """Years, quarters or months, as the reader chooses where there are several."""
    levels = [level for level in ("year", "quarter", "month") if any(periods.level(row.period) == level for row in rows)]
    if len(levels) < 2:
        return rows
    words = item.words
    named = {level: words(f"indicator.level.{level}") for level in levels}
    level = item.view.choose("level", words("indicator.level"), levels, levels[0], named.__getitem__, few=True)
    return [row for row in rows if periods.level(row.period) == level]


def _cited(item: Item, reference: Reference) -> None:
    with st.expander(f"{item.words('cited.title')} · {markup.markdown(reference.name.in_language(item.words.language))}"):
        st.html(cards.cited(reference.observations, item.scale.unit, item.words))
