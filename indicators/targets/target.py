"""Targets held against results: threshold, gap in native units, verdict by the comparison that the law makes."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence

import polars as pl

from indicators.catalogue.plan import Plan, Target
from indicators.editions.results import DIGITS, TOTAL

_COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}


#: 24 days after 30 are 20 % less, but 24/30 − 1 is −0.19999999999999996 to a machine; so near, a value is the threshold
SAME = 1e-12


def gap(target: Target, value: float) -> float:
    """What is still to go from `value`, in its own unit; positive means the target is not reached, whichever way is better."""
    assert target.value is not None and target.operator is not None
    if math.isclose(value, target.value, rel_tol=SAME):
        return 0.0
    return target.value - value if target.operator.startswith(">") else value - target.value


def verdict(target: Target, value: float | None, period: str, *, over: bool = True) -> str:
    """met, not_met, not_yet or undecided.

    Values are compared unrounded: 94.996 % prints 95.0 % and is not above 95 %. `over` says whether the period is complete;
    a part of a year, a quarter or a month never fails the target of a year.
    """
    if target.value is None or target.operator is None or value is None:
        return "undecided"
    same = math.isclose(value, target.value, rel_tol=SAME)
    if target.operator in (">=", "<=") if same else _COMPARE[target.operator](value, target.value):
        return "met"
    early = target.year is None or int(period[:4]) < target.year or len(period) > 4 or not over
    return "not_yet" if early else "not_met"


def assess(plan: Plan, results: pl.DataFrame, unfinished: frozenset[tuple[str, str]] = frozenset()) -> pl.DataFrame:
    """The results with target columns filled on the row of each target's scope; one row more for each further target.

    `unfinished` holds (indicator, year) of which not all months are there. A panel that lost members (no error is known
    of it) has not met anything: those who are missing might not have. Where another accepted method (`sensitivity`) reaches
    the target and the declared one does not, or the other way round, the verdict is `depends`.
    """
    rows = []
    values = _values(plan, results)
    for indicator in plan.indicators.values():
        for target in indicator.targets:
            breakdown, category = scope_key(target)
            here = (pl.col("indicator") == indicator.id) & (pl.col("breakdown") == breakdown) & (pl.col("category") == category)
            if target.base_period:  # up to the base there is nothing to be judged
                here &= pl.col("period").str.slice(0, 4) > target.base_period
            for row in results.filter(here).iter_rows(named=True):
                value = row["value"]
                judged = value is not None and target.value is not None
                over = (indicator.id, row["period"]) not in unfinished
                found = verdict(target, value, row["period"], over=over)
                incomplete = indicator.panel is not None and row["se"] is None
                found = "undecided" if incomplete and found == "met" else found
                others = [values.get((name, row["period"], breakdown, category)) for name in target.sensitivity]
                rows.append(
                    {
                        **{name: row[name] for name in ("indicator", "period", "breakdown", "category")},
                        "target": target.id or indicator.id,
                        "target_year": target.year,
                        "operator": target.operator,
                        "threshold": target.value,
                        "gap": gap(target, value) if judged else None,
                        **_interval(target, row.get("low"), row.get("high")),
                        "verdict": "depends" if _disputed(target, found, row["period"], others) else found,
                    }
                )
    schema = {
        **dict.fromkeys(("indicator", "period", "breakdown", "category", "target"), pl.String),
        "target_year": pl.Int64,
        "operator": pl.String,
        "threshold": pl.Float64,
        **dict.fromkeys(("gap", "gap_low", "gap_high"), pl.Float64),
        "verdict": pl.String,
    }
    targeted = pl.DataFrame(rows, schema=schema).with_columns(pl.col("gap", "gap_low", "gap_high").round_sig_figs(DIGITS))
    return results.join(targeted, on=["indicator", "period", "breakdown", "category"], how="left")


def _interval(target: Target, low: float | None, high: float | None) -> dict[str, float | None]:
    """The interval of the gap from that of the value."""
    if target.value is None or low is None or high is None:
        return {"gap_low": None, "gap_high": None}
    ends = sorted((gap(target, low), gap(target, high)))
    return {"gap_low": ends[0], "gap_high": ends[1]}


def _values(plan: Plan, results: pl.DataFrame) -> dict[tuple[str, str, str, str], float]:
    """Published values of the indicators that targets are held against as a test of method, by indicator, period and category."""
    named = {name for indicator in plan.indicators.values() for target in indicator.targets for name in target.sensitivity}
    rows = results.filter(pl.col("indicator").is_in(named), pl.col("value").is_not_null())
    return {row[:4]: row[4] for row in rows.select("indicator", "period", "breakdown", "category", "value").iter_rows()}


def _disputed(target: Target, found: str, period: str, others: Sequence[float | None]) -> bool:
    """Whether a value by another method stands on the other side of the target; one that nobody knows disputes nothing."""
    if found == "undecided":
        return False
    return any(value is not None and (verdict(target, value, period) == "met") != (found == "met") for value in others)


def scope_key(target: Target) -> tuple[str, str]:
    """Breakdown and category of the row that a target is held against."""
    if isinstance(target.scope, str):
        return TOTAL, TOTAL
    return ",".join(target.scope), ",".join(target.scope.values())
