"""The command `alerts`: what a reader of the former edition should be told."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from dashboard.options import DATA, EditionId, Form, Lang, Store, edition_of, language_of

if TYPE_CHECKING:
    from dashboard.words import Words
    from indicators.editions.edition import Edition


def alerts(
    edition: EditionId = None,
    form: Annotated[
        Form, typer.Option("--format", help="table for people; csv and json hold every alert and column.")
    ] = Form.table,
    store: Store = DATA,
    lang: Lang = None,
) -> None:
    """Print the alerts of an edition and why each fired: verdicts changed beyond error, numbers revised, reporters late.

    A verdict fires where what the former edition said has now a probability below 5 %; a number where it left the interval
    published with it, or differs where it had no sampling error. Who is late is told inside the house by `planwatch late`.
    """
    from dashboard.words import words

    opened, spoken = edition_of(store, edition), words(language_of(lang))
    if form is Form.table:
        typer.echo("\n".join(fired(opened, spoken)))
        return
    rows = opened.query("SELECT * FROM alerts ORDER BY ALL")
    sys.stdout.write(rows.write_csv() if form is Form.csv else rows.write_json() + "\n")


def fired(edition: Edition, words: Words) -> list[str]:
    """The alerts of an edition as lines under a heading with their count; a single line where none fired."""
    from indicators.alerts.alerts import told

    counts = dict(edition.query("SELECT kind, count(*) AS n FROM alerts GROUP BY kind").rows())
    if not counts:
        return [_none(edition, words)]
    kinds = [words(f"alerts.kind.{kind}", n=f"{counts[kind]:,}") for kind in ("verdict", "revision", "late") if kind in counts]
    heading = words("alerts.some", n=f"{sum(counts.values()):,}", kinds=words("mark.comma").join(kinds))
    found = [f"  · {text.in_language(words.language)}" for text in told(edition)]
    more = [words("alerts.more", edition=edition.id)] if sum(counts.values()) > len(found) else []
    return [heading, *found, *more]


def _none(edition: Edition, words: Words) -> str:
    """That no alert fired, and of what this can be said."""
    provenance = edition.manifest.get("provenance", {})
    if "verdicts" not in provenance:
        return words("alerts.none.unknown", edition=edition.id)
    dated = any(table.due_days is not None for table in edition.plan.dictionary.tables.values())
    late = words("alerts.none.late" if dated else "alerts.none.undated")
    if provenance.get("former") is None:
        return words("alerts.none.first", late=late)
    return words("alerts.none" if provenance["verdicts"] else "alerts.none.unjudged", late=late)
