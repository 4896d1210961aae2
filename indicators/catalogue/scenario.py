"""A scenario: chosen categories moved, so that the national value, its gap and its verdict can be worked out. Data, no code."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipelines.design import Identifier
from pipelines.yamlfile import Model, Text

#: a category, or several, of each named breakdown: {segment_group: parts, size_class: [small, micro]}
Where = dict[Identifier, str | list[str]]


class Move(Model):
    """Categories of one breakdown or crossing, and where they go. Exactly one of to and pace."""

    where: Annotated[Where, Field(min_length=1)]
    to: float | Literal["best_fifth", "threshold"] | None = None  # a level in the unit of the indicator, rates as fractions
    pace: float | Literal["achieved", "required", "fastest_fifth"] | None = None  # a year, until the target year

    @model_validator(mode="after")
    def _one_way(self) -> Move:
        if (self.to is None) == (self.pace is None):
            raise ValueError("give exactly one of `to` and `pace`")
        return self


class Scenario(Model):
    """What if: moves of categories of one breakdown, applied to the newest number held against a target."""

    id: Identifier | None = None
    name: Text
    description: Text | None = None
    target: str  # id of the target whose number is moved
    period: str | None = None  # a year; absent: the newest one judged
    moves: list[Move] = Field(min_length=1)
    others: Literal["stay", "achieved"] = "stay"  # the categories that are not named: as they are, or at the pace they had

    @model_validator(mode="after")
    def _one_breakdown(self) -> Scenario:
        if len({tuple(move.where) for move in self.moves}) > 1:
            raise ValueError("all moves name the same breakdowns in the same order, so that no enterprise is moved twice")
        return self
