"""Former: what an earlier edition was made from and what it told, so that two editions together tell no more than each.

The contributions behind an edition are kept in the house. A cell whose contributions are the same has the same value in both
editions; of one that changed, the difference tells of those who changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import polars as pl

from indicators.catalogue.disclosure import Disclosure
from indicators.estimation.estimate import KEYS
from indicators.protection.family import Asked
from indicators.protection.primary import unsafe
from pipelines import vault

#: of each edition, beside the editions and never in them
FOLDER = "contributions"
#: sums that differ by less are the same: engines add in parallel
_SAME = 1e-9


@dataclass(frozen=True, kw_only=True)
class Former:
    """An edition still in circulation: its contributions (of all questions together), and the KEYS it published and withheld."""

    edition: str
    contributions: pl.DataFrame | None  # None: they were not kept
    published: pl.DataFrame
    withheld: pl.DataFrame


def keep(store: Path, edition: str, asked: Iterable[Asked]) -> None:
    """Keeps what stands behind an edition, for those that come after it."""
    frames = [one.contributions for one in asked if one.change is None]
    if frames:
        content = BytesIO()
        pl.concat(frames, how="diagonal").write_parquet(content)
        vault.put(store, _name(edition), content.getvalue(), mode=0o600)


def kept(store: Path, edition: str) -> pl.DataFrame | None:
    """What stands behind an edition; None where it was not kept."""
    name = _name(edition)
    return pl.read_parquet(BytesIO(vault.read(store, name))) if (store / name).exists() else None


def _name(edition: str) -> str:
    return f"{FOLDER}/{edition}.parquet"


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Of an edition and a question: KEYS of what was unsafe in it, and of what differs from now by the values of too few."""

    unsafe: pl.DataFrame
    moved: pl.DataFrame


def remember(asked: Asked, former: Former, rules: Disclosure) -> Memory:
    """What of an edition must not follow from it together with the next one. Nothing where its contributions were not kept.

    Who changed is told by what was reported: one newcomer moves the weights of a whole stratum, and where answers weigh alike
    n times the mean, after less before, is still what the newcomer said.
    """
    nothing = pl.DataFrame(schema=dict.fromkeys(KEYS, pl.String))
    if former.contributions is None or differences(asked.contributions, former.contributions).is_empty():
        return Memory(unsafe=nothing, moved=nothing)
    own = former.contributions.filter(pl.col("indicator").is_in([one.id for one in asked.question.indicators]))
    added = _unsafe(asked, reported(asked.contributions, own), rules)
    # of what was added a sum of zero tells nothing
    by_few = (pl.col("groups") < rules.minimum_groups) | pl.col("reasons").list.contains("percent")
    few = added.filter(pl.col("groups") > 0, by_few).select(KEYS)
    return Memory(unsafe=_unsafe(asked, own, rules).filter("unsafe").select(KEYS), moved=few)


def _unsafe(asked: Asked, contributions: pl.DataFrame, rules: Disclosure) -> pl.DataFrame:
    question = asked.question
    crossed = replace(question, sets=tuple(dict.fromkeys((*question.sets, question.breakdowns))))
    lacking = [f"b_{name}" for name in question.breakdowns if f"b_{name}" not in contributions.columns]
    return unsafe(crossed, contributions.with_columns(pl.lit(None, pl.String).alias(name) for name in lacking), rules)


def differences(now: pl.DataFrame, then: pl.DataFrame) -> pl.DataFrame:
    """Contributions that changed, as contributions of their own: y and x are what was added, and `units` is 1."""
    return _changed(now, then, ("y", "x"))


def reported(now: pl.DataFrame, then: pl.DataFrame) -> pl.DataFrame:
    """The same of what was reported, without weights."""
    return _changed(now, then, ("own_y", "own_x"))


def _changed(now: pl.DataFrame, then: pl.DataFrame, told: tuple[str, str]) -> pl.DataFrame:
    splits = [name for name in now.columns if name.startswith("b_") and name in then.columns]
    keys = ["indicator", "period", "holding", *splits]
    dated = ["indicator", "period"]
    shared = [one.join(other, on=dated, how="semi") for one, other in ((now, then), (then, now))]
    ends = [frame.group_by(keys, maintain_order=True).agg(pl.col(*told, "units").sum()) for frame in shared]
    joined = ends[0].join(ends[1], on=keys, how="full", coalesce=True, nulls_equal=True, suffix="_then")
    sums = [pl.col(name).fill_null(0.0) - pl.col(f"{name}_then").fill_null(0.0) for name in told]
    sizes = [pl.max_horizontal(pl.col(name).abs(), pl.col(f"{name}_then").abs()) for name in told]
    changed = pl.any_horizontal(part.abs() > _SAME * size for part, size in zip(sums, sizes, strict=True))
    came = pl.col("units").fill_null(0) != pl.col("units_then").fill_null(0)
    parts = [part.alias(name) for part, name in zip(sums, ("y", "x"), strict=True)]
    own = [part.alias(f"own_{name}") for part, name in zip(sums, ("y", "x"), strict=True)]
    found = joined.filter(changed | came).select(*keys, *parts, *own, units=pl.lit(1, pl.Int64), take_all=pl.lit(False))
    return found.sort(keys, nulls_last=True)
