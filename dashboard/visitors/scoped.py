"""An edition cut to what somebody may see: the other rows are not hidden, they are not there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import polars as pl

from dashboard.visitors.access import Scope
from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS
from indicators.editions.edition import Edition
from indicators.editions.results import RESULTS
from pipelines.database import Database


def _within(breakdown: str = "breakdown", category: str = "category") -> str:
    """The condition on two columns: the total, or every part of the scope is among the parts of the row, by `breakdown=code`.

    A row that is null there, or that does not have one code for each of its breakdowns, does not meet it.
    """
    names, codes = f"string_split({breakdown}, ',')", f"string_split({category}, ',')"
    own = f"list_transform({names}, lambda name, place: name || '=' || {codes}[place])"
    met = f"list_bool_and(list_transform($within, lambda wanted: list_has_any(wanted, {own})))"
    total = f"({breakdown} = 'total' AND {category} = 'total')"
    return f"({total} OR (len($within) > 0 AND len({names}) = len({codes}) AND {met}))"


#: tables of which a row tells more of other categories than its key says: that is left out
_LESS = {
    "comparisons": f"SELECT * FROM comparisons WHERE {_within()} AND {_within(category='other')}",
    "paces": f"""
        SELECT DISTINCT * REPLACE (
            NULL::VARCHAR AS among, NULL::BIGINT AS categories, NULL::DOUBLE AS fastest, NULL::BOOLEAN AS reached)
        FROM paces WHERE {_within()}""",
    # ranks among its own, no sum over the ranks, and the whole wherever one category is there
    "splits": f"""
        SELECT * REPLACE (
            CASE WHEN part = 'category'
                THEN row_number() OVER (PARTITION BY indicator, period, target, breakdown, part ORDER BY rank) END AS rank,
            NULL::DOUBLE AS cumulative, NULL::BOOLEAN AS essential)
        FROM splits AS own
        WHERE (part = 'category' AND {_within()}) OR (part = 'total' AND EXISTS (
            SELECT 1 FROM splits AS seen
            WHERE seen.part = 'category' AND {_within("seen.breakdown", "seen.category")}
                AND (seen.indicator, seen.period, seen.target, seen.breakdown)
                    = (own.indicator, own.period, own.target, own.breakdown)))""",
}
#: of these every row is about the whole, or about how it was made
_OPEN = ("coverage", "statements")


@dataclass(frozen=True, kw_only=True)
class Shown(Edition):
    """An edition that holds the rows of one scope and no others."""

    scope: Scope


def restricted(edition: Edition, scope: Scope) -> Shown:
    """The edition with the rows of the scope: itself where that is all of them, else a copy in memory, and it is closed.

    Notices are free text that may speak of any category, so only those who see all rows have them.
    """
    own = {field.name: getattr(edition, field.name) for field in fields(Edition)}
    if scope.rows == "all":
        return Shown(**own, scope=scope)
    copy = Database()
    for name, frame in _kept(edition, scope).items():
        copy.insert(name, frame)
    copy.harden()
    edition.close()
    return Shown(**{**own, "_database": copy, "manifest": {**edition.manifest, "notices": []}}, scope=scope)


def _kept(edition: Edition, scope: Scope) -> dict[str, pl.DataFrame]:
    """Every table of an edition by name, with its rows within the scope."""
    kept = {name: edition.query(f"SELECT * FROM {name}") for name in _OPEN}
    within = [_pairs(edition.plan, name, codes) for name, codes in scope.within]
    for name, columns in {"results": RESULTS, **DETAILS}.items():
        keyed = {"breakdown", "category"} <= set(columns)
        told = _LESS.get(name, f"SELECT * FROM {name} WHERE {_within()}" if keyed else f"SELECT * FROM {name} WHERE false")
        kept[name] = edition.query(told, {"within": within} if keyed else None)
    return kept if scope.rows == "within" else {name: frame.clear() for name, frame in kept.items()}


def _pairs(plan: Plan, breakdown: str, codes: tuple[str, ...]) -> list[str]:
    """`breakdown=code` of the codes themselves, and of all codes that roll up to one of them."""
    found = [f"{breakdown}={code}" for code in codes]
    asked = plan.breakdowns.get(breakdown)
    if asked is None or asked.rollup is None:
        return found
    for name, other in plan.breakdowns.items():
        if other.column == asked.column and other.rollup is None:
            found += [f"{name}={code}" for code, entry in plan.categories(name).items() if entry.parent in codes]
    return found


def told(scope: Scope, plan: Plan) -> Mapping[str, list[str]]:
    """What the members of a scope have in common: breakdowns and codes, those left out that the plan does not have."""
    return {
        name: [code for code in codes if not plan.categories(name) or code in plan.categories(name)]
        for name, codes in scope.within
        if name in plan.breakdowns
    }
