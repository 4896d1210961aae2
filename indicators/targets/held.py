"""Every published number of a whole year, held against each target of its indicator: all that a judgement of it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import polars as pl

from indicators.catalogue.plan import Indicator, Plan, Target
from indicators.editions.results import TOTAL
from indicators.estimation.estimate import KEYS
from indicators.targets.scale import pace_scale, scenario_scale
from indicators.targets.target import scope_key

#: one row is one number held against one target
HELD: dict[str, pl.DataType] = {
    **dict.fromkeys(KEYS, pl.String()),
    "target": pl.String(),
    "scope": pl.Boolean(),  # the number that the law speaks of
    "direction": pl.Int64(),  # 1: more is better, −1: less is
    "strict": pl.Boolean(),
    "threshold": pl.Float64(),
    "target_year": pl.Int64(),  # null: no date
    "over": pl.Boolean(),  # the year of the number is complete
    "since": pl.Int64(),  # years from the base to the number; null without a base
    "left": pl.Int64(),  # years from the number to the target year, never below zero; null without a date
    "pace_scale": pl.String(),
    "scenario_scale": pl.String(),
    "bounded": pl.Boolean(),  # a share between 0 and 1
    "change": pl.Boolean(),
    "value": pl.Float64(),
    "se": pl.Float64(),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "df": pl.Int64(),
    "n": pl.Int64(),
    "exact": pl.Boolean(),  # no sampling error: a full count
    "base_period": pl.String(),
    "base": pl.Float64(),
    "base_se": pl.Float64(),
    "covariance": pl.Float64(),
    "verdict": pl.String(),  # of results, in the scope of the target; elsewhere null
}


def hold(
    plan: Plan, results: pl.DataFrame, covariance: pl.DataFrame, unfinished: Collection[tuple[str, str]] = frozenset()
) -> pl.DataFrame:
    """The frame HELD of targets with a number.

    `results` after `assess`; `covariance` has KEYS of the later number, `base_period` and `covariance`. A target that asks one
    category is held against its number alone; one that asks all of them against every category, as if it were asked of each.
    """
    shown = results.filter(pl.col("value").is_not_null(), pl.col("period").str.len_chars() == 4)
    frames = [pl.DataFrame(schema=HELD)]
    for indicator, target in numbered(plan):
        frames.append(_of_target(plan, indicator, target, shown, covariance, unfinished))
    return pl.concat(frames).sort(*KEYS, "target")


def numbered(plan: Plan) -> Iterator[tuple[Indicator, Target]]:
    """Every target that has a number, with its indicator."""
    for indicator in plan.indicators.values():
        for target in indicator.targets:
            if target.value is not None:
                yield indicator, target


def _of_target(
    plan: Plan,
    indicator: Indicator,
    target: Target,
    shown: pl.DataFrame,
    covariance: pl.DataFrame,
    unfinished: Collection[tuple[str, str]],
) -> pl.DataFrame:
    assert target.operator is not None
    name = target.id or indicator.id
    breakdown, category = scope_key(target)
    scope = (pl.col("breakdown") == breakdown) & (pl.col("category") == category)
    own = shown.filter(pl.col("indicator") == indicator.id)
    rows = own.unique(KEYS).with_columns(scope=scope)
    verdicts = own.filter(pl.col("target") == name).select(*KEYS, "verdict")
    rows = rows.drop("verdict").join(verdicts, on=KEYS, how="left")
    if breakdown != TOTAL:
        rows = rows.filter("scope")
    begun = plan.base_of(target)
    year, open_years = pl.col("period").cast(pl.Int64), [year for name, year in unfinished if name == indicator.id]
    if begun:
        rows = rows.filter(year >= int(begun)) if indicator.kind != "change" else rows.filter(year > int(begun))
    rows = _with_base(indicator, target, rows, begun, covariance)
    facts = {
        "target": pl.lit(name),
        "direction": pl.lit(1 if target.operator.startswith(">") else -1),
        "strict": pl.lit(target.operator in "<>"),
        "threshold": pl.lit(target.value),
        "target_year": pl.lit(target.year),
        "over": ~pl.col("period").is_in(open_years),
        "since": year - int(begun) if begun else pl.lit(None),
        "left": (pl.lit(target.year) - year).clip(lower_bound=0),
        "pace_scale": pl.lit(pace_scale(plan, indicator, target)),
        "scenario_scale": pl.lit(scenario_scale(plan, indicator, target)),
        "bounded": pl.lit(indicator.kind == "ratio" and plan.identity.units[indicator.unit].bounded),
        "change": pl.lit(indicator.kind == "change"),
        "exact": ((pl.col("quality") == "census") | ((pl.col("se") == 0) & pl.col("low").is_null())).fill_null(False),
        "base_period": pl.lit(begun),
    }
    return rows.with_columns(**facts).select(pl.col(column).cast(kind) for column, kind in HELD.items())


def _with_base(
    indicator: Indicator, target: Target, rows: pl.DataFrame, begun: str | None, covariance: pl.DataFrame
) -> pl.DataFrame:
    """Adds base, base_se and covariance: nothing has changed yet in the base year, so for changes and steps all are zero."""
    if begun is None:
        return rows.with_columns(base=None, base_se=None, covariance=None)
    if indicator.kind == "change" or target.basis == "step":
        return rows.with_columns(base=0.0, base_se=0.0, covariance=0.0)
    ends = ["breakdown", "category"]
    then = rows.filter(pl.col("period") == begun).select(*ends, pl.col("value").alias("base"), pl.col("se").alias("base_se"))
    shared = covariance.filter(pl.col("base_period") == begun).select(*KEYS, "covariance")
    both = rows.join(then, on=ends, how="left").join(shared, on=KEYS, how="left")
    # a full count has no error, and so none in common with another; of a duration the covariance is not known
    certain = (pl.col("se") == 0) | (pl.col("base_se") == 0) | pl.lit(indicator.kind != "duration")
    return both.with_columns(covariance=pl.when(pl.col("covariance").is_not_null() | ~certain).then("covariance").otherwise(0.0))
