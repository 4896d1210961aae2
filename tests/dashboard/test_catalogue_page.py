"""The page of the data catalogue: every table and column, what is looked for, links, widths and colours, in a real browser."""

from __future__ import annotations

import re
from html import escape
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect
from streamlit.testing.v1 import AppTest

from dashboard.catalogue.catalogue import Catalogue, column, name
from dashboard.serve import APP
from dashboard.words import words
from indicators.editions.edition import Edition
from tests.dashboard.browsing import ready

PICTURES = Path(__file__).parent.parent / "_pictures"


def shown(store: Path, monkeypatch: pytest.MonkeyPatch, **choices: str) -> AppTest:
    monkeypatch.setenv("PLANWATCH_DIR", str(store))
    monkeypatch.setenv("PLANWATCH_WHO", "analyst")
    app = AppTest.from_file(str(APP), default_timeout=30)
    app.query_params["page"] = "catalogue"
    for key, value in choices.items():
        app.query_params[key] = value
    app.run()
    assert not app.exception
    return app


def html(app: AppTest) -> str:
    return " ".join(str(block.proto.body) for block in app.get("html"))


def listed(app: AppTest) -> list[str]:
    """The ids of the tables on the page, in their order."""
    return re.findall(r'<summary class="pw-shelved"><b>[^<]*</b><code>([a-z_]+)</code>', html(app))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_table_and_column_is_on_the_page_in_words(
    store: Path, edition: Edition, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    app, told = shown(store, monkeypatch, lang=language), words(language)
    catalogue = Catalogue.of_edition(edition, edition.query("SELECT * FROM coverage"))
    assert app.title[0].value == told("catalogue.title")
    assert listed(app) == [table.id for table in catalogue.holdings]
    body = html(app)
    assert body.count('<li class="pw-entry">') == sum(len(table.entries) for table in catalogue.holdings)
    for table in catalogue.holdings:
        assert f"<b>{escape(name(table, told))}</b>" in body
        assert all(f"<b>{escape(column(entry, told))}</b><code>{entry.id}</code>" in body for entry in table.entries)
    assert told("edition.mistake") not in body


def test_each_column_bears_a_mark_a_word_and_a_colour(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = html(shown(store, monkeypatch, lang="en", group="records"))
    marks = re.findall(r'<span class="pw-tier pw-tier-(\w+)"><i></i>(\w+)</span>', body)
    assert {kind for kind, _ in marks} == {"core", "important", "general"}
    assert all(kind == word for kind, word in marks)


def test_what_only_the_plan_proposes_is_marked(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flag = words("en")("catalogue.proposed")
    body = html(shown(store, monkeypatch, lang="en", group="records"))
    terms = re.findall(r"<dt>([^<]*)(<span[^>]*>[^<]*</span>)?</dt>", body)
    marked = {term for term, mark in terms if flag in mark}
    assert {"Owner", "Use", "Retention", "Legal basis"} <= marked
    assert "What it holds" in {term for term, mark in terms if not mark}
    assert [term for term, _ in terms].count("Owner") == 1, "what holds for all tables of a group is told once"
    assert [term for term, _ in terms].count("Retention") == 2, "and again where a table says otherwise"


def test_a_search_in_the_address_leaves_what_fits(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = shown(store, monkeypatch, lang="zh", q="数控")
    assert listed(app) == ["survey"]
    assert html(app).count('<li class="pw-entry">') == 1
    assert words("zh")("catalogue.found", tables=1, columns=1) in html(app)
    assert "open" in re.findall(r"<details[^>]*>", html(app))[0], "what was looked for is unfolded"


def test_the_filters_write_into_the_address(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = shown(store, monkeypatch, lang="en")
    app.text_input(key="catalogue_q").set_value("wait").run()
    assert app.query_params["q"] in ("wait", ["wait"])
    assert words("en")("catalogue.nothing") in html(app)
    app = shown(store, monkeypatch, lang="en", tier="core", group="records")
    assert listed(app) == ["declarations"]
    assert set(re.findall(r'pw-squares"[^>]*>(.*?)</span>', html(app))) == {'<i class="pw-tier-core"></i>' * 3}


def test_a_link_unfolds_a_table(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    body = html(shown(store, monkeypatch, lang="en", table="orders"))
    unfolded = re.findall(r'<details class="pw-holding" open><summary class="pw-shelved"><b>([^<]*)</b>', body)
    assert unfolded == ["Product orders"]


def test_words_of_a_link_stay_words(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = shown(store, monkeypatch, lang="en", q="<img src=x onerror=alert(1)>", tier="![x](http://x/t.png)")
    assert "<img" not in html(app)
    assert "](http" not in "".join(info.value for info in app.info)


VIEWS = [
    ("zh", 1280, "light", ""),
    ("en", 1280, "dark", "&table=register"),
    ("en", 768, "light", "&table=declarations"),
    ("zh", 390, "light", "&table=declarations"),
    ("en", 390, "dark", "&tier=core&group=records"),
    ("zh", 1280, "dark", f"&q={quote('密')}"),
]


@pytest.mark.browser
@pytest.mark.parametrize(("language", "width", "scheme", "more"), VIEWS)
def test_the_catalogue_in_a_browser(page: Page, app_url: str, language: str, width: int, scheme: str, more: str) -> None:
    faults: list[str] = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    own = (app_url, app_url.replace("http", "ws"), "data:", "blob:")
    page.on("request", lambda request: None if request.url.startswith(own) else faults.append(f"outside: {request.url}"))
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": width, "height": 900})
    ready(page, f"{app_url}/?lang={language}&page=catalogue{more}")
    expect(page.get_by_role("heading", level=1)).to_have_text(words(language)("catalogue.title"))
    expect(page.locator("details.pw-holding").first).to_be_visible()
    expect(page.locator(".st-key-catalogue_downloads")).to_be_attached()
    assert page.locator("[data-testid=stMain]").evaluate("node => node.scrollWidth <= node.clientWidth")
    wide = "nodes => nodes.filter(node => node.scrollWidth > node.clientWidth + 1).map(node => node.className)"
    assert page.locator(".pw-holding, .pw-holding summary, .pw-columns li, dl.pw-terms, .pw-tiers").evaluate_all(wide) == []
    if not more:
        first = page.locator("details.pw-holding").first
        expect(first.locator(".pw-columns")).to_be_hidden()
        first.locator("summary").click()
    expect(page.locator("details[open] .pw-columns li").first).to_be_visible()
    colours = page.locator("details[open] .pw-tier").evaluate_all("nodes => nodes.map(node => getComputedStyle(node).color)")
    words_ = page.locator("details[open] .pw-tier").all_inner_texts()
    assert len(set(colours)) == len(set(words_)), "each tier has a colour of its own"
    PICTURES.mkdir(exist_ok=True)
    height = page.locator("[data-testid=stMainBlockContainer]").evaluate("node => node.scrollHeight")
    page.set_viewport_size({"width": width, "height": min(int(height) + 40, 6000)})
    page.wait_for_timeout(300)
    page.screenshot(path=PICTURES / f"catalogue_{language}_{width}_{scheme}.png", animations="disabled")
    assert faults == []
