"""The data catalogue as lists for the terminal and for a file: tables, the terms on which they are kept, columns."""

from __future__ import annotations

from dashboard.catalogue import catalogue
from dashboard.catalogue.catalogue import Catalogue, Fact
from dashboard.lists.listing import Listing
from dashboard.words import Words
from indicators.editions.inventory import Holding
from pipelines.custody import Custody


def listings(found: Catalogue, words: Words) -> list[Listing]:
    """Lists for the terminal: all tables, the terms on which they are kept, then the columns of each table."""
    return [_tables(found, words), _terms(found, words), *(_columns(found, one, words) for one in found.holdings)]


def _custodies(found: Catalogue) -> list[Custody]:
    """The different terms on which tables are kept, in the order of the tables; told apart by letters."""
    kept: list[Custody] = []
    for one in found.holdings:
        kept += [one.custody] if one.custody not in kept else []
    return kept


def _tables(found: Catalogue, words: Words) -> Listing:
    names = ("table", "id", "group", "tier", "columns", "kept", "terms")
    headings = [words(f"catalogue.head.{one}") for one in names]
    terms = _custodies(found)
    rows = []
    for one in found.holdings:
        place = [words(f"catalogue.group.{one.group}"), words(f"catalogue.tier.{one.tier}"), str(len(one.entries))]
        rows.append(
            [catalogue.name(one, words), one.id, *place, catalogue.period(one.custody, words), _letter(terms.index(one.custody))]
        )
    return Listing(title=catalogue.of(found, words), headings=headings, rows=rows, right=[headings[4]])


def _terms(found: Catalogue, words: Words) -> Listing:
    headings = [words("catalogue.head.terms"), *(words(f"catalogue.{item}") for item in catalogue.ORDER)]
    rows = [
        [_letter(place), *(_marked(fact, words) for fact in catalogue.kept(custody, words))]
        for place, custody in enumerate(_custodies(found))
    ]
    return Listing(title=words("catalogue.terms"), headings=headings, rows=rows, right=[])


def _letter(place: int) -> str:
    """A to Z, then AA, AB …"""
    return (_letter(place // 26 - 1) if place >= 26 else "") + chr(ord("A") + place % 26)


def _marked(fact: Fact, words: Words) -> str:
    return words("catalogue.marked", told=fact.told, mark=words("catalogue.proposed")) if fact.proposed else fact.told


def _columns(found: Catalogue, holding: Holding, words: Words) -> Listing:
    names = ("column", "id", "type", "kind", "tier", "reason")
    headings = [words(f"catalogue.head.{one}") for one in names]
    rows = []
    for entry in holding.entries:
        kind = words(f"catalogue.kind.{entry.kind}") if entry.kind else ""
        tier = words(f"catalogue.tier.{entry.tier}") + (f" · {words('catalogue.personal')}" if entry.personal else "")
        reason = catalogue.why(found, holding, entry, words)
        rows.append([catalogue.column(entry, words), entry.id, words(f"catalogue.type.{entry.type}"), kind, tier, reason])
    title = f"{words(f'catalogue.group.{holding.group}')} · {catalogue.name(holding, words)}"
    return Listing(title=title, headings=headings, rows=rows, right=[])
