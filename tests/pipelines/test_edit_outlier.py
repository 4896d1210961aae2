"""Hidiroglou–Berthelot by hand and on planted errors, scores, sizes and totals."""

from __future__ import annotations

import math
import statistics

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.edit.edit import edit_table
from pipelines.edit.outlier import effects
from tests.pipelines.records import events_of, frame_of, reviews_of, rows_of, table

PAIRS = st.lists(st.tuples(st.floats(1, 1e4), st.floats(1, 1e4)), min_size=2, max_size=40)


def by_hand(pairs: list[tuple[float, float]], u: float, a: float, c: float) -> tuple[list[float], float, float]:
    """Effects and limits, step by step in plain Python; `inclusive` quantiles are those of type 7."""
    ratios = [y2 / y1 for y1, y2 in pairs]
    middle = statistics.median(ratios)
    s = [1 - middle / r if r < middle else r / middle - 1 for r in ratios]
    effect = [one * max(pair) ** u for one, pair in zip(s, pairs, strict=True)]
    q1, q2, q3 = statistics.quantiles(effect, n=4, method="inclusive")
    d1, d3 = max(q2 - q1, abs(a * q2)), max(q3 - q2, abs(a * q2))
    return effect, q2 - c * d1, q2 + c * d3


@given(pairs=PAIRS, u=st.sampled_from([0.0, 0.3, 0.5, 1.0]), a=st.sampled_from([0.0, 0.05, 0.5]), c=st.sampled_from([2.0, 10.0]))
@settings(max_examples=200, deadline=None)
def test_effects_and_limits_are_those_of_the_formula(pairs: list[tuple[float, float]], u: float, a: float, c: float) -> None:
    found = effects(*(np.array(side) for side in zip(*pairs, strict=True)), u=u, a=a, c=c)
    effect, low, high = by_hand(pairs, u, a, c)
    scale = max(map(abs, effect), default=0) * c  # differences of large effects are as exact as these are
    assert found.effect == pytest.approx(effect, rel=1e-12, abs=1e-9)
    assert (found.low, found.high) == tuple(pytest.approx(one, rel=1e-12, abs=max(1e-9, 1e-13 * scale)) for one in (low, high))
    margin = max(1e-6, 1e-12 * scale)
    far = [e < low - margin or e > high + margin for e in effect]
    near = [low + margin < e < high - margin for e in effect]
    assert all(found.outside[i] for i in range(len(effect)) if far[i] and abs(effect[i]) > 1e-3)
    assert not any(found.outside[i] for i in range(len(effect)) if near[i])


def test_a_rise_and_the_fall_that_undoes_it_are_equally_unusual() -> None:
    before, now = np.array([10.0, 10.0, 10.0, 10.0, 40.0]), np.array([10.0, 10.0, 10.0, 40.0, 10.0])
    found = effects(before, now)
    assert found.effect[3] == -found.effect[4] == 3 * math.sqrt(40)


def test_ratios_that_differ_by_rounding_alone_are_usual() -> None:
    before = np.array([0.1, 0.2, 0.3, 0.7, 1.1, 1.3])
    assert not effects(before, before * 1.1).outside.any()


#: how many enterprises the segments have and how they developed, and the enterprises whose value was entered wrongly
DEVELOPED = {"3611": (15, 0.55), "3612": (15, 1.00), "3660": (15, 1.80), "3670": (180, 1.02)}
PLANTED = {"3611-07": 6.0, "3660-11": 0.15, "3670-33": 5.0}


def two_waves(seed: int = 3) -> pl.DataFrame:
    """Enterprises whose value added follows their segment within a few per cent, but for three."""
    random = np.random.default_rng(seed)
    rows = []
    for segment, (count, development) in DEVELOPED.items():
        for i in range(count):
            unit, value = f"{segment}-{i:02d}", float(np.exp(random.normal(6, 0.5)))
            factor = PLANTED.get(unit, 1.0) * development * float(np.exp(random.uniform(-0.06, 0.06)))
            rows += [{"unit": unit, "when": 2025, "added": value, "_cell": segment}]
            rows += [{"unit": unit, "when": 2026, "added": value * factor, "_cell": segment}]
    return rows_of(JUMPS, rows)


