"""The probability bar: whole, in order, told in words too; paces as bars; numbers on one line."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from dashboard.pieces.odds import odds
from dashboard.pieces.ruler import Mark, ruler
from dashboard.pieces.tempo import tempo
from dashboard.words import words
from indicators.catalogue.plan import Plan
from tests.dashboard.test_doubt import CYCLE, NC, PACE

NONE = dict.fromkeys(("p_met", "p_on_track", "p_acceleration", "p_limited", "p_deterioration"))


def shares(html: str) -> list[float]:
    return [float(share) for share in re.findall(r"flex-grow:([\d.]+)", html)]


def widths(html: str, kind: str) -> list[float]:
    return [float(width) for width in re.findall(rf'pw-tempo-{kind}" style="left:[\d.]+%;width:([\d.]+)%', html)]


def lefts(html: str, kind: str) -> list[float]:
    return [float(left) for left in re.findall(rf'{kind}" style="left:([\d.]+)%', html)]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_pieces_make_a_whole_the_best_first_each_with_its_pattern(language: str) -> None:
    html = odds(NC, words(language))
    assert shares(html) == pytest.approx([0.21, 0.66, 0.129, 0.001])
    assert re.findall(r"pw-odd pw-odd-(\w+)", html) == ["on_track", "acceleration", "limited", "deterioration"]
    assert sum(shares(html)) == pytest.approx(1)


def test_it_says_in_words_what_it_shows() -> None:
    told = re.search(r'aria-label="([^"]*)"', odds(NC, words("en")))
    assert told is not None
    assert "On track 21%" in told[1] and "Acceleration needed 66%" in told[1] and "Moving away &lt; 1%" in told[1]


def test_two_grades_that_cannot_be_told_apart_are_held_together() -> None:
    html = odds(NC, words("en"))
    assert words("en")("target.page.odds.both", share="87%") in html
    assert "margin-left:0.00%;width:87.00%" in html
    told = replace(NC, outcome="acceleration", other=None, probability=0.66)
    assert "pw-odds-brace" not in odds(told, words("en"))


def test_a_piece_too_narrow_for_its_name_is_told_below() -> None:
    listed = odds(NC, words("en")).split("<ul>")[1]
    assert "Limited progress 13%" in listed
    assert "Acceleration needed" not in listed, "it stands in the bar"
    assert "Moving away" not in listed, "less than half a per cent is told to those who cannot see, and not listed"


def test_nothing_is_drawn_where_nothing_is_in_doubt() -> None:
    assert odds(replace(NC, **NONE), words("zh")) == ""  # type: ignore[arg-type]
    assert odds(replace(NC, **(NONE | {"p_met": 1.0})), words("zh")) == ""  # type: ignore[arg-type]


def test_paces_begin_at_one_line_and_grow_the_way_that_is_wanted(plan: Plan) -> None:
    html = tempo(NC, [PACE], plan, words("zh"))
    longest = max(PACE.achieved or 0, PACE.required or 0, PACE.fastest or 0)
    assert widths(html, "so_far") == pytest.approx([(PACE.achieved or 0) / longest * 100], abs=0.01)
    assert widths(html, "needed") == [100.0]
    assert widths(html, "fastest") == pytest.approx([(PACE.fastest or 0) / longest * 100], abs=0.01)
    assert "每年 +4.0个百分点" in html
    falling = replace(PACE, indicator="rd_cycle_change", target="T6", scale="log", achieved=-0.08, required=-0.13, fastest=-0.1)
    mirrored = tempo(CYCLE, [falling], plan, words("zh"))
    assert widths(mirrored, "needed") == [100.0]
    assert lefts(mirrored, "pw-tempo-needed") == [0.0]
    assert "每年 −7.7%" in mirrored, "a logarithm is told as growth: exp(−0.08) − 1"


def test_a_move_away_goes_to_the_other_side(plan: Plan) -> None:
    html = tempo(NC, [replace(PACE, achieved=-0.02, required=0.06, fastest=None)], plan, words("en"))
    assert lefts(html, "pw-tempo-so_far") == [0.0]
    assert lefts(html, "pw-tempo-needed") == [25.0]
    assert "pw-tempo-fastest" not in html


def test_a_reached_target_needs_no_pace(plan: Plan) -> None:
    assert "pw-tempo-needed" not in tempo(replace(NC, gap=-0.01), [PACE], plan, words("zh"))
    assert tempo(NC, [], plan, words("zh")) == ""


def test_now_then_and_the_bound_lie_on_one_line() -> None:
    now = Mark(kind="now", name="Now", told="60%", value=0.6, low=0.55, high=0.65)
    then = Mark(kind="then", name="Then <b>", told="75%", value=0.75)
    html = ruler([now, then], 0.7, "Target > 70%", "now 60%, then 75%")
    (left,), (right,) = lefts(html, "pw-ruler-now"), lefts(html, "pw-ruler-then")
    bound = lefts(html, "pw-ruler-bound")
    assert len(bound) == 2 and bound[0] == bound[1]
    # 0.55 to 0.75 with six hundredths of it to either side
    assert left == pytest.approx((0.6 - 0.538) / 0.224 * 100, abs=0.01)
    assert (bound[0] - left) / (right - left) == pytest.approx((0.7 - 0.6) / (0.75 - 0.6), abs=0.001)
    assert html.count("pw-ruler-error") == 1, "a number without an interval has no bar"
    assert "Then &lt;b&gt;" in html and 'role="img" aria-label="now 60%, then 75%"' in html
