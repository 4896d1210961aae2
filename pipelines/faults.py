"""The words for what is wrong with a row, and for what was changed in reading it, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines import units
from pipelines.dictionary import CodeList, Table
from pipelines.reading import Reading
from pipelines.reasons import BY_CODE, FIRST_FAULT, FIRST_REVIEW, PLAIN
from pipelines.report import REJECTED, UNSEEN, Note, plural
from pipelines.typed import CODE, TEXT
from pipelines.yamlfile import Text, suggest


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule of a column: `bad` is true where it is broken, `words` follow the value in the message."""

    rule: str
    column: str
    bad: pl.Expr
    words: Text
    review: bool = False

    @property
    def after(self) -> tuple[str, str]:
        """What stands between the value and the words: a plan's own message may be a sentence of its own."""
        return ("。", ". ") if self.words.en[:1].isupper() else (" ", " ")


def faults(bad: pl.DataFrame, rules: list[Rule], table: Table, readings: dict[str, Reading], file: str) -> pl.DataFrame:
    """One row per fault, by row and then in the order of the table's columns."""
    parts: list[pl.DataFrame] = []
    for name, column in table.columns.items():
        rows = bad.select(row="src_row", value=name + TEXT, code=name + CODE)
        for number in rows.filter(pl.col("code") >= FIRST_FAULT)["code"].unique().sort().to_list():
            reason = BY_CODE[number]
            chosen = rows.filter(pl.col("code") == number)
            zh, en = _words(chosen["value"], reason.words, readings[name])
            parts.append(messages(chosen, file=file, column=name, name=column.name, rule=f"{name}.{reason.rule}", zh=zh, en=en))
        for rule in (rule for rule in rules if rule.column == name):
            chosen = bad.filter(rule.bad.fill_null(False)).select(row="src_row", value=name + TEXT)
            if chosen.height:
                zh, en = rule.words.zh, rule.words.en
                said = messages(chosen, file=file, column=name, name=column.name, rule=rule.rule, zh=zh, en=en, after=rule.after)
                parts.append(said)
    if not parts:
        return pl.DataFrame(schema=REJECTED)
    return pl.concat(parts).sort("row", maintain_order=True)


def messages(
    rows: pl.DataFrame, *, file: str, column: str, name: Text, rule: str, zh: str | pl.Expr, en: str | pl.Expr,
    after: tuple[str, str] = (" ", " "),
) -> pl.DataFrame:  # fmt: skip
    """Rows `row`, `value` as a rejected frame; `zh` and `en` follow the value and what stands `after` it, with what to do."""
    short = pl.col("value").str.slice(0, 60).str.replace_all(UNSEEN, "\N{REPLACEMENT CHARACTER}")
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
            "{} 第{}行，{}：{}{}{}（规则 {}）。该行未载入，已另存。",
            pl.lit(file), "row", pl.lit(name.zh), shown_zh, pl.lit(after[0]), words[0], pl.lit(rule),
        ),
        message_en=pl.format(
            "{} row {}, {}: {}{}{} (rule {}). The row was set aside.",
            pl.lit(file), "row", pl.lit(name.en), shown_en, pl.lit(after[1]), words[1], pl.lit(rule),
        ),
    )  # fmt: skip


def cell_notes(noted: pl.DataFrame, table: Table, readings: dict[str, Reading]) -> list[Note]:
    """One note per column and reason: how many cells of the accepted rows, and the first row."""
    notes = []
    for name, column in table.columns.items():
        seen = noted.group_by(pl.col(name + CODE).alias("code")).agg(pl.col("rows").sum(), pl.col("first").min()).sort("code")
        for number, count, first in seen.filter(pl.col("code") != PLAIN).iter_rows():
            reason = BY_CODE[number]
            unit = _unit(readings[name])
            zh, en = reason.words.zh.format(unit=unit.zh), reason.words.en.format(unit=unit.en)
            kind = "review" if number >= FIRST_REVIEW else "normalised"
            notes.append(note(kind, name, column.name, count, first, zh, en))
    return notes


def note(kind: str, column: str, name: Text, count: int, first: int, zh: str, en: str) -> Note:
    more = (f"（另有 {count - 1} 行）", f" (and {plural(count - 1, 'more row', 'more rows')})") if count > 1 else ("", "")
    message = Text(zh=f"第{first}行，{name.zh}：{zh}{more[0]}", en=f"row {first}, {name.en}: {en}{more[1]}")
    return Note(kind="review" if kind == "review" else "normalised", row=first, column=column, message=message)


def figure(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _words(values: pl.Series, words: Text, reading: Reading) -> tuple[str | pl.Expr, str | pl.Expr]:
    """The words of a reason with unit, limit and, for codes, the nearest known spelling filled in."""
    column = reading.column
    limit = figure(max(1.0, column.maximum or 1.0))
    unit = _unit(reading)
    if reading.codes is None:
        return words.zh.format(unit=unit.zh, limit=limit), words.en.format(unit=unit.en, limit=limit)
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


def _unit(reading: Reading) -> Text:
    """The unit a column is stored in; for a unit column those of the columns it speaks of."""
    names = [reading.column.unit] if reading.column.unit else list(dict.fromkeys(reading.units))
    return Text(zh="、".join(names) or "—", en=", ".join(units.english(name) for name in names) or "—")


def near_code(value: str, codes: CodeList) -> str | None:
    """The official spelling nearest to an unknown one, or None."""
    words = [word for key, entry in codes.codes.items() for word in (key, entry.name.zh, entry.name.en, *entry.aliases)]
    found = suggest(value.strip(), words)
    return found.split("`")[1] if found.startswith(" Did") else None
