"""The probability of every grade as one bar of a hundred per cent: by place, pattern, colour and words."""

from __future__ import annotations

from dashboard.pieces import markup
from dashboard.pieces.markup import escape
from dashboard.rows.assessed import Assessment
from dashboard.wording import doubt
from dashboard.words import Words

#: a narrower piece has no room for its number, or for its name beside it; the list below the bar has what is not there
_NUMBER = 0.11
_NAMED = {"zh": 0.34, "en": 0.48}


def odds(row: Assessment, words: Words) -> str:
    """The bar as escaped HTML, the best to the left; empty where nothing is in doubt.

    Where two grades cannot be told apart, a brace below the bar holds both with their probability.
    """
    found = {name: p for name, p in row.probabilities.items() if p > 0}
    if len([p for p in found.values() if p >= 0.005]) < 2:
        return ""
    pieces = "".join(_piece(name, p, words) for name, p in found.items())
    told = words("mark.list").join(f"{_name(name, words)} {doubt.chance(p)}" for name, p in found.items())
    bar = f'<div class="pw-odds-bar" role="img" aria-label="{escape(told)}">{pieces}</div>'
    rest = [(name, p) for name, p in found.items() if 0.005 <= p < _NAMED[words.language]]
    listed = "".join(
        f'<li><i class="pw-odd-{name}"></i>{escape(_name(name, words))} {escape(doubt.chance(p))}</li>' for name, p in rest
    )
    return markup.box("pw-odds", bar, _brace(row, found, words), f"<ul>{listed}</ul>" if listed else "")


def _name(event: str, words: Words) -> str:
    return words("outcome.so_far.met" if event == "met" else f"outcome.{event}")


def _piece(name: str, p: float, words: Words) -> str:
    told = f"<b>{escape(doubt.chance(p))}</b>" if p >= _NUMBER else ""
    named = f"<span>{escape(_name(name, words))}</span> " if p >= _NAMED[words.language] else ""
    return f'<div class="pw-odd pw-odd-{name}" style="flex-grow:{p:.4f}">{named}{told}</div>'


def _brace(row: Assessment, found: dict[str, float], words: Words) -> str:
    """Below the two grades that the outcome speaks of, which lie side by side."""
    names = [name for name in found if name in (row.grade, row.other)]
    if row.outcome != "cannot_tell" or row.probability is None or len(names) < 2:
        return ""
    order = list(found)
    before = sum(found[name] for name in order[: order.index(names[0])])
    inside = sum(found[name] for name in order[order.index(names[0]) : order.index(names[-1]) + 1])
    label = words("target.page.odds.both", share=doubt.chance(row.probability))
    at = f"margin-left:{before * 100:.2f}%;width:{inside * 100:.2f}%"
    return f'<div class="pw-odds-brace" aria-hidden="true"><i style="{at}"></i>{_under(label, before + inside / 2)}</div>'


def _under(label: str, middle: float) -> str:
    """The words below a brace: in its middle where there is room, at an end of the bar where there is none."""
    side = "left" if middle < 0.3 else "right" if middle > 0.7 else "middle"
    shift = {"left": "left:0", "right": "right:0", "middle": f"left:{middle * 100:.2f}%;transform:translateX(-50%)"}[side]
    return f'<span style="{shift}">{escape(label)}</span>'
