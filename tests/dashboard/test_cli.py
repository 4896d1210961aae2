"""The command line on a small edition written by hand: what is printed where, and with which exit code."""

from __future__ import annotations

import csv
import importlib
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter
from rich.console import Console

from dashboard import intake, mistake
from dashboard.terminal import results_table
from dashboard.visitors.access import FILE as ACCESS
from dashboard.words import words
from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.disclosure import FILE as RULES
from indicators.catalogue.disclosure import read_rules
from indicators.editions.details import DETAILS
from indicators.editions.edition import open_edition, write_edition
from indicators.editions.results import RESULTS
from pipelines.yamlfile import Fault, PlanFaults
from tests.dashboard.conftest import Run

REPOSITORY = Path(__file__).parent.parent.parent
SMALL = REPOSITORY / "sample_data" / "small"


def row(
    indicator: str, period: str, value: float | None, breakdown: str = "total", category: str = "total", **more: object
) -> dict[str, object]:
    status = "published" if value is not None else "suppressed"
    return {
        "indicator": indicator,
        "period": period,
        "breakdown": breakdown,
        "category": category,
        "value": value,
        "status": status,
        **more,
    }


#: the outcome of the newest number, and the probability that is in the table of assessments alone
ASSESSED = {
    "indicator": "nc_rate", "period": "2026", "breakdown": "total", "category": "total", "target": "T4", "scope": True,
    "value": 0.69996, "gap": 0.00004, "grade": "on_track", "other": "acceleration", "probability": 0.88, "outcome": "cannot_tell",
}  # fmt: skip
HELD = {"target": "T4", "target_year": 2027, "operator": ">", "threshold": 0.7, "verdict": "not_yet"}
ROWS = [
    row("nc_rate", "2025", 0.6, low=0.58, high=0.62, n=520, gap=0.1, **HELD),
    row("nc_rate", "2026", 0.69996, low=0.68, high=0.72, n=533, gap=0.00004, outcome="cannot_tell", **HELD),
    row("nc_rate", "2026", 0.8, "size_class", "large", n=41),
    row("nc_rate", "2026", 0.5, "size_class", "small", n=40),
    row("nc_rate", "2026", 0.7, "size_class", "medium", n=42),
    row("nc_rate", "2026", None, "segment,size_class", "3670,small"),
    row("labour_productivity", "2025", 30.0),
    row("labour_productivity", "2026", 33.0),
    row("labour_productivity", "2026-Q3", 34.0),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("store")
    frame = pl.DataFrame(ROWS, schema={name: RESULTS[name] for name in {key for item in ROWS for key in item}})
    coverage = pl.DataFrame(
        {"table_id": ["survey"], "rows": [1585], "units": [812], "first_period": ["2024"], "last_period": ["2026"]}
    )
    statements = pl.DataFrame({"indicator": ["nc_rate"], "sql": ["SELECT 1 AS nothing_but_a_test"]})
    judged = {"assessments": pl.DataFrame([ASSESSED], schema=DETAILS["assessments"])}
    given = {"results": frame, "coverage": coverage, "statements": statements, "details": judged}
    for _ in range(2):
        plan = load_plan(AUTOMOTIVE)
        write_edition(folder / "editions", plan=plan, provenance={}, **given).close()  # type: ignore[arg-type]
    return folder


def test_headline_is_a_table_for_people(run: Run, store: Path) -> None:
    said = run("show", "--dir", store)
    assert (said.code, said.err) == (0, "")
    assert "Numerical-control rate of key processes" in said.out, "a single indicator stands above its rows"
    line = next(line for line in said.out.splitlines() if "2026" in line)
    assert "Cannot be told: on track or acceleration needed (88%)" in line
    assert "> 70% (2027)" in line
    assert "69.996%" in line, "a number beside its bound is not rounded onto it"


def test_the_table_speaks_chinese(run: Run, store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = run("show", "--dir", store, "--lang", "zh").out
    assert "关键工序数控化率" in asked
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert run("show", "--dir", store).out == asked


def test_csv_and_json_hold_exactly_the_columns_of_the_results(run: Run, store: Path) -> None:
    everything = ("show", "all", "--period", "all", "--by", "all", "--dir", store, "--format")
    table = list(csv.DictReader(io.StringIO(run(*everything, "csv").out)))
    items = json.loads(run(*everything, "json").out)
    assert list(table[0]) == list(RESULTS)
    assert all(list(item) == list(RESULTS) for item in items)
    assert len(table) == len(items) == len(ROWS)
    hidden = next(item for item in items if item["status"] == "suppressed")
    assert (hidden["value"], hidden["n"]) == (None, None)
    assert next(item for item in table if item["period"] == "2026-Q3")["value"] == "34.0"


def test_without_a_period_the_newest_whole_year_is_shown(run: Run, store: Path) -> None:
    items = json.loads(run("show", "labour_productivity", "--dir", store, "--format", "json").out)
    assert [(item["period"], item["value"]) for item in items] == [("2026", 33.0)]
    items = json.loads(run("show", "labour_productivity", "--period", "2026-Q3", "--dir", store, "--format", "json").out)
    assert [item["value"] for item in items] == [34.0]


def test_categories_come_in_the_order_of_their_list(run: Run, store: Path) -> None:
    out = run("show", "nc_rate", "--by", "size_class", "--dir", store).out
    assert out.index("Large") < out.index("Medium") < out.index("Small")


def test_a_crossing_may_be_named_either_way_round(run: Run, store: Path) -> None:
    one, other = (run("show", "nc_rate", "--by", by, "--dir", store) for by in ("segment,size_class", "size_class,segment"))
    assert one == other
    assert "withheld" in one.out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nc_rat"], "There is no indicator `nc_rat`. Did you mean `nc_rate`?"),
        (["nc_rate", "--by", "size_clas"], "Did you mean `size_class`?"),
        (["nc_rate", "--by", "province"], "Published: segment,size_class, size_class."),
        (["nc_rate", "--period", "2031"], "Nothing was published for 2031. Periods here: 2025, 2026."),
        (["nc_rate", "--period", "May"], "`May` is not a period"),
        (["nc_rate", "--by", "segment,segment"], "`segment` more than once"),
        (["--edition", "0009"], "Editions here: 0001, 0002."),
    ],
)
def test_what_is_not_there_is_said_in_a_line(run: Run, store: Path, arguments: list[str], sentence: str) -> None:
    said = run("show", *arguments, "--dir", store)
    assert (said.code, said.out) == (2, "")
    assert sentence in said.err
    assert "Traceback" not in said.err


