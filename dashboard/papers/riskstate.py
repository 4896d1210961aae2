"""What a risk assessment found to stand: identification, catalogue, who can reach what, measures. Sections of its paper."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dashboard.catalogue import catalogue
from dashboard.catalogue.catalogue import RANKED
from dashboard.lists.listing import Listing
from dashboard.papers.paper import Section
from dashboard.words import Words
from indicators.editions.inventory import Entry, Holding
from indicators.risk.evidence import Evidence
from pipelines.custody import Item, Tier, highest
from pipelines.reach import REACHES, Kept, Reach


def sections(evidence: Evidence, words: Words) -> list[Section]:
    """The four of them in their order."""
    return [_identified(evidence, words), _catalogued(evidence, words), _reach(evidence, words), _measures(evidence, words)]


def sealing(evidence: Evidence, words: Words) -> str:
    """How many of the files that hold records are sealed."""
    held = [file for file in evidence.sensitive if file.role is not None]
    sealed = sum(bool(file.sealed) for file in held)
    state = "nothing" if not held else "none" if not sealed else "all" if sealed == len(held) else "some"
    return words(f"risk.measure.seal.{state}", n=sealed, all=len(held))


def _identified(evidence: Evidence, words: Words) -> Section:
    """What is graded above general, why, and which indicators are made from it."""
    pairs = [(one, entry) for one in evidence.tables for entry in one.entries]
    counts = [_count(tier, n, words) for tier, n in catalogue.tiers(entry for _, entry in pairs)]
    tiers = words("mark.comma").join(counts)
    told = words("risk.identified.told", tables=len(evidence.tables), columns=len(pairs), tiers=tiers)
    personal = [catalogue.column(entry, words) for _, entry in pairs if entry.personal]
    key = "catalogue.lead.personal.some" if personal else "catalogue.lead.personal.none"
    people = words(key, n=len(personal), names=listed(personal, words))
    users = [file.name for file in evidence.files if file.role in ("accounts", "log")]
    others = (words("risk.identified.users", files=listed(users, words)),) if users else ()
    rows = _graded([pair for pair in pairs if pair[1].tier != "general" or pair[1].personal], words)
    headings = [words(f"catalogue.head.{name}") for name in ("table", "column", "tier", "kind", "reason")]
    above = (words("risk.identified.above"), Listing(title=None, headings=headings, rows=rows, right=[])) if rows else ()
    return Section(title=words("risk.identified"), blocks=(told, people, *others, *_indicators(evidence, words), *above))


def _count(tier: Tier, n: int, words: Words) -> str:
    return words("catalogue.count", tier=words(f"catalogue.tier.{tier}"), n=n)


def _graded(pairs: Sequence[tuple[Holding, Entry]], words: Words) -> list[list[str]]:
    """Columns by table, tier and reason, the highest tier first; those that share all three stand in one row."""
    rows: dict[tuple[str, str, str], tuple[list[str], list[str]]] = {}
    for one, entry in sorted(pairs, key=lambda pair: RANKED.index(pair[1].tier)):
        tier = words(f"catalogue.tier.{entry.tier}") + (f" · {words('catalogue.personal')}" if entry.personal else "")
        names, kinds = rows.setdefault((catalogue.name(one, words), tier, _reason(one, entry, words)), ([], []))
        names.append(catalogue.column(entry, words))
        kinds += [words(f"catalogue.kind.{entry.kind}")] if entry.kind else []
    return [
        [table, listed(names, words), tier, listed(list(dict.fromkeys(kinds)), words), reason]
        for (table, tier, reason), (names, kinds) in rows.items()
    ]


def _reason(one: Holding, entry: Entry, words: Words) -> str:
    if entry.reason is not None:
        return entry.reason.in_language(words.language)
    derived = [catalogue.column(source, words) for source in one.entries if source.id in entry.sources]
    return words("catalogue.why.derived", names=listed(derived, words)) if derived else words("risk.no_reason")


def _indicators(evidence: Evidence, words: Words) -> Iterable[str]:
    """The indicators that are made from core columns by name, those from important ones by their number."""
    made = [
        evidence.plan.indicators[name].name.in_language(words.language) for name, of in evidence.above.items() if of == "core"
    ]
    if made:
        yield words("risk.identified.core", n=len(made), names=listed(made, words))
    if others := len(evidence.above) - len(made):
        yield words("risk.identified.important", n=others)


def _catalogued(evidence: Evidence, words: Words) -> Section:
    """Every table with its tier, owner, retention, extent, and what of that is still open."""
    headings = [words(f"catalogue.{name}") for name in ("head.table", "head.tier", "owner", "head.kept", "extent")]
    rows = []
    for one in evidence.tables:
        owner = one.custody.owner.in_language(words.language) if one.custody.owner else words("catalogue.unstated")
        kept = catalogue.period(one.custody, words)
        tier = words(f"catalogue.tier.{one.tier}")
        rows.append([catalogue.name(one, words), tier, owner, kept, catalogue.extent(one, words), _state(one, evidence, words)])
    headings.append(words("risk.catalogued.state"))
    return Section(title=words("risk.catalogued"), blocks=(Listing(title=None, headings=headings, rows=rows, right=[]),))


def _state(one: Holding, evidence: Evidence, words: Words) -> str:
    missing, open_ = evidence.unstated.get(one.id, []), evidence.unconfirmed.get(one.id, [])
    told = [words("risk.catalogued.missing", items=_items(missing, words))] if missing else []
    told += [words("risk.catalogued.open", items=_items(open_, words))] if open_ else []
    return words("mark.list").join(told) or words("risk.catalogued.sound")


def _items(items: Sequence[Item], words: Words) -> str:
    return listed([words(f"risk.item.{item}") for item in items], words)


def _reach(evidence: Evidence, words: Words) -> Section:
    """Files by what they are: how many, of which tier, who can read and change them, how many are sealed; then the accounts."""
    names = (
        "risk.reach.role",
        "risk.reach.count",
        "catalogue.head.tier",
        "risk.reach.readers",
        "risk.reach.writers",
        "risk.reach.sealed",
    )
    headings = [words(name) for name in names]
    roles = list(dict.fromkeys(file.role for file in evidence.files))
    rows = [_of_role(role, [file for file in evidence.files if file.role == role], evidence, words) for role in roles]
    table = Listing(title=None, headings=headings, rows=rows, right=[headings[1]]) if rows else words("risk.reach.empty")
    return Section(title=words("risk.reach"), blocks=(words("risk.reach.told"), table, _accounts(evidence, words)))


def _of_role(role: str | None, files: Sequence[Kept], evidence: Evidence, words: Words) -> list[str]:
    tier = highest(evidence.tier(file) for file in files)
    sealed = f"{sum(bool(file.sealed) for file in files)}/{len(files)}" if files[0].confidential else "–"
    told = [words(f"risk.role.{role or 'none'}"), str(len(files)), words(f"catalogue.tier.{tier}")]
    return [*told, _worst([file.readers for file in files], words), _worst([file.writers for file in files], words), sealed]


def _worst(reaches: Sequence[Reach], words: Words) -> str:
    """How far the most open of several files can be reached, and how many of them are as open."""
    worst = max(reaches, key=REACHES.index)
    told = words(f"risk.reach.{worst}")
    n = reaches.count(worst)
    return told if n == len(reaches) else words("risk.reach.mixed", worst=told, n=n)


def _accounts(evidence: Evidence, words: Words) -> str:
    accounts = evidence.accounts
    roles = [words("risk.accounts.role", role=words(f"entry.role.{role}"), n=n) for role, n in sorted(accounts.roles.items())]
    n = sum(accounts.roles.values())
    return words(f"risk.accounts.{accounts.state}", n=n, roles=listed(roles, words), told=accounts.told)


def _measures(evidence: Evidence, words: Words) -> Section:
    """Sealing, disclosure control with its rules, the log."""
    checked = evidence.checked
    counts = {name: getattr(checked, name) for name in ("lines", "marked", "proven", "heads")} if checked else {}
    points = [
        ("seal", sealing(evidence, words)),
        ("audit", words(f"risk.measure.audit.{evidence.cleared or 'none'}")),
        ("rules", words(f"risk.measure.rules.{evidence.rules}")),
        ("log", words(f"risk.measure.log.{evidence.log}", told=evidence.log_told, **counts)),
    ]
    told = tuple(words("risk.measure", name=words(f"risk.measure.{name}"), told=text) for name, text in points)
    return Section(title=words("risk.measures"), blocks=(told,))


def listed(names: Sequence[str], words: Words) -> str:
    return words("catalogue.names").join(names)
