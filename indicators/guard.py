"""The guard of an edition: who stands behind its numbers, what is unsafe, and what is withheld for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from indicators.catalogue.disclosure import Disclosure
from indicators.catalogue.plan import Plan
from indicators.catalogue.question import Question
from indicators.engines import Engine
from indicators.protection.contributions import contributions, of_durations
from indicators.protection.family import Asked
from indicators.protection.former import Former
from indicators.protection.joint import Joint, Progress, joint
from indicators.protection.primary import unsafe
from indicators.protection.versions import BLANK


@dataclass(frozen=True, kw_only=True)
class Behind:
    """A question that was answered, with what its contributions are made from."""

    question: Question
    weights: pl.DataFrame | None = None  # calibrated ones, of every period
    cases: pl.DataFrame | None = None  # of a duration
    change: tuple[str, str] | None = None  # its months were cut for this change, in this year


def guard(
    plan: Plan,
    engine: Engine,
    behind: Sequence[Behind],
    rules: Disclosure,
    formers: Sequence[Former] = (),
    progress: Progress | None = None,
) -> Joint:
    """What must be withheld of the numbers of an edition. Raises CannotProtect.

    Of a table that is public nothing is; and where the rules call nothing unsafe, nobody is looked up.
    """
    asked = [_asked(one, engine, rules) for one in behind if not one.question.table.public] if rules.active else []
    return joint(plan, asked, rules, formers, progress)


def _asked(behind: Behind, engine: Engine, rules: Disclosure) -> Asked:
    question = behind.question
    cases = behind.cases
    found = contributions(question, engine, behind.weights) if cases is None else of_durations(question, cases)
    if behind.change:
        change, year = behind.change
        level, base = question.plan.indicators[change].change_of, str(question.plan.indicators[change].base_period)
        question = replace(question, indicators=tuple(one for one in question.indicators if one.id == level))
        found = found.filter(pl.col("indicator") == level, pl.col("period").is_in([year, base]))
    splits = [f"b_{name}" for name in question.breakdowns]
    found = found.with_columns(pl.col(splits).fill_null(BLANK))
    crossed = replace(question, sets=tuple(dict.fromkeys((*question.sets, question.breakdowns))))
    return Asked(question=question, contributions=found, unsafe=unsafe(crossed, found, rules), change=behind.change)
