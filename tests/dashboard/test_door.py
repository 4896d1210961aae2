"""The door before the app: what comes in, the headers on every answer, files that only those get to whom they were offered."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from dashboard.visitors import policy
from dashboard.visitors.door import Door, browser_cookie
from dashboard.visitors.sessions import Offer, Sessions
from dashboard.visitors.started import Started
from pipelines import log
from tests.dashboard.browsing import ready

PAGE = "<html><script>\n  window.x = 1\n</script><script type=module src=a.js></script></html>"
HEADERS = ("content-security-policy", "x-frame-options", "x-content-type-options", "referrer-policy")


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    headers: list[tuple[str, str]]  # names in small letters
    body: bytes

    def header(self, name: str) -> str | None:
        return dict(self.headers).get(name)


def got(url: str, path: str, method: str = "GET", **headers: str) -> Answer:
    """What the app answers; of a socket only whether it opens."""
    with closing(HTTPConnection(urlsplit(url).netloc, timeout=10)) as connection:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        told = [(name.lower(), value) for name, value in answer.getheaders()]
        body = b"" if answer.status == 101 else answer.read()
        answer.close()
        return Answer(status=answer.status, headers=told, body=body)


# the door in front of the app


ANSWERS = [
    ("GET", "/", 200),
    ("GET", "/_stcore/health", 200),
    ("GET", "/_stcore/host-config", 200),
    ("GET", "/app/static/icon.png", 200),
    ("GET", "/favicon.png", 200),
    ("HEAD", "/", 200),
    ("GET", "/_stcore/metrics", 404),
    ("GET", "/_stcore/agent/openapi.json", 404),
    ("POST", "/_stcore/agent/interact", 405),
    ("GET", "/_stcore/script-health-check", 404),
    ("PUT", "/_stcore/upload_file/a/b", 405),
    ("DELETE", "/_stcore/upload_file/a/b", 405),
    ("GET", "/media/0123456789abcdef.csv", 404),
    ("GET", "/component/x/index.html", 404),
    ("GET", "/_stcore/bidi-components/x", 404),
    ("GET", "/auth/login", 404),
    ("GET", "/oauth2callback", 404),
    ("GET", "/export/", 404),
    ("GET", "/export/" + "a" * 32, 404),
    ("HEAD", "/export/" + "a" * 32, 405),
    ("GET", "/export/../app.py", 404),
    ("GET", "/editions/0001/edition.duckdb", 404),
    ("GET", "/%2e%2e/access.yaml", 404),
    ("GET", "//evil.example/", 404),
    ("OPTIONS", "/", 405),
    ("TRACE", "/", 405),
]


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_answer_bears_the_headers(app_url: str, method: str, path: str, status: int) -> None:
    answer = got(app_url, path, method)
    assert answer.status == status
    assert {answer.header(name) is None for name in HEADERS} == {False}
    assert answer.header("x-frame-options") == "DENY"
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("referrer-policy") == "no-referrer"
    assert [name for name, _ in answer.headers].count("content-security-policy") == 1


def test_the_policy_lets_nothing_in_from_elsewhere_and_runs_no_text(app_url: str) -> None:
    told = str(got(app_url, "/").header("content-security-policy"))
    rules = {rule.split()[0]: rule.split()[1:] for rule in told.split(";")}
    host = urlsplit(app_url).netloc
    assert rules["default-src"] == rules["frame-ancestors"] == ["'none'"]
    assert rules["base-uri"] == rules["form-action"] == ["'self'"]
    assert all(source == "'self'" or source.startswith("'sha256-") for source in rules["script-src"])
    outside = {source for sources in rules.values() for source in sources if ":/" in source or source in ("*", "http:", "https:")}
    assert outside == {f"ws://{host}", f"wss://{host}"}, "its own socket and nothing else"


HOSTS = ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "", "a b", "[::"]


@pytest.mark.parametrize("host", HOSTS)
def test_another_name_for_this_machine_is_refused(app_url: str, host: str) -> None:
    """DNS rebinding: the page of another leads its own name here, and would read the app as its own."""
    for path in ("/", "/export/" + "a" * 32, "/static/x.js"):
        answer = got(app_url, path, Host=host)
        assert answer.status == 400
        assert answer.header("set-cookie") is None
        assert "evil" not in str(answer.header("content-security-policy"))


def test_health_is_told_under_any_name_and_no_name_comes_back(app_url: str) -> None:
    for host in HOSTS:
        answer = got(app_url, policy.HEALTH, Host=host)
        told = str(answer.header("content-security-policy"))
        assert "connect-src 'self';" in told, "a name that was not looked at stands in no header"
        assert "evil" not in "".join(f"{name}{value}" for name, value in answer.headers)


def test_a_proxy_may_not_lead_to_an_app_without_sign_in(app_url: str) -> None:
    for name in ("X_Forwarded_For", "Forwarded", "X_Real_IP"):
        answer = got(app_url, "/", **{name: "10.0.0.1"})
        assert answer.status == 403
        assert b"sign-in" in answer.body


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "{own}"}, 101),
        ({}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://evil.example", "Host": "evil.example"}, 403),
        ({"Origin": "{own}", "X-Forwarded-For": "10.0.0.1"}, 403),
    ],
)
def test_the_socket_of_the_app_answers_its_own_pages_only(app_url: str, headers: dict[str, str], status: int) -> None:
    wanted = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    wanted |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "streamlit"}
    own = {name: value.format(own=app_url) for name, value in headers.items()}
    assert got(app_url, policy.STREAM, **{**wanted, **own}).status == status


# files


@pytest.mark.browser
def test_a_file_is_for_the_session_that_it_was_offered_to(browser: Browser, page: Page, app_url: str, store: Path) -> None:
    """Streamlit's own address of a file was answered to anybody who knew it, and for 28 seconds after the page was closed."""
    ready(page, f"{app_url}/?lang=en&page=explore&indicator=nc_rate")
    link = page.locator("a[download^='nc_rate'][download$='.csv']").first
    link.wait_for()
    address = f"/{link.get_attribute('href')}"
    cookie = next(one for one in page.context.cookies() if one["name"] == browser_cookie(https=False))
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    own = f"{cookie['name']}={cookie['value']}"
    answer = got(app_url, address, Cookie=f"other=1; {own}")
    assert answer.status == 200
    assert answer.header("cache-control") == "private, no-store"
    assert str(answer.header("content-disposition")).startswith("attachment; ")
    assert b"nc_rate" in answer.body
    entry = log.read(store)[-1]
    assert (entry.action, entry.objects["form"], entry.objects["role"]) == ("export", "csv", "steward")
    assert str(entry.objects["view"]).startswith("nc_rate:")
    logged = len(log.read(store))
    assert got(app_url, address).status == 404, "without the cookie"
    with closing(browser.new_context()) as other:
        ready(other.new_page(), f"{app_url}/?lang=en")
        theirs = next(one for one in other.cookies() if one["name"] == cookie["name"])
        assert theirs["value"] != cookie["value"]
        assert got(app_url, address, Cookie=f"{cookie['name']}={theirs['value']}").status == 404, "with the cookie of another"
    assert len(log.read(store)) == logged, "whoever gets nothing leaves no export in the log"
    page.close()
    statuses = [got(app_url, address, Cookie=own).status for _ in range(40)]
    assert statuses[-1] == 404, "the page is closed, and the file is not there any more"


