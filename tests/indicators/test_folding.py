"""What a split keeps to itself: an attacker who knows all that is published cannot work out what is withheld.

The attacker reads results and splits, nothing else. He writes down every sum that must hold between the unknown x and y of all
categories: parts of a total, crossings of their breakdowns, groups of codes, level × x = y where the level is published, and the
shares that splits tell. A withheld level is his when its equation is a combination of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
import pytest

from indicators.catalogue.plan import Plan
from indicators.splits.folding import folded
from indicators.splits.shares import Piece, Whole
from indicators.splits.split import splits
from indicators.splits.unknowns import solved
from indicators.targets.evidence import Evidence
from indicators.targets.held import hold
from tests.indicators.conftest import MakePlan
from tests.indicators.splitting import SETS, UP, Industry, a_plan, unit

Key = tuple[str, str]
MINIMUM = 3


class Attacker:
    """What follows for one level and year from the rows of the results, and from shares that somebody told."""

    def __init__(self, results: pl.DataFrame, truth: pl.DataFrame, period: str) -> None:
        """`truth` is there to say what would be right; of it he uses nothing but the names of the categories."""
        self.rows = {
            (row["breakdown"], row["category"]): row for row in results.filter(pl.col("period") == period).rows(named=True)
        }
        own = truth.filter(pl.col("period") == period).rows(named=True)
        self.truth = {(row["breakdown"], row["category"]): row for row in own}
        self.keys = sorted(self.truth)
        self.column = {(of, key): at for at, (of, key) in enumerate((of, key) for of in "xy" for key in self.keys)}
        self.known: list[dict[tuple[str, Key], float]] = [{("x", ("total", "total")): 1.0}]
        for key in self.keys:
            value = self.rows[key]["value"]
            if value is not None:
                self.known.append({("y", key): 1.0, ("x", key): -value})
        for names in SETS:
            for finer in SETS:
                self._sums(names, finer)

    def _sums(self, names: Sequence[str], finer: Sequence[str]) -> None:
        own = [key for key in self.keys if key[0] == (",".join(names) or "total")]
        for key in own:
            members = [other for other in self.keys if other[0] == ",".join(finer) and self._belongs(names, finer, key, other)]
            if members:
                self.known += [{(of, key): 1.0, **{(of, other): -1.0 for other in members}} for of in "xy"]

    @staticmethod
    def _belongs(names: Sequence[str], finer: Sequence[str], key: Key, other: Key) -> bool:
        if set(names) == set(finer) or not finer:
            return False
        codes = dict(zip(finer, other[1].split(","), strict=True))
        codes.setdefault("up", UP.get(codes.get("a", ""), "?"))
        asked = dict(zip(names, key[1].split(","), strict=False)) if names else {}
        return all(codes.get(name, "?") == code for name, code in asked.items())

    def told(self, splits: pl.DataFrame) -> None:
        """The shares of a split of the ratio; of the rest its sums follow from the total."""
        for row in splits.filter(pl.col("part") == "category").rows(named=True):
            self.known.append({("x", (row["breakdown"], row["category"])): 1.0})

    def exposed(self) -> set[Key]:
        """Withheld categories whose level is a combination of what is known."""
        matrix = np.zeros((len(self.known), len(self.column)))
        for at, row in enumerate(self.known):
            for name, factor in row.items():
                matrix[at, self.column[name]] = factor
        matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
        _, sizes, turned = np.linalg.svd(matrix)
        free = turned[int((sizes > 1e-10 * sizes[0]).sum()) :]
        found = set()
        for key in self.keys:
            if self.rows[key]["status"] == "suppressed":
                level = np.zeros(len(self.column))
                level[self.column["y", key]] = 1.0
                level[self.column["x", key]] = -self.truth[key]["y"] / self.truth[key]["x"]
                if np.linalg.norm(free @ level) < 1e-7 * np.linalg.norm(level):
                    found.add(key)
        return found


def random_industry(make_plan: MakePlan, seed: int, kind: str = "ratio") -> Industry:
    """Four to six categories a in two groups, crossed with two or three b; many cells have one or two groups behind them."""
    chance = np.random.default_rng(seed)
    rows = []
    some_a, some_b = int(chance.integers(3, 7)), int(chance.integers(2, 4))
    for period in ("2025", "2026"):
        for a in range(some_a):
            for b in range(some_b):
                for group in range(int(chance.choice([1, 2, 4, 5, 6], p=[0.08, 0.08, 0.3, 0.3, 0.24]))):
                    x = float(chance.uniform(1, 20))
                    rows.append(unit(period, f"a{a}", f"b{b}", x, x * float(chance.uniform(0.2, 0.9)), f"g{a}-{b}-{group}"))
    target = {"id": "T", "operator": ">", "value": 0.9, "year": 2027}
    own: dict[str, Any] = {"unit": "share"}
    if kind == "relative":
        target |= {"operator": ">=", "value": 0.3, "basis": "change"}
        own = {"change_of": "rate", "base_period": "2025"}
    plan = a_plan(make_plan, target, own, minimum_groups=MINIMUM)
    return Industry(plan=plan, units=pl.DataFrame(rows), minimum=MINIMUM)


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("kind", ["ratio", "relative"])
def test_splits_expose_nobody_that_results_alone_do_not(make_plan: MakePlan, seed: int, kind: str) -> None:
    """Of a change the splits tell the shares of both years: its weights, and what the category and its share changed."""
    case = random_industry(make_plan, seed, kind)
    results, truth, splits = case.results(), case.levels(), case.splits().frame
    for period in ("2025", "2026"):
        of_level = results.filter(pl.col("indicator") == "rate")
        before, after = Attacker(of_level, truth, period), Attacker(of_level, truth, period)
        after.told(splits)  # whoever has a row in either year has told the shares of both
        if kind == "ratio" and period == "2026":
            after = Attacker(of_level, truth, period)
            after.told(splits.filter(pl.col("period") == period))
        assert after.exposed() == before.exposed()


def test_the_attacker_has_teeth(make_plan: MakePlan) -> None:
    """With every share told, as the sums of the breakdowns would have it, the same attack finds what is withheld."""
    found = 0
    for seed in range(30):
        case = random_industry(make_plan, seed)
        attacker = Attacker(case.results(), case.levels(), "2026")
        before = attacker.exposed()
        attacker.known += [{("x", key): 1.0} for key in attacker.keys if attacker.rows[key]["status"] != "suppressed"]
        found += len(attacker.exposed() - before)
    assert found > 30


def test_what_is_told_of_one_indicator_counts_for_another_of_the_same_units(make_plan: MakePlan) -> None:
    """Where all levels of the one are alike, it has nothing to hide, and its shares would tell what the other withholds."""
    told = 0
    for seed in range(12):
        case = random_industry(make_plan, seed)
        other = replace(case, units=case.units.with_columns(y=pl.col("x") / 2))
        both, results, evidence = twice(case, other)
        frame = splits(both, hold(both, results, evidence.covariance), evidence, results).frame
        own = results.filter(pl.col("indicator") == "rate")
        before, after = Attacker(own, case.levels(), "2026"), Attacker(own, case.levels(), "2026")
        after.told(frame.filter(pl.col("period") == "2026"))  # those of the other indicator, too
        assert after.exposed() == before.exposed()
        told += frame.filter(pl.col("part") == "category", pl.col("indicator") == "other").height
    assert told > 0


def twice(case: Industry, other: Industry) -> tuple[Plan, pl.DataFrame, Evidence]:
    """Both industries in one plan, the second as an indicator of its own with a target of its own."""
    rate = case.plan.indicators["rate"]
    target = rate.targets[0].model_copy(update={"id": "U"})
    plan = case.plan.model_copy(
        update={"indicators": {"rate": rate, "other": rate.model_copy(update={"id": "other", "targets": [target]})}}
    )
    renamed = pl.lit("other").alias("indicator")
    second = other.results().with_columns(renamed, target=pl.when(pl.col("target").is_not_null()).then(pl.lit("U")))
    first, last = case.evidence(), other.evidence()
    evidence = replace(
        first,
        levels=pl.concat([first.levels, last.levels.with_columns(renamed)]),
        groups=pl.concat([first.groups, last.groups.with_columns(renamed)]),
    )
    return plan, pl.concat([case.results(), second]), evidence


def test_splits_still_say_something_where_somebody_is_withheld(make_plan: MakePlan) -> None:
    """Protection must not be silence: most industries with a withheld category are split by some breakdown."""
    cases = [random_industry(make_plan, seed) for seed in range(30)]
    hidden = [case for case in cases if case.results()["status"].eq("suppressed").any()]
    split = [case for case in hidden if not case.splits().frame.is_empty()]
    assert len(hidden) > 20
    assert len(split) > 0.8 * len(hidden)


def alone(make_plan: MakePlan, behind: dict[str, int]) -> Industry:
    """One breakdown only; each category with so many groups."""
    rows = [
        unit("2026", a, "b0", 10.0 + at, (10.0 + at) * (0.3 + 0.05 * at), f"{a}-{group}")
        for at, (a, groups) in enumerate(behind.items())
        for group in range(groups)
    ]
    plan = a_plan(make_plan, {"id": "T", "operator": ">", "value": 0.9, "year": 2027}, {"unit": "share"}, minimum_groups=MINIMUM)
    return Industry(plan=plan, units=pl.DataFrame(rows), minimum=MINIMUM, sets=((), ("a",)))


def test_one_withheld_category_takes_the_smallest_with_it(make_plan: MakePlan) -> None:
    case = alone(make_plan, {"a0": 1, "a1": 9, "a2": 4, "a3": 8})
    told = case.split("a")
    assert told["category"].to_list() == ["a1", "a3", "rest", "total"]
    rest = told.filter(pl.col("part") == "rest").row(0, named=True)
    assert (rest["value"], rest["se"], rest["missing"]) == (None, None, None)
    truth = {row["category"]: row for row in case.levels().filter(pl.col("breakdown") == "a").iter_rows(named=True)}
    of_all = case.levels().filter(pl.col("breakdown") == "total")["x"].item()
    assert rest["weight"] == pytest.approx((truth["a0"]["x"] + truth["a2"]["x"]) / of_all)


def test_two_withheld_categories_that_may_be_one_group_are_not_enough(make_plan: MakePlan) -> None:
    """Two groups each, but nobody says that they are four; so a category with three joins them."""
    told = alone(make_plan, {"a0": 2, "a1": 9, "a2": 2, "a3": 8, "a4": 3}).split("a")
    assert told["category"].to_list() == ["a1", "a3", "rest", "total"]


def test_where_too_few_are_left_there_is_no_split_and_it_is_said(make_plan: MakePlan) -> None:
    told = alone(make_plan, {"a0": 1, "a1": 9, "a2": 4}).splits()
    assert told.frame.is_empty()
    [notice] = told.notices
    assert notice.en.startswith("Lest a withheld number be worked out")
    assert "a" in notice.en


def test_public_lists_need_no_protection(make_plan: MakePlan) -> None:
    case = alone(make_plan, {"a0": 1, "a1": 9, "a2": 4})
    case.public = frozenset({"rate"})
    assert case.split("a")["category"].to_list() == ["a1", "a2", "a0", "total"] or len(case.split("a")) == 4


def whole() -> Whole:
    return Whole(kind="ratio", direction=1, strict=True, threshold=0.9, value=0.5, se=None, gap=0.4)


def test_those_of_no_category_stand_alone_only_with_enough_groups() -> None:
    named = [Piece(category=f"a{at}", value=0.5, groups=5, x=0.3, y=0.15) for at in range(3)]
    keys = {("a", piece.category or "") for piece in named}
    for groups, left in ((5, 3), (1, 2)):
        kept = folded(whole(), "a", [*named, Piece(groups=groups, x=0.1, y=0.05)], keys, MINIMUM)
        assert kept is not None
        assert sum(piece.category is not None for piece in kept) == left
        assert kept[-1].x == pytest.approx(0.1 if left == 3 else 0.4)


def test_solved_equations_leave_open_what_they_leave_open() -> None:
    """Three unknowns with x0 + x1 + x2 = 0 and x0 = x1: one is free, and the others are combinations of it."""
    free, of_free = solved(np.array([[1.0, 1.0, 1.0], [1.0, -1.0, 0.0], [2.0, 2.0, 2.0]]))
    assert len(free) == 1
    values = np.zeros(3)
    values[free[0]] = 1.0
    for column, row in of_free.items():
        values[column] = row @ np.ones(1)
    assert values[0] == pytest.approx(values[1])
    assert values.sum() == pytest.approx(0.0)
