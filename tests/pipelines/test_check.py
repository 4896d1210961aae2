"""Each rule of the dictionary sets its row aside with its own words, and every fault of a row is told."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines import units
from pipelines.load import LoadReport, load
from pipelines.report import REJECTED
from pipelines.warehouse import open_warehouse
from tests.pipelines.forms import DICTIONARY, register, write

HEADER = "enterprise_id,year,key_processes,nc_key_processes,postcode,submitted_on"


def survey(folder: Path, *rows: str) -> LoadReport:
    files = [register(folder / "register.csv"), write(folder / "survey.csv", HEADER, rows)]
    return load(files, store=folder / "store", dictionary=DICTIONARY)[1]


def form(folder: Path, header: str, *rows: str | list[str]) -> LoadReport:
    (report,) = load([write(folder / "form.csv", header, rows)], store=folder / "store", dictionary=DICTIONARY)
    return report


def stored(folder: Path, table: str) -> pl.DataFrame:
    with open_warehouse(folder / "store", DICTIONARY) as database:
        return database.query(f"SELECT * FROM {table} ORDER BY 1, 2")


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("E1,2026,,1,,", "key_processes.required"),
        ("E1,2026,NA,1,,", "key_processes.required"),
        ("E1,2026,-3,,,", "key_processes.minimum"),
        ("E1,2026,5001,,,", "key_processes.maximum"),
        ("E1,2026,10,5,12345,", "postcode.pattern"),
        ("E1,2026,10,12,,", "nc_key_processes.within_total"),
        ("E1,2026,10.5,,,", "key_processes.integer"),
        ("E1,2026,ten,,,", "key_processes.number"),
        ("E1,2026,10,,,2025-02-30", "submitted_on.date"),
        ("E1,,10,,,", "year.required"),
        ("E1,20x6,10,,,", "year.year"),
        ("9.1E+17,2026,10,,,", "enterprise_id.identifier"),
        ("E9,2026,10,,,", "link.register"),
        ("E1,2024,10,,,", "link.register"),
    ],
)
def test_each_rule_by_itself(row: str, rule: str, tmp_path: Path) -> None:
    report = survey(tmp_path, "E2,2026,10,5,200001,2026-03-01", row)
    assert (report.read, report.accepted, report.set_aside) == (2, 1, 1)
    assert report.rejected.select("row", "rule").rows() == [(3, rule)]
    assert report.rejected.schema == pl.Schema(REJECTED)
    assert report.verdict == "QUARANTINE"


def test_the_words_of_a_message(tmp_path: Path) -> None:
    report = survey(tmp_path, "E1,2026,-3,,,")
    assert report.rejected["value"].item() == "-3"
    assert report.rejected["message_en"].item() == (
        "survey.csv row 2, Key processes: -3 is below the minimum 0 (rule key_processes.minimum). The row was set aside."
    )
    assert report.rejected["message_zh"].item() == (
        "survey.csv 第2行，关键工序总数：-3 小于最小值 0（规则 key_processes.minimum）。该行未载入，已另存。"
    )


def test_every_fault_of_a_row_is_told_not_only_the_first(tmp_path: Path) -> None:
    report = survey(tmp_path, "E9,2026,-3,1.5,abc,45717", "E1,2026,10,5,,")
    assert sorted(report.rejected["rule"]) == [
        "key_processes.minimum",
        "link.register",
        "nc_key_processes.integer",
        "postcode.pattern",
        "submitted_on.date",
    ]
    assert (report.accepted, report.set_aside) == (1, 1)


def test_a_check_passes_where_it_is_null(tmp_path: Path) -> None:
    report = survey(tmp_path, "E1,2026,10,,,")
    assert (report.accepted, report.verdict) == (1, "ACCEPT")


def test_a_check_for_review_accepts_the_row_and_tells_a_person(tmp_path: Path) -> None:
    report = survey(tmp_path, "E1,2026,0,0,,", "E2,2026,0,0,,", "E3,2026,3,0,,")
    assert (report.accepted, report.verdict) == (3, "REVIEW")
    (note,) = report.notes
    assert (note.kind, note.row, note.column) == ("review", 2, "key_processes")
    assert note.message.en == "row 2, Key processes: breaks key_processes > 0 (and 1 more row)"


def test_a_date_to_come_is_for_review(tmp_path: Path) -> None:
    report = survey(tmp_path, "E1,2026,10,,,2199-01-01")
    assert (report.accepted, report.verdict, report.notes[0].column) == (1, "REVIEW", "submitted_on")


def test_an_unknown_code_gets_the_nearest_known_one(tmp_path: Path) -> None:
    path = write(
        tmp_path / "register.csv", "enterprise_id,year,segment", ["E1,2026,燃油车", "E2,2026,3671", "E3,2026,Partz", "E4,2026,?"]
    )
    (report,) = load([path], store=tmp_path / "store", dictionary=DICTIONARY)
    assert report.accepted == 1
    english = report.rejected["message_en"].to_list()
    assert "3671 is not in the code list “segments”; did you mean 3670?" in english[0]
    assert "did you mean Parts?" in english[1]
    assert "write a code of it" in english[2]
    assert report.notes[0].message.zh == "第2行，行业小类：已转为规定的取值"


def test_rows_in_different_units_are_stored_in_one(tmp_path: Path) -> None:
    report = form(
        tmp_path,
        "form_id,output_value,unit,staff,staff_unit",
        "F1,120,万元,50,人",
        "F2,1200000,元,1.2,万人",
        "F3,0.012,亿元,7,",
        "F4,3亿元,元,8,人",
        "F5,5,人,9,人",
        "F6,5,,1.23456,万人",
    )
    assert report.rejected.select("row", "rule").rows() == [(6, "unit.unit"), (7, "staff.integer")]
    found = stored(tmp_path, "form").select("form_id", "output_value", "unit", "staff", "staff_unit").rows()
    assert found == [
        ("F1", 120.0, "万元", 50, "人"),
        ("F2", 120.0, "万元", 12000, "人"),
        ("F3", 120.0, "万元", 7, None),
        ("F4", 30000.0, "万元", 8, "人"),
    ]
    assert any(note.column == "unit" and note.kind == "normalised" for note in report.notes)


def test_the_unit_in_a_header_converts_the_column_and_is_noted(tmp_path: Path) -> None:
    report = form(tmp_path, "form_id,产值（元）,人数（万人）", "F1,123456.7,0.5", "F2,1万元,12人")
    assert stored(tmp_path, "form").select("output_value", "staff").rows() == [(12.34567, 5000), (1.0, 12)]
    assert report.notes[0].message.en == "Output value: the header says 元; converted into 10 thousand yuan"
    assert report.verdict == "ACCEPT_NORMALISED"


def test_a_unit_cell_goes_before_the_unit_in_the_header(tmp_path: Path) -> None:
    form(tmp_path, "form_id,产值（元）,unit", "F1,10000,", "F2,10000,万元")
    assert stored(tmp_path, "form")["output_value"].to_list() == [1.0, 10000.0]


def test_a_header_unit_that_cannot_be_converted_refuses_the_file(tmp_path: Path) -> None:
    report = form(tmp_path, "form_id,产值（人）", "F1,10000")
    assert report.verdict == "REJECT"
    assert report.refused is not None
    assert "a unit that can be converted into 10 thousand yuan" in report.refused.in_language("en")


def test_long_and_garbling_values_are_shortened_in_the_message_only(tmp_path: Path) -> None:
    value = "\u202e" + "x" * 500
    report = form(tmp_path, "form_id,remark", ["F1", value])
    assert report.rejected["value"].item() == value
    message = report.rejected["message_en"].item()
    assert "\u202e" not in message
    assert len(message) < 300


def test_a_rule_whose_words_are_a_sentence_begins_a_new_one(tmp_path: Path) -> None:
    values = DICTIONARY.model_dump()
    values["tables"]["survey"]["checks"][0]["message"] = {"zh": "数控工序多于工序。", "en": "There are too many."}
    files = [register(tmp_path / "register.csv"), write(tmp_path / "survey.csv", HEADER, ["E1,2026,10,12,,"])]
    report = load(files, store=tmp_path / "store", dictionary=type(DICTIONARY).model_validate(values))[1]
    assert "NC key processes: 12. There are too many (rule" in report.rejected["message_en"].item()
    assert "数控关键工序数：12。数控工序多于工序（规则" in report.rejected["message_zh"].item()


@pytest.mark.parametrize(
    ("unit", "spoken"),
    [("道", "items"), ("万元", "10 thousand yuan"), ("亿元", "100 million yuan"), ("人", "persons"), ("%", "%"),
     ("每百户", "每百户"), ("十万元", "十万元")],
)  # fmt: skip
def test_units_have_english_names_that_are_understood(unit: str, spoken: str) -> None:
    assert units.english(unit) == spoken
    assert units.factor(spoken, unit) == 1
