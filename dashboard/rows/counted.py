"""Numbers of an edition counted by what they are: published or not, how good, what a person should look at, how much imputed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.editions.results import STATUSES, TOTAL

#: with a value; the others are withheld or have none
SHOWN = ("published", "unreliable")
UNRATED = "none"
#: full counts, shares, then the letters from best to worst; changes and unknown errors are not rated
QUALITIES = ("census", "presentable", "A", "B", "C", "D", "E", "F", UNRATED)


@dataclass(frozen=True, kw_only=True)
class Counted:
    """One breakdown, or all of them, with how many numbers are of each kind."""

    breakdown: str | None
    counts: Mapping[str, int]

    @property
    def whole(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, kw_only=True)
class Imputed:
    """Of how many numbers the share imputed is told, how many shares are above zero, how many numbers are flagged for it."""

    edited: int
    imputed: int
    much: int


def statuses(plan: Plan, numbers: pl.DataFrame) -> list[Counted]:
    """All numbers, then those of each breakdown, by status; `numbers` as query.numbers has them."""
    return _by(plan, numbers, "status", STATUSES)


def qualities(plan: Plan, numbers: pl.DataFrame) -> list[Counted]:
    """All numbers with a value, then those of each breakdown, by quality."""
    shown = numbers.filter(pl.col("status").is_in(SHOWN)).with_columns(pl.col("quality").fill_null(UNRATED))
    return _by(plan, shown, "quality", QUALITIES)


def reviews(numbers: pl.DataFrame) -> tuple[int, list[tuple[str, int]]]:
    """How many numbers with a value a person should look at, and how many for each reason, the most frequent first."""
    flagged = numbers.filter(pl.col("status").is_in(SHOWN), pl.col("review").is_not_null())
    found: Counter[str] = Counter()
    for review, n in flagged.select("review", "numbers").iter_rows():
        found.update(dict.fromkeys(review.split(","), n))
    return int(flagged["numbers"].sum()), sorted(found.items(), key=lambda item: (-item[1], item[0]))


def imputed(numbers: pl.DataFrame) -> Imputed:
    much = dict(reviews(numbers)[1]).get("imputed", 0)
    return Imputed(edited=int(numbers["edited"].sum()), imputed=int(numbers["imputed"].sum()), much=much)


def order(plan: Plan, names: Sequence[str]) -> list[str]:
    """Names of breakdowns, each once, in the order of the plan, the total first; those that it does not have last."""
    known = [",".join(one) or TOTAL for one in plan.breakdown_sets()]
    return sorted(set(names), key=lambda name: (known.index(name) if name in known else len(known), name))


def _by(plan: Plan, numbers: pl.DataFrame, column: str, kinds: Sequence[str]) -> list[Counted]:
    found: dict[str, Counter[str]] = {}
    for breakdown, kind, n in numbers.select("breakdown", column, "numbers").iter_rows():
        found.setdefault(breakdown, Counter())[kind] += n
    every = sum(found.values(), Counter())
    listed = [(None, every), *((name, found[name]) for name in order(plan, list(found)))]
    return [Counted(breakdown=name, counts={kind: counts[kind] for kind in kinds}) for name, counts in listed]
