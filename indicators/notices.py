"""Notices: what the readers of an edition should know about its inputs, and what is not published for it."""

from __future__ import annotations

import polars as pl

from indicators.engines import Engine
from indicators.plan import Plan
from indicators.question import Question
from indicators.source import chains
from indicators.statement import unlinked_statement
from pipelines.yamlfile import Text


def unlinked(asked: list[Question], engine: Engine) -> tuple[set[tuple[str, str]], tuple[Text, ...]]:
    """Indicators and years whose rows lead to no row of a table they need, and a notice for each such table.

    What is left of such a year is a selection nobody chose: without the price of one segment the others would stand for
    it. So nothing is published of it.
    """
    broken: set[tuple[str, str]] = set()
    notices: dict[Text, None] = {}
    for question in asked:
        needed = [(i, link) for i, link in enumerate(question.table.link) if link.required and not question.dated_by_link]
        if not needed:
            continue
        reachable = question.plan.dictionary.reachable(question.table.id)
        for counts in engine.query(unlinked_statement(question)).iter_rows(named=True):
            for i, link in needed:
                used = {name for name in question.columns if name in reachable and reachable[name][0] == link.table}
                if used - set(chains(question)) and (lost := int(counts[f"link_{i}"])):
                    broken |= {(indicator.id, str(counts["year"])) for indicator in question.indicators}
                    notices[_notice(question, link.table, str(counts["year"]), lost)] = None
    return broken, tuple(notices)


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
