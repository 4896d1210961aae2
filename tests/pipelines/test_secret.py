"""Keys: where they come from, what is derived from them, and that nothing of them shows."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from pipelines import secret
from pipelines.secret import (
    Key,
    KeyUnusable,
    apart,
    configured,
    configured_for_log,
    derive,
    hkdf,
    new_key,
    read_key,
    using,
    write_key,
)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (secret.STORE, secret.LOG):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


@pytest.mark.parametrize(
    ("raw", "salt", "info", "length", "expected"),
    [  # RFC 5869, appendix A.1, A.2 and A.3
        ("0b" * 22, bytes(range(13)).hex(), bytes(range(0xF0, 0xFA)).hex(), 42,
         "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"),
        (bytes(range(0x50)).hex(), bytes(range(0x60, 0xB0)).hex(), bytes(range(0xB0, 0x100)).hex(), 82,
         "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
         "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"),
        ("0b" * 22, "", "", 42,
         "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"),
    ],
)  # fmt: skip
def test_derivation_gives_the_published_vectors(raw: str, salt: str, info: str, length: int, expected: str) -> None:
    found = hkdf(bytes.fromhex(raw), salt=bytes.fromhex(salt), info=bytes.fromhex(info), length=length)
    assert found.hex() == expected


@given(
    raw=st.binary(min_size=1, max_size=80), salt=st.binary(max_size=80), info=st.binary(max_size=40), length=st.integers(1, 200)
)
def test_derivation_is_that_of_another_implementation(raw: bytes, salt: bytes, info: bytes, length: int) -> None:
    other = HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(raw)
    assert hkdf(raw, salt=salt, info=info, length=length) == other


def test_words_of_a_purpose_cannot_be_shifted_into_each_other() -> None:
    raw = bytes(range(32))
    made = {derive(raw, *words) for words in (("a", "bc"), ("ab", "c"), ("abc",), ("abc", ""), ("", "abc"))}
    assert len(made) == 5


def test_a_key_is_known_by_an_id_that_is_not_the_key() -> None:
    key = new_key()
    assert len(key.id) == 16
    assert key.id not in key.raw.hex()
    assert key.raw.hex() not in repr(key)
    assert Key(raw=key.raw).id == key.id
    assert len({key.id, new_key().id, key.of_log.id}) == 3


def test_the_key_of_the_log_follows_from_that_of_the_store_and_stands_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    key, other = new_key(), new_key()
    assert (configured(), configured_for_log()) == (None, None)
    monkeypatch.setenv("PLANWATCH_KEY", key.raw.hex())
    assert (configured(), configured_for_log()) == (key, key.of_log)
    monkeypatch.setenv("PLANWATCH_LOG_KEY", other.raw.hex())
    assert configured_for_log() == other
    with using(new_key()) as _:
        assert configured_for_log() not in (other, key.of_log)
    monkeypatch.delenv("PLANWATCH_KEY")
    assert (configured(), configured_for_log()) == (None, other)


@pytest.mark.parametrize("form", ["hex", "HEX with line end", "base64"])
def test_a_key_may_be_written_in_two_ways(form: str, tmp_path: Path) -> None:
    key, path = new_key(), tmp_path / "key"
    text = {
        "hex": key.raw.hex(),
        "HEX with line end": key.raw.hex().upper() + "\r\n",
        "base64": base64.b64encode(key.raw).decode(),
    }
    path.write_text(text[form])
    path.chmod(0o600)
    assert read_key(path) == key


@pytest.mark.parametrize(
    "text", ["", "secret", "0" * 64, "zz" * 32, "ab" * 31, "ab" * 33, "changeme" * 8, base64.b64encode(b"x" * 33).decode()]
)
def test_what_is_no_key_is_refused_without_repeating_it(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyUnusable, match="--make-key") as refused:
        read_key(path)
    assert not text or text not in str(refused.value)
    if text:
        monkeypatch.setenv("PLANWATCH_KEY", text)
        with pytest.raises(KeyUnusable, match="PLANWATCH_KEY holds no key"):
            configured()


@pytest.mark.parametrize(("mode", "fits"), [(0o600, True), (0o400, True), (0o640, True), (0o644, False), (0o660, False)])
def test_a_key_file_that_others_can_read_or_change_is_refused(mode: int, *, fits: bool, tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_key(path, new_key())
    path.chmod(mode)
    if fits:
        assert read_key(path).file == path
        return
    with pytest.raises(KeyUnusable, match=f"mode {mode:04o}.*chmod 600"):
        read_key(path)


def test_a_key_in_the_store_it_protects_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = tmp_path / "store"
    write_key(store / "keys" / "key", new_key())
    write_key(tmp_path / "key", new_key())
    (tmp_path / "way").symlink_to(store / "keys")
    for path in (store / "keys" / "key", tmp_path / "way" / "key"):
        monkeypatch.setenv("PLANWATCH_KEY_FILE", str(path))
        for key in (configured(), configured_for_log()):
            with pytest.raises(KeyUnusable, match="lies in the store"):
                apart(key, store)
    monkeypatch.setenv("PLANWATCH_KEY_FILE", str(tmp_path / "key"))
    assert apart(configured(), store) == read_key(tmp_path / "key")


def test_two_keys_at_once_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_key(tmp_path / "key", new_key())
    monkeypatch.setenv("PLANWATCH_KEY", new_key().raw.hex())
    monkeypatch.setenv("PLANWATCH_KEY_FILE", str(tmp_path / "key"))
    with pytest.raises(KeyUnusable, match="both set"):
        configured()
    with using(new_key()) as _:
        assert configured() is not None, "the one that was named comes before the environment"


def test_a_key_file_is_its_owners_and_never_overwritten(tmp_path: Path) -> None:
    key = new_key()
    write_key(tmp_path / "keys" / "key", key)
    path = tmp_path / "keys" / "key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key(path) == key
    with pytest.raises(KeyUnusable, match="exists already"):
        write_key(path, new_key())
    assert read_key(path) == key
    with pytest.raises(KeyUnusable, match="cannot be read"):
        read_key(tmp_path / "none")
