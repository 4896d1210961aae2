"""Late reporters, counted again by brute force over the rows; an edition tells how many, and never who."""

from __future__ import annotations

import json
import random
from calendar import monthrange
from collections.abc import Callable
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.alerts.alerts import alerts
from indicators.alerts.late import LATE, due_day, last_due, late, late_in
from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Plan
from indicators.editions.edition import MANIFEST, Edition
from indicators.publish import publish
from pipelines.database import Database
from pipelines.overlay import SCHEMA
from tests.indicators.office import PLAN, Office, firms, lines

Row = dict[str, Any]
REPORTS = {
    "key": ["firm", "month"],
    "period": "month",
    "due_days": 15,
    "design": {"unit": "firm", "census": True, "group": "holding", "sampled": "asked"},
    "link": [{"table": "prices", "on": {"branch": "branch"}}, {"table": "firms", "on": {"firm": "firm", "year": "period"}}],
    "columns": {"firm": "identifier", "month": "month", "branch": "identifier", "made": "number", "staff": "integer"},
}
LISTED = {"firm": "identifier", "year": "year", "name": "text", "holding": "identifier", "asked": "boolean"}


@pytest.fixture(scope="session")
def plan(make_plan: Callable[..., Plan]) -> Plan:
    yearly = {**REPORTS, "key": ["firm", "year"], "period": "year", "due_days": 120}
    columns = {"firm": "identifier", "year": "year", "branch": "identifier", "made": "number"}
    tables = {
        "reports": REPORTS,
        "yearly": {**yearly, "columns": columns},
        "firms": {"key": ["firm", "year"], "period": "year", "columns": LISTED},
        "prices": {"key": ["branch"], "columns": {"branch": "identifier", "price": "number"}},
    }
    return make_plan(tables=tables, indicators={"made": {"table": "reports", "numerator": "made"}}, minimum_groups=3)


def found(plan: Plan, make: Callable[..., Database], today: date, table: str = "reports", **rows: list[Row]) -> list[Row]:
    """Rows of LATE of one table."""
    frames = {name: pl.DataFrame(listed) for name, listed in rows.items() if listed}
    for name, frame in frames.items():
        columns = plan.dictionary.tables[name].columns
        frames[name] = frame.with_columns(pl.lit(None).alias(column) for column in columns if column not in frame.columns)
    with make(plan, frames) as database:
        return late(plan, database, today).filter(pl.col("table") == table).rows(named=True)


def report(firm: str, month: int, **more: Any) -> Row:
    return {"firm": firm, "month": date(2026, month, 1), "branch": "x", "made": 1.0, "staff": 3, **more}


def listed(firm: str, year: int = 2026, **more: Any) -> Row:
    return {"firm": firm, "year": year, "name": f"The {firm} works", "holding": None, "asked": True, **more}


