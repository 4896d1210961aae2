"""Text files: encodings, line ends, quotes, ragged rows, and the count of every line."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from indicators.catalogue.catalogue import load_plan
from pipelines import careful, csvfile, encoding
from pipelines.dictionary import Column, Dictionary, Table
from pipelines.reader import read_sheets
from pipelines.report import FileRefused
from pipelines.sheet import Sheet
from pipelines.sift import is_total
from pipelines.yamlfile import Text

DICTIONARY = load_plan(Path(__file__).parent.parent / "plans" / "bad_inputs").dictionary
HEAD = "enterprise_id,total_processes\n"
WIDE = "enterprise_id,enterprise_name,year,total_processes,nc_processes,nc_rate,output_value,unit,submitted_at\n"
ROW = "E1,某某汽车零部件有限公司,2024,100,62,0.62,1,万元,2025-03-01\n"


def read(path: Path, content: str | bytes, name: str = "a.csv") -> tuple[str, Sheet, list[tuple[object, ...]]]:
    file = path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    ((table, found),) = read_sheets(file, DICTIONARY)
    rows = found.rows.collect()
    assert rows.height + found.faults["row"].n_unique() == found.read
    assert rows.schema == {"src_row": pl.Int64, **{f"c{i}": pl.String for i in range(len(found.header))}}
    return table, found, rows.rows()


def refused(path: Path, content: str | bytes, name: str = "a.csv") -> str:
    with pytest.raises(FileRefused) as error:
        read(path, content, name)
    return error.value.refusal.found.en


def said(found: Sheet) -> str:
    return " | ".join(note.message.en for note in found.notes)


@pytest.mark.parametrize("code", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "gb18030", "gbk"])
def test_encodings(code: str, tmp_path: Path) -> None:
    content = (WIDE + ROW).encode(code)
    content = b"\xfe\xff" + content if code == "utf-16-be" else content
    _, found, rows = read(tmp_path, content)
    assert rows[0][2] == "某某汽车零部件有限公司"
    assert bool(found.notes) == (code != "utf-8")


def test_characters_beyond_gbk_in_gb18030(tmp_path: Path) -> None:
    assert read(tmp_path, (WIDE + ROW.replace("某某", "㐀𠀀囧")).encode("gb18030"))[2][0][2] == "㐀𠀀囧汽车零部件有限公司"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (WIDE.encode() + ROW.encode() + ROW.encode("gbk"), "mixed"),
        (WIDE.encode() + ROW.encode("gbk") + ROW.encode(), "mixed"),
        (WIDE.encode() + ROW.encode().replace("某".encode(), b"\xff", 1), "neither UTF-8"),
        (WIDE.encode() + ROW.encode() + ROW.encode()[:5], "mixed or damaged|cut off"),
        ((WIDE + ROW).encode("gbk")[:-15], "cut off"),
        ((WIDE + ROW).encode("utf-16")[:-1], "cut off"),
        ((WIDE + ROW).encode("utf-16-le"), "NUL"),
        ((WIDE + ROW).encode("utf-32"), "NUL"),
        ((WIDE + ROW.replace("某某", "某\x00某")).encode(), "NUL"),
        ((WIDE + ROW).encode("gbk").decode("latin-1").encode(), "garbled"),
        ((WIDE + ROW).encode().decode("gb18030", "ignore").encode(), "garbled"),
        ((WIDE + ROW.replace("某某汽车零部件", "臺北關鍵汽車製造業工序數")).encode("big5", "ignore") , "Big5|neither"),
        (WIDE.encode() + b"E1,\xed\xa0\x80,2024,1,1,1,1,x,2025-01-01\n", "neither|mixed"),
    ],
)  # fmt: skip
def test_broken_encodings(content: bytes, words: str, tmp_path: Path) -> None:
    assert any(word in refused(tmp_path, content) for word in words.split("|"))


def test_european_names_are_not_taken_for_garbled_text(tmp_path: Path) -> None:
    assert read(tmp_path, WIDE + ROW.replace("某某汽车零部件有限公司", "Größe Überlandwerke Straße"))[1].read == 1


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends(end: str, last: bool, tmp_path: Path) -> None:
    content = (HEAD + "E1,1\nE2,2\n").replace("\n", end)
    _, found, rows = read(tmp_path, content if last else content[: -len(end)])
    assert rows == [(2, "E1", "1"), (3, "E2", "2")]
    assert bool(found.notes) == (end == "\r")


def test_mixed_line_ends(tmp_path: Path) -> None:
    assert read(tmp_path, HEAD + "E1,1\r\nE2,2\rE3,3\n")[2] == [(2, "E1", "1"), (3, "E2", "2"), (4, "E3", "3")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(delimiter: str, tmp_path: Path) -> None:
    _, found, rows = read(tmp_path, (HEAD + "E1,1\n").replace(",", delimiter))
    assert rows == [(2, "E1", "1")]
    assert bool(found.notes) == (delimiter != ",")
    assert read(tmp_path, (HEAD + "E1,1\n").replace(",", "\t"), "a.tsv")[1].notes == ()


def test_ragged_rows_are_set_aside_with_their_line(tmp_path: Path) -> None:
    _, found, rows = read(tmp_path, HEAD + "E1,1\nE2\nE3,3,3\nE4,4\n")
    assert rows == [(2, "E1", "1"), (5, "E4", "4")]
    assert found.faults.select("row", "value", "rule").rows() == [(3, "1", "row.fields"), (4, "3", "row.fields")]
    assert found.faults["message_zh"][0].startswith("a.csv 第3行：")


def test_rows_with_quotes(tmp_path: Path) -> None:
    content = HEAD + '"E1, ""x""",1\n"E\n2",2\nE"3"x,3\n"E4" ,4\nE5 "a" (b),5\n"",6\n'
    _, found, rows = read(tmp_path, content)
    assert rows == [(2, 'E1, "x"', "1"), (3, "E\n2", "2"), (7, 'E5 "a" (b)', "5"), (8, None, "6")]
    assert found.faults.select("row", "rule").rows() == [(5, "row.quotes"), (6, "row.quotes")]


