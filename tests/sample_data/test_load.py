"""The sample files go through the pipeline: every row of the committed set is accepted, every deliberate fault is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.load import LoadReport, load
from pipelines.report import Note
from pipelines.warehouse import open_warehouse
from sample_data.faults import FOLDER, NAME
from sample_data.generate import ABOUT, SMALL, dictionary, generate


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="module")
def reports(store: Path) -> list[LoadReport]:
    about = json.loads((SMALL / ABOUT).read_text(encoding="utf-8"))
    return load([SMALL / name for name in about["files"]], store=store, dictionary=dictionary())


def doubtful(report: LoadReport) -> list[Note]:
    """What a person should look at; value added above output is there on purpose, for editing to find."""
    return [note for note in report.notes if note.kind == "review" and note.column != "value_added"]


def test_every_committed_row_is_accepted(reports: list[LoadReport]) -> None:
    assert len(reports) == 15
    for report in reports:
        assert report.refused is None, report.file
        assert (report.accepted, report.set_aside) == (report.read, 0), report.rejected["message_en"].to_list()[:5]
        assert doubtful(report) == [], report.file


def test_tables_are_recognised_by_their_headers(reports: list[LoadReport]) -> None:
    for report in reports:
        assert report.file.removeprefix("SYNTHETIC_").startswith(str(report.table))


def test_warehouse_holds_every_row(reports: list[LoadReport], store: Path) -> None:
    counted: dict[str, int] = {}
    for report in reports:
        counted[str(report.table)] = counted.get(str(report.table), 0) + report.accepted
    database = open_warehouse(store, dictionary())
    try:
        for table, count in counted.items():
            assert database.query(f"SELECT count(*) AS n FROM {table}").item() == count
    finally:
        database.close()


@pytest.fixture(scope="module")
def faulty_report(reports: list[LoadReport], store: Path) -> LoadReport:
    assert reports  # the register must be there first
    (report,) = load([FOLDER / NAME], store=store, dictionary=dictionary())
    return report


def test_every_fault_is_set_aside_and_sound_rows_go_on(faulty_report: LoadReport) -> None:
    assert (faulty_report.read, faulty_report.accepted, faulty_report.set_aside) == (12, 2, 10)
    rules = set(faulty_report.rejected.sort("row")["rule"])
    assert len(rules) >= 10, "each row has a fault of another kind"
    assert set(faulty_report.rejected["row"]) == set(range(4, 14))


@pytest.mark.parametrize(("enterprises", "seed", "language"), [(120, 11, "zh"), (400, 12, "en"), (900, 13, "zh")])
def test_other_sizes_seeds_and_english_load_too(tmp_path: Path, enterprises: int, seed: int, language: str) -> None:
    paths = generate(tmp_path / "made", enterprises=enterprises, seed=seed, language=language)
    for report in load(paths, store=tmp_path / "store", dictionary=dictionary()):
        assert report.refused is None, report.file
        assert report.set_aside == 0, report.rejected["message_en"].to_list()[:5]
        assert doubtful(report) == []
