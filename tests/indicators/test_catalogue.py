"""Tests that run over every indicator, table and code list of the automotive plan: a new one is tested by existing."""

from __future__ import annotations

import datetime as dt
import math
import random
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import polars as pl
import pytest
from pydantic import BaseModel

from indicators.case import run_case
from indicators.catalogue import formula
from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Indicator
from pipelines.database import Database
from pipelines.dictionary import SQL_TYPES, Column
from pipelines.yamlfile import Text, read_yaml

PLAN = load_plan(AUTOMOTIVE)
INDICATORS = list(PLAN.indicators.values())
TABLES = list(PLAN.dictionary.tables.values())
CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: abbreviations and symbols that are the same in both languages
SAME = {"%"}
KEYS = set(Indicator.model_fields) - {"id"}
POLARS: dict[str, pl.DataType] = {
    "VARCHAR": pl.String(),
    "BIGINT": pl.Int64(),
    "INTEGER": pl.Int32(),
    "DOUBLE": pl.Float64(),
    "BOOLEAN": pl.Boolean(),
    "DATE": pl.Date(),
    "TIMESTAMP": pl.Datetime("us"),
}


def texts(value: Any, place: str) -> Iterator[tuple[str, Text]]:
    """Every pair of words in a model, with the way to it."""
    if isinstance(value, Text):
        yield place, value
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from texts(getattr(value, name), f"{place}.{name}")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from texts(item, f"{place}.{name}")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from texts(item, f"{place}.{i}")


TEXTS = dict(texts(PLAN, "plan"))
FORMULAS = {
    **{
        f"{indicator.id}.{key}": (text, key in ("respondents", "where"), PLAN.reachable(indicator))
        for indicator in INDICATORS
        for key in ("respondents", "where", "numerator", "denominator")
        if isinstance(text := getattr(indicator, key), str)
    },
    **{f"{table.id}.{check.id}": (check.that, True, table.columns) for table in TABLES for check in table.checks},
}


@pytest.mark.parametrize("place", TEXTS)
def test_both_languages_are_written_and_are_not_the_same(place: str) -> None:
    text = TEXTS[place]
    assert text.zh.strip() == text.zh
    assert text.en.strip() == text.en
    assert text.zh != text.en or text.zh in SAME
    # the only Chinese that may stand in English is a word of the law that is being explained
    quoted = re.sub(r"超|以上|无", "", text.en)
    assert not CHINESE.search(quoted), text.en
    if not place.startswith("plan.dictionary.codes.provider_grade"):
        assert CHINESE.search(text.zh) or text.zh in SAME, text.zh


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: indicator.id)
def test_an_indicator_is_whole(indicator: Indicator) -> None:
    assert (AUTOMOTIVE / "indicators" / f"{indicator.id}.yaml").is_file()
    assert indicator.limitations is not None
    assert indicator.id not in indicator.companions
    for target in indicator.targets:
        assert target.id
        assert target.source.startswith("plan §")
        assert target.sentence is not None
        assert target.explanation is not None
        assert target.base_period in (None, PLAN.identity.base_period)
        assert PLAN.unit(indicator.id).factor != 100 or target.value is None or abs(target.value) <= 1


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: indicator.id)
def test_keys_stand_in_the_order_of_the_schema(indicator: Indicator) -> None:
    file = read_yaml(AUTOMOTIVE / "indicators" / f"{indicator.id}.yaml")
    assert set(file.data) <= KEYS
    order = [name for name in Indicator.model_fields if name in file.data]
    assert list(file.data) == order


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: indicator.id)
def test_every_column_of_an_indicator_exists(indicator: Indicator) -> None:
    if indicator.table is None:
        assert indicator.change_of in PLAN.indicators
        return
    reachable = PLAN.reachable(indicator)
    named = [
        name
        for text in (indicator.respondents, indicator.where, indicator.numerator, indicator.denominator)
        if isinstance(text, str)
        for name in formula.parse(text).columns
    ]
    design = indicator.design or PLAN.dictionary.tables[indicator.table].design
    if design:
        named += [name for name in (design.unit, design.stratum, design.population, design.group) if name]
    assert set(named) <= set(reachable)


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: indicator.id)
def test_a_worked_case_agrees_with_the_engine(indicator: Indicator) -> None:
    assert indicator.id in PLAN.cases, f"write cases/{indicator.id}.yaml: a few rows and the numbers worked out by hand"
    case = PLAN.cases[indicator.id]
    assert run_case(PLAN, case) == []


