"""The commands `edit run`, `edit report` and `edit trail`: correct and impute, see what that did, follow a unit's values."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.mistake import Mistake
from dashboard.options import DATA, KeyFile, Lang, PlanFolder, Store, folder_of, language_of, plan_of, there, write_safely

if TYPE_CHECKING:
    from dashboard.lists.listing import Listing
    from dashboard.words import Words
    from indicators.catalogue.plan import Plan
    from indicators.editions.edition import Edition

edit_app = typer.Typer(no_args_is_help=True, help="Correct plain errors and impute by the rules of the plan; see what that did.")


class Form(StrEnum):
    table = "table"
    csv = "csv"


@edit_app.command("run")
def edit_run(
    store: Store = DATA,
    plan_folder: PlanFolder = None,
    actor: Annotated[str | None, typer.Option("--actor", help="Who edits, for the trail; without it the login name.")] = None,
    key_file: KeyFile = None,
    lang: Lang = None,
) -> None:
    """Edit what is loaded by the rules of the plan, and keep every changed value in the trail. Raw values stay.

    `publish` does the same by itself where something was loaded or a rule was changed since.
    """
    from dashboard.lists.editlists import by_rule
    from dashboard.terminal import progress
    from dashboard.words import words
    from indicators.publish import folder_sha256
    from pipelines import editrun, trail

    plan, spoken = plan_of(plan_folder), words(language_of(lang))
    _needs_rules(plan, store)
    before = trail.latest(store)
    with progress("editing") as report:
        plan_sha256 = folder_sha256(folder_of(plan_folder))
        runs = editrun.edit(store, plan.dictionary, plan_sha256=plan_sha256, actor=actor, progress=report)
    _needs_rows(plan, store, runs)
    found = by_rule(plan, {name: trail.frame_of(store, run, "events") for name, run in runs.items()}, spoken)
    if found.rows:
        _print(found)
    for name, run in runs.items():
        told = {"table": plan.dictionary.tables[name].name.in_language(spoken.language), "run": run.sequence}
        counts = {"changed": run.changed, "imputed": run.imputed, "added": run.added, "reviews": run.reviews}
        typer.echo(spoken("edit.done", **told, **{key: f"{count:,}" for key, count in counts.items()}))
        if before.get(name) == run:
            typer.echo(spoken("edit.same", **told))


@edit_app.command("report")
def edit_report(
    store: Store = DATA,
    plan_folder: PlanFolder = None,
    form: Annotated[Form, typer.Option("--format", help="table for people; csv holds every line and column.")] = Form.table,
    out: Annotated[Path | None, typer.Option("--out", help="Write the csv into this file.")] = None,
    key_file: KeyFile = None,
    lang: Lang = None,
) -> None:
    """List what was changed and why, what a person should look at, and the influence on the headline. Confidential.

    Edits first where something was loaded or a rule was changed since the last run.
    """
    from dashboard.lists.editlists import lines, of_report
    from dashboard.terminal import progress
    from dashboard.words import words
    from indicators.editreport import edit_report as report_of
    from indicators.publish import folder_sha256
    from pipelines.log import append

    plan, spoken = plan_of(plan_folder), words(language_of(lang))
    _needs_rules(plan, store)
    with progress("editing") as report:
        found = report_of(store, plan, plan_sha256=folder_sha256(folder_of(plan_folder)), progress=report)
    _needs_rows(plan, store, found.runs)
    append(store, action="export", objects={"command": "edit_report", "form": form.value})
    typer.echo(spoken("edit.confidential"), err=True)
    if form is Form.csv or out is not None:
        write_safely(lines(found, spoken), out)
        if out is not None:
            typer.echo(spoken("edit.written", path=out), err=True)
        return
    for listing in of_report(plan, found, spoken):
        _print(listing)


@edit_app.command("trail")
def edit_trail(
    unit: Annotated[str | None, typer.Option("--unit", help="Only values of this unit, e.g. an enterprise.")] = None,
    store: Store = DATA,
    plan_folder: PlanFolder = None,
    key_file: KeyFile = None,
    lang: Lang = None,
) -> None:
    """Print every change of every run, or of one unit: when, by whom, old and new, rule and reason. Confidential."""
    from dashboard.lists.editlists import of_history
    from dashboard.words import words
    from pipelines.log import append
    from pipelines.trail import history

    plan, spoken = plan_of(plan_folder), words(language_of(lang))
    found = history(there(store), unit)
    if found.is_empty():
        typer.echo(spoken("edit.no_trail" if unit is None else "edit.no_unit", unit=unit, store=store))
        return
    append(store, action="export", objects={"command": "edit_trail", "rows": found.height})
    typer.echo(spoken("edit.confidential"), err=True)
    _print(of_history(plan, found, spoken))


def waiting(store: Path, edition: Edition, words: Words) -> str | None:
    """How many values wait for a person, of the runs from which an edition was made; None where none does.

    For the operator alone: nothing of it stands in the edition.
    """
    from pipelines.trail import frame_of, read_runs

    used = edition.manifest["provenance"]["editing"]["runs"].values()
    runs = [run for run in read_runs(store) if run.reviews and run.hash in {one["sha256"] for one in used}]
    scores = [score for run in runs for score in frame_of(store, run, "reviews")["score"].drop_nulls()]
    if not runs:
        return None
    count = f"{sum(run.reviews for run in runs):,}"
    return words("publish.waiting_scored", n=count, score=f"{max(scores):.3f}") if scores else words("publish.waiting", n=count)


def _needs_rules(plan: Plan, store: Path) -> None:
    """Raises Mistake where there is nothing to edit by, or nowhere to edit."""
    from pipelines.editrun import with_rules

    there(store)
    if not with_rules(plan.dictionary):
        raise Mistake(
            f"No table of the plan {plan.identity.id} has rules of editing. State them under `editing` in its file in tables/; "
            "indicators/plans/README.md lists the keys."
        )


def _needs_rows(plan: Plan, store: Path, runs: Iterable[str]) -> None:
    from pipelines.editrun import with_rules

    if not list(runs):
        names = ", ".join(table.id for table in with_rules(plan.dictionary))
        raise Mistake(f"Nothing is loaded in {store} of the tables that are edited: {names}. Run `planwatch load FILE…` first.")


def _print(listing: Listing) -> None:
    from dashboard.terminal import console, text_table

    console().print(text_table(listing.title, listing.headings, listing.rows, listing.right))
