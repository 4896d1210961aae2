"""Where the moves of a scenario take the categories: each its level or its pace, and the number it ends with.

A category that is better already than the level it is moved to stays where it is, as in the scenarios of WHO's Triple Billion
(`keep_better_values`); a share does not leave 0 to 1. A pace is kept until the target year, on the scale on which the pace to the
target is judged: so much a year in the unit of the indicator, or for what grows a logarithm, as in the table `paces`. Whoever
writes a number says growth as people do: 0.05 is 5 % a year.
"""

from __future__ import annotations

import math

import polars as pl

from indicators.catalogue.scenario import ALL, Move, ScenarioRefused
from indicators.catalogue.scenariofaults import FIFTH_OF, scope_of
from indicators.scenarios.played import Left
from indicators.scenarios.stage import Stage
from indicators.targets.scale import back, forward, slope
from indicators.targets.target import gap
from pipelines.yamlfile import Text

#: what is given of a category beside its number: a level, or a pace a year; both null: it stays
_GIVEN: dict[str, pl.DataType] = {"category": pl.String(), "level": pl.Float64(), "rate": pl.Float64(), "named": pl.Boolean()}


def moved(stage: Stage) -> tuple[pl.DataFrame, tuple[Left, ...]]:
    """The parts of the stage with `after`, `how` (null: not meant at all) and `keeps`, and the categories left out.

    `keeps` is the derivative of `after` by `value`: 0 where a category is put on a level, so that its own error has no say any
    more. Raises ScenarioRefused where a category, a level or a pace is not there.
    """
    if stage.scenario.paced and stage.left < 1:
        told = Text(
            zh="目标年份已到，没有剩余时间按速度推进；请用to给出水平。",
            en="the target year is there and no time is left for a pace; give a level with `to`.",
        )
        raise ScenarioRefused(told, ("moves",))
    rows: list[dict[str, object]] = []
    left: dict[str, Left] = {}
    for i, move in enumerate(stage.scenario.moves):
        chosen = stage.chosen(i)
        rows += _given(stage, i, move, chosen)
        left |= {name: Left(category=name, reason="withheld") for name in stage.withheld(i) if _every(move)}
    taken = {row["category"] for row in rows}
    if stage.scenario.others == "achieved":
        others = [name for name in stage.parts["category"] if name not in taken]
        rows += [{"category": name, "rate": rate, "named": False} for name, rate in _achieved(stage, others).items()]
    given = pl.DataFrame(rows, schema=_GIVEN)
    onward = stage.parts.select("category", free=forward(_scale(stage), pl.col("value")))  # null: off the scale, as no growth is
    known = given.join(onward, on="category", how="left")
    paceless = pl.col("level").is_null() & (pl.col("rate").is_null() | pl.col("free").is_null())
    lost = known.filter(paceless)["category"]
    left |= {name: Left(category=name, reason="no_pace") for name in lost}
    found = stage.parts.join(given.filter(~pl.col("category").is_in(lost.implode())), on="category", how="left").sort("category")
    return _arrived(stage, found), tuple(left[name] for name in sorted(left))


def _every(move: Move) -> bool:
    return ALL in move.where.values()


def _given(stage: Stage, i: int, move: Move, chosen: list[str]) -> list[dict[str, object]]:
    """For each category of a move its level or its pace."""
    if move.to is not None:
        levels = _levels(stage, i, move, chosen)
        return [{"category": name, "level": level, "named": True} for name, level in levels.items()]
    rates = _rates(stage, i, move, chosen)
    lost = [name for name, rate in rates.items() if rate is None]
    if lost and not _every(move):
        told = Text(
            zh=f"“{lost[0]}”在基年没有公布数值，没有已知的速度。",
            en=f"nothing was published of `{lost[0]}` in the base year, so no pace of it is known.",
        )
        raise ScenarioRefused(told, ("moves", i, "pace"))
    return [{"category": name, "rate": rate, "named": True} for name, rate in rates.items()]


def _levels(stage: Stage, i: int, move: Move, chosen: list[str]) -> dict[str, float]:
    if move.to == "best_fifth":
        return dict.fromkeys(chosen, best_fifth(stage, i, move)[0])
    if move.to == "threshold":
        return {name: level for name, level in _thresholds(stage).items() if name in chosen}
    assert isinstance(move.to, float)
    return dict.fromkeys(chosen, move.to)


def _thresholds(stage: Stage) -> dict[str, float]:
    """What the target asks of each category: of a share or a change the same of all, of a total its part of it."""
    names = stage.parts["category"].to_list()
    if stage.indicator.kind != "total":
        return dict.fromkeys(names, float(stage.held["threshold"][0]))
    own = stage.parts.select(pl.col("value") + stage.direction * pl.col("contribution") / pl.col("weight")).to_series()
    return dict(zip(names, own.to_list(), strict=True))


def _rates(stage: Stage, i: int, move: Move, chosen: list[str]) -> dict[str, float | None]:
    """The pace of each category, a year, on the pace scale."""
    if isinstance(move.pace, float):
        return dict.fromkeys(chosen, _stated(stage, i, move.pace))
    if move.pace == "achieved":
        return _achieved(stage, chosen)
    if move.pace == "required":
        return _required(stage, chosen)
    return dict.fromkeys(chosen, _fastest_fifth(stage, i, move))


