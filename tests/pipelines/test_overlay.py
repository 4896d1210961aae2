"""The overlay: edited rows in the place of raw ones under the same name, raw tables untouched, rebuilt when it is lost."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import editrun, log, overlay, trail, warehouse
from pipelines.database import Database, DatabaseError
from pipelines.editinputs import ASKED, BESIDE, inputs
from pipelines.editrun import with_rules
from pipelines.load import load
from pipelines.lock import StoreBusy
from pipelines.parts import StoreDamaged
from pipelines.trail import Run
from pipelines.warehouse import open_warehouse
from tests.pipelines.edited import ANSWERS, REGISTER, SURVEY, dictionary, filled, stand_in
from tests.pipelines.forms import ENTERPRISE, column, write

DICTIONARY = dictionary()
VALUES = "SELECT enterprise_id, output, staff FROM survey ORDER BY enterprise_id"
RAW = [("E1", 5e6, 900), ("E2", 700.0, 800), ("E4", 40.0, 30), ("E5", None, 20)]
EDITED = [("E1", 5000.0, 900), ("E2", 700.0, 800), ("E3", 700.0, 700), ("E4", 40.0, 30), ("E5", 20.0, 20)]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return filled(tmp_path)


def edit(store: Path) -> dict[str, Run]:
    return editrun.edit(store, DICTIONARY, plan_sha256="plan", actor="wang", rules=stand_in)


def read(store: Path, runs: dict[str, Run], sql: str = VALUES) -> list[tuple[object, ...]]:
    with overlay.open_edited(store, DICTIONARY, runs) as database:
        return database.query(sql).rows()


def test_the_same_statement_reads_raw_or_edited_rows(store: Path) -> None:
    runs = edit(store)
    assert read(store, runs) == EDITED
    with open_warehouse(store, DICTIONARY) as database:
        assert database.query(VALUES).rows() == RAW


def test_both_readings_at_once_in_one_process_do_not_mix(store: Path) -> None:
    runs = edit(store)
    with open_warehouse(store, DICTIONARY) as raw, overlay.open_edited(store, DICTIONARY, runs) as edited:
        for _ in range(3):
            assert raw.query(VALUES).rows() == RAW
            assert edited.query(VALUES).rows() == EDITED
        assert edited.query("SELECT count(*) FROM register").item() == 6  # a table without edited rows is the table itself
        assert edited.query("SELECT count(*) FROM main.survey").item() == 4


def test_edited_reading_is_closed_to_files_and_writing(store: Path) -> None:
    with overlay.open_edited(store, DICTIONARY, edit(store)) as database:
        with pytest.raises(DatabaseError):
            database.query(f"SELECT * FROM read_csv('{store}/edits/manifest.jsonl')")
        with pytest.raises(DatabaseError):
            database.execute("DELETE FROM survey__edited")


def test_raw_parts_and_raw_tables_are_untouched(store: Path) -> None:
    before = {path: path.read_bytes() for path in (store / "accepted").rglob("*") if path.is_file()}
    edit(store)
    assert {path: path.read_bytes() for path in (store / "accepted").rglob("*") if path.is_file()} == before
    with open_warehouse(store, DICTIONARY) as database:
        assert database.query(VALUES).rows() == RAW


@pytest.mark.parametrize("accident", ["missing", "torn", "raw only"])
def test_a_lost_warehouse_comes_back_with_its_edited_rows(accident: str, store: Path) -> None:
    runs, file = edit(store), store / warehouse.NAME
    if accident == "missing":
        file.unlink()
    elif accident == "torn":
        file.write_bytes(file.read_bytes()[:5000])
    else:
        warehouse.rebuild(store, DICTIONARY)
    assert read(store, runs) == EDITED


def test_a_changed_part_of_the_trail_is_refused_by_name(store: Path) -> None:
    runs = edit(store)
    warehouse.rebuild(store, DICTIONARY)
    path = trail.part_path(store, runs["survey"].sequence, "survey", "rows")
    path.chmod(0o640)
    path.write_bytes(path.read_bytes()[:-8] + b"tampered")
    with pytest.raises(StoreDamaged, match=path.name):
        read(store, runs)


def test_without_edited_rows_there_is_no_view(tmp_path: Path) -> None:
    store = filled(tmp_path, ["E1,2026,5000,900", "E2,2026,700,800", "E3,2026,10,700", "E4,2026,40,30", "E5,2026,1,20"])
    runs = edit(store)
    assert (runs["survey"].replaced, runs["survey"].reviews) == (0, 1)
    with overlay.open_edited(store, DICTIONARY, runs) as database:
        assert database.query("SELECT * FROM information_schema.tables WHERE table_schema = 'current'").is_empty()
        assert database.query("SELECT * FROM survey").columns == [*DICTIONARY.tables["survey"].columns, "src_part"]


def test_rows_of_an_earlier_run_do_not_stay(store: Path) -> None:
    first = edit(store)
    assert read(store, first) == EDITED
    empty = {name: trail.frame_of(store, first["survey"], name).clear() for name in trail.FRAMES}
    later = trail.keep(store, "survey", empty, first["survey"].origin)
    assert read(store, {"survey": later}) == RAW
    assert read(store, first) == EDITED  # a run that was superseded can still be laid


def test_the_writer_waits_for_no_reader_but_says_so(store: Path) -> None:
    with open_warehouse(store, DICTIONARY), pytest.raises(StoreBusy, match="open"):
        edit(store)


def test_what_is_loaded_between_editing_and_reading_is_edited_too(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genuine, late = overlay.open_edited, write(store.parent / "late.csv", "enterprise_id,year,output,staff", ["E2,2026,8e6,800"])

    def loaded_meanwhile(*arguments: object) -> Database:
        load([late], store=store, dictionary=DICTIONARY)
        return genuine(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(editrun.overlay, "open_edited", loaded_meanwhile)
    monkeypatch.setattr(editrun.edit, "__kwdefaults__", {**editrun.edit.__kwdefaults__, "rules": stand_in})
    database, runs = editrun.open_edited(store, DICTIONARY, plan_sha256="plan")
    with database:
        assert database.query(VALUES).rows()[1] == ("E2", 8000.0, 800)
    assert editrun.standing(store, DICTIONARY) == runs


def test_the_rules_see_cell_weight_and_stratum(store: Path) -> None:
    with open_warehouse(store, DICTIONARY) as database:
        rows, frame = inputs(database, DICTIONARY.tables["survey"], DICTIONARY)
    assert rows.columns == [*DICTIONARY.tables["survey"].columns, *BESIDE]
    # two of the three of L answered and two of the five of S; all three of L were asked
    assert rows.select("enterprise_id", *BESIDE).rows() == [
        ("E1", "3611", 1.5, True),
        ("E2", "3611", 1.5, True),
        ("E4", "3670", 2.5, False),
        ("E5", "3670", 2.5, False),
    ]
    assert frame is not None
    assert dict(frame.schema) == ASKED
    assert frame["unit"].to_list() == ["E1", "E2", "E3", "E4", "E5"]
    assert frame.filter(pl.col("unit") == "E3").row(0) == ("E3", 2026, "3670", 700.0, True)


def test_without_a_word_on_who_was_asked_a_stratum_is_whole_when_all_answered(tmp_path: Path) -> None:
    design = {name: value for name, value in SURVEY["design"].items() if name != "sampled"}  # type: ignore[attr-defined]
    known = dictionary({**SURVEY, "design": design})
    store = filled(tmp_path, [*ANSWERS, "E3,2026,10,700"], known)
    with open_warehouse(store, known) as database:
        rows, frame = inputs(database, known.tables["survey"], known)
    assert frame is None
    assert dict(rows.select("enterprise_id", "_stratum_whole").rows()) == {
        "E1": True, "E2": True, "E3": True, "E4": False, "E5": False,
    }  # fmt: skip


def test_a_row_that_a_link_dates_is_compared_where_its_unit_was_last() -> None:
    jobs = {
        "id": "jobs",
        "name": {"zh": "项目", "en": "Jobs"},
        "key": ["enterprise_id", "job"],
        "link": [{"table": "register", "on": {"enterprise_id": "enterprise_id", "year": "period"}}],
        "design": {"unit": "enterprise_id", "stratum": "stratum", "weight": "weight", "sampling_fraction": "fraction"},
        "columns": {
            "enterprise_id": ENTERPRISE,
            "job": column("identifier", "编号", "Job"),
            "kind": column("text", "类别", "Kind"),
            "weight": column("number", "权数", "Weight"),
            "fraction": column("number", "抽样比", "Fraction"),
        },
        "editing": {"by": ["segment", "kind"]},
    }
    known = dictionary(survey=jobs)
    listed = [("E1", 2025, "3611"), ("E1", 2026, "3670"), ("E2", 2025, "3611")]
    with Database() as database:
        for table in known.tables.values():
            columns = ", ".join(f'"{name}" {kind}' for name, kind in warehouse.columns_of(table).items())
            database.execute(f"CREATE TABLE {table.id} ({columns})")
        for unit, year, segment in listed:
            database.execute("INSERT INTO register BY NAME SELECT ? enterprise_id, ? AS year, ? segment", [unit, year, segment])
        for unit, job, weight in (("E1", "a", 2.5), ("E1", "b", None), ("E2", "a", None), ("E9", "a", None)):
            values = [unit, job, weight]
            row = "SELECT ? enterprise_id, ? job, 'new' kind, CAST(? AS DOUBLE) weight, 0.25 fraction"
            database.execute(f"INSERT INTO jobs BY NAME {row}", values)
        rows, frame = inputs(database, known.tables["jobs"], known)
    assert frame is None
    assert rows.select("enterprise_id", "job", "_cell").rows() == [
        ("E1", "a", "3670,new"),
        ("E1", "b", "3670,new"),
        ("E2", "a", "3611,new"),
        ("E9", "a", None),  # the register does not know it
    ]
    assert rows["_weight"].to_list() == [2.5, 4.0, 4.0, 4.0]


def test_nobody_counts_as_asked_in_a_year_without_a_survey(store: Path) -> None:
    header = "enterprise_id,year,segment,stratum,stratum_population,employees,sampled"
    earlier = write(store.parent / "earlier.csv", header, ["E1,2025,3611,L,3,900,true", "E3,2025,3670,L,3,700,true"])
    load([earlier], store=store, dictionary=DICTIONARY)
    with open_warehouse(store, DICTIONARY) as database:
        _, frame = inputs(database, DICTIONARY.tables["survey"], DICTIONARY)
    assert frame is not None
    assert frame["year"].unique().to_list() == [2026]


def test_a_table_is_edited_after_those_it_is_linked_with() -> None:
    both = dictionary(register={**REGISTER, "editing": {}})
    assert [table.id for table in with_rules(both)] == ["register", "survey"]


def test_what_is_linked_counts_as_edited(tmp_path: Path) -> None:
    """The register says 20 employees of E5; once its rules say 25, the survey's rules see 25."""
    both = dictionary(register={**REGISTER, "editing": {}})
    store = filled(tmp_path, ANSWERS, both)
    with open_warehouse(store, both) as database:
        rows = database.query("SELECT * FROM register WHERE enterprise_id = 'E5'").select(*both.tables["register"].columns)
    flags = [pl.lit(False).alias(name) for name in overlay.flags(both.tables["register"])]
    with Database(store / warehouse.NAME) as database:
        database.insert("edited_rows", rows.with_columns(pl.lit(25).alias("employees"), *flags))
        database.execute('CREATE SCHEMA "current"')
        database.execute(overlay.replacement(both.tables["register"], "edited_rows"))
        database.execute(overlay.view(both.tables["register"]))
        _, frame = inputs(database, both.tables["survey"], both, {"register": overlay.place("register")})
        assert frame is not None
        assert dict(frame.select("unit", "_size").rows())["E5"] == 25.0


