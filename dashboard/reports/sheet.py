"""One page about one category: its numbers beside those of the nation and its place among its peers, where they are published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from dashboard.charts.bars import bars
from dashboard.charts.trend import trend
from dashboard.reports import figures
from dashboard.reports.findings import NOTHING, value
from dashboard.reports.frame import framed
from dashboard.reports.matter import Matter
from dashboard.reports.report import Block, Cell, Figure, Figures, Mark, Picture, Report, Section, Table, points, strong
from dashboard.rows import assessed, selection
from dashboard.rows.assessed import Assessment
from dashboard.rows.reading import Reading, Result
from dashboard.wording import definition, doubt
from dashboard.words import Words
from indicators.catalogue import format, periods
from pipelines.yamlfile import suggest

_PEERS = 2  # peers on either side
_FEWEST = 3  # with fewer of them there is no place among them to speak of


@dataclass(frozen=True, kw_only=True)
class Line:
    """One headline indicator of the category: its newest number, that of the nation, and the rows of its peers."""

    reading: Reading
    own: Result
    nation: Result | None
    path: tuple[Result, ...]
    peers: tuple[Result, ...]  # published ones of the same period, the best first; the category among them
    judged: Assessment | None

    @property
    def place(self) -> int | None:
        """1 is the best; equal numbers share a place."""
        if self.own.status != "published" or self.own.value is None or len(self.peers) < _FEWEST:
            return None
        sign = 1 if self.reading.indicator.better == "higher" else -1
        return 1 + sum(sign * (one.value or 0.0) > sign * self.own.value for one in self.peers)


def sheet(matter: Matter, of: tuple[str, str]) -> Report:
    """One page of A4. Raises NotPublished for a breakdown or a category of which the edition has no number."""
    words, lines = matter.words, lines_of(matter, of)
    blocks: list[Block] = [*points(_found(lines, of, matter)), _table(lines, of, matter)]
    sections = [Section(title=words("report.section.place"), blocks=tuple(blocks))]
    drawn = _drawn(lines, of, matter)
    if drawn:
        sections.append(Section(title=words("report.section.drawn"), blocks=(Figures(figures=drawn),)))
    return framed("sheet", matter, sections, of=of, pages=1, numbered=False)


def categories(matter: Matter) -> dict[str, list[str]]:
    """Of which categories there may be a sheet, by single breakdown in the order of the plan."""
    rows = matter.edition.query(
        "SELECT DISTINCT breakdown, category FROM results WHERE indicator IN (SELECT unnest($names)) ORDER BY ALL",
        {"names": list(matter.plan.identity.headline)},
    )
    known = set(rows.iter_rows())
    found = {}
    for name in matter.plan.breakdowns:
        codes = [code for code in matter.plan.categories(name) if (name, code) in known]
        codes += [code for one, code in rows.iter_rows() if one == name and code not in codes]
        if codes:
            found[name] = codes
    return found


def lines_of(matter: Matter, of: tuple[str, str]) -> list[Line]:
    """The headline indicators of which the category has a row, in the order of the targets."""
    known = categories(matter)
    if of[0] not in known:
        near = suggest(of[0], known)
        near = near if "Did you mean" in near else ""
        raise selection.NotPublished(f"`{of[0]}` is not a published breakdown.{near} Published: {', '.join(known) or 'none'}.")
    if of[1] not in known[of[0]]:
        codes = known[of[0]]
        shown = ", ".join(codes if len(codes) <= 12 else [*codes[:12], "…"])
        raise selection.NotPublished(f"Nothing is published for the {of[0]} `{of[1]}`. Codes there: {shown}.")
    found = []
    for reading in [one for tile in matter.tiles for one in tile.readings]:
        rows = matter.results(reading.indicator.id, of[0])
        own = _newest([row for row in rows if row.category == of[1]])
        if own is not None:
            found.append(_line(reading, own, rows, matter))
    return found


def _line(reading: Reading, own: Result, rows: list[Result], matter: Matter) -> Line:
    sign = -1 if reading.indicator.better == "higher" else 1
    beside = [row for row in rows if row.period == own.period and row.status == "published" and row.value is not None]
    level = periods.level(own.period)
    nation = matter.results(reading.indicator.id)
    return Line(
        reading=reading,
        own=own,
        nation=next((row for row in nation if row.period == own.period), None),
        path=tuple(row for row in rows if row.category == own.category and periods.level(row.period) == level),
        peers=tuple(sorted(beside, key=lambda row: (sign * (row.value or 0.0), row.category))) if matter.whole else (),
        judged=_judged(reading, own, matter),
    )


def _newest(rows: list[Result]) -> Result | None:
    """That of the newest year, or of the newest period where there is no year."""
    return max(rows, key=lambda row: (periods.level(row.period) == "year", periods.end(row.period)), default=None)


def _judged(reading: Reading, own: Result, matter: Matter) -> Assessment | None:
    rows = matter.edition.query(
        "SELECT * FROM assessments WHERE indicator = $indicator AND period = $period AND breakdown = $breakdown"
        " AND category = $category AND target = $target",
        {
            **{name: getattr(own, name) for name in ("indicator", "period", "breakdown", "category")},
            "target": reading.target.id or reading.indicator.id,
        },
    )
    return next((Assessment(**row) for row in rows.iter_rows(named=True)), None)


def _found(lines: list[Line], of: tuple[str, str], matter: Matter) -> Iterator[str]:
    """How many numbers are better than the nation's, what the category holds of the gaps, what is withheld."""
    words = matter.words
    name = strong(definition.category(matter.plan, *of, words))
    known = [one for one in lines if one.own.value is not None and one.nation is not None and one.nation.value is not None]
    better = sum(_better(one) for one in known)
    if known:
        yield words("report.sheet.beside", name=name, n=len(known), better=better, worse=len(known) - better)
    held = [told for line in lines if (told := _held(line, of, matter))]
    yield from (told for _, told in sorted(held, key=lambda pair: -pair[0])[:3])
    for status in ("suppressed", "unreliable"):
        names = [_name(line, matter) for line in lines if line.own.status == status]
        if names:
            yield words(f"report.sheet.{status}", n=len(names), names=words("report.names").join(names))


