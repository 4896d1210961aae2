"""Scenarios played on hand-made tables: every number by hand, by brute force, or from repeated samples of a known population."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from indicators.catalogue.scenario import ScenarioRefused
from indicators.catalogue.scenariotext import from_link
from indicators.editions.results import GRADES, OUTCOMES
from indicators.scenarios.played import ROWS, Played
from indicators.scenarios.stage import Tables
from indicators.scenarios.whatif import play
from tests.indicators.scenes import NAME, Part, plan, played, scenario, tables

SIZES = {
    "large": Part(value=0.80, weight=0.2, se=0.010, base=0.78, units=200.0),
    "medium": Part(value=0.70, weight=0.3, se=0.012, base=0.66, units=300.0),
    "small": Part(value=0.58, weight=0.5, se=0.015, base=0.53, units=500.0),
}
WHOLE = Part(value=0.66, se=0.0095, base=0.617)
FIXED = math.fsum((part.weight or 0) ** 2 * (part.se or 0) ** 2 for part in SIZES.values())


@pytest.fixture(scope="module")
def share() -> Tables:
    """The numerical-control rate (T4: more than 70 % in 2027) in 2026, by size class."""
    return tables("T4", WHOLE, {"size_class": SIZES}, covariance=3e-5)


def change(by: dict[str, Part], whole: Part, **more: Any) -> Tables:
    """Labour productivity on 2025 (T5: at least 10 % in 2027), by type of enterprise."""
    return tables("T5", whole, {"segment_group": by}, **more)


# ------------------------------------------------------------------------------------------------ nothing moves


@pytest.mark.parametrize(
    "move",
    [
        {"where": {"size_class": "small"}, "to": 0.58},
        {"where": {"size_class": "small"}, "to": 0.10},
        {"where": {"size_class": "all"}, "to": 0.0},
        {"where": {"size_class": ["large", "medium"]}, "to": "threshold"},
    ],
)
def test_where_nothing_moves_the_published_number_stays_to_the_last_digit(share: Tables, move: dict[str, Any]) -> None:
    found = played(share, "T4", move)
    assert found.after == found.before
    row = share.results.filter(pl.col("breakdown") == "total", pl.col("period") == "2026").row(0, named=True)
    judged = share.assessments.filter("scope", pl.col("period") == "2026").row(0, named=True)
    assert (found.after.value, found.after.low, found.after.high) == (row["value"], row["low"], row["high"])
    for name in ("se", "gap", "gap_low", "gap_high", "p_met", "pace", "grade", "probability", "outcome"):
        assert getattr(found.after, name) == judged[name]
    assert {one.how for one in found.moved} == {"kept"}
    assert all(one.adds == 0 and one.more is None for one in found.moved)


def test_a_pace_of_zero_keeps_the_number_and_judges_it_in_the_target_year(share: Tables) -> None:
    found = played(share, "T4", {"where": {"size_class": "all"}, "pace": 0.0})
    assert (found.after.value, found.after.low, found.after.high) == (found.before.value, found.before.low, found.before.high)
    assert (found.until, found.before.period, found.after.period) == (2027, "2026", "2027")
    assert found.after.outcome == "not_met"
    assert found.after.pace == pytest.approx((0.66 - 0.617) / (0.70 - 0.617), rel=1e-12)  # the whole way, in the whole time


# ------------------------------------------------------------------------------------------------ by hand


def test_a_growth_of_nothing_is_nothing_to_the_last_digit() -> None:
    by = {"parts": Part(value=0.0394781, weight=0.6, se=0.01), "vehicle": Part(value=0.0812345, weight=0.4, se=0.02)}
    found = played(change(by, Part(value=0.0498621, se=0.02)), "T5", {"where": {"segment_group": "all"}, "pace": 0.0})
    assert (found.after.value, found.after.se, found.after.low) == (found.before.value, found.before.se, found.before.low)
    assert [one.value for one in found.moved] == [0.0394781, 0.0812345]


def test_one_category_by_hand(share: Tables) -> None:
    found = played(share, "T4", {"where": {"size_class": "small"}, "to": 0.64})
    assert found.after.value == pytest.approx(0.66 + 0.5 * (0.64 - 0.58), rel=1e-13)
    assert found.after.gap == pytest.approx(0.01, rel=1e-11)
    kept = 0.2**2 * 0.010**2 + 0.3**2 * 0.012**2
    assert found.after.se == pytest.approx(math.sqrt(kept + 0.0095**2 - FIXED), rel=1e-12)
    assert found.after.pace == pytest.approx((0.69 - 0.617) / ((0.70 - 0.617) / 2), rel=1e-12)
    [one] = found.moved
    assert (one.category, one.former, one.value, one.how) == ("small", 0.58, 0.64, "moved")
    assert one.adds == pytest.approx(0.03, rel=1e-12)
    assert found.until is None and found.after.period == "2026"


def test_the_interval_is_the_logit_one_of_the_new_error(share: Tables) -> None:
    found = played(share, "T4", {"where": {"size_class": "small"}, "to": 0.64}).after
    assert found.se is not None and found.low is not None and found.high is not None
    half = float(stats.t.ppf(0.975, 200)) * found.se / (found.value * (1 - found.value))
    assert special.logit(found.high) == pytest.approx(special.logit(found.value) + half, rel=1e-9)
    assert special.logit(found.low) == pytest.approx(special.logit(found.value) - half, rel=1e-9)
    assert found.gap_low == pytest.approx(0.70 - found.high, rel=1e-9)


def test_the_probability_of_a_grade_by_hand(share: Tables) -> None:
    """P(ρ ≥ c) = t(L/se) of L = (θ' − θ0)/a − c·(T − θ0)/A; the covariance with the base shrinks as the known variance does."""
    after = played(share, "T4", {"where": {"size_class": "small"}, "to": 0.60}).after
    kept = 0.2**2 * 0.010**2 + 0.3**2 * 0.012**2
    variance, base, shared = kept + 0.0095**2 - FIXED, 0.0095**2, 3e-5 * kept / FIXED
    for cut, name in ((0.95, "p_on_track"), (0.60, "p_acceleration")):
        lead = (0.67 - 0.617) - cut * (0.70 - 0.617) / 2
        rest = 1 - cut / 2
        p = stats.t.cdf(lead / math.sqrt(variance + rest**2 * base - 2 * rest * shared), 200)
        better = after.p_met if name == "p_on_track" else after.p_met + after.p_on_track  # type: ignore[operator]
        assert better + getattr(after, name) == pytest.approx(p, rel=1e-9)
    error = math.sqrt(variance) / (0.67 * 0.33)
    assert after.p_met == pytest.approx(stats.t.cdf((special.logit(0.67) - special.logit(0.70)) / error, 200), rel=1e-9)


def test_who_is_put_on_levels_whole_leaves_nothing_to_chance() -> None:
    by = {"parts": Part(value=0.03, weight=0.6, se=0.03), "vehicle": Part(value=0.08, weight=0.4, se=0.02)}
    after = played(change(by, Part(value=0.05, se=0.01)), "T5", {"where": {"segment_group": "all"}, "to": 0.12}).after
    assert (after.se, after.low, after.p_met, after.outcome) == (0.0, None, 1.0, "met")
    below = played(change(by, Part(value=0.05, se=0.01)), "T5", {"where": {"segment_group": "all"}, "to": 0.09}).after
    assert (below.p_met, below.p_on_track, below.outcome) == (0.0, 1.0, "on_track")


def test_published_errors_of_differences_give_the_covariances() -> None:
    """What the moved category shared with another goes with it; pairs of another breakdown, or of unknown error, say nothing."""
    shared = 0.00006
    pair = {"breakdown": "size_class", "category": "large", "other": "small"}
    known = pair | {"se": math.sqrt(0.010**2 + 0.015**2 - 2 * shared)}
    unknown = pair | {"category": "medium", "se": None}
    found = tables(
        "T4",
        replace(WHOLE, se=0.02),
        {"size_class": SIZES},
        comparisons=[known, unknown, known | {"breakdown": "region", "se": 9.0}],
    )
    after = played(found, "T4", {"where": {"size_class": "small"}, "to": 0.64}).after
    kept = 0.2**2 * 0.010**2 + 0.3**2 * 0.012**2
    assert after.se == pytest.approx(math.sqrt(kept + 0.02**2 - (FIXED + 2 * 0.2 * 0.5 * shared)), rel=1e-11)


def test_a_moved_number_is_judged_by_itself_even_where_methods_disagree() -> None:
    by = {"parts": Part(value=0.03, weight=0.6, se=0.01), "vehicle": Part(value=0.08, weight=0.4, se=0.02)}
    found = change(by, Part(value=0.05, se=0.02))
    scope = pl.col("target").is_not_null() & (pl.col("period") == "2026")
    disputed = found.results.with_columns(verdict=pl.when(scope).then(pl.lit("depends")).otherwise("verdict"))
    done = played(replace(found, results=disputed), "T5", {"where": {"segment_group": "parts"}, "to": 0.20})
    assert done.after.outcome == "met"
    assert any("未与其他公认方法对照" in note.zh for note in done.notes)


def test_where_the_categories_alone_vary_more_than_the_whole_it_shrinks_in_proportion() -> None:
    found = tables("T4", replace(WHOLE, se=0.005), {"size_class": SIZES})
    after = played(found, "T4", {"where": {"size_class": "small"}, "to": 0.64}).after
    kept = 0.2**2 * 0.010**2 + 0.3**2 * 0.012**2
    assert after.se == pytest.approx(0.005 * math.sqrt(kept / FIXED), rel=1e-12)


def test_how_many_more_enterprises_that_is() -> None:
    """Of 500 small enterprises 6 points are 30; what is 29.0000001 by rounding alone is 29."""
    found = tables("T3", WHOLE, {"size_class": SIZES})
    levels = {0.64: 30, 0.6401: 31, 0.58 + 29 / 500: 29}
    for level, more in levels.items():
        [one] = played(found, "T3", {"where": {"size_class": "small"}, "to": level}).moved
        assert one.more == more
    [one] = played(found, "T3", {"where": {"size_class": "small"}, "pace": -0.01}).moved
    assert (one.more, one.value) == (-5, pytest.approx(0.57))


# ------------------------------------------------------------------------------------------------ all to the threshold


def test_all_at_the_threshold_close_the_gap_of_a_share(share: Tables) -> None:
    lower = {name: replace(part, value=0.5 + number / 100) for number, (name, part) in enumerate(SIZES.items())}
    whole = replace(WHOLE, value=math.fsum((part.weight or 0) * (part.value or 0) for part in lower.values()))
    found = played(tables("T4", whole, {"size_class": lower}), "T4", {"where": {"size_class": "all"}, "to": "threshold"})
    assert found.after.gap == 0.0
    assert found.after.se == pytest.approx(math.sqrt(0.0095**2 - FIXED), rel=1e-12)  # only what the shares leave to chance
    assert any("严格超过" in note.zh for note in found.notes)  # 70 % is not more than 70 %
    assert found.after.grade is not None


def test_all_at_the_threshold_leave_of_a_relative_change_what_the_shares_add() -> None:
    """With a = s1·θ0c/θ0, all at T give Σa·(1+T) − 1: what is missing to T is −(Σa − 1)·(1 + T), the composition of the split."""
    by = {"parts": Part(value=0.03, weight=0.55, se=0.01), "vehicle": Part(value=0.06, weight=0.40, se=0.02)}
    whole = Part(value=0.55 * 1.03 + 0.40 * 1.06 - 1, se=0.02)
    after = played(change(by, whole), "T5", {"where": {"segment_group": "all"}, "to": "threshold"}).after
    assert after.value == pytest.approx(0.95 * 1.10 - 1, rel=1e-12)
    assert after.gap == pytest.approx(-(0.95 - 1) * 1.10, rel=1e-11)


def test_all_at_the_threshold_close_the_gap_of_a_time_at_a_fixed_mix() -> None:
    """On logarithms: exp Σ share·ln(1 + v) − 1, as the change is made (module cycle_change); parts of the way add up to it."""
    by = {"parts": Part(value=-0.05, weight=0.7, se=0.03), "vehicle": Part(value=-0.12, weight=0.3, se=0.04)}
    whole = Part(value=math.expm1(0.7 * math.log(0.95) + 0.3 * math.log(0.88)), se=0.03)
    found = tables("T6", whole, {"segment_group": by}, scale="log")
    all_there = played(found, "T6", {"where": {"segment_group": "all"}, "to": "threshold"})
    assert all_there.after.value == pytest.approx(-0.20, rel=1e-12)
    assert (all_there.after.gap, all_there.after.outcome) == (0.0, "met_within_error")
    assert math.fsum(one.adds for one in all_there.moved) == pytest.approx(-0.20 - whole.value, rel=1e-10)  # type: ignore[operator]
    one = played(found, "T6", {"where": {"segment_group": "parts"}, "to": -0.15}).after
    assert one.value == pytest.approx(math.expm1(0.7 * math.log(0.85) + 0.3 * math.log(0.88)), rel=1e-12)
    scaled = {name: (part.weight or 0) * (part.se or 0) / (1 + (part.value or 0)) for name, part in by.items()}
    on_logs = (0.03 / (1 + whole.value)) ** 2 - scaled["parts"] ** 2  # type: ignore[operator]
    assert one.se == pytest.approx(math.sqrt(on_logs) * (1 + one.value), rel=1e-11)


def test_a_total_is_moved_by_the_parts_of_its_threshold() -> None:
    """Twenty providers: a class with a third of those of the base year has a third of the twenty for its own."""
    by = {
        "consulting": Part(value=6.0, weight=1.0, se=0.0, base=5.0, contribution=20 / 3 - 6),
        "software": Part(value=12.0, weight=1.0, se=0.0, base=10.0, contribution=40 / 3 - 12),
    }
    found = tables("T8", Part(value=18.0, se=0.0, base=15.0), {"provider_class": by}, quality="census")
    done = played(found, "T8", {"where": {"provider_class": "all"}, "to": "threshold"})
    assert done.after.value == pytest.approx(20.0, rel=1e-12)
    assert (done.after.gap, done.after.outcome, done.after.low) == (0.0, "met", None)
    assert [one.value for one in done.moved] == [pytest.approx(20 / 3), pytest.approx(40 / 3)]
    paced = played(found, "T8", {"where": {"provider_class": "all"}, "pace": "required"})
    assert (paced.after.value, paced.after.outcome) == (pytest.approx(20.0, rel=1e-12), "met")


# ------------------------------------------------------------------------------------------------ along a pace


def test_all_at_the_required_pace_arrive_at_the_threshold(share: Tables) -> None:
    found = played(share, "T4", {"where": {"size_class": "all"}, "pace": "required"})
    assert found.after.value == pytest.approx(0.70, rel=1e-13)
    assert [one.value - one.former for one in found.moved] == pytest.approx([0.04] * 3)
    by = {"parts": Part(value=0.03, weight=0.6, se=0.01), "vehicle": Part(value=0.08, weight=0.4 * 0.95, se=0.02)}
    whole = Part(value=0.6 * 1.03 + 0.38 * 1.08 - 1, se=0.02)  # 1 + v = Σa(1 + v): whatever the shares, growth is growth
    grown = played(change(by, whole), "T5", {"where": {"segment_group": "all"}, "pace": "required"}).after
    assert grown.value == pytest.approx(0.10, rel=1e-10)
    assert grown.outcome == "met_within_error"


def test_nothing_is_required_any_more_of_who_is_there() -> None:
    found = tables("T4", replace(WHOLE, value=0.72), {"size_class": SIZES})
    done = played(found, "T4", {"where": {"size_class": "all"}, "pace": "required"})
    assert done.after.value == 0.72


def test_a_pace_that_was_had_and_the_others_going_on(share: Tables) -> None:
    alone = played(share, "T4", {"where": {"size_class": "small"}, "pace": "achieved"})
    assert alone.after.value == pytest.approx(0.66 + 0.5 * 0.05, rel=1e-13)
    every = played(share, "T4", {"where": {"size_class": "all"}, "pace": "achieved"})
    beside = played(share, "T4", {"where": {"size_class": "small"}, "pace": "achieved"}, others="achieved")
    assert beside.after == every.after
    assert every.after.value == pytest.approx(0.66 + 0.2 * 0.02 + 0.3 * 0.04 + 0.5 * 0.05, rel=1e-13)
    assert [one.how for one in beside.moved] == ["others", "others", "moved"]
    # a share that goes on keeps its own error: a pace is taken as given
    assert every.after.se == pytest.approx(0.0095, rel=1e-12)


def test_a_growth_carries_the_error_of_the_level_along() -> None:
    """On the index 1 + v a year at 4 % multiplies by 1.04, and so the error of the category."""
    by = {"parts": Part(value=0.03, weight=0.6, se=0.01), "vehicle": Part(value=0.08, weight=0.4, se=0.02)}
    fixed = 0.6**2 * 0.01**2 + 0.4**2 * 0.02**2
    after = played(change(by, Part(value=0.05, se=0.02)), "T5", {"where": {"segment_group": "parts"}, "pace": 0.04}).after
    assert after.value == pytest.approx(0.05 + 0.6 * (1.03 * 1.04 - 1.03), rel=1e-12)
    kept = (0.6 * 1.04) ** 2 * 0.01**2 + 0.4**2 * 0.02**2
    assert after.se == pytest.approx(math.sqrt(kept + 0.02**2 - fixed), rel=1e-11)


def test_the_pace_of_the_fastest_fifth_is_that_of_the_edition() -> None:
    paces = [{"among": "province", "fastest": 0.03}, {"among": "size_class", "fastest": None}]
    found = tables("T4", WHOLE, {"size_class": SIZES}, paces=paces)
    done = played(found, "T4", {"where": {"size_class": "small"}, "pace": "fastest_fifth", "among": "province"})
    assert done.moved[0].value == pytest.approx(0.61)
    with pytest.raises(ScenarioRefused, match="known; it is of province") as caught:
        played(found, "T4", {"where": {"size_class": "small"}, "pace": "fastest_fifth", "among": "segment"})
    assert caught.value.place == ("moves", 0, "pace")


def test_a_share_stays_between_none_and_all(share: Tables) -> None:
    found = played(share, "T4", {"where": {"size_class": "all"}, "pace": 0.25})
    assert [one.value for one in found.moved] == [1.0, pytest.approx(0.95), pytest.approx(0.83)]
    assert [one.how for one in found.moved] == ["limited", "moved", "moved"]
    down = played(share, "T4", {"where": {"size_class": "all"}, "pace": -2.0}).after
    assert (down.value, down.outcome) == (0.0, "not_met")
    assert any("limit of a share" in note.en for note in found.notes)
    up = played(share, "T4", {"where": {"size_class": "all"}, "to": 1.0}).after
    assert (up.value, up.high) == (1.0, 1.0)
    assert up.low is not None and 0.7 < up.low < 1.0


# ------------------------------------------------------------------------------------------------ repeated samples


def test_repeated_samples_of_a_known_population() -> None:
    """Three strata that are the categories: small firms put on 60 %, medium ones up by 5 points, large ones as they are.

    Over samples drawn again and again the moved number varies as its standard error says, and its interval holds the value that
    the whole population would give. The shares of the strata are known, so nothing else is left to chance.
    """
    generator, sizes, true = np.random.default_rng(7), np.array([200, 800, 2000]), np.array([0.82, 0.66, 0.45])
    asked = np.array([80, 160, 200])
    weights = sizes / sizes.sum()
    yes = np.round(sizes * true).astype(int)
    goal = weights @ np.array([yes[0] / 200, yes[1] / 800 + 0.05, 0.60])
    values, errors, inside = [], [], 0
    for _ in range(150):
        seen = np.array([generator.hypergeometric(y, n - y, m) for y, n, m in zip(yes, sizes, asked, strict=True)]) / asked
        spread = np.sqrt((1 - asked / sizes) * seen * (1 - seen) / (asked - 1))
        names = ("large", "medium", "small")
        parts = {
            name: Part(value=float(seen[i]), weight=float(weights[i]), se=float(spread[i]), base=0.4)
            for i, name in enumerate(names)
        }
        whole = Part(value=float(weights @ seen), se=float(np.sqrt(weights**2 @ spread**2)), base=0.5)
        moves = ({"where": {"size_class": "small"}, "to": 0.60}, {"where": {"size_class": "medium"}, "pace": 0.05})
        after = played(tables("T4", whole, {"size_class": parts}, df=437), "T4", *moves).after
        assert after.se is not None and after.low is not None and after.high is not None
        values.append(after.value)
        errors.append(after.se)
        inside += after.low <= goal <= after.high
    assert np.mean(values) == pytest.approx(goal, abs=0.002)
    assert np.sqrt(np.mean(np.square(errors))) == pytest.approx(np.std(values, ddof=1), rel=0.15)
    assert 0.90 <= inside / 150 <= 0.99


# ------------------------------------------------------------------------------------------------ best fifth

STATUS = st.sampled_from(["published", "published", "published", "unreliable"])


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(10, 95), STATUS), min_size=2, max_size=12))
def test_the_best_fifth_by_brute_force(cells: list[tuple[int, str]]) -> None:
    """The highest level that a fifth of the reliable categories, at least, all reach: tried level by level."""
    codes = list(plan().categories("province"))[: len(cells)]
    parts = {
        code: Part(value=value / 100, weight=1 / len(cells), se=0.02, base=0.1, status=status)
        for code, (value, status) in zip(codes, cells, strict=True)
    }
    found = tables("T4", WHOLE, {"province": parts, "size_class": SIZES})
    reliable = [value / 100 for value, status in cells if status == "published"]
    for where, among in (({"province": "all"}, None), ({"size_class": "small"}, "province")):
        move = {"where": where, "to": "best_fifth", "among": among}
        if len(reliable) < 5:
            with pytest.raises(ScenarioRefused, match="taken of 5 or more"):
                played(found, "T4", move)
            continue
        levels = [level for level in reliable if sum(value >= level for value in reliable) >= len(reliable) / 5]
        done = played(found, "T4", move)
        assert all(one.value == max(one.former, max(levels)) for one in done.moved)
        count = sum(value >= max(levels) for value in sorted(reliable, reverse=True)[: math.ceil(len(reliable) / 5)])
        assert any(f"best {count} of {len(reliable)}" in note.en for note in done.notes)


