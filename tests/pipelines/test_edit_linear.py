"""Checks read as linear comparisons: they mean what the text means, and what cannot be solved is refused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.edit.linear import NotLinear, fields, read, reduced, value_of
from tests.pipelines.records import TYPES, table

COLUMNS = {
    "output": "number", "input": "number", "added": "number", "staff": "integer", "wage": "number", "key": "integer",
    "nc": "integer", "score": "number", "level": "integer", "uses": "boolean", "list": "text", "begun": "date", "ended": "date",
    "branch": {"type": "code", "codes": "branch"},
}  # fmt: skip
TABLE = table(COLUMNS)

#: the checks that enterprise surveys have at least, as a plan would write them
LEAST = {
    "nc <= key": {"nc", "key"},
    "key >= 1 OR branch <> 'making'": {"key", "branch"},
    "ABS(added - (output - input)) <= 0.5": {"added", "output", "input"},
    "wage >= 3 * staff AND wage <= 60 * staff": {"wage", "staff"},
    "begun <= ended": {"begun", "ended"},
    "ended <= DATE '2026-09-30'": {"ended"},
    "(score < 20 AND level = 1) OR (score >= 20 AND score < 40 AND level = 2) OR (score >= 40 AND level > 2)": {"score", "level"},
    "level IN (1, 2, 3)": {"level"},
    "NOT uses OR list IS NOT NULL": {"uses", "list"},
    "uses = FALSE OR NOT (staff BETWEEN 1 AND 5)": {"uses", "staff"},
    "CAST(added AS DOUBLE) / 2.0 - -output > 0 AND ABS(input) <> ABS(wage)": {"added", "output", "input", "wage"},
}  # fmt: skip

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "number": st.one_of(st.none(), st.integers(-4, 80).map(lambda n: n / 2)),
    "integer": st.one_of(st.none(), st.integers(-3, 6)),
    "boolean": st.sampled_from([None, True, False]),
    "date": st.sampled_from([None, dt.date(2026, 1, 1), dt.date(2026, 9, 30), dt.date(2026, 10, 1)]),
    "text": st.sampled_from([None, "CAD"]),
    "code": st.sampled_from([None, "making", "selling"]),
}
ROWS = st.fixed_dictionaries({name: VALUES[TABLE.columns[name].type] for name in COLUMNS})


@pytest.mark.parametrize(("text", "named"), LEAST.items())
def test_the_usual_checks_can_be_solved(text: str, named: set[str]) -> None:
    assert fields(read(text, TABLE.columns)) == named


@pytest.mark.parametrize("text", LEAST)
@given(rows=st.lists(ROWS, min_size=20, max_size=20))
@settings(max_examples=10, deadline=None)
def test_a_check_is_broken_where_the_engine_finds_it_false(text: str, rows: list[dict[str, Any]]) -> None:
    schema = {name: TYPES.get(TABLE.columns[name].type, pl.String) for name in COLUMNS}
    told = pl.DataFrame(rows, schema=schema).select(pl.sql_expr(text)).to_series().to_list()
    node = read(text, TABLE.columns)
    for row, passes in zip(rows, told, strict=True):
        ours = reduced(node, {name: value_of(value) for name, value in row.items()})
        assert (ours is False) == (passes is False), row


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("wage / NULLIF(staff, 0) >= 3", "NULLIF"),
        ("staff * wage > 3", "staff * wage"),
        ("COALESCE(output, 0) > 1", "COALESCE"),
        ("GREATEST(output, input) > 1", "GREATEST"),
        ("list = branch", "list = branch"),
        ("NOT CASE WHEN uses THEN staff > 1 ELSE FALSE END", "CASE"),
        ("(output + input) IS NULL", "IS NULL"),
    ],
)
def test_what_cannot_be_solved_is_named(text: str, part: str) -> None:
    with pytest.raises(NotLinear, match=part.replace("*", r"\*").replace("(", r"\(")):
        read(text, TABLE.columns)


def test_decimals_are_what_is_written_and_not_what_the_machine_holds() -> None:
    node = read("added = output - input", TABLE.columns)
    assert 0.3 - 0.1 != 0.2
    assert reduced(node, {"added": value_of(0.2), "output": value_of(0.3), "input": value_of(0.1)}) is True
