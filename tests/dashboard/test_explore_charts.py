"""The figures of Explore from small frames, without a browser: everything once, nothing that is withheld."""

from __future__ import annotations

import re
import time
from collections import Counter
from itertools import pairwise
from typing import Any

import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.charts.dumbbell import dumbbell
from dashboard.charts.duo import duo
from dashboard.charts.multiples import multiples
from dashboard.charts.provinces import COLUMNS, PLACES, ROWS, mapped
from dashboard.charts.scale import Scale
from dashboard.charts.tiles import STEPS, breaks, hue, step, tiles
from dashboard.rows.pairs import NONE, Pair, Shift
from dashboard.rows.reading import Result
from dashboard.words import words
from indicators.catalogue.plan import Plan
from tests.dashboard.test_headline import result

#: of a row that is withheld nothing may be seen, were it there
SECRET = {"se": 0.987654, "n": 424242, "quality": "Q"}
_SEEN = re.compile("987654|98.7654|424242")


def scale(plan: Plan, indicator: str = "nc_rate", language: str = "zh") -> Scale:
    return Scale(unit=plan.unit(indicator), words=words(language), signed=plan.indicators[indicator].kind == "change")


def withheld(status: str, **given_: object) -> Result:
    return result(value=None, low=None, high=None, status=status, **{**SECRET, **given_})


def trace(figure: go.Figure, name: str) -> Any:
    return next(found for found in figure.data if found.name == name)


def codes(figure: go.Figure) -> Counter[str]:
    """How often each category is drawn as a mark that can be pointed at."""
    return Counter(custom[-1] for found in figure.data if found.customdata is not None for custom in found.customdata)


def noted(figure: go.Figure) -> str:
    return " | ".join(note.text for note in figure.layout.annotations)


@pytest.fixture
def provinces(plan: Plan) -> list[Result]:
    """Every province that the plan lists, some of every status, the last one left out."""
    listed = list(plan.categories("province"))[:-1]
    rows = [result(breakdown="province", category=code, value=0.5 + at / 100) for at, code in enumerate(listed)]
    rows[3] = result(breakdown="province", category=listed[3], value=0.61, status="unreliable")
    rows[5], rows[7] = (
        withheld(status, breakdown="province", category=listed[at]) for at, status in ((5, "suppressed"), (7, "absent"))
    )
    return rows


def named(rows: list[Result]) -> dict[str, str]:
    return {row.category: PLACES[row.category].name.zh for row in rows}


def test_the_grid_has_34_units_and_no_two_on_one_place(plan: Plan) -> None:
    assert len(PLACES) == 34
    assert len({(place.column, place.row) for place in PLACES.values()}) == 34
    assert {"710000", "810000", "820000"} <= set(PLACES)
    listed = plan.categories("province")
    assert mapped(set(listed))
    assert {code: place.name.zh for code, place in PLACES.items() if code in listed} == {
        code: entry.name.zh for code, entry in listed.items()
    }
    for language in ("zh", "en"):
        assert len({getattr(place.short, language) for place in PLACES.values()}) == 34
    assert not mapped(set(plan.categories("segment")))
    assert not mapped(set())


@pytest.mark.parametrize(
    ("one", "of", "other"),
    [
        ("黑", "north", "吉"), ("吉", "north", "辽"), ("京", "north", "冀"), ("津", "east", "冀"), ("晋", "west", "冀"),
        ("新", "west", "甘"), ("藏", "west", "川"), ("沪", "east", "苏"), ("浙", "south", "苏"), ("粤", "south", "湘"),
        ("琼", "south", "粤"), ("台", "east", "闽"), ("蒙", "north", "晋"), ("渝", "east", "川"), ("滇", "west", "黔"),
    ],
)  # fmt: skip
def test_neighbours_lie_as_on_a_map(one: str, of: str, other: str) -> None:
    at = {place.short.zh: place for place in PLACES.values()}
    first, second = at[one], at[other]
    assert {
        "north": first.row < second.row,
        "south": first.row > second.row,
        "west": first.column < second.column,
        "east": first.column > second.column,
    }[of]


def test_every_unit_is_one_tile_and_what_is_not_there_is_told_apart(plan: Plan, provinces: list[Result]) -> None:
    figure = tiles(provinces, named(provinces), scale(plan))
    assert codes(figure) == Counter(dict.fromkeys(PLACES, 1))
    missing = {custom[-1] for custom in trace(figure, "missing").customdata}
    assert missing == set(PLACES) - {row.category for row in provinces}
    assert trace(figure, "suppressed").marker.pattern.shape == "x"
    assert trace(figure, "absent").marker.pattern.shape is None
    dashes = Counter(shape.line.dash for shape in figure.layout.shapes)
    assert dashes == {"dash": len(missing), "dot": 1}
    said = words("zh")
    assert trace(figure, "suppressed").customdata[0][1] == said("status.suppressed.long")
    assert trace(figure, "missing").customdata[0][1] == said("explore.map.missing")
    assert noted(figure).count("×") == noted(figure).count("○") == 1
    assert noted(figure).count("<br>–") == len(missing)
    written = [*trace(figure, "dark").text, *trace(figure, "light").text]
    assert len(written) == sum(row.value is not None for row in provinces)
    assert sum("◇" in text for text in written) == 1