def test_explain_says_all(run: Run, store: Path) -> None:
    said = run("explain", "nc_rate", "--dir", store)
    assert said.code == 0
    plan = load_plan(AUTOMOTIVE)
    indicator = plan.indicators["nc_rate"]
    target = indicator.targets[0]
    assert target.sentence is not None
    for text in (indicator.definition.en, str(indicator.numerator), str(indicator.where), target.sentence.en, target.source):
        assert text in said.out
    assert "SELECT 1 AS nothing_but_a_test" in said.out
    assert "1,585 rows, 812 units" in said.out
    assert plan.dictionary.tables["survey"].checks[0].that in said.out
    assert "Edition 0002" in said.out
    assert "60.0%" in said.out


@pytest.mark.parametrize("language", ["zh", "en"])
def test_explain_gives_each_target_a_section_with_its_id(run: Run, store: Path, language: str) -> None:
    out = run("explain", "nc_rate", "--dir", store, "--lang", language).out
    head = words(language)("card.law", target="T4")
    heads = [line for line in out.splitlines() if line.startswith(head)]
    assert len(heads) == len(load_plan(AUTOMOTIVE).indicators["nc_rate"].targets) == len(set(heads)) == 2
    assert "{" not in "".join(heads)
    assert ("方案 §1" in out) == (language == "zh")


def test_a_period_keeps_the_order_of_the_headline(run: Run, store: Path) -> None:
    items = json.loads(run("show", "--period", "2026", "--dir", store, "--format", "json").out)
    headline = load_plan(AUTOMOTIVE).identity.headline
    places = [headline.index(item["indicator"]) for item in items]
    assert places == sorted(places)


