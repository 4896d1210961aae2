"""Words of a header without what people vary, and the units and the year stated in and above it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

Row = Sequence[str | None]

_DROPPED = re.compile(r"[\s_\-·*※\u200b-\u200f\u2028-\u202e\u2060\ufeff]+")
_UNIT = re.compile(
    r"^(?P<name>.*\S)\s*[(\[【〔](?:单位|unit)?\s*:?\s*(?P<unit>[^()\[\]【】〔〕]+)[)\]】〕]$", re.IGNORECASE | re.DOTALL
)
_UNIT_ABOVE = re.compile(
    r"^(?P<name>[^_]*\S)\s*[(\[【〔](?:单位:)?(?P<unit>[^()\[\]【】〔〕_]+)[)\]】〕](?P<rest>_.*)$", re.DOTALL
)
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
_STATED = re.compile(r"(?:计量)?单位\s*:\s*(.+)|\bunits?\s*:\s*(.+)", re.IGNORECASE)


@lru_cache(maxsize=65536)
def plain(text: str | None) -> str:
    """A header word without what people vary: width, case, spaces, line breaks, underscores, star of a mandatory field."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", text or "")).casefold()


@lru_cache(maxsize=65536)
def split_unit(text: str) -> tuple[str, str | None]:
    """`工业增加值（万元）` as (`工业增加值`, `万元`); a header without a bracket at its end has no unit."""
    plainer = unicodedata.normalize("NFKC", text).strip()
    if found := _UNIT.match(plainer):
        return found["name"], found["unit"].strip()
    if found := _UNIT_ABOVE.match(plainer):
        return found["name"] + found["rest"], found["unit"].strip()
    return text, None


def join_rows(rows: Sequence[Row]) -> tuple[str, ...]:
    """Header rows as one text per column, joined with `_`; an upper cell reaches to the right over merged columns."""
    width = max(len(row) for row in rows)
    filled = [[(row[i] or "").strip() if i < len(row) else "" for i in range(width)] for row in rows]
    for level, row in enumerate(filled[:-1]):
        for i in range(1, width):
            if not row[i] and any(below[i] for below in filled[level + 1 :]):
                row[i] = row[i - 1]
    return tuple("_".join(part for part in parts if part) for parts in zip(*filled, strict=True))


def stated_units(cells: Sequence[str]) -> tuple[str, ...]:
    """Units named above the header: `单位：万辆，％` gives 万辆 and %."""
    for cell in cells:
        if found := _STATED.search(unicodedata.normalize("NFKC", cell)):
            return tuple(part.strip() for part in re.split(r"[,，、;；/]", found[1] or found[2]) if part.strip())
    return ()


def stated_year(cells: Sequence[str]) -> str | None:
    """The year above the header when exactly one is named there."""
    years = {year for cell in cells for year in _YEAR.findall(unicodedata.normalize("NFKC", cell))}
    return years.pop() if len(years) == 1 else None
