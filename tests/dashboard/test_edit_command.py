"""Editing on the command line: a small plan whose rules find one wrong unit, one blank, and one large firm that is silent."""

from __future__ import annotations

import csv
import io
import stat
from pathlib import Path
from typing import Any

import pytest

from dashboard.words import words
from indicators.catalogue.catalogue import load_plan
from indicators.editions.edition import Edition, open_edition
from pipelines.parts import read_manifest
from pipelines.trail import read_runs
from tests.dashboard.conftest import Run
from tests.pipelines.forms import write

FILES = {
    "plan.yaml": """
id: tiny
name: {zh: 小方案, en: Tiny plan}
issuers: [{zh: 某部, en: A ministry}]
issued: "2025-12-29"
units:
  people: {name: {zh: 人均产值, en: output per head}, symbol: {zh: 万元, en: wan}, decimals: 2}
headline: [per_head, per_head_change]
custody:
  owner: {zh: 某部, en: A ministry}
  use: {zh: 统计, en: Statistics}
  legal_basis: {zh: 统计法, en: The statistics law}
  retention: {years: 5, reason: {zh: 供复核, en: To check again}}
""",
    "breakdowns.yaml": "breakdowns: {}\n",
    "tables/register.yaml": """
name: {zh: 名录, en: Register}
key: [firm, year]
period: year
columns:
  firm: {type: identifier, name: {zh: 企业代码, en: Firm}, required: true, tier: important, reason: {zh: 企业, en: One firm}}
  year: {type: year, name: {zh: 年份, en: Year}, required: true, tier: general}
  layer: {type: identifier, name: {zh: 层, en: Layer}, tier: general}
  layer_size: {type: integer, name: {zh: 层总体, en: Layer size}, tier: general}
  people: {type: integer, name: {zh: 名录人数, en: People listed}, tier: general}
  asked: {type: boolean, name: {zh: 是否抽中, en: Asked}, tier: general}
""",
    "tables/answers.yaml": """
name: {zh: 问卷, en: Answers}
key: [firm, year]
period: year
link: [{table: register, on: {firm: firm, year: period}}]
design: {unit: firm, stratum: layer, population: layer_size, sampled: asked, size: people}
columns:
  firm: {type: identifier, name: {zh: 企业代码, en: Firm}, required: true, tier: important, reason: {zh: 企业, en: One firm}}
  year: {type: year, name: {zh: 年份, en: Year}, required: true, tier: general}
  output: {type: number, name: {zh: 产值, en: Output}, unit: 万元, tier: important, reason: {zh: 企业, en: One firm}}
  staff: {type: integer, name: {zh: 人数, en: Staff}, tier: important, reason: {zh: 企业, en: One firm}}
editing:
  fixes: [{id: thousandfold, column: output, factor: 1000, per: staff}]
  impute:
    - {column: staff, methods: [former]}
    - {column: output, methods: [former, ratio], to: staff}
  missing_units: {columns: [output, staff], above: 0.01}
  sizes: [{id: as_listed, column: staff}]
""",
    "indicators/per_head.yaml": """
name: {zh: 人均产值, en: Output per head}
definition: {zh: 产值除以人数, en: Output on staff}
unit: people
better: higher
table: answers
numerator: output
denominator: staff
targets:
  - {id: T1, year: 2027, operator: ">", value: 20, basis: level, scope: all, source: plan, reading: strict}
""",
    "indicators/per_head_change.yaml": """
name: {zh: 人均产值增长, en: Growth of output per head}
definition: {zh: 比2025年, en: On 2025}
unit: people
better: higher
change_of: per_head
base_period: "2025"
""",
}
FIRMS = [(f"L{i}", "L", 3, 1000) for i in (1, 2, 3)] + [(f"S{i}", "S", 24, 40 + i) for i in range(1, 9)]


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / "plan" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "plan" / name).write_text(text, encoding="utf-8")
    return tmp_path / "plan"


@pytest.fixture
def run(run: Run, plan: Path, tmp_path: Path) -> Run:
    """A command on the plan and the store."""
    return lambda *arguments: run(*arguments, "--dir", tmp_path / "store", "--plan", plan)


