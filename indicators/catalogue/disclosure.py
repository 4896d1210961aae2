"""The rules that protect respondents. Their values are confidential configuration of the operator and never enter an edition."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from pipelines import vault
from pipelines.design import Identifier
from pipelines.yamlfile import Model, Text, read_yaml

#: where the operator says otherwise, beside the warehouse
FILE = "disclosure.yaml"


class Dominance(Model):
    """The (n,k) rule: the `largest` contributors together hold more than `percent` of the sum."""

    largest: int = Field(ge=1, le=5)
    percent: float = Field(gt=0, lt=100)


class Disclosure(Model):
    """What makes a number unsafe, and how much work its protection may be.

    A contributor is a holding group, not a legal entity. With p = `percent` the sum X of contributions x1 ≥ x2 ≥ … is unsafe
    where X − x1 − x2 < p/100 · x1 (Handbook on Statistical Disclosure Control, 2nd edition, ch. 4).
    """

    minimum_groups: int = Field(default=3, ge=1)
    percent: float | None = Field(default=10.0, gt=0, le=100)  # null: the rule is off
    dominance: Dominance | None = None
    # full counts in which everybody, or nobody, does something: unsafe where the column is marked sensitive, or always
    unanimity: Literal["sensitive", "always", "never"] = "sensitive"
    # numbers that differ from those of an earlier edition by the values of few: withheld (of a total: nothing is published)
    differences: Literal["protect", "accept"] = "protect"
    open: list[Identifier] = []  # indicators whose totals must be published; where that cannot be done, nothing is
    budget: int = Field(default=5000, ge=1)  # cells of one system that may be protected together
    reason: Text | None = None

    @model_validator(mode="after")
    def _reasoned(self) -> Disclosure:
        if self.minimum_groups < 3 and self.reason is None:
            raise ValueError("fewer than three groups may be published only with a `reason`")
        return self

    @property
    def active(self) -> bool:
        """Whether anything can be unsafe at all."""
        return self.minimum_groups > 1 or bool(self.percent or self.dominance) or self.unanimity != "never"

    @classmethod
    def of_groups(cls, minimum: int) -> Disclosure:
        """The minimum frequency alone, for worked cases and rows that are invented."""
        told = Text(zh="仅按最少企业集团数保护", en="protected by the number of groups alone")
        return cls(minimum_groups=minimum, percent=None, unanimity="never", differences="accept", reason=told)


def read_rules(store: Path) -> Disclosure:
    """The rules of the operator in `store/disclosure.yaml`; the safe defaults where there is no such file.

    Raises PlanFaults with the place of every fault in it.
    """
    if not (store / FILE).exists():
        return Disclosure()
    with vault.plain(store, FILE) as path:
        return read_yaml(path, str(store / FILE)).validate(Disclosure)
