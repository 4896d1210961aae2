"""Plans of one target and rows of HELD for the tests of paths and paces, made on the spot."""

from __future__ import annotations

from functools import cache
from typing import Any

import polars as pl

from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Plan, Target
from indicators.editions.results import TOTAL
from indicators.targets.held import HELD

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
            "over": True,
            "since": int(period) - int(begun) if begun else None,
            "left": max(target.year - int(period), 0) if target.year else None,
            "pace_scale": "linear",
            "scenario_scale": "logit",
            "bounded": True,
            "change": False,
            "exact": False,
            "base_period": begun,
        }
        rows.append({**row, **number})
    return pl.DataFrame(rows, schema=HELD)


def shuffled(frame: pl.DataFrame, seed: int) -> pl.DataFrame:
    return frame.sample(fraction=1.0, shuffle=True, seed=seed)
