"""A typed table against its dictionary: good rows into a file, every fault of every bad row into the rejected frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.dictionary import Table
from pipelines.faults import Rule, cell_notes, faults, figure, note
from pipelines.reading import Reading
from pipelines.reasons import FIRST_FAULT, PLAIN
from pipelines.report import Note
from pipelines.typed import CODE, TEXT
from pipelines.yamlfile import Text

_ROWS = 100_000  # in a row group: small enough to stream, large enough to compress


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What the checks left: the frame of rejected rows (typed, with texts), the faults, the notes."""

    bad: pl.DataFrame
    rejected: pl.DataFrame
    notes: tuple[Note, ...]


def rules(table: Table) -> list[Rule]:
    """The rules of a table beyond what reading a cell tells: required, minimum, maximum, pattern, checks."""
    found: list[Rule] = []
    for name, column in table.columns.items():
        cell = pl.col(name)
        if column.required or name in table.key:
            blank = cell.is_null() & (pl.col(name + CODE) < FIRST_FAULT)
            found.append(_rule(name, "required", blank, "为必填项，请填写", "is required; fill it in"))
        if column.minimum is not None:
            low = figure(column.minimum)
            found.append(_rule(name, "minimum", cell < column.minimum, f"小于最小值 {low}", f"is below the minimum {low}"))
        if column.maximum is not None:
            high = figure(column.maximum)
            found.append(_rule(name, "maximum", cell > column.maximum, f"大于最大值 {high}", f"is above the maximum {high}"))
        if column.pattern is not None:
            odd = ~cell.str.contains(f"^(?:{column.pattern})$")
            words = (f"不符合规定的形式 {column.pattern}", f"does not have the form {column.pattern}")
            found.append(_rule(name, "pattern", odd, *words))
    for check in table.checks:
        broken = ~pl.sql_expr(check.that)
        words_of = Text(zh=check.message.zh.rstrip("。"), en=check.message.en.rstrip("."))
        rule = f"{check.column}.{check.id}"
        found.append(Rule(rule=rule, column=check.column, bad=broken, words=words_of, review=check.severity != "reject"))
    return found


def check(frame: pl.LazyFrame, table: Table, readings: dict[str, Reading], *, file: str, good: Path, odd: Path) -> Checked:
    """Writes the good rows to `good` and returns what is to be said of the others, in one pass over `frame`.

    NOTE: two sinks share the pass. A third branch, or collecting one, makes Polars 2.1 parse everything twice, or buffer it.
    """
    found = rules(table)
    hard, soft = [rule for rule in found if not rule.review], [rule for rule in found if rule.review]
    codes = [name + CODE for name in table.columns]
    marks = [f"~{i}" for i in range(len(soft))]
    broken = [*(pl.col(c) >= FIRST_FAULT for c in codes), *(rule.bad.fill_null(False) for rule in hard)]
    frame = frame.with_columns(
        pl.any_horizontal(broken).alias("~bad"),
        *(rule.bad.fill_null(False).alias(mark) for rule, mark in zip(soft, marks, strict=True)),
    )
    sayings = pl.any_horizontal("~bad", *marks, *(pl.col(c) != PLAIN for c in codes))
    texts = [name + TEXT for name in table.columns]
    kept = [pl.when("~bad").then(pl.col(name)).alias(name) for name in (*table.columns, *texts)]
    pl.collect_all(
        [
            frame.filter(~pl.col("~bad"))
            .select(*table.columns, pl.lit(file).alias("src_file"), "src_row")
            .sink_parquet(good, compression="lz4", row_group_size=_ROWS, lazy=True),
            frame.filter(sayings)
            .select("src_row", "~bad", *marks, *codes, *kept)
            .sink_parquet(odd, compression="lz4", lazy=True),
        ],
        engine="streaming",
    )
    return _judged(pl.scan_parquet(odd), hard, soft, table, readings, file)


def _judged(
    said: pl.LazyFrame, hard: list[Rule], soft: list[Rule], table: Table, readings: dict[str, Reading], file: str
) -> Checked:
    """What is to be said of the rows of `said`: src_row, ~bad, a mark per soft rule, then codes, values and texts."""
    codes, marks = [name + CODE for name in table.columns], [f"~{i}" for i in range(len(soft))]
    fine = said.filter(~pl.col("~bad"))
    bad = said.filter("~bad").drop("~bad", *marks).collect(engine="streaming").sort("src_row")
    noted = fine.group_by(codes).agg(pl.len().alias("rows"), pl.col("src_row").min().alias("first")).collect(engine="streaming")
    counts = [expr for m in marks for expr in (pl.col(m).sum(), pl.col("src_row").filter(pl.col(m)).min().alias(f"{m}row"))]
    reviewed = fine.select(pl.len(), *counts).collect(engine="streaming").row(0, named=True)
    notes = cell_notes(noted, table, readings)
    for mark, rule in zip(marks, soft, strict=True):
        if reviewed[mark]:
            name = table.columns[rule.column].name
            notes.append(note("review", rule.column, name, reviewed[mark], reviewed[f"{mark}row"], rule.words.zh, rule.words.en))
    return Checked(bad=bad, rejected=faults(bad, hard, table, readings, file), notes=tuple(notes))


def _rule(column: str, rule: str, bad: pl.Expr, zh: str, en: str) -> Rule:
    return Rule(rule=f"{column}.{rule}", column=column, bad=bad, words=Text(zh=zh, en=en))
