"""The sample files: made anew they are the same, they are small, labelled, and fit the dictionary of the plan."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import fastexcel
import polars as pl
import pytest

from pipelines.dictionary import Table
from sample_data import generate as program
from sample_data.faults import FOLDER, NAME, ROWS
from sample_data.files import LABEL, LABEL_HEADER
from sample_data.generate import ABOUT, ENTERPRISES, SEED, SMALL, dictionary, faulty, generate, main

#: a plan is read once for all tests here
PLAN = dictionary()
REPOSITORY = Path(__file__).parent.parent.parent


def committed() -> list[Path]:
    about = json.loads((SMALL / ABOUT).read_text(encoding="utf-8"))
    return [SMALL / name for name in about["files"]]


def rows_of(path: Path) -> pl.DataFrame:
    """Every cell of a file as text, under its header line."""
    if path.suffix == ".xlsx":
        grid = fastexcel.read_excel(path).load_sheet(0, header_row=None, skip_rows=0, dtypes="string").to_polars()
        header = [str(name) for name in grid.row(1)]
        return grid.slice(2).rename(dict(zip(grid.columns, header, strict=True)))
    encoding = "gb18030" if "survey_2024" in path.name else "utf-8-sig"
    return pl.read_csv(path.read_bytes().decode(encoding).encode(), infer_schema=False)


def table_of(path: Path) -> Table:
    name = path.stem.removeprefix("SYNTHETIC_").rstrip("_0123456789")
    return PLAN.tables[name]


def test_committed_set_is_what_its_arguments_make(tmp_path: Path) -> None:
    about = json.loads((SMALL / ABOUT).read_text(encoding="utf-8"))
    assert (about["enterprises"], about["seed"], about["language"]) == (ENTERPRISES, SEED, "zh")
    made = generate(tmp_path, enterprises=about["enterprises"], seed=about["seed"], language=about["language"])
    assert [path.name for path in made] == about["files"]
    assert sorted(path.name for path in SMALL.iterdir()) == sorted([*about["files"], ABOUT])
    different = [path.name for path in (*made, tmp_path / ABOUT) if path.read_bytes() != (SMALL / path.name).read_bytes()]
    assert not different, "run `python sample_data/generate.py --committed`"


def test_another_seed_makes_other_files(tmp_path: Path) -> None:
    one = generate(tmp_path / "one", enterprises=150, seed=1)
    two = generate(tmp_path / "two", enterprises=150, seed=2)
    same = [a.name for a, b in zip(one, two, strict=True) if a.read_bytes() == b.read_bytes()]
    assert same == ["SYNTHETIC_price_index.csv"]  # prices are not drawn


def test_committed_set_is_small_and_of_three_kinds() -> None:
    assert sum(path.stat().st_size for path in SMALL.iterdir()) < 5_000_000
    assert (SMALL / "SYNTHETIC_survey_2026.xlsx").read_bytes().startswith(b"PK")
    old = (SMALL / "SYNTHETIC_survey_2024.csv").read_bytes()
    with pytest.raises(UnicodeDecodeError):
        old.decode("utf-8")
    assert "企业代码" in old.decode("gb18030")


@pytest.mark.parametrize("path", committed(), ids=lambda path: path.name)
def test_every_file_says_that_it_is_synthetic(path: Path) -> None:
    assert path.name.startswith("SYNTHETIC")
    frame = rows_of(path)
    assert frame.columns[-1] == LABEL_HEADER["zh"]
    assert frame[LABEL_HEADER["zh"]].unique().to_list() == [LABEL["zh"]]


def test_workbook_says_so_in_its_title() -> None:
    grid = fastexcel.read_excel(SMALL / "SYNTHETIC_survey_2026.xlsx").load_sheet(0, header_row=None, skip_rows=0, dtypes="string")
    assert "合成数据" in str(grid.to_polars().row(0)[0])


@pytest.mark.parametrize("path", committed(), ids=lambda path: path.name)
def test_headers_are_those_of_the_dictionary(path: Path) -> None:
    table = table_of(path)
    frame = rows_of(path)
    assert frame.columns[:-1] == [column.name.zh for column in table.columns.values()]
    assert set(LABEL_HEADER.values()) <= set(table.ignore), "the label must be ignored by the table"


@pytest.mark.parametrize("path", committed(), ids=lambda path: path.name)
def test_values_are_within_the_limits_of_the_dictionary(path: Path) -> None:
    table, codes = table_of(path), PLAN.codes
    frame = rows_of(path)
    for name, column in table.columns.items():
        text = frame[column.name.zh]
        given = text.drop_nulls()
        if column.required:
            assert text.null_count() == 0, name
        if column.type in ("integer", "number", "year"):
            number = given.cast(pl.Float64)
            assert number.is_finite().all(), name
            assert column.minimum is None or float(number.min()) >= column.minimum, name  # type: ignore[arg-type]
            assert column.maximum is None or float(number.max()) <= column.maximum, name  # type: ignore[arg-type]
        if column.type == "integer":
            assert given.str.contains(r"^\d+$").all(), name
        if column.type == "boolean":
            assert set(given) <= {"是", "否"}, name
        if column.codes:
            known = codes[column.codes].codes
            assert set(given) <= {*known, *(entry.name.zh for entry in known.values())}, name


@pytest.mark.parametrize("table", ["register", "survey", "production", "rd_projects", "orders", "assessments", "declarations"])
def test_keys_are_unique_and_known_to_the_register(table: str) -> None:
    known = pl.concat([rows_of(path) for path in committed() if table_of(path).id == "register"])
    frame = pl.concat([rows_of(path) for path in committed() if table_of(path).id == table])
    columns = PLAN.tables[table].columns
    key = [columns[name].name.zh for name in PLAN.tables[table].key]
    assert not frame.select(key).is_duplicated().any()
    period = PLAN.tables[table].period
    if period is None:  # projects and orders: the enterprise is in the register of every year
        lasting = known.group_by("企业代码").len().filter(pl.col("len") == 3)["企业代码"]
        assert set(frame["企业代码"]) <= set(lasting)
    else:
        listed = frame.select("企业代码", 年份=pl.col(columns[period].name.zh).str.head(4))
        assert listed.join(known, on=["企业代码", "年份"], how="anti").is_empty()


def test_english_files_bear_english_headers(tmp_path: Path) -> None:
    for path in generate(tmp_path, enterprises=150, seed=3, language="en"):
        if path.suffix == ".csv":
            frame = rows_of(path) if "survey_2024" not in path.name else pl.read_csv(path, infer_schema=False)
            assert frame.columns[:-1] == [column.name.en for column in table_of(path).columns.values()]
            assert frame["note"].unique().to_list() == [LABEL["en"]]


def test_too_small_and_unknown_languages_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="at least 100"):
        generate(tmp_path, enterprises=99)
    with pytest.raises(ValueError, match="zh or en"):
        generate(tmp_path, language="fr")
    assert main(["--enterprises", "5", "--out", str(tmp_path / "no")]) == 2
    assert "at least 100" in capsys.readouterr().err


def test_program_runs_from_anywhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(Path(program.__file__)), "--enterprises", "120", "--seed", "4", "--out", str(tmp_path / "made")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "合成数据" in done.stdout
    assert len(list((tmp_path / "made").iterdir())) == 16


def test_faulty_file_is_made_anew_the_same(tmp_path: Path) -> None:
    path = faulty(tmp_path)
    assert path.read_bytes() == (FOLDER / NAME).read_bytes()
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 1 + len(ROWS) + 4
    assert all("合成数据" in line for line in lines[1:])
    assert sum("此行无误" in line for line in lines) == 2


def test_readme_lists_every_file_with_its_rows() -> None:
    text = (REPOSITORY / "sample_data" / "README.md").read_text(encoding="utf-8")
    assert "synthetic" in text
    counts: dict[str, int] = {}
    for path in committed():
        name = path.name if "survey" in path.name else path.stem.rstrip("_0123456789")
        counts[name] = counts.get(name, 0) + rows_of(path).height
    for name, count in counts.items():
        line = next(line for line in text.splitlines() if line.startswith(f"| {name}"))
        assert f"| {count:,}" in line, line
