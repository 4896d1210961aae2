"""The categories of one breakdown side by side in one period, as bars and as a table."""

from __future__ import annotations

import streamlit as st

from dashboard.charts.axes import CONFIG
from dashboard.charts.bars import bars
from dashboard.lists import table
from dashboard.pieces import markup
from dashboard.rows.reading import Reading, Result
from dashboard.views.item import Item, marked, nothing, ranged
from dashboard.wording import definition
from indicators.catalogue import periods
from indicators.catalogue.plan import codes_of

_NOTES = {"suppressed": "indicator.withheld", "unreliable": "indicator.unreliable", "absent": "indicator.absent"}


def show(item: Item, readings: list[Reading]) -> None:
    """The choices, then the figure with its table; or in words that only the total is published."""
    plan, words, offered = item.view.plan, item.words, item.offered()
    published = [name for name in (",".join(names) for names in plan.breakdown_sets()) if name in set(offered["breakdown"])]
    st.subheader(words("indicator.by"), anchor=False)
    if not published:
        within = item.view.access.scope.rows == "within"
        st.html(markup.text("pw-note", words("indicator.not_yours" if within else "indicator.no_breakdown")))
        return
    first, second, third = st.columns([3, 2, 2])
    with first:
        named = {name: definition.breakdown_name(plan, name, words) for name in published}
        breakdown = item.view.choose("breakdown", words("indicator.breakdown"), published, published[0], named.__getitem__)
    times = sorted(
        {row["period"] for row in offered.iter_rows(named=True) if row["breakdown"] == breakdown}, key=_newest_year_first
    )
    with second:
        dated = {time: periods.label(time, words.language) for time in times}
        period = item.view.choose("period", words("indicator.period"), times, times[0], dated.__getitem__)
    with third:
        orders = {order: words(f"indicator.sort.{order}") for order in ("plan", "value")}
        order = item.view.choose("sort", words("indicator.sort"), list(orders), "plan", orders.__getitem__, few=True)
    rows = _ordered(item, item.cut(breakdown, period), breakdown, order)
    if rows:
        _figure(item, readings, rows, breakdown, period, order)
    else:
        nothing(words)


def _figure(item: Item, readings: list[Reading], rows: list[Result], breakdown: str, period: str, order: str) -> None:
    plan, words = item.view.plan, item.words
    names = {row.category: definition.category(plan, breakdown, row.category, words) for row in rows}
    groups = definition.grouped(plan, breakdown, names, words) if order == "plan" else {}
    total = next((row.value for row in item.path() if row.period == period), None)
    target = next((reading.target for reading in readings if reading.target.scope == "all"), None)
    told = "; ".join(f"{names[row.category]} {item.told(row)}" for row in rows)
    alt = words(
        "chart.bars.alt", name=item.name, breakdown=definition.breakdown_name(plan, breakdown, words), period=period, values=told
    )
    figure = bars(rows, names, item.scale, groups=groups, total=total, target=target)
    st.plotly_chart(figure, key="bars", config=CONFIG, alt=alt)
    found = [row.status for row in rows]
    item.key(
        [
            *(["bar"] if any(row.value is not None for row in rows) else []),
            *(["error"] if ranged(rows) else []),
            *(["total"] if total is not None else []),
            *marked(target),
            *(status for status in _NOTES if status in found),
        ]
    )
    for status, key in _NOTES.items():
        if status in found:
            st.html(f'<div class="pw-note">{markup.line([words(key, n=found.count(status))])}</div>')
    st.html(f"<h3>{markup.line([words('table.title')])}</h3>")
    item.frame(table.by_category(rows, names, item.scale.unit, words), "bars_table", alt)
    item.download(rows, breakdown, names, "bars_csv")


def _ordered(item: Item, rows: list[Result], breakdown: str, order: str) -> list[Result]:
    """In the order of the code lists, or by value with the withheld ones at the end."""
    if order == "value":
        return sorted(rows, key=lambda row: (row.value is None, -(row.value or 0.0)))
    lists = [list(item.view.plan.categories(name)) for name in breakdown.split(",")]
    place = [{code: number for number, code in enumerate(codes)} for codes in lists]

    def placed(row: Result) -> list[int]:
        return [at.get(code, len(at)) for at, code in zip(place, codes_of(breakdown, row.category), strict=False)]

    return sorted(rows, key=placed)


def _newest_year_first(period: str) -> tuple[bool, float]:
    return periods.level(period) != "year", -periods.end(period)
