"""Weights of publications: kept once, never changed, and in the warehouse whatever happens to it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import polars as pl
import pytest

from pipelines import weights
from pipelines.database import Database
from pipelines.load import load
from pipelines.lock import held
from pipelines.parts import StoreDamaged
from pipelines.warehouse import NAME, keep_weights, open_warehouse, rebuild
from pipelines.weights import WEIGHTS, frame_of, keep, kept_versions, part_name, version_of
from tests.pipelines.forms import DICTIONARY, write


def used(factor: float = 1.0, *, period: str = "2025") -> pl.DataFrame:
    rows = [
        ("survey: rate", period, f"u{i}", "small" if i else "large", None if i == 2 else 1.5, 2.0 + i / 3, (2.0 + i / 3) * factor)
        for i in range(5)
    ]
    return pl.DataFrame(rows, schema=WEIGHTS, orient="row")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    place = tmp_path / "store"
    load(
        [write(tmp_path / "a.csv", "form_id,output_value,submitted_at", ["F1,7,2026-01-01"])], store=place, dictionary=DICTIONARY
    )
    return place


def in_warehouse(store: Path) -> pl.DataFrame:
    with open_warehouse(store, DICTIONARY) as database:
        return database.query("SELECT * FROM weights ORDER BY version, question, period, unit")


def test_the_version_is_that_of_the_content_whatever_its_order() -> None:
    one = used()
    assert (
        version_of(one)
        == version_of(one.sample(fraction=1, shuffle=True, seed=1))
        == version_of(one.select(reversed(one.columns)))
    )
    assert len(version_of(one)) == 16
    others = [used(1.0000001), used(period="2026"), one.with_columns(pl.col("unit") + "x"), one.head(4)]
    others += [one.with_columns(design_weight=pl.col("design_weight").fill_null(0.0))]
    assert len({version_of(frame) for frame in (one, *others)}) == 6


def test_weights_are_kept_as_they_are(store: Path) -> None:
    version = keep(store, used().reverse())
    path = store / part_name(version)
    assert path == store / "weights" / f"{version}.parquet"
    assert pl.read_parquet(path).equals(used())
    assert stat.S_IMODE(path.stat().st_mode) == 0o440
    assert kept_versions(store) == [version]
    assert [entry.name for entry in (store / "weights").iterdir()] == [path.name]


def test_the_same_weights_are_not_written_twice(store: Path) -> None:
    version = keep_weights(store, DICTIONARY, used())
    before = (store / part_name(version)).stat()
    assert keep_weights(store, DICTIONARY, used().reverse()) == version
    after = (store / part_name(version)).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert in_warehouse(store).height == 5


def test_every_publication_keeps_its_own(store: Path) -> None:
    versions = [keep_weights(store, DICTIONARY, used(factor)) for factor in (1.0, 1.1)]
    found = in_warehouse(store)
    assert sorted(set(found["version"])) == sorted(versions)
    assert found.drop("version").filter(found["version"] == versions[1]).equals(used(1.1))


def test_a_warehouse_built_anew_holds_them_again(store: Path) -> None:
    version = keep_weights(store, DICTIONARY, used())
    before = in_warehouse(store)
    rebuild(store, DICTIONARY)
    assert in_warehouse(store).equals(before)
    (store / NAME).unlink()
    assert in_warehouse(store).equals(before)
    assert set(before["version"]) == {version}


def test_a_warehouse_of_an_earlier_version_gets_the_table(store: Path) -> None:
    with Database(store / NAME) as database:
        database.execute("DROP TABLE weights")
        database.execute("UPDATE _state SET shape = 'of an earlier version'")
    assert in_warehouse(store).is_empty()


def test_while_another_writes_the_part_is_kept_and_the_table_follows(store: Path) -> None:
    with held(store, "loading"):
        version = keep_weights(store, DICTIONARY, used())
    assert kept_versions(store) == [version]
    assert in_warehouse(store).is_empty()
    keep_weights(store, DICTIONARY, used(2.0))
    assert in_warehouse(store)["version"].n_unique() == 2


def test_a_load_finds_weights_and_loses_none(store: Path, tmp_path: Path) -> None:
    keep_weights(store, DICTIONARY, used())
    load(
        [write(tmp_path / "b.csv", "form_id,output_value,submitted_at", ["F2,8,2026-01-01"])], store=store, dictionary=DICTIONARY
    )
    assert in_warehouse(store).height == 5


def test_a_part_that_was_changed_is_not_trusted(store: Path) -> None:
    version = keep_weights(store, DICTIONARY, used())
    path = store / "weights" / f"{version}.parquet"
    path.chmod(0o640)
    used(3.0).write_parquet(path)
    with pytest.raises(StoreDamaged, match="Restore it from a copy"):
        frame_of(store, version)
    (store / NAME).unlink()
    with pytest.raises(StoreDamaged, match=version):
        open_warehouse(store, DICTIONARY)
    path.write_bytes(b"torn")
    with pytest.raises(StoreDamaged):
        frame_of(store, version)


def test_the_table_is_named_as_the_parts(store: Path) -> None:
    assert weights.TABLE == "weights"
    assert list(in_warehouse(store).columns) == ["version", *WEIGHTS]


def test_where_nothing_can_be_written_the_file_is_named(tmp_path: Path) -> None:
    """A folder in the place of the file stands for any reason; the command line tells it in one line."""
    weights_file = tmp_path / "weights" / f"{version_of(used())}.parquet.{os.getpid()}.new"
    weights_file.mkdir(parents=True)
    with pytest.raises(OSError, match="directory") as failed:
        keep(tmp_path, used())
    assert (failed.value.filename, bool(failed.value.strerror)) == (str(weights_file), True)
