"""What changed between the base and a period: a dumbbell per category, and whether each change is beyond its error."""

from __future__ import annotations

from dashboard.blocks import beside
from dashboard.blocks.beside import Sheet
from dashboard.blocks.question import Question
from dashboard.charts.dumbbell import dumbbell
from dashboard.lists import explored
from dashboard.rows.pairs import by_shift, changed
from dashboard.wording import explored as wording


def show(question: Question) -> None:
    """The levels of both periods from the indicator that changes; the change and its error from the indicator of change."""
    beside.show(question, _sheet)


def _sheet(question: Question) -> Sheet | None:
    item, words, changes, level = question.item, question.item.words, question.changes, question.levelled
    if changes is None:
        return None
    found = {row.category: row for row in changes.cut(question.breakdown, question.period)}
    before, after = (level.cut(question.breakdown, period) for period in (question.base, question.period))
    pairs = {pair.category: pair for pair in changed(before, after, found)}
    order = sorted(pairs, key=lambda name: question.listed(name))
    if question.sort == "change":
        order = by_shift(order, {name: pair.shift for name, pair in pairs.items()})
    listed = [pairs[name] for name in order]
    names = question.names(order)
    base, period = (beside.period_of(one, question) for one in (question.base, question.period))
    told = wording.changed([pair.shift for pair in listed], question.period, question.base, words)
    symbol, differing = (one.scale.unit.symbol.in_language(words.language) for one in (level, changes))
    heads = (
        words("explore.column.of", period=base, unit=symbol),
        words("explore.column.of", period=period, unit=symbol),
        words("explore.column.on", base=base, unit=differing),
        words("explore.column.known"),
    )
    frame = explored.of_pairs(listed, names, heads, level.scale.unit, changes.scale.unit, words)
    values = [f"{names[pair.category]} {wording.shift(pair.shift, changes.scale.unit, words)}" for pair in listed]
    rows = found if item.indicator.change_of else {row.category: row for row in after}
    marks = [("before", base), ("after", period), ("beyond", words("key.beyond")), ("within", words("key.within"))]
    return Sheet(
        figure=beside.asked(dumbbell(listed, names, level.scale, changes.scale)),
        frame=frame,
        key="dumbbell",
        told=told,
        alt=beside.spoken(question, told, values),
        marks=marks,
        notes=[beside.source(question), *beside.notes(question, list(found.values()))],
        unit=level.scale.spelled,
        codes=order,
        numbers={name: rows[name] for name in order if name in rows},
        names=names,
    )
