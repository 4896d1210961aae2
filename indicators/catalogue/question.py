"""A question: the indicators that one generated statement over one table answers together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from indicators.catalogue import formula
from indicators.catalogue.plan import Indicator, Panel, Plan
from pipelines.design import Design
from pipelines.dictionary import Link, Table
from pipelines.overlay import flag


@dataclass(frozen=True, kw_only=True)
class Question:
    """What one statement over `table` must know: formulas, design, breakdowns and the columns they stand on."""

    plan: Plan
    table: Table
    design: Design | None
    respondents: str | None
    indicators: tuple[Indicator, ...]
    sets: tuple[tuple[str, ...], ...]  # breakdowns crossed, from () for the total
    months: tuple[int, ...] = ()  # of every year only these; empty: all of them
    imputed: bool = False  # some rows hold imputed values, and `_added` and `_imputed_<column>` say which
    kept: Literal["all", "imputed", "reported"] = "all"  # the rows whose values count; all count for the weights

    @property
    def levels(self) -> tuple[str, ...]:
        wanted = {level for indicator in self.indicators for level in indicator.periods} or {"year"}
        return tuple(level for level in ("year", "quarter", "month") if level in wanted)

    @property
    def panel(self) -> Panel | None:
        """The fixed panel of the indicators, which is the same for all of them."""
        return self.indicators[0].panel if self.indicators else None

    @property
    def dated_by_link(self) -> bool:
        return self.table.period is None and self.table.year is None

    @property
    def dating_link(self) -> tuple[Link, str]:
        """For a table without a period of its own: the link, and its column, that say in which years a row counts.

        Raises ValueError when there is none; the plan check refuses such a plan before.
        """
        for link in self.table.link:
            for theirs, ours in link.on.items():
                if ours == "period":
                    return link, theirs
        raise ValueError(f"table {self.table.id} has neither a period nor a link on the period")

    @property
    def register(self) -> Link | None:
        """The link to the table that lists the units with their strata; None where no other table does."""
        design = self.design
        if design is None or design.census or design.stratum is None:
            return None
        table, _ = self.plan.dictionary.reachable(self.table.id)[design.stratum]
        return next((link for link in self.table.link if link.table == table), None)

    @property
    def breakdowns(self) -> tuple[str, ...]:
        """Every breakdown of any set, in plan order."""
        used = {name for names in self.sets for name in names}
        return tuple(name for name in self.plan.breakdowns if name in used)

    @property
    def calculated(self) -> frozenset[str]:
        """Columns that the formulas name, as opposed to those that say who the unit is."""
        texts = [self.respondents] if self.respondents else []
        texts += [text for indicator in self.indicators for text in _formulas(indicator)]
        return frozenset(name for text in texts for name in formula.parse(text).columns)

    def flags(self, *indicators: Indicator) -> tuple[str, ...]:
        """The columns that say of a row whether it was added, or which of the values were imputed that these are made from."""
        names = {name for indicator in indicators for text in _formulas(indicator) for name in formula.parse(text).columns}
        own = [name for name in self.table.columns if name in names and name not in self.table.key]
        return ("_added", *map(flag, own)) if self.imputed else ()

    @property
    def columns(self) -> tuple[str, ...]:
        """Plain column names that must be reachable, in a stable order; base_<column> stays with the panel."""
        names: dict[str, None] = {}
        texts = [self.respondents] if self.respondents else []
        for text in [*texts, *(text for indicator in self.indicators for text in _formulas(indicator))]:
            names |= dict.fromkeys(formula.parse(text).columns)
        for indicator in self.indicators:
            if indicator.duration:
                d = indicator.duration
                names |= dict.fromkeys(name for name in (d.start, d.end, d.stopped, d.as_of) if name)
        if self.design:
            d2 = self.design
            names |= dict.fromkeys(
                n for n in (d2.unit, d2.stratum, d2.population, d2.weight, d2.sampling_fraction, d2.group) if n
            )
        names |= dict.fromkeys(self.plan.breakdowns[name].column for name in self.breakdowns)
        return tuple(names)


def questions(plan: Plan, kinds: tuple[str, ...] = ("ratio", "total")) -> list[Question]:
    """All questions of a plan whose indicators are of these kinds; together they cover each indicator once."""
    grouped: dict[tuple[object, ...], list[Indicator]] = {}
    for indicator in plan.indicators.values():
        if indicator.kind not in kinds:
            continue
        assert indicator.table is not None
        design = indicator.design or plan.dictionary.tables[indicator.table].design
        key = (
            indicator.table,
            repr(design),
            indicator.respondents,
            repr(indicator.panel),
            tuple(indicator.periods),
            breakdown_sets(plan, indicator),
            indicator.id if indicator.duration else None,
        )
        grouped.setdefault(key, []).append(indicator)
    found = []
    for members in grouped.values():
        first = members[0]
        assert first.table is not None
        table = plan.dictionary.tables[first.table]
        found.append(
            Question(
                plan=plan,
                table=table,
                design=first.design or table.design,
                respondents=first.respondents,
                indicators=tuple(members),
                sets=breakdown_sets(plan, first),
            )
        )
    return found


def breakdown_sets(plan: Plan, indicator: Indicator) -> tuple[tuple[str, ...], ...]:
    """The total and every breakdown and crossing that the table's columns, and the indicator, allow."""
    assert indicator.table is not None
    table = plan.dictionary.tables[indicator.table]
    design = indicator.design or table.design
    reachable = set(plan.dictionary.reachable(table.id))
    if design:
        reachable &= plan.dictionary.per_unit(table.id, design.unit)
    allowed = {
        name
        for name, split in plan.breakdowns.items()
        if split.column in reachable and (indicator.breakdowns is None or name in indicator.breakdowns)
    }
    return tuple(names for names in plan.breakdown_sets() if set(names) <= allowed)


def _formulas(indicator: Indicator) -> list[str]:
    texts = (indicator.where, indicator.numerator, indicator.denominator)
    return [text for text in texts if isinstance(text, str)]
