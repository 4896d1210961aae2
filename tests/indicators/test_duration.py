"""How long things take: R's median, a slow curve by hand, and the trap of looking at finished cases only."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators import duration, statement
from indicators.duration import kaplan_meier_quantile
from indicators.plan import Plan
from indicators.question import questions

# --- the curve ---------------------------------------------------------------------------------------------------------


def quantile(entry: Any, exit_: Any, event: Any, weight: Any = None, q: float = 0.5) -> float:
    size = len(exit_)
    weight = np.ones(size) if weight is None else np.asarray(weight, dtype=float)
    arrays = (np.asarray(entry, dtype=float), np.asarray(exit_, dtype=float), np.asarray(event, dtype=bool))
    return float(kaplan_meier_quantile(*arrays, weight[:, None], q)[0])


def by_hand(entry: Any, exit_: Any, event: Any, weight: Any, q: float) -> float:
    """One time after the other; the crowd rule and R's rule for a flat step, spelt out."""
    cases = list(zip(entry, exit_, event, weight, strict=True))
    survivors, curve, begun = 1.0, [], False
    for t in sorted({e for _, e, d, _ in cases if d}):
        at_risk = [(e, d, w) for i, e, d, w in cases if i < t <= e]
        begun = begun or len(at_risk) >= min(duration.AT_RISK, len(cases))
        if not begun:
            continue
        risk = sum(w for _, _, w in at_risk)
        survivors *= 1 - sum(w for e, d, w in at_risk if d and e == t) / risk
        curve.append((t, survivors))
    reached = [(t, s) for t, s in curve if s <= 1 - q + 1e-9]
    if not reached:
        return float("nan")
    first, height = reached[0]
    below = [t for t, s in reached if s < 1 - q - 1e-9]
    flat = abs(height - (1 - q)) <= 1e-9
    return (first + below[0]) / 2 if flat and below else float(first)


def test_the_median_on_a_flat_step_is_its_middle_as_in_r() -> None:
    """survival::survfit answers 25 for four deaths at 10, 20, 30, 40: the curve is at one half from 20 to 30."""
    assert quantile([-1] * 4, [10, 20, 30, 40], [True] * 4) == 25.0
    assert quantile([-1] * 4, [10, 20, 30, 40], [True, True, False, False]) == 20.0, "a flat end has no middle"
    assert quantile([-1] * 8, [10, 20, 30, 40] * 2, [True] * 8, q=0.25) == 15.0


def test_the_hand_case(shared_data: Path) -> None:
    """9/10 · 8/9 · 5/7 · 4/5: after 18 the curve is at 4/7, after 24 at 16/35, so the median is 24."""
    frame = pl.read_csv(shared_data / "statistics" / "km_hand.csv")
    cases = ([-1] * frame.height, frame["t"], frame["e"] == 1)
    assert quantile(*cases, q=1 - 0.58) == 18.0
    assert quantile(*cases) == 24.0
    assert quantile(*cases, q=1 - 4 / 7) == 21.0, "flat at 4/7 from 18 to 24"


spell = st.tuples(st.integers(-1, 20), st.integers(1, 30), st.booleans(), st.sampled_from([0.5, 1.0, 2.5, 4.0]))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(spells=st.lists(spell, min_size=1, max_size=40), q=st.sampled_from([0.25, 0.5, 0.75, 0.9]))
def test_the_curve_by_hand(spells: list[tuple[int, int, bool, float]], q: float) -> None:
    entry, length, event, weight = (list(column) for column in zip(*spells, strict=True))
    exit_ = [i + k for i, k in zip(entry, length, strict=True)]
    found, wanted = quantile(entry, exit_, event, weight, q), by_hand(entry, exit_, event, weight, q)
    assert (np.isnan(found) and np.isnan(wanted)) or found == wanted


def test_a_quantile_that_is_not_reached_is_not_a_number() -> None:
    assert np.isnan(quantile([-1] * 8, range(10, 18), [True, True, False, False, False, False, False, False]))
    assert np.isnan(quantile([-1] * 8, range(10, 18), [False] * 8))