def test_the_best_fifth_of_what_is_to_fall_is_the_lowest() -> None:
    """Of ten mixes the two shortest times; the plan is asked of the same breakdown, so the ten are put in its place."""
    values = [-0.30, -0.02, -0.25, -0.10, -0.12, -0.08, -0.05, -0.01, -0.04, -0.06]
    others = {code: Part(value=value, se=0.05) for code, value in zip(plan().categories("province"), values, strict=False)}
    by = {"parts": Part(value=-0.05, weight=0.7, se=0.03), "vehicle": Part(value=-0.12, weight=0.3, se=0.04)}
    whole = Part(value=math.expm1(0.7 * math.log(0.95) + 0.3 * math.log(0.88)), se=0.03)
    found = tables("T6", whole, {"segment_group": by, "province": others}, scale="log")
    done = played(found, "T6", {"where": {"segment_group": "parts"}, "to": "best_fifth", "among": "province"})
    assert done.moved[0].value == -0.25


# ------------------------------------------------------------------------------------------------ properties

LEVEL = st.integers(0, 20).map(lambda step: step / 20)
WEIGHTS = st.lists(st.integers(1, 9), min_size=3, max_size=3)


@st.composite
def shares(draw: st.DrawFn) -> Tables:
    weights = np.array(draw(WEIGHTS)) / 1.0
    weights /= weights.sum()
    parts = {
        name: Part(
            value=draw(st.integers(30, 90)) / 100,
            weight=float(weights[i]),
            se=draw(st.integers(5, 40)) / 1000,
            base=draw(st.integers(25, 80)) / 100,
        )
        for i, name in enumerate(("large", "medium", "small"))
    }
    value = math.fsum((part.weight or 0) * (part.value or 0) for part in parts.values())
    return tables("T4", Part(value=value, se=0.01, base=0.5), {"size_class": parts}, covariance=2e-5)


