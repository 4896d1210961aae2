"""Every published number of a whole year, held against each target of its indicator: all that a judgement of it needs."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import polars as pl

from indicators.catalogue.plan import Indicator, Plan, Target
from indicators.editions.results import DIGITS, TOTAL
from indicators.estimation.estimate import KEYS
from indicators.targets.scale import fitting, pace_scale, scenario_scale
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
    "reliable": pl.Boolean(),  # not of quality F
    "exact": pl.Boolean(),  # no sampling error: a full count
    "base_period": pl.String(),
    "base": pl.Float64(),
    "base_se": pl.Float64(),  # as of `error_of`
    "covariance": pl.Float64(),  # of value and base; null where it is not known
    "verdict": pl.String(),  # of results, in the scope of the target; elsewhere null
}
#: of the standard normal distribution: the half width of a 95 % interval
NORMAL = 1.959963984540054


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
    return pl.concat(frames).unique([*KEYS, "target"], keep="first", maintain_order=True).sort(*KEYS, "target")


def numbered(plan: Plan) -> Iterator[tuple[Indicator, Target]]:
    """Every target that has a number, with its indicator."""
    for indicator in plan.indicators.values():
        for target in indicator.targets:
            if target.value is not None:
                yield indicator, target


def error_of(exact: pl.Expr, se: pl.Expr, low: pl.Expr, high: pl.Expr) -> pl.Expr:
    """The standard error that doubt goes by; null where none is known.

    A full count has none. Where all answers of a sample are alike, its own error is 0 and says nothing (the next one might have
    answered otherwise), so it is taken from the width of the 95 % interval.
    """
    return pl.when(exact).then(pl.lit(0.0)).when(se > 0).then(se).when(se == 0).then((high - low) / (2 * NORMAL))


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
    own = shown.filter(pl.col("indicator") == indicator.id)
    # a number with two targets stands in the results twice; it is judged once for each
    verdicts = _once(own.filter(pl.col("target") == name), "verdict")
    rows = own.unique(KEYS, keep="first", maintain_order=True).drop("verdict").join(verdicts, on=KEYS, how="left")
    rows = rows.with_columns(
        scope=(pl.col("breakdown") == breakdown) & (pl.col("category") == category),
        exact=(pl.col("quality") == "census").fill_null(False),
    )
    if breakdown != TOTAL:
        rows = rows.filter("scope")
    begun = base_year(plan, indicator, target)
    year, open_years = pl.col("period").cast(pl.Int64), [year for name, year in unfinished if name == indicator.id]
    if begun:
        rows = rows.filter(year >= int(begun)) if indicator.kind != "change" else rows.filter(year > int(begun))
    rows = _with_base(indicator, target, rows, begun, covariance)
    ends = (pl.col("value"), pl.col("base"), pl.lit(target.value))
    facts = {
        "target": pl.lit(name),
        "direction": pl.lit(1 if target.operator.startswith(">") else -1),
        "strict": pl.lit(target.operator in "<>"),
        "threshold": pl.lit(target.value),
        "target_year": pl.lit(target.year),
        "over": ~pl.col("period").is_in(open_years),
        "since": year - int(begun) if begun else pl.lit(None),
        "left": (pl.lit(target.year) - year).clip(lower_bound=0),
        "pace_scale": fitting(pl.lit(pace_scale(plan, indicator, target)), *ends),
        "scenario_scale": fitting(pl.lit(scenario_scale(plan, indicator, target)), *ends),
        "bounded": pl.lit(indicator.kind == "ratio" and plan.identity.units[indicator.unit].bounded),
        "change": pl.lit(indicator.kind == "change"),
        "base_period": pl.lit(begun),
        "reliable": (pl.col("quality") != "F").fill_null(True),
    }
    return rows.with_columns(**facts).select(pl.col(column).cast(kind) for column, kind in HELD.items())


def _once(frame: pl.DataFrame, told: str) -> pl.DataFrame:
    """KEYS and `told`, one row for each number; of several the least, so that their order decides nothing."""
    return frame.select(*KEYS, told).sort(told).unique(KEYS, keep="first", maintain_order=True)


def base_year(plan: Plan, indicator: Indicator, target: Target) -> str | None:
    """The year from which a target is counted: a change and a panel have one of their own."""
    if indicator.kind == "change":
        return indicator.base_period
    if target.basis == "step" and indicator.panel:
        return str(indicator.panel.base_period)
    return plan.base_of(target)


def _with_base(
    indicator: Indicator, target: Target, rows: pl.DataFrame, begun: str | None, covariance: pl.DataFrame
) -> pl.DataFrame:
    """Adds base, base_se and covariance: nothing has changed yet in the base year, so for changes and steps all are zero."""
    if begun is None:
        return rows.with_columns(pl.lit(None, pl.Float64).alias(name) for name in ("base", "base_se", "covariance"))
    if indicator.kind == "change" or target.basis == "step":
        return rows.with_columns(base=0.0, base_se=0.0, covariance=0.0)
    ends = ["breakdown", "category"]
    error = error_of(pl.col("exact"), pl.col("se"), pl.col("low"), pl.col("high"))
    then = rows.filter(pl.col("period") == begun).select(
        *ends, pl.col("value").alias("base"), error.alias("base_se"), pl.col("exact").alias("counted")
    )
    shared = _once(covariance.filter(pl.col("base_period") == begun), "covariance")
    both = rows.join(then, on=ends, how="left").join(shared, on=KEYS, how="left")
    # a full count has no error, and so none in common with another; of a duration it is not known, of others it is told if any
    none = pl.col("exact") | pl.col("counted") | pl.lit(indicator.kind != "duration")
    known = (
        pl.when(pl.col("period") == begun)
        .then(pl.col("base_se") ** 2)
        .otherwise(pl.coalesce("covariance", pl.when(none & pl.col("base").is_not_null()).then(0.0)))
    )
    return both.with_columns(known.round_sig_figs(DIGITS).alias("covariance"), pl.col("base_se").round_sig_figs(DIGITS))
