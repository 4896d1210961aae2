"""A collection: numbers with their keys, from editions or from anywhere else, as whoever attacks them holds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS, as_details
from indicators.editions.edition import Edition
from indicators.editions.results import RESULTS, as_results
from indicators.estimation.estimate import KEYS

#: tables that say something of categories; the others hold no number of any
TABLES: dict[str, dict[str, pl.DataType]] = {
    "results": RESULTS,
    **{name: schema for name, schema in DETAILS.items() if "category" in schema and name != "alerts"},
}
#: which categories there are: nobody need be told that somebody stands behind one, and `suppressed` ones are attacked
CELLS: dict[str, pl.DataType] = {**dict.fromkeys(KEYS, pl.String()), "status": pl.String()}


@dataclass(frozen=True, kw_only=True)
class Number:
    """One number: where it stands (table of an edition, its key there, the column) and its value."""

    table: str
    key: Mapping[str, str]
    kind: str
    value: float
    edition: str = ""


@dataclass(frozen=True, kw_only=True)
class Collection:
    """Tables with the columns they have in an edition, `in_edition` before them; what is not known is null.

    `through` is, by table of the plan, the last period it has records of. Attacked is what the edition `asked` withheld.
    """

    plan: Plan
    tables: Mapping[str, pl.DataFrame]
    asked: str
    through: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def editions(self) -> list[str]:
        return sorted(self.tables["results"]["in_edition"].unique().to_list())

    @classmethod
    def of_edition(cls, edition: Edition) -> Collection:
        return cls.of_editions([edition], edition)

    @classmethod
    def of_editions(cls, editions: Sequence[Edition], asked: Edition) -> Collection:
        """All that several editions of one plan say together; the plan is that of the edition asked."""
        tables = {name: pl.concat(_named(one.query(f'SELECT * FROM "{name}"'), one.id) for one in editions) for name in TABLES}
        last = asked.query("SELECT table_id, last_period FROM coverage").drop_nulls()
        return cls(plan=asked.plan, tables=tables, asked=asked.id, through=dict(last.iter_rows()))

    @classmethod
    def of_numbers(
        cls,
        plan: Plan,
        cells: Mapping[str, pl.DataFrame],
        numbers: Iterable[Number],
        asked: str,
        through: Mapping[str, str] | None = None,
    ) -> Collection:
        """Numbers from screens and files; `cells` says for each edition which categories there are (columns CELLS)."""
        rows: dict[tuple[str, str], dict[tuple[tuple[str, str], ...], dict[str, object]]] = {}
        for edition, frame in cells.items():
            known = rows.setdefault(("results", edition), {})
            for row in frame.select(list(CELLS)).unique(KEYS, maintain_order=True).iter_rows(named=True):
                known[tuple((name, row[name]) for name in KEYS)] = dict(row)
        for number in numbers:
            names = KEYS if number.table == "results" else tuple(number.key)
            key = tuple((name, number.key[name]) for name in names)
            there = rows.setdefault((number.table, number.edition), {}).setdefault(key, dict(number.key))
            there[number.kind] = "census" if number.kind == "quality" else number.value
        tables = {}
        for name, schema in TABLES.items():
            made = [
                _named(pl.DataFrame(list(known.values()), schema=schema), edition)
                for (table, edition), known in rows.items()
                if table == name
            ]
            tables[name] = pl.concat(made) if made else pl.DataFrame(schema={"in_edition": pl.String(), **schema})
        return cls(plan=plan, tables=tables, asked=asked, through=through or {})


def _named(frame: pl.DataFrame, edition: str) -> pl.DataFrame:
    return frame.select(pl.lit(edition).alias("in_edition"), pl.all())


def numbers_of(edition: Edition) -> list[Number]:
    """Every number of an edition that stands at a category, as `Collection.of_numbers` takes them."""
    found = []
    for name, schema in TABLES.items():
        frame = edition.query(f'SELECT * FROM "{name}"')
        frame = as_results(frame) if name == "results" else as_details(name, frame)
        texts = [column for column, kind in schema.items() if kind == pl.String()]
        kinds = [column for column, kind in schema.items() if kind in (pl.Float64(), pl.Int64())]
        keys = list(KEYS) if name == "results" else texts
        for row in frame.iter_rows(named=True):
            key = {column: row[column] for column in keys if row[column] is not None}
            found += [
                Number(table=name, key=key, kind=kind, value=float(row[kind]), edition=edition.id)
                for kind in kinds
                if row[kind] is not None
            ]
            if name == "results" and row["quality"] == "census":
                found.append(Number(table=name, key=key, kind="quality", value=1.0, edition=edition.id))
    return found
