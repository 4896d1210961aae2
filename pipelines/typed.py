"""The texts of a sheet as typed columns of its table, each with its text and its reason beside it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import polars as pl

from pipelines import units
from pipelines.dictionary import Dictionary, Table
from pipelines.parse import expression
from pipelines.reading import Reading
from pipelines.reasons import PLAIN, code
from pipelines.report import Note, refuse
from pipelines.sheet import Sheet
from pipelines.yamlfile import Text

#: beside a column there stand its text in the file and the reason of pipelines.reasons; ids have no `~`, so no clash
TEXT, CODE = "~text", "~code"


def readings_of(sheet: Sheet, table: Table, dictionary: Dictionary) -> dict[str, Reading]:
    """How each column of the table is read from this file. Raises FileRefused when a header states a unit that does not fit."""
    columns = sheet.columns
    header_units = {name: unit for name, unit in zip(columns, sheet.units, strict=True) if name}
    stating = {name: column for name, column in table.columns.items() if column.type == "unit" and name in columns}
    stated = {other for column in stating.values() for other in column.of}
    readings: dict[str, Reading] = {}
    for name, column in table.columns.items():
        spoken_of = [table.columns[other].unit for other in column.of]
        reading = Reading(
            id=name, column=column, missing=tuple(dictionary.missing), codes=dictionary.codes.get(column.codes or ""),
            unit=header_units.get(name), stated=name in stated, units=tuple(unit for unit in spoken_of if unit),
            today=dt.datetime.now().astimezone().date(),
        )  # fmt: skip
        try:
            _ = reading.factor
        except ValueError:
            unit, wanted = reading.unit, units.english(column.unit or "")
            raise refuse(
                sheet.file,
                found=(f"表头中“{column.name.zh}”的单位是 {unit}", f"the unit {unit} in the header of {column.name.en}"),
                expected=(
                    f"可以换算为 {column.unit} 的单位",
                    f"a unit that can be converted into {wanted}",
                ),
                todo=("请改正表头中的单位和数值", "correct the unit in the header, and the values with it"),
            ) from None
        readings[name] = reading
    return readings


def unit_notes(readings: dict[str, Reading]) -> list[Note]:
    """One note per column whose header states another unit than the table's."""
    notes = []
    for name, reading in readings.items():
        if reading.factor != 1:
            zh = f"{reading.column.name.zh}：表头单位为 {reading.unit}，已换算为 {reading.column.unit}"
            wanted = units.english(reading.column.unit or "")
            en = f"{reading.column.name.en}: the header says {reading.unit}; converted into {wanted}"
            notes.append(Note(kind="normalised", column=name, message=Text(zh=zh, en=en)))
    return notes


def typed(rows: pl.LazyFrame, columns: Sequence[str | None], table: Table, readings: dict[str, Reading]) -> pl.LazyFrame:
    """Rows `src_row`, c0 … as typed columns of the table in its order, each with its text and its reason."""
    place = {name: f"c{i}" for i, name in enumerate(columns) if name}
    present = [name for name in table.columns if name in place]
    parsed = rows.with_columns(expression(place[name], readings[name]).alias(name) for name in present)
    frame = parsed.select(
        "src_row",
        *(pl.col(name).struct.field("value").alias(name) for name in present),
        *(pl.col(name).struct.field("code").alias(name + CODE) for name in present),
        *(pl.col(place[name]).alias(name + TEXT) for name in present),
    )
    absent = [name for name in table.columns if name not in place]
    frame = frame.with_columns(
        *(pl.lit(None, readings[name].dtype).alias(name) for name in absent),
        *(pl.lit(PLAIN, pl.UInt8).alias(name + CODE) for name in absent),
        *(pl.lit(None, pl.String).alias(name + TEXT) for name in absent),
    )
    for name in present:
        if table.columns[name].type == "unit":
            frame = _converted(frame, name, table, readings)
    return frame


def _converted(frame: pl.LazyFrame, stating: str, table: Table, readings: dict[str, Reading]) -> pl.LazyFrame:
    """Columns whose unit stands in `stating`, converted into their own; a unit in the cell itself goes first."""
    changes, stored = [], set()
    for name in table.columns[stating].of:
        wanted = table.columns[name].unit
        if wanted is None:
            continue
        stored.add(wanted)
        known = units.related(wanted)
        header = readings[name].factor  # where the row does not say its unit
        ups = _looked_up(stating, {unit: factor.numerator for unit, factor in known.items()}, header.numerator)
        downs = _looked_up(stating, {unit: factor.denominator for unit, factor in known.items()}, header.denominator)
        value = pl.when(pl.col(name + CODE) == code("suffix")).then(pl.col(name)).otherwise(pl.col(name) * ups / downs)
        if table.columns[name].type == "integer":
            whole = (value - value.round()).abs() <= 1e-9 * value.abs().clip(1.0)
            changes.append(pl.when(whole).then(value.round()).cast(pl.Int64, strict=False).alias(name))
            reason = pl.when(whole | value.is_null()).then(pl.col(name + CODE)).otherwise(code("integer"))
            changes.append(reason.cast(pl.UInt8).alias(name + CODE))
        else:
            changes.append(value.alias(name))
    if len(stored) == 1:  # the value stands in the table's unit from now on, so the unit column must say that unit
        changes.append(pl.when(pl.col(stating).is_not_null()).then(pl.lit(stored.pop())).alias(stating))
    return frame.with_columns(changes)


def _looked_up(column: str, words: dict[str, int], default: int) -> pl.Expr:
    numbers = {word: float(number) for word, number in words.items()}
    return pl.col(column).replace_strict(numbers, default=float(default), return_dtype=pl.Float64)
