"""Rows of HELD for tests: one number held against one target, every fact of which may be given."""

from __future__ import annotations

from functools import cache
from typing import Any

import polars as pl

from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Plan, Target
from indicators.editions.results import TOTAL
from indicators.targets.assessment import judged
from indicators.targets.held import HELD

#: a share of 60 % in 2025 and 64 % in 2026, to be more than 70 % in 2027
SHARE: dict[str, Any] = {
    "indicator": "share",
    "period": "2026",
    "breakdown": "total",
    "category": "total",
    "target": "T",
    "scope": True,
    "direction": 1,
    "strict": True,
    "threshold": 0.70,
    "target_year": 2027,
    "over": True,
    "since": 1,
    "left": 1,
    "pace_scale": "linear",
    "scenario_scale": "logit",
    "bounded": True,
    "change": False,
    "value": 0.64,
    "se": 0.01,
    "low": 0.62,
    "high": 0.66,
    "df": None,  # normal; tests of few degrees of freedom give their number
    "n": 250,
    "reliable": True,
    "exact": False,
    "base_period": "2025",
    "base": 0.60,
    "base_se": 0.01,
    "covariance": 0.00005,
    "verdict": "not_yet",
}
#: the same of a full count
COUNTED: dict[str, Any] = {**SHARE, "se": 0.0, "low": None, "high": None, "exact": True, "base_se": 0.0, "covariance": 0.0}
#: days that are to be 20 % fewer: a level on the scale of logarithms
DAYS: dict[str, Any] = {
    **SHARE,
    "indicator": "days",
    "direction": -1,
    "strict": False,
    "pace_scale": "log",
    "scenario_scale": "log",
    "bounded": False,
    "base": 100.0,
    "value": 92.0,
    "threshold": 80.0,
    "se": 2.0,
    "low": 88.0,
    "high": 96.0,
    "base_se": 2.0,
    "covariance": 0.0,
}
#: a change of 5 % since the base, which is to be at least 10 %
CHANGE: dict[str, Any] = {
    **SHARE,
    "indicator": "change",
    "strict": False,
    "pace_scale": "index",
    "scenario_scale": "index",
    "bounded": False,
    "change": True,
    "base": 0.0,
    "base_se": 0.0,
    "covariance": 0.0,
    "value": 0.05,
    "se": 0.02,
    "low": 0.01,
    "high": 0.09,
    "threshold": 0.10,
}
PROBABILITIES = ("p_met", "p_on_track", "p_acceleration", "p_limited", "p_deterioration")


def held(*rows: dict[str, Any]) -> pl.DataFrame:
    """The frame HELD of these rows, in their order."""
    return pl.DataFrame(list(rows), schema=HELD)


def judge(row: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """One row, with what is given here in place of its own, as it is judged."""
    return judged(held({**row, **changed})).row(0, named=True)


_automotive = cache(lambda: load_plan(AUTOMOTIVE))


def plan_of(indicator: str = "nc_rate", **target: Any) -> Plan:
    """The automotive plan, in which this indicator has this target `T` and no other has any."""
    spec = {"id": "T", "year": 2030, "value": 0.7, "basis": "level", "base_period": "2025", "source": "law", **target}
    spec = {"operator": ">=", **spec}
    reading = "strict" if spec["operator"] in "<>" else "inclusive"
    aimed = {indicator: [Target.model_validate({"reading": reading, **spec})]}
    plan = _automotive()
    indicators = {name: one.model_copy(update={"targets": aimed.get(name, [])}) for name, one in plan.indicators.items()}
    return plan.model_copy(update={"indicators": indicators})


def held_of(plan: Plan, *numbers: dict[str, Any]) -> pl.DataFrame:
    """Rows of HELD against the one target of a plan: a share of the whole in 2026 unless said otherwise."""
    indicator, target = next((one, one.targets[0]) for one in plan.indicators.values() if one.targets)
    begun = plan.base_of(target)
    rows = []
    for number in numbers:
        period = number.get("period", "2026")
        category = number.get("category", TOTAL)
        row: dict[str, Any] = {
            **{name: SHARE[name] for name in ("over", "pace_scale", "scenario_scale", "bounded", "change", "exact", "reliable")},
            "indicator": indicator.id,
            "period": period,
            "breakdown": TOTAL if category == TOTAL else "province",
            "category": category,
            "target": target.id,
            "scope": category == TOTAL,
            "direction": 1 if (target.operator or "").startswith(">") else -1,
            "strict": target.operator in ("<", ">"),
            "threshold": target.value,
            "target_year": target.year,
            "since": int(period) - int(begun) if begun else None,
            "left": max(target.year - int(period), 0) if target.year else None,
            "base_period": begun,
        }
        rows.append({**row, **number})
    return pl.DataFrame(rows, schema=HELD)


def shuffled(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    return frame.sample(fraction=1.0, shuffle=True, seed=seed)
