"""The gate: a file is what its first bytes say, and is refused in plain words when they do not fit its name."""

from __future__ import annotations

import gzip
import os
import pickle
from pathlib import Path

import polars as pl
import pytest

from pipelines import gate
from pipelines.gate import admit, contents
from pipelines.report import FileRefused

CONTENTS = {
    "gzip": gzip.compress(b"enterprise_id,v\nE1,1\n"),
    "pickle": pickle.dumps({"a": 1}),
    "zip": b"PK\x03\x04" + b"\x00" * 100,
    "ole": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600,
    "html": b"\xef\xbb\xbf \n<HTML><table><tr><td>1</td></tr></table>",
    "xml": b'<?xml version="1.0"?><Workbook/>',
    "pdf": b"%PDF-1.7",
    "picture": b"\x89PNG\r\n\x1a\n",
    "sqlite": b"SQLite format 3\x00",
    "duckdb": b"\x00" * 8 + b"DUCK" + b"\x00" * 20,
    "zstd": b"\x28\xb5\x2f\xfd00",
    "parquet": b"PAR1\x15\x04xx",
    "arrow": b"ARROW1\x00\x00",
    "bzip2": b"BZh91AY&SY\x00",
}


def refusal(path: Path) -> FileRefused:
    with pytest.raises(FileRefused) as error:
        admit(path)
    return error.value


@pytest.mark.parametrize("word", CONTENTS)
@pytest.mark.parametrize("extension", [".csv", ".xlsx", ".parquet", ".TXT"])
def test_content_that_does_not_fit_the_name(word: str, extension: str, tmp_path: Path) -> None:
    assert contents(CONTENTS[word])[0] == word
    path = tmp_path / f"a{extension}"
    path.write_bytes(CONTENTS[word])
    if (word, extension) == ("zip", ".xlsx"):
        assert admit(path) == "workbook"  # what is inside is looked at next
        return
    assert refusal(path).refusal.found.zh


@pytest.mark.parametrize(
    "extension", [".json", ".xml", ".yaml", ".pkl", ".xls", ".xlsm", ".ods", ".zip", ".gz", ".html", "", ".csv.exe"]
)
def test_kinds_that_are_not_read(extension: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{extension}"
    path.write_text("enterprise_id,v\nE1,1\n", encoding="utf-8")
    assert "CSV, XLSX or Parquet" in refusal(path).refusal.expected.en


def test_passwords_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(CONTENTS["ole"] + "EncryptedPackage".encode("utf-16-le"))
    assert "password" in refusal(path).refusal.found.en
    path.write_bytes(CONTENTS["ole"])
    assert "old .xls" in refusal(path).refusal.found.en


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "empty.csv").touch()
    for name, words in (
        ("folder.csv", "regular"),
        ("pipe.csv", "regular"),
        ("absent.csv", "No such file"),
        ("empty.csv", "0 bytes"),
    ):
        assert words in refusal(tmp_path / name).refusal.found.en


def test_headers_that_begin_like_another_kind() -> None:
    for header in (b"PARENT,v\n", b"BZhang,v\n", b"GIF8,v\n", b"ARROW1,v\n", "PARENT,企业\n".encode()):
        assert contents(header)[0] == "text"


def test_size_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(gate.LIMITS, "text", 10)
    (tmp_path / "a.csv").write_text("enterprise_id,v\n", encoding="utf-8")
    assert "at most" in refusal(tmp_path / "a.csv").refusal.expected.en


def test_what_is_admitted(tmp_path: Path) -> None:
    (tmp_path / "a.CSV").write_text("a,b\n", encoding="utf-8")
    assert admit(tmp_path / "a.CSV") == "text"
    pl.DataFrame({"a": [1]}).write_parquet(tmp_path / "a.parquet")
    assert admit(tmp_path / "a.parquet") == "parquet"
