"""Years that lack a price: what is not published for want of an index, and where a coarser index stood in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from indicators.catalogue.plan import Indicator, Plan
from indicators.catalogue.prices import steps_statement
from indicators.catalogue.question import Question
from indicators.engines import Engine
from indicators.statements.source import calendar, chains, in_scope, place, series
from pipelines.database import quoted
from pipelines.dictionary import Table
from pipelines.yamlfile import Text

Series = tuple[object, ...]


@dataclass(frozen=True, kw_only=True)
class _Looked:
    """What the rows of a question found in one chain: years that lack a price, and the indices (series, year) behind it."""

    question: Question
    table: Table
    chain: str
    years: list[int]  # in which a row found no price
    missing: list[tuple[Series, int | None]]  # indices that are not there; None: of a series that nobody knows
    lent: list[tuple[Series, int]]  # indices of the coarser series that were used


def unpriced(asked: list[Question], engine: Engine) -> tuple[set[tuple[str, str]], tuple[Text, ...]]:
    """Indicators and years with rows in scope for which a chain they use has no value; notices of that, and of fallbacks used.

    A row without a price is not a refused answer: the rest of the year is a selection nobody chose, and is not published.
    """
    broken: set[tuple[str, str]] = set()
    notices: dict[Text, None] = {}
    for question in asked:
        for name in chains(question):
            alike: dict[tuple[Any, ...], _Looked] = {}
            for part in _users(question, name):
                found = _look_up(part, name, engine)
                broken |= {(indicator.id, str(year)) for indicator in part.indicators for year in found.years}
                said = tuple(found.years), tuple(found.missing), tuple(found.lent)
                named = (*(alike[said].question.indicators if said in alike else ()), *part.indicators)
                alike[said] = replace(found, question=replace(question, indicators=named))
            notices |= dict.fromkeys(_lost(found) for found in alike.values() if found.years)
            notices |= dict.fromkeys(_lent(found) for found in alike.values() if found.lent)
    return broken, tuple(notices)


def _users(question: Question, name: str) -> list[Question]:
    """The indicators of a question whose own formulas use a chain, together as far as they are about the same rows."""
    found: dict[str | None, tuple[Indicator, ...]] = {}
    for indicator in question.indicators:
        if name in replace(question, indicators=(indicator,)).calculated:
            found[indicator.where] = (*found.get(indicator.where, ()), indicator)
    return [replace(question, indicators=own) for own in found.values()]


def _look_up(question: Question, name: str, engine: Engine) -> _Looked:
    dictionary = question.plan.dictionary
    table = dictionary.tables[dictionary.reachable(question.table.id)[name][0]]
    chain = table.chains[name]
    steps = engine.query(steps_statement(dictionary, table, chain))
    indices = {tuple(row[:-2]): row[-2:] for row in steps.iter_rows()}
    years, missing, lent = dict[int, None](), dict[tuple[Series, int | None], None](), dict[tuple[Series, int], None]()
    used = engine.query(_priced_statement(question, name)).drop_nulls("year")
    for *of, year, rows, priced in sorted(used.iter_rows(), key=str):
        needed = range(min(chain.base, year) + 1, max(chain.base, year) + 1)
        there = {step: indices.get((*of, step), (None, 0)) for step in needed}
        lent |= dict.fromkeys((tuple(of), step) for step, (_, stood_in) in there.items() if stood_in)
        if priced < rows:
            gaps: list[int | None] = [step for step, (index, _) in there.items() if index is None or index <= 0]
            years[year] = None
            missing |= dict.fromkeys((tuple(of), step) for step in gaps or [None])
    return _Looked(question=question, table=table, chain=name, years=sorted(years), missing=list(missing), lent=list(lent))


def _priced_statement(question: Question, name: str) -> str:
    """Per series and year of a chain: both, how many rows in scope lead to it, and for how many of them it has a value."""
    *of, _ = series(question, name).items()  # the last one is the year, which the rows are dated by
    keys = [(f"_of_{i}", ours) for i, (_, ours) in enumerate(of)]
    columns = [*keys, ("_year", dict(calendar(question))["_year"]), ("_value", place(question, name))]
    rows = in_scope(question, columns, {name}, question.indicators[0].where)
    grouped = [label for label, _ in columns[:-1]]
    named = [*(f"{label} AS {quoted(theirs)}" for (label, _), (theirs, _) in zip(keys, of, strict=True)), "_year AS year"]
    counts = ["count(*) AS counted", "count(_value) AS priced"]
    return f"SELECT {', '.join([*named, *counts])}\nFROM {rows}\nGROUP BY {', '.join(grouped)}"


def _lost(found: _Looked) -> Text:
    ours, theirs, chain = found.question.table.name, found.table.name, found.table.chains[found.chain]
    named = [indicator.name for indicator in found.question.indicators]
    years = [str(year) for year in found.years]
    zh, en = (_listed(found, found.missing, language) for language in ("zh", "en"))
    return Text(
        zh=f"{theirs.zh}缺少{zh}的指数（上年=100，须大于0），{chain.name.zh}不能由{chain.base}年连续推算，"
        f"{ours.zh}中{'、'.join(years)}年不公布：{'、'.join(name.zh for name in named)}。请补报{theirs.zh}后重新发布。",
        en=f"{theirs.en}: no index (previous year = 100, above 0) of {en}, so {chain.name.en} cannot be chained from "
        f"{chain.base}. Not published of {ours.en} for {', '.join(years)}: {'; '.join(name.en for name in named)}. "
        f"Load what is missing of {theirs.en}, then publish again.",
    )


def _lent(found: _Looked) -> Text:
    chain, theirs = found.table.chains[found.chain], found.table.name
    zh, en = (_listed(found, found.lent, language) for language in ("zh", "en"))
    instead = [_name(found.question.plan, found.table, column, code) for column, code in chain.fallback.items()]
    return Text(
        zh=f"{theirs.zh}没有{zh}的指数，推算{chain.name.zh}时以{'、'.join(name.zh for name in instead)}的指数代替。",
        en=f"{theirs.en}: no index of {en}; in {chain.name.en} that of {', '.join(name.en for name in instead)} stands in.",
    )


def _listed(found: _Looked, indices: list[tuple[Series, int]] | list[tuple[Series, int | None]], language: str) -> str:
    """Series with the years of their indices: 低速汽车制造（2026、2027年）."""
    years: dict[Series, list[str]] = {}
    for of, year in indices:
        years.setdefault(of, []).extend([] if year is None else [str(year)])
    by, plan = found.table.chains[found.chain].by, found.question.plan
    told = []
    for of, dated in years.items():
        names = [_name(plan, found.table, column, value).in_language(language) for column, value in zip(by, of, strict=True)]
        of_years = f"（{'、'.join(dated)}年）" if language == "zh" else f" ({', '.join(dated)})"
        told.append((" · " if language == "en" else "·").join(names) + (of_years if dated else ""))
    return ("、" if language == "zh" else "; ").join(told)


def _name(plan: Plan, table: Table, column: str, value: object) -> Text:
    if value is None:
        return Text(zh=f"{table.columns[column].name.zh}不明", en=f"{table.columns[column].name.en} unknown")
    codes = table.columns[column].codes
    entry = plan.dictionary.codes[codes].codes.get(str(value)) if codes else None
    return entry.name if entry else Text(zh=str(value), en=str(value))