@pytest.mark.browser
def test_streamlits_own_way_to_a_file_is_closed_and_not_needed(page: Page, app_url: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    ready(page, f"{app_url}/?lang=en&page=explore&indicator=nc_rate")
    assert not [path for path in asked if path.startswith(("/media", "/component", "/_stcore/upload"))]
    closed = ("download_button", "st.image", "st.audio", "st.video", "file_uploader")
    for path in Path(policy.__file__).parents[1].rglob("*.py"):
        assert not [name for name in closed if name in path.read_text(encoding="utf-8")], path


# the door alone


SIGNED = Started(who="sign-in", hosts=("app.example.cn",), https=True)
BROWSER = "b" * 43
COOKIE = f"__Host-planwatch={BROWSER}"


def sessions() -> Sessions:
    return Sessions(active=lambda session: session == "here")


def offer(**given: Any) -> Offer:
    made: dict[str, Any] = {"session": "here", "browser": BROWSER, "name": "数 “a”.csv", "kind": "text/csv"}
    return Offer(**{**made, "make": lambda: b"x", "allowed": lambda: True, "record": lambda: None, **given})


def through(
    started: Started,
    path: str,
    known: Sessions | None = None,
    *,
    answer: tuple[int, dict[str, str]] = (200, {}),
    query: str = "",
    **headers: str,
) -> Answer:
    """What comes back through the door, with an app behind it that answers the same to everything."""
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        told = [(name.encode(), value.encode()) for name, value in answer[1].items()]
        await send({"type": "http.response.start", "status": answer[0], "headers": told})
        await send({"type": "http.response.body", "body": b"app"})

    async def send(message: Any) -> None:
        sent.append(message)

    given = {"host": "app.example.cn", **headers}
    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode()}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in given.items()]  # type: ignore[assignment]
    door = Door(app, started=started, sessions=known or sessions(), page=PAGE)
    with ThreadPoolExecutor(1) as apart:  # the browser of other tests has a loop in this thread
        apart.submit(asyncio.run, door(scope, _nothing, send)).result()
    told = [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]
    return Answer(status=sent[0]["status"], headers=told, body=sent[1]["body"])


async def _nothing() -> Any:
    return {}


def cookies(answer: Answer) -> dict[str, str]:
    split = (value.split("=", 1) for name, value in answer.headers if name == "set-cookie")
    return {name: rest for name, rest in split}  # noqa: C416 — pairs by name


