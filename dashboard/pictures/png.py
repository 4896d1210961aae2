"""A picture in dots, drawn with the fonts of the app."""

from __future__ import annotations

from dashboard.pictures.setter import SETTER

_PAGE = b'#set page(width: auto, height: auto, margin: 0pt)\n#image(bytes(sys.inputs.picture), format: "svg")'


def png(svg: str, *, scale: int = 2) -> bytes:
    """The SVG as PNG, `scale` dots for each of its pixels; the same bytes every time. Raises NotSet as the setter does."""
    return SETTER.set(_PAGE, {"picture": svg}, format="png", ppi=96.0 * scale)
