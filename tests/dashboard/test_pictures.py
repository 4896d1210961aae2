"""Pictures of figures for print: every figure of the app can be drawn, and what is drawn lies where the axes say."""

from __future__ import annotations

import ast
import json
import re
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from pathlib import Path

import plotly.graph_objects as go
import pytest
import typst
from fontTools.ttLib import TTFont

from dashboard import charts
from dashboard.pictures.ink import wrapped
from dashboard.pictures.missing import CannotDraw
from dashboard.pictures.png import png
from dashboard.pictures.setter import FONTS
from dashboard.pictures.svg import svg
from dashboard.pictures.widths import width
from indicators.catalogue.plan import Plan
from tests.dashboard.test_app import run

SVG = "{http://www.w3.org/2000/svg}"
#: which page shows which figures, by the ends of their keys; `more` are choices of the page
PAGES: list[tuple[dict[str, str], set[str]]] = [
    ({"page": "target", "indicator": "nc_rate"}, {"way"}),
    ({"page": "target", "indicator": "rd_cycle_change"}, {"way"}),
    ({"page": "who", "indicator": "nc_rate"}, {"pareto", "waterfall"}),
    ({"page": "explore", "indicator": "nc_rate", "breakdown": "total", "view": "time"}, {"trend"}),
    *(
        ({"page": "explore", "indicator": "nc_rate", "breakdown": "province", "view": view}, {key})
        for view, key in {
            "rank": "bars", "time": "multiples", "change": "dumbbell", "map": "tiles_map", "compare": "duo",
        }.items()
    ),
]  # fmt: skip


def drawn(figure: go.Figure, **more: object) -> ET.Element:
    return ET.fromstring(svg(figure, title="t", note="", lines=(), **more))  # type: ignore[arg-type]


def words_of(picture: ET.Element) -> str:
    return "".join("".join(text.itertext()) for text in picture.iter(f"{SVG}text"))


@pytest.fixture(scope="session")
def cmap() -> dict[str, set[int]]:
    return {name: set(TTFont(FONTS / f"NotoSansSC-{name}.ttf").getBestCmap()) for name in ("Regular", "Bold")}


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("choices", "keys"), PAGES, ids=lambda one: "-".join(one.values()) if isinstance(one, dict) else "")
def test_every_figure_of_the_app_can_be_drawn(
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    cmap: dict[str, set[int]],
    choices: dict[str, str],
    keys: set[str],
    language: str,
) -> None:
    app = run(store, monkeypatch, lang=language, **choices)
    found = {chart.proto.id.rsplit("-", 1)[-1]: json.loads(chart.proto.spec) for chart in app.get("plotly_chart")}
    assert keys == set(found)
    for told in found.values():
        picture = drawn(go.Figure(told))
        shown = words_of(picture)
        for note in told["layout"].get("annotations", ()):
            plain = unescape(re.sub("<[^>]*>", "", note["text"]))
            assert plain in shown
        assert {ord(letter) for letter in shown if letter not in "\n"} <= cmap["Regular"] & cmap["Bold"]
        _, warnings = compiled(ET.tostring(picture, encoding="unicode"))
        assert not warnings


def compiled(picture: str) -> tuple[bytes, list[object]]:
    page = '#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.picture), format: "svg")'
    compiler = typst.Compiler(font_paths=[FONTS], ignore_system_fonts=True)
    return compiler.compile_with_warnings(page.encode(), format="png", sys_inputs={"picture": picture})


def test_every_chart_is_on_a_page_that_is_tried() -> None:
    """Each function of charts that gives a figure is the one of a figure above, which was found on its page and drawn."""
    makers = set()
    for path in Path(charts.__path__[0]).glob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            public = isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.returns is not None
            if public and ast.unparse(node.returns) in ("go.Figure", "Figure"):  # type: ignore[attr-defined, arg-type]
                makers.add(node.name)  # type: ignore[attr-defined]
    tried = {key.removesuffix("_map") for _, keys in PAGES for key in keys}
    assert makers - {"finished"} == tried


def line_figure() -> go.Figure:
    figure = go.Figure()
    figure.add_scatter(x=[0, 5, 10], y=[0, 100, 50], mode="markers", name="m", marker={"size": 8, "color": "#3A7CBD"})
    figure.update_layout(height=400, margin={"l": 60, "r": 40, "t": 20, "b": 40}, showlegend=False)
    figure.update_xaxes(range=[0, 20], tickvals=[0, 20], ticktext=["a", "b"])
    return figure.update_yaxes(range=[-50, 150], tickvals=[0], ticktext=["0"])


def test_points_lie_where_the_axes_say() -> None:
    """By hand: 904 pixels inside, 60 left and 40 right of the plot, so 804 for 20 units; 340 upwards for 200 units."""
    picture = drawn(line_figure())
    places = [(float(dot.get("cx", 0)), float(dot.get("cy", 0))) for dot in picture.iter(f"{SVG}circle")]
    wanted = [(60 + x / 20 * 804, 20 + (150 - y) / 200 * 340) for x, y in ((0, 0), (5, 100), (10, 50))]
    for place, by_hand in zip(places, wanted, strict=True):
        assert place == pytest.approx(by_hand, abs=0.01)


