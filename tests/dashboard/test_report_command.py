"""The command `report`: a file in the format of its ending, the same as the app would make; errors in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.reports.compose import compose
from dashboard.reports.formats import FORMATS
from dashboard.reports.matter import Matter
from dashboard.words import words
from indicators.editions.edition import open_edition
from tests.dashboard.conftest import Run


@pytest.mark.parametrize("ending", list(FORMATS))
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_file_is_the_report_of_the_edition(run: Run, store: Path, tmp_path: Path, ending: str, lang: str) -> None:
    to = tmp_path / "new" / f"brief.{ending}"
    said = run("report", "--to", to, "--dir", store, "--lang", lang)
    assert (said.code, said.err) == (0, "") and str(to) in said.out
    edition = open_edition(store / "editions")
    made = compose("brief", Matter(edition=edition, words=words(lang)))
    assert to.read_bytes() == FORMATS[ending].make(made)
    edition.close()


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        (["--kind", "progress"], "Progress report"),
        (["--scope", "province=320000"], "Jiangsu: progress on one page"),
        (["--kind", "sheet", "--scope", " segment = 3670 "], "Vehicle parts and accessories: progress on one page"),
        (["--edition", "0001"], "Progress brief"),
    ],
)
def test_kind_scope_and_edition(run: Run, store: Path, tmp_path: Path, asked: list[str], title: str) -> None:
    to = tmp_path / "report.MD"
    said = run("report", "--to", to, "--dir", store, "--lang", "en", *asked)
    assert (said.code, said.err) == (0, "")
    assert to.read_text(encoding="utf-8").startswith(f"# {title}\n")
    assert said.out.startswith(title)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--to", "x.docs"], "the ending says the format; found `.docs`, expected one of .pdf"),
        (["--to", "report"], "the ending says the format; found ``"),
        (["--to", "x.pdf", "--kind", "sheet"], "--kind sheet: a sheet is about one category; name it"),
        (["--to", "x.pdf", "--kind", "brief", "--scope", "province=320000"], "a brief is about the whole"),
        (["--to", "x.pdf", "--scope", "province"], "found `province`, expected BREAKDOWN=CODE"),
        (["--to", "x.pdf", "--scope", "=320000"], "expected BREAKDOWN=CODE"),
        (["--to", "x.pdf", "--scope", "provinces=320000"], "`provinces` is not a published breakdown. Did you mean `province`?"),
        (["--to", "x.pdf", "--scope", "province=1"], "Nothing is published for the province `1`."),
        (["--to", "x.pdf", "--edition", "0099"], "0099"),
    ],
)
def test_mistakes_take_one_line_and_write_nothing(
    run: Run, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: list[str], told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    said = run("report", "--dir", store, *asked)
    assert said.code == 2
    assert told in said.err and len(said.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_named(run: Run, store: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    said = run("report", "--to", tmp_path / "file" / "x.md", "--dir", store)
    assert said.code == 2 and len(said.err.splitlines()) == 1 and "file" in said.err
