"""The command `catalogue`: every table and column with its tier, owner, retention and use."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.options import DATA, EditionId, Lang, PlanFolder, Store, edition_of, language_of, plan_of, there

if TYPE_CHECKING:
    from dashboard.catalogue.catalogue import Catalogue
    from dashboard.words import Words


class CatalogueForm(StrEnum):
    table = "table"
    json = "json"
    dcat = "dcat"


def catalogue(
    form: Annotated[
        CatalogueForm, typer.Option("--format", help="table for people; json plain; dcat as JSON-LD for other catalogues.")
    ] = CatalogueForm.table,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Write to this file.")] = None,
    edition: EditionId = None,
    plan_folder: PlanFolder = None,
    store: Store = DATA,
    lang: Lang = None,
) -> None:
    """List every table and column of the plan with its tier and why, owner, retention and use, and what an edition publishes.

    It is read from the edition; with --plan, or before anything was published, from the plan folder.
    """
    from dashboard.catalogue.cataloguejson import as_json
    from dashboard.catalogue.dcat import as_dcat
    from dashboard.words import words

    found, spoken = _catalogue(store, edition, plan_folder), words(language_of(lang))
    if form is CatalogueForm.table and to is None:
        _show(found, spoken)
        return
    text = {CatalogueForm.dcat: as_dcat, CatalogueForm.json: as_json}.get(form)
    written = text(found) if text else _plain(found, spoken)
    if to is None:
        sys.stdout.write(written)
        return
    to.write_text(written, encoding="utf-8")
    typer.echo(spoken("edit.written", path=to))


def _catalogue(store: Path, identifier: str | None, plan_folder: Path | None) -> Catalogue:
    from dashboard.catalogue.catalogue import Catalogue
    from indicators.editions.edition import NoEdition

    if plan_folder is None:
        try:
            opened = edition_of(store, identifier)
            return Catalogue.of_edition(opened, opened.query("SELECT * FROM coverage"))
        except NoEdition:
            if identifier is not None:
                raise
            if store != DATA:
                there(store)
    return Catalogue.of_plan(plan_of(plan_folder))


def _show(found: Catalogue, words: Words) -> None:
    from dashboard.catalogue.catalogue import lead
    from dashboard.lists.cataloguelists import listings
    from dashboard.terminal import console, listing_table

    screen = console()
    for one in listings(found, words):
        screen.print(listing_table(one))
    for line in lead(found, words):
        screen.print(line, markup=False)


def _plain(found: Catalogue, words: Words) -> str:
    """The lists as they are printed, as Markdown for a file."""
    from dashboard.catalogue.catalogue import lead
    from dashboard.lists.cataloguelists import listings
    from dashboard.papers.markdowntext import escaped, table

    first, *others = ((one.title or "", table(one)) for one in listings(found, words))
    blocks = [f"# {escaped(first[0])}", *map(escaped, lead(found, words)), first[1]]
    return "\n\n".join([*blocks, *(f"## {escaped(title)}\n\n{rows}" for title, rows in others)]) + "\n"
