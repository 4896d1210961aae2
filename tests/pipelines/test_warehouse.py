"""The warehouse: always to be had again from the parts, never half, never out of step."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines import parts, warehouse
from pipelines.database import Database, DatabaseError
from pipelines.dictionary import SQL_TYPES, Dictionary
from pipelines.load import load
from pipelines.lock import StoreBusy
from pipelines.parts import StoreDamaged, read_manifest
from pipelines.warehouse import NAME, open_warehouse, rebuild
from tests.pipelines.forms import DICTIONARY, column, register, write

FORM = "form_id,output_value,submitted_at"


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Four loads of one table, the later ones replacing some keys of the earlier, and a second table."""
    place = tmp_path / "store"
    for number, forms in enumerate((range(40), range(20, 60), range(35, 38), range(100, 101))):
        path = write(
            tmp_path / f"{number}.csv", FORM, [f"F{form:03},{number * 1000 + form},2026-01-0{number + 1}" for form in forms]
        )
        load([path, register(tmp_path / "register.csv")], store=place, dictionary=DICTIONARY)
    return place


def rows(place: Path, dictionary: Dictionary = DICTIONARY) -> list[tuple[object, ...]]:
    with open_warehouse(place, dictionary) as database:
        return database.query("SELECT * FROM form ORDER BY form_id").rows()


def test_rebuilt_from_the_parts_it_is_row_for_row_the_same(store: Path) -> None:
    before = rows(store)
    assert len(before) == 61
    assert {row[0]: row[-1] for row in before}["F036"] == 4  # the third form file is the fourth part
    rebuild(store, DICTIONARY)
    assert rows(store) == before


@pytest.mark.parametrize("accident", ["missing", "empty", "torn", "text", "older"])
def test_a_lost_or_torn_warehouse_comes_back_by_itself(accident: str, store: Path, tmp_path: Path) -> None:
    before, file = rows(store), store / NAME
    content = file.read_bytes()
    if accident == "missing":
        file.unlink()
    elif accident == "older":
        file.write_bytes(content)
        path = write(tmp_path / "late.csv", FORM, ["F000,7,2026-02-01"])
        load([path], store=store, dictionary=DICTIONARY)
        file.write_bytes(content)  # an old copy put back: it is caught up, not trusted
        before = [("F000", 7.0, *before[0][2:-1], 6) if row[0] == "F000" else row for row in before]
        before[0] = rows(store)[0]
        assert before[0][1] == 7.0
    else:
        file.write_bytes({"empty": b"", "torn": content[: len(content) // 2], "text": b"not a database" * 1000}[accident])
    assert rows(store) == before
    assert not Path(f"{file}.wal").exists()


def test_a_warehouse_of_another_history_is_not_trusted(store: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for number in range(5):
        load([write(tmp_path / f"x{number}.csv", FORM, [f"X{number},1,2026-01-01"])], store=other, dictionary=DICTIONARY)
    before = rows(store)
    (store / NAME).write_bytes((other / NAME).read_bytes())
    assert rows(store) == before


def test_every_table_exists_with_its_types_when_nothing_was_loaded(tmp_path: Path) -> None:
    with open_warehouse(tmp_path / "store", DICTIONARY) as database:
        for table in DICTIONARY.tables.values():
            found = database.query(f'DESCRIBE "{table.id}"').select("column_name", "column_type").rows()
            assert found == [*((name, SQL_TYPES[entry.type]) for name, entry in table.columns.items()), ("src_part", "BIGINT")]
            assert database.query(f'SELECT count(*) FROM "{table.id}"').item() == 0


def test_a_new_column_in_the_dictionary_rebuilds_with_blanks(store: Path) -> None:
    values = DICTIONARY.model_dump()
    values["tables"]["form"]["columns"]["extra"] = column("number", "新列", "Extra")
    before = rows(store)
    with open_warehouse(store, Dictionary.model_validate(values)) as database:
        found = database.query("SELECT * FROM form ORDER BY form_id")
    assert found["extra"].null_count() == found.height
    assert found.drop("extra").rows() == before
    assert rows(store) == before


def test_a_changed_part_is_refused_by_name(store: Path) -> None:
    part = store / str(read_manifest(store)[0].part)
    part.chmod(0o640)
    pl.read_parquet(part).with_columns(output_value=pl.lit(1.0)).write_parquet(part)
    (store / NAME).unlink()
    with pytest.raises(StoreDamaged, match=part.name):
        open_warehouse(store, DICTIONARY)


def test_it_is_opened_for_reading_only(store: Path) -> None:
    with open_warehouse(store, DICTIONARY) as database:
        with pytest.raises(DatabaseError):
            database.execute("DELETE FROM form")
        with pytest.raises(DatabaseError):
            database.query(f"SELECT * FROM read_csv('{store}/accepted/manifest.jsonl')")


def test_a_warehouse_open_elsewhere_is_not_torn(store: Path, tmp_path: Path) -> None:
    late = write(tmp_path / "late.csv", FORM, ["F000,7,2026-02-01"])
    with open_warehouse(store, DICTIONARY), pytest.raises(StoreBusy, match="open"):
        load([late], store=store, dictionary=DICTIONARY)
    assert load([late], store=store, dictionary=DICTIONARY)[0].replaced == 1


def test_two_readers_at_once(store: Path) -> None:
    with open_warehouse(store, DICTIONARY) as one, open_warehouse(store, DICTIONARY) as other:
        assert one.query("SELECT count(*) FROM form").item() == other.query("SELECT count(*) FROM form").item()


def test_a_crash_between_manifest_and_warehouse_is_caught_up(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = write(tmp_path / "late.csv", FORM, ["F000,7,2026-02-01"])
    genuine = warehouse._apply

    def power_cut(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(warehouse, "_apply", power_cut)
    with pytest.raises(KeyboardInterrupt):
        load([late], store=store, dictionary=DICTIONARY)
    monkeypatch.setattr(warehouse, "_apply", genuine)
    assert rows(store)[0][1] == 7.0


def test_the_state_names_the_manifest(store: Path) -> None:
    with Database(store / NAME, read_only=True) as database:
        state = database.query("SELECT sequence, manifest_sha256 FROM _state").rows()
    count = len(read_manifest(store))
    assert state == [(count, parts.manifest_sha256(store, count))]
