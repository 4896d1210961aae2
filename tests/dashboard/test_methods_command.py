"""The command `methods`, over editions that a small office published: tables, sentences, figures beside their bounds."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from dashboard.wording import strip
from dashboard.wording.strip import Strip
from dashboard.words import words
from indicators.editions.details import DETAILS
from indicators.editions.edition import open_edition, write_edition
from indicators.methods import bands
from indicators.methods.course import Course
from indicators.methods.rulings import METHODS
from tests.dashboard.conftest import Run
from tests.indicators.office import PLAN, Office, answers, firms, lines

YEARS = range(2022, 2027)
REGISTER = firms(YEARS)


def target(identifier: str, **more: Any) -> dict[str, Any]:
    return {"id": identifier, "basis": "level", "scope": "all", "source": "plan §1", "reading": "inclusive", **more}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An office whose plan wants a rate above 0.5, one of cars, a change, and something without a number."""
    office = Office(tmp_path_factory.mktemp("office"))
    aims = {
        "rate": [
            target("R", year=2027, operator=">", value=0.5, reading="strict"),
            target("R_cars", year=2028, operator=">=", value=0.6, scope={"branch": "cars"}),
        ],
        "rate_change": [target("C", year=2027, operator=">=", value=0.1, basis="change", base_period="2025")],
        "made": [target("M", year=2027, reading="qualitative")],
    }
    for name, targets in aims.items():
        office.write(f"indicators/{name}", {**PLAN[f"indicators/{name}"], "targets": targets})
    office.load(firms=REGISTER, answers=answers(REGISTER), lines=lines(REGISTER, dict.fromkeys(YEARS, 12)))
    office.publish().close()
    return office.store


def test_csv_and_json_hold_every_column_of_the_newest_year(run: Run, store: Path) -> None:
    said = run("methods", "rate", "--dir", store, "--format", "json")
    assert (said.code, said.err) == (0, "")
    found = json.loads(said.out)
    assert all(list(one) == list(DETAILS["methods"]) for one in found)
    assert {one["period"] for one in found} == {"2026"}
    assert {(one["target"], one["method"]) for one in found} == {(name, method) for name in ("R", "R_cars") for method in METHODS}
    rows = list(csv.DictReader(io.StringIO(run("methods", "rate", "--dir", store, "--period", "all", "--format", "csv").out)))
    assert {one["period"] for one in rows} == {"2025", "2026"}
    assert list(rows[0]) == list(DETAILS["methods"])


def told(out: str) -> dict[str, list[str]]:
    """First cell of each line → the others."""
    cells = [re.split(r"\s{2,}", line.strip()) for line in out.splitlines()]
    return {one[0]: one[1:] for one in cells if len(one) > 1}


def test_the_table_says_what_the_edition_holds(run: Run, store: Path) -> None:
    found = {one["method"]: one for one in json.loads(run("methods", "rate_change", "--dir", store, "--format", "json").out)}
    said = run("methods", "rate_change", "--dir", store)
    assert (said.code, said.err) == (0, "")
    rows = told(said.out)
    assert rows["Linear pace*"][0].startswith(f"pace {found['linear']['figure']:.2f}")
    assert rows["UNDP"][1:] == [found["undp"]["verdict"], "✓" if found["undp"]["agrees"] else "✗"]
    # five years in a row, before the base too: the weather of Germany applies
    assert found["germany"]["reason"] is None
    applying = [one for one in found.values() if one["verdict"]]
    agreeing = sum(bool(one["agrees"]) for one in applying)
    assert re.search(rf"^{agreeing} of {len(applying)} methods that apply agree: (on track|behind)\.$", said.out, re.MULTILINE)
    assert "bands and weights of UN ESCAP could not be checked" in said.out


