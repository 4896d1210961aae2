"""The command `report`: a report about an edition as a file."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from dashboard.mistake import Mistake
from dashboard.options import DATA, EditionId, Lang, Store, edition_of, language_of


class ReportKind(StrEnum):
    brief = "brief"
    progress = "progress"
    sheet = "sheet"


def report(
    to: Annotated[Path, typer.Option("--to", metavar="FILE", help="File to write; its ending is the format: .pdf, .html, .md.")],
    kind: Annotated[
        ReportKind | None,
        typer.Option(
            "--kind", help="brief: two pages for leaders (without --scope); progress: the whole; sheet: one page on --scope."
        ),
    ] = None,
    lang: Lang = None,
    scope: Annotated[
        str | None,
        typer.Option("--scope", metavar="BREAKDOWN=CODE", help="The category that a sheet is about, such as province=320000."),
    ] = None,
    edition: EditionId = None,
    store: Store = DATA,
) -> None:
    """Write a report about an edition: findings in sentences with their uncertainty, figures, tables, sources.

    The same edition gives the same bytes. What the edition withholds is withheld here, and said to be.
    """
    ending = _ending(to)
    chosen, of = _about(kind, scope)
    from dashboard.reports.compose import compose
    from dashboard.reports.formats import FORMATS
    from dashboard.reports.matter import Matter
    from dashboard.words import words

    spoken = words(language_of(lang))
    made = compose(chosen.value, Matter(edition=edition_of(store, edition), words=spoken), of)
    data = FORMATS[ending].make(made)
    to.parent.mkdir(parents=True, exist_ok=True)
    to.write_bytes(data)
    typer.echo(spoken("report.written", title=made.title, path=to, size=f"{max(len(data) / 1024, 1):,.0f}"))


def _ending(to: Path) -> str:
    """The format by the ending of a file. Raises Mistake where there is none of it."""
    from dashboard.reports.formats import FORMATS

    ending = to.suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise Mistake(f"{to}: the ending says the format; found `{to.suffix}`, expected one of {known}.")
    return ending


def _about(kind: ReportKind | None, scope: str | None) -> tuple[ReportKind, tuple[str, str] | None]:
    """The kind, and breakdown and code of a sheet. Raises Mistake where the two do not go together."""
    if scope is None:
        if kind is ReportKind.sheet:
            raise Mistake("--kind sheet: a sheet is about one category; name it, such as --scope province=320000.")
        return kind or ReportKind.brief, None
    if kind not in (None, ReportKind.sheet):
        raise Mistake(f"--scope {scope}: a {kind} is about the whole; leave --scope out, or ask for --kind sheet.")
    breakdown, equals, code = (part.strip() for part in scope.partition("="))
    if not (breakdown and equals and code):
        raise Mistake(f"--scope: found `{scope}`, expected BREAKDOWN=CODE, such as province=320000.")
    return ReportKind.sheet, (breakdown, code)
