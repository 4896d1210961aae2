"""The rows of a bar figure: where each lies, how it is named, what it amounts to, how far the axis reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.charts.scale import Scale
from dashboard.pieces.markup import escape
from dashboard.rows.reading import Result
from indicators.catalogue import format
from indicators.catalogue.plan import Target

_LEAST = 4  # letters of a part of a name that say something


def places(rows: Sequence[Result], groups: Mapping[str, tuple[str, str]]) -> tuple[list[float], list[tuple[float, str]]]:
    """Where each row lies, with room for a heading wherever the group changes, and the headings with their places."""
    places: list[float] = []
    headings: list[tuple[float, str]] = []
    at, former = 0.0, None
    for row in rows:
        heading = groups[row.category][0] if row.category in groups else None
        if heading is not None and heading != former:
            at += 0.15 if former else 0.0
            headings.append((at, heading))
            at += 0.55
        former = heading
        places.append(at)
        at += 1.0
    return places, headings


def shortened(name: str, row: Result, scale: Scale) -> str:
    """On a telephone a name and an amount share one line; the whole name is in the table and under the pointer."""
    room = {"zh": (20, 14), "en": (38, 24)}[scale.words.language][row.status == "unreliable"]
    return escape(fitted(name, room), quote=False)


def shorten(text: str, length: int) -> str:
    """The text, cut with an ellipsis where it is longer than `length` characters."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def reach(rows: Sequence[Result], total: float | None, target: Target | None, scale: Scale) -> tuple[float, float]:
    """From zero, or below it, to the longest bar, interval or line, with a little room."""
    ends = [end for row in rows for end in (row.value, row.low, row.high) if end is not None] + [
        end for end in (total, target.value if target else None) if end is not None
    ]
    low, high = min([0.0, *ends]) * scale.unit.factor, max([0.0, *ends]) * scale.unit.factor
    room = (high - low) * 0.03 or 1.0
    return low - (room if low < 0 else 0), high + room


def amount(row: Result, scale: Scale) -> str:
    if row.value is None:
        known = format.beyond(row.value, row.low, scale.unit, scale.words.language)
        return f"{'×' if row.status == 'suppressed' else '○'} {escape(known) if known else scale.words(f'status.{row.status}')}"
    error = format.around(row.value, row.low, row.high, scale.unit, scale.words.language)
    told = f"<b>{scale.brief(row.value)}</b>" + (f" {error}" if error else "")
    return f"{scale.words('status.unreliable')} ◇ {told}" if row.status == "unreliable" else told


def fitted(text: str, length: int) -> str:
    """The name of a crossing, cut where it is longest, so that every part of it can still be told; any other as `shorten`."""
    parts = text.split(" · ")
    if len(parts) == 1 or len(text) <= length:
        return shorten(text, length)
    while len("·".join(parts)) > length:
        at = max(range(len(parts)), key=lambda place: len(parts[place]))
        if len(parts[at]) <= _LEAST:
            break
        parts[at] = parts[at].rstrip("…")[:-1].rstrip() + "…"
    return shorten("·".join(parts), length)
