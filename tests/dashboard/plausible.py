"""A plausible edition of any plan, drawn from the names of things: the same plan gives the same numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import polars as pl

from indicators.catalogue.plan import Indicator, Plan, Target
from indicators.editions.edition import Edition, write_edition
from pipelines.yamlfile import Text
from tests.dashboard.judged import judgements

YEARS = ("2024", "2025", "2026")
Row = dict[str, Any]


def write_plausible(
    root: Path, plan: Plan, *, numbers: Sequence[Row] = (), more: Sequence[Row] = (), notices: Sequence[Text] = ()
) -> Edition:
    """An edition under `root` with every row the plan would publish (or these `numbers`) and `more`, and some of every status."""
    coverage = [
        {
            "table_id": name,
            "rows": 1000 + 37 * i,
            "units": 900 + i,
            "first_period": "2024-01",
            "last_period": "2026-09" if table.period == "month" else "2026",
        }
        for i, (name, table) in enumerate(plan.dictionary.tables.items())
    ]
    statements = [
        {
            "indicator": name,
            "sql": f"SELECT year, count(*) AS n\nFROM survey -- {name}\nGROUP BY GROUPING SETS ((year), (year, segment))",
        }
        for name in plan.indicators
    ]
    numbers = list(numbers) or list(rows(plan))
    judged = judgements(plan, numbers)
    return write_edition(
        root,
        plan=plan,
        results=_with_outcomes(pl.DataFrame([*numbers, *more], infer_schema_length=None), judged["assessments"]),
        coverage=pl.DataFrame(coverage),
        statements=pl.DataFrame(statements),
        details=details(plan) | judged,
        provenance={"note": "made for tests"},
        notices=notices,
    )


def details(plan: Plan) -> dict[str, pl.DataFrame]:
    """What stands behind changes, panels and volunteers, with a breakdown that several methods split."""
    panel = next(name for name, indicator in plan.indicators.items() if indicator.transitions)
    of_all = {"period": "2026", "base_period": "2025", "breakdown": "total", "category": "total"}
    moved = [("2", "2", 14), ("2", "3", 9), ("3", "3", 8), ("3", "4", None), ("3", "lost", None)]
    moves = [{"indicator": panel, **of_all, "before": before, "after": after, "units": units} for before, after, units in moved]
    asked = {"indicator": "nc_rate", "period": "2026", "breakdown": "total", "category": "total"}
    response = [{**asked, "asked": 640, "answered": 540, "rate": 0.84375, "rate_weighted": 0.83, "rate_size": 0.91}]
    return {
        "decomposition": pl.DataFrame(list(_parts(plan)), infer_schema_length=None),
        "transitions": pl.DataFrame(moves),
        "response": pl.DataFrame(response),
    }


def _with_outcomes(results: pl.DataFrame, assessments: pl.DataFrame) -> pl.DataFrame:
    """The results as they are published: outcomes beside the verdicts."""
    key = ["indicator", "period", "breakdown", "category", "target"]
    judged = results.join(assessments.select(*key, "outcome"), on=key, how="left")
    nothing = pl.col("target").is_not_null() & pl.col("threshold").is_null() & pl.col("value").is_not_null()
    return judged.with_columns(outcome=pl.when(nothing).then(pl.lit("no_number")).otherwise("outcome"))


def _parts(plan: Plan) -> Iterator[Row]:
    """The parts of every method that an indicator of the plan can have."""
    for indicator in plan.indicators.values():
        found: list[tuple[str, tuple[str, ...], list[tuple[str, str]]]] = []
        whole, split = [("total", "total")], [("segment_group", "vehicle"), ("segment_group", "parts")]
        if indicator.decomposition:
            found.append(("bennet", ("within", "between", "entry", "exit", "total"), [*whole, *split]))
            found.append(("chained", ("total",), whole))
        if indicator.mix:
            found.append(("mix", ("pooled", "fixed_mix", "total"), whole))
        elif indicator.kind == "change":
            found.append(("matched", ("then", "now", "change"), [*whole, *split, ("segment", "3611")]))
        if indicator.opt_in:
            found.append(("composition", ("matched", "composition", "total"), whole))
            found.append(("opt_in", ("raw", "reweighted", "matched"), [*whole, *split]))
        for method, parts, places in found:
            for base in ("2025", None) if method == "opt_in" else ("2025",):
                for breakdown, category in places:
                    key = {"period": "2026", "base_period": base, "breakdown": breakdown, "category": category}
                    for part in parts:
                        value = (chance(indicator.id, method, category, part) - 0.3) / 10
                        yield {
                            "indicator": indicator.id,
                            **key,
                            "method": method,
                            "part": part,
                            "value": value,
                            "se": None,
                            "n": 9,
                        }


def rows(plan: Plan) -> Iterator[Row]:
    """Rows of the results frame for all indicators, periods, breakdowns and crossings of the plan."""
    for indicator in plan.indicators.values():
        for period in _periods(indicator):
            for names in plan.breakdown_sets():
                yield from _cells(plan, indicator, period, names)


def chance(*words: object) -> float:
    """A number in [0, 1) that depends on the words alone."""
    return int.from_bytes(hashlib.sha256("/".join(map(str, words)).encode()).digest()[:6]) / 2**48


def _periods(indicator: Indicator) -> list[str]:
    years = [year for year in YEARS if indicator.kind != "change" or year >= str(indicator.base_period)]
    quarters = [
        f"{year}-Q{q}" for year in YEARS for q in range(1, 5) if "quarter" in indicator.periods and f"{year}-Q{q}" <= "2026-Q3"
    ]
    return years + quarters


def _cells(plan: Plan, indicator: Indicator, period: str, names: tuple[str, ...]) -> Iterator[Row]:
    if names and indicator.breakdowns is not None and not set(names) <= set(indicator.breakdowns):
        return
    for codes in product(*(plan.categories(name) for name in names)):
        row = _estimate(plan, indicator, period, ",".join(names) or "total", ",".join(codes) or "total")
        held = [target for target in indicator.targets if _applies(target, names, codes)]
        yield from (row | _judged(plan, indicator, target, row) for target in held) if held else (row,)


def _estimate(plan: Plan, indicator: Indicator, period: str, breakdown: str, category: str) -> Row:
    """Drifts towards the target over the years, with an error that grows as the cell shrinks."""
    goal = next((target.value for target in indicator.targets if target.value is not None), None)
    fraction = plan.unit(indicator.id).factor == 100
    scale = (goal if goal else 1.0 if fraction else 40.0) or 1.0
    year, _, quarter = period.partition("-Q")
    age = int(year) - 2024 + (int(quarter) / 4 - 0.5 if quarter else 0)
    start = 0.0 if indicator.kind == "change" else scale * (0.62 + 0.3 * chance(indicator.id))
    step = (
        scale
        * (0.55 * chance("step", indicator.id) if indicator.kind == "change" else 0.06)
        * (0.6 + 0.8 * chance(indicator.id, category))
    )
    value = (
        start
        + step * (age - (indicator.kind == "change"))
        + abs(scale) * 0.12 * (chance(indicator.id, breakdown, category) - 0.5) * (breakdown != "total")
    )
    if indicator.kind == "change" and period == indicator.base_period:
        value = 0.0
    value = round(value) if plan.unit(indicator.id).decimals == 0 else value
    value = min(max(value, 0.0), 1.0) if fraction and indicator.kind != "change" else value
    se = 0.0 if indicator.kind == "total" else abs(scale) * (0.006 if breakdown == "total" else 0.02)
    row = {
        "indicator": indicator.id,
        "period": period,
        "breakdown": breakdown,
        "category": category,
        "value": float(value),
        "se": se,
    }
    row |= {
        "low": value - 1.96 * se if se else None,
        "high": value + 1.96 * se if se else None,
        "n": int(40 + 900 * chance("n", category)),
    }
    row |= {"quality": "census" if se == 0 else "B", "status": "published"}
    return row | _withheld(chance("status", indicator.id, breakdown, category)) if breakdown != "total" else row


def _withheld(draw: float) -> Row:
    if draw < 0.06:
        return dict.fromkeys(("value", "se", "low", "high", "n", "quality"), None) | {"status": "suppressed"}
    if draw < 0.09:
        return dict.fromkeys(("value", "se", "low", "high", "n", "quality"), None) | {"status": "absent"}
    return {"quality": "E", "status": "unreliable"} if draw < 0.16 else {}


def _applies(target: Target, names: tuple[str, ...], codes: tuple[str, ...]) -> bool:
    return dict(zip(names, codes, strict=True)) == (target.scope if isinstance(target.scope, dict) else {})


def _judged(plan: Plan, indicator: Indicator, target: Target, row: Row) -> Row:
    named = {
        "target": target.id or indicator.id,
        "target_year": target.year,
        "operator": target.operator,
        "threshold": target.value,
    }
    if target.value is None or row["value"] is None:
        return named | {"gap": None, "verdict": "undecided"}
    sign = 1 if target.operator in (">", ">=") else -1
    gap = sign * (target.value - row["value"])
    if row["low"] is not None:
        ends = sorted(sign * (target.value - row[end]) for end in ("low", "high"))
        named |= {"gap_low": ends[0], "gap_high": ends[1]}
    met = gap < 0 or (gap == 0 and target.operator in (">=", "<="))
    return named | {"gap": gap, "verdict": "met" if met else "not_yet"}


def unjudged(store: Path, plan: Plan) -> None:
    """An edition of a single indicator without any table of judgements, as earlier versions of the program published."""
    numbers = pl.DataFrame(list(rows(plan)), infer_schema_length=None).filter(pl.col("indicator") == "rd_tool_rate")
    coverage = {"table_id": ["survey"], "rows": [1], "units": [1], "first_period": ["2024"], "last_period": ["2026"]}
    statements = pl.DataFrame({"indicator": ["rd_tool_rate"], "sql": ["SELECT 1"]})
    write_edition(
        store / "editions", plan=plan, results=numbers, coverage=pl.DataFrame(coverage), statements=statements, provenance={}
    ).close()
