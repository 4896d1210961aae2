"""Small pieces of escaped HTML and Markdown. Whatever comes in is text; only what this module writes is markup."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape as escaped

_MARKDOWN = frozenset("\\`*_{}[]()<>#+-.!|~$:^=&\"'@/")
#: where Streamlit makes a link or a picture of its own accord, escaped or not: in http://…, www.…, name@… and :streamlit:
_LINK = re.compile(r"(?<=:)(?=//|streamlit:)|(?<=www)(?=\.)|(?<=@)", re.IGNORECASE)
_JOINER = "\u2060"  # has no width, and no line breaks there
#: control characters, and signs that have no shape or turn the direction of what stands beside them
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
)


def plain(text: str) -> str:
    """The text with a sign that can be seen in the place of each that cannot, or that would turn the others round."""
    return _UNSEEN.sub("\ufffd", text)


def escape(text: str, *, quote: bool = True) -> str:
    """The text as HTML shows it; without `quote` as figures do, which know no more of HTML than brackets."""
    return escaped(plain(text), quote=quote)


def markdown(text: str) -> str:
    """The text so that Markdown shows it as it is, on one line: links, pictures, emphasis and formulas stay letters."""
    unlinked = _LINK.sub(_JOINER, " ".join(plain(text).split()))
    return "".join(f"\\{letter}" if letter in _MARKDOWN else letter for letter in unlinked)


def box(kind: str, *inside: str, tag: str = "div") -> str:
    """An element of the style sheet around pieces that are markup already."""
    return f'<{tag} class="{kind}">{"".join(inside)}</{tag}>'


def text(kind: str, told: str, tag: str = "div") -> str:
    """An element of the style sheet around plain text."""
    return box(kind, escape(told), tag=tag)


def bold(told: str) -> str:
    return f"<b>{escape(told)}</b>"


def line(texts: Iterable[str]) -> str:
    """Texts on one line, with dots between them."""
    return " · ".join(escape(told) for told in texts)


def facts(rows: Iterable[tuple[str, str]], kind: str = "pw-card") -> str:
    """Terms with their texts as a list of definitions; empty texts are left out."""
    listed = (f"<dt>{escape(term)}</dt><dd>{escape(told)}</dd>" for term, told in rows if told)
    return box(kind, *listed, tag="dl")


def key(marks: Iterable[tuple[str, str]], note: str = "") -> str:
    """What the marks of a figure mean: pairs of a mark drawn by the style sheet and its words."""
    listed = [f'<span><i class="pw-mark-{mark}"></i>{escape(told)}</span>' for mark, told in marks]
    return box("pw-key", *listed, f"<span>{escape(note)}</span>" if note else "")


def bars(rows: Iterable[tuple[str, float, str]]) -> str:
    """Bars to either side of a middle: a name, a length between −1 and 1, and the amount in words."""
    drawn = []
    for name, length, amount in rows:
        side = "left" if length < 0 else "right"
        bar = f'<i class="pw-part-{side}" style="width:{abs(length) * 50:.2f}%"></i>'
        drawn.append(f"<dt>{escape(name)}</dt><dd><span>{bar}</span><b>{escape(amount)}</b></dd>")
    return box("pw-parts", *drawn, tag="dl")


def table(heads: Iterable[str], rows: Iterable[tuple[str, Iterable[str]]]) -> str:
    """A plain table; each row is the kind of its line and its cells."""
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    body = "".join(
        f'<tr class="pw-{kind}">' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>" for kind, cells in rows
    )
    return box("pw-scroll", f'<table class="pw-table"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>')
