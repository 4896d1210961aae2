"""Joint protection: all numbers of an edition, family by family and year by year, and the numbers that follow from them.

Tables, crossings, hierarchies and parts of a year are one system. A ratio counts as if its numerator and its denominator were
told, so that ratio × denominator tells nothing new; n, errors and shares of a number stand and fall with it. A change is
told only where both its ends are (Handbook on Statistical Disclosure Control, 2nd edition, ch. 4; Langsrud 2024).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from indicators.catalogue.disclosure import Disclosure
from indicators.catalogue.plan import Plan
from indicators.editions.results import TOTAL
from indicators.estimation.estimate import KEYS
from indicators.protection.family import Asked, Family, families
from indicators.protection.former import Former, remember
from indicators.protection.linked import Before, Linked, Name, linked, years
from indicators.protection.repriced import repriced
from indicators.protection.secondary import TooLarge, Unprotectable, protect
from indicators.protection.system import Pattern

Progress = Callable[[str, int, int], None]


class CannotProtect(ValueError):
    """Nothing is published: the respondents cannot be protected; the message says where it fails and what to do."""


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """A system with its pattern; it stays in the house."""

    family: Family
    year: str
    linked: Linked
    pattern: Pattern

    @property
    def withheld(self) -> frozenset[Name]:
        """The names of its cells that are withheld."""
        found = frozenset(name for at, name in enumerate(self.linked.names) if at in self.pattern.withheld)
        return found | self.linked.kept


@dataclass(frozen=True, kw_only=True)
class Joint:
    """What is withheld, and the systems behind it; `withheld` and `covered` have KEYS."""

    withheld: pl.DataFrame
    covered: pl.DataFrame  # every number that some system knows of
    guarded: tuple[Guarded, ...]
    asked: tuple[Asked, ...]


def joint(
    plan: Plan,
    asked: Sequence[Asked],
    rules: Disclosure,
    formers: Sequence[Former] = (),
    progress: Progress | None = None,
) -> Joint:
    """What must be withheld of all levels and changes, so that no respondent can be worked out from what is published.

    Raises CannotProtect where a system is too large, or where what must be published cannot be.
    """
    found: list[Guarded] = []
    wanted = [(family, year) for family in families(asked) for year in years(family)]
    for done, (family, year) in enumerate(wanted):
        if progress:
            progress(family.name, done, len(wanted))
        before = () if family.change or rules.differences == "accept" else formers
        table = linked(family, year, before, _memories(plan, family, year, before, rules), rules.open)
        found.append(Guarded(family=family, year=year, linked=table, pattern=_pattern(family, year, table, rules)))
    withheld, covered = _levels(plan, found)
    more, known = _changes(plan, found, withheld, covered)
    return Joint(
        withheld=_frame([*withheld, *more]), covered=_frame([*covered, *known]), guarded=tuple(found), asked=tuple(asked)
    )


def _memories(plan: Plan, family: Family, year: str, formers: Sequence[Former], rules: Disclosure) -> list[Before]:
    """What of each former edition must not follow from all of them together. Raises CannotProtect where a total would tell."""
    if rules.differences == "accept":
        return []
    found = []
    for former in formers:
        parts = [remember(asked, former, rules) for asked in family.asked]
        unsafe, moved = (
            pl.concat(getattr(part, kind) for part in parts).filter(pl.col("period").str.starts_with(year))
            for kind in ("unsafe", "moved")
        )
        told = moved.join(former.published, on=KEYS, how="semi").filter(pl.col("breakdown") == TOTAL)
        if told.height:
            indicator, period = told.select("indicator", "period").row(0)
            raise CannotProtect(
                f"{plan.indicators[indicator].name.en}, {period}: since edition {former.edition} so few enterprises changed that "
                "the difference of the two editions would tell their values. Publish when more have reported or corrected; or "
                f"remove the folder of edition {former.edition} if nobody has it; or write `differences: accept` in the rules."
            )
        names = [frozenset(frame.select(KEYS[1:]).unique().iter_rows()) for frame in (unsafe, moved)]
        found.append(Before(unsafe=names[0], moved=names[1]))
    return found


def _pattern(family: Family, year: str, table: Linked, rules: Disclosure) -> Pattern:
    try:
        return protect(table.system, rules.budget)
    except TooLarge as error:
        raise CannotProtect(_too_large(family, year, table, rules)) from error
    except Unprotectable as error:
        named = "; ".join(" ".join(table.names[at]) for at in sorted(error.forced))
        raise CannotProtect(
            f"{family.name}, {year}: {named} must be published by `open` of the rules, but from it a withheld number could be "
            "worked out. Take the indicator out of `open`, or publish fewer crossings."
        ) from error


def _too_large(family: Family, year: str, table: Linked, rules: Disclosure) -> str:
    published = {",".join(names) or TOTAL for names in family.sets}
    sizes = Counter(breakdown for _, breakdown, _ in table.names if breakdown in published)
    largest = ", ".join(f"{name} ({count})" for name, count in sizes.most_common(3))
    return (
        f"{family.name}, {year}: {len(table.names)} cells would have to be protected together, and the budget is {rules.budget}. "
        f"Publish fewer crossings or shorter periods (most cells: {largest}), or raise `budget` in the rules: the work grows "
        "faster than the square of it."
    )


def _levels(plan: Plan, guarded: Sequence[Guarded]) -> tuple[dict[tuple[str, ...], None], dict[tuple[str, ...], None]]:
    """Keys withheld and known. What is withheld with more breakdowns is so with fewer, where both speak of the same rows."""
    by_scope: dict[tuple[str, str], set[Name]] = defaultdict(set)
    withheld, covered = dict[tuple[str, ...], None](), dict[tuple[str, ...], None]()
    for one in guarded:
        if one.family.change:
            continue
        hidden = one.withheld | by_scope[one.family.scope, one.year]
        by_scope[one.family.scope, one.year] |= hidden
        for name in one.linked.names:
            keys = [(indicator, *name) for indicator in one.family.indicators]
            covered |= dict.fromkeys(keys)
            if name in hidden:
                withheld |= dict.fromkeys(keys)
        for indicator, names in repriced(one.family, one.year, one.linked, hidden, _first(plan)).items():
            withheld |= dict.fromkeys((indicator, *name) for name in names)
    return withheld, covered


def _first(plan: Plan) -> list[str]:
    """The indicators, those first that a target or a change is about."""
    levels = {one.change_of for one in plan.indicators.values()}
    return sorted(plan.indicators, key=lambda name: not (plan.indicators[name].targets or name in levels))


def _changes(
    plan: Plan, guarded: Sequence[Guarded], withheld: Mapping[tuple[str, ...], None], covered: Mapping[tuple[str, ...], None]
) -> Iterator[dict[tuple[str, ...], None]]:
    """Changes withheld and known: those of which an end is, of whole years or of the months that both have."""
    cut: dict[tuple[str, str], set[tuple[str, str]]] = defaultdict(set)
    for one in guarded:
        if one.family.change:
            cut[one.family.change] |= {(breakdown, code) for _, breakdown, code in one.withheld}
    hidden_changes, known = dict[tuple[str, ...], None](), dict[tuple[str, ...], None]()
    for change in plan.indicators.values():
        if change.change_of is None:
            continue
        ends = {(period, b, c) for indicator, period, b, c in covered if indicator == change.change_of}
        for period, breakdown, code in ends:
            base = (change.change_of, str(change.base_period), breakdown, code)
            key = (change.id, period, breakdown, code)
            known[key] = None
            gone = (change.change_of, period, breakdown, code) in withheld or base in withheld
            if gone or (breakdown, code) in cut[change.id, period]:
                hidden_changes[key] = None
    yield hidden_changes
    yield known


def _frame(keys: Sequence[tuple[str, ...]]) -> pl.DataFrame:
    return pl.DataFrame(list(keys), schema=dict.fromkeys(KEYS, pl.String), orient="row").unique(maintain_order=True)
