"""Decomposition: what a change of a ratio of totals, such as productivity, is made of; the parts add up to it exactly.

Bennet (1920), with entry and exit as in Diewert and Fox (2010) and Balk (2016): with shares s of the denominator, ratios q and
X̄ the mean of the two aggregates, within Σ s̄Δq, between Σ (q̄ − X̄)Δs, entry Σ s¹(q¹ − X̄), exit −Σ s⁰(q⁰ − X̄). Symmetric, without
an interaction; right where volumes are at the prices of one year. GEAD (Tang and Wang 2004; Diewert 2015): shares are weighted
by relative prices; right for chained volumes. Chained Laspeyres: System of National Accounts 2008, ch. 15.
"""

from __future__ import annotations

import polars as pl

BENNET = ("within", "between", "entry", "exit")
GEAD = ("pure_productivity", "relative_size", "interaction", "entry", "exit")


def bennet(pieces: pl.DataFrame) -> pl.DataFrame:
    """The pieces with what each adds to y1/x1 − y0/x0 over all of them: columns BENNET, in the unit of the ratio.

    A piece is a group of units with its sums y0, x0 of the former year and y1, x1 of the later; without x0 it entered, without
    x1 it left. Weighted sums give the parts of the population.
    """
    y0, x0, y1, x1 = (pl.col(name).fill_null(0.0) for name in ("y0", "x0", "y1", "x1"))
    moved = x1 / x1.sum() - x0 / x0.sum()
    mean = (y0.sum() / x0.sum() + y1.sum() / x1.sum()) / 2
    stays, entered = (x0 != 0) & (x1 != 0), x0 == 0
    shares, ratios = (x0 / x0.sum() + x1 / x1.sum()) / 2, (y0 / x0 + y1 / x1) / 2
    whole = y1 / x1.sum() - y0 / x0.sum() - mean * moved
    return pieces.with_columns(
        within=pl.when(stays).then(shares * (y1 / x1 - y0 / x0)).otherwise(0.0),
        between=pl.when(stays).then((ratios - mean) * moved).otherwise(0.0),
        entry=pl.when(entered).then(whole).otherwise(0.0),
        exit=pl.when(~stays & ~entered).then(whole).otherwise(0.0),
    )


def gead(pieces: pl.DataFrame) -> pl.DataFrame:
    """The pieces with what each adds to y1/x1 − y0/x0 over all of them: columns GEAD, in the unit of the ratio.

    y is volume and `c0`, `c1` the same at current prices; the relative price of a piece is its c/y on that of all. The two-term
    form of Tang and Wang has relative_size + interaction as one.
    """
    y0, x0, y1, x1, c0, c1 = (pl.col(name).fill_null(0.0) for name in ("y0", "x0", "y1", "x1", "c0", "c1"))
    before, after = c0 / (c0.sum() / y0.sum()) / x0.sum(), c1 / (c1.sum() / y1.sum()) / x1.sum()
    q0, q1 = y0 / x0, y1 / x1
    s0, s1 = before / q0, after / q1  # relative price × share of labour
    stays, entered = (x0 != 0) & (x1 != 0) & (y0 != 0) & (y1 != 0), (x0 == 0) | (y0 == 0)
    return pieces.with_columns(
        pure_productivity=pl.when(stays).then(s0 * (q1 - q0)).otherwise(0.0),
        relative_size=pl.when(stays).then(q0 * (s1 - s0)).otherwise(0.0),
        interaction=pl.when(stays).then((s1 - s0) * (q1 - q0)).otherwise(0.0),
        entry=pl.when(entered).then(after - before).otherwise(0.0),
        exit=pl.when(~stays & ~entered).then(after - before).otherwise(0.0),
    )


def chained(years: pl.DataFrame) -> float | None:
    """Growth of y/x from the first year to the last, the volume chained at the prices of each year before (Laspeyres).

    Columns year, category, y (volume), c (at current prices), x. None where a year between is missing, or a category has no
    price in the year before.
    """
    found = years.group_by("year").agg(pl.col("y", "c", "x").sum()).sort("year")
    if found.height != found["year"].max() - found["year"].min() + 1:  # type: ignore[operator]
        return None
    before = years.select(pl.col("year") + 1, "category", price=pl.col("c") / pl.col("y"))
    carried = years.filter(pl.col("year") > pl.col("year").min()).join(before, on=["year", "category"], how="left")
    if not carried["price"].is_finite().fill_null(False).all():
        return None
    links = carried.group_by("year").agg((pl.col("y") * pl.col("price")).sum()).sort("year")["y"] / found["c"][:-1]
    return float(links.product() * found["x"][0] / found["x"][-1] - 1)
