"""What is asked on Explore: breakdown, view, period and order, as the address has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import query
from dashboard.blocks.item import Item
from dashboard.charts.provinces import mapped
from dashboard.charts.scale import Scale
from dashboard.pieces import markup
from dashboard.rows.pairs import Shift, by_shift, shift_of
from dashboard.rows.reading import Result
from dashboard.wording import definition
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Indicator, Target, codes_of
from indicators.editions.results import TOTAL

LEVELS = ("year", "quarter", "month")


@dataclass(frozen=True, kw_only=True)
class Question:
    """One indicator by one breakdown; `period` in views of one period, `level` in views of all periods of a level."""

    item: Item
    breakdown: str
    view: str
    former: tuple[str, ...]  # the other editions of the store
    period: str = ""
    level: str = LEVELS[0]
    sort: str = "plan"

    @cached_property
    def times(self) -> list[str]:
        """Periods of which the breakdown was published, the newest year first; where changes are asked, those with a change."""
        asked = self.changes if self.view == "change" and self.changes else self.item
        return _times(asked, self.breakdown)

    @cached_property
    def levels(self) -> list[str]:
        found = {periods.level(period) for period in _times(self.item, self.breakdown)}
        return [level for level in LEVELS if level in found]

    @cached_property
    def changes(self) -> Item | None:
        """The indicator of change that is published of this one by this breakdown; of a change, itself."""
        return changes_of(self.item, self.breakdown)

    @property
    def levelled(self) -> Item:
        """What changes: of a change, the indicator that it is a change of; else the indicator itself."""
        of = self.item.indicator.change_of
        return Item(view=self.item.view, indicator=self.item.view.plan.indicators[of]) if of else self.item

    @cached_property
    def rows(self) -> list[Result]:
        """All categories in the period, in the order asked for."""
        return self.ordered(self.item.cut(self.breakdown, self.period))

    @cached_property
    def history(self) -> dict[str, list[Result]]:
        """The periods of every category, oldest first; categories in the order asked for."""
        found: dict[str, list[Result]] = {}
        for row in self.item.view.read(query.history, self.item.indicator.id, self.breakdown).iter_rows(named=True):
            if periods.level(row["period"]) == self.level:
                found.setdefault(row["category"], []).append(Result(**row))
        for path in found.values():
            path.sort(key=lambda row: periods.end(row.period))
        return {row.category: found[row.category] for row in self.ordered([path[-1] for path in found.values()])}

    @property
    def shift_period(self) -> str:
        """The period whose change is shown beside a number: its own where that was published, else the newest."""
        if self.changes is None:
            return ""
        times = _times(self.changes, self.breakdown)
        return self.period if self.period in times else next(iter(times), "")

    @property
    def base(self) -> str:
        return (self.changes.indicator.base_period or "") if self.changes else ""

    @cached_property
    def shifts(self) -> dict[str, Shift]:
        """The published change of every category; empty where none is published."""
        if self.changes is None:
            return {}
        return {row.category: shift_of(row) for row in self.changes.cut(self.breakdown, self.shift_period)}

    @property
    def changing(self) -> Scale | None:
        return self.changes.scale if self.changes else None

    @property
    def by(self) -> str:
        return definition.breakdown_name(self.item.view.plan, self.breakdown, self.item.words)

    @property
    def target(self) -> Target | None:
        """The target that is asked of all."""
        return next((one.target for one in self.item.readings() if one.target.scope == "all"), None)

    def names(self, categories: Sequence[str]) -> dict[str, str]:
        """What categories are called; with their code where two have one name."""
        plan, words = self.item.view.plan, self.item.words
        told = {code: definition.category(plan, self.breakdown, code, words) for code in categories}
        called = list(told.values())
        return {code: name if called.count(name) == 1 else f"{name} ({code})" for code, name in told.items()}

    def ordered(self, rows: Sequence[Result]) -> list[Result]:
        """As the code lists have them, or by value or by change with those without a number at the end."""
        listed = sorted(rows, key=lambda row: self.listed(row.category))
        if self.sort == "value":
            return sorted(listed, key=lambda row: (row.value is None, -(row.value or 0.0)))
        if self.sort == "change":
            at = {name: number for number, name in enumerate(by_shift([row.category for row in listed], self.shifts))}
            return sorted(listed, key=lambda row: at[row.category])
        return listed

    def listed(self, category: str) -> list[int]:
        """Where a category stands in the code lists; codes that these do not have come last."""
        if self.breakdown == TOTAL:
            return []
        lists = self._lists
        return [at.get(code, len(at)) for code, at in zip(codes_of(self.breakdown, category), lists, strict=False)]

    @cached_property
    def _lists(self) -> list[dict[str, int]]:
        plan = self.item.view.plan
        return [{code: at for at, code in enumerate(plan.categories(name))} for name in self.breakdown.split(",")]


def changes_of(item: Item, breakdown: str) -> Item | None:
    """The first indicator of change of an indicator that has rows of the breakdown; of a change itself."""
    plan = item.view.plan
    found = [item.indicator] if item.indicator.change_of else [one for one in plan.indicators.values() if _is_of(one, item)]
    offered = (Item(view=item.view, indicator=one) for one in found)
    return next((one for one in offered if _times(one, breakdown)), None)


def ask(item: Item) -> Question:
    """The controls, in two rows, and what they are set to."""
    words, plan = item.words, item.view.plan
    found = set(item.offered()["breakdown"])
    published = [name for name in (",".join(names) or TOTAL for names in plan.breakdown_sets()) if name in found]
    editions = query.editions(item.view.started.store / "editions")
    former = tuple(name for name in reversed(editions) if name != item.view.edition.id)
    top = st.container(key="explore_view")
    columns = st.columns([3, 2, 3])
    with columns[0]:
        named = {name: definition.breakdown_name(plan, name, words) for name in published}
        breakdown = item.view.choose(
            "breakdown", words("indicator.breakdown"), published, _first(item, published), named.__getitem__
        )
    question = Question(item=item, breakdown=breakdown, view="", former=former)
    views = {name: words(f"explore.view.{name}") for name in _views(question)}
    with top:
        view = item.view.choose("view", words("explore.view"), list(views), next(iter(views)), views.__getitem__, few=True)
    return _further(replace(question, view=view), columns[1:])


def _first(item: Item, published: Sequence[str]) -> str:
    """The breakdown to begin with: the first that splits; where a link asks for a map, the first that can be laid out."""
    if st.query_params.get("view") == "map":
        return next((name for name in published if _mapped(item, name)), published[0])
    return next((name for name in published if name != TOTAL), published[0])


def _views(question: Question) -> list[str]:
    """What can be shown of a breakdown: of the total its course, and another edition where there is one."""
    split = question.breakdown != TOTAL
    offered = {
        "rank": split,
        "time": True,
        "change": split and question.changes is not None,
        "map": split and _mapped(question.item, question.breakdown),
        "compare": split or bool(question.former),
    }
    return [name for name, there in offered.items() if there]


def _mapped(item: Item, breakdown: str) -> bool:
    return "," not in breakdown and breakdown != TOTAL and mapped(set(item.view.plan.categories(breakdown)))


def _further(question: Question, columns: Sequence[DeltaGenerator]) -> Question:
    """What the chosen view can be asked beside; a comparison asks more of its own."""
    one_period, split, levelled = (
        question.view in ("rank", "change", "map"),
        question.breakdown != TOTAL,
        len(question.levels) > 1,
    )
    controls: list[Callable[[Question], Question]] = []
    if one_period:
        controls.append(lambda asked: replace(asked, period=period(asked)))
    if question.view in ("time", "compare") and levelled:
        controls.append(lambda asked: replace(asked, level=level(asked)))
    if question.view in ("rank", "time", "change") and split:
        controls.append(lambda asked: replace(asked, sort=_sort(asked)))
    for column, control in zip(columns, controls, strict=False):
        with column:
            question = control(question)
    return question


def period(question: Question) -> str:
    words, times = question.item.words, question.times
    dated = {time: periods.label(time, words.language) for time in times}
    return question.item.view.choose("period", words("indicator.period"), times, times[0], dated.__getitem__)


def level(question: Question) -> str:
    words, levels = question.item.words, question.levels
    if len(levels) < 2:
        return levels[0]
    named = {name: words(f"indicator.level.{name}") for name in levels}
    return question.item.view.choose("level", words("indicator.level"), levels, levels[0], named.__getitem__, few=True)


def _sort(question: Question) -> str:
    words = question.item.words
    own = question.item.indicator.kind == "change"
    orders: Mapping[str, str] = {
        "plan": words("indicator.sort.plan"),
        **({} if question.view == "change" else {"value": words("indicator.sort.value")}),
        **({"change": words("explore.sort.change")} if question.changes and not (own and question.view != "change") else {}),
    }
    return question.item.view.choose("sort", words("indicator.sort"), list(orders), "plan", orders.__getitem__, few=True)


def _times(item: Item, breakdown: str) -> list[str]:
    """The newest year first, after the years quarters and months."""
    found = item.offered().rows()
    times = [time for name, time in found if name == breakdown]
    return sorted(times, key=lambda time: (periods.level(time) != "year", -periods.end(time)))


def _is_of(one: Indicator, item: Item) -> bool:
    return one.change_of == item.indicator.id


def decimals(question: Question) -> int:
    """Of the numbers in its tables, those of changes among them."""
    asked = [question.item, *([question.changes] if question.changes else [])]
    return max(format.unit_of(one.view.plan, one.indicator.id).decimals for one in asked)


def note(question: Question) -> None:
    """That an association sees its own categories alone, or that nothing but the total is there."""
    words, within = question.item.words, question.item.view.access.scope.rows == "within"
    if question.breakdown != TOTAL:
        if within:
            st.html(markup.text("pw-note", words("explore.yours")))
    elif set(question.item.offered()["breakdown"]) == {TOTAL}:
        st.html(markup.text("pw-note", words("indicator.not_yours" if within else "indicator.no_breakdown")))