def grade(found: Played) -> int:
    """The grade by the numbers, best first; a threshold that is reached stands before all of them."""
    return -1 if found.after.grade is None else GRADES.index(found.after.grade)


@settings(max_examples=30, deadline=None)
@given(shares(), st.lists(LEVEL, min_size=3, max_size=3), st.lists(LEVEL, min_size=3, max_size=3))
def test_who_moves_further_never_ends_worse(found: Tables, one: list[float], other: list[float]) -> None:
    names = ("large", "medium", "small")
    lower, higher = ([edge(pair) for pair in zip(one, other, strict=True)] for edge in (min, max))
    ends = [
        played(found, "T4", *({"where": {"size_class": name}, "to": level} for name, level in zip(names, levels, strict=True)))
        for levels in (lower, higher)
    ]
    assert ends[0].before.value - 1e-12 <= ends[0].after.value <= ends[1].after.value + 1e-12
    assert ends[1].after.gap <= ends[0].after.gap + 1e-12  # type: ignore[operator]
    assert ends[1].after.pace >= ends[0].after.pace - 1e-9  # type: ignore[operator]
    assert grade(ends[1]) <= grade(ends[0])
    reached = [end.after.outcome in ("met", "met_within_error", "met_at_base") for end in ends]
    assert reached[1] >= reached[0]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 60), min_size=2, max_size=2), st.lists(st.integers(1, 60), min_size=2, max_size=2))
