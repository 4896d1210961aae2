"""The command `whatif`: a scenario played on the numbers of an edition."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.mistake import Mistake
from dashboard.options import DATA, EditionId, Lang, Store, edition_of, language_of

if TYPE_CHECKING:
    from dashboard.words import Words
    from indicators.catalogue.scenario import Scenario
    from indicators.editions.edition import Edition
    from indicators.scenarios.played import Played
    from pipelines.yamlfile import YamlFile


class SheetForm(StrEnum):
    table = "table"
    csv = "csv"
    json = "json"
    markdown = "markdown"


def whatif(
    scenario: Annotated[
        str | None,
        typer.Argument(
            metavar="SCENARIO", help="A YAML file, the name of a scenario of the plan, or a link such as T3~province.all~to.0.9."
        ),
    ] = None,
    listed: Annotated[bool, typer.Option("--list", help="Only list the scenarios that the edition keeps.")] = False,
    edition: EditionId = None,
    form: Annotated[
        SheetForm,
        typer.Option("--format", help="table for people; csv and json hold all of it; markdown is a sheet for a report."),
    ] = SheetForm.table,
    out: Annotated[Path | None, typer.Option("--out", help="Write to this file; a table becomes the markdown sheet.")] = None,
    store: Store = DATA,
    lang: Lang = None,
) -> None:
    """Play a scenario: the national number, its gap and its verdict when chosen categories move.

    It is arithmetic on what the edition published: shares of the whole stay as they are, and the interval tells of sampling
    error alone. A scenario is no forecast.
    """
    from dashboard.words import words

    opened, spoken = edition_of(store, edition), words(language_of(lang))
    if listed:
        _list(opened, spoken)
        return
    if scenario is None:
        raise Mistake(spoken("whatif.none_given"))
    played = _played(opened, scenario, spoken)
    text = _text(opened, played, form, spoken)
    if out is not None:
        out.write_text(text, encoding="utf-8-sig" if form is SheetForm.csv else "utf-8", newline="")
        typer.echo(spoken("edit.written", path=out))
    elif form is SheetForm.table:
        _show(opened, played, spoken)
    else:
        sys.stdout.write(text)


def _list(edition: Edition, words: Words) -> None:
    """Id, target, name and link of every scenario of the edition's plan."""
    from dashboard.terminal import console, text_table
    from indicators.catalogue.scenariotext import to_link

    known = edition.plan.scenarios
    if not known:
        typer.echo(words("whatif.no_scenarios", id=edition.id))
        return
    headings = [words(f"whatif.list.{name}") for name in ("id", "target", "name", "link")]
    rows = [[name, one.target, one.name.in_language(words.language), to_link(one)] for name, one in known.items()]
    console().print(text_table(None, headings, rows))


def _played(edition: Edition, asked: str, words: Words) -> Played:
    """The scenario on the edition. Raises Mistake with file, line and column, or with what to do."""
    from indicators.catalogue.scenario import ScenarioRefused
    from indicators.scenarios.stage import read
    from indicators.scenarios.whatif import play

    try:
        scenario, file = _scenario(edition, asked, words)
    except ScenarioRefused as refused:
        raise Mistake(refused.told.in_language(words.language)) from None
    try:
        return play(edition.plan, read(edition, scenario.target), scenario)
    except ScenarioRefused as refused:
        told = refused.told.in_language(words.language)
        if file is not None:
            told = str(file.fault(refused.place, told, key=refused.key))
        raise Mistake(told) from None


def _scenario(edition: Edition, asked: str, words: Words) -> tuple[Scenario, YamlFile | None]:
    """The scenario of that name, of that link, or in that file."""
    from indicators.catalogue.scenario import Scenario
    from indicators.catalogue.scenariofaults import scenario_faults
    from indicators.catalogue.scenariotext import from_link
    from pipelines.yamlfile import PlanFaults, read_yaml, suggest

    if asked in edition.plan.scenarios:
        return edition.plan.scenarios[asked], None
    path = Path(asked)
    if not path.exists() and path.suffix not in (".yaml", ".yml"):
        if "~" in asked:
            return from_link(asked), None
        near = suggest(asked, edition.plan.scenarios)
        raise Mistake(words("whatif.unknown", name=asked, id=edition.id) + near)
    try:
        file = read_yaml(path)
        scenario = file.validate(Scenario)
    except PlanFaults as error:
        raise Mistake(str(error)) from None
    faults = [
        file.fault(one.place, one.told.in_language(words.language), key=one.key)
        for one in scenario_faults(edition.plan, scenario)
    ]
    if faults:
        raise Mistake("\n".join(map(str, sorted(faults))))
    return scenario, file


def _text(edition: Edition, played: Played, form: SheetForm, words: Words) -> str:
    from dashboard.papers.sheet import markdown, sheet

    if form is SheetForm.csv:
        return played.as_frame().write_csv()
    if form is SheetForm.json:
        return json.dumps({"edition": edition.id, **played.as_dict()}, ensure_ascii=False, indent=1) + "\n"
    return markdown(sheet(edition, played, words))


def _show(edition: Edition, played: Played, words: Words) -> None:
    from dashboard.papers.sheet import sheet
    from dashboard.terminal import console, listing_table

    found, screen = sheet(edition, played, words), console()
    screen.print(found.title, style="bold", markup=False)
    for line in (found.about, found.target):
        screen.print(line, markup=False) if line else None
    screen.print(listing_table(found.standings))
    if found.moved.rows:
        screen.print(listing_table(found.moved))
    for line in (*([found.left] if found.left else []), *found.notes, *found.source):
        screen.print(line, markup=False)
