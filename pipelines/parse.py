"""The text of a cell as a typed value, or the reason why it is none."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import polars as pl

from pipelines import cell_date, cell_number, cell_text
from pipelines.reading import Reading
from pipelines.reasons import FIRST_FAULT, PLAIN, code

#: NUL to unit separator except tab and line breaks, delete, C1, zero-width and direction-changing characters
_CONTROL = (
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}\x{fffe}\x{ffff}"
    r"\x{200b}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2060}-\x{2064}\x{2066}-\x{2069}\x{feff}]"
)


#: anything but letters, digits, _ - and unified ideographs, all of which NFC and NFKC leave alone
_NOT_PLAIN = r"[^0-9A-Za-z_\-\x{4e00}-\x{9fff}]"
_REMEMBERED = 20_000  # spellings of one column


Kernel = Callable[[pl.DataFrame, Reading], pl.DataFrame]
_KERNELS: dict[str, Kernel] = {
    "integer": cell_number.number,
    "number": cell_number.number,
    "rate": cell_number.rate,
    "identifier": cell_text.identifier,
    "text": cell_text.text,
    "code": cell_text.code_of,
    "boolean": cell_text.boolean,
    "unit": cell_text.unit_of,
    "date": cell_date.date,
    "month": cell_date.month,
    "year": cell_date.year,
    "timestamp": cell_date.timestamp,
}


def expression(column: str, reading: Reading) -> pl.Expr:
    """The column of texts `column` as a struct of `value` (typed) and `code` (of pipelines.reasons, 0: taken as written)."""
    kind = pl.Struct({"value": reading.dtype, "code": pl.UInt8})
    return pl.col(column).map_batches(partial(parse, reading=reading), return_dtype=kind, is_elementwise=True)


def parse(text: pl.Series, reading: Reading) -> pl.Series:
    """A struct of `value` and `code` per cell: what is plain at once, every other text once per distinct spelling."""
    if reading.kind in ("number", "integer"):
        return _numbers(text, reading)
    if reading.kind in ("text", "identifier") and reading.column.checksum is None:
        return _texts(text, reading)
    return _struct(text, *_looked_up(text, _known(text.unique(), reading), reading))


def read(texts: pl.Series, reading: Reading) -> pl.DataFrame:
    """Distinct texts (blanks left out) as a frame of `raw`, `value`, `code`."""
    frame = texts.drop_nulls().alias("raw").to_frame().with_columns(pl.col("raw").str.strip_chars().alias("t"))
    frame = frame.filter(pl.col("t") != "").with_columns(wide=pl.col("t").str.normalize("NFKC").str.strip_chars())
    found = _KERNELS[reading.kind](frame, reading)
    missing = pl.col("t").is_in(list(reading.missing)) | pl.col("wide").is_in(list(reading.missing))
    if reading.kind == "boolean":  # NOTE: 有/无 is an answer; taken as missing, every 无 would vanish and the share be 100 %
        missing = missing & (pl.col("code") != code("boolean.missing"))
    control = pl.col("t").str.contains(_CONTROL)
    reason = pl.when(missing).then(code("missing")).when(control).then(code("text.control")).otherwise("code").cast(pl.UInt8)
    fine = ~missing & (reason < FIRST_FAULT)
    return found.select("raw", value=pl.when(fine).then(pl.col("value")).cast(reading.dtype), code=reason)


def _numbers(text: pl.Series, reading: Reading) -> pl.Series:
    """Plain numbers by a cast; the others, if there are any, by a closer look.

    NOTE: the cast also takes 007, +5, inf and 1e400. A comparison of first letters, nearly free, tells when to look for them.
    """
    if reading.kind == "integer" and reading.bare != 1:
        return _struct(text, *_looked_up(text, _known(text.unique(), reading), reading))
    value = text.cast(reading.dtype, strict=False)
    if reading.bare != 1:
        value = value * reading.bare.numerator / reading.bare.denominator
    odd = value.is_null() if reading.kind == "integer" else ~value.is_finite().fill_null(False)
    if (text < "1").any():
        odd = odd | text.str.contains(r"^(?:[+]|-?0[0-9])").fill_null(False)
    odd = odd & text.is_not_null()
    if not odd.any():
        return _struct(text, value, None)
    strange = text.zip_with(odd, pl.Series(text.name, [None], dtype=pl.String))
    found, codes = _looked_up(strange, _known(text.filter(odd).unique(), reading), reading)
    return _struct(text, found.zip_with(odd, value), codes)


def _texts(text: pl.Series, reading: Reading) -> pl.Series:
    """Texts of letters, digits and Chinese characters as they stand; those with anything else by a closer look."""
    words = text.unique()
    odd = words.filter((words.str.contains(_NOT_PLAIN) | words.is_in(list(reading.missing)) | (words == "")).fill_null(False))
    if odd.is_empty():
        return _struct(text, text, None)
    table = odd.alias("raw").to_frame().join(read(odd, reading), on="raw", how="left").with_columns(odd=True)
    if table["code"].max() == PLAIN and (table["raw"] == table["value"]).all() and table["value"].null_count() == 0:
        return _struct(text, text, None)
    found = text.alias("raw").to_frame().join(table, on="raw", how="left", maintain_order="left")
    value = found.select(pl.when(pl.col("odd").is_null()).then(pl.col("raw")).otherwise(pl.col("value"))).to_series()
    return _struct(text, value, found["code"].fill_null(PLAIN))


def _known(words: pl.Series, reading: Reading) -> pl.DataFrame:
    """`read` of these words, with what earlier batches of the column have learnt (tables repeat few dates and codes)."""
    table = reading.memory.table
    fresh = words if table is None else words.to_frame("raw").join(table, on="raw", how="anti")["raw"]
    if table is not None and fresh.null_count() == len(fresh):
        return table
    found = read(fresh, reading)
    whole = found if table is None else pl.concat([table, found])
    if whole.height <= _REMEMBERED:
        reading.memory.table = whole
    return whole


def _looked_up(text: pl.Series, table: pl.DataFrame, reading: Reading) -> tuple[pl.Series, pl.Series | None]:
    """Values and codes of the cells from the table of their spellings; codes None when all were written plainly."""
    as_written = table["code"].max() in (None, PLAIN)
    if as_written and reading.dtype == pl.String and (table["raw"] == table["value"]).all():
        return text, None
    found = text.alias("raw").to_frame().join(table, on="raw", how="left", maintain_order="left")
    return found["value"], None if as_written else found["code"].fill_null(PLAIN)


def _struct(text: pl.Series, value: pl.Series, reasons: pl.Series | None) -> pl.Series:
    codes = pl.zeros(len(text), pl.UInt8, eager=True) if reasons is None else reasons.cast(pl.UInt8)
    return pl.DataFrame([value.alias("value"), codes.alias("code")]).to_struct(text.name)
