"""Two numbers side by side: what was published of their difference is told as it was, and nothing is made up."""

from __future__ import annotations

import pytest

from dashboard.rows.pairs import NONE, Shift, by_shift, changed, differences, revised, shift_of
from dashboard.rows.reading import Result
from dashboard.wording import explored
from dashboard.words import words
from indicators.catalogue.plan import Plan
from tests.dashboard.test_headline import result


def withheld(status: str = "suppressed", **given: object) -> Result:
    return result(value=None, se=None, low=None, high=None, n=None, quality=None, status=status, **given)


@pytest.mark.parametrize(
    ("row", "known", "mark"),
    [
        (result(value=0.03, significant=True), "beyond", "▲"),
        (result(value=-0.03, significant=True), "beyond", "▼"),
        (result(value=0.03, significant=False), "within", "≈"),
        (result(value=0.03, significant=None), "unknown", "?"),
        (withheld(), "suppressed", "×"),
        (withheld("absent"), "absent", "○"),
        (None, "none", "–"),
    ],
)
def test_a_change_is_told_as_it_was_published(row: Result | None, known: str, mark: str) -> None:
    found = shift_of(row)
    assert (found.known, found.mark) == (known, mark)
    assert found.value == (row.value if row else None)


def test_changes_are_paired_by_category_and_none_is_lost() -> None:
    before, after = [result(category="a"), result(category="b")], [result(category="b"), result(category="c")]
    pairs = {pair.category: pair for pair in changed(before, after, {"b": result(value=0.1, significant=True), "d": withheld()})}
    assert set(pairs) == {"a", "b", "c", "d"}
    assert pairs["a"].after is None
    assert pairs["c"].before is None
    assert pairs["b"].shift.value == 0.1
    assert pairs["c"].shift == NONE


def revision(category: str, value: float, beyond: bool | None) -> dict[str, object]:
    return {"category": category, "revision": value, "beyond_error": beyond, "reason": "data"}


def test_revisions_are_those_published_and_all_else_says_why_there_is_none() -> None:
    before = [result(category=name, value=0.5) for name in "abcd"] + [withheld(category="e"), withheld(category="f")]
    after = [
        result(category="a", value=0.5),
        result(category="b", value=0.6),
        result(category="c", value=0.7),
        withheld(category="d"),
        result(category="e", value=0.4),
        withheld(category="f"),
    ]
    pairs = revised(before, after, [revision("b", 0.1, True)])
    assert {pair.category: pair.shift.known for pair in pairs} == {
        "a": "same", "b": "beyond", "c": "none", "d": "gone", "e": "new", "f": "suppressed",
    }  # fmt: skip
    told = explored.revised(pairs, "2026", "0001", words("en"))
    assert "1 of 6" in told
    assert "published revision: 1" in told


def test_a_difference_published_the_other_way_round_is_turned_with_its_interval() -> None:
    row = {"period": "2026", "category": "a", "other": "b", "difference": 0.2, "low": -0.1, "high": 0.5, "significant": False}
    assert differences([row], "a")["2026"] == Shift(known="within", value=0.2, low=-0.1, high=0.5)
    assert differences([row], "b")["2026"] == Shift(known="within", value=-0.2, low=-0.5, high=0.1)


def test_by_change_the_largest_rise_is_first_and_what_is_not_there_last_in_its_order() -> None:
    shifts = {name: Shift(known="within", value=value) for name, value in (("a", -0.1), ("b", 0.3), ("c", 0.2))}
    assert by_shift(["x", "a", "b", "y", "c"], shifts) == ["b", "c", "a", "x", "y"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sentence_of_a_comparison_is_of_the_newest_period_and_says_whether_it_is_beyond_error(
    plan: Plan, language: str
) -> None:
    shifts = {
        "2026": Shift(known="within", value=-0.031, low=-0.08, high=0.02),
        "2025": Shift(known="beyond", value=0.2, low=0.1, high=0.3),
    }
    said = words(language)
    told = explored.compared(shifts, "甲", "乙", plan.unit("nc_rate"), said)
    assert "2026" in told
    assert "3.1" in told
    assert said("explore.shift.within") in told
    assert told.index("甲") < told.index("乙")
    nothing = explored.compared({"2026": NONE}, "甲", "乙", plan.unit("nc_rate"), said)
    assert nothing == said("explore.compare.unpublished", first="甲", second="乙")


def test_the_sentence_of_changes_counts_every_one_of_them_once() -> None:
    shifts = [Shift(known="beyond", value=value) for value in (0.1, 0.2, -0.1)]
    shifts += [Shift(known="within", value=0.1)] * 4 + [Shift(known="unknown", value=0.1)] * 5 + [Shift(known="suppressed")] * 6
    told = explored.changed(shifts, "2026", "2025", words("en"))
    counts = [int(part) for part in told.replace(":", "").replace(",", "").split() if part.isdigit() and len(part) == 1]
    assert counts == [2, 1, 4, 5, 6]
    assert sum(counts) == len(shifts)
