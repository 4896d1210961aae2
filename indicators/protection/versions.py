"""Versions: the atoms of a family in a year, from the oldest edition still in circulation to today.

Where the contributions to an atom changed from one edition to the next, what was added is an atom of its own: the sum of today
is the former sum and what was added to it, and the difference of two editions is what was added between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import polars as pl

from indicators.protection.family import Family
from indicators.protection.former import Former, differences

#: the code of those who bear none: nothing is published of them, but what is left of a total when all others are
BLANK = "∅"


@dataclass(frozen=True, kw_only=True)
class Versions:
    """Atoms (atom, period, b_<breakdown>, since) and the version of each edition; an atom counts from version `since` on."""

    atoms: pl.DataFrame
    numbers: tuple[int, ...]


def versions(family: Family, year: str, formers: Sequence[Former], finest: pl.DataFrame) -> Versions:
    """The atoms of `finest` (contributions of the finest periods of a family in a year) and of the editions before.

    An edition of which it was not kept what it was made from is taken for the same as the one after it.
    """
    splits = [f"b_{name}" for name in family.breakdowns]
    keys = ["period", *splits]
    frames, numbers = list[pl.DataFrame](), list[int]()
    for former in formers:
        numbers.append(len(frames))
        if former.contributions is not None:
            frames.append(_finest(family, year, former.contributions, splits))
    frames.append(finest)
    found = [frames[0].select(keys).unique().sort(keys).with_columns(since=pl.lit(0))]
    for version, (then, now) in enumerate(pairwise(frames), start=1):
        known = pl.concat(found).select(keys).unique()
        added = pl.concat([differences(now, then).select(keys), now.select(keys).join(known, on=keys, how="anti")])
        found.append(added.unique().sort(keys).with_columns(since=pl.lit(version)))
    return Versions(atoms=pl.concat(found).with_row_index("atom"), numbers=tuple(numbers))


def _finest(family: Family, year: str, contributions: pl.DataFrame, splits: Sequence[str]) -> pl.DataFrame:
    mine = pl.col("indicator").is_in(family.indicators) & pl.col("period").str.starts_with(year)
    lacking = [pl.lit(BLANK).alias(name) for name in splits if name not in contributions.columns]
    return contributions.filter(mine, of_level(family.levels[-1])).with_columns(lacking)


def of_level(level: str) -> pl.Expr:
    """Whether a period is a year, a quarter or a month."""
    period = pl.col("period")
    if level == "year":
        return period.str.len_chars() == 4
    return period.str.contains("-Q") if level == "quarter" else (period.str.len_chars() == 7) & ~period.str.contains("-Q")
