"""The small path of a tile."""

from __future__ import annotations

import base64
import xml.etree.ElementTree as ElementTree

import pytest

from dashboard.pieces.sparkline import HEIGHT, WIDTH, Point, data_address, sparkline

SVG = "{http://www.w3.org/2000/svg}"
POINTS = [
    Point(at=2024.5, value=0.60, low=0.58, high=0.62),
    Point(at=2025.5, value=0.63),
    Point(at=2026.5, value=0.66, low=0.64, high=0.68),
]


def drawn(svg: str, tag: str) -> list[ElementTree.Element]:
    return ElementTree.fromstring(svg).findall(f"{SVG}{tag}")


def test_values_intervals_and_target_lie_inside_and_in_order() -> None:
    svg = sparkline(POINTS, bound=0.7, bound_at=2027.5)
    dots = [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in drawn(svg, "circle")]
    assert dots == sorted(dots)
    assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in dots)
    heights = [y for _, y in dots]
    assert heights == sorted(heights, reverse=True)  # higher values lie nearer to the top
    lines = drawn(svg, "line")
    assert len(lines) == 3  # the target and two intervals
    assert float(lines[0].attrib["y1"]) < min(heights)
    assert len(drawn(svg, "path")) == 1


def test_the_newest_value_is_the_largest_dot() -> None:
    assert [dot.attrib["r"] for dot in drawn(sparkline(POINTS), "circle")] == ["3", "3", "5"]


@pytest.mark.parametrize("points", [[], POINTS[:1]])
def test_few_points_are_drawn_without_a_path(points: list[Point]) -> None:
    assert drawn(sparkline(points), "polyline") == []


def test_a_flat_path_is_drawn() -> None:
    assert len(drawn(sparkline([Point(at=2024.5, value=1), Point(at=2025.5, value=1)], bound=1), "circle")) == 2


def test_the_address_holds_the_picture() -> None:
    kind, data = data_address(sparkline(POINTS)).split(",")
    assert kind == "data:image/svg+xml;base64"
    assert base64.b64decode(data).decode() == sparkline(POINTS)