def test_bars_begin_at_zero_and_stand_on_each_other() -> None:
    figure = go.Figure()
    for value, colour in ((10, "#111111"), (5, "#222222")):
        figure.add_bar(x=[value], y=[0], orientation="h", width=0.5, marker={"color": colour})
    figure.update_layout(height=200, margin={"l": 0, "r": 0, "t": 0, "b": 0}, showlegend=False, barmode="relative")
    figure.update_xaxes(range=[0, 20], visible=False)
    figure.update_yaxes(range=[-1, 1], visible=False)
    found = {box.get("fill"): box for box in drawn(figure).iter(f"{SVG}rect")}
    first, second = found["#111111"], found["#222222"]
    assert [float(first.get(name, -1)) for name in ("x", "width", "y", "height")] == pytest.approx([0, 452, 75, 50], abs=0.01)
    assert [float(second.get(name, -1)) for name in ("x", "width")] == pytest.approx([452, 226], abs=0.01)


def test_a_line_is_cut_at_the_edge_of_the_plot() -> None:
    """From (0, 0) to (10, 400) it leaves the range of 150 at x = 3.75."""
    figure = line_figure()
    figure.data = ()
    figure.add_scatter(x=[0, 10], y=[0, 400], mode="lines", line={"color": "#123456", "width": 2})
    line = next(one for one in drawn(figure).iter(f"{SVG}polyline") if one.get("stroke") == "#123456")
    ends = [tuple(float(part) for part in point.split(",")) for point in line.get("points", "").split()]
    assert ends[1] == pytest.approx((60 + 3.75 / 20 * 804, 20), abs=0.05)


def test_words_have_room_inside_the_picture() -> None:
    figure = line_figure()
    figure.add_annotation(
        xref="paper", x=1, y=0, text="a name that is rather long", xanchor="left", showarrow=False, font={"size": 13}
    )
    text = next(one for one in drawn(figure).iter(f"{SVG}text") if "rather" in "".join(one.itertext()))
    assert float(text.get("x", 0)) + width("a name that is rather long", 13) <= 904.01


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda figure: figure.add_heatmap(z=[[1]]), "heatmap"),
        (lambda figure: figure.add_scatter(x=[1], y=[1], line={"shape": "spline"}), "spline"),
        (lambda figure: figure.add_scatter(x=[1], y=[1], marker={"symbol": "star"}, mode="markers"), "star"),
        (lambda figure: figure.add_scatter(x=["a"], y=[1]), "names"),
        (lambda figure: figure.add_scatter(x=[1], y=[1], marker={"gradient": {"type": "radial"}}, mode="markers"), "gradient"),
        (lambda figure: figure.add_annotation(x=1, y=1, text="an arrow"), "arrow"),
        (lambda figure: figure.add_annotation(x=1, y=1, text="<i>a</i>", showarrow=False), "<i>"),
        (lambda figure: figure.update_xaxes(type="log"), "log"),
        (lambda figure: figure.update_layout(showlegend=True), "showlegend"),
        (lambda figure: figure.add_bar(x=[1], y=[1], text=["a"]), "bar.text"),
    ],
)
def test_what_cannot_be_drawn_is_named(change: object, named: str) -> None:
    figure = line_figure()
    change(figure)  # type: ignore[operator]
    with pytest.raises(CannotDraw, match=re.escape(named)):
        drawn(figure)


def test_the_key_shows_only_what_is_drawn() -> None:
    told = words_of(drawn(line_figure(), key={"m": "measured", "absent": "something else"}))
    assert "measured" in told
    assert "something else" not in told


def test_widths_are_those_of_the_font(plan: Plan) -> None:
    told = "0123456789 ±−–%≥,.()AaWwéü’“”×·◇" + plan.identity.name.zh + plan.identity.name.en
    for name, bold in (("Regular", False), ("Bold", True)):
        font = TTFont(FONTS / f"NotoSansSC-{name}.ttf")
        letters, widths = font.getBestCmap(), font["hmtx"]
        known = sum(widths[letters[ord(letter)]][0] for letter in told)
        assert width(told, 10, bold=bold) == pytest.approx(known / 100)


def test_a_text_is_broken_where_it_may_be() -> None:
    told = "引用：第0001版（2026年发布），来源 plan monitoring, and more words."
    found = ["".join(part for part, _ in line.parts) for line in wrapped(told, 120, 12)]
    assert all(width(line, 12) <= 120 for line in found)
    assert "".join(found).replace(" ", "") == told.replace(" ", "")
    assert not any(line[0] in "，。）：" for line in found)
    assert any("monitoring," in line for line in found)


def test_a_picture_bears_title_note_and_source_and_is_self_contained() -> None:
    picture = svg(line_figure(), title="标题 <b> & more", note="单位", lines=("来源", "synthetic"))
    shown = words_of(ET.fromstring(picture))
    assert all(part in shown for part in ("标题 <b> & more", "单位", "来源", "synthetic"))
    assert "Noto Sans SC" in picture
    assert not re.search(r"href|url\(|<script|<style|id=", picture)


def test_the_dots_are_the_same_every_time() -> None:
    picture = svg(line_figure(), title="标题", note="", lines=("来源",))
    first = png(picture)
    assert first == png(picture)
    assert first[:8] == b"\x89PNG\r\n\x1a\n"
    high = int(re.search(r'height="(\d+)"', picture).group(1))  # type: ignore[union-attr]
    assert (int.from_bytes(first[16:20], "big"), int.from_bytes(first[20:24], "big")) == (1920, 2 * high)


def test_several_may_ask_at_once() -> None:
    pictures = [svg(line_figure(), title=str(at), note="", lines=()) for at in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(png, pictures)) == [png(one) for one in pictures]
