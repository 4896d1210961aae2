"""How long things take, through the tables: which cases count, what they weigh, what is not reached, and what is told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl
import pytest

from indicators.catalogue.plan import Plan
from indicators.catalogue.question import questions
from indicators.compute import compute
from indicators.cycles import duration
from indicators.cycles.spells import spells
from indicators.statements.statement import rows_statement
from tests.indicators.cycles import cycle_plan, projects, register

BEGUN = date(2025, 1, 1)


def spells_of(plan: Plan, database: Any) -> pl.DataFrame:
    (question,) = questions(plan, ("duration",))
    measured = question.indicators[0].duration
    assert measured is not None
    return spells(database.query(rows_statement(question)), measured).with_columns(pl.col("period") // 10000)


def spell(found: pl.DataFrame, year: int) -> list[tuple[float, float, bool]]:
    return found.filter(pl.col("period") == year).select("entry", "exit", "event").rows()


def test_exposure_of_a_year_is_cut_at_both_ends(make_plan: Any, warehouse: Any) -> None:
    plan = cycle_plan(make_plan)
    frame = projects([("a", date(2024, 12, 1), date(2026, 1, 31), None)])
    found = spells_of(plan, warehouse(plan, {"register": register(["a"], range(2023, 2029)), "projects": frame}))
    assert found["period"].to_list() == [2024, 2025, 2026]
    assert spell(found, 2024) == [(-1.0, 30.0, False)]
    assert spell(found, 2025) == [(30.0, 395.0, False)], "watched from the end of its 30th day"
    assert spell(found, 2026) == [(395.0, 426.0, True)]


def test_the_years_of_a_case_join_without_a_gap(make_plan: Any, warehouse: Any) -> None:
    """Every age is watched in exactly one year, so no finish, on whatever day, is lost or counted twice."""
    plan = cycle_plan(make_plan)
    begun = date(2024, 12, 20)
    firms = [f"f{k}" for k in range(740)]
    rows = [(firm, begun, begun + timedelta(days=k), None) for k, firm in enumerate(firms)]
    found = spells_of(plan, warehouse(plan, {"register": register(firms, range(2023, 2029)), "projects": projects(rows)}))
    assert sorted(found.filter("event")["exit"]) == list(range(740))
    ages = found.group_by("unit").agg(watched=(pl.col("exit") - pl.col("entry")).sum(), lasted=pl.col("exit").max())
    assert (ages["watched"] == ages["lasted"] + 1).all()


@pytest.mark.parametrize(
    ("done", "dropped", "seen", "expected"),
    [
        (date(2026, 3, 2), None, date(2027, 12, 31), (-1.0, 60.0, True)),
        (None, None, date(2026, 6, 30), (-1.0, 180.0, False)),  # open when last seen
        (None, date(2026, 3, 2), date(2027, 12, 31), (-1.0, 60.0, False)),  # given up
        (date(2026, 9, 1), None, date(2026, 6, 30), (-1.0, 180.0, False)),  # planned, not yet seen to be done
        (date(2026, 1, 1), None, date(2027, 12, 31), (-1.0, 0.0, True)),  # on the first day
    ],
)
@pytest.mark.parametrize("method", ["period", "cohort"])
def test_how_one_case_counts(
    done: Any, dropped: Any, seen: date, expected: tuple[float, float, bool], method: str, make_plan: Any, warehouse: Any
) -> None:
    plan = cycle_plan(make_plan, method)
    frames = {
        "register": register(["a"], range(2026, 2027)),
        "projects": projects([("a", date(2026, 1, 1), done, dropped)], seen),
    }
    assert spell(spells_of(plan, warehouse(plan, frames)), 2026) == [expected]


def test_the_cohort_is_followed_beyond_its_year(make_plan: Any, warehouse: Any) -> None:
    plan = cycle_plan(make_plan, "cohort")
    frame = projects([("a", date(2025, 11, 1), date(2026, 11, 1), None), ("a", date(2026, 1, 5), None, None)])
    found = spells_of(plan, warehouse(plan, {"register": register(["a"], range(2025, 2027)), "projects": frame}))
    assert spell(found, 2025) == [(-1.0, 365.0, True)]
    assert spell(found, 2026) == [(-1.0, 725.0, False)]


def test_impossible_dates_count_for_nothing(make_plan: Any, warehouse: Any) -> None:
    plan = cycle_plan(make_plan)
    rows = [
        ("a", date(2026, 5, 1), date(2026, 4, 1), None),
        ("a", None, date(2026, 4, 1), None),
        ("a", date(2029, 1, 1), None, None),
    ]
    frames = {"register": register(["a"], range(2025, 2028)), "projects": projects(rows)}
    assert spells_of(plan, warehouse(plan, frames)).is_empty()


def after(days: int | None) -> date | None:
    return None if days is None else BEGUN + timedelta(days=days)


def begun(firm: str, done: int | None = None, dropped: int | None = None) -> tuple[Any, ...]:
    """A project of a firm begun on the first day of 2025, and after how many days it ended."""
    return (firm, BEGUN, after(done), after(dropped))


def test_open_and_abandoned_cases_push_the_median_up(make_plan: Any, results_of: Any, row_of: Any) -> None:
    plan = cycle_plan(make_plan, "cohort")
    rows = [begun("a", 10 * k) for k in range(1, 6)]
    rows += [begun("b", None, 25)] * 2 + [begun("c")] * 2
    frames = {"register": register(["a", "b", "c"], range(2025, 2026)), "projects": projects(rows)}
    row = row_of(results_of(plan, frames), "cycle", "2025")
    # 9 at risk: 8/9, 7/9; the two given up leave; 7/9 · 4/5 · 3/4 is below one half
    assert row["value"] == 40.0
    assert (row["n"], row["df"]) == (3, None)
    assert row["value"] > float(np.median([10, 20, 30, 40, 50]))


def test_a_median_that_is_not_reached_is_null_and_known_to_be_more(make_plan: Any, results_of: Any, row_of: Any) -> None:
    """Two of eight finished after 18 and 19 days; the others are open on 28 January at the ages of 20 to 25 days."""
    plan = cycle_plan(make_plan, "cohort")
    rows = [("a", date(2025, 1, k), None if k > 2 else date(2025, 1, 20), None) for k in range(1, 9)]
    frames = {"register": register(["a"], range(2025, 2026)), "projects": projects(rows, date(2025, 1, 28))}
    row = row_of(results_of(plan, frames), "cycle", "2025")
    assert [row[name] for name in ("value", "se", "high", "quality", "df", "verdict")] == [None] * 6
    assert row["status"] == "absent"
    assert row["low"] == 21.0, "the last age at which five were watched: those begun up to 7 January"


def test_what_is_not_reached_is_hidden_with_the_rest_of_a_suppressed_row(make_plan: Any, results_of: Any, row_of: Any) -> None:
    plan = cycle_plan(make_plan, "cohort", minimum_groups=3)
    rows = [begun("a") for _ in range(8)]
    row = row_of(results_of(plan, {"register": register(["a"], range(2025, 2026)), "projects": projects(rows)}), "cycle", "2025")
    assert (row["status"], row["low"], row["n"]) == ("suppressed", None, None)


def test_cases_weigh_as_their_enterprise(make_plan: Any, results_of: Any, row_of: Any) -> None:
    """Two strata: of the quick one all answered, of the slow one every tenth; the median is that of the slow."""
    plan = cycle_plan(make_plan, "cohort", answered_in="asked")
    quick, slow = [f"q{i}" for i in range(8)], [f"s{i}" for i in range(6)]
    layers = dict.fromkeys(quick, ("quick", 8)) | dict.fromkeys(slow, ("slow", 60))
    rows = [begun(firm, 20) for firm in quick] + [begun(firm, 90) for firm in slow]
    firms = register(quick + slow, range(2025, 2026), layers)
    frames = {"register": firms, "projects": projects(rows), "asked": firms.select("firm", "year")}
    assert row_of(results_of(plan, frames), "cycle", "2025")["value"] == 90.0
    # 54 more of the slow stratum answered and had no project: they share its weight
    more = [f"n{i}" for i in range(54)]
    firms = register(quick + slow + more, range(2025, 2026), layers | dict.fromkeys(more, ("slow", 60)))
    frames = {"register": firms, "projects": projects(rows), "asked": firms.select("firm", "year")}
    assert row_of(results_of(plan, frames), "cycle", "2025")["value"] == 20.0


def test_who_did_not_answer_stands_for_nobody(make_plan: Any, results_of: Any, row_of: Any) -> None:
    plan = cycle_plan(make_plan, "cohort", answered_in="asked")
    firms = register([f"f{i}" for i in range(12)], range(2025, 2026))
    rows = [begun(f"f{i}", 10 + i) for i in range(12)]
    frames = {"register": firms, "projects": projects(rows), "asked": firms.filter(pl.col("firm") >= "f3").select("firm", "year")}
    row = row_of(results_of(plan, frames), "cycle", "2025")
    assert (row["value"], row["n"]) == (16.0, 7), "f3 to f9"


def test_a_stated_weight_and_a_sampling_fraction_take_the_place_of_the_population(
    make_plan: Any, results_of: Any, row_of: Any
) -> None:
    """The same sample stated in two ways: five of fifty and two of two, once by population, once by weight and fraction."""
    firms = [f"f{i}" for i in range(7)]
    layers = {firm: ("small", 50) if i < 5 else ("large", 2) for i, firm in enumerate(firms)}
    listed = register(firms, range(2025, 2026), layers)
    listed = listed.with_columns(
        weight=pl.col("layer_size") / pl.len().over("layer"), part=pl.len().over("layer") / pl.col("layer_size")
    )
    rows = projects([begun(firm, 20 + 7 * i + k) for i, firm in enumerate(firms) for k in range(2)])
    plan = cycle_plan(make_plan, "cohort")
    columns = {**plan.dictionary.tables["register"].model_dump()["columns"]}
    other = make_plan(
        tables={
            "register": {
                "key": ["firm", "year"],
                "period": "year",
                "columns": {**{name: column["type"] for name, column in columns.items()}, "weight": "number", "part": "rate"},
            },
            "projects": {
                "key": ["firm", "project"],
                "link": [{"table": "register", "on": {"firm": "firm", "year": "period"}}],
                "design": {"unit": "firm", "stratum": "layer", "weight": "weight", "sampling_fraction": "part"},
                "columns": {name: column.type for name, column in plan.dictionary.tables["projects"].columns.items()},
            },
        },
        indicators={"cycle": plan.indicators["cycle"].model_dump(exclude={"id"}, exclude_defaults=True)},
    )
    ours = row_of(results_of(plan, {"register": listed, "projects": rows}), "cycle", "2025")
    theirs = row_of(results_of(other, {"register": listed, "projects": rows}), "cycle", "2025")
    assert ours == theirs
    assert ours["low"] < ours["value"]


# --- errors ------------------------------------------------------------------------------------------------------------------


def many(seed: int, firms: int, years: range, cases: int = 1) -> list[tuple[Any, ...]]:
    """Cases begun on some day of each year that take 30 to 330 days; a few are given up."""
    rng = np.random.default_rng(seed)
    rows = []
    for year in years:
        for i in range(firms):
            for _ in range(cases):
                start = date(year, 1, 1) + timedelta(days=int(rng.integers(0, 365)))
                end = start + timedelta(days=int(rng.integers(30, 330)))
                rows.append((f"f{i:03}", start, None, end) if rng.random() < 0.05 else (f"f{i:03}", start, end, None))
    return rows


@pytest.mark.parametrize("method", ["period", "cohort"])
def test_the_order_of_rows_never_matters_to_the_last_bit(method: str, make_plan: Any, results_of: Any) -> None:
    plan = cycle_plan(make_plan, method, change={"mix": "layer"}, answered_in="asked")
    names = [f"f{i:03}" for i in range(60)]
    layers = {name: ("ab"[i % 2], 70 + i % 2 * 200) for i, name in enumerate(names)}
    firms = register(names, range(2025, 2028), layers)
    frames = {"register": firms, "projects": projects(many(14, 60, range(2024, 2028), 2)), "asked": firms.select("firm", "year")}
    first = results_of(plan, frames)
    assert first.filter(pl.col("se") > 0).height > 10
    for seed in (5, 6):
        shuffled = {name: frame.sample(fraction=1.0, shuffle=True, seed=seed) for name, frame in frames.items()}
        assert first.equals(results_of(plan, shuffled))


def test_all_who_answered_are_drawn_also_those_without_cases(make_plan: Any, warehouse: Any) -> None:
    """Three of 300 have cases: in one draw of twenty (e^−3) none of them is in it, and the median is not reached."""
    plan = cycle_plan(make_plan, "cohort", answered_in="asked")
    firms = register([f"f{i:03}" for i in range(300)], range(2025, 2026))
    rows = [begun(f"f{i:03}", 50 + 10 * k) for i in range(3) for k in range(4)] + [begun("f000")]
    database = warehouse(plan, {"register": firms, "projects": projects(rows), "asked": firms.select("firm", "year")})
    (question,) = questions(plan, ("duration",))
    drawn = duration.answer(question, database).replicates["2025", "total", "total"]
    assert np.isinf(drawn).mean() == pytest.approx(np.exp(-3), abs=0.03)


def test_an_upper_end_that_many_draws_do_not_reach_is_unknown(make_plan: Any, results_of: Any, row_of: Any) -> None:
    """Of 40 enterprises 23 finished within the year; in some draws fewer than half did."""
    plan = cycle_plan(make_plan, "cohort")
    names = [f"f{i:02}" for i in range(40)]
    rows = [begun(name, 100 + 5 * i if i < 23 else None) for i, name in enumerate(names)]
    frames = {"register": register(names, range(2025, 2026)), "projects": projects(rows, date(2025, 12, 31))}
    row = row_of(results_of(plan, frames), "cycle", "2025")
    assert row["value"] == 197.5
    assert row["low"] < row["value"]
    assert (row["high"], row["se"]) == (None, None)


def test_replicates_that_are_missing_are_above_all_others_or_of_no_side() -> None:
    drawn = np.arange(1000.0)
    assert duration.spread(drawn) == pytest.approx({"se": drawn.std(ddof=1), "low": 24.975, "high": 974.025})
    few = np.where(drawn < 980, drawn, np.inf)
    assert duration.spread(few)["high"] == pytest.approx(974.025)
    assert duration.spread(few)["se"] == pytest.approx(np.arange(980.0).std(ddof=1))
    some = np.where(drawn < 950, drawn, np.inf)
    assert duration.spread(some)["low"] == pytest.approx(24.975)
    assert duration.spread(some)["high"] is None
    assert duration.spread(np.where(drawn < 800, drawn, np.inf))["se"] is None
    assert duration.spread(np.full(9, np.nan)) == {"se": None, "low": None, "high": None}


def test_one_enterprise_alone_has_no_error(make_plan: Any, results_of: Any, row_of: Any) -> None:
    plan = cycle_plan(make_plan, "cohort")
    rows = [begun("a", 10 * k) for k in range(1, 8)] + [begun("a")]
    row = row_of(results_of(plan, {"register": register(["a"], range(2025, 2026)), "projects": projects(rows)}), "cycle", "2025")
    assert (row["value"], row["se"], row["low"], row["high"], row["quality"]) == (45.0, None, None, None, None)


def test_the_letter_follows_from_the_error(make_plan: Any, results_of: Any) -> None:
    plan = cycle_plan(make_plan)
    frames = {
        "register": register([f"f{i:03}" for i in range(60)], range(2025, 2027)),
        "projects": projects(many(3, 60, range(2024, 2027))),
    }
    rows = results_of(plan, frames).filter(pl.col("value").is_not_null())
    assert rows.height >= 4
    for row in rows.iter_rows(named=True):
        variation = row["se"] / row["value"]
        assert row["quality"] == next(
            letter for letter, limit in zip("ABCDE", (0.05, 0.1, 0.15, 0.25, 0.35), strict=True) if variation < limit
        )


# --- what is told ------------------------------------------------------------------------------------------------------------


def told(plan: Any, warehouse: Any, frames: dict[str, pl.DataFrame]) -> list[str]:
    notices = compute(plan, warehouse(plan, frames)).notices
    assert all(notice.zh and notice.en for notice in notices)
    return [notice.en for notice in notices]


@pytest.mark.parametrize(("method", "words"), [("period", "open in the year"), ("cohort", "begun in the year")])
def test_more_than_a_tenth_given_up_is_told_with_the_share(method: str, words: str, make_plan: Any, warehouse: Any) -> None:
    """Two of ten of one stratum, weight 3 each, and none of five of another, weight 1: 6/35; at day 25 34 are at risk."""
    plan = cycle_plan(make_plan, method)
    names = [f"f{i}" for i in range(15)]
    layers = {name: ("s", 30) if i < 10 else ("t", 5) for i, name in enumerate(names)}
    rows = [begun(name, None, 25) if i < 2 else begun(name, 20 if i == 14 else 40 + i) for i, name in enumerate(names)]
    frames = {"register": register(names, range(2025, 2026), layers), "projects": projects(rows)}
    (notice,) = told(plan, warehouse, frames)
    assert notice == (
        f"projects, 2025: of those {words}, 17.1% (weighted) were given up. They count as open until then and never as finished; "
        "the cumulative incidence of being given up (Aalen–Johansen) is 17.1%."
    )


def test_a_tenth_given_up_is_not_told(make_plan: Any, warehouse: Any) -> None:
    names = [f"f{i}" for i in range(10)]
    rows = [begun(name, None, 25) if i < 1 else begun(name, 40 + i) for i, name in enumerate(names)]
    frames = {"register": register(names, range(2025, 2026)), "projects": projects(rows)}
    assert told(cycle_plan(make_plan, "cohort"), warehouse, frames) == []


def test_of_too_few_groups_nothing_is_told(make_plan: Any, warehouse: Any) -> None:
    rows = [begun("a", None, 25)] * 3 + [begun("b", 40)] * 4 + [begun("c", 50)] * 4
    frames = {"register": register(["a", "b", "c"], range(2025, 2026)), "projects": projects(rows)}
    assert len(told(cycle_plan(make_plan, "cohort", minimum_groups=3), warehouse, frames)) == 1
    frames = {"register": register(["a", "b"], range(2025, 2026)), "projects": projects(rows[:7])}
    assert told(cycle_plan(make_plan, "cohort", minimum_groups=3), warehouse, frames) == []


def test_what_is_not_reached_is_told_with_what_is_known(make_plan: Any, warehouse: Any) -> None:
    names = [f"f{i}" for i in range(10)]
    rows = [begun(name, 30 + i if i < 4 else None) for i, name in enumerate(names)]
    frames = {"register": register(names, range(2025, 2026)), "projects": projects(rows, date(2025, 6, 30))}
    assert told(cycle_plan(make_plan, "cohort"), warehouse, frames)[0] == (
        "cycle, 2025: the time within which 50% are finished is not reached, only known to be more than 180 days. "
        "A quarter are finished within 32 days."
    )
    assert told(cycle_plan(make_plan, "cohort", quantile=0.2), warehouse, frames) == []
    none = {**frames, "projects": projects([begun(name) for name in names], date(2025, 6, 30))}
    assert told(cycle_plan(make_plan, "cohort"), warehouse, none)[0].endswith("Nor is the time within which a quarter are.")


def test_a_curve_that_begins_late_is_told(make_plan: Any, warehouse: Any) -> None:
    """Two are watched from their first day and finish; twenty come under watch at the age of 100 days and more."""
    names = [f"f{i:02}" for i in range(22)]
    rows = [(name, date(2024, 9, 1), date(2025, 2, 1) + timedelta(days=i), None) for i, name in enumerate(names[:20])]
    rows += [(name, date(2025, 3, 1), date(2025, 3, 11), None) for name in names[20:]]
    frames = {"register": register(names, range(2025, 2026)), "projects": projects(rows)}
    (notice,) = told(cycle_plan(make_plan), warehouse, frames)
    assert notice == (
        "cycle, 2025: at earlier ages fewer than five cases (by weight) were at risk, so the curve begins at day 153 "
        "and speaks only of those that lasted so long."
    )
