"""Every view of the app runs, in both languages, for every indicator, and also where there is nothing to show."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.serve import APP, ENTRANCE, command, service
from dashboard.words import words
from indicators.catalogue.catalogue import AUTOMOTIVE, load_plan
from indicators.catalogue.plan import Plan
from indicators.editions.edition import Edition
from tests.dashboard.plausible import write_plausible

INDICATORS = sorted(path.stem for path in (AUTOMOTIVE / "indicators").glob("*.yaml"))


def run(store: Path, monkeypatch: pytest.MonkeyPatch, **choices: str) -> AppTest:
    """The app after one run with these choices in its address."""
    monkeypatch.setenv("PLANWATCH_DIR", str(store))
    app = AppTest.from_file(str(APP), default_timeout=60)
    for name, value in choices.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def written(app: AppTest) -> str:
    return " ".join(str(block.proto.body) for block in app.get("html"))


def sound(app: AppTest) -> str:
    """What is written on a page that no mistake of the program took the place of."""
    body = written(app)
    assert all(words(language)("edition.mistake") not in body for language in ("zh", "en"))
    return body


def figures(app: AppTest) -> set[str]:
    """The keys of the figures on a page."""
    return {chart.proto.id.rsplit("-", 1)[-1] for chart in app.get("plotly_chart")}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_overview_shows_every_target(store: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    app = run(store, monkeypatch, lang=language)
    shown = written(app)
    assert app.title[0].value.replace("\\", "") == plan.identity.name.in_language(language)
    assert all(f">T{number}<" in shown for number in range(1, 11))
    assert words(language)("edition.mistake") not in shown


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("indicator", INDICATORS)
def test_every_indicator_can_be_explored(
    store: Path, plan: Plan, edition: Edition, monkeypatch: pytest.MonkeyPatch, indicator: str, language: str
) -> None:
    app = run(store, monkeypatch, lang=language, page="explore", indicator=indicator)
    shown, said = sound(app), words(language)
    assert app.title[0].value.replace("\\", "") == plan.indicators[indicator].name.in_language(language)
    assert said("indicator.nothing") not in shown
    behind = plan.indicators[indicator].kind == "change" or plan.indicators[indicator].opt_in
    behind |= any(one.change_of == indicator for one in plan.indicators.values())
    assert ('class="pw-parts"' in shown) == behind, "what stands behind a change is shown, beside the level, too"
    split = edition.query("SELECT 1 FROM results WHERE indicator = ? AND breakdown <> 'total' LIMIT 1", [indicator])
    assert figures(app) == ({"trend"} if split.is_empty() else {"bars"})
    whole = figures(run(store, monkeypatch, lang=language, page="explore", indicator=indicator, breakdown="total", view="time"))
    assert whole == {"trend"}


def test_every_breakdown_and_crossing_can_be_shown(store: Path, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    for names in plan.breakdown_sets()[1:]:
        for order in ("plan", "value"):
            app = run(store, monkeypatch, page="explore", indicator="nc_rate", breakdown=",".join(names), sort=order)
            assert words("zh")("edition.mistake") not in written(app)
            assert app.selectbox(key="choice_breakdown").value == ",".join(names)


def test_the_address_holds_the_view(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    choices = {"lang": "en", "page": "explore", "indicator": "nc_rate", "breakdown": "segment,size_class", "period": "2025"}
    app = run(store, monkeypatch, **choices)
    for name in ("indicator", "breakdown", "period"):
        assert app.selectbox(key=f"choice_{name}").value == choices[name]
    app.selectbox(key="choice_breakdown").set_value("province").run()
    assert app.query_params["breakdown"] == "province"
    assert not app.exception


def test_a_code_that_the_edition_does_not_have_is_told(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = run(store, monkeypatch, lang="en", page="explore", indicator="![x](http://x/t.png)")
    assert len(app.info) == 1
    assert "](http" not in app.info[0].value
    assert app.selectbox(key="choice_indicator").value == "maturity_step"


def test_choosing_an_indicator_forgets_what_it_does_not_have_without_a_complaint(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = run(store, monkeypatch, page="explore", indicator="labour_productivity", period="2026-Q3", breakdown="segment")
    app.selectbox(key="choice_indicator").set_value("nc_rate").run()
    assert not app.exception
    assert not app.info
    assert app.selectbox(key="choice_period").value == "2026"
    assert app.selectbox(key="choice_breakdown").value == "segment"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_without_an_edition_the_commands_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    app = run(tmp_path, monkeypatch, lang=language)
    assert app.title[0].value == words(language)("edition.none")
    told = " ".join(block.value for block in app.code)
    assert f"planwatch demo --dir {tmp_path}" in told
    assert "planwatch publish" in told


def test_a_broken_edition_is_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_plausible(tmp_path / "editions", load_plan(AUTOMOTIVE)).close()
    manifest = tmp_path / "editions" / "0001" / "manifest.json"
    manifest.chmod(0o644)
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("T4", "T5"), encoding="utf-8")
    app = run(tmp_path, monkeypatch)
    assert app.title[0].value == words("zh")("edition.broken")
    assert "planwatch publish" in app.code[0].value


def test_the_command_starts_the_app_on_loopback_only(tmp_path: Path) -> None:
    made = command(service(tmp_path, 8501, address="127.0.0.1"))
    assert made[1:4] == ["-m", "streamlit", "run"]
    for option in (
        "--server.address=127.0.0.1",
        "--server.port=8501",
        "--browser.gatherUsageStats=false",
        "--client.showErrorDetails=none",
    ):
        assert option in made
    own = made[made.index("--") + 1 :]
    assert own[:4] == ["--dir", str(tmp_path), "--who", "steward"]
    assert Path(made[4]) == ENTRANCE


def test_fonts_icon_and_licence_lie_beside_the_app() -> None:
    static = APP.parent / "static"
    fonts = sorted(static.glob("*.woff2"))
    assert len(fonts) == 4
    assert all(font.stat().st_size < 2_000_000 for font in fonts)
    assert "SIL Open Font License" in (static / "NotoSansSC-OFL.txt").read_text(encoding="utf-8")
    theme = (APP.parent / ".streamlit" / "config.toml").read_text(encoding="utf-8")
    assert all(f"app/static/{font.name}" in theme for font in fonts)
    assert "http" not in theme
