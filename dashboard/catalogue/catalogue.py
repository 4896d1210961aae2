"""The data catalogue in words: names, facts and grades of every table and column; what a reader looks for in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import polars as pl

from dashboard.words import Words
from indicators.catalogue import periods
from indicators.catalogue.plan import Plan
from indicators.editions.clearance import Clearance, clearance
from indicators.editions.details import DETAILS
from indicators.editions.edition import Edition
from indicators.editions.inventory import GROUPS, Entry, Group, Holding, inventory
from pipelines.custody import TIERS, Custody, Item, Tier
from pipelines.yamlfile import Text

ALL: Final = "all"
#: highest first, as a reader looks for them
RANKED: Final[tuple[Tier, ...]] = tuple(reversed(TIERS))
#: what is said of how a table is kept, as it is read
ORDER: Final[tuple[Item, ...]] = ("owner", "use", "retention", "legal_basis")


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something said of a table as a whole; `proposed` where the plan says it and the operator has not confirmed it yet."""

    term: str
    told: str
    item: Item | None = None  # of the custody; None for others
    proposed: bool = False


@dataclass(frozen=True, kw_only=True)
class Catalogue:
    """Everything that is held under a plan, and what an edition of it publishes; without an edition only the former."""

    plan: Plan
    holdings: tuple[Holding, ...]
    edition: Edition | None = None
    cleared: Clearance | None = None

    @classmethod
    def of_edition(cls, edition: Edition, coverage: pl.DataFrame) -> Catalogue:
        cleared = clearance(edition)
        return cls(plan=edition.plan, holdings=inventory(edition.plan, coverage, cleared), edition=edition, cleared=cleared)

    @classmethod
    def of_plan(cls, plan: Plan) -> Catalogue:
        return cls(plan=plan, holdings=inventory(plan))

    def of_group(self, group: Group) -> list[Holding]:
        return [one for one in self.holdings if one.group == group]

    @property
    def tables(self) -> list[Holding]:
        """The tables of the plan itself."""
        return [one for one in self.holdings if one.group in ("records", "public")]


def name(holding: Holding, words: Words) -> str:
    if holding.name is not None:
        return holding.name.in_language(words.language)
    further = holding.group == "published" and holding.id in DETAILS
    return words(f"details.{holding.id}" if further else f"catalogue.table.{holding.id}")


def column(entry: Entry, words: Words) -> str:
    return entry.name.in_language(words.language) if entry.name is not None else words(f"catalogue.column.{entry.id}")


def why(catalogue: Catalogue, holding: Holding, entry: Entry, words: Words) -> str:
    """Why a column has its tier; nothing for a general one that needs no reason."""
    if entry.reason is not None:
        return entry.reason.in_language(words.language)
    if holding.group == "published":
        return words(f"catalogue.why.{catalogue.cleared}")
    if holding.group == "working":
        return words("catalogue.why.working")
    if entry.sources:
        named = [column(one, words) for one in holding.entries if one.id in entry.sources]
        return words("catalogue.why.derived", names=words("catalogue.names").join(named))
    return ""


def period(custody: Custody, words: Words) -> str:
    """How long, in a few words."""
    if custody.retention is None:
        return words("catalogue.unstated")
    years = custody.retention.years
    return words("catalogue.retention.open") if years is None else words("catalogue.retention.years", n=years)


def retention(custody: Custody, words: Words) -> str:
    """How long, and why; nothing where it is not stated."""
    if custody.retention is None:
        return ""
    why = custody.retention.reason.in_language(words.language)
    counted = words("catalogue.retention.counted") if custody.retention.years else ""
    return words("catalogue.with_reason", told=period(custody, words) + counted, reason=why)


def facts(catalogue: Catalogue, holding: Holding, words: Words) -> list[Fact]:
    """What is said of a table as a whole, and of its custody also what nobody says."""
    about = holding.description.in_language(words.language) if holding.description else ""
    others = [
        Fact(term=words("catalogue.about"), told=about),
        Fact(term=words("catalogue.extent"), told=extent(holding, words)),
        Fact(term=words("catalogue.inputs"), told=_sources(catalogue, holding, words)),
    ]
    return [*(fact for fact in others if fact.told), *kept(holding.custody, words)]


def kept(custody: Custody, words: Words) -> list[Fact]:
    """Who answers, for what, how long and by what right."""
    told = {item: text.in_language(words.language) for item in ORDER if isinstance(text := getattr(custody, item), Text)}
    told["retention"] = retention(custody, words)
    return [
        Fact(
            term=words(f"catalogue.{item}"),
            told=told.get(item) or words("catalogue.unstated"),
            item=item,
            proposed=item in custody.proposed,
        )
        for item in ORDER
    ]


