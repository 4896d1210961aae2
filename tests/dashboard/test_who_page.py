"""Who must move: the split of a gap, and scenarios that live in the address."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.words import words
from indicators.catalogue.plan import Plan
from indicators.editions.edition import Edition
from tests.dashboard.test_app import figures, run, written

SECTIONS = ("target.page.who", "target.page.if")
RD = {"page": "who", "indicator": "rd_tool_rate"}
#: a scenario that every category of the breakdown can take part in
LINK = "T3~size_class.medium~to.0.91"


def page(store: Path, monkeypatch: pytest.MonkeyPatch, **choices: str) -> AppTest:
    return run(store, monkeypatch, **{**RD, "lang": "en", **choices})


def result(app: AppTest) -> str:
    """The table of now and then, as text."""
    (found,) = re.findall(r'<table class="pw-table pw-now-then">.*?</table>', written(app))
    return re.sub(r"<[^>]+>", " ", found)


def address(app: AppTest) -> dict[str, str]:
    """What the address says; a test writes texts into it and the app lists of one."""
    return {name: value if isinstance(value, str) else value[-1] for name, value in app.query_params.items()}


def drawn(html: str, kind: str) -> bool:
    """Whether any element is of this kind; the style sheet, which is in the page too, names them all."""
    return re.search(rf'class="[^"]*\b{kind}\b', html) is not None


def moved(edition: Edition, breakdown: str) -> set[str]:
    rows = edition.query("SELECT * FROM splits WHERE target = 'T3' AND part = 'category'")
    return set(rows.filter(pl.col("breakdown") == breakdown)["category"])


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sections_stand_in_their_order(store: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    app, said = page(store, monkeypatch, lang=language), words(language)
    heads = [head.value for head in app.header]
    assert [head for head in heads if head in [said(key) for key in SECTIONS]] == [said(key) for key in SECTIONS]
    assert "pareto" in figures(app)
    shown = written(app)
    for piece in ("pw-ruler", "pw-now-then"):
        assert drawn(shown, piece), piece


@pytest.mark.parametrize("indicator", ["parts_digital_level"])
def test_without_the_number_of_a_target_it_is_told_that_nobody_can_be_named(
    store: Path, monkeypatch: pytest.MonkeyPatch, indicator: str
) -> None:
    app = page(store, monkeypatch, indicator=indicator)
    assert figures(app) == set()
    assert words("en")("who.unjudged") in written(app)
    assert not app.multiselect


def test_the_figure_is_told_to_those_who_do_not_see_it(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {chart.proto.id.rsplit("-", 1)[-1]: chart.proto.alt for chart in page(store, monkeypatch).get("plotly_chart")}
    assert "pp" in told["pareto"]


def test_the_gap_is_split_over_what_the_edition_splits(store: Path, edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page(store, monkeypatch, by="size_class")
    box = app.selectbox(key="choice_by")
    assert box.value == "size_class"
    box.set_value("segment").run()
    assert address(app)["by"] == "segment"
    names = app.dataframe[0].value["Category"].to_list()
    known = moved(edition, "segment")
    assert len(names) == len(known) + 3  # those told together, the shift of the mix, the whole


def test_only_what_can_be_moved_is_offered(store: Path, edition: Edition, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page(store, monkeypatch, whatif="T3~province.all~to.0.93")
    offered = app.multiselect(key="whatif_in_province").options
    names = plan.categories("province")
    assert set(offered) == {names[code].name.en for code in moved(edition, "province")}
    assert len(offered) < len(names), "some provinces are withheld in this edition"


def test_a_level_on_the_slider_moves_the_number_and_writes_itself_into_the_address(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = page(store, monkeypatch, whatif=LINK)
    before = result(app)
    slider = app.slider(key="whatif_level")
    assert slider.value == 91.0
    slider.set_value(95.3).run()
    assert result(app) != before
    link = address(app)["whatif"]
    assert link == "T3~size_class.medium~to.0.953"
    assert result(page(store, monkeypatch, whatif=link)) == result(app), "the link restores the scenario"


def test_every_place_can_be_gone_to(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page(store, monkeypatch, whatif=LINK)
    control = app.segmented_control(key="whatif_to")
    found = set()
    for option in list(control.options):
        name = option if isinstance(option, str) else option.content
        app.segmented_control(key="whatif_to").set_value(_code(name)).run()
        assert not app.exception
        assert not app.info, name
        found.add(result(app))
    assert len(found) == len(control.options) - 1, "each leads elsewhere, only a level begins at the target"


def _code(name: str) -> str:
    said = words("en")
    places = ("threshold", "best_fifth", "level", "required", "fastest_fifth")
    return next(place for place in places if said(f"target.page.if.to.{place}") == name)


def test_a_scenario_of_the_plan_can_be_begun_with_and_left(store: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page(store, monkeypatch, indicator="nc_rate", whatif="T4~segment_group.parts~pace.0.03~others.achieved")
    box = app.selectbox(key="whatif_plan")
    assert box.value == "parts_faster"
    assert not app.multiselect, "a pace by a number is more than the controls can say"
    box.set_value("own").run()
    assert app.multiselect
    assert app.selectbox(key="whatif_plan").value == "own"


def test_a_link_that_is_none_is_told_and_the_page_stands(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page(store, monkeypatch, whatif="T3~<script>")
    assert len(app.info) == 1 and "<script>" not in app.info[0].value
    assert drawn(written(app), "pw-now-then")


def test_a_withheld_category_in_a_link_is_called_by_its_name(
    store: Path, edition: Edition, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = plan.categories("province")
    lost = next(code for code in names if code not in moved(edition, "province"))
    app = page(store, monkeypatch, whatif=f"T3~province.{lost}~to.threshold")
    assert names[lost].name.en in app.info[0].value and lost not in app.info[0].value
    assert not drawn(written(app), "pw-now-then")


def test_a_scenario_of_another_target_is_left_when_its_indicator_is(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page(store, monkeypatch, whatif=LINK)
    app.selectbox(key="choice_indicator").set_value("nc_rate").run()
    assert not app.info and not app.exception
    assert "whatif" not in app.query_params


def test_the_link_to_pass_on_holds_the_scenario_and_no_free_text(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page(store, monkeypatch, whatif=LINK)
    app.text_input(key="whatif_name").set_value("Mine & <b>yours</b>").run()
    address = next(block.value for block in app.code if "whatif=" in block.value)
    assert address.endswith(f"?lang=en&page=who&indicator=rd_tool_rate&target=T3&whatif={LINK}")
