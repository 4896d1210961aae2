"""Small editions from invented units, in which some categories are withheld: what is told, and what is true."""

from __future__ import annotations

import random
from collections.abc import Collection as Group
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from indicators.attack.attack import attack
from indicators.attack.collection import Collection
from indicators.attack.found import Attacked
from indicators.catalogue.plan import Plan
from indicators.editions.details import DETAILS
from indicators.editions.edition import open_edition, write_edition
from indicators.editions.results import RESULTS
from tests.indicators.conftest import MakePlan

#: `up` is what the codes of `a` roll up to
UP = {"a0": "u0", "a1": "u0", "a2": "u1", "a3": "u1"}
A, B = [*UP], ["b0", "b1", "b2"]
SETS = ((), ("a",), ("up",))
CROSSED = ((), ("a",), ("b",), ("a", "b"))
KEYS = ["indicator", "period", "breakdown", "category"]
#: (indicator, breakdown, category), with or without the period
Hidden = Group[tuple[str, ...]]


def a_plan(make_plan: MakePlan, **changes: Any) -> Plan:
    """Units with x and y by year and quarter: rate y/x and its twin z/x, total y, mean share of a flag, and changes on 2025."""
    ratio = {"table": "units", "denominator": "x", "periods": ["year", "quarter"]}
    columns = {
        "unit": "identifier",
        "quarter": "month",
        "a": {"type": "code", "codes": "a", "required": True},
        "b": {"type": "code", "codes": "b", "required": True},
        "flag": {"type": "integer", "sensitive": bool(changes.pop("sensitive", False))},
        **dict.fromkeys(("x", "y", "z"), "number"),
    }
    change = {"change_of": "rate", "base_period": "2025"}
    target = {"id": "T", "year": 2027, "operator": ">=", "value": 9.0, "basis": "level", "base_period": "2025", "source": "§"}
    return make_plan(
        tables={
            "units": {"key": ["unit", "quarter"], "period": "quarter", "columns": columns},
            "people": {"key": ["unit"], "year": 2025, "columns": columns},
        },
        indicators={
            "rate": {**ratio, "numerator": "y", "targets": [{**target, "reading": "inclusive"}]},
            "twin": {**ratio, "numerator": "z"},
            "sum": {"table": "units", "numerator": "y", "periods": ["year", "quarter"]},
            "share": {"table": "people", "numerator": "flag", "denominator": 1, "unit": "share"},
            "moved": change,
            "risen": {**change, "change_as": "difference"},
        },
        breakdowns={"a": "a", "b": "b", "up": {"column": "a", "rollup": "up"}},
        crossings=[["a", "b"], ["up", "b"]],
        codes={"a": UP, "b": dict.fromkeys(B), "up": dict.fromkeys(["u0", "u1"])},
        **changes,
    )


def units(seed: int = 1, *, years: Iterable[int] = (2025,), most: int = 3) -> pl.DataFrame:
    """One row per unit and quarter: up to `most` units in each pair of codes."""
    drawn = random.Random(seed)
    rows = [
        {"unit": f"{a}{b}{i}", "year": str(year), "quarter": f"{year}-Q{quarter}", "a": a, "b": b, "up": UP[a]}
        | {"flag": drawn.randint(0, 1), **{name: drawn.uniform(1, 9) for name in "xyz"}}
        for a in A
        for b in B
        for i in range(drawn.randint(1, most))
        for year in years
        for quarter in (1, 2, 3, 4)
    ]
    return pl.DataFrame(rows)