def test_of_equal_doubt_who_moves_further_never_ends_with_a_worse_word(one: list[int], other: list[int]) -> None:
    """Both put on levels, so that both have the same error: then the words of the final year cannot fall either."""
    by = {"parts": Part(value=-0.3, weight=0.6, se=0.01), "vehicle": Part(value=-0.2, weight=0.4, se=0.02)}
    found = change(by, Part(value=-0.26, se=0.02), year="2027")
    words = ["not_met", "not_met_within_error", "met_within_error", "met"]
    ends = []
    for edge in (min, max):
        levels = [edge(pair) / 200 for pair in zip(one, other, strict=True)]
        moves = ({"where": {"segment_group": name}, "to": level} for name, level in zip(by, levels, strict=True))
        after = played(found, "T5", *moves).after
        ends.append((words.index(str(after.outcome)), after.p_met))
    assert ends[0][0] <= ends[1][0]
    assert ends[0][1] <= ends[1][1] + 1e-12  # type: ignore[operator]


@settings(max_examples=30, deadline=None)
@given(shares(), st.lists(LEVEL, min_size=3, max_size=3), st.sampled_from(["to", "pace"]))
def test_all_probability_adds_up_and_every_word_is_one_of_ours(found: Tables, levels: list[float], way: str) -> None:
    names = ("large", "medium", "small")
    steps = [level if way == "to" else level / 10 - 0.5 for level in levels]
    done = played(found, "T4", *({"where": {"size_class": name}, way: step} for name, step in zip(names, steps, strict=True)))
    after = done.after
    parts = [after.p_met, after.p_on_track, after.p_acceleration, after.p_limited, after.p_deterioration]
    known = [part for part in parts if part is not None]
    if len(known) == 5:
        assert math.fsum(known) == pytest.approx(1.0, abs=1e-9)
    assert all(0 <= part <= 1 for part in known)
    assert after.outcome in OUTCOMES
    assert math.fsum(one.adds for one in done.moved) == pytest.approx(after.value - done.before.value, abs=1e-12)


