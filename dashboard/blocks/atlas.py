"""The units of the provincial level on a grid of equal tiles, and the table of those of them that the edition covers."""

from __future__ import annotations

from dataclasses import replace

from dashboard.blocks import beside
from dashboard.blocks.beside import Sheet
from dashboard.blocks.question import Question
from dashboard.charts.provinces import PLACES
from dashboard.charts.tiles import tiles


def show(question: Question) -> None:
    """The figure with its table; what is withheld, without a result or not in the edition is told apart by shape and words."""
    beside.show(question, _sheet)


def _sheet(question: Question) -> Sheet | None:
    item, words, rows = question.item, question.item.words, question.rows
    if not rows:
        return None
    placed = [row for row in rows if row.category in PLACES]  # a code that is none of the 34 stands in the table alone
    found = {row.status for row in placed}
    missing_as = "explore.map.not_yours" if item.view.access.scope.rows == "within" else "explore.map.missing"
    marks = [("tile", words("key.tile"))]
    marks += [
        (f"tile-{status}", words(f"key.tile-{status}"))
        for status in ("unreliable", "suppressed", "absent")
        if status in found
    ]  # fmt: skip
    marks += [("tile-missing", words(missing_as))] if len(placed) < len(PLACES) else []
    sheet = beside.of_period(
        question,
        lambda names: tiles(placed, names, item.scale, missing_as=missing_as),
        "tiles_map",
        marks,
        words("explore.map.note"),
    )
    return replace(sheet, unit="")  # the legend says it