# --- which period is due -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("days", [0, 1, 15, 30, 31, 60, 120, 365, 400])
@pytest.mark.parametrize("kind", ["reports", "yearly"])
def test_a_period_is_due_from_the_day_after_the_last_on_which_a_report_is_in_time(plan: Plan, kind: str, days: int) -> None:
    """Against a walk over all days of five years."""
    table = plan.dictionary.tables[kind].model_copy(update={"due_days": days})
    periods = (
        [year * 100 + month for year in range(2020, 2031) for month in range(1, 13)] if kind == "reports" else range(2020, 2031)
    )
    lasts = {
        one: date(one // 100, one % 100, monthrange(one // 100, one % 100)[1]) if one > 9999 else date(one, 12, 31)
        for one in periods
    }
    for one in periods:
        assert due_day(table, one) == lasts[one] + timedelta(days=days)
    today = date(2024, 1, 1)
    while today < date(2029, 1, 1):
        assert last_due(table, today) == max(one for one in periods if lasts[one] + timedelta(days=days) < today)
        today += timedelta(days=1)


# --- who is late ---------------------------------------------------------------------------------------------------------------


def test_who_reported_before_is_listed_and_asked_and_is_silent_now(plan: Plan, warehouse: Callable[..., Database]) -> None:
    reports = [report(firm, 8) for firm in ("a", "b", "c", "d", "e")] + [report("a", 9), report("f", 9), report("b", 10)]
    reports += [report("g", 7), report("h", 8, made=None, staff=None, branch=None)]
    register = [
        listed("a"),
        listed("b", holding="big"),
        listed("c", asked=False),
        listed("d", asked=None),
        listed("f"),
        listed("g"),
    ]
    register += [listed("h"), listed("e", 2025)]
    told = found(plan, warehouse, date(2026, 10, 16), reports=reports, firms=register)
    due = {"table": "reports", "period": "2026-09", "due": date(2026, 10, 15), "former": "2026-08"}
    # c was not asked, of d nobody knows, e is no longer listed, g was silent before, and what h sent was blank
    assert told == [{**due, "unit": "b", "name": "The b works", "holding": "big"}]
    assert found(plan, warehouse, date(2026, 10, 15), reports=reports, firms=register) == [
        {
            **told[0],
            "period": "2026-08",
            "former": "2026-07",
            "due": date(2026, 9, 15),
            "unit": "g",
            "name": "The g works",
            "holding": "g",
        }
    ], "on the due day nobody is late for September"
    assert [row["period"] for row in found(plan, warehouse, date(2026, 11, 16), reports=reports, firms=register)] == [
        "2026-10"
    ] * 2


def test_a_register_that_lists_units_once_for_all_gives_each_once(plan: Plan, warehouse: Callable[..., Database]) -> None:
    table = plan.dictionary.tables["reports"]
    always = table.model_copy(update={"link": [table.link[1].model_copy(update={"on": {"firm": "firm"}})]})
    tables = {**plan.dictionary.tables, "reports": always}
    timeless = plan.model_copy(update={"dictionary": plan.dictionary.model_copy(update={"tables": tables})})
    reports = [report("a", 8), report("b", 8), report("c", 8), report("a", 9)]
    register = [listed("b", 2024, name="Before"), listed("b", 2025, holding="big"), listed("a")]
    told = found(timeless, warehouse, date(2027, 1, 1), reports=reports, firms=register)
    assert [(row["unit"], row["name"], row["holding"]) for row in told] == [("b", "The b works", "big")]


def test_a_row_without_any_value_is_no_report(plan: Plan, warehouse: Callable[..., Database]) -> None:
    blank = {"made": None, "staff": None, "branch": None}
    reports = [report("a", 8), report("b", 8), report("b", 9), report("a", 9, **blank)]
    told = found(plan, warehouse, date(2027, 1, 1), reports=reports, firms=[listed("a"), listed("b")])
    assert [row["unit"] for row in told] == ["a"]


def test_nobody_is_late_without_a_period_before_or_one_that_is_due(plan: Plan, warehouse: Callable[..., Database]) -> None:
    register = [listed("a"), listed("b")]
    assert found(plan, warehouse, date(2027, 1, 1), firms=register) == []
    assert found(plan, warehouse, date(2027, 1, 1), reports=[report("a", 8)], firms=register) == []
    both = [report("a", 8), report("b", 8), report("a", 9)]
    assert found(plan, warehouse, date(2026, 8, 1), reports=both, firms=register) == []


def test_a_table_that_says_no_deadline_is_not_looked_at(plan: Plan, warehouse: Callable[..., Database]) -> None:
    tables = {name: table.model_copy(update={"due_days": None}) for name, table in plan.dictionary.tables.items()}
    silent = plan.model_copy(update={"dictionary": plan.dictionary.model_copy(update={"tables": tables})})
    reports = [report("a", 8), report("b", 8), report("a", 9)]
    assert found(silent, warehouse, date(2027, 1, 1), reports=reports, firms=[listed("a"), listed("b")]) == []


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_against_loops_over_the_rows_in_any_order(plan: Plan, warehouse: Callable[..., Database], data: st.DataObject) -> None:
    names = [f"f{i}" for i in range(6)]
    yearly = data.draw(st.booleans())
    periods = [(2025,), (2026,), (2027,)] if yearly else [(2025, 11), (2025, 12), (2026, 1), (2026, 3)]
    said = [(firm, when) for firm in names for when in periods if data.draw(st.booleans())]
    blank = [pair for pair in said if data.draw(st.integers(0, 5)) == 0]
    rows = [
        {"firm": firm, "made": None if (firm, when) in blank else 1.0, "branch": None}
        | ({"year": when[0]} if yearly else {"month": date(*when, 1)})
        for firm, when in said
    ]
    register = [
        listed(firm, year, asked=data.draw(st.sampled_from([True, True, False, None])))
        for firm in names
        for year in (2025, 2026, 2027)
        if data.draw(st.integers(0, 3))
    ]
    today = data.draw(st.dates(date(2025, 10, 1), date(2028, 12, 31)))
    sent = {pair for pair in said if pair not in blank}

    def last(when: tuple[int, ...]) -> date:
        return date(when[0], 12, 31) if yearly else date(*when, monthrange(*when)[1])

    due = [when for when in {when for _, when in sent} if (today - last(when)).days > (120 if yearly else 15)]
    now = max(due, default=None)
    before = max((when for _, when in sent if now and when < now), default=None)
    asked = {(row["firm"], row["year"]) for row in register if row["asked"]}
    expected = [firm for firm in names if now and (firm, before) in sent and (firm, now) not in sent and (firm, now[0]) in asked]
    table = "yearly" if yearly else "reports"
    for seed in (0, 1):
        chance = random.Random(seed)
        shuffled = {table: chance.sample(rows, len(rows)), "firms": chance.sample(register, len(register))}
        told = found(plan, warehouse, today, table, **shuffled)
        assert [row["unit"] for row in told] == expected
        if now and told:
            assert {row["period"] for row in told} == {"-".join(f"{part:02d}" for part in now)}
            assert {row["due"] for row in told} == {last(now) + timedelta(days=120 if yearly else 15)}


# --- what an edition tells -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("holdings", "count", "zh"),
    [("aabbcc", "6", "有6家未报"), ("aabb", "<3", "有不足3家未报"), ("aaaaaa", "<3", "有不足3家未报"), ("abc", "3", "有3家未报")],
)
def test_a_count_of_too_few_groups_is_withheld(plan: Plan, holdings: str, count: str, zh: str) -> None:
    who = [{"unit": f"secret{i}", "name": f"Secret {i}", "holding": holding} for i, holding in enumerate(holdings)]
    due = {"table": "reports", "period": "2026-09", "due": date(2026, 10, 15), "former": "2026-08"}
    frame = pl.DataFrame([{**due, **one} for one in who], schema=LATE)
    [row] = alerts(plan, pl.DataFrame(), {}, None, frame, date(2026, 11, 23)).frame.rows(named=True)
    key = {"indicator": None, "period": "2026-09", "breakdown": "table", "category": "reports", "kind": "late"}
    why = {name: row.pop(name) for name in ("why_zh", "why_en")}
    assert row == {**key, "target": None, "edition": None, "former": None, "now": count}
    few = "fewer than 3" if count.startswith("<") else count
    assert why["why_en"] == (
        "reports: reports for Sep 2026 were due by 15 Oct 2026; of the units that reported for Aug 2026 and are still to report, "
        f"{few} had not by 23 Nov 2026."
    )
    assert why["why_zh"].endswith(f"截至2026年11月23日{zh}。")
    assert "ecret" not in str(why)