def test_neither_the_order_of_the_moves_nor_that_of_the_rows_matters(share: Tables) -> None:
    moves: list[dict[str, Any]] = [
        {"where": {"size_class": "small"}, "to": 0.64},
        {"where": {"size_class": "medium"}, "pace": 0.013},
        {"where": {"size_class": "large"}, "pace": "achieved"},
    ]
    first = played(share, "T4", *moves)
    turned = played(share, "T4", *reversed(moves))
    names = ("results", "assessments", "splits", "paces", "comparisons")
    shuffled = Tables(**{name: getattr(share, name).sample(fraction=1, shuffle=True, seed=3) for name in names})
    assert replace(turned, scenario=first.scenario) == first
    assert played(shuffled, "T4", *moves) == first


def test_tables_of_a_whole_edition_do_as_well_as_those_of_one_target(share: Tables) -> None:
    other = tables("T3", Part(value=0.9, se=0.01, base=0.8), {"size_class": SIZES}, paces=[{"among": "province", "fastest": 0.9}])
    names = ("results", "assessments", "splits", "paces", "comparisons")
    both = Tables(**{name: pl.concat([getattr(other, name), getattr(share, name)]) for name in names})
    move = {"where": {"size_class": "small"}, "to": 0.64}
    assert played(both, "T4", move) == played(share, "T4", move)