def _stated(stage: Stage, i: int, pace: float) -> float:
    """A pace by number on the pace scale."""
    if stage.held["pace_scale"][0] == "linear":
        return pace
    if pace <= -1:
        told = Text(
            zh=f"速度是每年的增长率，应大于-1，这里是{pace:g}；5%写作0.05。",
            en=f"this pace is a growth a year, more than -1, found {pace:g}; write 5 % as 0.05.",
        )
        raise ScenarioRefused(told, ("moves", i, "pace"))
    return math.log1p(pace)


def _achieved(stage: Stage, chosen: list[str]) -> dict[str, float | None]:
    """The pace that each category itself had since the base; None where nothing is known of then."""
    since = stage.held["since"][0]
    if not since:
        return dict.fromkeys(chosen, None)
    own = _scale(stage)
    rate = (forward(own, pl.col("value")) - forward(own, pl.col("base"))) / since
    found = stage.parts.with_columns(rate=rate)
    return {row["category"]: row["rate"] for row in found.iter_rows(named=True) if row["category"] in chosen}


def _required(stage: Stage, chosen: list[str]) -> dict[str, float | None]:
    """The pace that the whole needs from now on, of a total each category its part of it; none once the target is reached."""
    row = stage.held.row(0, named=True)
    if gap(stage.target, row["value"]) <= 0:
        return dict.fromkeys(chosen, 0.0)
    if stage.indicator.kind == "total":
        own = dict(zip(stage.parts["category"], stage.parts["value"], strict=True))
        return {name: (level - own[name]) / stage.left for name, level in _thresholds(stage).items() if name in chosen}
    scale = pl.col("pace_scale")
    whole = stage.held.select((forward(scale, pl.col("threshold")) - forward(scale, pl.col("value"))) / stage.left).item()
    return dict.fromkeys(chosen, whole)


def best_fifth(stage: Stage, i: int, move: Move) -> tuple[float, int]:
    """What the best fifth of the published categories reached, or more, and how many categories these are.

    Of k ≥ 5 categories of the breakdown and the year, unreliable ones left out, the worst of the best ⌈k/5⌉.
    """
    asked = scope_of(stage.target)
    names = {move.among, *asked} if move.among else set(stage.breakdown.split(","))
    rows = stage.results.filter(pl.col("period") == stage.period, pl.col("status") == "published", pl.col("value").is_not_null())
    values = []
    for breakdown, category, value in rows.select("breakdown", "category", "value").iter_rows():
        split = breakdown.split(",")
        codes = category.split(",") if len(split) > 1 else [category]
        inside = len(codes) == len(split) and all(asked.get(name, code) == code for name, code in zip(split, codes, strict=True))
        if set(split) == names and inside:
            values.append(value)
    if len(values) < FIFTH_OF:
        told = Text(
            zh=f"可靠公布的类别只有{len(values)}个，不足{FIFTH_OF}个，没有前20%；请用among指明分组，或给出数值。",
            en=f"only {len(values)} of its categories are published and reliable, and a fifth is taken of {FIFTH_OF} or more; "
            "name a breakdown with `among`, or give a number.",
        )
        raise ScenarioRefused(told, ("moves", i, "to"))
    best = sorted(values, key=lambda value: -stage.direction * value)
    return best[math.ceil(len(best) / 5) - 1], len(best)


def _fastest_fifth(stage: Stage, i: int, move: Move) -> float:
    among = move.among or stage.breakdown
    found = stage.paces.filter(pl.col("among") == among)["fastest"].drop_nulls()
    if found.is_empty():
        known = sorted(stage.paces.filter(pl.col("fastest").is_not_null())["among"].unique().to_list())
        told = Text(
            zh=f"没有“{among}”最快的前20%的速度；有：{'、'.join(known) or '无'}。",
            en=f"no pace of a fastest fifth of `{among}` is known; it is of {', '.join(known) or 'none'}.",
        )
        raise ScenarioRefused(told, ("moves", i, "pace"))
    return float(found[0])


def _scale(stage: Stage) -> pl.Expr:
    """The pace scale of the target; a category with a number that does not stand on it has no pace."""
    return pl.lit(str(stage.held["pace_scale"][0]))


def _arrived(stage: Stage, told: pl.DataFrame) -> pl.DataFrame:
    value, level, rate, own = pl.col("value"), pl.col("level"), pl.col("rate"), _scale(stage)
    better = stage.direction * (level - value) <= 0
    onward = back(own, forward(own, value) + rate * stage.left)
    free = pl.when(rate == 0).then(value).when(rate.is_not_null()).then(onward).when(better).then(value).otherwise(level)
    bounded = bool(stage.held["bounded"][0])
    found = told.with_columns(pl.coalesce(free, value).alias("free"))
    found = found.with_columns(after=pl.col("free").clip(0.0, 1.0) if bounded else pl.col("free"))
    meant = pl.col("named").is_not_null()
    how = (
        pl.when(pl.col("after") != pl.col("free"))
        .then(pl.lit("limited"))
        .when(meant & better.fill_null(False))
        .then(pl.lit("kept"))
        .when(pl.col("named").not_())
        .then(pl.lit("others"))
        .when(meant)
        .then(pl.lit("moved"))
    )
    keeps = (
        pl.when(pl.col("after") != pl.col("free"))
        .then(pl.lit(0.0))
        .when(level.is_not_null() & ~better)
        .then(pl.lit(0.0))
        .when(rate.is_not_null())
        .then(slope(own, value) / slope(own, pl.col("after")))
        .otherwise(pl.lit(1.0))
    )
    return found.with_columns(how=how, keeps=keeps)
