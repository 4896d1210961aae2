"""What the controls of a scenario say, the scenario that says the same, and what an edition lets them say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Literal

import polars as pl

from indicators.catalogue.plan import Plan, Target
from indicators.catalogue.scenario import ALL, Move, Scenario
from indicators.catalogue.scenariofaults import FIFTH_OF, named, scenario_faults, scope_of
from indicators.catalogue.scenariotext import UNNAMED

#: where categories can be sent to; of these the last ones are paces, which last until the target year
PLACES = ("threshold", "best_fifth", "level", "required", "fastest_fifth")
PACES = ("required", "fastest_fifth")
FIFTHS = ("best_fifth", "fastest_fifth")
Cell = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Categories of one breakdown and one place to go to: what one row of controls can say."""

    breakdown: str  # as the table `splits` names it
    chosen: Mapping[str, tuple[str, ...]]  # codes by breakdown; none of a breakdown are all of them
    to: str = "threshold"  # one of PLACES
    level: float | None = None
    among: str | None = None  # of which breakdown a fifth is taken; None: of the one that is moved
    others: Literal["stay", "achieved"] = "stay"


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What an edition knows of one target: which categories can be moved, and of which breakdowns a fifth can be taken."""

    plan: Plan
    target: Target
    id: str  # of the target
    offered: Mapping[str, Sequence[str]]  # categories that can be moved, by breakdown
    left: bool  # is there time left for a pace
    sizes: Mapping[frozenset[str], int]  # published and reliable categories of each breakdown, within what the target asks
    speeds: Collection[str]  # breakdowns of which the pace of the fastest fifth is known

    def scenario(self, wish: Wish) -> Scenario:
        """The scenario that moves the categories chosen, without those that cannot be moved."""
        wheres = [{one: ALL if codes == () else list(codes) for one, codes in wish.chosen.items()}]
        if any(cell not in self._cells(wish.breakdown) for cell in self._wanted(wish)):
            wheres = list(self._grouped(wish)) or wheres
        going = {"pace" if wish.to in PACES else "to": wish.level if wish.to == "level" else wish.to}
        among = {"among": wish.among} if wish.to in FIFTHS and wish.among else {}
        moves = [{"where": where, **going, **among} for where in wheres]
        return Scenario.model_validate({"name": UNNAMED, "target": self.id, "moves": moves, "others": wish.others})

    def wish(self, scenario: Scenario) -> Wish | None:
        """The wish that a scenario expresses; None where it says more than one row of controls can."""
        first = scenario.moves[0]
        if scenario.period is not None or len({(move.to, move.pace, move.among) for move in scenario.moves}) > 1:
            return None
        level = float(first.to) if isinstance(first.to, float | int) else None
        to = "level" if level is not None else str(first.to or first.pace)
        breakdown = self._breakdown(first)
        if breakdown is None or to not in PLACES:
            return None
        free = [name for name in breakdown.split(",") if name not in scope_of(self.target)]
        chosen = {name: _codes_in(scenario, name) for name in free}
        found = Wish(breakdown=breakdown, chosen=chosen, to=to, level=level, among=first.among, others=scenario.others)
        return found if self._moved(self.scenario(found), breakdown) == self._moved(scenario, breakdown) else None

    def places(self, wish: Wish) -> dict[str, Wish]:
        """The wish with every place that can be gone to from there, by its name."""
        level = wish.level if wish.level is not None else self.target.value
        found: dict[str, Wish] = {}
        for to in PLACES:
            amongs = [wish.among, None, *self.plan.breakdowns] if to in FIFTHS else [None]
            tried = (replace(wish, to=to, level=level if to == "level" else None, among=among) for among in amongs)
            if (one := next(filter(self.allows, tried), None)) is not None:
                found[to] = one
        return found

    def amongs(self, wish: Wish) -> list[str | None]:
        """Of which breakdowns the best or fastest fifth may be taken; None stands for the one that is moved."""
        others = (name for name in self.plan.breakdowns if name != wish.breakdown)
        return [among for among in (None, *others) if self.allows(replace(wish, among=among))]

    def allows(self, wish: Wish) -> bool:
        """Whether the plan and the edition have what the wish needs."""
        if wish.to in PACES and not self.left:
            return False
        names = {wish.among, *scope_of(self.target)} if wish.among else set(wish.breakdown.split(","))
        if wish.to == "best_fifth" and self.sizes.get(frozenset(map(str, names)), 0) < FIFTH_OF:
            return False
        if wish.to == "fastest_fifth" and (wish.among or wish.breakdown) not in self.speeds:
            return False
        return not any(scenario_faults(self.plan, self.scenario(wish)))

    def splits(self, scenario: Scenario) -> bool:
        """Whether the edition splits the gap by the breakdowns that a scenario names."""
        return self._breakdown(scenario.moves[0]) is not None

    def withheld(self, scenario: Scenario) -> list[tuple[str, str]]:
        """Breakdown and category of all that a scenario names one by one and that cannot be moved."""
        found = []
        for move in scenario.moves:
            codes = named(move, self.target)
            breakdown = self._breakdown(move)
            if breakdown is not None and [ALL] not in codes.values():
                cells = product(*(codes[name] for name in breakdown.split(",")))
                found += [(breakdown, ",".join(cell)) for cell in cells if cell not in self._cells(breakdown)]
        return found

    def _breakdown(self, move: Move) -> str | None:
        names = set(named(move, self.target))
        return next((one for one in self.offered if set(one.split(",")) == names), None)

    def _cells(self, breakdown: str) -> frozenset[Cell]:
        return frozenset(tuple(category.split(",")) for category in self.offered[breakdown])

    def _wanted(self, wish: Wish) -> Iterator[Cell]:
        """The categories that a wish names one by one; nothing where some breakdown is meant whole."""
        if () not in wish.chosen.values():
            codes = {**wish.chosen, **{name: (code,) for name, code in scope_of(self.target).items()}}
            yield from product(*(codes[name] for name in wish.breakdown.split(",")))

    def _grouped(self, wish: Wish) -> Iterator[dict[str, str | list[str]]]:
        """Of the categories that a wish names those that can be moved: one move for each start, with the ends that go with it."""
        names, cells = wish.breakdown.split(","), self._cells(wish.breakdown)
        free = [name for name in names if name in wish.chosen]
        ends: dict[Cell, list[str]] = {}
        for cell in self._wanted(wish):
            if cell in cells:
                codes = [code for name, code in zip(names, cell, strict=True) if name in free]
                ends.setdefault(tuple(codes[:-1]), []).append(codes[-1])
        for start, last in ends.items():
            yield {**dict(zip(free[:-1], start, strict=True)), free[-1]: last}

    def _moved(self, scenario: Scenario, breakdown: str) -> set[Cell]:
        """The categories, of those there are, that a scenario moves."""
        found: set[Cell] = set()
        for move in scenario.moves:
            codes = [named(move, self.target)[name] for name in breakdown.split(",")]
            for cell in self._cells(breakdown):
                if all(own == [ALL] or code in own for own, code in zip(codes, cell, strict=True)):
                    found.add(cell)
        return found


def sizes(results: pl.DataFrame, target: Target, period: str) -> dict[frozenset[str], int]:
    """How many published and reliable categories each breakdown has in a period, within what the target asks.

    `results` are the rows of one indicator, as the edition has them.
    """
    asked = scope_of(target)
    rows = results.filter(pl.col("period") == period, pl.col("status") == "published", pl.col("value").is_not_null())
    found: dict[frozenset[str], int] = {}
    for breakdown, category in rows.select("breakdown", "category").unique().sort("breakdown", "category").iter_rows():
        names, codes = breakdown.split(","), category.split(",")
        if len(names) == len(codes) and all(asked.get(name, code) == code for name, code in zip(names, codes, strict=True)):
            found[frozenset(names)] = found.get(frozenset(names), 0) + 1
    return found


def _codes_in(scenario: Scenario, name: str) -> tuple[str, ...]:
    """The codes of a breakdown that any move names, each once; none where all are meant."""
    found = [code for move in scenario.moves for code in _listed(move, name)]
    return () if ALL in found else tuple(dict.fromkeys(found))


def _listed(move: Move, name: str) -> list[str]:
    codes = move.where.get(name, ALL)
    return [codes] if isinstance(codes, str) else codes
