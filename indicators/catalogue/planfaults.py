"""The faults of a plan whose files can be read: names that do not exist, and statements that do not go together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from indicators.catalogue import comparability, formula
from indicators.catalogue.designfaults import design_faults
from indicators.catalogue.plan import Breakdown, Case, Decomposition, Indicator, Plan, Target
from indicators.catalogue.question import breakdown_sets
from indicators.catalogue.scenario import Scenario
from indicators.catalogue.scenariofaults import scenario_faults, targets_of
from indicators.catalogue.targetfaults import target_faults
from pipelines.custody import Custody, unstated
from pipelines.dictionary import Column, Table, links_read, written
from pipelines.edit.rulefaults import rule_faults
from pipelines.weights import TABLE as WEIGHTS
from pipelines.yamlfile import Fault, YamlFile, suggest

Place = Sequence[str | int]


@dataclass(frozen=True, kw_only=True)
class PlanFiles:
    """The files behind a plan, so that a fault can be pointed at."""

    identity: YamlFile | None
    breakdowns: YamlFile | None
    tables: dict[str, YamlFile]
    codes: dict[str, YamlFile]
    indicators: dict[str, YamlFile]
    references: dict[str, YamlFile]
    cases: dict[str, YamlFile]
    scenarios: dict[str, YamlFile]
    unread: dict[str, set[str]]  # ids by folder of files that could not be read; they exist, and no more is known of them
    unread_breakdowns: bool
    faulty: frozenset[str]  # labels of files in which a fault was already found


def plan_faults(plan: Plan, files: PlanFiles) -> list[Fault]:
    """Every fault of the files that could be read, without what only follows from a fault of another file."""
    check = _Check(plan, files)
    for name, file in files.tables.items():
        check.table(plan.dictionary.tables[name], file)
    for name, file in files.codes.items():
        check.codes(name, file)
    if files.identity is not None:
        check.headline(files.identity)
        check.actions(files.identity)
        check.custody(files.identity)
    if files.breakdowns is not None:
        check.breakdowns(files.breakdowns)
    for name, file in files.indicators.items():
        check.indicator(plan.indicators[name], file)
    for name, file in files.references.items():
        check.unit(file, plan.references[name].unit)
    for name, file in files.cases.items():
        check.case(plan.cases[name], file)
    for name, file in files.scenarios.items():
        check.scenario(plan.scenarios[name], file)
    return check.found


def _stated(file: YamlFile | None, key: str) -> set[str] | None:
    """The names written under `key`; None when what stands there is no mapping of names."""
    return set() if file is None or key not in file.data else written(file, key) or None


class _Check:
    """Collects faults while it walks through a plan."""

    def __init__(self, plan: Plan, files: PlanFiles) -> None:
        self.plan, self.files = plan, files
        self.found: list[Fault] = []
        self.tables = {*plan.dictionary.tables, *files.unread["tables"]}
        lists = plan.dictionary.codes.items()
        self.codes_read = {name: listed for name, listed in lists if files.codes[name].label not in files.faulty}
        self.lists = {*plan.dictionary.codes, *files.unread["codes"]}
        self.indicators = {*plan.indicators, *files.unread["indicators"]}
        self.references = {*plan.references, *files.unread["references"]}
        self.splits = None if files.unread_breakdowns else _stated(files.breakdowns, "breakdowns")
        self.units = _stated(files.identity, "units") if files.identity else None

    def columns(self, table: str) -> set[str] | None:
        """Names of the columns written in a table; None when they are not known."""
        file = self.files.tables.get(table)
        return (written(file, "columns") or None) if file else None

    def reachable(self, table: Table, *, linked: bool = True) -> set[str] | None:
        """Names of the columns a formula over the table may use; None when not all are known."""
        links = table.link if linked else []
        if linked and not links_read(table, self.files.tables[table.id]):
            return None
        found: set[str] = set()
        for name in (table.id, *(link.table for link in links)):
            columns = self.columns(name)
            if columns is None:
                return None
            found |= columns | (written(self.files.tables[name], "chains") if linked else set())
        return found

    def sound(self, table: Table) -> bool:
        """Whether no fault was found in the table and in those it links."""
        files = [self.files.tables.get(name) for name in (table.id, *(link.table for link in table.link))]
        return all(file is not None and file.label not in self.files.faulty for file in files)

    def formula(self, text: str, given: Mapping[str, Column], names: set[str] | None, table: str, *, boolean: bool) -> list[str]:
        """The faults of a formula, without those about columns whose definition is broken or out of sight."""
        found = formula.faults(text, given, self.codes_read, table=table, boolean=boolean)
        if names is None:
            return [message for message in found if ", which table `" not in message]
        hidden = [f"names column `{name}`, which table" for name in names - given.keys()]
        return [message for message in found if not message.startswith(tuple(hidden))]

    def say(self, file: YamlFile, place: Place, message: str, *, key: bool = False) -> None:
        text = message if message.endswith((".", "?", "…")) else f"{message}."
        self.found.append(file.fault(place, text, key=key))

    def need(self, file: YamlFile, place: Place, name: str, known: Iterable[str], what: str) -> bool:
        words = list(known)
        if name in words:
            return True
        self.say(file, place, f"{what} `{name}` does not exist.{suggest(name, words)}")
        return False

    def unit(self, file: YamlFile, unit: str | None) -> None:
        if unit is not None and self.units is not None:
            self.need(file, ["unit"], unit, self.units, "the unit")

    def split(self, file: YamlFile, place: Place, name: str) -> bool:
        return self.splits is None or self.need(file, place, name, self.splits, "the breakdown")

    def table(self, table: Table, file: YamlFile) -> None:
        names, readable = self.reachable(table, linked=False), self.sound(table)
        for i, rule in enumerate(table.checks):
            for message in self.formula(rule.that, table.columns, names, table.id, boolean=True):
                self.say(file, ["checks", i, "that"], f"the check {message}")
                readable = False
        for where, message in rule_faults(self.plan.dictionary, table) if readable else ():
            self.say(file, where, message)
        for i, scale in enumerate(table.scales):
            for message in self.formula(scale.where, table.columns, names, table.id, boolean=True) if scale.where else ():
                self.say(file, ["scales", i, "where"], f"where {message}")
            if any(low >= high for low, high in pairwise(scale.bounds)):
                self.say(file, ["scales", i, "bounds"], "the bounds of classes rise; give them in that order, each once")
        dated = table.columns[table.period].type if table.period in table.columns else None
        if table.due_days is not None and (table.period is None or dated not in ("month", "year", None)):
            message = "`due_days` counts from the end of a period, so the table needs a `period` of type month or year"
            self.say(file, ["due_days"], message)
        closed = [name for name, column in table.columns.items() if column.tier != "general" or column.personal]
        if table.public and closed:
            message = "a public table may hold only columns of the general tier that are not personal"
            self.say(file, ["public"], f"{message}; found {', '.join(closed)}")
        for name, column in table.columns.items():
            if column.minimum is not None and column.maximum is not None and column.minimum > column.maximum:
                self.say(
                    file, ["columns", name], f"`{name}`: the minimum {column.minimum} lies above the maximum {column.maximum}"
                )
        design = table.design if self.sound(table) else None
        for field in ("stratum", "population", "weight", "sampling_fraction", "group"):
            stated: str | None = getattr(design, field) if design else None
            if design and stated and not design.census and stated not in self.plan.dictionary.per_unit(table.id, design.unit):
                self.say(file, ["design", field], self._varies(stated, table))

        for name, neighbour in (design.collapse if design else {}).items():
            if name == neighbour:
                message = f"the stratum `{name}` cannot join itself; name a neighbour that is like it"
                self.say(file, ["design", "collapse", name], message)

        for place, message in design_faults(self.plan.dictionary, table, design, self.lists) if design else ():
            self.say(file, ["design", *place], message)
        if table.id == WEIGHTS:
            message = f"no table may be called `{WEIGHTS}`: under that name the warehouse keeps the weights of every publication"
            self.say(file, [], message)

    def _varies(self, name: str, table: Table) -> str:
        return f"`{name}` may differ between rows of one unit in one period of `{table.id}`; take a column of a linked register"

    def codes(self, name: str, file: YamlFile) -> None:
        for code in self.plan.dictionary.codes[name].codes:
            if "," in code:
                self.say(file, ["codes", code], f"the code `{code}` holds a comma, which joins the codes of a crossing", key=True)

    def headline(self, file: YamlFile) -> None:
        for i, name in enumerate(self.plan.identity.headline):
            self.need(file, ["headline", i], name, self.indicators, "the indicator")

    def actions(self, file: YamlFile) -> None:
        goals = [goal.id for goal in self.plan.identity.goals]
        for i, action in enumerate(self.plan.identity.actions):
            for j, task in enumerate(action.tasks):
                named: tuple[tuple[str, list[str], Iterable[str], str], ...] = (
                    ("indicators", task.indicators, self.indicators, "the indicator"),
                    ("goals", task.goals, goals, "the goal"),
                    ("tables", task.tables, self.tables, "the table"),
                )
                for key, names, known, what in named:
                    for k, name in enumerate(names):
                        self.need(file, ["actions", i, "tasks", j, key, k], name, known, what)

    def custody(self, file: YamlFile) -> None:
        for key in ("custody", "publication"):
            stated: Custody = getattr(self.plan.identity, key)
            for i, name in enumerate(stated.proposed):
                if getattr(stated, name) is None:
                    self.say(file, [key, "proposed", i], unstated(name))

    def breakdowns(self, file: YamlFile) -> None:
        tables = self.plan.dictionary.tables.values()
        for name, split in self.plan.breakdowns.items():
            columns = [table.columns[split.column] for table in tables if split.column in table.columns]
            stated = [self.columns(table) for table in self.tables]
            known: set[str] = set().union(*(names for names in stated if names is not None))
            if split.column not in known and None not in stated:
                near = suggest(split.column, known)
                self.say(file, ["breakdowns", name, "column"], f"no table has a column `{split.column}`.{near}")
            elif columns and split.rollup:
                self._rollup(name, split, columns[0], file)
        for i, names in enumerate(self.plan.crossings):
            for j, name in enumerate(names):
                self.split(file, ["crossings", i, j], name)

    def _rollup(self, name: str, split: Breakdown, column: Column, file: YamlFile) -> None:
        assert split.rollup is not None
        place = ["breakdowns", name, "rollup"]
        lists = self.plan.dictionary.codes
        if not self.need(file, place, split.rollup, self.lists, "the code list"):
            return
        if not column.codes and column.type == "code":
            return  # said at the column
        if not column.codes:
            self.say(file, place, f"`{split.column}` has no code list, so nothing says what rolls up to what")
            return
        parents = written(self.files.codes[split.rollup], "codes") if split.rollup in lists else None
        listed = lists[column.codes].codes if column.codes in lists and parents is not None else {}
        for code, entry in listed.items():
            if parents is not None and entry.parent is not None and entry.parent not in parents:
                self.say(file, place, f"code `{code}` has the parent `{entry.parent}`, which `{split.rollup}` does not have")

    def indicator(self, indicator: Indicator, file: YamlFile) -> None:
        plan = self.plan
        self.unit(file, indicator.unit)
        for i, name in enumerate(indicator.companions):
            self.need(file, ["companions", i], name, self.indicators, "the indicator")
        for i, name in enumerate(indicator.breakdowns or []):
            self.split(file, ["breakdowns", i], name)
        if indicator.reference:
            self.need(file, ["reference"], indicator.reference, self.references, "the reference")
        if indicator.change_of:
            known = self.need(file, ["change_of"], indicator.change_of, self.indicators, "the indicator")
            if known and (level := plan.indicators.get(indicator.change_of)) is not None and level.kind == "change":
                self.say(file, ["change_of"], "a change of a change is not measured; name the level")
        if "change_as" in file.data:
            self._kind_of_change(indicator, file)
        if indicator.counted and (indicator.kind != "ratio" or indicator.denominator is None):
            self.say(file, ["counted"], "only of a ratio is it said what is counted; leave `counted` out", key=True)
        if indicator.mix:
            self._mix(indicator, indicator.mix, file)
        if indicator.decomposition:
            self._decomposition(indicator, indicator.decomposition, file)
        for i, target in enumerate(indicator.targets):
            self._target(i, target, file)
            for place, message in target_faults(plan, indicator, target, self.units or set()):
                self.say(file, ["targets", i, *place], message)
            for j, name in enumerate(target.sensitivity):
                self._sensitivity(["targets", i, "sensitivity", j], indicator, target, name, file)
        named = [target.id or indicator.id for target in indicator.targets]
        for i, name in enumerate(named):
            if name in named[:i]:
                self.say(file, ["targets", i], f"two targets here are called `{name}`; give each an id of its own")
        if indicator.table:
            self.need(file, ["table"], indicator.table, self.tables, "the table")
            if (table := plan.dictionary.tables.get(indicator.table)) is not None:
                self._measure(indicator, table, file)
            else:
                self._formulas(indicator, {}, None, file)

    def _kind_of_change(self, indicator: Indicator, file: YamlFile) -> None:
        level = self.plan.indicators.get(indicator.change_of or "")
        if indicator.change_of is None:
            self.say(file, ["change_as"], "only a change is relative or a difference; leave `change_as` out", key=True)
        elif level is None or indicator.change_as == "relative" or not {level.unit, indicator.unit} <= (self.units or set()):
            return  # nothing to be held against, or said there
        elif level.unit != indicator.unit:
            message = f"a difference is in the unit of its level `{level.id}`, which is `{level.unit}`; found `{indicator.unit}`"
            self.say(file, ["unit"], message)

    def _mix(self, indicator: Indicator, mix: str, file: YamlFile) -> None:
        level = self.plan.indicators.get(indicator.change_of or "")
        if indicator.change_of and level is None:
            return  # said there
        if level is None or level.duration is None or indicator.change_as != "relative":
            self.say(file, ["mix"], "a mix is kept only by the relative change of a duration; leave it out", key=True)
        elif self.split(file, ["mix"], mix) and level.table in self.plan.dictionary.tables:
            table = self.plan.dictionary.tables[level.table]
            if self.sound(table) and (mix,) not in breakdown_sets(self.plan, level):
                self.say(file, ["mix"], f"`{level.id}` is not broken down by `{mix}`; name a breakdown that it has")

    def _broken_down(self, place: Place, indicator: Indicator, names: Sequence[str], file: YamlFile) -> None:
        """Whether the level behind an indicator is broken down so; said only where all of its tables are sound."""
        level = self.plan.indicators.get(indicator.change_of or indicator.id)
        table = self.plan.dictionary.tables.get(level.table or "") if level else None
        known = self.splits is not None and set(names) <= self.splits
        if level and table and known and self.sound(table) and tuple(names) not in breakdown_sets(self.plan, level):
            said = ", ".join(names)
            self.say(file, place, f"`{level.id}` is not broken down by `{said}`; name a breakdown that it has")

    def _sensitivity(self, place: Place, indicator: Indicator, target: Target, name: str, file: YamlFile) -> None:
        self.need(file, place, name, self.indicators, "the indicator")
        other = self.plan.indicators.get(name)
        if other is not None and other.unit != indicator.unit:
            message = f"`{name}` is in `{other.unit}` and not in `{indicator.unit}`, so it cannot be held against this target"
            self.say(file, place, message)
        elif other is not None and isinstance(target.scope, dict):
            self._broken_down(place, other, list(target.scope), file)

    def _decomposition(self, indicator: Indicator, asked: Decomposition, file: YamlFile) -> None:
        level = self.plan.indicators.get(indicator.change_of or "")
        if indicator.change_of and level is None:
            return  # said there
        if level is None or level.kind != "ratio" or level.panel:
            self.say(file, ["decomposition"], "only the change of a ratio of totals is made of parts; leave it out", key=True)
            return
        place: Place = ["decomposition", "by"]
        if self.split(file, place, asked.by):
            self._broken_down(place, indicator, [asked.by], file)
            if column := self._left_out(asked.by, level):
                message = f"`{asked.by}` leaves units out, so the parts would not add up"
                self.say(file, place, f"{message}; make `{column}` required, and roll each of its codes up")
        table = self.plan.dictionary.tables.get(level.table or "")
        design = level.design or (table.design if table else None)
        if table and (design is None or design.calibration):
            message = "needs a `design` without calibration: its parts are sums by design weight of who stays, comes, leaves"
            self.say(file, ["decomposition"], message, key=True)
        if asked.current and self.need(file, ["decomposition", "current"], asked.current, self.indicators, "the indicator"):
            other = self.plan.indicators.get(asked.current)
            keys = ("table", "design", "respondents", "where", "denominator")
            unlike = [key for key in keys if other is not None and getattr(other, key) != getattr(level, key)]
            if other is not None and unlike:
                message = f"`{other.id}` may differ from `{level.id}` in its numerator only; found another {', '.join(unlike)}"
                self.say(file, ["decomposition", "current"], message)

    def _left_out(self, name: str, level: Indicator) -> str | None:
        """The column of a breakdown, where a unit may be in no category: it may be blank, or a code has no parent."""
        split = self.plan.breakdowns.get(name)
        reachable = self.plan.reachable(level) if level.table in self.plan.dictionary.tables else {}
        column = reachable.get(split.column) if split else None
        if split is None or column is None:
            return None
        listed = self.plan.dictionary.codes.get(column.codes or "")
        orphans = split.rollup and listed and any(entry.parent is None for entry in listed.codes.values())
        return split.column if orphans or not column.required else None

    def _target(self, i: int, target: Target, file: YamlFile) -> None:
        if isinstance(target.scope, dict):
            for name, code in target.scope.items():
                known = self._categories(name) if self.split(file, ["targets", i, "scope", name], name) else None
                if known is not None:
                    self.need(file, ["targets", i, "scope", name], code, known, "the category")
        elif target.scope != "all":
            self.say(file, ["targets", i, "scope"], "scope is `all`, or one category such as {segment_group: parts}")
        if target.basis in ("change", "step") and target.base_period is None:
            self.say(file, ["targets", i], f"a target on a {target.basis} needs its base_period")

    def _categories(self, name: str) -> set[str] | None:
        """Codes written in the list of a breakdown; None when they are not known."""
        split = self.plan.breakdowns.get(name)
        if split is None:
            return None
        columns = [table.columns[split.column] for table in self.plan.dictionary.tables.values() if split.column in table.columns]
        listed = split.rollup or next((column.codes for column in columns if column.codes), None)
        if listed is None:
            return set() if columns else None
        return written(self.files.codes[listed], "codes") if listed in self.files.codes else None

    def _measure(self, indicator: Indicator, table: Table, file: YamlFile) -> None:
        reachable, names = self.plan.reachable(indicator), self.reachable(table)
        if "panel" in file.data and names is not None:
            names |= {f"base_{name}" for name in self.columns(table.id) or ()}
        self._formulas(indicator, reachable, names, file)
        self._columns(indicator, table, file)
        if not self.sound(table):
            return  # what it lacks may stand in its broken part
        design = indicator.design or table.design
        own = indicator.design
        for place, message in design_faults(self.plan.dictionary, table, own, self.lists) if own else ():
            self.say(file, ["design", *place], message)
        for i, name in enumerate(indicator.breakdowns or []):
            column = self.plan.breakdowns[name].column if name in self.plan.breakdowns else None
            if design and column in reachable and column not in self.plan.dictionary.per_unit(table.id, design.unit):
                self.say(file, ["breakdowns", i], self._varies(str(column), table))
        if table.period is None and table.year is None and "duration" not in file.data:
            self.say(file, ["table"], f"table `{table.id}` has neither `period` nor `year`, so nothing can be dated by it")
        if indicator.duration and not any("period" in link.on.values() for link in table.link):
            self.say(file, ["table"], f"table `{table.id}` has no link on the period, so its rows belong to no year")
        if indicator.duration and indicator.periods != ["year"]:
            self.say(file, ["periods"], "a duration is measured by year; leave `periods` out", key=True)
        if indicator.duration and design and (design.calibration or design.response_group):
            place = ["design"] if indicator.design else ["table"]
            message = "a duration takes the weights that strata give; leave `calibration` and `response_group` out of its design"
            self.say(file, place, message)
        if indicator.duration and design is None:
            self.say(file, ["table"], f"table `{table.id}` has no `design`; a duration needs to know whose the cases are")
        elif design is None and not table.public:
            message = "has neither a `design` nor `public: true`, so nobody knows whom its numbers could give away"
            self.say(file, ["table"], f"table `{table.id}` {message}; state who the units are, or that its records are public")
        if file.label not in self.files.faulty and not any(fault.file == file.label for fault in self.found):
            broken = {name for name, one in self.files.tables.items() if one.label in self.files.faulty}
            unsure = broken | self.files.unread["tables"]
            for place, message in comparability.faults(indicator, table, self.plan.dictionary, unsure):
                self.say(file, place, message)

    def _formulas(self, indicator: Indicator, given: Mapping[str, Column], names: set[str] | None, file: YamlFile) -> None:
        for key in ("respondents", "where", "numerator", "denominator"):
            text, boolean = getattr(indicator, key), key in ("respondents", "where")
            if isinstance(text, str):
                for message in self.formula(text, given, names, str(indicator.table), boolean=boolean):
                    self.say(file, [key], f"{key} {message}")

    def _columns(self, indicator: Indicator, table: Table, file: YamlFile) -> None:
        names: list[tuple[list[str | int], str | None]] = []
        if indicator.duration:
            names += [(["duration", key], getattr(indicator.duration, key)) for key in ("start", "end", "stopped", "as_of")]
        if indicator.panel:
            names += [(["panel", "on", i], name) for i, name in enumerate(indicator.panel.on)]
        known = self.columns(table.id)
        for place, name in names:
            if name is not None and known is not None and name not in known:
                self.say(file, place, f"table `{table.id}` has no column `{name}`.{suggest(name, known)}")

    def case(self, case: Case, file: YamlFile) -> None:
        if case.id not in self.indicators:
            near = suggest(case.id, self.indicators)
            self.say(file, [], f"no indicator is called `{case.id}`; a case bears the name of its indicator.{near}")
        for name, rows in case.tables.items():
            if name not in self.tables:
                near = suggest(name, self.tables)
                self.say(file, ["tables", name], f"the table `{name}` does not exist.{near}", key=True)
                continue
            known = self.columns(name)
            for i, row in enumerate(rows if known is not None else ()):
                for column in row:
                    if known is not None and column not in known:
                        near = suggest(column, known)
                        self.say(file, ["tables", name, i, column], f"table `{name}` has no column `{column}`.{near}", key=True)

    def scenario(self, scenario: Scenario, file: YamlFile) -> None:
        """What a scenario names is looked for only where everything that it could stand in was read without a fault."""
        held = targets_of(self.plan).get(scenario.target) if scenario.target else None
        own = [self.files.indicators.get(one.change_of or one.id) for one in ([held[0]] if held else [])]
        read = list(self.files.indicators.values()) if held is None else [self.files.indicators[held[0].id], *own]
        read += [*self.files.tables.values(), *self.files.codes.values(), self.files.identity, file]
        read += [self.files.breakdowns] if self.files.breakdowns else []
        broken = {fault.file for fault in self.found} | self.files.faulty
        unread = any(self.files.unread[name] for name in ("indicators", "tables", "codes")) or self.files.unread_breakdowns
        if not unread and not any(one is None or one.label in broken for one in read):
            for found in scenario_faults(self.plan, scenario):
                self.say(file, found.place, found.told.en, key=found.key)
