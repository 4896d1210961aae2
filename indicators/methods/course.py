"""The way of one number from its base to a target, and what can be said of it: a change, a time, a rate of growth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from indicators.targets.target import SAME

Growthless = Literal["count", "step", "difference"]


@dataclass(frozen=True, kw_only=True)
class Course:
    """The way of one number to a target: levels as they are, relative changes as an index that is 100 at the base."""

    sign: int  # 1: more is better, −1: less is
    year: int
    value: float
    base_year: int | None = None
    base: float | None = None
    target: float | None = None  # absent: the target has no number
    target_year: int | None = None
    path: float | None = None  # where the path in force has it this year
    points: Mapping[int, float] = field(default_factory=dict)  # every yearly value up to this one
    share: bool = False  # between 0 and 1
    growthless: Growthless | None = None  # why no rate of growth is formed of it

    @property
    def since(self) -> int:
        return 0 if self.base_year is None else self.year - self.base_year

    @property
    def whole(self) -> int | None:
        """Years from base to target."""
        return None if self.base_year is None or self.target_year is None else self.target_year - self.base_year

    @property
    def reached(self) -> bool:
        """As these methods read it: at equality too, whatever the law says."""
        if self.target is None:
            return False
        return self.sign * (self.value - self.target) >= 0 or math.isclose(self.value, self.target, rel_tol=SAME)

    @property
    def uphill(self) -> bool:
        """Whether the target asked for more than the base had."""
        return self.base is not None and self.target is not None and self.sign * (self.target - self.base) > 0

    @property
    def no_start(self) -> str | None:
        """Why there is no change since a base."""
        if self.base is None:
            return "no_base"
        return "one_point" if self.since < 1 else None

    @property
    def no_date(self) -> str | None:
        """Why there is no time to the target."""
        if self.whole is None:
            return "no_date"
        return "no_time" if self.whole < 1 else None

    @property
    def no_way(self) -> str | None:
        """Why there is nothing to be gained between base and target."""
        return None if self.uphill else "met_at_base"

    @property
    def no_growth(self) -> str | None:
        """Why no rate of growth can be formed.

        Where Statistics Canada puts 0.001 for zero, the rate hangs on that number alone; here there is none.
        """
        if reason := self.growthless or self.no_start:
            return reason
        if self.target is not None and (reason := self.no_date):
            return reason
        ends = [end for end in (self.base, self.target) if end is not None]
        if 0 in ends:
            return "zero"
        return "signs" if any(end * ends[0] < 0 for end in (*ends, self.value)) else None
