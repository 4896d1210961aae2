"""What if: the national number, its gap and its verdict when chosen categories move, by arithmetic on what an edition published.

With the weights a of the table `splits` and its scale g (as it is, or the logarithm of an index), the number moves to
v' = g⁻¹(g(v) + Σ a·(g(v') − g(v))) over the categories moved. Only the variance of the categories is known, V(k) = Σ a·a·k·k·Cov,
with k = 0 for those put on a level; what else is in the published variance (shares of the whole, those not published) stays,
so V' = V(k) + V − V(1), or where the categories alone have more than the whole, V·V(k)/V(1). The number so moved is judged as
any other. It is a scenario: shares, levels and paces are taken as given, and its interval tells of sampling error alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import polars as pl

from indicators.catalogue.plan import Plan
from indicators.catalogue.scenario import Scenario, ScenarioRefused
from indicators.editions.results import DIGITS
from indicators.estimation.estimate import Floats
from indicators.scenarios.moved import moved
from indicators.scenarios.played import Moved, Played, Standing
from indicators.scenarios.remarks import remarks
from indicators.scenarios.stage import Stage, Tables, stage
from indicators.targets.assessment import judged
from indicators.targets.held import error_of
from indicators.targets.scale import Scale, back, forward, slope
from pipelines.yamlfile import Text

#: of a count that is whole but for rounding
_WHOLE = 1e-9


def play(plan: Plan, tables: Tables, scenario: Scenario) -> Played:
    """The scenario on the tables of an edition.

    Where nothing moves, the published number with its interval and its judgement. Where something moves at a pace, the number is
    judged at the end of the target year. Raises ScenarioRefused for what the plan or the edition does not have, with its place.
    """
    at = stage(plan, tables, scenario)
    parts, left = moved(at)
    before = _published(at, tables)
    after = _after(at, parts, before)
    return Played(
        scenario=scenario,
        indicator=at.indicator.id,
        breakdown=at.breakdown,
        until=at.target.year if scenario.paced else None,
        before=before,
        after=after,
        moved=_told(at, parts, before.value, after.value),
        left=left,
        notes=remarks(at, parts, after),
    )


def _published(at: Stage, tables: Tables) -> Standing:
    row = at.held.row(0, named=True)
    here = tables.assessments.filter(
        pl.col("indicator") == at.indicator.id,
        pl.col("target") == at.scenario.target,
        pl.col("period") == at.period,
        pl.col("scope"),
    )
    return Standing.of({**here.row(0, named=True), "low": row["low"], "high": row["high"]})


def _after(at: Stage, parts: pl.DataFrame, before: Standing) -> Standing:
    still = parts.filter(pl.col("after") != pl.col("value")).is_empty()
    if still and not at.scenario.paced:
        return before
    row = at.held if still else _number(at, parts)
    if at.scenario.paced:  # the pace is kept until the target year, and then it is judged for good
        year = int(at.target.year or 0)
        since = pl.col("since") + pl.col("left")
        row = row.with_columns(period=pl.lit(str(year)), since=since, left=pl.lit(0), over=pl.lit(True))
    # another accepted method was not moved, so the number is judged by itself
    return Standing.of(judged(row.with_columns(verdict=pl.lit(None, pl.String))).row(0, named=True))


def _number(at: Stage, parts: pl.DataFrame) -> pl.DataFrame:
    """The row of HELD with the number, error, interval and covariance that the moves lead to."""
    row = at.held.row(0, named=True)
    scale: Scale = "index" if (parts["scale"] == "log").all() else "linear"
    ahead = parts.select(pl.col("weight") * (forward(pl.lit(scale), pl.col("after")) - forward(pl.lit(scale), pl.col("value"))))
    steps = ahead.to_series()
    if steps.null_count() or not steps.is_finite().all():
        told = Text(
            zh="该情景算不出数值，请检查水平或速度。", en="this scenario leads to no number; look at its levels and paces."
        )
        raise ScenarioRefused(told, ("moves",))
    value = _on(back, scale, _on(forward, scale, row["value"]) + math.fsum(steps))
    if row["bounded"]:
        value = min(max(value, 0.0), 1.0)
    error = at.held.select(error_of(pl.col("exact"), pl.col("se"), pl.col("low"), pl.col("high"))).item()
    new, ratio = _error(at, parts, scale, error, row["value"], value)
    exact = row["exact"] or (new == 0 and bool(error))  # put on levels whole: nothing is left to chance
    low, high = _interval(row, error, value, new)
    shared = None if row["covariance"] is None or ratio is None else row["covariance"] * ratio
    numbers = {"value": value, "se": new, "low": low, "high": high, "covariance": shared}
    rounded = {name: pl.lit(number, pl.Float64).round_sig_figs(DIGITS) for name, number in numbers.items()}
    return at.held.with_columns(**rounded, exact=pl.lit(exact))


def _error(
    at: Stage, parts: pl.DataFrame, scale: Scale, error: float | None, former: float, value: float
) -> tuple[float | None, float | None]:
    """The standard error of the moved number, and by how much its covariance with the base shrinks; None where not known."""
    on = pl.lit(scale)
    known = parts.with_columns(
        a=pl.col("weight") * slope(on, pl.col("value")),
        k=pl.col("keeps") * slope(on, pl.col("after")) / slope(on, pl.col("value")),
    )
    if error is None or known["se"].null_count():
        return None, None
    shared = _covariances(at, known)
    weights, keeps = known["a"].to_numpy(), known["k"].to_numpy()
    fixed = max(float(weights @ shared @ weights), 0.0)
    kept = max(float((weights * keeps) @ shared @ (weights * keeps)), 0.0)
    to_scale = _on(slope, scale, former)
    whole = (error * to_scale) ** 2
    variance = kept + (whole - fixed) if whole >= fixed else whole * kept / fixed
    ratio = 1.0 if fixed == 0 else kept / fixed
    shrink = math.sqrt(variance / whole) if whole > 0 else 0.0  # of two estimates one cannot know more of the other than itself
    new = math.sqrt(variance) / _on(slope, scale, value)
    return new, min(ratio, shrink)


def _covariances(at: Stage, parts: pl.DataFrame) -> Floats:
    """Covariances of the categories: of each two from the error of their difference where it was published, else none."""
    place = {name: number for number, name in enumerate(parts["category"])}
    errors = parts["se"].to_numpy().astype(float)
    shared = np.diag(errors**2)
    for one, other, se in at.comparisons.select("category", "other", "se").iter_rows():
        if se is not None and one in place and other in place:
            i, j = place[one], place[other]
            shared[i, j] = shared[j, i] = (errors[i] ** 2 + errors[j] ** 2 - se**2) / 2
    return shared


def _interval(row: Mapping[str, Any], error: float | None, value: float, new: float | None) -> tuple[float | None, float | None]:
    """The published interval carried along: each half as wide, on the scale it was made on, as the standard error there."""
    former, low, high = row["value"], row["low"], row["high"]
    if low is None or high is None or not error or not new:
        return None, None
    inside = row["bounded"] and all(0 < end < 1 for end in (former, value, low, high))
    scale: Scale = "logit" if inside else "index" if row["scenario_scale"] == "index" else "linear"
    ratio = new * _on(slope, scale, value) / (error * _on(slope, scale, former))
    middle, centre = _on(forward, scale, value), _on(forward, scale, former)
    ends = [_on(back, scale, middle + ratio * (_on(forward, scale, end) - centre)) for end in (low, high)]
    if row["bounded"]:
        ends = [min(max(end, 0.0), 1.0) for end in ends]
    return ends[0], ends[1]


def _told(at: Stage, parts: pl.DataFrame, former: float, value: float) -> tuple[Moved, ...]:
    """Every category that was meant, with what it adds: on logarithms by the mean that makes the parts add up (Sato 1976)."""
    scale: Scale = "index" if (parts["scale"] == "log").all() else "linear"
    whole = _on(forward, scale, value) - _on(forward, scale, former)
    mean = (value - former) / whole if whole else 1.0 / _on(slope, scale, former)
    ahead = forward(pl.lit(scale), pl.col("after")) - forward(pl.lit(scale), pl.col("value"))
    meant = parts.filter(pl.col("how").is_not_null()).with_columns(
        after=pl.col("after").round_sig_figs(DIGITS), adds=(pl.col("weight") * ahead * mean).round_sig_figs(DIGITS)
    )
    return tuple(
        Moved(
            category=row["category"],
            former=row["value"],
            value=row["after"],
            adds=row["adds"] + 0.0,
            more=_more(row["units"], row["after"] - row["value"]) if at.indicator.counted else None,
            how=row["how"],
        )
        for row in meant.iter_rows(named=True)
    )


def _more(units: float | None, step: float) -> int | None:
    """How many more units that is, whole ones; of a fall how many fewer."""
    if units is None:
        return None
    return int(math.copysign(math.ceil(abs(units * step) * (1 - _WHOLE)), step))


def _on(of: Callable[[pl.Expr, pl.Expr], pl.Expr], scale: Scale, value: float) -> float:
    """A function of the module `scale` on one number."""
    found: float = pl.select(of(pl.lit(scale), pl.lit(value, pl.Float64))).item()
    return found
