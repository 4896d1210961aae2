"""The scales on which numbers move towards a target: as they are, as logarithms, as indices, as log odds.

Pace is judged on the first three (shares and differences as they are, levels as logarithms, relative changes as the logarithm of
the index 1 + v); a same-pace scenario of a share is drawn on its log odds, so that it stays a share.
"""

from __future__ import annotations

from typing import Literal

import polars as pl

from indicators.catalogue.plan import Indicator, Plan, Target

Scale = Literal["linear", "log", "index", "logit"]


def pace_scale(plan: Plan, indicator: Indicator, target: Target) -> Scale:
    """Shares, differences, counts, steps and coverage move in their own unit; levels and relative changes grow."""
    if indicator.kind == "change":
        return "index" if indicator.change_as == "relative" else "linear"
    bounded = plan.identity.units[indicator.unit].bounded
    return "log" if target.basis == "level" and indicator.kind in ("ratio", "duration") and not bounded else "linear"


def scenario_scale(plan: Plan, indicator: Indicator, target: Target) -> Scale:
    """As `pace_scale`, but shares between 0 and 1 on their log odds."""
    share = indicator.kind == "ratio" and plan.identity.units[indicator.unit].bounded
    return "logit" if share else pace_scale(plan, indicator, target)


def fitting(scale: pl.Expr, *values: pl.Expr) -> pl.Expr:
    """The scale of pace where all of the values stand on it, else linear: nothing grows from zero, or past it, at a rate."""
    least = pl.min_horizontal(*values)
    off = ((scale == "log") & (least <= 0)) | ((scale == "index") & (least <= -1))
    return pl.when(off.fill_null(False)).then(pl.lit("linear")).otherwise(scale)


def forward(scale: pl.Expr, value: pl.Expr) -> pl.Expr:
    """The value on its scale; null where the scale has no such number (a logarithm of zero or less)."""
    share = (value > 0) & (value < 1)
    return (
        pl.when(scale == "linear")
        .then(value)
        .when((scale == "log") & (value > 0))
        .then(value.log())
        .when((scale == "index") & (value > -1))
        .then(value.log1p())
        .when((scale == "logit") & share)
        .then(value.log() - (-value).log1p())
    )


def back(scale: pl.Expr, value: pl.Expr) -> pl.Expr:
    """The number that `forward` took to the value."""
    return (
        pl.when(scale == "linear")
        .then(value)
        .when(scale == "log")
        .then(value.exp())
        .when(scale == "index")
        .then(value.exp() - 1)
        .when(scale == "logit")
        .then(1 / (1 + (-value).exp()))
    )


def slope(scale: pl.Expr, value: pl.Expr) -> pl.Expr:
    """The derivative of `forward`, which takes a standard error to the scale."""
    return (
        pl.when(scale == "linear")
        .then(pl.lit(1.0))
        .when((scale == "log") & (value > 0))
        .then(1 / value)
        .when((scale == "index") & (value > -1))
        .then(1 / (1 + value))
        .when((scale == "logit") & (value > 0) & (value < 1))
        .then(1 / (value * (1 - value)))
    )
