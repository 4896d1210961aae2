"""What is said of the tasks of a plan as plain text: how many are known, what is loaded for one, what stands under none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dashboard.rows.headline import Tile
from dashboard.rows.tasks import Known, Loaded
from dashboard.words import Words
from indicators.catalogue import periods
from indicators.catalogue.plan import Plan


def lead(counts: Mapping[str, int], words: Words) -> str:
    """How many tasks have a number, how many a register, how many neither."""
    return words("actions.lead", **counts)


def table(found: Loaded, plan: Plan, words: Words) -> str:
    """The name of a table with its rows, units and periods; or that nothing of it is loaded yet."""
    known = plan.dictionary.tables.get(found.id)
    name = known.name.in_language(words.language) if known is not None else found.id
    if not found.rows:
        return words("actions.table.empty", name=name)
    told = words("actions.table", name=name, rows=f"{found.rows:,}", units=f"{found.units:,}")
    if found.first is None or found.last is None:
        return told
    first, last = (periods.label(end, words.language) for end in (found.first, found.last))
    return told + words("mark.comma") + (first if first == last else words("actions.span", first=first, last=last))


def state(found: Known, words: Words) -> str:
    """A task and how much is known of it, for those who do not see its mark."""
    name = found.task.name.in_language(words.language)
    return words("actions.cell", id=found.task.id, name=name, state=words(f"actions.state.{found.state}"))


def apart(tiles: Sequence[Tile], tables: Sequence[Loaded], plan: Plan, words: Words) -> list[str]:
    """Which targets and which loaded tables belong to no single task."""
    found = []
    if tiles:
        found.append(words("actions.apart.targets", ids=words("mark.names").join(tile.id for tile in tiles)))
    if tables:
        listed = [table(one, plan, words) for one in tables]
        found.append(words("actions.apart.tables", names=words("mark.list").join(listed)))
    return found
