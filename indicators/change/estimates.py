"""Estimates of a question by its design: from cells, or from the units of the sample where its weights are calibrated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import polars as pl

from indicators.catalogue.question import Question
from indicators.change import calibrated_overlap
from indicators.change.overlap import NO_OVERLAP, Overlap, overlap
from indicators.engines import Engine
from indicators.estimation import comparisons, strata
from indicators.estimation.estimate import estimate_rows
from indicators.statements import cells
from indicators.statements.frame import frame_of
from indicators.statements.statement import cells_statement
from indicators.weights import calibrated
from indicators.weights.weighting import Weighed, weigh


@dataclass(frozen=True, kw_only=True)
class Estimates:
    """Levels (columns as of `estimate`), the statement behind them, and what else is asked of the same answers."""

    levels: pl.DataFrame
    sql: str
    compared: Callable[[pl.DataFrame], pl.DataFrame]  # rows for `comparisons`, from the levels as they are told
    shared: Callable[[str], Overlap]  # what each year has in common with a base year
    weighed: Callable[[], Weighed]


def estimates(question: Question, engine: Engine, kinds: pl.DataFrame) -> Estimates:
    """The estimates of the ratios and totals of a question; `kinds` as of `estimate`."""
    if is_calibrated(question):
        fitted = calibrated.answer(question, engine, kinds)
        return Estimates(
            levels=fitted.levels,
            sql=fitted.sql,
            compared=lambda _: fitted.comparisons,
            shared=lambda base: calibrated_overlap.overlap(question, engine, int(base), fitted.waves),
            weighed=lambda: fitted.weighed,
        )
    rows = cells.fetch(question, engine)
    layers = strata.layers(rows, question.design)
    rows = strata.collapsed(rows, layers)
    levels = estimate_rows(question, rows, kinds)
    return Estimates(
        levels=levels,
        sql=cells_statement(question),
        compared=lambda told: comparisons.compare(question, rows, told),
        shared=lambda base: _overlap(question, engine, base, levels, layers),
        weighed=lambda: weigh(question, engine),
    )


def is_calibrated(question: Question) -> bool:
    return question.design is not None and question.design.calibration is not None and frame_of(question) is not None


def _overlap(question: Question, engine: Engine, base: str, levels: pl.DataFrame, layers: pl.DataFrame) -> Overlap:
    """What those indicators of a question that are held against the base year have in common with it."""
    if question.design is None or question.design.census:
        return NO_OVERLAP
    held = tuple(one for one in question.indicators if base in question.plan.bases(one.id))
    asked = replace(question, indicators=held)
    return overlap(asked, engine, int(base), levels, layers)
