"""The rules of editing of the automotive plan on rows in which one error is planted."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from pipelines.dictionary import Table
from pipelines.edit.edit import Edited, edit_table

#: persons in the makers of one segment: the largest has 4.6 times the median
STAFF = [120, 260, 390, 400, 410, 760, 1834]


@pytest.fixture(scope="module")
def production() -> Table:
    return load_plan(AUTOMOTIVE).dictionary.tables["production"]


def edited(production: Table, planted: dict[tuple[int, int], float]) -> Edited:
    """Twelve months of all makers; `planted` is what (maker, month) gave for its persons."""
    rows = [
        {
            "enterprise_id": f"E{i}", "month": dt.date(2026, month, 1), "output_value": staff * 10.0, "value_added": staff * 2.5,
            "employees": planted.get((i, month), staff + month % 3), "_cell": "3670", "_weight": 2.0, "_stratum_whole": False,
        }
        for i, staff in enumerate(STAFF)
        for month in range(1, 13)
    ]  # fmt: skip
    kinds = {"month": pl.Date, "_stratum_whole": pl.Boolean, **dict.fromkeys(("enterprise_id", "_cell"), pl.String)}
    return edit_table(production, pl.DataFrame(rows, schema={name: kinds.get(name, pl.Float64) for name in rows[0]}), None)


@pytest.mark.parametrize("maker", [1, 3, 6])
def test_one_month_a_thousand_times_too_large_is_found_in_a_small_and_in_the_largest_maker(maker: int, production: Table) -> None:
    found = edited(production, {(maker, 7): STAFF[maker] * 994}).events.to_dicts()
    told = [(row["unit"], row["period"], row["column"], row["rule"], float(row["new"])) for row in found]
    assert told == [(f"E{maker}", "2026-07", "employees", "employees_thousandfold", STAFF[maker] * 0.994)]


def test_a_maker_that_grows_is_left_alone(production: Table) -> None:
    """Ten times as many persons as the month before, and forty times the median, are no wrong unit."""
    assert edited(production, {(6, 7): 18340.0}).events.is_empty()
