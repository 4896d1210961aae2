"""The command `risk`: a paper in both languages, the same for machines, and a line in the log."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from dashboard.words import words
from indicators.risk.risks import risks as judge
from pipelines import log
from pipelines.log import read
from pipelines.secret import new_key, using
from tests.dashboard.conftest import Run

RISKS = 9


@pytest.fixture
def open_store(store: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The store of the plausible edition, below folders that everybody can walk into, with a warehouse beside it."""
    monkeypatch.delenv("PLANWATCH_KEY", raising=False)
    above = Path(tempfile.mkdtemp(prefix="planwatch-paper-"))
    above.chmod(0o755)
    copy = above / "store"
    shutil.copytree(store / "editions", copy / "editions")
    copy.chmod(0o755)
    (copy / "warehouse.duckdb").write_bytes(b"rows")
    (copy / "warehouse.duckdb").chmod(0o640)
    yield copy
    shutil.rmtree(above)


def headings(text: str) -> list[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return [tokens[place + 1].content for place, token in enumerate(tokens) if token.type == "heading_open"]


def tables(text: str) -> list[list[list[str]]]:
    """The tables of a text as a reader of Markdown understands them: cells in plain words."""
    found: list[list[list[str]]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type == "table_open":
            found.append([])
        elif token.type == "tr_open":
            found[-1].append([])
        elif token.type == "inline" and found and found[-1] and token.level > 3:
            found[-1][-1].append("".join(child.content for child in token.children or ()))
    return found


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_paper_has_every_section_and_can_be_signed(run: Run, open_store: Path, language: str) -> None:
    said, told = run("risk", "--dir", open_store, "--lang", language), words(language)
    assert said.code == 0
    titles = headings(said.out)
    assert titles[0] == told("risk.title")
    sections = ("result", "matrix", "identified", "catalogued", "reach", "measures", "risks", "next", "rules", "limits", "signed")
    assert [title for title in titles if title in {told(f"risk.{name}") for name in sections}] == [
        told(f"risk.{name}") for name in sections
    ]
    assert sum(bool(re.match(r"R\d ", title)) for title in titles) == RISKS
    last = tables(said.out)[-1]
    assert [row[0] for row in last] == ["", told("risk.signed.assessed"), told("risk.signed.responsible")]
    assert told("risk.inside") in said.out


def test_the_matrix_holds_every_risk_once_in_the_field_of_its_score(run: Run, open_store: Path) -> None:
    out = run("risk", "--dir", open_store, "--lang", "en").out
    matrix = next(table for table in tables(out) if table[0][0] == words("en")("risk.matrix.axis"))
    placed: dict[str, tuple[int, int, int]] = {}
    for row in matrix[1:]:
        for heading, cell in zip(matrix[0][1:], row[1:], strict=True):
            field = (int(row[0].split()[0]), int(heading.split()[0]), int(cell.split()[0]))
            placed |= dict.fromkeys(re.findall(r"R\d", cell), field)
    titles = {title.split()[0]: title for title in headings(out) if re.match(r"R\d", title)}
    assert set(placed) == set(titles) == {f"R{number}" for number in range(1, RISKS + 1)}
    for number, title in titles.items():
        likelihood, impact, score = map(int, re.findall(r"\d+", title.rsplit("(", 1)[1]))
        assert (likelihood, impact, score) == placed[number]
        assert likelihood * impact == score
    scores = [placed[f"R{number}"][2] for number in range(1, RISKS + 1)]
    assert scores == sorted(scores, reverse=True)


def test_every_column_above_general_stands_in_the_paper_with_its_reason(run: Run, open_store: Path) -> None:
    out = run("risk", "--dir", open_store, "--lang", "zh").out
    said = words("zh")
    listed = next(table for table in tables(out) if table[0][-1] == said("catalogue.head.reason"))
    names = [name for row in listed[1:] for name in row[1].split(said("catalogue.names"))]
    assert len(names) == 32
    assert {row[2] for row in listed[1:]} == {said("catalogue.tier.core"), said("catalogue.tier.important")}
    assert all(row[4] for row in listed[1:])


def test_the_paper_follows_the_store(run: Run, open_store: Path) -> None:
    """Closed, then open to all: the finding, the next step and the table of files change with the mode alone."""
    said = words("en")
    before = run("risk", "--dir", open_store, "--lang", "en").out
    assert said("risk.todo.modes") not in before
    (open_store / "warehouse.duckdb").chmod(0o644)
    after = run("risk", "--dir", open_store, "--lang", "en").out
    assert said("risk.todo.modes") in after
    assert said("risk.reading.everyone", n=1, files="warehouse.duckdb") in after
    rows = {row[0]: row for row in next(one for one in tables(after) if one[0][0] == said("risk.reach.role"))}
    assert rows[said("risk.role.warehouse")][3] == said("risk.reach.everyone")
    assert rows[said("risk.role.editions")][2] == said("catalogue.tier.general")


def test_of_files_that_differ_the_most_open_are_told(run: Run, open_store: Path) -> None:
    said = words("en")
    for name, mode in (("a", 0o600), ("b", 0o604), ("c", 0o640)):
        (open_store / "weights").mkdir(exist_ok=True)
        (open_store / "weights").chmod(0o755)
        (open_store / "weights" / f"{name}.parquet").write_bytes(b"rows")
        (open_store / "weights" / f"{name}.parquet").chmod(mode)
    out = run("risk", "--dir", open_store, "--lang", "en").out
    rows = {row[0]: row for row in next(one for one in tables(out) if one[0][0] == said("risk.reach.role"))}
    weights = rows[said("risk.role.weights")]
    assert weights[1] == "3"
    assert weights[3] == said("risk.reach.mixed", worst=said("risk.reach.everyone"), n=1)
    assert weights[4] == said("risk.reach.owner")
    assert weights[5] == "0/3"


def test_json_says_the_same_as_the_paper(run: Run, open_store: Path) -> None:
    run("risk", "--dir", open_store)  # begins the log
    whole = json.loads(run("risk", "--dir", open_store, "--format", "json").out)
    out = run("risk", "--dir", open_store, "--lang", "en").out
    assert len(whole["risks"]) == RISKS
    for risk in whole["risks"]:
        assert risk["likelihood"] * risk["impact"] == risk["score"]
        assert f"{risk['number']} {risk['name']['en']}" in out
        for finding in risk["findings"]:
            assert set(finding["found"]) == {"zh", "en"}
            assert finding["found"]["en"].split("(")[0] in out
    files = {file["name"]: file for file in whole["files"]}
    assert files["warehouse.duckdb"]["mode"] == "0640"
    assert files["warehouse.duckdb"]["tier"] == "core"
    assert whole["accounts"] == {"state": "none", "roles": {}}


def test_accounts_are_counted_by_role_and_faulty_ones_are_told(run: Run, open_store: Path) -> None:
    file = open_store / "access.yaml"
    file.write_text(
        "accounts:\n  - {email: a@example.cn, role: steward}\n  - {email: b@example.cn, role: analyst}\n"
        "  - {email: c@example.cn, role: analyst}\n",
        encoding="utf-8",
    )
    said = words("en")
    out = run("risk", "--dir", open_store, "--lang", "en").out
    counted = [said("risk.accounts.role", role=said(f"entry.role.{role}"), n=n) for role, n in (("analyst", 2), ("steward", 1))]
    assert said("risk.accounts.listed", n=3, roles=", ".join(counted)) in out
    assert "@example.cn" not in out, "who they are is nobody's business who gets the paper"
    file.write_text("accounts: []\n", encoding="utf-8")
    faulty = run("risk", "--dir", open_store, "--lang", "en").out
    assert "The list of accounts cannot be used" in faulty
    assert said("risk.todo.accounts_mend") in faulty


def test_a_file_is_for_its_owner_alone_and_the_log_knows(run: Run, open_store: Path, tmp_path: Path) -> None:
    file = tmp_path / "risk.md"
    file.write_text("former", encoding="utf-8")
    file.chmod(0o644)
    said = run("risk", "--dir", open_store, "--to", file, "--lang", "zh")
    assert (said.code, said.err) == (0, "")
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_text(encoding="utf-8").startswith("# 数据安全风险评估")
    last = read(open_store)[-1]
    assert (last.action, last.outcome, last.objects["edition"]) == ("risk", "done", "0001")


def test_without_the_key_of_the_log_nothing_is_assessed(run: Run, open_store: Path, tmp_path: Path) -> None:
    """The paper is confidential, so it comes out only where the log can say so; so does what an audit finds."""
    with using(new_key()):
        log.append(open_store, action="load")
    before = (open_store / log.FILE).read_bytes()
    for command in (["risk"], ["risk", "--to", tmp_path / "risk.md"], ["audit"]):
        said = run(*command, "--dir", open_store)
        assert (said.code, said.out) == (2, "")
        assert "The log is kept with the key" in said.err
    assert not (tmp_path / "risk.md").exists()
    assert (open_store / log.FILE).read_bytes() == before


def test_of_a_broken_log_the_paper_tells(run: Run, open_store: Path) -> None:
    (open_store / log.FILE).write_text("no entry\n", encoding="utf-8")
    said = run("risk", "--dir", open_store, "--lang", "en")
    assert said.code == 2
    assert words("en")("risk.todo.log_broken") in said.out
    assert said.err.startswith("The assessment could not be added to the log: ")
    assert run("audit", "--dir", open_store).out == ""


def test_who_uses_the_store_is_named_as_personal_information(run: Run, open_store: Path) -> None:
    said = words("en")
    first = run("risk", "--dir", open_store, "--lang", "en").out
    assert said("risk.identified.users", files="log.jsonl") not in first, "there was no log yet"
    assert said("risk.identified.users", files="log.jsonl") in run("risk", "--dir", open_store, "--lang", "en").out
    (open_store / "access.yaml").write_text("accounts:\n  - {email: a@example.cn, role: steward}\n", encoding="utf-8")
    both = said("risk.identified.users", files=said("catalogue.names").join(["access.yaml", "log.jsonl"]))
    assert both in run("risk", "--dir", open_store, "--lang", "en").out


def test_a_plan_can_be_named_and_a_folder_that_is_not_there_is_told(run: Run, open_store: Path, tmp_path: Path) -> None:
    bench = Path(__file__).parents[2] / "indicators" / "plans" / "bench"
    out = run("risk", "--dir", open_store, "--plan", bench, "--lang", "en").out
    assert "Benchmark plan" in out
    said = run("risk", "--dir", tmp_path / "nope")
    assert said.code == 2
    assert str(tmp_path / "nope") in said.err
    assert not (tmp_path / "nope").exists()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_finding_and_step_has_its_words(language: str) -> None:
    """Whatever a rule may say is worded: keys are read from the rules themselves."""
    source = Path(judge.__code__.co_filename).read_text(encoding="utf-8")
    told = words(language)
    for step in set(re.findall(r'todo="(\w+)"', source)) | {"log_none", "log_broken", "accounts", "accounts_mend"}:
        assert told(f"risk.todo.{step}")
    for name, body in re.findall(r"def _(\w+)\(evidence: Evidence\) -> Iterable\[Finding\]:(.*?)\n\n\n", source, flags=re.DOTALL):
        keys = re.findall(r'(?:key=|_of_files\()"(\w+)"', body)
        assert keys or name in ("entry",), name
        for key in keys:
            assert told(f"risk.{name}.{key}", n=1, files="f", tables="t", told="x")