def test_each_target_has_its_own_table(run: Run, store: Path) -> None:
    out = run("methods", "rate", "--dir", store).out
    headings = [line for line in out.splitlines() if " · 2026: " in line]
    assert len(headings) == 2
    form = r"R(_cars · cars)? · 2026: 0\.\d{3} \(1\), 0\.\d{3} \(1\) in 2025"
    assert all(re.fullmatch(form, line) for line in headings), headings
    assert out.index("R · 2026") < out.index("R_cars · cars · 2026")
    assert "target > 0.5" in out and "strictly" in out and "by 2028" in out
    assert out.count("methods that apply") == 2
    chinese = run("methods", "rate", "--dir", store, "--lang", "zh").out
    assert "种适用的方法" in chinese and "德国天气符号" in chinese
    assert not re.search(r"[A-Za-z]{4,}", chinese.replace("R_cars", "").replace("cars", "").replace("rate", ""))


def test_what_has_no_number_is_said_by_growth(run: Run, store: Path) -> None:
    out = run("methods", "made", "--dir", store).out
    rows = told(out)
    assert re.match(r"\+\d+\.\d% a year, score \+5\.0", rows["Statistics Canada"][0])
    assert rows["UNSD Progress Chart†"][1] == "3: met or on track"
    assert rows["Germany, weather"][1] == "sun"
    assert rows["UNDP"] == ["–", "does not apply: the target has no number"]
    assert "We give no pace here. Of 4 methods that apply: 4 on track." in out


def test_the_base_year_is_one_point(run: Run, store: Path) -> None:
    out = run("methods", "rate", "--period", "2025", "--dir", store).out
    assert "does not apply: the base year itself, no change yet" in out
    assert "in 2025" not in out, "the base is not set beside itself"
    assert "planwatch " not in out


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["rat"], 2, "Did you mean `rate`?"),
        (["rate", "--period", "2023"], 2, "Years here: 2025, 2026."),
        (["rate", "--period", "2026-Q3"], 2, "Years here: 2025, 2026."),
        (["wait"], 0, "The plan sets no target for “wait”, so no method can judge it. Indicators with a target: "),
        (["rate", "--edition", "0009"], 2, "There is no edition 0009"),
    ],
)
def test_plain_sentences(run: Run, store: Path, arguments: list[str], code: int, sentence: str) -> None:
    said = run("methods", *arguments, "--dir", store)
    assert said.code == code
    assert sentence in (said.err if code else said.out)
    assert "Traceback" not in said.err


def test_a_level_without_a_target_names_its_change(run: Run, store: Path, tmp_path: Path) -> None:
    edition = open_edition(store / "editions")
    level = edition.plan.indicators["rate"].model_copy(update={"targets": []})
    plan = edition.plan.model_copy(update={"indicators": {**edition.plan.indicators, "rate": level}})
    copied(edition, plan, tmp_path)
    edition.close()
    said = run("methods", "rate", "--dir", tmp_path)
    assert (said.code, said.out) == (0, "The plan sets no target for “rate” itself; it sets one for its change: rate_change.\n")
    assert run("methods", "rate", "--dir", tmp_path, "--lang", "zh").out.startswith("方案对“rate”本身没有规定目标")


def copied(edition: Any, plan: Any, folder: Path, **details: pl.DataFrame) -> None:
    """The same results in an edition of their own, with nothing of the further tables but what is given."""
    frames = {name: edition.query(f"SELECT * FROM {name}") for name in ("results", "coverage", "statements")}
    write_edition(folder / "editions", plan=plan, **frames, provenance={}, details=details).close()


def test_an_edition_without_the_table_says_so(run: Run, store: Path, tmp_path: Path) -> None:
    edition = open_edition(store / "editions")
    copied(edition, edition.plan, tmp_path)
    said = run("methods", "rate", "--dir", tmp_path)
    assert said.code == 0
    assert said.out.startswith("Edition 0001 holds no judgements by other methods")
    assert "planwatch publish" in said.out
    assert json.loads(run("methods", "rate", "--dir", tmp_path, "--format", "json").out) == []
    others = edition.query("SELECT * FROM methods WHERE indicator <> 'rate'")
    copied(edition, edition.plan, tmp_path, methods=others)
    edition.close()
    assert "no yearly number of “rate” that could be judged" in run("methods", "rate", "--dir", tmp_path).out