def _better(line: Line) -> bool:
    assert line.own.value is not None and line.nation is not None and line.nation.value is not None
    sign = 1 if line.reading.indicator.better == "higher" else -1
    return sign * line.own.value >= sign * line.nation.value


def _held(line: Line, of: tuple[str, str], matter: Matter) -> tuple[float, str] | None:
    """The share of the gap of the nation that the category holds, and how many more would close its part; None where none."""
    rows = matter.edition.query(
        "SELECT * FROM splits WHERE indicator = $indicator AND target = $target AND period = $period"
        " AND breakdown = $breakdown AND category = $category AND part = 'category' AND share > 0",
        {
            "indicator": line.reading.indicator.id,
            "target": line.reading.target.id or line.reading.indicator.id,
            "period": line.own.period,
            "breakdown": of[0],
            "category": of[1],
        },
    )
    if rows.is_empty():
        return None
    row, words = rows.row(0, named=True), matter.words
    facts = {"name": strong(_name(line, matter)), "share": format.share(row["share"])}
    counted = line.reading.indicator.counted
    if counted is None or not row["missing"] or row["missing"] < 1:
        return row["share"], words("report.sheet.holds", **facts)
    facts["more"] = f"{-(-row['missing'] // 1):,.0f}"
    return row["share"], words("report.sheet.holds.more", **facts, counted=counted.in_language(words.language))


def _name(line: Line, matter: Matter) -> str:
    return line.reading.indicator.name.in_language(matter.words.language)


def _table(lines: list[Line], of: tuple[str, str], matter: Matter) -> Table:
    words = matter.words
    ranked = any(line.place is not None for line in lines)
    heads = [words("report.glance.number"), words("report.glance.target"), words("report.glance.value")]
    heads += [words("report.sheet.nation"), *([words("report.sheet.rank")] if ranked else [])]
    heads += [words(f"report.glance.{name}") for name in ("bound", "path", "outcome")]
    return Table(
        caption=words("report.sheet.caption", name=definition.category(matter.plan, *of, words)),
        headings=tuple(heads),
        rows=tuple(_row(line, ranked, matter) for line in lines),
        right=frozenset(range(2, 6 if ranked else 5)),
        wide=frozenset({1}),
        note=doubt.joined([words("report.sheet.note"), words("report.sheet.rank.note") if ranked else ""], words),
    )


