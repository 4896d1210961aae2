"""Rooms and homes: which module may import what, kept by reading the syntax tree of every module."""

from __future__ import annotations

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parent.parent
#: a room may import itself and the rooms to its left; sample data are files first, and only the plan is read to make them
ROOMS = {
    "pipelines": {"pipelines"},
    "indicators": {"pipelines", "indicators"},
    "dashboard": {"pipelines", "indicators", "dashboard"},
    "sample_data": {"pipelines", "indicators", "sample_data"},
}
#: beyond its room, the one command that makes sample data
ALSO = {"dashboard/cli.py": {"sample_data"}}
#: a package with a home is imported nowhere else
HOMES = {
    "duckdb": r"pipelines/database\.py",
    "fastexcel": r"pipelines/child\w*\.py",
    "sqlglot": r"indicators/catalogue/formula\.py|pipelines/edit/linear\.py",
    "pyspark": r"indicators/engines/spark\.py",
    "streamlit": r"dashboard/(app|entrance|query)\.py|dashboard/(blocks|views)/\w+\.py",
    "starlette": r"dashboard/entrance\.py",
    "highspy": r"indicators/(protection|attack)/programme\.py",
    "cryptography": r"pipelines/seal\.py",
    "plotly": r"dashboard/charts/\w+\.py",
    "typst": r"dashboard/pictures/setter\.py",
    "typer": r"dashboard/(cli|options|intake)\.py|dashboard/commands/\w+\.py",
    "rich": r"dashboard/terminal\.py",
}
#: inside a room a folder may import itself and those before it; the modules beside the folders may import all of them
FOLDERS = {
    "indicators": (
        "catalogue",
        "engines",
        "editions",
        "statements",
        "estimation",
        "weights",
        "cycles",
        "protection",
        "attack",
        "revisions",
        "change",
        "targets",
        "methods",
        "splits",
        "scenarios",
        "alerts",
        "risk",
    ),
    "dashboard": (
        "words",
        "mistake",
        "rows",
        "wording",
        "catalogue",
        "lists",
        "papers",
        "pieces",
        "charts",
        "pictures",
        "reports",
        "visitors",
        "query",
        "blocks",
        "views",
    ),
}
MODULES = sorted(path for room in ROOMS for path in (REPOSITORY / room).rglob("*.py"))


def imported(source: str) -> set[str]:
    """Top-level names that a module imports anywhere, also inside functions and for type checking only."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative imports hide the room"
            names.add((node.module or "").split(".")[0])
    return names


def faults(place: str, names: set[str]) -> list[str]:
    """What a module at `place` imports and may not."""
    allowed = ROOMS[place.split("/")[0]] | ALSO.get(place, set())
    found = [f"{place} imports the room {name}" for name in names & (set(ROOMS) - allowed)]
    return found + [
        f"{place} imports {name}, whose home is {HOMES[name]}"
        for name in names & set(HOMES)
        if not re.fullmatch(HOMES[name], place)
    ]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(REPOSITORY).as_posix())
def test_every_module_keeps_to_its_room_and_its_homes(path: Path) -> None:
    assert faults(path.relative_to(REPOSITORY).as_posix(), imported(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("place", "source"),
    [
        ("pipelines/load.py", "import indicators.catalogue.plan"),
        ("indicators/statements/cells.py", "def f():\n    from dashboard import format"),
        ("indicators/statements/cells.py", "import duckdb as d"),
        ("dashboard/charts/trend.py", "from streamlit import cache_data"),
        ("dashboard/wording/phrases.py", "import plotly.graph_objects as go"),
        ("dashboard/wording/phrases.py", "import sample_data.generate"),
    ],
)
def test_an_import_in_the_wrong_place_is_seen(place: str, source: str) -> None:
    assert len(faults(place, imported(source))) == 1


@pytest.mark.parametrize(("room", "folder"), [(room, folder) for room, folders in FOLDERS.items() for folder in folders])
def test_inside_a_room_imports_point_to_what_comes_before(room: str, folder: str) -> None:
    allowed = FOLDERS[room][: FOLDERS[room].index(folder) + 1]
    for path in (REPOSITORY / room / folder).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(room):
                parts = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
                assert parts[1] in allowed, f"{path.name} imports {node.module}"


def test_every_folder_of_a_room_has_its_place() -> None:
    there = {path.parent.name for path in (REPOSITORY / "indicators").glob("*/__init__.py")}
    assert there == set(FOLDERS["indicators"])
    faces = {path.parent.name for path in (REPOSITORY / "dashboard").glob("*/__init__.py")}
    assert faces - {"commands"} <= set(FOLDERS["dashboard"])


def test_no_module_of_the_dashboard_bears_a_name_of_a_library() -> None:
    """Streamlit puts dashboard/ first on the path, so dashboard/plotly.py would be imported in the place of plotly."""
    libraries = set(sys.stdlib_module_names) | set(packages_distributions())
    names = {path.stem for path in (REPOSITORY / "dashboard").iterdir()} - {"__init__", "__pycache__"}
    assert names & libraries == set()


def test_no_folder_wakes_the_page_discovery_of_streamlit() -> None:
    assert not [path for path in (REPOSITORY / "dashboard").rglob("pages") if path.is_dir()]


def test_the_package_list_names_every_package() -> None:
    """setuptools is given the list, so a new folder of modules has to be added to it."""
    import tomllib

    listed = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"]
    there = {path.parent.relative_to(REPOSITORY).as_posix().replace("/", ".") for path in MODULES}
    assert there <= set(listed), "add the new package to [tool.setuptools] packages"
