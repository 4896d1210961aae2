"""Enterprises drawn again within their strata: multipliers of weights from which the error of any statistic follows.

Sources: Rao and Wu (1988), with multiplier 1 − λ + λ (n/m) r for an enterprise drawn r times in m draws out of n,
λ = √(m/(n − 1)); Rust and Rao (1996). An enterprise has the same draws in every year, so that a change between years is
drawn as one thing. The finite population correction is left out (λ has no factor √(1 − f)), and strata asked whole are drawn
too: what is asked is whether a process became faster, of which one year's population is a sample (process view). With
√(1 − f) the error would be that of describing this population only; in a reference case 0.066 against 0.088.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from indicators.estimation.estimate import Floats
from indicators.estimation.strata import layers
from pipelines.design import Design

REPLICATES = 500
SEED = 20271231


@dataclass(frozen=True, kw_only=True)
class Draws:
    """Multipliers of every enterprise: `of_period` holds units × (1 + REPLICATES), the first column being the sample itself."""

    numbers: pl.DataFrame  # unit, number (its row)
    of_period: dict[int, Floats]


def draw(answers: pl.DataFrame, design: Design) -> Draws:
    """Multipliers for all who answered, with cases or without: `answers` bear period, unit, stratum, answered, population."""
    homes = _homes(answers, design)
    numbers = homes.select("unit").with_row_index("number").with_columns(pl.col("number").cast(pl.Int64))
    groups = [np.asarray(members) for members in homes.with_row_index("at").group_by("home").agg("at").sort("home")["at"]]
    generator = np.random.default_rng(SEED)
    times = np.zeros((homes.height, REPLICATES))
    for members in groups:
        size = members.size
        times[members] = generator.multinomial(max(size - 1, 1), np.full(size, 1 / size), size=REPLICATES).T
    found = {}
    for (period,), part in answers.join(numbers, on="unit").sort("period", "number").group_by("period", maintain_order=True):
        present = np.zeros(homes.height, dtype=bool)
        present[part["number"].to_numpy()] = True
        found[int(str(period))] = _multipliers(times, groups, present)
    return Draws(numbers=numbers, of_period=found)


def _multipliers(times: Floats, groups: list[Floats], present: Floats) -> Floats:
    """The draws as seen by one year, in which only some of a stratum answered: as many as fell on these were drawn for it."""
    drawn = np.ones((times.shape[0], 1 + times.shape[1]))
    for members in groups:
        here = members[present[members]]
        if members.size == 1 or here.size == 0:
            continue
        if here.size == 1:  # alone in this year only: it comes and goes with the draws of its stratum
            drawn[here, 1:] = times[here] * members.size / (members.size - 1)
            continue
        draws = times[here].sum(axis=0)
        scale = np.minimum(np.sqrt(draws / (here.size - 1)), 1.0)  # above one a multiplier could be negative
        often = here.size / np.maximum(draws, 1.0)
        drawn[here, 1:] = 1 - scale + scale * often * times[here]
    return drawn


def _homes(answers: pl.DataFrame, design: Design) -> pl.DataFrame:
    """Every unit, sorted, and the stratum it is drawn in: that of its last year, joined as the design says; those who would
    be alone are drawn together, and one that is alone even so with the first stratum."""
    joint = layers(answers.select("period", "stratum", "answered", "population"), design).select("period", "stratum", "joint")
    placed = answers.join(joint, on=["period", "stratum"]).sort("unit", "period")
    homes = placed.group_by("unit", maintain_order=True).agg(home=pl.col("joint").last())
    alone = pl.len().over("home") == 1
    homes = homes.with_columns(home=pl.when(~alone).then("home"))
    if homes["home"].null_count() == 1:
        homes = homes.with_columns(pl.col("home").fill_null(pl.col("home").min()))
    return homes.sort("unit")
