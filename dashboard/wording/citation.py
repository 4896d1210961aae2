"""How what leaves the app is cited: the same words under every picture, above every table and in every workbook."""

from __future__ import annotations

from dashboard.wording import definition
from dashboard.wording.definition import Facts
from dashboard.words import Words
from indicators.catalogue import periods
from indicators.editions.edition import Edition


def is_synthetic(edition: Edition) -> bool:
    """Whether the edition was made of invented records."""
    return bool(edition.manifest.get("provenance", {}).get("synthetic"))


def citation(edition: Edition, title: str, words: Words) -> str:
    """How to cite it: plan, title, edition with its day and seal, and on what terms it may be used."""
    return words(
        "cite.text",
        plan=edition.plan.identity.name.in_language(words.language),
        title=title,
        id=edition.id,
        day=periods.label(edition.created[:10], words.language),
        seal=edition.sha256[:12],
    )


def facts(edition: Edition, title: str, words: Words) -> Facts:
    """Source, citation, terms of use, and that the records are invented where they are."""
    plan = edition.plan.identity.name.in_language(words.language)
    told = [
        (words("cite.source"), words("cite.source.of", plan=plan)),
        *definition.edition(edition, words),
        (words("cite"), citation(edition, title, words)),
        (words("cite.terms"), words("cite.terms.of")),
    ]
    return [*told, (words("cite.mark"), words("edition.synthetic"))] if is_synthetic(edition) else told


def lines(edition: Edition, title: str, words: Words) -> tuple[str, ...]:
    """The same in small print under a picture: source, edition, citation, and the mark of invented records."""
    found = facts(edition, title, words)
    printed = [words("mark.term", term=term, told=told) for term, told in found[:3]]
    return (*printed, *(told for _, told in found[4:]))
