"""Sealed bytes: they come back whole with the key and in their place, and in no other way."""

from __future__ import annotations

import io
import random
from itertools import pairwise

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import seal
from pipelines.seal import MAGIC, SEGMENT, Place, SealBroken, is_sealed, opened
from pipelines.secret import Key, KeyNeeded, derive, new_key

KEY, PLACE = new_key(), Place(role="accepted part", name="accepted/survey/000001-abc.parquet")
TAG, HEADER = 16, 59


def sealed(content: bytes, key: Key = KEY, place: Place = PLACE, step: int = SEGMENT) -> bytes:
    target = io.BytesIO()
    seal.seal((content[start : start + step] for start in range(0, len(content), step)), target, key, place)
    return target.getvalue()


def unsealed(data: bytes, key: Key | None = KEY, place: Place = PLACE) -> bytes:
    return b"".join(opened(io.BytesIO(data), key, place))


def noise(size: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size)


@pytest.mark.parametrize("size", [0, 1, 15, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT, 3 * SEGMENT + 17])
@pytest.mark.parametrize("step", [SEGMENT, 100_003, 5 * SEGMENT])
def test_what_was_sealed_comes_back(size: int, step: int) -> None:
    content = noise(size)
    data = sealed(content, step=step)
    assert unsealed(data) == content
    assert len(data) == HEADER + size + TAG * max(1, -(-size // SEGMENT))
    assert content[:64] not in data or size < 16


@settings(max_examples=60)
@given(content=st.binary(max_size=300), step=st.integers(1, 50))
def test_short_contents_in_bits_of_any_size_come_back(content: bytes, step: int) -> None:
    assert unsealed(sealed(content, step=step)) == content


def test_the_form_is_what_it_says_worked_out_by_hand() -> None:
    """A second road: the header taken apart and the segments opened with the cipher itself."""
    content = noise(SEGMENT + 100)
    data = sealed(content)
    magic, key_id, salt, prefix, size = data[:8], data[8:16], data[16:48], data[48:55], data[55:59]
    assert (magic, key_id.hex(), int.from_bytes(size)) == (b"PWSEAL1\n", KEY.id, SEGMENT)
    cipher = AESGCM(derive(KEY.raw, "planwatch seal", salt=salt))
    bound = data[:59] + len(PLACE.role).to_bytes(4) + PLACE.role.encode() + PLACE.name.encode()
    first = cipher.decrypt(prefix + (0).to_bytes(4) + b"\0", data[59 : 59 + SEGMENT + TAG], bound)
    last = cipher.decrypt(prefix + (1).to_bytes(4) + b"\1", data[59 + SEGMENT + TAG :], bound)
    assert first + last == content


def test_the_same_content_is_never_sealed_twice_alike() -> None:
    made = [sealed(b"the same") for _ in range(50)]
    assert len({data[16:55] for data in made}) == 50, "salt and start of the nonces are by chance"
    assert len({data[59:] for data in made}) == 50


@pytest.mark.parametrize("size", [0, 10, 2 * SEGMENT + 5])
def test_every_changed_bit_is_found(size: int) -> None:
    data, chance = sealed(noise(size)), random.Random(7)
    places = {0, 5, 8, 20, 50, 56, HEADER, len(data) - 1} | {chance.randrange(len(data)) for _ in range(150)}
    for place in places:
        changed = bytearray(data)
        changed[place] ^= 1 << chance.randrange(8)
        with pytest.raises((SealBroken, KeyNeeded)):
            unsealed(bytes(changed))


@pytest.mark.parametrize("size", [0, 10, SEGMENT, 3 * SEGMENT, 2 * SEGMENT + 5])
def test_a_file_that_was_cut_or_lengthened_is_found(size: int) -> None:
    data, chance = sealed(noise(size)), random.Random(3)
    ends = {HEADER + number * (SEGMENT + TAG) for number in range(size // SEGMENT + 1)} - {len(data)}  # whole segments missing
    for end in ends | {0, 7, HEADER - 1, len(data) - 1, *(chance.randrange(len(data)) for _ in range(60))}:
        with pytest.raises(SealBroken):
            unsealed(data[:end])
    for more in (b"\0", bytes(TAG), data[HEADER:]):
        with pytest.raises(SealBroken):
            unsealed(data + more)


def test_segments_that_change_their_order_are_found() -> None:
    data = sealed(noise(4 * SEGMENT))
    cuts = [HEADER + number * (SEGMENT + TAG) for number in range(5)]
    parts = [data[start:end] for start, end in pairwise(cuts)]
    for order in ((1, 0, 2, 3), (0, 2, 1, 3), (0, 1, 1, 3), (0, 1, 3), (3, 2, 1, 0)):
        with pytest.raises(SealBroken):
            unsealed(data[:HEADER] + b"".join(parts[number] for number in order))


@pytest.mark.parametrize(
    "place",
    [
        Place(role="accepted part", name="accepted/survey/000002-abc.parquet"),
        Place(role="rejected rows", name=PLACE.name),
        Place(role=PLACE.role + "a", name=PLACE.name[1:]),
    ],
)
def test_a_file_put_in_the_place_of_another_is_found(place: Place) -> None:
    with pytest.raises(SealBroken, match="put there from elsewhere"):
        unsealed(sealed(b"content"), place=place)


def test_without_the_key_it_says_which_is_needed_and_how_to_give_it() -> None:
    data, other = sealed(b"content"), new_key()
    with pytest.raises(KeyNeeded, match=f"with the key {KEY.id}, and no key was given") as needed:
        unsealed(data, key=None)
    assert "--key-file" in str(needed.value)
    assert "PLANWATCH_KEY_FILE" in str(needed.value)
    with pytest.raises(KeyNeeded, match=f"the key given is {other.id}"):
        unsealed(data, key=other)


def test_another_version_of_the_form_is_named() -> None:
    with pytest.raises(SealBroken, match="another version"):
        unsealed(b"PWSEAL2\n" + sealed(b"content")[8:])


def test_a_sealed_file_is_told_from_a_plain_one() -> None:
    for data, expected in ((sealed(b""), True), (b"PWSEAL9\n", True), (b"", False), (b"PAR1", False), (b"PWSEA", False)):
        source = io.BytesIO(data)
        assert is_sealed(source) is expected
        assert source.tell() == 0
    assert sealed(b"x").startswith(MAGIC)
