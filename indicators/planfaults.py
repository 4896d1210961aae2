"""The faults of a plan whose files can be read: names that do not exist, and statements that do not go together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from indicators import formula
from indicators.plan import Breakdown, Case, Indicator, Plan, Target
from pipelines.dictionary import Column, Table
from pipelines.yamlfile import Fault, YamlFile, suggest

Place = Sequence[str | int]


@dataclass(frozen=True, kw_only=True)
class PlanFiles:
    """The files behind a plan, so that a fault can be pointed at."""

    identity: YamlFile
    breakdowns: YamlFile | None
    tables: dict[str, YamlFile]
    codes: dict[str, YamlFile]
    indicators: dict[str, YamlFile]
    references: dict[str, YamlFile]
    cases: dict[str, YamlFile]


def plan_faults(plan: Plan, files: PlanFiles) -> list[Fault]:
    """Every fault of a plan whose tables hold together."""
    check = _Check(plan)
    for name, file in files.tables.items():
        check.table(plan.dictionary.tables[name], file)
    for name, file in files.codes.items():
        check.codes(name, file)
    check.headline(files.identity)
    if files.breakdowns is not None:
        check.breakdowns(files.breakdowns)
    for name, file in files.indicators.items():
        check.indicator(plan.indicators[name], file)
    for name, file in files.references.items():
        check.need(file, ["unit"], plan.references[name].unit, plan.identity.units, "the unit")
    for name, file in files.cases.items():
        check.case(plan.cases[name], file)
    return check.found


class _Check:
    """Collects faults while it walks through a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.found: list[Fault] = []

    def say(self, file: YamlFile, place: Place, message: str, *, key: bool = False) -> None:
        text = message if message.endswith((".", "?", "…")) else f"{message}."
        self.found.append(file.fault(place, text, key=key))

    def need(self, file: YamlFile, place: Place, name: str, known: Iterable[str], what: str) -> bool:
        words = list(known)
        if name in words:
            return True
        self.say(file, place, f"{what} `{name}` does not exist.{suggest(name, words)}")
        return False

    def table(self, table: Table, file: YamlFile) -> None:
        for i, rule in enumerate(table.checks):
            for message in formula.faults(rule.that, table.columns, self.plan.dictionary.codes, table=table.id, boolean=True):
                self.say(file, ["checks", i, "that"], f"the check {message}")
        closed = [name for name, column in table.columns.items() if column.tier != "general" or column.personal]
        if table.public and closed:
            message = "a public table may hold only columns of the general tier that are not personal"
            self.say(file, ["public"], f"{message}; found {', '.join(closed)}")
        for name, column in table.columns.items():
            if column.minimum is not None and column.maximum is not None and column.minimum > column.maximum:
                self.say(
                    file, ["columns", name], f"`{name}`: the minimum {column.minimum} lies above the maximum {column.maximum}"
                )
        design = table.design
        for field in ("stratum", "population", "weight", "sampling_fraction", "group"):
            stated: str | None = getattr(design, field) if design else None
            if design and stated and not design.census and stated not in self.plan.dictionary.per_unit(table.id, design.unit):
                self.say(file, ["design", field], self._varies(stated, table))

    def _varies(self, name: str, table: Table) -> str:
        return f"`{name}` may differ between rows of one unit in one period of `{table.id}`; take a column of a linked register"

    def codes(self, name: str, file: YamlFile) -> None:
        for code in self.plan.dictionary.codes[name].codes:
            if "," in code:
                self.say(file, ["codes", code], f"the code `{code}` holds a comma, which joins the codes of a crossing", key=True)

    def headline(self, file: YamlFile) -> None:
        for i, name in enumerate(self.plan.identity.headline):
            self.need(file, ["headline", i], name, self.plan.indicators, "the indicator")

    def breakdowns(self, file: YamlFile) -> None:
        tables = self.plan.dictionary.tables.values()
        for name, split in self.plan.breakdowns.items():
            columns = [table.columns[split.column] for table in tables if split.column in table.columns]
            if not columns:
                known = {column for table in tables for column in table.columns}
                self.say(
                    file, ["breakdowns", name, "column"], f"no table has a column `{split.column}`.{suggest(split.column, known)}"
                )
            elif split.rollup:
                self._rollup(name, split, columns[0], file)
        for i, names in enumerate(self.plan.crossings):
            for j, name in enumerate(names):
                self.need(file, ["crossings", i, j], name, self.plan.breakdowns, "the breakdown")

    def _rollup(self, name: str, split: Breakdown, column: Column, file: YamlFile) -> None:
        assert split.rollup is not None
        place = ["breakdowns", name, "rollup"]
        lists = self.plan.dictionary.codes
        if not self.need(file, place, split.rollup, lists, "the code list"):
            return
        if not column.codes:
            self.say(file, place, f"`{split.column}` has no code list, so nothing says what rolls up to what")
            return
        for code, entry in lists[column.codes].codes.items():
            if entry.parent is not None and entry.parent not in lists[split.rollup].codes:
                self.say(file, place, f"code `{code}` has the parent `{entry.parent}`, which `{split.rollup}` does not have")

    def indicator(self, indicator: Indicator, file: YamlFile) -> None:
        plan = self.plan
        self.need(file, ["unit"], indicator.unit, plan.identity.units, "the unit")
        for i, name in enumerate(indicator.companions):
            self.need(file, ["companions", i], name, plan.indicators, "the indicator")
        for i, name in enumerate(indicator.breakdowns or []):
            self.need(file, ["breakdowns", i], name, plan.breakdowns, "the breakdown")
        if indicator.reference:
            self.need(file, ["reference"], indicator.reference, plan.references, "the reference")
        if indicator.change_of:
            known = self.need(file, ["change_of"], indicator.change_of, plan.indicators, "the indicator")
            if known and plan.indicators[indicator.change_of].kind == "change":
                self.say(file, ["change_of"], "a change of a change is not measured; name the level")
        for i, target in enumerate(indicator.targets):
            self._target(i, target, file)
        named = [target.id or indicator.id for target in indicator.targets]
        for i, name in enumerate(named):
            if name in named[:i]:
                self.say(file, ["targets", i], f"two targets here are called `{name}`; give each an id of its own")
        if indicator.table and self.need(file, ["table"], indicator.table, plan.dictionary.tables, "the table"):
            self._measure(indicator, plan.dictionary.tables[indicator.table], file)

    def _target(self, i: int, target: Target, file: YamlFile) -> None:
        if isinstance(target.scope, dict):
            for name, code in target.scope.items():
                if self.need(file, ["targets", i, "scope", name], name, self.plan.breakdowns, "the breakdown"):
                    self.need(file, ["targets", i, "scope", name], code, self.plan.categories(name), "the category")
        elif target.scope != "all":
            self.say(file, ["targets", i, "scope"], "scope is `all`, or one category such as {segment_group: parts}")
        if target.basis in ("change", "step") and target.base_period is None:
            self.say(file, ["targets", i], f"a target on a {target.basis} needs its base_period")

    def _measure(self, indicator: Indicator, table: Table, file: YamlFile) -> None:
        reachable = self.plan.reachable(indicator)
        for key in ("respondents", "where", "numerator", "denominator"):
            text, boolean = getattr(indicator, key), key in ("respondents", "where")
            if isinstance(text, str):
                for message in formula.faults(text, reachable, self.plan.dictionary.codes, table=table.id, boolean=boolean):
                    self.say(file, [key], f"{key} {message}")
        self._columns(indicator, table, file)
        design = indicator.design or table.design
        for i, name in enumerate(indicator.breakdowns or []):
            column = self.plan.breakdowns[name].column if name in self.plan.breakdowns else None
            if design and column in reachable and column not in self.plan.dictionary.per_unit(table.id, design.unit):
                self.say(file, ["breakdowns", i], self._varies(str(column), table))
        if table.period is None and table.year is None and indicator.duration is None:
            self.say(file, ["table"], f"table `{table.id}` has neither `period` nor `year`, so nothing can be dated by it")
        if indicator.duration and not any("period" in link.on.values() for link in table.link):
            self.say(file, ["table"], f"table `{table.id}` has no link on the period, so its rows belong to no year")
        if indicator.duration and design is None:
            self.say(file, ["table"], f"table `{table.id}` has no `design`; a duration needs to know whose the cases are")

    def _columns(self, indicator: Indicator, table: Table, file: YamlFile) -> None:
        names: list[tuple[list[str | int], str | None]] = []
        if indicator.duration:
            names += [(["duration", key], getattr(indicator.duration, key)) for key in ("start", "end", "stopped", "as_of")]
        if indicator.panel:
            names += [(["panel", "on", i], name) for i, name in enumerate(indicator.panel.on)]
        for place, name in names:
            if name is not None and name not in table.columns:
                self.say(file, place, f"table `{table.id}` has no column `{name}`.{suggest(name, table.columns)}")

    def case(self, case: Case, file: YamlFile) -> None:
        if case.id not in self.plan.indicators:
            near = suggest(case.id, self.plan.indicators)
            self.say(file, [], f"no indicator is called `{case.id}`; a case bears the name of its indicator.{near}")
        for name, rows in case.tables.items():
            table = self.plan.dictionary.tables.get(name)
            if table is None:
                near = suggest(name, self.plan.dictionary.tables)
                self.say(file, ["tables", name], f"the table `{name}` does not exist.{near}", key=True)
                continue
            for i, row in enumerate(rows):
                for column in row:
                    if column not in table.columns:
                        near = suggest(column, table.columns)
                        self.say(file, ["tables", name, i, column], f"table `{name}` has no column `{column}`.{near}", key=True)
