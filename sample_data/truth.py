"""The true values of the population, which no sample knows: what the estimates should come near to."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from sample_data import answers, records
from sample_data.industry import Industry
from sample_data.lists import output_prices

TRUTH = {"value": pl.String, "year": pl.Int64, "scope": pl.String, "truth": pl.Float64}


def truth(industry: Industry, frame: pl.DataFrame) -> pl.DataFrame:
    """Columns value, year, scope (all, above_scale, vehicle, parts), truth.

    Rates are fractions, productivity is 万元 per person and year at 2025 prices.
    `frame` is the population with what every enterprise would answer (generate.population).
    """
    rows = [*_rates(frame), *_productivity(industry, frame), *_scores(frame)]
    return pl.DataFrame(rows, schema=TRUTH, orient="row").sort("value", "year", "scope")


def _scopes(frame: pl.DataFrame) -> Iterator[tuple[int, str, pl.DataFrame]]:
    for (year,), part in frame.group_by("year", maintain_order=True):
        assert isinstance(year, int)
        yield year, "all", part
        yield year, "above_scale", part.filter("above_scale")
        for side in ("vehicle", "parts"):
            yield year, side, part.filter(pl.col("segment_group") == side)


def _rates(frame: pl.DataFrame) -> Iterator[tuple[str, int, str, float]]:
    rate = pl.col("nc_key_processes") / pl.col("key_processes")
    for year, scope, part in _scopes(frame):
        inside = part.filter(pl.col("key_processes") > 0)
        yield "uses_rd_design_tools", year, scope, _number(part, pl.col("uses_rd_design_tools").mean())
        yield "nc_rate_mean", year, scope, _number(inside, rate.mean())
        yield "nc_rate_pooled", year, scope, _number(inside, pl.col("nc_key_processes").sum() / pl.col("key_processes").sum())
        if year >= 2025 and scope == "above_scale":
            for name in answers.DECLARED:
                yield name, year, scope, _number(part, pl.col(name).mean())


def _productivity(industry: Industry, frame: pl.DataFrame) -> Iterator[tuple[str, int, str, float]]:
    """Value added at 2025 prices per person: twelve times the sum over months by the sum of monthly employees."""
    rows = records.production(frame, industry).join(output_prices(), on=["segment", "year"])
    rows = rows.join(frame.select("unit", "year", "segment_group", "above_scale"), on=["unit", "year"])
    level = 12 * (pl.col("value_added") / pl.col("output_price")).sum() / pl.col("employees").sum()
    for year, scope, part in _scopes(rows):
        yield "productivity", year, scope, _number(part, level)
        yield "productivity_january_to_september", year, scope, _number(part.filter(pl.col("month").dt.month() <= 9), level)


def _scores(frame: pl.DataFrame) -> Iterator[tuple[str, int, str, float]]:
    small = frame.filter(pl.col("segment_group") == "parts", pl.col("size_class") != "large")
    for (year,), part in small.group_by("year", maintain_order=True):
        assert isinstance(year, int)
        yield "sme_score", year, "parts", _number(part, pl.col("sme_score").mean())
        for level, bound in enumerate(answers.DIGITAL_LEVEL.bounds, 1):
            yield f"sme_level_{level}_or_higher", year, "parts", _number(part, (pl.col("sme_score") >= bound).mean())


def _number(frame: pl.DataFrame, expression: pl.Expr) -> float:
    return float(frame.select(expression).item())
