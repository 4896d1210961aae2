"""The faults of a design: what response, non-response and calibration need and the tables do not have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from pipelines.design import Design, Margin
from pipelines.dictionary import Column, Dictionary, Table
from pipelines.yamlfile import suggest

Found = tuple[list[str | int], str]
_NUMBERS = ("integer", "number", "rate")


def design_faults(dictionary: Dictionary, table: Table, design: Design, lists: AbstractSet[str]) -> Iterator[Found]:
    """Places below `design` and what is wrong there, for a table whose names are known to exist.

    `lists` are the code lists that exist, also those that could not be read.
    """
    wanted = [name for name in ("sampled", "response_group", "calibration") if getattr(design, name)]
    register = _register(dictionary, table, design)
    if design.census:
        if wanted:
            yield [wanted[0]], f"in a census every unit is asked and has the weight one; leave `{wanted[0]}` out"
        return
    reachable = {name: column for name, (_, column) in dictionary.reachable(table.id).items()}
    yield from _of_kind(reachable, design, {"population": "number", "weight": "number", "sampling_fraction": "number"})
    if design.collapse and register is None and design.stratum in reachable and design.stratum not in table.columns:
        message = "a neighbour stands for a stratum year by year; link the register on the unit and the period alone"
        yield ["collapse"], f"`collapse` needs the register of each year: {message}"
    if register is None:
        if wanted:
            needed = "link the table that lists every unit with its stratum year by year, on the unit and the period alone"
            yield [wanted[0]], f"`{wanted[0]}` needs a register; {needed}"
        return
    yield from _columns(register, design)
    if design.response_group and not design.sampled:
        yield ["response_group"], "`response_group` needs `sampled`, the column of the register that says who was asked"
    for i, margin in enumerate(design.calibration.totals if design.calibration else ()):
        for place, message in _margin(dictionary, register, margin, lists):
            yield ["calibration", "totals", i, *place], message


def _register(dictionary: Dictionary, table: Table, design: Design) -> Table | None:
    """The linked table that lists the units with their strata year by year."""
    reachable = dictionary.reachable(table.id)
    if design.stratum is None or design.stratum not in reachable:
        return None
    held = reachable[design.stratum][0]
    link = next((link for link in table.link if link.table == held), None)
    return dictionary.tables[held] if link is not None and set(link.on.values()) == {design.unit, "period"} else None


def _columns(register: Table, design: Design) -> Iterator[Found]:
    kinds = {"sampled": "boolean", "size": "number", "response_group": ""}
    for key in kinds:
        name = getattr(design, key)
        if name is not None and name not in register.columns:
            yield [key], f"`{name}` does not stand in the register `{register.id}`.{suggest(name, register.columns)}"
    yield from _of_kind(register.columns, design, {key: kind for key, kind in kinds.items() if kind})


def _of_kind(columns: Mapping[str, Column], design: Design, kinds: Mapping[str, str]) -> Iterator[Found]:
    """Columns of the design that are of another type than what stands in them."""
    for key, kind in kinds.items():
        column = columns.get(getattr(design, key) or "")
        if column is not None and column.type not in (_NUMBERS if kind == "number" else (kind,)):
            yield [key], f"`{getattr(design, key)}` is of type {column.type}; `{key}` is a {kind} column"


def _margin(dictionary: Dictionary, register: Table, margin: Margin, lists: AbstractSet[str]) -> Iterator[Found]:
    for key in ("by", "of"):
        name = getattr(margin, key)
        if name is not None and name not in register.columns:
            yield [key], f"the register `{register.id}` has no column `{name}`.{suggest(name, register.columns)}"
    if margin.of in register.columns and register.columns[margin.of].type not in _NUMBERS:
        yield ["of"], f"`{margin.of}` is of type {register.columns[margin.of].type}; only numbers have a total"
    if margin.rollup is None:
        return
    if margin.rollup not in lists:
        yield ["rollup"], f"the code list `{margin.rollup}` does not exist.{suggest(margin.rollup, lists)}"
    elif margin.by is None or (margin.by in register.columns and register.columns[margin.by].codes is None):
        yield ["rollup"], "`rollup` needs `by`, a column with a code list, whose codes have parents"
    elif margin.by in register.columns and margin.rollup in dictionary.codes:
        parents = dictionary.codes[margin.rollup].codes
        listed = dictionary.codes.get(str(register.columns[margin.by].codes))
        odd = sorted({entry.parent or "" for entry in listed.codes.values()} - set(parents)) if listed else []
        if odd:
            yield ["rollup"], f"not every code of `{margin.by}` has a parent in `{margin.rollup}`; a total would leave units out"
