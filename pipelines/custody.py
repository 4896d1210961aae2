"""How records are kept: the tier of a column; of a table who answers for it, its use, its legal basis, how long it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field

from pipelines.yamlfile import Fault, Model, Text, YamlFile

if TYPE_CHECKING:
    from pipelines.dictionary import Column, Dictionary, Table

Tier = Literal["general", "important", "core"]
#: what a column holds, as data are classed before they are graded (GB/T 43697-2024, 5.2)
Kind = Literal[
    "identity", "contact", "attribute", "output", "process", "security", "design", "time", "reference", "derived"
]  # fmt: skip
Item = Literal["owner", "use", "legal_basis", "retention"]

#: lowest first
TIERS: Final[tuple[Tier, ...]] = ("general", "important", "core")
ITEMS: Final[tuple[Item, ...]] = ("owner", "use", "legal_basis", "retention")


class Retention(Model):
    """How long records are kept, counted from the end of the year that they are of."""

    years: int | None = Field(default=None, ge=1, le=100)  # absent: no end is set
    reason: Text


class Custody(Model):
    """Who answers for records, what they may be used for, by what right they are held, how long they are kept."""

    owner: Text | None = None
    use: Text | None = None
    legal_basis: Text | None = None
    retention: Retention | None = None
    proposed: list[Item] = []  # what the plan proposes and the operator has not confirmed yet

    def over(self, other: Custody) -> Custody:
        """What is stated here, and where nothing is, what `other` states."""
        own = {name for name in ITEMS if getattr(self, name) is not None}
        values = {name: getattr(self if name in own else other, name) for name in ITEMS}
        proposed = [name for name in ITEMS if name in (self if name in own else other).proposed]
        return Custody(**values, proposed=proposed)


def highest(tiers: Iterable[Tier]) -> Tier:
    """The highest of them, `general` of none: what is put together is graded by the highest (GB/T 43697-2024, 4 and annex I)."""
    return max(tiers, key=TIERS.index, default="general")


def tier_of(table: Table) -> Tier:
    """The tier of a table: that of its highest column."""
    return highest(column.tier for column in table.columns.values())


def custody_faults(dictionary: Dictionary, table: Table, file: YamlFile, *, whole: bool) -> list[Fault]:
    """Columns graded without a reason or too low, and tables of which is not said how they are kept.

    `whole`: whether the custody of all tables could be read, without which nothing can be missing here.
    """
    found = [
        file.fault(["columns", name, *place], message)
        for name, column in table.columns.items()
        for place, message in _column_faults(name, column, table)
    ]
    found += [file.fault(["link", i, "on", theirs], message) for i, theirs, message in _lower(dictionary, table)]
    stated = file.data.get("custody") is not None
    if stated and table.custody == Custody():
        return found  # could not be read, which is a fault of its own
    for i, name in enumerate(table.custody.proposed):
        if getattr(table.custody, name) is None:
            found.append(file.fault(["custody", "proposed", i], unstated(name)))
    custody = dictionary.custody_of(table)
    needed = [name for name in ITEMS if getattr(custody, name) is None and not (table.public and name == "legal_basis")]
    if needed and whole:
        listed = ", ".join(f"`{name}`" for name in needed)
        message = (
            f"of the records of `{table.id}` nothing says {listed}; add it under `custody` here, or in plan.yaml for all tables."
        )
        found.append(file.fault(["custody"] if stated else [], message, key=True))
    return found


def unstated(name: str) -> str:
    return f"`proposed` names `{name}`, which is not stated beside it; state it, or leave it out here."


def _column_faults(name: str, column: Column, table: Table) -> Iterable[tuple[list[str | int], str]]:
    if column.reason is None and (column.tier != "general" or column.personal):
        graded = "personal" if column.tier == "general" else f"of the tier {column.tier}"
        yield [], f"`{name}` is {graded} and nothing says why; add a `reason`: what its disclosure would do, and to whom."
    if column.kind == "identity" and column.tier == "general" and not table.public:
        yield ["tier"], f"`{name}` says whom a confidential record is of, so it is `important` at least."
    if column.kind == "contact" and not column.personal:
        yield ["kind"], f"`{name}` says how a person is reached; mark it `personal: true`."


def _lower(dictionary: Dictionary, table: Table) -> Iterable[tuple[int, str, str]]:
    """Columns that hold the values of another table's column at a lower tier; values on a public list are public."""
    for i, link in enumerate(table.link if not table.public else ()):
        target = dictionary.tables.get(link.table)
        for theirs, ours in link.on.items() if target else ():
            mine, other = table.columns.get(ours), target.columns.get(theirs) if target else None
            if mine and other and TIERS.index(mine.tier) < TIERS.index(other.tier):
                yield (
                    i,
                    theirs,
                    (
                        f"`{ours}` is {mine.tier} here and {other.tier} in `{link.table}`, though both hold the same values; "
                        "both bear the higher tier."
                    ),
                )
