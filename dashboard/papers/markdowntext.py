"""Texts and lists as Markdown in which every sign stays a sign."""

from __future__ import annotations

import re
import unicodedata

from dashboard.lists.listing import Listing

_MARKS = re.compile(r"([\\`*_\[\]<>|#~])")


def escaped(text: str) -> str:
    """A text on one line whose signs stay signs."""
    return _MARKS.sub(r"\\\1", " ".join(text.split()))


def table(of: Listing, *, even: bool = False) -> str:
    """A list as a table; numbers to the right. In an `even` one all but the last column are as wide as their longest cell."""
    rows = [[escaped(cell) for cell in row] for row in (of.headings, *of.rows)]
    widths = [max(map(_width, column)) if even else 3 for column in zip(*rows, strict=True)]
    rule = [
        "-" * max(width - 1, 3) + ":" if heading in of.right else "-" * max(width, 3)
        for heading, width in zip(of.headings, widths, strict=True)
    ]
    if even:
        rule[-1] = "---:" if of.headings[-1] in of.right else "---"
        rows = [
            [*(cell + " " * (width - _width(cell)) for cell, width in zip(row[:-1], widths, strict=False)), row[-1]]
            for row in rows
        ]
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], rule, *rows[1:]))


def _width(text: str) -> int:
    """How wide a text stands in letters of one width: Chinese ones take two places."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)
