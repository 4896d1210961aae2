"""Unchanged: which categories of several editions are the same to whoever compares them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from indicators.attack.links import Key, Link, Links
from indicators.attack.told import Cell, Series, Told

#: edition → category → the edition whose numbers are the same
Same = dict[str, dict[Key, str]]


def unchanged(told: Told, links: Links, indicator: str, period: str) -> Same:
    """Of each category the first edition since which nothing in it has changed, as far as can be seen.

    Nothing has where it prints the same value, error and n to the last digit; nor in the parts of such a one, unless one that
    is published moved. Shares of none and of all may print the same and differ, but in a full count.
    """
    found: Same = {}
    former: Series | None = None
    for one in told.series(indicator, period):
        cells = told.cells[one]
        found[one.edition] = dict.fromkeys(cells, one.edition)
        if former is not None:
            known = found[former.edition]
            steady = _steady(told.cells[former], cells, links.of(cells))
            found[one.edition] |= {key: known[key] for key in cells if key in steady and key in known}
        former = one
    return found


def _steady(before: Mapping[Key, Cell], now: Mapping[Key, Cell], links: Sequence[Link]) -> set[Key]:
    both = {key: cell for key, cell in now.items() if cell.value is not None and _printed(before.get(key)) is not None}
    same = {key for key, cell in both.items() if _printed(cell) == _printed(before[key])}
    found = {key for key in same if both[key].value not in (0.0, 1.0) or both[key].census}
    moved, ordered = set(both) - same, downwards(links)
    for link in reversed(ordered):
        if moved & {*link.children}:
            moved.add(link.parent)
    for link in ordered:
        if link.parent in found - moved:
            found |= {*link.children} - moved
    return found


def _printed(cell: Cell | None) -> tuple[float | None, ...] | None:
    return None if cell is None or cell.value is None else (cell.value, cell.se, cell.n)


def downwards(links: Sequence[Link]) -> list[Link]:
    """The links, those of coarser breakdowns before those of finer ones."""
    above: dict[str, set[str]] = defaultdict(set)
    for link in links:
        coarse, fine = link.sets
        above[fine].add(coarse)

    def depth(name: str) -> int:
        return 1 + max((depth(one) for one in above[name]), default=0) if name in above else 0

    return sorted(links, key=lambda link: depth(link.sets[0]))
