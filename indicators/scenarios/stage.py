"""The stage of a scenario: the published number of a target, and the categories of which an edition says how they make it up."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import polars as pl

from indicators.catalogue.plan import Indicator, Plan, Target
from indicators.catalogue.scenario import ALL, Move, Scenario, ScenarioRefused
from indicators.catalogue.scenariofaults import joined, named, near, scenario_faults, scope_of, targets_of
from indicators.editions.edition import Edition
from indicators.estimation.estimate import KEYS
from indicators.targets.held import base_year, hold
from pipelines.yamlfile import Text

_LISTED = 12
_WHY = Text(
    zh="其数值已公布，但据此分解可能推算出未公布的数值，或者各组合计与总体不符。",
    en="Its numbers are published, but from such a split a withheld number could be worked out, or its categories do not add up.",
)


@dataclass(frozen=True, kw_only=True)
class Tables:
    """The tables of an edition that a scenario needs: all of their rows, or those of the target's indicator."""

    results: pl.DataFrame
    assessments: pl.DataFrame
    splits: pl.DataFrame
    paces: pl.DataFrame
    comparisons: pl.DataFrame


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One number of one target, and the rows of the edition that belong to it."""

    plan: Plan
    indicator: Indicator
    target: Target
    scenario: Scenario
    breakdown: str
    held: pl.DataFrame  # one row of HELD, with the columns of `assessments` behind it
    parts: pl.DataFrame  # category, weight, units, value, se, contribution, scale, base: those that can be moved
    results: pl.DataFrame  # of the indicator, whole years
    paces: pl.DataFrame
    comparisons: pl.DataFrame

    @cached_property
    def period(self) -> str:
        return str(self.held["period"][0])

    @cached_property
    def direction(self) -> int:
        return int(self.held["direction"][0])

    @cached_property
    def left(self) -> int:
        """Years until the target year."""
        return int(self.held["left"][0] or 0)

    def chosen(self, i: int) -> list[str]:
        """The categories that a move names. Raises ScenarioRefused for one that has no number of its own."""
        move, own = self.scenario.moves[i], set(self.parts["category"].to_list())
        codes = [named(move, self.target)[name] for name in self.breakdown.split(",")]
        if [ALL] in codes:
            found = [category for category in self.parts["category"] if self._meant(i, category)]
            if not found:
                raise ScenarioRefused(self._withheld(ALL), ("moves", i, "where"))
            return found
        wanted = [",".join(parts) for parts in product(*codes)]
        for category in wanted:
            if category not in own:
                raise ScenarioRefused(self._withheld(category), ("moves", i, "where"))
        return wanted

    def withheld(self, i: int) -> list[str]:
        """The categories that a move over all would name too, if they had a number of their own; not those without anybody."""
        of_year = (pl.col("period") == self.period) & (pl.col("breakdown") == self.breakdown)
        here = self.results.filter(of_year, pl.col("status") != "absent")
        others = sorted(set(here["category"].to_list()) - set(self.parts["category"].to_list()))
        return [category for category in others if self._meant(i, category)]

    def _meant(self, i: int, category: str) -> bool:
        move = self.scenario.moves[i]
        names = self.breakdown.split(",")
        codes = category.split(",") if len(names) > 1 else [category]
        wanted = named(move, self.target)
        return len(codes) == len(names) and all(
            wanted[name] == [ALL] or code in wanted[name] for name, code in zip(names, codes, strict=True)
        )

    def _withheld(self, category: str) -> Text:
        known = self.parts["category"].to_list()
        more = ["…"] if len(known) > _LISTED else []
        offered = [*known[:_LISTED], *more]
        return Text(
            zh=f"“{category}”未公布、无人作答或与未公布的类别合并，不能调整。可调整：{'；'.join(offered)}。",
            en=f"`{category}` cannot be moved: it is withheld, nobody answered, or it is told together with those withheld. "
            f"These can: {'; '.join(offered)}.",
        )


def read(edition: Edition, target: str) -> Tables:
    """The rows of an edition about the indicator of a target. Raises ScenarioRefused for a target that its plan does not have."""
    known = targets_of(edition.plan)
    if target not in known:
        told = Text(zh=f"没有目标“{target}”。", en=f"the target `{target}` does not exist.")
        raise ScenarioRefused(joined(told, near(target, known)), ("target",))
    own = {"indicator": known[target][0].id}
    frames = {
        name: edition.query(f"SELECT * FROM {name} WHERE indicator = $indicator ORDER BY ALL", own)
        for name in ("results", "assessments", "splits", "paces", "comparisons")
    }
    return Tables(**frames)


def stage(plan: Plan, tables: Tables, scenario: Scenario) -> Stage:
    """Everything published that the scenario is about. Raises ScenarioRefused where the plan or the edition does not have it."""
    for fault in scenario_faults(plan, scenario):
        raise ScenarioRefused(fault.told, fault.place, key=fault.key)
    indicator, target = targets_of(plan)[scenario.target]
    of_target = (pl.col("indicator") == indicator.id) & (pl.col("target") == scenario.target)
    held = _held(plan, indicator, target, tables, scenario)
    period = str(held["period"][0])
    split = tables.splits.filter(of_target, pl.col("period") == period, pl.col("part") == "category")
    results = tables.results.filter(pl.col("indicator") == indicator.id, pl.col("period").str.len_chars() == 4).unique(
        KEYS, keep="first", maintain_order=True
    )
    published = results.filter(pl.col("period") == period, pl.col("value").is_not_null())["breakdown"].unique().to_list()
    breakdown = _breakdown(split, scenario.moves[0], target, published)
    return Stage(
        plan=plan,
        indicator=indicator,
        target=target,
        scenario=scenario,
        breakdown=breakdown,
        held=held,
        parts=_parts(plan, indicator, target, split.filter(pl.col("breakdown") == breakdown), results, period),
        results=results,
        paces=tables.paces.filter(of_target, pl.col("period") == period),
        comparisons=tables.comparisons.filter(
            pl.col("indicator") == indicator.id, pl.col("period") == period, pl.col("breakdown") == breakdown
        ),
    )


def _held(plan: Plan, indicator: Indicator, target: Target, tables: Tables, scenario: Scenario) -> pl.DataFrame:
    """The number as it was judged when the edition was published."""
    of_target = (pl.col("indicator") == indicator.id) & (pl.col("target") == scenario.target) & pl.col("scope")
    judged = tables.assessments.filter(of_target)
    if judged.is_empty():
        told = Text(
            zh=f"本期没有可与目标“{scenario.target}”比较的数值；旧版程序发布的版次须重新发布。",
            en=f"No number of this edition is held against `{scenario.target}`; publish again what an older version published.",
        )
        raise ScenarioRefused(told, ("target",))
    period = scenario.period or str(judged["period"].max())
    row = judged.filter(pl.col("period") == period)
    if row.is_empty():
        years = sorted(judged["period"].to_list())
        told = Text(
            zh=f"{period}年没有可与该目标比较的数值；有：{'、'.join(years)}。",
            en=f"nothing of {period} is held against this target; there is {', '.join(years)}.",
        )
        raise ScenarioRefused(told, ("period",))
    alone = plan.model_copy(update={"indicators": {indicator.id: indicator.model_copy(update={"targets": [target]})}})
    own = tables.results.filter(pl.col("indicator") == indicator.id)
    shared = judged.select(*KEYS, "base_period", "covariance")
    rows = hold(alone, own, shared, _unfinished(own, target, scenario.target, indicator.id))
    return rows.filter("scope", pl.col("period") == period)


def _unfinished(results: pl.DataFrame, target: Target, name: str, indicator: str) -> frozenset[tuple[str, str]]:
    """Target years of which not all months were there when it was published: then only is a year not judged for good."""
    open_years = results.filter(
        pl.col("target") == name, pl.col("verdict") == "not_yet", pl.col("period") >= str(target.year or 9999)
    )
    return frozenset((indicator, period) for period in open_years["period"] if len(period) == 4)


def _breakdown(split: pl.DataFrame, move: Move, target: Target, published: list[str]) -> str:
    """The breakdown of the edition that the moves name, in whatever order; what is published and not split is told so."""
    wanted, asked = set(named(move, target)), scope_of(target)
    there = split["breakdown"].unique().sort().to_list()
    found = [breakdown for breakdown in there if set(breakdown.split(",")) == wanted]
    if not found:
        offered = ["{" + ", ".join(name for name in breakdown.split(",") if name not in asked) + "}" for breakdown in there]
        told = Text(
            zh=f"本期的差距未按{', '.join(move.where)}分解；可用：{'、'.join(offered) or '无'}。",
            en=f"this edition splits the gap not by {', '.join(move.where)}, but by {', '.join(offered) or 'nothing'}.",
        )
        if there and any(set(breakdown.split(",")) == wanted for breakdown in published):
            told = joined(told, _WHY)
        raise ScenarioRefused(told, ("moves", 0, "where"))
    return str(found[0])


def _parts(
    plan: Plan, indicator: Indicator, target: Target, split: pl.DataFrame, results: pl.DataFrame, period: str
) -> pl.DataFrame:
    """The categories that the edition splits the gap over, with their errors and their values in the base year."""
    here = results.filter(pl.col("breakdown").is_in(split["breakdown"].implode()))
    now = here.filter(pl.col("period") == period).select("category", "se")
    begun = base_year(plan, indicator, target)
    if indicator.kind == "change" or target.basis == "step":
        then = now.select("category", base=pl.lit(0.0))
    else:
        then = here.filter(pl.col("period") == begun).select("category", pl.col("value").alias("base"))
    kept = split.select("category", "weight", "units", "value", "contribution", "scale")
    return kept.join(now, on="category", how="left").join(then, on="category", how="left").sort("category")