def test_a_folder_that_is_not_there_is_a_mistake(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("id: x\n", encoding="utf-8")
    nowhere = tmp_path / "nowhere"
    for arguments, told in (
        (("rejected", "--out", tmp_path / "out.csv", "--dir", nowhere), "no such folder"),
        (("log", "show", "--dir", nowhere), "no such folder"),
        (("log", "verify", "--dir", nowhere), "no such folder"),
        (("log", "key", "--out", tmp_path / "log.key", "--dir", nowhere), "no such folder"),
        (("seal", "--check", "--dir", nowhere), "no such folder"),
        (("seal", "--dir", nowhere), "no such folder"),
        (("unseal", "--dir", nowhere), "no such folder"),
        (("catalogue", "--dir", nowhere), "no such folder"),
        (("explain", "nc_rate", "--dir", nowhere), "no such folder"),
        (("audit", "--dir", nowhere), "no such folder"),
        (("risk", "--dir", nowhere), "no such folder"),
        (("forget", "--unit", "E000001", "--dir", nowhere), "no such folder"),
        (("pseudonymise", "orders", "--for", "MIIT", "--out", tmp_path / "p.csv", "--dir", nowhere), "no such folder"),
        (("edit", "trail", "--dir", nowhere), "no such folder"),
        (("publish", "--dir", nowhere), "no such folder"),
        (("log", "verify", "--dir", file), "no such folder"),
        (("plan", "check", nowhere), "no such folder"),
        (("plan", "check", file), "is a file; give the plan folder"),
        (("publish", "--plan", file, "--dir", tmp_path), "is a file; give the plan folder"),
    ):
        said = run(*arguments)
        assert (said.code, said.out, told in said.err) == (2, "", True), (arguments, said.err)
    assert not nowhere.exists()


def test_the_catalogue_of_a_plan_needs_no_store(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is loaded the default folder is not there; that is no mistyped name."""
    monkeypatch.chdir(tmp_path)
    assert run("catalogue").code == 0
    assert run("explain", "nc_rate").code == 0
    assert list(tmp_path.iterdir()) == []


def test_what_load_says_is_in_the_language_of_the_terminal(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = SMALL.parent / "faulty"
    asked = run("load", folder, "--dir", tmp_path / "one", "--lang", "zh")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert run("load", folder, "--dir", tmp_path / "other") == asked
    assert "另存" in asked.out
    for english in ("set aside", "please look", " row ", "more;"):
        assert english not in asked.out + asked.err


def test_rows_left_out_are_counted_and_named(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("industry,year,output_ppi\n3611,2025,97\n3612,2025,98\n合计,,195\n", encoding="utf-8")
    english = run("load", file, "--dir", tmp_path / "en")
    chinese = run("load", file, "--dir", tmp_path / "zh", "--lang", "zh")
    assert (english.code, chinese.code) == (0, 0)
    assert "left out" in english.out
    assert "略去" in chinese.out
    assert "with totals" in english.err
    assert "合计行" in chinese.err


def test_what_a_user_can_mend_is_named_after_classes_that_exist() -> None:
    for name in (*mistake.MENDABLE, mistake.PLAN):
        module, _, kind = name.rpartition(".")
        assert issubclass(getattr(importlib.import_module(module), kind), Exception)


def test_faults_of_the_operators_own_files_are_not_faults_of_the_plan(run: Run, tmp_path: Path) -> None:
    assert {ACCESS, RULES} == mistake.OWN
    for name in mistake.OWN:
        (tmp_path / name).write_text("nothing: 1\n", encoding="utf-8")
    fault = Fault(file=str(tmp_path / ACCESS), line=1, column=1, message="x")
    assert str(mistake.plain(PlanFaults([fault]))).endswith("1 fault to mend in this file.")
    in_plan = Fault(file="tables/orders.yaml", line=1, column=1, message="x")
    assert str(mistake.plain(PlanFaults([fault, in_plan]))).endswith("2 faults to mend in the plan.")
    with pytest.raises(PlanFaults) as raised:
        read_rules(tmp_path)
    assert str(mistake.plain(raised.value)).endswith("1 fault to mend in this file.")


def test_explain_reads_the_plan_where_nothing_is_published(run: Run, tmp_path: Path) -> None:
    said = run("explain", "nc_rate", "--dir", tmp_path, "--lang", "zh")
    assert said.code == 0
    assert "尚未发布" in said.out
    assert run("explain", "nc_rate", "--dir", tmp_path, "--edition", "0001").code == 2
    assert "Did you mean `nc_rate`?" in run("explain", "nc_rte", "--dir", tmp_path).err


def test_editions_are_listed_and_a_broken_one_is_named(run: Run, store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(store, copy)
    manifest = copy / "editions" / "0001" / "edition.duckdb"
    manifest.chmod(0o644)
    manifest.write_bytes(manifest.read_bytes()[:-1])
    out = run("editions", "--dir", copy).out
    lines = [line.split() for line in out.splitlines() if line.strip().startswith("00")]
    assert "is not the file that was published" in out
    assert (lines[1][0], lines[1][-1]) == ("0002", "current")


@pytest.mark.parametrize("command", ["show", "editions", "app"])
def test_without_an_edition_the_way_to_one_is_told(run: Run, tmp_path: Path, command: str) -> None:
    said = run(command, "--dir", tmp_path)
    assert said.code == 2
    assert "planwatch publish" in said.err


def test_the_app_refuses_a_port_that_is_taken(run: Run, store: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = run("app", "--dir", store, "--port", port)
    assert said.code == 2
    assert f"Port {port} is taken" in said.err


def test_the_app_starts_says_where_and_ends_when_told(store: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-u", "-m", "dashboard.cli", "app", "--dir", str(store), "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=REPOSITORY) as program:
        assert program.stdout is not None
        first = program.stdout.readline()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health") as answer:
            assert answer.read() == b"ok"
        program.terminate()
        rest, said = program.communicate(timeout=30)
    assert first == f"The app is open on http://localhost:{port} (Ctrl-C ends it).\n"
    assert (program.returncode, rest, said) == (0, "", "")
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0, "the app outlived its command"


def test_plan_check_counts_what_it_checked(run: Run) -> None:
    said = run("plan", "check", AUTOMOTIVE)
    assert said.code == 0
    assert "no fault" in said.out
    assert f"{len(load_plan(AUTOMOTIVE).indicators)} indicators" in said.out


def test_plan_check_names_file_line_and_column(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(AUTOMOTIVE, folder)
    file = folder / "indicators" / "nc_rate.yaml"
    text = file.read_text(encoding="utf-8").replace("table: survey", "table: servey").replace("unit: percent", "unit: per_cent")
    file.write_text(text, encoding="utf-8")
    said = run("plan", "check", folder)
    assert said.code == 2
    assert "Did you mean `survey`?" in said.err
    assert said.err.startswith("mine/indicators/nc_rate.yaml:")
    assert "2 faults to mend" in said.err


def test_plan_check_runs_the_worked_cases(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(AUTOMOTIVE, folder)
    file = folder / "indicators" / "nc_rate.yaml"
    text = file.read_text(encoding="utf-8").replace("NULLIF(key_processes, 0)", "NULLIF(key_processes + 1, 0)")
    file.write_text(text, encoding="utf-8")
    said = run("plan", "check", folder)
    assert said.code == 2
    assert "the engine gives" in said.err
    assert run("plan", "check", folder, "--no-cases").code == 0


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("nowhere.csv", "there is no such file"),
        ("servey=survey.csv", "Did you mean `survey`?"),
        ("survey=nowhere.csv", "there is no such file"),
    ],
)
def test_load_says_what_is_wrong_with_a_name(run: Run, tmp_path: Path, word: str, told: str) -> None:
    said = run("load", word, "--dir", tmp_path)
    assert said.code == 2
    assert told in said.err
    assert not (tmp_path / "accepted").exists()


def test_a_file_that_is_no_table_is_refused(run: Run, tmp_path: Path) -> None:
    note = tmp_path / "note.csv"
    note.write_text("what,ever\n1,2\n", encoding="utf-8")
    said = run("load", note, "--dir", tmp_path / "store")
    assert said.code == 2
    assert "refused" in said.out
    assert "What to do:" in said.err


def test_a_folder_stands_for_the_tables_in_it(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "sent"
    folder.mkdir()
    for name in ("SYNTHETIC_price_index.csv", "SYNTHETIC_providers.csv"):
        shutil.copy(SMALL / name, folder)
    (folder / "letter.txt").write_text("not a table", encoding="utf-8")
    (folder / "none").mkdir()
    said = run("load", folder, "--dir", tmp_path / "store")
    assert said.code == 0
    assert "price_index" in said.out
    assert "providers" in said.out
    assert "letter" not in said.out + said.err
    assert "no file in this folder" in run("load", folder / "none", "--dir", tmp_path / "store").err


def test_invented_and_real_records_are_kept_apart(run: Run, tmp_path: Path) -> None:
    demo, real = tmp_path / "demo", tmp_path / "real"
    intake.mark_as_invented(demo)
    mine = tmp_path / "prices.csv"
    shutil.copy(SMALL / "SYNTHETIC_price_index.csv", mine)
    assert "invented records" in run("load", mine, "--dir", demo).err
    assert run("load", mine, "--dir", real).code == 0
    said = run("demo", "--no-app", "--dir", real)
    assert said.code == 2
    assert "--dir demo-data" in said.err


def test_help_and_version_answer_without_heavy_libraries() -> None:
    heavy = "[name for name in ('polars', 'duckdb', 'streamlit', 'numpy') if name in sys.modules]"
    program = f"import sys; from dashboard.cli import main; main(['show', '--help']); print({heavy})"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert ended.stdout.splitlines()[-1] == "[]"


def test_a_foreign_package_in_our_place_is_refused(tmp_path: Path) -> None:
    """Packages called pipelines and dashboard can be had from public indexes; one before ours on the path must not run."""
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines" / "__init__.py").write_text("", encoding="utf-8")
    path = os.pathsep.join([str(tmp_path), str(REPOSITORY)])
    command = [sys.executable, "-c", "import sys; from dashboard.cli import main; sys.exit(main(['show']))"]
    ended = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}
    )
    assert ended.returncode == 2
    assert "Another package of that name is in the way" in ended.stderr
    assert str(tmp_path) in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_reader_that_stops_early_is_no_error(store: Path) -> None:
    shown = f"{sys.executable} -m dashboard.cli show all --by all --period all --format csv --dir {store}"
    for reader in ("true", "head -1"):  # one is gone before the first line comes
        command = ["bash", "-o", "pipefail", "-c", f"{shown} | {reader}"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
        assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == ",".join(RESULTS) + "\n"


def test_a_bug_keeps_its_traceback(run: Run, monkeypatch: pytest.MonkeyPatch, store: Path) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("dashboard.rows.selection.select", broken)
    with pytest.raises(ZeroDivisionError):
        run("show", "--dir", store)


def test_a_store_of_another_plan_says_so(run: Run, tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.csv"
    accounts.write_text(
        "industry,year,gross_output_qi_2017,hours_qi_2017\ncars,2017,100,100\ncars,2018,104,101\n", encoding="utf-8"
    )
    plan = REPOSITORY / "tests" / "plans" / "us_motor_vehicles"
    loaded = run("load", accounts, "--dir", tmp_path / "store", "--plan", plan)
    assert loaded.code == 0, loaded.err
    refused = run("publish", "--dir", tmp_path / "store")
    assert refused.code == 2
    assert "holds accounts, which the plan automotive does not have" in refused.err
    assert "--plan" in refused.err
    assert run("publish", "--dir", tmp_path / "store", "--plan", plan).code == 0


def test_faults_of_one_workbook_come_whatever_their_sheet(run: Run, tmp_path: Path) -> None:
    book = tmp_path / "two.xlsx"
    with xlsxwriter.Workbook(book) as workbook:
        for year in ("2025", "2026"):
            sheet = workbook.add_worksheet(f"Price {year}")
            for number, cells in enumerate(
                [("行业小类", "年份", "出厂价格指数"), ("3670", year, "98.8"), ("3611", year, "不知道")]
            ):
                sheet.write_row(number, 0, cells)
    loaded = run("load", f"price_index={book}", "--dir", tmp_path / "store")
    assert loaded.code == 1, loaded.err
    out = tmp_path / "mend.csv"
    assert run("rejected", "two.xlsx", "--out", out, "--dir", tmp_path / "store").code == 0
    files = {line["file"] for line in csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig")))}
    assert files == {"two.xlsx [Price 2025]", "two.xlsx [Price 2026]"}


def test_a_narrow_terminal_keeps_the_interval(store: Path) -> None:
    edition = open_edition(store / "editions")
    rows = edition.query("SELECT * FROM results WHERE indicator = 'nc_rate' AND breakdown = 'total' AND value IS NOT NULL")
    narrow = Console(width=80, record=True, file=io.StringIO())
    narrow.print(results_table(edition.plan, rows, words("en"), narrow=True))
    edition.close()
    said = narrow.export_text()
    assert "68.0% to 72.0%" in " ".join(said.split()) and "n 533" in said


def test_editions_are_listed_when_the_current_one_is_damaged(run: Run, store: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(store, copy)
    current = json.loads((copy / "editions" / "current.json").read_text(encoding="utf-8"))["edition"]
    manifest = copy / "editions" / current / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_bytes(manifest.read_bytes() + b" ")
    said = run("editions", "--dir", copy)
    assert said.code == 2
    assert current in said.out and "not the one that was published" in " ".join(said.out.split())


def test_nobody_outside_the_group_reads_what_a_load_leaves(tmp_path: Path, run: Run) -> None:
    before = os.umask(0o022)
    try:
        assert run("load", SMALL, "--dir", tmp_path / "store").code == 0
        left = list((tmp_path / "store").rglob("*"))
        assert len(left) > 10
        assert [path.name for path in left if path.stat().st_mode & 0o007] == []
    finally:
        os.umask(before)
