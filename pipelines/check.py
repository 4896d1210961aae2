"""A typed table against its dictionary: good rows into a file, every fault of every bad row into the rejected frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines import units
from pipelines.dictionary import CodeList, Table
from pipelines.parse import Reading, expression
from pipelines.reasons import BY_CODE, FIRST_FAULT, FIRST_REVIEW, PLAIN, code
from pipelines.report import REJECTED, Note
from pipelines.yamlfile import Text, suggest

#: beside a column there stand its text in the file and the reason of pipelines.reasons; ids have no `~`, so no clash
TEXT, CODE = "~text", "~code"
#: characters that would garble a message
_UNSEEN = r"[\x00-\x1f\x7f-\x{9f}\x{200b}-\x{200f}\x{2028}-\x{202e}\x{2060}-\x{2069}\x{feff}]"
_ROWS = 100_000  # in a row group: small enough to stream, large enough to compress


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of a column: `bad` is true where it is broken, `words` follow the value in the message."""

    rule: str
    column: str
    bad: pl.Expr
    words: Text
    review: bool = False


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What the checks left: the frame of rejected rows (typed, with texts), the faults, the notes."""

    bad: pl.DataFrame
    rejected: pl.DataFrame
    notes: tuple[Note, ...]


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


def rules(table: Table) -> list[Rule]:
    """The rules of a table beyond what reading a cell tells: required, minimum, maximum, pattern, checks."""
    found: list[Rule] = []
    for name, column in table.columns.items():
        cell = pl.col(name)
        if column.required or name in table.key:
            blank = cell.is_null() & (pl.col(name + CODE) < FIRST_FAULT)
            found.append(_rule(name, "required", blank, "为必填项，请填写", "is required; fill it in"))
        if column.minimum is not None:
            low = _figure(column.minimum)
            found.append(_rule(name, "minimum", cell < column.minimum, f"小于最小值 {low}", f"is below the minimum {low}"))
        if column.maximum is not None:
            high = _figure(column.maximum)
            found.append(_rule(name, "maximum", cell > column.maximum, f"大于最大值 {high}", f"is above the maximum {high}"))
        if column.pattern is not None:
            odd = ~cell.str.contains(f"^(?:{column.pattern})$")
            words = (f"不符合规定的形式 {column.pattern}", f"does not have the form {column.pattern}")
            found.append(_rule(name, "pattern", odd, *words))
    for check in table.checks:
        broken = ~pl.sql_expr(check.that)
        words_of = Text(zh=check.message.zh.rstrip("。"), en=check.message.en.rstrip("."))
        rule = f"{check.column}.{check.id}"
        found.append(Rule(rule=rule, column=check.column, bad=broken, words=words_of, review=check.severity == "review"))
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
    said = pl.scan_parquet(odd)
    fine = said.filter(~pl.col("~bad"))
    bad = said.filter("~bad").drop("~bad", *marks).collect(engine="streaming").sort("src_row")
    noted = fine.group_by(codes).agg(pl.len().alias("rows"), pl.col("src_row").min().alias("first")).collect(engine="streaming")
    counts = [expr for m in marks for expr in (pl.col(m).sum(), pl.col("src_row").filter(pl.col(m)).min().alias(f"{m}row"))]
    reviewed = fine.select(pl.len(), *counts).collect(engine="streaming").row(0, named=True)
    notes = _cell_notes(noted, table, readings)
    for mark, rule in zip(marks, soft, strict=True):
        if reviewed[mark]:
            name = table.columns[rule.column].name
            notes.append(_note("review", rule.column, name, reviewed[mark], reviewed[f"{mark}row"], rule.words.zh, rule.words.en))
    return Checked(bad=bad, rejected=_faults(bad, hard, table, readings, file), notes=tuple(notes))


def messages(
    rows: pl.DataFrame, *, file: str, column: str, name: Text, rule: str, zh: str | pl.Expr, en: str | pl.Expr
) -> pl.DataFrame:
    """Rows `row`, `value` as a rejected frame; `zh` and `en` follow the value, with what to do."""
    short = pl.col("value").str.slice(0, 60).str.replace_all(_UNSEEN, "\N{REPLACEMENT CHARACTER}")
    blank = pl.col("value").is_null() | (pl.col("value").str.strip_chars() == "")
    shown_zh, shown_en = (pl.when(blank).then(pl.lit(word)).otherwise(short) for word in ("（空白）", "(blank)"))
    words = [pl.lit(w) if isinstance(w, str) else w for w in (zh, en)]
    return rows.select(
        file=pl.lit(file),
        row=pl.col("row").cast(pl.Int64),
        column=pl.lit(column),
        value=pl.col("value"),
        rule=pl.lit(rule),
        message_zh=pl.format(
            "{} 第{}行，{}：{} {}（规则 {}）。该行未载入，已另存。",
            pl.lit(file), "row", pl.lit(name.zh), shown_zh, words[0], pl.lit(rule),
        ),
        message_en=pl.format(
            "{} row {}, {}: {} {} (rule {}). The row was set aside.",
            pl.lit(file), "row", pl.lit(name.en), shown_en, words[1], pl.lit(rule),
        ),
    )  # fmt: skip


def _rule(column: str, rule: str, bad: pl.Expr, zh: str, en: str) -> Rule:
    return Rule(rule=f"{column}.{rule}", column=column, bad=bad, words=Text(zh=zh, en=en))


def _figure(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _faults(bad: pl.DataFrame, hard: list[Rule], table: Table, readings: dict[str, Reading], file: str) -> pl.DataFrame:
    """One row per fault, by row and then in the order of the table's columns."""
    parts: list[pl.DataFrame] = []
    for name, column in table.columns.items():
        rows = bad.select(row="src_row", value=name + TEXT, code=name + CODE)
        for number in rows.filter(pl.col("code") >= FIRST_FAULT)["code"].unique().sort().to_list():
            reason = BY_CODE[number]
            chosen = rows.filter(pl.col("code") == number)
            zh, en = _words(chosen["value"], reason.words, readings[name])
            parts.append(messages(chosen, file=file, column=name, name=column.name, rule=f"{name}.{reason.rule}", zh=zh, en=en))
        for rule in (rule for rule in hard if rule.column == name):
            chosen = bad.filter(rule.bad.fill_null(False)).select(row="src_row", value=name + TEXT)
            if chosen.height:
                words = rule.words
                parts.append(messages(chosen, file=file, column=name, name=column.name, rule=rule.rule, zh=words.zh, en=words.en))
    if not parts:
        return pl.DataFrame(schema=REJECTED)
    return pl.concat(parts).sort("row", maintain_order=True)


