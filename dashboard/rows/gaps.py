"""The gap of one number to one target: its assessment, readings and paces, and its splits, as an edition holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from dashboard.rows.assessed import Assessment, Pace
from dashboard.rows.headline import source
from dashboard.rows.selection import NotPublished, through
from indicators.catalogue.plan import Indicator, Plan, Target
from indicators.editions.edition import Edition
from indicators.splits.pareto import telling
from pipelines.yamlfile import suggest


@dataclass(frozen=True, kw_only=True)
class Gap:
    """Rows of one indicator and year; `row` is of the target that leads, `splits` are of all its targets."""

    plan: Plan
    row: Assessment
    assessments: pl.DataFrame
    readings: pl.DataFrame
    paces: pl.DataFrame
    splits: pl.DataFrame
    until: str | None = None  # how far the records reach
    published: frozenset[str] = frozenset()  # breakdowns of which the results of that year tell

    @property
    def own(self) -> pl.DataFrame:
        """The splits of the leading target."""
        return self.splits.filter(pl.col("target") == self.row.target)

    @property
    def others(self) -> list[Assessment]:
        """The further targets of the indicator, and the other readings of the leading one."""
        rows = pl.concat([self.assessments.filter(pl.col("target") != self.row.target), self.readings])
        return [Assessment(**row) for row in rows.unique(maintain_order=True).iter_rows(named=True)]

    @property
    def speeds(self) -> list[Pace]:
        return [Pace(**row) for row in self.paces.iter_rows(named=True) if row["target"] == self.row.target]

    @property
    def breakdowns(self) -> list[str]:
        """Those by which the leading target is split, in the order of the plan."""
        return list(dict.fromkeys(self.own["breakdown"]))

    def chosen(self, by: str | None) -> str | None:
        """The breakdown asked for, in any order of its parts; without one the one that needs the fewest names.

        Raises NotPublished with those there are.
        """
        if by is None:
            return telling(self.own)
        wanted = {part.strip() for part in by.split(",")}
        found = next((name for name in self.breakdowns if set(name.split(",")) == wanted), None)
        if found is None:
            if any(set(name.split(",")) == wanted for name in self.published) and self.breakdowns:
                raise NotPublished(
                    f"The gap of {self.row.target} in {self.row.period} is not split by `{by}`, though its numbers are "
                    "published: a withheld number could be worked out from such a split, or its categories do not add up to "
                    f"the whole. Split by: {'; '.join(self.breakdowns)}."
                )
            near = suggest(by, self.breakdowns) or f" Split by: {'; '.join(self.breakdowns) or 'none'}."
            raise NotPublished(f"The gap of {self.row.target} in {self.row.period} is not split by `{by}`.{near}")
        return found


def gap_of(edition: Edition, name: str, period: str | None = None) -> Gap:
    """The gap of an indicator to its first target, or to the target of that id; in the newest year that is judged.

    Raises NotPublished for a name, an indicator without such a target, or a year that is not there.
    """
    plan = edition.plan
    indicator, target = _named(plan, name)
    own = target.id or indicator.id
    rows = edition.query(
        "SELECT * FROM assessments WHERE scope AND indicator = $name ORDER BY period, target", {"name": indicator.id}
    )
    years = rows.filter(pl.col("target") == own)["period"].to_list()
    if not years or (period is not None and period not in years):
        there = f"Years here: {', '.join(years)}." if years else "This edition judges no number of it."
        raise NotPublished(
            f"Nothing of `{indicator.id}` is held against the target {own}{f' in {period}' if period else ''}. {there}"
        )
    facts = {"name": indicator.id, "period": period or years[-1]}
    where = "WHERE indicator = $name AND period = $period ORDER BY ALL"
    judged = rows.filter(pl.col("period") == facts["period"])
    told = edition.query(
        "SELECT DISTINCT breakdown FROM results WHERE indicator = $name AND period = $period AND value IS NOT NULL", facts
    )
    return Gap(
        plan=plan,
        row=Assessment(**judged.row(by_predicate=pl.col("target") == own, named=True)),
        assessments=judged,
        readings=_readings(edition, plan, target, str(facts["period"])),
        paces=edition.query(f"SELECT * FROM paces {where}", facts),
        splits=_in_plan_order(plan, edition.query(f"SELECT * FROM splits {where}", facts)),
        until=through(edition.query("SELECT * FROM coverage")).get(source(plan, indicator) or ""),
        published=frozenset(told["breakdown"]),
    )


def _named(plan: Plan, name: str) -> tuple[Indicator, Target]:
    """The indicator with its first target that has a number; or the target of that id."""
    held = [(one, target) for one in plan.indicators.values() for target in one.targets if target.value is not None]
    for indicator, target in held:
        if name in (indicator.id, target.id):
            return indicator, target
    known = dict.fromkeys(one.id for one, _ in held)
    if name in plan.indicators:
        raise NotPublished(
            f"No target with a number is held against `{name}`, so it has no gap. Those that have one: {', '.join(known)}."
        )
    near = suggest(name, known) or f" Known here: {', '.join(known)}."
    raise NotPublished(f"There is no indicator `{name}` with a target.{near}")


def _readings(edition: Edition, plan: Plan, target: Target, period: str) -> pl.DataFrame:
    """Assessments of the other readings of a target, by whatever indicator."""
    head = target.reading_of or target.id
    held = [one for indicator in plan.indicators.values() for one in indicator.targets if head and one.id != target.id]
    ids = [one.id for one in held if one.id and head in (one.reading_of, one.id)]
    return edition.query(
        "SELECT * FROM assessments WHERE scope AND period = $period AND target IN (SELECT unnest($ids)) ORDER BY target",
        {"period": period, "ids": ids},
    )


def _in_plan_order(plan: Plan, splits: pl.DataFrame) -> pl.DataFrame:
    """Targets by id, breakdowns as the plan names them, categories by rank, and what else the gap is made of at the end."""
    places = {",".join(names): place for place, names in enumerate(plan.breakdown_sets())}
    parts = {"category": 0, "rest": 1, "composition": 2, "total": 3}

    def key(row: dict[str, Any]) -> tuple[str, int, str, int, int]:
        return row["target"], places.get(row["breakdown"], len(places)), row["breakdown"], parts[row["part"]], row["rank"] or 0

    return pl.DataFrame(sorted(splits.iter_rows(named=True), key=key), schema=splits.schema)
