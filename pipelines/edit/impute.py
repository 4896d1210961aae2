"""Blank values filled by the first of the declared methods whose value keeps every check; each is marked with its method.

Order and methods: de Waal, Pannekoek and Scholtus (2011), ch. 7 (ratio and former value, nearest neighbour) and §9.2 (values
that the checks determine). A donor gives to few: Kalton and Kasprzyk (1986), Survey Methodology 12, 1–16. What is yes or no
comes from a donor and never from a mean; a unit of a stratum asked whole never gets the mean of others.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import polars as pl

from pipelines.edit.edits import Edits
from pipelines.edit.expected import size_ratios, wave_ratios
from pipelines.edit.feasible import OTHER, Interval, feasible, limits, ranges
from pipelines.edit.linear import DATES, NUMBERS, Value, value_of
from pipelines.edit.records import Bools, Change, Floats, Place, Records, Review, rounded
from pipelines.edit.rule import Editing, Impute

#: values of one column that one row gives to others
MOST_GIFTS = 3
#: width of what the checks allow, against its middle, below which they are said to determine the value
_NARROW = Fraction(1, 20)
_NO_METHOD = ("未规定插补方法", "no method of imputation is declared")
_NO_SOURCE = ("没有可用的上期值、比率或供者", "there is no former value, ratio or donor to impute from")
_REFUSED = ("各方法所得的值均不符合检查", "what the methods give breaks a check")
_NOTHING = {"rule": "", "method": "", "zh": "", "en": ""}


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A blank to be filled, and why. `old` stood there; where nothing better is found it comes back, unless it is `wrong`."""

    row: int
    column: str
    rule: str
    zh: str
    en: str
    old: Any = None
    wrong: bool = False


