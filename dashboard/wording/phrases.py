"""What is said of a number beside its target, as plain text: bound, gap, base, error, scope."""

from __future__ import annotations

from dashboard.rows.reading import Reading, Result
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Plan, Target, Unit


def bound(target: Target, unit: Unit, words: Words, *, signed: bool = False) -> str:
    """The target as the law reads it: > 95%（超，严格大于），2027年; its words where it has no number."""
    if target.operator is None or target.value is None:
        quoted = target.sentence.in_language(words.language) if target.sentence else ""
        return words("tile.quoted", sentence=quoted) if quoted else words("tile.no_number")
    number = format.bound(target.operator, target.value, unit, words.language, signed=signed)
    remarks = [words(f"target.{target.reading}")]
    if target.base_period and signed:
        remarks.insert(0, words("target.on", period=periods.label(target.base_period, words.language)))
    date = words("target.by", year=target.year) if target.year else words("target.undated")
    return words("target.whole", bound=number, remarks=words("mark.comma").join(remarks), date=date)


def gap(reading: Reading, words: Words) -> str:
    """What is still to go, or by how much the bound is exceeded; and whether error could be all of it."""
    now = reading.now
    if reading.target.value is None:
        return words("tile.gap.none")
    if now is None or now.gap is None:
        return words("tile.no_result")
    if now.gap == 0:
        return words("tile.reached")
    amount = format.difference(abs(now.gap), reading.unit, words.language)
    told = words("tile.to_go" if now.gap > 0 else "tile.beyond", gap=amount)
    return told + words("mark.comma") + words("tile.within") if reading.within_error else told


def base(reading: Reading, words: Words) -> str:
    """Since when: the base period and the value then; for a change, the level it is a change of."""
    if reading.base is None or reading.base.value is None:
        return words("tile.since.none")
    key = "tile.since.value" if reading.base_of is reading.indicator else "tile.since.level"
    value = format.number(reading.base.value, reading.base_unit, words.language)
    return words(key, period=periods.label(reading.base.period, words.language), value=value)


def error(row: Result, unit: Unit, words: Words, *, signed: bool = False) -> str:
    """The interval, or why there is none."""
    told = format.interval(row.low, row.high, unit, words.language, signed=signed)
    if told:
        return words("interval.label", interval=told)
    return words("interval.census") if row.quality == "census" or row.se == 0 else words("interval.unknown")


def status(row: Result, words: Words) -> str:
    """The status in a word; a number that was not reached yet is not one without data."""
    return words("status.beyond" if row.value is None and row.low is not None else f"status.{row.status}")


def no_error(row: Result, words: Words) -> str:
    """Why no error stands beside a number, in two words; empty where that is not known."""
    return words("interval.census.short") if row.quality == "census" or row.se == 0 else ""


def assurance(row: Result, words: Words, *, short: bool = False) -> str:
    """How far a number can be relied on: quality, response, what was imputed, what to look at, whether it may still change."""
    found = []
    if row.quality:
        found.append(row.quality[:1].upper() if short and len(row.quality) == 1 else words(f"quality.{row.quality}"))
    if row.response_rate is not None:
        found.append(words("sure.response", share=format.share(row.response_rate)))
    if row.imputed_share:
        found.append(words("sure.imputed", share=format.percent(row.imputed_share)))
    if not short:
        found += [words(f"review.{reason}") for reason in (row.review or "").split(",") if reason]
        found += [words("sure.significant" if row.significant else "sure.not_significant")] if row.significant is not None else []
        found += [words(f"release.{row.release}")] if row.release else []
    return words("mark.dot").join(found)


def period(period: str, through: str | None, words: Words) -> str:
    """The period, and how far into it the records reach where it is not whole: 2026年（至9月）."""
    told = periods.label(period, words.language)
    if through is None or not periods.partial(period, through):
        return told
    return words("period.partial", period=told, month=periods.month(through, words.language))


def scope(target: Target, plan: Plan, words: Words) -> str:
    """Whom the target is asked of: all, or the names of the categories."""
    if not isinstance(target.scope, dict):
        return words("card.scope.all")
    names = (plan.categories(name)[code].name for name, code in target.scope.items())
    return words("mark.comma").join(name.in_language(words.language) for name in names)


def source(target: Target, words: Words) -> str:
    """Where the target stands: 方案 §1 for `plan §1`; another source as it is."""
    first, _, rest = target.source.partition(" ")
    return f"{words('source.plan')} {rest}" if first == "plan" and rest else target.source


def path(reading: Reading, words: Words) -> str:
    """The small path in words, for those who do not see it."""
    known = [row for row in reading.path if row.value is not None]
    values = "; ".join(
        f"{row.period} {format.number(row.value, reading.unit, words.language, signed=reading.signed)}"
        for row in known
        if row.value is not None
    )
    name = reading.indicator.name.in_language(words.language)
    if reading.target.value is None:
        return words("tile.path.no_target", name=name, values=values)
    return words("tile.path", name=name, values=values, bound=bound(reading.target, reading.unit, words, signed=reading.signed))