@pytest.fixture
def store(run: Run, tmp_path: Path) -> Path:
    """Output is ten per head in 2025 and eleven in 2026. In 2026 S2 is a thousand times too high, S5 left a blank and L3 is
    silent; S8 has twice the people that the register knows of."""
    listed = [f"{firm},{year},{layer},{size},{people},true" for year in (2025, 2026) for firm, layer, size, people in FIRMS]
    answers = []
    for firm, _, _, people in FIRMS:
        factor = {"S2": 11_000, "L3": None}.get(firm, 11)
        there = 2 * people if firm == "S8" else people
        answers.append(f"{firm},2025,{10 * there},{there}")
        if factor is not None:
            answers.append(f"{firm},2026,{'' if firm == 'S5' else factor * there},{there}")
    files = [
        write(tmp_path / "register.csv", "firm,year,layer,layer_size,people,asked", listed),
        write(tmp_path / "answers.csv", "firm,year,output,staff", answers),
    ]
    assert run("load", *files).code == 0
    return tmp_path / "store"


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def opened(store: Path) -> Edition:
    return open_edition(store / "editions")


def number(edition: Edition, indicator: str = "per_head", period: str = "2026") -> dict[str, Any]:
    sql = "SELECT * FROM results WHERE indicator = $indicator AND period = $period AND breakdown = 'total'"
    return edition.query(sql, {"indicator": indicator, "period": period}).row(0, named=True)


def test_a_run_says_what_it_changed_and_a_second_one_that_nothing_differs(run: Run, store: Path) -> None:
    said = run("edit", "run", "--actor", "wang")
    assert said.code == 0, said.err
    assert "Answers: 4 values changed, 2 rows with imputed values, 1 rows added" in said.out
    assert "thousandfold" in said.out
    assert "Answers: nothing differs from run 1" not in said.out
    again = run("edit", "run")
    assert again.code == 0
    assert "Answers: nothing differs from run 1" in again.out
    assert [found.origin.actor for found in read_runs(store)] == ["wang"]


def test_the_report_lists_changes_reviews_and_the_influence(run: Run, store: Path) -> None:
    said = run("edit", "report", "--format", "csv")
    assert said.code == 0, said.err
    assert "Confidential" in said.err
    lines = rows(said.out)
    changed = {(line["unit"], line["column"]): (line["old"], line["new"]) for line in lines if line["section"] == "changed"}
    assert set(changed) == {("S2", "output"), ("S5", "output"), ("L3", "output"), ("L3", "staff")}
    assert tuple(map(float, changed["S2", "output"])) == (11_000 * 42, 11 * 42)
    assert (changed["S5", "output"][0], float(changed["S5", "output"][1])) == ("", pytest.approx(11 * 45))
    assert float(changed["L3", "staff"][1]) == 1000
    assert all(line["rule"] and line["reason"] for line in lines if line["section"] == "changed")
    reviews = [(line["unit"], line["column"], line["old"], line["rule"]) for line in lines if line["section"] == "review"]
    assert ("S8", "staff", "96", "as_listed") in reviews
    influence = {line["indicator"]: line for line in lines if line["section"] == "influence"}
    level = influence["per_head"]
    assert float(level["edited"]) == pytest.approx(11, rel=1e-6)
    # raw: two of three of L answered, and eight of the 24 of S, of whom S5, without its output, does not count in the ratio
    small = {firm: people * (2 if firm == "S8" else 1) for firm, layer, _, people in FIRMS if layer == "S" and firm != "S5"}
    output = 1.5 * 22_000 + 3 * 11 * (sum(small.values()) + 999 * small["S2"])
    assert float(level["raw"]) == pytest.approx(output / (1.5 * 2000 + 3 * sum(small.values())), rel=1e-9)
    assert float(level["difference"]) == pytest.approx(float(level["edited"]) - float(level["raw"]), rel=1e-9)
    assert float(influence["per_head_change"]["edited"]) == pytest.approx(0.1, abs=1e-6)
    # who holds the records is told the share: S5 stands for three; all have eleven per head, and S8 counts twice
    total = 3 * 11_000 + 3 * 11 * (sum(people for _, layer, _, people in FIRMS if layer == "S") + 48)
    assert float(level["imputed_share"]) == pytest.approx((11_000 + 3 * 495) / total, rel=1e-9)