def test_the_curve_starts_where_five_are_at_risk() -> None:
    """One early finisher among two watched would halve the curve; it is passed over."""
    late = [100] * 20
    exit_ = [50, 60, *range(110, 130)]
    event = [True, False] + [True] * 20
    assert quantile([-1, -1, *late], exit_, event) == 119.5
    assert quantile([-1, -1, *late][:2], exit_[:2], event[:2]) == 50.0, "fewer than five in all are all there is"


def test_whole_weights_are_repeated_cases() -> None:
    rng = np.random.default_rng(3)
    exit_, event, weight = rng.integers(1, 60, 30), rng.random(30) < 0.7, rng.integers(1, 5, 30)
    entry = np.where(rng.random(30) < 0.4, exit_ - rng.integers(1, 10, 30), -1)
    for q in (0.25, 0.5, 0.75):
        repeated = [np.repeat(column, weight) for column in (entry, exit_, event)]
        assert quantile(entry, exit_, event, weight, q) == quantile(*repeated, q=q)


# --- through the tables --------------------------------------------------------------------------------------------------

FIRM = {"firm": "identifier", "year": "year", "layer": "identifier", "layer_size": "integer", "holding_group": "identifier"}
PROJECT = {
    "firm": "identifier",
    "project": "identifier",
    "begun": "date",
    "done": "date",
    "dropped": "date",
    "seen": "date",
    "kind": "identifier",
}


def cycle_plan(make_plan: Any, method: str = "period", *, change: bool = False, **design: Any) -> Plan:
    """Projects dated by a register of firms; the median of the time from begun to done."""
    asked = {"unit": "firm", "stratum": "layer", "population": "layer_size", "group": "holding_group", **design}
    link = {"table": "register", "on": {"firm": "firm", "year": "period"}}
    measured = {"start": "begun", "end": "done", "stopped": "dropped", "as_of": "seen", "method": method}
    indicators: dict[str, Any] = {"cycle": {"table": "projects", "duration": measured}}
    if change:
        indicators["shorter"] = {"change_of": "cycle", "base_period": "2025"}
    return make_plan(
        tables={
            "register": {"key": ["firm", "year"], "period": "year", "columns": FIRM},
            "asked": {
                "key": ["firm", "year"],
                "period": "year",
                "link": [link],
                "design": {name: value for name, value in asked.items() if name != "answered_in"},
                "columns": {"firm": "identifier", "year": "year"},
            },
            "projects": {"key": ["firm", "project"], "link": [link], "design": asked, "columns": PROJECT},
        },
        indicators=indicators,
        breakdowns={"kind": "kind"},
    )


def register(firms: list[str], years: range, layers: dict[str, tuple[str, int]] | None = None) -> pl.DataFrame:
    rows = []
    for year in years:
        for firm in firms:
            layer, size = (layers or {}).get(firm, ("all", len(firms)))
            rows.append({"firm": firm, "year": year, "layer": layer, "layer_size": size, "holding_group": firm})
    return pl.DataFrame(rows)


def projects(rows: list[tuple[Any, ...]], seen: date = date(2027, 12, 31)) -> pl.DataFrame:
    """Rows of (firm, begun, done, dropped)."""
    frame = pl.DataFrame(rows, schema=["firm", "begun", "done", "dropped"], orient="row", infer_schema_length=None)
    number = pl.int_range(pl.len()).cast(pl.String)
    return frame.with_columns(
        pl.col("begun", "done", "dropped").cast(pl.Date), project=number, seen=pl.lit(seen), kind=pl.lit("k")
    )


