"""The design of a survey: how the units were chosen, who answered, and to which known totals the answers are fitted."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipelines.yamlfile import IDENTIFIER, Model, Text

Identifier = Annotated[str, Field(pattern=IDENTIFIER)]


class Margin(Model):
    """Totals known from the register: units, or the sum of a column, in every category of `by`."""

    by: Identifier | None = None  # a column of the register; absent: one total over all
    rollup: Identifier | None = None  # a code list whose codes are the parents of the codes of `by`
    of: Identifier | None = None  # the column that is summed; absent: units are counted


class Calibration(Model):
    """Weights moved as little as possible until they give the totals of the register (Deville and Särndal 1992)."""

    method: Literal["linear", "raking", "logit"] = "logit"
    bounds: list[float] = Field(default=[0.5, 2.0], min_length=2, max_length=2)  # of logit: smallest and largest factor
    totals: list[Margin] = Field(min_length=1)
    take_all: bool = False  # move the weights of strata asked whole, too; doubles some errors, so only with a reason
    reason: Text | None = None

    @model_validator(mode="after")
    def _reasoned(self) -> Calibration:
        if self.take_all and self.reason is None:
            raise ValueError("weights of strata asked whole may be moved only with a `reason`; leave `take_all` out")
        if not self.bounds[0] < 1 < self.bounds[1]:
            raise ValueError("the bounds lie on either side of 1, for example [0.5, 2]")
        return self


class Design(Model):
    """How the reporting units were chosen. Columns may stand in the table itself or in a linked table, the register.

    `census` means every unit of the population was asked and no sampling error exists; otherwise either
    `population` (count of the stratum) or both `weight` and `sampling_fraction` state the design.
    """

    unit: Identifier
    census: bool = False
    stratum: Identifier | None = None
    population: Identifier | None = None
    weight: Identifier | None = None
    sampling_fraction: Identifier | None = None
    answered_in: Identifier | None = None  # the table whose rows say who answered; absent: this one
    group: Identifier | None = None  # the holding group that stands behind a unit; absent: the unit itself
    sampled: Identifier | None = None  # a boolean column of the register: was the unit asked in that year
    size: Identifier | None = None  # how large a unit is (employees), for the response rate by size
    response_group: Identifier | None = None  # units as likely to answer as each other; absent: the stratum
    collapse: dict[str, str] = {}  # stratum: the neighbour it joins when one unit of it answered (errors) or none (weights)
    calibration: Calibration | None = None
