"""Pseudonyms: the same for one recipient, others for every other, and not to be turned back from the list of identifiers."""

from __future__ import annotations

import hashlib
import hmac
import stat
from itertools import combinations
from pathlib import Path

import polars as pl
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pipelines import log, pseudonym, sealing, vault
from pipelines.pseudonym import NoRecipient, PseudonymRefused, SecretUnusable, pseudonymised, pseudonyms_for, whose
from pipelines.secret import new_key, using
from tests.pipelines import stores
from tests.pipelines.stores import DICTIONARY, UNITS

IDS = [f"E{number:06}" for number in range(2000)]


def test_they_are_stable_for_one_recipient_and_differ_between_recipients(tmp_path: Path) -> None:
    recipients = ["中汽协", "MIIT", "MIIT2", "institute"]
    first = {name: [pseudonyms_for(tmp_path, name).of(one) for one in IDS] for name in recipients}
    again = {name: [pseudonyms_for(tmp_path, name).of(one) for one in IDS] for name in recipients}
    assert first == again
    for one, other in combinations(recipients, 2):
        assert not set(first[one]) & set(first[other])
    assert all(len(set(made)) == len(IDS) for made in first.values())
    assert len({pseudonyms_for(tmp_path, name).mark for name in recipients}) == 4
    other = [pseudonyms_for(tmp_path / "other", "MIIT").of(one) for one in IDS]
    assert not set(other) & set(first["MIIT"]), "another store has another secret"


def test_they_are_what_the_standards_say(tmp_path: Path) -> None:
    """A second road: key and pseudonym by other implementations."""
    made = pseudonyms_for(tmp_path, " MIIT ").of("E000001")
    secret = bytes.fromhex((tmp_path / pseudonym.FILE).read_text())
    info = b"".join(len(word).to_bytes(4) + word for word in (b"planwatch pseudonym", b"miit"))
    key = HKDF(algorithm=SHA256(), length=32, salt=b"", info=info).derive(secret)
    assert made == hmac.new(key, b"E000001", hashlib.sha256).hexdigest()[:32]


@pytest.mark.parametrize("name", ["MIIT", " miit", "ＭＩＩＴ", "Miit  "])
def test_spaces_width_and_case_of_a_recipient_do_not_count(name: str, tmp_path: Path) -> None:
    assert pseudonyms_for(tmp_path, name).of("E1") == pseudonyms_for(tmp_path, "MIIT").of("E1")


def test_a_recipient_has_a_name(tmp_path: Path) -> None:
    with pytest.raises(NoRecipient, match="--for"):
        pseudonyms_for(tmp_path, " \t")


def test_hashing_the_list_of_identifiers_turns_nothing_back(tmp_path: Path) -> None:
    """The control is the plain hash, of which the same attack turns back every one."""
    known = {hash_of(one): one for one in IDS for hash_of in _guesses("MIIT")}
    made = [pseudonyms_for(tmp_path, "MIIT").of(one) for one in IDS]
    assert [known.get(token) for token in made] == [None] * len(IDS)
    assert [known.get(hashlib.sha256(one.encode()).hexdigest()[:32]) for one in IDS] == IDS


def _guesses(recipient: str) -> list:  # type: ignore[type-arg]
    """What somebody may try who knows all identifiers, the recipient and the program, and not the secret."""
    keys = [b"", recipient.encode(), recipient.lower().encode(), b"planwatch pseudonym"]
    plain = [lambda text, kind=kind: kind(text.encode()).hexdigest()[:32] for kind in (hashlib.sha256, hashlib.sha1, hashlib.md5)]
    return plain + [lambda text, key=key: hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32] for key in keys]


def test_the_secret_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    pseudonyms_for(tmp_path, "MIIT")
    path = tmp_path / pseudonym.FILE
    content = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(bytes.fromhex(content.decode())) == 32
    pseudonym.mark_of(tmp_path, "unit", "E1")
    assert path.read_bytes() == content
    assert "secret" not in repr(pseudonyms_for(tmp_path, "MIIT")).lower()
    key = new_key()
    made = pseudonyms_for(tmp_path, "MIIT").of("E1")
    sealing.seal_store(tmp_path, key)
    assert content not in path.read_bytes()
    with using(key):
        assert pseudonyms_for(tmp_path, "MIIT").of("E1") == made
        assert vault.read(tmp_path, pseudonym.FILE) == content


