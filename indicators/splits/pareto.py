"""Pareto order: the fewest categories that hold most of a gap, and how much the first of them would close."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from indicators.targets.held import NORMAL

#: the essential ones hold this share of the gap
MOST = 0.8
_SAME = 1e-12
#: of fewer categories it says little which of them hold the most
_FEWEST = 3


@dataclass(frozen=True, kw_only=True)
class Place:
    """The place of a category among the others, the largest contribution first; shares only of a gap that is there."""

    rank: int
    share: float | None
    cumulative: float | None
    essential: bool | None


def places(categories: Sequence[str], contributions: Sequence[float], gap: float) -> list[Place]:
    """The place of each category; equal ones by their code. Essential are the fewest that together hold 80 % of the gap.

    None is essential where all of them together hold less, because the rest cannot be named.
    """
    order = sorted(range(len(categories)), key=lambda at: (-contributions[at], categories[at]))
    if gap <= 0:
        ranks = {at: rank for rank, at in enumerate(order, 1)}
        return [Place(rank=ranks[at], share=None, cumulative=None, essential=None) for at in range(len(categories))]
    sums = [math.fsum(contributions[at] for at in order[:rank]) / gap for rank in range(1, len(order) + 1)]
    enough = next((rank for rank, held in enumerate(sums, 1) if held >= MOST - _SAME), 0)
    found = {
        at: Place(rank=rank, share=contributions[at] / gap, cumulative=sums[rank - 1], essential=rank <= enough)
        for rank, at in enumerate(order, 1)
    }
    return [found[at] for at in range(len(categories))]


@dataclass(frozen=True, kw_only=True)
class Leaders:
    """The first categories of one split, and what the gap would lose with them on the threshold."""

    categories: tuple[str, ...]
    share: float
    margin: float | None  # half of the 95 % interval of the share, from the errors of the categories as if they were apart
    missing: float | None  # of what is counted, how many more that takes
    essential: int  # how many hold 80 % of the gap; 0 where those that can be named do not
    of: int  # how many can be named


def leaders(split: pl.DataFrame, most: int = 3) -> Leaders | None:
    """Those of one split (rows of the table `splits`) that hold most, at most `most` of them; None where no share is told.

    The error is that of the contributions alone: the weights and the gap are taken as they are.
    """
    gap = split.filter(pl.col("part") == "total", pl.col("share").is_not_null())["contribution"].to_list()
    rows = split.filter(pl.col("part") == "category", pl.col("contribution") > 0).sort("rank")
    if not gap or rows.is_empty():
        return None
    essential = int(rows["essential"].sum() or 0)
    first = rows.head(min(most, essential or most))
    errors, missing = first["se"].to_list(), first["missing"].to_list()
    known = all(errors)  # an error of zero is one of all alike, not of certainty
    return Leaders(
        categories=tuple(first["category"]),
        share=math.fsum(first["contribution"]) / gap[0],
        margin=half_width(math.sqrt(math.fsum(error**2 for error in errors))) / gap[0] if known else None,
        missing=None if None in missing else math.fsum(missing),
        essential=essential,
        of=split.filter(pl.col("part") == "category").height,
    )


def half_width(se: float) -> float:
    """Half of the 95 % interval of a contribution."""
    return NORMAL * se


def telling(splits: pl.DataFrame) -> str | None:
    """Of the splits of one number the breakdown that needs the fewest categories to name 80 % of the gap; None without any.

    Of breakdowns alike the first; those of fewer than three categories say little and come last. `splits` are in the order in
    which the plan names the breakdowns.
    """
    rows = splits.filter(pl.col("part") == "category")
    counted = rows.group_by("breakdown", maintain_order=True).agg(pl.col("essential").sum(), pl.len())
    found = [((few or 0) < 1, of < _FEWEST, few, place, name) for place, (name, few, of) in enumerate(counted.iter_rows())]
    return min(found)[-1] if found else None
