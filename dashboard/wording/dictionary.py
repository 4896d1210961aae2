"""The dictionary of a plan: which indicators a search finds, and all of them as a table for those who carry it away."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from dashboard.rows import headline
from dashboard.wording import definition, phrases
from dashboard.words import Words
from indicators.catalogue import format
from indicators.catalogue.plan import Indicator, Plan


def numbers(indicator: Indicator) -> str:
    """The numbers of its targets, other readings of the same sentence not told apart: T4, T10a."""
    return " ".join(dict.fromkeys(target.id.partition("_")[0] for target in indicator.targets if target.id))


def found(plan: Plan, names: Sequence[str], word: str, words: Words) -> list[Indicator]:
    """The indicators of which anything that is said holds the word; all of them without one."""
    wanted = word.strip().casefold()
    listed = [plan.indicators[name] for name in names]
    return [one for one in listed if not wanted or wanted in _said(plan, one, words).casefold()]


def frame(plan: Plan, names: Sequence[str], words: Words) -> pl.DataFrame:
    """One row an indicator: id, name, targets, unit, definition, formula, table, limitations; all of it text."""
    rows = [_row(plan, plan.indicators[name], words) for name in names]
    heads = [words(key) for key in _HEADS]
    return pl.DataFrame(rows, schema=dict.fromkeys(heads, pl.String()), orient="row")


_HEADS = (
    "table.codes",
    "table.indicator",
    "tile.target",
    "card.unit",
    "card.definition",
    "card.formula",
    "card.table",
    "card.limitations",
)


def _row(plan: Plan, indicator: Indicator, words: Words) -> list[str]:
    language, unit = words.language, format.unit_of(plan, indicator.id)
    bounds = [phrases.bound(one, unit, words, signed=indicator.kind == "change") for one in indicator.targets]
    pieces = [*definition.formula(plan, indicator, words), *definition.code(indicator, words)]
    formulas = [words("mark.term", term=term, told=told) if term else told for term, told in pieces]
    return [
        indicator.id,
        indicator.name.in_language(language),
        words("mark.list").join(bounds),
        unit.name.in_language(language),
        indicator.definition.in_language(language),
        words("mark.list").join(formulas),
        headline.source(plan, indicator) or "",
        indicator.limitations.in_language(language) if indicator.limitations else "",
    ]


def _said(plan: Plan, indicator: Indicator, words: Words) -> str:
    language = words.language
    texts = [indicator.id, numbers(indicator), indicator.name.in_language(language), indicator.definition.in_language(language)]
    texts += [indicator.limitations.in_language(language)] if indicator.limitations else []
    texts += [told for _, told in definition.code(indicator, words)]
    return "\n".join([*texts, format.unit_of(plan, indicator.id).name.in_language(language)])
