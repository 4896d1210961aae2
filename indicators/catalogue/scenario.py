"""A scenario: chosen categories moved, so that the national value, its gap and its verdict can be worked out. Data, no code."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator, model_validator

from pipelines.design import Identifier
from pipelines.yamlfile import Model, Text
from pipelines.yamlwords import shown

#: stands for every category that can be moved, where a code list has no code of that name
ALL = "all"
#: a category, or several, of each named breakdown: {segment_group: parts, size_class: [small, micro]}
Code = Annotated[str, Field(min_length=1)]
Where = dict[Identifier, Code | list[Code]]
Year = Annotated[str, Field(pattern=r"^\d{4}$")]
#: beyond it nothing is a level or a pace of anything; of any size, whole numbers have no end
LARGEST = 1e15
WORDS = {"to": ("best_fifth", "threshold"), "pace": ("achieved", "required", "fastest_fifth")}


class ScenarioRefused(ValueError):
    """A scenario that cannot be read or played; it says why in both languages, and at which place of the scenario."""

    def __init__(self, told: Text, place: Sequence[str | int] = (), *, key: bool = False) -> None:
        super().__init__(told.en)
        self.told, self.place, self.key = told, tuple(place), key


class Move(Model):
    """Categories of one breakdown or crossing, and where they go. Exactly one of to and pace."""

    where: Annotated[Where, Field(min_length=1)]
    to: float | Literal["best_fifth", "threshold"] | None = None  # a level in the unit of the indicator, rates as fractions
    pace: float | Literal["achieved", "required", "fastest_fifth"] | None = None  # a year, until the target year
    among: Identifier | None = None  # of which breakdown the best or fastest fifth is taken; absent: of the one that is moved

    @field_validator("to", "pace", mode="before")
    @classmethod
    def _number_or_word(cls, value: Any, told: ValidationInfo) -> Any:
        words = WORDS[str(told.field_name)]
        number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST
        if value is not None and not number and value not in words:
            offered = ", ".join(f"`{word}`" for word in words)
            raise ValueError(f"`{told.field_name}` must be a number or one of {offered}; found {shown(value)}")
        return value

    @field_validator("where", mode="before")
    @classmethod
    def _text(cls, where: Any) -> Any:
        for name, code in where.items() if isinstance(where, dict) else ():
            if not isinstance(code, str | list):
                found = f"found {shown(code)}; put a number in quotes"
                raise ValueError(f"the code of `{name}` must be text or a list of texts, {found}")
        return where

    @field_validator("where")
    @classmethod
    def _plain(cls, where: Where) -> Where:
        """A list of one category is that category, so that a scenario is written in one way only."""
        return {name: codes[0] if isinstance(codes, list) and len(codes) == 1 else codes for name, codes in where.items()}

    @model_validator(mode="after")
    def _one_way(self) -> Move:
        if (self.to is None) == (self.pace is None):
            raise ValueError("give exactly one of `to` and `pace`")
        if self.among is not None and not self.of_a_fifth:
            raise ValueError("`among` says of which breakdown the best or fastest fifth is taken; leave it out here")
        lists = [codes for codes in self.where.values() if isinstance(codes, list)]
        if any(not codes or len(set(codes)) < len(codes) or ALL in codes for codes in lists):
            raise ValueError("a list names one category or more, each once; `all` stands alone")
        return self

    @property
    def of_a_fifth(self) -> bool:
        return self.to == "best_fifth" or self.pace == "fastest_fifth"


class Scenario(Model):
    """What if: moves of categories of one breakdown, applied to the newest number held against a target."""

    id: Identifier | None = None
    name: Text
    description: Text | None = None
    target: str = Field(min_length=1)  # id of the target whose number is moved
    period: Year | None = None  # absent: the newest year judged
    moves: list[Move] = Field(min_length=1)
    others: Literal["stay", "achieved"] = "stay"  # the categories that are not named: as they are, or at the pace they had

    @model_validator(mode="after")
    def _one_breakdown(self) -> Scenario:
        if len({frozenset(move.where) for move in self.moves}) > 1:
            raise ValueError("all moves name the same breakdowns, so that no enterprise is moved twice")
        return self

    @property
    def paced(self) -> bool:
        """Whether anything moves at a pace, and so until the target year."""
        return self.others == "achieved" or any(move.pace is not None for move in self.moves)
