"""The rules of editing of one table, as its YAML states them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from pipelines.design import Identifier
from pipelines.yamlfile import Model

#: the value a rule compares with: of the same month a year before, or of the period before
Former = Literal["year", "period"]
Method = Literal["former", "ratio", "neighbour"]

#: between which factors of what is expected a value may lie and still be the true one, once the error is taken out of it
_NEAR_FACTOR, _NEAR_SIGN = (0.3, 3.0), (0.5, 2.0)


class Fix(Model):
    """An error whose cause is plain, so that the true value is known: wrong unit, wrong sign, or two values exchanged."""

    id: Identifier
    column: Identifier
    factor: float | None = Field(default=None, gt=0)  # given so many times too large, e.g. 1000 or 10000
    sign: Literal["positive", "negative"] | None = None  # the sign it should have
    exchange: Identifier | None = None  # the column whose value may stand here, and this one's there
    low: float | None = Field(default=None, gt=0)  # value / own former value and value / median of its category lie between
    high: float | None = Field(default=None, gt=0)  # these two; absent: 0.3 and 3 × factor, for a sign 0.5 and 2
    per: Identifier | None = None  # the median is that of the value per one of this column, so that size plays no part

    @model_validator(mode="after")
    def _one_cause(self) -> Fix:
        given = [name for name in ("factor", "sign", "exchange") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of factor, sign and exchange; found {' and '.join(given) or 'none'}")
        if self.factor == 1:
            raise ValueError("a factor of 1 changes nothing; give what the values are too large by, e.g. 1000")
        if self.exchange is not None and (self.low or self.high or self.per):
            raise ValueError("an exchange is decided by the checks alone; leave out low, high and per")
        if self.exchange is None and self.window[0] >= self.window[1]:
            raise ValueError(f"low ({self.window[0]:g}) must lie below high ({self.window[1]:g})")
        return self

    @property
    def window(self) -> tuple[float, float]:
        """Between which factors of what is expected the value must lie; of its amount, where the sign is wrong."""
        low, high = _NEAR_FACTOR if self.factor else _NEAR_SIGN
        return self.low or low * (self.factor or 1), self.high or high * (self.factor or 1)


class Outlier(Model):
    """Hidiroglou–Berthelot: values whose ratio to the former one is unusual within their category."""

    id: Identifier
    column: Identifier
    former: Former = "year"
    u: float = Field(default=0.5, ge=0, le=1)  # how much more the ratio of a large unit counts
    a: float = Field(default=0.05, ge=0)  # quartiles nearer to the median than this share of it count as so far away
    c: float = Field(default=10, gt=0)  # how many of these distances from the median are still usual
    impute: bool = False  # imputed at once; absent: a person looks


class Score(Model):
    """Selective editing: values that matter so much to the total of their category that a person should look."""

    id: Identifier
    column: Identifier
    former: Former = "year"
    above: float = Field(gt=0)  # weight × distance from the expected value / total of the category


class Size(Model):
    """A number that must agree with the size of the unit in the register, unless a person confirms it."""

    id: Identifier
    column: Identifier
    low: float = Field(default=0.5, gt=0)  # value / size lies between these two
    high: float = Field(default=1.5, gt=0)

    @model_validator(mode="after")
    def _ordered(self) -> Size:
        if self.low >= self.high:
            raise ValueError(f"low ({self.low:g}) must lie below high ({self.high:g})")
        return self


class Total(Model):
    """The last look: the total of a category against that of the former wave."""

    id: Identifier
    column: Identifier
    former: Former = "year"
    limit: float = Field(gt=0)  # a change up or down by more than this share is for a person


class Impute(Model):
    """How a blank value of a column is filled: by the first of `methods` that gives a value which all checks allow."""

    column: Identifier
    methods: list[Method] = Field(min_length=1)
    former: Former = "year"
    to: Identifier | None = None  # the size variable of `ratio` and `neighbour`; absent: the size in the register
    near: list[Identifier] = []  # further columns in which a neighbour should be alike


class MissingUnits(Model):
    """Large units of strata asked whole that did not report: their records are imputed one by one, not weighted for."""

    columns: list[Identifier] = Field(min_length=1)
    former: Former = "year"
    above: float = Field(default=0.01, ge=0, lt=1)  # only units with a larger share in the size of those asked in the category


class Editing(Model):
    """Everything that may be changed in the accepted rows of a table, in the order in which it is done."""

    by: list[Identifier] = []  # columns whose categories hold what is compared; absent: all rows are one category
    fixes: list[Fix] = []
    outliers: list[Outlier] = []
    scores: list[Score] = []
    sizes: list[Size] = []
    weights: dict[
        Identifier, Annotated[float, Field(gt=0)]
    ] = {}  # reliability of a column in the checks of severity `edit`; 1 where absent
    impute: list[Impute] = []
    missing_units: MissingUnits | None = None
    totals: list[Total] = []