@pytest.mark.parametrize("text", ["", "ab" * 31, "ab" * 33, "zz" * 32, "00" * 32, "\xff"])
def test_a_secret_that_is_none_makes_no_pseudonym(text: str, tmp_path: Path) -> None:
    """Of an empty one everybody who has the program could work all of them out."""
    (tmp_path / pseudonym.FILE).write_bytes(text.encode("latin-1"))
    for use in (lambda: pseudonyms_for(tmp_path, "MIIT"), lambda: pseudonym.mark_of(tmp_path, "unit", "E1")):
        with pytest.raises(SecretUnusable, match="64 hexadecimal digits by chance"):
            use()
    assert str(tmp_path / pseudonym.FILE) in str(pseudonym.fault(tmp_path))
    assert sealing.inspect(tmp_path, None).faults == (pseudonym.fault(tmp_path),)


@pytest.mark.parametrize(
    ("action", "objects", "used"),
    [("pseudonymise", {}, True), ("forget", {"mark": "0" * 16}, True), ("forget", {"part": 1}, False)],
)
def test_a_secret_that_was_used_and_is_gone_is_not_made_anew(
    action: str, objects: dict[str, str | int | bool], *, used: bool, tmp_path: Path
) -> None:
    log.append(tmp_path, action="load")
    assert pseudonym.fault(tmp_path) is None
    log.append(tmp_path, action=action, objects=objects)
    if not used:
        assert pseudonyms_for(tmp_path, "MIIT").of("E1")
        return
    with pytest.raises(SecretUnusable, match=r"is missing, though line 2 of log\.jsonl"):
        pseudonyms_for(tmp_path, "MIIT")
    assert not (tmp_path / pseudonym.FILE).exists()
    assert "Restore the file" in str(pseudonym.fault(tmp_path))


def test_a_mark_tells_nothing_and_is_the_same_for_the_same(tmp_path: Path) -> None:
    marks = {pseudonym.mark_of(tmp_path, *what) for what in (("unit", "E1"), ("unit", "E2"), ("part", "E1"), ("unitE", "1"))}
    assert len(marks) == 4
    assert pseudonym.mark_of(tmp_path, "unit", "E1") in marks


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return stores.full(tmp_path)


def test_a_list_holds_pseudonyms_and_what_was_asked_for(store: Path) -> None:
    names = pseudonyms_for(store, "MIIT")
    found = pseudonymised(store, DICTIONARY, "register", names, ["year", "employees"])
    assert found.columns == ["enterprise_id", "holding_group", "year", "employees"]
    text = found.write_csv()
    assert not [word for unit, (name, group) in UNITS.items() for word in (unit, name, group) if word and word in text]
    assert found["enterprise_id"].to_list() == sorted(found["enterprise_id"]), "the order tells nothing"
    expected = {(names.of(unit), None if group is None else names.of(group)) for unit, (_, group) in UNITS.items()}
    assert set(found.select("enterprise_id", "holding_group").rows()) == expected
    assert pseudonymised(store, DICTIONARY, "survey", names).columns == ["enterprise_id"]
    assert pseudonymised(store, DICTIONARY, "survey", names).height == len(UNITS), "each row once"
    shared = pseudonymised(store, DICTIONARY, "survey", names)["enterprise_id"].is_in(found["enterprise_id"].to_list())
    assert shared.all(), "lists for one recipient can be put together"


@pytest.mark.parametrize(
    ("table", "columns", "told"),
    [
        ("registr", [], "Did you mean `register`"),
        ("register", ["employes"], "Did you mean `employees`"),
        ("register", ["name"], "says whom a row is of"),
    ],
)
def test_a_list_that_would_name_somebody_is_refused(table: str, columns: list[str], told: str, store: Path) -> None:
    with pytest.raises(PseudonymRefused, match=told):
        pseudonymised(store, DICTIONARY, table, pseudonyms_for(store, "MIIT"), columns)


def test_only_the_house_can_tell_whose_they_are(store: Path) -> None:
    names = pseudonyms_for(store, "MIIT")
    found = whose(store, DICTIONARY, names, names.of("U0003-C"))
    assert found == [("register", "enterprise_id", "U0003-C"), ("survey", "enterprise_id", "U0003-C")]
    assert whose(store, DICTIONARY, pseudonyms_for(store, "CAAM"), names.of("U0003-C")) == []


def test_blanks_stay_blank(tmp_path: Path) -> None:
    names = pseudonyms_for(tmp_path, "MIIT")
    assert names.of_all(pl.Series(["a", None, "a"])).to_list() == [names.of("a"), None, names.of("a")]
    assert names.of_all(pl.Series([], dtype=pl.String)).to_list() == []
