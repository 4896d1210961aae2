"""Errors such as reporters make, put into the records of production after everything true was computed from them."""

from __future__ import annotations

import numpy as np
import polars as pl

from sample_data.industry import YEARS, Industry

#: value added of a month in yuan by the thousand, and with the wrong sign: so many enterprises, one month each
THOUSANDFOLD, SIGNS = 6, 5
#: enterprises that report the last year in yuan instead of 10,000 yuan
IN_YUAN = 1


def mistaken(rows: pl.DataFrame, industry: Industry) -> pl.DataFrame:
    """The records of production with a few errors of unit and sign, each in another enterprise that reported in every year."""
    random = industry.stream("mistakes")
    lasting = rows.group_by("enterprise_id").agg(years=pl.col("month").dt.year().n_unique())
    makers = lasting.filter(pl.col("years") == len(YEARS))["enterprise_id"].sort()
    drawn = makers.gather(random.permutation(len(makers))[: THOUSANDFOLD + SIGNS + IN_YUAN])
    months = rows.filter(pl.col("month").dt.year() > YEARS[0])["month"].unique().sort()
    when = months.gather(random.integers(0, len(months), len(drawn)))
    errors = pl.DataFrame(
        {"enterprise_id": drawn, "when": when, "kind": np.repeat([0, 1, 2], [THOUSANDFOLD, SIGNS, IN_YUAN])[: len(drawn)]}
    )
    marked = rows.join(errors, on="enterprise_id", how="left", maintain_order="left")
    then, year = pl.col("when") == pl.col("month"), pl.col("month").dt.year() == YEARS[-1]
    yuan = pl.when((pl.col("kind") == 2) & year).then(10_000).otherwise(1)
    factor = pl.when((pl.col("kind") == 0) & then).then(1000).when((pl.col("kind") == 1) & then).then(-1).otherwise(yuan)
    return marked.select(
        "enterprise_id",
        "month",
        output_value=(pl.col("output_value") * yuan).round(2),
        value_added=(pl.col("value_added") * factor).round(2),
        employees=pl.col("employees"),
    ).select(rows.columns)
