"""What the log cannot tell does not happen: each command that changes a store asks the log before its first change."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import pytest

from dashboard import cli
from pipelines import log, vault
from pipelines.secret import new_key, read_key, using, write_key
from tests.dashboard.conftest import Run

SMALL = Path(__file__).parent.parent.parent / "sample_data" / "small"
CHANGES = {
    "load": ["load", str(SMALL)],
    "edit": ["edit", "run"],
    "publish": ["publish"],
    "freeze": ["freeze"],
    "forget": ["forget", "--unit", "E000002"],
    "pseudonymise": ["pseudonymise", "orders", "--for", "MIIT", "--out", "OUT.csv"],
    "rejected": ["rejected", "--out", "OUT.csv"],
}


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory, store: Path) -> Path:
    """A part of the sample, and an edition."""
    folder = tmp_path_factory.mktemp("loaded") / "store"
    assert cli.main(["load", str(next(SMALL.glob("*register*"))), "--dir", str(folder)]) == 0
    shutil.copytree(store / "editions", folder / "editions")
    return folder


@pytest.fixture
def own(loaded: Path, tmp_path: Path) -> Path:
    shutil.copytree(loaded, tmp_path / "own")
    return tmp_path / "own"


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("sealed", [False, True], ids=["plain", "sealed"])
def test_without_the_key_of_the_log_a_command_changes_no_byte(
    command: list[str], *, sealed: bool, run: Run, own: Path, tmp_path: Path
) -> None:
    write_key(tmp_path / "key", new_key())
    if sealed:
        assert run("seal", "--dir", own, "--key-file", tmp_path / "key").code == 0
    else:
        with using(read_key(tmp_path / "key")):
            log.append(own, action="load")
    before = content(own)
    out = tmp_path / "out.csv"
    said = run(*(str(out) if word == "OUT.csv" else word for word in command), "--dir", own)
    assert (said.code, "no key was given" in said.err) == (2, True)
    assert content(own) == before
    assert not out.exists()


def test_freeze_goes_with_the_key(run: Run, own: Path, tmp_path: Path) -> None:
    """The control of the test above: with the key the same command changes the store."""
    write_key(tmp_path / "key", new_key())
    run("seal", "--dir", own, "--key-file", tmp_path / "key")
    assert run("freeze", "--dir", own, "--key-file", tmp_path / "key").code == 0
    assert (own / "editions" / "frozen.json").exists()
    assert json.loads((own / log.FILE).read_text(encoding="utf-8").splitlines()[-1])["action"] == "freeze"


def test_the_key_of_the_log_is_not_written_into_the_store_nor_over_a_file(run: Run, own: Path, tmp_path: Path) -> None:
    write_key(tmp_path / "key", new_key())
    given = ("--dir", own, "--key-file", tmp_path / "key")
    run("seal", *given)
    before = content(own)
    (tmp_path / "there").write_text("mine")
    assert "lies in the store" in run("log", "key", "--out", own / "lkey", *given).err
    assert "exists already" in run("log", "key", "--out", tmp_path / "there", *given).err
    assert content(own) == before, "what was refused is not logged as done"
    assert (tmp_path / "there").read_text() == "mine"
    assert run("log", "key", "--out", tmp_path / "lkey", *given).code == 0
    assert json.loads((own / log.FILE).read_text(encoding="utf-8").splitlines()[-1])["objects"]["command"] == "log_key"


def test_a_key_in_the_store_named_by_the_environment_is_refused(
    run: Run, own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_key(own / "key", new_key())
    monkeypatch.setenv("PLANWATCH_KEY_FILE", str(own / "key"))
    said = run("seal", "--dir", own)
    assert (said.code, vault.state(own)) == (2, None)
    assert "lies in the store" in said.err


def test_set_aside_rows_are_their_owners_alone(run: Run, own: Path, tmp_path: Path) -> None:
    for name, before in (("new.csv", None), ("old.csv", "x")):
        path = tmp_path / name
        if before is not None:
            path.write_text(before)
            path.chmod(0o666)
        assert run("rejected", "--out", path, "--dir", own).code == 0
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
