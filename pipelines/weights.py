"""Weights as they were used: an immutable Parquet part for each publication, known by the hash of what it holds.

Weights are confidential: with them a published total can be taken apart, so they stay in the store and enter no edition.
"""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path

import numpy as np
import polars as pl

from pipelines import vault
from pipelines.parts import StoreDamaged

#: one row is one enterprise in one year of one question, sorted by the first three
WEIGHTS: dict[str, pl.DataType] = {
    "question": pl.String(),  # the table and the indicators, e.g. `survey: nc_rate, nc_rate_pooled`
    "period": pl.String(),
    "unit": pl.String(),
    "stratum": pl.String(),
    "design_weight": pl.Float64(),  # population by asked; null where the register does not say who was asked
    "response_weight": pl.Float64(),  # after non-response
    "weight": pl.Float64(),  # after calibration: the one that was used
}
#: the table of the warehouse that holds the weights of every publication, and its columns
TABLE = "weights"
SQL_COLUMNS = {"version": "VARCHAR"} | {name: "VARCHAR" if kind == pl.String else "DOUBLE" for name, kind in WEIGHTS.items()}
_DIGITS = 16


def version_of(weights: pl.DataFrame) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the sorted rows: equal weights have one version."""
    digest = hashlib.sha256()
    for name, column in _sorted(weights).to_dict().items():
        digest.update(name.encode() + b"\0")
        if column.dtype == pl.String:
            digest.update("\0".join("\1" if text is None else text for text in column).encode())
        else:
            digest.update(column.fill_null(float("nan")).to_numpy().astype(np.dtype("<f8")).tobytes())
    return digest.hexdigest()[:_DIGITS]


def keep(store: Path, weights: pl.DataFrame) -> str:
    """Writes the part of these weights, unless it is there already, and returns their version."""
    version = version_of(weights)
    if not (store / part_name(version)).exists():
        content = BytesIO()
        _sorted(weights).write_parquet(content)
        vault.put(store, part_name(version), content.getvalue(), mode=0o440)
    return version


def kept_versions(store: Path) -> list[str]:
    """The versions of which the store has a part."""
    return sorted(path.stem for path in store.glob(part_name("*")))


def frame_of(store: Path, version: str) -> pl.DataFrame:
    """The weights of a version. Raises StoreDamaged when its part does not hold them."""
    try:
        found = pl.read_parquet(BytesIO(vault.read(store, part_name(version))))
        sound = version_of(found) == version
    except (OSError, pl.exceptions.PolarsError):
        sound = False
    if not sound:
        path = store / part_name(version)
        raise StoreDamaged(f"{path} is not what it was when it was written. Restore it from a copy of the store.")
    return found


def part_name(version: str) -> str:
    """The name in the store of the part of a version."""
    return f"weights/{version}.parquet"


def _sorted(weights: pl.DataFrame) -> pl.DataFrame:
    return weights.select(pl.col(name).cast(kind) for name, kind in WEIGHTS.items()).sort("question", "period", "unit")
