"""The dictionary of a plan: its tables with their columns and checks, and its code lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import polars as pl
from pydantic import Field

from pipelines.custody import Custody, Kind, Tier, custody_faults, highest
from pipelines.design import Design, Identifier
from pipelines.edit.rule import Editing
from pipelines.heading import plain
from pipelines.yamlfile import Fault, Model, ModelType, PlanFaults, Text, YamlFile, read_yaml, suggest

ColumnType = Literal[
    "identifier", "text", "code", "integer", "number", "rate", "boolean", "date", "month", "year", "timestamp", "unit"
]

#: what a column of each type is called in DuckDB (and is in Polars: String, Int64, Float64, Boolean, Date, Int32, Datetime)
SQL_TYPES: dict[str, str] = {
    "identifier": "VARCHAR",
    "text": "VARCHAR",
    "code": "VARCHAR",
    "unit": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "rate": "DOUBLE",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "month": "DATE",
    "year": "INTEGER",
    "timestamp": "TIMESTAMP",
}


class Column(Model):
    """One column: how it is called, typed, limited and protected."""

    type: ColumnType
    name: Text
    aliases: list[str] = []  # further header words, in any language; id and both names always count
    description: Text | None = None
    required: bool = False  # a blank is a fault
    codes: Identifier | None = None  # the code list of a `code` column
    unit: str | None = None  # the unit it is stored in, e.g. 万元, 人, 天; a header or cell in a related unit is converted
    plain: Literal["fraction", "percent"] | None = (
        None  # how a bare number is read in a `rate` column; absent: refused as unclear
    )
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    checksum: Literal["uscc"] | None = None  # GB 32100 check character; a wrong one is a matter for review
    of: list[Identifier] = []  # for a `unit` column: the columns whose unit it states
    tier: Tier
    reason: Text | None = None  # what its disclosure would do, and to whom; of important, core and personal columns
    kind: Kind | None = None
    personal: bool = False
    sensitive: bool = False  # what everybody does, or nobody, would harm them: a full count that is unanimous is not told


class Check(Model):
    """A row formula that must hold; where it is null the row passes."""

    id: Identifier
    that: str
    column: Identifier
    message: Text
    severity: Literal["reject", "edit", "review"] = "reject"  # edit: the row counts, and what is wrong in it is changed


class Link(Model):
    """Columns of another table made reachable: `on` maps its key columns to columns here, or to `period`."""

    table: Identifier
    on: dict[Identifier, Identifier]
    required: bool = True


class Chain(Model):
    """A column that follows from a table of indices, previous year = 100: their product from the base year on, base = 1."""

    name: Text
    of: Identifier  # the column of indices
    base: int = Field(ge=1900, le=2200)
    by: list[Identifier] = Field(min_length=1)  # the columns that name a series, e.g. industry
    fallback: dict[Identifier, str] = {}  # the coarser series that stands in, year by year, where a series has no index


class Scale(Model):
    """Classes that follow from a score: the column that holds them, and the scores at which each begins."""

    column: Identifier  # e.g. level
    score: Identifier
    where: str | None = None  # rows it is said of; absent: all
    bounds: list[float] = Field(min_length=1)
    margin: float = Field(gt=0)  # a score nearer than this to a bound might as well stand on its other side


class Table(Model):
    """One table of the warehouse: its key, its period, its columns, its checks."""

    id: Identifier
    name: Text
    description: Text | None = None
    key: list[Identifier] = Field(min_length=1)
    period: Identifier | None = None
    year: int | None = None  # the one year that every row belongs to, where no column says it
    latest: Identifier | None = (
        None  # among rows of one key inside a file, the row with the highest value wins; a tie is for review
    )
    link: list[Link] = []
    design: Design | None = None  # absent: every row is a unit of its own and all were recorded
    public: bool = False  # the records themselves are public lists; only then is no disclosure rule applied
    custody: Custody = Custody()  # who answers for the records, and how they are kept; what is absent says plan.yaml
    columns: dict[Identifier, Column] = Field(min_length=1)
    checks: list[Check] = []
    editing: Editing | None = None  # what may be changed in its rows; raw rows stay as they are
    chains: dict[Identifier, Chain] = {}  # derived columns; formulas may name them, files do not hold them
    comparable: list[Identifier] = []  # rows are held against each other only where each of these is the same
    scales: list[Scale] = []
    header_rows: int = Field(default=1, ge=1, le=3)
    due_days: int | None = Field(default=None, ge=0, le=400)  # days after the end of a period within which it is to be reported
    ignore: list[str] = []  # headers that may stand in a file and are not loaded
    totals: list[str] = ["合计", "总计", "小计", "total", "Total"]  # first cells of rows that repeat a sum and are not records

    @property
    def derived(self) -> dict[str, Column]:
        """The chains as the columns that formulas see, graded by the highest of what they are made from."""
        found = {}
        for name, chain in self.chains.items():
            sources = [self.columns[source] for source in (chain.of, *chain.by) if source in self.columns]
            tier, personal = highest(source.tier for source in sources), any(source.personal for source in sources)
            found[name] = Column(type="number", name=chain.name, tier=tier, personal=personal, kind="derived")
        return found


class Code(Model):
    """One entry of a code list."""

    name: Text
    aliases: list[str] = []
    parent: str | None = None


class CodeList(Model):
    """A closed list of codes, in the order in which they are shown."""

    id: Identifier
    name: Text
    source: str | None = None
    codes: dict[str, Code] = Field(min_length=1)


class Dictionary(Model):
    """All tables and code lists of a plan."""

    tables: dict[str, Table]
    codes: dict[str, CodeList]
    missing: list[str] = []  # words that mean "no answer", beside the blank
    custody: Custody = Custody()  # of every table that does not say otherwise

    def custody_of(self, table: Table) -> Custody:
        """Who answers for the records of a table and how they are kept: what it states, else what the plan states of all."""
        return table.custody.over(self.custody)

    def reachable(self, table: str) -> dict[str, tuple[str, Column]]:
        """Columns a formula over `table` may name: its own first, then those of its linked tables, as (table, column)."""
        found: dict[str, tuple[str, Column]] = {}
        own = self.tables[table]
        for source in [own, *(self.tables[link.table] for link in own.link if link.table in self.tables)]:
            for name, column in (source.columns | source.derived).items():
                found.setdefault(name, (source.id, column))
        return found

    def per_unit(self, table: str, unit: str) -> set[str]:
        """Columns reachable from `table` that are the same in every row of one unit and period.

        Only by these may results be broken down: a unit must not be in two categories at once.
        """
        own = self.tables[table]
        fixed = {unit, *([own.period] if own.period else [])}
        if set(own.key) <= fixed:
            fixed |= set(own.columns)
        for link in own.link:
            if all(ours == "period" or ours in fixed for ours in link.on.values()):
                fixed |= {name for name, (source, _) in self.reachable(table).items() if source == link.table}
        return fixed


def read_folder(folder: str, model: type[ModelType], root: Path) -> tuple[dict[str, ModelType], dict[str, YamlFile], list[Fault]]:
    """Every YAML file of `root/folder` as `model` with its stem as id, the files themselves, and their faults.

    Of a file with faults the model holds what could be read, so that further faults can be looked for.
    """
    models: dict[str, ModelType] = {}
    files: dict[str, YamlFile] = {}
    faults: list[Fault] = []
    for path in sorted((root / folder).glob("*.yaml")):
        extra = {"id": path.stem}
        try:
            file = read_yaml(path, str(path.relative_to(root.parent)))
        except PlanFaults as error:
            faults.extend(error.faults)
            continue
        try:
            models[file.stem] = file.validate(model, extra)
        except PlanFaults as error:
            faults.extend(error.faults)
            if (part := file.salvage(model, extra)) is None:
                continue
            models[file.stem] = part
        files[file.stem] = file
    return models, files, faults


def table_faults(
    dictionary: Dictionary,
    files: dict[str, YamlFile],
    unread: Mapping[str, AbstractSet[str]] = MappingProxyType({}),
    *,
    whole: bool = True,
) -> list[Fault]:
    """Names in table files that do not exist: key, period, link, design, codes, units; and words that mean two columns.
    Then what is graded without a reason, and records of which is not said how they are kept.

    `unread` are the ids, by folder, of files that could not be read: they exist, and nothing more is known of them.
    `whole`: whether what holds for all tables could be read.
    """
    found: list[Fault] = []
    for name, table in dictionary.tables.items():
        found += _Names(dictionary, table, files, unread).faults()
        found += custody_faults(dictionary, table, files[name], whole=whole)
    return found


def written(file: YamlFile, key: str) -> set[str]:
    """The names written under `key`, also those whose entries are faulty."""
    entries = file.data.get(key)
    return {str(name) for name in entries} if isinstance(entries, dict) else set()


def links_read(table: Table, file: YamlFile) -> bool:
    """Whether the links written in a table could all be read."""
    stated = file.data.get("link", [])
    return isinstance(stated, list) and len(stated) == len(table.link)


class _Names:
    """The names one table file uses, held against what exists."""

    def __init__(
        self, dictionary: Dictionary, table: Table, files: dict[str, YamlFile], unread: Mapping[str, AbstractSet[str]]
    ) -> None:
        self.dictionary, self.table, self.files, self.file = dictionary, table, files, files[table.id]
        self.tables = {*dictionary.tables, *unread.get("tables", ())}
        self.codes = {*dictionary.codes, *unread.get("codes", ())}
        self.found: list[Fault] = []

    def _columns(self, table: str) -> set[str]:
        return {*self.dictionary.tables[table].columns, *written(self.files[table], "columns")}

    def _reachable(self) -> set[str]:
        linked = (link.table for link in self.table.link if link.table in self.dictionary.tables)
        return self._columns(self.table.id).union(*map(self._columns, linked))

    def faults(self) -> list[Fault]:
        table, own = self.table, self._columns(self.table.id)
        for i, name in enumerate(table.key if own else ()):
            self._need(["key", i], name, own, "the column")
        for field in ("period", "latest"):
            if own and (name := getattr(table, field)) is not None:
                self._need([field], name, own, "the column")
        for i, link in enumerate(table.link):
            self._link(i, link)
        whole = links_read(table, self.file) and own
        if table.design and whole and all(link.table in self.dictionary.tables for link in table.link):
            self._design(table.design)  # its columns may stand in a linked table
        for name, column in table.columns.items():
            self._column(name, column, own)
        for name, chain in table.chains.items():
            self._chain(name, chain, own)
        for i, name in enumerate(table.comparable if own else ()):
            self._need(["comparable", i], name, own, "the column")
        for i, scale in enumerate(table.scales if own else ()):
            for field in ("column", "score"):
                self._need(["scales", i, field], getattr(scale, field), own, "the column")
        for i, check in enumerate(table.checks if own else ()):
            self._need(["checks", i, "column"], check.column, own, "the column")
        self._words()
        return self.found

    def _words(self) -> None:
        """Header words that would mean two columns of this table."""
        seen: dict[str, str] = {}
        for name, column in self.table.columns.items():
            place: list[str | int] = ["columns", name]
            words: list[tuple[list[str | int], str]] = [(place, name)]
            words += [([*place, "name", language], column.name.in_language(language)) for language in ("zh", "en")]
            words += [([*place, "aliases", i], word) for i, word in enumerate(column.aliases)]
            for where, word in words:
                other = seen.setdefault(plain(word), name)
                if other != name:
                    message = f"the header `{word}` also means the column `{other}`; give each column words of its own."
                    self.found.append(self.file.fault(where, message))

    def _need(self, place: list[str | int], name: str, known: Iterable[str], what: str) -> None:
        if name not in (words := list(known)):
            self.found.append(self.file.fault(place, f"{what} `{name}` does not exist.{suggest(name, words)}"))

    def _link(self, i: int, link: Link) -> None:
        self._need(["link", i, "table"], link.table, self.tables, "the table")
        if link.table not in self.dictionary.tables:
            return
        targets, known = self._columns(link.table), {*self._reachable(), "period"}
        sure = all(link.table in self.dictionary.tables for link in self.table.link) and self._columns(self.table.id)
        target = self.dictionary.tables[link.table]
        lost = {name for chain in target.chains.values() for name in (*chain.by, str(target.period))} - link.on.keys()
        if lost & targets:
            message = f"`{link.table}` has chains, so `on` must say which row is meant by {', '.join(sorted(lost))}."
            self.found.append(self.file.fault(["link", i, "on"], message))
        for theirs, ours in link.on.items():
            if targets:
                self._need(["link", i, "on", theirs], theirs, targets, f"in `{link.table}` the column")
            if sure:
                self._need(["link", i, "on", theirs], ours, known, "the column")

    def _chain(self, name: str, chain: Chain, own: AbstractSet[str]) -> None:
        place: list[str | int] = ["chains", name]
        table, listed = self.table, self.table.columns
        if name in own:
            self.found.append(self.file.fault(place, f"`{name}` is a column of files already; call the chain something else."))
        self._need([*place, "of"], chain.of, own, "the column")
        for i, column in enumerate(chain.by):
            self._need([*place, "by", i], column, own, "the column")
        if chain.of in listed and listed[chain.of].type not in ("number", "integer"):
            message = f"`{chain.of}` is {listed[chain.of].type}; a chain multiplies numbers, each with the previous year = 100."
            self.found.append(self.file.fault([*place, "of"], message))
        dated = table.period in listed and listed[str(table.period)].type == "year"
        if own and not (dated and {*chain.by, table.period} == set(table.key)):
            message = "a chain needs one index a year and series: `period` is of type year, and `key` is it and the `by` columns."
            self.found.append(self.file.fault(place, message))
        for column, code in chain.fallback.items():
            self._fallback([*place, "fallback", column], column, code, chain)

    def _fallback(self, place: list[str | int], column: str, code: str, chain: Chain) -> None:
        listed = self.table.columns.get(column)
        if column not in chain.by or (listed is not None and listed.codes is None):
            message = f"`{column}` is not a column of `by` with a code list, so nothing says for which series it stands in."
            self.found.append(self.file.fault(place, message))
        elif listed is not None and listed.codes in self.dictionary.codes:
            self._need(place, code, self.dictionary.codes[listed.codes].codes, "the code")

    def _design(self, design: Design) -> None:
        reachable = self._reachable()
        named = ("unit", "stratum", "population", "weight", "sampling_fraction", "group", "sampled", "size", "response_group")
        for field in named:
            if (name := getattr(design, field)) is not None:
                self._need(["design", field], name, reachable, "the column")
        if design.answered_in:
            self._need(["design", "answered_in"], design.answered_in, self.tables, "the table")
        stated = design.population or (design.weight and design.sampling_fraction)
        if not design.census and not (design.stratum and stated):
            message = "state `census: true`, or `stratum` with `population`, or `stratum` with `weight` and `sampling_fraction`."
            self.found.append(self.file.fault(["design"], message))

    def _column(self, name: str, column: Column, own: AbstractSet[str]) -> None:
        place: list[str | int] = ["columns", name]
        if (column.type == "code") != (column.codes is not None):
            message = f"`{name}`: a column of type code, and only that, names its list in `codes`."
            self.found.append(self.file.fault(place, message))
        if column.codes:
            self._need([*place, "codes"], column.codes, self.codes, "the code list")
        for i, other in enumerate(column.of):
            self._need([*place, "of", i], other, own, "the column")
        if column.pattern is not None:
            try:
                pl.Series([""]).str.contains(f"^(?:{column.pattern})$")  # by the engine that will use it
            except pl.exceptions.ComputeError:
                fix = "close its brackets, and leave out (?=…) and \\1"
                message = f"`{column.pattern}` is not a regular expression that can be used; {fix}."
                self.found.append(self.file.fault([*place, "pattern"], message))