def test_tiles_are_of_one_size_inside_the_figure(plan: Plan, provinces: list[Result]) -> None:
    figure = tiles(provinces, named(provinces), scale(plan))
    for name in ("value", "suppressed", "absent", "missing"):
        bars = trace(figure, name)
        assert set(bars.y) == {bars.width}
        assert all(-0.5 <= x <= COLUMNS - 0.5 for x in bars.x)
        assert all(low >= -0.5 and low + bars.width <= ROWS - 0.5 for low in bars.base)
    legend = trace(figure, "legend")
    right, bottom = max(legend.x) + legend.width / 2, max(legend.base) + 0.26
    covered = [place for place in PLACES.values() if place.column - 0.5 < right and place.row - 0.5 < bottom]
    assert covered == [], "the legend lies where no tile is"


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_steps_grow_darker_and_words_on_each_can_be_read(plan: Plan, provinces: list[Result]) -> None:
    assert all(luminance(first) > luminance(second) * 1.3 for first, second in pairwise(STEPS))
    figure = tiles(provinces, named(provinces), scale(plan))
    fill = {custom[-1]: colour for custom, colour in zip(*(_marked(trace(figure, "value"))), strict=True)}
    places = {(place.column, place.row): code for code, place in PLACES.items()}
    for name in ("dark", "light"):
        texts = trace(figure, name)
        for x, y in zip(texts.x, texts.y, strict=True):
            assert contrast(texts.textfont.color, fill[places[x, y]]) >= 4.5


def _marked(bars: Any) -> tuple[Any, Any]:
    return bars.customdata, bars.marker.color


@given(st.lists(st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 6)), min_size=1, max_size=40))
def test_steps_are_few_equal_and_hold_all_values(values: list[float]) -> None:
    edges = breaks(values, 100.0)
    assert 2 <= len(edges) <= len(STEPS) + 1
    assert edges[0] <= min(values) * 100 + 1e-6
    assert edges[-1] >= max(values) * 100 - 1e-6
    widths = [second - first for first, second in pairwise(edges)]
    assert max(widths) - min(widths) <= 1e-6 * max(widths)
    order = sorted(values)
    steps = [step(value, edges, 100.0) for value in order]
    assert steps == sorted(steps)
    assert set(steps) <= {hue(at, len(edges) - 1) for at in range(len(edges) - 1)}


def test_steps_of_known_values_have_round_ends() -> None:
    assert breaks([0.576, 0.776], 100.0) == [55.0, 60.0, 65.0, 70.0, 75.0, 80.0]
    assert breaks([], 1.0) == []
    assert step(0.60, [55.0, 60.0, 65.0], 100.0) == hue(1, 2), "an end belongs to the step above it"


def history(names: list[str]) -> dict[str, list[Result]]:
    return {
        name: [
            result(category=name, period=str(2024 + at), value=0.5 + 0.1 * at, low=0.45 + 0.1 * at, high=0.55 + 0.1 * at)
            for at in range(3)
        ]
        for name in names
    }


def test_every_period_of_every_category_is_one_mark_in_its_own_panel(plan: Plan) -> None:
    found = history(["a", "b", "c"])
    found["b"][1] = withheld("suppressed", category="b", period="2025")
    found["c"][2] = withheld("absent", category="c", period="2026")
    figure = multiples(found, {name: name.upper() for name in found}, scale(plan))
    assert codes(figure) == {"a": 3, "b": 3, "c": 3}
    hidden = trace(figure, "withheld")
    assert list(hidden.marker.symbol) == ["x-thin", "circle-open"]
    assert words("zh")("status.absent") in noted(figure), "the newest number of c is not there, in words"
    value = trace(figure, "value")
    panels = {custom[-1]: (int(x), int(y)) for custom, x, y in zip(value.customdata, value.x, value.y, strict=True)}
    assert panels == {"a": (0, 0), "b": (1, 0), "c": (0, 1)}


def test_panels_have_one_axis_and_intervals_lie_around_their_points(plan: Plan) -> None:
    figure = multiples(history(["a", "b"]), {"a": "a", "b": "b"}, scale(plan))
    value, bands = trace(figure, "value"), [found for found in figure.data if found.name == "interval"]
    assert list(value.y)[:3] == pytest.approx(list(value.y)[3:]), "the same number is as high in every panel"
    assert value.y[0] > value.y[2], "more is higher"
    assert len(bands) == 2
    corners = list(bands[0].y)
    for upper, lower, point in zip(corners[:3], corners[5:2:-1], value.y, strict=False):
        assert (upper + lower) / 2 == pytest.approx(point)
        assert upper < lower


