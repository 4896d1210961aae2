"""What the rules of editing see of a table: its raw rows with cell, weight and stratum, and the units that were asked.

Weights are those of the design (population of the stratum over its answers), without any adjustment: they only say how
much a doubtful value can matter.
"""

from __future__ import annotations

import polars as pl

from pipelines.database import Database, quoted
from pipelines.design import Design
from pipelines.dictionary import Dictionary, Link, Table

#: beside the columns of the table: the category within which values are compared, the design weight, was the stratum asked whole
BESIDE = {"_cell": pl.String(), "_weight": pl.Float64(), "_stratum_whole": pl.Boolean()}
#: the units that were asked, one row a unit and year
ASKED = {
    "unit": pl.String(),
    "year": pl.Int32(),
    "_cell": pl.String(),
    "_size": pl.Float64(),
    "_stratum_whole": pl.Boolean(),
}

_STRATUM = ["_year", "_stratum"]
_TEXT, _NUMBER = "VARCHAR", "DOUBLE"


def inputs(
    database: Database, table: Table, dictionary: Dictionary, homes: dict[str, str] | None = None
) -> tuple[pl.DataFrame, pl.DataFrame | None]:
    """Raw rows of a table under its column ids with BESIDE, sorted by key; and ASKED for the years of these rows.

    The second is None where nothing says who was asked. `homes` gives the SQL name of a linked table that is not to be
    read under its own.
    """
    reach, design = _Reach(table, dictionary, homes or {}), table.design
    rows = database.query(reach.rows_statement())
    asks = reach.asking()
    if asks is None:
        counted = rows.group_by(_STRATUM).agg(there=pl.col("_unit").n_unique(), population=pl.col("_population").max())
        everyone = pl.lit(design is None or design.census)
        return _finished(rows, counted.with_columns(_whole=everyone | (pl.col("there") >= pl.col("population"))), table), None
    listed = database.query(reach.register_statement(*asks))
    population = pl.coalesce(pl.col("_population").max(), pl.len().cast(pl.Float64))
    counted = listed.group_by(_STRATUM).agg(_whole=pl.col("_sampled").sum() >= population)
    asked = listed.filter("_sampled", pl.col("_year").is_in(rows["_year"].unique().to_list()))
    marked = asked.join(counted, on=_STRATUM, how="left").sort("_year", "_unit")
    frame = marked.rename({"_unit": "unit", "_year": "year", "_whole": "_stratum_whole"})
    return _finished(rows, counted, table), frame.select(pl.col(name).cast(kind) for name, kind in ASKED.items())


def _finished(rows: pl.DataFrame, counted: pl.DataFrame, table: Table) -> pl.DataFrame:
    """The rows of the table with BESIDE; `counted` says per year and stratum whether it was asked whole."""
    answered = pl.col("_unit").n_unique().over(_STRATUM).cast(pl.Float64)
    weight = pl.coalesce("_stated", pl.max_horizontal(pl.coalesce("_population", answered), answered) / answered)
    whole = counted.select(*_STRATUM, "_whole")
    joined = rows.with_columns(_weight=weight).join(whole, on=_STRATUM, how="left", nulls_equal=True)
    finished = joined.with_columns(_stratum_whole=pl.col("_whole").fill_null(False))
    # a row that a link dates stands here once for every year of its unit; it is compared where its unit was last
    kept = finished.sort("_year", nulls_last=False).unique(table.key, keep="last")
    return kept.sort(table.key).select(*table.columns, *(pl.col(name).cast(kind) for name, kind in BESIDE.items()))