def test_of_a_public_list_nothing_is_withheld(plan: Plan) -> None:
    due = {"table": "reports", "period": "2026-09", "due": date(2026, 10, 15), "former": "2026-08"}
    frame = pl.DataFrame([{**due, "unit": "a", "name": None, "holding": "a"}], schema=LATE)
    public = plan.dictionary.tables["reports"].model_copy(update={"public": True})
    dictionary = plan.dictionary.model_copy(update={"tables": {**plan.dictionary.tables, "reports": public}})
    opened = plan.model_copy(update={"dictionary": dictionary})
    for one, count in ((plan, "<3"), (opened, "1")):
        assert alerts(one, pl.DataFrame(), {}, None, frame, date(2026, 11, 23)).frame["now"].to_list() == [count]


def ready(folder: Path) -> Office:
    """An office whose firms report by month: in November two of cars and one of parts are silent, in December all of bikes."""
    office = Office(folder)
    office.write("tables/lines", {**PLAN["tables/lines"], "due_days": 20})
    register = firms((2025, 2026))
    made = lines(register, {2025: 12, 2026: 12})
    silent = pl.col("firm").is_in(["cars1", "cars2", "parts3"]) & (pl.col("month") == "2026-11")
    silent |= pl.col("firm").str.starts_with("bikes") & (pl.col("month") == "2026-12")
    office.load(firms=register, lines=made.filter(~silent))
    return office