def shown(store: Path, period: str, **changed: Any) -> Strip:
    edition = open_edition(store / "editions")
    indicator = edition.plan.indicators["rate"]
    found = {"gap": 0.1, "grade": "acceleration", "other": None, "pace": 0.7, "base": 0.4, "value": 0.44, "threshold": 0.5}
    made = Strip(
        plan=edition.plan,
        indicator=indicator,
        target=indicator.targets[0],
        period=period,
        rulings=changed.pop("rulings", []),
        assessment={**found, **changed},
    )
    edition.close()
    return made


def ruling(method: str, direction: str | None, figure: float | None = 0.5, **more: Any) -> Mapping[str, Any]:
    verdict = {"statcan": "acceleration", "unsd": "fair", "escap": "accelerate", "germany": "cloud", "undp": "yellow"}[method]
    given = {"verdict": verdict, "reason": None} if direction else {"verdict": None, "reason": "few_years"}
    return {"method": method, "figure": figure if direction else None, "direction": direction, "agrees": None, **given, **more}


def test_sentences_count_who_agrees(store: Path) -> None:
    english = words("en")
    mixed = [
        ruling("statcan", "behind"),
        ruling("unsd", "on_track"),
        ruling("escap", "away"),
        ruling("undp", "on_track"),
        ruling("germany", None),
    ]
    assert strip.sentences(shown(store, "2026", rulings=mixed), english) == [
        "1 of 4 methods that apply agree: behind.",
        "The others: 2 on track, 1 moving away.",
    ]
    assert strip.sentences(shown(store, "2026", rulings=mixed, grade="on_track"), english)[0].startswith("2 of 4 ")
    alone = shown(store, "2026", rulings=mixed[1:2])
    assert strip.sentences(alone, english) == [
        "None of the 1 methods that apply agrees with our own: behind.",
        "The others: 1 on track.",
    ]
    assert strip.sentences(shown(store, "2026", rulings=mixed[4:]), english) == ["None of these methods applies."]
    silent = shown(store, "2026", rulings=mixed, grade=None)
    assert strip.sentences(silent, english) == [
        "We give no pace here. Of 4 methods that apply: 2 on track, 1 behind, 1 moving away."
    ]
    assert strip.sentences(shown(store, "2026", rulings=mixed), words("zh")) == [
        "4种适用的方法中，1种与本系统一致：落后。",
        "其余：2种判断为符合进度，1种判断为倒退。",
    ]


def test_our_own_line_admits_doubt(store: Path) -> None:
    assert strip.lines(shown(store, "2026"), words("en")) == [["planwatch", "pace 0.70", "acceleration needed", ""]]
    [line] = strip.lines(shown(store, "2026", other="on_track"), words("en"))
    assert line[2] == "acceleration needed (error does not tell it from: on track)"
    assert strip.lines(shown(store, "2026", grade=None), words("en")) == []
    assert strip.lines(shown(store, "2026", grade=None, gap=-0.1, pace=None), words("en")) == [
        ["planwatch", "–", "target achieved", ""]
    ]


@pytest.mark.parametrize(
    ("method", "figure", "written"),
    [
        ("statcan", 0.94999, "R 0.94999, score +2.5"),  # not 0.95, which is on track
        ("statcan", 0.95, "R 0.95, score +2.5"),
        ("statcan", 0.6021, "R 0.602, score +0.0"),
        ("statcan", -0.0004, "R −0.0004, score −2.5"),
        ("unsd", 0.0999, "x 0.0999"),
        ("escap", 0.104, "gap 10.4%, status 4.0"),  # not 10 %, which is maintained
        ("escap", 0.10, "gap 10%, status 4.0"),
        ("germany", 0.2001, "misses 20.01%"),
        ("undp", 79.96, "79.96 points"),
        ("undp", 72.4, "72 points"),
    ],
)
def test_a_figure_stands_on_its_side_of_a_bound(store: Path, method: str, figure: float, written: str) -> None:
    made = shown(store, "2026", rulings=[ruling(method, "behind", figure)])
    assert strip.lines(made, words("en"))[-1][1] == written


