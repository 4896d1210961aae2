"""What reports say of targets, in sentences and tables: counts, gaps, who must move, what changed, how sure."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.reports import figures
from dashboard.reports.matter import Matter
from dashboard.reports.report import Callout, Cell, Counts, Mark, Picture, Table, runs, strong
from dashboard.rows import headline
from dashboard.rows.assessed import Position
from dashboard.rows.headline import Tile
from dashboard.rows.reading import Reading, Result
from dashboard.wording import change, definition, doubt, holders, lead, movers, phrases, readings, strip
from dashboard.words import Words
from indicators.alerts.alerts import told as alerts_told
from indicators.catalogue import format
from indicators.catalogue.plan import Unit

NOTHING = "–"


def counts(matter: Matter) -> Counts:
    """How many targets stand how, and how much of the time has gone."""
    words = matter.words
    found: list[tuple[Position | None, str, str]] = [
        (position, str(n), words(f"report.count.{position}"))
        for position, n in headline.counts(matter.tiles).items()
        if n or position == "reached"
    ]
    part = headline.elapsed(matter.plan, matter.day)
    if part is not None:
        found.append((None, format.share(part), words("report.count.elapsed")))
    return Counts(counts=tuple(found))


def overall(matter: Matter) -> list[str]:
    """How many targets stand how; the gap that matters most; who makes it, or the next that can be split."""
    words = matter.words
    return [
        lead.counts(headline.counts(matter.tiles), words),
        lead.gap(matter.first, words, strong),
        who(matter),
    ]


def who(matter: Matter) -> str:
    """Who makes the gap that matters most, or the first that can be split."""
    return holders.foremost(matter.tiles, matter.first, matter.split, matter.plan, matter.words)


def closing(matter: Matter) -> list[str]:
    """What would close the gap of each target that is behind, the furthest behind first."""
    words = matter.words
    found = []
    for reading in headline.late(matter.tiles):
        row = reading.judged
        split = matter.split(reading)
        told = movers.lead(row, split, matter.plan, words) if row and not split.is_empty() else words("report.unsplit")
        pace = doubt.fastest(reading.paces, matter.plan, words) if row and (row.gap or 0) > 0 else ""
        name = strong(f"{number(reading)} {reading.indicator.name.in_language(words.language)}")
        found.append(words("report.of", name=name, told=doubt.joined([told, pace], words)))
    return found


def changes(matter: Matter) -> list[str]:
    """What differs from the former edition: numbers revised and why, verdicts that moved, reports that are late."""
    words, edition = matter.words, matter.edition
    former = change.former(edition)
    fired = change.fired(alerts_told(edition), words)
    if former is None:
        return [words("report.changes.first"), *fired]
    revised = edition.query(
        "SELECT edition, reason, count(*) AS numbers, count(*) FILTER (beyond_error) AS beyond"
        " FROM revisions WHERE edition = $former GROUP BY ALL ORDER BY ALL",
        {"former": former},
    )
    told = change.sentence(former, edition.query("SELECT kind FROM alerts"), revised, words)
    return [told + words("report.stop"), *change.reasons(former, revised, words), *fired]


def sureness(matter: Matter) -> list[str]:
    """How far the verdicts can be relied on: intervals, what cannot be told, readings that disagree, other methods, response."""
    words, plan = matter.words, matter.plan
    rows = [reading for tile in matter.tiles for reading in tile.readings if reading.judged]
    open_ones = [one for one in rows if one.position == "cannot_tell"]
    told = [words("report.sure.error")]
    if open_ones:
        names = words("report.names").join(number(one) for one in open_ones)
        told.append(words("report.sure.open", n=len(open_ones), names=names))
    told += readings.disagreements(matter.tiles, plan, words)
    first = matter.first
    if first is not None and (found := matter.strip(first)) is not None:
        name = first.indicator.name.in_language(words.language)
        told.append(words("report.of", name=name, told=doubt.joined(strip.sentences(found, words), words)))
    rates = [one.now.response_rate for one in rows if one.now is not None and one.now.response_rate is not None]
    if rates:
        low, high = format.share(min(rates)), format.share(max(rates))
        told.append(
            words("report.sure.response", low=low, high=high) if low != high else words("report.sure.response.one", share=low)
        )
    return told


def glance(matter: Matter) -> Table:
    """Every target with its newest number, bound, gap, small path and outcome; a goal without a number says so."""
    words = matter.words
    heads = [words(f"report.glance.{name}") for name in ("number", "target", "value", "bound", "gap", "path", "outcome")]
    rows = [row for tile in matter.tiles for row in _glance(tile, matter)]
    return Table(
        caption=words("report.glance.caption"),
        headings=tuple(heads),
        rows=tuple(rows),
        right=frozenset({2, 3, 4}),
        wide=frozenset({1}),
        note=words("report.glance.note"),
    )


def _glance(tile: Tile, matter: Matter) -> Iterable[tuple[Cell, ...]]:
    words, language = matter.words, matter.words.language
    if tile.goal is not None:
        name = tile.goal.name.in_language(language)
        nothing = Mark(position="nothing", text=words("outcome.no_number"))
        yield (tile.id, name, NOTHING, NOTHING, NOTHING, "", nothing)
    for reading in tile.readings:
        target = reading.target
        bound = NOTHING
        if target.operator is not None and target.value is not None:
            bound = format.bound(target.operator, target.value, reading.unit, language, signed=reading.signed)
        svg, alt = figures.spark(reading, matter)
        yield (
            number(reading),
            reading.indicator.name.in_language(language),
            value(reading.now, reading.unit, words, signed=reading.signed, beside=target.value),
            bound,
            gap(reading, words),
            Picture(svg=svg, alt=alt),
            mark(reading, matter),
        )


def value(
    now: Result | None, unit: Unit, words: Words, *, signed: bool = False, beside: float | None = None, error: bool = True
) -> str:
    """The number with its error, ◇ where it is to be used with care; or in a word why there is none."""
    if now is None:
        return NOTHING
    if now.value is None:
        sign = {"suppressed": "× ", "absent": "○ "}.get(now.status, "")
        return format.beyond(now.value, now.low, unit, words.language) or sign + phrases.status(now, words)
    told = [format.number(now.value, unit, words.language, signed=signed, beside=beside)]
    around = format.around(now.value, now.low, now.high, unit, words.language) if error else None
    told += [around] if around else []
    told += ["◇"] if now.status == "unreliable" else []
    return " ".join(told)


def gap(reading: Reading, words: Words) -> str:
    """What is still to go, in few letters; a dash where nothing is, or nothing can be said."""
    now = reading.now
    if now is None or now.gap is None:
        return NOTHING
    return format.difference(now.gap, reading.unit, words.language) if now.gap > 0 else phrases.gap(reading, words)


def mark(reading: Reading, matter: Matter) -> Mark:
    """The outcome in a word or two."""
    within = "within_error" in (reading.now.outcome or "") if reading.now else False
    return Mark(position=reading.position, text=readings.badge(reading, matter.plan, matter.words), within=within)


def callout(reading: Reading, matter: Matter) -> Callout:
    """The outcome with its probability, and all that is said of the number."""
    words = matter.words
    told = readings.outcome(reading, matter.plan, words)
    row = reading.judged
    sentence = ""
    if row is not None:
        sentence = doubt.sentence(row, matter.plan, words, reading.paces, through=reading.through)
    elif reading.now is not None and reading.now.value is not None:
        period = phrases.period(reading.now.period, reading.through, words)
        told_value = value(reading.now, reading.unit, words, signed=reading.signed)
        sentence = doubt.joined([words("report.value", period=period, value=told_value), words("doubt.because.no_number")], words)
    else:
        sentence = words("tile.no_result")
    made = mark(reading, matter)
    return Callout(mark=Mark(position=made.position, text=told, within=made.within), runs=runs(sentence))


def law_of(reading: Reading, matter: Matter) -> tuple[tuple[str, str], ...]:
    """The sentence of the law and how it is read."""
    facts = definition.law(matter.plan, reading.indicator, reading.target, matter.words)
    return tuple((term, told) for term, told in facts if told)


def number(reading: Reading) -> str:
    """The number of the target."""
    return reading.target.id or reading.indicator.id
