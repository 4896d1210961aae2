"""Contributions: what each holding group adds to every published number, in the finest categories that the number is told in."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from indicators.catalogue.question import Question
from indicators.engines import Engine
from indicators.statements.cells import period_name
from indicators.statements.frame import frame_of
from indicators.statements.source import listed
from indicators.statements.statement import names_of, weighted_answers

#: one row is one indicator × period × holding group × combination of all breakdowns of the question (columns b_<breakdown>
#: between `holding` and `units`; null where a unit bears no category)
CONTRIBUTIONS: dict[str, pl.DataType] = {
    "indicator": pl.String(),
    "period": pl.String(),  # as in the results: 2026, 2026-Q3, 2026-09
    "holding": pl.String(),
    "units": pl.Int64(),  # in the domain, that reported themselves; 0 where all was imputed
    "y": pl.Float64(),  # weighted sums as they are published, imputed values included
    "x": pl.Float64(),
    "own_y": pl.Float64(),  # what was reported, without weights
    "own_x": pl.Float64(),
    "take_all": pl.Boolean(),  # each of its units stands for itself alone
}
_HEAD = ("indicator", "period", "holding")
#: the values of a statement, y_0, x_0, y_1 …
_VALUES = r"^[xy]_\d+$"
#: a weight this near to 1 is 1
_ROUNDING = 1e-9


class WeightsMissing(ValueError):
    """The weights of a question are calibrated, and those of some answers were not given."""


def contributions(question: Question, engine: Engine, weights: pl.DataFrame | None = None) -> pl.DataFrame:
    """The contributions to the ratios and totals of a question with a design; see CONTRIBUTIONS. Sorted.

    `weights` are those of a calibration for every period (`Weighed.fitted`), where there is one. Of tables with imputed values
    only what was reported is a contribution; categories in which nothing was are there with no units.
    Raises WeightsMissing where the weights of an answer are calibrated and not among them.
    """
    rows = _weighed(question, _rows(question, engine), weights)
    # of a table without imputed values all was reported
    reported = _rows(replace(question, kept="reported"), engine) if question.imputed else rows
    own = reported.select("period", "unit", pl.col(_VALUES).name.prefix("own_"))
    rows = rows.join(own, on=["period", "unit"], how="left", maintain_order="left")
    return _as_contributions(question, pl.concat(_of(question, number, rows) for number in range(len(question.indicators))))


def of_durations(question: Question, cases: pl.DataFrame) -> pl.DataFrame:
    """The contributions to the duration of a question, from its `Durations.cases`: y and x both count cases. Sorted."""
    count, stands = pl.len(), pl.col("weight").sum()
    grouped = cases.group_by(_keys(question), maintain_order=True)
    sums = {"y": stands, "x": stands, "own_y": count, "own_x": count}
    found = grouped.agg(units=pl.col("unit").n_unique(), **sums, take_all=_alone().all())
    return _as_contributions(question, found.with_columns(indicator=pl.lit(question.indicators[0].id)))


def _of(question: Question, number: int, rows: pl.DataFrame) -> pl.DataFrame:
    """The contributions to one indicator of a question, from its units."""
    weight, y, x = pl.col("weight"), pl.col(f"y_{number}"), pl.col(f"x_{number}")
    own_y, own_x = pl.col(f"own_y_{number}"), pl.col(f"own_x_{number}")
    inside = rows.filter(y.is_not_null()).group_by(_keys(question), maintain_order=True)
    sums = {"y": (weight * y).sum(), "x": (weight * x).sum(), "own_y": own_y.sum(), "own_x": own_x.sum()}
    found = inside.agg(units=own_y.count(), **sums, take_all=_alone().fill_null(False).all())
    return found.with_columns(indicator=pl.lit(question.indicators[number].id))


def contributions_statement(question: Question) -> str:
    """The SQL text: one row per unit and period, with its holding group, categories, weight and values."""
    splits = [f"b_{name}" for name in question.breakdowns]
    told = [f"weighted.{name} AS {name}" for name in ("period", "unit", "holding", "weight", *splits)]
    told += [f"answer.{owner} AS {name}" for name, owner in names_of(question).items()]
    on = "answer.unit = weighted.unit AND answer.period = weighted.period"
    return f"{weighted_answers(question)}\nSELECT {listed(told, '  ')}\nFROM weighted JOIN answer ON {on}"


def _rows(question: Question, engine: Engine) -> pl.DataFrame:
    """The rows of the statement in their order; what has no date belongs to no period."""
    rows = engine.query(contributions_statement(question)).drop_nulls("period")
    typed = rows.with_columns(pl.col("period").cast(pl.Int64), pl.col("unit", "holding").cast(pl.String))
    return typed.sort("period", "unit")


def _weighed(question: Question, rows: pl.DataFrame, weights: pl.DataFrame | None) -> pl.DataFrame:
    """The rows under the calibrated weights, where the design of the question has such."""
    calibrated = question.design is not None and question.design.calibration is not None and frame_of(question) is not None
    if not calibrated or rows.is_empty():
        return rows
    if weights is None:
        raise WeightsMissing(f"{question.table.id}: the design is calibrated; contributions need the weights that were used")
    final = weights.select(pl.col("period").cast(pl.Int64), pl.col("unit").cast(pl.String), pl.col("weight").alias("_final"))
    joined = rows.join(final, on=["period", "unit"], how="left", maintain_order="left")
    if joined["_final"].null_count():
        lost = joined.filter(pl.col("_final").is_null())
        raise WeightsMissing(
            f"{question.table.id}: {lost.height} answers have no calibrated weight, the first of period {lost['period'][0]}; "
            "give those of every period"
        )
    return joined.with_columns(weight=pl.col("_final")).drop("_final")


def _keys(question: Question) -> list[str]:
    return ["period", "holding", *(f"b_{name}" for name in question.breakdowns)]


def _alone() -> pl.Expr:
    """Whether a unit stands for itself alone."""
    return (pl.col("weight") - 1).abs() <= _ROUNDING


def _as_contributions(question: Question, found: pl.DataFrame) -> pl.DataFrame:
    """The columns of CONTRIBUTIONS in their types, with those of the breakdowns; sorted."""
    splits = {f"b_{name}": pl.String() for name in question.breakdowns}
    kinds = {name: CONTRIBUTIONS[name] for name in _HEAD} | splits | CONTRIBUTIONS
    dated = found.with_columns(period_name(pl.col("period")).alias("period"))
    return dated.select(pl.col(name).cast(kind) for name, kind in kinds.items()).sort(*_HEAD, *splits)