def issue(office: Office, today: date) -> Edition:
    return publish(store=office.store, plan=load_plan(office.folder), plan_folder=office.folder, today=today)


def texts_of(edition: Edition) -> str:
    """Every text in every table of an edition."""
    columns = "SELECT table_name, column_name FROM information_schema.columns WHERE data_type = 'VARCHAR'"
    found = [
        edition.query(f'SELECT DISTINCT "{name}" AS text FROM "{table}"') for table, name in edition.query(columns).iter_rows()
    ]
    assert len(found) > 50
    return "\n".join(pl.concat(found)["text"].drop_nulls())


def test_an_edition_counts_and_names_nobody(tmp_path: Path) -> None:
    office = ready(tmp_path)
    for today, period, count in ((date(2027, 1, 20), "2026-11", "3"), (date(2027, 1, 21), "2026-12", "8")):
        with closing(issue(office, today)) as edition:
            found = edition.query("SELECT period, category, now FROM alerts WHERE kind = 'late'").rows()
            assert found == [(period, "lines", count)]
            inside = late_in(office.store, load_plan(office.folder), today)
            assert inside["unit"].n_unique() == int(count)
            written = (edition.folder / MANIFEST).read_text(encoding="utf-8") + texts_of(edition)
            assert not [unit for unit in inside["unit"] if unit in written]
    with closing(issue(office, date(2027, 1, 21))) as edition:
        assert edition.query("SELECT now FROM alerts WHERE kind = 'late'").rows() == [("8",)], "they are late still"
    office.load(lines=lines(firms((2025, 2026)), {2026: 12}))
    with closing(issue(office, date(2027, 1, 21))) as edition:
        assert edition.query("SELECT * FROM alerts WHERE kind = 'late'").is_empty()


def test_what_editing_laid_over_the_rows_is_no_report(plan: Plan, tmp_path: Path) -> None:
    """The edition is made through views in which editing added a row of a unit that did not report."""
    with Database(tmp_path / "edited.duckdb") as database:
        database.insert(
            "firms", pl.DataFrame([listed("a"), listed("b", holding="big")]).cast({"year": pl.Int32, "holding": pl.String})
        )
        database.insert("reports", pl.DataFrame([report("a", 8), report("b", 8), report("a", 9)]))
        database.insert("added", pl.DataFrame([report("b", 9)]))
        database.execute(f'CREATE SCHEMA "{SCHEMA}"')
        both = "SELECT * FROM main.reports UNION ALL SELECT * FROM main.added"
        database.execute(f'CREATE VIEW "{SCHEMA}".reports AS {both}')
    only = {name: plan.dictionary.tables[name] for name in ("reports", "firms")}
    monthly = plan.model_copy(update={"dictionary": plan.dictionary.model_copy(update={"tables": only})})
    with Database(tmp_path / "edited.duckdb", read_only=True, schema=SCHEMA) as edited:
        assert edited.query("SELECT count(*) AS n FROM reports").item() == 4
        told = late(monthly, edited, date(2026, 11, 1))
        assert told.select("unit", "name", "holding", "period").rows() == [("b", "The b works", "big", "2026-09")]


def test_the_automotive_plan_says_which_deadlines_are_the_operators() -> None:
    plan = load_plan(AUTOMOTIVE)
    stated = {name: table.due_days for name, table in plan.dictionary.tables.items() if table.due_days is not None}
    assert stated == {"declarations": 120, "production": 15, "survey": 120}
    for name in stated:
        [line] = [
            one for one in (AUTOMOTIVE / "tables" / f"{name}.yaml").read_text(encoding="utf-8").splitlines() if "due_days" in one
        ]
        assert "the operator" in line
    assert "due_days" not in json.dumps(plan.identity.model_dump(mode="json"))
