"""Two numbers and a bound on one line: what is, and what a scenario would make of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dashboard.pieces import markup
from dashboard.pieces.markup import escape


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One number with its interval, its name and how it is written."""

    kind: str  # now, then
    name: str
    told: str
    value: float
    low: float | None = None
    high: float | None = None


def ruler(found: Sequence[Mark], bound: float, bound_told: str, alt: str) -> str:
    """One row a number as escaped HTML: an interval as a bar, the number as a dot, the bound as a line across all rows."""
    ends = [end for one in found for end in (one.value, one.low, one.high) if end is not None] + [bound]
    span = (max(ends) - min(ends)) or 1.0
    low, high = min(ends) - 0.06 * span, max(ends) + 0.06 * span

    def at(value: float) -> float:
        return (value - low) / (high - low) * 100

    line = f'<i class="pw-ruler-bound" style="left:{at(bound):.2f}%"></i>'
    rows = []
    for one in found:
        bar = ""
        if one.low is not None and one.high is not None:
            bar = f'<i class="pw-ruler-error" style="left:{at(one.low):.2f}%;width:{at(one.high) - at(one.low):.2f}%"></i>'
        dot = f'<i class="pw-ruler-{one.kind}" style="left:{at(one.value):.2f}%"></i>'
        rows.append(f"<dt>{escape(one.name)}</dt><dd><span>{line}{bar}{dot}</span><b>{escape(one.told)}</b></dd>")
    side = "right" if at(bound) > 60 else "left"
    shift = f"right:{100 - at(bound):.2f}%" if side == "right" else f"left:{at(bound):.2f}%"
    head = f'<dt></dt><dd><span><em style="{shift}">{escape(bound_told)}</em></span><b></b></dd>'
    inside = markup.box("pw-ruler", head, *rows, tag="dl")
    return f'<div role="img" aria-label="{escape(alt)}">{inside}</div>'