def spells_of(plan: Plan, database: Any) -> pl.DataFrame:
    (question,) = questions(plan, ("duration",))
    rows = database.query(statement.rows_statement(question))
    measured = question.indicators[0].duration
    assert measured is not None
    return duration._spells(rows, measured).with_columns(pl.col("period") // 10000)


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


def test_open_and_abandoned_cases_push_the_median_up(make_plan: Any, results_of: Any, row_of: Any) -> None:
    plan = cycle_plan(make_plan, "cohort")
    begun = date(2025, 1, 1)
    rows = [("a", begun, begun + timedelta(days=10 * k), None) for k in range(1, 6)]
    rows += [("b", begun, None, begun + timedelta(days=25))] * 2 + [("c", begun, None, None)] * 2
    frames = {"register": register(["a", "b", "c"], range(2025, 2026)), "projects": projects(rows)}
    row = row_of(results_of(plan, frames), "cycle", "2025")
    # 9 at risk: 8/9, 7/9; the two given up leave; 7/9 · 4/5 · 3/4 is below one half
    assert row["value"] == 40.0
    assert row["n"] == 3
    finished = [10, 20, 30, 40, 50]
    assert row["value"] > float(np.median(finished))


def test_a_median_that_is_not_reached_is_null(make_plan: Any, results_of: Any, row_of: Any) -> None:
    plan = cycle_plan(make_plan, "cohort")
    rows = [("a", date(2025, 1, k), None if k > 2 else date(2025, 3, 1), None) for k in range(1, 9)]
    frames = {"register": register(["a"], range(2025, 2026)), "projects": projects(rows)}
    row = row_of(results_of(plan, frames), "cycle", "2025")
    assert (row["value"], row["se"], row["low"], row["high"], row["status"]) == (None, None, None, None, "absent")


def test_cases_weigh_as_their_enterprise(make_plan: Any, results_of: Any, row_of: Any) -> None:
    """Two strata: of the quick one all answered, of the slow one every tenth; the median is that of the slow."""
    plan = cycle_plan(make_plan, "cohort", answered_in="asked")
    quick, slow = [f"q{i}" for i in range(6)], [f"s{i}" for i in range(3)]
    layers = dict.fromkeys(quick, ("quick", 6)) | dict.fromkeys(slow, ("slow", 30))
    begun = date(2025, 1, 1)
    rows = [(firm, begun, begun + timedelta(days=20), None) for firm in quick]
    rows += [(firm, begun, begun + timedelta(days=90), None) for firm in slow]
    firms = register(quick + slow, range(2025, 2026), layers)
    frames = {"register": firms, "projects": projects(rows), "asked": firms.select("firm", "year")}
    assert row_of(results_of(plan, frames), "cycle", "2025")["value"] == 90.0
    # three more of the slow stratum answered and had no project: they share its weight
    more = [f"n{i}" for i in range(12)]
    firms = register(quick + slow + more, range(2025, 2026), layers | dict.fromkeys(slow + more, ("slow", 15)))
    frames = {"register": firms, "projects": projects(rows), "asked": firms.select("firm", "year")}
    assert row_of(results_of(plan, frames), "cycle", "2025")["value"] == 20.0


# --- the trap --------------------------------------------------------------------------------------------------------------


def simulated(seed: int, growth: float, speed: float = 1.0, size: int = 600) -> pl.DataFrame:
    """Projects begun 2019–2027 of log-normal length around 600 days; begun ones grow by `growth` a year.

    From 2026 on, time runs `speed` times as fast for whoever is under way.
    """
    rng = np.random.default_rng(seed)
    rows = []
    turn = date(2026, 1, 1).toordinal()
    for year in range(2019, 2028):
        for i in range(round(size * growth ** (year - 2019))):
            begun = date(year, 1, 1).toordinal() + int(rng.integers(0, 365))
            length = 600 * np.exp(0.45 * rng.standard_normal())
            done = begun + length
            if done > turn:
                left = done - max(begun, turn)
                done = max(begun, turn) + left / speed
            finish = date.fromordinal(round(done))
            rows.append((f"f{i % 60}", date.fromordinal(begun), finish if finish <= date(2027, 12, 31) else None, None))
    return projects(rows)


def medians(make_plan: Any, results_of: Any, row_of: Any, frame: pl.DataFrame) -> tuple[float, float]:
    plan = cycle_plan(make_plan)
    frames = {"register": register([f"f{i}" for i in range(60)], range(2025, 2028)), "projects": frame}
    results = results_of(plan, frames)
    return row_of(results, "cycle", "2025")["value"], row_of(results, "cycle", "2027")["value"]


def test_finished_cases_alone_show_a_fall_that_is_not_there(make_plan: Any, results_of: Any, row_of: Any) -> None:
    frame = simulated(11, growth=1.0)
    done = frame.drop_nulls("done").with_columns(
        days=(pl.col("done") - pl.col("begun")).dt.total_days(), year=pl.col("begun").dt.year()
    )
    naive = {year: part["days"].median() for (year,), part in done.group_by("year")}
    assert naive[2026] / naive[2024] - 1 < -0.2, "begun in 2026 and finished by 2027: only the quick ones"
    then, now = medians(make_plan, results_of, row_of, frame)
    assert abs(now / then - 1) < 0.05


def test_more_and_more_new_projects_do_not_look_like_speed(make_plan: Any, results_of: Any, row_of: Any) -> None:
    frame = simulated(12, growth=1.25, size=200)
    done = frame.drop_nulls("done").with_columns(
        days=(pl.col("done") - pl.col("begun")).dt.total_days(), year=pl.col("done").dt.year()
    )
    assert done.filter(pl.col("year") == 2027)["days"].median() < 580
    then, now = medians(make_plan, results_of, row_of, frame)
    assert then == pytest.approx(600, rel=0.07)
    assert abs(now / then - 1) < 0.06


def test_a_true_acceleration_is_seen(make_plan: Any, results_of: Any, row_of: Any) -> None:
    then, now = medians(make_plan, results_of, row_of, simulated(13, growth=1.0, speed=1.25))
    assert now / then - 1 == pytest.approx(-0.20, abs=0.06)


# --- errors ----------------------------------------------------------------------------------------------------------------


def test_the_bootstrap_is_the_same_every_time(make_plan: Any, results_of: Any) -> None:
    plan = cycle_plan(make_plan, change=True)
    frames = {
        "register": register([f"f{i}" for i in range(60)], range(2025, 2028)),
        "projects": simulated(14, growth=1.0, size=60),
    }
    first = results_of(plan, frames)
    shuffled = {name: frame.sample(fraction=1.0, shuffle=True, seed=5) for name, frame in frames.items()}
    assert first.equals(results_of(plan, frames))
    assert first.equals(results_of(plan, shuffled)), "the order of rows must not matter"


def test_both_years_draw_the_same_enterprises(make_plan: Any, results_of: Any, row_of: Any) -> None:
    """Cohorts of which each enterprise repeats its own pace to the day: the change is null in every replicate."""
    plan = cycle_plan(make_plan, "cohort", change=True)
    rows = []
    for year in (2025, 2026):
        for i in range(40):
            rows += [(f"f{i}", date(year, 2, 1), date(year, 2, 1) + timedelta(days=30 + 5 * i), None)]
    frames = {"register": register([f"f{i}" for i in range(40)], range(2025, 2027)), "projects": projects(rows)}
    results = results_of(plan, frames)
    assert row_of(results, "cycle", "2026")["se"] > 5
    change = row_of(results, "shorter", "2026")
    assert (change["value"], change["se"], change["low"], change["high"]) == (0.0, 0.0, 0.0, 0.0)


def test_the_bootstrap_error_of_a_median(make_plan: Any, results_of: Any, row_of: Any) -> None:
    """One case per enterprise, uniform lengths: the error of the median is about 1 / (2 f √n)."""
    plan = cycle_plan(make_plan, "cohort")
    rng = np.random.default_rng(21)
    firms = [f"f{i}" for i in range(400)]
    rows = [(firm, date(2025, 1, 1), date(2025, 1, 1) + timedelta(days=int(rng.integers(1, 301))), None) for firm in firms]
    row = row_of(results_of(plan, {"register": register(firms, range(2025, 2026)), "projects": projects(rows)}), "cycle", "2025")
    assert row["se"] == pytest.approx(300 / (2 * np.sqrt(400)), rel=0.35)
    assert row["low"] < row["value"] < row["high"]
