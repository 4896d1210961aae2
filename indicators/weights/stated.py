"""Stated sizes: what a design states of strata and units, where that cannot be, and which answers belong to no stratum.

A population below the answers would make a census of a sample, and an empty one too: so what rests on it is not published.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from indicators.catalogue.question import Question
from indicators.engines import Engine
from indicators.statements import frame
from indicators.statements.statement import weighted_answers
from pipelines.design import Design
from pipelines.yamlfile import Text

Row = Mapping[str, Any]
#: a fraction or a weight this near to one is one: both are often written as quotients
_NEAR = 1e-9


def misstated(
    asked: list[Question], engine: Engine, known: set[tuple[str, str]]
) -> tuple[set[tuple[str, str]], tuple[Text, ...]]:
    """Indicators and years whose stated populations, fractions or weights cannot be, and notices of that.

    Notices also tell of strata that contradict themselves, of neighbours that do not exist, and of answers in no stratum, but
    for those of `known`, the indicators and years that are not published anyway.
    """
    broken: set[tuple[str, str]] = set()
    notices: dict[Text, None] = {}
    for question in asked:
        answering = _answering(question)
        design = answering.design
        if design is None or design.census:
            continue
        answers = engine.query(_answers_statement(answering)).drop_nulls("period")
        rows = answers.sort("period", "stratum", nulls_last=True).rows(named=True)
        years: dict[int, list[Row]] = {}
        for row in rows:
            years.setdefault(int(row["period"]) // 10000, []).append(row)
        for year, own in years.items():
            faults = {row["stratum"]: told for row in own if row["stratum"] is not None and (told := _fault(design, row))}
            concerned = {(indicator.id, str(year)) for indicator in question.indicators}
            nowhere = max((int(row["answers"]) for row in own if row["stratum"] is None), default=0)
            if nowhere and not concerned <= known:
                notices[_nowhere(answering, year, nowhere)] = None
            if faults:
                broken |= concerned
                notices[_unusable(question, answering, year, faults)] = None
        strata = engine.query(_register_statement(answering)).drop_nulls() if frame.frame_of(answering) else None
        notices |= dict.fromkeys(_contradictions(answering, years, strata))
        listed = {str(row["stratum"]) for row in rows} if strata is None else set(strata["stratum"])
        notices |= dict.fromkeys(_unknown(answering, listed) if listed else ())
    return broken, tuple(notices)


def _answering(question: Question) -> Question:
    """The question of who answered, without indicators; a fixed panel has no other, for it is a part of who answered."""
    if question.design and question.design.answered_in:
        table = question.plan.dictionary.tables[question.design.answered_in]
        return Question(plan=question.plan, table=table, design=table.design, respondents=None, indicators=(), sets=((),))
    return replace(question, sets=((),)) if question.panel else replace(question, indicators=(), sets=((),))


def _answers_statement(question: Question) -> str:
    """Per period and stratum, how many answered, and what is stated of them; a blank stratum is one of its own."""
    counted = "valid" if frame.uses_frame(question) and frame.classed(question) else "answer"
    stated = ["count(stated) AS told", "min(stated) AS low", "max(stated) AS high"]
    weights = ["count(stated_weight) AS weighted", "min(stated_weight) AS lightest"]
    columns = ", ".join(["period", "stratum", "count(*) AS answers", *stated, *weights])
    return f"{weighted_answers(question)}\nSELECT {columns}\nFROM {counted}\nGROUP BY period, stratum"


def _register_statement(question: Question) -> str:
    """Per year and stratum of the register, how many units it lists, and the populations it states."""
    columns = "year, stratum, count(*) AS listed, coalesce(min(stated), -1) AS low, coalesce(max(stated), -1) AS high"
    return f"WITH {frame.frame_parts(question)[0]}\nSELECT {columns}\nFROM _frame\nGROUP BY year, stratum"


def _fault(design: Design, row: Row) -> Text | None:
    """What of a stratum cannot be, in words; None where everything can."""
    answers, told, low, high = (row[name] for name in ("answers", "told", "low", "high"))
    if design.population:
        if not told:
            return Text(zh="总体单位数空白", en="population blank")
        if high < answers or high <= 0:
            return Text(zh=f"总体单位数 {high:g}，答复 {answers}", en=f"population {high:g}, answers {answers}")
    elif told < answers:
        return Text(zh="抽样比空白", en="sampling fraction blank")
    elif low <= 0 or high > 1 + _NEAR:
        odd = low if low <= 0 else high
        return Text(zh=f"抽样比 {odd:g}", en=f"sampling fraction {odd:g}")
    if design.weight:
        if row["weighted"] < answers and not design.population:
            return Text(zh="权数空白", en="weight blank")
        if row["lightest"] is not None and row["lightest"] < 1 - _NEAR:
            return Text(zh=f"权数 {row['lightest']:g}", en=f"weight {row['lightest']:g}")
    return None


def _unusable(question: Question, answering: Question, year: int, faults: Mapping[str, Text]) -> Text:
    table, names = answering.table.name, [indicator.name for indicator in question.indicators]
    zh = "、".join(f"{stratum}（{told.zh}）" for stratum, told in faults.items())
    en = "; ".join(f"{stratum} ({told.en})" for stratum, told in faults.items())
    return Text(
        zh=f"{table.zh}{year}年以下各层的总体单位数、抽样比或权数不可用：{zh}；"
        f"该年不公布：{'、'.join(name.zh for name in names)}。"
        "总体单位数不得少于答复数，抽样比须大于0且不超过1，权数不得小于1；请更正后重新发布。",
        en=f"{table.en}, {year}: strata whose population, sampling fraction or weight cannot be: {en}. Not published for that "
        f"year: {'; '.join(name.en for name in names)}. A population is at least the number of answers, a fraction above 0 and "
        "at most 1, a weight at least 1; mend them, then publish again.",
    )


def _nowhere(question: Question, year: int, count: int) -> Text:
    table = question.table.name
    return Text(
        zh=f"{table.zh}{year}年有 {count} 家企业的答复不属于任何层（层空白，或名录中没有该企业），不计入结果；请补全后重新发布。",
        en=f"{table.en}, {year}: {count} enterprises answered that belong to no stratum (it is blank, or the register does not "
        "list them); they do not count. Fill in what is missing, then publish again.",
    )


def _contradictions(question: Question, years: Mapping[int, list[Row]], strata: pl.DataFrame | None) -> Iterator[Text]:
    """Per year with answers, the strata that state two sizes, or of which the register lists more units than it states."""
    design = question.design
    assert design is not None
    held = question.register.table if strata is not None and question.register else question.table.id
    listed = strata.sort("year", "stratum").rows(named=True) if strata is not None and design.population else None
    for year, answered in years.items():
        rows = answered if listed is None else [row for row in listed if row["year"] == year]
        found = {str(row["stratum"]): told for row in rows if row["stratum"] is not None and (told := _contradiction(row))}
        if found:
            yield _contradictory(question.plan.dictionary.tables[held].name, year, found)


def _contradiction(row: Row) -> Text | None:
    low, high, listed = row["low"], row["high"], row.get("listed", 0)
    if high is None or high < 0:
        return None
    if high - low > _NEAR * high:
        return Text(zh=f"既填 {low:g} 又填 {high:g}", en=f"states {low:g} and {high:g}")
    return Text(zh=f"填 {high:g}，列出 {listed} 家", en=f"states {high:g}, lists {listed}") if listed > high else None


def _contradictory(table: Text, year: int, found: Mapping[str, Text]) -> Text:
    zh = "、".join(f"{stratum}（{told.zh}）" for stratum, told in found.items())
    en = "; ".join(f"{stratum} ({told.en})" for stratum, told in found.items())
    return Text(
        zh=f"{table.zh}{year}年以下各层的大小前后不一：{zh}；按所填的最大数计算，请核对。",
        en=f"{table.en}, {year}: strata that contradict themselves in their size: {en}. The largest stated number is used; "
        "check them.",
    )


def _unknown(question: Question, listed: set[str]) -> Iterator[Text]:
    assert question.design is not None
    lost = {name: target for name, target in question.design.collapse.items() if target not in listed}
    if lost:
        table = question.table.name
        pairs = [f"{name} → {target}" for name, target in lost.items()]
        yield Text(
            zh=f"{table.zh}：方案 `collapse` 指定的相邻层在任何年份都不存在：{'、'.join(pairs)}；请核对方案。",
            en=f"{table.en}: neighbours that `collapse` names exist in no year: {'; '.join(pairs)}. Check the plan.",
        )
