"""Forgetting: nothing of a record stays in the bytes of a store, the rest stays as it was, and no crash leaves half of it."""

from __future__ import annotations

import random
import shutil
import stat
from datetime import date
from io import BytesIO
from pathlib import Path

import polars as pl
import pytest

from pipelines import editrun, log, logcheck, parts, pseudonym, rejected, sealing, trail, vault, warehouse, weights
from pipelines.database import Database
from pipelines.dictionary import Dictionary, Table
from pipelines.forget import ForgetRefused, Forgotten, forget
from pipelines.load import load
from pipelines.lock import held
from pipelines.request import Request, end_of
from pipelines.secret import new_key, using
from pipelines.terms import Terms
from tests.pipelines import edited, records, stores
from tests.pipelines.forms import write
from tests.pipelines.stores import DICTIONARY, UNITS, hits, rows

GONE = "U0001-A"
NAME = UNITS[GONE][0]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stores.full(tmp_path_factory.mktemp("made"))


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made, tmp_path / "store")
    return tmp_path / "store"


def without(found: dict[str, list[tuple[object, ...]]], unit: str) -> dict[str, list[tuple[object, ...]]]:
    return {table: [row for row in some if unit not in row] for table, some in found.items()}


@pytest.mark.parametrize("unit", UNITS)
def test_a_unit_is_gone_from_every_byte_and_the_others_stay(unit: str, store: Path) -> None:
    words, before = [unit, UNITS[unit][0]], rows(store)
    expected = without(before, unit)
    if unit == "U0002-B":  # the group of another, who stays in a group that bears no name
        expected["register"] = [row for row in before["register"] if row[0] != unit]
    assert {name.split("/")[0] for name in hits(store, words)} >= {"accepted", "weights", "warehouse.duckdb"}
    found = forget(store, DICTIONARY, Request(unit=unit))
    assert hits(store, words) == {}
    assert found.rows == {"register": 2, "survey": 2}
    assert found.weights == 2
    now = rows(store)
    assert hits(store, words) == {}
    if unit == "U0002-B":
        group = next(row for row in now["register"] if row[0] == "U0004-D")[-2]
        assert str(group).startswith("forgotten-")
        assert {row[-2] for row in now["register"] if row[0] == "U0004-D"} == {group}, "the same in every year"
        expected["register"] = [tuple(group if value == unit else value for value in row) for row in expected["register"]]
    versions = weights.kept_versions(store)
    assert [row[1:] for row in now.pop("weights")] == [row[1:] for row in expected.pop("weights")]
    assert len(versions) == 1
    assert {name: sorted(map(str, some)) for name, some in now.items()} == {
        name: sorted(map(str, some)) for name, some in expected.items()
    }


def test_a_plain_delete_leaves_them(store: Path) -> None:
    """The control: DuckDB says that the rows are gone, and their names stand in the file."""
    with Database(store / warehouse.NAME) as database:
        for table in ("register", "survey", "survey__edited", weights.TABLE):
            name = "unit" if table == weights.TABLE else "enterprise_id"
            database.execute(f"DELETE FROM \"{table}\" WHERE {name} = '{GONE}'")
        database.execute("CHECKPOINT")
        database.execute("VACUUM")
        assert database.query("SELECT count(*) FROM register WHERE enterprise_id = ?", [GONE]).item() == 0
    assert NAME.encode() in (store / warehouse.NAME).read_bytes()


def test_the_manifest_stays_honest(store: Path) -> None:
    before = parts.read_manifest(store)
    lines = parts.manifest_lines(store)
    forget(store, DICTIONARY, Request(unit="U0003-C"))
    after = parts.read_manifest(store)
    assert [part.forgotten for part in after] == [1, 1, 1, 1, 0]
    for old, new in zip(before[:4], after, strict=False):
        assert (new.read, new.accepted, new.set_aside, new.file_sha256, new.time) == (
            old.read,
            old.accepted,
            old.set_aside,
            old.file_sha256,
            old.time,
        )
        assert pl.read_parquet(store / str(new.part)).height == new.accepted - new.forgotten
        assert vault.sha256(store, str(new.part)) == new.part_sha256 != old.part_sha256
        assert not (store / str(old.part)).exists()
    assert parts.manifest_lines(store)[4] == lines[4], "a line of which nothing went is the same in every byte"
    assert forget(store, DICTIONARY, Request(unit="U0005-E")).rows == {"register": 2, "survey": 2}
    assert [part.forgotten for part in parts.read_manifest(store)] == [2, 2, 2, 2, 0]


