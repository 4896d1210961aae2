"""The figure of who must move: parts in their order, the essential ones marked, the shares so far on an axis of their own."""

from __future__ import annotations

from statistics import NormalDist

import pytest

from dashboard.charts.pareto import MOST, drawn, pareto
from dashboard.charts.rows import fitted
from dashboard.pieces.colours import MUTED, OURS, PALE
from dashboard.rows.judged import Part
from indicators.catalogue.plan import Plan
from tests.dashboard.test_charts import scale, trace, written

NAMES = {"small": "小型 <b>", "large": "大型", "rest": "不单列", "composition": "构成", "total": "合计"}


def category(code: str, contribution: float, rank: int, cumulative: float, **more: object) -> Part:
    given = {"value": 0.6, "se": 0.004, "share": contribution / 0.06, "essential": rank == 1} | more
    return Part(category=code, part="category", contribution=contribution, rank=rank, cumulative=cumulative, **given)  # type: ignore[arg-type]


@pytest.fixture
def parts() -> tuple[Part, ...]:
    return (
        category("small", 0.05, 1, 0.83, within=0.02, composition=-0.001),
        category("large", -0.004, 2, 0.77, within=0.001, composition=0.002),
        Part(category="rest", part="rest", contribution=0.012, share=0.2),
        Part(category="composition", part="composition", contribution=0.002, share=0.03),
        Part(category="total", part="total", contribution=0.06, share=1.0, within=0.021, composition=0.001),
    )


def test_bars_are_in_the_unit_of_the_indicator_with_their_errors(plan: Plan, parts: tuple[Part, ...]) -> None:
    bars = trace(pareto(parts, NAMES, scale(plan)), "contribution")
    assert list(bars.x) == pytest.approx([5, -0.4, 1.2, 0.2])
    assert bars.error_x.array[0] == pytest.approx(NormalDist().inv_cdf(0.975) * 0.4)
    assert list(bars.y) == sorted(bars.y)


def test_the_essential_the_others_and_those_not_named_differ_in_more_than_colour(plan: Plan, parts: tuple[Part, ...]) -> None:
    figure = pareto(parts, NAMES, scale(plan))
    bars = trace(figure, "contribution")
    assert list(bars.marker.color) == [OURS, PALE, MUTED, MUTED]
    assert list(bars.marker.pattern.shape) == ["", "", "/", "/"]
    assert list(bars.marker.line.width)[:2] == [0, 1.2]
    assert "<b>小型 &lt;b&gt;</b>" in written(figure)
    assert "<b>大型</b>" not in written(figure)


def test_the_share_so_far_has_an_axis_of_its_own_and_a_line_at_four_fifths(plan: Plan, parts: tuple[Part, ...]) -> None:
    figure = pareto(parts, NAMES, scale(plan))
    line = trace(figure, "cumulative")
    assert list(line.x) == [0.83, 0.77]
    assert line.xaxis == "x2"
    assert figure.layout.xaxis.domain[1] < figure.layout.xaxis2.domain[0]
    assert set(trace(figure, "four fifths").x) == {0.8}
    assert "83%" in written(figure) and "77%" in written(figure)


def test_every_amount_stands_in_words(plan: Plan, parts: tuple[Part, ...]) -> None:
    told = written(pareto(parts, NAMES, scale(plan)))
    assert "+5.0个百分点" in told and "−0.4个百分点" in told


def test_a_gap_that_is_closed_has_no_shares(plan: Plan) -> None:
    met = (category("small", -0.05, 1, None, share=None, essential=False),)  # type: ignore[arg-type]
    figure = pareto(met, NAMES, scale(plan))
    assert not [found for found in figure.data if found.name == "cumulative"]


def test_the_largest_are_drawn_and_what_cannot_be_named_always(parts: tuple[Part, ...]) -> None:
    many = tuple(category(f"c{rank:02d}", 0.01, rank, 0.05 * rank) for rank in range(1, 40))
    assert [part.category for part in drawn((*many, *parts[2:]))] == [
        *(f"c{rank:02d}" for rank in range(1, MOST + 1)),
        "rest",
        "composition",
    ]


@pytest.mark.parametrize(
    ("name", "length", "expected"),
    [
        ("Shandong · Parts makers · Small", 40, "Shandong · Parts makers · Small"),
        ("Shandong · Parts makers · Small", 26, "Shandong·Parts make…·Small"),
        ("汽车零部件及配件制造 · 小型", 13, "汽车零部件及配件制造·小型"),
        ("Vehicle bodies and trailers", 12, "Vehicle bod…"),
        ("山东省 · 零部件 · 小型 ◇", 13, "山东省·零部件·小型 ◇"),
        ("A · B", 2, "A…"),
    ],
)
def test_of_a_long_name_every_part_can_still_be_told(name: str, length: int, expected: str) -> None:
    assert fitted(name, length) == expected
    assert len(fitted(name, length)) <= length
