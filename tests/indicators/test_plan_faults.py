"""Every error message of a plan folder, each shown by one broken file that takes its place in a small good plan.

A broken file begins with `# stands at:` (its path in the plan) and one `# must give:` for each fault, whole.
"""

from __future__ import annotations

import ast
import contextlib
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from indicators.case import run_case
from indicators.catalogue import (
    catalogue,
    comparability,
    designfaults,
    formula,
    plan,
    planfaults,
    scenario,
    scenariofaults,
    targetfaults,
)
from indicators.catalogue.catalogue import load_plan
from pipelines import custody, design, dictionary, yamlfile, yamlwords
from pipelines.edit import linear, rule, rulefaults
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
    assert found == "plan/indicators/rate.yaml:1:1  the brackets or indents of this file nest too deep to be read; close them."


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


def change(folder: Path, name: str, old: str, new: str) -> None:
    file = folder / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def test_eight_faults_of_eight_kinds_in_one_run(folder: Path) -> None:
    change(folder, "plan.yaml", "headline: [rate,", "headline: [rte,")
    change(folder, "breakdowns.yaml", "rollup: sector", "rollup: sectr")
    change(folder, "codes/branch.yaml", "bikes: {", "bikes {")
    change(folder, "tables/answers.yaml", "that: done <= steps", "that: done // 2 <= steps")
    change(folder, "tables/firms.yaml", "period: year", "period: yaer")
    change(folder, "indicators/rate.yaml", "better: higher", "better: up")
    change(folder, "indicators/rate.yaml", "where: steps > 0", "where: stps > 0")
    change(folder, "indicators/rate_change.yaml", "better: higher", "better: higher\nbetter: lower")
    assert faults_of(folder) == [
        "plan/breakdowns.yaml:3:64  the code list `sectr` does not exist. Did you mean `sector`?",
        "plan/codes/branch.yaml:4:39  this line does not fit the lines above it; "
        "indent it like its neighbours and put a colon after the key.",
        "plan/indicators/rate.yaml:4:9  `better` must be `higher` or `lower`, found `up`.",
        "plan/indicators/rate.yaml:7:8  where names column `stps`, which table `answers` does not have. Did you mean `steps`?",
        "plan/indicators/rate_change.yaml:5:1  the key `better` stands here twice (first in line 4); keep one.",
        "plan/plan.yaml:9:12  the indicator `rte` does not exist. Did you mean `rate`?",
        "plan/tables/answers.yaml:16:29  the check uses `//`, which differs between engines; "
        "write CAST(a AS DOUBLE) / NULLIF(b, 0).",
        "plan/tables/firms.yaml:3:9  the column `yaer` does not exist. Did you mean `year`?",
    ]


