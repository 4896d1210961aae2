"""Plans, registers and projects for the tests of durations, made on the spot."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import polars as pl

from indicators.catalogue.plan import Duration
from indicators.cycles.spells import spells
from indicators.cycles.survival import Cases, Curve, curve
from indicators.estimation.estimate import Floats
from pipelines.design import Design

FIRM = {"firm": "identifier", "year": "year", "layer": "identifier", "layer_size": "integer", "holding_group": "identifier"}
PROJECT = {
    "firm": "identifier",
    "project": "identifier",
    "begun": "date",
    "done": "date",
    "dropped": "date",
    "seen": "date",
    "kind": "identifier",
}
DESIGN = Design(unit="firm", stratum="layer", population="layer_size")
MEASURED = {"start": "begun", "end": "done", "stopped": "dropped", "as_of": "seen"}


def cycle_plan(
    make_plan: Any,
    method: str = "period",
    *,
    change: dict[str, Any] | None = None,
    quantile: float = 0.5,
    minimum_groups: int = 1,
    **design: Any,
) -> Any:
    """Projects dated by a register of firms; the median of the time from begun to done, and perhaps its change on 2025."""
    asked = {"unit": "firm", "stratum": "layer", "population": "layer_size", "group": "holding_group", **design}
    link = {"table": "register", "on": {"firm": "firm", "year": "period"}}
    measured = {**MEASURED, "method": method, "quantile": quantile}
    indicators: dict[str, Any] = {"cycle": {"table": "projects", "duration": measured}}
    if change is not None:
        indicators["shorter"] = {"change_of": "cycle", "base_period": "2025", **change}
    kept = {name: value for name, value in asked.items() if name != "answered_in"}
    return make_plan(
        tables={
            "register": {"key": ["firm", "year"], "period": "year", "columns": FIRM},
            "asked": {
                "key": ["firm", "year"],
                "period": "year",
                "link": [link],
                "design": kept,
                "columns": {"firm": "identifier", "year": "year"},
            },
            "projects": {"key": ["firm", "project"], "link": [link], "design": asked, "columns": PROJECT},
        },
        indicators=indicators,
        breakdowns={"kind": "kind", "layer": "layer"},
        minimum_groups=minimum_groups,
    )


def register(firms: list[str], years: range, layers: dict[str, tuple[str, int]] | None = None) -> pl.DataFrame:
    rows = []
    for year in years:
        for firm in firms:
            layer, size = (layers or {}).get(firm, ("all", len(firms)))
            rows.append({"firm": firm, "year": year, "layer": layer, "layer_size": size, "holding_group": firm})
    return pl.DataFrame(rows)


def projects(rows: list[tuple[Any, ...]], seen: date = date(2027, 12, 31)) -> pl.DataFrame:
    """Rows of (firm, begun, done, dropped)."""
    frame = pl.DataFrame(rows, schema=["firm", "begun", "done", "dropped"], orient="row", infer_schema_length=None)
    number = pl.int_range(pl.len()).cast(pl.String)
    return frame.with_columns(
        pl.col("begun", "done", "dropped").cast(pl.Date), project=number, seen=pl.lit(seen), kind=pl.lit("k")
    )


def answers(rows: list[tuple[int, str, str]], population: int = 1000) -> pl.DataFrame:
    """Rows of (year, unit, stratum), as resampling wants them."""
    frame = pl.DataFrame(
        [(year * 10000, unit, stratum) for year, unit, stratum in rows], schema=["period", "unit", "stratum"], orient="row"
    )
    return frame.with_columns(answered=pl.len().over("period", "stratum").cast(pl.Float64), population=pl.lit(float(population)))


def cases(entry: Any, exit_: Any, event: Any, weight: Any = None, stopped: Any = None, unit: Any = None) -> Cases:
    size = len(exit_)
    return Cases(
        entry=np.asarray(entry, dtype=float),
        exit=np.asarray(exit_, dtype=float),
        event=np.asarray(event, dtype=bool),
        stopped=np.zeros(size, dtype=bool) if stopped is None else np.asarray(stopped, dtype=bool),
        weight=np.ones(size) if weight is None else np.asarray(weight, dtype=float),
        unit=np.arange(size) if unit is None else np.asarray(unit),
    )


def line(given: Cases) -> Curve:
    """The curve of the cases themselves."""
    return curve(given, np.ones((int(given.unit.max()) + 1, 1)))


def quantile(entry: Any, exit_: Any, event: Any, weight: Any = None, q: float = 0.5) -> float:
    return float(line(cases(entry, exit_, event, weight)).quantile(q)[0])


def days(begun: Floats, length: Floats, seen: date) -> pl.DataFrame:
    """Cases as records: begun on a day counted from 1970, open where they end after `seen`."""
    last = (seen - date(1970, 1, 1)).days
    done = np.floor(begun) + np.maximum(np.round(length), 0)
    frame = pl.DataFrame({"begun": np.floor(begun).astype(np.int32), "done": done.astype(np.int32)})
    frame = frame.with_columns(done=pl.when(pl.col("done") <= last).then("done"))
    return frame.with_columns(
        pl.col("begun", "done").cast(pl.Date), dropped=pl.lit(None, pl.Date), seen=pl.lit(seen), unit=pl.lit("a")
    ).filter(pl.col("begun") <= seen)


def median_of_year(records: pl.DataFrame, year: int, method: str = "period") -> float:
    """The median of one year, through the spells and the curve that publish."""
    measured = Duration(**MEASURED, method=method)
    part = spells(records.with_columns(period=pl.lit(year * 10000)), measured)
    given = cases(part["entry"], part["exit"], part["event"], unit=np.zeros(part.height, dtype=int))
    return float(line(given).quantile(0.5)[0])
