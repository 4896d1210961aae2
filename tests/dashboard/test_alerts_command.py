"""The alerts on the command line: printed by publish, kept in the edition, and the late ones by name for the house alone."""

from __future__ import annotations

import csv
import io
import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from dashboard.words import words
from indicators.alerts.sentence import OUTCOME_NAMES
from indicators.catalogue.periods import Language
from indicators.editions.details import DETAILS
from tests.dashboard.conftest import Run, Said
from tests.indicators.office import PLAN, Office, answers, firms, lines

YEARS = (2020, 2021)  # long past, so that everything is due
REGISTER = firms(YEARS)
LAW = {"id": "T1", "year": 2022, "operator": ">", "value": 0.4, "basis": "level", "source": "law", "reading": "strict"}


def made(factor: float) -> pl.DataFrame:
    """The answers, those of 2021 so many times what they were at first."""
    new = pl.when(pl.col("year") == 2021).then((pl.col("y") * factor).round(6)).otherwise("y")
    return answers(REGISTER).with_columns(y=new)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office with a target on its rate, one edition, and three firms that are late with a month."""
    folder = tmp_path_factory.mktemp("ready")
    office = Office(folder)
    office.write("plan", {**PLAN["plan"], "base_period": "2020"})
    for name in ("rate_change", "wait_change", "made_change"):
        office.write(f"indicators/{name}", {**PLAN[f"indicators/{name}"], "base_period": "2020"})
    office.write("indicators/rate", {**PLAN["indicators/rate"], "targets": [LAW]})
    office.write("tables/lines", {**PLAN["tables/lines"], "due_days": 20})
    office.load(firms=REGISTER)
    silent = pl.col("firm").is_in(["cars1", "bikes2", "parts3"]) & (pl.col("month") == "2021-12")
    office.load(answers=made(1.0), lines=lines(REGISTER, {2020: 12, 2021: 12}).filter(~silent))
    office.publish().close()
    return folder


@pytest.fixture
def office(ready: Path, tmp_path: Path) -> Office:
    """A copy of it that a test may change."""
    return Office(Path(shutil.copytree(ready, tmp_path / "office")))


def on_time(office: Office) -> None:
    office.load(lines=lines(REGISTER, {2020: 12, 2021: 12}))


def publish(run: Run, office: Office, *more: object) -> Said:
    return run("publish", "--dir", office.store, "--plan", office.folder, *more)


def test_publish_prints_what_fired_under_a_heading_with_the_count(run: Run, office: Office) -> None:
    said = publish(run, office)
    assert said.code == 0
    printed = said.err.splitlines()
    at = next(i for i, line in enumerate(printed) if line.startswith("Alerts: "))
    assert printed[at] == "Alerts: 1 (tables with late reports: 1)"
    assert (
        printed[at + 1].startswith("  · lines: reports for Dec 2021 were due by 20 Jan 2022; ")
        and ", 3 had not by " in printed[at + 1]
    )
    assert not [unit for unit in ("cars1", "bikes2", "parts3") if unit in said.err + said.out]
    office.load(answers=made(0.7))
    on_time(office)
    said = publish(run, office)
    assert said.code == 0, "alerts are no mistake"
    rows = json.loads(run("alerts", "--dir", office.store, "--format", "json").out)
    kinds = [sum(row["kind"] == kind for row in rows) for kind in ("verdict", "revision", "late")]
    assert kinds[0] == 1 and kinds[1] > 3 and kinds[2] == 0
    assert f"Alerts: {sum(kinds)} (verdicts changed: 1, numbers revised: {kinds[1]})" in said.err.splitlines()
    assert "  · T1 rate, 2021: edition 0002 said " in said.err
    assert "  · rate: " in said.err and "foremost 2021, from" in said.err
    assert "Every one of them: `planwatch alerts --edition 0003 --format csv`" in said.err


def test_one_line_says_that_nothing_fired(run: Run, office: Office) -> None:
    on_time(office)
    publish(run, office)
    sentence = "No alert: no verdict changed beyond error, no published number was revised by more than its interval, "
    sentence += "no reporter is late."
    assert sentence in publish(run, office).err.splitlines()
    assert run("alerts", "--dir", office.store).out == sentence + "\n"
    assert run("alerts", "--dir", office.store, "--lang", "zh").out.startswith("无预警：没有判定发生超出误差的变化，")
    assert json.loads(run("alerts", "--dir", office.store, "--format", "json").out) == []


def test_only_what_was_looked_at_is_said(run: Run, office: Office) -> None:
    """The first edition, a plan without deadlines, an edition whose former one judged nothing, one that looked for nothing."""
    on_time(office)
    shutil.rmtree(office.editions)
    assert "No alert: there is no former edition to compare with; no reporter is late." in publish(run, office).err
    office.write("tables/lines", PLAN["tables/lines"])
    assert "by more than its interval, no table says by when to report." in publish(run, office).err
    for kept, expected in (
        ({"former": "0001", "verdicts": None}, "alerts.none.unjudged"),
        ({"former": "0001"}, "alerts.none.unknown"),
    ):
        told = words("en")(expected, late=words("en")("alerts.none.undated"), edition="0002")
        assert run("alerts", "--dir", restated(office, kept)).out == told + "\n"


def restated(office: Office, kept: dict[str, str | None]) -> Path:
    """The store with other facts in the manifest of edition 0002, sealed again."""
    from indicators.editions.edition import MANIFEST, POINTER, SEAL
    from pipelines.durable import sha256

    folder = office.editions / "0002"
    for file in folder.iterdir():
        file.chmod(0o644)
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    provenance = {name: value for name, value in manifest["provenance"].items() if name not in ("former", "verdicts")}
    (folder / MANIFEST).write_text(json.dumps({**manifest, "provenance": {**provenance, **kept}}), encoding="utf-8")
    (folder / SEAL).write_text(sha256(folder / MANIFEST), encoding="ascii")
    pointer = {"edition": "0002", "manifest_sha256": sha256(folder / MANIFEST)}
    (office.editions / POINTER).write_text(json.dumps(pointer), encoding="utf-8")
    return office.store


def test_the_alerts_of_an_edition_in_three_forms_and_two_languages(run: Run, office: Office) -> None:
    office.load(answers=made(0.7))
    publish(run, office)
    found = list(csv.DictReader(io.StringIO(run("alerts", "--dir", office.store, "--format", "csv").out)))
    assert list(found[0]) == list(DETAILS["alerts"])
    assert found == [
        {name: "" if value is None else value for name, value in row.items()}
        for row in json.loads(run("alerts", "--dir", office.store, "--format", "json").out)
    ]
    for language in ("zh", "en"):
        said = run("alerts", "--dir", office.store, "--lang", language).out
        [verdict] = [row[f"why_{language}"] for row in found if row["kind"] == "verdict"]
        assert f"  · {verdict}" in said.splitlines()
    assert "预警" in run("alerts", "--dir", office.store, "--lang", "zh").out
    first = run("alerts", "--dir", office.store, "--edition", "0001", "--format", "csv").out
    assert [row["kind"] for row in csv.DictReader(io.StringIO(first))] == ["late"]
    assert run("alerts", "--dir", office.store, "--edition", "0009").code == 2


def test_who_is_late_is_named_inside_the_house(run: Run, office: Office) -> None:
    said = run("late", "--dir", office.store, "--plan", office.folder)
    assert said.code == 0
    assert said.err.startswith("Confidential: ")
    assert all(unit in said.out for unit in ("cars1", "bikes2", "parts3", "2021-12", "2022-01-20"))
    assert "cars2" not in said.out
    listed = list(csv.DictReader(io.StringIO(run("late", "--dir", office.store, "--plan", office.folder, "--format", "csv").out)))
    assert [(row["table"], row["unit"], row["former"]) for row in listed] == [
        ("lines", unit, "2021-11") for unit in ("bikes2", "cars1", "parts3")
    ]
    assert run("late", "--dir", office.store, "--plan", office.folder, "--lang", "zh").err.startswith("机密：")
    on_time(office)
    nobody = run("late", "--dir", office.store, "--plan", office.folder)
    assert (nobody.code, nobody.out, nobody.err) == (0, "Nobody is late: lines.\n", "")


def test_a_name_that_is_a_formula_stays_text(run: Run, office: Office) -> None:
    register = PLAN["tables/firms"]
    words_of = {"zh": "名称", "en": "name"}
    name = {"type": "text", "name": words_of, "tier": "important", "reason": words_of}
    named = {**register["columns"], "name": name}
    office.write("tables/firms", {**register, "columns": named})
    office.load(firms=REGISTER.with_columns(name=pl.lit("=cmd()")))
    said = run("late", "--dir", office.store, "--plan", office.folder, "--format", "csv")
    assert [row["name"] for row in csv.DictReader(io.StringIO(said.out))] == ["'=cmd()"] * 3


def test_what_is_in_the_way_of_a_list_of_the_late_is_told(run: Run, office: Office, tmp_path: Path) -> None:
    said = run("late", "--dir", tmp_path / "nothing", "--plan", office.folder)
    assert (said.code, said.out) == (2, "")
    assert "Nothing is loaded in" in said.err and "planwatch load" in said.err
    assert not (tmp_path / "nothing").exists()
    office.write("tables/lines", PLAN["tables/lines"])
    said = run("late", "--dir", office.store, "--plan", office.folder)
    assert said.code == 2
    assert "No table of the plan office says by when to report. State `due_days`" in said.err


# --- the sentences of an edition speak as the dashboard does --------------------------------------------------------------


@pytest.mark.parametrize("language", ["zh", "en"])
def test_outcomes_have_the_names_of_the_dashboard(language: Language) -> None:
    spoken = words(language)
    assert {name: text.in_language(language) for name, text in OUTCOME_NAMES.items()} == {
        name: spoken(f"outcome.{name}") for name in OUTCOME_NAMES
    }
    known = {key.removeprefix("outcome.") for key in spoken.entries if key.startswith("outcome.")}
    assert known - {"no_number"} == set(OUTCOME_NAMES)