# ------------------------------------------------------------------------------------------------ what cannot be moved


CROSSED = {
    "parts,large": Part(value=0.8, weight=0.2, base=0.7),
    "parts,medium": Part(value=0.7, weight=0.2, base=0.6),
    "parts,small": Part(value=0.6, weight=0.3, base=0.5),
    "vehicle,large": Part(value=0.9, weight=0.1, base=0.8),
    "vehicle,medium": Part(value=0.8, base=0.7),  # published, and told together with those withheld
    "vehicle,small": Part(value=None, se=None, status="suppressed"),
    "vehicle,micro": Part(value=None, se=None, status="absent"),
}


@pytest.fixture(scope="module")
def crossed() -> Tables:
    return tables("T4", Part(value=0.7, se=0.01, base=0.6), {"segment_group,size_class": CROSSED})


def test_no_scenario_reaches_a_category_that_is_withheld(crossed: Tables) -> None:
    """All there is to try: every pair of codes, each way, alone and with all others."""
    groups, sizes = [*plan().categories("segment_group"), "all"], [*plan().categories("size_class"), "all"]
    movable = {name for name, part in CROSSED.items() if part.weight is not None}
    seen = set()
    for group, size, way in product(groups, sizes, [("to", 0.99), ("to", "threshold"), ("pace", "achieved"), ("pace", 0.01)]):
        try:
            found = played(
                crossed, "T4", {"where": {"size_class": size, "segment_group": group}, way[0]: way[1]}, others="achieved"
            )
        except ScenarioRefused:  # what it says is tested below
            continue
        named = {one.category for one in found.moved}
        assert named <= movable
        seen |= named
        assert {one.category for one in found.left} <= set(CROSSED) - movable
    assert seen == movable


