"""The figure of where a change came from: its steps are those of the split, and end where the number of now is."""

from __future__ import annotations

from itertools import pairwise

import pytest

from dashboard.charts.scale import Scale
from dashboard.charts.waterfall import MOST, steps, waterfall
from dashboard.rows.judged import Part
from dashboard.words import words
from indicators.catalogue import format
from indicators.catalogue.plan import Plan

NAMES = {f"c{at}": f"name {at}" for at in range(12)} | {"": "others", "composition": "shares", "rest": "rest"}
PARTS = (
    *(
        Part(category=f"c{at}", part="category", within=(at - 5) / 1000, composition=0.0005 * (-1) ** at)
        for at in range(12)
    ),
    Part(category="rest", part="rest", within=0.002, composition=0.001),
    Part(category="total", part="total", within=0.008, composition=0.001),
)  # fmt: skip
BASE = ("2025", 0.83)
NOW = ("2026", 0.83 + sum(range(-5, 7)) / 1000 + 0.002 + 0.001)


def test_the_steps_lead_from_the_base_to_now_without_a_gap() -> None:
    found = steps(PARTS, NAMES, BASE, NOW)
    assert [found[0].end, found[-1].end] == [BASE[1], NOW[1]]
    assert all(one.end == pytest.approx(after.start, abs=1e-12) for one, after in pairwise(found))
    assert found[-2].end == pytest.approx(NOW[1], abs=1e-12), "the parts add up to the change"


def test_the_largest_have_a_step_of_their_own_and_the_others_share_one() -> None:
    found = steps(PARTS, NAMES, BASE, NOW)
    own = [step for step in found if step.kind == "within"]
    sizes = [abs(step.end - step.start) for step in own[:-1]]
    assert len(own) == MOST + 1 and own[-1].name == "others"
    assert sizes == sorted(sizes, reverse=True)
    assert own[0].name in ("name 11", "name 0")


def test_nothing_is_drawn_of_a_change_that_was_not_split() -> None:
    assert steps([Part(category="c1", part="category", contribution=1.0)], NAMES, BASE, NOW) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_figure_draws_every_step_where_it_lies(plan: Plan, language: str) -> None:
    scale = Scale(unit=format.unit_of(plan, "rd_tool_rate"), words=words(language))
    found = steps(PARTS, NAMES, BASE, NOW)
    figure = waterfall(found, scale, target=("target", 0.95))
    bars = {bar.name: bar for bar in figure.data if bar.type == "bar"}
    within = [step for step in found if step.kind == "within"]
    assert list(bars["within"].base) == pytest.approx([100 * step.start for step in within])
    assert [b + x for b, x in zip(bars["within"].base, bars["within"].x, strict=True)] == pytest.approx(
        [100 * step.end for step in within]
    )
    assert list(bars["gap"].base) == pytest.approx([100 * NOW[1]])
    assert list(bars["gap"].x) == pytest.approx([100 * (0.95 - NOW[1])])
    texts = [label.text for label in figure.layout.annotations]
    assert f"<b>{scale.number(NOW[1])}</b>" in texts and f"<b>{scale.number(BASE[1])}</b>" in texts
    low, high = figure.layout.xaxis.range
    assert low < 83 and high > 95
