"""The figures of reports: the way to a target, and who holds the gap; each with its finding and the numbers behind it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape

from dashboard.charts.axes import Figure as Drawing
from dashboard.charts.pareto import drawn, pareto
from dashboard.charts.way import way
from dashboard.pictures.svg import svg
from dashboard.pieces import sparkline
from dashboard.reports.matter import Matter
from dashboard.reports.report import Figure, Table
from dashboard.rows.judged import Part
from dashboard.rows.reading import Reading
from dashboard.wording import definition, doubt, phrases
from indicators.catalogue import format

#: pixels: across a page of A4, half of it, or half of a page that holds much else; words are then about as large as in tables
WIDE, HALF, SMALL = 860, 430, 490
_CROP = 22  # of the paper around a picture, which a report has of its own
_HEAD = re.compile(r'width="(\d+)" height="(\d+)" viewBox="0 0 \d+ \d+"')
_NOTHING = "–"


def to_target(reading: Reading, matter: Matter, *, width: int = WIDE) -> Figure | None:
    """Years so far, the path in force and where the pace leads; None without a path."""
    row, words, plan = reading.judged, matter.words, matter.plan
    lines = matter.lines(row) if row else {}
    if row is None or not any(kind == "path" for kind, _ in lines):
        return None
    observed, scale = matter.years(row), matter.scale(reading)
    name = doubt.name(row, plan, words)
    numbers = {year: ["", "", ""] for year in sorted({step.year for steps in lines.values() for step in steps})}
    for one in observed:
        value = format.number(one.value or 0.0, reading.unit, words.language, signed=reading.signed)
        error = format.around(one.value or 0.0, one.low, one.high, reading.unit, words.language) or ""
        numbers.setdefault(int(one.period), ["", "", ""])[0] = f"{value} {error}".strip()
    wanted = [(("same_pace", None), 2), (next(key for key in lines if key[0] == "path"), 1)]
    for line, column in wanted:
        for step in lines.get(line, ()):
            if step.value is not None:
                numbers[step.year][column] = scale.number(step.value)
    heads = [words("report.year"), *(words(f"report.way.{name}") for name in ("observed", "path", "pace"))]
    told = doubt.joined([doubt.path_sentence(row, plan, words), scenario(reading, matter)], words)
    alt = words("target.page.way.alt", name=name, told=told)
    exact = "" if any(one.low is not None for one in observed) else ".exact"
    key = {"value": f"observed{exact}", "path": "way", "same_pace": f"pace{exact}", "trend": "trend", "vintage": "vintage"}
    return Figure(
        svg=picture(way(observed, lines, row, scale, reading.target), alt, width, _told(key, matter)),
        caption=words("report.way.caption", name=name),
        alt=alt,
        numbers=Table(
            caption=words("report.numbers"),
            headings=tuple(heads),
            rows=tuple((str(year), *(cell or _NOTHING for cell in numbers[year])) for year in sorted(numbers)),
            right=frozenset({1, 2, 3}),
        ),
    )


def scenario(reading: Reading, matter: Matter) -> str:
    """Where the pace so far would lead by the target year, and what that is worth; empty without a pace."""
    row = reading.judged
    return doubt.scenario(matter.lines(row), reading.unit, matter.words, signed=reading.signed) if row else ""


def holders_of(reading: Reading, matter: Matter, *, most: int = 8, width: int = WIDE) -> Figure | None:
    """What each category holds of the gap, the largest first, up to `most` of them; None where it is not split."""
    found, words = matter.parts(reading), matter.words
    if found is None or all(part.share is None for part in found[1]):
        return None
    breakdown, all_parts = found
    kept = [part for part in drawn(all_parts) if part.part != "category" or (part.rank or 0) <= most]
    names = {part.category: part_name(part, breakdown, matter) for part in kept}
    by = definition.breakdown_name(matter.plan, breakdown, words)
    name = reading.indicator.name.in_language(words.language)
    amounts = [(names[part.category], format.difference(part.contribution or 0.0, reading.unit, words.language)) for part in kept]
    shares = [_NOTHING if part.share is None else format.share(part.share) for part in kept]
    told = words("mark.list").join(f"{one} {amount}" for one, amount in amounts)
    alt = words("target.page.who.alt", name=name, breakdown=by, told=told)
    return Figure(
        svg=picture(pareto(kept, names, matter.scale(reading)), alt, width),
        caption=words("report.who.caption", name=name, breakdown=by),
        alt=alt,
        numbers=Table(
            caption=words("report.numbers"),
            headings=(words("table.category"), words("report.who.held"), words("report.who.share")),
            rows=tuple((*pair, share) for pair, share in zip(amounts, shares, strict=True)),
            right=frozenset({1, 2}),
        ),
    )


def part_name(part: Part, breakdown: str, matter: Matter) -> str:
    """The category, or what else a gap is made of."""
    if part.part == "category":
        return definition.category(matter.plan, breakdown, part.category, matter.words)
    return matter.words("target.page.composition.part" if part.part == "composition" else f"target.page.{part.part}")


def spark(reading: Reading, matter: Matter) -> tuple[str, str]:
    """The small path of a reading as SVG, and in words."""
    return sparkline.of(reading), phrases.path(reading, matter.words)


def _told(key: Mapping[str, str], matter: Matter) -> dict[str, str]:
    return {trace: matter.words(f"target.page.key.{name}") for trace, name in key.items()}


def picture(figure: Drawing, alt: str, width: int, key: Mapping[str, str] | None = None) -> str:
    """Without a title and a source of its own, and with less paper around it: the report has all that."""
    made = svg(figure, title="", note="", lines=(), width=width, key=key or {})
    return _HEAD.sub(_cropped, made, count=1).replace("<title></title>", f"<title>{escape(alt)}</title>", 1)


def _cropped(head: re.Match[str]) -> str:
    wide, high = (int(size) - 2 * _CROP for size in head.groups())
    return f'width="{wide}" height="{high + _CROP // 2}" viewBox="{_CROP} {_CROP} {wide} {high + _CROP // 2}"'
