"""Every error message of a plan folder, each shown by one broken file that takes its place in a small good plan.

A broken file begins with `# stands at:` (its path in the plan) and one `# must give:` for each fault, whole.
"""

from __future__ import annotations

import ast
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from indicators import catalogue, formula, plan, planfaults
from indicators.case import run_case
from indicators.catalogue import load_plan
from pipelines import dictionary, yamlfile
from pipelines.yamlfile import PlanFaults

FOLDER = Path(__file__).parent.parent / "broken_plans"
GOOD = FOLDER / "good"
BROKEN = sorted(FOLDER.glob("*.yaml"))
STANDS, GIVES = "# stands at: ", "# must give: "


def header(file: Path, mark: str) -> list[str]:
    lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    return [line.removeprefix(mark) for line in lines if line.startswith(mark)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the good plan."""
    shutil.copytree(GOOD, tmp_path / "plan")
    return tmp_path / "plan"


def faults_of(folder: Path) -> list[str]:
    with pytest.raises(PlanFaults) as caught:
        load_plan(folder)
    return [str(fault) for fault in caught.value.faults]


def test_the_good_plan_is_good() -> None:
    tiny = load_plan(GOOD)
    assert run_case(tiny, tiny.cases["rate"]) == []


@pytest.mark.parametrize("file", BROKEN, ids=lambda file: file.stem)
def test_broken_file(file: Path, folder: Path) -> None:
    [place] = header(file, STANDS)
    shutil.copyfile(file, folder / place)
    assert faults_of(folder) == header(file, GIVES)


def test_no_plan_here(tmp_path: Path) -> None:
    [found] = faults_of(tmp_path)
    assert found == f"{tmp_path}:1:1  there is no plan.yaml here; a plan folder holds plan.yaml, tables/, codes/ and indicators/."


def test_a_folder_where_a_file_should_be(folder: Path) -> None:
    (folder / "tables" / "more.yaml").mkdir()
    assert faults_of(folder) == ["plan/tables/more.yaml:1:1  the file cannot be read: Is a directory."]


def test_nesting_without_end(folder: Path) -> None:
    (folder / "indicators" / "rate.yaml").write_text("[" * 5000, encoding="utf-8")
    [found] = faults_of(folder)
    assert found.startswith("plan/indicators/rate.yaml:1:1  this is not YAML that can be read: maximum recursion depth exceeded")


def test_faults_of_all_files_come_together_in_order(folder: Path) -> None:
    for name, old, new in [
        ("tables/answers.yaml", "key: [firm, year]", "key: [frm, year]"),
        ("tables/answers.yaml", "latest: sent", "latest: snt"),
        ("tables/firms.yaml", "period: year", "period: yaer"),
    ]:
        file = folder / name
        file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    assert [fault.split("  ")[0] for fault in faults_of(folder)] == [
        "plan/tables/answers.yaml:2:7",
        "plan/tables/answers.yaml:4:9",
        "plan/tables/firms.yaml:3:9",
    ]


def test_codes_that_yaml_1_1_takes_for_booleans_stay_text(folder: Path) -> None:
    file = folder / "codes" / "branch.yaml"
    text = "  NO: {name: {zh: 挪威, en: Norway}}\n  on: {name: {zh: 开, en: On}}\n  y: {name: {zh: 是, en: Y}}\n"
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
    assert list(load_plan(folder).dictionary.codes["branch"].codes) == ["cars", "bikes", "NO", "on", "y"]


#: shown by a test above, because no single file can be broken so
ELSEWHERE = ("there is no plan.yaml here", "the file cannot be read", "this is not YAML that can be read")


MODULES = [yamlfile, dictionary, catalogue, plan, planfaults, formula]


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_message_has_a_broken_file(module: ModuleType) -> None:
    said = "\n".join(line for file in BROKEN for line in header(file, GIVES))
    missing = [text for text in messages(Path(str(module.__file__))) if text not in said and not text.startswith(ELSEWHERE)]
    assert missing == []


def messages(file: Path) -> list[str]:
    """The longest fixed piece of every text in a module that reads like a sentence; docstrings and the like left out."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    skipped: set[int] = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            skipped.add(id(body[0].value))
        if isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values if isinstance(part, ast.Constant)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            pieces = [str(part.value) for part in node.values if isinstance(part, ast.Constant)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in skipped:
            pieces = [node.value]
        else:
            continue
        text = max(pieces, key=len, default="").strip()
        if len(text) > 12 and " " in text:
            found.append(text)
    return found
