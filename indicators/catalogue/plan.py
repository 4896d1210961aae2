"""A plan: its identity, its dictionary, its indicators with their targets, and what of it is published."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from indicators.catalogue.disclosure import Disclosure
from indicators.catalogue.scenario import Scenario
from pipelines.custody import Custody
from pipelines.design import Design, Identifier
from pipelines.dictionary import Code, Column, Dictionary
from pipelines.yamlfile import Model, Text

Operator = Literal[">", ">=", "<", "<="]
Level = Literal["year", "quarter", "month"]
BasePeriod = Annotated[str, Field(pattern=r"^\d{4}$")]  # a whole year
Basis = Literal["level", "change", "count", "step", "coverage"]


class Unit(Model):
    """How a number is written: stored value × `factor`, `decimals` digits, then the symbol."""

    name: Text
    symbol: Text
    factor: float = 1
    bounded: bool = False  # a share between 0 and 1: its interval stays inside and its quality follows the rule for shares
    decimals: int = Field(default=1, ge=0, le=6)
    difference: Text | None = None  # what a difference of two such values is called, e.g. 个百分点; absent: the symbol


class Path(Model):
    """One vintage of the dated way from the base to a target; the newest declared one is in force, the others are kept."""

    declared: str = Field(pattern=r"^\d{4}-\d{2}-\d{2}$")
    shape: Literal["linear", "logistic", "steps"]
    ceiling: float = Field(default=1.0, gt=0)  # of a logistic path: where the share ends up at last
    milestones: dict[BasePeriod, float] = {}  # of a path in steps: from the end of this year on, in the unit of the indicator
    note: Text | None = None

    @model_validator(mode="after")
    def _shaped(self) -> Path:
        if (self.shape == "steps") != bool(self.milestones):
            raise ValueError("a path in steps needs its milestones, and only such a one has them")
        return self


class Target(Model):
    """What the plan demands of an indicator, and how its sentence is read."""

    id: str | None = None  # as numbered in the register of targets, e.g. T4; absent: the id of the indicator
    year: int | None = Field(default=None, ge=2000, le=2100)  # absent: the plan gives no date
    operator: Operator | None = None  # absent with value: the plan gives no number
    value: float | None = None  # in the unit of the indicator, rates as fractions
    basis: Basis
    base_period: BasePeriod | None = None
    scope: str | dict[Identifier, str] = "all"  # or one category, e.g. {segment_group: parts}
    source: str
    reading: Literal["strict", "inclusive", "qualitative"]
    sentence: Text | None = None  # the words of the law
    explanation: Text | None = None  # how they are read, and what else they could mean
    sensitivity: list[Identifier] = []  # indicators by another method; where one of them says otherwise, the verdict says so
    reading_of: str | None = None  # the id of the headline target of which this is another reading
    paths: list[Path] = []  # absent: a straight line, declared on the day the plan was issued

    @model_validator(mode="after")
    def _consistent(self) -> Target:
        if (self.operator is None) != (self.value is None):
            raise ValueError("operator and value belong together")
        if (self.reading == "qualitative") != (self.value is None):
            raise ValueError("a target without a number is read `qualitative`, and only such a one")
        if self.operator and self.reading != ("strict" if self.operator in "<>" else "inclusive"):
            raise ValueError(f"the operator {self.operator} does not fit the reading {self.reading}")
        return self


class Duration(Model):
    """How long a thing takes: quantile of the time from `start` to `end`, open cases counted as open."""

    start: Identifier
    end: Identifier  # null: not finished at `as_of`
    stopped: Identifier | None = None  # given up on this day: counted as open until then
    as_of: Identifier  # the day the record was true
    method: Literal["period", "cohort"]  # exposure within the year, or things begun in the year
    quantile: float = Field(default=0.5, gt=0, lt=1)


class Bridge(Model):
    """A table that says what a value under one edition of a standard is under another: only so may they be compared."""

    table: Identifier
    same: list[Identifier] = []  # columns that the bridge and the rows have in common, e.g. standard
    edition: Identifier  # the column of the rows that is bridged
    before: Identifier  # the columns of the bridge: edition before and after, value before and after
    after: Identifier
    value: Identifier  # the column of the rows that is translated, e.g. level
    value_before: Identifier
    value_after: Identifier


class Panel(Model):
    """A fixed panel: each row is matched with the row of the same unit in the base period, as base_<column>."""

    base_period: int
    on: list[Identifier] = Field(min_length=1)
    bridge: Bridge | None = None


class Decomposition(Model):
    """What a change of a ratio of totals is made of: within the categories of `by`, between them, entry and exit."""

    by: Identifier  # a breakdown whose categories leave no unit out
    method: Literal["bennet", "gead"] = "bennet"  # bennet: volumes at prices of one year; gead: chained volumes
    current: Identifier | None = None  # for gead and the chained check: the same indicator at current prices

    @model_validator(mode="after")
    def _priced(self) -> Decomposition:
        if self.method == "gead" and self.current is None:
            raise ValueError("gead needs `current`, the indicator at current prices, for the relative prices")
        return self


class Indicator(Model):
    """One indicator, whole. Exactly one of numerator, duration, change_of says how it is measured."""

    id: Identifier
    name: Text
    definition: Text
    limitations: Text | None = None
    unit: str
    better: Literal["higher", "lower"]
    table: Identifier | None = None
    design: Design | None = None  # absent: the design of the table
    respondents: str | None = None  # rows that count as an answer at all; absent: all
    where: str | None = None  # rows in scope; others stay in the sample and count as outside the domain
    numerator: str | None = None
    denominator: str | float | int | None = None  # absent: the indicator is a total
    duration: Duration | None = None
    panel: Panel | None = None
    change_of: Identifier | None = None  # change of another indicator on `base_period`
    change_as: Literal["relative", "difference"] = "relative"  # of a change: index − 1 (error on the log scale), or difference
    base_period: BasePeriod | None = None
    mix: Identifier | None = None  # change of a duration: this breakdown keeps its shares of the base year
    decomposition: Decomposition | None = None  # of a change: what it is made of
    transitions: Identifier | None = None  # with a panel: the column whose values are counted from → to
    counted: Text | None = None  # of a ratio of counts: what is counted, e.g. 家企业; gaps are then told in these too
    opt_in: bool = False  # those assessed chose it themselves: raw, reweighted and matched series are held against each other
    periods: list[Level] = ["year"]
    breakdowns: list[Identifier] | None = None  # absent: every breakdown and crossing that its columns allow
    companions: list[Identifier] = []  # other readings, published beside it
    reference: Identifier | None = None  # a cited series shown beside it
    targets: list[Target] = []

    @model_validator(mode="after")
    def _one_measure(self) -> Indicator:
        given = [name for name in ("numerator", "duration", "change_of") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of numerator, duration and change_of; found {' and '.join(given) or 'none'}")
        if self.change_of is None and self.table is None:
            raise ValueError("name the table it is computed from")
        if self.change_of is not None and self.base_period is None:
            raise ValueError("a change needs its base_period")
        return self

    @property
    def kind(self) -> Literal["ratio", "total", "duration", "change"]:
        if self.change_of:
            return "change"
        if self.duration:
            return "duration"
        return "total" if self.denominator is None else "ratio"


class Breakdown(Model):
    """A way to split a number: the codes of a column, or of the list its codes roll up to."""

    name: Text
    column: Identifier
    rollup: Identifier | None = None  # a code list whose codes are the parents of the column's codes


class Task(Model):
    """A task of an action, and what of this plan folder speaks of it; where nothing does, that is said, too."""

    id: int
    name: Text
    outputs: Text | None = None  # what it is to bring about that could be counted, though the plan gives no number
    indicators: list[Identifier] = []  # that speak of it
    goals: list[str] = []  # ids of goals without a number that it serves
    tables: list[Identifier] = []  # whose records belong to it


class Action(Model):
    id: str
    name: Text
    tasks: list[Task]


class Goal(Model):
    """What the plan wants without a number that an indicator could be held against."""

    id: str
    year: int | None = None
    name: Text
    sentence: Text
    explanation: Text | None = None


class Identity(Model):
    """plan.yaml: what the plan is."""

    id: Identifier
    name: Text
    issuers: list[Text]
    issued: str
    document: str | None = None
    description: Text | None = None
    base_period: str | None = None
    target_year: int | None = None
    missing: list[str] = []
    custody: Custody = Custody()  # of every table that does not say otherwise
    publication: Custody = Custody()  # of what is published
    units: dict[str, Unit]
    headline: list[Identifier]  # indicators of the overview, in order
    goals: list[Goal] = []
    actions: list[Action] = []
    frozen_period: BasePeriod | None = None  # its values stay those of the edition declared with `planwatch freeze`
    final_after: int = Field(default=1, ge=0, le=10)  # years of newer data after which the values of a year count as final
    set_aside_limit: float = Field(default=0.05, ge=0, le=1)  # share of rows; above it a load ends with exit code 1


class BreakdownFile(Model):
    breakdowns: dict[Identifier, Breakdown] = {}
    crossings: list[Annotated[list[Identifier], Field(min_length=2)]] = []


class Observation(Model):
    """One cited value of a reference series."""

    date: str = Field(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$")
    value: float
    scope: Text
    status: Literal["published", "derived", "conflict"]
    source: str
    note: Text | None = None


class Reference(Model):
    """Published values of an indicator by somebody else, cited and never mixed with ours."""

    id: Identifier
    name: Text
    unit: str
    observations: list[Observation] = Field(min_length=1)


class Expected(Model):
    period: str
    breakdown: str = "total"
    category: str = "total"
    value: float | None
    se: float | None = None
    status: str = "published"


class Case(Model):
    """A worked case: a few rows by hand and the numbers they must give."""

    id: Identifier  # of the indicator
    explanation: Text
    tables: dict[Identifier, list[dict[str, Any]]]
    expect: list[Expected] = Field(min_length=1)


class Plan(Model):
    """Everything a plan folder says, checked."""

    identity: Identity
    dictionary: Dictionary
    breakdowns: dict[str, Breakdown]
    crossings: list[list[str]]
    indicators: dict[str, Indicator]
    references: dict[str, Reference]
    cases: dict[str, Case]
    scenarios: dict[str, Scenario] = {}
    disclosure: Disclosure = Disclosure()  # the operator's, not the plan's; never copied into an edition

    def base_of(self, target: Target) -> str | None:
        """The year from which a target is counted: its own, else that of the plan."""
        return target.base_period or self.identity.base_period

    def bases(self, indicator: str) -> set[str]:
        """Base years that an indicator is held against: those of its changes, and of its own targets."""
        changes = {str(one.base_period) for one in self.indicators.values() if one.change_of == indicator}
        own = {self.base_of(target) for target in self.indicators[indicator].targets if target.value is not None}
        return changes | {base for base in own if base}

    def unit(self, indicator: str) -> Unit:
        return self.identity.units[self.indicators[indicator].unit]

    def breakdown_sets(self) -> list[tuple[str, ...]]:
        """The total, every breakdown and every crossing, as tuples of breakdown ids."""
        return [(), *((name,) for name in self.breakdowns), *(tuple(names) for names in self.crossings)]

    def categories(self, breakdown: str) -> dict[str, Code]:
        """Codes and names of a breakdown in the order of their list; empty for a column without a list."""
        found = self.breakdowns[breakdown]
        if found.rollup:
            return self.dictionary.codes[found.rollup].codes
        for table in self.dictionary.tables.values():
            column = table.columns.get(found.column)
            if column is not None and column.codes:
                return self.dictionary.codes[column.codes].codes
        return {}

    def named(self, breakdown: str, category: str) -> Text:
        """The name of a category: 零部件 · 小型; the code itself where a column has no list, or a text of it holds a comma."""
        names, codes = breakdown.split(","), codes_of(breakdown, category)
        if len(names) != len(codes):
            return Text(zh=category, en=category)
        listed = [(self.categories(name).get(code), code) for name, code in zip(names, codes, strict=True)]
        found = [entry.name if entry else Text(zh=code, en=code) for entry, code in listed]
        return Text(zh=" · ".join(one.zh for one in found), en=" · ".join(one.en for one in found))

    def reachable(self, indicator: Indicator) -> dict[str, Column]:
        """Columns the formulas of an indicator may name; with a panel also base_<column>."""
        assert indicator.table is not None
        found = {name: column for name, (_, column) in self.dictionary.reachable(indicator.table).items()}
        if indicator.panel:
            own = self.dictionary.tables[indicator.table].columns
            found |= {f"base_{name}": column for name, column in own.items()}
        return found


def codes_of(breakdown: str, category: str) -> list[str]:
    """The codes of which a category is made, one for each name of a crossing; the whole where commas in texts hide them."""
    count = breakdown.count(",") + 1
    parts = category.split(",") if count > 1 else [category]
    return parts if len(parts) == count else [category]
