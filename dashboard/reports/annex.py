"""The data annex of the progress report: the nation and each group, response, revisions, protection, methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dashboard.charts.scale import Scale
from dashboard.lists import detailtext
from dashboard.lists.listing import Listing
from dashboard.reports.findings import NOTHING
from dashboard.reports.matter import Matter
from dashboard.reports.report import Block, Cell, Facts, Note, Section, Table, paragraph, points
from dashboard.rows import selection
from dashboard.rows.reading import Result
from dashboard.wording import definition, doubt
from indicators.catalogue import format, periods
from indicators.editions.results import STATUSES, TOTAL

_YEARS = 3  # as many columns as have room beside a name


def sections(matter: Matter) -> Iterator[Section]:
    """The annex, with its sections one level deeper."""
    words = matter.words
    yield Section(title=words("report.section.data"), blocks=(Note(text=_legend(matter)),), fresh=True)
    yield Section(title=words("report.data.nation"), blocks=(_nation(matter),), deep=True)
    for breakdown in matter.plan.breakdowns:
        table = by_group(breakdown, matter)
        if table is not None:
            name = definition.breakdown_name(matter.plan, breakdown, words)
            yield Section(title=words("report.data.by", breakdown=name), blocks=(table,), deep=True)
    yield Section(title=words("report.data.response"), blocks=tuple(_response(matter)), deep=True)
    yield Section(title=words("report.data.revisions"), blocks=tuple(_revisions(matter)), deep=True)
    yield Section(title=words("report.data.protection"), blocks=tuple(_protection(matter)), deep=True)
    yield Section(title=words("report.section.methods"), blocks=tuple(_sources(matter)))
    for name in _headline(matter):
        indicator = matter.plan.indicators[name]
        facts = (*definition.about(matter.plan, indicator, words), *definition.method(matter.plan, indicator, words))
        told = tuple((term, text) for term, text in facts if text)
        title = f"{_numbers(matter).get(name, '')} {indicator.name.in_language(words.language)}".strip()
        yield Section(title=title, blocks=(Facts(facts=told),), deep=True)
    notices = [notice.in_language(words.language) for notice in matter.edition.notices]
    if notices:
        yield Section(title=words("report.section.notices"), blocks=tuple(points(notices)))


def _headline(matter: Matter) -> list[str]:
    return list(matter.plan.identity.headline)


def _numbers(matter: Matter) -> dict[str, str]:
    """The number of the first target of each indicator that has one."""
    every = matter.plan.indicators.items()
    return {name: target.id for name, one in every for target in one.targets[:1] if target.id and target.reading_of is None}


def _legend(matter: Matter) -> str:
    """By which number each indicator stands at the head of a column, its unit, and what the signs mean."""
    words, plan, numbers = matter.words, matter.plan, _numbers(matter)
    told = []
    for name in _headline(matter):
        unit = format.unit_of(plan, name).symbol.in_language(words.language)
        called = f"{numbers.get(name, name)} {plan.indicators[name].name.in_language(words.language)}"
        told.append(words("report.data.column", name=called, unit=unit))
    return doubt.joined([words("mark.list").join(told) + words("report.stop"), words("report.data.note")], words)


def _nation(matter: Matter) -> Table:
    """Every indicator with its whole years, the newest last."""
    words, plan = matter.words, matter.plan
    rows = matter.edition.query(
        "SELECT * FROM results WHERE breakdown = $total AND length(period) = 4"
        " QUALIFY row_number() OVER (PARTITION BY indicator, period ORDER BY target NULLS LAST) = 1 ORDER BY ALL",
        {"total": TOTAL},
    )
    found = {(row["indicator"], row["period"]): Result(**row) for row in rows.iter_rows(named=True)}
    years = sorted(set(rows["period"]))[-_YEARS:]
    names = [*_headline(matter), *(name for name in plan.indicators if name not in plan.identity.headline)]
    cells: list[tuple[Cell, ...]] = []
    for name in names:
        if any((name, year) in found for year in years):
            of_years = [_shown(found.get((name, year)), name, matter, error=True) for year in years]
            cells.append((_numbers(matter).get(name, ""), _called(name, matter), *of_years))
    heads = (
        words("report.glance.number"),
        words("report.glance.target"),
        *(periods.label(year, words.language) for year in years),
    )
    return Table(
        caption=words("report.data.nation.caption"),
        headings=heads,
        rows=tuple(cells),
        right=frozenset(range(2, 2 + len(years))),
        wide=frozenset({1}),
    )


def by_group(breakdown: str, matter: Matter) -> Table | None:
    """The newest number of each headline indicator in each category of a breakdown; None where there is none."""
    words, plan = matter.words, matter.plan
    rows = matter.edition.query(
        "SELECT * FROM results WHERE breakdown = $breakdown AND indicator IN (SELECT unnest($names))"
        " QUALIFY row_number() OVER (PARTITION BY indicator, period, category ORDER BY target NULLS LAST) = 1 ORDER BY ALL",
        {"breakdown": breakdown, "names": _headline(matter)},
    )
    newest = selection.newest(rows)
    found = {(row["indicator"], row["category"]): Result(**row) for row in newest.iter_rows(named=True)}
    names = [name for name in _headline(matter) if any(key[0] == name and one.value is not None for key, one in found.items())]
    known = {category for _, category in found}
    listed = [code for code in plan.categories(breakdown) if code in known] or sorted(known)
    if not names or not listed:
        return None
    cells: list[tuple[Cell, ...]] = [
        (
            definition.category(plan, breakdown, code, words),
            *(_shown(found.get((name, code)), name, matter, error=False) for name in names),
        )
        for code in listed
    ]
    numbers = _numbers(matter)
    return Table(
        caption=words("report.data.by.caption", breakdown=definition.breakdown_name(plan, breakdown, words)),
        headings=(words("table.category"), *(numbers.get(name, name) for name in names)),
        rows=tuple(cells),
        right=frozenset(range(1, 1 + len(names))),
    )


def _shown(row: Result | None, name: str, matter: Matter, *, error: bool) -> str:
    """A number in a table, without a long unit, which stands beside the name; a sign where it is not there."""
    if row is None:
        return NOTHING
    words, scale = matter.words, _scale(name, matter)
    if row.value is None:
        known = format.beyond(None, row.low, scale.unit, words.language) if error else None
        return known or {"suppressed": "×", "absent": "○"}.get(row.status, NOTHING)
    around = format.around(row.value, row.low, row.high, scale.unit, words.language) if error else None
    return " ".join([scale.brief(row.value), *([around] if around else []), *(["◇"] if row.status == "unreliable" else [])])


def _scale(name: str, matter: Matter) -> Scale:
    signed = matter.plan.indicators[name].kind == "change"
    return Scale(unit=format.unit_of(matter.plan, name), words=matter.words, signed=signed)


def _called(name: str, matter: Matter) -> str:
    """The name, with the unit where it is too long to stand after every number."""
    told, scale = matter.plan.indicators[name].name.in_language(matter.words.language), _scale(name, matter)
    if scale.is_brief:
        return told
    return matter.words("report.data.column", name=told, unit=scale.unit.symbol.in_language(matter.words.language))


def _response(matter: Matter) -> Iterator[Block]:
    """Who was asked and who answered, in the newest period of each headline indicator."""
    rows = matter.edition.query(
        "SELECT * FROM response WHERE breakdown = $total AND length(period) = 4"
        " QUALIFY row_number() OVER (PARTITION BY indicator ORDER BY period DESC) = 1 ORDER BY indicator",
        {"total": TOTAL},
    )
    words = matter.words
    if rows.is_empty():
        yield Note(text=words("report.data.response.none"))
        return
    by_name = {row["indicator"]: row for row in rows.iter_rows(named=True)}
    cells: list[tuple[Cell, ...]] = []
    for name in [name for name in matter.plan.indicators if name in by_name]:
        row = by_name[name]
        counts = [NOTHING if row[key] is None else f"{row[key]:,}" for key in ("asked", "answered")]
        shares = [NOTHING if row[key] is None else format.share(row[key]) for key in ("rate", "rate_weighted", "rate_size")]
        told = matter.plan.indicators[name].name.in_language(words.language)
        cells.append((told, periods.label(row["period"], words.language), *counts, *shares))
    heads = ["indicator", "period", "asked", "answered", "rate", "rate_weighted", "rate_size"]
    yield Table(
        caption=words("details.response"),
        headings=tuple(words(f"details.column.{name}") for name in heads),
        rows=tuple(cells),
        right=frozenset(range(2, 7)),
    )


def _revisions(matter: Matter) -> Iterator[Block]:
    """How far published numbers moved over the editions."""
    rows = matter.edition.query("SELECT * FROM revision_summary ORDER BY ALL")
    if rows.is_empty():
        yield Note(text=matter.words("report.data.revisions.none"))
    else:
        yield from (_listed(one) for one in detailtext.listings(matter.plan, "revision_summary", rows, matter.words))


def _protection(matter: Matter) -> Iterator[Block]:
    """How many numbers of each breakdown are published, and how many not, by reason."""
    words = matter.words
    rows = matter.edition.query("SELECT breakdown, status, count(*) AS n FROM results GROUP BY ALL ORDER BY ALL")
    yield from paragraph(words("report.data.protection.rule"))
    order = [",".join(names) or TOTAL for names in matter.plan.breakdown_sets()]
    counts = {(row["breakdown"], row["status"]): int(row["n"]) for row in rows.iter_rows(named=True)}
    known = [name for name in order if any(key[0] == name for key in counts)]
    cells = [
        (definition.breakdown_name(matter.plan, name, words), *(f"{counts.get((name, status), 0):,}" for status in STATUSES))
        for name in known
    ]
    sums = [f"{sum(n for key, n in counts.items() if key[1] == status and key[0] in known):,}" for status in STATUSES]
    yield Table(
        caption=words("report.data.protection.caption"),
        headings=(words("table.breakdown"), *(words(f"status.{status}") for status in STATUSES)),
        rows=(*cells, (words("report.sum"), *sums)),
        right=frozenset(range(1, 1 + len(STATUSES))),
    )


def _sources(matter: Matter) -> Iterator[Block]:
    """The tables behind the edition, and what its numbers do not say."""
    words, language = matter.words, matter.words.language
    tables = matter.plan.dictionary.tables
    rows: list[tuple[Cell, ...]] = []
    for row in matter.coverage.iter_rows(named=True):
        if row["first_period"] and row["last_period"] and row["table_id"] in tables:
            ends = [periods.label(row[end], language) for end in ("first_period", "last_period")]
            name = tables[row["table_id"]].name.in_language(language)
            rows.append((name, f"{row['rows']:,}", f"{row['units']:,}", *ends))
    heads = ("table", "rows", "units", "first", "last")
    yield Table(
        caption=words("report.sources.caption"),
        headings=tuple(words(f"report.sources.{name}") for name in heads),
        rows=tuple(rows),
        right=frozenset({1, 2}),
    )
    yield Note(text=words("report.sure.error"))


def _listed(of: Listing) -> Table:
    rows: Sequence[Sequence[str]] = of.rows
    right = frozenset(at for at, heading in enumerate(of.headings) if heading in of.right)
    return Table(caption=of.title or "", headings=tuple(of.headings), rows=tuple(tuple(row) for row in rows), right=right)