JUMPS = table({"added": "number"}, {"outliers": [{"id": "jump", "column": "added"}]})


def test_within_segments_the_planted_errors_are_found_and_no_other_while_pooled_whole_segments_are() -> None:
    rows = two_waves()
    within = edit_table(JUMPS, rows, None)
    assert reviews_of(within) == {(unit, "2026", "added", "jump") for unit in PLANTED}
    assert within.events.is_empty()
    pooled = edit_table(JUMPS, rows.with_columns(pl.lit("all").alias("_cell")), None)
    wrongly = {str(unit) for unit, *_ in reviews_of(pooled)} - PLANTED.keys()
    assert len(wrongly) >= 20
    assert {unit[:4] for unit in wrongly} == {"3611", "3660"}


def test_zeros_and_blanks_are_not_tested_and_zeros_are_for_a_person() -> None:
    pairs = [(100.0, 101.0 + i) for i in range(8)] + [
        (100.0, 0.0),
        (0.0, 5.0),
        (100.0, None),
        (None, 100.0),
        (0.0, 0.0),
        (50.0, -50.0),
    ]
    rows = [
        {"unit": f"u{i}", "when": when, "added": value}
        for i, pair in enumerate(pairs)
        for when, value in zip((2025, 2026), pair, strict=True)
    ]
    edited = edit_table(JUMPS, rows_of(JUMPS, rows), None)
    assert {(unit, row) for unit, _, _, row in reviews_of(edited)} == {("u8", "jump"), ("u9", "jump"), ("u13", "jump")}
    assert set(edited.reviews["method"]) == {"zero"}
    tested = [row for row in rows if row["unit"] in {f"u{i}" for i in range(8)}]
    assert edit_table(JUMPS, rows_of(JUMPS, tested), None).reviews.is_empty()


def test_a_month_is_held_against_the_same_month_a_year_before_or_against_the_month_before() -> None:
    def flagged(former: str) -> set[tuple[str | None, str | None]]:
        of = table({"added": "number"}, {"outliers": [{"id": "jump", "column": "added", "former": former}]}, period="month")
        rows = []
        for i in range(12):
            for month in range(24):
                season = 3.0 if month % 12 == 11 else 1.0
                odd = 20.0 if (i, month) == (4, 23) else 1.0
                when = f"{2025 + month // 12}-{month % 12 + 1:02d}-01"
                rows.append({"unit": f"u{i:02d}", "when": when, "added": (100 + 7 * i + month % 5) * season * odd})
        frame = rows_of(of, []).vstack(pl.DataFrame(rows).with_columns(pl.col("when").str.to_date()).pipe(_beside))
        return {(unit, period) for unit, period, *_ in reviews_of(edit_table(of, frame, None))}

    assert flagged("year") == {("u04", "2026-12")}
    assert flagged("period") == {("u04", "2026-12")}