@pytest.mark.parametrize("name", sorted(str(file.relative_to(GOOD)) for file in GOOD.rglob("*.yaml")))
@pytest.mark.parametrize("text", ["a: [", "- a", ""], ids=["unreadable", "list", "empty"])
def test_a_file_that_cannot_be_read_is_one_fault_and_hides_none(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")
    [alone] = faults_of(folder)
    assert alone.startswith(f"plan/{name}:")
    other = "indicators/rate.yaml" if name != "indicators/rate.yaml" else "indicators/wait.yaml"
    change(folder, other, "unit: ", "where: steps % 2 = 0\nunits: " if other.endswith("wait.yaml") else "unts: ")
    assert alone in faults_of(folder)
    assert any("unknown key `un" in fault for fault in faults_of(folder))


@pytest.mark.parametrize("table", ["answers", "firms", "jobs"])
def test_a_column_whose_definition_is_broken_is_one_fault(folder: Path, table: str) -> None:
    file = folder / "tables" / f"{table}.yaml"
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    for i, line in enumerate(lines):
        if "{type: " in line:
            broken = line.replace("{type: ", "{type: no_")
            file.write_text("".join([*lines[:i], broken, *lines[i + 1 :]]), encoding="utf-8")
            [found] = faults_of(folder)
            assert found.startswith(f"plan/tables/{table}.yaml:{i + 1}:")
            assert "`type` must be `identifier`" in found


@pytest.mark.parametrize("name", sorted(str(file.relative_to(GOOD)) for file in GOOD.rglob("*.yaml")))
def test_no_line_left_out_ends_in_anything_but_faults(folder: Path, name: str) -> None:
    file = folder / name
    lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    for i, line in enumerate(lines):
        key = line.split(":")[0]
        instead = ("", f"{key}: 7\n", f"{key}: [a]\n", f"{key}: {{a: {{b: c}}}}\n")[i % 4]
        file.write_text("".join([*lines[:i], instead, *lines[i + 1 :]]), encoding="utf-8")
        with contextlib.suppress(PlanFaults):  # a line left out may leave a good plan
            load_plan(folder)


def test_a_code_list_that_is_not_there_is_a_fault(folder: Path) -> None:
    (folder / "codes" / "branch.yaml").unlink()
    assert faults_of(folder) == ["plan/tables/firms.yaml:7:31  the code list `branch` does not exist. Known here: sector."]


def test_no_such_folder_and_a_file_for_a_folder(folder: Path) -> None:
    assert faults_of(folder / "nope") == [f"no such folder: {folder / 'nope'}"]
    file = folder / "plan.yaml"
    words = "is a file; give the plan folder, which holds plan.yaml, tables/, codes/ and indicators/"
    assert faults_of(file) == [f"{file} {words}"]


def test_a_decomposition_needs_a_design_by_which_units_can_be_followed(folder: Path) -> None:
    change(folder, "indicators/rate_change.yaml", 'base_period: "2025"', 'base_period: "2025"\ndecomposition: {by: branch}')
    change(folder, "tables/firms.yaml", "en: Branch}, tier: general", "en: Branch}, required: true, tier: general")
    assert load_plan(folder).indicators["rate_change"].decomposition is not None
    change(folder, "tables/answers.yaml", "design: {unit: firm,", "design: {calibration: {totals: [{}]}, unit: firm,")
    [found] = faults_of(folder)
    assert found == (
        "plan/indicators/rate_change.yaml:7:1  needs a `design` without calibration: "
        "its parts are sums by design weight of who stays, comes, leaves."
    )


def test_codes_that_yaml_1_1_takes_for_booleans_stay_text(folder: Path) -> None:
    file = folder / "codes" / "branch.yaml"
    text = "  NO: {name: {zh: 挪威, en: Norway}}\n  on: {name: {zh: 开, en: On}}\n  y: {name: {zh: 是, en: Y}}\n"
    file.write_text(file.read_text(encoding="utf-8") + text, encoding="utf-8")
    assert list(load_plan(folder).dictionary.codes["branch"].codes) == ["cars", "bikes", "NO", "on", "y"]


#: shown by a test above, because no single file can be broken so
ELSEWHERE = (
    "there is no plan.yaml here",
    "the file cannot be read",
    "the brackets or indents",
    "no such folder",
    "is a file; give",
    "needs a `design` without",
)

#: words of the YAML reader, from which a message is chosen
READER = ("cannot start any token", "unknown escape", "quoted scalar", "mapping values are not allowed", "simple key",
          "constructor for the tag", "single document")  # fmt: skip

MODULES = [
    yamlfile, yamlwords, dictionary, custody, design, catalogue, plan, planfaults, designfaults, targetfaults, comparability,
    formula, rule, rulefaults, linear, scenario, scenariofaults,
]  # fmt: skip


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_message_has_a_broken_file(module: ModuleType) -> None:
    said = "\n".join(line for file in BROKEN for line in header(file, GIVES))
    missing = [
        text for text in messages(Path(str(module.__file__))) if text not in said and not text.startswith((*ELSEWHERE, *READER))
    ]
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
