"""Asking: the questions of a plan put to an engine, and their answers gathered."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from indicators.catalogue.question import Question
from indicators.change import composition, imputation, optin, transitions
from indicators.change.estimates import estimates
from indicators.cycles import duration
from indicators.engines import Engine
from indicators.estimation import comparisons, response
from indicators.gathered import Gathered, PartYear
from indicators.guard import Behind
from indicators.revisions.release import unwatched
from indicators.statements.months import months_of
from indicators.weights.weighting import weigh_units


def ask_cells(question: Question, engine: Engine, gathered: Gathered, kinds: pl.DataFrame) -> None:
    answered = estimates(question, engine, kinds)
    found = answered.levels
    levels = optin.unknown_errors(question, _attrition(question, found))
    gathered.levels.append(levels)
    weighed = answered.weighed()
    gathered.weigh(weighed)
    gathered.behind.append(Behind(question=question, weights=weighed.fitted))
    gathered.responses.append(response.rates(question, engine))
    gathered.comparisons.append(answered.compared(levels))
    gathered.notices |= dict.fromkeys(comparisons.left_out(question, levels))
    gathered.groups.append(imputation.groups(question, engine, kinds, found))
    gathered.statements |= dict.fromkeys((indicator.id for indicator in question.indicators), answered.sql)
    changed = [i for i in question.plan.indicators.values() if i.change_of in {one.id for one in question.indicators}]
    for base in sorted({base for one in question.indicators for base in question.plan.bases(one.id)}):
        gathered.overlaps.setdefault(base, []).append(answered.shared(base))
    months = months_of(question, engine)
    everyone = [one.id for one in (*question.indicators, *changed)]
    gathered.unfinished |= {(name, str(year)) for year, there in months.items() for name in everyone if len(there) < 12}
    for indicator in changed:
        began = int(str(indicator.base_period))
        for year in sorted(months.keys() - {began}):
            if months[year] != months.get(began, ()):
                part = _part_year(question, engine, kinds, gathered, change=indicator.id, year=year, base=began, months=months)
                gathered.part_years.setdefault(indicator.id, []).append(part)


def ask_duration(question: Question, engine: Engine, gathered: Gathered) -> None:
    indicator = question.indicators[0]
    found = duration.answer(question, engine)
    gathered.levels.append(found.frame)
    gathered.groups.append(found.groups)
    gathered.replicates[indicator.id] = found.replicates
    gathered.notices |= dict.fromkeys(found.notices)
    gathered.statements[indicator.id] = found.sql
    gathered.weigh(weigh_units(question, engine, found.answers))
    gathered.behind.append(Behind(question=question, cases=found.cases))
    gathered.responses.append(response.rates(question, engine, found.answers))
    everyone = [indicator.id, *(one.id for one in question.plan.indicators.values() if one.change_of == indicator.id)]
    gathered.unfinished |= {(name, year) for year in unwatched(question, engine) for name in everyone}


def of_assessed(
    asked: list[Question], engine: Engine, gathered: Gathered, levels: pl.DataFrame, broken: set[tuple[str, str]], rule: int
) -> None:
    """What stands behind numbers over assessed units: where a panel went, and what of a change is composition."""
    for question in asked:
        for indicator in question.indicators:
            if indicator.transitions and question.panel:
                moved = transitions.answer(question, indicator, engine, rule)
                lost = [year for name, year in broken if name == indicator.id]
                gathered.add("transitions", moved.frame.filter(~pl.col("period").is_in(lost)))
                gathered.notices |= dict.fromkeys(moved.notices)
        volunteers = optin.answer(question, engine, levels, rule)
        gathered.assessed += [composition.answer(question, engine, levels, rule), volunteers.frame]
        gathered.notices |= dict.fromkeys(volunteers.notices)


def _part_year(
    question: Question,
    engine: Engine,
    kinds: pl.DataFrame,
    gathered: Gathered,
    *,
    change: str,
    year: int,
    base: int,
    months: dict[int, tuple[int, ...]],
) -> PartYear:
    """Nine months are held against the same nine months; a year without a month in common is held against nothing."""
    common = tuple(month for month in months[year] if month in months.get(base, ()))
    short = replace(question, months=common or (0,))
    answered = estimates(short, engine, kinds)
    levels = imputation.shares(short, engine, kinds, answered.levels, gathered.edited, gathered.rule)
    gathered.behind.append(Behind(question=short, weights=answered.weighed().fitted, change=(change, str(year))))
    return PartYear(
        year=str(year),
        levels=levels.filter(pl.col("period").is_in([str(year), str(base)])),
        shared=answered.shared(str(base)),
        groups=imputation.groups(short, engine, kinds, levels).filter(pl.col("period").is_in([str(year), str(base)])),
    )


def _attrition(question: Question, found: pl.DataFrame) -> pl.DataFrame:
    """A panel that lost members is no full count any more: what they would have answered nobody knows."""
    panel = question.panel
    if panel is None:
        return found
    keys = ["indicator", "breakdown", "category"]
    first = found.filter(pl.col("period") == str(panel.base_period)).select(*keys, pl.col("n").alias("members"))
    marked = found.join(first, on=keys, how="left")
    lost = pl.col("n") < pl.col("members").fill_null(0)
    unknown = [pl.when(~lost).then(pl.col(name)).alias(name) for name in ("se", "low", "high")]
    return marked.with_columns(*unknown, sampled=pl.col("sampled") | lost).drop("members")
