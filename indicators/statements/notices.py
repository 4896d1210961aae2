"""Notices: what the readers of an edition should know about its inputs, and what is not published for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from indicators.catalogue.plan import Indicator, Plan
from indicators.catalogue.question import Question
from indicators.engines import Engine
from indicators.statements.source import chains
from indicators.statements.statement import unlinked_statement
from pipelines.dictionary import Link
from pipelines.yamlfile import Text


def unlinked(asked: list[Question], engine: Engine) -> tuple[set[tuple[str, str]], tuple[Text, ...]]:
    """Indicators and years whose rows lead to no row of a table they need, and a notice for each such table.

    What is left of such a year is a selection nobody chose: without the price of one segment the others would stand for
    it. So nothing is published of it. An indicator needs a table that its own formulas name, or its design, or a breakdown;
    rows that its `where` leaves out need nothing, unless the design does.
    """
    broken: set[tuple[str, str]] = set()
    notices: dict[Text, None] = {}
    for question in asked:
        needed = [link for link in question.table.link if link.required and not question.dated_by_link]
        for link in needed:
            for where, part in _users(question, link).items():
                counts = engine.query(unlinked_statement(part, link, where)).sort("year")
                for year, lost in counts.filter(pl.col("lost") > 0).iter_rows():
                    broken |= {(indicator.id, str(year)) for indicator in part.indicators}
                    notices[_notice(part, link.table, str(year), int(lost))] = None
    return broken, tuple(notices)


def _users(question: Question, link: Link) -> dict[str | None, Question]:
    """The indicators of a question that use a linked table, by the rows that must lead there: all, or those of a `where`."""
    reachable = question.plan.dictionary.reachable(question.table.id)
    theirs = {name for name, (table, _) in reachable.items() if table == link.table} - set(chains(question))
    if theirs & set(replace(question, indicators=(), sets=((),)).columns):
        return {None: question}
    found: dict[str | None, tuple[Indicator, ...]] = {}
    for indicator in question.indicators:
        if theirs & set(replace(question, indicators=(indicator,)).columns):
            found[indicator.where] = (*found.get(indicator.where, ()), indicator)
    return {where: replace(question, indicators=own) for where, own in found.items()}


def without(levels: pl.DataFrame, broken: set[tuple[str, str]]) -> pl.DataFrame:
    """The estimates with those of the given indicators and years emptied."""
    if not broken:
        return levels
    lost = pl.DataFrame(sorted(broken), schema={"indicator": pl.String, "year": pl.String}, orient="row").with_columns(lost=True)
    marked = levels.with_columns(year=pl.col("period").str.slice(0, 4)).join(lost, on=["indicator", "year"], how="left")
    kept = [pl.when(pl.col("lost").is_null()).then(pl.col(name)).alias(name) for name in ("value", "se", "low", "high", "n")]
    return marked.with_columns(kept).drop("year", "lost")


def silent(plan: Plan, results: pl.DataFrame) -> tuple[Text, ...]:
    """A notice that names the indicators for which nobody answered anything."""
    heard = set(results.filter(pl.col("status") != "absent")["indicator"])
    names = [indicator.name for indicator in plan.indicators.values() if indicator.id not in heard]
    if not names:
        return ()
    zh, en = "、".join(name.zh for name in names), "; ".join(name.en for name in names)
    return (Text(zh=f"没有数据，未公布：{zh}。", en=f"Not published, for want of data: {en}."),)


def _notice(question: Question, missing: str, year: str, lost: int) -> Text:
    ours, theirs = question.table.name, question.plan.dictionary.tables[missing].name
    names = [indicator.name for indicator in question.indicators]
    zh = "、".join(name.zh for name in names)
    en = "; ".join(name.en for name in names)
    return Text(
        zh=f"{ours.zh}{year}年有 {lost} 行在{theirs.zh}中没有对应记录，该年不公布：{zh}。请补报{theirs.zh}后重新发布。",
        en=f"{ours.en}, {year}: {lost} rows lead to no row of {theirs.en}. Not published for that year: {en}. "
        f"Load what is missing of {theirs.en}, then publish again.",
    )


def outgrown(plan: Plan, rows: Mapping[str, int]) -> tuple[Text, ...]:
    """A notice for each table of which rows lack what the plan has made part of their key since they were loaded."""
    told = []
    for name, count in rows.items():
        table = plan.dictionary.tables[name]
        columns = ", ".join(table.key)
        zh = f"{table.name.zh}有 {count} 行是在方案修改主键（{columns}）之前录入的，缺少主键列，未予采用；请重新录入相应文件。"
        en = f"{count} rows of {table.name.en} were loaded before the plan changed their key ({columns}), lack a column of it "
        en += "and are not used. Load their files again."
        told.append(Text(zh=zh, en=en))
    return tuple(told)
