"""Figures from small frames, without a browser."""

from __future__ import annotations

import time
from typing import Any

import plotly.graph_objects as go
import pytest

from dashboard.charts.bars import bars
from dashboard.charts.scale import Scale
from dashboard.charts.trend import trend
from dashboard.pieces.colours import OURS, TARGET
from dashboard.rows.reading import Result
from dashboard.words import words
from indicators.catalogue.plan import Plan
from tests.dashboard.test_headline import result

NAMES = {"3611": "汽柴油车整车制造", "3612": "新能源车整车制造", "3620": "汽车用发动机制造", "3670": "零部件 <b>&"}


def scale(plan: Plan, indicator: str = "nc_rate", language: str = "zh") -> Scale:
    return Scale(unit=plan.unit(indicator), words=words(language), signed=plan.indicators[indicator].kind == "change")


def trace(figure: go.Figure, name: str) -> Any:
    return next(found for found in figure.data if found.name == name)


def written(figure: go.Figure) -> str:
    return " | ".join(note.text for note in figure.layout.annotations)


def withheld(status: str, **given: object) -> Result:
    return result(value=None, se=None, low=None, high=None, n=None, quality=None, status=status, **given)


@pytest.fixture
def path() -> list[Result]:
    return [
        result(period="2024", value=0.60, low=0.58, high=0.62),
        result(period="2025", value=0.63, low=0.61, high=0.65),
        result(period="2026"),
    ]


@pytest.fixture
def cut() -> list[Result]:
    rows = [result(category="3611"), result(category="3612", value=0.55, low=0.45, high=0.65, status="unreliable")]
    return [*rows, withheld("suppressed", category="3620"), withheld("absent", category="3670")]


def test_a_trend_shows_values_intervals_target_and_cited_values(plan: Plan, path: list[Result]) -> None:
    indicator = plan.indicators["nc_rate"]
    cited = plan.references[indicator.reference or ""].observations
    figure = trend(path, scale(plan), target=indicator.targets[0], cited=cited)
    assert list(trace(figure, "value").y) == pytest.approx([60, 63, 66])
    assert list(trace(figure, "value").x) == [2024.5, 2025.5, 2026.5]
    assert [tuple(found.y) for found in figure.data if found.name == "interval"][2] == pytest.approx((64, 68))
    assert set(trace(figure, "target").y) == {70.0}
    assert trace(figure, "target").line.color == TARGET
    assert len(trace(figure, "conflict").y) == sum(item.status == "conflict" for item in cited) > 0
    assert len(trace(figure, "cited").y) + len(trace(figure, "conflict").y) == len(cited)
    assert "> 70%" in written(figure)
    assert "66.0%" in written(figure)


def test_a_withheld_period_breaks_the_line_and_is_told(plan: Plan, path: list[Result]) -> None:
    figure = trend([path[0], withheld("suppressed", period="2025"), path[2]], scale(plan))
    assert trace(figure, "path").y[1] is None
    assert len(trace(figure, "value").y) == 2
    assert words("zh")("status.suppressed") in written(figure)


def test_many_intervals_are_a_band(plan: Plan) -> None:
    months = [result(period=f"2026-{month:02d}", target=None) for month in range(1, 10)]
    figure = trend(months, scale(plan))
    assert trace(figure, "high").fill == "tonexty"
    assert not [found for found in figure.data if found.name == "interval"]


def test_a_trend_of_nothing_but_withheld_periods_can_be_drawn(plan: Plan) -> None:
    figure = trend([withheld("suppressed")], scale(plan), target=plan.indicators["nc_rate"].targets[0])
    assert len(trace(figure, "value").y) == 0


def test_bars_tell_every_status_by_shape_and_by_words(plan: Plan, cut: list[Result]) -> None:
    figure = bars(cut, NAMES, scale(plan), total=0.66, target=plan.indicators["nc_rate"].targets[0])
    drawn, hidden, said = trace(figure, "value"), trace(figure, "withheld"), words("zh")
    assert list(drawn.x) == pytest.approx([66, 55])
    assert list(drawn.marker.pattern.shape) == ["", "/"]
    assert drawn.marker.color == OURS
    assert list(drawn.error_x.array) == pytest.approx([2, 10])
    assert list(hidden.marker.symbol) == ["x-thin", "circle-open"]
    for status in ("unreliable", "suppressed", "absent"):
        assert said(f"status.{status}") in written(figure)
    assert figure.layout.xaxis.range[0] == 0


def test_equal_total_and_target_are_both_seen(plan: Plan, cut: list[Result]) -> None:
    figure = bars(cut, NAMES, scale(plan), total=0.7, target=plan.indicators["nc_rate"].targets[0])
    total, target = (found for found in figure.data if found.name == "across")
    assert total.line.dash != target.line.dash
    assert max(total.y[3:5]) <= min(target.y[3:5]), "one across the upper half of a bar, the other across the lower"


def test_names_in_a_figure_are_text(plan: Plan, cut: list[Result]) -> None:
    assert "零部件 &lt;b&gt;&amp;" in written(bars(cut, NAMES, scale(plan)))


def test_a_crossing_has_a_heading_for_each_group(plan: Plan) -> None:
    rows = [result(category=f"{segment},{size}") for segment in ("3611", "3612") for size in ("large", "small")]
    groups = {row.category: (NAMES[row.category[:4]], row.category[5:]) for row in rows}
    names = {row.category: row.category for row in rows}
    figure = bars(rows, names, scale(plan), groups=groups)
    assert written(figure).count(f"<b>{NAMES['3611']}</b>") == 1
    places = list(trace(figure, "value").y)
    assert places == sorted(places)
    assert places[2] - places[1] > places[1] - places[0]


def test_bars_of_a_change_reach_below_zero(plan: Plan) -> None:
    rows = [result(indicator="rd_cycle_change", category="3611", value=-0.1, low=-0.14, high=-0.06)]
    figure = bars(rows, NAMES, scale(plan, "rd_cycle_change"))
    assert figure.layout.xaxis.range[0] < -14
    assert "−10.0%" in written(figure)


def test_a_figure_cannot_be_dragged_or_zoomed(plan: Plan, path: list[Result], cut: list[Result]) -> None:
    for figure in (trend(path, scale(plan)), bars(cut, NAMES, scale(plan))):
        assert figure.layout.xaxis.fixedrange
        assert figure.layout.yaxis.fixedrange
        assert figure.layout.dragmode is False


def test_a_change_starts_from_zero_in_its_base_period(plan: Plan) -> None:
    rows = [result(indicator="rd_cycle_change", period="2026", value=-0.1, low=-0.14, high=-0.06)]
    figure = trend(rows, scale(plan, "rd_cycle_change"), base="2025")
    assert list(trace(figure, "path").x) == [2025.5, 2026.5]
    assert list(trace(figure, "path").y) == pytest.approx([0, -10])
    assert list(trace(figure, "value").x) == [2026.5]  # what is there by definition is not shown as an estimate


def test_a_crossing_of_many_categories_is_drawn_without_a_wait(plan: Plan) -> None:
    """Words added one by one took 18 seconds for so many."""
    rows = [result(category=f"{place}") for place in range(250)]
    begun = time.perf_counter()
    figure = bars(rows, {row.category: row.category for row in rows}, scale(plan))
    assert time.perf_counter() - begun < 5
    assert len(figure.layout.annotations) == 500