def test_by_https_every_cookie_goes_by_https_alone() -> None:
    found = cookies(through(SIGNED, "/", answer=(200, {"set-cookie": "_streamlit_user=x; Path=/; HttpOnly"})))
    assert set(found) == {"_streamlit_user", "__Host-planwatch"}
    assert all("; Secure" in rest and "HttpOnly" in rest for rest in found.values())


def test_the_view_that_was_asked_for_is_come_back_to() -> None:
    redirect = (302, {"location": "/"})
    first = cookies(through(SIGNED, "/", query="lang=en&page=who&whatif=T3~a.b~to.0.9"))
    asked = first["planwatch_asked"].partition(";")[0]

    def back(kept: str, query: str = "code=1") -> str | None:
        cookie = f"planwatch_asked={kept}"
        return through(SIGNED, "/oauth2callback", answer=redirect, query=query, cookie=cookie).header("location")

    assert back(asked) == "/?lang=en&page=who&whatif=T3~a.b~to.0.9"
    assert back(asked, "") == "/", "after signing out to the beginning"
    for hostile in ("//evil.example", "a\\b", 'a"b', "x" * 1501, "a b", "a\r\nlocation: x"):
        assert back(hostile) == "/"
    assert "planwatch_asked" not in cookies(through(SIGNED, "/", query="a=<script>"))
    assert "Max-Age=0" in cookies(through(SIGNED, "/", cookie="planwatch_asked=x"))["planwatch_asked"]


def test_where_the_program_fails_the_headers_are_there_and_nothing_is_told() -> None:
    answer = through(SIGNED, "/", answer=(1 / 1, None))  # type: ignore[arg-type]
    assert (answer.status, answer.body) == (500, b"A mistake of the program; its log says which.\n")
    assert {answer.header(name) is None for name in HEADERS} == {False}


def test_without_sign_in_there_is_no_way_to_sign_in_and_with_it_there_is() -> None:
    for path in ("/auth/login", "/auth/logout", "/oauth2callback"):
        assert through(SIGNED, path).status == 200
        assert through(Started(who="analyst", hosts=("app.example.cn",)), path).status == 404


def test_a_file_is_made_when_it_is_asked_for_and_recorded_before_it_goes() -> None:
    done: list[str] = []

    def make() -> bytes:
        done.append("made")
        return b"data"

    known = sessions()
    word = known.offer("csv", offer(make=make, record=lambda: done.append("recorded")))
    assert known.offer("csv", offer(make=make, record=lambda: done.append("recorded"))) == word, "a link keeps"
    assert done == []
    answer = through(SIGNED, f"/export/{word}", known, cookie=COOKIE)
    assert (answer.status, answer.body, done) == (200, b"data", ["made", "recorded"])
    assert answer.header("content-disposition") == "attachment; filename*=utf-8''%E6%95%B0%20%E2%80%9Ca%E2%80%9D.csv"
    for wrong in ("", "__Host-planwatch=", f"__Host-planwatch={'c' * 43}", f"planwatch={BROWSER}"):
        assert through(SIGNED, f"/export/{word}", known, cookie=wrong).status == 404
    assert done == ["made", "recorded"]


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"session": "gone"}, 404),
        ({"browser": ""}, 404),
        ({"allowed": lambda: False}, 404),
        ({"record": lambda: 1 / 0}, 503),
        ({"make": lambda: 1 / 0}, 503),
    ],
)
def test_a_file_does_not_go_where_it_may_not(given: dict[str, Any], status: int) -> None:
    known = sessions()
    answer = through(SIGNED, f"/export/{known.offer('csv', offer(**given))}", known, cookie=COOKIE)
    assert answer.status == status
    nameless = through(SIGNED, f"/export/{known.offer('csv', offer(**given))}", known, cookie="__Host-planwatch=")
    assert nameless.status == 404, "no cookie is nobody's, not that of a browser without one"
    assert b"division" not in answer.body, "what went wrong stands in the log of the app"


def test_what_was_offered_to_a_session_that_is_gone_is_dropped() -> None:
    gone: set[str] = set()
    known = Sessions(active=lambda session: session not in gone)
    for at in range(50):
        known.offer("csv", offer(session=f"s{at}"))
    gone |= {f"s{at}" for at in range(49)}
    known.offer("csv", offer(session="last"))
    assert len(known._offers) == len(known._tokens) == 2


def test_a_sign_in_that_was_ended_stays_ended() -> None:
    known = sessions()
    known.end(("sub-1", 17))
    assert known.is_ended(("sub-1", 17))
    assert not known.is_ended(("sub-1", 18))
    assert not known.is_ended(None)


def test_the_scripts_of_the_page_are_let_through_by_their_hash() -> None:
    found = policy.hashes(PAGE)
    assert len(found) == 3
    rules = dict(policy.headers("h", found))[b"content-security-policy"].decode()
    # sha256 of "\n  window.x = 1\n", worked out with openssl dgst -sha256 -binary | base64
    assert found[-1] == "sha256-9drQX42/rMuCwOCH/ydXOJ/IpVUloMeSNPc4MfJKROY="
    assert all(f"'{one}'" in rules for one in found)
