"""The dictionary as escaped HTML: one line for each indicator, which opens; one for each list of codes."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import polars as pl

from dashboard.pieces import markup
from dashboard.pieces.markup import escape
from dashboard.wording import definition, dictionary, phrases
from dashboard.wording.definition import Facts
from dashboard.words import Words
from indicators.catalogue import format
from indicators.catalogue.plan import Indicator, Plan


def entry(plan: Plan, indicator: Indicator, coverage: pl.DataFrame, words: Words, *, unfolded: bool) -> str:
    """Number of its target, name, id and unit; opened its definition, formula, method and limits, and the way to its page."""
    named = indicator.name.in_language(words.language)
    unit, signed = format.unit_of(plan, indicator.id), indicator.kind == "change"
    head = markup.box(
        "pw-term",
        markup.text("pw-id", dictionary.numbers(indicator), tag="span"),
        f"<b>{escape(named)}</b><code>{escape(indicator.id)}</code>",
        markup.text("pw-small", unit.name.in_language(words.language), tag="span"),
        tag="summary",
    )
    bounds = [(words("tile.target"), phrases.bound(target, unit, words, signed=signed)) for target in indicator.targets]
    facts = [
        *definition.about(plan, indicator, words)[:3],
        *bounds,
        *definition.formula(plan, indicator, words),
        *definition.panel(indicator, words),
    ]
    after = [*definition.tables(plan, indicator, coverage, words), *definition.about(plan, indicator, words)[3:]]
    body = "".join(
        [
            markup.facts(facts),
            markup.facts(definition.code(indicator, words), kind="pw-card pw-code"),
            markup.facts(after),
            f"<h4>{escape(words('method.title'))}</h4>",
            markup.facts(definition.method(plan, indicator, words)),
            explore(indicator.id, words("data.explore", name=named), words),
        ]
    )
    return f'<details class="pw-fold pw-entry-of"{" open" if unfolded else ""}>{head}{body}</details>'


def explore(indicator: str, label: str, words: Words) -> str:
    """A link of the document itself to the page of an indicator; inside a piece of HTML the app has no other."""
    address = urlencode({"lang": words.language, "page": "explore", "indicator": indicator})
    return f'<p><a class="pw-onward" href="?{address}" target="_self">{escape(label)}</a></p>'


def codes(name: str, identifier: str, listed: Mapping[str, str], words: Words) -> str:
    """A breakdown and the codes of its categories, each with its name."""
    count = markup.text("pw-small", words("data.codes", n=len(listed)), tag="span")
    head = markup.box("pw-term", f"<span></span><b>{escape(name)}</b><code>{escape(identifier)}</code>", count, tag="summary")
    rows: Facts = [(code, told) for code, told in listed.items()]
    return f'<details class="pw-fold pw-entry-of">{head}{markup.facts(rows, kind="pw-codes")}</details>'
