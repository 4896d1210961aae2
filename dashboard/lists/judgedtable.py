"""What is drawn of a number held against a target, as tables to carry away: the way to it, the change since the base."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from dashboard.rows.judged import Lines, Part, Step
from dashboard.rows.reading import Result
from dashboard.words import Words
from indicators.catalogue import format
from indicators.catalogue.plan import Target, Unit


def way(observed: Sequence[Result], lines: Lines, target: Target, unit: Unit, words: Words) -> pl.DataFrame:
    """One row a year: what was observed with its interval, the path in force, and where the pace and the curve lead."""
    seen = {int(row.period): row for row in observed}
    paths = [steps for (kind, _), steps in lines.items() if kind == "path"][:1]
    path, pace, trend = (
        {row.year: row for row in steps}
        for steps in (paths[0] if paths else (), lines.get(("same_pace", None), ()), lines.get(("trend", None), ()))
    )
    years = sorted({*seen, *path, *pace, *trend})
    columns: dict[str, list[float | None]] = {
        words("table.value", unit=unit.symbol.in_language(words.language)): [_of(seen.get(year), unit) for year in years],
        words("table.low"): [_of(seen.get(year), unit, "low") for year in years],
        words("table.high"): [_of(seen.get(year), unit, "high") for year in years],
        words("target.page.line.path"): [_of(path.get(year), unit) for year in years],
        words("chart.target"): [format.shown(target.value, unit) for _ in years],
        words("target.page.line.same_pace"): [_of(pace.get(year), unit) for year in years],
        words("carry.pace.low"): [_of(pace.get(year), unit, "low") for year in years],
        words("carry.pace.high"): [_of(pace.get(year), unit, "high") for year in years],
        words("target.page.line.trend"): [_of(trend.get(year), unit) for year in years],
    }
    told = {name: values for name, values in columns.items() if any(value is not None for value in values)}
    schema = {words("table.period"): pl.String(), **dict.fromkeys(told, pl.Float64())}
    return pl.DataFrame({words("table.period"): [str(year) for year in years], **told}, schema=schema)


def shift(parts: Sequence[Part], names: Mapping[str, str], unit: Unit, words: Words) -> pl.DataFrame:
    """One row a part: what it changed itself, and what its share of the whole changed; with a decimal more than the unit."""
    columns = {
        words(f"target.page.{name}"): [_fine(getattr(part, name), unit) for part in parts] for name in ("within", "composition")
    }
    schema = {words("target.page.column.category"): pl.String(), **dict.fromkeys(columns, pl.Float64())}
    return pl.DataFrame(
        {words("target.page.column.category"): [names[part.category] for part in parts], **columns}, schema=schema
    )


def _of(row: Result | Step | None, unit: Unit, end: str = "value") -> float | None:
    return None if row is None else format.shown(getattr(row, end), unit)


def _fine(value: float | None, unit: Unit) -> float | None:
    return None if value is None else format.shown(value, unit.model_copy(update={"decimals": unit.decimals + 1}))
