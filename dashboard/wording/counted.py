"""How many numbers are what, as sentences: published and withheld, their quality, what editing and weighting did."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from dashboard.rows import weighted
from dashboard.rows.counted import Counted, Imputed
from dashboard.rows.weighted import Step
from dashboard.wording import definition
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Plan
from pipelines.edit.trail import NAMES


def name(found: Counted, plan: Plan, words: Words) -> str:
    """The name of a breakdown, of the total, or of all of them together."""
    if found.breakdown is None:
        return words("data.every")
    if not all(part == "total" or part in plan.breakdowns for part in found.breakdown.split(",")):
        return found.breakdown
    return definition.breakdown_name(plan, found.breakdown, words)


def share(n: int, whole: int) -> str:
    """A share as per cent, with a decimal; what is there is never written as nothing."""
    return "0%" if not n or not whole else format.percent(n / whole)


def protection(every: Counted, words: Words) -> str:
    """How many numbers are published, to be used with care, withheld, without data."""
    n, whole = every.counts, every.whole
    told = {key: words("data.of", n=f"{n[key]:,}", share=share(n[key], whole)) for key in n}
    return words("data.protection.lead", all=f"{whole:,}", **told)


def quality(every: Counted, unreliable: int, flagged: int, words: Words) -> str:
    """How many numbers with a value are unreliable, and how many a person should look at."""
    whole = every.whole
    told = {"unreliable": (unreliable, share(unreliable, whole)), "review": (flagged, share(flagged, whole))}
    parts = {key: words("data.of", n=f"{n:,}", share=part) for key, (n, part) in told.items()}
    return words("data.quality.lead", all=f"{whole:,}", **parts)


def imputed(found: Imputed, words: Words) -> str:
    """How many numbers are flagged as much imputed, and of those whose share is told how many hold imputed values at all."""
    if not found.edited and not found.much:
        return words("data.imputed.none")
    return words("data.imputed", edited=f"{found.edited:,}", n=f"{found.imputed:,}", much=f"{found.much:,}")


def edits(rows: pl.DataFrame, plan: Plan, words: Words) -> str:
    """How many values editing changed, in which tables."""
    names = [_table(plan, table, words) for table in rows["table"].unique(maintain_order=True).to_list()]
    return words("data.edits", n=f"{int(rows['values'].sum()):,}", names=words("mark.names").join(names))


def edit(row: dict[str, object], plan: Plan, words: Words) -> list[str]:
    """Table, column, period, rule and method of a row of the table `edits`; what was added over is told so."""
    table, column, method = str(row["table"]), row["column"], row["method"]
    known = plan.dictionary.tables.get(table)
    columns = known.columns if known is not None else {}
    told = columns[str(column)].name.in_language(words.language) if column in columns else column
    period = periods.label(str(row["period"]), words.language) if row["period"] else None
    named = NAMES[str(method)].in_language(words.language) if method in NAMES else method
    several = words("data.several")
    return [_table(plan, table, words), *(str(one) if one else several for one in (told, period, row["rule"], named))]


def weighting(found: Sequence[Step], plan: Plan, words: Words) -> str:
    """How often weights were fitted to totals, the largest factor, and how often totals were given up."""
    fitted = [step for step in found if step.method != weighted.DESIGN]
    dropped = sum(step.dropped is not None for step in fitted)
    told = words("data.weighting.lead", n=len(found), fitted=len(fitted), dropped=dropped)
    steepest = weighted.steepest(found)
    if steepest is None:
        return told
    at = {"table": _table(plan, steepest.table, words), "period": periods.label(steepest.period, words.language)}
    return told + words("data.sentence") + words("data.weighting.largest", factor=f"{steepest.largest:.2f}", **at)


def step(found: Step, plan: Plan, words: Words) -> list[str]:
    """A step of a weighting, cell by cell; the codes of the totals that were given up stand as they are."""
    factors = "–" if found.smallest is None or found.largest is None else f"{found.smallest:.2f} – {found.largest:.2f}"
    names = words("mark.names").join(_indicator(plan, one, words) for one in found.indicators)
    return [
        _table(plan, found.table, words),
        periods.label(found.period, words.language),
        words(f"data.weighting.{found.method.replace(' ', '_')}"),
        "–" if found.units is None else f"{found.units:,}",
        "–" if found.totals is None else str(found.totals),
        found.dropped or "–",
        factors,
        names,
    ]


def _table(plan: Plan, table: str, words: Words) -> str:
    known = plan.dictionary.tables.get(table)
    return known.name.in_language(words.language) if known is not None else table


def _indicator(plan: Plan, name: str, words: Words) -> str:
    return plan.indicators[name].name.in_language(words.language) if name in plan.indicators else name