def shared(holdings: Sequence[Holding], words: Words) -> list[Fact]:
    """What of the custody is the same for most of several tables; nothing of a single one."""
    said = Counter(fact for one in holdings for fact in kept(one.custody, words))
    return [fact for fact, n in said.items() if n > 1 and 2 * n > len(holdings)]


def extent(holding: Holding, words: Words) -> str:
    if holding.rows is None:
        return ""
    if holding.rows == 0:
        return words("catalogue.extent.none")
    counts = words("catalogue.extent.rows", rows=f"{holding.rows:,}", units=f"{holding.units:,}")
    if holding.first is None or holding.last is None:
        return counts
    first, last = (periods.label(end, words.language) for end in (holding.first, holding.last))
    span = first if first == last else words("catalogue.extent.spans", first=first, last=last)
    return f"{counts} · {span}"


def _sources(catalogue: Catalogue, holding: Holding, words: Words) -> str:
    if holding.inputs is None:
        return ""
    names = [name(one, words) for one in catalogue.tables if one.id in holding.sources]
    tier = words(f"catalogue.tier.{holding.inputs}")
    return words("catalogue.inputs.told", names=words("catalogue.names").join(names), tier=tier)


def tiers(entries: Iterable[Entry]) -> list[tuple[Tier, int]]:
    """How many columns are of each tier, the highest first; without tiers of which there is none."""
    counted = Counter(entry.tier for entry in entries)
    return [(tier, counted[tier]) for tier in RANKED if counted[tier]]


def lead(catalogue: Catalogue, words: Words) -> list[str]:
    """What the catalogue amounts to, in sentences."""
    entries = [entry for one in catalogue.tables for entry in one.entries]
    counts = [words("catalogue.count", tier=words(f"catalogue.tier.{tier}"), n=n) for tier, n in tiers(entries)]
    names = [column(entry, words) for entry in entries if entry.personal]
    key = "catalogue.lead.personal.some" if names else "catalogue.lead.personal.none"
    personal = words(key, n=len(names), names=words("catalogue.names").join(names)) if names else words(key)
    told = words("mark.comma").join(counts)
    found = [words("catalogue.lead", tables=len(catalogue.tables), columns=len(entries), tiers=told, personal=personal)]
    found.append(words("catalogue.lead.users"))
    if catalogue.edition is not None and (published := catalogue.of_group("published")):
        tier = words(f"catalogue.tier.{published[0].inputs}")
        found.append(words("catalogue.lead.published", id=catalogue.edition.id, n=len(published)))
        found.append(words(f"catalogue.lead.{catalogue.cleared}", tier=tier))
    return [*found, words("catalogue.lead.grades")]


def found(catalogue: Catalogue, words: Words, *, search: str = "", tier: str = ALL, group: str = ALL) -> list[Holding]:
    """The tables with the columns that fit; a table of which it is said itself keeps all its columns of the tier.

    What holds for all tables of a group alike is not searched: it would find all of them or none.
    """
    word = search.strip().casefold()
    alike = {one: shared(catalogue.of_group(one), words) for one in GROUPS}
    fitting = []
    for holding in catalogue.holdings if group in (ALL, *GROUPS) else ():
        if group not in (ALL, holding.group):
            continue
        whole = not word or word in _of_table(catalogue, holding, words, alike[holding.group])
        entries = tuple(
            entry for entry in holding.entries if tier in (ALL, entry.tier) and (whole or word in _of_column(entry, words))
        )
        if entries:
            fitting.append(replace(holding, entries=entries))
    return fitting


def _of_table(catalogue: Catalogue, holding: Holding, words: Words, alike: Sequence[Fact]) -> str:
    said = (
        fact.told for fact in facts(catalogue, holding, words) if fact not in alike and fact.term != words("catalogue.inputs")
    )
    texts = [holding.id, name(holding, words), *said]
    return "\n".join(texts).casefold()


def _of_column(entry: Entry, words: Words) -> str:
    texts = [entry.id, column(entry, words), entry.reason.in_language(words.language) if entry.reason else ""]
    texts += [words(f"catalogue.kind.{entry.kind}")] if entry.kind else []
    texts += [words("catalogue.personal")] if entry.personal else []
    return "\n".join(texts).casefold()


def of(catalogue: Catalogue, words: Words) -> str:
    return words("catalogue.of", plan=catalogue.plan.identity.name.in_language(words.language))


def groups(holdings: Sequence[Holding]) -> list[tuple[Group, list[Holding]]]:
    """The tables by group, in the order of GROUPS; without groups of which there is none."""
    return [(one, here) for one in GROUPS if (here := [holding for holding in holdings if holding.group == one])]