def test_a_second_time_nothing_is_left_to_forget(store: Path) -> None:
    forget(store, DICTIONARY, Request(unit=GONE))
    before = {name: (store / name).read_bytes() for name in stores.names(store)}
    nothing = Forgotten(rows={}, set_aside=0, parts=0, edits=0, weights=0, contributions=0, back=0)
    assert forget(store, DICTIONARY, Request(unit=GONE)) == nothing
    assert forget(store, DICTIONARY, Request(unit="U1")) == nothing, "the beginning of others is not one of them"
    assert {name for name in before if (store / name).read_bytes() != before[name]} == {"log.jsonl"}


def test_a_corrected_file_that_brings_a_forgotten_unit_back_is_told(store: Path, tmp_path: Path) -> None:
    header, rows = "enterprise_id,year,output,staff", ["U0001-A,2026,5,5", "U0002-B,2026,7,7"]
    [before] = load([write(tmp_path / "a.csv", header, rows)], store=store, dictionary=DICTIONARY)
    forget(store, DICTIONARY, Request(unit="U0003-C"))
    forget(store, DICTIONARY, Request(unit="U0005-E"))
    brought = [write(tmp_path / f"{number}.csv", header, [*rows, f"{unit},2026,{number},5"]) for number, unit in enumerate(UNITS)]
    register = write(
        tmp_path / "register.csv",
        "enterprise_id,year,segment,stratum,stratum_population,employees,sampled,name,holding_group",
        [f"{unit},2026,3670,L,5,900,true,{name}," for unit, (name, _) in UNITS.items()],
    )
    found = load([register, *brought[2:]], store=store, dictionary=DICTIONARY)
    told = [
        [note.message.en.split(" that")[0] for note in one.notes if "forgotten" in note.message.en] for one in (before, *found)
    ]
    assert told == [[], ["2 rows are of 2 units"], ["1 row is of 1 unit"], [], ["1 row is of 1 unit"]]
    assert not hits(store, [note.message.en for one in found for note in one.notes if "U000" in note.message.en])
    (store / pseudonym.FILE).unlink()
    [blind] = load([write(tmp_path / "b.csv", header, ["U0002-B,2026,8,8"])], store=store, dictionary=DICTIONARY)
    assert (blind.accepted, ["cannot be told" in note.message.en for note in blind.notes]) == (1, [True])


def test_no_mode_is_widened(store: Path) -> None:
    path = store / "contributions" / "0001.parquet"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    forget(store, DICTIONARY, Request(unit=GONE))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(one.stat().st_mode) for one in store.glob("accepted/*/*.parquet")} == {0o440}


def test_files_and_messages_that_name_a_unit_lose_the_name(store: Path) -> None:
    """The set-aside rows of the others in a file that bears the name of a unit stay, under another name of the file."""
    forget(store, DICTIONARY, Request(unit=GONE))
    last = parts.read_manifest(store)[-1]
    assert last.file == "forgotten 2026.csv"
    left = rejected.all_rejected(store)
    assert set(left["file"]) == {"forgotten 2026.csv"}
    assert left["row"].to_list() == [2, 3, 4], "of row 2 the store does not know whose it was: its fault is in another column"
    assert forget(store, DICTIONARY, Request(unit="U9999-X")).set_aside == 1
    assert rejected.all_rejected(store)["row"].to_list() == [2, 3]
    assert hits(store, ["U9999-X"]) == {}


def test_a_file_of_several_that_bears_the_name_of_one_loses_it(store: Path, tmp_path: Path) -> None:
    mended = write(
        tmp_path / f"{NAME} (U0001-A).csv", "enterprise_id,year,output,staff", ["U0001-A,2026,7,7", "U0004-D,2026,8,8"]
    )
    load([mended], store=store, dictionary=DICTIONARY)
    source = parts.read_manifest(store)[-1].source
    forget(store, DICTIONARY, Request(unit=GONE))
    last = parts.read_manifest(store)[-1]
    assert (last.file, last.accepted, last.forgotten) == ("forgotten (forgotten).csv", 2, 1)
    assert last.source != source, "a hash of the path, which might be guessed"
    assert pl.read_parquet(store / str(last.part))["src_file"].to_list() == ["forgotten (forgotten).csv"]
    assert hits(store, [GONE, NAME]) == {}


