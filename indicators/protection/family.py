"""Families: indicators over the same rows of a table, whose numbers are withheld together.

Numbers of one family share respondents, counts and often a denominator, so a category that is withheld for one of them is
withheld for all. Item non-response is all that makes their respondents differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from indicators.catalogue.plan import Indicator
from indicators.catalogue.question import Question

_Key = tuple[str, tuple[tuple[str, ...], ...], tuple[str, ...], tuple[str, str] | None]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question with what stands behind its numbers: frames as of `contributions` and `primary`.

    `unsafe` speaks of every set that is published, and of all breakdowns crossed: there an enterprise mostly stands alone.
    `change`: its months were cut to those that a year has in common with the base year of this change.
    """

    question: Question
    contributions: pl.DataFrame
    unsafe: pl.DataFrame
    change: tuple[str, str] | None = None  # id of the change, and its year

    def of(self, indicators: Iterable[str]) -> Asked:
        """The same of some of its indicators."""
        wanted = pl.col("indicator").is_in(list(indicators))
        return Asked(
            question=self.question,
            contributions=self.contributions.filter(wanted),
            unsafe=self.unsafe.filter(wanted),
            change=self.change,
        )


@dataclass(frozen=True, kw_only=True)
class Family:
    """Indicators that are withheld together, and where their contributions stand."""

    name: str  # of the table and the indicators, for messages to the operator
    indicators: tuple[str, ...]
    asked: tuple[Asked, ...]
    sets: tuple[tuple[str, ...], ...]
    levels: tuple[str, ...]
    scope: str  # the same for families that differ in their breakdowns only
    change: tuple[str, str] | None

    @property
    def finest(self) -> tuple[str, ...]:
        """All breakdowns crossed: mostly nothing is published of it, but what is unsafe in it must not follow."""
        return self.breakdowns

    @property
    def breakdowns(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for names in self.sets for name in names))


def families(asked: Sequence[Asked]) -> list[Family]:
    """Every indicator of a table that is not public in one family; those with more breakdowns come before those with fewer."""
    members: dict[_Key, list[tuple[Asked, Indicator]]] = {}
    for one in asked:
        for indicator in one.question.indicators:
            levels = ("year",) if one.change else one.question.levels
            key = (scope(one.question, indicator), one.question.sets, levels, one.change)
            members.setdefault(key, []).append((one, indicator))
    found = []
    for (rows, sets, levels, change), both in members.items():
        names = tuple(indicator.id for _, indicator in both)
        behind = {id(one): one for one, _ in both}.values()
        found.append(
            Family(
                name=f"{both[0][0].question.table.id}: {', '.join(names)}",
                indicators=names,
                asked=tuple(one.of(names) for one in behind),
                sets=sets,
                levels=levels,
                scope=rows,
                change=change,
            )
        )
    return sorted(found, key=lambda family: (family.change is not None, -len(family.sets)))


def scope(question: Question, indicator: Indicator) -> str:
    """Which rows of which table an indicator speaks of, but for respondents who left its own item blank."""
    duration = indicator.duration.model_copy(update={"quantile": 0.5}) if indicator.duration else None
    return repr((question.table.id, question.design, indicator.where, question.panel, duration))
