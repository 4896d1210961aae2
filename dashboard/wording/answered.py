"""Response of the surveys as sentences: the highest and lowest tables, the lowest groups."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.rows import answered
from dashboard.rows.answered import Answer, Series
from dashboard.wording import definition
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Plan


def table(found: Series, plan: Plan, words: Words) -> str:
    """The name of the table behind a series."""
    known = plan.dictionary.tables.get(found.name)
    return known.name.in_language(words.language) if known is not None else found.name


def indicators(found: Series, plan: Plan, words: Words) -> str:
    return words("mark.names").join(
        plan.indicators[name].name.in_language(words.language) if name in plan.indicators else name for name in found.indicators
    )


def series(found: Series, plan: Plan, words: Words) -> str:
    """A series in a few words: its table and the first of its indicators."""
    names = [plan.indicators[one].name.in_language(words.language) for one in found.indicators if one in plan.indicators]
    facts = {"table": table(found, plan, words), "name": names[0] if names else ""}
    if len(names) < 2:
        return words("data.response.series", **facts)
    return words("data.response.series.more", **facts, n=len(names) if words.language == "zh" else len(names) - 1)


def lead(found: Sequence[Series], plan: Plan, words: Words) -> str:
    """Which tables were answered most and least in the newest year."""
    year = answered.years(list(found))[-1]
    known = [(one, one.years[year]) for one in found if year in one.years and one.years[year].rate is not None]
    ordered = sorted(known, key=lambda pair: pair[1].rate or 0.0)
    if not ordered:
        return words("data.response.none")
    (least, low), (most, high) = ordered[0], ordered[-1]
    facts = {"period": periods.label(year, words.language), "low": table(least, plan, words), "least": of(low, words)}
    if low.rate == high.rate:
        return words("data.response.alike", period=facts["period"], rate=facts["least"])
    return words("data.response.lead", **facts, high=table(most, plan, words), most=of(high, words))


def groups(found: Sequence[Series], year: str, breakdown: str, plan: Plan, words: Words) -> str:
    """The groups that answered least, by name; that all are alike where they are."""
    named = [
        words("data.response.group", name=definition.category(plan, breakdown, one.name, words), rate=of(one.years[year], words))
        for one in answered.lowest(list(found), year)
    ]
    period = periods.label(year, words.language)
    if not named:
        return words("data.response.groups.alike", period=period)
    return words("data.response.groups", period=period, names=words("mark.list").join(named))


def of(answer: Answer, words: Words) -> str:
    """The rate, and of how many; the counts are missing where they would tell of one."""
    rate = "–" if answer.rate is None else format.share(answer.rate)
    if answer.asked is None or answer.answered is None:
        return rate
    return words("data.response.rate", rate=rate, answered=f"{answer.answered:,}", asked=f"{answer.asked:,}")
