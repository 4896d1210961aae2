"""What a browser may do with the pages of the app: the headers of every response, and the addresses that answer at all."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable

#: the only scripts of ours, run by their hash: they tell screen readers and fonts the language of the page
SCRIPTS = {tag: f"document.documentElement.lang = '{tag}'" for tag in ("zh-CN", "en")}
#: what Streamlit answers and a page of the app needs; everything else is not there
OPEN = re.compile(
    r"/|/favicon\.png|/_stcore/(health|host-config)|/static/[\w./@+-]+|/app/static/[\w./-]+|/export/[A-Za-z0-9_-]{20,64}"
)
SIGN_IN = re.compile(r"/auth/(login|logout)|/oauth2callback")
STREAM = "/_stcore/stream"
HEALTH = "/_stcore/health"
#: Streamlit would hand out its own, and a page may name no other without the address of a file that anybody can fetch
ICON, OUR_ICON = "/favicon.png", "/app/static/icon.png"

_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def headers(host: str, inline: Iterable[str]) -> list[tuple[bytes, bytes]]:
    """The headers for a page asked for under `host`; `inline` are the hashes of scripts that may stand in it."""
    scripts = " ".join(f"'{one}'" for one in inline)
    rules = (
        "default-src 'none'",
        f"script-src 'self' {scripts}",
        "style-src 'self' 'unsafe-inline'",  # Streamlit writes its styles while it runs
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        # older browsers do not count the socket of a page as its own
        f"connect-src 'self' ws://{host} wss://{host}" if host else "connect-src 'self'",
        "worker-src 'self' blob:",
        "manifest-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
    told = {
        "content-security-policy": "; ".join(rules),
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
    }
    return [(name.encode(), value.encode()) for name, value in told.items()]


def hashes(page: str) -> tuple[str, ...]:
    """The hashes of our scripts, and of those that stand in a page of Streamlit itself."""
    return tuple(_hash(script) for script in (*SCRIPTS.values(), *_INLINE.findall(page)))


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