@dataclass(kw_only=True)
class Industry:
    """The truth: the numbers of every category, before anything is withheld."""

    plan: Plan
    rows: pl.DataFrame
    indicators: tuple[str, ...] = ("rate",)
    sets: tuple[tuple[str, ...], ...] = SETS
    periods: str = "year"  # or quarter: both
    values: dict[tuple[str, ...], float] = field(default_factory=dict)
    counts: dict[tuple[str, ...], int] = field(default_factory=dict)
    below: dict[tuple[str, ...], float] = field(default_factory=dict)  # denominators

    def __post_init__(self) -> None:
        levels = ["year", "quarter"] if self.periods == "quarter" else ["year"]
        for name, level, names in ((one, level, names) for one in self.indicators for level in levels for names in self.sets):
            category = pl.concat_str(list(names), separator=",") if names else pl.lit("total")
            own = self.rows.filter(pl.col("quarter").str.ends_with("Q1")) if name == "share" else self.rows
            sums = {"n": pl.col("unit").n_unique(), "flags": pl.col("flag").sum(), **{c: pl.col(c).sum() for c in "xyz"}}
            for row in own.group_by(pl.col(level).alias("period"), category.alias("category")).agg(**sums).to_dicts():
                key = (name, row["period"], ",".join(names) or "total", row["category"])
                of = {"rate": ("y", "x"), "twin": ("z", "x"), "share": ("flags", "n"), "sum": ("y", None)}[name]
                self.below[key] = float(row[of[1]]) if of[1] else 1.0
                self.values[key] = row[of[0]] / self.below[key]
                self.counts[key] = row["n"]

    def changed(self, indicator: str, period: str, *, relative: bool = True) -> None:
        """Adds the change of the rate since 2025 to what is true."""
        for name, at, breakdown, category in [*self.values]:
            if (name, at) == ("rate", period):
                now, then = self.values["rate", period, breakdown, category], self.values["rate", "2025", breakdown, category]
                key = (indicator, period, breakdown, category)
                self.values[key] = round(now / then - 1 if relative else now - then, 12)

    def results(self, hidden: Hidden) -> pl.DataFrame:
        """What is published, with 13 digits; categories in `hidden` are withheld."""
        rows = [
            dict(zip(KEYS, key, strict=True))
            | (
                {"status": "suppressed"}
                if is_hidden(key, hidden)
                else {"status": "published", "value": float(f"{value:.12e}"), "n": self.counts.get(key)}
            )
            for key, value in self.values.items()
        ]
        return pl.DataFrame(rows, schema={name: RESULTS[name] for name in (*KEYS, "status", "value", "n")})

    def share(self, key: tuple[str, ...]) -> float:
        """Of the denominator of all that of a category."""
        return self.below[key] / self.below[(*key[:2], "total", "total")]


def is_hidden(key: tuple[str, ...], hidden: Hidden) -> bool:
    return key in hidden or (key[0], *key[2:]) in hidden


def publish(root: Path, industry: Industry, hidden: Hidden, **details: pl.DataFrame) -> None:
    """One more edition under `root`."""
    empty = {"table_id": pl.String, "rows": pl.Int64, "units": pl.Int64, "first_period": pl.String, "last_period": pl.String}
    write_edition(
        root,
        plan=industry.plan,
        results=industry.results(hidden),
        coverage=pl.DataFrame(schema=empty),
        statements=pl.DataFrame(schema={"indicator": pl.String, "sql": pl.String}),
        provenance={},
        details=details,
    ).close()


def attacked(root: Path, *names: str) -> Attacked:
    """What comes of an attack on the current edition, which knows those named; none: itself alone."""
    with ExitStack() as stack:
        asked = stack.enter_context(closing(open_edition(root)))
        others = [stack.enter_context(closing(open_edition(root, name))) for name in names if name != asked.id]
        collection = Collection.of_editions([*others, asked], asked)
    return attack(collection)


def recovered(found: Attacked, what: str = "value") -> dict[tuple[str, ...], float]:
    """What fell: (indicator, period, breakdown, category) → value."""
    return {(one.place[0][1], one.place[0][2], *one.place[1]): one.value for one in found.recovered if one.what == what}


def kinds(found: Attacked, what: str = "value") -> set[str]:
    return {one.kind.name for one in found.recovered if one.what == what}


def rows_of(table: str, rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Rows of a further table; what is not given is null."""
    return pl.DataFrame(list(rows), schema=DETAILS[table])
