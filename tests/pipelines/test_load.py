"""Loading: counts that agree, the same file twice, corrected files, keys that stand twice, links, crashes, exports."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import load as loading
from pipelines.durable import sha256
from pipelines.load import LoadReport, RowsLost, load
from pipelines.lock import StoreBusy, StoreUnusable, held
from pipelines.parts import StoreDamaged, manifest_path, read_manifest
from pipelines.rejected import export_rejected, neutral
from pipelines.warehouse import open_warehouse
from tests.pipelines.forms import DICTIONARY, register, write

REPOSITORY = Path(__file__).parent.parent.parent
SURVEY = "enterprise_id,year,key_processes,nc_key_processes"
FORM = "form_id,output_value,submitted_at"


def loaded(store: Path, *files: Path) -> list[LoadReport]:
    reports = load(list(files), store=store, dictionary=DICTIONARY)
    assert all(report.accepted + report.set_aside == report.read for report in reports)
    return reports


def rows(store: Path, table: str, columns: str = "*") -> list[tuple[object, ...]]:
    with open_warehouse(store, DICTIONARY) as database:
        return database.query(f"SELECT {columns} FROM {table} ORDER BY ALL").rows()


def files_of(store: Path) -> dict[str, bytes]:
    """All but the log, which tells of every load."""
    found = [path for path in sorted(store.rglob("*")) if path.is_file() and path.name != "log.jsonl"]
    return {str(path.relative_to(store)): path.read_bytes() for path in found}


def test_linked_tables_are_loaded_first_whatever_the_order(tmp_path: Path) -> None:
    survey = write(tmp_path / "survey.csv", SURVEY, ["E1,2026,10,5", "E2,2026,20,"])
    reports = loaded(tmp_path / "store", survey, register(tmp_path / "register.csv"))
    assert [(report.table, report.accepted, report.verdict) for report in reports] == [
        ("survey", 2, "ACCEPT"),
        ("register", 6, "ACCEPT"),
    ]


def test_the_same_file_twice_changes_nothing(tmp_path: Path) -> None:
    store = tmp_path / "store"
    form = write(tmp_path / "form.csv", FORM, ["F1,1,2026-01-01", "F2,x,2026-01-01"])
    (first,) = loaded(store, form)
    before = files_of(store)
    other_name = tmp_path / "again.csv"
    other_name.write_bytes(form.read_bytes())
    for path in (form, other_name):
        (again,) = loaded(store, path)
        assert (again.unchanged, again.accepted, again.set_aside, again.verdict) == (True, 1, 1, first.verdict)
        assert again.rejected.equals(first.rejected)
    assert files_of(store) == before


def no_reading(*_: object, **__: object) -> None:
    raise AssertionError("the file was read again")


def test_a_known_file_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store"
    lines = ["F1,1,2026-01-01", "F2,x,2026-01-01", "合计,3,"]
    form = write(tmp_path / "form.csv", FORM, lines)
    (first,) = loaded(store, form)
    assert (first.read, first.accepted, first.set_aside, first.left_out) == (2, 1, 1, 1)
    moved = form.rename(tmp_path / "moved.csv")
    with monkeypatch.context() as patch:
        patch.setattr(loading, "read_sheets", no_reading)
        (again,) = loaded(store, moved)
    assert (again.unchanged, again.file, again.table, again.read, again.left_out) == (True, "moved.csv", "form", 2, 1)
    assert again.rejected.equals(first.rejected)
    assert again.notes == first.notes
    moved.with_name("moved.csv.meta.json").write_text('{"rows": 7}', encoding="utf-8")
    assert loaded(store, moved)[0].verdict == "REJECT"


def two_sheets(path: Path) -> Path:
    book = openpyxl.Workbook()
    for name, enterprise in (("Sheet1", "E1"), ("Sheet2", "")):
        page = book.active if name == "Sheet1" else book.create_sheet(name)
        page.title = name
        for row in (
            ["enterprise_id", "year", "segment"],
            ["E0", 2025 if name == "Sheet1" else 2026, "3611"],
            [enterprise, 2026, "3611"],
        ):
            page.append(row)
    book.save(path)
    return path


def test_sheets_are_named_where_a_workbook_holds_several_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, book = tmp_path / "store", two_sheets(tmp_path / "two.xlsx")
    reports = loaded(store, book)
    assert [(report.file, report.accepted, report.set_aside) for report in reports] == [
        ("two.xlsx [Sheet1]", 2, 0),
        ("two.xlsx [Sheet2]", 1, 1),
    ]
    assert set(reports[1].rejected["file"]) == {"two.xlsx [Sheet2]"}
    assert "two.xlsx [Sheet2] row 3" in reports[1].rejected["message_en"][0]
    with monkeypatch.context() as patch:
        patch.setattr(loading, "read_sheets", no_reading)
        again = loaded(store, book)
    assert [(report.file, report.unchanged) for report in again] == [("two.xlsx [Sheet1]", True), ("two.xlsx [Sheet2]", True)]


def test_a_load_that_broke_off_between_two_sheets_is_finished(tmp_path: Path) -> None:
    store, book = tmp_path / "store", two_sheets(tmp_path / "two.xlsx")
    loaded(store, book)
    manifest = manifest_path(store)
    manifest.write_bytes(manifest.read_bytes().splitlines(keepends=True)[0])
    assert [(report.unchanged, report.accepted) for report in loaded(store, book)] == [(True, 2), (False, 1)]


def test_a_missing_part_is_told_with_what_to_do(tmp_path: Path) -> None:
    store = tmp_path / "store"
    form = write(tmp_path / "form.csv", FORM, ["F1,1,2026-01-01", "F2,x,2026-01-01"])
    loaded(store, form)
    (part,) = read_manifest(store)
    (store / str(part.rejected)).unlink()
    for attempt in (lambda: loaded(store, form), lambda: export_rejected(store, tmp_path / "out.csv")):
        with pytest.raises(StoreDamaged, match=r"is missing.*Restore it from a backup"):
            attempt()
    (store / str(part.part)).unlink()
    (store / "warehouse.duckdb").unlink()
    with pytest.raises(StoreDamaged, match=r"is missing.*Restore it from a backup.*new store"):
        open_warehouse(store, DICTIONARY)


def test_a_store_that_is_a_file_or_cannot_be_written(tmp_path: Path) -> None:
    form = write(tmp_path / "form.csv", FORM, ["F1,1,2026-01-01"])
    for place, words in (
        (form, "this is a file"),
        (form / "below", "this is a file"),
        (Path("/proc/store"), "cannot be written"),
    ):
        with pytest.raises(StoreUnusable, match=words) as error:
            load([form], store=place, dictionary=DICTIONARY)
        assert (error.value.filename, "--dir" in str(error.value.strerror)) == (str(place), True)


def test_a_manifest_of_an_earlier_version_is_understood(tmp_path: Path) -> None:
    store = tmp_path / "store"
    form = write(tmp_path / "form.csv", FORM, ["F1,x,2026-01-01"])
    loaded(store, form)
    line = json.loads(manifest_path(store).read_text(encoding="utf-8"))
    for name in ("left_out", "asked", "turn", "tables"):
        del line[name]
    manifest_path(store).write_text(json.dumps(line | {"source": str(form)}) + "\n", encoding="utf-8")
    assert loaded(store, form)[0].unchanged
    loaded(store, write(form, FORM, ["F1,1,2026-01-01"]))
    assert export_rejected(store, tmp_path / "out.csv", "en") == 0


def test_another_dictionary_is_a_reason_to_load_again(tmp_path: Path) -> None:
    form = write(tmp_path / "form.csv", FORM, ["F1,1,2026-01-01"])
    store = tmp_path / "store"
    load([form], store=store, dictionary=DICTIONARY, dictionary_sha256="one")
    (report,) = load([form], store=store, dictionary=DICTIONARY, dictionary_sha256="two")
    assert (report.unchanged, report.replaced) == (False, 1)


def test_a_corrected_file_replaces_by_key(tmp_path: Path) -> None:
    store = tmp_path / "store"
    first = write(tmp_path / "form.csv", FORM, ["F1,1,2026-01-01", "F2,2,2026-01-01"])
    second = write(tmp_path / "corrected.csv", FORM, ["F2,20,2026-01-02", "F3,30,2026-01-02"])
    loaded(store, first)
    (report,) = loaded(store, second)
    assert (report.accepted, report.replaced) == (2, 1)
    assert rows(store, "form", "form_id, output_value, src_part") == [("F1", 1.0, 1), ("F2", 20.0, 2), ("F3", 30.0, 2)]
    (old,) = loaded(store, first)
    assert (old.unchanged, old.verdict) == (True, "REVIEW")  # later rows stay, and a person is told
    assert rows(store, "form", "output_value") == [(1.0,), (20.0,), (30.0,)]


def test_identical_rows_are_kept_once(tmp_path: Path) -> None:
    (report,) = loaded(
        tmp_path / "store", write(tmp_path / "form.csv", FORM, ["F1,1,2026-01-01", "F2,2,2026-01-01", "F1,1.0,2026-01-01"])
    )
    assert (report.accepted, report.set_aside, report.verdict) == (2, 1, "ACCEPT_NORMALISED")
    assert report.rejected.select("row", "rule").rows() == [(4, "key.repeated")]
    assert "repeats row 2 exactly" in report.rejected["message_en"].item()


def test_the_latest_version_of_a_key_wins(tmp_path: Path) -> None:
    lines = ["F1,1,2026-01-01", "F1,3,2026-01-03", "F1,2,2026-01-02", "F1,3,2026-01-03"]
    (report,) = loaded(tmp_path / "store", write(tmp_path / "form.csv", FORM, lines))
    assert rows(tmp_path / "store", "form", "output_value") == [(3.0,)]
    assert report.rejected.select("row", "rule").rows() == [(2, "key.superseded"), (4, "key.superseded"), (5, "key.repeated")]
    assert report.verdict == "ACCEPT_NORMALISED"


@pytest.mark.parametrize("times", [("2026-01-01", "2026-01-05", "2026-01-05"), ("", "", "")])
def test_a_tie_keeps_all_versions_out_and_asks_a_person(times: tuple[str, str, str], tmp_path: Path) -> None:
    lines = [f"F1,{100 * place},{time}" for place, time in enumerate(times, 1)] + ["F2,7,"]
    (report,) = loaded(tmp_path / "store", write(tmp_path / "form.csv", FORM, lines))
    assert (report.accepted, report.set_aside, report.verdict) == (1, 3, "REVIEW")
    assert set(report.rejected["rule"]) == {"key.conflict"}
    assert "rows 2, 3, 4 with different values" in report.rejected["message_en"][0]
    assert rows(tmp_path / "store", "form", "form_id") == [("F2",)]


def test_rows_that_differ_without_a_latest_column_are_kept_out(tmp_path: Path) -> None:
    survey = write(tmp_path / "survey.csv", SURVEY, ["E1,2026,10,5", "E1,2026,11,5", "E2,2026,3,1"])
    report = loaded(tmp_path / "store", register(tmp_path / "register.csv"), survey)[1]
    assert (report.accepted, report.set_aside, report.verdict) == (1, 2, "REVIEW")


def test_a_faulty_version_does_not_bar_the_good_one(tmp_path: Path) -> None:
    (report,) = loaded(tmp_path / "store", write(tmp_path / "form.csv", FORM, ["F1,x,2026-01-02", "F1,1,2026-01-01"]))
    assert report.rejected["rule"].to_list() == ["output_value.number"]
    assert rows(tmp_path / "store", "form", "output_value") == [(1.0,)]


def test_a_month_is_linked_by_its_year_and_other_tables_columns_are_not_followed(tmp_path: Path) -> None:
    production = write(
        tmp_path / "production.csv", "enterprise_id,month,output_value", ["E1,2026-01,5", "E1,2024-12,5", "E7,2026-02,5"]
    )
    report = loaded(tmp_path / "store", register(tmp_path / "register.csv"), production)[1]
    assert report.rejected.select("row", "value", "rule").rows() == [
        (3, "E1 / 2024", "link.register"),
        (4, "E7 / 2026", "link.register"),
    ]
    assert "load that table first" in report.rejected["message_en"][0]


def test_rows_that_lacked_their_link_are_tried_again(tmp_path: Path) -> None:
    store = tmp_path / "store"
    survey = write(tmp_path / "survey.csv", SURVEY, ["E1,2026,10,5"])
    assert loaded(store, survey)[0].set_aside == 1
    loaded(store, register(tmp_path / "register.csv"))
    (report,) = loaded(store, survey)
    assert (report.unchanged, report.accepted, report.verdict) == (False, 1, "ACCEPT")
    assert loaded(store, survey)[0].unchanged


def test_a_refused_file_does_not_stop_the_others(tmp_path: Path) -> None:
    broken = tmp_path / "broken.csv"
    broken.write_bytes(b"\x80\x00\xff")
    reports = loaded(tmp_path / "store", broken, tmp_path / "absent.csv", register(tmp_path / "register.csv"))
    assert [report.verdict for report in reports] == ["REJECT", "REJECT", "ACCEPT"]
    assert (reports[0].read, reports[0].table, reports[0].file) == (0, None, "broken.csv")


def test_the_table_may_be_named(tmp_path: Path) -> None:
    path = register(tmp_path / "register.csv")
    (report,) = load([("survey", path)], store=tmp_path / "store", dictionary=DICTIONARY)
    assert report.verdict == "REJECT"
    (report,) = load([("register", path)], store=tmp_path / "store", dictionary=DICTIONARY)
    assert report.verdict == "ACCEPT"


def test_identifiers_to_the_last_zero_and_all_types_survive(tmp_path: Path) -> None:
    store = tmp_path / "store"
    ids = ["00123", "0123", "123", "440300123456789012", "440300123456789013"]
    loaded(store, write(tmp_path / "form.csv", FORM, [f"{name},1,2026-01-01T08:00:00+08:00" for name in ids]))
    assert [name for (name,) in rows(store, "form", "form_id")] == sorted(ids)
    with open_warehouse(store, DICTIONARY) as database:
        kinds = dict(
            database.query("SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'form'").rows()
        )
    assert kinds["form_id"] == "VARCHAR"
    assert kinds["submitted_at"] == "TIMESTAMP"
    assert kinds["staff"] == "BIGINT"


def test_the_manifest_tells_where_every_row_came_from(tmp_path: Path) -> None:
    store = tmp_path / "store"
    form = write(tmp_path / "form.csv", FORM, ["F1,1,2026-01-01", "F2,x,2026-01-01"])
    load([form], store=store, dictionary=DICTIONARY, dictionary_sha256="plan")
    (part,) = read_manifest(store)
    assert (part.sequence, part.table, part.file, part.left_out) == (1, "form", "form.csv", 0)
    assert str(tmp_path) not in manifest_path(store).read_text(encoding="utf-8")
    assert (part.read, part.accepted, part.set_aside, part.replaced, part.dictionary_sha256) == (2, 1, 1, 0, "plan")
    assert part.file_sha256 == sha256(form)
    assert part.part == f"accepted/form/000001-{part.file_sha256[:8]}.parquet"
    kept = pl.read_parquet(store / part.part)
    assert kept.columns == [*DICTIONARY.tables["form"].columns, "src_file", "src_row"]
    assert kept.select("form_id", "src_file", "src_row").rows() == [("F1", "form.csv", 2)]
    assert not (store / part.part).stat().st_mode & 0o222


def test_parts_are_sorted_by_key_and_the_same_in_every_store(tmp_path: Path) -> None:
    lines = [f"F{number:05},{number},2026-01-01" for number in range(5000)]
    form = write(tmp_path / "form.csv", FORM, [*reversed(lines), "F00001,x,2026-01-01", lines[7]])
    found = []
    for name in ("one", "other"):
        loaded(tmp_path / name, form)
        (part,) = read_manifest(tmp_path / name)
        found.append((tmp_path / name / str(part.part)).read_bytes())
        assert pl.read_parquet(tmp_path / name / str(part.part))["form_id"].is_sorted()
    assert found[0] == found[1]


@settings(deadline=None, max_examples=15)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["F1", "F2", "F3", ""]),
            st.sampled_from(["1", "2", "x", ""]),
            st.sampled_from(["2026-01-01", "2026-01-02", "?"]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_every_row_is_accepted_once_or_set_aside_with_a_reason(
    tmp_path_factory: pytest.TempPathFactory, lines: list[tuple[str, str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("law")
    (report,) = loaded(folder / "store", write(folder / "form.csv", FORM, lines))
    kept = [
        int(str(row))
        for (row,) in pl.concat(
            [pl.read_parquet(p) for p in (folder / "store").glob("accepted/form/*")] or [pl.DataFrame({"src_row": []})]
        )
        .select("src_row")
        .rows()
    ]
    assert sorted([*kept, *report.rejected["row"].unique()]) == list(range(2, len(lines) + 2))
    assert len(kept) == len(rows(folder / "store", "form", "form_id"))


def test_rows_lost_between_the_counters_are_an_error_of_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine = loading.read_sheets

    def one_more(path, dictionary, *, table=None):  # type: ignore[no-untyped-def]
        from dataclasses import replace

        return [(name, replace(sheet, read=sheet.read + 1)) for name, sheet in genuine(path, dictionary, table=table)]

    monkeypatch.setattr(loading, "read_sheets", one_more)
    with pytest.raises(RowsLost, match="7 rows were counted, but 6 accepted and 0 set aside"):
        load([register(tmp_path / "register.csv")], store=tmp_path / "store", dictionary=DICTIONARY)
    assert read_manifest(tmp_path / "store") == ()


def test_a_second_writer_is_told_who_holds_the_store(tmp_path: Path) -> None:
    form = write(tmp_path / "form.csv", FORM, ["F1,1,2026-01-01"])
    with held(tmp_path / "store", "planwatch load"), pytest.raises(StoreBusy, match=f"planwatch load .process {os.getpid()}"):
        load([form], store=tmp_path / "store", dictionary=DICTIONARY)
    assert load([form], store=tmp_path / "store", dictionary=DICTIONARY)[0].accepted == 1


@pytest.mark.parametrize("step", ["settle", "append", "catch_up"])
def test_a_load_killed_at_any_step_leaves_no_half_of_itself(step: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    loaded(store, write(tmp_path / "first.csv", FORM, ["F1,1,2026-01-01"]))
    form = write(tmp_path / "form.csv", FORM, ["F1,10,2026-01-01", "F2,20,2026-01-01", "F3,x,2026-01-01"])
    program = f"""
