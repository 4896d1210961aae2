"""The command `methods`: what other official methods would say of the numbers of an indicator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.options import DATA, EditionId, Form, Lang, Store, edition_of, language_of, written

if TYPE_CHECKING:
    import polars as pl

    from dashboard.wording.strip import Strip
    from dashboard.words import Words
    from indicators.editions.edition import Edition


def methods(
    indicator: Annotated[str, typer.Argument(metavar="INDICATOR", help="Id of an indicator, or of one of its targets.")],
    period: Annotated[str | None, typer.Option("--period", help="A year, as 2026, or all; without it the newest judged.")] = None,
    edition: EditionId = None,
    form: Annotated[Form, typer.Option("--format", help="table for people; csv and json hold every column.")] = Form.table,
    store: Store = DATA,
    lang: Lang = None,
) -> None:
    """Print the verdicts of other official methods on the same numbers, and how many agree with our own pace."""
    from dashboard.rows.selection import known
    from dashboard.words import words

    opened, spoken = edition_of(store, edition), words(language_of(lang))
    indicator = known(opened.plan, indicator)
    found = opened.query("SELECT * FROM methods WHERE indicator = $name ORDER BY ALL", {"name": indicator})
    rows = _in_period(found, period) if found.height else found
    if written(rows, form):
        return
    if rows.is_empty():
        typer.echo(_why_nothing(opened, indicator, spoken))
    else:
        _print(opened, indicator, rows, spoken)


def _in_period(rows: pl.DataFrame, period: str | None) -> pl.DataFrame:
    """Rows of the year, of the newest, or of all. Raises NotPublished for a year that was not judged."""
    from dashboard.rows.selection import ALL, NotPublished

    if period == ALL:
        return rows
    there = sorted(set(rows["period"].to_list()))
    if period is not None and period not in there:
        raise NotPublished(f"No method judged {period}: they judge whole years from the base on. Years here: {', '.join(there)}.")
    return rows.filter(rows["period"] == (period or there[-1]))


def _why_nothing(edition: Edition, indicator: str, words: Words) -> str:
    """Why there is no row: no target, an edition without the table, or no number."""
    plan, language = edition.plan, words.language
    name = plan.indicators[indicator].name.in_language(language)
    aimed = [one.id for one in plan.indicators.values() if one.targets]
    if indicator not in aimed:
        changes = [one for one in aimed if plan.indicators[one].change_of == indicator]
        key = "methods.no_target.change" if changes else "methods.no_target"
        return words(key, name=name, names=words("methods.separator").join(changes or aimed))
    if edition.query("SELECT count(*) AS n FROM methods").item() == 0:
        return words("methods.none", id=edition.id)
    return words("methods.nothing", name=name)


def _print(edition: Edition, indicator: str, rows: pl.DataFrame, words: Words) -> None:
    """A table and its sentence for each number and target, under the name of the indicator."""
    from dashboard.terminal import console, text_table
    from dashboard.wording import strip

    screen = console()
    screen.print(edition.plan.indicators[indicator].name.in_language(words.language), style="bold")
    for one in _strips(edition, indicator, rows):
        screen.print()
        for line in strip.heading(one, words):
            screen.print(line)
        screen.print(text_table(None, strip.headings(words), strip.lines(one, words)))
        for sentence in strip.sentences(one, words):
            screen.print(sentence)
    screen.print()
    screen.print(words("methods.note"))
    if edition.manifest.get("provenance", {}).get("synthetic"):
        screen.print(words("edition.synthetic"))


def _strips(edition: Edition, indicator: str, rows: pl.DataFrame) -> Iterator[Strip]:
    """One for each number and target, in the order of the targets in the plan, years as they come."""
    from dashboard.wording.strip import Strip

    plan = edition.plan
    keys = ["period", "breakdown", "category"]
    asked = {"name": indicator}
    assessed = edition.query("SELECT * FROM assessments WHERE scope AND indicator = $name", asked)
    own = {tuple(row[name] for name in (*keys, "target")): row for row in assessed.iter_rows(named=True)}
    shown = edition.query("SELECT DISTINCT period, breakdown, category, value FROM results WHERE indicator = $name", asked)
    values = {row[:3]: row[3] for row in shown.iter_rows()}
    targets = {target.id or indicator: target for target in plan.indicators[indicator].targets}
    for name, target in targets.items():
        for (period, breakdown, category), these in sorted(rows.filter(rows["target"] == name).group_by(keys)):
            yield Strip(
                plan=plan,
                indicator=plan.indicators[indicator],
                target=target,
                period=str(period),
                rulings=these.to_dicts(),
                value=values.get((period, breakdown, category)),
                base_period=plan.base_of(target),
                base=values.get((plan.base_of(target), breakdown, category)),
                assessment=own.get((period, breakdown, category, name)),
            )
