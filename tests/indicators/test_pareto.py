"""The fewest categories that hold most of a gap, against every subset there is."""

from __future__ import annotations

import math
from itertools import combinations
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.splits.pareto import MOST, leaders, places, telling
from indicators.targets.held import NORMAL

contributions = st.lists(st.floats(min_value=-2.0, max_value=5.0, allow_subnormal=False), min_size=1, max_size=9)


@settings(deadline=None, max_examples=300)
@given(found=contributions, rest=st.floats(min_value=-1.0, max_value=3.0, allow_subnormal=False))
def test_no_smaller_set_holds_as_much(found: list[float], rest: float) -> None:
    gap = math.fsum([*found, rest])
    names = [f"c{at}" for at in range(len(found))]
    told = places(names, found, gap)
    if gap <= 0:
        assert {place.essential for place in told} == {None}
        return
    chosen = [at for at, place in enumerate(told) if place.essential]
    enough = [
        size
        for size in range(1, len(found) + 1)
        if any(math.fsum(some) >= MOST * gap * (1 - 1e-12) for some in combinations(found, size))
    ]
    assert len(chosen) == (min(enough) if enough else 0)
    if chosen:
        assert math.fsum(found[at] for at in chosen) >= MOST * gap * (1 - 1e-11)


@settings(deadline=None, max_examples=100)
@given(found=contributions, at=st.randoms())
def test_ranks_follow_contributions_whatever_the_order(found: list[float], at: Any) -> None:
    names = [f"c{place}" for place in range(len(found))]
    order = list(range(len(found)))
    at.shuffle(order)
    straight = dict(zip(names, places(names, found, 1.0), strict=True))
    mixed = places([names[one] for one in order], [found[one] for one in order], 1.0)
    stirred = dict(zip([names[one] for one in order], mixed, strict=True))
    assert straight == stirred
    ranked = sorted(names, key=lambda name: straight[name].rank)
    assert [straight[name].rank for name in ranked] == list(range(1, len(found) + 1))
    held = [found[names.index(name)] for name in ranked]
    assert held == sorted(held, reverse=True)
    assert [straight[name].cumulative for name in ranked] == pytest.approx(
        [math.fsum(held[: place + 1]) for place in range(len(held))]
    )


def test_equal_contributions_are_ranked_by_their_code() -> None:
    told = places(["b", "a", "c"], [0.2, 0.2, 0.6], 1.0)
    assert [place.rank for place in told] == [3, 2, 1]
    assert [place.essential for place in told] == [False, True, True]  # 0.6 + 0.2 is 80 % exactly


def test_where_the_named_hold_too_little_none_is_essential() -> None:
    assert [place.essential for place in places(["a", "b"], [0.3, 0.4], 1.0)] == [False, False]


def split(breakdown: str, *contributions: float, rest: float = 0.0, missing: bool = True) -> pl.DataFrame:
    names = [f"c{at}" for at in range(len(contributions))]
    gap = math.fsum([*contributions, rest])
    rows: list[dict[str, Any]] = [
        {"category": name, "part": "category", "contribution": own, "se": 0.01, "missing": 10.0 if missing and own > 0 else None}
        | vars(place)
        for name, own, place in zip(names, contributions, places(names, contributions, gap), strict=True)
    ]
    rows += [
        {"category": part, "part": part, "contribution": own, "share": own / gap if gap > 0 else None}
        for part, own in (("rest", rest), ("total", gap))
    ]
    return pl.DataFrame(rows, infer_schema_length=None).with_columns(breakdown=pl.lit(breakdown))


def test_leaders_are_the_first_of_the_essential_ones() -> None:
    told = leaders(split("a", 0.1, 0.4, 0.2, 0.2, -0.1), most=2)
    assert told is not None
    assert told.categories == ("c1", "c2")
    assert told.share == pytest.approx(0.6 / 0.8)
    assert told.margin == pytest.approx(NORMAL * math.hypot(0.01, 0.01) / 0.8)
    assert (told.missing, told.essential, told.of) == (20.0, 3, 5)


def test_where_none_is_essential_the_first_of_all_lead() -> None:
    told = leaders(split("a", 0.1, 0.2, rest=0.7, missing=False))
    assert told is not None
    assert (told.categories, told.essential, told.missing) == (("c1", "c0"), 0, None)


def test_nobody_leads_where_nothing_is_to_go() -> None:
    assert leaders(split("a", -0.1, 0.05)) is None


def test_nobody_leads_where_no_share_is_told() -> None:
    known = split("a", 0.1, 0.4)
    assert leaders(known) is not None
    assert leaders(known.with_columns(share=pl.lit(None, pl.Float64), essential=pl.lit(None, pl.Boolean))) is None


def test_the_telling_breakdown_needs_the_fewest_names() -> None:
    two, four = split("two", 0.9, 0.1), split("four", 0.5, 0.4, 0.05, 0.05)
    six, dark = split("six", 0.5, 0.4, 0.05, 0.05, 0.0, 0.0), split("dark", 0.1, 0.1, 0.1, rest=0.7)
    one = split("one", 0.9, 0.05, 0.05)
    assert telling(pl.concat([dark, four, two, six])) == "four"  # two names each: the one that the plan names first
    assert telling(pl.concat([dark, four, two, six, one])) == "one"
    assert telling(pl.concat([dark, two])) == "two"  # two categories say little, but more than none
    assert telling(dark) == "dark"
    assert telling(dark.clear()) is None
