"""Who must move, in plain sentences from the rows of a split: which categories, how many, how much of the gap, how sure."""

from __future__ import annotations

import math
from collections.abc import Sequence

import polars as pl

from dashboard.rows.assessed import Assessment
from dashboard.wording import definition, doubt
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Plan, codes_of
from indicators.splits.pareto import Leaders, leaders

#: what holds less of a gap, or of a change, is not worth a sentence
_TENTH = 0.1
_HUNDREDTH = 0.01


def told(row: Assessment, split: pl.DataFrame, plan: Plan, words: Words) -> str:
    """All that a split says in sentences, one after the other."""
    return doubt.joined(sentences(row, split, plan, words), words)


def sentences(row: Assessment, split: pl.DataFrame, plan: Plan, words: Words) -> list[str]:
    """What the categories that hold most would close, how few they are, what cannot be named, what the shifts between them do.

    `split` are the rows of the table `splits` for the number of `row` by one breakdown. Where nothing is to go, only that is
    said; of a gap within error nobody holds a share, and why is said.
    """
    if row.gap is None or split.is_empty():
        return []
    if row.gap <= 0:
        strict = (doubt.target_of(plan, row).operator or "") in (">", "<")
        return [words("movers.at_bound" if row.gap == 0 and strict else "movers.none")]
    if split.filter(pl.col("part") == "total")["share"].null_count():
        return [told for told in (words("movers.within"), _change(row, split, plan, words)) if told]
    return [
        sentence
        for sentence in (
            lead(row, split, plan, words),
            _few(split, words),
            _rest(split, words),
            _shift(row, split, words),
            _change(row, split, plan, words),
        )
        if sentence
    ]


def lead(row: Assessment, split: pl.DataFrame, plan: Plan, words: Words) -> str:
    """412 more enterprises in Jiangsu and Zhejiang (parts · small) would close 38% of the gap; empty of a gap within error."""
    found = leaders(split)
    if found is None:
        return ""
    indicator, breakdown = plan.indicators[row.indicator], str(split["breakdown"][0])
    facts = {"names": names(plan, breakdown, found.categories, words), "share": _closed(found, words)}
    if indicator.counted is not None and found.missing:
        counted = indicator.counted.in_language(words.language)
        return words("movers.more", n=f"{math.ceil(found.missing):,}", counted=counted, **facts)
    return words("movers.part" if indicator.kind == "total" else "movers.raise", **facts)


def names(plan: Plan, breakdown: str, categories: Sequence[str], words: Words) -> str:
    """The categories as people say them: what all of a crossing have in common stands once, in brackets."""
    split = breakdown.split(",")
    codes = [codes_of(breakdown, category) for category in categories]
    differing = [at for at in range(len(split)) if len({one[at] for one in codes if len(one) == len(split)}) > 1]
    if any(len(one) != len(split) for one in codes) or len(differing) != 1 or len(split) == 1:
        return listed([definition.category(plan, breakdown, category, words) for category in categories], words)
    at = differing[0]
    own = listed([definition.category(plan, split[at], one[at], words) for one in codes], words)
    rest = [definition.category(plan, name, code, words) for name, code in zip(split, codes[0], strict=True) if name != split[at]]
    return words("movers.of", names=own, common=words("mark.dot").join(rest))


def listed(found: Sequence[str], words: Words) -> str:
    """A, B and C; 甲、乙、丙."""
    if len(found) < 2:
        return "".join(found)
    return words("movers.last", first=words("movers.list").join(found[:-1]), last=found[-1])


def _closed(found: Leaders, words: Words) -> str:
    """How much of the gap, with its error."""
    if found.share >= 1 - _HUNDREDTH / 2:
        return words("movers.all")
    share = words("movers.share", share=format.share(found.share))
    if found.margin is None:
        return share
    return words("movers.margin", share=share, margin=f"{100 * found.margin:.0f}" if found.margin >= _HUNDREDTH else "1")


def _few(split: pl.DataFrame, words: Words) -> str:
    """How many hold 80 % of the gap, where that is more than are named; or that those that can be named hold less.

    Nothing where only some of the categories are there: then no sum over the ranks is.
    """
    found = leaders(split)
    if split.filter(pl.col("part") == "category")["cumulative"].null_count():
        return ""
    if found is None or 0 < found.essential <= len(found.categories):
        return ""
    return words("movers.few", n=found.essential, all=found.of) if found.essential else words("movers.dark")


def _rest(split: pl.DataFrame, words: Words) -> str:
    return _held(split, "rest", words, least=_HUNDREDTH)


def _shift(row: Assessment, split: pl.DataFrame, words: Words) -> str:
    base = periods.label(row.base_period, words.language) if row.base_period else ""
    return _held(split, "composition", words, least=_TENTH, base=base)


def _held(split: pl.DataFrame, part: str, words: Words, *, least: float, **facts: str) -> str:
    """The share of the gap that a part without a category holds, or takes off it."""
    share = next(iter(split.filter(pl.col("part") == part)["share"]), None)
    if share is None or abs(share) < least:
        return ""
    about = "rest" if part == "rest" else "shift"
    return words(f"movers.{about}.{'holds' if share > 0 else 'off'}", share=format.share(abs(share)), **facts)


def _change(row: Assessment, split: pl.DataFrame, plan: Plan, words: Words) -> str:
    """Of the change since the base, how much shifts between the categories made, where that is more than a tenth."""
    whole = split.filter(pl.col("part") == "total").row(0, named=True)
    within, between = whole["within"], whole["composition"]
    if within is None or between is None or row.base_period is None or abs(between) <= _TENTH * abs(within + between):
        return ""
    unit = format.unit_of(plan, row.indicator)
    amounts = {"within": within, "between": between, "change": within + between}
    written = {name: format.difference(value, unit, words.language, signed=True) for name, value in amounts.items()}
    return words("movers.change", base=periods.label(row.base_period, words.language), **written)
