"""A check as linear comparisons joined by AND and OR, so that it can be solved for its fields and not only tested.

The form of edits: Fellegi and Holt (1976), JASA 71, §2, for codes; de Waal, Pannekoek and Scholtus (2011), Handbook of
Statistical Data Editing and Imputation, §3.4, for linear edits. A blank field leaves a comparison undecided, and an
undecided check passes, as it does when rows are loaded.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import sqlglot
from sqlglot import expressions as exp

from pipelines.dictionary import Column

Sign = Literal["<", "<=", "="]
Value = Fraction | str | bool | None
NUMBERS, DATES = ("integer", "number", "rate", "year"), ("date", "month")
_SIGNS: dict[type[exp.Expr], str] = {exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=", exp.EQ: "=", exp.NEQ: "!="}
_TURNED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "=": "!=", "!=": "="}


class NotLinear(ValueError):
    """The check cannot be solved for its fields. The message says which part, and how to write it instead."""


@dataclass(frozen=True, kw_only=True)
class Linear:
    """Σ factor × column, held against a number. Dates count in days."""

    terms: tuple[tuple[str, Fraction], ...]
    sign: Sign
    bound: Fraction


@dataclass(frozen=True, kw_only=True)
class Member:
    """A column of words or of yes and no whose value is among `values`, or is not."""

    column: str
    values: frozenset[str | bool]
    inside: bool


@dataclass(frozen=True, kw_only=True)
class Blank:
    """A column that is blank, or is not."""

    column: str
    wanted: bool


@dataclass(frozen=True)
class Every:
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Either:
    parts: tuple[Node, ...]


Node = Linear | Member | Blank | Every | Either | bool


def read(text: str, columns: Mapping[str, Column]) -> Node:
    """The check in `text`. Raises NotLinear where it is more than linear comparisons with AND, OR and NOT."""
    return _condition(sqlglot.parse_one(text, dialect="duckdb"), columns, True)


def fields(node: Node) -> frozenset[str]:
    """The columns that a check names."""
    if isinstance(node, Linear):
        return frozenset(name for name, _ in node.terms)
    if isinstance(node, Member | Blank):
        return frozenset((node.column,))
    if isinstance(node, Every | Either):
        return frozenset().union(*map(fields, node.parts))
    return frozenset()


def leaves(node: Node) -> Iterator[Linear | Member | Blank]:
    """The comparisons of a check."""
    if isinstance(node, Every | Either):
        for part in node.parts:
            yield from leaves(part)
    elif not isinstance(node, bool):
        yield node


def reduced(node: Node, values: Mapping[str, Value], free: Collection[str] = ()) -> Node:
    """What a check still demands of the free fields, all others having these values: False where it is broken, True where
    it is not, whatever the free ones are. A blank among the others decides nothing, so it breaks nothing."""
    if isinstance(node, Every | Either):
        parts = [reduced(part, values, free) for part in node.parts]
        decisive = isinstance(node, Either)
        if decisive in parts:
            return decisive
        left = tuple(part for part in parts if not isinstance(part, bool))
        return (Either(left) if decisive else Every(left)) if left else not decisive
    if isinstance(node, Linear):
        return _reduced(node, values, free)
    if isinstance(node, bool) or node.column in free:
        return node
    value = values[node.column]
    if isinstance(node, Blank):
        return (value is None) == node.wanted
    return True if value is None else (value in node.values) == node.inside


def value_of(value: Any) -> Value:
    """A value of a row as what comparisons are made with: numbers as they are written in decimals, dates as days."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, dt.date):
        return Fraction(value.toordinal())
    return Fraction(value) if isinstance(value, int) else Fraction(repr(float(value)))


def _reduced(node: Linear, values: Mapping[str, Value], free: Collection[str]) -> Node:
    bound, kept = node.bound, []
    for name, factor in node.terms:
        if name in free:
            kept.append((name, factor))
            continue
        value = values[name]
        if value is None:
            return True
        bound -= factor * Fraction(value)
    if kept:
        return Linear(terms=tuple(kept), sign=node.sign, bound=bound)
    return bound > 0 if node.sign == "<" else bound >= 0 if node.sign == "<=" else bound == 0


def _condition(node: exp.Expr, columns: Mapping[str, Column], truth: bool) -> Node:
    """The condition, or where `truth` is False its opposite, with every NOT moved to the comparisons."""
    if isinstance(node, exp.Paren):
        return _condition(node.this, columns, truth)
    if isinstance(node, exp.Not):
        return _condition(node.this, columns, not truth)
    if isinstance(node, exp.And | exp.Or):
        parts = tuple(_condition(part, columns, truth) for part in (node.this, node.expression))
        return Every(parts) if isinstance(node, exp.And) == truth else Either(parts)
    if isinstance(node, exp.Boolean):
        return bool(node.this) == truth
    if isinstance(node, exp.Column) and columns[node.name].type == "boolean":
        return Member(column=node.name, values=frozenset((True,)), inside=truth)
    if isinstance(node, exp.Is) and isinstance(_bare(node.this), exp.Column) and isinstance(node.expression, exp.Null):
        return Blank(column=_bare(node.this).name, wanted=truth)
    if isinstance(node, exp.Between):
        low, high = (kind(this=node.this, expression=node.args[key]) for kind, key in ((exp.GTE, "low"), (exp.LTE, "high")))
        return _condition(exp.And(this=low, expression=high), columns, truth)
    if isinstance(node, exp.In):
        parts = tuple(_condition(exp.EQ(this=node.this, expression=one), columns, truth) for one in node.expressions)
        return Either(parts) if truth else Every(parts)
    if (sign := _SIGNS.get(type(node))) is not None:
        return _compared(node, sign if truth else _TURNED[sign], columns)
    text = node.sql(dialect="duckdb")
    raise NotLinear(f"has `{text}`, which is no comparison that can be solved; write it with comparisons, AND, OR and NOT")


