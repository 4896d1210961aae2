"""Pieces of a page about targets, as escaped HTML: verdict, sentences, tile, head of an indicator, cited values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape

from dashboard import format, markup, periods, phrases
from dashboard.headline import Reading, Result, Tile, Verdict
from dashboard.sparkline import Point, data_address, sparkline
from dashboard.words import Words
from indicators.catalogue.plan import Observation, Plan, Unit

_NUMBER = re.compile(r"^([+−]?[\d,.]+)(.*)$")  # digits, and the unit that is set smaller


def verdict(found: Verdict, words: Words, since: str = "") -> str:
    """A shape, a word and a colour, any one of which is enough to tell; and since when it has been so."""
    told = markup.box("", escape(words(f"verdict.{found}") + since), tag="span")
    return markup.box(f"pw-verdict pw-{found}", "<i></i>", told, tag="span")


def lead(found: Mapping[Verdict, int], furthest: Reading | None, words: Words) -> str:
    """The plain sentences at the top: how many targets stand how, and the gap that matters most, with its error."""
    parts = (markup.text("", words(f"lead.{name}", n=n), tag="span") for name, n in found.items() if n or name == "met")
    told = words("lead.counts", total=sum(found.values()), parts=escape(words("lead.separator")).join(parts))
    return f'<p class="pw-first">{told}</p><p>{_furthest(furthest, words)}</p>'


def tile_head(tile: Tile, words: Words) -> str:
    """The number of the target and its verdict; of several readings each says for itself since when."""
    since = phrases.standing(tile.readings[0], words) if len(tile.readings) == 1 else ""
    return markup.box("pw-head", markup.text("pw-id", tile.id, tag="span"), verdict(tile.verdict, words, since))


def tile_body(reading: Reading, words: Words) -> str:
    """Value with interval, small path, target, gap and base of one reading."""
    return value_of(reading, words) + _path(reading, words) + markup.facts(_facts(reading, words), kind="pw-facts")


def tile_goal(tile: Tile, words: Words) -> str:
    """A goal without a number: its name, its words, and that nothing is judged."""
    assert tile.goal is not None
    name, sentence = (text.in_language(words.language) for text in (tile.goal.name, tile.goal.sentence))
    told = markup.facts([(words("tile.target"), words("tile.no_number"))], kind="pw-facts")
    return markup.text("pw-name", name) + markup.text("pw-quote", sentence) + told


def tile_other(reading: Reading, plan: Plan, words: Words) -> str:
    """The same sentence read in another way, on two quiet lines."""
    head = words("tile.other.of", scope=phrases.scope(reading.target, plan, words))
    row = markup.box("pw-row", value_of(reading, words), verdict(reading.verdict, words))
    return markup.box("pw-other", markup.text("pw-small", head), row)


def tile_row(reading: Reading, words: Words) -> str:
    """One of several readings of a target, on two lines."""
    row = markup.box("pw-row", value_of(reading, words), verdict(reading.verdict, words, phrases.standing(reading, words)))
    return row + markup.box("pw-small", markup.line([phrases.gap(reading, words), phrases.base(reading, words)]))


def tile_bound(tile: Tile, words: Words) -> str:
    """The bound that all readings of a tile share."""
    told = dict.fromkeys(phrases.bound(reading.target, reading.unit, words, signed=reading.signed) for reading in tile.readings)
    return markup.facts([(words("tile.target"), " · ".join(told))], kind="pw-facts")


def head(reading: Reading, plan: Plan, words: Words) -> str:
    """The head of an indicator page: number and verdict, then target, gap and base."""
    rows = _facts(reading, words)
    if isinstance(reading.target.scope, dict):
        rows.insert(0, (words("tile.other"), phrases.scope(reading.target, plan, words)))
    if reading.now is not None and (sure := phrases.assurance(reading.now, words)):
        rows.append((words("sure.title"), sure))
    left = markup.box("pw-block-value", value_of(reading, words), verdict(reading.verdict, words))
    return markup.box("pw-block", left, markup.facts(rows, kind="pw-facts"))


def value_of(reading: Reading, words: Words) -> str:
    bound, signed = reading.target.value, reading.signed
    return value(reading.now, reading.unit, words, signed=signed, beside=bound, through=reading.through)


def value(
    now: Result | None,
    unit: Unit,
    words: Words,
    *,
    signed: bool = False,
    beside: float | None = None,
    through: str | None = None,
) -> str:
    """The number, large, with its error and period; or in words why there is none."""
    if now is None:
        return markup.text("pw-value pw-none", words("tile.no_result"))
    period = markup.text("pw-when", phrases.period(now.period, through, words), tag="small")
    if now.value is None:
        known = format.beyond(now.value, now.low, unit, words.language)
        told = f"{known} {phrases.status(now, words)}" if known else words(f"status.{now.status}.long")
        return markup.box("pw-value pw-none", escape(told), " ", period)
    found = _NUMBER.match(format.number(now.value, unit, words.language, signed=signed, beside=beside))
    assert found is not None  # every number begins with digits
    pieces = [f"<b>{escape(found.group(1))}<span>{escape(found.group(2))}</span></b>"]
    error = format.around(now.value, now.low, now.high, unit, words.language) or phrases.no_error(now, words)
    pieces += [markup.text("pw-half", error, tag="small")] if error else []
    pieces += [markup.text("pw-flag", f"◇ {words('status.unreliable')}", tag="small")] if now.status == "unreliable" else []
    return markup.box("pw-value", " ".join([*pieces, period]))


def time_bar(part: float, words: Words, *, base: str, target: int) -> str:
    """How much of the time has gone, as a sentence and a bar."""
    told = markup.text("pw-time-told", words("head.elapsed", share=format.share(part)))
    bar = markup.box("pw-time-bar", f'<span style="width:{part * 100:.1f}%"></span>')
    ends = [markup.text("", words(key, year=year), tag="span") for key, year in (("head.start", base), ("head.finish", target))]
    return markup.box("pw-time", told, bar, markup.box("pw-time-ends", *ends))


def cited(observations: Iterable[Observation], unit: Unit, words: Words) -> str:
    """The cited values with scope, status and source, oldest first, as a table."""
    heads = [words(f"cited.{name}") for name in ("date", "value", "scope", "status", "source", "remark")]
    rows = [(item.status, _cells(item, unit, words)) for item in sorted(observations, key=lambda item: periods.middle(item.date))]
    return markup.text("pw-small", words("cited.note"), tag="p") + markup.table(heads, rows)


def _furthest(furthest: Reading | None, words: Words) -> str:
    now = furthest.now if furthest else None
    if furthest is None or now is None or now.value is None or now.gap is None:
        return escape(words("lead.none"))
    target, unit, language = furthest.target, furthest.unit, words.language
    assert target.operator is not None and target.value is not None and furthest.relative_gap is not None
    told = words(
        "lead.widest",
        name=markup.bold(furthest.indicator.name.in_language(language)),
        period=escape(phrases.period(now.period, furthest.through, words)),
        value=escape(format.number(now.value, unit, language, signed=furthest.signed, beside=target.value)),
        interval=escape(phrases.error(now, unit, words, signed=furthest.signed)),
        bound=escape(format.bound(target.operator, target.value, unit, language, signed=furthest.signed)),
        gap=markup.bold(format.difference(now.gap, unit, language)),
        share=escape(format.share(furthest.relative_gap)),
    )
    return f"{told} {escape(words('lead.within'))}" if furthest.within_error else told


def _facts(reading: Reading, words: Words) -> list[tuple[str, str]]:
    return [
        (words("tile.target"), phrases.bound(reading.target, reading.unit, words, signed=reading.signed)),
        (words("tile.gap"), phrases.gap(reading, words)),
        (words("tile.since"), phrases.base(reading, words)),
    ]


def _path(reading: Reading, words: Words) -> str:
    target, known = reading.target, [row for row in reading.path if row.value is not None]
    points = [Point(at=periods.middle(row.period), value=row.value or 0.0, low=row.low, high=row.high) for row in known]
    dated = target.year is not None and target.value is not None
    if reading.signed and reading.base and reading.base.period not in {row.period for row in known}:
        points.append(Point(at=periods.middle(reading.base.period), value=0.0))  # against itself the base has not changed
    svg = sparkline(points, bound=target.value, bound_at=periods.middle(str(target.year)) if dated else None)
    first = min([row.period for row in known] + ([reading.base.period] if reading.signed and reading.base else []), default="")
    last = words("tile.axis.target", year=target.year) if dated else ""
    ends = markup.box(
        "pw-path-ends",
        markup.text("", periods.label(first, words.language) if first else "", tag="span"),
        markup.text("", last, tag="span"),
    )
    return markup.box("pw-path", f'<img src="{data_address(svg)}" alt="{escape(phrases.path(reading, words))}">', ends)


def _cells(item: Observation, unit: Unit, words: Words) -> list[str]:
    language = words.language
    return [
        periods.label(item.date, language),
        format.number(item.value, unit, language),
        item.scope.in_language(language),
        words(f"cited.{item.status}"),
        item.source,
        item.note.in_language(language) if item.note else "",
    ]
