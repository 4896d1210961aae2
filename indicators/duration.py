"""How long things take: weighted Kaplan–Meier quantiles that count what is not finished yet.

The naive mean of finished cases shows an improvement where there is none, because slow ones are still open.
Period method: exposure of every case within the calendar year, left-truncated at its first day (synthetic cohort).
Cohort method: cases begun in the year, open ones censored at the day the record was true.
Sources: Kaplan and Meier (1958); Rao and Wu (1988) for the bootstrap of enterprises within strata.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import polars as pl

from indicators.engines import Engine
from indicators.estimate import Floats
from indicators.plan import Duration
from indicators.question import Question
from indicators.results import TOTAL
from indicators.statement import rows_statement, strata_statement, units_statement

REPLICATES = 200
SEED = 20271231
#: before so many cases are at risk, a step of the curve says nothing; the curve starts there
AT_RISK = 5
#: among the replicates, so many must reach the quantile before a standard error is shown
REACHED = 0.9


@dataclass(frozen=True, kw_only=True)
class Durations:
    """Estimates of one indicator (columns as of `estimate`), their bootstrap replicates by key, groups, statement."""

    frame: pl.DataFrame
    replicates: dict[tuple[str, str, str], Floats]  # (period, breakdown, category) -> one quantile per replicate
    groups: pl.DataFrame
    sql: str


def answer(question: Question, engine: Engine) -> Durations:
    """Quantiles of the one indicator of a question, for every breakdown set and year."""
    indicator = question.indicators[0]
    assert indicator.duration is not None and question.design is not None
    sql = rows_statement(question)
    spells = _spells(engine.query(sql), indicator.duration)
    spells = _weighted(spells, question, engine)
    multipliers = _multipliers(spells)
    rows, groups, replicates = [], [], {}
    for names in question.sets:
        breakdown = ",".join(names) or TOTAL
        columns = [f"b_{name}" for name in names]
        present = spells.drop_nulls(columns) if columns else spells
        for key, part in present.group_by(["period", *columns], maintain_order=True):
            period = str(int(str(key[0])) // 10000)
            category = ",".join(str(value) for value in key[1:]) or TOTAL
            drawn = multipliers[part["number"].to_numpy()]
            found = _quantiles(part, drawn, indicator.duration.quantile)
            replicates[period, breakdown, category] = found[1:]
            rows.append(
                {"period": period, "breakdown": breakdown, "category": category, "n": part["unit"].n_unique(), **_summary(found)}
            )
            groups.append({"period": period, "breakdown": breakdown, "category": category, "groups": part["holding"].n_unique()})
    schema = {"period": pl.String, "breakdown": pl.String, "category": pl.String}
    numbers = {"n": pl.Int64, "value": pl.Float64, "se": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    frame = pl.DataFrame(rows, schema={**schema, **numbers}).with_columns(
        pl.lit(indicator.id).alias("indicator"), pl.lit(True).alias("sampled")
    )
    counted = pl.DataFrame(groups, schema={**schema, "groups": pl.Int64})
    counted = counted.select(pl.lit(indicator.id).alias("indicator"), pl.all())
    return Durations(frame=frame, replicates=replicates, groups=counted, sql=sql)


def kaplan_meier_quantile(entry: Floats, exit_: Floats, event: npt.NDArray[np.bool_], weight: Floats, quantile: float) -> Floats:
    """The first time at which the survivors fall below 1 − quantile, one per column of `weight` (cases × replicates).

    A case is at risk at t when entry < t <= exit. Where the curve stands at 1 − quantile on a flat step the answer is
    the middle of that step, as in R's survival. Not reached is NaN.
    """
    times = np.unique(exit_[event])
    if times.size == 0:
        return np.full(weight.shape[1], np.nan)
    crowd = np.searchsorted(np.sort(entry), times) - np.searchsorted(np.sort(exit_), times)
    enough = np.flatnonzero(crowd >= min(AT_RISK, entry.size))
    if enough.size == 0:
        return np.full(weight.shape[1], np.nan)
    times = times[enough[0] :]
    entered = _at_or_after(entry, weight, times)
    risk = _at_or_after(exit_, weight, times) - entered
    died = np.zeros((times.size, weight.shape[1]))
    where = np.searchsorted(times, exit_[event])
    known = (where < times.size) & (times[np.minimum(where, times.size - 1)] == exit_[event])
    np.add.at(died, where[known], weight[event][known])
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = np.where(risk > 1e-12, 1 - died / risk, 1.0)
    survivors = np.cumprod(np.clip(steps, 0, 1), axis=0)
    return _crossing(survivors, times, 1 - quantile)


def _at_or_after(moments: Floats, weight: Floats, times: Floats) -> Floats:
    """Weight of the cases whose moment is at or after each time (times × replicates)."""
    order = np.argsort(moments, kind="stable")
    below = np.vstack([np.zeros(weight.shape[1]), np.cumsum(weight[order], axis=0)])
    return np.asarray(below[-1] - below[np.searchsorted(moments[order], times, side="left")])


def _crossing(survivors: Floats, times: Floats, level: float) -> Floats:
    tolerance = 1e-9
    below = survivors < level - tolerance
    flat = np.abs(survivors - level) <= tolerance
    reached = below | flat
    first = np.argmax(reached, axis=0)
    found = np.where(reached.any(axis=0), times[first], np.nan)
    columns = np.arange(survivors.shape[1])
    on_flat = flat[first, columns] & reached.any(axis=0)
    later = np.where(below.any(axis=0), times[np.argmax(below, axis=0)], np.nan)
    return np.where(on_flat & np.isfinite(later), (found + later) / 2, found)


def _spells(rows: pl.DataFrame, duration: Duration) -> pl.DataFrame:
    """Age at entry, age at exit and whether it ended, in days, for every case and year in which it counts."""
    start, end, as_of = pl.col(duration.start), pl.col(duration.end), pl.col(duration.as_of)
    year = pl.col("period") // 10000
    first, last = pl.date(year, 1, 1), pl.date(year, 12, 31)
    stopped = pl.col(duration.stopped) if duration.stopped else pl.lit(None, dtype=pl.Date)
    closing = pl.min_horizontal(pl.coalesce(end, date(9999, 12, 31)), pl.coalesce(stopped, date(9999, 12, 31)), as_of)
    if duration.method == "period":
        closing = pl.min_horizontal(closing, last)
        counted = (start <= last) & (closing >= first) & (as_of >= first)
    else:
        counted = start.dt.year() == year
    # watched from the end of the last day before the year; who begins within it, from before day 0. So each age of a
    # case falls in one year, and who finishes on 1 January finishes in that year and not in none
    entry = (first - start).dt.total_days() - 1 if duration.method == "period" else pl.lit(-1)
    entry = pl.max_horizontal(entry, -1)
    event = (end == closing).fill_null(False)
    return (
        rows.filter(counted.fill_null(False) & start.is_not_null())
        .with_columns(entry=entry.cast(pl.Float64), exit=(closing - start).dt.total_days().cast(pl.Float64), event=event)
        .filter(pl.col("exit") > pl.col("entry"))
        .sort("period", "unit", "entry", "exit", duration.start)
    )


def _weighted(spells: pl.DataFrame, question: Question, engine: Engine) -> pl.DataFrame:
    """Adds the design weight of the enterprise: population of its stratum over those that answered in the year."""
    design = question.design
    assert design is not None
    if design.answered_in:
        table = question.plan.dictionary.tables[design.answered_in]
        asked = Question(plan=question.plan, table=table, design=table.design, respondents=None, indicators=(), sets=((),))
        strata = engine.query(strata_statement(asked)).select("period", "stratum", "answered", "population")
        # who did not answer in a year stands for nobody in it, whatever records of his are known
        spells = spells.join(engine.query(units_statement(asked)), on=["period", "unit"], how="semi", maintain_order="left")
    else:
        answered = spells.group_by("period", "stratum").agg(
            answered=pl.col("unit").n_unique().cast(pl.Float64), population=pl.col("stated").max()
        )
        strata = answered.with_columns(population=pl.max_horizontal(pl.coalesce("population", "answered"), "answered"))
    joined = spells.join(strata, on=["period", "stratum"], how="left")
    weight = pl.coalesce(pl.col("stated_weight"), pl.col("population") / pl.col("answered"))
    numbers = joined.select("unit").unique().sort("unit").with_row_index("number")
    return joined.with_columns(weight=weight).join(numbers, on="unit", maintain_order="left")


def _multipliers(spells: pl.DataFrame) -> Floats:
    """Rao–Wu multipliers, units × replicates: enterprises drawn again within their stratum, the same in every year.

    Take-all strata are drawn too: whether a cycle shortened is asked of the process, not of one year's population.
    """
    units = spells.group_by("number").agg(pl.col("stratum").sort_by("period").last()).sort("number")
    generator = np.random.default_rng(SEED)
    drawn = np.ones((units.height, REPLICATES))
    for _, members in units.group_by("stratum", maintain_order=True):
        size = members.height
        if size > 1:
            counts = generator.multinomial(size - 1, np.full(size, 1 / size), size=REPLICATES)
            drawn[members["number"].to_numpy()] = counts.T * (size / (size - 1))
    return drawn


def _quantiles(part: pl.DataFrame, drawn: Floats, quantile: float) -> Floats:
    """The estimate, then one quantile per replicate."""
    base = part["weight"].to_numpy()[:, None]
    weights = np.hstack([base, base * drawn])
    return kaplan_meier_quantile(part["entry"].to_numpy(), part["exit"].to_numpy(), part["event"].to_numpy(), weights, quantile)


def _summary(found: Floats) -> dict[str, float | None]:
    value, replicates = found[0], found[1:]
    reached = replicates[np.isfinite(replicates)]
    if not np.isfinite(value):
        return {"value": None, "se": None, "low": None, "high": None}
    if reached.size < REACHED * replicates.size:
        return {"value": float(value), "se": None, "low": None, "high": None}
    low, high = np.quantile(reached, [0.025, 0.975])
    return {"value": float(value), "se": float(reached.std(ddof=1)), "low": float(low), "high": float(high)}
