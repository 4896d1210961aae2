"""Findings follow the store: one thing is changed in a store where everything stands, and the risk of it rises, no other."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Plan
from indicators.editions.edition import POINTER
from indicators.risk.evidence import Accounts, Evidence, gather
from indicators.risk.risks import Finding, Risk, level_of, risks
from pipelines import log
from pipelines.custody import Custody, Retention
from pipelines.durable import sha256
from pipelines.seal import seal
from pipelines.secret import Key
from pipelines.vault import place
from pipelines.yamlfile import Text
from tests.dashboard.plausible import write_plausible

PROPOSED = load_plan(AUTOMOTIVE)
KEY = Key(raw=bytes(range(32)))
TODAY = date(2026, 11, 23)
PART, CORE, BASE = "accepted/register/000001-a.parquet", "accepted/declarations/000002-b.parquet", "warehouse.duckdb"
FILES = (PART, CORE, "accepted/manifest.jsonl", BASE)
LISTED = Accounts(state="listed", roles={"steward": 1})


def with_table(plan: Plan, name: str, **changes: object) -> Plan:
    table = plan.dictionary.tables[name].model_copy(update=changes)
    tables = {**plan.dictionary.tables, name: table}
    return plan.model_copy(update={"dictionary": plan.dictionary.model_copy(update={"tables": tables})})


def confirmed(plan: Plan) -> Plan:
    """The plan after the operator has confirmed what it proposes."""
    for name, table in plan.dictionary.tables.items():
        plan = with_table(plan, name, custody=table.custody.model_copy(update={"proposed": []}))
    of_all = plan.dictionary.custody.model_copy(update={"proposed": []})
    return plan.model_copy(update={"dictionary": plan.dictionary.model_copy(update={"custody": of_all})})


PLAN = confirmed(PROPOSED)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store where every measure stands: sealed, closed, logged with a key, its edition audited."""
    store = tmp_path_factory.mktemp("sound")
    write_plausible(store / "editions", PLAN).close()
    record_audit(store)
    for name in FILES:
        sealed(store / name, name)
    with pytest.MonkeyPatch.context() as given:
        given.setenv("PLANWATCH_KEY", KEY.raw.hex())
        logged(store)
    return store


def record_audit(store: Path, *, passed: bool = True) -> None:
    """What publishing writes of the audit into the manifest; the plausible edition was never audited."""
    folder = store / "editions" / "0001"
    for file in folder.iterdir():
        file.chmod(0o644)
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    manifest["provenance"]["audit"] = {"systems": 3} if passed else None
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    digest = sha256(folder / "manifest.json")
    (folder / "manifest.sha256").write_text(digest, encoding="ascii")
    (store / "editions" / POINTER).write_text(json.dumps({"edition": "0001", "manifest_sha256": digest}), encoding="utf-8")


def sealed(path: Path, name: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        seal([b"rows"], file, KEY, place(name))
    path.chmod(0o640)


def logged(store: Path) -> None:
    """A log of the store from its beginning."""
    (store / "log.jsonl").unlink(missing_ok=True)
    log.append(store, action="load", objects={"rows": 3})
    digest = sha256(store / "editions" / "0001" / "manifest.json")
    log.append(store, action="publish", objects={"edition": "0001", "edition_sha256": digest})


@pytest.fixture
def store(sound: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of it into which everybody can walk, as far as its modes let them; the folders of pytest are closed to others."""
    monkeypatch.setenv("PLANWATCH_KEY", KEY.raw.hex())
    above = Path(tempfile.mkdtemp(prefix="planwatch-risk-"))
    above.chmod(0o755)
    shutil.copytree(sound, above / "store")
    for folder in [above / "store", *(path for path in (above / "store").rglob("*") if path.is_dir())]:
        folder.chmod(0o755)
    yield above / "store"
    shutil.rmtree(above)


def judged(store: Path, plan: Plan = PLAN, accounts: Accounts = LISTED, today: date = TODAY) -> dict[str, Risk]:
    found = gather(store, plan, PLAN, accounts, today)
    try:
        return {risk.id: risk for risk in risks(found)}
    finally:
        if found.edition is not None:
            found.edition.close()


def likely(found: dict[str, Risk]) -> dict[str, int]:
    """Likelihoods that are not at their least."""
    return {name: risk.likelihood for name, risk in found.items() if risk.likelihood > 1}


def test_where_every_measure_stands_nothing_is_likely(store: Path) -> None:
    found = judged(store)
    assert likely(found) == {}
    assert {finding.todo for risk in found.values() for finding in risk.findings} == {None}
    assert {name: risk.score for name, risk in found.items() if name != "entry"} == dict.fromkeys(set(found) - {"entry"}, 3)
    assert found["entry"].score == 1, "the app shows what is published, and that was cleared"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing changed in the store or the plan, and the likelihoods that it must give."""

    name: str
    gives: dict[str, int]
    of_store: Callable[[Path], object] = lambda store: None
    plan: Plan = PLAN
    accounts: Accounts = LISTED
    today: date = TODAY
    key: str = ""  # of a finding that must be there


def plain(name: str, mode: int) -> Callable[[Path], object]:
    def write(store: Path) -> None:
        (store / name).parent.mkdir(exist_ok=True)
        (store / name).write_bytes(b"rows")
        (store / name).chmod(mode)

    return write


def cut(store: Path) -> None:
    lines = (store / "log.jsonl").read_bytes().splitlines(keepends=True)
    (store / "log.jsonl").write_bytes(lines[1])


def foreign(store: Path) -> None:
    """A log that is whole in itself, and tells of another edition than the one that lies there."""
    log.append(store, action="publish", objects={"edition": "0001", "edition_sha256": "0" * 64})


def without_key(store: Path) -> None:
    with pytest.MonkeyPatch.context() as without:
        without.delenv("PLANWATCH_KEY")
        logged(store)


def unaudited(store: Path) -> None:
    record_audit(store, passed=False)
    logged(store)


def weaker(store: Path) -> None:
    (store / "disclosure.yaml").write_text("percent: 5\n", encoding="utf-8")
    (store / "disclosure.yaml").chmod(0o600)


def broken(store: Path) -> None:
    file = store / "editions" / "0001" / "edition.duckdb"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:-1] + b"x")