@dataclass(frozen=True, kw_only=True)
class Filled:
    """The rows, what was changed in them, and what was left to a person."""

    records: Records
    changes: tuple[Change, ...]
    reviews: tuple[Review, ...]


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A value that a method gives."""

    value: Any
    method: str
    zh: str
    en: str
    donor: int | None = None


def imputed(
    records: Records, wanted: Sequence[Wanted], edits: Edits, usable: Mapping[str, Bools], gifts: Counter[Place]
) -> Filled:
    """The rows with their blanks filled, column by column in the declared order and from the past to the present.

    `usable` says per column which values may be donors and make ratios; `gifts` counts what each donor has given, and is
    added to. What no method can fill stays blank, or as it was, and is left to a person.
    """
    editing = records.table.editing
    assert editing is not None
    work = _Work(records, edits, usable, gifts, {(one.row, one.column) for one in wanted if one.wrong})
    order = {name: i for i, name in enumerate(dict.fromkeys([*(rule.column for rule in editing.impute), *records.table.columns]))}
    for one in sorted(wanted, key=lambda w: (order[w.column], int(records.time[w.row]), w.row)):
        number = records.table.columns[one.column].type in NUMBERS
        work.fill(one, _rule(editing, one, added=bool(records.added[one.row]), number=number))
    changes = [Change(row=row, column=column, new=value, **_NOTHING) for (row, column), value in work.given.items()]
    return Filled(records=records.changed(changes), changes=tuple(work.changes), reviews=tuple(work.reviews))


def _rule(editing: Editing, one: Wanted, *, added: bool, number: bool) -> Impute | None:
    """How the column is imputed; in a row that is added from its former wave or a neighbour, whatever is declared."""
    declared = next((rule for rule in editing.impute if rule.column == one.column), None)
    if not added or editing.missing_units is None:
        return declared
    like = declared or Impute(column=one.column, methods=["neighbour"])
    methods = ["former", "neighbour"] if number else ["neighbour"]
    return like.model_copy(update={"methods": methods, "former": editing.missing_units.former})


class _Work:
    """Rows while their blanks are filled one after the other: a value that was filled counts for those that come later.

    Ratios and donors are what they were before anything was filled.
    """

    def __init__(
        self, records: Records, edits: Edits, usable: Mapping[str, Bools], gifts: Counter[Place], wrong: set[Place]
    ) -> None:
        self.records, self.edits, self.usable, self.gifts = records, edits, usable, gifts
        self.open = wrong  # fields found wrong that have no value yet
        self.given: dict[Place, Any] = {}
        self.changes: list[Change] = []
        self.reviews: list[Review] = []
        self.cell = {int(row): group for group in records.groups for row in group}
        self.ratios: dict[tuple[str, str, str], Floats] = {}

    def fill(self, one: Wanted, rule: Impute | None) -> None:
        self.open.discard((one.row, one.column))
        refused = False
        for offer in self._offers(one, rule):
            if self._kept(one, offer.value):
                if offer.donor is not None:
                    self.gifts[offer.donor, one.column] += 1
                self._set(one, offer)
                return
            refused = True
        self._give_up(one, refused, rule)

    def _give_up(self, one: Wanted, refused: bool, rule: Impute | None) -> None:
        zh, en = _NO_METHOD if rule is None else _REFUSED if refused else _NO_SOURCE
        if one.wrong and not self.records.table.columns[one.column].required and self._checked(one, None):
            self._set(one, Offer(value=None, method="blanked", zh=f"{zh}，改为空白", en=f"{en}: blanked"))
            return
        if one.old is not None:
            self.given[one.row, one.column] = one.old
        if self.records.added[one.row]:
            return  # it is said once, of the whole row
        zh, en = f"{one.zh}；{zh}，保持原样", f"{one.en}; {en}: left as it is"
        self.reviews.append(Review(row=one.row, column=one.column, rule=one.rule, method="left", zh=zh, en=en))

    def _set(self, one: Wanted, offer: Offer) -> None:
        self.given[one.row, one.column] = offer.value
        donor = None if offer.donor is None else self.records.unit(offer.donor)
        told = {"zh": f"{one.zh}；{offer.zh}", "en": f"{one.en}; {offer.en}"}
        change = Change(row=one.row, column=one.column, new=offer.value, rule=one.rule, method=offer.method, donor=donor, **told)
        self.changes.append(change)

    def _value(self, row: int, column: str) -> Any:
        place = (row, column)
        return self.given[place] if place in self.given else self.records.frame[column][row]

    def _number(self, row: int, column: str) -> float:
        value = self._value(row, column)
        return float("nan") if value is None else float(value)

    def _offers(self, one: Wanted, rule: Impute | None) -> Iterator[Offer]:
        yield from self._deduced(one)
        alone = self.records.frame["_stratum_whole"][one.row] or self.records.added[one.row]
        for method in rule.methods if rule else ():
            if method == "former" and rule is not None:
                yield from self._former(one, rule)
            elif method == "ratio" and rule is not None and not alone:
                yield from self._ratio(one, rule)
            elif method == "neighbour" and rule is not None:
                yield from self._neighbours(one, rule)

    def _deduced(self, one: Wanted) -> Iterator[Offer]:
        """The value, where the checks leave no other."""
        if one.column not in self.edits.named:
            return
        intervals, words = ranges(self.edits.nodes, self._values(one.row), one.column, self.records.table.columns)
        value: Any = next(iter(words)) if len(words) == 1 else _middle(intervals)
        if value is None or value == OTHER:
            return
        if isinstance(value, Fraction):
            column = self.records.table.columns[one.column]
            dated = column.type in DATES
            value = dt.date.fromordinal(int(value)) if dated else rounded(float(value), column)
        yield Offer(value=value, method="deduced", zh="由检查唯一确定", en="determined by the checks")

    def _former(self, one: Wanted, rule: Impute) -> Iterator[Offer]:
        at = int(self.records.former[rule.former][one.row])
        ratio = self._ratios(one.column, "former", rule.former)[one.row]
        before = self._number(at, one.column) if at >= 0 else float("nan")
        if np.isfinite(ratio) and np.isfinite(before):
            itself = ("（亦为插补值）", ", itself imputed,") if (at, one.column) in self.given else ("", "")
            zh = f"按本单位上期值{before:.6g}{itself[0]}×同类企业比率{ratio:.4f}插补"
            en = f"imputed by its own former value {before:.6g}{itself[1]} × the ratio {ratio:.4f} of its category"
            yield self._estimate(one, before * ratio, "former", zh, en)

    def _ratio(self, one: Wanted, rule: Impute) -> Iterator[Offer]:
        size = rule.to or "_size"
        ratio = self._ratios(one.column, "ratio", size)[one.row]
        own = self._number(one.row, size)
        if np.isfinite(ratio) and own > 0:
            zh = f"按同类企业每单位规模{ratio:.4g}×本单位规模{own:.6g}插补"
            en = f"imputed by {ratio:.4g} per unit of size in its category × its size {own:.6g}"
            yield self._estimate(one, own * ratio, "ratio", zh, en)

    def _estimate(self, one: Wanted, value: float, method: str, zh: str, en: str) -> Offer:
        return Offer(value=rounded(value, self.records.table.columns[one.column]), method=method, zh=zh, en=en)

    def _ratios(self, column: str, method: str, by: str) -> Floats:
        if (column, method, by) not in self.ratios:
            used = self.usable[column]
            if method == "former":
                found = wave_ratios(self.records, column, "year" if by == "year" else "period", used)
            else:
                size = np.where(self.usable.get(by, used), self.records.numbers(by), np.nan)
                found = size_ratios(self.records, column, size, used)
            self.ratios[column, method, by] = found
        return self.ratios[column, method, by]

    def _neighbours(self, one: Wanted, rule: Impute) -> Iterator[Offer]:
        """Values of the rows of the cell that are nearest in size, nearest first; equally near ones in the order of keys."""
        sizes = dict.fromkeys([rule.to or "_size", *rule.near])
        own = {name: number for name in sizes if name != one.column and (number := self._number(one.row, name)) > 0}
        rows = self.cell[one.row][self.usable[one.column][self.cell[one.row]]]
        rows = rows[[self.records.frame[one.column][int(row)] is not None for row in rows]] if len(rows) else rows
        distance = np.zeros(len(rows))
        for name, number in own.items():
            given = self.records.numbers(name)[rows]
            distance += np.abs(np.log(np.where(given > 0, given, np.nan)) - np.log(number))
        for i in np.argsort(np.round(distance, 12), kind="stable") if own else ():  # as near as makes no difference is as near
            donor = int(rows[i])
            if np.isfinite(distance[i]) and self.gifts[donor, one.column] < MOST_GIFTS:
                value, unit = self.records.frame[one.column][donor], self.records.unit(donor)
                zh, en = f"取自规模最相近的同类企业 {unit}", f"taken from {unit}, the nearest in size of its category"
                yield Offer(value=value, method="neighbour", zh=zh, en=en, donor=donor)

    def _values(self, row: int) -> dict[str, Value]:
        return {name: value_of(self._value(row, name)) for name in self.edits.named}

    def _kept(self, one: Wanted, value: Any) -> bool:
        """Whether a value is another than what was found doubtful, within the limits of its column, and keeps every check."""
        column = self.records.table.columns[one.column]
        if column.type in NUMBERS:
            lies = limits(column)
            number = Fraction(repr(value))
            if (lies.low is not None and number < lies.low) or (lies.high is not None and number > lies.high):
                return False
        return value != one.old and self._checked(one, value)

    def _checked(self, one: Wanted, value: Any) -> bool:
        """Whether no check is broken with this value, or need be once the fields of the row that are still open are filled."""
        columns, still = self.records.table.columns, [name for row, name in self.open if row == one.row]
        values = {**self._values(one.row), **({one.column: value_of(value)} if one.column in self.edits.named else {})}
        if not feasible(self.edits.nodes, values, still, columns):
            return False
        if still or not self.edits.unsolved:
            return True
        record = {name: self._value(one.row, name) for name in columns} | {one.column: value}
        frame = pl.DataFrame([record], schema={name: self.records.frame.schema[name] for name in columns})
        kept = frame.select(pl.sql_expr(text).fill_null(True).alias(f"{i}") for i, text in enumerate(self.edits.unsolved))
        return all(kept.row(0))


def _middle(intervals: Sequence[Interval]) -> Fraction | None:
    """The middle of what is allowed, where that is narrow enough to be called one value."""
    if len(intervals) != 1 or intervals[0].low is None or intervals[0].high is None:
        return None
    low, high = intervals[0].low, intervals[0].high
    return (low + high) / 2 if high - low <= _NARROW * abs(low + high) / 2 else None
