"""Names, notices and parameters are shown as they are written: in a browser nothing of them runs, is fetched or leads on."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from io import StringIO
from typing import Any
from urllib.parse import quote, urlsplit

import polars as pl
import pytest
from playwright.sync_api import Browser, Page, Request

from dashboard.lists.table import as_csv
from dashboard.serve import service
from dashboard.words import words
from indicators.catalogue.plan import Plan
from pipelines.yamlfile import Text
from tests.dashboard.browsing import ready
from tests.dashboard.payloads import PAYLOADS, hostile
from tests.dashboard.plausible import write_plausible
from tests.dashboard.serving import free_port, serving

pytestmark = pytest.mark.browser

#: what in a document leads or reaches elsewhere, runs, or is formatted: nothing of it may come from a text
LIVE = r"""() => {
    const found = [], tell = (node, what) => found.push(`${node.tagName.toLowerCase()} ${what}`);
    const own = address => /^(data:image|blob:)/.test(address) || new URL(address, document.baseURI).origin === location.origin;
    const foreign = 'iframe, object, embed, base, form, video, audio, math, marquee, meta[http-equiv], link[rel=import]';
    for (const node of document.querySelectorAll(foreign)) tell(node, 'is there');
    const format = 'pre, table, hr, em, code, del, blockquote, ul, ol, img, .katex, [class*=color], [data-testid=stIconMaterial]';
    for (const node of document.querySelectorAll(`[data-testid=stMarkdownContainer] :is(${format})`))
        if (!node.closest('[data-testid=stCode]')) tell(node, `in Markdown ${node.parentElement.outerHTML.slice(0, 200)}`);
    for (const node of document.querySelectorAll('*')) {
        for (const {name, value} of node.attributes) {
            if (name.startsWith('on')) tell(node, `${name}=${value}`);
            if (/^(xlink:href|href|src|srcset|action|data|poster)$/.test(name) && !own(value)) tell(node, `${name}=${value}`);
            if (/^(xlink:href|href)$/.test(name) && /^\s*(javascript|vbscript|data):/i.test(value)) tell(node, value);
            if (name === 'style' && /evil/.test(value)) tell(node, value);
        }
        if (node.matches('style, script:not([src])') && /evil|pwned|@import/.test(node.textContent)) tell(node, node.textContent);
    }
    return found;
}"""


@pytest.fixture(scope="module")
def evil(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> Iterator[str]:
    """The address of an app in which every name, every notice and some categories are payloads."""
    store, changed = tmp_path_factory.mktemp("evil"), hostile(plan)
    key = {"indicator": "nc_rate", "period": "2026", "breakdown": "province"}
    number = {"value": 0.5, "se": 0.01, "low": 0.48, "high": 0.52, "n": 40, "quality": "B", "status": "published"}
    rows = [{**key, **number, "category": payload} for payload in PAYLOADS]
    notices = [Text(zh=one, en=one) for one in PAYLOADS]
    write_plausible(store / "editions", changed, more=rows, notices=notices).close()
    with serving(service(store, free_port(), address="127.0.0.1"), tmp_path_factory.mktemp("log") / "app.log") as address:
        yield address


@pytest.fixture(scope="module")
def faults() -> list[str]:
    return []


@pytest.fixture(scope="module")
def visitor(browser: Browser, browser_context_args: dict[str, Any], evil: str, faults: list[str]) -> Iterator[Page]:
    """A page on which it is a fault if a payload runs, asks for anything elsewhere, or tries to and is stopped."""
    host = urlsplit(evil).netloc

    def asked(request: Request) -> None:
        if urlsplit(request.url).netloc not in (host, "") and not request.url.startswith(("data:", "blob:")):
            faults.append(f"asked for {request.url}")

    with closing(browser.new_context(**browser_context_args)) as context:
        page = context.new_page()
        page.on("request", asked)
        page.on("dialog", lambda dialog: faults.append(f"dialog {dialog.message}"))
        page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("popup", lambda popup: faults.append(f"popup {popup.url}"))
        yield page


@pytest.fixture
def guarded(visitor: Page, faults: list[str]) -> Iterator[Page]:
    faults.clear()
    yield visitor
    assert visitor.evaluate("typeof pwned") == "undefined"
    assert faults == []


def test_there_are_enough_of_them_and_each_is_another() -> None:
    assert len(set(PAYLOADS)) == len(PAYLOADS) >= 60


VIEWS = [
    *(("", language) for language in ("zh", "en")),
    *(("page=catalogue", language) for language in ("zh", "en")),
    ("page=explore&indicator=nc_rate&breakdown=province", "zh"),
    ("page=explore&indicator=nc_rate&breakdown=province&view=map", "en"),
    ("page=explore&indicator=nc_rate&breakdown=segment,size_class&view=time", "en"),
    ("page=explore&indicator=labour_productivity_change&view=compare", "zh"),
    ("page=who&indicator=rd_tool_rate&by=province&whatif=T3~province.320000~to.0.91", "en"),
    ("page=target&indicator=delivery_cycle_change", "zh"),
    ("page=target&indicator=tiered_protection_rate", "en"),
    *((f"page=data&part={part}", "zh") for part in ("dictionary", "quality", "response", "revisions", "protection", "downloads")),
    ("page=actions", "en"),
    ("page=reports", "zh"),
]


@pytest.mark.parametrize(("view", "language"), VIEWS)
def test_no_name_and_no_notice_is_taken_for_markup(guarded: Page, evil: str, view: str, language: str) -> None:
    ready(guarded, f"{evil}/?lang={language}&{view}")
    for summary in guarded.locator("[data-testid=stExpander] summary").all():
        summary.click()
    guarded.wait_for_timeout(500)
    assert guarded.get_by_text(words(language)("edition.mistake")).count() == 0, "the page is there"
    assert guarded.evaluate(LIVE) == []


@pytest.mark.parametrize("start", range(0, len(PAYLOADS), 8))
def test_no_parameter_of_the_address_is_taken_for_markup(guarded: Page, evil: str, start: int) -> None:
    some = [quote(payload) for payload in PAYLOADS[start : start + 8]]
    keys = ("indicator", "breakdown", "period", "sort", "target", "by", "whatif", "level")
    given = "&".join(f"{key}={value}" for key, value in zip(keys, some, strict=False))
    pages = [f"page={name}&{given}" for name in ("target", "who", "explore", "data", "reports")]
    pages.append(f"page=catalogue&lang={some[-1]}&q={some[-1]}&tier={some[0]}")
    for query in pages:
        ready(guarded, f"{evil}/?{query}")
        assert guarded.evaluate(LIVE) == []


def test_the_title_is_the_name_letter_by_letter(guarded: Page, evil: str, plan: Plan) -> None:
    changed = hostile(plan)
    for indicator in list(plan.indicators)[:8]:
        ready(guarded, f"{evil}/?lang=en&page=explore&indicator={indicator}")
        shown = guarded.get_by_role("heading", level=1).inner_text()
        assert _plain(shown) == _plain(changed.indicators[indicator].name.en)


def test_no_text_in_a_file_is_a_formula() -> None:
    frame = pl.DataFrame({"name": list(PAYLOADS), "n": range(len(PAYLOADS))})
    facts = [("Term", payload) for payload in PAYLOADS]
    lines = as_csv(frame, facts, 2).decode("utf-8-sig").split("\r\n")
    assert all(line.startswith("# Term: ") for line in lines[: len(facts)])
    rows = list(csv.reader(StringIO("\r\n".join(lines[len(facts) :]), newline="")))[1:]
    assert len(rows) == len(PAYLOADS)
    assert not [name for name, _ in rows if name.lstrip()[:1] in ("=", "+", "-", "@", "|", "%")]
    assert sum(name.startswith("'") for name, _ in rows) == sum(payload[:1] in "=+-@|%'" for payload in PAYLOADS)


def _plain(text: str) -> str:
    """Without blanks and the signs that a page replaces or hides."""
    return "".join(letter for letter in text if letter.isprintable() and not letter.isspace() and letter != "\ufffd")
