"""What an edition tells of editing: how many values were changed by which rule, never a record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS, as_details
from pipelines.edit.trail import IMPUTED
from pipelines.editrun import with_rules
from pipelines.trail import Run, frame_of
from pipelines.yamlfile import Text

#: how counts are grouped: what is too small to be told at one step is added together at the next
_STEPS = (("column", "period", "rule", "method"), ("column", "rule", "method"), ("column",))


def edits(store: Path, runs: Mapping[str, Run], *, minimum: int) -> pl.DataFrame:
    """Changed values and the units they are of, by table, column, period, rule and method: the table `edits` of an edition.

    A count of fewer than `minimum` units could point at one of them. Such counts are added together over periods, then over
    rules, then over columns; what was added over is null. What is still too small takes the smallest other row of its
    table along, and has null for its counts where there is none. So nothing is left out, and nothing follows by subtraction.
    """
    parts = [_of_table(frame_of(store, run, "events"), minimum).with_columns(table=pl.lit(name)) for name, run in runs.items()]
    return as_details("edits", pl.concat(parts, how="diagonal").select(*DETAILS["edits"])) if parts else as_details("edits", None)


def told(plan: Plan, store: Path, runs: Mapping[str, Run]) -> tuple[Text, ...]:
    """A notice for every table in which editing changed anything."""
    minimum = plan.disclosure.minimum_groups
    found = []
    for name, run in runs.items():
        events, table = frame_of(store, run, "events"), plan.dictionary.tables[name].name
        imputed = events.filter(pl.col("method").is_in(IMPUTED))
        rest = events.filter(~pl.col("method").is_in(IMPUTED))
        if events.is_empty():
            continue
        all_of, zh, en = _counted(events, minimum), "", ""
        if all(one.is_empty() or one["unit"].n_unique() >= minimum for one in (imputed, rest)):
            zh, en = f"，其中插补{imputed.height}个", f", {imputed.height} of them imputed"
        found.append(
            Text(
                zh=f"{table.zh}：按审核规则改动了{all_of.zh}{zh}；原始值保留不变。",
                en=f"{table.en}: the rules of editing changed {all_of.en}{en}; the raw values are kept.",
            )
        )
    return tuple(found)


def unedited(plan: Plan) -> tuple[Text, ...]:
    """The notice of an edition that was made without editing, where the plan has rules for it."""
    names = [table.name for table in with_rules(plan.dictionary)]
    if not names:
        return ()
    zh, en = "、".join(name.zh for name in names), "; ".join(name.en for name in names)
    return (
        Text(
            zh=f"本版未经审核，直接使用原始值：{zh}。未更正单位错误，未插补缺失值。",
            en=f"This edition was made from raw values, without editing: {en}. No error was corrected, nothing was imputed.",
        ),
    )


def _of_table(events: pl.DataFrame, minimum: int) -> pl.DataFrame:
    """The counts of one table without its name."""
    left = events.select(pl.col("period").str.slice(0, 4), "column", "rule", "method", "unit")
    kept: list[tuple[tuple[str, ...], pl.DataFrame]] = []
    for step in _STEPS:
        parts = left.partition_by(step, maintain_order=True)
        kept += [(step, part) for part in parts if part["unit"].n_unique() >= minimum]
        left = pl.concat([left.clear(), *(part for part in parts if part["unit"].n_unique() < minimum)])
    if left.height:
        if kept and left["unit"].n_unique() < minimum:
            kept.sort(key=lambda one: (one[1]["unit"].n_unique(), one[1].height))
            left = pl.concat([left, kept.pop(0)[1]])
        kept.append(((), left))
    schema = {name: kind for name, kind in DETAILS["edits"].items() if name != "table"}
    return pl.DataFrame([_row(step, part, minimum) for step, part in kept], schema=schema)


def _row(step: tuple[str, ...], part: pl.DataFrame, minimum: int) -> dict[str, str | int | None]:
    units = part["unit"].n_unique()
    named = {name: part[name][0] if name in step else None for name in _STEPS[0]}
    return {**named, "values": part.height if units >= minimum else None, "units": units if units >= minimum else None}


def _counted(events: pl.DataFrame, minimum: int) -> Text:
    units = events["unit"].n_unique()
    if units and units < minimum:
        return Text(zh="少数几家单位的数值", en="values of a few units")
    return Text(zh=f"{units}家单位的{events.height}个数值", en=f"{events.height} values of {units} units")
