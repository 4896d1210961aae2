"""Signing in at a real provider on this machine, in a browser: each role, who is not listed, and the way out."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from streamlit.testing.v1 import AppTest

from dashboard import query
from dashboard.serve import APP, service
from dashboard.words import words
from indicators.catalogue.plan import Plan
from pipelines import log
from tests.dashboard import identity
from tests.dashboard.browsing import ready
from tests.dashboard.plausible import write_plausible
from tests.dashboard.serving import free_port, running, serving

pytestmark = pytest.mark.browser

ACCOUNTS = """hours: 12
accounts:
  - {email: viewer@example.cn, role: viewer}
  - {email: association@example.cn, role: association, scope: {segment_group: parts}}
  - {subject: sub-analyst, role: analyst}
  - {email: steward@example.cn, role: steward}
  - {email: old@example.cn, role: steward}
"""
VIEW = "lang=en&page=explore&indicator=nc_rate&breakdown=segment"
PICTURES = Path(__file__).parent.parent / "_pictures"
EN = words("en")


@dataclass(frozen=True, kw_only=True)
class House:
    """The app with sign-in, its store, and how the list of accounts is written."""

    url: str
    store: Path

    def lists(self, text: str) -> None:
        (self.store / "access.yaml").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, plan: Plan) -> Iterator[House]:
    store, logs = tmp_path_factory.mktemp("house"), tmp_path_factory.mktemp("logs")
    write_plausible(store / "editions", plan).close()
    (store / "access.yaml").write_text(ACCOUNTS, encoding="utf-8")
    port, provider = free_port(), free_port()
    known = f"http://localhost:{provider}/.well-known/openid-configuration"
    secrets = tmp_path_factory.mktemp("secrets") / "secrets.toml"
    secrets.write_text(
        f'[auth]\nredirect_uri = "http://localhost:{port}/oauth2callback"\ncookie_secret = "{"c" * 40}"\n'
        f'client_id = "{identity.CLIENT}"\nclient_secret = "{identity.SECRET}"\nserver_metadata_url = "{known}"\n',
        encoding="utf-8",
    )
    made = service(store, port, address="127.0.0.1", secrets=secrets)
    program = [sys.executable, str(Path(identity.__file__)), str(provider)]
    with running(program, known, logs / "provider.log"), serving(made, logs / "app.log"):
        yield House(url=f"http://localhost:{port}", store=store)


@pytest.fixture
def visitor(browser: Browser, browser_context_args: dict[str, Any], house: House) -> Iterator[Page]:
    """A browser of its own, in which every error on the console of the app is a fault."""
    house.lists(ACCOUNTS)
    with closing(browser.new_context(**browser_context_args)) as context:
        yield page_of(context, house)


def page_of(context: BrowserContext, house: House) -> Page:
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("console", lambda message: pytest.fail(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    return page


def sign_in(page: Page, house: House, person: str, view: str = VIEW) -> None:
    ready(page, f"{house.url}/?{view}")
    expect(page.get_by_role("heading", level=1)).to_have_text(words(language(view))("entry.signed_out"))
    page.locator(".st-key-sign_in button").click()
    page.get_by_role("link", name=person, exact=True).click()
    page.wait_for_url(f"{house.url}/**")
    ready(page)
    expect(page.get_by_role("heading", level=1)).not_to_have_text(words(language(view))("entry.signed_out"))


def language(view: str) -> str:
    return parse_qs(view).get("lang", ["zh"])[0]


def heading(page: Page) -> str:
    ready(page)
    return page.get_by_role("heading", level=1).inner_text()


def turned_into(page: Page, told: str) -> None:
    """Waits until a page that showed something is the page of that heading alone."""
    expect(page.get_by_role("heading", name=told)).to_be_visible()
    expect(page.locator(".pw-value, .js-plotly-plot, [data-testid=stDataFrame], a[download], .st-key-bar")).to_have_count(0)


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(exist_ok=True)
    page.wait_for_timeout(400)
    page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


LOOKS = [("zh", 1280, "light"), ("en", 390, "dark"), ("en", 1280, "dark"), ("zh", 390, "light")]


@pytest.mark.parametrize(("tongue", "width", "scheme"), LOOKS)
def test_who_is_not_signed_in_sees_one_page_and_nothing_of_the_edition(
    visitor: Page, house: House, tongue: str, width: int, scheme: str
) -> None:
    visitor.set_viewport_size({"width": width, "height": 844})
    visitor.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    for view in ("", "&page=target&indicator=nc_rate", "&page=catalogue"):
        ready(visitor, f"{house.url}/?lang={tongue}{view}")
        expect(visitor.get_by_role("heading", level=1)).to_have_text(words(tongue)("entry.signed_out"))
        assert visitor.locator(".pw-value, .js-plotly-plot, [data-testid=stDataFrame], a[download], .st-key-bar").count() == 0
    assert visitor.locator("[data-testid=stMain]").evaluate("node => node.scrollWidth <= node.clientWidth")
    picture(visitor, f"sign_in_{tongue}_{width}_{scheme}")


def test_a_viewer_comes_back_to_the_view_and_carries_nothing_away(visitor: Page, house: House) -> None:
    sign_in(visitor, house, "viewer")
    assert heading(visitor) == "Numerical-control rate of key processes"
    assert urlsplit(visitor.url).query == VIEW
    expect(visitor.locator(".pw-account")).to_contain_text("viewer@example.cn")
    expect(visitor.locator(".pw-account")).to_contain_text(EN("entry.role.viewer"))
    visitor.locator(".st-key-bars .js-plotly-plot .main-svg").first.wait_for()
    assert visitor.locator("a[download]").count() == 0
    assert visitor.get_by_role("link", name=EN("nav.catalogue")).count() == 0
    ready(visitor, f"{house.url}/?lang=en&page=catalogue")
    assert heading(visitor) != EN("catalogue.title")
    cookies = {one["name"]: one for one in visitor.context.cookies()}
    assert cookies["_streamlit_user"]["httpOnly"]
    entry = log.read(house.store)[-1]
    assert (entry.action, entry.actor, entry.outcome, entry.objects) == (
        "sign-in", "viewer@example.cn", "done", {"role": "viewer"},
    )  # fmt: skip


@pytest.mark.parametrize(("tongue", "width", "scheme"), LOOKS)
def test_an_association_sees_and_carries_away_its_own(
    visitor: Page, house: House, plan: Plan, tongue: str, width: int, scheme: str, tmp_path: Path
) -> None:
    visitor.set_viewport_size({"width": width, "height": 900})
    visitor.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    sign_in(visitor, house, "association", VIEW.replace("lang=en", f"lang={tongue}"))
    said, parts = words(tongue), plan.named("segment_group", "parts").in_language(tongue)
    expect(visitor.locator(".pw-account-role")).to_contain_text(parts)
    visitor.locator(".st-key-bars .js-plotly-plot .main-svg").first.wait_for()
    with visitor.expect_download() as download:
        visitor.locator("a[download^='nc_rate_segment'][download$='.csv']").first.click()
    download.value.save_as(tmp_path / "own.csv")
    lines = (tmp_path / "own.csv").read_text(encoding="utf-8-sig").splitlines()
    rows = list(csv.reader(line for line in lines if not line.startswith("#")))
    assert {row[rows[0].index(said("table.codes"))] for row in rows[1:]} == {"3620", "3660", "3670"}
    entry = log.read(house.store)[-1]
    assert (entry.action, entry.actor) == ("export", "association@example.cn")
    assert entry.objects["scope"] == "segment_group:parts"
    assert visitor.locator("[data-testid=stMain]").evaluate("node => node.scrollWidth <= node.clientWidth")
    picture(visitor, f"association_{tongue}_{width}_{scheme}")


@pytest.mark.parametrize(("person", "kind"), [("unlisted", "unlisted"), ("unverified", "unlisted"), ("old", "expired")])
def test_who_may_not_enter_is_told_so_and_nothing_else(visitor: Page, house: House, person: str, kind: str) -> None:
    sign_in(visitor, house, person)
    assert heading(visitor) == EN(f"entry.{kind}")
    assert visitor.locator(".pw-value, .js-plotly-plot, [data-testid=stDataFrame], a[download], .st-key-bar").count() == 0
    entry = log.read(house.store)[-1]
    name = "sub-unverified" if person == "unverified" else f"{person}@example.cn"
    assert (entry.action, entry.actor, entry.outcome, entry.objects) == ("sign-in", name, "refused", {"reason": kind})
    expect(visitor.locator(".st-key-entry_card")).to_contain_text(name)
    picture(visitor, f"no_access_{person}")


def test_a_hostile_address_is_text(visitor: Page, house: House) -> None:
    visitor.on("request", lambda request: pytest.fail(request.url) if "evil.example" in urlsplit(request.url).netloc else None)
    sign_in(visitor, house, "hostile")
    expect(visitor.locator(".st-key-entry_card dd")).to_have_text(identity.HOSTILE)
    assert visitor.evaluate("typeof pwned") == "undefined"


def test_signing_out_ends_the_sign_in_for_every_window_and_every_copy_of_its_cookie(
    visitor: Page, house: House, browser: Browser
) -> None:
    sign_in(visitor, house, "analyst")
    other = page_of(visitor.context, house)
    ready(other, f"{house.url}/?{VIEW}")
    with closing(browser.new_context(storage_state=visitor.context.storage_state())) as thief:
        copy = page_of(thief, house)
        ready(copy, f"{house.url}/?{VIEW}")
        assert heading(copy) == heading(other) == "Numerical-control rate of key processes"
        link = f"{house.url}/{other.locator('a[download]').first.get_attribute('href')}"
        assert visitor.context.request.get(link).status == 200
        visitor.locator(".st-key-sign_out button").click()
        turned_into(visitor, words("zh")("entry.signed_out"))
        assert log.read(house.store)[-1].action == "sign-out"
        assert not {"_streamlit_user", "_streamlit_user_tokens"} & {one["name"] for one in visitor.context.cookies()}
        assert visitor.context.request.get(link).status == 404, "what was offered to it is gone, too"
        for page in (other, copy):
            page.get_by_role("link", name=EN("nav.overview")).click()
            turned_into(page, EN("entry.signed_out"))


def test_the_list_counts_at_every_step_and_for_every_file(visitor: Page, house: House) -> None:
    sign_in(visitor, house, "steward")
    visitor.locator("a[download]").first.wait_for()
    link = f"{house.url}/{visitor.locator('a[download]').first.get_attribute('href')}"
    assert visitor.context.request.get(link).status == 200
    house.lists(ACCOUNTS.replace("steward@example.cn, role: steward", "steward@example.cn, role: viewer"))
    assert visitor.context.request.get(link).status == 404
    visitor.get_by_role("link", name=EN("nav.overview")).click()
    expect(visitor.locator(".pw-account")).to_contain_text(EN("entry.role.viewer"))
    house.lists(ACCOUNTS.replace("steward@example.cn", "somebody@example.cn"))
    visitor.get_by_role("link", name=EN("nav.target"), exact=True).click()
    turned_into(visitor, EN("entry.unlisted"))


def test_while_the_list_or_the_log_cannot_be_used_nobody_comes_in(visitor: Page, house: House) -> None:
    house.lists("accounts: everybody\n")
    ready(visitor, f"{house.url}/?lang=en")
    assert heading(visitor) == EN("entry.closed")
    house.lists(ACCOUNTS)
    kept = (house.store / log.FILE).rename(house.store / "aside")
    (house.store / log.FILE).mkdir()  # as a disk that is full, or a folder that may not be written
    try:
        sign_in(visitor, house, "viewer")
        assert heading(visitor) == EN("entry.closed")
        assert visitor.locator(".pw-value").count() == 0
    finally:
        (house.store / log.FILE).rmdir()
        kept.rename(house.store / log.FILE)


def test_a_cookie_that_was_made_elsewhere_is_nobodys(visitor: Page, house: House) -> None:
    sign_in(visitor, house, "analyst")
    cookie = next(one for one in visitor.context.cookies() if one["name"] == "_streamlit_user")
    for changed in (cookie["value"][:-2] + "xx", "analyst@example.cn", ""):
        visitor.context.add_cookies([{**cookie, "value": changed}])  # type: ignore[typeddict-item]
        ready(visitor, f"{house.url}/?{VIEW}")
        assert heading(visitor) == EN("entry.signed_out")


def test_before_anybody_is_let_in_no_edition_is_opened(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLANWATCH_DIR", str(house.store))
    monkeypatch.setenv("PLANWATCH_WHO", "sign-in")
    monkeypatch.setattr(query, "current", lambda *_: pytest.fail("an edition was opened"))
    for user in ({}, {"is_logged_in": False}, {"is_logged_in": True, "sub": "x", "iat": 1}):
        app = AppTest.from_file(str(APP), default_timeout=30)
        app.user = user
        app.run()
        assert not app.exception
