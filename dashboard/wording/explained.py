"""One number in words: what it is, how it was computed, how sure it is; and where there is none, why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from dashboard.rows.reading import Result
from dashboard.wording import definition, phrases
from dashboard.wording.definition import Facts
from dashboard.words import Words
from indicators.catalogue import format
from indicators.catalogue.plan import Indicator
from indicators.editions.edition import Edition
from indicators.editions.results import TOTAL


@dataclass(frozen=True, kw_only=True)
class Explained:
    """Terms and texts of the three questions, none of them empty."""

    what: Facts
    how: Facts
    sure: Facts

    @property
    def columns(self) -> tuple[tuple[str, Facts], ...]:
        """The three by the end of the key of their headings."""
        return ("what", self.what), ("how", self.how), ("sure", self.sure)


@dataclass(frozen=True, kw_only=True)
class Number:
    """One row of the results with what is known around it."""

    edition: Edition
    indicator: Indicator
    row: Result
    words: Words
    through: str | None = None  # the last period of its records
    coverage: pl.DataFrame | None = None  # of all source tables
    revision: Mapping[str, Any] | None = None  # the row of `revisions` against the last edition that published it


def explained(of: Number) -> Explained:
    """All of it, in full sentences."""
    return Explained(what=_told(_what(of)), how=_told(_how(of)), sure=_told(_sure(of)))


def brief(of: Number) -> Explained:
    """The same in a few lines, to stand beside the number."""
    plan, words = of.edition.plan, of.words
    told = definition.about(plan, of.indicator, words)[0]
    formula = [*definition.formula(plan, of.indicator, words), *definition.code(of.indicator, words)][:3]
    method = definition.method(plan, of.indicator, words)[:1]
    return Explained(what=_told([told, *_where(of)]), how=_told([*formula, *method]), sure=_told(_sure(of, short=True)))


def _told(facts: Iterable[tuple[str, str]]) -> Facts:
    return [(term, text) for term, text in facts if text]


def _what(of: Number) -> Facts:
    words, plan = of.words, of.edition.plan
    about = definition.about(plan, of.indicator, words)
    name = (words("table.indicator"), of.indicator.name.in_language(words.language))
    return [name, *about[:2], *_where(of), about[3]]


def _where(of: Number) -> Facts:
    """The period, how far it reaches, the category, and how many were counted."""
    words, row, plan = of.words, of.row, of.edition.plan
    found = [(words("table.period"), phrases.period(row.period, of.through, words))]
    if row.breakdown != TOTAL:
        name = definition.breakdown_name(plan, row.breakdown, words)
        found.append((name, definition.category(plan, row.breakdown, row.category, words)))
    return [*found, (words("explained.n"), "" if row.n is None else words("chart.behind", n=f"{row.n:,}"))]


def _how(of: Number) -> Facts:
    words, plan, indicator = of.words, of.edition.plan, of.indicator
    found = [
        *definition.formula(plan, indicator, words),
        *definition.code(indicator, words),
        *definition.panel(indicator, words),
        *definition.method(plan, indicator, words),
    ]
    if of.coverage is not None:
        found += definition.tables(plan, indicator, of.coverage, words)
    return [*found, *definition.edition(of.edition, words)]


def _sure(of: Number, *, short: bool = False) -> Facts:
    """Of a number its error, quality and what may still change; of none the reason, which is the same for all withheld ones."""
    words, row = of.words, of.row
    if row.value is None:
        return [(words("table.status"), phrases.status(row, words)), (words("explained.why"), _why_none(of))]
    caution = words("status.unreliable.long") if row.status == "unreliable" else ""
    return [
        (words("explained.error"), _error(of)),
        (words("table.status"), caution),
        (words("table.quality"), _quality(of, short=short)),
        (words("table.response"), "" if row.response_rate is None else f"{100 * row.response_rate:.1f}"),
        (words("table.imputed"), "" if not row.imputed_share else format.percent(row.imputed_share).removesuffix("%")),
        (words("method.freedom"), "" if short or row.df is None else f"{row.df:,}"),
        (words("explained.change"), _significance(of)),
        (words("explained.review"), words("mark.comma").join(words(f"review.{one}") for one in _reviews(row))),
        (words("table.release"), _release(of)),
        (words("explained.revision"), _revision(of)),
    ]


def _why_none(of: Number) -> str:
    """Why there is no number, as far as it may be told."""
    words, row = of.words, of.row
    known = format.beyond(row.value, row.low, format.unit_of(of.edition.plan, of.indicator.id), words.language)
    if known:
        return words("explained.beyond", bound=known)
    return words(f"explained.{row.status}") if row.status in ("suppressed", "absent") else words(f"status.{row.status}.long")


def _error(of: Number) -> str:
    """What the interval means, or why there is none."""
    words, row = of.words, of.row
    unit = format.unit_of(of.edition.plan, of.indicator.id)
    between = format.interval(row.low, row.high, unit, words.language, signed=of.indicator.kind == "change")
    if between is None or row.quality == "census" or row.se == 0:
        return words("explained.census") if row.quality == "census" or row.se == 0 else words("explained.no_error")
    return words("explained.interval", interval=between)


def _quality(of: Number, *, short: bool) -> str:
    """The class in a word, and unless it is to be short the rule that gave it."""
    words, row = of.words, of.row
    if not row.quality or row.quality == "census":
        return ""
    told = words(f"quality.{row.quality}")
    rule = "" if short else dict(definition.method(of.edition.plan, of.indicator, words)).get(words("method.quality"), "")
    return words("explained.quality", quality=told, rule=rule) if rule else told


def _significance(of: Number) -> str:
    told = of.row.significant
    return "" if told is None else of.words("sure.significant" if told else "sure.not_significant")


def _reviews(row: Result) -> list[str]:
    return [reason for reason in (row.review or "").split(",") if reason]


def _release(of: Number) -> str:
    words, release = of.words, of.row.release
    return words(f"explained.release.{release}") if release in ("provisional", "final") else ""


def _revision(of: Number) -> str:
    """What the last edition said, and by how much and why this one differs."""
    words, told = of.words, of.revision
    if told is None or told.get("former") is None or told.get("revision") is None:
        return ""
    unit, signed = format.unit_of(of.edition.plan, of.indicator.id), of.indicator.kind == "change"
    return words(
        "explained.revised",
        id=told["edition"],
        former=format.number(told["former"], unit, words.language, signed=signed),
        moved=format.difference(told["revision"], unit, words.language, signed=True),
        error=words("explained.revised.beyond" if told.get("beyond_error") else "explained.revised.within"),
        reason=words(f"reason.{told['reason']}") if told.get("reason") else "–",
    )
