"""A table edited whole: what must hold whatever its rows are, and the errors planted in the sample."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.dictionary import Dictionary
from pipelines.edit.edit import Edited, edit_table
from pipelines.edit.impute import MOST_GIFTS
from pipelines.edit.trail import IMPUTED, METHODS, REVIEWS, TRAIL, as_text, key_text
from pipelines.load import load
from sample_data import records
from sample_data.generate import dictionary, population, tables
from tests.pipelines.forms import ENTERPRISE, check, column, write
from tests.pipelines.records import applied, events_of, frame_of, rows_of, table, words

CHECKS = {
    "balance": "ABS(added - (output - input)) <= 0.5",
    "share": "added <= 0.6 * output",
    "per_head": "output >= 2 * staff AND output <= 2000 * staff",
    "some": "staff >= 1",
    "within": "nc <= key",
}
EDITING: dict[str, Any] = {
    "fixes": [
        {"id": "thousand", "column": "output", "factor": 1000, "per": "staff"},
        {"id": "sign", "column": "added", "sign": "positive", "per": "staff"},
        {"id": "turned", "column": "nc", "exchange": "key"},
    ],
    "outliers": [{"id": "jump", "column": "output"}],
    "scores": [{"id": "big", "column": "output", "above": 0.1}],
    "sizes": [{"id": "near", "column": "staff"}],
    "weights": {"staff": 2},
    "impute": [
        {"column": "staff", "methods": ["former", "neighbour"]},
        {"column": "output", "methods": ["former", "ratio", "neighbour"], "to": "staff"},
        {"column": "added", "methods": ["former", "ratio"], "to": "staff"},
        {"column": "nc", "methods": ["former", "neighbour"], "to": "staff"},
        {"column": "uses", "methods": ["neighbour"], "to": "staff", "near": ["output"]},
    ],
    "missing_units": {"columns": ["staff", "output", "added", "nc", "uses"], "above": 0.02},
    "totals": [{"id": "moved", "column": "output", "limit": 0.2}],
}
COLUMNS = {
    "output": "number",
    "input": "number",
    "added": "number",
    "staff": "integer",
    "key": "integer",
    "nc": "integer",
    "uses": "boolean",
}
OF = table(COLUMNS, EDITING, CHECKS)


def spoilt(seed: int, share: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of 24 units in two cells and three years, about `share` of their values wrong or blank, and who was asked."""
    random = np.random.default_rng(seed)
    rows, asked = [], []
    for i in range(24):
        staff, whole = int(np.exp(random.uniform(2, 7))), bool(i % 5 == 0)
        for year in (2024, 2025, 2026):
            asked.append((f"u{i:02d}", year, float(staff), whole))
            if random.random() < share / 2:
                continue
            output, key = round(staff * 50 * float(np.exp(random.uniform(-0.3, 0.3))), 1), int(random.integers(3, 20))
            added = round(output * float(random.uniform(0.2, 0.5)), 1)
            row = {
                "output": output,
                "input": round(output - added, 1),
                "added": added,
                "staff": staff,
                "key": key,
                "nc": key // 2,
                "uses": key > 9,
            }
            for name, value in row.items():
                if random.random() < share:
                    kinds = [None] if name == "uses" else [None, value * 1000, -value, value * 7, 0]
                    row[name] = kinds[int(random.integers(len(kinds)))]
            rows.append(
                {"unit": f"u{i:02d}", "when": year, **row, "_cell": "ab"[i % 2], "_weight": 1 + i % 3, "_stratum_whole": whole}
            )
    typed = [
        {**row, "output": _number(row["output"]), "input": _number(row["input"]), "added": _number(row["added"])} for row in rows
    ]
    frame = frame_of(asked).with_columns(
        _cell=pl.when(pl.col("unit").str.tail(1).cast(pl.Int64) % 2 == 0).then(pl.lit("a")).otherwise(pl.lit("b"))
    )
    return rows_of(OF, [{**row, "_weight": float(row["_weight"])} for row in typed]), frame


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)


