"""A quiet table with numbers to the right, marks in its headings, and bars in its cells; all of it readable without them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from dashboard.pieces import markup
from dashboard.pieces.markup import escape


@dataclass(frozen=True, kw_only=True)
class Head:
    """A heading; `mark` is drawn by the style sheet, `text` says that the column holds words."""

    told: str
    mark: str = ""
    text: bool = False


def table(heads: Sequence[Head], rows: Iterable[Sequence[str]], *, label: str) -> str:
    """Rows of cells that are markup already; the first of each names the row. Too wide a table scrolls inside its frame."""
    top = "".join(f'<th scope="col"{_side(head)}>{_mark(head)}{escape(head.told)}</th>' for head in heads)
    body = "".join(f"<tr>{_cells(heads, cells)}</tr>" for cells in rows)
    inside = f'<table class="pw-grid"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="pw-scroll" role="region" tabindex="0" aria-label="{escape(label)}">{inside}</div>'


def count(n: int | None) -> str:
    """A whole number; nothing to be seen where it is zero, a stroke where it is not known."""
    return "–" if n is None else f"{n:,}" if n else '<span class="pw-nil">0</span>'


def stacked(name: str, counts: Mapping[str, int], note: str = "") -> str:
    """A name above a bar that is cut by kind."""
    whole = sum(counts.values()) or 1
    parts = "".join(f'<i class="pw-kind-{kind}" style="width:{100 * n / whole:.2f}%"></i>' for kind, n in counts.items() if n)
    small = markup.text("pw-small", note, tag="span") if note else ""
    return f'{escape(name)} {small}<span class="pw-stack">{parts}</span>'


def level(part: float | None, told: str, *, low: bool = False) -> str:
    """A rate between 0 and 1 with a bar below it; `low` marks the lowest by a sign and weight."""
    if part is None:
        return "–"
    sign = '<em aria-hidden="true">▾</em>' if low else ""
    bar = f'<i style="width:{100 * min(part, 1):.1f}%"></i>'
    return f'<span class="pw-level{" pw-low" if low else ""}">{sign}{escape(told)}{bar}</span>'


def tally(rows: Iterable[tuple[str, str, float, str]]) -> str:
    """Kinds with a bar each: kind for the style sheet, name, length of its bar in shares of the longest, number in words."""
    drawn = (
        f'<dt>{escape(name)}</dt><dd><span><i class="pw-kind-{kind}" style="width:{100 * part:.2f}%"></i></span>'
        f"<b>{escape(told)}</b></dd>"
        for kind, name, part, told in rows
    )
    return markup.box("pw-tally", *drawn, tag="dl")


def folded(title: str, inside: str) -> str:
    """What is there for those who ask."""
    return f'<details class="pw-fold"><summary>{escape(title)}</summary>{inside}</details>'


def _side(head: Head) -> str:
    return ' class="pw-left"' if head.text else ""


def _mark(head: Head) -> str:
    return f'<i class="pw-kind-{head.mark}"></i>' if head.mark else ""


def _cells(heads: Sequence[Head], cells: Sequence[str]) -> str:
    first, *others = cells
    told = "".join(f"<td{_side(head)}>{cell}</td>" for head, cell in zip(heads[1:], others, strict=True))
    return f'<th scope="row">{first}</th>{told}'