@pytest.mark.parametrize("content", ['"E1,1\nE2,2\n', 'E0,0\nE1,"1\nE2,2\nE3,3\n', '"E1,1\nE2,"2"\nE3,3\n', '"E1,1\nE2",2,3\n'])
def test_unclosed_quotes_refuse_the_file_without_its_data(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(HEAD + content, encoding="utf-8")
    with pytest.raises(FileRefused) as error:
        read_sheets(tmp_path / "a.csv", DICTIONARY)
    assert "not closed" in error.value.refusal.found.en
    assert "E1" not in str(error.value)


def test_an_unclosed_quote_before_a_large_file(tmp_path: Path) -> None:
    assert "not closed" in refused(tmp_path, HEAD + '"' + "E1,1\n" * 1_000_000)


def test_endless_lines_never_lose_rows(tmp_path: Path) -> None:
    for content in (
        HEAD + "E" * (33 << 20) + ",1\n",
        HEAD + "E1,1\n" + "E" * (2 << 20) + ",1\nE3,3\n",
        HEAD + '"' + "E" * (2 << 20) + '",1\n',
        "x" * (3 << 20),
    ):
        assert "longer than" in refused(tmp_path, content)


def test_blank_rows_totals_and_remarks(tmp_path: Path) -> None:
    content = HEAD + "\nE1,1\n , \n,\n合 计,1\nTOTAL：,1\n注：数据来自企业\nE2,2\n\n"
    _, found, rows = read(tmp_path, content)
    assert rows == [(3, "E1", "1"), (9, "E2", "2")]
    assert found.read == 2
    for words in ("blank rows", "totals", "1 row with a remark"):
        assert words in said(found)


def test_names_that_begin_like_a_remark_are_kept(tmp_path: Path) -> None:
    rows = read(tmp_path, HEAD + "注塑一厂,1\nNotebook AG,2\n合计通公司,3\n注：总部,4\n")[2]
    assert [row[1] for row in rows] == ["注塑一厂", "Notebook AG", "合计通公司", "注：总部"]


def test_titles_above_the_header(tmp_path: Path) -> None:
    _, found, rows = read(tmp_path, "2024年统计表,\n填报单位：某地,\n\n企业编号,关键工序数\nE1,1\n")
    assert rows == [(5, "E1", "1")]
    assert "2 rows of titles" in said(found)


def test_two_tables_in_one_file(tmp_path: Path) -> None:
    assert "another table" in refused(tmp_path, HEAD + "E1,1\n\nproduct,qty,price\n芯片,3,1\n")
    assert "another table" in refused(tmp_path, HEAD + "E1,1\nuscc,total\n91,3\n")
    assert "another table" in refused(tmp_path, HEAD + "E1,1\nenterprise_id,has_mes\nE1,是\n")
    assert "another table" in refused(tmp_path, HEAD + "E1,1\ntotal_processes,enterprise_id\n3,E7\n")
    assert "another header" in refused(tmp_path, HEAD + "E1,1\n" + WIDE + ROW)  # the wider one fits better
    assert "another table" in refused(tmp_path, HEAD + "E1,1\n" * 40 + WIDE + ROW)
    assert "records above" in refused(tmp_path, "1,2,3,4,5,6,7,8,9\n" + WIDE + ROW)


def test_an_unknown_table_after_a_blank_row(tmp_path: Path) -> None:
    assert "another table begins in row 4" in refused(tmp_path, HEAD + "E1,1\n\nproduct,qty\n芯片,3\n")
    found = read(tmp_path, HEAD + "E1,1\n\n某公司,无\nE3,暂无\n\nE4,4\n")[1]
    assert found.read == 4  # a word for a missing answer after a blank row makes no header


def test_a_file_cut_off_in_a_row(tmp_path: Path) -> None:
    assert "in the middle of row 3" in refused(tmp_path, WIDE + ROW + ROW[:25])
    assert read(tmp_path, WIDE + ROW + ROW[:25] + "\n")[1].faults.height == 1


def test_headers_in_quotes_with_line_breaks(tmp_path: Path) -> None:
    _, found, rows = read(tmp_path, '"企业\n编号","total\nprocesses"\nE1,1\n')
    assert rows == [(4, "E1", "1")]
    assert "spelt differently" in said(found)


def test_a_repeated_header_is_left_out(tmp_path: Path) -> None:
    for again in (HEAD, "企业编号,关键工序数\n"):
        _, found, rows = read(tmp_path, HEAD + "E1,1\n" + again + "E2,2\n")
        assert rows == [(2, "E1", "1"), (4, "E2", "2")]
        assert "repeated header" in said(found)


@pytest.mark.parametrize("content", ["", "\n", "\n\n\n", HEAD, HEAD + "\n,\n", HEAD + "合计,1\n", "\ufeff"])
def test_files_without_records(content: str, tmp_path: Path) -> None:
    assert refused(tmp_path, content)


def test_trailing_separators(tmp_path: Path) -> None:
    _, found, rows = read(tmp_path, "enterprise_id,total_processes,\nE1,1,\nE2,2,x\n")
    assert rows == [(2, "E1", "1")]
    assert found.header == ("enterprise_id", "total_processes")
    assert found.faults["row"].to_list() == [3]


def test_a_sidecar_is_believed(tmp_path: Path) -> None:
    side = tmp_path / "a.csv.meta.json"
    side.write_text(json.dumps({"rows": 1}), encoding="utf-8")
    assert read(tmp_path, HEAD + "E1,1\n")[1].read == 1
    side.write_text(json.dumps({"rows": 2}), encoding="utf-8")
    assert "1 row" in refused(tmp_path, HEAD + "E1,1\n")
    side.write_text(json.dumps({"sha256": "0" * 64}), encoding="utf-8")
    assert "SHA-256" in refused(tmp_path, HEAD + "E1,1\n")
    for nonsense in ("[]", "{", '{"rows": "5"}', '{"rows": true}', "{}", "[" * 60_000):
        side.write_text(nonsense, encoding="utf-8")
        assert "cannot be understood" in refused(tmp_path, HEAD + "E1,1\n")


def test_large_files_take_the_quick_road_and_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = HEAD + "".join(f"企业{i},{i}\n" for i in range(30_000))
    monkeypatch.setattr(csvfile, "CHUNK", 4096)
    monkeypatch.setattr(careful, "CHUNK", 4096)
    monkeypatch.setattr(encoding, "CHUNK", 1000)  # cuts characters and line ends in two
    quick = read(tmp_path, content)[2]
    monkeypatch.setattr(csvfile, "_regular", lambda *_: None)
    assert read(tmp_path, content)[2] == quick  # the careful road, spilled to disk
    assert read(tmp_path, content.encode("gb18030"))[2] == quick
    assert read(tmp_path, content.replace("\n", "\r\n"))[2] == quick
    assert read(tmp_path, content.replace("\n", "\r"))[2] == quick
    assert len(quick) == 30_000


def test_plain_files_are_scanned_where_they_lie(tmp_path: Path) -> None:
    _, found, _ = read(tmp_path, HEAD + "E1,1\n")
    assert str(tmp_path / "a.csv") in found.rows.explain()
    assert list(found.scratch.path.iterdir()) == []


def test_copies_vanish_with_their_sheet(tmp_path: Path) -> None:
    _, found, _ = read(tmp_path, (WIDE + ROW).encode("gb18030"))
    folder = found.scratch.path
    assert (folder / "text.csv").is_file()
    assert folder.stat().st_mode & 0o077 == 0
    del found
    assert not folder.exists()


TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00\ufeff", exclude_categories=("Cs", "Cc")) | st.sampled_from(',"\n;\t '),
    max_size=6,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=12))
