"""The faults of the rules of editing of one table: names that do not exist, and rules that cannot be carried out."""

from __future__ import annotations

from collections.abc import Iterable

from pipelines.dictionary import Dictionary, Table
from pipelines.edit.edits import MOST_FIELDS, Edits, changeable, components
from pipelines.edit.linear import NUMBERS, Node, NotLinear, fields, read
from pipelines.edit.rule import Editing, Impute
from pipelines.yamlfile import suggest

Place = list[str | int]


def rule_faults(dictionary: Dictionary, table: Table) -> list[tuple[Place, str]]:
    """Place in the file, and message, of every fault of `editing` and of the checks of severity `edit`.

    Of a table in which, and in whose linked tables, no other fault was found.
    """
    check = _Rules(dictionary, table, table.editing or Editing())
    if table.editing is not None:
        check.names()
        check.numbers()
        check.waves()
        check.imputation()
        check.missing()
        check.ids()
    check.checks()
    return check.found


class _Rules:
    """Collects faults while it walks through the rules of one table."""

    def __init__(self, dictionary: Dictionary, table: Table, editing: Editing) -> None:
        self.dictionary, self.table, self.editing = dictionary, table, editing
        self.found: list[tuple[Place, str]] = []
        home = {name: of for name, (of, _) in dictionary.reachable(table.id).items()}
        design = table.design
        self.listed = design is not None and home.get(design.sampled or "") in {link.table for link in table.link}
        self.sized = self.listed and design is not None and design.size is not None

    def say(self, place: Place, message: str) -> None:
        self.found.append((["editing", *place], message))

    def used(self) -> Iterable[tuple[Place, str]]:
        """Every own column that a rule names, and where."""
        rules = self.editing
        for field in ("fixes", "outliers", "scores", "sizes", "impute", "totals"):
            for i, rule in enumerate(getattr(rules, field)):
                for key in ("column", "exchange", "per", "to"):
                    if (name := getattr(rule, key, None)) is not None:
                        yield [field, i, key], name
        for i, one in enumerate(rules.impute):
            for j, name in enumerate(one.near):
                yield ["impute", i, "near", j], name
        for name in rules.weights:
            yield ["weights", name], name
        for i, name in enumerate(rules.missing_units.columns if rules.missing_units else ()):
            yield ["missing_units", "columns", i], name

    def names(self) -> None:
        own, reachable = self.table.columns, self.dictionary.reachable(self.table.id)
        for i, name in enumerate(self.editing.by):
            if name not in reachable:
                self.say(["by", i], f"the column `{name}` does not exist.{suggest(name, reachable)}")
        for place, name in self.used():
            if name not in own:
                self.say(place, f"the column `{name}` does not exist.{suggest(name, own)}")
            elif name in self.table.key and place[-1] not in ("to", "per"):
                self.say(place, f"`{name}` is part of the key, by which rows are told apart; it is never edited")

    def numbers(self) -> None:
        """Only numbers are compared; values change places only with their like."""
        for place, name in self.used():
            column = self.table.columns.get(name)
            compares = place[0] in ("fixes", "outliers", "scores", "sizes", "totals") or "to" in place or "near" in place
            exchanged = place[0] == "fixes" and self.editing.fixes[int(place[1])].exchange is not None
            if column is not None and compares and not exchanged and column.type not in NUMBERS:
                self.say(place, f"`{name}` is {column.type}; this rule compares numbers")
        for i, fix in enumerate(self.editing.fixes):
            one, other = (self.table.columns.get(str(name)) for name in (fix.column, fix.exchange))
            if one is None or other is None:
                continue
            if one.type != other.type:
                message = f"`{fix.column}` is {one.type} and `{fix.exchange}` is {other.type}; only like values change places"
                self.say(["fixes", i, "exchange"], message)
            elif not any({fix.column, str(fix.exchange)} <= fields(node) for node in self._hard()):
                message = f"no check of severity `edit` names `{fix.column}` and `{fix.exchange}`, so nothing tells an exchange"
                self.say(["fixes", i, "exchange"], message)

    def waves(self) -> None:
        period = self.table.period
        kind = self.table.columns[period].type if period in self.table.columns else None
        if period in self.table.key and kind in ("year", "month"):
            return
        places: list[Place] = [["fixes", i] for i, fix in enumerate(self.editing.fixes) if fix.exchange is None]
        places += [[field, i] for field in ("outliers", "scores", "totals") for i in range(len(getattr(self.editing, field)))]
        places += [["impute", i, "methods"] for i, rule in enumerate(self.editing.impute) if "former" in rule.methods]
        places += [["missing_units"]] if self.editing.missing_units else []
        for place in places:
            self.say(place, "needs a former wave to compare with: `period` of type year or month, and in the `key`")

    def imputation(self) -> None:
        seen: set[str] = set()
        for i, rule in enumerate(self.editing.impute):
            if rule.column in seen:
                self.say(["impute", i, "column"], f"`{rule.column}` is imputed by two rules; keep one")
            seen.add(rule.column)
            self._impute(i, rule)
        for i, outlier in enumerate(self.editing.outliers):
            if outlier.impute and outlier.column not in seen:
                self.say(["outliers", i, "impute"], f"`impute` names no method for `{outlier.column}`, so it cannot be imputed")
        if self.editing.sizes and not self.sized:
            self.say(["sizes"], self._register("size"))

    def _impute(self, i: int, rule: Impute) -> None:
        column = self.table.columns.get(rule.column)
        if column is not None and column.type not in NUMBERS and set(rule.methods) != {"neighbour"}:
            message = f"`{rule.column}` is {column.type}, which has no mean and no ratio; its one method is `neighbour`"
            self.say(["impute", i, "methods"], message)
        if rule.to is None and not self.sized and {"ratio", "neighbour"} & set(rule.methods):
            self.say(["impute", i], f"has no size to go by; name a column in `to`, or state {self._design('size')}")

    def missing(self) -> None:
        rule = self.editing.missing_units
        if rule is None:
            return
        if not self.listed:
            self.say(["missing_units"], self._register("sampled"))
        lacking = [name for name, column in self.table.columns.items() if column.required and name not in self.table.key]
        for name in lacking:
            if name not in rule.columns:
                self.say(["missing_units", "columns"], f"leaves out `{name}`, without which no row can be added; add it")

    def _register(self, what: str) -> str:
        return f"needs the register of the units that were asked; state {self._design(what)}"

    def _design(self, what: str) -> str:
        named = "`sampled` and `size`" if what == "size" else "`sampled`"
        return f"{named} in the design, columns of a linked table"

    def ids(self) -> None:
        seen = {check.id for check in self.table.checks}
        for field in ("fixes", "outliers", "scores", "sizes", "totals"):
            for i, rule in enumerate(getattr(self.editing, field)):
                if rule.id in seen:
                    self.say([field, i, "id"], f"another rule or check is called `{rule.id}` too; give each an id of its own")
                seen.add(rule.id)

    def _hard(self) -> list[Node]:
        found = (self._node(check.that) for check in self.table.checks if check.severity == "edit")
        return [node for node in found if node is not None]

    def _node(self, text: str) -> Node | None:
        try:
            return read(text, self.table.columns)
        except NotLinear:
            return None

    def checks(self) -> None:
        """Checks of severity `edit` must be such that a broken one can be mended."""
        hard: dict[str, Node] = {}
        also = [node for check in self.table.checks if check.severity == "reject" if (node := self._node(check.that)) is not None]
        for i, check in enumerate(self.table.checks):
            if check.severity != "edit":
                continue
            place: Place = ["checks", i, "severity"]
            if self.table.editing is None:
                message = "a check of severity `edit` needs `editing` in its table; add it, or take `review`"
                self.found.append((place, message))
            try:
                hard[check.id] = read(check.that, self.table.columns)
            except NotLinear as error:
                self.found.append((["checks", i, "that"], f"the check is of severity `edit` and {error}; or take `review`"))
                continue
            if not fields(hard[check.id]) & set(changeable(self.table)):
                self.found.append((place, "the check names nothing that may be changed; take `review`"))
        for nodes in components(Edits(table=self.table, hard=hard, also=tuple(also), unsolved=())):
            if not any(node in nodes for node in hard.values()):
                continue
            names = sorted(frozenset().union(*map(fields, nodes)) & set(changeable(self.table)))
            if len(names) > MOST_FIELDS:
                message = f"checks of severity `edit`, and others with them, tie {len(names)} columns together"
                self.found.append((["checks"], f"{message}; at most {MOST_FIELDS} can be solved, so take `review` for some"))
