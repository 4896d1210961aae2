"""A number that can be pressed: beside it, on demand, what it is, how it was computed, and how sure it is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.pieces import markup
from dashboard.pieces.markup import escape
from dashboard.wording.definition import Facts


@dataclass(frozen=True, kw_only=True)
class Why:
    """What is told of one number: under a name that no other on the page has, what the button says it does, and the columns."""

    key: str
    asks: str  # what is this number?
    closes: str
    columns: tuple[tuple[str, Facts], ...]  # headings with terms and texts

    def around(self, number: str) -> str:
        """The markup of a number as a button, and the box that it opens; Esc, a second press or a press beside it closes it."""
        name, asks, closes = escape(f"pw-asked-{self.key}"), escape(self.asks), escape(self.closes)
        unseen = markup.text("pw-unseen", self.asks, tag="span")
        button = f'<button type="button" class="pw-asked" popovertarget="{name}">{number}{unseen}</button>'
        hide = f'popovertarget="{name}" popovertargetaction="hide" aria-label="{closes}"'
        inside = f'<button type="button" {hide}>×</button>{columns(self.columns)}'
        return f'{button}<div popover="auto" id="{name}" class="pw-asked-box" role="group" aria-label="{asks}">{inside}</div>'


def columns(found: Iterable[tuple[str, Facts]]) -> str:
    """The three questions side by side where there is room, else one under the other."""
    drawn = (
        markup.box("", markup.text("pw-asked-head", head), markup.facts(facts, kind="pw-asked-facts")) for head, facts in found
    )
    return markup.box("pw-asked-columns", *drawn)
