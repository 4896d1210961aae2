"""Estimates under calibrated weights, from the units of the sample: values, errors and comparisons, as `estimate` has them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from indicators.catalogue.question import Question
from indicators.editions.results import TOTAL
from indicators.engines import Engine
from indicators.estimation.comparisons import MOST, NO_COMPARISONS, Pairs, told
from indicators.estimation.estimate import KEYS, with_intervals
from indicators.statements.sample import units_statement
from indicators.weights.fitted import weighed
from indicators.weights.totals import read_register
from indicators.weights.wave import Domains, Wave, domains_of, wave_of
from indicators.weights.weighting import Weighed

_NUMBERS, _COUNTS = ("value", "se", "low", "high"), ("n", "df", "open_df")
NO_LEVELS = pl.DataFrame(
    schema={
        **dict.fromkeys(KEYS, pl.String),
        **dict.fromkeys(_NUMBERS, pl.Float64),
        **dict.fromkeys(_COUNTS, pl.Int64),
        "sampled": pl.Boolean,
        **dict.fromkeys(("y", "x"), pl.Float64),
    }
)


@dataclass(frozen=True, kw_only=True)
class Calibrated:
    """All of a question under calibrated weights. `levels` has the columns of `estimate`, `weighed` the weights and steps."""

    waves: tuple[Wave, ...]
    levels: pl.DataFrame
    comparisons: pl.DataFrame
    weighed: Weighed
    sql: str


def answer(question: Question, engine: Engine, kinds: pl.DataFrame) -> Calibrated:
    """Estimates of the ratios and totals of a question whose design has a calibration; `kinds` as of `estimate`.

    Where the totals of a period cannot be used its weights stay as they are, and a notice says so.
    """
    design = question.design
    assert design is not None and design.calibration is not None
    sql = units_statement(question, design.calibration.totals)
    rows = engine.query(sql).drop_nulls("period").sort("period", "unit")
    register = read_register(question, engine)
    waves = tuple(wave_of(question, register, part) for _, part in rows.group_by("period", maintain_order=True))
    found, compared = [NO_LEVELS], [NO_COMPARISONS]
    for number, indicator in enumerate(question.indicators):
        bounded = bool(kinds.row(by_predicate=pl.col("indicator") == indicator.id, named=True)["bounded"])
        for wave in waves:
            for names in question.sets:
                domains = domains_of(question, wave, number, names)
                found.append(_levels(indicator.id, names, domains, bounded=bounded))
                if len(names) == 1 and wave.number % 10000 == 0:
                    compared.append(_compared(domains, found[-1]))
    levels = pl.concat(found).sort(KEYS)
    return Calibrated(
        waves=waves, levels=levels, comparisons=pl.concat(compared), weighed=weighed(question, engine, waves), sql=sql
    )


def _levels(indicator: str, names: tuple[str, ...], domains: Domains, *, bounded: bool) -> pl.DataFrame:
    wave, counts, count = domains.wave, domains.counts, len(domains.names)
    held, opened = counts > 0, wave.heard < wave.population
    error = np.sqrt((domains.centred**2).sum(axis=0))
    told_so_far = pl.DataFrame(
        {
            "indicator": [indicator] * count,
            "period": [wave.period] * count,
            "breakdown": [",".join(names) or TOTAL] * count,
            "category": domains.names,
            "value": domains.value,
            "se": np.where(np.isfinite(domains.value), error, np.nan),
            "n": counts.sum(axis=0),
            "df": counts.sum(axis=0) - held.sum(axis=0),
            "open_df": np.where(held & opened[:, None], counts - 1, 0).sum(axis=0),
            "sampled": (held & opened[:, None]).any(axis=0),
            "y": domains.y,
            "x": domains.x,
        },
        schema={name: kind for name, kind in NO_LEVELS.schema.items() if name not in ("low", "high")},
    )
    known = told_so_far.with_columns(pl.col("value", "se").fill_nan(None), bounded=pl.lit(bounded))
    return with_intervals(known).select(NO_LEVELS.columns)


def _compared(domains: Domains, levels: pl.DataFrame) -> pl.DataFrame:
    """Rows for the table `comparisons` of one breakdown."""
    usable = np.flatnonzero(np.isfinite(domains.value))
    if not 1 < usable.size <= MOST:
        return NO_COMPARISONS
    centred, counts = domains.centred[:, usable], domains.counts[:, usable]
    covariance = centred.T @ centred
    own, held = np.diag(covariance), (counts > 0).astype(float)
    units, present = counts.sum(axis=0), held.sum(axis=0)
    pairs = Pairs(
        variance=np.maximum(own[:, None] + own[None, :] - 2 * covariance, 0.0),
        freedom=units[:, None] + units[None, :] - (present[:, None] + present[None, :] - held.T @ held),
    )
    return told(levels[usable.tolist()], pairs)
