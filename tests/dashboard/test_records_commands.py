"""The commands that keep records: seal, unseal, pseudonymise, forget and log, on the small sample of the automotive plan."""

from __future__ import annotations

import csv
import io
import json
import shutil
import stat
from pathlib import Path

import pytest

from dashboard import cli
from dashboard.words import words
from pipelines import log, vault
from pipelines.secret import read_key
from tests.dashboard.conftest import Run

REPOSITORY = Path(__file__).parent.parent.parent
SMALL = REPOSITORY / "sample_data" / "small"


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loaded") / "store"
    assert cli.main(["load", str(SMALL), "--dir", str(folder)]) == 0
    assert cli.main(["edit", "run", "--dir", str(folder)]) == 0
    return folder


@pytest.fixture
def store(loaded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("PLANWATCH_KEY", "PLANWATCH_LOG_KEY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    shutil.copytree(loaded, tmp_path / "store")
    return tmp_path / "store"


@pytest.fixture
def key(run: Run, tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "store.key"
    said = run("seal", "--make-key", path)
    assert (said.code, stat.S_IMODE(path.stat().st_mode)) == (0, 0o600)
    assert read_key(path).raw.hex() not in said.out + said.err
    return path


def test_a_store_is_sealed_checked_and_unsealed(run: Run, store: Path, key: Path) -> None:
    count, name = len(vault.files(store)), read_key(key).id
    assert run("seal", "--check", "--dir", store).out.startswith(f"{store} is not sealed; {count} confidential files")
    sealed = run("seal", "--dir", store, "--key-file", key)
    assert (sealed.code, sealed.out) == (0, f"{store}: {count} files were sealed; the store is sealed with the key {name}.\n")
    assert f"no key was given, so 0 of {count}" in run("seal", "--check", "--dir", store).out
    checked = run("seal", "--check", "--dir", store, "--key-file", key, "--lang", "zh")
    assert f"打开了 {count} 个保密文件中的 {count} 个" in checked.out
    part = store / next(name for name in vault.files(store) if name.endswith(".parquet"))
    part.chmod(0o640)
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    harmed = run("seal", "--check", "--dir", store, "--key-file", key)
    assert harmed.code == 2
    assert part.name in harmed.err
    assert run("unseal", "--dir", store, "--key-file", key).code == 2, "what does not open is not given its plain form"
    assert vault.state(store) is not None


def test_another_key_is_told_once_and_a_lost_state_by_its_name(run: Run, store: Path, key: Path, tmp_path: Path) -> None:
    run("seal", "--dir", store, "--key-file", key)
    run("seal", "--make-key", tmp_path / "other.key")
    wrong = run("seal", "--check", "--dir", store, "--key-file", tmp_path / "other.key")
    assert (wrong.code, wrong.out, wrong.err.count("\n")) == (2, "", 1)
    assert read_key(key).id in wrong.err
    state = (store / vault.STATE).read_bytes()
    (store / vault.STATE).unlink()
    for given in ([], ["--key-file", key]):
        lost = run("seal", "--check", "--dir", store, *given)
        assert (lost.code, lost.out, f"{vault.STATE} is missing" in lost.err) == (2, "", True)
    (store / vault.STATE).write_bytes(state)
    assert run("seal", "--check", "--dir", store, "--key-file", key).code == 0


def test_a_file_sealed_with_another_key_is_named(run: Run, store: Path, key: Path, tmp_path: Path) -> None:
    shutil.copytree(store, tmp_path / "twin")
    run("seal", "--make-key", tmp_path / "other.key")
    run("seal", "--dir", store, "--key-file", key)
    run("seal", "--dir", tmp_path / "twin", "--key-file", tmp_path / "other.key")
    name = next(name for name in vault.files(store) if name.startswith("accepted/orders/"))
    shutil.copy(tmp_path / "twin" / name, tmp_path / "foreign")
    (store / name).unlink()
    shutil.copy(tmp_path / "foreign", store / name)
    said = run("seal", "--check", "--dir", store, "--key-file", key)
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert said.err.startswith(f"{name} is sealed with another key than {read_key(key).id}")


def test_a_broken_sealed_warehouse_may_be_deleted(run: Run, store: Path, key: Path) -> None:
    run("seal", "--dir", store, "--key-file", key)
    warehouse = store / "warehouse.duckdb"
    whole = run("late", "--dir", store, "--key-file", key)
    assert warehouse.exists()
    warehouse.chmod(0o640)
    warehouse.write_bytes(warehouse.read_bytes()[:-1] + b"x")
    broken = run("seal", "--check", "--dir", store, "--key-file", key)
    assert "Delete it: the next command makes it anew" in broken.err
    warehouse.unlink()
    assert run("late", "--dir", store, "--key-file", key).out == whole.out
    assert run("seal", "--check", "--dir", store, "--key-file", key).code == 0


def test_without_the_key_a_command_says_what_to_do_in_one_line(
    run: Run, store: Path, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("seal", "--dir", store, "--key-file", key)
    file = SMALL / "SYNTHETIC_orders.csv"
    commands: list[list[object]] = [["load", file], ["late"], ["edit", "trail"], ["unseal"], ["forget", "--unit", "E000002"]]
    commands += [["rejected", "--out", store.parent / "r.csv"]]
    commands += [["pseudonymise", "orders", "--for", "MIIT", "--out", store.parent / "p.csv"]]
    for command in commands:
        said = run(*command, "--dir", store)
        assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
        assert "--key-file FILE" in said.err
    monkeypatch.setenv("PLANWATCH_KEY_FILE", str(key))
    assert run("load", file, "--dir", store).code == 0
    assert run("edit", "trail", "--dir", store).code == 0
    monkeypatch.setenv("PLANWATCH_KEY_FILE", str(store / "none"))
    assert "the key file cannot be read" in run("late", "--dir", store).err
    assert run("late", "--dir", store, "--key-file", key).code == 0, "the option comes before the environment"
    assert "the key file cannot be read" in run("late", "--dir", store).err, "and holds for one command"


def test_a_key_follows_another(run: Run, store: Path, key: Path, tmp_path: Path) -> None:
    second = tmp_path / "keys" / "second.key"
    run("seal", "--make-key", second)
    run("seal", "--dir", store, "--key-file", key)
    assert "given is" in run("seal", "--dir", store, "--key-file", second).err
    said = run("seal", "--dir", store, "--key-file", key, "--new-key-file", second)
    assert said.out.endswith(f"sealed with the key {read_key(second).id}.\n")
    assert run("late", "--dir", store, "--key-file", key).code == 2
    assert run("late", "--dir", store, "--key-file", second).code == 0
    assert run("log", "verify", "--dir", store, "--key-file", second).code == 0
    assert run("unseal", "--dir", store, "--key-file", second).code == 0
    assert run("late", "--dir", store).code == 0


def test_a_key_does_not_lie_in_the_store_it_protects(run: Run, store: Path, key: Path) -> None:
    shutil.copy(key, store / "key")
    said = run("seal", "--dir", store, "--key-file", store / "key")
    assert (said.code, vault.state(store)) == (2, None)
    assert "lies in the store" in said.err
    assert run("seal", "--dir", store, "--make-key", store / "other").code == 2
    assert "No key was given" in run("seal", "--dir", store).err
    assert run("seal", "--make-key", key).code == 2, "a key is never overwritten"


def test_a_list_for_a_recipient_bears_pseudonyms(run: Run, store: Path) -> None:
    inside = list(csv.DictReader(io.StringIO(run("late", "--format", "csv", "--dir", store).out)))
    said = run("late", "--format", "csv", "--for", "中汽协", "--dir", store)
    outside = list(csv.DictReader(io.StringIO(said.out)))
    assert len(outside) == len(inside) > 1
    assert list(outside[0]) == ["table", "period", "due", "former", "unit", "holding"]
    assert not [row[name] for row in inside for name in ("unit", "name", "holding") if row[name] and row[name] in said.out]
    for table in {row["table"] for row in outside}:
        units = [row["unit"] for row in outside if row["table"] == table]
        assert units == sorted(units), "the order tells nothing of the identifiers"
    assert said.err == words("en")("alerts.late.pseudonyms", recipient="中汽协") + "\n"
    assert run("late", "--format", "csv", "--for", "中汽协 ", "--dir", store).out == said.out
    assert run("late", "--format", "csv", "--for", "MIIT", "--dir", store).out != said.out
    assert "企业代码" not in said.out
    table = run("late", "--for", "中汽协", "--dir", store).out
    assert outside[0]["unit"] in table
    assert not [row["unit"] for row in inside if row["unit"] in table]


def test_identifiers_of_a_table_leave_as_pseudonyms(run: Run, store: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "orders.csv"
    said = run("pseudonymise", "orders", "--for", "MIIT", "--out", out, "--column", "order_value", "--dir", store)
    assert said.code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(out.read_text(encoding="utf-8-sig"))))
    assert list(rows[0]) == ["enterprise_id", "order_id", "order_value"]
    found = run("pseudonymise", "--who", rows[0]["enterprise_id"], "--for", "MIIT", "--dir", store).out
    assert "orders.enterprise_id\tE0" in found
    assert (
        run("pseudonymise", "--who", rows[0]["enterprise_id"], "--for", "CAAM", "--dir", store).out
        == words("en")("pseudonym.nobody") + "\n"
    )
    left = len(log.read(store))
    named = run("pseudonymise", "orders", "--for", "MIIT", "--out", tmp_path / "q.txt", "--dir", store)
    assert (named.code, "expected `.csv`" in named.err) == (2, True)
    assert (len(log.read(store)), (tmp_path / "q.txt").exists()) == (left, False)
    for wrong in (["orders"], ["--out", out], ["orders", "--out", out, "--who", "x"]):
        assert "Expected a TABLE with --out" in run("pseudonymise", *wrong, "--for", "MIIT", "--dir", store).err
    assert run("pseudonymise", "register", "--for", "MIIT", "--out", out, "--column", "name", "--dir", store).code == 2
    assert run("pseudonymise", "orders", "--for", " ", "--out", out, "--dir", store).code == 2


def test_a_unit_is_forgotten_and_the_log_does_not_say_which(run: Run, store: Path) -> None:
    said = run("forget", "--unit", "E000002", "--dir", store)
    assert said.code == 0
    assert said.out.startswith("Gone: Enterprise register 3")
    assert words("en")("forget.elsewhere") in said.err
    assert "E000002" not in (store / "log.jsonl").read_text(encoding="utf-8")
    again = run("forget", "--unit", "E000002", "--dir", store, "--lang", "zh")
    assert (again.code, again.out, again.err) == (1, "", words("zh")("forget.nobody", store=store, unit="E000002") + "\n")
    other = run("forget", "--unit", "e000010", "--dir", store)
    assert (other.code, "holds no record of e000010" in other.err) == (1, True), "the store has an E000010"
    assert run("forget", "--unit", "E000010", "--dir", store).code == 0
    assert run("forget", "--before", "2025-01-01", "--dir", store).code == 0
    for wrong in ([], ["--unit", "E1", "--part", "1"], ["--before", "yesterday"], ["--part", "99"]):
        assert run("forget", *wrong, "--dir", store).code == 2
    assert run("forget", "--unit", "E1", "--dir", store / "none").code == 2


def test_the_log_is_shown_and_verified(run: Run, store: Path, tmp_path: Path) -> None:
    run("rejected", "--out", tmp_path / "r.csv", "--dir", store)
    run("late", "--dir", store)
    shown = json.loads(run("log", "show", "--format", "json", "--dir", store).out)
    assert [entry["action"] for entry in shown] == ["load", "edit", "export", "export"]
    assert [
        entry["action"]
        for entry in json.loads(run("log", "show", "--format", "json", "--action", "export", "--last", "1", "--dir", store).out)
    ] == ["export"]
    assert "command=late form=table" in run("log", "show", "--dir", store).out
    whole = run("log", "verify", "--dir", store)
    assert (whole.code, whole.out) == (0, "Every line is as it was written: 4. Editions that vouch for it: 0.\n")
    lines = (store / log.FILE).read_bytes().splitlines(keepends=True)
    (store / log.FILE).write_bytes(lines[0] + b"".join(lines[2:]))
    broken = run("log", "verify", "--dir", store)
    assert (broken.code, broken.out) == (1, "")
    assert "line 2 says that it is number 3: a line was taken out or put in" in broken.err
    assert words("zh")("log.empty", store=tmp_path) in run("log", "show", "--dir", tmp_path, "--lang", "zh").out


def test_the_app_needs_the_key_of_the_log_alone(
    run: Run, store: Path, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("seal", "--dir", store, "--key-file", key)
    assert run("log", "key", "--out", tmp_path / "log.key", "--dir", store).code == 2
    assert run("log", "key", "--out", tmp_path / "log.key", "--dir", store, "--key-file", key).code == 0
    monkeypatch.setenv("PLANWATCH_LOG_KEY_FILE", str(tmp_path / "log.key"))
    log.append(store, action="sign-in", actor="li@example.org", objects={"role": "analyst"})
    told = run("log", "verify", "--dir", store)
    assert "3 lines bear a mark; 3 were proven with the key given." in told.out
    assert run("late", "--dir", store).code == 2, "it opens no record"
