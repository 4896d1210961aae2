"""Prices: numerators that differ by a public factor alone, as the same sum at current and at constant prices does.

The factor of a category is read off two published ratios on one denominator. It is one where it is the same in every crossing
with that category; then it holds for those that are withheld, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from indicators.attack.links import Key
from indicators.attack.told import Series, Told

#: ratios that differ by less are the same factor
_SAME = 1e-9


def factors(told: Told, one: Series, other: Series) -> dict[Key, float]:
    """How many times the numerator of `other` that of `one` is, in every category of both that lies under one factor."""
    cells, beside = told.cells[one], told.cells[other]
    shared = [key for key in cells if key in beside]
    found = defaultdict[str, dict[str, list[float]]](lambda: defaultdict(list))
    for key in shared:
        first, second = cells[key].value, beside[key].value
        if first and second:
            for name, code in _parts(key):
                found[name][code].append(second / first)
    for name, by_code in found.items():
        if _is_priced(by_code):
            own = {code: ratios[0] for code, ratios in by_code.items()}
            coded = ((key, dict(_parts(key)).get(name)) for key in shared)
            return {key: own[code] for key, code in coded if code in own}
    return {}


def _is_priced(by_code: dict[str, list[float]]) -> bool:
    """Each code has one factor, seen more than once somewhere, and not all have the same."""
    alike = all(max(ratios) - min(ratios) <= _SAME * abs(max(ratios)) for ratios in by_code.values())
    every = [ratios[0] for ratios in by_code.values()]
    return alike and any(len(ratios) > 1 for ratios in by_code.values()) and max(every) - min(every) > _SAME * abs(max(every))


def _parts(key: Key) -> Iterator[tuple[str, str]]:
    names, codes = key[0].split(","), key[1].split(",")
    return zip(names, codes, strict=False)