def _row(line: Line, ranked: bool, matter: Matter) -> tuple[Cell, ...]:
    words, reading, target = matter.words, line.reading, line.reading.target
    bound = NOTHING
    if target.operator is not None and target.value is not None:
        bound = format.bound(target.operator, target.value, reading.unit, words.language, signed=reading.signed)
    place = NOTHING if line.place is None else words("report.sheet.place", place=line.place, n=len(line.peers))
    svg, alt = figures.spark(replace(reading, path=line.path, now=line.own, base=None), matter)
    return (
        target.id or "",
        _name(line, matter),
        value(line.own, reading.unit, words, signed=reading.signed, beside=target.value),
        value(line.nation, reading.unit, words, signed=reading.signed, beside=target.value, error=False),
        *([place] if ranked else []),
        bound,
        Picture(svg=svg, alt=alt) if any(row.value is not None for row in line.path) else "",
        _mark(line, matter),
    )


def _mark(line: Line, matter: Matter) -> Cell:
    """The outcome of the category against the same bound; a dash where nothing is held against it."""
    told = line.judged
    if told is None or told.outcome is None:
        return NOTHING
    within = "within_error" in told.outcome
    text = doubt.badge(told, matter.plan, matter.words, through=line.reading.through)
    return Mark(position=assessed.position(told.outcome, None, told), text=text, within=within)


def _drawn(lines: list[Line], of: tuple[str, str], matter: Matter) -> tuple[Figure, ...]:
    """Of the number with most peers: its years, and the peers next to it."""
    known = [line for line in lines if sum(row.value is not None for row in line.path) > 1]
    if not known:
        return ()
    line = max(known, key=lambda one: (one.place is not None, len(one.peers)))
    return tuple(figure for figure in (_years(line, of, matter), _peers(line, of, matter)) if figure is not None)


def _years(line: Line, of: tuple[str, str], matter: Matter) -> Figure:
    words, reading = matter.words, line.reading
    caption = words("report.sheet.years", name=_name(line, matter), category=definition.category(matter.plan, *of, words))
    told = [value(row, reading.unit, words, signed=reading.signed) for row in line.path]
    shown = [(periods.label(row.period, words.language), one) for row, one in zip(line.path, told, strict=True)]
    alt = words("chart.trend.alt", name=caption, values=words("mark.list").join(" ".join(one) for one in shown))
    drawn = trend(list(line.path), matter.scale(reading), target=reading.target, cited=[], base=reading.indicator.base_period)
    return Figure(
        svg=figures.picture(drawn, alt, figures.SMALL), caption=caption, alt=alt, numbers=_numbers("table.period", shown, words)
    )


def _peers(line: Line, of: tuple[str, str], matter: Matter) -> Figure | None:
    """The category with those next to it in rank."""
    at = next((at for at, row in enumerate(line.peers) if row.category == of[1]), None)
    if at is None or line.place is None:
        return None
    words, reading = matter.words, line.reading
    start = max(0, min(at - _PEERS, len(line.peers) - 2 * _PEERS - 1))
    rows = line.peers[start : start + 2 * _PEERS + 1]
    own = {row.category: definition.category(matter.plan, of[0], row.category, words) for row in rows}
    names = {code: words("report.sheet.own", name=name) if code == of[1] else name for code, name in own.items()}
    shown = [(own[row.category], value(row, reading.unit, words, signed=reading.signed)) for row in rows]
    caption = words("report.sheet.peers", name=_name(line, matter), period=periods.label(line.own.period, words.language))
    alt = words("chart.bars.alt", name=_name(line, matter), breakdown=definition.breakdown_name(matter.plan, of[0], words),
                period=line.own.period, values=words("mark.list").join(" ".join(one) for one in shown))  # fmt: skip
    total = line.nation.value if line.nation else None
    drawn = bars(rows, names, matter.scale(reading), total=total)
    return Figure(
        svg=figures.picture(drawn, alt, figures.SMALL), caption=caption, alt=alt, numbers=_numbers("table.category", shown, words)
    )


def _numbers(head: str, shown: Sequence[tuple[str, str]], words: Words) -> Table:
    """What a figure shows, as pairs under this heading."""
    headings = (words(head), words("report.glance.value"))
    return Table(caption=words("report.numbers"), headings=headings, rows=tuple(shown), right=frozenset({1}))
