"""What a value is expected to be: the former value of its unit × the ratio of its cell, and what that rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from pipelines.edit.records import Bools, Floats, Ints, Records
from pipelines.edit.rule import Former

#: rows on which a ratio or median of a cell must rest
LEAST = 3


def wave_ratios(records: Records, column: str, former: Former, used: Bools) -> Floats:
    """R̂ of each row: weighted sum of its cell over that of the former wave, from rows of `used` that have both values.

    de Waal, Pannekoek and Scholtus (2011), §7.3 (ratio imputation, x the former value). nan where fewer than LEAST rows or
    no positive sums stand behind it.
    """
    return _ratios(records.groups, records.numbers(column), records.before(column, former), records.numbers("_weight"), used)


def size_ratios(records: Records, column: str, size: Floats, used: Bools) -> Floats:
    """R̂ of each row: weighted sum of its cell over that of a size variable; as `wave_ratios` otherwise."""
    return _ratios(records.groups, records.numbers(column), size, records.numbers("_weight"), used)


def medians(groups: Sequence[Ints], values: Floats) -> Floats:
    """The median of the amounts of each row's cell and period, zeros and blanks left out; nan below LEAST of them."""
    found = np.full(len(values), np.nan)
    for group in groups:
        amounts = np.abs(values[group])
        amounts = amounts[np.isfinite(amounts) & (amounts > 0)]
        if len(amounts) >= LEAST:
            found[group] = np.median(amounts)
    return found


def totals(records: Records, column: str) -> Floats:
    """The weighted total of each row's cell and period."""
    products = records.numbers(column) * records.numbers("_weight")
    found = np.full(len(products), np.nan)
    for group in records.groups:
        found[group] = math.fsum(products[group][np.isfinite(products[group])])
    return found


def _ratios(groups: Sequence[Ints], y: Floats, x: Floats, w: Floats, used: Bools) -> Floats:
    found = np.full(len(y), np.nan)
    good = used & np.isfinite(y) & np.isfinite(x)
    for group in groups:
        rows = group[good[group]]
        above, below = (math.fsum(w[rows] * values[rows]) for values in (y, x))
        if len(rows) >= LEAST and above > 0 and below > 0:
            found[group] = above / below
    return found