def test_panels_stand_in_the_order_given_and_tell_each_change_by_shape_and_words(plan: Plan) -> None:
    shifts = {"b": Shift(known="beyond", value=0.043), "a": Shift(known="within", value=-0.012)}
    found = {name: history(["a", "b", "c"])[name] for name in ("b", "a", "c")}
    told = scale(plan, "nc_rate_change")
    figure = multiples(found, {name: f"<{name}>" for name in found}, scale(plan), shifts=shifts, changing=told)
    said = words("zh")
    panels = [note.text for note in figure.layout.annotations if note.text.startswith("<b>")]
    assert [text[:12] for text in panels] == [f"<b>&lt;{name}&gt;" for name in "bac"]
    assert f"▲ <b>+4.3%</b> {said('explore.shift.beyond')}" in panels[0]
    assert f"≈ −1.2% {said('explore.shift.within')}" in panels[1]
    assert f"– {said('explore.shift.none')}" in panels[2]


def pair(category: str, before: Result | None, after: Result | None, shift: Shift = NONE) -> Pair:
    return Pair(category=category, before=before, after=after, shift=shift)


def test_a_dumbbell_has_every_number_once_and_a_solid_line_only_beyond_error(plan: Plan) -> None:
    low, high = result(category="a", value=0.5), result(category="a", value=0.7)
    pairs = [
        pair("a", low, high, Shift(known="beyond", value=0.2)),
        pair("b", result(category="b", value=0.6), result(category="b", value=0.62), Shift(known="within", value=0.02)),
        pair("c", withheld("suppressed", category="c"), result(category="c", value=0.4, status="unreliable")),
        pair("d", None, withheld("absent", category="d")),
    ]
    figure = dumbbell(pairs, {name: name for name in "abcd"}, scale(plan), scale(plan, "nc_rate_change"))
    assert codes(figure) == {"a": 2, "b": 2, "c": 2, "d": 1}
    assert list(trace(figure, "beyond").x)[:2] == [50.0, 70.0]
    assert len(trace(figure, "beyond").x) == len(trace(figure, "within").x) == 3
    assert trace(figure, "within").line.dash == "dot"
    assert trace(figure, "beyond").line.dash is None
    assert trace(figure, "before").marker.symbol == ("circle-open", "circle-open")
    assert trace(figure, "after").marker.symbol == ("circle", "circle", "diamond")
    assert list(trace(figure, "withheld").marker.symbol) == ["x-thin", "circle-open"]


def test_two_paths_are_told_apart_by_colour_shape_and_line(plan: Plan) -> None:
    first, second = history(["a", "b"]).values()
    second[0] = withheld("suppressed", category="b", period="2024")
    figure = duo([first, second], ["a", "b"], scale(plan))
    values = [trace(figure, f"value {place}") for place in (0, 1)]
    assert [len(one.x) for one in values] == [3, 2]
    assert values[0].marker.color != values[1].marker.color
    assert not set(values[0].marker.symbol) & set(values[1].marker.symbol)
    assert trace(figure, "path 0").line.dash != trace(figure, "path 1").line.dash
    assert trace(figure, "path 1").y[0] is None, "no line into a period that is withheld"
    assert len(trace(figure, "withheld 1").x) == 1
    assert "● a" in noted(figure)
    assert "■ b" in noted(figure)


def test_nothing_of_a_withheld_number_is_in_any_figure(plan: Plan, provinces: list[Result]) -> None:
    hidden = [withheld("suppressed", category=name, period="2026", breakdown="province") for name in PLACES]
    names = {code: place.name.zh for code, place in PLACES.items()}
    drawn = [
        tiles(hidden, names, scale(plan)),
        tiles(provinces, names, scale(plan)),
        multiples({row.category: [row] for row in hidden}, names, scale(plan)),
        dumbbell([pair(row.category, row, row) for row in hidden], names, scale(plan), scale(plan)),
        duo([hidden[:1], hidden[1:2]], ["a", "b"], scale(plan)),
    ]
    for figure in drawn:
        assert not _SEEN.search(figure.to_json())
    assert _SEEN.search(str(SECRET)), "the search finds what it looks for"


def test_250_categories_are_drawn_quickly(plan: Plan) -> None:
    found = history([f"c{at}" for at in range(250)])
    names = {name: f"类别 {name}" for name in found}
    shifts = {name: Shift(known="beyond", value=0.1) for name in found}
    pairs = [pair(name, path[0], path[2], shifts[name]) for name, path in found.items()]
    began = time.perf_counter()
    figures = [
        multiples(found, names, scale(plan), shifts=shifts, changing=scale(plan, "nc_rate_change")),
        dumbbell(pairs, names, scale(plan), scale(plan, "nc_rate_change")),
    ]
    assert time.perf_counter() - began < 2.0
    assert [sum(codes(figure).values()) for figure in figures] == [750, 500]


def test_figures_of_nothing_can_be_drawn(plan: Plan) -> None:
    for figure in (
        tiles([], {}, scale(plan)),
        multiples({}, {}, scale(plan)),
        dumbbell([], {}, scale(plan), scale(plan)),
        duo([[], []], ["a", "b"], scale(plan)),
    ):
        assert isinstance(figure, go.Figure)
