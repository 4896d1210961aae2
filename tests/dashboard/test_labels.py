"""Words at the ends of lines: none covers another, and none is moved further than it must be."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts.labels import spread, width

PLACES = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8)


@given(places=PLACES, apart=st.floats(0.1, 50))
def test_labels_keep_their_distance_and_their_order(places: list[float], apart: float) -> None:
    found = spread(places, apart)
    order = sorted(range(len(places)), key=lambda at: places[at])
    moved = [found[at] for at in order]
    assert all(later - former >= apart * (1 - 1e-9) - 1e-9 for former, later in pairwise(moved))


@given(places=PLACES, apart=st.floats(0.1, 50))
def test_nothing_is_gained_by_moving_all_of_them_together(places: list[float], apart: float) -> None:
    """At the least squared distance the shifts add up to nothing."""
    assert sum(spread(places, apart)) == pytest.approx(sum(places), abs=1e-6)


def test_labels_with_room_stay_where_they_are() -> None:
    assert spread([10.0, 0.0, 20.0], 5.0) == [10.0, 0.0, 20.0]


def test_two_that_touch_part_from_their_middle() -> None:
    assert spread([1.0, 1.5], 2.0) == pytest.approx([0.25, 2.25])


def test_a_chinese_letter_takes_more_room_than_another() -> None:
    assert width("目标") > width("> 9")
    assert width("<b>目标<br>> 95%</b>") == max(width("目标"), width("> 95%"))