def stripped(table: str, column: str) -> Plan:
    columns = PLAN.dictionary.tables[table].columns
    return with_table(PLAN, table, columns={**columns, column: columns[column].model_copy(update={"reason": None})})


def of_persons() -> Plan:
    """A table that holds nothing but general data, some of it of persons."""
    columns = PLAN.dictionary.tables["survey"].columns
    changed = {name: {"tier": "general", "personal": name == "enterprise_id"} for name in columns}
    general = {name: column.model_copy(update=changed[name]) for name, column in columns.items()}
    return with_table(PLAN, "survey", columns=general)


ENDLESS = with_table(PLAN, "survey", custody=Custody(retention=Retention(reason=Text(zh="永久", en="for ever"))))
UNREASONED = stripped("survey", "key_processes")
NOBODY = Accounts(state="none", roles={})
FAULTY = Accounts(state="faulty", roles={}, told="x")
CHANGES = [
    Change(name="a plain warehouse that all can read", of_store=plain(BASE, 0o644), gives={"reading": 3, "media": 2}),
    Change(name="a plain warehouse that is closed", of_store=plain(BASE, 0o640), gives={"media": 2}, key="mixed"),
    Change(name="a sealed warehouse that all can read", of_store=lambda at: (at / BASE).chmod(0o644), gives={}),
    Change(name="a file nobody knows", of_store=plain("copy.csv", 0o600), gives={"strays": 2}, key="others"),
    Change(name="a file nobody knows that all can read", of_store=plain("copy.csv", 0o644), gives={"strays": 3}),
    Change(name="a store that all can write into", of_store=lambda at: at.chmod(0o777), gives={"tampering": 3}),
    Change(name="no log", of_store=lambda at: (at / "log.jsonl").unlink(), gives={"unseen": 3}, key="none"),
    Change(name="a line of the log taken out", of_store=cut, gives={"unseen": 3}, key="broken"),
    Change(name="a log of another edition", of_store=foreign, gives={"unseen": 3}, key="broken"),
    Change(name="a log without marks of the key given", of_store=without_key, gives={"unseen": 3}, key="broken"),
    Change(name="no audit on record", of_store=unaudited, gives={"inference": 3}, key="unrecorded"),
    Change(name="weaker rules, in plain", of_store=weaker, gives={"inference": 2, "media": 2}, key="weaker"),
    Change(name="no accounts", accounts=NOBODY, gives={"entry": 2}),
    Change(name="accounts that cannot be used", accounts=FAULTY, gives={"entry": 3}),
    Change(name="what is only proposed", plan=PROPOSED, gives={"grading": 2}, key="unconfirmed"),
    Change(name="a column without a reason", plan=UNREASONED, gives={"grading": 3}, key="unreasoned"),
    Change(name="the last day of the third year", today=date(2027, 12, 31), gives={}, key="kept"),
    Change(name="the first day after it", today=date(2028, 1, 1), gives={"retention": 3}, key="overdue"),
    Change(name="records without an end", plan=ENDLESS, gives={"retention": 2}, key="endless"),
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.name)
def test_one_change_moves_the_risks_that_it_touches_and_no_others(store: Path, change: Change) -> None:
    change.of_store(store)
    found = judged(store, change.plan, change.accounts, change.today)
    assert likely(found) == change.gives
    if change.key:
        assert change.key in {finding.key for risk in found.values() for finding in risk.findings}
    for name in change.gives:
        assert found[name].findings[0].todo is not None or found[name].findings[-1].todo is not None, "a next step"


