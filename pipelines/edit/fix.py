"""Errors whose cause is plain: a value in another unit, with the wrong sign, or in the place of another.

The thousand error and its kin: de Waal, Pannekoek and Scholtus (2011), §2.2; UNECE (2019), GSDEM 2.0, review and amendment
of systematic errors. A value is changed only when its own former value and the median of its category say the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from pipelines.edit.edits import Edits, broken_rows
from pipelines.edit.expected import medians
from pipelines.edit.linear import fields, reduced, value_of
from pipelines.edit.records import Change, Floats, Records, Review, rounded
from pipelines.edit.rule import Fix


def fixed(records: Records, fixes: Sequence[Fix], edits: Edits) -> tuple[Records, list[Change], list[Review]]:
    """The rows after every fix, until none applies any more: a corrected value is the former value of the next.

    A value that only one of the two speaks of, or that they disagree about, is left to a person.
    """
    changes: list[Change] = []
    while step := [change for fix in fixes for change in _changes(records, fix, edits)]:
        done = {(change.row, change.column, change.rule) for change in changes}
        new = [change for change in step if (change.row, change.column, change.rule) not in done]
        first = {(change.row, change.column): change for change in reversed(new)}  # of several fixes the one stated first
        if not first:
            break
        ordered = [first[place] for place in sorted(first)]
        changes += ordered
        records = records.changed(ordered)
    return records, changes, [review for fix in fixes for review in _reviews(records, fix)]


def _changes(records: Records, fix: Fix, edits: Edits) -> list[Change]:
    if fix.exchange is not None:
        return _exchanged(records, fix, edits)
    own, cell = _against(records, fix)
    low, high = fix.window
    both = _within(own, low, high) & _within(cell, low, high)
    return [_change(records, fix, int(row), own[row], cell[row]) for row in np.flatnonzero(both)]


def _change(records: Records, fix: Fix, row: int, own: float, cell: float) -> Change:
    column = records.table.columns[fix.column]
    value = records.row(row)[fix.column]
    if fix.factor is not None:
        zh = f"为本单位上次报送值的{own:.4g}倍、同类企业中位数的{cell:.4g}倍，计量单位用错，除以{fix.factor:g}"
        en = (
            f"{own:.4g} times its own former value and {cell:.4g} times the median of its category: "
            f"wrong unit, divided by {fix.factor:g}"
        )
        new, method = rounded(float(value) / fix.factor, column), "unit"
    else:
        zh = f"数额为本单位上次报送值的{own:.4g}倍、同类企业中位数的{cell:.4g}倍，仅符号相反，改变符号"
        en = (
            f"its amount is {own:.4g} times its own former value and {cell:.4g} times the median of its category, "
            "only the sign differs: sign turned"
        )
        new, method = -value, "sign"
    return Change(row=row, column=fix.column, new=new, rule=fix.id, method=method, zh=zh, en=en)


def _reviews(records: Records, fix: Fix) -> list[Review]:
    """Values that would be fixed if their own former value alone were asked, or the median of their category per size."""
    if fix.exchange is not None:
        return []
    own, cell = _against(records, fix)
    low, high = fix.window
    alone = _within(own, low, high)
    if fix.per is not None:
        alone |= _within(cell, low, high)
    found = []
    for row in np.flatnonzero(alone):
        told = [f"{ratio:.4g}" if np.isfinite(ratio) else "—" for ratio in (own[row], cell[row])]
        zh = f"像是{_cause(fix)[0]}：为本单位上次报送值的{told[0]}倍、同类企业中位数的{told[1]}倍，两者未同时证实，请核实"
        en = (
            f"looks like {_cause(fix)[1]}: {told[0]} times its own former value and {told[1]} times the median of its category; "
            "these do not both confirm it, please verify"
        )
        found.append(Review(row=int(row), column=fix.column, rule=fix.id, method="unit" if fix.factor else "sign", zh=zh, en=en))
    return found


def _cause(fix: Fix) -> tuple[str, str]:
    return ("计量单位用错", "a wrong unit") if fix.factor else ("符号相反", "a wrong sign")


def _against(records: Records, fix: Fix) -> tuple[Floats, Floats]:
    """The value over the last one its unit gave before, and over the median of its cell; nan where it cannot be said."""
    values = records.numbers(fix.column)
    wanted = np.where(values == 0, np.nan, values)
    last = _last(records, wanted)
    scale = records.numbers(fix.per) if fix.per else np.ones(len(values))
    scaled = np.where(scale > 0, wanted / np.where(scale > 0, scale, 1), np.nan)
    middle = medians(records.groups, scaled)
    if fix.factor is not None:
        return np.abs(wanted) / np.abs(last), np.abs(scaled) / middle
    right = 1.0 if fix.sign == "positive" else -1.0
    wrong = values * right < 0
    amount = np.where(wrong & (last * right > 0), np.abs(wanted) / np.abs(last), np.nan)
    usual = _usual_sign(records, values, right)
    return amount, np.where(wrong & usual, np.abs(scaled) / middle, np.nan)


def _usual_sign(records: Records, values: Floats, right: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether the median of each row's cell has the sign the value should have."""
    found = np.zeros(len(values), dtype=np.bool_)
    for group in records.groups:
        given = values[group][np.isfinite(values[group])]
        found[group] = len(given) > 0 and float(np.median(given)) * right > 0
    return found


def _last(records: Records, values: Floats) -> Floats:
    """The last value other than zero that the same thing had in an earlier period."""
    order = np.lexsort((records.time, records.things))
    frame = pl.DataFrame({"thing": records.things[order], "value": values[order]}).with_columns(pl.col("value").fill_nan(None))
    last = frame.select(pl.col("value").shift(1).forward_fill().over("thing")).to_series().fill_null(float("nan")).to_numpy()
    found = np.full(len(values), np.nan)
    found[order] = last
    return found


def _within(ratios: Floats, low: float, high: float) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return (ratios >= low) & (ratios <= high)


def _exchanged(records: Records, fix: Fix, edits: Edits) -> list[Change]:
    """Pairs of values of which a check that names both is broken, and no check would be with each in the other's place."""
    other = str(fix.exchange)
    named = {name: node for name, node in edits.hard.items() if {fix.column, other} <= fields(node)}
    found: list[Change] = []
    for row in broken_rows(edits, records.frame, named):
        record = records.row(int(row))
        values = {name: value_of(record[name]) for name in edits.named}
        broken = [name for name, node in named.items() if reduced(node, values) is False]
        turned = {**values, fix.column: values[other], other: values[fix.column]}
        given = values[fix.column] is not None and values[other] is not None
        if broken and given and all(reduced(node, turned) is not False for node in edits.nodes):
            found += _both(records, fix, int(row), record, ",".join(broken))
    return found


def _both(records: Records, fix: Fix, row: int, record: Mapping[str, object], broken: str) -> list[Change]:
    one, other = fix.column, str(fix.exchange)
    names = records.table.columns[one].name, records.table.columns[other].name
    zh = f"{names[0].zh}与{names[1].zh}违反检查 {broken}，互换后全部检查成立，予以互换"
    en = f"{names[0].en} and {names[1].en} break the check {broken} and keep every check once they are exchanged: exchanged"
    return [
        Change(row=row, column=mine, new=record[theirs], rule=fix.id, method="exchange", zh=zh, en=en)
        for mine, theirs in ((one, other), (other, one))
    ]
