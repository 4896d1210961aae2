"""The command `gap`: how far a number is from its target, who holds the gap, and who must move."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.options import DATA, EditionId, Form, Lang, Store, edition_of, language_of

if TYPE_CHECKING:
    from dashboard.rows.assessed import Assessment
    from dashboard.rows.gaps import Gap
    from dashboard.words import Words
    from indicators.editions.edition import Edition

#: in a terminal of fewer columns weights, cumulative shares and errors are left out
_WIDE = 110


def gap(
    indicator: Annotated[str, typer.Argument(metavar="INDICATOR", help="Id of an indicator, or of one of its targets.")],
    by: Annotated[
        str | None,
        typer.Option("--by", help="A breakdown, or several crossed; none: the most telling.", metavar="BREAKDOWN[,BREAKDOWN]"),
    ] = None,
    period: Annotated[str | None, typer.Option("--period", help="A year; without it the newest judged.")] = None,
    edition: EditionId = None,
    form: Annotated[Form, typer.Option("--format", help="table for people; csv and json hold every column.")] = Form.table,
    store: Store = DATA,
    lang: Lang = None,
) -> None:
    """Print the gap of an indicator to its target, and who must move: the categories that hold most of it, and how many.

    csv: the rows of the table `splits` of all its targets. json: an object with rows of `assessments`, those of other `readings`,
    `paces` and `splits`.
    """
    from dashboard.rows.gaps import gap_of
    from dashboard.words import words

    opened = edition_of(store, edition)
    found = gap_of(opened, indicator, period)
    chosen = found.chosen(by)
    if form is Form.table:
        _print(found, chosen, opened, words(language_of(lang)))
        return
    rows = found.splits if by is None else found.splits.filter(found.splits["breakdown"] == chosen)
    if form is Form.csv:
        sys.stdout.write(rows.write_csv())
    else:
        tables = {"assessments": found.assessments, "readings": found.readings, "paces": found.paces, "splits": rows}
        sys.stdout.write(json.dumps({name: frame.to_dicts() for name, frame in tables.items()}, ensure_ascii=False) + "\n")


def _print(found: Gap, chosen: str | None, opened: Edition, words: Words) -> None:
    from dashboard.terminal import console, text_table
    from dashboard.wording import definition, doubt, movers
    from indicators.catalogue import periods

    screen = console()
    typer.secho(f"{found.row.target}  {doubt.name(found.row, found.plan, words)}", bold=True)
    for heading, told in _head(found, words):
        typer.echo(words("gap.line", name=heading, told=told))
    if chosen is None:
        typer.echo(words("gap.unsplit"))
    else:
        split = found.own.filter(found.own["breakdown"] == chosen)
        title = {"breakdown": definition.breakdown_name(found.plan, chosen, words)}
        title["period"] = periods.label(found.row.period, words.language)
        wide = screen.width >= _WIDE
        headings, rows = _table(found, chosen, words, wide=wide)
        typer.echo()
        screen.print(text_table(words("gap.by", **title), headings, rows, right=headings[2:]))
        marks = [words("gap.essential")] if split["essential"].any() else []
        marks += [words("gap.error")] if wide and (split["se"] > 0).any() else []
        for line in (doubt.joined(marks, words), movers.told(found.row, split, found.plan, words)):
            if line:
                typer.echo(line)
        rest = [f"{definition.breakdown_name(found.plan, name, words)} ({name})" for name in found.breakdowns if name != chosen]
        if rest:
            typer.echo(words("gap.others", names=words("mark.list").join(rest)))
    if opened.manifest.get("provenance", {}).get("synthetic"):
        typer.echo(words("edition.synthetic"))


def _head(found: Gap, words: Words) -> Iterator[tuple[str, str]]:
    """What is known of the number before it is split; the other readings below."""
    from dashboard.wording import doubt, phrases
    from indicators.catalogue import format

    row, plan = found.row, found.plan
    unit, signed = format.unit_of(plan, row.indicator), plan.indicators[row.indicator].kind == "change"
    yield words("tile.target"), phrases.bound(doubt.target_of(plan, row), unit, words, signed=signed)
    yield words("gap.value"), _value(row, found, words)
    yield words("tile.gap"), doubt.gap(row, plan, words)
    for heading, told in (
        ("gap.outcome", doubt.outcome(row, plan, words)),
        ("gap.path", doubt.path(row, plan, words)),
        ("gap.pace", doubt.pace(row, found.speeds, plan, words)),
    ):
        if told:
            yield words(heading), told
    for other in found.others:
        facts = {"name": doubt.name(other, plan, words), "target": other.target, "value": _value(other, found, words)}
        yield words("gap.reading"), words("gap.read", **facts, gap=doubt.gap(other, plan, words))


def _value(row: Assessment, found: Gap, words: Words) -> str:
    from dashboard.wording import phrases
    from indicators.catalogue import format

    assert row.value is not None
    unit, signed = format.unit_of(found.plan, row.indicator), found.plan.indicators[row.indicator].kind == "change"
    value = format.number(row.value, unit, words.language, signed=signed, beside=row.threshold)
    return words("gap.at", value=value, period=phrases.period(row.period, found.until, words))


def _table(found: Gap, chosen: str, words: Words, *, wide: bool) -> tuple[list[str], list[list[str]]]:
    """Headings and rows: the categories by rank, then what is not told singly, the shift of the mix, and the whole.

    Of a gap within error no shares are told, and of a total no weights, which are all one.
    """
    from dashboard.rows.judged import categories, parts
    from dashboard.wording import definition
    from indicators.catalogue import format
    from indicators.splits.pareto import half_width

    plan, unit = found.plan, format.unit_of(found.plan, found.row.indicator)
    signed, counted = plan.indicators[found.row.indicator].kind == "change", plan.indicators[found.row.indicator].counted
    names = ["rank", "category", "value", "weight", "contribution", "share", "cumulative"]
    ordered = parts(found.own.filter(found.own["breakdown"] == chosen))
    left_out = set() if wide else {"weight", "cumulative"}
    left_out |= {"share", "cumulative"} if all(one.share is None for one in ordered) else set()
    left_out |= {"weight"} if all(one.weight == 1 for one in categories(ordered)) else set()
    names = [name for name in names if name not in left_out]
    level = format.even((one.contribution for one in ordered), unit)
    headings = [words(f"gap.column.{name}") for name in names]
    if counted:
        headings.append(words("gap.column.missing", counted=counted.in_language(words.language)))
    rows = []
    for one in ordered:
        named = definition.category(plan, chosen, one.category, words) if one.part == "category" else _part(one.part, words)
        amount = format.difference(one.contribution or 0.0, level, words.language)
        if wide and one.se and one.contribution is not None:
            half = half_width(one.se)
            margin = format.margin(one.contribution - half, one.contribution + half, level, words.language)
            amount = words("gap.margin", amount=amount, margin=margin)
        cells = {
            "rank": "" if one.rank is None else f"{one.rank}{' ▸' if one.essential else ''}",
            "category": named,
            "value": "" if one.value is None else format.number(one.value, unit, words.language, signed=signed),
            "weight": "" if one.weight is None else format.percent(one.weight),
            "contribution": amount,
            "share": "" if one.share is None else format.share(one.share),
            "cumulative": "" if one.cumulative is None else format.share(one.cumulative),
        }
        told = [cells[name] for name in names]
        rows.append([*told, "" if one.missing is None else f"{one.missing:,.0f}"] if counted else told)
    return headings, rows


def _part(part: str, words: Words) -> str:
    return words("gap.part.rest" if part == "rest" else f"details.part.{part}")
