"""The command `freeze`: from which edition the values of the base year are taken from now on."""

from __future__ import annotations

from typing import Annotated

import typer

from dashboard.options import DATA, EditionId, KeyFile, Lang, Store, edition_of, language_of


def freeze(
    period: Annotated[
        str | None,
        typer.Argument(metavar="PERIOD", help="The base year; without it the frozen_period or base_period of the plan."),
    ] = None,
    edition: EditionId = None,
    again: Annotated[bool, typer.Option("--again", help="Declare anew; the former declaration is kept in the file.")] = False,
    store: Store = DATA,
    key_file: KeyFile = None,
    lang: Lang = None,
) -> None:
    """Declare that the values of the base year are those of an edition from now on, whatever data come in later.

    `publish` then takes changes on this base; the change on the base as revised stands beside it in the table decomposition.
    """
    from dashboard.words import words
    from indicators.revisions.frozen import FILE, declaration
    from indicators.revisions.frozen import freeze as declare
    from pipelines.log import append, ready

    root, spoken = store / "editions", words(language_of(lang))
    opened = edition_of(store, edition)
    before = None if again else declaration(root)
    ready(store, "freeze")
    declared = declare(root, opened, period, again=again)
    if declared != before:
        append(store, action="freeze", objects={"edition": declared.edition, "period": declared.period})
    told = {"period": declared.period, "edition": declared.edition}
    if declared == before:
        typer.echo(spoken("freeze.standing", declared=declared.declared, **told))
    else:
        typer.echo(spoken("freeze.done", file=root / FILE, **told))
