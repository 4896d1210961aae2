"""Who holds the gap of a reading: the first categories of its most telling split, in a few words or in a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl

from dashboard.rows import headline
from dashboard.rows.headline import Tile
from dashboard.rows.reading import Reading
from dashboard.wording import movers
from dashboard.words import Words
from indicators.catalogue import format
from indicators.catalogue.plan import Plan
from indicators.splits.pareto import leaders, telling


def split_of(reading: Reading, splits: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """Of `splits`, rows of the table for the target of a reading, those of its number by the most telling breakdown.

    No rows where its gap is not split, or nothing is to go.
    """
    if reading.now is None or reading.now.gap is None or reading.now.gap <= 0:
        return splits.clear()
    order = {",".join(names): place for place, names in enumerate(plan.breakdown_sets())}
    place = pl.col("breakdown").replace_strict(order, default=len(order), return_dtype=pl.Int64)
    own = splits.filter(pl.col("period") == reading.now.period).sort(place, maintain_order=True)
    chosen = telling(own)
    return own.clear() if chosen is None else own.filter(pl.col("breakdown") == chosen)


def short(reading: Reading, split: pl.DataFrame, plan: Plan, words: Words) -> str:
    """The names and their share of the gap; empty where no share is told, and where all hold it."""
    found = None if split.is_empty() else leaders(split)
    if found is None:
        return ""
    if len(found.categories) == split.filter(part="category").height:
        return ""
    share = words("movers.all") if found.share >= 0.995 else words("movers.share", share=format.share(found.share))
    named = movers.names(plan, str(split["breakdown"][0]), found.categories, words)
    return words("tile.who.of", names=named, share=share)


def foremost(
    tiles: Iterable[Tile], first: Reading | None, split_of: Callable[[Reading], pl.DataFrame], plan: Plan, words: Words
) -> str:
    """Who makes the gap that matters most; where that one cannot be split, the next that can. Empty where none can."""
    for reading in headline.late(tiles) or ([first] if first else []):
        if told := sentence(reading, split_of(reading), plan, words, named=reading is not first):
            return told
    return ""


def sentence(reading: Reading, split: pl.DataFrame, plan: Plan, words: Words, *, named: bool = False) -> str:
    """What those who hold most would close; `named` says of which indicator. Empty without a split."""
    told = "" if reading.assessment is None or split.is_empty() else movers.lead(reading.assessment, split, plan, words)
    if not told or not named:
        return told
    return words("lead.who", name=reading.indicator.name.in_language(words.language), told=told)