def test_the_influence_is_that_of_two_editions(run: Run, store: Path, tmp_path: Path) -> None:
    """The same two numbers come from publishing with and without editing, each in a store without the other."""
    lines = [line for line in rows(run("edit", "report", "--format", "csv").out) if line["section"] == "influence"]
    assert run("publish", "--raw").code == 0
    (store / "editions").rename(tmp_path / "editions")
    raw = opened(tmp_path)
    assert run("publish").code == 0
    edited = opened(store)
    for line in lines:
        before, after = number(raw, line["indicator"]), number(edited, line["indicator"])
        assert (float(line["raw"]), float(line["edited"])) == (before["value"], after["value"])
        if after["se"]:
            assert float(line["in_errors"]) == pytest.approx((after["value"] - before["value"]) / after["se"], rel=1e-9)


def test_the_report_on_screen_and_in_a_file(run: Run, store: Path, tmp_path: Path) -> None:
    said = run("edit", "report", "--lang", "zh")
    assert said.code == 0, said.err
    assert "机密" in said.err
    for told in ("改动的数值：4 个", "待人工核实", "对主要指标最新值的影响", "产值", "462000.0", "人均产值增长"):
        assert told in said.out
    out = tmp_path / "reports" / "edit.csv"
    said = run("edit", "report", "--out", out)
    assert (said.code, said.out) == (0, "")
    assert out.read_bytes().startswith(b"\xef\xbb\xbf")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600  # it names enterprises
    assert {line["section"] for line in rows(out.read_text("utf-8-sig"))} == {"changed", "review", "influence"}


def test_the_trail_of_a_unit(run: Run, store: Path, tmp_path: Path) -> None:
    assert "Nothing in" in run("edit", "trail").out
    run("edit", "run", "--actor", "wang")
    mended = write(tmp_path / "mended.csv", "firm,year,output,staff", ["S2,2026,462,42"])
    assert run("load", mended).code == 0
    run("edit", "run", "--actor", "li")
    said = run("edit", "trail", "--unit", "S2")
    assert "Confidential" in said.err
    [line] = [line for line in said.out.splitlines() if "thousandfold" in line]
    assert "wang" in line
    assert "462000.0" in line
    assert "1, superseded" in line
    everyone = run("edit", "trail").out
    assert everyone.count("1–2, stands") == 3
    assert "No value of S1" in run("edit", "trail", "--unit", "S1").out


def test_publishing_edits_first_and_says_so(run: Run, store: Path) -> None:
    said = run("publish")
    assert said.code == 0, said.err
    assert "the rules of editing changed 4 values of 3 units" in said.err
    edition = opened(store)
    row = number(edition)
    assert row["value"] == pytest.approx(11, rel=1e-6)
    # L3 and S5 were imputed: from their share either would learn the other's value
    assert row["imputed_share"] is None
    assert "imputed" in row["review"]
    assert number(edition, period="2025")["imputed_share"] == 0
    # 3 · 1 + 8 · 3 were asked; L3 is silent, and without the output of S5 nothing is known of its output per head
    assert row["response_rate"] == pytest.approx(23 / 27)
    counted = edition.query("SELECT * FROM edits").rows(named=True)
    assert sum(one["values"] for one in counted) == 4
    assert all(one["units"] >= 3 for one in counted)
    told = edition.manifest["provenance"]["editing"]
    [run_kept] = read_runs(store)
    assert told == {"raw": False, "runs": {"answers": {"sequence": 1, "sha256": run_kept.hash}}}
    for name in ("S2", "S5", "L3", "462000", "wang"):
        assert name not in edition.folder.joinpath("manifest.json").read_text(encoding="utf-8")


def test_publishing_again_after_a_load_edits_again(run: Run, store: Path, tmp_path: Path) -> None:
    run("publish")
    run("load", write(tmp_path / "late.csv", "firm,year,output,staff", ["L3,2026,12000,1000"]))
    said = run("publish")
    assert said.code == 2, "the two editions would tell what one enterprise reported late"
    assert "so few enterprises changed" in said.err
    (store / "disclosure.yaml").write_text("differences: accept\n", encoding="utf-8")
    said = run("publish")
    assert said.code == 0, said.err
    assert [found.added for found in read_runs(store)] == [1, 0]
    # S5 alone is still imputed: from its own former value and the growth of the others
    assert number(opened(store))["imputed_share"] is None
    assert "imputed" not in (number(opened(store))["review"] or "")
    assert run("publish").code == 0
    assert len(read_runs(store)) == 2


