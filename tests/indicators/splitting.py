"""Splits of invented units: what the estimates, the results and the groups of a small industry are, straight from its units.

A unit has a period, the code `a` and the code `b`, a holding `group`, and the sums x and y that it adds, by weight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from indicators.catalogue.plan import Plan
from indicators.estimation.estimate import KEYS
from indicators.splits.split import Splits, splits
from indicators.targets.evidence import Evidence
from indicators.targets.held import hold
from indicators.targets.target import assess
from tests.indicators.conftest import MakePlan

SETS: tuple[tuple[str, ...], ...] = ((), ("a",), ("b",), ("up",), ("a", "b"), ("up", "b"))
#: the code of `up` to which a code of `a` rolls up
UP = {f"a{i}": f"u{i // 3}" for i in range(12)}


def a_plan(make_plan: MakePlan, target: Mapping[str, Any], indicator: Mapping[str, Any] | None = None, **more: Any) -> Plan:
    """The indicator `rate` over units, a change of it if `indicator` says so, held against one target."""
    held = {"base_period": "2025", "scope": "all", "source": "§", "basis": "level", **target}
    held.setdefault("reading", "strict" if held["operator"] in "<>" else "inclusive")
    better = {"better": "higher" if held["operator"].startswith(">") else "lower"}
    level = {"table": "units", "numerator": "y", "denominator": "x", **better}
    own = {**(indicator or {}), "targets": [held], **better}
    indicators = {"rate": level, "moved": own} if "change_of" in own else {"rate": {**level, **own}}
    columns = {"unit": "identifier", "year": "year", "a": {"type": "code", "codes": "a"}, "b": {"type": "code", "codes": "b"}}
    return make_plan(
        tables={"units": {"key": ["unit", "year"], "period": "year", "columns": {**columns, "x": "number", "y": "number"}}},
        indicators=indicators,
        breakdowns={"a": "a", "b": "b", "up": {"column": "a", "rollup": "up"}},
        crossings=[["a", "b"], ["up", "b"]],
        codes={"a": UP, "b": {f"b{i}": None for i in range(8)}, "up": dict.fromkeys(sorted(set(UP.values())))},
        **more,
    )


@dataclass(kw_only=True)
class Industry:
    """Units of two years or more; categories with fewer than `minimum` groups are withheld."""

    plan: Plan
    units: pl.DataFrame
    minimum: int = 1
    sets: Sequence[tuple[str, ...]] = SETS
    part_years: Mapping[str, Mapping[str, pl.DataFrame]] = field(default_factory=dict)

    @property
    def level(self) -> str:
        return "rate"

    @property
    def own(self) -> str:
        """The indicator that has the target."""
        return "moved" if "moved" in self.plan.indicators else "rate"

    def levels(self, units: pl.DataFrame | None = None) -> pl.DataFrame:
        """Estimates of every category: a ratio of sums, or a sum where the indicator is a total; with an error of its own."""
        rows = self.units if units is None else units
        rows = rows.with_columns(up=pl.col("a").replace_strict(UP, default=None))
        frames = []
        for names in self.sets:
            keys = rows.drop_nulls(list(names)) if names else rows
            category = pl.concat_str(list(names), separator=",") if names else pl.lit("total")
            found = keys.group_by("period", category.alias("category")).agg(
                pl.col("x", "y").sum(), n=pl.len(), groups=pl.col("group").n_unique()
            )
            frames.append(found.with_columns(indicator=pl.lit(self.level), breakdown=pl.lit(",".join(names) or "total")))
        total = self.plan.indicators[self.level].kind == "total"
        value = pl.col("y") if total else pl.when(pl.col("x") != 0).then(pl.col("y") / pl.col("x"))
        # any error will do, as long as each category has its own
        return pl.concat(frames).with_columns(value=value, se=0.01 + 0.001 * (pl.col("n") % 7), sampled=pl.lit(True)).sort(KEYS)

    def results(self) -> pl.DataFrame:
        """What is published of them, as the engine rounds it, and of the change where there is one."""
        found = [self._told(self.levels())]
        if self.own == "moved":
            told = self.plan.indicators["moved"]
            for period in sorted(set(self.units["period"]) - {told.base_period}):
                cut = self.part_years.get("moved", {}).get(period)
                found.append(
                    self._told(_changed(self.levels() if cut is None else cut, str(told.base_period), period, told.change_as))
                )
        blank = {"review": pl.String, "quality": pl.String, "release": pl.String, "df": pl.Int64}
        frame = pl.concat(found, how="diagonal").with_columns(pl.lit(None, kind).alias(name) for name, kind in blank.items())
        ends = {"low": pl.col("value") - 1.96 * pl.col("se"), "high": pl.col("value") + 1.96 * pl.col("se")}
        return assess(
            self.plan, frame.with_columns(**ends).select(*KEYS, "value", "se", "low", "high", "n", "df", "quality", "status")
        )

    def _told(self, frame: pl.DataFrame) -> pl.DataFrame:
        hidden = pl.col("groups") < self.minimum
        status = pl.when(hidden).then(pl.lit("suppressed")).when(pl.col("value").is_null()).then(pl.lit("absent"))
        marked = frame.with_columns(status=status.otherwise(pl.lit("published")), value=pl.col("value").round_sig_figs(13))
        return marked.with_columns(pl.when(~hidden).then(pl.col(name)).alias(name) for name in ("value", "se", "n"))

    def evidence(self) -> Evidence:
        return Evidence(levels=self.levels().drop("groups"), part_years=self.part_years)

    def splits(self, results: pl.DataFrame | None = None, evidence: Evidence | None = None) -> Splits:
        told, known = self.results() if results is None else results, self.evidence() if evidence is None else evidence
        return splits(self.plan, hold(self.plan, told, known.covariance), known, told)

    def split(self, breakdown: str, period: str = "2026") -> pl.DataFrame:
        """The split of one number by one breakdown, in the order of its ranks, the whole last."""
        order = pl.col("part").replace_strict({"category": 0, "rest": 1, "composition": 2, "total": 3}, return_dtype=pl.Int64)
        found = self.splits().frame.filter(pl.col("breakdown") == breakdown, pl.col("period") == period)
        return found.sort(order, "rank", nulls_last=True)


def _changed(levels: pl.DataFrame, base: str, period: str, change_as: str) -> pl.DataFrame:
    """The change of every category that is there in both years, behind which the groups of the thinner end stand."""
    ends = ["breakdown", "category"]
    then = levels.filter(pl.col("period") == base).select(*ends, then="value", fewer="groups")
    both = levels.filter(pl.col("period") == period).join(then, on=ends)
    now, before = pl.col("value"), pl.col("then")
    usable = (now > 0) & (before > 0)
    found = now - before if change_as == "difference" else pl.when(usable).then(now / before - 1)
    thinner = pl.min_horizontal("groups", "fewer").alias("groups")
    return both.with_columns(pl.lit("moved").alias("indicator"), thinner, value=found.round(12)).drop("then", "fewer")


def unit(period: str, a: str | None, b: str | None, x: float, y: float, group: str) -> dict[str, Any]:
    return {"period": period, "a": a, "b": b, "x": x, "y": y, "group": group}
