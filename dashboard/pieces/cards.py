"""Pieces of a page about targets, as escaped HTML: verdict, sentences, tile, head of an indicator, cited values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from dashboard.pieces import markup, sparkline
from dashboard.pieces.markup import escape
from dashboard.pieces.popover import Why
from dashboard.rows.assessed import Position
from dashboard.rows.headline import Tile
from dashboard.rows.reading import Reading, Result
from dashboard.wording import doubt, phrases, readings
from dashboard.wording import lead as lead_of
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Observation, Plan, Unit

_NUMBER = re.compile(r"^([+−]?[\d,.]+)(.*)$", re.DOTALL)  # digits, and the unit that is set smaller


def outcome(reading: Reading, plan: Plan, words: Words, *, short: bool = False) -> str:
    """A shape, words and a colour, any one of which is enough to tell; the long words say the doubt too."""
    told = readings.badge(reading, plan, words) if short else readings.outcome(reading, plan, words)
    return mark(reading.position, told, within="within_error" in (reading.now.outcome or "") if reading.now else False)


def mark(position: Position, told: str, *, within: bool = False) -> str:
    """The shape of a position beside its words; hollow where sampling error could have made it."""
    kind = f"pw-outcome pw-{position}" + (" pw-within" if within else "")
    return markup.box(kind, "<i></i>", markup.text("", told, tag="span"), tag="span")


def lead(found: Mapping[Position, int], first: Reading | None, words: Words, movers: str = "", marks: str = "") -> str:
    """The plain sentences at the top: how many targets stand how, the gap that matters most with its error, and who makes it.

    `marks` is the strip of targets, which stands below the first sentence.
    """
    parts = (
        markup.box(f"pw-count pw-{name}", "<i></i>", markup.text("", words(f"lead.{name}", n=n), tag="span"), tag="span")
        for name, n in found.items()
        if n or name == "reached"
    )
    told = words("lead.counts", total=sum(found.values()), parts=escape(words("lead.separator")).join(parts))
    who = markup.text("pw-who", movers, tag="p") if movers else ""
    return f'<p class="pw-first">{told}</p>{marks}<p>{lead_of.gap(first, words, markup.bold, escape)}</p>{who}'


def strip(tiles: Iterable[Tile], plan: Plan, words: Words) -> str:
    """One small mark for each target in the order of the plan, so that it is seen which stand how."""
    drawn = []
    for tile in tiles:
        told = readings.badge(tile.worst, plan, words) if tile.worst else words("outcome.no_number")
        inside = f"<i></i>{markup.text('', tile.id, tag='span')}"
        drawn.append(
            f'<li class="pw-{tile.position}" title="{escape(told)}" aria-label="{escape(f"{tile.id} {told}")}">{inside}</li>'
        )
    return markup.box("pw-strip", *drawn, tag="ul")


def tile_head(tile: Tile, plan: Plan, words: Words) -> str:
    """The number of the target, and its outcome: that of the worst of its parts, since all of them must hold."""
    number = markup.text("pw-id", tile.id, tag="span")
    if tile.worst is None:
        return markup.box("pw-head", number, mark("nothing", words("outcome.no_number")))
    return markup.box("pw-head", number, outcome(tile.worst, plan, words, short=len(tile.readings) == 1))


def tile_body(reading: Reading, plan: Plan, words: Words, who: str = "") -> str:
    """Value with interval, small path, target, gap, place on the path, pace, who holds the gap, and base of one reading."""
    facts = markup.facts(_facts(reading, plan, words, who), kind="pw-facts")
    return value_of(reading, words) + _path(reading, words) + facts


def tile_goal(tile: Tile, words: Words) -> str:
    """A goal without a number: its name, its words, and that nothing is judged."""
    assert tile.goal is not None
    name, sentence = (text.in_language(words.language) for text in (tile.goal.name, tile.goal.sentence))
    told = markup.facts([(words("tile.target"), words("tile.no_number"))], kind="pw-facts")
    return markup.text("pw-name", name) + markup.text("pw-quote", sentence) + told


def tile_other(reading: Reading, tile: Tile, plan: Plan, words: Words) -> str:
    """The same sentence read in another way, on two quiet lines."""
    head = words("tile.other.of", scope=readings.label(reading, tile, plan, words))
    row = markup.box("pw-row", value_of(reading, words), outcome(reading, plan, words, short=True))
    return markup.box("pw-other", markup.text("pw-small", head), row)


def tile_disagreement(tile: Tile, plan: Plan, words: Words) -> str:
    """The sentence that says that the readings disagree; nothing where they do not."""
    told = readings.disagreement(tile, plan, words)
    return markup.text("pw-disagree", told) if told else ""


def tile_row(reading: Reading, plan: Plan, words: Words, who: str = "") -> str:
    """One of several parts of a target, on two lines; a third says who holds its gap."""
    row = markup.box("pw-row", value_of(reading, words), outcome(reading, plan, words, short=True))
    row += markup.box("pw-small", markup.line([phrases.gap(reading, words), phrases.base(reading, words)]))
    return row + (markup.text("pw-small", f"{words('tile.who')} {who}") if who else "")


def tile_bound(tile: Tile, words: Words) -> str:
    """The bound that all parts of a tile share, and which of them speaks for it."""
    told = dict.fromkeys(phrases.bound(reading.target, reading.unit, words, signed=reading.signed) for reading in tile.readings)
    rows = [(words("tile.target"), " · ".join(told))]
    if tile.worst is not None:
        name = tile.worst.indicator.name.in_language(words.language)
        rows.append((words("tile.worst"), words("tile.worst.of", name=name)))
    return markup.facts(rows, kind="pw-facts")


def head(reading: Reading, plan: Plan, words: Words, why: Why | None = None) -> str:
    """The head of an indicator page: number and outcome, then target, gap, place on the path, pace and base."""
    rows = _facts(reading, plan, words)
    if isinstance(reading.target.scope, dict):
        rows.insert(0, (words("tile.other"), phrases.scope(reading.target, plan, words)))
    if reading.now is not None and (sure := phrases.assurance(reading.now, words)):
        rows.append((words("sure.title"), sure))
    left = markup.box("pw-block-value", value_of(reading, words, why), outcome(reading, plan, words))
    return markup.box("pw-block", left, markup.facts(rows, kind="pw-facts"))


def value_of(reading: Reading, words: Words, why: Why | None = None) -> str:
    bound, signed = reading.target.value, reading.signed
    return value(reading.now, reading.unit, words, signed=signed, beside=bound, through=reading.through, why=why)


def value(
    now: Result | None,
    unit: Unit,
    words: Words,
    *,
    signed: bool = False,
    beside: float | None = None,
    through: str | None = None,
    why: Why | None = None,
) -> str:
    """The number, large, with its error and period; or in words why there is none. With `why` it can be pressed."""
    if now is None:
        return markup.text("pw-value pw-none", words("tile.no_result"))
    period = markup.text("pw-when", phrases.period(now.period, through, words), tag="small")
    if now.value is None:
        known = format.beyond(now.value, now.low, unit, words.language)
        told = f"{known} {phrases.status(now, words)}" if known else words(f"status.{now.status}.long")
        return markup.box("pw-value pw-none", why.around(escape(told)) if why else escape(told), " ", period)
    found = _NUMBER.match(format.number(now.value, unit, words.language, signed=signed, beside=beside))
    assert found is not None  # every number begins with digits
    large = f"<b>{escape(found.group(1))}<span>{escape(found.group(2))}</span></b>"
    pieces = [why.around(large) if why else large]
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


def _facts(reading: Reading, plan: Plan, words: Words, who: str = "") -> list[tuple[str, str]]:
    """Terms and texts; those that are not known are empty, and left out."""
    told = reading.assessment
    return [
        (words("tile.target"), phrases.bound(reading.target, reading.unit, words, signed=reading.signed)),
        (words("tile.gap"), phrases.gap(reading, words)),
        (words("tile.path_place"), doubt.path(told, plan, words) if told else ""),
        (words("tile.pace"), doubt.ratio(told, words) if told else ""),
        (words("tile.who"), who),
        (words("tile.since"), phrases.base(reading, words)),
    ]


def _path(reading: Reading, words: Words) -> str:
    target, base = reading.target, [reading.base.period] if reading.signed and reading.base else []
    first = min([*(row.period for row in reading.path if row.value is not None), *base], default="")
    last = words("tile.axis.target", year=target.year) if target.year is not None and target.value is not None else ""
    told = (periods.label(first, words.language) if first else "", last)
    ends = "".join(markup.text("", end, tag="span") for end in told)
    picture = f'<img src="{sparkline.data_address(sparkline.of(reading))}" alt="{escape(phrases.path(reading, words))}">'
    return markup.box("pw-path", picture, markup.box("pw-path-ends", ends))


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
