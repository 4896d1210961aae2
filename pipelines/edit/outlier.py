"""Values that are unusual against their former wave, or matter too much to be taken unseen: found, not changed.

Ratios: Hidiroglou and Berthelot (1986), Statistical editing and imputation for periodic business surveys, Survey Methodology
12, 73–83. Scores: Latouche and Berthelot (1992), JOS 8, 389–400; de Waal, Pannekoek and Scholtus (2011), ch. 6. Both compare
within a category: pooled over categories that develop differently, the ratios of a whole category look unusual.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.edit.expected import LEAST, totals, wave_ratios
from pipelines.edit.records import Bools, Floats, Ints, Records, Review
from pipelines.edit.rule import Former, Outlier, Score, Size, Total

#: a distance from the median ratio that is rounding and nothing else
_ROUNDING = 1e-9


@dataclass(frozen=True, kw_only=True)
class Effects:
    """Effects E of ratios, between which limits they are usual, and which lie outside."""

    effect: Floats
    low: float
    high: float
    outside: Bools


def effects(before: Floats, now: Floats, *, u: float = 0.5, a: float = 0.05, c: float = 10) -> Effects:
    """The Hidiroglou–Berthelot effects of pairs of values that are both given, not zero and of one sign.

    s = 1 − median/r below the median ratio and r/median − 1 above it; E = s × max(y₁, y₂)^u; d₁ = max(E50 − E25, |a·E50|)
    and d₃ = max(E75 − E50, |a·E50|) with quartiles of type 7; usual from E50 − c·d₁ to E50 + c·d₃.
    """
    ratio = now / before
    middle = float(np.median(ratio))
    distance = np.where(ratio < middle, 1 - middle / ratio, ratio / middle - 1)
    effect = distance * np.maximum(np.abs(before), np.abs(now)) ** u
    q1, q2, q3 = (float(q) for q in np.quantile(effect, [0.25, 0.5, 0.75]))
    low, high = q2 - c * max(q2 - q1, abs(a * q2)), q2 + c * max(q3 - q2, abs(a * q2))
    outside = ((effect < low) | (effect > high)) & (np.abs(distance) > _ROUNDING)
    return Effects(effect=effect, low=low, high=high, outside=outside)


def outliers(records: Records, rules: Sequence[Outlier]) -> list[Review]:
    """A review of each value whose ratio is outside the limits of its cell, and of each that is zero, or of another sign than
    its former value: such pairs have no ratio and are left out of the others."""
    found = []
    for rule in rules:
        now, before = records.numbers(rule.column), records.before(rule.column, rule.former)
        given = np.isfinite(now) & np.isfinite(before)
        tested, turned = given & (now * before > 0), given & (now * before <= 0) & ((now != 0) | (before != 0))
        scores = _scores(records, rule.column, rule.former, tested)
        for group in records.groups:
            rows = group[tested[group]]
            if len(rows):
                of = effects(before[rows], now[rows], u=rule.u, a=rule.a, c=rule.c)
                found += _unusual(rule, rows, now[rows] / before[rows], of, scores)
        found += [_zero(rule, int(row), before[row], now[row], scores) for row in np.flatnonzero(turned)]
    return found


def _unusual(rule: Outlier, rows: Ints, ratios: Floats, of: Effects, scores: tuple[Floats, Floats]) -> list[Review]:
    reviews = []
    for i in np.flatnonzero(of.outside):
        zh = (
            f"与上期之比{ratios[i]:.4g}在同类企业中异常：效应值{of.effect[i]:.4g}，"
            f"界限{of.low:.4g}至{of.high:.4g}（HB法，{len(rows)}个比值）"
        )
        en = (
            f"its ratio to the former value, {ratios[i]:.4g}, is unusual in its category: effect {of.effect[i]:.4g}, "
            f"limits {of.low:.4g} to {of.high:.4g} (Hidiroglou–Berthelot, {len(rows)} ratios)"
        )
        reviews.append(_review(int(rows[i]), rule.column, rule.id, "outlier", zh, en, scores))
    return reviews


def _zero(rule: Outlier, row: int, before: float, now: float, scores: tuple[Floats, Floats]) -> Review:
    zh = f"上期为{before:.6g}，本期为{now:.6g}：由零变非零、由非零变零或正负相反，请核实"
    en = f"{before:.6g} before and {now:.6g} now: from zero, to zero or of the other sign; please verify"
    return _review(row, rule.column, rule.id, "zero", zh, en, scores)


def important(records: Records, rules: Sequence[Score]) -> list[Review]:
    """A review of each value whose score lies above the limit of its rule."""
    found = []
    for rule in rules:
        given = np.isfinite(records.numbers(rule.column))
        scores = _scores(records, rule.column, rule.former, given)
        for row in np.flatnonzero(scores[0] > rule.above):
            zh = f"与期望值之差占该类加权总量的{scores[0][row]:.2%}，高于{rule.above:.2%}，请核实"
            en = f"its distance from what is expected is {scores[0][row]:.2%} of the category total, above {rule.above:.2%}"
            found.append(_review(int(row), rule.column, rule.id, "score", zh, en, scores))
    return found


def sizes(records: Records, rules: Sequence[Size]) -> list[Review]:
    """A review of each value that does not agree with the size of its unit in the register, which is what is expected."""
    found = []
    size = records.numbers("_size")
    for rule in rules:
        now = records.numbers(rule.column)
        scores = _scored(records, rule.column, np.where(size > 0, size, np.nan))
        known = np.isfinite(now) & (size > 0)
        ratio = np.where(known, now / np.where(size > 0, size, 1), np.nan)
        for row in np.flatnonzero((ratio < rule.low) | (ratio > rule.high)):
            zh = f"为名录规模{size[row]:.6g}的{ratio[row]:.4g}倍，应在{rule.low:g}至{rule.high:g}倍之间，请核实"
            en = (
                f"{ratio[row]:.4g} times its size in the register, {size[row]:.6g}; "
                f"{rule.low:g} to {rule.high:g} is usual, please verify"
            )
            found.append(_review(int(row), rule.column, rule.id, "size", zh, en, scores))
    return found


def moved(records: Records, rules: Sequence[Total]) -> list[Review]:
    """A review of each total of a cell that moved by more than the limit of its rule since the former wave.

    Only what has both values counts, so that neither births nor silence move a total.
    """
    found = []
    for rule in rules:
        ratios = wave_ratios(records, rule.column, rule.former, np.ones(records.frame.height, dtype=np.bool_))
        now, before = records.numbers(rule.column), records.before(rule.column, rule.former)
        weight = records.numbers("_weight")
        for group in records.groups:
            ratio = ratios[group[0]]
            if not (ratio > 1 + rule.limit or ratio < 1 / (1 + rule.limit)):
                continue
            both = group[np.isfinite(now[group]) & np.isfinite(before[group])]
            sums = [math.fsum(weight[both] * values[both]) for values in (now, before)]
            zh = f"该类加权总量由{sums[1]:.6g}变为{sums[0]:.6g}（同口径），变动超过{rule.limit:.0%}，请核实"
            en = f"the total of the category moved from {sums[1]:.6g} to {sums[0]:.6g} (same units), more than {rule.limit:.0%}"
            cell, period = str(records.frame["_cell"][int(group[0])]), records.period(int(group[0]))
            found.append(
                Review(
                    row=None, column=rule.column, rule=rule.id, method="total", zh=zh, en=en, expected=sums[1],
                    cell=cell, period=period, old=f"{sums[0]:.12g}",
                )
            )  # fmt: skip
    return found


def _scores(records: Records, column: str, former: Former, used: Bools) -> tuple[Floats, Floats]:
    """Score and expected value of each row, which is the former value × the median ratio of the cell: an error in a large
    unit cannot pull that along."""
    now, before = records.numbers(column), records.before(column, former)
    return _scored(records, column, before * _middle(records, now, before, used))


def _scored(records: Records, column: str, expected: Floats) -> tuple[Floats, Floats]:
    """Score of each row, and what is expected: w·|y − ŷ|/Ŷ, with Ŷ the weighted total of the cell with ŷ in the place of y."""
    now, weight = records.numbers(column), records.numbers("_weight")
    total = totals(records, column) + weight * (expected - now)
    score = np.where(total > 0, weight * np.abs(now - expected) / np.where(total > 0, total, 1), np.nan)
    return score, expected


def _middle(records: Records, now: Floats, before: Floats, used: Bools) -> Floats:
    """The median ratio of each row's cell, from rows of `used` whose two values have one sign."""
    found = np.full(len(now), np.nan)
    for group in records.groups:
        rows = group[used[group] & (now[group] * before[group] > 0)]
        if len(rows) >= LEAST:
            found[group] = np.median(now[rows] / before[rows])
    return found


def _review(row: int, column: str, rule: str, method: str, zh: str, en: str, scores: tuple[Floats, Floats]) -> Review:
    score, expected = (float(values[row]) if np.isfinite(values[row]) else None for values in scores)
    return Review(row=row, column=column, rule=rule, method=method, zh=zh, en=en, score=score, expected=expected)
