"""Paths: the dated way from the base to a target, and where the pace so far would lead."""

from __future__ import annotations

import polars as pl

from indicators.catalogue.plan import Path, Plan, Target
from indicators.editions.details import DETAILS, as_details
from indicators.editions.results import DIGITS
from indicators.estimation.estimate import KEYS
from indicators.targets.held import numbered
from indicators.targets.same_pace import same_pace
from indicators.targets.trend import trend

_WAY = {"indicator": pl.String, "target": pl.String, "vintage": pl.String}


def paths(plan: Plan, held: pl.DataFrame, results: pl.DataFrame) -> pl.DataFrame:
    """Rows of the table `paths` from the frame HELD: of the numbers that the law speaks of.

    Every vintage of a path year by year from the base to the target year, the same-pace scenario, and the trend through all
    years of `results` (HELD begins with the base year). A path needs a base short of the threshold, and a date.
    """
    spoken = held.filter("scope")
    drawn = _placed(_years(spoken.join(_ways(plan), on=["indicator", "target"])), plan)
    kinds = {
        "path": drawn.select(*KEYS, "target", "vintage", "year", value="path"),
        "same_pace": same_pace(spoken),
        "trend": trend(spoken, results),
    }
    columns = DETAILS["paths"]
    frames = [pl.DataFrame(schema=columns), *(frame.with_columns(kind=pl.lit(kind)) for kind, frame in kinds.items())]
    there = pl.concat(frames, how="diagonal").filter(pl.col("value").is_not_null())
    told = there.with_columns(pl.col("value", "low", "high").round_sig_figs(DIGITS))
    return as_details("paths", told.sort(*KEYS, "target", "kind", "vintage", "year"))


def on_path(plan: Plan, held: pl.DataFrame) -> pl.DataFrame:
    """KEYS, target and `path`: where the path in force has each number of HELD, in the unit of the indicator.

    The path of a category begins at its own base value and leads to the threshold in the target year, where it stays. Milestones
    are said of the law's number alone, so other rows have no path in steps. Null where a path cannot be drawn.
    """
    in_force = _ways(plan).sort("vintage").unique(["indicator", "target"], keep="last")
    dated = held.join(in_force, on=["indicator", "target"], how="left").with_columns(year=pl.col("period").cast(pl.Int64))
    placed = _placed(dated, plan).with_columns(pl.col("path").round_sig_figs(DIGITS))
    return placed.select(*KEYS, "target", "path").sort(*KEYS, "target")


def _ways(plan: Plan) -> pl.DataFrame:
    """indicator, target, vintage, shape, ceiling of every path; without any, a straight line since the plan was issued."""
    rows = [
        (indicator.id, target.id or indicator.id, *way)
        for indicator, target in numbered(plan)
        for way in [(way.declared, way.shape, way.ceiling) for way in _declared(plan, target)]
        or [(plan.identity.issued, "linear", 1.0)]
    ]
    return pl.DataFrame(rows, schema={**_WAY, "shape": pl.String, "ceiling": pl.Float64}, orient="row")


def _declared(plan: Plan, target: Target) -> list[Path]:
    """The vintages of a target; another reading without its own goes the way of its headline, lest the way make a difference."""
    if target.paths or target.reading_of is None:
        return target.paths
    return next((one.paths for _, one in numbered(plan) if one.id == target.reading_of), [])


def _standing(plan: Plan) -> pl.DataFrame:
    """indicator, target, vintage, year, milestone: the milestone that stands at the end of each year between base and target."""
    rows = []
    for indicator, target in numbered(plan):
        begun = plan.base_of(target)
        for way in _declared(plan, target) if begun and target.year else []:
            stands = None
            for year in range(int(begun or 0) + 1, target.year or 0):
                stands = way.milestones.get(str(year), stands)
                rows.append((indicator.id, target.id or indicator.id, way.declared, year, stands))
    return pl.DataFrame(rows, schema={**_WAY, "year": pl.Int64, "milestone": pl.Float64}, orient="row")


def _years(rows: pl.DataFrame) -> pl.DataFrame:
    """Each row once for every year from its base to its target year; none without a base or a date."""
    dated = rows.filter(pl.col("base_period").is_not_null(), pl.col("target_year").is_not_null())
    years = pl.int_ranges(pl.col("base_period").cast(pl.Int64), pl.col("target_year") + 1)
    return dated.with_columns(year=years).explode("year", empty_as_null=False)


def _placed(rows: pl.DataFrame, plan: Plan) -> pl.DataFrame:
    """Adds `path`, the value at the end of `year`. `rows`: HELD with the columns of `_ways`, and `year`.

    linear: straight in the unit of the indicator; logistic: straight on the log odds of value ÷ ceiling, which only values
    between zero and the ceiling have; steps: the newest milestone, and the base before the first.
    """
    base, threshold, ceiling, shape = (pl.col(name) for name in ("base", "threshold", "ceiling", "shape"))
    begun, year = pl.col("base_period").cast(pl.Int64), pl.col("year")
    done = (year - begun) / (pl.col("target_year") - begun)
    inside = (base > 0) & (base < ceiling) & (threshold > 0) & (threshold < ceiling)
    odds, goal = (end.log() - (ceiling - end).log() for end in (base, threshold))
    drawn = (shape == "linear") | ((shape == "logistic") & inside) | ((shape == "steps") & pl.col("scope"))
    between = (
        pl.when(shape == "linear")
        .then(base + (threshold - base) * done)
        .when(shape == "logistic")
        .then(ceiling / (1 + (-(odds + (goal - odds) * done)).exp()))
        .otherwise(pl.coalesce("milestone", "base"))
    )
    path = pl.when(year <= begun).then(base).when(year >= pl.col("target_year")).then(threshold).otherwise(between)
    # from a base that is there already a path would lead back
    known = (pl.col("direction") * (threshold - base) > 0) & (pl.col("target_year") > begun)
    standing = rows.join(_standing(plan), on=[*_WAY, "year"], how="left")
    return standing.with_columns(path=pl.when(known & drawn).then(path))
