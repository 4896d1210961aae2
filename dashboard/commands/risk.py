"""The command `risk`: the risk assessment of a store."""

from __future__ import annotations

import os
import sys
from collections import Counter
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.options import DATA, MEND, KeyFile, Lang, PlanFolder, Store, language_of, plan_of, there

if TYPE_CHECKING:
    from dashboard.papers.riskpaper import Assessed
    from indicators.risk.evidence import Accounts
    from pipelines.log import LogBroken


class PaperForm(StrEnum):
    md = "md"
    json = "json"


def risk(
    store: Store = DATA,
    plan_folder: PlanFolder = None,
    form: Annotated[
        PaperForm, typer.Option("--format", help="md: a paper to be signed; json: all of it for machines.")
    ] = PaperForm.md,
    to: Annotated[
        Path | None, typer.Option("--to", metavar="FILE", help="Write to this file, readable by its owner alone.")
    ] = None,
    key_file: KeyFile = None,
    lang: Lang = None,
) -> None:
    """Assess the risk to the records of a store: what is held, how it is kept, who can reach it, what to do. Confidential.

    Every finding is worked out from the plan, the files, the current edition and the log, to which it adds a line. Exit code 2
    where that cannot be done because the log is broken, of which the paper tells.
    """
    from datetime import UTC, datetime
    from importlib.metadata import version

    from dashboard.papers.riskpaper import Assessed, as_json, as_markdown
    from dashboard.words import words
    from indicators.risk.evidence import gather
    from indicators.risk.risks import risks
    from pipelines import log

    with suppress(log.LogBroken):  # that it is broken is a finding of the paper
        log.ready(there(store), "risk")
    asked = plan_of(plan_folder) if plan_folder is not None else None
    found = gather(store, asked, plan_of(None), _accounts(store), datetime.now(UTC).date())
    told = Assessed(store=store, version=version("planwatch"), evidence=found, risks=risks(found))
    spoken = words(language_of(lang))
    text = as_json(told) if form is PaperForm.json else as_markdown(told, spoken)
    unlogged = _record(told, form)
    if to is None:
        sys.stdout.write(text)
    else:
        _write(to, text)
        typer.echo(spoken("edit.written", path=to))
    if unlogged is not None:
        typer.echo(spoken("risk.unlogged", told=unlogged), err=True)
        raise typer.Exit(MEND)


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        file.write(text)


def _record(told: Assessed, form: PaperForm) -> LogBroken | None:
    """Adds to the log that it was assessed; gives why not where the log is broken, which is no reason to keep the paper back."""
    from pipelines import log

    edition = told.evidence.edition
    known = {"edition": edition.id, "edition_sha256": edition.sha256} if edition else {}
    try:
        log.append(told.store, action="risk", objects={"form": form.value, **known})
    except log.LogBroken as error:
        return error
    return None


def _accounts(store: Path) -> Accounts:
    """Who may enter the app: how many have which role, or that the list of them cannot be used."""
    from dashboard.visitors.access import FILE, read_access
    from indicators.risk.evidence import Accounts
    from pipelines.yamlfile import PlanFaults

    if not (store / FILE).exists():
        return Accounts(state="none", roles={})
    try:
        roles: Counter[str] = Counter(account.role for account in read_access(store).accounts)
    except (PlanFaults, OSError) as error:
        return Accounts(state="faulty", roles={}, told=" ".join(str(error).split()))
    return Accounts(state="listed", roles=dict(roles))
