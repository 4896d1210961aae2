"""Editing of one table, in order: plain errors, doubtful ratios, checks, imputation; again until nothing changes any more.

The flow is that of GSDEM 2.0 (UNECE 2019): review, selection, amendment, and a last look at totals. Raw rows are not touched:
what comes out are new rows, and for each value what it was, what it is, and why.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.dictionary import Table
from pipelines.edit.edits import Edits, broken_rows, read_edits
from pipelines.edit.fix import fixed
from pipelines.edit.impute import Wanted, imputed
from pipelines.edit.linear import value_of
from pipelines.edit.localise import Located, locate
from pipelines.edit.missing import RULE, blank_rows
from pipelines.edit.outcome import Edited, outcome
from pipelines.edit.outlier import important, moved, outliers, sizes
from pipelines.edit.records import Bools, Change, Place, Records, Review, records, waves
from pipelines.edit.rule import Editing
from pipelines.edit.trail import IMPUTED

__all__ = ["Edited", "edit_table"]

#: rounds after which rows are taken as they are; two are usual, the second to see that nothing is left
_ROUNDS = 10


@dataclass(frozen=True, kw_only=True)
class _Round:
    records: Records
    changes: tuple[Change, ...]
    reviews: tuple[Review, ...]


def edit_table(table: Table, rows: pl.DataFrame, frame: pl.DataFrame | None) -> Edited:
    """The rows of a table after its rules of editing; the order of `rows` and `frame` does not matter, nor does chance.

    `rows`: raw rows, with `_cell`, `_weight` and `_stratum_whole`. `frame`: units that were asked, with unit, year, `_cell`,
    `_size` and `_stratum_whole`; None where nobody says who was asked. Raises NotLinear for a check of severity `edit` that
    cannot be solved, which the check of a plan finds before.
    """
    editing = table.editing or Editing()
    table = table.model_copy(update={"editing": editing})
    raw, early = _begun(table, editing, rows, frame)
    edits, gifts = read_edits(table), Counter[Place]()
    now, changes, reviews = raw, list[Change](), tuple[Review, ...]()
    for _ in range(_ROUNDS):
        estimated = {(change.row, change.column) for change in changes if change.method in IMPUTED}
        last = _round(now, editing, edits, estimated, gifts)
        now, reviews = last.records, last.reviews
        changes += last.changes
        if not last.changes:
            break
    return outcome(raw, now, changes, [*early, *reviews])


def _begun(table: Table, editing: Editing, rows: pl.DataFrame, frame: pl.DataFrame | None) -> tuple[Records, list[Review]]:
    """The raw rows in order, with blank ones for what large units did not report."""
    if frame is None or editing.missing_units is None or not waves(table):
        return records(table, rows, frame), []
    blank, early = blank_rows(table, editing.missing_units, rows, frame)
    return records(table, rows, frame, blank), early


def _round(start: Records, editing: Editing, edits: Edits, estimated: set[Place], gifts: Counter[Place]) -> _Round:
    """One way through all rules; values in `estimated` are no base for others, and not taken for outliers again."""
    now, changes, reviews = fixed(start, editing.fixes, edits)
    unusual = outliers(now, editing.outliers)
    at_once = {rule.id for rule in editing.outliers if rule.impute}
    replaced = [one for one in unusual if one.rule in at_once and one.method == "outlier" and one.place not in estimated]
    seen = [*unusual, *important(now, editing.scores), *sizes(now, editing.sizes)]
    reviews += [one for one in seen if one not in replaced and one.place not in estimated]
    wrong, unsolved = _located(now, edits, editing.weights)
    asked = [*_blanks(now, editing), *(_doubted(now, one) for one in replaced), *wrong]
    wanted = {(one.row, one.column): one for one in asked}
    emptied = now.changed([_emptied(one) for one in wanted.values()])
    usable = _usable(emptied, {place for one in unusual if (place := one.place)} | estimated)
    filled = imputed(emptied, list(wanted.values()), edits, usable, gifts)
    end, incomplete = _without_gaps(filled.records, editing)
    reviews += [*filled.reviews, *incomplete, *unsolved]
    reviews += [*_still_broken(end, edits, {review.row for review in (*filled.reviews, *unsolved)}), *moved(end, editing.totals)]
    made = [*changes, *filled.changes]
    kept = [one for one in made if start.value(one.row, one.column) != end.value(one.row, one.column)]
    return _Round(records=end, changes=tuple(kept), reviews=tuple(reviews))


def _located(now: Records, edits: Edits, weights: Mapping[str, float]) -> tuple[list[Wanted], list[Review]]:
    """The fields to change of every row that breaks a check, and the rows of which no fields can be found."""
    wanted: list[Wanted] = []
    unsolved: list[Review] = []
    for row, found in _broken(now, edits, weights):
        zh, en = _said(now, found)
        if not found.chosen:
            column = next(check.column for check in now.table.checks if check.id == found.broken[0])
            zh, en = f"{zh}，改动任何字段均不能使全部检查成立", f"{en}; no change of fields keeps all checks"
            unsolved.append(Review(row=row, column=column, rule=",".join(found.broken), method="left", zh=zh, en=en))
        for column in found.chosen:
            old = now.value(row, column)
            rule = ",".join(found.broken)
            wanted.append(Wanted(row=row, column=column, rule=rule, zh=zh, en=en, old=old, wrong=True))
    return wanted, unsolved


def _broken(now: Records, edits: Edits, weights: Mapping[str, float]) -> list[tuple[int, Located]]:
    """The rows that break a check of severity `edit`; blank ones still to be filled break none."""
    found, empty = [], _empty(now)
    for row in broken_rows(edits, now.frame, edits.hard):
        if empty[row]:
            continue
        values = {name: value_of(now.value(int(row), name)) for name in edits.named}
        if (located := locate(edits, values, weights)) is not None:
            found.append((int(row), located))
    return found


def _said(now: Records, found: Located) -> tuple[str, str]:
    """Which checks are broken, which fields must change, and which others might have been."""
    names = {name: column.name for name, column in now.table.columns.items()}
    zh, en = f"违反检查 {'、'.join(found.broken)}", f"breaks the check {', '.join(found.broken)}"
    if found.chosen:
        zh += f"，最少须更改：{'、'.join(names[name].zh for name in found.chosen)}"
        en += f"; the least to change: {', '.join(names[name].en for name in found.chosen)}"
    if found.others:
        zh += "，另可更改：" + "；或".join("、".join(names[name].zh for name in one) for one in found.others)
        en += "; could also be: " + ", or ".join(" with ".join(names[name].en for name in one) for one in found.others)
    return zh, en


def _blanks(now: Records, editing: Editing) -> list[Wanted]:
    """Blank values of the columns that are imputed, and of the rows that were added."""
    found = []
    added = set(editing.missing_units.columns) if editing.missing_units else set()
    for column in dict.fromkeys([*(rule.column for rule in editing.impute), *added]):
        declared = any(rule.column == column for rule in editing.impute)
        blank = now.frame[column].is_null().to_numpy()
        for row in np.flatnonzero(blank):
            if now.added[row] and column in added:
                zh, en = "全数调查的大企业未报", "a large unit of a stratum asked whole did not report"
                found.append(Wanted(row=int(row), column=column, rule=RULE, zh=zh, en=en))
            elif declared and not now.added[row]:
                found.append(Wanted(row=int(row), column=column, rule="blank", zh="未填", en="it is blank"))
    return found


def _doubted(now: Records, review: Review) -> Wanted:
    assert review.row is not None
    old = now.value(review.row, review.column)
    return Wanted(row=review.row, column=review.column, rule=review.rule, zh=review.zh, en=review.en, old=old)


def _emptied(one: Wanted) -> Change:
    return Change(row=one.row, column=one.column, new=None, rule=one.rule, method="", zh="", en="")


def _usable(now: Records, barred: set[Place]) -> dict[str, Bools]:
    """Per column, the values that may be donors and make ratios: reported, not doubted, not estimated."""
    found = {name: now.frame[name].is_not_null().to_numpy() & ~now.added for name in now.table.columns}
    for row, column in barred:
        found[column][row] = False
    return found


def _empty(now: Records) -> Bools:
    """Added rows in which nothing stands but their key."""
    others = [name for name in now.table.columns if name not in now.table.key]
    blank = now.frame.select(pl.all_horizontal(pl.col(name).is_null() for name in others)).to_series().to_numpy()
    return np.asarray(blank & now.added, dtype=np.bool_)


def _without_gaps(now: Records, editing: Editing) -> tuple[Records, list[Review]]:
    """The rows without what was filled in added rows that have a gap left: half a record would count as a whole one."""
    if editing.missing_units is None:
        return now, []
    columns = editing.missing_units.columns
    gap = now.frame.select(pl.any_horizontal(pl.col(name).is_null() for name in columns)).to_series().to_numpy() & now.added
    emptied: list[Change] = []
    reviews: list[Review] = []
    zh, en = (
        "全数调查的大企业未报，且不能完整插补，未增加",
        "a large unit of a stratum asked whole did not report and cannot be imputed whole",
    )
    for row in map(int, np.flatnonzero(gap)):
        emptied += [Change(row=row, column=name, new=None, rule=RULE, method="", zh="", en="") for name in columns]
        reviews.append(Review(row=row, column=columns[0], rule=RULE, method="left", zh=zh, en=en))
    return now.changed(emptied), reviews


def _still_broken(now: Records, edits: Edits, said: Set[int | None]) -> list[Review]:
    """Checks that rows break even now, but for rows of which it was said already."""
    found = []
    for row, located in _broken(now, edits, {}):
        if row not in said:
            zh, en = _said(now, located)
            column = next(check.column for check in now.table.checks if check.id == located.broken[0])
            found.append(Review(row=row, column=column, rule=",".join(located.broken), method="left", zh=zh, en=en))
    return found
