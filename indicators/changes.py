"""Changes: the estimates of every change of a plan, on today's base or on the frozen one, and what each is made of."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from indicators.catalogue.plan import Indicator, Plan
from indicators.change import basevalues, change, contributions, imputation
from indicators.change.overlap import NO_OVERLAP
from indicators.cycles import cycle_change
from indicators.editions.results import TOTAL
from indicators.engines import Engine
from indicators.estimation.estimate import KEYS
from indicators.gathered import Gathered
from indicators.revisions.frozen import FrozenBase
from indicators.statements.notices import without


def changes(
    plan: Plan, levels: pl.DataFrame, gathered: Gathered, broken: set[tuple[str, str]]
) -> tuple[list[pl.DataFrame], pl.DataFrame]:
    """Estimates of every change, and the groups behind all numbers: behind a change stand those of its thinner end."""
    groups = (
        pl.concat(gathered.groups)
        if gathered.groups
        else pl.DataFrame(schema={**dict.fromkeys(KEYS, pl.String), "groups": pl.Int64})
    )
    found, more = [], [groups]
    for indicator in plan.indicators.values():
        if indicator.change_of is None:
            continue
        if indicator.change_of in gathered.replicates:
            cycle = cycle_change.changes(plan, indicator, levels, gathered.replicates[indicator.change_of])
            found.append(cycle.frame)
            gathered.add("decomposition", cycle.parts)
            gathered.notices |= dict.fromkeys(cycle.notices)
        else:
            shared = [NO_OVERLAP, *gathered.overlaps.get(str(indicator.base_period), [])]
            parts = gathered.part_years.get(indicator.id, [])
            cut = [part.year for part in parts]
            uncut = ~pl.col("period").is_in(cut)
            found.append(change.changes(indicator, levels.filter(uncut), pl.concat(one.covariance for one in shared)))
            gathered.matched.append(change.of_matched(indicator, pl.concat(one.matched for one in shared).filter(uncut)))
            for part in parts:
                ends = without(part.levels, broken)
                moved = change.changes(indicator, ends, part.shared.covariance)
                found.append(imputation.of_change(indicator, moved, ends))
                own = part.shared.matched.filter(pl.col("period") == part.year)
                gathered.matched.append(change.of_matched(indicator, own))
                more.append(thinner(indicator, part.groups))
        gathered.statements[indicator.id] = gathered.statements.get(indicator.change_of, "")
        whole = groups.filter(~pl.col("period").is_in([part.year for part in gathered.part_years.get(indicator.id, [])]))
        more.append(thinner(indicator, whole))
    return found, pl.concat(more)


def on_frozen_base(
    base: FrozenBase | None, plan: Plan, levels: pl.DataFrame, gathered: Gathered, broken: set[tuple[str, str]]
) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """The levels with the frozen base in its place, and the changes as they would be on the base as revised today."""
    if base is None:
        return levels, []
    aside = replace(gathered, details={}, matched=[], statements={}, notices={})  # what it tells is told once, below
    today, _ = changes(plan, levels, aside, broken)
    parts = {name: [part.year for part in found] for name, found in gathered.part_years.items()}
    gathered.notices |= dict.fromkeys(basevalues.notices(base, plan, levels, parts))
    frozen = basevalues.in_place(base, plan, levels)
    gathered.groups = [basevalues.behind(base, pl.concat(gathered.groups))]
    gathered.overlaps[base.period] = basevalues.capped(base, gathered.overlaps.get(base.period, []), frozen)
    gathered.replicates = {name: basevalues.scaled(base, name, drawn, levels) for name, drawn in gathered.replicates.items()}
    return frozen, today


def decompose(
    plan: Plan, engine: Engine, gathered: Gathered, results: pl.DataFrame, rule: int, frozen: FrozenBase | None
) -> None:
    """What each published change is made of, where the plan asks for it."""
    shown = results.filter(pl.col("breakdown") == TOTAL, pl.col("value").is_not_null()).unique(KEYS)
    for indicator in plan.indicators.values():
        if indicator.decomposition is None:
            continue
        published = dict(shown.filter(pl.col("indicator") == indicator.id).sort("period").select("period", "value").iter_rows())
        on_frozen = frozen is not None and frozen.period == indicator.base_period
        hidden = results.filter(
            pl.col("indicator") == indicator.id,
            pl.col("breakdown") == indicator.decomposition.by,
            pl.col("status") == "suppressed",
        )
        found = contributions.answer(
            plan,
            indicator,
            engine,
            published=published,
            minimum_groups=rule,
            frozen=on_frozen,
            hidden=hidden["period"].unique(),
        )
        gathered.add("decomposition", found.frame)
        gathered.notices |= dict.fromkeys(found.notices)
        gathered.statements[indicator.id] = "\n\n".join(text for text in (gathered.statements[indicator.id], found.sql) if text)


def thinner(indicator: Indicator, groups: pl.DataFrame) -> pl.DataFrame:
    """The groups behind a change: those of its thinner end."""
    level = groups.filter(pl.col("indicator") == indicator.change_of)
    base = level.filter(pl.col("period") == indicator.base_period).select("breakdown", "category", pl.col("groups").alias("then"))
    thinner = level.join(base, on=["breakdown", "category"]).filter(pl.col("period") != indicator.base_period)
    return thinner.select(pl.lit(indicator.id).alias("indicator"), *KEYS[1:], pl.min_horizontal("groups", "then").alias("groups"))
