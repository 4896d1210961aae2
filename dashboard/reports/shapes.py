"""The shape and colour of each position, as on the pages of the app; on paper, which is white."""

from __future__ import annotations

from dashboard.reports.report import Mark
from dashboard.rows.assessed import Position

MET, LATE, MISSED, OPEN, QUIET = "#0A6B62", "#8F5200", "#A32A2E", "#1F4E79", "#5A6672"
COLOURS: dict[Position, str] = {
    "reached": MET,
    "on_track": MET,
    "behind": LATE,
    "not_yet": LATE,
    "away": MISSED,
    "missed": MISSED,
    "cannot_tell": OPEN,
    "undated": QUIET,
    "nothing": QUIET,
}
_RING = '<circle cx="6" cy="6" r="4.9" fill="none" stroke="{c}" stroke-width="1.8"/>'
_BOX = '<rect x="1.1" y="1.1" width="9.8" height="9.8" fill="none" stroke="{c}" stroke-width="1.8"/>'
_HALF = '<path d="M1 1h5v10h-5z" fill="{c}"/>'
_SHAPES: dict[Position, str] = {
    "reached": '<circle cx="6" cy="6" r="5.6" fill="{c}"/>',
    "on_track": '<path d="M6 0.4 L11.6 6.3 H8.1 V11.6 H3.9 V6.3 H0.4 Z" fill="{c}"/>',
    "behind": '<path d="M6 0.8 L11.6 11.3 H0.4 Z" fill="{c}"/>',
    "not_yet": '<path d="M6 0.8 L11.6 11.3 H0.4 Z" fill="{c}"/>',
    "away": '<path d="M6 11.6 L0.4 5.7 H3.9 V0.4 H8.1 V5.7 H11.6 Z" fill="{c}"/>',
    "missed": '<rect x="0.6" y="0.6" width="10.8" height="10.8" fill="{c}"/>',
    "cannot_tell": '<path d="M6 1.3 L10.7 6 L6 10.7 L1.3 6 Z" fill="none" stroke="{c}" stroke-width="1.8"/>',
    "undated": '<rect x="0.5" y="4.4" width="11" height="3.2" rx="1.4" fill="{c}"/>',
    "nothing": _RING,
}
_WITHIN: dict[Position, str] = {
    "reached": _RING + _HALF.replace("M1 1", "M1.6 1.4").replace("v10", "v9.2"),
    "missed": _BOX + _HALF,
}


def shape(position: Position, *, within: bool = False, colour: str | None = None) -> str:
    """The mark of a position as an SVG document of 12 by 12; half of it hollow where sampling error could have made it."""
    drawn = (_WITHIN if within and position in _WITHIN else _SHAPES)[position].replace("{c}", colour or COLOURS[position])
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 12 12" width="12" height="12">{drawn}</svg>'


def of(mark: Mark) -> str:
    return shape(mark.position, within=mark.within)
