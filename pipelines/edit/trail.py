"""The columns in which editing says what it changed, and what it leaves to a person."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from typing import Any

import polars as pl

from pipelines.yamlfile import Text

#: one row is one changed value. `key`: JSON array of the key values as text; `old` and `new` as text, null for a blank;
#: `rule`: ids of the rules that were applied, joined by commas; `method`: one of METHODS, the last one;
#: `donor`: the unit whose value it is
TRAIL: dict[str, pl.DataType] = {
    "key": pl.String(),
    "unit": pl.String(),
    "period": pl.String(),
    "column": pl.String(),
    "old": pl.String(),
    "new": pl.String(),
    "rule": pl.String(),
    "method": pl.String(),
    "reason_zh": pl.String(),
    "reason_en": pl.String(),
    "donor": pl.String(),
}
#: one row is one value, or one total of a category (its `key` holds the category, `unit` is null), for a person to look at:
#: `old` is the value as it stands, `new` is null; `expected` what was expected; `score`: weight × distance / category total
REVIEWS: dict[str, pl.DataType] = {**TRAIL, "score": pl.Float64(), "expected": pl.Float64()}

#: methods whose value is an estimate; the others restore what was meant, or blank what is known to be wrong
IMPUTED = ("former", "ratio", "neighbour")
METHODS = (*IMPUTED, "unit", "sign", "exchange", "deduced", "blanked")
#: what people read for each of METHODS
NAMES = {
    "former": Text(zh="上期比率", en="former value × ratio"),
    "ratio": Text(zh="单位比率", en="ratio to size"),
    "neighbour": Text(zh="近邻", en="nearest neighbour"),
    "unit": Text(zh="改正计量单位", en="unit corrected"),
    "sign": Text(zh="改正符号", en="sign turned"),
    "exchange": Text(zh="两值对调", en="values exchanged"),
    "deduced": Text(zh="由其他值推出", en="deduced from other values"),
    "blanked": Text(zh="置空", en="blanked"),
}


def key_text(values: Sequence[Any]) -> str:
    """The key of a row as JSON, e.g. '["E000012", "2026-03-01"]'."""
    return json.dumps([as_text(value) for value in values], ensure_ascii=False)


def as_text(value: Any) -> str | None:
    """A value as text from which it can be had again: numbers in their shortest exact form, dates by ISO 8601."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, dt.date) else str(value)
