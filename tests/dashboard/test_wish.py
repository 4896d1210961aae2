"""What the controls of a scenario can say: every wish is a scenario, and of a scenario the wish that says the same."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.wording.wish import PLACES, Ground, Wish, sizes
from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Plan
from indicators.catalogue.scenario import Scenario
from indicators.catalogue.scenariotext import from_link, to_link

SIZES = ("large", "medium", "small", "micro")
#: vehicle,micro is not there: it is withheld
CROSSED = [f"{group},{size}" for group, size in product(("vehicle", "parts"), SIZES) if (group, size) != ("vehicle", "micro")]
PLAN = load_plan(AUTOMOTIVE)


def ground_of(plan: Plan, target: int = 0, **more: object) -> Ground:
    found = plan.indicators["rd_tool_rate"].targets[target]
    given = {
        "offered": {"segment_group": ["vehicle", "parts"], "size_class": list(SIZES), "segment_group,size_class": CROSSED},
        "left": True,
        "sizes": {frozenset({"province"}): 31, frozenset({"size_class"}): 4, frozenset({"segment_group", "size_class"}): 7},
        "speeds": {"province"},
    }
    return Ground(plan=plan, target=found, id=found.id or "", **(given | more))  # type: ignore[arg-type]


def wish(breakdown: str = "segment_group,size_class", **more: object) -> Wish:
    given: dict[str, object] = {"chosen": dict.fromkeys(breakdown.split(","), ())}
    return Wish(breakdown=breakdown, **(given | more))  # type: ignore[arg-type]


def link(ground: Ground, asked: Wish) -> str:
    return to_link(ground.scenario(asked))


def cells(scenario: Scenario) -> set[tuple[str, str]]:
    """The categories that can be moved and that a scenario moves, by brute force."""
    found = set()
    for move, (group, size) in product(scenario.moves, (one.split(",") for one in CROSSED)):
        groups, chosen = (move.where[name] for name in ("segment_group", "size_class"))
        if (groups == "all" or group in groups) and (chosen == "all" or size == chosen or size in chosen):
            found.add((group, size))
    return found


def test_none_chosen_of_a_breakdown_are_all_of_it(plan: Plan) -> None:
    ground = ground_of(plan)
    assert link(ground, wish("size_class")) == "T3~size_class.all~to.threshold"
    some = wish(chosen={"segment_group": ("parts",), "size_class": ()})
    assert link(ground, some) == "T3~segment_group.parts~size_class.all~to.threshold"


def test_what_is_withheld_is_left_out_of_a_product(plan: Plan) -> None:
    asked = wish(chosen={"segment_group": ("vehicle", "parts"), "size_class": ("small", "micro")}, to="level", level=0.925)
    scenario = ground_of(plan).scenario(asked)
    assert [move.where for move in scenario.moves] == [
        {"segment_group": "vehicle", "size_class": "small"},
        {"segment_group": "parts", "size_class": ["small", "micro"]},
    ]
    assert {move.to for move in scenario.moves} == {0.925}
    assert ground_of(plan).withheld(scenario) == []


@settings(max_examples=60, deadline=None)
@given(
    groups=st.lists(st.sampled_from(["vehicle", "parts"]), unique=True),
    chosen=st.lists(st.sampled_from(SIZES), unique=True),
    to=st.sampled_from(PLACES),
    level=st.floats(0, 1, allow_nan=False),
    others=st.sampled_from(["stay", "achieved"]),
)
def test_a_wish_comes_back_from_its_link(groups: list[str], chosen: list[str], to: str, level: float, others: str) -> None:
    ground = ground_of(PLAN)
    asked = wish(
        chosen={"segment_group": tuple(groups), "size_class": tuple(chosen)},
        to=to, level=level if to == "level" else None, among="province" if "fifth" in to else None, others=others,
    )  # fmt: skip
    if not any(cell in {tuple(one.split(",")) for one in CROSSED} for cell in product(groups, chosen)) and groups and chosen:
        return  # only what is withheld was chosen
    found = ground.wish(from_link(link(ground, asked)))
    assert found is not None
    assert cells(ground.scenario(found)) == cells(ground.scenario(asked))
    assert (found.to, found.level, found.among, found.others) == (asked.to, asked.level, asked.among, asked.others)


@pytest.mark.parametrize(
    "text",
    [
        "T3~size_class.small~to.threshold~size_class.large~to.0.9",  # to two places
        "T3~size_class.small~pace.0.02",  # a pace by a number
        "T3~in.2025~size_class.small~to.threshold",  # another year
        "T3~segment_group.parts~size_class.small~to.0.9~segment_group.vehicle~size_class.large~to.0.9",  # no product
        "T3~province.11~to.threshold",  # nothing of it can be moved
    ],
)
def test_what_the_controls_cannot_say_is_no_wish(plan: Plan, text: str) -> None:
    assert ground_of(plan).wish(from_link(text)) is None


def test_only_places_that_can_be_gone_to_are_offered(plan: Plan) -> None:
    assert list(ground_of(plan).places(wish())) == list(PLACES)
    late = ground_of(plan, left=False)
    assert list(late.places(wish())) == ["threshold", "best_fifth", "level"]
    few = ground_of(plan, sizes={frozenset({"size_class"}): 4}, speeds=set())
    assert list(few.places(wish("size_class"))) == ["threshold", "level", "required"]


def test_a_fifth_of_few_is_taken_of_another_breakdown(plan: Plan) -> None:
    ground = ground_of(plan)
    assert ground.places(wish("size_class"))["best_fifth"].among == "province"
    assert ground.places(wish())["best_fifth"].among is None
    assert ground.amongs(wish("size_class", to="best_fifth")) == ["province"]
    assert ground.amongs(wish(to="best_fifth")) == [None, "province"]


def test_a_level_begins_at_the_target(plan: Plan) -> None:
    assert ground_of(plan).places(wish())["level"].level == 0.95
    assert ground_of(plan).places(wish(to="level", level=0.9))["level"].level == 0.9


def test_a_target_of_one_category_moves_within_it(plan: Plan) -> None:
    ground = ground_of(plan, target=1, offered={"segment_group,size_class": [f"parts,{size}" for size in SIZES]})
    asked = wish(chosen={"size_class": ("small",)})
    assert link(ground, asked) == "T3_parts~size_class.small~to.threshold"
    assert ground.wish(ground.scenario(asked)) == asked


def test_categories_named_one_by_one_that_cannot_be_moved_are_told(plan: Plan) -> None:
    scenario = from_link("T3~segment_group.vehicle~size_class.micro.small~to.threshold")
    assert ground_of(plan).withheld(scenario) == [("segment_group,size_class", "vehicle,micro")]
    assert ground_of(plan).withheld(from_link("T3~segment_group.vehicle~size_class.all~to.threshold")) == []


def test_sizes_count_what_is_published_and_reliable_within_what_is_asked(plan: Plan) -> None:
    rows = [("total", "total", "published"), ("province", "11", "published"), ("province", "12", "unreliable")]
    rows += [("segment_group,size_class", f"{group},small", "published") for group in ("parts", "vehicle")]
    rows += [("province", "11", "published")]  # held against two targets
    frame = pl.DataFrame(rows, schema=["breakdown", "category", "status"], orient="row")
    frame = frame.with_columns(period=pl.lit("2026"), value=0.5)
    whole, parts = plan.indicators["rd_tool_rate"].targets[:2]
    assert sizes(frame, whole, "2026")[frozenset({"province"})] == 1
    assert sizes(frame, whole, "2026")[frozenset({"segment_group", "size_class"})] == 2
    assert sizes(frame, parts, "2026")[frozenset({"segment_group", "size_class"})] == 1
    assert sizes(frame, whole, "2025") == {}


def test_a_place_that_was_taken_stays_the_wish(plan: Plan) -> None:
    ground = ground_of(plan)
    for asked in ground.places(wish(chosen={"segment_group": ("parts",), "size_class": ("small",)})).values():
        assert ground.wish(ground.scenario(asked)) == asked
        assert ground.allows(replace(asked, others="achieved"))
