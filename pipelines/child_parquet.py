"""A Parquet file as texts without loss. Runs in the limited child process only."""

from __future__ import annotations

from typing import Any

import polars as pl

from pipelines.child_cells import refuse

COLUMNS = 2_000
_TEXT = (pl.String, pl.Boolean, pl.Date, pl.Categorical, pl.Enum, pl.Null, pl.Time)


def convert(source: str, folder: str) -> dict[str, Any]:
    """Writes src_row and c1.. as texts into `folder`; returns names and the number of rows. Raises Refused."""
    frame = pl.scan_parquet(source, glob=False, hive_partitioning=False)
    schema = frame.collect_schema()
    if len(schema) > COLUMNS:
        refuse("too_many_columns", str(len(schema)))
    expected = int(frame.select(pl.len()).collect().item())  # from the footer, without reading a cell
    texts = [_as_text(name, dtype).alias(f"c{i}") for i, (name, dtype) in enumerate(schema.items(), 1)]
    rows = frame.select(texts).with_row_index("src_row", offset=1).with_columns(pl.col("src_row").cast(pl.Int64))
    rows.sink_parquet(f"{folder}/0.parquet", compression="lz4")
    written = int(pl.scan_parquet(f"{folder}/0.parquet").select(pl.len()).collect().item())
    if written != expected:
        refuse("readers_disagree", f"{written} / {expected}")
    return {"rows": expected, "names": schema.names(), "file": "0.parquet"}


def _as_text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        return column.dt.strftime("%Y-%m-%dT%H:%M:%S%.f" + ("%:z" if dtype.time_zone else ""))
    if not dtype.is_numeric() and dtype not in _TEXT:
        refuse("column_type", f"{name}: {dtype}")
    return column.cast(pl.String)
