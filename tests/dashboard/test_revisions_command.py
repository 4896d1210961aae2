"""The commands around revisions: freeze, revisions, editions, and publish --final, as a person uses them."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from indicators.editions.details import DETAILS
from indicators.editions.edition import DATABASE
from indicators.revisions.frozen import FILE
from tests.dashboard.conftest import Run, Said
from tests.indicators.office import Office, firms, lines

REGISTER = firms((2025, 2026))


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with two editions; before the second every firm made ten more in December 2026."""
    folder = tmp_path_factory.mktemp("ready")
    office = Office(folder)
    made = lines(REGISTER, {2025: 12, 2026: 12})
    office.load(firms=REGISTER, lines=made)
    office.publish().close()
    office.load(lines=made.filter(pl.col("month") == "2026-12").with_columns(pl.col("made") + 10))
    office.publish().close()
    return folder


@pytest.fixture
def office(ready: Path, tmp_path: Path) -> Office:
    """A copy of it that a test may change."""
    return Office(Path(shutil.copytree(ready, tmp_path / "office")))


def publish(run: Run, office: Office, *more: object) -> Said:
    return run("publish", "--dir", office.store, "--plan", office.folder, *more)


def test_the_summary_says_how_far_numbers_moved(run: Run, office: Office) -> None:
    said = run("revisions", "--dir", office.store, "--format", "json")
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert all(list(line) == list(DETAILS["revision_summary"]) for line in found)
    [total] = [line for line in found if (line["indicator"], line["stage"], line["rows"]) == ("made", "latest", "total")]
    # two years and eight quarters were published twice; 2026 and its last quarter moved by 240 of 24 firms
    assert (total["compared"], total["revised"], total["largest_revision"]) == (10, 2, 240.0)
    assert (total["mean"], total["mean_absolute"], total["share_beyond"]) == (48.0, 48.0, 1.0)
    assert total["relative"] == pytest.approx(480 / (2 * 35856 + 2 * (45648 + 240)), rel=1e-12)
    lines_of_csv = list(csv.DictReader(io.StringIO(run("revisions", "made", "--dir", office.store, "--format", "csv").out)))
    assert [line["indicator"] for line in lines_of_csv] == ["made", "made"]
    assert list(lines_of_csv[0]) == list(DETAILS["revision_summary"])


@pytest.mark.parametrize(
    ("language", "words"), [("en", ["first to newest", "48.000", "all breakdowns"]), ("zh", ["首次发布至最新", "总体"])]
)
def test_the_table_is_for_people(language: str, words: list[str], run: Run, office: Office) -> None:
    said = run("revisions", "--dir", office.store, "--lang", language)
    assert (said.code, said.err) == (0, "")
    assert all(word in said.out for word in words), said.out


def test_what_did_not_move_is_counted_and_not_listed(run: Run, office: Office) -> None:
    office.write("indicators/same", {"unit": "number", "table": "lines", "numerator": "1"})
    for _ in range(2):
        office.publish().close()
    said = run("revisions", "--dir", office.store)
    assert "same" not in said.out
    assert "Compared without a difference: 1 more indicators." in said.out
    assert "0.000" in run("revisions", "same", "--dir", office.store).out


def test_every_revised_number_can_be_listed(run: Run, office: Office) -> None:
    said = run("revisions", "made", "--all", "--dir", office.store, "--format", "csv")
    found = list(csv.DictReader(io.StringIO(said.out)))
    assert list(found[0]) == ["published_in", *DETAILS["revisions"]]
    assert {line["published_in"] + line["edition"] for line in found} == {"00020001"}
    assert {(line["period"], line["revision"]) for line in found if line["category"] == "total"} == {
        ("2026", "240.0"),
        ("2026-Q4", "240.0"),
    }
    assert len(found) == 2 * 4, "total and three branches, year and quarter"
    table = run("revisions", "--all", "--dir", office.store).out
    assert "Published in" in table and "0002" in table


