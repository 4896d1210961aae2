"""A row formula: the small subset of SQL that means the same on every engine."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import sqlglot
from sqlglot import expressions as exp
from sqlglot.errors import ParseError, SqlglotError

from pipelines.database import reserved_words
from pipelines.dictionary import CodeList, Column
from pipelines.yamlfile import suggest

_ALLOWED: tuple[type[exp.Expr], ...] = (
    exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Neg, exp.Add, exp.Sub, exp.Mul, exp.Div,
    exp.Case, exp.If, exp.Coalesce, exp.Nullif, exp.Cast, exp.DataType, exp.Abs, exp.Least, exp.Greatest,
    exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.And, exp.Or, exp.Not, exp.In, exp.Between, exp.Is,
)  # fmt: skip
_CAST_TYPES = {"DOUBLE", "BIGINT", "TEXT", "DATE"}  # TEXT is what the parser calls VARCHAR
_SUBSET = "+ - * /, CASE, COALESCE, NULLIF, CAST, ABS, LEAST, GREATEST, comparisons, AND, OR, NOT, IN, BETWEEN"
_WORDS = {
    "CASE", "WHEN", "THEN", "ELSE", "END", "AND", "OR", "NOT", "IN", "BETWEEN", "IS", "NULL", "TRUE", "FALSE", "AS",
    "CAST", "COALESCE", "NULLIF", "ABS", "LEAST", "GREATEST", "DOUBLE", "BIGINT", "VARCHAR", "DATE",
}  # fmt: skip
_NUMERIC = {"integer", "number", "rate", "year"}
_WHOLE = {"integer", "year", "boolean"}
_DATED = {"date", "month", "timestamp"}
_FIXES: dict[type[exp.Expr], str] = {
    exp.Mod: "uses `%`, which differs between engines for negative numbers; write a CASE or prepare the remainder as a column",
    exp.Round: "uses ROUND, which differs between engines at the half; publish unrounded and round when printing",
    exp.IntDiv: "uses `//`, which differs between engines; write CAST(a AS DOUBLE) / NULLIF(b, 0)",
    exp.AggFunc: "adds up rows; a formula looks at one row, and the sums are taken by the engine",
    exp.Subquery: "asks a table; a formula looks at one row, so link the other table instead",
    exp.Select: "asks a table; a formula looks at one row, so link the other table instead",
}


class FormulaFault(ValueError):
    """The formula is outside the subset, or names what does not exist. The message says how to mend it."""


@dataclass(frozen=True, kw_only=True)
class Formula:
    """A checked row formula: its text, which is also what the engine runs, and the columns it names in order."""

    text: str
    columns: tuple[str, ...]


@lru_cache(maxsize=4096)
def parse(text: str) -> Formula:
    """The formula in `text`. Raises FormulaFault with every construct that is outside the subset."""
    tree = _tree(text)
    problems = [message for node in tree.walk() if (message := _outside(node))]
    foreign = dict.fromkeys(_called(node) for node in tree.walk() if not isinstance(node, (*_ALLOWED, *_FIXES)))
    if foreign:
        problems.append(f"uses {', '.join(foreign)}, outside the subset ({_SUBSET})")
    if any(token.comments for token in sqlglot.tokenize(text, dialect="duckdb")):
        problems.append(
            "holds a comment, which would swallow what follows it in the statement; write it after # outside the formula"
        )
    columns = {column.name: column.this for column in tree.find_all(exp.Column)}
    # the engine runs the text and not the tree, in which a parser has already made one of many spellings
    problems = problems or _misspelt(text, columns)
    if problems:
        raise FormulaFault("; ".join(dict.fromkeys(problems)))
    return Formula(text=text, columns=tuple(columns))


def faults(
    text: str, reachable: Mapping[str, Column], codes: Mapping[str, CodeList], *, table: str, boolean: bool = False
) -> list[str]:
    """Everything wrong with a formula over these columns; `boolean` says whether a condition or a number is wanted."""
    try:
        formula = parse(text)
    except FormulaFault as error:
        return [str(error)]
    found = [
        f"names column `{name}`, which table `{table}` does not have.{suggest(name, reachable)}"
        for name in formula.columns
        if name not in reachable
    ]
    if found:
        return found
    tree = _tree(text)
    found += [message for node in tree.walk() if (message := _mistyped(node, reachable, codes))]
    condition = isinstance(_bare(tree), exp.Predicate | exp.And | exp.Or | exp.Not | exp.Boolean) or (
        isinstance(_bare(tree), exp.Column) and reachable[_bare(tree).name].type == "boolean"
    )
    if boolean and not condition:
        found.append("is a number where a condition is wanted; compare it with something, for example `… > 0`")
    if not boolean and condition:
        found.append("is a condition where a number is wanted; write CASE WHEN … THEN 1 ELSE 0 END")
    return list(dict.fromkeys(found))


def fixed(text: str | None) -> set[str]:
    """Columns that a condition holds to one literal, as in `edition = '2020' AND …`; none of a text that cannot be read."""
    try:
        pending, found = [_tree(text or "")], set[str]()
    except FormulaFault:
        return set()
    while pending:
        node = _bare(pending.pop())
        if isinstance(node, exp.And):
            pending += [node.this, node.expression]
        elif isinstance(node, exp.EQ):
            sides = [_bare(node.this), _bare(node.expression)]
            if any(isinstance(side, exp.Literal) for side in sides):
                found |= {side.name for side in sides if isinstance(side, exp.Column)}
    return found


def is_flag(text: str) -> bool:
    """Whether a formula gives nothing but 0, 1 or a blank, as CASE WHEN … THEN 1 ELSE 0 END does."""
    return _zero_or_one(_tree(text))


def conjuncts(text: str) -> list[Formula]:
    """The conditions that a formula joins by AND, each as it is written; the whole formula where it joins none."""
    cuts, depth, between = [0], 0, 0
    for token in sqlglot.tokenize(text, dialect="duckdb"):
        kind = token.token_type.name
        depth += (kind in ("L_PAREN", "CASE")) - (kind in ("R_PAREN", "END"))
        if depth == 0 and kind == "OR":  # binds more loosely than AND
            return [parse(text)]
        if depth == 0 and kind == "BETWEEN":
            between += 1
        elif depth == 0 and kind == "AND":
            if not between:
                cuts += [token.start, token.end + 1]
            between = 0
    ends = [*cuts[1:], len(text)]
    return [parse(text[start:end].strip()) for start, end in list(zip(cuts, ends, strict=True))[::2]]


def _tree(text: str) -> exp.Expr:
    if not text.strip():
        raise FormulaFault("is empty")
    try:
        if any(token.token_type.name == "SEMICOLON" for token in sqlglot.tokenize(text, dialect="duckdb")):
            raise FormulaFault("holds a semicolon; one formula is one expression")
        return sqlglot.parse_one(text, dialect="duckdb")
    except ParseError as error:
        place = error.errors[0].get("col") if error.errors else None
        raise FormulaFault(f"cannot be read as a formula{f'; look at character {place}' if place else ''}") from None
    except (SqlglotError, RecursionError):
        raise FormulaFault("cannot be read as a formula; look for an open quote or bracket") from None


def _misspelt(text: str, columns: Mapping[str, exp.Expr]) -> list[str]:
    """Words, signs and numbers that one engine reads and another does not, or not in the same way."""
    found = []
    for token in sqlglot.tokenize(text, dialect="duckdb"):
        written, kind = text[token.start : token.end + 1], token.token_type.name
        if kind == "NUMBER" and ("_" in written or not math.isfinite(float(written))):
            found.append(f"has the number {written}, which engines read differently; write it with digits alone")
        elif kind not in ("NUMBER", "STRING", "IDENTIFIER") and written[0].isalpha():
            if written not in columns and written.upper() not in _WORDS:
                found.append(f"uses {written.upper()}, outside the subset ({_SUBSET})")
        elif written in ("@", "=="):
            found.append(f"uses `{written}`, outside the subset ({_SUBSET})")
    for name, column in columns.items():
        if not column.args.get("quoted") and name in reserved_words():
            found.append(f'names `{name}`, which is a word of SQL; write it in double quotes, "{name}"')
    return found


def _bare(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _called(node: exp.Expr) -> str:
    return node.name if isinstance(node, exp.Anonymous) else node.key.upper()


def _zero_or_one(node: exp.Expr) -> bool:
    node = _bare(node)
    if isinstance(node, exp.Literal):
        return not node.is_string and float(node.name) in (0, 1)
    if isinstance(node, exp.Case):
        given = [*(branch.args["true"] for branch in node.args["ifs"]), node.args.get("default")]
        return all(part is None or _zero_or_one(part) for part in given)
    if isinstance(node, exp.Coalesce):
        return all(_zero_or_one(part) for part in (node.this, *node.expressions))
    if isinstance(node, exp.Cast):
        return _zero_or_one(node.this)
    return isinstance(node, exp.Null)


def _outside(node: exp.Expr) -> str | None:
    for kind, fix in _FIXES.items():
        if isinstance(node, kind):
            return fix
    if isinstance(node, exp.Column) and node.table:
        return f"names `{node.sql()}`; write the column without its table"
    if isinstance(node, exp.Cast) and node.to.sql(dialect="duckdb") not in _CAST_TYPES:
        return f"casts to {node.to.sql(dialect='duckdb')}; the subset has DOUBLE, BIGINT, VARCHAR and DATE"
    if isinstance(node, exp.Is) and isinstance(node.expression, exp.Boolean):
        return f"has `{node.sql(dialect='duckdb')}`, where engines treat a blank differently; write the column itself, or IS NULL"
    if isinstance(node, exp.In) and not node.expressions and not node.args.get("query"):
        return "has `IN ()`, which names nothing; list what is meant"
    if isinstance(node, exp.In) and (node.args.get("query") or node.args.get("unnest")):
        return _FIXES[exp.Subquery]
    if isinstance(node, exp.Div):
        return _division(node)
    return None


def _division(node: exp.Div) -> str | None:
    above, below = _bare(node.this), _bare(node.expression)
    constant = isinstance(below, exp.Literal) and not below.is_string and float(below.name) != 0
    guarded = isinstance(below, exp.Nullif) and below.expression.sql() in ("0", "0.0")
    if not (constant or guarded):
        return f"has `{node.sql(dialect='duckdb')}`, which may divide by zero; write … / NULLIF({below.sql(dialect='duckdb')}, 0)"
    if isinstance(above, exp.Literal) or not _double(above):
        fix = f"CAST({above.sql(dialect='duckdb')} AS DOUBLE) / …"
        return f"has `{node.sql(dialect='duckdb')}`, which divides whole numbers differently on other engines; write {fix}"
    return None


def _double(node: exp.Expr) -> bool:
    node = _bare(node)
    if isinstance(node, exp.Cast):
        return node.to.sql(dialect="duckdb") == "DOUBLE"
    if isinstance(node, exp.Div):
        return True
    if isinstance(node, exp.Neg | exp.Abs):
        return _double(node.this)
    return isinstance(node, exp.Add | exp.Sub | exp.Mul) and (_double(node.this) or _double(node.expression))


def _compared(node: exp.Expr, reachable: Mapping[str, Column]) -> str | None:
    """A column held against a literal or a column of another kind: one engine converts, another refuses or differs."""
    if isinstance(node, exp.In):
        sides = [node.this, *node.expressions]
    elif isinstance(node, exp.Between):
        sides = [node.this, node.args["low"], node.args["high"]]
    elif isinstance(node, exp.EQ | exp.NEQ | exp.GT | exp.GTE | exp.LT | exp.LTE):
        sides = [node.this, node.expression]
    else:
        return None
    bare = [_bare(side) for side in sides]
    for column in (side for side in bare if isinstance(side, exp.Column)):
        kind = reachable[column.name].type
        for other in bare:
            message = f"compares `{column.name}`, which is {kind}, with {other.sql(dialect='duckdb')}"
            if isinstance(other, exp.Column) and _family(reachable[other.name].type) != _family(kind):
                return f"{message}, which is {reachable[other.name].type}; engines convert that differently"
            if isinstance(other, exp.Literal) and (fix := _fix(_family(kind), other)):
                return f"{message}; {fix}"
    return None


def _family(kind: str) -> str:
    for name, kinds in (("number", _NUMERIC), ("date", _DATED), ("boolean", {"boolean"})):
        if kind in kinds:
            return name
    return "text"


def _fix(family: str, literal: exp.Literal) -> str | None:
    if family == "boolean":
        return "write the column itself, or NOT before it"
    if family == "date":
        return "write DATE '2025-12-31'"
    if family == "number" and literal.is_string:
        return "write a number without quotes"
    return f"write '{literal.name}'" if family == "text" and not literal.is_string else None


def _cast(node: exp.Cast, reachable: Mapping[str, Column]) -> str | None:
    """Casts that engines round or spell differently."""
    inner, to = _bare(node.this), node.to.sql(dialect="duckdb")
    kind = reachable[inner.name].type if isinstance(inner, exp.Column) else None
    if to == "BIGINT" and kind not in _WHOLE:
        return (
            f"has `{node.sql(dialect='duckdb')}`, which rounds on one engine and cuts off on another; leave the number as it is"
        )
    if to == "TEXT" and (kind is None or kind in _NUMERIC - _WHOLE):
        return f"has `{node.sql(dialect='duckdb')}`, spelt differently by engines; compare numbers as numbers"
    return None


def _mistyped(node: exp.Expr, reachable: Mapping[str, Column], codes: Mapping[str, CodeList]) -> str | None:
    if isinstance(node, exp.Cast) and (message := _cast(node, reachable)):
        return message
    if message := _compared(node, reachable):
        return message
    if isinstance(node, exp.Add | exp.Sub | exp.Mul | exp.Div | exp.Neg):
        for side in (node.this, node.args.get("expression")):
            side = _bare(side) if side is not None else None
            if isinstance(side, exp.Column) and reachable[side.name].type not in _NUMERIC:
                kind = reachable[side.name].type
                fix = f"CASE WHEN {side.name} THEN 1 ELSE 0 END" if kind == "boolean" else "a number column"
                return f"calculates with `{side.name}`, which is {kind}; engines differ there, use {fix}"
            if isinstance(side, exp.Predicate | exp.Boolean):
                return f"calculates with the condition `{side.sql(dialect='duckdb')}`; write CASE WHEN … THEN 1 ELSE 0 END"
    pairs: list[tuple[exp.Expr, list[exp.Expr]]] = []
    if isinstance(node, exp.EQ | exp.NEQ):
        pairs = [(_bare(node.this), [_bare(node.expression)]), (_bare(node.expression), [_bare(node.this)])]
    elif isinstance(node, exp.In):
        pairs = [(_bare(node.this), [_bare(item) for item in node.expressions])]
    for column, values in pairs:
        if isinstance(column, exp.Column) and (listed := reachable[column.name].codes):
            for value in values:
                if isinstance(value, exp.Literal) and listed in codes and value.name not in codes[listed].codes:
                    near = suggest(value.name, codes[listed].codes)
                    return f"compares `{column.name}` with '{value.name}', which is not in the code list `{listed}`.{near}"
    return None
