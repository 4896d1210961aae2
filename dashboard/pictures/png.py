"""A picture in dots, drawn by typst with the fonts of the app."""

from __future__ import annotations

import functools
import threading
from pathlib import Path

import typst

FONTS = Path(__file__).parent.parent / "fonts"
_PAGE = '#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.picture), format: "svg")'
_ONE_AT_A_TIME = threading.Lock()


def png(svg: str, *, scale: int = 2) -> bytes:
    """The SVG as PNG, `scale` dots for each of its pixels; the same bytes every time."""
    with _ONE_AT_A_TIME:  # NOTE: a compiler that two threads use at once raises "Already borrowed"
        told = _compiler().compile(_PAGE.encode(), format="png", ppi=96.0 * scale, sys_inputs={"picture": svg})
    assert isinstance(told, bytes)
    return told


@functools.cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(font_paths=[FONTS], ignore_system_fonts=True)
