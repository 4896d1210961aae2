"""Imputation in the declared order, each method by hand, and what is never done."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any

import polars as pl
import pytest

from pipelines.edit.edit import edit_table
from tests.pipelines.records import events_of, frame_of, reviews_of, rows_of, table


def impute(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"impute": list(rules), **more}


def two_years(values: dict[str, tuple[Any, Any]], column: str = "added", **more: Any) -> list[dict[str, Any]]:
    return [
        {"unit": unit, "when": when, column: value, **more}
        for unit, pair in values.items()
        for when, value in zip((2025, 2026), pair, strict=True)
    ]


def test_former_value_times_the_weighted_ratio_of_the_category() -> None:
    of = table({"added": "number"}, impute({"column": "added", "methods": ["former"]}))
    rows = two_years({"a": (100.0, 120.0), "b": (50.0, 50.0), "c": (10.0, 11.0), "d": (40.0, None)})
    rows += two_years({"e": (1.0, 9.0), "f": (1.0, 9.0), "g": (1.0, 9.0)}, _cell="other")
    for row in rows:
        row["_weight"] = 3.0 if row["unit"] == "b" else 1.0
    edited = edit_table(of, rows_of(of, rows), None)
    ratio = (120 + 3 * 50 + 11) / (100 + 3 * 50 + 10)
    [event] = edited.events.to_dicts()
    assert (event["unit"], event["old"], event["method"], event["rule"]) == ("d", None, "former", "blank")
    assert float(event["new"]) == pytest.approx(40 * ratio, rel=1e-11)
    assert edited.rows.select("unit", "when", "_imputed", "_added").rows() == [("d", 2026, True, False)]


def test_ratio_to_size_where_there_is_no_former_value() -> None:
    of = table(
        {"added": "number", "staff": "integer"}, impute({"column": "added", "methods": ["former", "ratio"], "to": "staff"})
    )
    rows = [
        {"unit": u, "when": 2026, "added": y, "staff": x}
        for u, y, x in (("a", 30.0, 10), ("b", 50.0, 20), ("c", 20.0, 20), ("d", None, 8))
    ]
    edited = edit_table(of, rows_of(of, rows), None)
    assert events_of(edited) == {("d", "2026", "added"): (None, "16.0", "ratio")}  # 100 / 50 × 8


def test_ratio_to_the_size_in_the_register_and_whole_numbers_stay_whole() -> None:
    of = table({"staff": "integer"}, impute({"column": "staff", "methods": ["ratio"]}))
    rows = [{"unit": u, "when": 2026, "staff": y} for u, y in (("a", 10), ("b", 20), ("c", 31), ("d", None))]
    frame = frame_of([("a", 2026, 10.0, False), ("b", 2026, 20.0, False), ("c", 2026, 30.0, False), ("d", 2026, 7.0, False)])
    assert events_of(edit_table(of, rows_of(of, rows), frame)) == {
        ("d", "2026", "staff"): (None, "7", "ratio")
    }  # 61/60 × 7 = 7.12


def test_a_ratio_of_fewer_than_three_is_none() -> None:
    of = table({"added": "number"}, impute({"column": "added", "methods": ["former"]}))
    edited = edit_table(of, rows_of(of, two_years({"a": (100.0, 120.0), "b": (50.0, 50.0), "d": (40.0, None)})), None)
    assert edited.events.is_empty()
    assert reviews_of(edited) == {("d", "2026", "added", "blank")}


NEAR = impute({"column": "uses", "methods": ["neighbour"], "to": "staff", "near": ["added"]})


def test_yes_or_no_comes_from_the_nearest_of_the_category() -> None:
    of = table({"uses": "boolean", "staff": "integer", "added": "number"}, NEAR)
    given = [("a", True, 10, 100.0), ("b", False, 11, 900.0), ("c", True, 200, 100.0), ("d", None, 11, 110.0)]
    rows = [{"unit": u, "when": 2026, "uses": uses, "staff": staff, "added": added} for u, uses, staff, added in given]
    rows.append({"unit": "e", "when": 2026, "uses": False, "staff": 11, "added": 110.0, "_cell": "other"})
    [event] = edit_table(of, rows_of(of, rows), None).events.to_dicts()
    distances = {u: abs(math.log(s / 11)) + abs(math.log(y / 110)) for u, _, s, y in given[:3]}
    assert min(distances, key=lambda unit: distances[unit]) == "a"
    assert (event["new"], event["method"], event["donor"]) == ("true", "neighbour", "a")


def test_a_donor_gives_to_three_at_most_and_equally_near_ones_in_the_order_of_keys() -> None:
    of = table({"uses": "boolean", "staff": "integer"}, impute({"column": "uses", "methods": ["neighbour"], "to": "staff"}))
    rows = [{"unit": "y", "when": 2026, "uses": True, "staff": 20}, {"unit": "x", "when": 2026, "uses": False, "staff": 5}]
    rows += [{"unit": f"r{i}", "when": 2026, "uses": None, "staff": 10} for i in range(7)]  # ln 2 from either
    edited = edit_table(of, rows_of(of, rows), None)
    assert edited.events.select("unit", "new", "donor").rows() == [
        *((f"r{i}", "false", "x") for i in range(3)),
        *((f"r{i}", "true", "y") for i in range(3, 6)),
    ]
    assert reviews_of(edited) == {("r6", "2026", "uses", "blank")}


def test_a_unit_asked_whole_never_gets_the_mean_of_others() -> None:
    of = table(
        {"added": "number", "staff": "integer"}, impute({"column": "added", "methods": ["ratio", "neighbour"], "to": "staff"})
    )
    rows = [
        {"unit": u, "when": 2026, "added": y, "staff": x}
        for u, y, x in (("a", 30.0, 10), ("b", 50.0, 20), ("c", 20.0, 20), ("d", None, 11))
    ]
    for whole, expected in ((False, (None, "22.0", "ratio")), (True, (None, "30.0", "neighbour"))):
        frame = rows_of(of, [{**row, "_stratum_whole": whole} for row in rows])
        assert events_of(edit_table(of, frame, None)) == {("d", "2026", "added"): expected}


def test_an_imputed_value_keeps_every_check_or_is_not_taken() -> None:
    columns = {"nc": {"type": "integer", "minimum": 0}, "key": "integer"}
    editing = impute({"column": "nc", "methods": ["former", "neighbour"], "to": "key"})
    values = {"a": (10, 20), "b": (10, 20), "c": (10, 20), "d": (10, None)}
    rows = [{**row, "key": 30} for row in two_years(values, "nc")]
    free = table(columns, editing, rejects={"within": "nc <= key"})
    assert events_of(edit_table(free, rows_of(free, rows), None)) == {("d", "2026", "nc"): (None, "20", "former")}
    rows[-1]["key"] = 15  # the ratio of two would make twenty of fifteen
    rows += [{"unit": "e", "when": 2026, "nc": 12, "key": 24}]
    for rejects in ({"within": "nc <= key"}, {"within": "COALESCE(nc, 0) <= key"}):  # the second cannot be solved, and holds too
        of = table(columns, editing, rejects=rejects)
        assert events_of(edit_table(of, rows_of(of, rows), None)) == {("d", "2026", "nc"): (None, "12", "neighbour")}
    strict = table(columns, editing, rejects={"within": "nc <= key", "odd": "nc <> 12"})
    edited = edit_table(strict, rows_of(strict, rows), None)
    assert edited.events.is_empty()
    assert reviews_of(edited) == {("d", "2026", "nc", "blank")}
    assert "breaks a check" in edited.reviews["reason_en"][0]


def test_what_the_checks_leave_no_choice_about_is_no_estimate() -> None:
    columns = {"output": "number", "input": "number", "added": "number"}
    of = table(columns, impute({"column": "added", "methods": ["former"]}), {"balance": "ABS(added - (output - input)) <= 0.5"})
    rows = two_years(dict.fromkeys("abc", (40.0, 44.0)) | {"d": (40.0, None), "e": (40.0, 4000.0)})
    rows = [{**row, "output": 100.0, "input": 60.0 if row["when"] == 2025 else 56.0} for row in rows]
    edited = edit_table(of, rows_of(of, rows), None)
    events = events_of(edited)
    assert events["d", "2026", "added"] == (None, "44.0", "deduced")
    # any one of the three could be wrong, and of those the first column is
    assert events["e", "2026", "output"] == ("100.0", "4056.0", "deduced")
    assert not edited.rows["_imputed"].any()
    reliable = table(columns, {"weights": {"output": 2, "input": 2}}, {"balance": "ABS(added - (output - input)) <= 0.5"})
    assert events_of(edit_table(reliable, rows_of(reliable, rows), None)) == {
        ("e", "2026", "added"): ("4000.0", "44.0", "deduced")
    }


def test_a_wrong_value_is_imputed_with_the_reason_and_the_other_possibilities() -> None:
    of = table(
        {"key": "integer", "nc": "integer"},
        impute({"column": "nc", "methods": ["former"]}, weights={"key": 2}),
        {"within": "nc <= key"},
    )
    rows = [{**row, "key": 9} for row in two_years({"a": (4, 6), "b": (6, 6), "c": (2, 3), "d": (4, 50)}, "nc")]
    [event] = edit_table(of, rows_of(of, rows), None).events.to_dicts()
    assert (event["unit"], event["old"], event["new"], event["rule"], event["method"]) == ("d", "50", "5", "within", "former")
    for word in ("within", "the least to change: nc", "could also be: key", "4 × the ratio 1.2500"):
        assert word in event["reason_en"]
    assert ("违反检查" in event["reason_zh"], "另可更改" in event["reason_zh"]) == (True, True)


def test_a_wrong_value_that_nothing_can_replace_is_blanked_unless_it_is_required() -> None:
    rows = [{"unit": "a", "when": 2026, "nc": 9, "key": 3}]
    of = table({"nc": "integer", "key": "integer"}, {}, {"within": "nc <= key"})
    edited = edit_table(of, rows_of(of, rows), None)
    assert events_of(edited) == {("a", "2026", "nc"): ("9", None, "blanked")}
    assert edited.rows.select("nc", "key", "_imputed").rows() == [(None, 3, False)]
    needed = table({"nc": {"type": "integer", "required": True}, "key": "integer"}, {}, {"within": "nc <= key"})
    kept = edit_table(needed, rows_of(needed, rows), None)
    assert kept.events.is_empty()
    assert reviews_of(kept) == {("a", "2026", "nc", "within")}


def test_a_flagged_value_neither_gives_nor_makes_a_ratio() -> None:
    editing = impute({"column": "added", "methods": ["former"]}, outliers=[{"id": "jump", "column": "added"}])
    of = table({"added": "number"}, editing)
    values: dict[str, tuple[float, float | None]] = {f"u{i}": (100.0 + i, 110.0 + 1.1 * i) for i in range(8)}
    rows = rows_of(of, two_years({**values, "odd": (100.0, 9000.0), "d": (50.0, None)}))
    assert events_of(edit_table(of, rows, None)) == {("d", "2026", "added"): (None, "55.0", "former")}


MISSING = {
    "impute": [{"column": "staff", "methods": ["former", "neighbour"]}, {"column": "added", "methods": ["ratio"], "to": "staff"}],
    "missing_units": {"columns": ["staff", "added"], "above": 0.05},
}
LARGE = table({"added": "number", "staff": "integer"}, MISSING)


def asked(count: int = 6, whole: bool = True) -> list[tuple[str, int, float | None, bool]]:
    return [(f"u{i}", when, 100.0 * (i + 1), whole) for i in range(count) for when in (2025, 2026)]


def reported(silent: set[tuple[str, int]], count: int = 6) -> list[dict[str, Any]]:
    """Staff as in the register and a tenth more in 2026, value added twice the staff."""
    rows = []
    for i in range(count):
        for when, staff in ((2025, 100 * (i + 1)), (2026, 110 * (i + 1))):
            if (f"u{i}", when) not in silent:
                rows.append({"unit": f"u{i}", "when": when, "staff": staff, "added": 2.0 * staff, "_stratum_whole": True})
    return rows


def test_a_large_unit_that_did_not_report_gets_its_own_former_value_times_the_ratio() -> None:
    edited = edit_table(LARGE, rows_of(LARGE, reported({("u4", 2026)})), frame_of(asked()))
    assert events_of(edited) == {
        ("u4", "2026", "staff"): (None, "550", "former"),
        ("u4", "2026", "added"): (None, "1100.0", "former"),  # never by ratio to staff, whatever is declared for blanks
    }
    assert set(edited.events["rule"]) == {"missing_units"}
    assert edited.rows.to_dicts() == [
        {"unit": "u4", "when": 2026, "added": 1100.0, "staff": 550, "_imputed": True, "_added": True}
    ]


def test_without_a_former_value_it_gets_those_of_the_nearest_in_the_register() -> None:
    edited = edit_table(LARGE, rows_of(LARGE, reported({("u4", 2025), ("u4", 2026)})), frame_of(asked()))
    assert {(row["period"], row["column"]): (row["new"], row["method"], row["donor"]) for row in edited.events.to_dicts()} == {
        ("2025", "staff"): ("600", "neighbour", "u5"),  # ln(600/500) is less than ln(500/400)
        ("2025", "added"): ("1200.0", "neighbour", "u5"),
        ("2026", "staff"): ("660", "former", None),
        ("2026", "added"): ("1320.0", "former", None),
    }
    assert "itself imputed" in edited.events.filter(period="2026")["reason_en"][0]


def test_small_units_sampled_units_and_units_that_were_not_asked_are_left_to_the_weights() -> None:
    silent = {("u0", 2026)}  # 100 of 2,100 in size
    assert edit_table(LARGE, rows_of(LARGE, reported(silent)), frame_of(asked())).rows.is_empty()
    sampled = frame_of(asked(whole=False))
    assert edit_table(LARGE, rows_of(LARGE, reported({("u4", 2026)})), sampled).rows.is_empty()
    unasked = frame_of([row for row in asked() if row[:2] != ("u4", 2026)])
    assert edit_table(LARGE, rows_of(LARGE, reported({("u4", 2026)})), unasked).rows.is_empty()
    assert edit_table(LARGE, rows_of(LARGE, reported({("u4", 2026)})), None).rows.is_empty()


def test_before_half_have_reported_nothing_is_imputed_and_that_is_said() -> None:
    silent = {(f"u{i}", 2026) for i in range(2, 6)}
    edited = edit_table(LARGE, rows_of(LARGE, reported(silent)), frame_of(asked()))
    assert edited.rows.is_empty()
    assert edited.reviews.select("unit", "period", "rule").rows() == [(None, "2026", "missing_units")]
    assert "only 2 of 6 units asked" in edited.reviews["reason_en"][0]


def test_half_a_record_is_not_added() -> None:
    rows = [{**row, "added": None} if row["when"] == 2025 else row for row in reported({("u4", 2025)})]
    edited = edit_table(LARGE, rows_of(LARGE, rows), frame_of(asked()))
    assert not edited.rows["_added"].any()
    assert ("u4", "2025", "staff", "missing_units") in reviews_of(edited)


def test_single_months_are_missing_too_and_further_keys_are_those_of_the_last_rows() -> None:
    of = table(
        {"line": "identifier", "added": "number"},
        {"missing_units": {"columns": ["added"], "former": "period"}},
        period="month", key=("unit", "when", "line"),
    )  # fmt: skip
    rows = [
        {"unit": f"u{i}", "when": dt.date(2026, month, 1), "line": line, "added": 10.0 * (i + 1) * month, "_stratum_whole": True}
        for i in range(4)
        for month in (1, 2, 3)
        for line in ("cars", "vans")
        if (i, month) != (2, 3)
    ]
    frame = frame_of([(f"u{i}", 2026, 100.0, True) for i in range(4)])
    edited = edit_table(of, rows_of(of, rows), frame)
    assert edited.rows.select("unit", "when", "line", "added").rows() == [
        ("u2", dt.date(2026, 3, 1), "cars", 90.0),
        ("u2", dt.date(2026, 3, 1), "vans", 90.0),
    ]
    assert edited.events["key"].to_list() == ['["u2", "2026-03-01", "cars"]', '["u2", "2026-03-01", "vans"]']
    assert edited.events["period"].unique().to_list() == ["2026-03"]


def test_raw_rows_are_not_changed() -> None:
    rows, frame = rows_of(LARGE, reported({("u4", 2026)})), frame_of(asked())
    before = rows.clone(), frame.clone()
    edit_table(LARGE, rows, frame)
    assert rows.equals(before[0])
    assert frame.equals(before[1])
    assert isinstance(rows, pl.DataFrame)
