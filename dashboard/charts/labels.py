"""Words at the end of lines, moved apart so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence

_WIDE, _NARROW = 13.5, 7.4  # of a letter at 13 pixels: Chinese, all others


def spread(places: Sequence[float], apart: float) -> list[float]:
    """Places as near to those given as may be, in the same order, no two nearer than `apart`.

    Labels that touch become one block, whose middle is the mean of where they wanted to be: what pooling adjacent violators
    gives, and so the least sum of squared moves.
    """
    order = sorted(range(len(places)), key=lambda at: places[at])
    blocks: list[tuple[float, list[int]]] = []  # the lowest place of a block, and who stands in it, bottom up
    for at in order:
        blocks.append((places[at], [at]))
        while len(blocks) > 1 and blocks[-2][0] + apart * len(blocks[-2][1]) > blocks[-1][0]:
            members = blocks[-2][1] + blocks[-1][1]
            start = sum(places[one] - apart * step for step, one in enumerate(members)) / len(members)
            blocks[-2:] = [(start, members)]
    found = [0.0] * len(places)
    for start, members in blocks:
        for step, at in enumerate(members):
            found[at] = start + apart * step
    return found


def width(text: str) -> int:
    """How many pixels the longest line of a text takes, by the rule of thumb that Chinese letters are square."""
    lines = text.replace("<b>", "").replace("</b>", "").split("<br>")
    return round(max(sum(_NARROW if letter.isascii() else _WIDE for letter in line) for line in lines))
