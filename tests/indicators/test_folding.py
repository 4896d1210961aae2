"""What a split tells category by category, and what only together."""

from __future__ import annotations

import pytest

from indicators.splits.folding import folded
from indicators.splits.shares import Piece, Whole

WHOLE = Whole(kind="ratio", direction=1, strict=True, threshold=0.9, value=0.5, se=None, gap=0.4)


def pieces(*shares: float) -> list[Piece]:
    return [Piece(category=f"a{at}", value=0.5, x=share, y=share / 2, units=share * 100) for at, share in enumerate(shares)]


def keys(*names: str) -> set[tuple[str, str]]:
    return {("a", name) for name in names}


def test_published_categories_stand_by_themselves_the_largest_first() -> None:
    kept = folded(WHOLE, "a", pieces(0.2, 0.5, 0.3), keys("a0", "a1", "a2"))
    assert kept is not None
    assert [piece.category for piece in kept] == ["a1", "a2", "a0"]


def test_all_others_are_one_of_no_name_with_their_sums() -> None:
    nobody = Piece(x=0.1, y=0.05, units=10.0)
    kept = folded(WHOLE, "a", [*pieces(0.2, 0.4, 0.1, 0.2), nobody], keys("a0", "a1"))
    assert kept is not None
    assert [piece.category for piece in kept] == ["a1", "a0", None]
    assert (kept[-1].x, kept[-1].y, kept[-1].units) == pytest.approx((0.4, 0.2, 40.0))
    assert (kept[-1].value, kept[-1].se) == (None, None)


def test_a_category_without_a_number_of_its_own_is_among_the_others() -> None:
    unnamed = [Piece(category="a2", value=None, x=0.1, y=0.05), *pieces(0.5, 0.4)]
    kept = folded(WHOLE, "a", unnamed, keys("a0", "a1", "a2"))
    assert kept is not None
    assert [piece.category for piece in kept] == ["a0", "a1", None]


@pytest.mark.parametrize("told", [(), ("a0",)])
def test_of_fewer_than_two_there_is_no_split(told: tuple[str, ...]) -> None:
    assert folded(WHOLE, "a", pieces(0.2, 0.5, 0.3), keys(*told)) is None


def test_of_another_breakdown_nothing_is_told() -> None:
    assert folded(WHOLE, "b", pieces(0.2, 0.5, 0.3), keys("a0", "a1", "a2")) is None