def _words(values: pl.Series, words: Text, reading: Reading) -> tuple[str | pl.Expr, str | pl.Expr]:
    """The words of a reason with unit, limit and, for codes, the nearest known spelling filled in."""
    column = reading.column
    limit = _figure(max(1.0, column.maximum or 1.0))
    unit = column.unit or "、".join(dict.fromkeys(reading.units)) or "—"
    if reading.codes is None:
        return words.zh.format(unit=unit, limit=limit), words.en.format(unit=unit, limit=limit)
    zh, en = {}, {}
    for value in values.unique().to_list():
        near = near_code(value, reading.codes)
        hint_zh, hint_en = (
            f"，是否为 {near}？" if near else "；请按代码表填写",
            f"; did you mean {near}?" if near else "; write a code of it",
        )
        zh[value] = words.zh.format(codes=reading.codes.name.zh, near_zh=hint_zh)
        en[value] = words.en.format(codes=reading.codes.name.en, near_en=hint_en)
    value = pl.col("value")
    return value.replace_strict(zh, return_dtype=pl.String), value.replace_strict(en, return_dtype=pl.String)


def near_code(value: str, codes: CodeList) -> str | None:
    """The official spelling nearest to an unknown one, or None."""
    words = [word for key, entry in codes.codes.items() for word in (key, entry.name.zh, entry.name.en, *entry.aliases)]
    found = suggest(value.strip(), words)
    return found.split("`")[1] if found.startswith(" Did") else None


def _cell_notes(noted: pl.DataFrame, table: Table, readings: dict[str, Reading]) -> list[Note]:
    """One note per column and reason: how many cells of the accepted rows, and the first row."""
    notes = []
    for name, column in table.columns.items():
        seen = noted.group_by(pl.col(name + CODE).alias("code")).agg(pl.col("rows").sum(), pl.col("first").min()).sort("code")
        for number, count, first in seen.filter(pl.col("code") != PLAIN).iter_rows():
            reason = BY_CODE[number]
            unit = column.unit or "、".join(dict.fromkeys(readings[name].units)) or "—"
            zh, en = reason.words.zh.format(unit=unit), reason.words.en.format(unit=unit)
            kind = "review" if number >= FIRST_REVIEW else "normalised"
            notes.append(_note(kind, name, column.name, count, first, zh, en))
    return notes


def _note(kind: str, column: str, name: Text, count: int, first: int, zh: str, en: str) -> Note:
    more = (f"（另有 {count - 1} 行）", f" (and {count - 1} more rows)") if count > 1 else ("", "")
    message = Text(zh=f"第{first}行，{name.zh}：{zh}{more[0]}", en=f"row {first}, {name.en}: {en}{more[1]}")
    return Note(kind="review" if kind == "review" else "normalised", row=first, column=column, message=message)
