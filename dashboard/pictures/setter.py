"""The typesetter, with the fonts of the app and none of the system; the same text gives the same bytes."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import typst

FONTS = Path(__file__).parent.parent / "fonts"


class NotSet(RuntimeError):
    """The typesetter warned of something, which is a mistake of a template or of a font; nothing is made."""


class Setter:
    """One compiler for all, which reads the fonts once.

    NOTE: asked by two threads at once it answers one of them with an error.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._compiler: typst.Compiler | None = None

    def set(self, template: bytes, inputs: dict[str, str], **form: Any) -> bytes:
        """A document or a picture, as `form` says to typst. Raises NotSet where the typesetter warns."""
        with self._lock:
            if self._compiler is None:
                self._compiler = typst.Compiler(font_paths=[FONTS], ignore_system_fonts=True)
            made, warnings = self._compiler.compile_with_warnings(template, sys_inputs=inputs, **form)
        if warnings:
            raise NotSet("; ".join(str(warning.message) for warning in warnings))
        assert isinstance(made, bytes)
        return made


SETTER = Setter()
