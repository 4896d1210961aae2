"""The door before the app: which requests come in, the headers on every answer, and the files that a session was offered."""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from dashboard.visitors import policy
from dashboard.visitors.sessions import Sessions
from dashboard.visitors.started import Started

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_QUERY = re.compile(r"[A-Za-z0-9_.~,%=&+:-]{1,1500}")
_ASKED = "planwatch_asked"  # the cookie with the view that was asked for before signing in
_HOST = re.compile(r"([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?")
_FORWARDED = ("x-forwarded-for", "forwarded", "x-real-ip")


def browser_cookie(*, https: bool) -> str:
    """The name of the cookie that tells browsers apart; by https one that no neighbour of the site can set."""
    return "__Host-planwatch" if https else "planwatch"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a request says of itself."""

    path: str
    query: str
    host: str
    headers: dict[str, str]
    cookies: dict[str, str]


class Door:
    """An ASGI middleware. `page` is the page in which Streamlit starts, whose own scripts are let through by their hash."""

    def __init__(self, app: Application, *, started: Started, sessions: Sessions, page: str) -> None:
        self.app, self.started, self.sessions = app, started, sessions
        self.cookie = browser_cookie(https=started.https)
        self.inline = policy.hashes(page)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            asked = _asked(scope)
            # NOTE: of an origin that is not the host Streamlit asks a machine outside for our own address
            same = asked.headers.get("origin", "").lower() in (f"http://{asked.host}", f"https://{asked.host}")
            if self._refused(asked) or asked.path != policy.STREAM or not same:
                await receive()
                await send({"type": "websocket.close", "code": 1008})
            else:
                await self.app(scope, receive, send)
        else:
            await self._safely(scope, receive, send)

    async def _safely(self, scope: Scope, receive: Receive, send: Send) -> None:
        """An answer with our headers even where the program fails; what failed stands in its log."""
        begun = False

        async def sending(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._answer(scope, receive, sending)
        except Exception:
            logging.getLogger("planwatch").exception("%s %s", scope["method"], scope["path"])
            if begun:
                raise
            await _say(self._guarded(_asked(scope), send, host=""), 500, "A mistake of the program; its log says which.")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _asked(scope)
        refused = self._refused(asked) if asked.path != policy.HEALTH else None
        # a name that is not ours, or was not looked at, stands in no header either
        guarded = self._guarded(asked, send, host="" if refused or asked.path == policy.HEALTH else asked.host)
        known = policy.OPEN.fullmatch(asked.path) or (self._signs_in and policy.SIGN_IN.fullmatch(asked.path))
        if refused:
            await _say(guarded, 400 if "host" in refused else 403, refused)
        elif scope["method"] not in (("GET",) if asked.path.startswith("/export/") else ("GET", "HEAD")):
            await _say(guarded, 405, "This is not answered here.")
        elif not known:
            await _say(guarded, 404, "There is nothing here.")
        elif asked.path.startswith("/export/"):
            await self._export(asked, guarded)
        elif asked.path == policy.ICON:
            await self.app({**scope, "path": policy.OUR_ICON, "raw_path": policy.OUR_ICON.encode()}, receive, guarded)
        else:
            await self.app(scope, receive, guarded)

    @property
    def _signs_in(self) -> bool:
        return self.started.who == "sign-in"

    def _refused(self, asked: Asked) -> str | None:
        """Why a request may not come in: another name leads here (DNS rebinding), or a proxy to where nobody signs in."""
        found = _HOST.fullmatch(asked.host)
        if found is None or found.group(1).strip("[]").rstrip(".") not in self.started.hosts:
            return "This host name is not one under which the app was started; planwatch app --host NAME names it."
        if self.started.who == "steward" and any(one in asked.headers for one in _FORWARDED):
            return (
                "The app was started for this machine alone, without sign-in; a proxy may not lead to it (planwatch app --help)."
            )
        return None

    def _guarded(self, asked: Asked, send: Send, *, host: str) -> Send:
        """Sends with our headers; the first page also gives a browser the cookie by which it is known again."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = policy.headers(host, self.inline)
                names = {name for name, _ in ours}
                theirs = [(name, value) for name, value in message.get("headers", []) if name.lower() not in names]
                theirs = self._secured(self._returned(asked, message["status"], theirs))
                message["headers"] = [*theirs, *ours, *(self._cookies(asked) if message["status"] < 400 else [])]
            await send(message)

        return sending

    def _secured(self, found: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """By https no cookie goes any other way; Streamlit does not say so of its own."""
        if not self.started.https:
            return found
        bare = [name.lower() == b"set-cookie" and b"; secure" not in value.lower() for name, value in found]
        return [(name, value + b"; Secure" if add else value) for (name, value), add in zip(found, bare, strict=True)]

    def _cookies(self, asked: Asked) -> list[tuple[bytes, bytes]]:
        """Of a first page: the cookie of the browser; and where one has to sign in, what was asked for, to come back to it."""
        if asked.path != "/":
            return []
        end = "; Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if self.started.https else "")
        found = []
        if not _TOKEN.fullmatch(asked.cookies.get(self.cookie, "")):
            found.append(f"{self.cookie}={secrets.token_urlsafe(32)}{end}")
        if self._signs_in and _QUERY.fullmatch(asked.query):
            found.append(f"{_ASKED}={asked.query}{end}; Max-Age=900")
        elif _ASKED in asked.cookies:
            found.append(f"{_ASKED}={end}; Max-Age=0")
        return [(b"set-cookie", one.encode()) for one in found]

    def _returned(self, asked: Asked, status: int, found: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """After signing in (not out), back to the view that was asked for; Streamlit would forget it."""
        query = asked.cookies.get(_ASKED, "")
        if asked.path != "/oauth2callback" or status != 302 or "code=" not in asked.query or not _QUERY.fullmatch(query):
            return found
        back = [(name, f"/?{query}".encode() if (name.lower(), value) == (b"location", b"/") else value) for name, value in found]
        return [*back, (b"set-cookie", f"{_ASKED}=; Path=/; Max-Age=0".encode())]

    async def _export(self, asked: Asked, send: Send) -> None:
        offer = self.sessions.taken(asked.path.removeprefix("/export/"), asked.cookies.get(self.cookie, ""))
        if offer is None or not await asyncio.to_thread(offer.allowed):
            await _say(send, 404, "This file was not offered to you, or the page that offered it is closed. Open the page again.")
            return
        try:
            data = await asyncio.to_thread(offer.make)
            await asyncio.to_thread(offer.record)
        except Exception:
            logging.getLogger("planwatch").exception("export of %s", offer.name)
            await _say(
                send, 503, "The file could not be made or its export not be recorded; who runs the app finds why in its log."
            )
            return
        headers = {
            "content-type": offer.kind,
            "content-length": str(len(data)),
            "content-disposition": f"attachment; filename*=utf-8''{quote(offer.name, safe='')}",
            "cache-control": "private, no-store",
        }
        await _send(send, 200, headers, data)


def _asked(scope: Scope) -> Asked:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    hosts = [value for name, value in scope["headers"] if name.lower() == b"host"]
    # NOTE: the cookies of other programs on the same host come along, and one that the standard library dislikes hides the rest
    cookies = [part.strip().partition("=") for part in headers.get("cookie", "").split(";")]
    return Asked(
        path=scope["path"],
        query=scope.get("query_string", b"").decode("latin-1"),
        host=hosts[0].decode("latin-1").lower() if len(hosts) == 1 else "",
        headers=headers,
        cookies={name: value for name, _, value in cookies},
    )


async def _say(send: Send, status: int, told: str) -> None:
    await _send(send, status, {"content-type": "text/plain; charset=utf-8", "cache-control": "no-store"}, told.encode() + b"\n")


async def _send(send: Send, status: int, headers: dict[str, str], data: bytes) -> None:
    await send(
        {"type": "http.response.start", "status": status, "headers": [(n.encode(), v.encode()) for n, v in headers.items()]}
    )
    await send({"type": "http.response.body", "body": data})
