"""All about one indicator in plain lines: the facts of its card, the checks of its table, the SQL, and the last run."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.wording import definition
from dashboard.wording.definition import Facts
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Indicator, Plan, Target
from indicators.editions.edition import Edition
from indicators.editions.results import TOTAL

Section = tuple[str, list[str]]
_CHECKS = {"zh": "录入检查", "en": "Checks on the way in"}
_UNPUBLISHED = {"zh": "尚未发布：planwatch publish", "en": "not published yet: planwatch publish"}


def explanation(plan: Plan, indicator: str, words: Words, edition: Edition | None = None) -> list[Section]:
    """Headings and lines: definition, formula, legal reading, tables, checks, and from an edition the SQL and its numbers."""
    found = plan.indicators[indicator]
    formula = [*definition.formula(plan, found, words), *definition.code(found, words), *definition.panel(found, words)]
    sections: list[Section] = [
        (words("card.title"), _lines(definition.about(plan, found, words))),
        (words("card.formula"), _lines(formula)),
        (words("method.title"), _lines(definition.method(plan, found, words))),
        *(_law(plan, found, target, words) for target in found.targets),
        (words("card.table"), _tables(plan, found, words, edition)),
        (_CHECKS[words.language], _checks(plan, found, words)),
    ]
    if edition is None:
        sections.append((words("card.edition"), [_UNPUBLISHED[words.language]]))
    else:
        sections.append((words("card.sql"), _statement(edition, indicator)))
        sections.append((words("card.edition"), [*_lines(definition.edition(edition, words)), *_numbers(edition, found, words)]))
    return [(heading, lines) for heading, lines in sections if lines]


def _law(plan: Plan, indicator: Indicator, target: Target, words: Words) -> Section:
    """One target under its own heading, with its id and, where it is not asked of all, its scope."""
    told = definition.target_name(target, target.id or indicator.id, plan, words)
    return words("card.law", target=told), _lines(definition.law(plan, indicator, target, words))


def _lines(facts: Facts) -> list[str]:
    return [f"{term}: {text}" if term else f"  {text}" for term, text in facts if text]


def _sources(plan: Plan, indicator: Indicator) -> list[str]:
    """The table of the indicator, or of the level it is a change of, and the tables linked to it."""
    source = plan.indicators[indicator.change_of] if indicator.change_of else indicator
    return [] if source.table is None else [source.table, *(link.table for link in plan.dictionary.tables[source.table].link)]


def _tables(plan: Plan, indicator: Indicator, words: Words, edition: Edition | None) -> list[str]:
    rows = {} if edition is None else {row[0]: row[1:] for row in edition.query("SELECT * FROM coverage").iter_rows()}
    lines = []
    for name in _sources(plan, indicator):
        told = f"{name}: {plan.dictionary.tables[name].name.in_language(words.language)}"
        if name in rows:
            count, units, first, last = rows[name]
            span = {"rows": f"{count:,}", "units": f"{units:,}", "first": first or "–", "last": last or "–"}
            told += " · " + words("card.rows", **span)
        lines.append(told)
    return lines


def _checks(plan: Plan, indicator: Indicator, words: Words) -> list[str]:
    checks = [check for name in _sources(plan, indicator)[:1] for check in plan.dictionary.tables[name].checks]
    return [f"{check.id} ({check.severity}): {check.that}  # {check.message.in_language(words.language)}" for check in checks]


def _statement(edition: Edition, indicator: str) -> list[str]:
    found = edition.query("SELECT sql FROM statements WHERE indicator = $indicator", {"indicator": indicator})
    return [line for sql in found["sql"].to_list() for line in sql.splitlines()]


def _numbers(edition: Edition, indicator: Indicator, words: Words) -> Iterable[str]:
    """The total of every whole period."""
    asked = "SELECT DISTINCT period, value, low, high, status FROM results"
    asked += " WHERE indicator = $indicator AND breakdown = $total ORDER BY period"
    rows = edition.query(asked, {"indicator": indicator.id, "total": TOTAL}).rows(named=True)
    unit, signed = format.unit_of(edition.plan, indicator.id), indicator.kind == "change"
    coarsest = min((len(row["period"]) for row in rows), default=0)
    for row in rows:
        if len(row["period"]) == coarsest:
            interval = format.interval(row["low"], row["high"], unit, words.language, signed=signed)
            value = format.beyond(row["value"], row["low"], unit, words.language) or words(f"status.{row['status']}")
            if row["value"] is not None:
                value = format.number(row["value"], unit, words.language, signed=signed)
            yield f"{periods.label(row['period'], words.language)}: {value}" + (f" ({interval})" if interval else "")
