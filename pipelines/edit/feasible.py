"""Whether checks can be satisfied by changing some fields of a row, and within which limits one field may then lie.

One free number is solved by exact interval arithmetic, several by a linear programme with whole numbers where the columns
hold such (HiGHS): de Waal, Pannekoek and Scholtus (2011), §3.5.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from pipelines.dictionary import Column
from pipelines.edit.linear import DATES, NUMBERS, Blank, Either, Every, Linear, Member, Node, Value, leaves, reduced

#: any word that no check names
OTHER = "\N{WHITE SQUARE}"
#: by how much "less" is less where numbers have decimals, in a linear programme; less than any column is written to
_LESS = 1e-6


@dataclass(frozen=True, kw_only=True)
class Interval:
    """Numbers between two ends, which belong to it unless they are open; None: no end."""

    low: Fraction | None = None
    high: Fraction | None = None
    low_open: bool = False
    high_open: bool = False

    def cut(self, bound: Fraction, *, above: bool, strict: bool) -> Interval:
        """The part of it below the bound, or above it."""
        if above:
            if self.low is None or bound > self.low or (bound == self.low and strict):
                return replace(self, low=bound, low_open=strict)
        elif self.high is None or bound < self.high or (bound == self.high and strict):
            return replace(self, high=bound, high_open=strict)
        return self

    def whole(self) -> Interval:
        """The smallest and largest whole number in it."""
        low = None if self.low is None else Fraction(math.floor(self.low) + 1 if self.low_open else math.ceil(self.low))
        high = None if self.high is None else Fraction(math.ceil(self.high) - 1 if self.high_open else math.floor(self.high))
        return Interval(low=low, high=high)

    @property
    def empty(self) -> bool:
        if self.low is None or self.high is None:
            return False
        return self.low > self.high or (self.low == self.high and (self.low_open or self.high_open))


def feasible(
    nodes: Sequence[Node],
    values: Mapping[str, Value],
    free: Collection[str],
    columns: Mapping[str, Column],
    *,
    blanks: bool = False,
) -> bool:
    """Whether the free fields can be given values with which no check is broken, all others staying as they are.

    With `blanks` a free field that a check wants blank may also be left so.
    """
    return any(_solvable(system, columns) for system in _systems(nodes, values, free, columns, blanks))


def ranges(
    nodes: Sequence[Node], values: Mapping[str, Value], name: str, columns: Mapping[str, Column]
) -> tuple[list[Interval], set[Value]]:
    """Where a single field may lie: intervals of a number, joined where they touch; or the words that are allowed."""
    if columns[name].type not in (*NUMBERS, *DATES):
        return [], {word for word in _words(nodes, name, columns) if feasible(nodes, {**values, name: word}, (), columns)}
    found = (_interval(system, name, columns[name]) for system in _systems(nodes, values, (name,), columns, False))
    return _joined([one for one in found if not one.empty]), set()


def limits(column: Column) -> Interval:
    """Where the values of a column lie by its own definition."""
    low, high = (None if end is None else Fraction(repr(end)) for end in (column.minimum, column.maximum))
    return Interval(low=low, high=high)


def _systems(
    nodes: Sequence[Node], values: Mapping[str, Value], free: Collection[str], columns: Mapping[str, Column], blanks: bool
) -> Iterator[list[Linear]]:
    """Every way to satisfy the checks, as comparisons of the free numbers that must all hold."""
    left = [node for node in (reduced(node, values, free) for node in nodes) if node is not True]
    if False in left:
        return
    names = sorted(free)
    wanted_blank = {leaf.column for node in left for leaf in leaves(node) if isinstance(leaf, Blank)}
    choices = [_choices(left, name, columns, blanks and name in wanted_blank) for name in names]
    for chosen in itertools.product(*choices):
        given = {**values, **dict(zip(names, chosen, strict=True))}
        numbers = {name for name, choice in zip(names, chosen, strict=True) if choice == OTHER and _number(columns[name])}
        filled = [_filled(node, {name for name in free if given[name] is not None}) for node in left]
        rest = [node for node in (reduced(node, given, numbers) for node in filled) if node is not True]
        if False not in rest:
            yield from _branches(rest)


def _number(column: Column) -> bool:
    return column.type in (*NUMBERS, *DATES)


def _choices(nodes: Iterable[Node], name: str, columns: Mapping[str, Column], blank: bool) -> list[Value]:
    """What a free field may be: one of the words that matter; for a number OTHER, which stands for any."""
    words: list[Value] = [OTHER] if _number(columns[name]) else _words(nodes, name, columns)
    return [*words, None] if blank and not columns[name].required else words


def _words(nodes: Iterable[Node], name: str, columns: Mapping[str, Column]) -> list[Value]:
    if columns[name].type == "boolean":
        return [False, True]
    named = {
        word for node in nodes for leaf in leaves(node) if isinstance(leaf, Member) if leaf.column == name for word in leaf.values
    }
    return [*sorted(map(str, named)), OTHER]


def _filled(node: Node, names: Collection[str]) -> Node:
    """The check where these fields are known not to be blank."""
    if isinstance(node, Every | Either):
        return type(node)(tuple(_filled(part, names) for part in node.parts))
    return not node.wanted if isinstance(node, Blank) and node.column in names else node


def _branches(nodes: Sequence[Node]) -> Iterator[list[Linear]]:
    """The comparisons of every choice of one part of each OR."""
    flat: list[Linear] = []
    open_: list[Either] = []
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Every):
            waiting.extend(node.parts)
        elif isinstance(node, Either):
            open_.append(node)
        elif isinstance(node, Linear):
            flat.append(node)
    if not open_:
        yield flat
        return
    first, *others = open_
    for part in first.parts:
        yield from _branches([*flat, part, *others])


def _solvable(system: list[Linear], columns: Mapping[str, Column]) -> bool:
    names = sorted({name for one in system for name, _ in one.terms})
    if all(len(one.terms) == 1 for one in system):
        return not any(_interval([one for one in system if one.terms[0][0] == name], name, columns[name]).empty for name in names)
    return _programme(system, names, columns)


def _interval(system: Iterable[Linear], name: str, column: Column) -> Interval:
    """Where a number may lie by these comparisons, which name nothing else."""
    found = limits(column)
    for one in system:
        ((_, factor),) = one.terms
        bound = one.bound / factor
        if one.sign == "=":
            found = found.cut(bound, above=True, strict=False).cut(bound, above=False, strict=False)
        else:
            found = found.cut(bound, above=factor < 0, strict=one.sign == "<")
    return found.whole() if _is_whole(column) else found


def _is_whole(column: Column) -> bool:
    return column.type in ("integer", "year", *DATES)


def _programme(system: list[Linear], names: list[str], columns: Mapping[str, Column]) -> bool:
    """Whether comparisons of several numbers can hold together."""
    place = {name: i for i, name in enumerate(names)}
    matrix = np.zeros((len(system), len(names)))
    low, high = np.full(len(system), -np.inf), np.zeros(len(system))
    for row, one in enumerate(system):
        for name, factor in one.terms:
            matrix[row, place[name]] = float(factor)
        high[row] = float(_at_most(one, columns))
        if one.sign == "=":
            low[row] = high[row]
    ends = [limits(columns[name]) for name in names]
    bounds = Bounds(
        [-np.inf if end.low is None else float(end.low) for end in ends],
        [np.inf if end.high is None else float(end.high) for end in ends],
    )
    whole = np.array([_is_whole(columns[name]) for name in names], dtype=np.int64)
    found = milp(np.zeros(len(names)), constraints=LinearConstraint(matrix, low, high), bounds=bounds, integrality=whole)
    if found.status not in (0, 2):
        raise ArithmeticError(f"the linear programme of an edit ended with: {found.message}")
    return bool(found.status == 0)


def _at_most(one: Linear, columns: Mapping[str, Column]) -> Fraction:
    """The bound, drawn in where the sum must lie below it."""
    if one.sign != "<":
        return one.bound
    if all(factor.denominator == 1 and _is_whole(columns[name]) for name, factor in one.terms):
        return Fraction(math.ceil(one.bound) - 1)
    return one.bound - Fraction(repr(_LESS))


def _joined(intervals: list[Interval]) -> list[Interval]:
    """The same numbers in as few intervals as possible, in order."""
    lowest = Fraction(-(10**30))
    ordered = sorted(intervals, key=lambda one: (lowest if one.low is None else one.low, one.low_open))
    found: list[Interval] = []
    for one in ordered:
        last = found[-1] if found else None
        apart = last is None or (last.high is not None and one.low is not None and last.high < one.low)
        gap = last is not None and last.high == one.low and last.high_open and one.low_open
        if last is None or apart or (gap and one.low is not None):
            found.append(one)
        elif last.high is not None and (one.high is None or (one.high, not one.high_open) > (last.high, not last.high_open)):
            found[-1] = replace(last, high=one.high, high_open=one.high_open)
    return found
