"""An edition of the automotive plan with plausible numbers, and the app on it in a real browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dashboard import cli
from dashboard.serve import service
from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Plan
from indicators.editions.edition import Edition
from tests.dashboard.plausible import write_plausible
from tests.dashboard.serving import free_port, serving

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """The browser of the system."""
    return os.environ.get("PLANWATCH_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUM)), None)


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a command gave back."""

    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.delenv("COLUMNS", raising=False)

    def command(*arguments: object) -> Said:
        code = cli.main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Said(code=code, out=said.out, err=said.err)

    return command


@pytest.fixture(autouse=True)
def _steward(monkeypatch: pytest.MonkeyPatch) -> None:
    """The app as it is on one's own machine, where nobody has to sign in."""
    monkeypatch.setenv("PLANWATCH_WHO", "steward")


@pytest.fixture(scope="session")
def plan() -> Plan:
    return load_plan(AUTOMOTIVE)


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> Path:
    """A store that holds nothing but one edition."""
    folder = tmp_path_factory.mktemp("store")
    write_plausible(folder / "editions", plan).close()
    return folder


@pytest.fixture(scope="session")
def edition(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> Iterator[Edition]:
    with closing(write_plausible(tmp_path_factory.mktemp("edition"), plan)) as written:
        yield written


@pytest.fixture(scope="session")
def app_url(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the app on that store, as on one's own machine."""
    with serving(service(store, free_port(), address="127.0.0.1"), tmp_path_factory.mktemp("log") / "app.log") as address:
        yield address


@pytest.fixture(scope="session")
def base_url() -> None:
    """In the place of a plugin's fixture, which is written in a way that pytest 9 warns of."""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The Chromium of the system; nothing is downloaded, and its absence is a failure."""
    found = chromium()
    if not found:
        pytest.fail(f"no browser: install Debian's chromium, or set PLANWATCH_CHROMIUM; looked for {', '.join(CHROMIUM)}")
    return {**browser_type_launch_args, "executable_path": found, "args": ["--no-sandbox", "--font-render-hinting=none"]}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    return {**browser_context_args, "viewport": {"width": 1280, "height": 900}, "locale": "zh-CN", "reduced_motion": "reduce"}
