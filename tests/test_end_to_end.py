"""From the sample files through the command line to published numbers, and what later files do to them.

The golden numbers were looked at once against the true values in sample_data/small/SYNTHETIC.json. After a wanted
change they are written anew with `python tests/test_end_to_end.py`; look at the difference before keeping it.
"""

from __future__ import annotations

import csv
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from indicators.catalogue.scenario import ScenarioRefused
from indicators.catalogue.scenariotext import from_link
from indicators.editions.edition import open_edition
from indicators.scenarios import stage
from indicators.scenarios.whatif import play

REPOSITORY = Path(__file__).parent.parent
SAMPLE = REPOSITORY / "sample_data"
GOLDEN = Path(__file__).parent / "golden" / "totals.csv"
#: sums taken in another order differ in their last digits
TOLERANCE = 1e-9
NUMBERS = ("value", "se", "low", "high", "threshold", "gap", "gap_low", "gap_high")


def planwatch(*arguments: object) -> subprocess.CompletedProcess[str]:
    """The program, run as a user runs it."""
    command = [sys.executable, "-W", "error", "-m", "dashboard.cli", *map(str, arguments)]
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY, env=environment, encoding="utf-8")


def totals(store: Path, *more: object) -> list[dict[str, str]]:
    """Every total of every period in the current edition, as the csv says it."""
    shown = planwatch("show", "all", "--period", "all", "--format", "csv", "--dir", store, *more)
    assert (shown.returncode, shown.stderr) == (0, "")
    return list(csv.DictReader(shown.stdout.splitlines()))


def differences(found: list[dict[str, str]], expected: list[dict[str, str]]) -> list[str]:
    """Every cell in which two tables of results differ; numbers may differ by rounding."""
    keys = [[(row["indicator"], row["period"], row["target"]) for row in rows] for rows in (found, expected)]
    if keys[0] != keys[1]:
        return [f"rows differ: {sorted(set(keys[0]) ^ set(keys[1]))}"]
    wrong = []
    for ours, theirs in zip(found, expected, strict=True):
        for name, text in theirs.items():
            same = ours[name] == text
            if name in NUMBERS and ours[name] and text:
                same = math.isclose(float(ours[name]), float(text), rel_tol=TOLERANCE, abs_tol=TOLERANCE)
            if not same:
                wrong.append(f"{theirs['indicator']} {theirs['period']} {name}: {ours[name]}, expected {text}")
    return wrong


def counts(printed: str) -> dict[str, tuple[int, ...]]:
    """Per file of a load table: read, accepted, set aside, replaced."""
    lines = [line.split() for line in printed.splitlines() if "SYNTHETIC" in line]
    return {parts[0]: tuple(int(part.replace(",", "")) for part in parts[2:6]) for parts in lines}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A store with the committed sample and its first edition, and what the load printed."""
    store = tmp_path_factory.mktemp("store")
    loaded = planwatch("load", SAMPLE / "small", "--dir", store)
    assert loaded.returncode == 0, loaded.stderr
    published = planwatch("publish", "--dir", store)
    assert published.returncode == 0, published.stderr
    assert "Edition 0001 stands" in published.stdout
    return store, loaded.stdout


@pytest.fixture
def store(first: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of that store which a test may change."""
    return Path(shutil.copytree(first[0], tmp_path / "store"))


def test_every_row_read_is_accepted_or_set_aside(first: tuple[Path, str]) -> None:
    found = counts(first[1])
    files = json.loads((SAMPLE / "small" / "SYNTHETIC.json").read_text(encoding="utf-8"))["files"]
    assert sorted(found) == sorted(files)
    for name, (read, accepted, set_aside, replaced) in found.items():
        if name.endswith(".csv"):
            # records of these files have no line breaks inside, so lines can be counted without any reader
            assert read == (SAMPLE / "small" / name).read_bytes().count(b"\n") - 1, name
        assert (accepted + set_aside, replaced) == (read, 0), name


def test_totals_are_the_golden_ones(first: tuple[Path, str]) -> None:
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        golden = list(csv.DictReader(file))
    assert differences(totals(first[0]), golden) == []


def test_headline_holds_every_indicator_of_the_plan(first: tuple[Path, str]) -> None:
    shown = planwatch("show", "--format", "json", "--dir", first[0])
    from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan

    headline = load_plan(AUTOMOTIVE).identity.headline
    rows = json.loads(shown.stdout)
    assert list(dict.fromkeys(row["indicator"] for row in rows if row["indicator"] in headline)) == headline
    targets = [row["target"] for row in rows]
    assert targets[targets.index("T4") :][:3] == ["T4", "T4_parts", "T4_pooled"], "other readings stand beside the headline"
    assert targets.count("T5_double") == targets.count("T3_parts") == 1
    assert all(row["outcome"] for row in rows)
    assert all(row["verdict"] for row in rows if row["target"])


