"""Numbers, counts and rates as people type them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from pipelines import units
from pipelines.reading import Reading
from pipelines.reasons import PLAIN, code

if TYPE_CHECKING:
    from polars.expr.whenthen import ChainedThen

    from pipelines.reading import Reading

_BODY = r"^([+-]?(?:[0-9][0-9,]*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
_GROUPED = r"^[+-]?[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?$"
_WORDS = r"^[负-]?[〇零一二三四五六七八九十百千万亿两壹贰叁肆伍陆柒捌玖拾佰仟点]+$"
_c = pl.col


def _say(name: str) -> pl.Expr:
    return pl.lit(code(name), pl.UInt8)


def number(frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """`value` and `code` of texts `raw` (`t` stripped, `wide` also NFKC) in a number or integer column, in the column's unit."""
    whole = reading.column.type == "integer" and not reading.stated
    parts = _conversions(_parts(frame), reading)
    scaled = _c("plain") * _c("up") / _c("down")
    near = scaled.round()
    exact = _c("digits").str.replace(r"\.0*$", "").cast(pl.Int64, strict=False) * _c("sign").cast(pl.Int64)
    count = (
        pl.when((_c("up") == _c("down")) & exact.is_not_null()).then(exact)
        .when((scaled - near).abs() <= 1e-9 * pl.max_horizontal(near.abs(), 1.0)).then(near.cast(pl.Int64, strict=False))
    )  # fmt: skip
    value: pl.Expr = count if whole else scaled
    percent = _c("tail").is_in(["%", "‰"]) & _c("up").is_null()
    fault = (
        _shape_fault()
        .when(percent).then(_say("number.percent"))
        .when(_c("up").is_null()).then(_say("number.unit" if reading.column.unit else "number.suffix"))
    )  # fmt: skip
    if whole:
        fault = (
            fault.when(_c("body").str.contains("[eE]")).then(_say("number.scientific"))
            .when(_c("body").str.starts_with("+")).then(_say("number.plus"))
            .when(value.is_null() & (scaled.abs() >= 2.0**63)).then(_say("number.range"))
            .when(value.is_null()).then(_say("integer"))
        )  # fmt: skip
    parts = parts.with_columns(code=fault.when(~scaled.is_finite()).then(_say("number.infinite")).otherwise(_notes()))
    return parts.with_columns(value=value)


def rate(frame: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """`value` (a fraction) and `code` of texts in a rate column: % and ‰ speak for themselves, a bare number by `plain`."""
    column, header = reading.column, units.unit(reading.unit) if reading.unit else None
    bare = {"%": 100.0, "‰": 1000.0}.get(header.base) if header else None
    if bare is None:
        bare = {"percent": 100.0, "fraction": 1.0}.get(column.plain or "")
    limit = max(1.0, column.maximum or 1.0)
    divisor = (
        pl.when(_c("tail") == "%").then(100.0)
        .when(_c("tail") == "‰").then(1000.0)
        .when(_c("tail") == "").then(pl.lit(bare))
    )  # fmt: skip
    parts = _parts(frame).with_columns(divisor=divisor.cast(pl.Float64), up=pl.lit(1), down=pl.lit(1))
    value = _c("plain") / _c("divisor")
    fault = (
        _shape_fault()
        .when(_c("tail").is_in(["", "%", "‰"]).not_()).then(_say("number.suffix"))
        .when(_c("divisor").is_null()).then(_say("rate.unclear"))
        .when((_c("tail") == "") & (_c("divisor") == 1.0) & (value.abs() > limit)).then(_say("rate.scale"))
        .when(~value.is_finite()).then(_say("number.infinite"))
    )  # fmt: skip
    parts = parts.with_columns(code=fault.otherwise(_notes()))
    return parts.with_columns(value=value)


def _parts(frame: pl.DataFrame) -> pl.DataFrame:
    """Sign, digits and what follows them: columns inner, s, body, tail, digits, sign, plain (the number, no unit applied)."""
    return (
        frame.with_columns(inner=_c("wide").str.extract(r"^\((.+)\)$").str.strip_chars())
        .with_columns(s=pl.coalesce("inner", "wide").str.replace(r"^[−–‒‐﹘]\s*", "-"))
        .with_columns(body=_c("s").str.extract(_BODY), tail=_c("s").str.replace(_BODY, "").str.strip_chars())
        .with_columns(digits=_c("body").str.replace_all(",", "", literal=True).str.strip_prefix("+"))
        .with_columns(sign=pl.when(_c("inner").is_not_null()).then(-1).otherwise(1))
        .with_columns(plain=_c("digits").cast(pl.Float64, strict=False) * _c("sign"))
    )


def _conversions(parts: pl.DataFrame, reading: Reading) -> pl.DataFrame:
    """`up` and `down`, whole numbers with value = plain * up / down (a division rounds once, 0.0001 would round twice)."""
    wanted, rows = reading.column.unit, []
    for tail in parts["tail"].unique().to_list():
        found = reading.bare if tail == "" else units.factor(tail, wanted) if wanted else None
        if found is not None:
            rows.append((tail, float(found.numerator), float(found.denominator)))
    table = pl.DataFrame(rows, schema={"tail": pl.String, "up": pl.Float64, "down": pl.Float64}, orient="row")
    return parts.join(table, on="tail", how="left", maintain_order="left")


def _shape_fault() -> ChainedThen:
    """A chain of `when` that names what is wrong with the form of a number; to be continued."""
    s, tail, body = _c("s"), _c("tail"), _c("body")
    return (
        pl.when(s.str.starts_with("#")).then(_say("number.error"))
        .when(s.str.contains(r"(?i)^[+-]?(?:nan|inf|infinity|∞)$")).then(_say("number.infinite"))
        .when(s.str.contains(_WORDS)).then(_say("number.words"))
        .when(s.str.contains(r"^[+-]?0[xXoObB][0-9A-Fa-f]|^[+-]?[0-9]+_[0-9_]+")).then(_say("number.base"))
        # NOTE: NFKC turns ⁵ and ⑤ into plain digits, so that 10⁵ would become 105
        .when(body.is_null() | _c("raw").str.contains(r"\p{No}")).then(_say("number.text"))
        .when(_c("inner").is_not_null() & body.str.contains(r"^[+-]")).then(_say("number.text"))
        .when(tail.str.contains(r"^,[0-9]")).then(_say("number.comma"))
        .when(tail.str.contains(r"^[.'’` ]*[0-9.]")).then(_say("number.separator"))
        .when(body.str.contains(",") & ~body.str.contains(_GROUPED)).then(_say("number.comma"))
        .when(body.str.contains(r"^[+-]?0[0-9]")).then(_say("number.zero"))
    )  # fmt: skip


def _notes() -> pl.Expr:
    """Which normalisation to mention of a number that was read; a unit in the cell goes first, since load looks for it."""
    tail = _c("tail")
    return (
        pl.when(tail.is_in(["%", "‰"])).then(_say("percent"))
        .when(tail != "").then(_say("suffix"))
        .when(_c("inner").is_not_null()).then(_say("brackets"))
        .when(_c("wide").str.contains(r"^[−–‒‐﹘]")).then(_say("minus"))
        .when(_c("body").str.contains(",")).then(_say("thousands"))
        .when(_c("wide") != _c("t")).then(_say("width"))
        .when(_c("body").str.starts_with("+")).then(_say("plus"))
        .when(_c("t") != _c("raw")).then(_say("spaces"))
        .otherwise(pl.lit(PLAIN, pl.UInt8))
    )  # fmt: skip
