"""What is said of a number held against a target: every outcome, short and long, in both languages."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from dashboard.rows import assessed
from dashboard.rows.assessed import POSITIONS, TOLD, Assessed, Assessment, Pace
from dashboard.wording import doubt
from dashboard.words import words
from indicators.catalogue.plan import Plan
from indicators.editions.edition import Edition
from indicators.editions.results import GRADES, OUTCOMES

#: the worked example of an NC rate with a base of 60.01 %: pace 0.805, P(on track) 0.21, P(0.60 or more) 0.87
NC = Assessment(
    indicator="nc_rate", period="2026", breakdown="total", category="total", target="T4", threshold=0.70, value=0.6403, se=0.012,
    base_period="2025", base=0.6001, base_se=0.0125, covariance=0.00006, gap=0.0597, gap_low=0.0362, gap_high=0.0832,
    distance=0.402, path=0.65005, path_gap=0.00975, pace=0.805, grade="acceleration", other="on_track", probability=0.87,
    p_met=0.0, p_on_track=0.21, p_acceleration=0.66, p_limited=0.129, p_deterioration=0.001, outcome="cannot_tell",
)  # fmt: skip
CYCLE = replace(
    NC, indicator="rd_cycle_change", target="T6", threshold=-0.2, value=-0.08, se=0.02, base=0.0, base_se=0.0, covariance=0.0,
    gap=0.12, gap_low=0.08, gap_high=0.16, path=-0.1, path_gap=0.02, pace=0.75, other=None, probability=0.82,
    outcome="acceleration",
)  # fmt: skip
PACE = Pace(
    indicator="nc_rate", period="2026", breakdown="total", category="total", target="T4", scale="linear", achieved=0.0402,
    required=0.0597, among="segment", categories=7, fastest=0.05, reached=False,
)  # fmt: skip


def short(row: Assessment, plan: Plan, language: str = "en", **more: Any) -> str:
    return doubt.outcome(row, plan, words(language), **more)


def test_every_outcome_has_a_position_and_every_position_its_place() -> None:
    assert {assessed.position(outcome, None) for outcome in OUTCOMES} | {"not_yet"} == set(POSITIONS)
    assert sorted(TOLD) == sorted(POSITIONS)
    worst_first = sorted(OUTCOMES, key=lambda outcome: assessed.severity(outcome, None))
    assert worst_first[0] == "not_met"
    assert worst_first[-1] == "met_at_base"
    assert [grade for grade in reversed(worst_first) if grade in GRADES] == list(GRADES)


def test_two_grades_that_are_both_behind_leave_it_behind(plan: Plan) -> None:
    behind = replace(NC, other="limited", probability=0.79)
    assert assessed.position("cannot_tell", "not_yet", behind) == "behind"
    assert doubt.badge(behind, plan, words("en")) == "Behind"
    assert short(behind, plan) == "Cannot be told (behind either way): acceleration needed or limited progress (79%)"
    for other, probability in (("on_track", 0.87), ("limited", 0.69), (None, 0.9)):
        found = replace(NC, other=other, probability=probability)
        assert assessed.position("cannot_tell", "not_yet", found) == "cannot_tell"
        assert doubt.badge(found, plan, words("en")) == "Cannot be told"


@pytest.mark.parametrize(
    ("verdict", "position"),
    [("met", "reached"), ("not_met", "missed"), ("not_yet", "not_yet"), ("depends", "cannot_tell"), ("undecided", "nothing")],
)
def test_without_an_outcome_the_law_alone_says_where_a_target_stands(verdict: str, position: str) -> None:
    assert assessed.position(None, verdict) == position
    assert assessed.position("lost", "not_yet") == "away"
    assert assessed.position(None, None) == "nothing"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "Cannot be told: acceleration needed or on track (87%)"),
        ({"outcome": "acceleration", "other": None, "probability": 0.82}, "Acceleration needed (82%)"),
        ({"outcome": "on_track", "grade": "on_track", "other": None, "probability": 1.0}, "On track"),
        ({"outcome": "on_track", "grade": "on_track", "other": None, "probability": 0.999}, "On track (> 99%)"),
        ({"outcome": "no_date", "grade": None, "probability": None, "gap": 0.2}, "No date: 20.0 pp short"),
        ({"outcome": "no_error", "probability": None}, "Error unknown; by the numbers: acceleration needed"),
        ({"outcome": "no_error", "grade": None, "probability": None}, "Error unknown"),
        ({"outcome": "met", "grade": None, "probability": None}, "Met so far"),
        ({"outcome": "met_within_error", "grade": None, "probability": None}, "Met so far, within error"),
        ({"outcome": "not_met", "grade": None, "probability": None}, "Not met (95% certain)"),
        ({"outcome": "met_at_base", "grade": None, "probability": None}, "Met at base"),
        ({"outcome": "depends", "probability": None}, "Depends on the method"),
        ({"outcome": None, "grade": None, "probability": None}, ""),
    ],
)
def test_one_column_says_the_outcome_and_its_doubt(plan: Plan, changed: dict[str, Any], told: str) -> None:
    assert short(replace(NC, **changed), plan) == told


def test_what_is_met_is_met_so_far_only_while_there_is_time(plan: Plan) -> None:
    met = replace(NC, outcome="met", grade=None, probability=None)
    for period, through, told in (
        ("2026", None, "Met so far"),
        ("2027", None, "Met (95% certain)"),
        ("2027", "2027-09", "Met so far"),
        ("2027", "2027-12", "Met (95% certain)"),
        ("2028", None, "Met (95% certain)"),
    ):
        assert short(replace(met, period=period), plan, through=through) == told
    undated = replace(met, indicator="data_catalogue_rate", target="T10a", period="2031")
    assert short(undated, plan) == "Met so far"


def test_the_gap_bears_its_interval_in_its_own_unit(plan: Plan) -> None:
    told = words("en")
    assert doubt.gap(NC, plan, told) == "6.0 pp to go (95% interval: 3.6 pp to 8.3 pp)"
    across = replace(NC, gap=0.004, gap_low=-0.009, gap_high=0.017)
    assert doubt.gap(across, plan, told) == "0.4 pp to go (95% interval: 0.9 pp beyond to 1.7 pp short)"
    beyond = replace(NC, gap=-0.02, gap_low=-0.03, gap_high=-0.01)
    assert doubt.gap(beyond, plan, told) == "2.0 pp beyond it (95% interval: 1.0 pp to 3.0 pp beyond)"
    assert doubt.gap(replace(NC, gap_low=None), plan, told) == "6.0 pp to go"
    assert doubt.gap(replace(NC, gap=0.0, gap_low=None), plan, told) == told("tile.reached")
    assert doubt.gap(NC, plan, words("zh")) == "还差6.0个百分点（95%区间：3.6个百分点至8.3个百分点）"


def test_the_path_says_what_was_due_and_on_which_side_the_number_lies(plan: Plan) -> None:
    told = words("en")
    assert doubt.path(NC, plan, told) == "1.0 pp behind (65.0% due)"
    assert doubt.path(replace(NC, path_gap=-0.006), plan, told) == "0.6 pp ahead (65.0% due)"
    assert doubt.path(replace(NC, value=0.65003, path_gap=0.00002), plan, told) == "on it (65.0% due)"
    assert doubt.path(replace(NC, path=None, path_gap=None), plan, told) == ""
    assert doubt.path(CYCLE, plan, told) == "2.0 pp behind (−10.0% due)", "lower is better, and −8 % is behind −10 %"
    half = replace(NC, indicator="solution_providers", target="T8", value=18.0, path=17.5, path_gap=-0.5)
    assert doubt.path(half, plan, told) == "0.5 enterprises ahead (17.5 enterprises due)", "half of one is due"
    assert doubt.path_sentence(NC, plan, words("zh")) == "按现行路径应为65.0%，落后1.0个百分点。"


def test_a_pace_that_nobody_ever_had_is_told_as_such(plan: Plan) -> None:
    told = words("en")
    moved = "Since 2025 it moved by +4.0 pp a year; +6.0 pp a year are needed until 2027."
    never = "No breakdown's fastest fifth ever moved so fast; the fastest (Segment) moved by +5.0 pp in a year."
    assert doubt.pace(NC, [PACE], plan, told) == f"{moved} {never}"
    better = replace(PACE, among="province", fastest=0.07, reached=True)
    assert doubt.pace(NC, [PACE, better], plan, told) == (
        f"{moved} The fastest fifth (Province) once moved so fast: +7.0 pp in a year."
    )
    assert doubt.pace(replace(NC, gap=-0.01), [PACE], plan, told) == "Since 2025 it moved by +4.0 pp a year."
    assert doubt.pace(NC, [], plan, told) == ""
    close = replace(PACE, required=0.0502, fastest=0.0499)
    assert "(Segment) moved by +4.99 pp" in doubt.pace(NC, [close], plan, told), "not the same as the +5.0 pp that are needed"
    unknown = replace(PACE, fastest=None, reached=None)
    assert doubt.pace(NC, [unknown], plan, told) == moved


def test_growth_is_told_as_people_read_it_and_the_fastest_of_what_falls_falls_most(plan: Plan) -> None:
    """The table holds logarithms: ln 0.92 is a fall of 8 %, ln 0.80 one of 20 %."""
    falls = replace(PACE, indicator="rd_cycle_change", target="T6", scale="log", achieved=-0.083382, required=-0.139762)
    slow, fast = (
        replace(falls, fastest=-0.051293, among="segment"),
        replace(falls, fastest=-0.223144, among="province", reached=True),
    )
    told = doubt.pace(CYCLE, [slow, fast], plan, words("en"))
    assert "moved by −8.0% a year; −13.0% a year are needed until 2027." in told
    assert told.endswith("The fastest fifth (Province) once moved so fast: −20.0% in a year.")


def test_probabilities_are_those_of_the_estimate(plan: Plan) -> None:
    assert doubt.probability(NC, words("en")) == (
        "Probability, given sampling error, that the estimate is on track: 21%; needs acceleration: 66%;"
        " makes limited progress: 13%."
    )
    zh = doubt.probability(NC, words("zh"))
    assert "估计值" in zh
    assert "符合进度 21%" in zh
    certain = replace(NC, p_on_track=0.0, p_acceleration=1.0, p_limited=0.0, p_deterioration=0.0)
    assert doubt.probability(certain, words("en")) == ""
    assert doubt.probability(replace(NC, **dict.fromkeys([f"p_{name}" for name in ("met", *GRADES)])), words("en")) == ""


@pytest.mark.parametrize(("part", "told"), [(0.999, "> 99%"), (0.87, "87%"), (0.001, "< 1%"), (1.0, "100%"), (0.0, "0%")])
def test_what_is_not_certain_is_never_written_as_certain(part: float, told: str) -> None:
    assert doubt.chance(part) == told


def test_the_ratio_of_paces_is_told_unless_it_moves_away(plan: Plan) -> None:
    assert doubt.ratio(NC, words("en")) == "81% of the pace needed: acceleration needed or on track (87%)"
    away = replace(NC, pace=-0.2, grade="deterioration", other=None, probability=0.75)
    assert doubt.ratio(away, words("en")) == "moving away (75%)"
    assert doubt.ratio(replace(NC, grade=None), words("en")) == ""


def test_the_long_form_says_all_of_it_in_order(plan: Plan) -> None:
    told = doubt.sentence(NC, plan, words("en"), [PACE])
    order = ["64.0% in 2026", "> 70% (strictly), by 2027", "6.0 pp to go", "Sampling error", "65.0%", "+4.0 pp", "Probability"]
    places = [told.index(part) for part in order]
    assert places == sorted(places)
    zh = doubt.sentence(NC, plan, words("zh"), [PACE], named=True)
    assert zh.startswith("关键工序数控化率：2026年为64.0%，目标 > 70%（超，严格大于），2027年，还差6.0个百分点")
    assert " 。" not in zh and ". " not in zh
    parts = replace(NC, breakdown="segment_group", category="parts", scope=False)
    assert "does not ask this of Parts makers alone" in doubt.sentence(parts, plan, words("en"))
    assert "does not ask" not in doubt.sentence(replace(parts, scope=True), plan, words("en"))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_everything_an_edition_holds_can_be_told(plan: Plan, edition: Edition, language: str) -> None:
    judged, said = Assessed.published(edition), words(language)
    assert len(judged.rows) > 1000
    blanks = re.compile(r"[{}]|None|\bnan\b|  ")
    for key, row in judged.rows.items():
        texts = [doubt.outcome(row, plan, said), doubt.sentence(row, plan, said, judged.pace(key), named=True)]
        assert all(text and not blanks.search(text) for text in texts), (key, texts)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("outcome", OUTCOMES)
def test_every_outcome_has_its_reason(plan: Plan, outcome: str, language: str) -> None:
    row = replace(NC, outcome=outcome, grade=outcome if outcome in GRADES else NC.grade)
    assert doubt.because(row, words(language))
    assert doubt.badge(row, plan, words(language))


def test_an_unknown_target_is_a_mistake_of_the_program(plan: Plan) -> None:
    with pytest.raises(KeyError):
        doubt.outcome(replace(NC, target="T99", outcome="met"), plan, words("en"))


@pytest.mark.parametrize(
    ("outcome", "en", "zh"),
    [
        ("met", "Would be met (95% certain)", "将达到（95%把握）"),
        ("met_within_error", "Would be met, within error", "将达到，误差之内"),
        ("not_met", "Would not be met (95% certain)", "将不能达到（95%把握）"),
        ("not_met_within_error", "Would not be met, within error", "将不能达到，误差之内"),
    ],
)
def test_what_is_supposed_would_be_so(plan: Plan, outcome: str, en: str, zh: str) -> None:
    row = replace(NC, outcome=outcome, grade=None, other=None, probability=None)
    assert [doubt.outcome(row, plan, words(language), supposed=True) for language in ("en", "zh")] == [en, zh]
    assert "ould" not in doubt.outcome(row, plan, words("en"))


def test_graded_outcomes_are_the_same_of_a_scenario(plan: Plan) -> None:
    assert doubt.outcome(NC, plan, words("en"), supposed=True) == doubt.outcome(NC, plan, words("en"))
