"""The progress report of an association: overview, results by target, key work by action, data annex, methods and limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dashboard.reports import annex, figures, findings
from dashboard.reports.frame import framed
from dashboard.reports.matter import Matter
from dashboard.reports.report import (
    Block,
    Callout,
    Cell,
    Facts,
    Figures,
    Note,
    Report,
    Section,
    Table,
    paragraph,
    points,
    runs,
    strong,
)
from dashboard.rows import tasks
from dashboard.rows.headline import Tile
from dashboard.rows.reading import Reading
from dashboard.rows.tasks import Known
from dashboard.wording import doubt, movers, readings, strip
from dashboard.wording import tasks as wording
from indicators.catalogue import format
from indicators.catalogue.plan import Action
from indicators.editions.results import TOTAL


def progress(matter: Matter) -> Report:
    """The structure of the national data map: overview, results, key work, data."""
    words = matter.words
    overview: list[Block] = [findings.counts(matter), *points(findings.overall(matter)), findings.glance(matter)]
    return framed(
        "progress",
        matter,
        [
            Section(title=words("report.section.overview"), blocks=tuple(overview)),
            Section(title=words("report.section.changes"), blocks=tuple(points(findings.changes(matter))), deep=True),
            Section(title=words("report.section.sure"), blocks=tuple(points(findings.sureness(matter))), deep=True),
            Section(title=words("report.section.targets"), blocks=()),
            *(_target(tile, matter) for tile in matter.tiles),
            Section(title=words("report.section.work"), blocks=tuple(_work(matter))),
            *annex.sections(matter),
        ],
    )


def _target(tile: Tile, matter: Matter) -> Section:
    """One target: the law and how it is read, outcome, way, who holds the gap, other readings, other methods."""
    words, language = matter.words, matter.words.language
    if tile.goal is not None:
        name, told = tile.goal.name.in_language(language), tile.goal.sentence.in_language(language)
        why = tile.goal.explanation.in_language(language) if tile.goal.explanation else ""
        facts = tuple((term, text) for term, text in ((words("card.sentence"), told), (words("card.explanation"), why)) if text)
        return Section(title=f"{tile.id} {name}", blocks=(Facts(facts=facts),), deep=True)
    name = tile.readings[0].indicator.name.in_language(language)
    if len(tile.readings) > 1:
        name = words("report.several", name=name, n=len(tile.readings))
    blocks: list[Block] = [Facts(facts=findings.law_of(tile.readings[0], matter))]
    for reading in tile.readings:
        blocks += _reading(reading, tile, matter)
    blocks += paragraph(readings.disagreement(tile, matter.plan, words))
    blocks += points(_others(tile, matter))
    return Section(title=f"{tile.id} {name}", blocks=tuple(blocks), deep=True)


def _reading(reading: Reading, tile: Tile, matter: Matter) -> list[Block]:
    several, row, words = len(tile.readings) > 1, reading.judged, matter.words
    told = findings.callout(reading, matter)
    if several:
        name = words("report.of", name=strong(reading.indicator.name.in_language(words.language)), told="")
        told = Callout(mark=told.mark, runs=(*runs(name), *told.runs))
    blocks: list[Block] = [told]
    if row is None:
        return blocks
    blocks += _drawn(reading, matter) if not several else []
    split = matter.split(reading)
    if not split.is_empty():
        blocks += paragraph(movers.told(row, split, matter.plan, words))
    blocks += paragraph(figures.scenario(reading, matter))
    return blocks + (_methods(reading, matter) if not several else [])


def _drawn(reading: Reading, matter: Matter) -> list[Block]:
    """The way and who holds the gap side by side; one of them alone across the page."""
    made = (
        figures.to_target(reading, matter, width=figures.SMALL),
        figures.holders_of(reading, matter, most=6, width=figures.SMALL),
    )
    found = tuple(one for one in made if one is not None)
    if len(found) == 1:
        wide = (figures.to_target(reading, matter), figures.holders_of(reading, matter))
        return [one for one in wide if one is not None]
    return [Figures(figures=found)] if found else []


def _methods(reading: Reading, matter: Matter) -> list[Block]:
    """What other official methods say of the same number."""
    found, words = matter.strip(reading), matter.words
    if found is None:
        return []
    heads = strip.headings(words)
    same = {"✓": words("details.yes"), "✗": words("details.no")}  # the fonts of the app have no ✗
    rows = tuple((*line[:-1], same.get(line[-1], line[-1])) for line in strip.lines(found, words))
    name = reading.indicator.name.in_language(words.language)
    caption = words("report.methods.caption", name=name)
    told = paragraph(doubt.joined(strip.sentences(found, words), words))
    table = Table(caption=caption, headings=tuple(heads), rows=rows, wide=frozenset({len(heads) - 2}), note=words("methods.note"))
    return [*told, table]


def _others(tile: Tile, matter: Matter) -> Iterator[str]:
    """The other readings of the target, which judge nothing."""
    words = matter.words
    for other in tile.others:
        label = words("tile.other.of", scope=readings.label(other, tile, matter.plan, words))
        row = other.judged
        told = doubt.sentence(row, matter.plan, words, through=other.through) if row else words("tile.no_result")
        yield words("report.of", name=label, told=told)


def _work(matter: Matter) -> Iterator[Block]:
    """The actions and tasks of the plan with the numbers and registers that speak of each; no task is judged."""
    words, plan = matter.words, matter.plan
    totals = matter.edition.query("SELECT * FROM results WHERE breakdown = $total ORDER BY indicator, period", {"total": TOTAL})
    found = tasks.known(plan, matter.tiles, totals, matter.coverage)
    listed = [one for _, known in found for one in known]
    if listed:
        yield from paragraph(wording.lead(tasks.counts(listed), words))
        heads = tuple(words(f"report.work.{name}") for name in ("action", "number", "task", "known"))
        yield Table(
            caption=words("report.work.caption"),
            headings=heads,
            rows=tuple(row for action, known in found for row in _tasks(action, known, matter)),
            right=frozenset({1}),
            wide=frozenset({0, 2, 3}),
        )
    yield Note(text=words("actions.note") if tasks.linked(plan) else words("actions.unlinked", id=matter.edition.id))


def _tasks(action: Action, known: Sequence[Known], matter: Matter) -> Iterator[tuple[Cell, ...]]:
    language = matter.words.language
    for at, one in enumerate(known):
        name = action.name.in_language(language) if at == 0 else ""
        yield name, str(one.task.id), one.task.name.in_language(language), _known(one, matter)


def _known(found: Known, matter: Matter) -> str:
    """The numbers of a task with their outcomes, and the registers that are loaded; or that nothing is."""
    words, plan = matter.words, matter.plan
    told = []
    for number in found.numbers:
        unit, signed = format.unit_of(plan, number.indicator.id), number.indicator.kind == "change"
        value = findings.value(number.now, unit, words, signed=signed, error=False)
        outcome = readings.badge(number.reading, plan, words) if number.reading else words("actions.untargeted")
        name = number.indicator.name.in_language(words.language)
        told.append(words("report.work.number.of", name=name, value=value, outcome=outcome))
    told += [words("actions.goal", id=goal.id, name=goal.name.in_language(words.language)) for goal in found.goals]
    told += [wording.table(one, plan, words) for one in found.tables]
    return words("mark.list").join(told) or words("actions.unloaded")
