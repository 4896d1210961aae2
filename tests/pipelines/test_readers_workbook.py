"""XLSX and Parquet: hostile containers are refused, and what a spreadsheet hides comes to light."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path

import openpyxl
import polars as pl
import pytest
import xlsxwriter

from indicators.catalogue.catalogue import load_plan
from pipelines.reader import read_sheets
from pipelines.report import FileRefused
from pipelines.sheet import Sheet
from pipelines.workbook import letters
from tests.pipelines import hostile
from tests.pipelines.hostile import GOOD, cell, parts, sheet, simple, write

DICTIONARY = load_plan(Path(__file__).parent.parent / "plans" / "bad_inputs").dictionary
MONTHLY = load_plan(Path(__file__).parent.parent / "plans" / "made_from_real_cn").dictionary


def one(path: Path, dictionary=DICTIONARY) -> tuple[str, Sheet, pl.DataFrame]:
    ((table, found),) = read_sheets(path, dictionary)
    return table, found, found.rows.collect()


def notes(found: Sheet, kind: str) -> str:
    return " | ".join(note.message.en for note in found.notes if note.kind == kind)


def refusal(path: Path, dictionary=DICTIONARY) -> str:
    with pytest.raises(FileRefused) as error:
        read_sheets(path, dictionary)
    found = error.value.refusal
    assert found.found.zh
    assert found.todo.zh
    return found.found.en


def zip_bytes(names: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in names.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_plain_workbook(tmp_path: Path) -> None:
    table, found, rows = one(write(tmp_path / "a.xlsx", simple(GOOD)))
    assert table == "measured"
    assert (found.columns, found.units, found.read) == (("enterprise_id", "v"), (None, None), 1)
    assert rows.rows() == [(2, "E1", "5")]
    assert found.notes == ()


LAUGHS = '<!DOCTYPE z [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><sst>&b;</sst>'
HOSTILE: dict[str, tuple[dict[str, str | bytes], str]] = {
    "far column": (simple({**GOOD, 3: [cell("XFD3", 1)]}), "end of the sheet"),
    "far row": (simple({**GOOD, 1048576: [cell("A1048576", 1)]}), "end of the sheet"),
    "rows beyond": (simple({**GOOD, 99999999999: [cell("A99999999999", 1)]}), "end of the sheet"),
    "columns beyond": (simple({**GOOD, 3: [cell("ZZZZZ3", 1)]}), "end of the sheet"),
    "both beyond": (simple({**GOOD, 3: ['<c r="ZZZZZ99999999999"><v>1</v></c>']}), "end of the sheet"),
    "gap of rows": (simple({**GOOD, 500_000: [cell("A500000", 1)]}), "far away"),
    "gap of columns": (simple({**GOOD, 3: [cell("WWW3", 1)]}), "far away"),
    "place of another row": (simple({**GOOD, 3: [cell("A7", 1)]}), "impossible place"),
    "no place": (simple({**GOOD, 3: [cell("7", 1)]}), "impossible place"),
    "cell twice": (simple({**GOOD, 3: [cell("A3", 1), cell("A3", 2)]}), "stands there twice"),
    "row twice": (simple('<row r="1"/><row r="2"/><row r="2"/>'), "row number is repeated"),
    "row backwards": (simple('<row r="5"/><row r="2"/>'), "row number is repeated"),
    "string index": (parts([("S", "visible", sheet({1: [cell("A1", 7, kind="s")]}))], strings=["a"]), "does not exist"),
    "no strings": (simple({1: [cell("A1", 0, kind="s")]}), "does not exist"),
    "doctype": ({**simple(GOOD), "xl/worksheets/sheet1.xml": '<!DOCTYPE x [<!ENTITY a "b">]>' + sheet(GOOD)}, "DOCTYPE"),
    "laughs": ({**simple(GOOD), "xl/sharedStrings.xml": LAUGHS}, "DOCTYPE"),
    "utf-16 part": ({**simple(GOOD), "xl/styles.xml": hostile.STYLES.encode("utf-16")}, "not in UTF-8"),
    "zip inside": ({**simple(GOOD), "xl/media/a.bin": zip_bytes({"b": b"c"})}, "archive inside"),
    "zip by name": ({**simple(GOOD), "xl/embeddings/a.xlsx": b""}, "archive inside"),
    "parent folder": ({**simple(GOOD), "xl/../../evil": "x"}, "points outside"),
    "absolute name": ({**simple(GOOD), "/etc/evil": "x"}, "points outside"),
    "backslashes": ({**simple(GOOD), "..\\evil": "x"}, "points outside"),
    "macros": ({**simple(GOOD), "xl/vbaProject.bin": b"x"}, "macros"),
    "no workbook": ({"[Content_Types].xml": "", "word/document.xml": ""}, "not an XLSX"),
    "nested deeply": (simple(GOOD, before="<a>" * 200_000 + "</a>" * 200_000), "nested too deeply"),
    "nested with breaks": (simple(GOOD, before="<a><b/>" * 200_000 + "</a>" * 200_000), "nested too deeply"),
    "same name": ({**simple(GOOD), "XL/STYLES.XML": ""}, "same name"),
    "not closed": ({**simple(GOOD), "xl/worksheets/sheet1.xml": sheet(GOOD)[:-20]}, "damaged"),
    "no cells": (simple(""), "no rows"),
    "header only": (simple({1: GOOD[1]}), "no rows"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_workbooks_are_refused(name: str, tmp_path: Path) -> None:
    content, words = HOSTILE[name]
    assert words in refusal(write(tmp_path / "a.xlsx", content))


def test_a_missing_sheet_part(tmp_path: Path) -> None:
    content = simple(GOOD)
    del content["xl/worksheets/sheet1.xml"]
    assert "content of a sheet is missing" in refusal(write(tmp_path / "a.xlsx", content))


def test_a_bomb_is_stopped_early(tmp_path: Path) -> None:
    path = write(tmp_path / "a.xlsx", {**simple(GOOD), "xl/worksheets/sheet1.xml": b" " * (40 << 20)})
    assert path.stat().st_size < 1 << 20
    assert "out of all proportion" in refusal(path)


def test_bytes_cut_off_or_changed_are_refused_or_read_the_same(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.xlsx", simple(GOOD)).read_bytes()
    for cut in range(0, len(whole) - 1, 97):
        (tmp_path / "cut.xlsx").write_bytes(whole[:cut])
        refusal(tmp_path / "cut.xlsx")


def test_percent_dates_errors_and_formulas(tmp_path: Path) -> None:
    rows = {
        **{n: [cell(f"A{n}", f"E{n}"), extra] for n, extra in {
            2: cell("B2", "-0.092", kind="n", style=1),
            3: cell("B3", "0.28199999999999997", kind="n", style=1),
            4: cell("B4", 45717, style=2),
            5: cell("B5", 45717.5, style=2),
            6: cell("B6", "#DIV/0!", kind="e"),
            7: cell("B7", formula="SUM(C1:C9)"),
            8: cell("B8", 12.0, formula="3*4"),
            9: cell("B9", 1, kind="b"),
            10: cell("B10", "1.5E+3", kind="n"),
            11: cell("B11", "5.0", kind="n"),
            12: cell("B12", "2024-05-01T00:00:00", kind="d"),
            13: cell("B13", 60, style=2),
            14: cell("B14", 0.25, style=4),
        }.items()},
        1: GOOD[1],
    }  # fmt: skip
    _, found, frame = one(write(tmp_path / "a.xlsx", simple(dict(sorted(rows.items())))))
    assert frame["c1"].to_list() == [
        "-9.2%", "28.199999999999997%", "2025-03-01", "2025-03-01T12:00:00", "#DIV/0!", "#FORMULA?", "12", "TRUE", "1500", "5",
        "2024-05-01T00:00:00", "1900-02-29", "06:00:00",
    ]  # fmt: skip
    assert found.read == 13
    assert frame["src_row"].to_list() == list(range(2, 15))


def test_formula_results_nobody_computed_are_for_review(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    book = xlsxwriter.Workbook(path)
    page = book.add_worksheet()
    page.write_row(0, 0, ["enterprise_id", "v"])
    page.write_row(1, 0, ["E1"])
    page.write_formula(1, 1, "=1+1")  # xlsxwriter stores 0 as its result
    book.close()
    assert "never have been computed" in notes(one(path)[1], "review")


def test_1904_calendar(tmp_path: Path) -> None:
    rows = {1: GOOD[1], 2: [cell("A2", "E1"), cell("B2", 44255, style=2)]}
    content = parts([("S", "visible", sheet(rows))], workbook='<workbookPr date1904="1"/>')
    _, found, frame = one(write(tmp_path / "a.xlsx", content))
    assert frame["c1"].to_list() == ["2025-03-01"]
    assert "1904" in notes(found, "review")


def test_hidden_sheets_are_named_and_not_read(tmp_path: Path) -> None:
    content = parts([("A", "visible", sheet(GOOD)), ("隐藏", "veryHidden", sheet(GOOD)), ("空", "hidden", sheet(""))])
    _, found, _ = one(write(tmp_path / "a.xlsx", content))
    assert "`隐藏`" in notes(found, "review")
    assert "空" not in notes(found, "review")
    only = parts([("隐藏", "hidden", sheet(GOOD))])
    assert "no rows" in refusal(write(tmp_path / "b.xlsx", only))


def test_two_sheets_of_one_table(tmp_path: Path) -> None:
    content = parts(
        [("A", "visible", sheet(GOOD)), ("B", "visible", sheet(GOOD)), ("说明", "visible", sheet({1: [cell("A1", "说明")]}))]
    )
    found = read_sheets(write(tmp_path / "a.xlsx", content), DICTIONARY)
    assert [(table, page.sheet, page.read) for table, page in found] == [("measured", "A", 1), ("measured", "B", 1)]
    assert "`说明`" in notes(found[0][1], "normalised")


def test_a_table_that_is_not_recognised_is_not_passed_over_in_silence(tmp_path: Path) -> None:
    other = sheet({1: [cell("A1", "产品"), cell("B1", "数量")], 2: [cell("A2", "芯片"), cell("B2", 3)]})
    content = parts([("A", "visible", sheet(GOOD)), ("B", "visible", other)])
    assert "`B`" in notes(one(write(tmp_path / "a.xlsx", content))[1], "review")


def test_long_identifiers_as_numbers(tmp_path: Path) -> None:
    rows = {
        1: GOOD[1],
        2: [cell("A2", "4.4030012345678899E+17", kind="n"), cell("B2", 1)],
        3: [cell("A3", 123456), cell("B3", 1)],
    }
    _, found, frame = one(write(tmp_path / "a.xlsx", simple(rows)))
    assert frame["c0"].to_list() == ["440300123456788990", "123456"]
    assert [(note.row, note.column) for note in found.notes if note.kind == "review"] == [(2, "enterprise_id")]


def test_blank_rows_and_columns_keep_true_row_numbers(tmp_path: Path) -> None:
    rows = {
        4: [cell("C4", "企业编号"), cell("E4", "数值")],
        6: [cell("C6", "E1"), cell("E6", 1)],
        9: [cell("C9", "E2"), cell("E9", 2)],
    }
    _, found, frame = one(write(tmp_path / "a.xlsx", simple(rows)))
    assert frame.rows() == [(6, "E1", "1"), (9, "E2", "2")]
    assert "2 blank rows" in notes(found, "normalised")


def test_a_stray_value_without_a_header(tmp_path: Path) -> None:
    rows = {**GOOD, 3: [cell("A3", "E2"), cell("B3", 1), cell("D3", "请核实")]}
    _, found, frame = one(write(tmp_path / "a.xlsx", simple(rows)))
    assert frame["src_row"].to_list() == [2]
    assert found.faults.select("row", "rule").rows() == [(3, "row.fields")]
    assert found.read == 2


def test_merged_cells(tmp_path: Path) -> None:
    rows = {
        1: GOOD[1], 2: [cell("A2", "E1"), cell("B2", 1)], 3: [cell("B3", 2)],
        4: [cell("A4", "E3"), cell("B4", 3)], 5: [cell("A5", "E4")], 6: [cell("A6", "注：合并说明")],
    }  # fmt: skip
    merged = '<mergeCells><mergeCell ref="A2:A3"/><mergeCell ref="B4:B5"/><mergeCell ref="A6:B6"/></mergeCells>'
    _, found, frame = one(write(tmp_path / "a.xlsx", simple(rows, after=merged)))
    assert frame.rows() == [(2, "E1", "1"), (3, "E1", "2")]  # a name is repeated, an amount for two rows belongs to neither
    assert found.faults.select("row", "rule").rows() == [(4, "row.merged"), (5, "row.merged")]
    assert found.read == 4


def test_rich_text_and_phonetic_hints(tmp_path: Path) -> None:
    strings = '<si><r><t>企业</t></r><r><t>编号</t></r><rPh sb="0" eb="2"><t>qiye</t></rPh></si>'
    strings += "<si><t>v</t></si><si><t>E_x0041_</t></si>"
    rows = {1: [cell("A1", 0, kind="s"), cell("B1", 1, kind="s")], 2: [cell("A2", 2, kind="s"), cell("B2", 5)]}
    content = parts([("S", "visible", sheet(rows))], strings=["x"])
    content["xl/sharedStrings.xml"] = content["xl/sharedStrings.xml"].replace("<si><t>x</t></si>", strings)
    assert one(write(tmp_path / "a.xlsx", content))[2].rows() == [(2, "EA", "5")]


def test_openpyxl_and_xlsxwriter_files(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page.append(
        [
            "month",
            "production",
            "production_to_date",
            "production_on_month",
            "production_on_year",
            "sales",
            "sales_to_date",
            "sales_on_month",
            "sales_on_year",
        ]
    )
    page.append([dt.date(2025, 1, 1), 1.5, 2, "3%", None, 5, 6, 0.5, 0.25])
    page["I2"].number_format = "0.00%"
    book.save(tmp_path / "a.xlsx")
    _, _, frame = one(tmp_path / "a.xlsx", MONTHLY)
    assert frame.row(0) == (2, "2025-01-01", "1.5", "2", "3%", None, "5", "6", "0.5", "25%")


def test_a_two_row_header_with_a_unit_above(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    page.append(["2023年产销"])
    page.append(["单位：辆"])
    page.append(["月份", "产量", None, None, None, "销量"])
    page.append([None, "当月", "累计", "环比", "同比", "当月", "累计", "环比", "同比"])
    page.append(["3月", 2_000_000, None, None, None, 1_000_000])
    page.append([45017])
    for place in ("B3:E3", "F3:I3", "A3:A4"):
        page.merge_cells(place)
    book.save(tmp_path / "a.xlsx")
    _, found, frame = one(tmp_path / "a.xlsx", MONTHLY)
    assert found.header[1] == "产量_当月"
    assert found.units[1:3] == ("辆", "辆")
    assert frame["c0"].to_list() == ["2023年3月", "2023-04-01"]


def test_parquet_keeps_every_digit(tmp_path: Path) -> None:
    frame = pl.DataFrame({"企业编号": ["00123", "0123"], "v": [0.1, 1e300]})
    frame.write_parquet(tmp_path / "a.parquet")
    table, found, rows = one(tmp_path / "a.parquet")
    assert (table, found.read) == ("measured", 2)
    assert rows["c0"].to_list() == ["00123", "0123"]
    assert [float(text) for text in rows["c1"]] == [0.1, 1e300]
    typed = pl.DataFrame({"enterprise_id": [123456789012345678], "v": [dt.datetime(2025, 3, 1, 8, 0, 0, 5)]})
    typed.write_parquet(tmp_path / "b.parquet")
    assert one(tmp_path / "b.parquet")[2].rows() == [(1, "123456789012345678", "2025-03-01T08:00:00.000005")]


def test_broken_parquet(tmp_path: Path) -> None:
    pl.DataFrame({"enterprise_id": ["E1"], "v": [[1]]}).write_parquet(tmp_path / "a.parquet")
    assert "type" in refusal(tmp_path / "a.parquet")
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "b.parquet").write_bytes(whole[:-4])
    assert "cut off" in refusal(tmp_path / "b.parquet")
    (tmp_path / "c.parquet").write_bytes(b"PAR1" + b"\x07" * 200 + b"PAR1")
    assert refusal(tmp_path / "c.parquet")


def test_letters_of_columns() -> None:
    assert [letters(n) for n in (1, 26, 27, 702, 703, 16384)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