def test_whatever_the_csv_module_writes_is_read_back(rows: list[tuple[str, str]], tmp_path: Path) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("enterprise_id", "total_processes"), ("E0", "0"), *rows])
    try:
        found = read(tmp_path, buffer.getvalue())[2]
    except FileRefused as error:
        if not any(word in error.refusal.found.en for word in ("garbled", "another table")):
            raise
        return
    kept = [tuple(cell.replace("\r\n", "\n").replace("\r", "\n") for cell in row) for row in rows]
    kept = [row for row in kept if any(cell.strip() for cell in row)]
    assume(not any(is_total(row, DICTIONARY.tables["processes"]) for row in kept))
    assert [tuple(cell or "" for cell in row[1:]) for row in found[1:]] == kept


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=60), place=st.integers(0, 100))
def test_any_bytes_are_read_or_refused(noise: bytes, place: int, tmp_path: Path) -> None:
    whole = (WIDE + ROW).encode()
    with suppress(FileRefused):
        read(tmp_path, whole[:place] + noise + whole[place:])


def test_csv_spectrum(shared_data: Path) -> None:
    """A public collection of awkward CSV files; one is left out, since its expected JSON is of another file."""
    folder = shared_data / "bad_inputs" / "csv_spectrum"
    for file in sorted((folder / "csvs").glob("*.csv")):
        expected = json.loads((folder / "json_expected" / f"{file.stem}.json").read_text(encoding="utf-8"))
        if file.stem == "location_coordinates":
            continue
        names = {f"x{i}": Text(zh=name, en=name) for i, name in enumerate(expected[0])}
        columns = {key: Column(type="text", name=name, tier="general") for key, name in names.items()}
        words = Table(id="words", name=Text(zh="词", en="words"), key=["x0"], columns=columns)
        ((_, found),) = read_sheets(file, Dictionary(tables={"words": words}, codes={}))
        rows = found.rows.sort("src_row").drop("src_row").collect().rows()
        assert [dict(zip(found.header, (cell or "" for cell in row), strict=True)) for row in rows] == [
            {key: value.replace("\r\n", "\n") for key, value in row.items()} for row in expected
        ], file.name


@pytest.mark.parametrize("collection", ["messytables_horror", "csv_spectrum/csvs"])
def test_foreign_files_are_refused_or_counted(collection: str, shared_data: Path) -> None:
    for file in sorted((shared_data / "bad_inputs" / collection).iterdir()):
        with suppress(FileRefused):
            for _, found in read_sheets(file, DICTIONARY):
                assert found.rows.collect().height + found.faults["row"].n_unique() == found.read
