"""Scenarios as data: the model, the short text of a link, the YAML of a file, and what a plan says against one."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Plan
from indicators.catalogue.scenario import ALL, WORDS, Move, Scenario, ScenarioRefused
from indicators.catalogue.scenariofaults import scenario_faults, targets_of
from indicators.catalogue.scenariotext import LONGEST, UNNAMED, from_link, to_link, to_yaml
from pipelines.yamlfile import Text, read_yaml

PLAN = load_plan(AUTOMOTIVE)
GOOD = load_plan(Path(__file__).parent.parent / "broken_plans" / "good")
NAME = Text(zh="情景", en="Scenario")

identifiers = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True) | st.sampled_from(
    ["to", "pace", "among", "others", "in", "null"]
)
words = st.text(min_size=1, max_size=6).filter(lambda text: text.encode("utf-8", "ignore").decode() == text)
codes = (words | st.sampled_from(["on", "no", "2025", "1e3", "~", "a.b", "-", "江苏"])).filter(lambda code: code != ALL)
numbers = st.floats(min_value=-1e15, max_value=1e15, allow_nan=False)


def where(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(codes, min_size=1, max_size=3, unique=True)
    return st.fixed_dictionaries({name: codes | several | st.just(ALL) for name in names})


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    names = draw(st.lists(identifiers, min_size=1, max_size=3, unique=True))
    moves = []
    for _ in range(draw(st.integers(1, 3))):
        way = draw(st.sampled_from(["to", "pace"]))
        value = draw(numbers | st.sampled_from(WORDS[way]))
        among = draw(st.none() | identifiers) if value in ("best_fifth", "fastest_fifth") else None
        moves.append(Move.model_validate({"where": draw(where(names)), way: value, "among": among}))
    texts = st.builds(Text, zh=words, en=words)
    return Scenario(
        name=draw(texts),
        description=draw(st.none() | texts),
        target=draw(words),
        period=draw(st.none() | st.from_regex(r"20[0-9]{2}", fullmatch=True)),
        moves=moves,
        others=draw(st.sampled_from(["stay", "achieved"])),
    )


@given(scenarios())
def test_a_link_is_read_back_and_needs_no_escaping_in_an_address(scenario: Scenario) -> None:
    link = to_link(scenario)
    assert set(link) <= set(string.ascii_letters + string.digits + "-._~")
    if len(link) <= LONGEST:
        assert from_link(link) == scenario.model_copy(update={"name": UNNAMED, "description": None})
        assert to_link(from_link(link)) == link


@given(scenario=scenarios())
@example(scenario=Scenario(name=NAME, target="on", moves=[Move(where={"a": ["no", "1_0", "2025-01-01"]}, to=1e-05)]))
def test_a_file_is_read_back(scenario: Scenario, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.getbasetemp() / "whatif.yaml"
    file.write_text(to_yaml(scenario), encoding="utf-8", newline="")
    assert read_yaml(file).validate(Scenario) == scenario


def test_links_can_be_guessed() -> None:
    scenario = from_link("T3~size_class.small~to.best_fifth")
    assert scenario == Scenario(name=UNNAMED, target="T3", moves=[Move(where={"size_class": "small"}, to="best_fifth")])
    longer = "T4~in.2026~province.320000.330000~to.0.72~province.all~pace.-0.01~others.achieved"
    found = from_link(longer)
    assert (found.period, found.others) == ("2026", "achieved")
    assert [move.where for move in found.moves] == [{"province": ["320000", "330000"]}, {"province": "all"}]
    assert [(move.to, move.pace) for move in found.moves] == [(0.72, None), (None, -0.01)]
    crossed = from_link("T3~size_class.small~segment_group.parts~among.province~to.best_fifth")
    assert to_link(crossed) == "T3~segment_group.parts~size_class.small~among.province~to.best_fifth"


@given(st.text(max_size=60) | st.text(alphabet="T3~.-_to_pace_in_others_among0159e", max_size=60))
@example("T3~a.b~to.1e999")
@example("T3~a.b~to.nan")
@example("T3~a.-ff~to.1")
@example("T3~a.b~a.c~to.1")
@example("T3~in.2026~in.2027~a.b~to.1")
@example("T3~a.b~to.1~among.a")
@example("T3~a.-3~to.1")
@example("T3~a.all.b~to.1")
@example("~a.b~to.1")
@example("T3~")
@example("T3~..~to.1")
@example("<script>alert(1)</script>")
@example("T3~a.b~others.leave~to.1")
def test_whatever_a_link_holds_it_is_a_scenario_or_refused_in_both_languages(text: str) -> None:
    found: Scenario | None = None
    refused: ScenarioRefused | None = None
    try:
        found = from_link(text)
    except ScenarioRefused as error:
        refused = error
    if refused is not None:
        assert "T3~size_class.small~to.best_fifth" in refused.told.zh
        assert str(refused) == refused.told.en
        assert "\n" not in refused.told.zh
    else:
        assert found is not None and from_link(to_link(found)) == found


def test_a_link_without_end_is_refused_at_once() -> None:
    with pytest.raises(ScenarioRefused, match="longer than"):
        from_link("T3" + "~a.b" * 100_000)


def test_a_link_says_what_is_wrong_with_it() -> None:
    for text, told in [
        ("T3~a.b~to.best", "must be a number or one of"),
        ("T3~a.b", "`to` or `pace` is missing"),
        ("T3", "no whole scenario"),
        ("T3~a~to.1", "`a` has no value"),
        ("T3~a.b~a.c~to.1", "stands there twice"),
        ("T3 ~a.b~to.1", "characters"),
    ]:
        with pytest.raises(ScenarioRefused, match=re.escape(told)):
            from_link(text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"where": {"a": "b"}},
        {"where": {"a": "b"}, "to": 1.0, "pace": 1.0},
        {"where": {}, "to": 1.0},
        {"where": {"a": []}, "to": 1.0},
        {"where": {"a": ["b", "b"]}, "to": 1.0},
        {"where": {"a": ["b", "all"]}, "to": 1.0},
        {"where": {"a": ""}, "to": 1.0},
        {"where": {"a": "b"}, "to": float("inf")},
        {"where": {"a": "b"}, "to": 10**400},
        {"where": {"a": "b"}, "to": True},
        {"where": {"a": "b"}, "pace": "threshold"},
        {"where": {"a": "b"}, "to": 1.0, "among": "c"},
        {"where": {"A": "b"}, "to": 1.0},
    ],
)
def test_moves_that_are_none(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Move.model_validate(wrong)


def test_one_category_in_a_list_is_that_category() -> None:
    assert Move(where={"a": ["b"]}, to=1.0) == Move(where={"a": "b"}, to=1.0)


def faults(plan: Plan, link: str) -> list[tuple[tuple[str | int, ...], str, str]]:
    return [(found.place, found.told.en, found.told.zh) for found in scenario_faults(plan, from_link(link))]


def test_faults_are_told_in_both_languages_with_their_places() -> None:
    [(place, en, zh)] = faults(PLAN, "T4~province.江苏省~to.threshold".replace("江苏省", "-e6-b1-9f-e8-8b-8f"))
    assert place == ("moves", 0, "where", "province")
    assert "Did you mean `320000`?" in en  # people know provinces by their names
    assert "是否应为“320000”" in zh
    [(place, en, zh)] = faults(PLAN, "T44~province.320000~to.threshold")
    assert (place, "T4" in en, "没有目标" in zh) == (("target",), True, True)
    several = faults(GOOD, "N2~branch.bikes~pace.1~branch.cars~to.best_fifth~branch.boats~to.3~others.achieved")
    assert [place for place, _, _ in several] == [
        ("moves", 0, "pace"), ("others",), ("moves", 1, "to"), ("moves", 2, "where", "branch")
    ]  # fmt: skip


def test_the_category_that_the_target_asks_need_not_be_named() -> None:
    assert faults(PLAN, "T3_parts~size_class.small~to.threshold") == []
    assert faults(PLAN, "T3_parts~segment_group.parts~size_class.small~to.threshold") == []
    [(_, told, _)] = faults(PLAN, "T3_parts~segment_group.vehicle~size_class.small~to.threshold")
    assert "asks `parts` alone" in told
    assert faults(PLAN, "T3_parts~segment_group.parts~to.threshold")  # the target's own number is not made of itself


def test_times_move_only_over_their_fixed_mix() -> None:
    assert faults(PLAN, "T6~segment_group.parts~to.threshold") == []
    assert "not made of" in faults(PLAN, "T6~size_class.small~to.threshold")[0][1]
    assert "it is of none" in faults(PLAN, "T7~segment_group.parts~to.threshold")[0][1]


def test_the_scenarios_of_the_plan_are_without_fault_and_read_back_from_link_and_file(tmp_path: Path) -> None:
    assert len(PLAN.scenarios) >= 3
    for name, scenario in PLAN.scenarios.items():
        assert scenario.id == name
        assert scenario.target in targets_of(PLAN)
        bare = scenario.model_copy(update={"id": None, "name": UNNAMED, "description": None})
        assert from_link(to_link(scenario)) == bare
        (tmp_path / "one.yaml").write_text(to_yaml(scenario), encoding="utf-8")
        assert read_yaml(tmp_path / "one.yaml").validate(Scenario) == scenario.model_copy(update={"id": None})
