"""What two calibrated waves have in common: the covariance of their estimates from residuals in both, and who answered twice.

As in `overlap`, Cov = n1·n2·(h12/(h1·h2) − N12/(N1·N2))·s12 of the weighted values of each stratum of both years (Tam 1984;
Qualité and Tillé 2008; Knottnerus and van Delden 2012), with weight × residual in the place of the weighted value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from indicators.catalogue.question import Question
from indicators.change.overlap import NO_OVERLAP, Overlap, both_strata, weight_of_shared
from indicators.editions.results import TOTAL
from indicators.engines import Engine
from indicators.estimation import strata
from indicators.statements.cells import category
from indicators.statements.waves import frame_statement
from indicators.weights.calibration import Floats
from indicators.weights.wave import Wave, domains_of

_JOINT = ["joint0", "joint1"]
_SIZES = [f"{name}{end}" for name in ("answered", "population", "heard") for end in (0, 1)]


def overlap(question: Question, engine: Engine, base: int, waves: Sequence[Wave]) -> Overlap:
    """What each year has in common with the base year, for the indicators of which a change is asked."""
    then = next((wave for wave in waves if wave.number == base * 10000), None)
    if then is None:
        return NO_OVERLAP
    text = frame_statement(question, base)
    layers = pl.concat(strata.layers(wave.part, question.design) for wave in waves)
    shared = both_strata(layers, base, engine.query(text) if text else None)
    found = [NO_OVERLAP]
    for now in waves:
        if now is not then and now.number % 10000 == 0:
            found.append(_of_pair(question, then, now, shared.filter(pl.col("period") == now.period)))
    return Overlap(covariance=pl.concat(one.covariance for one in found), matched=pl.concat(one.matched for one in found))


def _of_pair(question: Question, then: Wave, now: Wave, shared: pl.DataFrame) -> Overlap:
    both = (
        then.part.select("unit", "stratum", _unheard(then).alias("unheard0"))
        .with_row_index("at0")
        .join(
            now.part.select("unit", "stratum", "holding", _unheard(now).alias("unheard1")).with_row_index("at1"),
            on="unit",
            maintain_order="left",
        )
    )
    silent = pl.max_horizontal("unheard0", "unheard1")
    stayed = both.filter(pl.col("stratum") == pl.col("stratum_right")).join(
        shared.select("stratum", *_JOINT), on="stratum", maintain_order="left"
    )
    sizes = shared.group_by(_JOINT).agg(pl.col(*_SIZES, "common").sum())
    twice = pl.len().cast(pl.Int64) - silent.sum()
    found = stayed.group_by(_JOINT).agg(pl.col("at0", "at1"), twice.alias("twice")).join(sizes, on=_JOINT).sort(_JOINT)
    groups = found.filter(pl.col("at0").list.len() > 1).with_columns(weight=weight_of_shared())
    covariances, matched = [NO_OVERLAP.covariance], [NO_OVERLAP.matched]
    for names, number in _asked(question):
        former, later = (domains_of(question, wave, number, names) for wave in (then, now))
        common = [name for name in later.names if name in former.names]
        u0, u1 = (one.spread[:, [one.names.index(name) for name in common]] for one in (former, later))
        total = np.zeros(len(common))
        for row in groups.iter_rows(named=True):
            total += row["weight"] * _shared(u0[row["at0"]], u1[row["at1"]])
        keys = {
            "indicator": [question.indicators[number].id] * len(common),
            "period": [now.period] * len(common),
            "breakdown": [",".join(names) or TOTAL] * len(common),
            "category": common,
        }
        covariances.append(pl.DataFrame({**keys, "covariance": total}, schema=NO_OVERLAP.covariance.schema))
        matched.append(_matched(question, number, names, then, now, both))
    return Overlap(covariance=pl.concat(covariances), matched=pl.concat(matched))


def _unheard(wave: Wave) -> pl.Expr:
    """1 for a unit that was imputed."""
    return pl.col("imputed").cast(pl.Int64) if "imputed" in wave.part.columns else pl.lit(0, pl.Int64)


def _shared(u0: Floats, u1: Floats) -> Floats:
    """s12 of one stratum for each domain."""
    return np.asarray(((u0 - u0.mean(axis=0)) * (u1 - u1.mean(axis=0))).sum(axis=0) / (u0.shape[0] - 1))


def _matched(question: Question, number: int, names: tuple[str, ...], then: Wave, now: Wave, both: pl.DataFrame) -> pl.DataFrame:
    """Values then and now of those in a category in both waves whose answers of both are known."""

    def side(wave: Wave, at: str, end: str) -> pl.DataFrame:
        rows = wave.part.with_columns(pl.Series("final", wave.weight))[both[at].to_list()]
        values = [(pl.col("final") * pl.col(f"{part}_{number}")).alias(f"{part}{end}") for part in "yx"]
        return rows.select(*(pl.col(f"b_{name}").alias(f"{name}{end}") for name in names), *values)

    pairs = pl.concat([both.select("holding"), side(then, "at0", "0"), side(now, "at1", "1")], how="horizontal")
    same = [pl.col(f"{name}0") == pl.col(f"{name}1") for name in names]
    known = pairs.filter(pl.col("y0").is_not_null(), pl.col("y1").is_not_null(), *same)
    known = known.rename({f"{name}1": f"b_{name}" for name in names}).with_columns(category(names))
    found = known.group_by("category", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("n"),
        pl.col("holding").n_unique().cast(pl.Int64).alias("groups"),
        pl.col("y0", "x0", "y1", "x1").sum(),
    )
    plain = question.indicators[number].kind == "total"
    values = {
        name: pl.col(f"y{end}") if plain else pl.when(pl.col(f"x{end}") != 0).then(pl.col(f"y{end}") / pl.col(f"x{end}"))
        for name, end in (("then", "0"), ("now", "1"))
    }
    ids = {"indicator": question.indicators[number].id, "period": now.period, "breakdown": ",".join(names) or TOTAL}
    return found.with_columns(**{name: pl.lit(text) for name, text in ids.items()}, **values).select(NO_OVERLAP.matched.columns)


def _asked(question: Question) -> Iterator[tuple[tuple[str, ...], int]]:
    """Every breakdown set with every indicator of which some change is asked."""
    for number, indicator in enumerate(question.indicators):
        if question.plan.bases(indicator.id):
            for names in question.sets:
                yield names, number
