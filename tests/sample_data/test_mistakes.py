"""The mistakes in the sample: a handful, of the kinds that are told, and nothing else changes."""

from __future__ import annotations

import polars as pl
import pytest

from sample_data import records
from sample_data.generate import population
from sample_data.industry import YEARS
from sample_data.mistakes import IN_YUAN, SIGNS, THOUSANDFOLD, mistaken

VALUES = ("output_value", "value_added", "employees")


@pytest.mark.parametrize(("enterprises", "seed"), [(400, 1), (1500, 2025)])
def test_a_dozen_enterprises_err_and_all_else_stays(enterprises: int, seed: int) -> None:
    found = population(enterprises, seed)
    sound = records.reported(records.production(found.frame.filter("answered"), found.industry), found.frame, found.industry)
    rows = mistaken(sound, found.industry)
    assert rows.columns == sound.columns
    assert rows.select("enterprise_id", "month", "employees").equals(sound.select("enterprise_id", "month", "employees"))
    both = rows.with_columns(*((pl.col(name) / sound[name]).alias(f"{name}_ratio") for name in VALUES))
    wrong = both.filter(pl.any_horizontal((pl.col(f"{name}_ratio") - 1).abs() > 1e-9 for name in VALUES))
    kinds = {kind: wrong.filter((pl.col("value_added_ratio") - kind).abs() < 1e-6) for kind in (1000, -1, 10_000)}
    assert sum(part.height for part in kinds.values()) == wrong.height
    assert [(part.height, part["enterprise_id"].n_unique()) for part in (kinds[1000], kinds[-1])] == [
        (THOUSANDFOLD,) * 2,
        (SIGNS,) * 2,
    ]
    yuan = kinds[10_000]
    assert yuan["enterprise_id"].n_unique() == IN_YUAN
    last = sound.filter(pl.col("enterprise_id").is_in(yuan["enterprise_id"].implode()), pl.col("month").dt.year() == YEARS[-1])
    assert yuan.select("enterprise_id", "month").equals(last.select("enterprise_id", "month"))
    assert (yuan["output_value_ratio"] - 10_000).abs().max() < 1e-6  # type: ignore[operator]
    assert wrong["enterprise_id"].n_unique() == THOUSANDFOLD + SIGNS + IN_YUAN
    assert wrong["month"].min() >= pl.Series([f"{YEARS[0] + 1}-01-01"]).str.to_date()[0]