def test_what_was_published_once_has_no_revision(run: Run, tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.load(firms=REGISTER, lines=lines(REGISTER, {2025: 12}))
    office.publish().close()
    said = run("revisions", "--dir", office.store)
    assert (said.code, said.err) == (0, "")
    assert "no revisions" in said.out
    assert json.loads(run("revisions", "--dir", office.store, "--format", "json").out) == []


def test_an_unknown_indicator_is_a_mistake(run: Run, office: Office) -> None:
    said = run("revisions", "maed", "--dir", office.store)
    assert (said.code, said.out) == (2, "")
    assert "Did you mean `made`?" in said.err


def test_a_broken_edition_is_named_and_the_others_are_listed(run: Run, office: Office) -> None:
    damaged = office.editions / "0001" / DATABASE
    damaged.chmod(0o644)
    damaged.write_bytes(b"")
    said = run("revisions", "--all", "--dir", office.store, "--format", "csv")
    assert said.code == 0
    assert "0001" in said.err
    assert {line["published_in"] for line in csv.DictReader(io.StringIO(said.out))} == {"0002"}


def test_an_earlier_edition_knows_what_was_revised_up_to_it(run: Run, office: Office) -> None:
    assert json.loads(run("revisions", "--edition", "0001", "--dir", office.store, "--format", "json").out) == []


def test_editions_says_how_many_numbers_each_revised(run: Run, office: Office) -> None:
    found = {
        line.split()[0]: line.split() for line in run("editions", "--dir", office.store).out.splitlines() if "office" in line
    }
    # total and three branches: 2026 and its fourth quarter, and the change up to 2026
    assert found["0002"][-2:] == [str(4 * 3), "current"]
    assert len(found["0001"]) == len(found["0002"]) - 2, "the first revised nothing"


def test_a_base_is_frozen_once_and_publishing_follows_it(run: Run, office: Office) -> None:
    said = run("freeze", "--edition", "0001", "--dir", office.store)
    assert (said.code, said.err) == (0, "")
    assert "values of 2025 are those of edition 0001" in said.out
    again = run("freeze", "2025", "--edition", "0001", "--dir", office.store)
    assert (again.code, "nothing was changed" in again.out) == (0, True)
    refused = run("freeze", "2026", "--dir", office.store)
    assert (refused.code, refused.out) == (2, "")
    assert "--again" in refused.err
    assert run("freeze", "2025", "--again", "--dir", office.store, "--lang", "zh").out.startswith(
        "自即日起，2025年的数值以版次 0002 为准"
    )
    assert publish(run, office).code == 0
    assert "final" in run("show", "made", "--period", "2025", "--dir", office.store, "--format", "csv").out


def test_a_frozen_base_that_cannot_be_read_stops_publishing_in_plain_lines(run: Run, office: Office) -> None:
    assert run("freeze", "--edition", "0001", "--dir", office.store).code == 0
    shutil.rmtree(office.editions / "0001")
    said = publish(run, office)
    assert (said.code, said.out) == (2, "")
    assert "planwatch freeze 2025 --edition ID --again" in said.err
    assert "Traceback" not in said.err
    (office.editions / FILE).write_text("{}", encoding="utf-8")
    assert publish(run, office).code == 2


def test_a_year_is_declared_final(run: Run, office: Office) -> None:
    assert publish(run, office, "--final", "2026").code == 0
    shown = json.loads(run("show", "made", "--period", "2026", "--dir", office.store, "--format", "json").out)
    assert [line["release"] for line in shown] == ["final"]
    found = json.loads(run("revisions", "made", "--dir", office.store, "--format", "json").out)
    [settled] = [line for line in found if (line["stage"], line["rows"]) == ("final", "total")]
    assert (settled["compared"], settled["revised"], settled["mean"]) == (5, 2, 96.0)
    said = publish(run, office, "--final", "2062")
    assert (said.code, said.out) == (2, "")
    assert "Years with results: 2025, 2026" in said.err