def test_a_table_that_nobody_answers_for_is_found(store: Path) -> None:
    nobody = PLAN.model_copy(update={"dictionary": PLAN.dictionary.model_copy(update={"custody": Custody()})})
    finding = judged(store, nobody)["grading"].findings[0]
    assert (finding.key, finding.likelihood) == ("unstated", 3)
    assert set(finding.tables) == set(PLAN.dictionary.tables)


def test_a_broken_edition_is_found(store: Path) -> None:
    broken(store)
    found = judged(store)
    assert (found["tampering"].likelihood, found["tampering"].findings[0].key) == (3, "broken")
    assert found["inference"].findings[0].key == "none", "of what cannot be opened nothing is shown"


def test_the_shortest_retention_is_over_first(store: Path) -> None:
    [finding] = judged(store, today=date(2028, 1, 1))["retention"].findings
    assert (finding.tables, finding.tier) == (("declarations",), "core")
    [finding] = judged(store, today=date(2032, 1, 1))["retention"].findings
    assert len(finding.tables) == 7, "those of seven years too, and no public list"


def test_the_impact_is_the_tier_of_the_files_concerned(store: Path) -> None:
    plain(PART, 0o644)(store)
    assert (judged(store)["reading"].tier, judged(store)["reading"].score) == ("important", 6)
    plain(CORE, 0o644)(store)
    assert (judged(store)["reading"].tier, judged(store)["reading"].score) == ("core", 9)


def test_a_public_list_that_all_can_read_is_no_risk(store: Path) -> None:
    plain("accepted/providers/000003-c.parquet", 0o644)(store)
    assert likely(judged(store)) == {}


def test_personal_information_weighs_as_important_and_in_numbers_is_important_data(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = of_persons()
    assert likely(judged(store, plan)) == {}
    monkeypatch.setattr("indicators.risk.risks.MANY_PERSONS", 1000)  # the survey of the plausible edition has more rows
    finding = judged(store, plan)["grading"].findings[0]
    assert (finding.key, finding.tables) == ("persons", ("survey",))
    risk = Risk(id="strays", findings=(Finding(key="others", likelihood=2),), concerned="general", personal=True)
    assert (risk.impact, risk.score) == (2, 4)


def test_a_log_that_was_never_kept_with_a_key_is_unproven(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLANWATCH_KEY")
    logged(store)
    assert likely(judged(store)) == {"unseen": 2}


def test_marks_that_nobody_can_prove_are_no_proof(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PLANWATCH_KEY")
    found = judged(store)["unseen"].findings[0]
    assert (found.key, found.likelihood) == ("unproven", 2)
    monkeypatch.setenv("PLANWATCH_KEY", KEY.raw.hex())
    assert judged(store)["unseen"].likelihood == 1


def test_what_lies_open_beside_the_records_is_not_called_closed(store: Path) -> None:
    plain("copy.csv", 0o644)(store)
    [finding] = judged(store)["reading"].findings
    assert (finding.key, finding.count) == ("closed", len(FILES))


def test_scores_and_levels_are_those_of_the_matrix() -> None:
    matrix = {
        (1, 1): (1, "low"), (1, 2): (2, "low"), (1, 3): (3, "medium"),
        (2, 1): (2, "low"), (2, 2): (4, "medium"), (2, 3): (6, "high"),
        (3, 1): (3, "medium"), (3, 2): (6, "high"), (3, 3): (9, "high"),
    }  # fmt: skip
    for (likelihood, impact), (score, level) in matrix.items():
        tier = ("general", "important", "core")[impact - 1]
        finding = Finding(key="others", likelihood=likelihood, tier=tier)  # type: ignore[arg-type]
        risk = Risk(id="strays", findings=(finding,), concerned="general", personal=False)
        assert (risk.score, risk.level) == (score, level)
        assert level_of(score) == level


def test_the_likeliest_finding_decides_and_says_what_is_concerned() -> None:
    findings = (Finding(key="others", likelihood=2, tier="core"), Finding(key="everyone", likelihood=3, tier="important"))
    risk = Risk(id="strays", findings=findings, concerned="core", personal=False)
    assert (risk.likelihood, risk.tier, risk.score) == (3, "important", 6)


def test_nothing_of_the_store_is_changed_by_looking(store: Path) -> None:
    def state() -> dict[str, tuple[int, float, int]]:
        found = ((path, path.stat()) for path in store.rglob("*"))
        return {str(path): (told.st_size, told.st_mtime, told.st_mode) for path, told in found}

    before = state()
    judged(store)
    assert state() == before


def test_an_empty_folder_is_judged_too(tmp_path: Path) -> None:
    found = gather(tmp_path, None, PROPOSED, Accounts(roles={}), TODAY)
    assert isinstance(found, Evidence)
    assert found.edition is None
    assert likely({risk.id: risk for risk in risks(found)}) == {"entry": 2, "unseen": 3, "grading": 2, "retention": 2}
