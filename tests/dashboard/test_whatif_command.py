"""The command `whatif` as a person uses it: names, files, links, every form of output, and what can go wrong."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

from dashboard.papers.sheet import markdown, sheet
from dashboard.words import words
from indicators.catalogue.plan import Plan
from indicators.catalogue.scenario import Move, Scenario
from indicators.catalogue.scenariotext import from_link, to_link, to_yaml
from indicators.editions.edition import Edition
from indicators.scenarios.played import ROWS, Played
from indicators.scenarios.stage import read
from indicators.scenarios.whatif import play
from pipelines.yamlfile import Text
from tests.dashboard.conftest import Run
from tests.dashboard.plausible import write_plausible

LINK = "T3~size_class.small~to.0.99"
NAMED = "small_parts_best_fifth"


def played(edition: Edition, link: str) -> Played:
    return play(edition.plan, read(edition, link.split("~")[0]), from_link(link))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_scenarios_of_the_edition_are_listed(run: Run, store: Path, plan: Plan, language: str) -> None:
    said = run("whatif", "--list", "--dir", store, "--lang", language)
    assert said.code == 0
    for name, scenario in plan.scenarios.items():
        [line] = [line for line in said.out.splitlines() if line.strip().startswith(name)]
        assert to_link(scenario) in line
        assert scenario.name.in_language(language) in line


def test_a_scenario_of_the_plan_by_its_name(run: Run, store: Path, plan: Plan) -> None:
    said = run("whatif", NAMED, "--dir", store, "--lang", "zh")
    assert (said.code, said.err) == (0, "")
    for told in (
        plan.scenarios[NAMED].name.zh,
        "研发设计工具普及率：> 95%",
        "现状（2026年）",
        "情景",
        "判定",
        "相当于增加（家企业）",
        "引用：",
    ):
        assert told in said.out
    english = run("whatif", NAMED, "--dir", store, "--lang", "en").out
    for told in (
        "Now (2026)",
        "Outcome",
        "not a forecast",
        "The best fifth",
        "Synthetic" if "Synthetic" in english else "Cite as",
    ):
        assert told in english
    assert not re.search("[\u4e00-\u9fff]", english)


def test_json_is_what_was_played_and_its_keys_stand_in_the_readme(run: Run, store: Path, edition: Edition) -> None:
    said = run("whatif", LINK, "--dir", store, "--format", "json")
    told, found = json.loads(said.out), played(edition, LINK)
    assert told == {"edition": "0001", **json.loads(json.dumps(found.as_dict()))}
    text = (
        (Path(__file__).parent.parent.parent / "README.md")
        .read_text(encoding="utf-8")
        .split("### What if", 1)[1]
        .split("###", 1)[0]
    )
    for key in (*told, *told["moved"][0], "withheld", "no_pace"):
        assert f"`{key}`" in text, key
    assert run("whatif", told["link"], "--dir", store, "--format", "json").out == said.out


def test_csv_has_a_row_for_each_number_and_each_category(run: Run, store: Path, edition: Edition) -> None:
    rows = list(csv.DictReader(io.StringIO(run("whatif", LINK, "--dir", store, "--format", "csv").out)))
    found = played(edition, LINK)
    assert list(rows[0]) == list(ROWS)
    assert [row["part"] for row in rows] == ["before", "after", "category"]
    assert [float(row["value"]) for row in rows] == [found.before.value, found.after.value, found.moved[0].value]
    assert (rows[2]["category"], float(rows[2]["adds"])) == ("small", found.moved[0].adds)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sheet_is_a_page_of_markdown(run: Run, store: Path, tmp_path: Path, edition: Edition, language: str) -> None:
    said = run("whatif", NAMED, "--dir", store, "--format", "markdown", "--out", tmp_path / "sheet.md", "--lang", language)
    assert (said.code, str(tmp_path / "sheet.md") in said.out) == (0, True)
    text = (tmp_path / "sheet.md").read_text(encoding="utf-8")
    scenario = edition.plan.scenarios[NAMED]
    assert text.startswith(f"# {scenario.name.in_language(language)}\n")
    assert len(text.splitlines()) < 70
    tables = re.findall(r"(?:^\|.*\|\n)+", text, flags=re.MULTILINE)
    assert len(tables) == 2
    for table in tables:  # every row of a table has the cells of its head
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
    found = play(edition.plan, read(edition, "T3"), scenario)
    assert len(tables[1].splitlines()) == 2 + len(found.moved)
    for note in found.notes:
        assert note.in_language(language) in text
    unescaped = text.replace("\\", "")
    assert f"`{to_link(scenario)}`" in text
    assert edition.id in unescaped
    assert len(re.findall(r"\b[0-9a-f]{12}\b", unescaped)) == 1  # the seal


def test_the_numbers_of_the_sheet_are_those_of_the_play(edition: Edition) -> None:
    found = played(edition, "T4~province.all~pace.0.5~others.achieved")
    for language in ("zh", "en"):
        told = sheet(edition, found, words(language))
        assert [row[0] for row in told.standings.rows][1:3] == [words(language)("tile.gap"), words(language)("whatif.verdict")]
        shown = {one.category: row for one, row in zip(found.moved, told.moved.rows, strict=True)}
        limited = [one.category for one in found.moved if one.how == "limited"]
        assert limited and all("100" in shown[name][2] for name in limited)
        assert f"{found.before.value * 100:.1f}%" in told.standings.rows[0][1]
        assert told.left == "" or words(language)("mark.list") in told.left or len(found.left) == 1


def test_a_file_is_read_and_its_faults_told_with_their_places(run: Run, store: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    scenario = Scenario(
        name=Text(zh="我的", en="Mine | *own*"), target="T3", moves=[Move(where={"size_class": "small"}, to=0.99)]
    )
    file.write_text(to_yaml(scenario), encoding="utf-8")
    good = run("whatif", file, "--dir", store, "--format", "json")
    assert json.loads(good.out)["link"] == LINK
    assert "# Mine \\| \\*own\\*\n" in run("whatif", file, "--dir", store, "--format", "markdown", "--lang", "en").out
    wrong: dict[str, tuple[str, str, str]] = {
        "size_class: small": ("size_clas: small", ":7:5  ", "Did you mean `size_class`?"),
        "to: 0.99": ("too: 0.99", ":8:3  ", "Did you mean `to`?"),
        "target: T3": ("target: T33", ":4:9  ", "does not exist"),
        "small": ("tiny", ":7:17  ", "has no category `tiny`"),
        "0.99": ("99", ":8:7  ", "write 70 % as 0.7"),
    }
    for old, (new, place, told) in wrong.items():
        file.write_text(to_yaml(scenario).replace(old, new), encoding="utf-8")
        said = run("whatif", file, "--dir", store, "--lang", "en")
        assert (said.code, said.out) == (2, "")
        assert f"{file}{place}" in said.err
        assert told in said.err
    file.write_text(to_yaml(scenario).replace("small", "tiny"), encoding="utf-8")
    assert "没有类别“tiny”" in run("whatif", file, "--dir", store, "--lang", "zh").err


def test_what_the_edition_does_not_have_is_told_at_its_place(run: Run, store: Path, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(
        "name: {zh: 一, en: One}\ntarget: T3\nmoves:\n  - {where: {segment_group: parts}, to: 0.9}\n", encoding="utf-8"
    )
    said = run("whatif", file, "--dir", store, "--lang", "en")
    assert said.code == 2
    assert f"{file}:4:13  this edition splits the gap not by segment_group" in said.err


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["small_parts_best_fith"], "Did you mean `small_parts_best_fifth`?"),
        (["T3~size_class.small"], "It looks like this: T3~"),
        (["T3~size_class.<b>~to.1"], "characters that do not belong there"),
        (["T33~size_class.small~to.1"], "Did you mean `T3`?"),
        (["nowhere.yaml"], "nowhere.yaml:1:1  the file cannot be read: No such file or directory."),
        ([], "Give a scenario"),
        ([NAMED, "--edition", "0099"], "There is no edition 0099"),
    ],
)
def test_mistakes_take_one_plain_line(run: Run, store: Path, asked: list[str], told: str) -> None:
    said = run("whatif", *asked, "--dir", store, "--lang", "en")
    assert (said.code, said.out) == (2, "")
    assert told in said.err
    assert "Traceback" not in said.err


def test_no_text_of_a_scenario_becomes_markup(edition: Edition) -> None:
    bad = Text(zh="<script>x</script> | # a\n# b", en="<b>x</b> [a](http://x) `c` | ~~d~~\n# e")
    scenario = from_link(LINK).model_copy(update={"name": bad, "description": bad})
    found = play(edition.plan, read(edition, "T3"), scenario)
    for language in ("zh", "en"):
        text = markdown(sheet(edition, found, words(language))).replace(f"`{LINK}`", "")
        assert not re.search(r"(?<!\\)[<>`]", text)
        assert "\n# b" not in text and "\n# e" not in text
        assert not re.search(r"(?<!\\)\[a", text)


def test_an_edition_without_scenarios_says_so(run: Run, tmp_path: Path, plan: Plan) -> None:
    write_plausible(tmp_path / "editions", plan.model_copy(update={"scenarios": {}})).close()
    said = run("whatif", "--list", "--dir", tmp_path, "--lang", "en")
    assert (said.code, "has no scenarios" in said.out) == (0, True)
