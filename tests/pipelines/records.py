"""Small tables with rules of editing, and their rows, made on the spot from a few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from pipelines.dictionary import Table
from pipelines.edit.edit import Edited

TYPES: dict[str, Any] = {
    "integer": pl.Int64, "number": pl.Float64, "rate": pl.Float64, "boolean": pl.Boolean, "date": pl.Date, "month": pl.Date,
    "year": pl.Int32,
}  # fmt: skip
BESIDE = {"_cell": pl.String, "_weight": pl.Float64, "_stratum_whole": pl.Boolean}
FRAME = {"unit": pl.String, "year": pl.Int32, "_cell": pl.String, "_size": pl.Float64, "_stratum_whole": pl.Boolean}


def words(text: str) -> dict[str, str]:
    return {"zh": text, "en": text}


def table(
    columns: Mapping[str, Any],
    editing: Mapping[str, Any] | None = None,
    checks: Mapping[str, str] | None = None,
    *,
    rejects: Mapping[str, str] | None = None,
    period: str = "year",
    key: Sequence[str] = ("unit", "when"),
) -> Table:
    """A table of unit and `when` (a year or month) with these columns (name: type, or all of the column) and checks."""
    specs = {"unit": "identifier", "when": period, **columns}
    written = {name: {"type": spec} if isinstance(spec, str) else spec for name, spec in specs.items()}
    stated = [
        (name, text, severity)
        for found, severity in ((checks, "edit"), (rejects, "reject"))
        for name, text in (found or {}).items()
    ]
    return Table.model_validate(
        {
            "id": "answers",
            "name": words("answers"),
            "key": list(key),
            "period": "when",
            "design": {"unit": "unit", "census": True},
            "columns": {name: {"name": words(name), "tier": "general", **spec} for name, spec in written.items()},
            "checks": [
                {"id": name, "that": text, "column": "unit", "message": words(text), "severity": severity}
                for name, text, severity in stated
            ],
            "editing": dict(editing or {}),
        }
    )


def rows_of(of: Table, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows with what stands beside them: one cell, weight 1 and no stratum asked whole unless a row says otherwise."""
    schema = {name: TYPES.get(column.type, pl.String) for name, column in of.columns.items()} | BESIDE
    usual: dict[str, Any] = {"_cell": "c", "_weight": 1.0, "_stratum_whole": False}
    filled = [{**dict.fromkeys(of.columns), **usual, **row} for row in rows]
    return pl.DataFrame(filled, schema=schema)


def frame_of(rows: Sequence[tuple[str, int, float | None, bool]], cell: str = "c") -> pl.DataFrame:
    """Units that were asked: unit, year, size, and whether their stratum was asked whole."""
    return pl.DataFrame([(unit, year, cell, size, whole) for unit, year, size, whole in rows], schema=FRAME, orient="row")


def events_of(edited: Edited) -> dict[tuple[str, str, str], tuple[str | None, str | None, str]]:
    """(unit, period, column) → (old, new, method) of every event; no value has two."""
    found = {
        (row["unit"], row["period"], row["column"]): (row["old"], row["new"], row["method"]) for row in edited.events.to_dicts()
    }
    assert len(found) == edited.events.height
    return found


def reviews_of(edited: Edited) -> set[tuple[str | None, str | None, str, str]]:
    """(unit, period, column, rule) of every review."""
    return {(row["unit"], row["period"], row["column"], row["rule"]) for row in edited.reviews.to_dicts()}


def applied(of: Table, rows: pl.DataFrame, edited: Edited) -> pl.DataFrame:
    """The whole table after editing, as raw rows with what stands beside them: edited rows in the place of theirs."""
    news = edited.rows.drop("_imputed", "_added")
    beside = rows.select(*of.key, *BESIDE)
    cells = rows.select(of.key[0], pl.col("_cell").alias("_same")).unique(of.key[0], keep="first", maintain_order=True)
    changed = news.join(beside, on=of.key, how="left", nulls_equal=True).join(cells, on=of.key[0], how="left")
    changed = changed.with_columns(
        pl.coalesce("_cell", "_same", pl.lit(rows["_cell"][0])).alias("_cell"),
        pl.col("_weight").fill_null(1.0),
        pl.col("_stratum_whole").fill_null(True),  # only units of strata asked whole are added
    )
    return pl.concat([rows.join(news, on=of.key, how="anti", nulls_equal=True), changed.select(rows.columns)])
