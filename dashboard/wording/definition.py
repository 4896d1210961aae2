"""What an indicator is: rows of the definition card, from the plan and the edition, as plain text."""

from __future__ import annotations

from collections.abc import Iterable

import polars as pl

from dashboard.rows import headline
from dashboard.wording import phrases
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Duration, Indicator, Plan, Target
from indicators.editions.edition import Edition
from indicators.estimation.method import choices
from pipelines.yamlfile import Text

Facts = list[tuple[str, str]]


def about(plan: Plan, indicator: Indicator, words: Words) -> Facts:
    """Definition, unit, direction, limitations."""
    language, unit = words.language, format.unit_of(plan, indicator.id)
    limits = indicator.limitations.in_language(language) if indicator.limitations else ""
    return [
        (words("card.definition"), indicator.definition.in_language(language)),
        (words("card.unit"), unit.name.in_language(language)),
        (words("card.better"), words(f"card.better.{indicator.better}")),
        (words("card.limitations"), limits),
    ]


def formula(plan: Plan, indicator: Indicator, words: Words) -> Facts:
    """The formula, piece by piece, in the words that are run."""
    found: Facts = []
    if indicator.change_of:
        level = plan.indicators[indicator.change_of].name.in_language(words.language)
        base = periods.label(indicator.base_period or "", words.language)
        found.append((words("card.formula"), words(f"card.change.{indicator.change_as}", name=level, period=base)))
    if indicator.duration:
        told = indicator.duration
        found.append((words("card.duration"), _quantile(told, words)))
        found.append(("", words(f"card.duration.{told.method}")))
        if told.stopped:
            found.append(("", words("card.duration.stopped", column=told.stopped)))
    return found


def _quantile(told: Duration, words: Words) -> str:
    key = "card.duration.median" if told.quantile == 0.5 else "card.duration.of"
    return words(key, start=told.start, end=told.end, quantile=told.quantile)


def code(indicator: Indicator, words: Words) -> Facts:
    """The row formulas as they stand in the plan; the engine runs this text."""
    parts = [
        ("numerator", indicator.numerator),
        ("denominator", indicator.denominator),
        ("where", indicator.where),
        ("respondents", indicator.respondents),
    ]
    return [(words(f"card.{name}"), str(text)) for name, text in parts if text is not None]


def method(plan: Plan, indicator: Indicator, words: Words) -> Facts:
    """Estimator, weights, error, interval, quality rule, and whatever else was chosen, each with its source."""
    found: Facts = []
    for choice in choices(plan, indicator):
        values = {
            name: text.in_language(words.language) if isinstance(text, Text) else text for name, text in choice.values.items()
        }
        told = words(f"method.{choice.topic}.{choice.name}", **values)
        term = words(f"method.{choice.topic}")
        told = words("method.source", told=told.rstrip(".。"), source=choice.source) if choice.source else told
        found.append(("" if found and term in [one for one, _ in found] else term, told))
    return found


def panel(indicator: Indicator, words: Words) -> Facts:
    """The fixed panel, where there is one."""
    if indicator.panel is None:
        return []
    told = words(
        "card.panel.of",
        period=periods.label(str(indicator.panel.base_period), words.language),
        columns=", ".join(indicator.panel.on),
    )
    return [(words("card.panel"), told)]


def law(plan: Plan, indicator: Indicator, target: Target, words: Words) -> Facts:
    """The sentence of the law, how it is read, and what else it could mean."""
    language = words.language
    bound = phrases.bound(target, format.unit_of(plan, indicator.id), words, signed=indicator.kind == "change")
    return [
        (words("card.sentence"), target.sentence.in_language(language) if target.sentence else ""),
        (words("tile.target"), bound),
        (words("card.reading"), words(f"reading.{target.reading}")),
        (words("card.scope"), phrases.scope(target, plan, words)),
        (words("card.explanation"), target.explanation.in_language(language) if target.explanation else ""),
        (words("card.source"), phrases.source(target, words)),
    ]


def target_name(target: Target, number: str, plan: Plan, words: Words) -> str:
    """The number of the target, with its scope where it is not asked of all."""
    return f"{number} · {phrases.scope(target, plan, words)}" if isinstance(target.scope, dict) else number


def tables(plan: Plan, indicator: Indicator, coverage: pl.DataFrame, words: Words) -> Facts:
    """The source table with the rows, units and periods of it that stand behind this edition."""
    name = headline.source(plan, indicator)
    if name is None:
        return []
    told = plan.dictionary.tables[name].name.in_language(words.language) if name in plan.dictionary.tables else name
    for row in coverage.filter(pl.col("table_id") == name).iter_rows(named=True):
        if row["first_period"] and row["last_period"]:
            ends = [periods.label(row[end], words.language) for end in ("first_period", "last_period")]
            told += " · " + words("card.rows", rows=f"{row['rows']:,}", units=f"{row['units']:,}", first=ends[0], last=ends[1])
    return [(words("card.table"), told)]


def edition(found: Edition, words: Words) -> Facts:
    return [
        (
            words("card.edition"),
            words("card.edition.of", id=found.id, day=periods.label(found.created[:10], words.language), seal=found.sha256[:12]),
        )
    ]


def metadata(found: Edition, indicator: Indicator, breakdown: str, words: Words) -> Facts:
    """The lines above a table that leaves the app."""
    plan = found.plan
    return [
        (words("table.plan"), plan.identity.name.in_language(words.language)),
        (words("table.indicator"), f"{indicator.name.in_language(words.language)} ({indicator.id})"),
        (words("table.breakdown"), f"{breakdown_name(plan, breakdown, words)} ({breakdown})"),
        (words("table.unit"), format.unit_of(plan, indicator.id).name.in_language(words.language)),
        *about(plan, indicator, words)[:1],
        *edition(found, words),
    ]


def breakdown_name(plan: Plan, breakdown: str, words: Words) -> str:
    """The name of a breakdown or a crossing: 细分行业 × 企业规模."""
    if breakdown == "total":
        return words("table.total")
    return " × ".join(plan.breakdowns[name].name.in_language(words.language) for name in breakdown.split(","))


def category(plan: Plan, breakdown: str, code: str, words: Words) -> str:
    """The name of a category: 零部件 · 小型; the code itself where a column has no list."""
    if breakdown == "total":
        return words("table.total")
    return plan.named(breakdown, code).in_language(words.language)


def grouped(plan: Plan, breakdown: str, codes: Iterable[str], words: Words) -> dict[str, tuple[str, str]]:
    """For a crossing: the heading and the rest of the name of each category; empty for a single breakdown."""
    if "," not in breakdown:
        return {}
    names = {code: category(plan, breakdown, code, words).partition(" · ") for code in codes}
    return {code: (head, rest) for code, (head, _, rest) in names.items()}
