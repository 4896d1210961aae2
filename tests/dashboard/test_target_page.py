"""The page of a target: the verdict with its doubt, the way, other methods and readings, and the words of the law."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.words import words
from indicators.catalogue.plan import Plan
from indicators.editions.edition import Edition
from tests.dashboard.plausible import unjudged
from tests.dashboard.test_app import figures, run, written
from tests.dashboard.test_who_page import drawn

SECTIONS = ("target.page.way", "methods.title", "law.title")
RD = {"page": "target", "indicator": "rd_tool_rate"}


def page(store: Path, monkeypatch: pytest.MonkeyPatch, **choices: str) -> AppTest:
    return run(store, monkeypatch, **{**RD, "lang": "en", **choices})


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_sections_stand_in_their_order(store: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    app, said = page(store, monkeypatch, lang=language), words(language)
    heads = [head.value for head in app.header]
    assert [head for head in heads if head in [said(key) for key in SECTIONS]] == [said(key) for key in SECTIONS]
    assert figures(app) == {"way"}
    shown = written(app)
    for piece in ("pw-odds-bar", "pw-tempo", "pw-marks"):
        assert drawn(shown, piece), piece
    assert said("target.page.odds.note") in shown


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_target_of_the_plan_has_its_page_with_the_words_of_the_law(
    store: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    for name, indicator in plan.indicators.items():
        for target in indicator.targets:
            shown = written(page(store, monkeypatch, lang=language, indicator=name, target=target.id or name))
            assert words(language)("edition.mistake") not in shown
            if target.sentence:
                start = target.sentence.in_language(language)[:12].replace("&", "&amp;").replace('"', "&quot;")
                assert start in shown, f"{name} {target.id}"


def test_without_a_number_of_the_target_nothing_is_judged(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = page(store, monkeypatch, indicator="parts_digital_level")
    assert figures(app) == set()
    assert not drawn(written(app), "pw-odds")


@pytest.mark.parametrize("view", ["target", "who"])
def test_an_edition_without_judgements_shows_the_number(
    tmp_path: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch, view: str
) -> None:
    """As one that a former version of the program published."""
    unjudged(tmp_path, plan)
    app = page(tmp_path, monkeypatch, page=view)
    assert figures(app) == set()
    assert words("en")("verdict.not_yet") in written(app)
    assert words("en")("edition.mistake") not in written(app)


def test_the_figure_is_told_to_those_who_do_not_see_it(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = {chart.proto.id.rsplit("-", 1)[-1]: chart.proto.alt for chart in page(store, monkeypatch).get("plotly_chart")}
    assert "due" in told["way"] and "sampling error only" in told["way"]


def test_another_reading_is_chosen_by_the_address(store: Path, edition: Edition, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = "SELECT value FROM results WHERE indicator = 'rd_tool_rate' AND category = 'parts' AND period = '2026'"
    parts = edition.query(f"{asked} AND breakdown = 'segment_group'").item()
    app = page(store, monkeypatch, target="T3_parts")
    assert f"<b>{parts * 100:.1f}<span>%</span></b>" in written(app).split("pw-block-value")[1]
    assert not app.info
    # a breakdown is called by what is free in it: the target itself says which enterprises are meant
    who = page(store, monkeypatch, page="who", target="T3_parts")
    assert all("Type of enterprise" not in name for name in who.selectbox(key="choice_by").options)


def test_readings_that_disagree_are_told_beside_each_other(store: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = written(page(store, monkeypatch, indicator="nc_rate"))
    assert words("en")("target.page.readings") in shown
    assert drawn(shown, "pw-disagree")
