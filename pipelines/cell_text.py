"""Identifiers, names, codes, yes and no, and units as people type them."""

from __future__ import annotations

import polars as pl

from pipelines import units
from pipelines.reading import Reading, fold
from pipelines.reasons import PLAIN, code

_c = pl.col
_YES = ("true", "是", "有", "yes", "y", "1", "√", "✓", "✔", "1.0", "真", "对")
_NO = ("false", "否", "无", "没有", "no", "n", "0", "×", "✗", "✘", "0.0", "假", "错")
_USCC = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def _say(name: str) -> pl.Expr:
    return pl.lit(code(name), pl.UInt8)


def identifier(frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Identifiers as text, NFKC, to the last zero; what a spreadsheet program has spoilt is a fault."""
    t = _c("wide")
    found = (
        pl.when(t.str.contains("\N{REPLACEMENT CHARACTER}")).then(_say("text.lost"))
        .when(t.str.contains(r"^[+-]?[0-9]+(?:\.[0-9]+)?[eE]\+[0-9]+$|^[+-]?[0-9]\.[0-9]+[eE]-?[0-9]+$")).then(_say("identifier.scientific"))
        .when(t.str.contains(r"^[0-9]+\.0$")).then(_say("identifier.decimal"))
        .when(t.str.contains(r"\s")).then(_say("identifier.space"))
        .when(t != _c("t")).then(_say("width"))
        .when(_c("t") != _c("raw")).then(_say("spaces"))
    )  # fmt: skip
    if reading.column.checksum == "uscc":
        right = t.map_elements(uscc, return_dtype=pl.Boolean)
        frame = frame.with_columns(right=right) if frame.height else frame.with_columns(right=pl.lit(True))
        found = found.when(_c("right").not_()).then(_say("checksum"))
    return frame.with_columns(value=t, code=found.otherwise(pl.lit(PLAIN, pl.UInt8)))


def text(frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """Names and remarks in NFC without blanks around them; formulas stay the text they are."""
    frame = frame.with_columns(value=_c("t").str.normalize("NFC"))
    found = (
        pl.when(_c("t").str.contains("\N{REPLACEMENT CHARACTER}")).then(_say("text.lost"))
        .when(_c("value") != _c("t")).then(_say("nfc"))
        .when(_c("t") != _c("raw")).then(_say("spaces"))
    )  # fmt: skip
    return frame.with_columns(code=found.otherwise(pl.lit(PLAIN, pl.UInt8)))


def code_of(frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """The code a text stands for: the code, a name of it in either language, or an alias."""
    rows = [(raw, *reading.words.get(fold(raw), (None, False))) for raw in frame["raw"].to_list()]
    table = pl.DataFrame(rows, schema={"raw": pl.String, "value": pl.String, "official": pl.Boolean}, orient="row")
    found = (
        pl.when(_c("value").is_null()).then(_say("code"))
        .when(~_c("official")).then(_say("word"))
        .when(_c("wide") != _c("raw")).then(_say("width"))
        .otherwise(pl.lit(PLAIN, pl.UInt8))
    )  # fmt: skip
    return frame.join(table, on="raw", how="left", maintain_order="left").with_columns(code=found)


def boolean(frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """True and false from the words of both languages, 1 and 0, and ticks."""
    word = _c("wide").str.to_lowercase()
    value = pl.when(word.is_in(_YES)).then(True).when(word.is_in(_NO)).then(False)
    unclear = word.is_in([word for word in ("无", "没有", "no", "n") if word in {fold(m) for m in reading.missing}])
    found = pl.when(unclear).then(_say("boolean.missing")).when(value.is_null()).then(_say("boolean"))
    plain = found.when(~_c("raw").is_in(["true", "false", "True", "False", "TRUE", "FALSE"])).then(_say("word"))
    frame = frame.with_columns(code=plain.otherwise(pl.lit(PLAIN, pl.UInt8)))
    return frame.with_columns(value=pl.when(~unclear).then(value))


def unit_of(frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """The unit as written (万元, 元, …), when every column it speaks of can be converted from it."""
    rows = []
    for raw, wide in frame.select("raw", "wide").iter_rows():
        found = units.unit(wide)
        fits = all(units.factor(wide, wanted) is not None for wanted in reading.units)
        other = any(units.factor(wide, wanted) != 1 for wanted in reading.units)
        value = (found.text if found else wide) if fits else None
        rows.append((raw, value, code("unit.unknown") if not fits else code("unit") if other else PLAIN))
    table = pl.DataFrame(rows, schema={"raw": pl.String, "value": pl.String, "code": pl.UInt8}, orient="row")
    return frame.join(table, on="raw", how="left", maintain_order="left")


def uscc(number: str) -> bool:
    """Whether the check character of a unified social credit code is right (GB 32100-2015, §4 and annex A)."""
    number = number.upper()
    if len(number) != 18 or any(sign not in _USCC for sign in number):
        return False
    total = sum(_USCC.index(sign) * pow(3, place, 31) for place, sign in enumerate(number[:17]))
    return _USCC[(31 - total % 31) % 31] == number[17]