def _beside(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(pl.lit("c").alias("_cell"), pl.lit(1.0).alias("_weight"), pl.lit(False).alias("_stratum_whole"))


def test_score_is_the_weighted_distance_as_a_share_of_the_total() -> None:
    of = table({"added": "number"}, {"scores": [{"id": "big", "column": "added", "above": 0.2}]})
    values = {"a": (100.0, 110.0), "b": (200.0, 220.0), "c": (50.0, 55.0), "d": (80.0, 400.0)}
    rows = [
        {"unit": unit, "when": when, "added": value, "_weight": 2.0 if unit == "d" else 1.0}
        for unit, pair in values.items()
        for when, value in zip((2025, 2026), pair, strict=True)
    ]
    edited = edit_table(of, rows_of(of, rows), None)
    [row] = edited.reviews.to_dicts()
    # the median ratio of 1.1, 1.1, 1.1 and 5 is 1.1, so 88 was expected: 2 × 312 / (110 + 220 + 55 + 2 × 88)
    assert (row["unit"], row["expected"], row["old"]) == ("d", pytest.approx(88.0), "400.0")
    assert row["score"] == pytest.approx(624 / 561)
    assert edited.events.is_empty()


def test_a_flagged_value_is_imputed_where_that_is_declared_and_keeps_its_place_where_it_cannot_be() -> None:
    editing = {
        "outliers": [{"id": "jump", "column": "added", "impute": True}],
        "impute": [{"column": "added", "methods": ["former"]}],
    }
    of = table({"added": "number"}, editing)
    rows = [
        {"unit": f"u{i}", "when": when, "added": value}
        for i in range(9)
        for when, value in ((2025, 100.0 + i), (2026, (110.0 + 1.1 * i) * (9.0 if i == 4 else 1.0)))
    ]
    edited = edit_table(of, rows_of(of, rows), None)
    assert events_of(edited) == {("u4", "2026", "added"): (str((110.0 + 1.1 * 4) * 9.0), "114.4", "former")}
    assert edited.rows.select("_imputed", "_added").rows() == [(True, False)]
    checked = table({"added": "number"}, editing, {"small": "added <= 114 OR added >= 500"})
    kept = edit_table(checked, rows_of(checked, [row for row in rows if row["unit"] in ("u0", "u1", "u2", "u3", "u4")]), None)
    assert kept.events.is_empty()
    assert reviews_of(kept) == {("u4", "2026", "added", "jump")}


def test_a_number_far_from_the_size_in_the_register_is_for_a_person() -> None:
    of = table({"staff": "integer"}, {"sizes": [{"id": "near", "column": "staff"}]})
    frame = frame_of([("a", 2026, 100.0, False), ("b", 2026, 100.0, False), ("c", 2026, 100.0, False), ("d", 2026, None, False)])
    rows = [
        {"unit": unit, "when": 2026, "staff": staff} for unit, staff in (("a", 150), ("b", 151), ("c", 49), ("d", 9), ("e", 1))
    ]
    edited = edit_table(of, rows_of(of, rows), frame)
    assert reviews_of(edited) == {("b", "2026", "staff", "near"), ("c", "2026", "staff", "near")}


def test_the_size_in_the_register_gives_a_score_that_sorts_with_the_others() -> None:
    """Weighted distance from it over the total of the category, with it in the place of the value."""
    of = table({"staff": "integer"}, {"sizes": [{"id": "near", "column": "staff"}]})
    frame = frame_of([("a", 2026, 100.0, False), ("b", 2026, 50.0, False), ("c", 2026, 30.0, False)])
    given = (("a", 100, 4.0), ("b", 500, 2.0), ("c", 3, 5.0))
    rows = [{"unit": unit, "when": 2026, "staff": staff, "_weight": weight} for unit, staff, weight in given]
    found = {row["unit"]: (row["score"], row["expected"]) for row in edit_table(of, rows_of(of, rows), frame).reviews.to_dicts()}
    assert found == {
        "b": (pytest.approx(2 * 450 / (400 + 2 * 50 + 15), rel=1e-12), 50.0),
        "c": (pytest.approx(5 * 27 / (400 + 1000 + 5 * 30), rel=1e-12), 30.0),
    }


def test_a_total_that_moved_is_named_by_category_from_units_with_both_values() -> None:
    of = table({"added": "number"}, {"totals": [{"id": "moved", "column": "added", "limit": 0.25}]})
    rows = [
        {"unit": f"{cell}{i}", "when": when, "added": 10.0 * (factor if when == 2026 else 1.0), "_cell": cell, "_weight": 3.0}
        for cell, factor in (("up", 1.3), ("down", 0.79), ("calm", 1.25))
        for i in range(4)
        for when in (2025, 2026)
    ]
    rows.append({"unit": "new", "when": 2026, "added": 1e6, "_cell": "calm"})
    found = edit_table(of, rows_of(of, rows), None).reviews
    assert found.select("key", "unit", "period", "old", "expected").rows() == [
        ('["down"]', None, "2026", "94.8", 120.0),
        ('["up"]', None, "2026", "156", 120.0),
    ]