@pytest.mark.parametrize("indicator", INDICATORS, ids=lambda indicator: indicator.id)
def test_a_worked_case_can_fail(indicator: Indicator) -> None:
    case = PLAN.cases[indicator.id]
    first = case.expect[0]
    wrong = first.model_copy(update={"value": (first.value or 0.0) + 1e-6})
    assert run_case(PLAN, case.model_copy(update={"expect": [wrong]})) != []


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_means_the_same_on_duckdb_and_polars(name: str) -> None:
    text, condition, columns = FORMULAS[name]
    used = {column: columns[column] for column in formula.parse(text).columns}
    frame = awkward(used) if used else pl.DataFrame({"nothing": [1]})
    wanted = pl.Boolean() if condition else pl.Float64()
    with Database() as database:
        database.insert("rows", frame.with_row_index("number"))
        ours = database.query(f"SELECT {text} AS answer FROM rows ORDER BY number")["answer"].cast(wanted).to_list()
    theirs = frame.select(answer=pl.sql_expr(text))["answer"].cast(wanted).to_list()
    if len(theirs) == 1 and not used:
        theirs *= frame.height
    assert len(ours) == len(theirs) == frame.height
    unlike = [(frame.row(i, named=True), a, b) for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if not same(a, b)]
    assert unlike == []
    if used:  # a frame on which a formula is always null would show nothing
        assert any(value is not None for value in ours)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-12) or (math.isnan(a) and math.isnan(b))
    return bool(a == b) if a is not None else b is None


def awkward(columns: dict[str, Column], rows: int = 400) -> pl.DataFrame:
    """Rows of everything that makes engines disagree: blanks, zeros, negatives, huge and tiny numbers, edges of dates."""
    chance = random.Random(20251229)
    data = {}
    for name, column in columns.items():
        values = edges(column)
        drawn = [chance.choice(values) for _ in range(rows - len(values))]
        data[name] = pl.Series(name, [*values, *drawn], dtype=POLARS[SQL_TYPES[column.type]])
    return pl.DataFrame(data)


def edges(column: Column) -> list[Any]:
    kind = SQL_TYPES[column.type]
    if column.codes:
        return [None, *PLAN.dictionary.codes[column.codes].codes]
    return {
        "VARCHAR": [None, "", "0012", "2020", "2024", "不详"],
        "BIGINT": [None, 0, 1, 2, 3, 4, 5, -1, -3, 20, 300, 1000, 10**12],
        "INTEGER": [None, 0, 2024, 2025, 2026],
        "DOUBLE": [None, 0.0, -0.0, 0.8, 1.0, 2.7999999999, 2.8, 5.0, -2.5, 300.0, 2000.0, 40000.0, 1e-9, 1e15, 1e300],
        "BOOLEAN": [None, True, False],
        "DATE": [
            None,
            dt.date(1900, 1, 1),
            dt.date(2024, 2, 29),
            dt.date(2025, 12, 31),
            dt.date(2026, 1, 1),
            dt.date(9999, 12, 31),
        ],
        "TIMESTAMP": [None, dt.datetime(2025, 12, 31, 23, 59, 59)],
    }[kind]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.id)
def test_headers_of_a_table_say_one_column_each(table: Any) -> None:
    words: Counter[str] = Counter()
    for name, column in table.columns.items():
        words.update({word.strip().lower() for word in (name, column.name.zh, column.name.en, *column.aliases)})
    assert [word for word, count in words.items() if count > 1] == []
    assert not set(words) & {word.strip().lower() for word in table.ignore}


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.id)
def test_a_table_says_what_it_holds(table: Any) -> None:
    assert table.description is not None
    for name, column in table.columns.items():
        assert column.aliases, name
        assert name not in table.key or column.required, f"{name} is part of the key and may not be blank"
        if column.type in ("number", "integer") and name not in ("output_ppi", "input_ppi", "score"):
            assert column.unit, f"{name} needs its unit"
    for check in table.checks:
        assert formula.parse(check.that).columns


@pytest.mark.parametrize("codes", PLAN.dictionary.codes.values(), ids=lambda codes: codes.id)
def test_words_of_a_code_list_say_one_code_each(codes: Any) -> None:
    assert codes.source
    words: Counter[str] = Counter()
    for code, entry in codes.codes.items():
        words.update({word.strip().lower() for word in (code, entry.name.zh, entry.name.en, *entry.aliases)})
    assert [word for word, count in words.items() if count > 1] == []


def test_every_table_and_list_is_used() -> None:
    used = {table.id for table in TABLES if any(table.id == indicator.table for indicator in INDICATORS)}
    linked = {link.table for table in TABLES for link in table.link}
    bridges = {indicator.panel.bridge.table for indicator in INDICATORS if indicator.panel and indicator.panel.bridge}
    assert used | linked | bridges == {table.id for table in TABLES}
    listed = {column.codes for table in TABLES for column in table.columns.values() if column.codes}
    rolled = {split.rollup for split in PLAN.breakdowns.values() if split.rollup}
    assert listed | rolled == set(PLAN.dictionary.codes)
    assert {indicator.reference for indicator in INDICATORS if indicator.reference} == set(PLAN.references)
    assert set(PLAN.cases) == set(PLAN.indicators)
