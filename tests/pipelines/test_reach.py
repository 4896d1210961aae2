"""Who can reach the files of a store, by the modes of the files and of every folder above them."""

from __future__ import annotations

import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipelines.reach import Kept, Reach, reached
from pipelines.seal import Place, seal
from pipelines.secret import new_key


@pytest.fixture
def store() -> Iterator[Path]:
    """A store that everyone can walk into; the folders of pytest are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="planwatch-reach-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def put(store: Path, name: str, mode: int = 0o640) -> Path:
    path = store / name
    path.parent.mkdir(parents=True, exist_ok=True)
    for parent in path.relative_to(store).parents:
        (store / parent).chmod(0o755)
    path.write_bytes(b"rows")
    path.chmod(mode)
    return path


def of(store: Path, name: str) -> Kept:
    return next(one for one in reached(store) if one.name == name)


@pytest.mark.parametrize(("mode", "readers"), [(0o644, "everyone"), (0o604, "everyone"), (0o600, "owner"), (0o622, "owner")])
def test_the_mode_of_a_file_says_who_reads_it(store: Path, mode: int, readers: Reach) -> None:
    put(store, "warehouse.duckdb", mode)
    assert of(store, "warehouse.duckdb").readers == readers


@pytest.mark.parametrize("closed", [0, 1])
def test_a_closed_folder_above_keeps_everyone_out(store: Path, closed: int) -> None:
    path = put(store, "accepted/register/000001-a.parquet", 0o644)
    assert of(store, "accepted/register/000001-a.parquet").readers == "everyone"
    path.parents[closed].chmod(0o750)
    assert of(store, "accepted/register/000001-a.parquet").readers == "owner"


def test_a_folder_that_everyone_writes_into_opens_its_files_to_be_replaced(store: Path) -> None:
    put(store, "warehouse.duckdb", 0o600)
    assert of(store, "warehouse.duckdb").writers == "owner"
    store.chmod(0o777)
    assert of(store, "warehouse.duckdb").writers == "everyone"
    store.chmod(0o1777)  # sticky: only the owner of a file may put another in its place
    assert of(store, "warehouse.duckdb").writers == "owner"
    assert of(store, "warehouse.duckdb").readers == "owner"


@pytest.mark.skipif(os.getuid() != 0, reason="only an administrator can give a file to another group")
def test_a_group_reads_where_it_has_other_members_and_gets_through_the_folders(store: Path) -> None:
    other = next(user for user in pwd.getpwall() if user.pw_uid != 0 and user.pw_gid != 0)
    path = put(store, "accepted/register/000001-a.parquet", 0o640)
    assert of(store, "accepted/register/000001-a.parquet").readers == "owner", "the group of the owner has no other member"
    os.chown(path, 0, other.pw_gid)
    assert of(store, "accepted/register/000001-a.parquet").readers == "group"
    path.parent.chmod(0o750)  # a folder of another group stops them
    assert of(store, "accepted/register/000001-a.parquet").readers == "owner"
    os.chown(path.parent, 0, other.pw_gid)
    assert of(store, "accepted/register/000001-a.parquet").readers == "group"


def test_every_file_is_known_or_nobodys(store: Path) -> None:
    names = {
        "accepted/register/000001-a.parquet": "accepted part",
        "accepted/manifest.jsonl": "manifest of parts",
        "edits/000001-register.parquet": "part of the trail",
        "weights/a.parquet": "weights",
        "disclosure.yaml": "rules of disclosure",
        "editions/0001/edition.duckdb": "editions",
        "editions/current.json": "editions",
        "log.jsonl": "log",
        "access.yaml": "accounts",
        "sample/survey.csv": None,
        "warehouse (copy).duckdb": None,
    }
    for name in names:
        put(store, name)
    assert {one.name: one.role for one in reached(store)} == names
    assert {one.name for one in reached(store) if not one.confidential} == {
        "editions/0001/edition.duckdb",
        "editions/current.json",
        "log.jsonl",
        "access.yaml",
    }


def test_sealed_files_are_told_from_plain_ones(store: Path) -> None:
    put(store, "weights/a.parquet")
    with put(store, "weights/b.parquet").open("wb") as file:
        seal([b"rows"], file, new_key(), Place(role="weights", name="weights/b.parquet"))
    assert [one.sealed for one in reached(store)] == [False, True]


def test_a_store_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert reached(tmp_path / "nope") == ()


def test_a_folder_that_cannot_be_listed_is_no_empty_one(store: Path) -> None:
    put(store, "accepted/register/000001-a.parquet")
    (store / "accepted").chmod(0o000)
    me = os.geteuid()
    if me == 0:  # no mode keeps an administrator out
        os.seteuid(next(user.pw_uid for user in pwd.getpwall() if user.pw_uid != 0))
    try:
        with pytest.raises(PermissionError):
            reached(store)
    finally:
        os.seteuid(me)
        (store / "accepted").chmod(0o755)
    assert len(reached(store)) == 1
