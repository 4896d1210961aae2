"""A plan: its identity, its dictionary, its indicators with their targets, and what of it is published."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from indicators import formula
from pipelines.dictionary import Code, CodeList, Column, Design, Dictionary, Identifier, Table, read_folder, table_faults
from pipelines.yamlfile import Fault, Model, PlanFaults, Text, YamlFile, read_yaml, suggest

AUTOMOTIVE = Path(__file__).parent / "plans" / "automotive"

Operator = Literal[">", ">=", "<", "<="]
Level = Literal["year", "quarter", "month"]
Basis = Literal["level", "change", "count", "step", "coverage"]


class Unit(Model):
    """How a number is written: stored value × `factor`, `decimals` digits, then the symbol."""

    name: Text
    symbol: Text
    factor: float = 1
    bounded: bool = False  # a share between 0 and 1: its interval stays inside and its quality follows the rule for shares
    decimals: int = Field(default=1, ge=0, le=6)
    difference: Text | None = None  # what a difference of two such values is called, e.g. 个百分点; absent: the symbol


class Target(Model):
    """What the plan demands of an indicator, and how its sentence is read."""

    id: str | None = None  # as numbered in the register of targets, e.g. T4; absent: the id of the indicator
    year: int | None = Field(default=None, ge=2000, le=2100)  # absent: the plan gives no date
    operator: Operator | None = None  # absent with value: the plan gives no number
    value: float | None = None  # in the unit of the indicator, rates as fractions
    basis: Basis
    base_period: str | None = None
    scope: str | dict[Identifier, str] = "all"  # or one category, e.g. {segment_group: parts}
    source: str
    reading: Literal["strict", "inclusive", "qualitative"]
    sentence: Text | None = None  # the words of the law
    explanation: Text | None = None  # how they are read, and what else they could mean

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


class Panel(Model):
    """A fixed panel: each row is matched with the row of the same unit in the base period, as base_<column>."""

    base_period: int
    on: list[Identifier] = Field(min_length=1)


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
    change_of: Identifier | None = None  # relative change of another indicator on `base_period`
    base_period: str | None = None
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
    id: int
    name: Text


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


class Disclosure(Model):
    """Protection of respondents. Configuration of the operator; never copied into an edition."""

    minimum_groups: int = Field(default=3, ge=1)
    reason: Text | None = None

    @model_validator(mode="after")
    def _reasoned(self) -> Disclosure:
        if self.minimum_groups < 3 and self.reason is None:
            raise ValueError("fewer than three groups may be published only with a `reason`")
        return self


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
    units: dict[str, Unit]
    headline: list[Identifier]  # indicators of the overview, in order
    goals: list[Goal] = []
    actions: list[Action] = []
    disclosure: Disclosure = Disclosure()
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

    def reachable(self, indicator: Indicator) -> dict[str, Column]:
        """Columns the formulas of an indicator may name; with a panel also base_<column>."""
        assert indicator.table is not None
        found = {name: column for name, (_, column) in self.dictionary.reachable(indicator.table).items()}
        if indicator.panel:
            own = self.dictionary.tables[indicator.table].columns
            found |= {f"base_{name}": column for name, column in own.items()}
        return found


def load_plan(folder: Path | str) -> Plan:
    """The plan in `folder`. Raises PlanFaults with every fault found, each with file, line and column."""
    root = Path(folder).resolve()
    if not (root / "plan.yaml").is_file():
        message = "there is no plan.yaml here; a plan folder holds plan.yaml, tables/, codes/ and indicators/."
        raise PlanFaults([Fault(file=str(folder), line=1, column=1, message=message)])
    faults: list[Fault] = []

    def one(name: str, model: type[Model], default: Any = None) -> tuple[Any, YamlFile | None]:
        if default is not None and not (root / name).is_file():
            return default, None
        try:
            file = read_yaml(root / name, f"{root.name}/{name}")
            return file.validate(model), file
        except PlanFaults as error:
            faults.extend(error.faults)
            return None, None

    identity, identity_file = one("plan.yaml", Identity)
    splits, splits_file = one("breakdowns.yaml", BreakdownFile, BreakdownFile())
    tables, table_files, found = read_folder("tables", Table, root)
    faults += found
    codes, _, found = read_folder("codes", CodeList, root)
    faults += found
    indicators, indicator_files, found = read_folder("indicators", Indicator, root)
    faults += found
    references, reference_files, found = read_folder("references", Reference, root)
    faults += found
    cases, case_files, found = read_folder("cases", Case, root)
    faults += found
    if faults:  # names cannot be checked against files that could not be read
        raise PlanFaults(faults)
    plan = Plan(
        identity=identity,
        dictionary=Dictionary(tables=tables, codes=codes, missing=identity.missing),
        breakdowns=splits.breakdowns,
        crossings=splits.crossings,
        indicators=indicators,
        references=references,
        cases=cases,
    )
    faults += table_faults(plan.dictionary, table_files)
    if not faults:
        faults += _check_faults(plan, table_files)
        faults += _identity_faults(plan, identity_file)
        faults += _breakdown_faults(plan, splits_file)
        for name, file in indicator_files.items():
            faults += _indicator_faults(plan, plan.indicators[name], file)
        for name, file in reference_files.items():
            unit = plan.references[name].unit
            if unit not in plan.identity.units:
                faults.append(file.fault(["unit"], f"the unit `{unit}` does not exist.{suggest(unit, plan.identity.units)}"))
        for name, file in case_files.items():
            faults += _case_faults(plan, plan.cases[name], file)
    if faults:
        raise PlanFaults(faults)
    return plan


def _check_faults(plan: Plan, files: dict[str, YamlFile]) -> list[Fault]:
    found: list[Fault] = []
    for table in plan.dictionary.tables.values():
        for i, check in enumerate(table.checks):
            for message in formula.faults(check.that, table.columns, plan.dictionary.codes, table=table.id, boolean=True):
                found.append(files[table.id].fault(["checks", i, "that"], _sentence(f"the check {message}")))
        if table.public and (
            closed := [name for name, column in table.columns.items() if column.tier != "general" or column.personal]
        ):
            message = (
                f"a public table may hold only columns of the general tier that are not personal; found {', '.join(closed)}."
            )
            found.append(files[table.id].fault(["public"], message))
    return found


def _identity_faults(plan: Plan, file: YamlFile | None) -> list[Fault]:
    assert file is not None
    return [
        file.fault(["headline", i], f"the indicator `{name}` does not exist.{suggest(name, plan.indicators)}")
        for i, name in enumerate(plan.identity.headline)
        if name not in plan.indicators
    ]


def _breakdown_faults(plan: Plan, file: YamlFile | None) -> list[Fault]:
    found: list[Fault] = []
    if file is None:
        return found
    for name, split in plan.breakdowns.items():
        columns = [table.columns[split.column] for table in plan.dictionary.tables.values() if split.column in table.columns]
        if not columns:
            known = {column for table in plan.dictionary.tables.values() for column in table.columns}
            found.append(
                file.fault(
                    ["breakdowns", name, "column"], f"no table has a column `{split.column}`.{suggest(split.column, known)}"
                )
            )
        if split.rollup and split.rollup not in plan.dictionary.codes:
            found.append(
                file.fault(
                    ["breakdowns", name, "rollup"],
                    f"the code list `{split.rollup}` does not exist.{suggest(split.rollup, plan.dictionary.codes)}",
                )
            )
        elif split.rollup and columns and not columns[0].codes:
            found.append(
                file.fault(
                    ["breakdowns", name, "rollup"], f"`{split.column}` has no code list, so nothing says what rolls up to what."
                )
            )
        elif split.rollup and columns and columns[0].codes:
            parents = plan.dictionary.codes[split.rollup].codes
            for code, entry in plan.dictionary.codes[columns[0].codes].codes.items():
                if entry.parent is not None and entry.parent not in parents:
                    found.append(
                        file.fault(
                            ["breakdowns", name, "rollup"],
                            f"code `{code}` has the parent `{entry.parent}`, which `{split.rollup}` does not have.",
                        )
                    )
    for i, names in enumerate(plan.crossings):
        for j, name in enumerate(names):
            if name not in plan.breakdowns:
                found.append(
                    file.fault(["crossings", i, j], f"the breakdown `{name}` does not exist.{suggest(name, plan.breakdowns)}")
                )
    return found


def _indicator_faults(plan: Plan, indicator: Indicator, file: YamlFile) -> list[Fault]:
    found: list[Fault] = []

    def need(place: list[str | int], name: str, known: Any, what: str) -> bool:
        if name not in known:
            found.append(file.fault(place, f"the {what} `{name}` does not exist.{suggest(name, known)}"))
            return False
        return True

    need(["unit"], indicator.unit, plan.identity.units, "unit")
    for i, name in enumerate(indicator.companions):
        need(["companions", i], name, plan.indicators, "indicator")
    for i, name in enumerate(indicator.breakdowns or []):
        need(["breakdowns", i], name, plan.breakdowns, "breakdown")
    if indicator.reference:
        need(["reference"], indicator.reference, plan.references, "reference")
    if indicator.change_of:
        known = need(["change_of"], indicator.change_of, plan.indicators, "indicator")
        if known and plan.indicators[indicator.change_of].kind == "change":
            found.append(file.fault(["change_of"], "a change of a change is not measured; name the level."))
    for i, target in enumerate(indicator.targets):
        if isinstance(target.scope, dict):
            for name, code in target.scope.items():
                if need(["targets", i, "scope", name], name, plan.breakdowns, "breakdown"):
                    need(["targets", i, "scope", name], code, plan.categories(name), "category")
        elif target.scope != "all":
            found.append(file.fault(["targets", i, "scope"], "scope is `all`, or one category such as {segment_group: parts}."))
        if target.basis in ("change", "step") and target.base_period is None:
            found.append(file.fault(["targets", i], f"a target on a {target.basis} needs its base_period."))
    if indicator.table and need(["table"], indicator.table, plan.dictionary.tables, "table"):
        found += _formula_faults(plan, indicator, file)
    return found


def _formula_faults(plan: Plan, indicator: Indicator, file: YamlFile) -> list[Fault]:
    assert indicator.table is not None
    found: list[Fault] = []
    table = plan.dictionary.tables[indicator.table]
    reachable = plan.reachable(indicator)
    for key in ("respondents", "where", "numerator", "denominator"):
        text = getattr(indicator, key)
        if isinstance(text, str):
            boolean = key in ("respondents", "where")
            for message in formula.faults(text, reachable, plan.dictionary.codes, table=table.id, boolean=boolean):
                found.append(file.fault([key], _sentence(f"{key} {message}")))
    names: list[tuple[list[str | int], str | None]] = []
    if indicator.duration:
        names += [(["duration", key], getattr(indicator.duration, key)) for key in ("start", "end", "stopped", "as_of")]
    if indicator.panel:
        names += [(["panel", "on", i], name) for i, name in enumerate(indicator.panel.on)]
    for place, name in names:
        if name is not None and name not in table.columns:
            found.append(file.fault(place, f"table `{table.id}` has no column `{name}`.{suggest(name, table.columns)}"))
    if table.period is None and table.year is None and indicator.duration is None:
        found.append(file.fault(["table"], f"table `{table.id}` has neither `period` nor `year`, so nothing can be dated by it."))
    if indicator.duration and not any("period" in link.on.values() for link in table.link):
        found.append(file.fault(["table"], f"table `{table.id}` has no link on the period, so its rows belong to no year."))
    if indicator.duration and (indicator.design or table.design) is None:
        found.append(file.fault(["table"], f"table `{table.id}` has no `design`; a duration needs to know whose the cases are."))
    return found


def _sentence(text: str) -> str:
    return text if text.endswith((".", "?", "…")) else f"{text}."


def _case_faults(plan: Plan, case: Case, file: YamlFile) -> list[Fault]:
    found: list[Fault] = []
    if case.id not in plan.indicators:
        found.append(
            file.fault(
                [],
                f"no indicator is called `{case.id}`; a case bears the name of its indicator.{suggest(case.id, plan.indicators)}",
            )
        )
    for name, rows in case.tables.items():
        if name not in plan.dictionary.tables:
            found.append(
                file.fault(
                    ["tables", name], f"the table `{name}` does not exist.{suggest(name, plan.dictionary.tables)}", key=True
                )
            )
            continue
        known = plan.dictionary.tables[name].columns
        for i, row in enumerate(rows):
            for column in row:
                if column not in known:
                    found.append(
                        file.fault(
                            ["tables", name, i, column],
                            f"table `{name}` has no column `{column}`.{suggest(column, known)}",
                            key=True,
                        )
                    )
    return found
