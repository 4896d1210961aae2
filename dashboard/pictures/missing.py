"""What a figure holds and the printer of pictures does not know: named, never left out in silence."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any


class CannotDraw(ValueError):
    """A figure asks for something that pictures cannot draw; the message names it."""


def known(told: Mapping[str, Any], drawn: str, what: str) -> None:
    """Raises CannotDraw for the first attribute of `what` that is not among `drawn`, names with blanks between them."""
    names = drawn.split()
    for name, value in told.items():
        if name not in names and value is not None:
            raise CannotDraw(
                f"pictures/ cannot draw {what}.{name} = {value!r:.60}; teach pictures/, or leave it out of the figure"
            )


def one_of(value: Any, allowed: Collection[Any], what: str) -> Any:
    """The value itself; raises CannotDraw where it is none of `allowed`."""
    if value not in allowed:
        raise CannotDraw(f"pictures/ cannot draw {what} = {value!r:.60}; it knows {', '.join(map(str, allowed))}")
    return value
