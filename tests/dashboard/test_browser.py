"""The app in a real browser: both pages, both languages, both widths; nothing on the console, nothing from outside."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from dashboard.words import words

pytestmark = pytest.mark.browser

PICTURES = Path(__file__).parent.parent / "_pictures"
VIEW = "page=indicator&indicator=nc_rate&breakdown=segment,size_class&period=2025"
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


def ready(page: Page, address: str | None = None) -> None:
    """Waits until the page stands: heading, figures, own font."""
    if address:
        page.goto(address)
    page.get_by_role("heading", level=1).wait_for()
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]') && document.fonts.status === 'loaded'")
    page.wait_for_function("!document.querySelector('[data-testid=stApp][data-test-script-state=running]')")


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


@pytest.mark.parametrize(
    ("language", "width", "scheme"), [("zh", 1280, "light"), ("en", 390, "dark"), ("zh", 390, "light"), ("en", 1280, "dark")]
)
def test_the_overview(watched: Page, app_url: str, language: str, width: int, scheme: str) -> None:
    watched.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    watched.set_viewport_size({"width": width, "height": 844})
    ready(watched, f"{app_url}/?lang={language}")
    expect(watched.locator(BLOCK)).to_have_count(10)
    expect(watched.locator(".pw-first")).to_be_in_viewport()
    expect(watched.locator(".pw-time")).to_be_in_viewport()
    expect(watched.locator(".pw-strip li")).to_have_count(10)
    expect(watched.locator(".pw-who")).to_be_in_viewport(ratio=1)
    assert watched.evaluate("document.documentElement.lang") == ("zh-CN" if language == "zh" else "en")
    sample = words(language)("nav.indicator")  # Chinese letters are fetched only where they are shown
    assert watched.evaluate("text => document.fonts.check('16px NotoSC', text)", sample)
    assert watched.locator("[data-testid=stMain]").evaluate("node => node.scrollWidth <= node.clientWidth")
    picture(watched, f"overview_{language}_{width}_{scheme}")


@pytest.mark.parametrize(("language", "width", "scheme"), [("zh", 1280, "light"), ("en", 390, "dark")])
def test_the_indicator_page(watched: Page, app_url: str, language: str, width: int, scheme: str) -> None:
    watched.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    watched.set_viewport_size({"width": width, "height": 844})
    ready(watched, f"{app_url}/?lang={language}&{VIEW}")
    figures(watched)
    assert watched.locator("[data-testid=stMain]").evaluate("node => node.scrollWidth <= node.clientWidth")
    expect(watched.locator(".modebar")).to_have_count(0)
    picture(watched, f"indicator_{language}_{width}_{scheme}")


def test_a_deep_link_restores_the_view_and_the_language_link_keeps_it(watched: Page, app_url: str) -> None:
    ready(watched, f"{app_url}/?lang=zh&{VIEW}")
    boxes = watched.get_by_role("combobox")
    expect(boxes.nth(1)).to_have_value("行业小类 × 企业规模")
    expect(boxes.nth(2)).to_have_value("2025年")
    watched.get_by_role("link", name="English").click()
    expect(watched.get_by_role("heading", level=1)).to_have_text("Numerical-control rate of key processes")
    expect(boxes.nth(1)).to_have_value("Segment × Size class")
    expect(boxes.nth(2)).to_have_value("2025")
    kept = {"page": "indicator", "indicator": "nc_rate", "breakdown": "segment,size_class", "period": "2025"}
    assert choices(watched) == {"lang": "en", **kept}


def test_one_tap_on_a_tile_opens_its_indicator_and_back_returns(watched: Page, app_url: str) -> None:
    ready(watched, f"{app_url}/?lang=zh")
    tile = watched.locator(".st-key-tile_T4")
    tile.click(position={"x": 160, "y": 150})  # anywhere on the tile, not only on its name
    expect(watched.get_by_role("heading", level=1)).to_have_text("关键工序数控化率")
    assert choices(watched)["indicator"] == "nc_rate"
    watched.go_back()
    expect(watched.locator(BLOCK)).to_have_count(10)
    watched.locator(".st-key-row_risk_assessment_rate").click()
    expect(watched.get_by_role("heading", level=1)).to_have_text("数据安全风险评估覆盖率")


def test_a_choice_writes_its_code_into_the_address_and_back_undoes_it(watched: Page, app_url: str) -> None:
    ready(watched, f"{app_url}/?lang=zh&page=indicator&indicator=nc_rate")
    figures(watched)
    box = watched.get_by_role("combobox").nth(1)
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
