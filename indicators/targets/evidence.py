"""What the judgement of results goes by beside the results themselves; it stays in the house."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import polars as pl

from indicators.estimation.estimate import KEYS


def _no_rows(**numbers: pl.DataType) -> pl.DataFrame:
    return pl.DataFrame(schema={**dict.fromkeys(KEYS, pl.String()), **numbers})


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Estimates before disclosure control.

    `levels`: KEYS, value, se, y, x, n, sampled; of durations `exposed` is what their mix goes by. `part_years`: for a change and
    a year that is not over, the levels of the same months of both years. `covariance`: KEYS of the later number, base_period,
    covariance.
    """

    levels: pl.DataFrame = field(default_factory=lambda: _no_rows(value=pl.Float64(), se=pl.Float64(), x=pl.Float64()))
    part_years: Mapping[str, Mapping[str, pl.DataFrame]] = field(default_factory=dict)
    covariance: pl.DataFrame = field(default_factory=lambda: _no_rows(base_period=pl.String(), covariance=pl.Float64()))
    unfinished: frozenset[tuple[str, str]] = frozenset()  # (indicator, year) of which not all months are there