def test_the_trail_keeps_what_others_were_given_and_not_by_whom(store: Path) -> None:
    before = trail.history(store)
    assert GONE in before["donor"].to_list()
    runs = trail.read_runs(store)
    forget(store, DICTIONARY, Request(unit=GONE))
    after = trail.history(store)
    assert after.drop("donor", "reason_en").rows() == before.filter(pl.col("unit") != GONE).drop("donor", "reason_en").rows()
    assert after["donor"].null_count() == after.height > 0
    assert set(after.filter(pl.col("method") == "ratio")["reason_en"]) == {"taken from forgotten, the nearest"}
    now = trail.read_runs(store)
    assert [run.sequence for run in now] == [run.sequence for run in runs]
    assert now[0].forgotten > 0
    assert now[0].changed == runs[0].changed
    assert editrun.standing(store, DICTIONARY) is None, "the next publication edits anew"
    editrun.edit(store, DICTIONARY, plan_sha256="plan", actor="wang", rules=edited.stand_in)
    assert hits(store, [GONE, NAME]) == {}


def test_a_run_of_which_nothing_went_keeps_its_hash(store: Path) -> None:
    before = [run.hash for run in trail.read_runs(store)]
    forget(store, DICTIONARY, Request(unit="U0002-B"))
    assert b'"forgotten"' not in vault.read(store, trail.MANIFEST)
    assert [run.hash for run in trail.read_runs(store)] == before


def test_what_stands_behind_an_edition_keeps_its_sum_and_loses_its_name(store: Path) -> None:
    """Else the next edition would give the unit away by the difference."""
    before = stores.contributions()
    assert forget(store, DICTIONARY, Request(unit="U0003-C")).contributions == 2
    after = pl.read_parquet(BytesIO(vault.read(store, "contributions/0001.parquet")))
    assert after["y"].to_list() == before["y"].to_list()
    changed = after.filter(after["holding"] != before["holding"])
    assert changed["holding"].n_unique() == 1
    assert str(changed["holding"][0]).startswith("forgotten-")
    assert forget(store, DICTIONARY, Request(unit=GONE)).contributions == 0, "its group has another member, who stays"
    assert forget(store, DICTIONARY, Request(unit="U0005-E")).contributions == 4, "the last of its group"
    assert hits(store, ["G77-GROUP"]) == {}


def test_a_part_goes_whole_and_what_it_replaced_stands_again(store: Path, tmp_path: Path) -> None:
    mended = write(
        tmp_path / "Beta.csv", "enterprise_id,year,output,staff", ["U0002-B,2026,4321,1", "U0004-D,2026,1234,1", "U0002-B,2026,x"]
    )
    before = rows(store)
    load([mended], store=store, dictionary=DICTIONARY)
    stores.edit(store)
    assert hits(store, ["4321"])
    assert forget(store, DICTIONARY, Request(part=6)) == Forgotten(
        rows={"survey": 2}, set_aside=1, parts=1, edits=2, weights=0, contributions=0, back=2
    )  # of the trail the events of these keys, also those of runs before the part was loaded
    assert rows(store) == before
    assert hits(store, ["4321", "Beta.csv"]) == {}
    (*_, last) = parts.read_manifest(store)
    assert (last.part, last.rejected, last.accepted, last.forgotten, last.forgotten_set_aside) == (None, None, 2, 2, 1)
    (report,) = load([mended], store=store, dictionary=DICTIONARY)
    assert report.unchanged, "what is forgotten does not come back with the same file"
    assert any("forgotten" in note.message.en for note in report.notes)
    assert rows(store) == before


def test_of_a_part_the_trail_forgets_the_rows_too(store: Path) -> None:
    events = trail.history(store)
    assert forget(store, DICTIONARY, Request(part=4)).edits > 0
    left = trail.history(store)
    assert set(left["period"]) == {"2025"}
    assert left.height == events.filter(pl.col("period") == "2025").height
    assert trail.frame_of(store, trail.read_runs(store)[0], "rows")["year"].unique().to_list() == [2025]


def test_a_time_goes_from_every_table(store: Path) -> None:
    found = forget(store, DICTIONARY, Request(before=date(2026, 1, 1)))
    assert found.rows == {"register": 5, "survey": 5}
    assert (found.weights, found.contributions) == (5, 5)
    now = rows(store)
    assert {row[1] for table in ("register", "survey") for row in now[table]} == {2026}
    assert {row[2] for row in now["weights"]} == {"2026"}
    assert set(trail.history(store)["period"]) == {"2026"}
    assert [part.part is None for part in parts.read_manifest(store)] == [True, True, False, False, True]
    assert rejected.all_rejected(store).height == 3
    nothing = forget(store, DICTIONARY, Request(before=date(2026, 6, 30)))
    assert (nothing.rows, nothing.parts) == ({}, 0), "a year is not over before its last day, and nothing was loaded so early"
    assert forget(store, DICTIONARY, Request(before=date(2100, 1, 1))).set_aside == 3
    assert all(some == [] for some in rows(store).values())
    assert hits(store, [*UNITS, *(name for name, _ in UNITS.values())]) == {}


