"""The small shapes of figures: markers, dashes and hatching, of the sizes that they have on the screen."""

from __future__ import annotations

from dashboard.pictures.ink import PAPER, n, paint
from dashboard.pictures.missing import CannotDraw, one_of

#: in widths of the line, which counts as three at least
_DASHES = {"solid": (), "dot": (1, 1), "dash": (3, 3), "longdash": (5, 5), "dashdot": (3, 1, 1, 1), "longdashdot": (5, 2, 1, 2)}
#: corners of symbols in half sizes
_CORNERS = {
    "diamond": ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0)),
    "square": ((-1, -1), (1, -1), (1, 1), (-1, 1)),
    "triangle-up": ((-1.155, 0.667), (1.155, 0.667), (0, -1.333)),
    "triangle-down": ((-1.155, -0.667), (1.155, -0.667), (0, 1.333)),
    "triangle-left": ((0.667, -1.155), (0.667, 1.155), (-1.333, 0)),
    "triangle-right": ((-0.667, -1.155), (-0.667, 1.155), (1.333, 0)),
    "cross": tuple((a * 1.2, b * 1.2) for a, b in (
        (-1 / 3, -1), (1 / 3, -1), (1 / 3, -1 / 3), (1, -1 / 3), (1, 1 / 3), (1 / 3, 1 / 3), (1 / 3, 1), (-1 / 3, 1),
        (-1 / 3, 1 / 3), (-1, 1 / 3), (-1, -1 / 3), (-1 / 3, -1 / 3),
    )),
    "x": tuple((a * 0.94, b * 0.94) for a, b in (
        (-1, -0.55), (-0.55, -1), (0, -0.45), (0.55, -1), (1, -0.55), (0.45, 0), (1, 0.55), (0.55, 1), (0, 0.45), (-0.55, 1),
        (-1, 0.55), (-0.45, 0),
    )),
}  # fmt: skip
#: strokes of symbols that have no ground, in half sizes
_STROKES = {
    "x-thin": ((-1, -1, 1, 1), (-1, 1, 1, -1)),
    "cross-thin": ((-1.4, 0, 1.4, 0), (0, -1.4, 0, 1.4)),
    "line-ns": ((0, -1.4, 0, 1.4),),
    "line-ew": ((-1.4, 0, 1.4, 0),),
}
#: half the width of the cross in a symbol that has one: diamond-x
_CROSSED = {"diamond": 0.65, "circle": 0.707, "square": 1.0}


def dashed(name: str | None, width: float) -> str:
    """The attribute for a dash by its name, or by lengths: 2px,2px."""
    if name is None or name == "solid":
        return ""
    if name in _DASHES:
        lengths = [n(part * max(width, 3)) for part in _DASHES[name]]
    else:
        lengths = [part.removesuffix("px") for part in name.split(",")]
        if not all(part.replace(".", "", 1).isdigit() for part in lengths):
            raise CannotDraw(f"pictures/ cannot draw the dash {name!r}; it knows {', '.join(_DASHES)} and lengths in px")
    return f' stroke-dasharray="{" ".join(lengths)}"'


def symbol(name: str, x: float, y: float, size: float, colour: str, edge: tuple[float, str], opacity: float = 1.0) -> str:
    """A marker of `size` pixels with its middle at (x, y); `edge` is the width and colour of its outline.

    Of an open one the ground is paper, so that lines under it do not run through it.
    """
    shape, is_open = name.removesuffix("-open"), name.endswith("-open")
    half, (width, outline) = size / 2, edge
    clear = f' opacity="{n(opacity)}"' if opacity < 1 else ""
    if shape in _STROKES:
        looks = f'{paint(colour if is_open else outline, "stroke")} stroke-width="{n(width or 1)}"{clear}'
        ends = ((x + a * half, y + b * half, x + c * half, y + d * half) for a, b, c, d in _STROKES[shape])
        return "".join(f'<line x1="{n(a)}" y1="{n(b)}" x2="{n(c)}" y2="{n(d)}" {looks}/>' for a, b, c, d in ends)
    shape, crossed = (shape[:-2], True) if shape.endswith("-x") and shape[:-2] in _CROSSED else (shape, False)
    looks = f"{paint(PAPER if is_open else colour)}{clear}"
    drawn_edge = f'{paint(colour if is_open else outline, "stroke")} stroke-width="{n(width or 1.5)}"'
    looks += f" {drawn_edge}" if is_open or width or crossed else ""
    if shape == "circle":
        drawn = f'<circle cx="{n(x)}" cy="{n(y)}" r="{n(half)}" {looks}/>'
    else:
        corners = _CORNERS[one_of(shape, ("circle", *_CORNERS, *_STROKES), "marker.symbol")]
        points = " ".join(f"{n(x + a * half)},{n(y + b * half)}" for a, b in corners)
        drawn = f'<polygon points="{points}" {looks}/>'
    if crossed:
        r = _CROSSED[shape] * half
        cross = ((x - r, y - r, x + r, y + r), (x - r, y + r, x + r, y - r))
        path = "".join(f"M{n(a)} {n(b)}L{n(c)} {n(d)}" for a, b, c, d in cross)
        drawn += f'<path d="{path}" {drawn_edge}{clear}/>'
    return drawn


def hatching(shape: str, box: tuple[float, float, float, float], size: float, solidity: float, colour: str) -> str:
    """Strokes across a box (left, top, right, bottom), each cut at its edges; no pattern, whose name others could bear."""
    left, top, right, bottom = box
    strokes: list[tuple[float, float, float, float]] = []
    if one_of(shape, ("/", "\\", "x", "|", "-", "."), "marker.pattern.shape") == ".":
        raise CannotDraw("pictures/ cannot draw marker.pattern.shape = '.'; use /, \\, x, | or -")
    width = solidity * size / (2**0.5 if shape in "/\\x" else 1)
    if shape in "/x":
        strokes += _diagonals(left, top, right, bottom, size)
    if shape in "\\x":
        strokes += [(a, top + bottom - b, c, top + bottom - d) for a, b, c, d in _diagonals(left, top, right, bottom, size)]
    if shape == "|":
        strokes += [(at, top, at, bottom) for at in _steps(left, right, size)]
    if shape == "-":
        strokes += [(left, at, right, at) for at in _steps(top, bottom, size)]
    path = "".join(f"M{n(a)} {n(b)}L{n(c)} {n(d)}" for a, b, c, d in strokes)
    return f'<path d="{path}" fill="none" {paint(colour, "stroke")} stroke-width="{n(width)}"/>' if path else ""


def _steps(low: float, high: float, size: float) -> list[float]:
    count = int((high - low) / size)
    return [low + size * (step + 0.5) for step in range(count + 1) if low + size * (step + 0.5) < high]


def _diagonals(left: float, top: float, right: float, bottom: float, size: float) -> list[tuple[float, float, float, float]]:
    """Rising strokes x + y = c, a size apart along both axes, each between where it enters the box and where it leaves it."""
    found = []
    at = left + top + size / 2
    while at < right + bottom:
        a, c = max(left, at - bottom), min(right, at - top)
        if c > a:
            found.append((a, at - a, c, at - c))
        at += size
    return found
