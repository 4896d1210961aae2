"""Change of a duration on a base year: pooled, or with every group keeping the share it had in the base year.

δ = ln(q/q0) with the error of δ from replicates that drew the same enterprises in both years (Rao and Wu 1988), percentile
interval. At a fixed mix δ = Σ share·ln(q/q0) over the groups, a geometric Young index (Consumer Price Index Manual, IMF 2020,
ch. 8): when slow makers report more projects the quantile of all rises though none became slower. The share of a group is its
weighted share of the cases that were exposed in the base year; cases and not finished cases, of which slow groups have fewer
yet, and not days under way, of which they have more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from indicators.catalogue.plan import Indicator, Plan
from indicators.cycles.duration import REACHED, Key, spread
from indicators.editions.results import DIGITS, TOTAL
from indicators.estimation.estimate import KEYS, Floats
from pipelines.yamlfile import Text

_FRAME = {
    **dict.fromkeys(KEYS, pl.String),
    **dict.fromkeys(("value", "se", "low", "high"), pl.Float64),
    "n": pl.Int64,
    "sampled": pl.Boolean,
}
_PARTS = {**_FRAME, "base_period": pl.String, "method": pl.String, "part": pl.String}


@dataclass(frozen=True, kw_only=True)
class CycleChange:
    """Estimates of a change, how the fixed mix moved it (rows of the table `decomposition`), and what is missing for it."""

    frame: pl.DataFrame
    parts: pl.DataFrame
    notices: tuple[Text, ...]


@dataclass(frozen=True, kw_only=True)
class _Ends:
    """Quantiles of one category in the base year and a later (or earlier) one, and their replicates (infinite: not reached)."""

    then: float | None
    now: float | None
    then_drawn: Floats
    now_drawn: Floats

    @property
    def log(self) -> float | None:
        return float(np.log(self.now / self.then)) if self.now and self.then else None

    @property
    def log_drawn(self) -> Floats:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(np.log(self.now_drawn) - np.log(self.then_drawn))


def changes(plan: Plan, indicator: Indicator, levels: pl.DataFrame, replicates: Mapping[Key, Floats]) -> CycleChange:
    """Every change of a duration on the base year; the total at a fixed mix where the indicator names one."""
    base = str(indicator.base_period)
    level = levels.filter(pl.col("indicator") == indicator.change_of)
    known = {(row["period"], row["breakdown"], row["category"]): row for row in level.iter_rows(named=True)}
    rows, parts, notices = [], [], []
    for (period, breakdown, category), row in known.items():
        before = known.get((base, breakdown, category))
        if period == base or before is None:
            continue
        key = {"indicator": indicator.id, "period": period, "breakdown": breakdown, "category": category}
        pooled = _ends(known, replicates, period, base, breakdown, category)
        found = _difference(pooled) if indicator.change_as == "difference" else _relative(pooled.log, pooled.log_drawn)
        behind = [end["n"] for end in (row, before) if end["n"] is not None]
        counts = {"n": min(behind) if len(behind) == 2 else None, "sampled": True}
        if indicator.mix and breakdown == TOTAL:
            log, drawn, lost = _fixed(known, replicates, period, base, indicator.mix)
            if lost:
                notices.append(_notice(plan, indicator, period, lost))
            at_fixed = _relative(log, drawn)
            parts += [
                {**key, **counts, **part, "base_period": base, "method": "mix"}
                for part in _parts(found, at_fixed, _moved(pooled.log_drawn, drawn))
            ]
            found = at_fixed
        rows.append({**key, **found, **counts})
    told = pl.DataFrame(parts, schema=_PARTS).drop("low", "high", "sampled")
    return CycleChange(
        frame=pl.DataFrame(rows, schema=_FRAME),
        parts=told.with_columns(pl.col("value", "se").round_sig_figs(DIGITS)),
        notices=tuple(notices),
    )


def _ends(
    known: Mapping[Key, dict[str, Any]], replicates: Mapping[Key, Floats], period: str, base: str, breakdown: str, category: str
) -> _Ends:
    then, now = (base, breakdown, category), (period, breakdown, category)
    return _Ends(then=known[then]["value"], now=known[now]["value"], then_drawn=replicates[then], now_drawn=replicates[now])


def _fixed(
    known: Mapping[Key, dict[str, Any]], replicates: Mapping[Key, Floats], period: str, base: str, mix: str
) -> tuple[float | None, Floats, list[str]]:
    """Σ share·δ over the groups, the same of every replicate, and the groups for which a quantile is missing."""
    total = known[base, TOTAL, TOTAL]["exposed"]
    shares = {key[2]: row["exposed"] / total for key, row in known.items() if key[:2] == (base, mix)}
    ends = {
        group: _ends(known, replicates, period, base, mix, group) for group in sorted(shares) if (period, mix, group) in known
    }
    lost = [group for group in sorted(shares) if group not in ends or ends[group].log is None]
    if sum(shares.values()) < 1 - 1e-9:
        lost.append("")  # cases of no group
    if lost:
        return None, np.full(1, np.nan), lost
    return (
        sum(shares[group] * (end.log or 0.0) for group, end in ends.items()),
        np.asarray(sum(shares[group] * end.log_drawn for group, end in ends.items())),
        [],
    )


def _relative(log: float | None, drawn: Floats) -> dict[str, float | None]:
    """Index − 1 with its error on the log scale."""
    if log is None:
        return dict.fromkeys(("value", "se", "low", "high"))
    found, ratio = spread(drawn), float(np.exp(log))
    ends = {name: None if (end := found[name]) is None else float(np.expm1(end)) for name in ("low", "high")}
    return {"value": round(ratio - 1, DIGITS - 1), "se": None if found["se"] is None else ratio * found["se"], **ends}


def _difference(ends: _Ends) -> dict[str, float | None]:
    """How much longer or shorter, in the unit of the level."""
    if ends.now is None or ends.then is None:
        return dict.fromkeys(("value", "se", "low", "high"))
    with np.errstate(invalid="ignore"):
        return {"value": ends.now - ends.then, **spread(ends.now_drawn - ends.then_drawn)}


def _moved(pooled: Floats, fixed: Floats) -> float | None:
    """The standard error of what fixing the mix adds to the change."""
    with np.errstate(invalid="ignore"):
        moved = np.expm1(fixed) - np.expm1(pooled)
    moved = moved[np.isfinite(moved)]
    return float(moved.std(ddof=1)) if moved.size >= REACHED * pooled.size else None


def _parts(
    pooled: Mapping[str, float | None], fixed: Mapping[str, float | None], moved: float | None
) -> list[dict[str, str | float | None]]:
    """The change of all cases together, what fixing the mix adds to it, and both together, which is the published change."""
    before, after = pooled["value"], fixed["value"]
    added = None if before is None or after is None else round(after - before, DIGITS - 1)
    return [
        {"part": "pooled", "value": before, "se": pooled["se"]},
        {"part": "fixed_mix", "value": added, "se": None if added is None else moved},
        {"part": "total", "value": after, "se": fixed["se"]},
    ]


def _notice(plan: Plan, indicator: Indicator, period: str, lost: list[str]) -> Text:
    assert indicator.mix is not None
    base, codes = indicator.base_period, plan.categories(indicator.mix)
    nobody = Text(zh="未归类", en="those of no group")
    names = [codes[group].name if group in codes else Text(zh=group, en=group) if group else nobody for group in lost]
    zh, en = "、".join(name.zh for name in names), ", ".join(name.en for name in names)
    return Text(
        zh=f"{indicator.name.zh}：{period}年不公布总体数值，因为{zh}在{base}年或{period}年没有数值，无法按{base}年的构成合成；请看分类结果。",
        en=f"{indicator.name.en}: no overall value is published for {period}, because {en} have none in {base} or {period}, so "
        f"the mix of {base} cannot be kept; see the breakdowns.",
    )