def test_the_log_says_that_it_happened_and_not_of_whom(store: Path) -> None:
    mark = pseudonym.mark_of(store, "unit", GONE)
    forget(store, DICTIONARY, Request(unit=GONE))
    forget(store, DICTIONARY, Request(part=1))
    forget(store, DICTIONARY, Request(before=date(2020, 1, 1)))
    unit, part, time = log.read(store)[-3:]
    assert unit.objects["mark"] == mark
    assert unit.objects["rows"] == 4
    assert (part.objects["part"], time.objects["before"]) == (1, "2020-01-01")
    assert time.objects["manifest_sha256"] == parts.manifest_sha256(store, 5)
    assert GONE not in (store / log.FILE).read_text(encoding="utf-8")
    assert len(mark) == 16
    assert pseudonym.mark_of(store, "unit", "U0002-B") != mark


def test_what_is_not_clear_is_refused_and_nothing_changes(store: Path) -> None:
    before = {name: (store / name).read_bytes() for name in stores.names(store)}
    other = Dictionary.model_validate(
        {
            "tables": {"register": DICTIONARY.tables["register"].model_dump()},
            "codes": {name: code.model_dump() for name, code in DICTIONARY.codes.items()},
        }
    )
    with pytest.raises(ForgetRefused, match="holds survey, of which this plan does not say whose"):
        forget(store, other, Request(unit=GONE))
    for number in (0, 6):
        with pytest.raises(ForgetRefused, match=f"no part {number}; its parts are 1 to 5"):
            forget(store, DICTIONARY, Request(part=number))
    assert {name: (store / name).read_bytes() for name in stores.names(store)} == before


def test_a_sealed_store_forgets_and_stays_sealed(store: Path, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path / "plain")
    expected = forget(tmp_path / "plain", DICTIONARY, Request(unit=GONE))
    key = new_key()
    sealing.seal_store(store, key)
    with using(key):
        assert forget(store, DICTIONARY, Request(unit=GONE)) == expected
        assert sealing.inspect(store, key).faults == ()
        assert rows(store) == rows(tmp_path / "plain")
        sealing.unseal_store(store)
    assert hits(store, [GONE, NAME]) == {}


def test_debris_of_killed_processes_goes_too(store: Path) -> None:
    """Unfinished files of every kind that hold a name."""
    text = f"{GONE} {NAME}".encode()
    for name in (
        "weights/0123456789abcdef-77", "weights/x.parquet.7.new", "accepted/manifest.jsonl.7.new", "build-warehouse.duckdb",
        "warehouse.duckdb.wal", "work-abc/part.parquet", "accepted/survey/000009-abc.parquet", "edits/000002-survey.parquet",
        "warehouse.duckdb.tmp/x.block", "renewal-building/new/x",
    ):  # fmt: skip
        (store / name).parent.mkdir(parents=True, exist_ok=True)
        (store / name).write_bytes(text)
    forget(store, DICTIONARY, Request(unit=GONE))
    assert hits(store, [GONE, NAME]) == {}


def test_killed_at_any_moment_nothing_is_lost_and_nothing_stays(made: Path, tmp_path: Path) -> None:
    program = (
        "from pipelines.forget import forget\nfrom pipelines.request import Request\n"
        f"from tests.pipelines.stores import DICTIONARY\nforget(store, DICTIONARY, Request(unit='{GONE}'))"
    )
    shutil.copytree(made, tmp_path / "probe")
    number = stores.killed(program, tmp_path / "probe", 0, {})
    assert number is not None
    before, after, seen = rows(made), rows(tmp_path / "probe"), set()
    assert before != after
    for at in stores.moments(number, spread=4, near_the_end=5):
        store = tmp_path / f"{at}"
        shutil.copytree(made, store)
        assert stores.killed(program, store, at, {}) is None
        with held(store, "the next writer"):
            pass
        found = rows(store)
        seen.add(found == after)
        if found == after:
            assert hits(store, [GONE, NAME]) == {}, at
        else:
            assert found == before, at
            forget(store, DICTIONARY, Request(unit=GONE))
            assert rows(store) == after
            assert hits(store, [GONE, NAME]) == {}
        assert logcheck.verify(store).lines
        shutil.rmtree(store)
    assert seen == {False, True}


