"""The app in a real browser: every page, language, theme and width; nothing on the console, nothing from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from dashboard import cli
from dashboard.words import words
from tests.dashboard.axe import violations
from tests.dashboard.browsing import STANDING, STILL, ready, until

pytestmark = pytest.mark.browser

PARTS = ("dictionary", "quality", "response", "revisions", "protection", "downloads")
#: where the rules of accessibility are asked: both themes, the widest and the narrowest screen
AXE = {("light", 1280), ("dark", 1280), ("light", 390)}
#: what a person looks at
SHOWN = {("zh", "light"), ("en", "dark")}
PICTURES = Path(__file__).parent.parent / "_pictures"
VIEW = "page=explore&indicator=nc_rate&breakdown=segment,size_class&period=2025"
BLOCK = "[class*='st-key-tile_']"


@pytest.fixture
def watched(page: Page, app_url: str) -> Iterator[Page]:
    """A page of which every error on the console, failed request and request to elsewhere is a fault."""
    faults: list[str] = []
    page.set_default_timeout(15_000)
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("requestfailed", lambda request: faults.append(f"failed: {request.url}"))
    page.on("response", lambda response: faults.append(f"{response.status}: {response.url}") if response.status >= 400 else None)
    own = (app_url, app_url.replace("http", "ws"), "data:", "blob:")
    page.on("request", lambda request: None if request.url.startswith(own) else faults.append(f"outside: {request.url}"))
    yield page
    assert faults == []


def figures(page: Page) -> None:
    page.locator(".js-plotly-plot .main-svg").nth(1).wait_for()
    page.locator("[data-testid=stDataFrame] canvas").first.wait_for()


def choices(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    height = page.locator("[data-testid=stMainBlockContainer]").evaluate("node => node.scrollHeight")
    width = page.viewport_size["width"] if page.viewport_size else 1280
    page.set_viewport_size({"width": width, "height": min(int(height) + 40, 6000)})
    page.wait_for_timeout(400)  # figures follow the new size
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


#: every page, and of those with several faces every face
PAGES = {
    "overview": "page=overview",
    "target": "page=target&indicator=rd_tool_rate",
    "target_parts": "page=target&indicator=nc_rate&target=T4_parts",
    "target_undated": "page=target&indicator=tiered_protection_rate",
    "target_words": "page=target&indicator=parts_digital_level",
    "who": "page=who&indicator=rd_tool_rate&by=segment,size_class",
    "who_change": "page=who&indicator=labour_productivity_change",
    "explore": "page=explore&indicator=nc_rate&breakdown=segment,size_class&period=2025",
    "explore_time": "page=explore&indicator=nc_rate&breakdown=segment&view=time",
    "explore_change": "page=explore&indicator=nc_rate&breakdown=segment,size_class&view=change",
    "explore_map": "page=explore&indicator=nc_rate&breakdown=province&view=map",
    "explore_compare": "page=explore&indicator=nc_rate&breakdown=province&view=compare",
    **{f"data_{part}": f"page=data&part={part}" for part in PARTS},
    "catalogue": "page=catalogue",
    "actions": "page=actions",
    "reports": "page=reports",
}
WIDE = "nodes => nodes.filter(node => node.scrollWidth > node.clientWidth + 1).map(node => node.className)"


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_every_page_reads_well_in_every_theme_and_width_and_for_everybody(
    watched: Page, app_url: str, name: str, language: str
) -> None:
    ready(watched, f"{app_url}/?lang={language}&{PAGES[name]}")
    assert watched.get_by_text(words(language)("edition.mistake")).count() == 0
    assert watched.evaluate("document.documentElement.lang") == ("zh-CN" if language == "zh" else "en")
    faults: list[str] = []
    for scheme in ("light", "dark"):
        watched.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for width in (1280, 768, 390):
            watched.set_viewport_size({"width": width, "height": 844})
            still(watched)
            here = f"{scheme} {width}: "
            if not watched.locator("[data-testid=stMain]").evaluate("node => node.scrollWidth <= node.clientWidth"):
                faults.append(f"{here}the page is wider than the screen")
            wide = watched.locator(".stHtml, .pw-odds, .pw-marks, dl.pw-tempo, dl.pw-ruler").evaluate_all(WIDE)
            faults += [f"{here}wider than its place: {kind}" for kind in wide]
            if (scheme, width) in AXE:
                faults += [f"{here}{told}" for told in violations(watched)]
            if (language, scheme) in SHOWN:
                picture(watched, f"{name}_{language}_{width}_{scheme}")
    assert faults == []


def still(page: Page) -> None:
    """Waits until figures and fonts have followed the new size and theme."""
    until(page, STILL)
    page.wait_for_timeout(350)
    until(page, STANDING)


@pytest.mark.parametrize(("language", "width"), [("zh", 1280), ("zh", 390), ("en", 390)])
def test_the_first_screen_answers_the_executive(watched: Page, app_url: str, language: str, width: int) -> None:
    watched.set_viewport_size({"width": width, "height": 844})
    ready(watched, f"{app_url}/?lang={language}")
    expect(watched.locator(BLOCK)).to_have_count(10)
    expect(watched.locator(".pw-first")).to_be_in_viewport()
    expect(watched.locator(".pw-time")).to_be_in_viewport()
    expect(watched.locator(".pw-strip li")).to_have_count(10)
    expect(watched.locator(".pw-who")).to_be_in_viewport(ratio=1)
    sample = words(language)("nav.target")  # Chinese letters are fetched only where they are shown
    assert watched.evaluate("text => document.fonts.check('16px NotoSC', text)", sample)
    expect(watched.locator(".modebar")).to_have_count(0)


@pytest.mark.parametrize("view", ["target", "who"])
@pytest.mark.parametrize("indicator", ["rd_tool_rate", "labour_productivity_change"])
def test_words_in_the_figures_of_a_target_do_not_leave_them(watched: Page, app_url: str, indicator: str, view: str) -> None:
    watched.set_viewport_size({"width": 390, "height": 844})
    ready(watched, f"{app_url}/?lang=en&page={view}&indicator={indicator}")
    watched.locator(".js-plotly-plot .main-svg").first.wait_for()
    outside = """plots => plots.flatMap(plot => {
        const frame = plot.getBoundingClientRect();
        return [...plot.querySelectorAll('.annotation-text')].filter(text => {
            const box = text.getBoundingClientRect();
            return box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1;
        }).map(text => text.textContent);
    })"""
    plots = watched.locator(".st-key-way .js-plotly-plot, .st-key-pareto .js-plotly-plot")
    assert plots.count() == 1
    assert plots.locator(".annotation-text").count() >= {"target": 4, "who": 8}[view]
    assert plots.evaluate_all(outside) == []


def test_the_slider_moves_the_number_and_the_link_restores_the_scenario(watched: Page, app_url: str, store: Path) -> None:
    said = words("en")
    ready(watched, f"{app_url}/?lang=en&page=who&indicator=rd_tool_rate&whatif=T3~size_class.medium~to.0.91")
    table = watched.locator(".pw-now-then")
    first = table.inner_text()
    watched.get_by_role("slider").focus()
    for _ in range(3):
        watched.keyboard.press("ArrowRight")
    watched.wait_for_url("**whatif=T3~size_class.medium~to.0.913")
    expect(table).not_to_have_text(first, use_inner_text=True)
    watched.wait_for_timeout(300)  # the run of the last step may have begun after the address was written
    until(watched, STILL)
    moved = table.inner_text()
    watched.get_by_text(said("target.page.if.keep")).click()
    passed_on = watched.locator("code", has_text="whatif=").inner_text()
    # a click while the page is still redrawing is lost
    until(watched, STILL)
    watched.wait_for_timeout(500)
    with watched.expect_download() as download:
        watched.get_by_role("link", name=said("target.page.if.download")).click()
    download.value.save_as(store / "scenario.yaml")
    ready(watched, passed_on)
    expect(table).to_have_text(moved, use_inner_text=True)
    sheet = store / "sheet.md"
    assert cli.main(["whatif", str(store / "scenario.yaml"), "--dir", str(store), "--lang", "en", "--out", str(sheet)]) == 0
    value = table.locator("tbody tr").first.locator("td").nth(1).locator("b").inner_text()
    assert value in sheet.read_text(encoding="utf-8"), "the command line says the same of the file"


def test_a_reading_is_a_link_and_back_returns(watched: Page, app_url: str) -> None:
    ready(watched, f"{app_url}/?lang=zh&page=target&indicator=nc_rate")
    cards = watched.locator("[class*='st-key-reading_']")
    expect(cards).to_have_count(3)
    cards.nth(1).click()
    watched.wait_for_url("**target=T4_parts**")
    expect(watched.locator(".pw-judged")).to_contain_text("零部件")
    cards.nth(2).click()
    expect(watched.get_by_role("heading", level=1)).to_have_text("关键工序数控化率（汇总比）")
    watched.go_back()
    expect(watched.locator(".pw-judged")).to_contain_text("零部件")


def test_a_deep_link_restores_the_view_and_the_language_link_keeps_it(watched: Page, app_url: str) -> None:
    ready(watched, f"{app_url}/?lang=zh&{VIEW}")
    breakdown, period = (watched.locator(f".st-key-choice_{name}").get_by_role("combobox") for name in ("breakdown", "period"))
    expect(breakdown).to_have_value("行业小类 × 企业规模")
    expect(period).to_have_value("2025年")
    watched.get_by_role("link", name="English").click()
    expect(watched.get_by_role("heading", level=1)).to_have_text("Numerical-control rate of key processes")
    expect(breakdown).to_have_value("Segment × Size class")
    expect(period).to_have_value("2025")
    kept = {"page": "explore", "indicator": "nc_rate", "breakdown": "segment,size_class", "period": "2025"}
    assert choices(watched) == {"lang": "en", **kept}


def test_one_tap_on_a_tile_opens_its_indicator_and_back_returns(watched: Page, app_url: str) -> None:
    ready(watched, f"{app_url}/?lang=zh")
    tile = watched.locator(".st-key-tile_T4")
    tile.click(position={"x": 160, "y": 150})  # anywhere on the tile, not only on its name
    expect(watched.get_by_role("heading", level=1)).to_have_text("关键工序数控化率")
    assert choices(watched)["indicator"] == "nc_rate"
    watched.go_back()
    expect(watched.locator(BLOCK)).to_have_count(10)
    ready(watched)  # while the page is still being drawn a click may meet a row that is replaced at once
    watched.locator(".st-key-row_risk_assessment_rate").click()
    expect(watched.get_by_role("heading", level=1)).to_have_text("数据安全风险评估覆盖率")


def test_a_choice_writes_its_code_into_the_address_and_back_undoes_it(watched: Page, app_url: str) -> None:
    ready(watched, f"{app_url}/?lang=zh&page=explore&indicator=nc_rate")
    figures(watched)
    box = watched.locator(".st-key-choice_breakdown").get_by_role("combobox")
    first = box.input_value()
    box.click()
    watched.keyboard.type("省份")
    watched.keyboard.press("Enter")
    expect(box).to_have_value("省份")
    watched.wait_for_url("**breakdown=province**")
    watched.go_back()
    expect(box).to_have_value(first)


def test_the_browser_chooses_the_language_where_the_link_does_not(watched: Page, app_url: str) -> None:
    ready(watched, app_url)
    expect(watched.locator(".pw-first")).to_contain_text(words("zh")("lead.counts").split("{")[0])
    expect(watched.get_by_role("link", name="English")).to_be_visible()


REACHED = """
() => {
  const names = node => node.outerHTML.slice(0, 160);
  const seen = node => node.offsetParent !== null && getComputedStyle(node).visibility !== 'hidden' && !node.disabled;
  const wanted = [...document.querySelectorAll('[data-testid=stMain] :is(a[href], button, input, summary, select)')]
    .filter(seen).filter(node => node.tabIndex >= 0 && !node.closest('.js-plotly-plot, [data-testid=stDataFrame]'))
    .filter(node => node.tagName === 'SUMMARY' || !node.closest('details:not([open])'));
  return wanted.filter(node => !window.reached.has(node)).map(names);
}
"""


@pytest.mark.parametrize("name", ["overview", "target", "who", "explore", "actions", "reports"])
def test_the_keyboard_reaches_everything(watched: Page, app_url: str, name: str) -> None:
    ready(watched, f"{app_url}/?lang=en&{PAGES[name]}")
    watched.wait_for_timeout(500)
    watched.evaluate(
        "() => { window.reached = new Set(); addEventListener('focusin', event => {"
        " window.reached.add(event.target); if (event.target.type === 'radio' || event.target.role === 'radio')"
        # of a group of choices one takes the focus, and arrows lead to the others
        " (event.target.closest('[role=radiogroup]') || event.target.parentNode).querySelectorAll('*')"
        ".forEach(node => window.reached.add(node)); }); document.body.focus(); }"
    )
    for _ in range(140):
        watched.keyboard.press("Tab")
    assert watched.evaluate(REACHED) == []
