"""All numbers of an edition together: an attacker who adds and subtracts what is published works out nobody.

He knows which enterprise stands in which category. Of every published number he knows numerator and denominator; with a
full count both are plain sums over enterprises, so a withheld number is his when its row of ones follows from published rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest

from indicators.catalogue.disclosure import Disclosure
from indicators.catalogue.plan import Plan
from indicators.compute import Computed, compute
from indicators.estimation.estimate import KEYS
from indicators.protection.former import Former, differences
from indicators.protection.joint import CannotProtect
from indicators.revisions.past import Ties
from tests.indicators.conftest import MakePlan

SETS: tuple[tuple[str, ...], ...] = ((), ("kind",), ("branch",), ("place",), ("kind", "place"))
PARENTS = {"k1": "b1", "k2": "b1", "k3": "b2", "k4": "b2"}
COLUMNS = {
    "firm": "identifier",
    "month": "month",
    "owner": "identifier",
    "kind": {"type": "code", "codes": "kind"},
    "place": "identifier",
    "made": "number",
    "staff": "integer",
}
DESIGN = {"unit": "firm", "census": True, "group": "owner"}
Row = dict[str, Any]


@pytest.fixture(scope="module")
def plan(make_plan: MakePlan) -> Plan:
    found = make_plan(
        tables={"lines": {"key": ["firm", "month"], "period": "month", "design": DESIGN, "columns": COLUMNS}},
        indicators={
            "per_head": {"table": "lines", "numerator": "made", "denominator": "staff", "periods": ["year", "quarter"]},
            "made": {"table": "lines", "numerator": "made", "periods": ["year", "quarter"]},
            "rise": {"change_of": "per_head", "base_period": "2025"},
        },
        breakdowns={"kind": "kind", "branch": {"column": "kind", "rollup": "branch"}, "place": "place"},
        crossings=[["kind", "place"]],
        codes={"kind": PARENTS, "branch": {"b1": None, "b2": None}},
    )
    return found.model_copy(update={"disclosure": Disclosure()})


def lines(seed: int, firms: int = 40, *, gone: float = 0.1) -> pl.DataFrame:
    """Firms of uneven size; some owners hold two of them; some quarters are not reported."""
    chance = np.random.default_rng(seed)
    rows = []
    for i in range(firms):
        kind, place = chance.choice(list(PARENTS), p=[0.5, 0.2, 0.2, 0.1]), chance.choice(["p", "q", "r"], p=[0.6, 0.3, 0.1])
        size = float(np.exp(chance.normal(3, 1.2)))
        for year, month in product((2025, 2026), (2, 5, 8, 11)):
            if chance.random() > gone:
                made, staff = size * chance.uniform(0.8, 1.2), int(size) + 1
                rows.append((f"f{i}", f"o{i // 2 if i < 8 else i}", kind, place, year, month, made, staff))
    frame = pl.DataFrame(rows, schema=["firm", "owner", "kind", "place", "_year", "_month", "made", "staff"], orient="row")
    return frame.with_columns(month=pl.date(pl.col("_year"), pl.col("_month"), 1)).drop("_year", "_month")


def numbers(frame: pl.DataFrame) -> Iterator[tuple[str, str, str, pl.DataFrame]]:
    """Period, breakdown, category and the rows behind every number there could be."""
    full = frame.with_columns(
        branch=pl.col("kind").replace_strict(PARENTS),
        year=pl.col("month").dt.year().cast(pl.String),
        quarter=pl.col("month").dt.year().cast(pl.String) + "-Q" + pl.col("month").dt.quarter().cast(pl.String),
    )
    for level, names in product(("year", "quarter"), SETS):
        for key, rows in full.group_by([level, *names], maintain_order=True):
            period, *codes = map(str, key)
            yield period, ",".join(names) or "total", ",".join(codes) or "total", rows


def recovered(results: pl.DataFrame, frame: pl.DataFrame, indicator: str = "per_head") -> set[tuple[str, str, str]]:
    """Withheld numbers that stand on fewer than three owners and follow from those published (reliability of SVD: 1e-9)."""
    rows_of = {(period, breakdown, code): rows for period, breakdown, code, rows in numbers(frame)}
    place = {(row["firm"], row["month"]): at for at, row in enumerate(frame.iter_rows(named=True))}

    def ones(rows: pl.DataFrame) -> np.ndarray:
        found = np.zeros(len(place))
        found[[place[firm, month] for firm, month in rows.select("firm", "month").iter_rows()]] = 1.0
        return found

    own = results.filter(pl.col("indicator") == indicator)
    known = own.filter(pl.col("value").is_not_null()).select("period", "breakdown", "category").rows()
    secret = own.filter(pl.col("status") == "suppressed").select("period", "breakdown", "category").rows()
    _, sizes, basis = np.linalg.svd(np.array([ones(rows_of[name]) for name in known]), full_matrices=False)
    basis = basis[sizes > 1e-9 * sizes[0]]
    found = set()
    for name in secret:
        row = ones(rows_of[name])
        left = row - basis.T @ (basis @ row)
        if np.linalg.norm(left) < 1e-7 and rows_of[name]["owner"].n_unique() < 3:
            found.add(name)
    return found


def computed(plan: Plan, warehouse: Any, frame: pl.DataFrame, **ties: Any) -> Computed:
    return compute(plan, warehouse(plan, {"lines": frame}), ties=Ties(**ties))


@pytest.mark.parametrize("seed", range(6))
def test_nobody_is_worked_out_from_tables_hierarchies_crossings_and_parts_of_a_year(
    plan: Plan, warehouse: Any, seed: int
) -> None:
    frame = lines(seed)
    found = computed(plan, warehouse, frame)
    assert recovered(found.results, frame) == set()
    assert recovered(found.results, frame, "made") == set()
    few = {(p, b, c) for p, b, c, rows in numbers(frame) if rows["owner"].n_unique() < 3}
    shown = found.results.filter(pl.col("indicator") == "per_head", pl.col("value").is_not_null())
    assert few & set(shown.select("period", "breakdown", "category").iter_rows()) == set()
    assert shown.height > 10, "something is still told"


def test_the_attacker_has_teeth(plan: Plan, warehouse: Any) -> None:
    """Without secondary suppression he finds many."""
    lost = 0
    for seed in range(3):
        frame = lines(seed)
        found = computed(plan, warehouse, frame)
        few = found.joint.asked[0].unsafe.filter("unsafe").select(KEYS) if found.joint else pl.DataFrame()
        results = found.results
        values = {(p, b, c): float(rows["made"].sum()) / float(rows["staff"].sum()) for p, b, c, rows in numbers(frame)}
        told = pl.DataFrame([("per_head", *name, value) for name, value in values.items()], schema=[*KEYS, "told"], orient="row")
        naive = results.filter(pl.col("indicator") == "per_head").join(told, on=KEYS, how="left")
        hidden = naive.join(few.with_columns(few=pl.lit(True)), on=KEYS, how="left")["few"].fill_null(False)
        naive = naive.with_columns(hidden=hidden).with_columns(
            value=pl.when(~pl.col("hidden")).then("told"),
            status=pl.when("hidden").then(pl.lit("suppressed")).otherwise(pl.lit("published")),
        )
        lost += len(recovered(naive, frame))
    assert lost > 5


@pytest.mark.parametrize("seed", range(4))
def test_a_change_is_told_only_where_both_its_ends_are(plan: Plan, warehouse: Any, seed: int) -> None:
    results = computed(plan, warehouse, lines(seed)).results
    shown = results.filter(pl.col("value").is_not_null())
    told = {(i, p, b, c) for i, p, b, c in shown.select(KEYS).iter_rows()}
    rises = {key for key in told if key[0] == "rise" and key[1] != "2025"}
    assert rises
    assert all(("per_head", end, *key[2:]) in told for key in rises for end in ("2025", key[1]))


def test_what_is_withheld_for_one_number_is_withheld_for_all_of_the_same_rows(plan: Plan, warehouse: Any) -> None:
    results = computed(plan, warehouse, lines(3)).results
    hidden = {
        name: set(results.filter(pl.col("indicator") == name, pl.col("status") == "suppressed").select(KEYS[1:]).iter_rows())
        for name in ("per_head", "made")
    }
    assert hidden["per_head"] == hidden["made"] != set()


def test_nothing_is_withheld_where_the_rules_call_nothing_unsafe(plan: Plan, warehouse: Any) -> None:
    open_ = plan.model_copy(update={"disclosure": Disclosure.of_groups(1)})
    assert computed(open_, warehouse, lines(3)).results.filter(pl.col("status") == "suppressed").is_empty()


def test_too_many_cells_are_refused_with_advice(plan: Plan, warehouse: Any) -> None:
    small = plan.model_copy(update={"disclosure": Disclosure(budget=20)})
    with pytest.raises(CannotProtect, match=r"lines: per_head, made, 2025: \d+ cells .* the budget is 20.*kind,place"):
        computed(small, warehouse, lines(3))


def former(found: Computed, edition: str = "0001") -> Former:
    assert found.joint is not None
    said = found.results.unique(KEYS)
    return Former(
        edition=edition,
        contributions=pl.concat([one.contributions for one in found.joint.asked if one.change is None], how="diagonal"),
        published=said.filter(pl.col("status").is_in(["published", "unreliable"])).select(KEYS),
        withheld=said.filter(pl.col("status") == "suppressed").select(KEYS),
    )


@pytest.mark.parametrize("seed", range(3))
def test_the_same_data_give_the_same_pattern_again(plan: Plan, warehouse: Any, seed: int) -> None:
    frame = lines(seed)
    first = computed(plan, warehouse, frame)
    again = computed(plan, warehouse, frame, formers=(former(first),))
    columns = [*KEYS, "status"]
    assert again.results.select(columns).equals(first.results.select(columns))


@pytest.mark.parametrize("seed", range(4))
def test_two_editions_together_tell_no_more_than_each(plan: Plan, warehouse: Any, seed: int) -> None:
    """Some of those who were silent report late; the attacker puts both editions together, with what changed as unknowns."""
    plan = plan.model_copy(update={"disclosure": Disclosure(percent=None)})
    chance = np.random.default_rng(seed)
    late = lines(seed, gone=0.0)
    early = late.filter(pl.Series(chance.random(late.height) > 0.3))
    first = computed(plan, warehouse, early)
    both = computed(plan, warehouse, late, formers=(former(first),))
    came = late.join(early, on=["firm", "month"], how="anti")
    results = [(first.results, early), (both.results, late)]
    place = {key: at for at, key in enumerate(late.select("firm", "month").iter_rows())}
    rows = []
    for told, frame in results:
        named = {(p, b, c): part for p, b, c, part in numbers(frame)}
        shown = told.filter(pl.col("indicator") == "per_head", pl.col("value").is_not_null())
        for name in shown.select("period", "breakdown", "category").iter_rows():
            ones = np.zeros(len(place))
            ones[[place[key] for key in named[name].select("firm", "month").iter_rows()]] = 1.0
            rows.append(ones)
    _, sizes, basis = np.linalg.svd(np.array(rows), full_matrices=False)
    basis = basis[sizes > 1e-9 * sizes[0]]
    open_ = 1 - (basis**2).sum(axis=0)
    assert came.height > 5
    assert open_.min() > 1e-7, "the number of one enterprise in one quarter follows"


def test_a_correction_of_one_enterprise_alone_is_not_published(plan: Plan, warehouse: Any) -> None:
    frame = lines(2)
    first = computed(plan, warehouse, frame)
    moved = frame.with_columns(made=pl.when(pl.col("firm") == "f20").then(pl.col("made") * 2).otherwise("made"))
    with pytest.raises(CannotProtect, match="so few enterprises changed"):
        computed(plan, warehouse, moved, formers=(former(first),))
    accepting = plan.model_copy(update={"disclosure": Disclosure(differences="accept")})
    assert computed(accepting, warehouse, moved, formers=(former(first),)).results.height == first.results.height


def test_a_category_that_few_corrected_is_withheld_until_more_have(plan: Plan, warehouse: Any) -> None:
    frame = lines(2, firms=80)
    first = computed(plan, warehouse, frame)
    shown = {row[1:] for row in first.results.filter(pl.col("value").is_not_null()).select(KEYS).iter_rows()}
    owners = sorted(set(frame.filter(pl.col("place") == "q")["firm"]))
    others = sorted(set(frame.filter(pl.col("place") == "p")["firm"]))
    assert ("2026", "place", "q") in shown

    def corrected(firms: list[str]) -> pl.DataFrame:
        changed = pl.col("firm").is_in(firms) & (pl.col("month").dt.year() == 2026)
        moved = frame.with_columns(made=pl.when(changed).then(pl.col("made") * 1.5).otherwise("made"))
        found = computed(plan, warehouse, moved, formers=(former(first),)).results
        return found.filter(pl.col("indicator") == "per_head", pl.col("period") == "2026", pl.col("breakdown") == "place")

    few = corrected([owners[-1], *others[-6:]])
    assert few.filter(pl.col("category") == "q")["status"].item() == "suppressed"
    many = corrected([*owners[-6:], *others[-6:]])
    assert many.filter(pl.col("category") == "q")["status"].item() == "published"


def test_differences_are_those_of_whom_something_changed(plan: Plan, warehouse: Any) -> None:
    frame = lines(5)
    then = former(computed(plan, warehouse, frame)).contributions
    assert then is not None
    assert differences(then, then).is_empty()
    moved = then.with_columns(y=pl.when(pl.col("holding") == "o20").then(pl.col("y") + 1).otherwise("y"))
    found = differences(moved, then)
    assert set(found["holding"]) == {"o20"}
    assert found["y"].to_list() == pytest.approx([1.0] * found.height)
    gone = then.filter(pl.col("holding") != "o21")
    assert set(differences(gone, then)["holding"]) == {"o21"}
    assert replace(former(computed(plan, warehouse, frame)), contributions=None).contributions is None


def test_who_bears_no_category_is_not_what_is_left_of_the_total(plan: Plan, warehouse: Any) -> None:
    """All others bear one: the total less these would be the value of one enterprise."""
    frame = lines(7, firms=60, gone=0.0)
    frame = frame.with_columns(place=pl.when(pl.col("firm") != "f30").then("place"))
    results = computed(plan, warehouse, frame).results
    for period in ("2025", "2026-Q1"):
        own = results.filter(pl.col("indicator") == "per_head", pl.col("period") == period, pl.col("breakdown") == "place")
        assert own.height == 3
        assert "suppressed" in set(own["status"])


def test_an_indicator_that_must_be_published_is_or_nothing_is(plan: Plan, warehouse: Any) -> None:
    frame = lines(3)
    must = plan.model_copy(update={"disclosure": Disclosure(open=["made"])})
    results = computed(must, warehouse, frame).results
    totals = results.filter(pl.col("breakdown") == "total", pl.col("indicator") == "made", pl.col("period").str.len_chars() == 4)
    assert set(totals["status"]) == {"published"}
    two = frame.filter(pl.col("owner").is_in(["o20", "o21"]))
    with pytest.raises(CannotProtect, match=r"2025 total total must be published .* Take the indicator out of `open`"):
        computed(must, warehouse, two)


def test_parts_of_a_year_are_protected_by_themselves(plan: Plan, warehouse: Any) -> None:
    """Of 2026 two quarters are there: the change is on the same two quarters of 2025, and withheld where these are."""
    frame = lines(4).filter((pl.col("month").dt.year() == 2025) | (pl.col("month").dt.month() < 7))
    found = computed(plan, warehouse, frame)
    assert found.joint is not None
    cut = [one for one in found.joint.guarded if one.family.change]
    assert {(one.family.change, one.year) for one in cut} == {(("rise", "2026"), "2025"), (("rise", "2026"), "2026")}
    rises = found.results.filter(pl.col("indicator") == "rise", pl.col("period") == "2026", pl.col("value").is_not_null())
    hidden = {name[1:] for one in cut for name in one.withheld}
    assert rises.height > 3
    assert not hidden & set(rises.select("breakdown", "category").iter_rows())


def test_one_late_answer_moves_the_weights_of_all_and_is_still_one(make_plan: MakePlan, warehouse: Any) -> None:
    """Where answers weigh alike, n times the mean, after less before, is what the newcomer said."""
    columns = dict.fromkeys(("firm", "layer", "kind"), "identifier") | {"year": "year", "size": "integer", "score": "number"}
    design = {"unit": "firm", "stratum": "layer", "population": "size", "group": "firm"}
    plan = make_plan(
        tables={"answers": {"key": ["firm", "year"], "period": "year", "design": design, "columns": columns}},
        indicators={"score": {"table": "answers", "numerator": "score", "respondents": "score IS NOT NULL", "denominator": "1"}},
        breakdowns={"kind": "kind"},
    ).model_copy(update={"disclosure": Disclosure(percent=None)})
    scores = np.random.default_rng(4).uniform(20, 90, 40).tolist()
    rows = [(f"f{at}", 2026, "all", 80, f"k{at % 2}", score) for at, score in enumerate(scores)]
    frame = pl.DataFrame(rows, schema=["firm", "year", "layer", "size", "kind", "score"], orient="row")
    first = compute(plan, warehouse(plan, {"answers": frame.filter(pl.col("firm") != "f7")}))
    then = first.results.filter(pl.col("category") == "total")["value"].item()
    assert 40 * np.mean(scores) - 39 * then == pytest.approx(scores[7]), "so it would be told"
    with pytest.raises(CannotProtect, match="so few enterprises changed"):
        compute(plan, warehouse(plan, {"answers": frame}), ties=Ties(formers=(former(first),)))
    late = frame.filter(~pl.col("firm").is_in(["f7", "f9", "f11", "f13", "f15"]))
    many = compute(plan, warehouse(plan, {"answers": late}))
    found = compute(plan, warehouse(plan, {"answers": frame}), ties=Ties(formers=(former(many),))).results
    assert set(found.filter(pl.col("category").is_in(["total", "k1"]))["status"]) == {"published"}
