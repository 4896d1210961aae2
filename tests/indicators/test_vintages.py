"""What several editions together would tell, and what is therefore withheld again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations

import polars as pl
import pytest

from indicators.catalogue.plan import Plan
from indicators.editions.results import RESULTS, as_results
from indicators.estimation.disclosure import HIDDEN
from indicators.revisions.past import remembered
from indicators.revisions.vintages import keep_withheld

CATEGORIES = "abcd"


@pytest.fixture(scope="session")
def plan(make_plan: Callable[..., Plan]) -> Plan:
    """Its numbers are printed with one decimal."""
    return make_plan(
        tables={"facts": {"key": ["year"], "period": "year", "public": True, "columns": {"year": "year", "y": "number"}}},
        indicators={"level": {"table": "facts", "numerator": "y"}},
    )


def results(withheld: Iterable[str], *, total: float = 100.0, n: int = 40, period: str = "2025") -> pl.DataFrame:
    hidden = set(withheld)
    rows = [{"category": "total", "breakdown": "total", "value": total, "n": n, "status": "published"}]
    rows += [
        {"category": one, "breakdown": "kind", "value": None, "n": None, "status": "suppressed"}
        if one in hidden
        else {"category": one, "breakdown": "kind", "value": 25.0, "n": 10, "status": "published"}
        for one in CATEGORIES
    ]
    schema = {name: RESULTS[name] for name in ("category", "breakdown", "value", "n", "status")}
    return as_results(pl.DataFrame(rows, schema=schema).with_columns(indicator=pl.lit("level"), period=pl.lit(period)))


def still_withheld(plan: Plan, before: list[pl.DataFrame], now: pl.DataFrame) -> set[str]:
    past = remembered((f"{i + 1:04d}", frame, {}) for i, frame in enumerate(before))
    found = keep_withheld(plan, now, past.withheld)
    assert found.height == now.height
    hidden = found.filter(pl.col("status") == "suppressed")
    assert hidden.select(pl.any_horizontal(pl.col(HIDDEN).is_not_null())).to_series().any() is False
    assert found.join(hidden, on="category", how="anti").equals(now.join(hidden, on="category", how="anti"))
    return set(hidden["category"])


@pytest.mark.parametrize(
    "then", [set(c) for size in range(5) for c in combinations(CATEGORIES, size)], ids=lambda c: "".join(sorted(c))
)
def test_no_category_is_left_to_be_found_by_subtraction_across_editions(plan: Plan, then: set[str]) -> None:
    """The sum of those withheld is known in each edition; those in only one of them are known from the other."""
    for size in range(5):
        for now in map(set, combinations(CATEGORIES, size)):
            kept = still_withheld(plan, [results(then)], results(now))
            assert now <= kept <= now | then
            if len(then) > 1:
                assert len(then & kept) != 1, f"the sum of {then} less those published now gives one of {now}"
            if len(then) < 2 or len(then & now) != 1:
                assert kept == now, "nothing is withheld without need"


@pytest.mark.parametrize("one", ["ab", "abc", "bc", "ad"])
@pytest.mark.parametrize("other", ["bc", "cd", "abd"])
def test_what_is_withheld_again_leaves_none_alone_that_another_edition_withheld(plan: Plan, one: str, other: str) -> None:
    for size in range(1, 4):
        for now in map(set, combinations(CATEGORIES, size)):
            kept = still_withheld(plan, [results(one), results(other)], results(now))
            assert now <= kept <= now | {*one, *other}
            assert 1 not in (len(kept & {*one}), len(kept & {*other}))


def test_every_former_edition_counts(plan: Plan) -> None:
    before = [results("ab"), results("cd"), results("")]
    assert still_withheld(plan, before, results("ac")) == {"a", "b", "c", "d"}


@pytest.mark.parametrize(
    ("total", "n", "kept"),
    [(100.0, 40, "ab"), (100.09, 40, "ab"), (100.11, 40, "a"), (100.0, 41, "a")],
    ids=["same", "revised by less than is printed", "revised by more", "somebody came in"],
)
def test_only_an_edition_with_the_same_data_counts(plan: Plan, total: float, n: int, kept: str) -> None:
    assert still_withheld(plan, [results("ab")], results("a", total=total, n=n)) == set(kept)


def test_another_period_is_another_matter(plan: Plan) -> None:
    assert still_withheld(plan, [results("ab", period="2024")], results("a")) == {"a"}


def test_of_a_total_that_was_withheld_nothing_is_known(plan: Plan) -> None:
    before = results("ab").with_columns(
        status=pl.when(pl.col("category") == "total").then(pl.lit("suppressed")).otherwise("status"),
        value=pl.when(pl.col("category") != "total").then("value"),
    )
    assert still_withheld(plan, [before], results("a")) == {"a"}


def test_without_former_editions_nothing_changes(plan: Plan) -> None:
    assert still_withheld(plan, [], results("a")) == {"a"}