def test_every_scenario_of_the_plan_can_be_played(first: tuple[Path, str]) -> None:
    """On the published sample; and whoever is withheld there cannot be moved by any."""
    edition = open_edition(first[0] / "editions")
    assert edition.plan.scenarios
    for name in edition.plan.scenarios:
        shown = planwatch("whatif", name, "--format", "json", "--dir", first[0])
        assert (shown.returncode, shown.stderr) == (0, ""), name
        told = json.loads(shown.stdout)
        assert told["moved"] and told["after"]["value"] != told["before"]["value"], name
    hidden = edition.query(
        "SELECT DISTINCT s.target, s.breakdown, r.category FROM splits s JOIN results r USING (indicator, period, breakdown)"
        " WHERE period = '2026' AND NOT contains(breakdown, ',') AND NOT EXISTS (FROM splits t WHERE t.target = s.target"
        " AND t.period = period AND t.breakdown = s.breakdown AND t.category = r.category AND t.part = 'category') ORDER BY ALL"
    )
    assert hidden.height
    for target, breakdown, category in hidden.iter_rows():
        scenario = from_link(f"{target}~{breakdown}.{category}~to.threshold")
        with pytest.raises(ScenarioRefused, match="cannot be moved"):
            play(edition.plan, stage.read(edition, target), scenario)


def test_loading_twice_changes_nothing(store: Path) -> None:
    before = {path.name: path.read_bytes() for path in (store / "accepted").rglob("*") if path.is_file()}
    again = planwatch("load", SAMPLE / "small", "--dir", store)
    assert again.returncode == 0
    assert again.stdout.count("already loaded, nothing changed") == len(counts(again.stdout)) > 0
    assert {path.name: path.read_bytes() for path in (store / "accepted").rglob("*") if path.is_file()} == before
    planwatch("publish", "--dir", store)
    assert differences(totals(store, "--edition", "0002"), totals(store, "--edition", "0001")) == []


def test_a_corrected_file_replaces_by_key(store: Path, tmp_path: Path) -> None:
    lines = (SAMPLE / "small" / "SYNTHETIC_price_index.csv").read_text(encoding="utf-8-sig").splitlines()
    row = next(number for number, line in enumerate(lines) if line.startswith("3670,2026,"))
    cells = lines[row].split(",")
    cells[2] = str(float(cells[2]) * 2)
    corrected = tmp_path / "SYNTHETIC_price_index_corrected.csv"
    corrected.write_text("\n".join([lines[0], ",".join(cells)]) + "\n", encoding="utf-8")
    loaded = planwatch("load", corrected, "--dir", store)
    assert counts(loaded.stdout)[corrected.name] == (1, 1, 0, 1)
    # both editions are of one office here; that the difference of two would tell of few is another test
    (store / "disclosure.yaml").write_text("differences: accept\n", encoding="utf-8")
    (store / "warehouse.duckdb").unlink()  # it comes again from the parts, correction included
    assert planwatch("publish", "--dir", store).returncode == 0

    def productivity(edition: str, period: str) -> float:
        rows = totals(store, "--edition", edition)
        return next(float(row["value"]) for row in rows if (row["indicator"], row["period"]) == ("labour_productivity", period))

    assert productivity("0002", "2026") < productivity("0001", "2026")
    assert productivity("0002", "2025") == pytest.approx(productivity("0001", "2025"), rel=TOLERANCE)


@pytest.mark.parametrize(
    ("language", "head"), [("zh", "文件,行号,列,原值,规则,说明"), ("en", "file,row,column,value,rule,message")]
)
def test_a_faulty_file_ends_with_one_and_its_rows_can_be_sent_back(store: Path, tmp_path: Path, language: str, head: str) -> None:
    out = tmp_path / "to_mend.csv"
    loaded = planwatch("load", SAMPLE / "faulty", "--dir", store, "--rejected", out, "--lang", language)
    assert loaded.returncode == 1, loaded.stderr
    assert {"zh": "超过 5% 的限度", "en": "above the limit of 5%"}[language] in loaded.stderr
    assert ("The row was set aside." in loaded.stderr) == (language == "en")
    assert ("该行未载入" in loaded.stderr, "读入" in loaded.stdout) == (language == "zh", language == "zh")
    ((name, (read, accepted, set_aside, _)),) = counts(loaded.stdout).items()
    assert (accepted + set_aside, set_aside > accepted) == (read, True)
    text = out.read_text(encoding="utf-8-sig")
    assert text.splitlines()[0] == head
    rows = list(csv.reader(text.splitlines()))[1:]
    assert {row[0] for row in rows} == {name}
    assert len({row[1] for row in rows}) == set_aside
    assert all(row[5] for row in rows)
    later = tmp_path / "later.csv"
    assert planwatch("rejected", name, "--out", later, "--dir", store, "--lang", language).returncode == 0
    assert later.read_bytes() == out.read_bytes()


def test_a_broken_plan_stops_before_anything_is_touched(store: Path, tmp_path: Path) -> None:
    from indicators.catalogue.catalogue import AUTOMOTIVE

    plan = tmp_path / "mine"
    shutil.copytree(AUTOMOTIVE, plan)
    (plan / "indicators" / "nc_rate.yaml").write_text("name: {zh: 率}\n", encoding="utf-8")
    for command in (("publish",), ("load", SAMPLE / "faulty")):
        ended = planwatch(*command, "--dir", store, "--plan", plan)
        assert ended.returncode == 2
        assert "mine/indicators/nc_rate.yaml:1:" in ended.stderr
        assert "Traceback" not in ended.stderr
    assert not (store / "editions" / "0002").exists()


def _write_golden() -> None:
    with tempfile.TemporaryDirectory() as name:
        planwatch("load", SAMPLE / "small", "--dir", name)
        planwatch("publish", "--dir", name)
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(planwatch("show", "all", "--period", "all", "--format", "csv", "--dir", name).stdout, encoding="utf-8")


if __name__ == "__main__":
    _write_golden()
