"""The figure of the way to a target: its lines, each told apart by more than colour, and words that do not collide."""

from __future__ import annotations

from dataclasses import replace

import plotly.graph_objects as go
import pytest

from dashboard.charts.way import way
from dashboard.pieces.colours import MUTED, OURS, TARGET
from dashboard.rows.judged import Lines, Step
from dashboard.rows.reading import Result
from indicators.catalogue.plan import Plan
from tests.dashboard.test_charts import scale, trace, written
from tests.dashboard.test_doubt import CYCLE, NC
from tests.dashboard.test_headline import result

LINES: Lines = {
    ("path", "2026-06-30"): tuple(
        Step(kind="path", vintage="2026-06-30", year=year, value=value)
        for year, value in ((2025, 0.6001), (2026, 0.65005), (2027, 0.7))
    ),
    ("path", "2025-12-29"): tuple(
        Step(kind="path", vintage="2025-12-29", year=year, value=value) for year, value in ((2025, 0.6001), (2027, 0.7))
    ),
    ("same_pace", None): (
        Step(kind="same_pace", vintage=None, year=2026, value=0.6403, low=0.617, high=0.664),
        Step(kind="same_pace", vintage=None, year=2027, value=0.679, low=0.645, high=0.711),
    ),
}


@pytest.fixture
def observed() -> list[Result]:
    return [
        result(period="2025", value=0.6001, low=0.575, high=0.625),
        result(period="2026", value=0.6403, low=0.617, high=0.664),
    ]


@pytest.fixture
def figure(plan: Plan, observed: list[Result]) -> go.Figure:
    return way(observed, LINES, NC, scale(plan), plan.indicators["nc_rate"].targets[0])


def test_the_path_in_force_is_drawn_full_and_the_former_one_thin(figure: go.Figure) -> None:
    force, former = trace(figure, "path"), trace(figure, "vintage")
    assert list(force.y) == pytest.approx([60.01, 65.005, 70])
    assert (force.line.color, former.line.color) == (TARGET, MUTED)
    assert force.line.width > former.line.width
    assert former.line.dash and not force.line.dash


def test_the_scenario_is_dashed_and_has_its_interval_as_a_fan(figure: go.Figure) -> None:
    scenario = trace(figure, "same_pace")
    assert scenario.line.dash == "dash"
    assert list(scenario.y) == pytest.approx([64.03, 67.9])
    assert list(trace(figure, "fan low").y) == pytest.approx([61.7, 64.5])
    assert list(trace(figure, "fan high").y) == pytest.approx([66.4, 71.1])
    assert trace(figure, "fan high").fill == "tonexty"


def test_values_have_their_intervals_and_the_target_its_comparator(figure: go.Figure) -> None:
    assert [tuple(found.y) for found in figure.data if found.name == "interval"] == [
        pytest.approx((57.5, 62.5)),
        pytest.approx((61.7, 66.4)),
    ]
    assert trace(figure, "value").marker.color == OURS
    assert set(trace(figure, "target").y) == {70.0}
    assert "> 70%" in written(figure)
    assert trace(figure, "target date").x[0] == 2027.5


def test_it_says_where_the_number_is_and_where_it_should_be(figure: go.Figure) -> None:
    assert "<b>64.0%</b>" in written(figure)
    assert "按路径应为 65.0%" in written(figure)
    assert list(trace(figure, "should").y) == pytest.approx([65.005])
    assert "67.9%" in written(figure)


def test_words_at_the_right_do_not_cover_each_other(plan: Plan, observed: list[Result]) -> None:
    near = {**LINES, ("same_pace", None): tuple(replace(step, value=0.7) for step in LINES["same_pace", None])}
    figure = way(observed, near, NC, scale(plan), plan.indicators["nc_rate"].targets[0])
    low, high = figure.layout.yaxis.range
    inside = figure.layout.height - figure.layout.margin.t - figure.layout.margin.b
    places = sorted(note.y for note in figure.layout.annotations if note.xref == "paper")
    assert len(places) == 2
    assert (places[1] - places[0]) / (high - low) * inside >= 2 * 13


def test_the_value_is_written_beside_the_target_line_and_not_on_it(plan: Plan, observed: list[Result]) -> None:
    close = [observed[0], replace(observed[1], value=0.696, low=0.683, high=0.709)]
    row = replace(NC, value=0.696, gap=0.004, path_gap=-0.046)
    figure = way(close, LINES, row, scale(plan), plan.indicators["nc_rate"].targets[0])
    low, high = figure.layout.yaxis.range
    pixel = (high - low) / (figure.layout.height - figure.layout.margin.t - figure.layout.margin.b)
    note = next(note for note in figure.layout.annotations if note.text == "<b>69.6%</b>")
    assert abs((70 - note.y) / pixel - note.yshift) >= 12


def test_of_a_change_the_base_is_nothing_and_lower_is_better(plan: Plan) -> None:
    lines = {
        ("path", "2025-12-29"): tuple(
            Step(kind="path", vintage="2025-12-29", year=year, value=value)
            for year, value in ((2025, 0.0), (2026, -0.1), (2027, -0.2))
        )
    }
    rows = [result(indicator="rd_cycle_change", period="2026", value=-0.08, low=-0.12, high=-0.04)]
    target = plan.indicators["rd_cycle_change"].targets[0]
    figure = way(rows, lines, CYCLE, scale(plan, "rd_cycle_change"), target)
    assert list(trace(figure, "observed").y) == pytest.approx([0, -8])
    assert list(trace(figure, "value").y) == pytest.approx([-8])  # what is there by definition is no estimate
    assert {note.text: note.yshift > 0 for note in figure.layout.annotations if note.xref != "paper"} == {
        "<b>−8.0%</b>": True,
        "按路径应为 −10.0%": False,
    }


def test_years_before_the_base_are_drawn_and_nothing_is_due_in_the_base_year(plan: Plan, observed: list[Result]) -> None:
    early = [result(period="2024", value=0.58, low=0.55, high=0.61), observed[0]]
    row = replace(NC, period="2025", value=0.6001)
    figure = way(early, LINES, row, scale(plan), plan.indicators["nc_rate"].targets[0])
    assert list(trace(figure, "observed").x) == [2024.5, 2025.5]
    assert not [found for found in figure.data if found.name == "should"]
    assert figure.layout.xaxis.range[0] < 2024.5


def test_it_cannot_be_dragged_or_zoomed(figure: go.Figure) -> None:
    assert figure.layout.xaxis.fixedrange
    assert figure.layout.dragmode is False
