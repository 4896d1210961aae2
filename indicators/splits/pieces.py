"""Pieces: the categories of every breakdown as parts of the number that the law speaks of, before disclosure control."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from indicators.catalogue.plan import Indicator, Target
from indicators.editions.results import TOTAL
from indicators.splits.shares import Kind, Piece, Whole
from indicators.splits.sources import Ends, Key, Row, Sources
from indicators.targets.target import gap, scope_key

#: shares that differ by less add up
_SAME = 1e-9


@dataclass(frozen=True, kw_only=True)
class Broken:
    """The whole with the pieces of each breakdown, and the breakdowns whose pieces are not all of it."""

    whole: Whole
    pieces: Mapping[str, tuple[Piece, ...]]
    odd: tuple[str, ...] = ()


def broken(sources: Sources, indicator: Indicator, target: Target, row: Row, kind: Kind, ends: Ends) -> Broken | None:
    """The number of a row of HELD in the pieces of every breakdown of which it is the sum; None where its sums are not known.

    Of a target that asks one category these are the crossings with its breakdown, and of them those within the category.
    """
    now, then = sources.rows(ends[0]), sources.rows(ends[1]) if ends[1] else {}
    parent = scope_key(target)
    own, base = now.get(parent), then.get(parent)
    if own is None or (kind != "ratio" and base is None):
        return None
    scale = _scale(kind, own, base)
    if scale is None:
        return None
    whole = _whole(indicator, target, row, kind, own, base, frozen=any(_frozen(kind, one) for one in then.values()))
    published = sources.shown.get((indicator.id, row["period"]), {})
    found, odd = {}, []
    for breakdown, categories in _within(target, indicator, kind, now, then).items():
        pieces = []
        for category in categories:
            key = (breakdown, category)
            value, se = published.get(key, (None, None))
            sums, units = _sums(kind, now.get(key), then.get(key), scale), _units(indicator, now.get(key))
            pieces.append(replace(sums, category=category, value=value, se=se, units=units))
        left = _left(whole, _sums(kind, own, base, scale), pieces)
        if left is None:
            odd.append(breakdown)
            continue
        left = replace(left, units=None if whole.units is None else left.x * whole.units)
        found[breakdown] = tuple(piece for piece in (*pieces, left) if not piece.empty)
    return Broken(whole=whole, pieces=found, odd=tuple(odd))


def _whole(indicator: Indicator, target: Target, row: Row, kind: Kind, now: Row, base: Row | None, *, frozen: bool) -> Whole:
    """The number itself. Of a frozen base the shares are not known, so nothing is said of what the change is made of."""
    units = _units(indicator, now)
    moved = row["value"]
    if indicator.kind != "change":
        moved = row["value"] - row["base"] if base is not None and row["base"] is not None else None
    return Whole(
        kind=kind,
        direction=row["direction"],
        strict=row["strict"],
        threshold=row["threshold"],
        value=row["value"],
        se=row["se"],
        gap=gap(target, row["value"]),
        doubted=row["low"] is not None and row["low"] <= row["threshold"] <= row["high"],
        units=units,
        counted=indicator.counted is not None and units is not None,
        level=now["value"],
        level0=base["value"] if base else None,
        moved=None if frozen or row["period"] == row["base_period"] else moved,
    )


def _scale(kind: Kind, now: Row, base: Row | None) -> tuple[float, float] | None:
    """The sums of the whole by which those of its categories are divided, now and then; None where they are not known."""
    if kind in ("total", "growth"):
        return 1.0, 1.0
    name = "exposed" if kind == "mix" else "x"
    first, last = (base or {}).get(name), (now if kind != "mix" else base or {}).get(name)
    return (float(last), float(first or 1.0)) if last else None


def _sums(kind: Kind, now: Row | None, then: Row | None, scale: tuple[float, float]) -> Piece:
    """x, y, x0, y0 and level0 of a category; see Piece."""
    value, value0 = (now or {}).get("value"), (then or {}).get("value")
    if kind == "mix":
        share = ((then or {}).get("exposed") or 0.0) / scale[0]
        return Piece(x=share, y=share * math.log(value / value0) if value and value0 else 0.0, x0=share)
    if kind in ("total", "growth"):
        return Piece(y=value or 0.0, y0=value0 or 0.0)
    x0 = ((then or {}).get("x") or 0.0) / scale[1]
    x, y = (((now or {}).get(name) or 0.0) / scale[0] for name in ("x", "y"))
    return Piece(x=x, y=y, x0=x0, y0=x0 * (value0 or 0.0), level0=value0)


def _left(whole: Whole, of_all: Piece, pieces: Sequence[Piece]) -> Piece | None:
    """Those of no category; None where the categories hold more than the whole, as those of another frame may."""

    def left(name: str) -> float:
        terms = [float(getattr(of_all, name)), *(-float(getattr(piece, name)) for piece in pieces)]
        rest = math.fsum(terms)
        return rest if abs(rest) > _SAME * max(map(abs, terms)) else 0.0

    if whole.kind == "mix":
        of_all = replace(of_all, y=math.log1p(whole.value))
    rest = Piece(x=left("x"), y=left("y"), x0=left("x0"), y0=left("y0"))
    counts = whole.kind in ("total", "growth")
    holds_more = rest.x < 0 or rest.x0 < 0 or (whole.kind == "total" and rest.y < 0)
    return None if holds_more or (not counts and rest.y and not rest.x) else rest


def _within(
    target: Target, indicator: Indicator, kind: Kind, now: Mapping[Key, Row], then: Mapping[Key, Row]
) -> dict[str, list[str]]:
    """The breakdowns that split what the target asks, with their categories in the order of their codes."""
    asked = dict(target.scope) if isinstance(target.scope, dict) else {}
    found: dict[str, list[str]] = defaultdict(list)
    for breakdown, category in sorted({*now, *then}):
        names, codes = breakdown.split(","), category.split(",")
        if breakdown == TOTAL or (kind == "mix" and breakdown != indicator.mix):
            continue
        own = dict(zip(names, codes, strict=False)) if len(names) == len(codes) else {}
        if len(names) > len(asked) and all(own.get(name) == code for name, code in asked.items()):
            found[breakdown].append(category)
    return found


def _units(indicator: Indicator, row: Row | None) -> float | None:
    """How many units a category has, where the denominator counts them."""
    counts = indicator.kind == "ratio" and _number(indicator.denominator) == 1
    found = (row or {}).get("x") if counts else None
    return float(found) if found is not None else None


def _number(text: str | float | None) -> float | None:
    try:
        return float(text or 0.0)
    except ValueError:
        return None


def _frozen(kind: Kind, row: Row) -> bool:
    """Whether the value is not that of its sums: a frozen base keeps the value, and the sums are today's."""
    x, y, value = row.get("x"), row.get("y"), row.get("value")
    if x is None or y is None or value is None or not x or kind == "mix":
        return False
    return not math.isclose(y, value if kind in ("total", "growth") else value * x, rel_tol=_SAME, abs_tol=_SAME)
