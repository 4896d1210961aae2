"""What this process knows of its visitors: files that were offered to a session, and sign-ins that were ended."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

#: how long the longest sign-in may last, in seconds: after that nobody needs to remember that it was ended
_LONGEST = 720 * 3600


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A file that one session of one browser may fetch, made only when it is asked for."""

    session: str
    browser: str  # the cookie of the browser that it was offered to
    name: str
    kind: str
    make: Callable[[], bytes]
    allowed: Callable[[], bool]  # whether who it was offered to may still have it
    record: Callable[[], None]  # writes the export into the log; raises where that cannot be done


@dataclass(kw_only=True)
class Sessions:
    """Thread-safe; nothing of it outlives the process."""

    active: Callable[[str], bool] = lambda session: False
    _offers: dict[str, Offer] = field(default_factory=dict)
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)
    _ended: dict[tuple[str, int], float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def offer(self, key: str, offer: Offer) -> str:
        """The word by which the file can be fetched; the same for the same key of the session, so that links keep."""
        with self._lock:
            place = (offer.session, key)
            if place not in self._tokens:
                self._forget()
                self._tokens[place] = secrets.token_urlsafe(24)
            self._offers[self._tokens[place]] = offer
            return self._tokens[place]

    def taken(self, token: str, browser: str) -> Offer | None:
        """The file of a word, for the browser that it was offered to, while its session is there."""
        with self._lock:
            found = self._offers.get(token)
        if found is None or not browser or not secrets.compare_digest(found.browser.encode(), browser.encode()):
            return None
        return found if self.active(found.session) else None

    def end(self, sign_in: tuple[str, int]) -> None:
        """From now on a sign-in (subject and second of its token) counts no more, in no window and on no machine."""
        with self._lock:
            now = time.time()
            self._ended = {one: at for one, at in self._ended.items() if now - at < _LONGEST} | {sign_in: now}

    def is_ended(self, sign_in: tuple[str, int] | None) -> bool:
        return sign_in in self._ended

    def _forget(self) -> None:
        """Drops what was offered to sessions that are gone."""
        gone = {place: token for place, token in self._tokens.items() if not self.active(place[0])}
        for place, token in gone.items():
            del self._tokens[place]
            self._offers.pop(token, None)


#: of the whole process: the gate that hands files out and the pages that offer them are in one
SESSIONS = Sessions()
