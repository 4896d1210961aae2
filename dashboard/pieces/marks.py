"""The method strip as one row of small marks: each method by shape, colour and words."""

from __future__ import annotations

from dashboard.pieces import markup
from dashboard.pieces.markup import escape
from dashboard.wording import strip
from dashboard.wording.strip import Strip
from dashboard.words import Words
from indicators.methods.rulings import METHODS


def marks(found: Strip, words: Words) -> str:
    """One mark a method, those that apply first: its name and which way it points; a tick where that is our own way."""
    rows = {row["method"]: row for row in found.rulings}
    order = sorted((name for name in METHODS if name in rows), key=lambda name: rows[name]["direction"] is None)
    drawn = []
    for name in order:
        direction, agrees = rows[name]["direction"], rows[name]["agrees"]
        told = words(f"methods.direction.{direction}") if direction else words("target.page.strip.not")
        same = f'<em title="{escape(words("methods.column.agrees"))}">✓</em>' if agrees else ""
        inside = f"<i></i><b>{escape(words(f'methods.{name}'))}</b><span>{escape(told)} {same}</span>"
        drawn.append(f'<li class="pw-way-{direction or "none"}">{inside}</li>')
    return markup.box("pw-marks", *drawn, tag="ul")


def table(found: Strip, words: Words) -> str:
    """What each method goes by: its figure, its verdict in its own words, or why it does not apply."""
    return markup.table(strip.headings(words), [("", line) for line in strip.lines(found, words)])