def test_who_cannot_be_moved_is_told_and_who_can(crossed: Tables) -> None:
    for name in ("vehicle,medium", "vehicle,small", "vehicle,micro"):
        group, size = name.split(",")
        with pytest.raises(ScenarioRefused) as caught:
            played(crossed, "T4", {"where": {"segment_group": group, "size_class": size}, "to": 0.9})
        assert f"`{name}` cannot be moved" in str(caught.value)
        assert "parts,large; parts,medium; parts,small; vehicle,large" in str(caught.value)
        assert "parts,small；vehicle,large" in caught.value.told.zh
        assert caught.value.place == ("moves", 0, "where")
    found = played(crossed, "T4", {"where": {"segment_group": "all", "size_class": ["large", "small"]}, "to": 0.95})
    assert [one.category for one in found.moved] == ["parts,large", "parts,small", "vehicle,large"]
    assert [(one.category, one.reason) for one in found.left] == [("vehicle,small", "withheld")]
    assert not any("未公布" in note.zh for note in found.notes), "it is told once, by name"
    everybody = played(crossed, "T4", {"where": {"segment_group": "vehicle", "size_class": "all"}, "to": 0.95})
    assert [one.category for one in everybody.left] == ["vehicle,medium", "vehicle,small"], "of the micro ones there are none"


def test_what_is_published_and_not_split_is_said_to_be(crossed: Tables) -> None:
    both = replace(
        crossed,
        results=pl.concat(
            [
                crossed.results,
                crossed.results.head(1).with_columns(
                    period=pl.lit(crossed.splits["period"][0]),
                    breakdown=pl.lit("province"),
                    category=pl.lit("110000"),
                    value=pl.lit(0.5),
                ),
            ]
        ),
    )
    for found, told in ((both, True), (crossed, False)):
        with pytest.raises(ScenarioRefused) as caught:
            played(found, "T4", {"where": {"province": "110000"}, "to": 0.9})
        assert ("Its numbers are published" in str(caught.value)) is told
        assert ("其数值已公布" in caught.value.told.zh) is told


def test_breakdowns_may_be_named_in_any_order_and_the_targets_own_left_out(crossed: Tables) -> None:
    one = played(crossed, "T4", {"where": {"size_class": "small", "segment_group": "parts"}, "to": 0.65})
    assert one.breakdown == "segment_group,size_class"
    assert one.moved[0].category == "parts,small"
    parts = {name: part for name, part in CROSSED.items() if name.startswith("parts")}
    own = tables("T4_parts", Part(value=0.68, se=0.01, base=0.6), {"segment_group,size_class": parts})
    assert played(own, "T4_parts", {"where": {"size_class": "small"}, "to": 0.65}).moved[0].category == "parts,small"


def test_the_best_fifth_of_a_target_of_one_category_is_taken_within_it() -> None:
    by, provinces = "province,segment_group,size_class", list(plan().categories("province"))[:6]
    parts = {f"{code},parts,small": Part(value=0.5 + i / 100, weight=1 / 6, base=0.4) for i, code in enumerate(provinces)}
    cars = {f"{code},vehicle,small": Part(value=0.99, base=0.4) for code in provinces}
    found = tables("T4_parts", Part(value=0.525, se=0.01, base=0.4), {by: parts | cars})
    move = {"where": {"province": "all", "size_class": "small"}, "to": "best_fifth"}
    assert {one.value for one in played(found, "T4_parts", move).moved} == {0.54, 0.55}  # two of six, and who is above stays


@pytest.mark.parametrize(
    ("link", "place", "told"),
    [
        ("T4~in.2019~size_class.small~to.0.9", ("period",), "nothing of 2019"),
        ("T4~province.320000~to.0.9", ("moves", 0, "where"), r"but by \{size_class\}"),
        ("T4~size_class.tiny~to.0.9", ("moves", 0, "where", "size_class"), "has no category `tiny`"),
        ("T4~size.small~to.0.9", ("moves", 0, "where", "size"), "does not exist"),
        ("T9~size_class.small~to.0.9", ("target",), "does not exist"),
        ("T2~size_class.small~to.50", ("target",), "has no number"),
        ("T4~size_class.small~to.90", ("moves", 0, "to"), "write 70 %"),
        ("T4~in.2025~size_class.small~pace.achieved", ("moves", 0, "pace"), "no pace of it is known"),
    ],
)
def test_what_is_not_there_is_refused_with_its_place(share: Tables, link: str, place: tuple[Any, ...], told: str) -> None:
    with pytest.raises(ScenarioRefused, match=told) as caught:
        play(plan(), _with_base_year(share), from_link(link))
    assert caught.value.place == place
    assert caught.value.told.zh != caught.value.told.en