def _compared(node: exp.Expr, sign: str, columns: Mapping[str, Column]) -> Node:
    left, right = _bare(node.this), _bare(node.expression)
    if any(isinstance(side, exp.Column) and columns[side.name].type not in (*NUMBERS, *DATES) for side in (left, right)):
        column, word = (left, right) if isinstance(left, exp.Column) else (right, left)
        if sign not in ("=", "!=") or not isinstance(word, exp.Literal | exp.Boolean):
            text = node.sql(dialect="duckdb")
            raise NotLinear(f"has `{text}`; a word is solved for only where it is = or <> a fixed word")
        value = bool(word.this) if isinstance(word, exp.Boolean) else word.name
        return Member(column=column.name, values=frozenset((value,)), inside=sign == "=")
    amount = next((part for side in (left, right) for part in side.find_all(exp.Abs)), None)
    if amount is not None:
        return _split(node, amount, sign, columns)
    terms, constant = _terms(exp.Sub(this=exp.Paren(this=left), expression=exp.Paren(this=right)), columns)
    return _linear(terms, sign, -constant)


def _split(node: exp.Expr, amount: exp.Expr, sign: str, columns: Mapping[str, Column]) -> Node:
    """ABS(e) is e where e ≥ 0 and −e where e < 0: one of the two cases holds, and the comparison in it."""
    cases = []
    for guard, inside in ((exp.GTE, exp.Paren(this=amount.this)), (exp.LT, exp.Neg(this=exp.Paren(this=amount.this)))):
        same = exp.Paren(this=node.copy())
        next(part for part in same.find_all(exp.Abs) if part == amount).replace(inside.copy())
        case = guard(this=amount.this.copy(), expression=exp.Literal.number(0))
        cases.append(Every((_compared(case, _SIGNS[guard], columns), _compared(same.this, sign, columns))))
    return Either(tuple(cases))


def _linear(terms: dict[str, Fraction], sign: str, bound: Fraction) -> Node:
    if sign == "!=":
        return Either((_linear(terms, "<", bound), _linear(terms, ">", bound)))
    if sign in (">", ">="):
        terms, bound = {name: -factor for name, factor in terms.items()}, -bound
    kind: Sign = "=" if sign == "=" else "<=" if sign.endswith("=") else "<"
    kept = tuple(sorted((name, factor) for name, factor in terms.items() if factor))
    node = Linear(terms=kept, sign=kind, bound=bound)
    return node if kept else _reduced(node, {}, ())


def _terms(node: exp.Expr, columns: Mapping[str, Column]) -> tuple[dict[str, Fraction], Fraction]:
    """A sum as factors by column, and its constant."""
    if isinstance(node, exp.Paren):
        return _terms(node.this, columns)
    if isinstance(node, exp.Cast):
        inner = _bare(node.this)
        if isinstance(inner, exp.Literal) and inner.is_string:
            return {}, Fraction(dt.date.fromisoformat(inner.name).toordinal())
        return _terms(inner, columns)
    if isinstance(node, exp.Literal) and not node.is_string:
        return {}, Fraction(node.name)
    if isinstance(node, exp.Column) and columns[node.name].type in (*NUMBERS, *DATES):
        return {node.name: Fraction(1)}, Fraction(0)
    if isinstance(node, exp.Neg):
        return _times(_terms(node.this, columns), Fraction(-1))
    if isinstance(node, exp.Add | exp.Sub):
        one = _terms(node.this, columns)
        other = _times(_terms(node.expression, columns), Fraction(1 if isinstance(node, exp.Add) else -1))
        names = dict.fromkeys((*one[0], *other[0]))
        return {name: one[0].get(name, Fraction(0)) + other[0].get(name, Fraction(0)) for name in names}, one[1] + other[1]
    if isinstance(node, exp.Mul | exp.Div):
        one, other = _terms(node.this, columns), _terms(node.expression, columns)
        if not other[0] and not (isinstance(node, exp.Div) and other[1] == 0):
            return _times(one, other[1] if isinstance(node, exp.Mul) else 1 / other[1])
        if not one[0] and isinstance(node, exp.Mul):
            return _times(other, one[1])
    text = node.sql(dialect="duckdb")
    fix = "instead of a quotient compare with a product, as in `wage >= 3 * staff`"
    raise NotLinear(f"calculates `{text}`, which is no sum of columns times fixed numbers; {fix}")


def _times(sum_: tuple[dict[str, Fraction], Fraction], factor: Fraction) -> tuple[dict[str, Fraction], Fraction]:
    return {name: value * factor for name, value in sum_[0].items()}, sum_[1] * factor


def _bare(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Paren):
        node = node.this
    return node