@settings(max_examples=25, deadline=None)
@given(
    raw=st.dictionaries(st.integers(0, 12), st.integers(-5, 5), max_size=10),
    edited=st.dictionaries(st.integers(0, 15), st.integers(-5, 5), min_size=1, max_size=8),
)
def test_the_view_is_the_raw_rows_updated_with_the_edited_ones(raw: dict[int, int], edited: dict[int, int]) -> None:
    table = DICTIONARY.tables["survey"]

    def frame(values: dict[int, int]) -> pl.DataFrame:
        rows = [(f"E{unit}", 2026, float(value), value) for unit, value in values.items()]
        schema = {"enterprise_id": pl.String, "year": pl.Int32, "output": pl.Float64, "staff": pl.Int64}
        return pl.DataFrame(rows, schema=schema, orient="row")

    with Database() as database:
        database.insert("survey", frame(raw).with_columns(src_part=1))
        database.insert("source", frame(edited).with_columns(pl.lit(True).alias(name) for name in overlay.flags(table)))
        database.execute('CREATE SCHEMA "current"')
        database.execute(overlay.replacement(table, "source"))
        database.execute(overlay.view(table))
        found = database.query(f"SELECT enterprise_id, staff, _imputed FROM {overlay.place('survey')}")
    assert dict(found.select("enterprise_id", "staff").rows()) == {f"E{unit}": value for unit, value in {**raw, **edited}.items()}
    assert found.height == len({**raw, **edited})
    assert set(found.filter("_imputed")["enterprise_id"]) == {f"E{unit}" for unit in edited}


def test_a_login_without_a_name_is_told_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found")

    monkeypatch.setattr(log.getpass, "getuser", nameless)
    assert log.login() == str(os.getuid())