def test_from_the_base_year_on_there_are_two_years(share: Tables) -> None:
    found = play(plan(), _with_base_year(share), from_link("T4~in.2025~size_class.small~pace.0.1"))
    assert found.moved[0].value == pytest.approx(0.53 + 2 * 0.1, rel=1e-13)
    assert (found.before.period, found.before.outcome, found.after.period) == ("2025", "base_only", "2027")


def _with_base_year(found: Tables) -> Tables:
    """The split of the base year, too."""
    values = found.results.filter(pl.col("period") == "2025").select("category", then="value")
    earlier = found.splits.join(values, on="category").with_columns(period=pl.lit("2025"), value=pl.col("then")).drop("then")
    return replace(found, splits=pl.concat([found.splits, earlier]))


def test_a_pace_has_no_time_once_the_target_year_is_there() -> None:
    found = tables("T4", WHOLE, {"size_class": SIZES}, year="2027")
    with pytest.raises(ScenarioRefused, match="no time is left"):
        played(found, "T4", {"where": {"size_class": "small"}, "pace": 0.1})
    assert played(found, "T4", {"where": {"size_class": "small"}, "to": 0.9}).after.outcome == "met"


def test_an_edition_of_an_older_version_has_nothing_to_move(share: Tables) -> None:
    empty = replace(share, assessments=share.assessments.clear(), splits=share.splits.clear())
    with pytest.raises(ScenarioRefused, match="publish again"):
        played(empty, "T4", {"where": {"size_class": "small"}, "to": 0.9})


def test_a_pace_beyond_all_measure_is_no_number() -> None:
    by = {"parts": Part(value=0.03, weight=0.6, se=0.01), "vehicle": Part(value=0.08, weight=0.4, se=0.02)}
    paces = [{"among": "province", "fastest": 1e6}]  # as a logarithm
    move = {"where": {"segment_group": "parts"}, "pace": "fastest_fifth", "among": "province"}
    with pytest.raises(ScenarioRefused, match="leads to no number"):
        played(change(by, Part(value=0.05, se=0.02), paces=paces), "T5", move)


def test_nothing_shrinks_by_more_than_all() -> None:
    by = {"parts": Part(value=0.03, weight=0.6, se=0.01), "vehicle": Part(value=0.08, weight=0.4, se=0.02)}
    with pytest.raises(ScenarioRefused, match="write 5 % as") as caught:
        played(change(by, Part(value=0.05, se=0.02)), "T5", {"where": {"segment_group": "parts"}, "pace": -1.0})
    assert caught.value.place == ("moves", 0, "pace")


def test_an_unknown_error_stays_unknown(share: Tables) -> None:
    blind = {name: replace(part, se=None) if name == "small" else part for name, part in SIZES.items()}
    after = played(tables("T4", WHOLE, {"size_class": blind}), "T4", {"where": {"size_class": "large"}, "to": 0.9}).after
    assert (after.value, after.se, after.low, after.p_met, after.outcome) == (pytest.approx(0.68), None, None, None, "no_error")


def test_an_unfinished_target_year_is_not_judged_for_good() -> None:
    by = {"parts": Part(value=0.03, weight=0.6, se=0.01), "vehicle": Part(value=0.08, weight=0.4, se=0.02)}
    found = change(by, Part(value=0.05, se=0.02), year="2027")
    done = played(found, "T5", {"where": {"segment_group": "parts"}, "to": 0.05}).after.outcome
    assert done == "not_met"
    scope = pl.col("target").is_not_null() & (pl.col("period") == "2027")
    open_year = found.results.with_columns(verdict=pl.when(scope).then(pl.lit("not_yet")).otherwise("verdict"))
    still = played(replace(found, results=open_year), "T5", {"where": {"segment_group": "parts"}, "to": 0.05}).after.outcome
    assert still in (*GRADES, "cannot_tell")


# ------------------------------------------------------------------------------------------------ what is given out


def test_the_plain_values_are_a_stable_interface(share: Tables) -> None:
    found = played(share, "T4", {"where": {"size_class": "small"}, "to": 0.64}, description=NAME)
    told = json.loads(json.dumps(found.as_dict()))
    keys = ["scenario", "link", "target", "indicator", "breakdown", "until", "before", "after", "moved", "left", "notes"]
    assert list(told) == keys
    standing = [
        *("period", "value", "se", "low", "high", "gap", "gap_low", "gap_high", "p_met", "pace", "grade", "other", "probability"),
        *("p_on_track", "p_acceleration", "p_limited", "p_deterioration", "outcome"),
    ]
    assert list(told["before"]) == list(told["after"]) == standing
    assert list(told["moved"][0]) == ["category", "former", "value", "adds", "more", "how"]
    assert play(plan(), share, from_link(told["link"])).after == found.after
    rows = found.as_frame()
    assert dict(rows.schema) == ROWS
    assert rows["part"].to_list() == ["before", "after", "category"]
    assert all(note.zh and note.en and note.zh != note.en for note in found.notes)


def test_the_scenario_itself_is_not_changed_by_playing_it(share: Tables) -> None:
    given_one = scenario("T4", {"where": {"size_class": "small"}, "to": 0.64})
    assert play(plan(), share, given_one).scenario == given_one
