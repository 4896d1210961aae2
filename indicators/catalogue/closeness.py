"""Closeness: for how many members of a panel the class hangs on less than the margin of its scale.

A score of 2.79 that became 2.81 gains a level, one of 3.75 that became 3.79 does not; both say little.
"""

from __future__ import annotations

import polars as pl

from indicators.catalogue.plan import Indicator
from pipelines.dictionary import Scale, Table
from pipelines.yamlfile import Text

#: scores that differ by less are the same: 3.8 − 3.75 is 0.04999999999999982 to a machine
SAME = 1e-9


def scale_of(table: Table, column: str) -> Scale | None:
    """The scale from which the classes of a column follow; None where there is none."""
    return next((scale for scale in table.scales if scale.column == column), None)


def formulas(scale: Scale) -> tuple[str, str]:
    """Two row formulas, 1 or 0: the class changed, or did not, and a score stands nearer than the margin to a bound.

    Of a change only the bounds count that were crossed; without a score of the base period under the same edition, all.
    """
    score, base, width = scale.score, f"base_{scale.score}", repr(scale.margin - SAME)
    crossed, near = [], []
    for bound in map(repr, scale.bounds):
        beside = f"ABS({score} - {bound}) < {width}"
        over = f"(({score} >= {bound} AND {base} < {bound}) OR ({score} < {bound} AND {base} >= {bound}))"
        crossed.append(f"({base} IS NULL AND {beside})")
        crossed.append(f"({over} AND ({beside} OR ABS({base} - {bound}) < {width}))")
        near.append(beside)
    inside = f"({scale.where}) AND " if scale.where else ""

    def one(sign: str, parts: list[str]) -> str:
        return f"CASE WHEN {inside}{scale.column} {sign} base_{scale.column} AND ({' OR '.join(parts)}) THEN 1 ELSE 0 END"

    return one("<>", crossed), one("=", near)


def notices(scale: Scale, indicator: Indicator, matrix: pl.DataFrame, least: int) -> list[Text]:
    """For each period of a matrix (columns period, close_changed, close_same), how many members stand so close."""
    found, name, margin = [], indicator.name, f"{scale.margin:g}"
    sums = matrix.group_by("period").agg(pl.col("close_changed", "close_same").sum()).sort("period")
    for row in sums.filter(pl.col("close_changed") + pl.col("close_same") > 0).iter_rows(named=True):
        year, changed, same = row["period"] // 10000, counted(row["close_changed"], least), counted(row["close_same"], least)
        zh, en = [], []
        if row["close_changed"]:
            zh.append(f"{changed.zh}企业的等级变化取决于不足{margin}分的得分差（得分距等级界线不足{margin}）")
            en.append(f"the change of level of {changed.en} rests on a score less than {margin} from a bound between levels")
        if row["close_same"]:
            zh.append(f"{same.zh}企业等级未变而得分距等级界线不足{margin}")
            en.append(f"{same.en} did not change though the score is less than {margin} from a bound")
        said = Text(zh=f"{name.zh}：{year}年名单内{'，'.join(zh)}。", en=f"{name.en}, {year}: of the panel, {'; '.join(en)}.")
        found.append(said)
    return found


def counted(count: int, least: int) -> Text:
    """A count in words; one so small that it could point at somebody as `a few`, which does not tell the operator's rule."""
    if 0 < count < least:
        return Text(zh="少数几家", en="a few")
    return Text(zh=f"{count}家", en=str(count))