def test_a_reached_target_has_the_best_score(store: Path) -> None:
    made = shown(store, "2026", gap=0.0, rulings=[ruling("statcan", "on_track", 0.8, verdict="achieved")])
    assert strip.lines(made, words("en"))[-1][1] == "R 0.80, score +5.0"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_verdict_and_reason_has_words(language: str) -> None:
    told_ = words(language)
    known = {
        "statcan": [*bands.STATCAN, (0, "achieved", "")],
        "eurostat": [*bands.EUROSTAT, *bands.EUROSTAT_GROWTH],
        "unsd": [*bands.UNSD, *bands.UNSD_GROWTH],
        "undp": bands.UNDP,
        "digital_decade": bands.DIGITAL_DECADE,
        "linear": [*bands.STATCAN, (0, "achieved", "")],
    }
    for method, verdicts in known.items():
        for _, verdict, _ in verdicts:
            assert told_(f"methods.verdict.{method}.{verdict}")
    assert all(told_(f"methods.{method}") for method in METHODS)
    for base, goal, more in (
        (None, 2.0, {}),
        (1.0, 2.0, {"year": 2025}),
        (1.0, 2.0, {"target_year": None}),
        (1.0, 2.0, {"target_year": 2025}),
        (0.0, 2.0, {}),
        (-1.0, 2.0, {}),
        (3.0, 2.0, {}),
        (1.0, 2.0, {"path": 1.0}),
        (1.0, None, {}),
        *((1.0, 2.0, {"growthless": name}) for name in ("count", "step", "difference")),
    ):
        given = {"sign": 1, "year": 2026, "value": 1.5, "base_year": 2025, "target_year": 2027, "points": {2025: 1.0, 2026: 1.5}}
        way = Course(**{**given, "base": base, "target": goal, **more})
        for rule in METHODS.values():
            found = rule(way)
            assert found.verdict or told_(f"methods.reason.{found.reason}")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_eighty_columns_hold_the_table(store: Path, language: str) -> None:
    """In a terminal of 80 columns no line is longer; a Chinese sign takes two."""
    ours, theirs = pty.openpty()
    arguments = ["methods", "rate", "--dir", str(store), "--lang", language]
    code = "import sys; from dashboard.cli import main; sys.exit(main(sys.argv[1:]))"
    environment = {**os.environ, "COLUMNS": "80", "TERM": "dumb"}
    with subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=theirs, stderr=theirs, env=environment) as command:
        os.close(theirs)
        printed = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)
    assert command.returncode == 0
    rows = [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in printed.decode().splitlines()]
    assert len(rows) > 20
    assert max(sum(2 if ord(sign) > 0x2E80 else 1 for sign in row) for row in rows) <= 80


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end was closed
        return b""


def test_a_target_names_its_indicator(run: Run, store: Path) -> None:
    said = run("methods", "R_cars", "--dir", store)
    assert said.code == 0
    assert said.out == run("methods", "rate", "--dir", store).out


def test_where_error_leaves_it_open_the_count_is_by_the_numbers_alone(store: Path) -> None:
    alone = words("zh")("methods.by_numbers")
    agreeing = [{"method": "statcan", "verdict": "on_track", "direction": "on_track", "figure": 1.0, "agrees": True}]
    for outcome, told in (("cannot_tell", True), ("acceleration", False)):
        found = strip.sentences(shown(store, "2026", rulings=agreeing, outcome=outcome), words("zh"))
        assert (found[-1] == alone) is told
        assert found.count(alone) == int(told)