import os, signal, sys
from pathlib import Path
from pipelines import load, parts, warehouse
from tests.pipelines.forms import DICTIONARY
home = warehouse if {step!r} == "catch_up" else parts
genuine, calls = getattr(home, {step!r}), []
def dying(*arguments):
    calls.append(1)
    if {step!r} == "catch_up" and len(calls) == 1:
        return genuine(*arguments)
    if {step!r} == "append":
        Path({str(store)!r}, "accepted/manifest.jsonl").open("ab").write(b'{{"sequence": 2, "tim')
    if {step!r} == "settle":
        genuine(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(home, {step!r}, dying)
load.load([Path({str(form)!r})], store=Path({str(store)!r}), dictionary=DICTIONARY)
"""
    died = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    counts = step == "catch_up"  # only after its line in the manifest does a part count
    assert rows(store, "form", "form_id, output_value") == ([("F1", 10.0), ("F2", 20.0)] if counts else [("F1", 1.0)])
    (report,) = loaded(store, form)
    assert (report.unchanged, report.accepted) == (counts, 2)
    assert rows(store, "form", "form_id, output_value") == [("F1", 10.0), ("F2", 20.0)]
    named = {str(store / str(name)) for part in read_manifest(store) for name in (part.part, part.rejected) if name}
    assert {str(path) for path in store.rglob("*.parquet")} == named
    assert not list(store.glob("work-*"))
    assert not (store / "warehouse.duckdb.wal").exists()


def test_a_lost_or_broken_manifest_is_told_and_nothing_is_deleted(tmp_path: Path) -> None:
    store = tmp_path / "store"
    for number in (1, 2, 3):
        loaded(store, write(tmp_path / f"{number}.csv", FORM, [f"F{number},1,2026-01-01"]))
    manifest = store / "accepted" / "manifest.jsonl"
    lines = manifest.read_text(encoding="utf-8").splitlines(keepends=True)
    for broken in (None, lines[0] + lines[2], lines[0] + "{\n" + lines[2]):
        manifest.unlink(missing_ok=True)
        if broken is not None:
            manifest.write_text(broken, encoding="utf-8")
        with pytest.raises(StoreDamaged, match="Restore"):
            loaded(store, tmp_path / "1.csv")
        assert len(list(store.glob("accepted/form/*.parquet"))) == 3


def test_progress_is_told(tmp_path: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    load(
        [register(tmp_path / "register.csv")],
        store=tmp_path / "store",
        dictionary=DICTIONARY,
        progress=lambda *told: seen.append(told),
    )
    assert seen == [("register.csv", 0, 6), ("register.csv", 6, 6)]


@pytest.mark.parametrize(("language", "header", "word"), [("zh", "文件", "不是数字"), ("en", "file", "is not a number")])
def test_rejected_rows_go_back_to_the_reporter(language: str, header: str, word: str, tmp_path: Path) -> None:
    store = tmp_path / "store"
    (report,) = loaded(store, write(tmp_path / "form.csv", FORM, ["F1,=1+1,2026-01-01", "F2,-5x,2026-01-01"]))
    for source in (report, store):
        out = tmp_path / "rejected.csv"
        assert export_rejected(source, out, language) == 2
        assert out.read_bytes().startswith(b"\xef\xbb\xbf")
        with out.open(encoding="utf-8-sig", newline="") as file:
            lines = list(csv.reader(file))
        assert lines[0][0] == header
        assert [line[3] for line in lines[1:]] == ["'=1+1", "'-5x"]
        assert word in lines[1][5]


def test_no_exported_cell_steers_a_terminal(tmp_path: Path) -> None:
    (report,) = loaded(tmp_path / "store", write(tmp_path / "form.csv", FORM, ["F1,\x1b[31m5\x1b[0m,2026-01-01"]))
    export_rejected(report, tmp_path / "out.csv", "en")
    written = (tmp_path / "out.csv").read_text(encoding="utf-8-sig")
    assert "\x1b" not in written
    assert "\N{REPLACEMENT CHARACTER}[31m5" in written


def test_only_the_last_attempt_of_a_file_is_exported(tmp_path: Path) -> None:
    store = tmp_path / "store"
    form = write(tmp_path / "form.csv", FORM, ["F1,x,2026-01-01"])
    loaded(store, form)
    loaded(store, write(form, FORM, ["F1,1,2026-01-01"]))
    assert export_rejected(store, tmp_path / "out.csv", "en") == 0


@pytest.mark.parametrize(
    ("text", "safe"),
    [("=1+1", "'=1+1"), ("+cmd", "'+cmd"), ("-2+3", "'-2+3"), ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "'\t=1"), ("＝1+1", "'＝1+1"),
     ("\r=1", "'\r=1"), ("-5", "-5"), ("+5.25", "+5.25"), ("某公司", "某公司"), ("", "")],
)  # fmt: skip
def test_no_exported_cell_is_a_formula(text: str, safe: str) -> None:
    assert neutral(text) == safe


def test_the_manifest_is_plain_json_lines(tmp_path: Path) -> None:
    loaded(tmp_path / "store", register(tmp_path / "register.csv"))
    (line,) = (tmp_path / "store" / "accepted" / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(line)["accepted"] == 6
