"""Errors of unit and sign: planted ones are found and no other, and one witness alone is not enough."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.edit.edit import edit_table
from tests.pipelines.records import applied, events_of, reviews_of, rows_of, table

FIXES = [
    {"id": "thousand", "column": "added", "factor": 1000, "per": "staff"},
    {"id": "yuan", "column": "added", "factor": 10000, "per": "staff"},
    {"id": "sign", "column": "added", "sign": "positive", "per": "staff"},
]
OF = table({"added": "number", "staff": "integer"}, {"fixes": FIXES})
YEARS = (2024, 2025, 2026)


def industry(seed: int, count: int = 30) -> list[dict[str, Any]]:
    """Enterprises of very different size whose value added per head and year varies a little."""
    random = np.random.default_rng(seed)
    rows = []
    for i in range(count):
        staff = int(np.exp(random.uniform(2, 8)))
        for year in YEARS:
            added = round(staff * 20 * float(np.exp(random.uniform(-0.2, 0.2))), 2)
            rows.append({"unit": f"u{i:02d}", "when": year, "staff": staff, "added": added})
    return rows


@given(seed=st.integers(0, 10_000), data=st.data())
@settings(max_examples=40, deadline=None)
def test_planted_errors_are_undone_and_nothing_else_is_touched(seed: int, data: st.DataObject) -> None:
    rows = industry(seed)
    errors = data.draw(
        st.dictionaries(st.integers(0, 29), st.tuples(st.sampled_from([1000, 10000, -1]), st.sampled_from([1, 2])), max_size=6)
    )
    wrong, expected = [], {}
    for row in rows:
        factor, since = errors.get(int(row["unit"][1:]), (1, 9))
        if YEARS.index(row["when"]) < since:
            wrong.append(row)
            continue
        added = round(row["added"] * factor, 2)  # from `since` on, every year
        wrong.append({**row, "added": added})
        expected[row["unit"], str(row["when"]), "added"] = (str(added), str(row["added"]), "sign" if factor == -1 else "unit")
    frame = rows_of(OF, wrong)
    edited = edit_table(OF, frame, None)
    assert events_of(edited) == expected
    assert edited.reviews.is_empty()
    assert applied(OF, frame, edited).sort("unit", "when").equals(rows_of(OF, rows))
    assert not edited.rows["_imputed"].any()
    assert edit_table(OF, applied(OF, frame, edited), None).events.is_empty()


def test_reasons_name_both_witnesses_in_both_languages() -> None:
    rows = rows_of(OF, industry(1)).with_columns(
        pl.when((pl.col("unit") == "u03") & (pl.col("when") == 2026))
        .then(pl.col("added") * 1000)
        .otherwise("added")
        .alias("added")
    )
    [event] = edit_table(OF, rows, None).events.to_dicts()
    assert (event["key"], event["rule"], event["method"], event["donor"]) == ('["u03", "2026"]', "thousand", "unit", None)
    assert "times its own former value" in event["reason_en"]
    assert "divided by 1000" in event["reason_en"]
    assert ("上次报送值" in event["reason_zh"], "除以1000" in event["reason_zh"]) == (True, True)


@pytest.mark.parametrize(
    ("changed", "left"),
    [
        ({2024: 1000.0}, {("2024", "thousand")}),  # nothing before it: the category alone speaks
        ({2024: 1000.0, 2025: 1000.0, 2026: 1000.0}, {("2024", "thousand"), ("2025", "thousand"), ("2026", "thousand")}),
        ({2026: 200.0}, set()),  # large, but not by the factor
    ],
)
def test_one_witness_alone_is_left_to_a_person(changed: dict[int, float], left: set[tuple[str, str]]) -> None:
    rows = [
        {**row, "added": row["added"] * changed[row["when"]]} if row["unit"] == "u05" and row["when"] in changed else row
        for row in industry(2)
    ]
    edited = edit_table(OF, rows_of(OF, rows), None)
    assert edited.events.is_empty()
    assert reviews_of(edited) == {("u05", period, "added", rule) for period, rule in left}


def test_a_large_enterprise_is_no_error_of_unit_where_size_plays_a_part_and_a_jump_of_its_own_is_for_a_person() -> None:
    of = table({"staff": "integer"}, {"fixes": [{"id": "thousand", "column": "staff", "factor": 1000}]})
    rows = [{"unit": f"u{i}", "when": when, "staff": 50} for i in range(6) for when in YEARS]
    large = [{"unit": "giant", "when": when, "staff": 50_000} for when in YEARS]
    grown = [{"unit": "grown", "when": when, "staff": staff} for when, staff in zip(YEARS, (1, 1000, 1000), strict=True)]
    edited = edit_table(of, rows_of(of, [*rows, *large, *grown]), None)
    assert edited.events.is_empty()
    assert reviews_of(edited) == {("grown", "2025", "staff", "thousand")}


def test_a_loss_that_is_like_no_former_value_stays_a_loss() -> None:
    rows = [{**row, "added": -0.2 * row["added"]} if (row["unit"], row["when"]) == ("u05", 2026) else row for row in industry(2)]
    edited = edit_table(OF, rows_of(OF, rows), None)
    assert (edited.events.height, edited.reviews.height) == (0, 0)


def test_the_window_includes_its_ends_and_may_be_stated() -> None:
    def fixed(value: float, **window: float) -> bool:
        of = table({"added": "number"}, {"fixes": [{"id": "f", "column": "added", "factor": 1000, **window}]})
        rows = [{"unit": f"u{i}", "when": when, "added": 1.0} for i in range(5) for when in (2025, 2026)]
        rows[-1]["added"] = value
        return not edit_table(of, rows_of(of, rows), None).events.is_empty()

    assert [fixed(value) for value in (299.9, 300.0, 3000.0, 3000.1)] == [False, True, True, False]
    assert [fixed(value, low=900, high=1100) for value in (899.0, 900.0, 1101.0)] == [False, True, False]


def test_a_whole_year_in_another_unit_is_corrected_month_by_month() -> None:
    of = table({"added": "number"}, {"fixes": [{"id": "yuan", "column": "added", "factor": 10000}]}, period="month")
    months = [dt.date(2025 + m // 12, m % 12 + 1, 1) for m in range(24)]
    rows = [{"unit": f"u{i}", "when": when, "added": 100.0 + i + when.month} for i in range(5) for when in months]
    wrong = [{**row, "added": row["added"] * 10_000} if row["unit"] == "u2" and row["when"].year == 2026 else row for row in rows]
    edited = edit_table(of, rows_of(of, wrong), None)
    assert [(unit, period) for unit, period, _ in events_of(edited)] == [("u2", f"2026-{m:02d}") for m in range(1, 13)]
    assert applied(of, rows_of(of, wrong), edited).sort("unit", "when").equals(rows_of(of, rows))


def test_values_change_places_when_that_alone_keeps_every_check() -> None:
    of = table(
        {"begun": "date", "ended": "date", "limit": "date"},
        {"fixes": [{"id": "turned", "column": "begun", "exchange": "ended"}]},
        {"order": "begun <= ended", "known": "ended <= limit"},
    )
    one, two, three = (dt.date(2026, month, 1) for month in (1, 2, 3))
    rows = [
        {"unit": "a", "when": 2026, "begun": two, "ended": one, "limit": three},  # turned round, all is well
        {"unit": "b", "when": 2026, "begun": three, "ended": one, "limit": two},  # turned round, the end would be too late
        {"unit": "c", "when": 2026, "begun": one, "ended": two, "limit": three},
        {"unit": "d", "when": 2026, "begun": None, "ended": one, "limit": three},
    ]
    events = events_of(edit_table(of, rows_of(of, rows), None))
    assert {place: event for place, event in events.items() if place[0] != "b"} == {
        ("a", "2026", "begun"): ("2026-02-01", "2026-01-01", "exchange"),
        ("a", "2026", "ended"): ("2026-01-01", "2026-02-01", "exchange"),
    }
    assert events["b", "2026", "begun"][2] == "blanked"
