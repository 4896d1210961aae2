"""Speed: how fast a number moved, how fast it must move now, and how fast the fastest ever did."""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from indicators.catalogue.plan import Indicator, Plan, Target
from indicators.editions.details import DETAILS, as_details
from indicators.editions.results import DIGITS, TOTAL
from indicators.estimation.estimate import KEYS
from indicators.targets.held import numbered
from indicators.targets.scale import Scale, forward, pace_scale
from indicators.targets.target import gap, scope_key

#: fewer categories have no fastest fifth
_FEWEST = 5

_FASTEST = {"among": pl.String, "categories": pl.Int64, "fastest": pl.Float64}


def paces(plan: Plan, held: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    """Rows of the table `paces` from the frame HELD; `results` hold every year of every category.

    With g the pace scale (logarithms where numbers grow), `achieved` is (g(θ1) − g(θ0)) ÷ years since the base and `required`
    (g(T) − g(θ1)) ÷ years left, null once the threshold is reached or the target year is there. `fastest` stands once for every
    breakdown of the whole, for the number of one category among its own breakdown alone. The categories of a total are parts
    of it, so none is as fast as the whole, and no breakdown is named.
    """
    spoken = held.filter("scope")
    frames = [pl.DataFrame(schema={**spoken.schema, "ahead": pl.Boolean, **_FASTEST})]
    for indicator, target in numbered(plan):
        name = target.id or indicator.id
        rows = spoken.filter(pl.col("indicator") == indicator.id, pl.col("target") == name)
        ahead = pl.Series("ahead", [gap(target, value) > 0 for value in rows["value"]], pl.Boolean)
        found = fastest(plan, indicator, target, results, _unfinished(held, indicator))
        frames.append(rows.with_columns(ahead).join(found.with_columns(target=pl.lit(name)), on="target", how="left"))
    told = pl.concat(frames).with_columns(**_own()).with_columns(pl.col("achieved", "required", "fastest").round_sig_figs(DIGITS))
    enough = pl.col("direction") * pl.col("fastest") >= pl.col("direction") * pl.col("required")
    scale = pl.when(pl.col("pace_scale") == "linear").then(pl.lit("linear")).otherwise(pl.lit("log"))
    return as_details("paces", told.with_columns(reached=enough, scale=scale).select(*DETAILS["paces"]))


def fastest(
    plan: Plan, indicator: Indicator, target: Target, results: pl.DataFrame, unfinished: Collection[str] = ()
) -> pl.DataFrame:
    """among, categories, fastest: what the fastest fifth of the categories of each breakdown reached in their best year, or more.

    A category's best year is its largest move towards the target, on the pace scale, between two published years that
    follow each other, divided by the years between them; unreliable values and `unfinished` years of levels are left out. Changes
    and steps begin with zero in the base year. Null with fewer than five categories.
    """
    if indicator.kind == "total":
        return pl.DataFrame(schema=_FASTEST)
    asked, _ = scope_key(target)
    single = pl.col("breakdown").is_in(list(plan.breakdowns)) if asked == TOTAL else pl.col("breakdown") == asked
    yearly = (pl.col("status") == "published") & pl.col("value").is_not_null() & (pl.col("period").str.len_chars() == 4)
    named = results.filter((pl.col("indicator") == indicator.id) & single & yearly & ~pl.col("period").is_in(list(unfinished)))
    number, ends = ["breakdown", "category", "year", "value"], ["breakdown", "category"]
    known = named.unique(KEYS).with_columns(year=pl.col("period").cast(pl.Int64)).select(number)
    begun = plan.base_of(target)
    if begun and (indicator.kind == "change" or target.basis == "step"):
        at_base = known.select(ends).unique().select(*ends, year=pl.lit(int(begun), pl.Int64), value=pl.lit(0.0))
        known = pl.concat([known, at_base.join(known, on=[*ends, "year"], how="anti")])
    scale: Scale = pace_scale(plan, indicator, target)
    direction = 1 if (target.operator or "").startswith(">") else -1
    onward = known.with_columns(value=forward(pl.lit(scale), pl.col("value"))).drop_nulls("value").sort(*ends, "year")
    move = direction * pl.col("value").diff().over(ends) / pl.col("year").diff().over(ends)
    best = onward.with_columns(move=move).group_by(ends).agg(pl.col("move").max()).drop_nulls("move")
    fifth = pl.col("move").sort(descending=True).get((pl.len() + 4) // 5 - 1)  # the last of a fifth, rounded up
    enough = pl.when(pl.len() >= _FEWEST)
    of_each = best.group_by("breakdown").agg(categories=pl.len(), fastest=enough.then(direction * fifth + 0.0))
    split = known.select("breakdown").unique().join(of_each, on="breakdown", how="left").rename({"breakdown": "among"})
    counted = split.with_columns(pl.col("categories").fill_null(0)).sort("among")
    return counted.select(pl.col(name).cast(kind) for name, kind in _FASTEST.items())


def _own() -> dict[str, pl.Expr]:
    """achieved and required of the number itself, on its pace scale."""
    scale = pl.col("pace_scale")
    now, then, goal = (forward(scale, pl.col(name)) for name in ("value", "base", "threshold"))
    return {
        "achieved": pl.when(pl.col("since") >= 1).then((now - then) / pl.col("since")),
        "required": pl.when(pl.col("ahead") & (pl.col("left") >= 1)).then((goal - now) / pl.col("left")),
    }


def _unfinished(held: pl.DataFrame, indicator: Indicator) -> list[str]:
    """Years of which a level is not whole yet; a change compares the same months of both years."""
    part = held.filter(pl.col("indicator") == indicator.id, ~pl.col("over"), ~pl.col("change"))
    return part["period"].unique().sort().to_list()