SPOILT = st.builds(spoilt, st.integers(0, 10**6), st.sampled_from([0.0, 0.02, 0.08, 0.2]))


@given(made=SPOILT, seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_the_order_of_rows_never_matters_to_the_last_bit(made: tuple[pl.DataFrame, pl.DataFrame], seed: int) -> None:
    rows, frame = made
    first = edit_table(OF, rows, frame)
    second = edit_table(OF, *(part.sample(fraction=1, shuffle=True, seed=seed) for part in made))
    assert all(getattr(first, name).equals(getattr(second, name)) for name in ("events", "rows", "reviews"))
    assert (first.events.schema, first.reviews.schema) == (TRAIL, REVIEWS)


@given(made=SPOILT)
@settings(max_examples=25, deadline=None)
def test_after_editing_every_check_holds(made: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    rows, frame = made
    after = applied(OF, rows, edit_table(OF, rows, frame))
    for name, text in CHECKS.items():
        assert after.filter(~pl.sql_expr(text)).is_empty(), name


@given(made=SPOILT)
@settings(max_examples=20, deadline=None)
def test_editing_what_was_edited_changes_nothing(made: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    rows, frame = made
    first = edit_table(OF, rows, frame)
    again = edit_table(OF, applied(OF, rows, first), frame)
    # edited rows do not say which of them are estimates; these could now give to what was left blank for want of a donor
    left = set(first.reviews.filter(method="left")["key"])
    assert set(again.events["key"]) <= left
    assert set(again.events["old"]) <= {None}


@given(made=SPOILT)
@settings(max_examples=15, deadline=None)
def test_the_trail_is_the_whole_difference_between_raw_and_edited_rows(made: tuple[pl.DataFrame, pl.DataFrame]) -> None:
    rows, frame = made
    edited = edit_table(OF, rows, frame)
    raw = {(row["unit"], row["when"]): row for row in rows.to_dicts()}
    differences, estimated = {}, set()
    for row in edited.rows.to_dicts():
        before = raw.get((row["unit"], row["when"]), {})
        assert row["_added"] == (not before)
        for name in COLUMNS:
            if before.get(name) != row[name]:
                differences[key_text([row["unit"], row["when"]]), name] = (as_text(before.get(name)), as_text(row[name]))
    told = {(row["key"], row["column"]): (row["old"], row["new"]) for row in edited.events.to_dicts()}
    assert told == differences
    assert set(edited.events["method"]) <= set(METHODS)
    estimated = {row["key"] for row in edited.events.to_dicts() if row["method"] in IMPUTED}
    assert estimated == {key_text([row["unit"], row["when"]]) for row in edited.rows.filter("_imputed").to_dicts()}
    gifts = edited.events.filter(pl.col("donor").is_not_null()).group_by("donor", "period", "column").len()
    assert gifts["len"].max() is None or int(gifts["len"].max()) <= MOST_GIFTS  # type: ignore[call-overload]
    assert set(edited.events.filter(pl.col("donor").is_not_null())["method"]) <= {"neighbour"}


@given(seed=st.integers(0, 10**6))
@settings(max_examples=10, deadline=None)
def test_sound_rows_are_left_alone(seed: int) -> None:
    rows, frame = spoilt(seed, 0.0)
    assert edit_table(OF, rows, frame).events.is_empty()


def test_without_rules_and_without_rows_nothing_happens() -> None:
    rows, frame = spoilt(1, 0.1)
    none = OF.model_copy(update={"editing": None, "checks": []})
    for of, part in ((table(COLUMNS), rows), (none, rows), (OF, rows.clear()), (none, rows.clear())):
        edited = edit_table(of, part, frame)
        assert (edited.events.height, edited.rows.height, edited.reviews.height) == (0, 0, 0)
        assert edited.rows.columns == [*of.columns, "_imputed", "_added"]


def test_a_row_that_breaks_a_check_of_severity_edit_is_accepted_and_noted(tmp_path: Path) -> None:
    within = {**check("within", "nc <= key", "nc", "edit"), "message": {"zh": "过多", "en": "Too many"}}
    columns = {
        "unit": ENTERPRISE,
        "when": column("year", "年份", "Year"),
        "key": column("integer", "工序", "Steps"),
        "nc": column("integer", "数控", "NC"),
    }
    survey = {
        "id": "survey",
        "name": words("survey"),
        "key": ["unit", "when"],
        "period": "when",
        "columns": columns,
        "checks": [within],
        "editing": {},
    }
    known = Dictionary.model_validate({"tables": {"survey": survey}, "codes": {}})
    file = write(tmp_path / "survey.csv", "unit,when,key,nc", ["a,2026,5,9", "b,2026,5,5"])
    [report] = load([file], store=tmp_path / "store", dictionary=known)
    assert (report.accepted, report.set_aside) == (2, 0)
    assert [(note.kind, note.row) for note in report.notes] == [("review", 2)]
    assert report.notes[0].message.en.endswith("Too many")


@pytest.fixture(scope="module")
def production() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, Edited]:
    """The production records of a small sample as reported, and without mistakes; who was asked; what editing makes of them."""
    found = population(400, 5)
    made = tables(found, dictionary().codes)
    of = dictionary().tables["production"]
    listed = made["register"].select("enterprise_id", "year", "segment", "stratum", "stratum_population", "employees", "sampled")
    beside = listed.with_columns(_stratum_whole=pl.col("sampled").all().over("year", "stratum"), _cell=pl.col("segment"))
    asked = beside.filter("sampled").select(
        unit="enterprise_id", year="year", _cell="_cell", _size="employees", _stratum_whole="_stratum_whole"
    )
    keyed = made["production"].with_columns(year=pl.col("month").dt.year().cast(pl.Int64))
    rows = keyed.join(beside.select("enterprise_id", "year", "_cell", "_stratum_whole"), on=["enterprise_id", "year"], how="left")
    rows = rows.with_columns(_weight=pl.lit(1.0)).drop("year")
    sound = records.reported(records.production(found.frame.filter("answered"), found.industry), found.frame, found.industry)
    return rows, sound, asked, edit_table(of, rows, asked)


def test_the_mistakes_of_the_sample_are_undone_or_left_to_a_person_and_nothing_else_is_corrected(
    production: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, Edited],
) -> None:
    rows, sound, _, edited = production
    both = rows.join(sound, on=["enterprise_id", "month"], suffix="_true")
    planted = {
        (row["enterprise_id"], f"{row['month']:%Y-%m}", name): row[f"{name}_true"]
        for row in both.to_dicts()
        for name in ("output_value", "value_added", "employees")
        if row[name] != row[f"{name}_true"]
    }
    assert len(planted) > 20
    corrected = {place: event for place, event in events_of(edited).items() if event[2] not in IMPUTED}
    assert {place: float(str(new)) for place, (_, new, _) in corrected.items()} == {place: planted[place] for place in corrected}
    reviewed = {(row["unit"], row["period"], row["column"]) for row in edited.reviews.to_dicts()}
    assert set(planted) <= set(corrected) | reviewed
    assert len(corrected) >= len(planted) - 2


def test_the_sample_edited_again_does_not_change(production: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, Edited]) -> None:
    rows, _, asked, edited = production
    of = dictionary().tables["production"]
    assert edit_table(of, applied(of, rows, edited), asked).events.is_empty()


def test_large_makers_that_did_not_report_are_added_to_the_sample(
    production: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame, Edited],
) -> None:
    rows, _, asked, edited = production
    added = edited.rows.filter("_added")
    assert added.height > 0
    whole = asked.filter("_stratum_whole").select("unit", "year")
    keyed = added.select(unit="enterprise_id", year=pl.col("month").dt.year().cast(pl.Int64))
    assert keyed.join(whole, on=["unit", "year"], how="anti").is_empty()
    assert added.join(rows, on=["enterprise_id", "month"], how="semi").is_empty()
    assert added.null_count().sum_horizontal().item() == 0
