"""Lists of what editing did, as people read them: changes by rule, the three parts of the report, the trail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from dashboard.lists.listing import Listing
from dashboard.words import Words
from indicators.catalogue import format
from indicators.catalogue.plan import Plan
from indicators.editreport import EditReport

#: so many lines of a list are shown; the csv has all
SHOWN = 50


def by_rule(plan: Plan, events: Mapping[str, pl.DataFrame], words: Words) -> Listing:
    """What a run changed, by table (the keys of `events`), column and rule, the most frequent first."""
    rows = []
    for table, found in events.items():
        counted = found.group_by("column", "rule").agg(values=pl.len(), units=pl.col("unit").n_unique())
        ordered = counted.sort("values", "column", "rule", descending=[True, False, False])
        for column, rule, values, units in ordered.select("column", "rule", "values", "units").iter_rows():
            rows.append([*_names(plan, table, column, words), rule, f"{values:,}", f"{units:,}"])
    headings = _headings(words, "table", "column", "rule", "values", "units")
    return Listing(title=words("edit.by_rule"), headings=headings, rows=rows, right=headings[3:])


def of_report(plan: Plan, report: EditReport, words: Words) -> list[Listing]:
    """What was changed, what is for a person, and the influence on the headline; long lists are cut."""
    return [_changed(plan, report, words), _reviews(plan, report, words), _influence(plan, report, words)]


def of_history(plan: Plan, found: pl.DataFrame, words: Words) -> Listing:
    """The rows of `trail.history`: when and by whom, what, and in which runs."""
    rows = []
    for row in found.iter_rows(named=True):
        runs = str(row["first"]) if row["first"] == row["last"] else f"{row['first']}–{row['last']}"
        stands = words("edit.in_runs" if row["stands"] else "edit.in_runs_once", runs=runs)
        rows.append([row["since"][:16].replace("T", " "), row["actor"], *_told(plan, row, words), stands])
    names = ("since", "actor", "unit", "table", "period", "column", "old", "new", "rule", "reason", "stands")
    return Listing(title=None, headings=_headings(words, *names), rows=rows, right=[])


def lines(report: EditReport, words: Words) -> pl.DataFrame:
    """The three parts of the report under one header; `section` says which a line belongs to."""
    sections = {"changed": report.changed, "review": report.reviews, "influence": report.influence}
    joined = pl.concat([frame.with_columns(section=pl.lit(name)) for name, frame in sections.items()], how="diagonal")
    first = ("section", "table", "unit", "key", "period", "column", "old", "new", "rule", "method")
    last = ("indicator", "raw", "edited", "difference", "se", "in_errors", "imputed_share")
    reason = pl.col("reason_zh" if words.language == "zh" else "reason_en").alias("reason")
    return joined.select(*first, reason, "donor", "score", "expected", *last)


def _changed(plan: Plan, report: EditReport, words: Words) -> Listing:
    rows = [_told(plan, row, words) for row in report.changed.head(SHOWN).iter_rows(named=True)]
    headings = _headings(words, "unit", "table", "period", "column", "old", "new", "rule", "reason")
    return Listing(title=_title("changed", report.changed.height, words), headings=headings, rows=rows, right=[])


def _reviews(plan: Plan, report: EditReport, words: Words) -> Listing:
    rows = []
    for row in report.reviews.head(SHOWN).iter_rows(named=True):
        told = _told(plan, row, words)
        numbers = ["" if row[name] is None else f"{row[name]:{form}}" for name, form in (("expected", ",.6g"), ("score", ".3f"))]
        rows.append([*told[:5], *numbers, *told[6:]])
    headings = _headings(words, "unit", "table", "period", "column", "value", "expected", "score", "rule", "reason")
    return Listing(title=_title("reviews", report.reviews.height, words), headings=headings, rows=rows, right=headings[5:7])


def _influence(plan: Plan, report: EditReport, words: Words) -> Listing:
    rows = []
    for row in report.influence.iter_rows(named=True):
        indicator, language = plan.indicators[row["indicator"]], words.language
        unit, signed = format.unit_of(plan, indicator.id), indicator.kind == "change"
        shown = [
            "" if row[name] is None else format.number(row[name], unit, language, signed=signed) for name in ("raw", "edited")
        ]
        apart = "" if row["difference"] is None else format.difference(row["difference"], unit, language, signed=True)
        errors = "" if row["in_errors"] is None else f"{row['in_errors']:+.2f}"
        share = "" if row["imputed_share"] is None else f"{row['imputed_share']:.1%}"
        rows.append([indicator.name.in_language(language), row["period"], *shown, apart, errors, share])
    headings = _headings(words, "indicator", "period", "raw", "edited", "difference", "in_errors", "imputed_share")
    return Listing(title=words("edit.influence"), headings=headings, rows=rows, right=headings[2:])


def _names(plan: Plan, table: str, column: str, words: Words) -> list[str]:
    """Names of table and column; ids where the plan has them no more."""
    known = plan.dictionary.tables.get(table)
    if known is None or column not in known.columns:
        return [table if known is None else known.name.in_language(words.language), column]
    return [known.name.in_language(words.language), known.columns[column].name.in_language(words.language)]


def _told(plan: Plan, row: Mapping[str, Any], words: Words) -> list[str]:
    """Unit, table, period, column, old, new, rule and reason of an event."""
    table, column = _names(plan, row["table"], row["column"], words)
    values = [words("edit.blank") if row[name] is None else row[name] for name in ("old", "new")]
    return [row["unit"] or "", table, row["period"] or "", column, *values, row["rule"], row[f"reason_{words.language}"]]


def _headings(words: Words, *names: str) -> list[str]:
    return [words(f"edit.{name}") for name in names]


def _title(section: str, height: int, words: Words) -> str:
    cut = words("edit.cut", shown=SHOWN, all=f"{height:,}") if height > SHOWN else ""
    return words(f"edit.{section}", n=f"{height:,}") + cut
