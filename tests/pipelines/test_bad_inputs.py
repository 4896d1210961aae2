"""Every file of the two collections of bad inputs: the verdict of its manifest, or its truth, or a reason."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from indicators.catalogue.catalogue import load_plan
from pipelines.load import LoadReport, load
from pipelines.warehouse import open_warehouse

PLANS = Path(__file__).parent.parent / "plans"
BAD = load_plan(PLANS / "bad_inputs").dictionary
MADE = load_plan(PLANS / "made_from_real_cn").dictionary


def loaded(source: Path, folder: Path, dictionary, **sidecar: object) -> list[LoadReport]:
    file = folder / source.name
    shutil.copyfile(source, file)
    if sidecar:
        file.with_name(file.name + ".meta.json").write_text(json.dumps(sidecar), encoding="utf-8")
    reports = load([file], store=folder / "store", dictionary=dictionary)
    for report in reports:
        assert report.accepted + report.set_aside == report.read
        assert all(report.rejected[name].null_count() == 0 for name in ("row", "rule", "message_zh", "message_en"))
    return reports


def stored(folder: Path, table: str, dictionary) -> pl.DataFrame:
    database = open_warehouse(folder / "store", dictionary)
    try:
        return database.query(f"SELECT * FROM {table}")
    finally:
        database.close()


@pytest.mark.parametrize("share", range(4))
def test_every_file_of_the_manifest_has_its_verdict(share: int, shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "bad_inputs" / "tables"
    wrong = []
    for number, entry in enumerate(json.loads((folder / "manifest.json").read_text(encoding="utf-8"))[share::4]):
        place = tmp_path / str(number)
        place.mkdir()
        sidecar = {"rows": 5} if "sidecar" in entry["why"] else {}  # what the sender would have stated beside the file
        verdicts = [report.verdict for report in loaded(folder / entry["file"], place, BAD, **sidecar)]
        if verdicts != [entry["expect"]]:
            wrong.append((entry["file"], entry["expect"], verdicts))
    assert wrong == []


def test_identifiers_survive_to_the_last_digit(shared_data: Path, tmp_path: Path) -> None:
    tables = shared_data / "bad_inputs" / "tables"
    for name, expected in (
        ("n011_leading_zero_ids.csv", {"00123", "0123", "123"}),
        ("n013_18_digit_ids.csv", {"440300123456789012", "440300123456789013"}),
    ):
        place = tmp_path / name
        place.mkdir()
        loaded(tables / name, place, BAD)
        assert set(stored(place, "processes", BAD)["enterprise_id"]) == expected


def truth(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


NBS = ["nbs_products_gb18030.csv", "nbs_products_utf16le_bom.csv", "nbs_products_utf8_bom.csv", "nbs_products_truth_utf8.csv"]


@pytest.mark.parametrize("name", NBS)
def test_output_of_products_in_four_encodings(name: str, shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "bad_inputs" / "made_from_real_cn"
    (report,) = loaded(folder / name, tmp_path, MADE)
    assert (report.verdict, report.set_aside) == ("ACCEPT_NORMALISED", 0)
    names = {column.name.zh: key for key, column in MADE.tables["nbs_products"].columns.items()}
    rows = {row["year"]: row for row in stored(tmp_path, "nbs_products", MADE).iter_rows(named=True)}
    expected = truth(folder / "nbs_products_truth_utf8.csv")
    assert len(rows) == len(expected)
    for row in expected:
        found = rows[int(row.pop("")[:4])]
        assert {names[key]: float(value) if value else None for key, value in row.items()} == {
            names[key]: found[names[key]] for key in row
        }


@pytest.mark.parametrize(
    ("name", "words"),
    [("nbs_products_gb18030_truncated_midchar.csv", "cut off"), ("nbs_products_mojibake_gbk_read_as_latin1.csv", "mojibake")],
)
def test_broken_encodings_are_refused_with_the_reason(name: str, words: str, shared_data: Path, tmp_path: Path) -> None:
    (report,) = loaded(shared_data / "bad_inputs" / "made_from_real_cn" / name, tmp_path, MADE)
    assert report.refused is not None
    assert words in report.refused.found.en


def test_the_association_month_by_month(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "bad_inputs" / "made_from_real_cn"
    (report,) = loaded(folder / "caam_2022_messy.xlsx", tmp_path, MADE)
    assert (report.read, report.set_aside) == (11, 0)
    rows = {row["month"].strftime("%Y-%m"): row for row in stored(tmp_path, "caam_monthly", MADE).iter_rows(named=True)}
    names = dict(
        zip(list(MADE.tables["caam_monthly"].columns)[1:], list(truth(folder / "caam_2022_messy_truth.csv")[0])[1:], strict=True)
    )
    expected = truth(folder / "caam_2022_messy_truth.csv")
    assert set(rows) == {row["month"] for row in expected}
    for row in expected:
        for ours, theirs in names.items():
            value = float(row[theirs]) / (100 if theirs.endswith("pct") else 1) if row[theirs] else None
            assert rows[row["month"]][ours] == (pytest.approx(value, rel=1e-12) if value is not None else None), (
                row["month"],
                ours,
            )


def test_rows_whose_units_differ_within_a_column_are_set_aside(shared_data: Path, tmp_path: Path) -> None:
    """The table states its units in its first column, and some cells state another; those rows are named, the rest is true."""
    folder = shared_data / "bad_inputs" / "made_from_real_cn"
    (report,) = loaded(folder / "c36_messy.xlsx", tmp_path, MADE)
    assert (report.verdict, report.read, report.accepted) == ("QUARANTINE", 40, 16)
    assert report.rejected["value"].str.contains("家|万元").all()
    expected = {(row["指标"], row["类型"]): row for row in truth(folder / "c36_messy_truth.csv")}
    for row in stored(tmp_path, "c36_accounts", MADE).iter_rows(named=True):
        true = expected[row["item"].split("(")[0], row["type_of_registration"]]
        assert [row[f"y{year}"] for year in (2012, 2013, 2014)] == pytest.approx(
            [float(true[year]) for year in ("2012", "2013", "2014")], abs=0.005
        )


def test_the_enterprise_form(shared_data: Path, tmp_path: Path) -> None:
    (report,) = loaded(shared_data / "bad_inputs" / "made_from_real_cn" / "enterprise_form_bad_gb18030.csv", tmp_path, MADE)
    assert (report.verdict, report.read, report.accepted) == ("QUARANTINE", 8, 1)
    rules = report.rejected.group_by("row").agg(pl.col("rule").sort()).sort("row")
    found = {row: set(names) for row, names in rules.iter_rows()}
    assert set(found) == {2, 3, 4, 6, 7, 8, 10}  # row 4 goes on over two lines
    assert "uscc.identifier" in found[3]
    assert "nc_key_processes.part_of_whole" in found[6]
    assert found[2] == found[7] == {"key.conflict"}
    assert "submitted_on.date" in found[8]
