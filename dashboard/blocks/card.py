"""The definition card: what the indicator is, how the law is read, what was run, in which edition."""

from __future__ import annotations

import streamlit as st

from dashboard import query
from dashboard.blocks.item import Item
from dashboard.pieces import markup
from dashboard.rows import headline
from dashboard.wording import definition


def show(item: Item) -> None:
    """The card, with formulas as text that can be copied and the SQL folded away."""
    view, indicator, words = item.view, item.indicator, item.words
    st.header(words("card.title"), anchor=False)
    with st.container(border=True, key="card"):
        st.html(markup.facts(definition.about(view.plan, indicator, words)))
        for target in indicator.targets:
            told = definition.target_name(target, headline.tile_of(target, indicator.id), view.plan, words)
            _head(words("card.law", target=told), definition.law(view.plan, indicator, target, words))
        _head(words("card.formula"), [*definition.formula(view.plan, indicator, words), *definition.panel(indicator, words)])
        st.html(markup.facts(definition.code(indicator, words), kind="pw-card pw-code"))
        _head(words("method.title"), definition.method(view.plan, indicator, words))
        coverage = view.read(query.coverage)
        st.html(
            markup.facts([*definition.tables(view.plan, indicator, coverage, words), *definition.edition(view.edition, words)])
        )
        with st.expander(words("card.sql")):
            for sql in view.read(query.statement, indicator.id) or (words("card.sql.none"),):
                st.code(sql, language="sql", wrap_lines=True)


def _head(title: str, rows: definition.Facts) -> None:
    st.html(f"<h3>{markup.line([title])}</h3>{markup.facts(rows)}")
