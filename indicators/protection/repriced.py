"""Repriced: numbers that are another one under public factors, as a sum at current prices is one at constant prices.

Both together are two equations over the same parts: of a total whose parts but two are published, both parts follow. So the
second of such a pair is told only where it says nothing new: where everything under one factor is published by itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations

import polars as pl

from indicators.protection.family import Family
from indicators.protection.linked import Linked, Name
from indicators.protection.versions import of_level

#: ratios that differ by less are the same factor
_SAME = 1e-9


def repriced(
    family: Family, year: str, linked: Linked, withheld: Collection[Name], first: Sequence[str]
) -> dict[str, frozenset[Name]]:
    """What an indicator may not tell beside another of its family. Of a pair the one that `first` names later gives way."""
    found = dict[str, frozenset[Name]]()
    open_ = {atoms for name, atoms in zip(linked.names, linked.system.cells, strict=False) if name not in withheld}
    for earlier, later in combinations(sorted(family.indicators, key=first.index), 2):
        # what gave way tells nothing that the first does not
        keys = None if earlier in found else _factors(family, year, earlier, later)
        if keys:
            found[later] = found.get(later, frozenset()) | frozenset(_mixed(linked, keys, open_))
    return found


def _factors(family: Family, year: str, one: str, other: str) -> list[str] | None:
    """By what the numerators of two indicators differ in a factor alone; None where they do not, or by one factor throughout."""
    splits = [f"b_{name}" for name in family.breakdowns]
    own = pl.col("period").str.starts_with(year) & of_level(family.levels[-1])
    rows = pl.concat([asked.contributions for asked in family.asked], how="diagonal").filter(own)
    keys = ["period", "holding", *splits]
    left, right = (rows.filter(pl.col("indicator") == name).select(*keys, "y") for name in (one, other))
    both = left.join(right, on=keys, nulls_equal=True, suffix="_other").filter((pl.col("y") != 0) | (pl.col("y_other") != 0))
    if both.is_empty() or (both["y"] == 0).any():
        return None
    rated = both.with_columns(factor=pl.col("y_other") / pl.col("y"))
    if _is_constant(rated, []):
        return None
    coarse = sorted(splits, key=lambda name: rated[name].n_unique())
    return next((by for by in ([*dated, name] for dated in ([], ["period"]) for name in coarse) if _is_constant(rated, by)), None)


def _is_constant(rated: pl.DataFrame, by: Sequence[str]) -> bool:
    """Whether all that stand together have one factor, and somewhere several do."""
    spread = [pl.col("factor").min().alias("low"), pl.col("factor").max().alias("high"), pl.col("holding").n_unique()]
    grouped = rated.group_by(by).agg(spread) if by else rated.select(spread)
    same = (grouped["high"] - grouped["low"]).abs() <= _SAME * grouped["high"].abs()
    return bool(same.all()) and bool((grouped["holding"] > 1).any())


def _mixed(linked: Linked, keys: Sequence[str], open_: Collection[frozenset[int]]) -> Iterator[Name]:
    """Cells of several factors of which a part is not published by itself."""
    under = {atom: tuple(row) for atom, *row in linked.atoms.select("atom", *keys).iter_rows()}
    for name, atoms in zip(linked.names, linked.system.cells, strict=False):
        parts = defaultdict[tuple[str, ...], set[int]](set)
        for atom in atoms:
            parts[under[atom]].add(atom)
        if len(parts) > 1 and not all(frozenset(part) in open_ for part in parts.values()):
            yield name
