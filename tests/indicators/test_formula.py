"""Row formulas: what is refused, in which words, and that what is let through means the same on two engines."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.catalogue import formula
from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.formula import FormulaFault, conjuncts, faults, parse
from pipelines.database import Database, reserved_words
from pipelines.dictionary import CodeList, Column

PASSED = [
    "a",
    "-a + 2 * b",
    "CAST(a AS DOUBLE) / NULLIF(b, 0)",
    "CAST(a AS DOUBLE) / (NULLIF(a * b, 0))",
    "CAST(a AS DOUBLE) / 12.0",
    "(CAST(a AS DOUBLE) + b) / 2 / NULLIF(b, 0)",
    "a::DOUBLE / NULLIF(b, 0)",
    "CASE WHEN flag THEN 1 ELSE 0 END",
    "CASE kind WHEN 'x' THEN 1 WHEN 'y' THEN 2 END",
    "case when a > 1 and not b <= 2 or kind in ('x', 'y') then 1 end",
    "COALESCE(a, 0) + ABS(b) - LEAST(a, b) * GREATEST(a, 1.5)",
    "a BETWEEN 1 AND 3",
    "a IS NULL OR b IS NOT NULL",
    "kind <> 'o''neil' AND kind != 'y'",
    "NOT flag",
    "day > DATE '2025-01-01'",
    '"order" > 0',
    "CASE WHEN a > 0.5e-3 THEN .5 END",
]

#: a condition and the parts that AND joins in it
JOINED = [
    ("a", ["a"]),
    ("a > 1 AND flag AND kind = 'x'", ["a > 1", "flag", "kind = 'x'"]),
    ("a BETWEEN 1 AND 3 AND flag", ["a BETWEEN 1 AND 3", "flag"]),
    ("flag OR a > 1 AND b > 1", ["flag OR a > 1 AND b > 1"]),
    ("(flag OR a > 1) AND b > 1", ["(flag OR a > 1)", "b > 1"]),
    ("(flag AND a > 1)", ["(flag AND a > 1)"]),
    ("CASE WHEN flag AND a > 1 THEN TRUE END AND b > 1", ["CASE WHEN flag AND a > 1 THEN TRUE END", "b > 1"]),
    ("kind = 'this AND that' AND NOT flag", ["kind = 'this AND that'", "NOT flag"]),
]

OUTSIDE = r"outside the subset \(\+ - \* /, CASE"
REFUSED = [
    ("", "is empty"),
    ("   ", "is empty"),
    ("a +", "cannot be read as a formula"),
    ("(a", "cannot be read as a formula"),
    ("'a", "cannot be read as a formula"),
    ("a b c", "cannot be read as a formula|outside the subset"),
    ("a; DROP TABLE answers", "semicolon"),
    ("a;", "semicolon"),
    ("a -- the rest", "comment"),
    ("a /* why */ + b", "comment"),
    ("a % b", "`%`.*CASE"),
    ("MOD(a, b)", "`%`.*CASE"),
    ("ROUND(a)", "ROUND, which differs.*publish unrounded"),
    ("a // b", r"CAST\(a AS DOUBLE\) / NULLIF\(b, 0\)"),
    ("SUM(a)", "one row.*taken by the engine"),
    ("MAX(a)", "one row"),
    ("COUNT(*)", "one row"),
    ("(SELECT max(a) FROM answers)", "link the other table"),
    ("a IN (SELECT a FROM answers)", "link the other table"),
    ("EXISTS (SELECT 1)", "link the other table"),
    ("answers.a", "without its table"),
    ("a / b", r"may divide by zero.*NULLIF\(b, 0\)"),
    ("CAST(a AS DOUBLE) / 0", "may divide by zero"),
    ("CAST(a AS DOUBLE) / NULLIF(b, 1)", "may divide by zero"),
    ("CAST(a AS DOUBLE) / NULLIF(b, a)", "may divide by zero"),
    ("7 / 2", "whole numbers"),
    ("a / 2", r"whole numbers.*CAST\(a AS DOUBLE\)"),
    ("a / NULLIF(b, 0)", "whole numbers"),
    ("CAST(a AS INTEGER)", "casts to INT.*DOUBLE, BIGINT"),
    ("CAST(a AS DECIMAL(10, 2))", "casts to DECIMAL"),
    ("CAST(a AS FLOAT)", "casts to"),
    ("CAST(a AS STRING)", OUTSIDE),
    ("CAST(a AS INT8)", OUTSIDE),
    ("TRY_CAST(kind AS DOUBLE)", OUTSIDE),
    ("NVL(a, 0)", OUTSIDE),
    ("IFNULL(a, 0)", OUTSIDE),
    ("IF(a > 0, 1, 0)", OUTSIDE),
    ("IIF(a > 0, 1, 0)", OUTSIDE),
    ("a ISNULL", OUTSIDE),
    ("a NOTNULL", OUTSIDE),
    ("@a", OUTSIDE),
    ("a == 1", OUTSIDE),
    ("a || 'x'", OUTSIDE),
    ("kind LIKE 'x%'", OUTSIDE),
    ("a ** 2", OUTSIDE),
    ("a & 1", OUTSIDE),
    ("SQRT(a)", OUTSIDE),
    ("random()", OUTSIDE),
    ("today()", OUTSIDE),
    ("read_text('/etc/passwd')", OUTSIDE),
    ("a[1]", OUTSIDE),
    ("a AS b", OUTSIDE),
    ("?", OUTSIDE),
    ("*", OUTSIDE),
    ("row_number() OVER ()", OUTSIDE),
    ("flag IS TRUE", "blank differently"),
    ("a IN ()", "names nothing"),
    ("1_000 + a", "digits alone"),
    ("a > 1e400", "digits alone"),
    ("order > 0", 'word of SQL.*"order"|cannot be read'),
    ("primary > 0", 'word of SQL; write it in double quotes, "primary"'),
]


@pytest.mark.parametrize(("text", "parts"), JOINED, ids=[text for text, _ in JOINED])
def test_a_condition_is_taken_apart_where_and_joins_it(text: str, parts: list[str]) -> None:
    assert [part.text for part in conjuncts(text)] == parts


@pytest.mark.parametrize("text", PASSED)
def test_sensible_formulas_pass(text: str) -> None:
    assert parse(text).text == text


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_what_is_outside_is_refused_with_the_way_out(text: str, words: str) -> None:
    with pytest.raises(FormulaFault, match=words):
        parse(text)


def test_all_faults_of_a_formula_are_told_at_once() -> None:
    with pytest.raises(FormulaFault) as told:
        parse("ROUND(a % b) + SUM(c)")
    for part in ("ROUND", "%", "taken by the engine"):
        assert part in str(told.value)


def test_columns_are_named_once_each() -> None:
    assert set(parse('a + b * a - CASE WHEN c > 0 THEN "order" END').columns) == {"a", "b", "c", "order"}
    assert len(parse("a + a + a").columns) == 1
    assert parse("1").columns == ()


@pytest.mark.parametrize(
    "text",
    ["(" * 400 + "a" + ")" * 400, "a + " * 3000 + "a", "NOT " * 2000 + "flag", "a" * 50_000, "((((", "\0", "a\n+\nb", "ａ ＋ ｂ"],
)
def test_strange_texts_are_read_or_refused_and_never_crash(text: str) -> None:
    begun = time.perf_counter()
    with contextlib.suppress(FormulaFault):
        parse(text)
    assert time.perf_counter() - begun < 10


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.text("ab01 ()+-*/%,.<>='\"\\;:@[]{}NULLIFCASTWHEN_\n零", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(FormulaFault):
        parse(text)


# --- types --------------------------------------------------------------------------------------------------------------------

TEXT = {"zh": "x", "en": "x"}
TYPES = {"a": "integer", "b": "number", "flag": "boolean", "kind": "code", "day": "date", "word": "text", "order": "integer"}
COLUMNS = {
    name: Column.model_validate({"type": kind, "name": TEXT, "tier": "general", **({"codes": "kinds"} if kind == "code" else {})})
    for name, kind in TYPES.items()
}
CODES = {
    "kinds": CodeList.model_validate(
        {"id": "kinds", "name": TEXT, "codes": {code: {"name": TEXT} for code in ("x", "yes", "o'neil")}}
    )
}


def told(text: str, *, boolean: bool = False) -> str:
    return "\n".join(faults(text, COLUMNS, CODES, table="answers", boolean=boolean))


@pytest.mark.parametrize(
    ("text", "boolean", "words"),
    [
        ("aa + b", False, "names column `aa`, which table `answers` does not have. Did you mean `a`|Known here"),
        ("kinds", False, "Did you mean `kind`?"),
        ("flag + 1", False, "CASE WHEN flag THEN 1 ELSE 0 END"),
        ("-flag", False, "CASE WHEN flag THEN 1 ELSE 0 END"),
        ("a + (b > 1)", False, "calculates with the condition `b > 1`; write CASE WHEN … THEN 1 ELSE 0 END"),
        ("word * 2", False, "calculates with `word`, which is text"),
        ("day - day", False, "which is date"),
        ("CASE WHEN kind = 'yess' THEN 1 END", False, "'yess', which is not in the code list `kinds`. Did you mean `yes`?"),
        ("kind IN ('x', 'z')", True, "'z', which is not in the code list"),
        ("a", True, "is a number where a condition is wanted"),
        ("a > 1", False, "is a condition where a number is wanted"),
        ("flag", False, "is a condition where a number is wanted"),
        ("a > '1'", True, "without quotes"),
        ("word = 1", True, "write '1'"),
        ("day > '2025-01-01'", True, "DATE '2025-12-31'"),
        ("ROUND(a)", False, "ROUND, which differs"),
    ],
)
def test_faults_of_types_and_names(text: str, boolean: bool, words: str) -> None:
    found = told(text, boolean=boolean)
    assert any(choice in found for choice in words.split("|")), found


@pytest.mark.parametrize(
    ("text", "boolean"),
    [
        ("a", False),
        ("CAST(a AS DOUBLE) / NULLIF(b, 0)", False),
        ("CASE WHEN flag AND kind = 'x' THEN 1 ELSE 0 END", False),
        ("flag", True),
        ("NOT flag", True),
        ("(a > 1 OR b IS NULL)", True),
        ("kind IN ('x', 'o''neil')", True),
        ('"order" >= 2', True),
    ],
)
def test_formulas_without_fault(text: str, boolean: bool) -> None:
    assert told(text, boolean=boolean) == ""


# --- two engines -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def awkward() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "a": [0, 1, -7, None, 2**40, 3],
            "b": [0.0, -2.5, 1e-300, 4.0, None, 7.0],
            "flag": [True, False, None, True, False, None],
            "kind": ["x", "yes", "o'neil", None, "", "x"],
            "day": pl.Series(["2025-01-01", "2025-01-02", None, "1900-02-28", "2100-12-31", "2024-02-29"]).str.to_date(),
            "order": [1, -1, None, 0, 5, 2],
        }
    )


@pytest.mark.parametrize("text", PASSED)
def test_what_passes_means_the_same_on_duckdb_and_polars(text: str, awkward: pl.DataFrame) -> None:
    with Database() as database:
        database.insert("answers", awkward)
        theirs = database.query(f"SELECT {text} AS v FROM answers")["v"]
    ours = awkward.select(pl.sql_expr(text).alias("v"))["v"]
    if theirs.len() != ours.len():
        ours = pl.concat([ours] * theirs.len())
    for one, other in zip(theirs.to_list(), ours.to_list(), strict=True):
        assert (one is None) == (other is None)
        assert one is None or float(one) == pytest.approx(float(other), rel=1e-15)


def test_every_reserved_word_can_be_named_in_quotes(awkward: pl.DataFrame) -> None:
    assert {"order", "group", "select", "primary"} <= reserved_words()
    assert not {"level", "year", "month", "status", "value", "period", "stratum"} & reserved_words()
    for word in sorted(reserved_words()):
        assert parse(f'"{word}" > 0').columns == (word,)


def test_every_formula_of_the_automotive_plan_passes() -> None:
    seen = 0
    for indicator in load_plan(AUTOMOTIVE).indicators.values():
        for text in (indicator.where, indicator.numerator, indicator.denominator, indicator.respondents):
            if isinstance(text, str):
                parse(text)
                seen += 1
    assert seen > 15


def test_the_formula_that_is_read_is_the_formula_that_runs() -> None:
    """No rewriting: what a reader sees in the dictionary is the text in the statement."""
    text: Any = "CAST( a  AS DOUBLE)/NULLIF(b,0)"
    assert formula.parse(text).text == text