class _Reach:
    """The statements over one table and what it is linked with."""

    def __init__(self, table: Table, dictionary: Dictionary, homes: dict[str, str]) -> None:
        assert table.editing is not None
        self.table, self.dictionary, self.homes = table, dictionary, homes
        self.by = list(table.editing.by)
        self.design = table.design or Design(unit=table.key[0], census=True)
        self.reachable = {name: home for name, (home, _) in dictionary.reachable(table.id).items()}

    def rows_statement(self) -> str:
        """Every raw row, and what the design says of its unit."""
        design = self.design
        stated = f"coalesce({self._cast(design.weight, _NUMBER)}, 1 / {self._cast(design.sampling_fraction, _NUMBER)})"
        picked = [f"t.{quoted(name)} AS {quoted(name)}" for name in self.table.columns]
        picked += [
            f"{self._cast(design.unit, _TEXT)} AS _unit",
            f"{self._year()} AS _year",
            f"{self._cast(design.stratum, _TEXT)} AS _stratum",
            f"{self._cast(design.population, _NUMBER)} AS _population",
            f"{stated} AS _stated",
            f"{self._cell()} AS _cell",
        ]
        return " ".join([f"SELECT {', '.join(picked)} FROM main.{quoted(self.table.id)} AS t", *map(self._join, self.table.link)])

    def asking(self) -> tuple[Link, str] | None:
        """The link to the table that says who was asked, and its column; None where none does for each unit and year."""
        design = self.design
        home = self.reachable.get(design.sampled or "")
        link = next((link for link in self.table.link if link.table == home), None)
        if link is None or not {design.unit, "period"} <= set(link.on.values()):
            return None
        return link, str(design.sampled)

    def register_statement(self, register: Link, sampled: str) -> str:
        """Every unit that is listed, with year, cell, stratum, size, and whether it was asked."""
        theirs, design = {ours: name for name, ours in register.on.items()}, self.design
        picked = [
            f"CAST(t.{quoted(theirs[design.unit])} AS VARCHAR) AS _unit",
            f"t.{quoted(theirs['period'])} AS _year",
            f"{self._cast(design.stratum, _TEXT, register.table)} AS _stratum",
            f"{self._cast(design.population, _NUMBER, register.table)} AS _population",
            f"{self._cast(design.size, _NUMBER, register.table)} AS _size",
            f"coalesce(t.{quoted(sampled)}, FALSE) AS _sampled",
            f"{self._cell(register.table)} AS _cell",
        ]
        return f"SELECT {', '.join(picked)} FROM {self._home(register.table)} AS t"

    def _cell(self, of: str | None = None) -> str:
        """The categories of `by`, joined by commas; blank where one is not known."""
        parts = [self._cast(name, _TEXT, of) for name in self.by]
        return " || ',' || ".join(parts) if parts else "''"

    def _cast(self, name: str | None, kind: str, of: str | None = None) -> str:
        """A column as this type: of the table `of` alone, or of whatever table holds it; null where there is none."""
        home = self.reachable.get(name or "")
        if of is not None:  # a column of the rows may bear the same name as one of the register
            home = of if name in self.dictionary.tables[of].columns else None
        if name is None or home is None:
            return f"CAST(NULL AS {kind})"
        return f"CAST({'t' if home in (of, self.table.id) else quoted(home)}.{quoted(name)} AS {kind})"

    def _home(self, table: str) -> str:
        return self.homes.get(table, f"main.{quoted(table)}")

    def _year(self) -> str:
        if self.table.year is not None:
            return str(self.table.year)
        if self.table.period is None:
            dating = ((link.table, theirs) for link in self.table.link for theirs, ours in link.on.items() if ours == "period")
            found = next(dating, None)
            return f"{quoted(found[0])}.{quoted(found[1])}" if found else "CAST(NULL AS INTEGER)"
        column = f"t.{quoted(self.table.period)}"
        return column if self.table.columns[self.table.period].type == "year" else f"year({column})"

    def _join(self, link: Link) -> str:
        """A linked table beside the rows; where it dates them, every year of it."""
        target, conditions = self.dictionary.tables[link.table], []
        for theirs, ours in link.on.items():
            if ours == "period":
                dated = self.table.period or self.table.year
                conditions += [f"{quoted(link.table)}.{quoted(theirs)} = {self._year()}"] if dated else []
                continue
            home = self.reachable[ours]
            left = f"{'t' if home == self.table.id else quoted(home)}.{quoted(ours)}"
            kind = self.dictionary.tables[home].columns[ours].type
            if target.columns[theirs].type == "year" and kind in ("date", "month", "timestamp"):
                left = f"year({left})"
            conditions.append(f"{quoted(link.table)}.{quoted(theirs)} = {left}")
        return f"LEFT JOIN {self._home(link.table)} AS {quoted(link.table)} ON {' AND '.join(conditions) or 'TRUE'}"
