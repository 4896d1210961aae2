"""What the README promises is there, and what is there is in the README."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from dashboard.cli import app
from indicators.catalogue import plan, scenario
from indicators.editions.details import DETAILS
from indicators.editions.results import OUTCOMES, RELEASES, RESULTS, REVIEWS, STATUSES, VERDICTS
from pipelines import custody, design, dictionary
from pipelines.edit import rule
from pipelines.yamlfile import Model

REPOSITORY = Path(__file__).parent.parent
README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
REFERENCE = (REPOSITORY / "indicators" / "plans" / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
MODELS = [
    model
    for module in (dictionary, custody, design, plan, rule, scenario)
    for model in vars(module).values()
    if isinstance(model, type) and issubclass(model, Model) and model.__module__ == module.__name__
    if model not in (dictionary.Dictionary, plan.Plan)  # put together from the files, not written in one
]


def commands(group: Any, path: str = "planwatch") -> Iterator[tuple[str, Any]]:
    """Every command with its path; groups are entered, not listed."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


COMMANDS = list(commands(get_command(app)))


def table_keys(heading: str) -> list[str]:
    """First cells of the table under a heading, without code marks."""
    section = re.split(r"^#+ ", README.split(f" {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line.split("|")[1].strip() for line in section.splitlines() if line.startswith("|")]
    return [cell.strip("`") for cell in rows[2:]]


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[path for path, _ in COMMANDS])
def test_every_command_is_in_the_readme_and_has_help(path: str, command: Any) -> None:
    told = [line for line in README.splitlines() if line.startswith((f"| `{path} ", f"| `{path}`"))]
    assert len(told) == 1, f"the command line table needs one line for `{path}`"
    assert command.help
    assert command.help.strip().endswith(".")
    for parameter in command.params:
        if parameter.name == "help":
            continue
        assert parameter.help, f"{path}: {parameter.name} has no help"
        if parameter.param_type_name == "argument":
            assert str(parameter.metavar) in told[0]


def test_every_option_in_the_readme_exists() -> None:
    known = {
        option
        for _, command in COMMANDS
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    lines = [line for line in README.splitlines() if "planwatch " in line and not line.startswith("[")]
    named = {option for line in lines for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", line)}
    assert named - known - {"--help"} == set()
    assert {"--dir", "--format", "--by"} <= named


def test_results_are_documented_column_by_column() -> None:
    assert table_keys("The results: a stable interface") == list(RESULTS)
    assert table_keys("Outcomes") == list(OUTCOMES)
    for word in (*STATUSES, *VERDICTS, *RELEASES, *REVIEWS):
        assert f"`{word}`" in README


def test_the_further_tables_are_documented_column_by_column() -> None:
    assert table_keys("The further tables") == list(DETAILS)
    lines = {line.split("|")[1].strip(" `"): line for line in README.splitlines() if line.startswith("| `")}
    shared = {"indicator", "period", "breakdown", "category"}
    for name, columns in DETAILS.items():
        assert [column for column in columns if column not in shared and f"`{column}`" not in lines[name]] == []


def test_every_runtime_dependency_earns_its_line() -> None:
    needed = {re.split(r"[<>=~!\[]", text)[0] for text in PROJECT["project"]["dependencies"]}
    assert set(table_keys("What each dependency is for")) == needed


def test_every_dependency_of_the_tests_is_named() -> None:
    section = README.split("For tests and checks only:", 1)[1].split("##", 1)[0]
    for text in PROJECT["dependency-groups"]["dev"]:
        assert re.split(r"[<>=~!\[]", text)[0] in section


def test_every_make_target_is_documented() -> None:
    targets = re.findall(r"^([a-z-]+):.*## ", (REPOSITORY / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert [f"make {target}" for target in targets if target != "help"] == sorted(table_keys("Development"), key=_place(targets))


def _place(targets: list[str]) -> Any:
    return lambda cell: targets.index(cell.removeprefix("make "))


def test_links_and_pictures_lead_somewhere() -> None:
    for text in (README, REFERENCE):
        for address in re.findall(r"\]\(([^)#]+)\)", text):
            assert (REPOSITORY / address).exists() or (REPOSITORY / "indicators" / "plans" / address).exists(), address


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_key_of_a_plan_folder_is_in_the_reference(model: type[Model]) -> None:
    missing = [name for name in model.model_fields if not re.search(rf"`{name}[`:]", REFERENCE)]
    assert missing == []


def test_the_lock_has_hashes_and_no_address() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        packages = re.findall(
            r"^[A-Za-z0-9][\w.-]*==[^\\\n]+\\?$((?:\n +--hash=sha256:[0-9a-f]{64} ?\\?)*)", text, flags=re.MULTILINE
        )
        assert len(packages) > 40
        assert all(packages), "a package without a hash"
        assert "://" not in text
        assert "--index" not in text


def test_the_lock_of_the_tests_holds_all_of_the_runtime_lock() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^\S+==\S+", (REPOSITORY / name).read_text(encoding="utf-8"), flags=re.MULTILINE))

    assert pins("requirements.lock") <= pins("requirements-dev.lock")
