"""Hand-made tables of an edition, for scenarios: one target of the automotive plan, its number, and the categories behind it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Plan
from indicators.catalogue.scenario import Move, Scenario
from indicators.catalogue.scenariofaults import targets_of
from indicators.editions.details import DETAILS
from indicators.editions.results import RESULTS, as_results
from indicators.estimation.estimate import with_intervals
from indicators.scenarios.played import Played
from indicators.scenarios.stage import Tables
from indicators.scenarios.whatif import play
from indicators.targets.assessment import assessments
from indicators.targets.held import hold
from indicators.targets.target import assess
from pipelines.yamlfile import Text

NAME = Text(zh="情景", en="Scenario")
_OF_TARGETS = {"target", "target_year", "operator", "threshold", "gap", "verdict", "gap_low", "gap_high", "outcome"}


@cache
def plan() -> Plan:
    return load_plan(AUTOMOTIVE)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A category: its number now and in the base year, its error, and its weight in the whole."""

    value: float | None
    weight: float | None = None  # None: it has no row in the split
    se: float | None = 0.01
    base: float | None = None
    units: float | None = None
    status: str = "published"
    contribution: float | None = None


def tables(
    target: str,
    whole: Part,
    parts: dict[str, dict[str, Part]],
    *,
    year: str = "2026",
    scale: str = "linear",
    covariance: float = 0.0,
    comparisons: list[dict[str, Any]] | None = None,
    paces: list[dict[str, Any]] | None = None,
    quality: str | None = None,
    df: int = 200,
) -> Tables:
    """The tables of an edition that publishes these parts by breakdown; the whole stands in the scope of the target."""
    indicator, held = targets_of(plan())[target]
    alone = plan().model_copy(update={"indicators": {indicator.id: indicator.model_copy(update={"targets": [held]})}})
    scope = held.scope if isinstance(held.scope, dict) else {}
    here = (",".join(scope) or "total", ",".join(scope.values()) or "total")
    every = {here: whole, **{(by, name): part for by, own in parts.items() for name, part in own.items()}}
    rows = []
    for (by, name), part in every.items():
        key = {"indicator": indicator.id, "breakdown": by, "category": name, "n": 500, "df": df, "quality": quality}
        rows.append({**key, "period": year, "value": part.value, "se": part.se, "status": part.status})
        if indicator.kind != "change":
            begun = {"value": part.base, "se": part.se, "status": "published" if part.base is not None else "absent"}
            rows.append({**key, "period": "2025", **begun})
    bounded = indicator.kind == "ratio" and plan().unit(indicator.id).bounded
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(bounded=pl.lit(bounded), sampled=pl.col("se") > 0)
    results = as_results(assess(alone, _blank(with_intervals(frame).drop("bounded", "sampled"))))
    shared = results.select("indicator", "period", "breakdown", "category").unique()
    told = shared.with_columns(base_period=pl.lit("2025"), covariance=pl.lit(covariance))
    split = [
        {
            **dict.fromkeys(DETAILS["splits"]),
            "indicator": indicator.id,
            "period": year,
            "breakdown": by,
            "category": name,
            "target": target,
            "scale": scale,
            "part": "category",
            "weight": part.weight,
            "value": part.value,
            "units": part.units,
            "contribution": part.contribution,
        }
        for by, own in parts.items()
        for name, part in own.items()
        if part.weight is not None
    ]
    sums = {**dict.fromkeys(DETAILS["splits"]), "indicator": indicator.id, "period": year, "target": target, "scale": scale}
    for by in parts:  # what is no category, and so can never be moved
        split += [
            sums | {"breakdown": by, "category": part, "part": part, "weight": 0.5, "value": 0.1} for part in ("rest", "total")
        ]
    keys = {"indicator": indicator.id, "period": year}
    return Tables(
        results=results,
        assessments=assessments(alone, hold(alone, results, told)),
        splits=pl.DataFrame(split, schema=DETAILS["splits"]),
        paces=_rows(
            "paces", [{**keys, "breakdown": here[0], "category": here[1], "target": target, **row} for row in paces or []]
        ),
        comparisons=_rows("comparisons", [{**keys, **row} for row in comparisons or []]),
    )


def scenario(target: str, *moves: dict[str, Any], **more: Any) -> Scenario:
    return Scenario(name=NAME, target=target, moves=[Move.model_validate(move) for move in moves], **more)


def played(found: Tables, target: str, *moves: dict[str, Any], **more: Any) -> Played:
    return play(plan(), found, scenario(target, *moves, **more))


def _blank(frame: pl.DataFrame) -> pl.DataFrame:
    """All columns of the results but those of targets."""
    names = [name for name in RESULTS if name not in _OF_TARGETS]
    return frame.select(
        (pl.col(name) if name in frame.columns else pl.lit(None)).cast(RESULTS[name]).alias(name) for name in names
    )


def _rows(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    blank = dict.fromkeys(DETAILS[name])
    return pl.DataFrame([{**blank, **row} for row in rows], schema=DETAILS[name])