def test_raw_publishing_says_that_nothing_was_edited(run: Run, store: Path) -> None:
    said = run("publish", "--raw")
    assert said.code == 0, said.err
    assert "made from raw values" in said.err
    edition = opened(store)
    assert edition.manifest["provenance"]["editing"] == {"raw": True, "runs": {}}
    assert number(edition)["value"] > 20
    assert number(edition)["imputed_share"] is None
    assert edition.query("SELECT count(*) FROM edits").item() == 0
    assert read_runs(store) == ()


@pytest.mark.parametrize(("first", "second"), [((), ("--raw",)), (("--raw",), ())])
def test_raw_and_edited_editions_never_lie_beside_each_other(
    first: tuple[str, ...], second: tuple[str, ...], run: Run, store: Path, tmp_path: Path
) -> None:
    """Their difference in per_head and the published n give the output of S2 as it was reported."""
    assert run("publish", *first).code == 0
    said = run("publish", *second)
    assert (said.code, said.out) == (2, "")
    assert "values of single enterprises by difference" in said.err
    assert "0001" in said.err
    assert [path.name for path in (store / "editions").glob("0*")] == ["0001"]
    assert run("publish", *first).code == 0, "more of the same kind may follow"
    (store / "editions").rename(tmp_path / "elsewhere")
    assert run("publish", *second).code == 0


def test_the_operator_hears_how_much_waits_and_the_edition_does_not(run: Run, store: Path) -> None:
    """S8 gives twice the people that the register knows of, in both years; with those of the register 2·48·3 is expected."""
    said = run("publish")
    people = {firm: people for firm, layer, _, people in FIRMS if layer == "S"}
    total = 3 * sum(people.values()) + 3 * 1000
    assert f"2 values wait for a person; the largest score is {3 * 48 / total:.3f}" in said.err
    assert "planwatch edit report" in said.err
    edition = opened(store)
    assert not [notice for notice in edition.notices if "wait" in notice.en]
    scores = [line["score"] for line in rows(run("edit", "report", "--format", "csv").out) if line["section"] == "review"]
    assert scores == sorted(scores, key=float, reverse=True)
    assert len(scores) == 2
    assert "最高得分" in words("zh")("publish.waiting_scored", n=2, score="0.1")


def test_coverage_counts_raw_rows(run: Run, store: Path) -> None:
    run("publish")
    counts = dict(opened(store).query("SELECT table_id, rows FROM coverage").rows())
    assert counts == {"answers": 21, "register": 22}
    assert sum(part.accepted for part in read_manifest(store)) == 43


def test_a_plan_without_rules_publishes_as_ever(run: Run, store: Path, plan: Path) -> None:
    text = FILES["tables/answers.yaml"]
    (plan / "tables" / "answers.yaml").write_text(text[: text.index("editing:")], encoding="utf-8")
    assert load_plan(plan).dictionary.tables["answers"].editing is None
    assert run("publish").code == 0
    edition = opened(store)
    assert number(edition)["imputed_share"] is None
    assert not [notice for notice in edition.notices if "edit" in notice.en]
    assert not (store / "edits").exists()
    for name in ("run", "report"):
        said = run("edit", name)
        assert said.code == 2
        assert "has rules of editing" in said.err


def test_where_there_is_nothing_to_edit(run: Run, tmp_path: Path) -> None:
    for arguments in (("run",), ("report",), ("trail",)):
        said = run("edit", *arguments)
        assert said.code == 2
        assert "there is no such folder" in said.err
    listed = write(tmp_path / "register.csv", "firm,year,layer,layer_size,people,asked", ["L1,2026,L,3,1000,true"])
    assert run("load", listed).code == 0
    for name in ("run", "report"):
        said = run("edit", name)
        assert said.code == 2
        assert "Nothing is loaded" in said.err
