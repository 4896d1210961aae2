"""Strokes and letters as SVG: numbers short, colours that every program reads, text with bold parts on several lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape, unescape

from dashboard.pictures.missing import CannotDraw
from dashboard.pictures.widths import width

INK, QUIET, LINE, PAPER = "#17212b", "#52606d", "#c9d1d9", "#ffffff"
FAMILY = "Noto Sans SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, sans-serif"
LEADING = 1.3  # height of a line, in sizes
_BASE = 0.36  # from the middle of a line of capitals and of Chinese down to their base line, in sizes
_RGBA = re.compile(r"rgba?\(([\d.]+), *([\d.]+), *([\d.]+)(?:, *([\d.]+))?\)")
_NOT_FIRST, _NOT_LAST = tuple("，。；：、）》”！？%,.;:)!?"), tuple("（《“(")
_TAG = re.compile(r"(</?b>|<br ?/?>|<[^>]*>)")


def n(value: float) -> str:
    """A coordinate with at most two decimals."""
    return f"{round(value, 2) + 0.0:g}" if abs(value) < 10_000 else f"{value:.0f}"


def paint(colour: str, kind: str = "fill") -> str:
    """A colour as attributes: six digits, and how opaque it is where it is not wholly so."""
    if colour in ("none", "transparent") or colour.startswith("#"):
        return f'{kind}="{colour if colour.startswith("#") else "none"}"'
    found = _RGBA.fullmatch(colour)
    if found is None:
        raise CannotDraw(f"pictures/ cannot draw the colour {colour!r}; it knows #rrggbb and rgba()")
    told = f'{kind}="#{"".join(f"{round(float(part)):02x}" for part in found.group(1, 2, 3))}"'
    return told if found.group(4) is None else f'{told} {kind}-opacity="{float(found.group(4)):g}"'


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of text: its parts, each bold or not."""

    parts: tuple[tuple[str, bool], ...]

    def width(self, size: float) -> float:
        return sum(width(text, size, bold=bold) for text, bold in self.parts)


def lines(marked: str) -> tuple[Line, ...]:
    """The lines of a text of a figure, which knows <b> and <br>. Raises CannotDraw for any other markup."""
    found: list[list[tuple[str, bool]]] = [[]]
    bold = False
    for piece in _TAG.split(marked):
        if piece in ("<b>", "</b>"):
            bold = piece == "<b>"
        elif piece.startswith("<br"):
            found.append([])
        elif piece.startswith("<") and piece.endswith(">"):
            raise CannotDraw(f"pictures/ cannot draw {piece} in a text; it knows <b> and <br>")
        elif piece:
            found[-1].append((unescape(piece), bold))
    return tuple(Line(parts=tuple(parts)) for parts in found)


def plain(text: str, *, bold: bool = False) -> Line:
    return Line(parts=((text, bold),))


def wrapped(text: str, room: float, size: float, *, bold: bool = False) -> list[Line]:
    """A plain text on as many lines as it takes: broken between words, and between Chinese letters."""
    found, line = [], ""
    for piece in _pieces(text):
        if line and width((line + piece).rstrip(), size, bold=bold) > room:
            found.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [plain(one, bold=bold) for one in (*found, line.rstrip()) if one]


def _pieces(text: str) -> Iterator[str]:
    """Parts that stay together: a word with its space, a Chinese letter with the signs that may not begin a line."""
    held = ""
    for letter in text:
        in_word = letter.isascii() and letter != " " and held[-1:].isascii() and held[-1:] != " "
        glued = in_word or letter in _NOT_FIRST or held[-1:] in _NOT_LAST or letter == " "
        if held and not glued:
            yield held
            held = ""
        held += letter
    yield held


def text(
    told: Sequence[Line], x: float, y: float, size: float, *, anchor: str = "start", colour: str = INK, turned: float = 0.0
) -> str:
    """Lines as text whose block has its middle at the height `y`; `turned` by degrees around (x, y)."""
    first = y - (len(told) - 1) * size * LEADING / 2 + size * _BASE
    turn = f' transform="rotate({n(turned)} {n(x)} {n(y)})"' if turned else ""
    start = "" if anchor == "start" else f' text-anchor="{anchor}"'
    drawn = []
    for at, line in enumerate(told):
        inside = "".join(
            f'<tspan font-weight="700">{escape(part)}</tspan>' if bold else escape(part) for part, bold in line.parts
        )
        place = f'x="{n(x)}" y="{n(first + at * size * LEADING)}"'
        drawn.append(f'<text {place} font-size="{n(size)}" {paint(colour)}{start}{turn} xml:space="preserve">{inside}</text>')
    return "".join(drawn)


def _span(text: str, *, bold: bool) -> str:
    return f'<tspan font-weight="700">{escape(text)}</tspan>' if bold else escape(text)


def stroke(x: Sequence[float], y: Sequence[float], looks: str) -> str:
    """One open line through points in pixels."""
    points = " ".join(f"{n(a)},{n(b)}" for a, b in zip(x, y, strict=True))
    return f'<polyline points="{points}" fill="none" {looks}/>'


def rectangle(left: float, top: float, right: float, bottom: float, looks: str) -> str:
    x, y = min(left, right), min(top, bottom)
    return f'<rect x="{n(x)}" y="{n(y)}" width="{n(abs(right - left))}" height="{n(abs(bottom - top))}" {looks}/>'
