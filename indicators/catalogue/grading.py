"""The tier of what follows from records: an indicator is graded by the highest column that it is made from."""

from __future__ import annotations

from indicators.catalogue import formula
from indicators.catalogue.plan import Indicator, Plan
from pipelines.custody import Tier, highest
from pipelines.dictionary import Column

Source = tuple[str, str]  # table and column


def inputs(plan: Plan, indicator: Indicator) -> dict[Source, Column]:
    """Columns of records that an indicator is made from, by table and column; of a change those of its level.

    Named are the columns of its formulas, conditions and times, without those by which rows are only split or weighted.
    """
    while indicator.change_of is not None:
        indicator = plan.indicators[indicator.change_of]
    texts = (indicator.numerator, indicator.denominator, indicator.where, indicator.respondents)
    named = {name for text in texts if isinstance(text, str) for name in formula.parse(text).columns}
    if (time := indicator.duration) is not None:
        named |= {name for name in (time.start, time.end, time.stopped, time.as_of) if name is not None}
    named |= {indicator.transitions} if indicator.transitions else set()
    assert indicator.table is not None
    reachable = plan.dictionary.reachable(indicator.table)
    plain = (name if name in reachable else name.removeprefix("base_") for name in sorted(named))
    return {(reachable[name][0], name): reachable[name][1] for name in plain if name in reachable}


def tier_of_inputs(plan: Plan, indicator: Indicator) -> Tier:
    """The tier that its numbers have until disclosure control clears them (GB/T 43697-2024, annex I)."""
    return highest(column.tier for column in inputs(plan, indicator).values())
