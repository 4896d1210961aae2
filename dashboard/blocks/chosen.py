"""Which indicator a page is about, and against which of its targets it is held; both as the address says."""

from __future__ import annotations

from collections.abc import Sequence

from dashboard.blocks.held import Held, reading_name
from dashboard.blocks.item import Item
from dashboard.blocks.view import View
from dashboard.rows.headline import Tile
from dashboard.rows.reading import Reading


def every(view: View) -> list[str]:
    """All indicators, those of the headline first."""
    plan = view.plan
    return [*plan.identity.headline, *(name for name in plan.indicators if name not in plan.identity.headline)]


def aimed(view: View) -> list[str]:
    """The indicators that a target is held against, those of the headline first."""
    return [name for name in every(view) if view.plan.indicators[name].targets]


def item(view: View, names: Sequence[str], label: str) -> Item:
    """The indicator of the address, one of `names`; each is told with the number of its target."""
    plan, words = view.plan, view.words
    numbers = {name: next((target.id for target in plan.indicators[name].targets if target.id), "") for name in names}
    named = {name: f"{numbers[name]} {plan.indicators[name].name.in_language(words.language)}".strip() for name in names}
    return Item(view=view, indicator=plan.indicators[view.choose("indicator", label, names, names[0], named.__getitem__)])


def reading(item: Item) -> Reading | None:
    """Against which target the number is held. Of one target the readings lie side by side; of several there is a choice."""
    readings = item.readings()
    ids = {reading.target.id or item.indicator.id: reading for reading in readings}
    if len(ids) < 2:
        return next(iter(ids.values()), None)
    first, named = next(iter(ids)), {name: reading_name(reading, item) for name, reading in ids.items()}
    if sum(reading.target.reading_of is None for reading in readings) < 2:
        return ids[item.view.asked("target", list(ids), first, named.__getitem__)]
    return ids[item.view.choose("target", item.words("target.page.reading"), list(ids), first, named.__getitem__, few=True)]


def held(item: Item, reading: Reading | None) -> Held | None:
    """The reading with what the edition judges of it; None where the target has no number, or none was published."""
    row = reading.judged if reading else None
    return Held(item=item, reading=reading, row=row) if reading and row else None


def tile(item: Item, reading: Reading) -> Tile:
    """The target of the plan that a reading is of."""
    return next(tile for tile in item.tiles() if any(one.target is reading.target for one in (*tile.readings, *tile.others)))