def test_words_are_found_whole_and_all_at_once() -> None:
    terms = Terms(["E1", "E12", "甲公司", "a.b", "", " "])
    told = pl.Series(["E1", "E12", "E123", "xE1", "E1-E12", "北京甲公司分厂", "a.b axb", "", None, "E1 甲公司"])
    assert terms.scrubbed(told).to_list() == [
        "forgotten", "forgotten", "E123", "xE1", "forgotten-forgotten", "北京forgotten分厂", "forgotten axb", "", None,
        "forgotten forgotten",
    ]  # fmt: skip
    assert terms.holds(told).to_list() == [True, True, False, False, True, True, True, False, False, True]
    assert Terms([]).without("E1") == "E1"
    many = Terms(f"W{number:06}" for number in range(100_000))
    assert many.without("see W054321 and W0543210") == "see forgotten and W0543210"


def test_words_are_replaced_as_somebody_would_who_reads_letter_by_letter() -> None:
    """A second road, over texts by chance: at every place the longest word that begins there and stands free."""
    chance = random.Random(4)
    words = ["A1", "A12", "B", "乙", "乙丙", "x-y"]
    terms = Terms(words)
    for _ in range(400):
        text = "".join(chance.choice([*words, "丙", " ", "-", "2", "z"]) for _ in range(8))
        assert terms.without(text) == _by_hand(text, words)


def _by_hand(text: str, words: list[str]) -> str:
    told, place = "", 0
    while place < len(text):
        fitting = [word for word in words if text.startswith(word, place) and _free(text, place, word)]
        told += "forgotten" if fitting else text[place]
        place += len(max(fitting, key=len)) if fitting else 1
    return told


def _free(text: str, place: int, word: str) -> bool:
    before, after = text[place - 1 : place], text[place + len(word) : place + len(word) + 1]
    latin = [sign.isascii() and sign.isalnum() for sign in (before, word[0], word[-1], after)]
    return not (latin[0] and latin[1]) and not (latin[2] and latin[3])


@pytest.mark.parametrize(
    ("period", "end"),
    [
        ("2026", date(2026, 12, 31)), ("2026-Q1", date(2026, 3, 31)), ("2024-02", date(2024, 2, 29)),
        ("2026-11-05", date(2026, 11, 5)), ("2026-13", None), ("", None), ("total", None),
    ],
)  # fmt: skip
def test_the_last_day_of_a_period(period: str, end: date | None) -> None:
    assert end_of(period) == end


def test_the_time_that_a_row_is_of() -> None:
    """Of its period; without one of its latest date, that which tells versions apart left out; else of the year of its table."""
    day = date(2025, 7, 1)
    orders = records.table({"begun": "date", "done": "date", "seen": "date"}).model_copy(
        update={"period": None, "latest": "seen"}
    )
    orders = orders.model_copy(update={"columns": {name: column for name, column in orders.columns.items() if name != "when"}})
    frame = pl.DataFrame(
        {
            "unit": list("abcd"),
            "begun": [date(2025, 1, 1), date(2025, 1, 1), date(2025, 1, 1), None],
            "done": [date(2025, 6, 30), date(2025, 7, 1), None, None],
            "seen": [date(2026, 9, 30)] * 4,
        }
    )

    def goes(table: Table, rows: pl.DataFrame) -> list[bool]:
        return rows.with_columns(goes=Request(before=day).of_rows(table, rows.columns))["goes"].to_list()

    assert goes(orders, frame) == [True, False, True, False]
    monthly = records.table({"begun": "date"}, period="month")
    months = pl.DataFrame({"unit": ["a", "b"], "when": [date(2025, 6, 1), date(2025, 7, 1)], "begun": [date(2020, 1, 1)] * 2})
    assert goes(monthly, months) == [True, False]
    yearly = records.table({})
    assert goes(yearly, pl.DataFrame({"unit": ["a", "b"], "when": [2024, 2025]}, schema_overrides={"when": pl.Int32})) == [
        True,
        False,
    ]
    undated = yearly.model_copy(update={"period": None, "year": 2024, "columns": {"unit": yearly.columns["unit"]}})
    assert goes(undated, pl.DataFrame({"unit": ["a"]})) == [True]
    assert goes(undated.model_copy(update={"year": None}), pl.DataFrame({"unit": ["a"]})) == [False]
