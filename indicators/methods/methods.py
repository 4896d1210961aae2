"""The method strip: what other official methods would say of the same numbers, and whether they agree with our own pace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from indicators.catalogue.plan import Indicator, Plan, Target
from indicators.editions.details import as_details
from indicators.estimation.estimate import KEYS
from indicators.methods.bands import Direction
from indicators.methods.course import Course, Growthless
from indicators.methods.rulings import METHODS
from indicators.targets.target import scope_key

Row = dict[str, Any]
#: indicator, breakdown and category → year → value
History = Mapping[tuple[str, str, str], Mapping[int, float]]
_DIRECTIONS: Mapping[str, Direction] = {
    "on_track": "on_track",
    "acceleration": "behind",
    "limited": "behind",
    "deterioration": "away",
}


def methods(plan: Plan, held: pl.DataFrame, assessed: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    """Rows of the table `methods`: every method for every number that the law speaks of, of whole years from the base on.

    `held` is the frame HELD, `assessed` the table `assessments`; `results` give the years before, and the numbers of targets
    that have none themselves.
    """
    history = _history(results)
    rows = [*_numbered(plan, held, assessed, history), *_numberless(plan, history)]
    return as_details("methods", pl.DataFrame(rows, infer_schema_length=None) if rows else None)


def own_direction(gap: float | None, grade: str | None, *, strict: bool) -> Direction | None:
    """What our own assessment says, in the three words of the methods; None where it has neither reached nor a pace.

    At equality a strict threshold is not reached.
    """
    if gap is not None and (gap < 0 or (gap == 0 and not strict)):
        return "on_track"
    return _DIRECTIONS[grade] if grade is not None else None


def _history(results: pl.DataFrame) -> History:
    whole = results.filter(pl.col("value").is_not_null(), pl.col("period").str.len_chars() == 4)
    found: dict[tuple[str, str, str], dict[int, float]] = {}
    for indicator, period, breakdown, category, value in whole.select(*KEYS, "value").iter_rows():
        found.setdefault((indicator, breakdown, category), {})[int(period)] = value
    return found


def _numbered(plan: Plan, held: pl.DataFrame, assessed: pl.DataFrame, history: History) -> Iterator[Row]:
    """Of targets with a number."""
    targets = {(one.id, target.id or one.id): (one, target) for one in plan.indicators.values() for target in one.targets}
    own = assessed.select(*KEYS, "target", "path", "gap", "grade")
    for row in held.filter("scope").join(own, on=[*KEYS, "target"], how="left").iter_rows(named=True):
        indicator, target = targets[row["indicator"], row["target"]]
        series = history.get((row["indicator"], row["breakdown"], row["category"]), {})
        course = _course(plan, indicator, target, int(row["period"]), series, path=row["path"])
        said = own_direction(row["gap"], row["grade"], strict=row["strict"])
        yield from _ruled({name: row[name] for name in (*KEYS, "target")}, course, said)


def _numberless(plan: Plan, history: History) -> Iterator[Row]:
    """Of targets without one, from the base year on."""
    for indicator in plan.indicators.values():
        for target in indicator.targets:
            if target.value is not None:
                continue
            breakdown, category = scope_key(target)
            begun, series = plan.base_of(target), history.get((indicator.id, breakdown, category), {})
            for year in sorted(series):
                if begun is None or year >= int(begun):
                    key = dict(zip(KEYS, (indicator.id, str(year), breakdown, category), strict=True))
                    course = _course(plan, indicator, target, year, series)
                    yield from _ruled({**key, "target": target.id or indicator.id}, course, None)


def _course(
    plan: Plan, indicator: Indicator, target: Target, year: int, series: Mapping[int, float], *, path: float | None = None
) -> Course:
    """The way of a number. Changes and steps are nothing at their base; a relative change becomes an index, 100 at its base."""
    begun = plan.base_of(target)
    base_year = int(begun) if begun else None
    points = {one: value for one, value in series.items() if one <= year}
    if base_year is not None and (indicator.kind == "change" or target.basis == "step"):
        points[base_year] = 0.0
    index = indicator.kind == "change" and indicator.change_as == "relative"

    def scaled(value: float | None) -> float | None:
        return 100 * (1 + value) if index and value is not None else value

    known = {one: 100 * (1 + value) if index else value for one, value in points.items()}
    return Course(
        sign=1 if (target.operator.startswith(">") if target.operator else indicator.better == "higher") else -1,
        year=year,
        value=known[year],
        base_year=base_year,
        base=known.get(base_year) if base_year is not None else None,
        target=scaled(target.value),
        target_year=target.year,
        path=scaled(path),
        points=known,
        share=indicator.kind == "ratio" and plan.identity.units[indicator.unit].bounded,
        growthless=_growthless(indicator, target),
    )


def _growthless(indicator: Indicator, target: Target) -> Growthless | None:
    """Counts and steps go by ones, and differences begin at zero: a rate of growth of them has no meaning."""
    if target.basis == "count":
        return "count"
    if target.basis == "step":
        return "step"
    return "difference" if indicator.kind == "change" and indicator.change_as == "difference" else None


def _ruled(key: Row, course: Course, own: Direction | None) -> Iterator[Row]:
    """One row a method."""
    for name, method in METHODS.items():
        ruling = method(course)
        agrees = ruling.direction == own if own and ruling.direction else None
        yield {
            **key,
            "method": name,
            "figure": ruling.figure,
            "verdict": ruling.verdict,
            "direction": ruling.direction,
            "agrees": agrees,
            "reason": ruling.reason,
        }
