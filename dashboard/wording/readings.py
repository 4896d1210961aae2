"""What is said of the readings of one target: the outcome of each, and a plain sentence where they disagree."""

from __future__ import annotations

from collections.abc import Iterable

from dashboard.rows.headline import Tile
from dashboard.rows.reading import Reading
from dashboard.wording import doubt, phrases
from dashboard.words import Words
from indicators.catalogue.plan import Plan


def badge(reading: Reading, plan: Plan, words: Words) -> str:
    """The outcome in a word or two; where there is none, what the law says of the number."""
    told = reading.assessment
    named = doubt.badge(told, plan, words, through=reading.through) if told else ""
    return named or words(f"verdict.{reading.verdict}")


def outcome(reading: Reading, plan: Plan, words: Words) -> str:
    """The outcome with its probability, or what else belongs to it."""
    told = reading.assessment
    named = doubt.outcome(told, plan, words, through=reading.through) if told else ""
    return named or words(f"verdict.{reading.verdict}")


def disagreement(tile: Tile, plan: Plan, words: Words) -> str:
    """Whether the law is met depends on the reading, or the outcomes differ in kind; empty where the readings agree.

    Readings without a number say nothing. Of a target of several parts, its worst one is compared.
    """
    if tile.worst is None:
        return ""
    known = [one for one in (tile.worst, *tile.others) if one.now is not None and one.now.value is not None]
    if len(known) < 2 or known[0] is not tile.worst:
        return ""
    names = {id(one): label(one, tile, plan, words) for one in known}
    met = [names[id(one)] for one in known if one.verdict == "met"]
    if 0 < len(met) < len(known):
        still_open = [names[id(one)] for one in known if one.verdict != "met"]
        listed = {"met": _listed(met, words), "open": _listed(still_open, words)}
        due = any(one.verdict == "not_met" for one in known)
        return words("doubt.readings.met_due" if due else "doubt.readings.met", **listed)
    if len({one.position for one in known}) < 2:
        return ""
    outcomes = {id(one): _short(one, plan, words) for one in known}
    told = (words("doubt.reading", name=names[id(one)], outcome=_inside(outcomes[id(one)])) for one in known)
    return words("doubt.readings", told=words("mark.list").join(told))


def disagreements(tiles: Iterable[Tile], plan: Plan, words: Words) -> list[str]:
    """One line for each target whose readings disagree, with its number."""
    return [f"{tile.id} {told}" for tile in tiles if (told := disagreement(tile, plan, words))]


def label(reading: Reading, tile: Tile, plan: Plan, words: Words) -> str:
    """What sets a reading apart: whom it asks, or by which indicator it is measured."""
    head = tile.worst
    if isinstance(reading.target.scope, dict):
        return phrases.scope(reading.target, plan, words)
    by_scope = any(isinstance(other.target.scope, dict) for other in tile.others)
    if head is not None and reading.indicator.id == head.indicator.id and by_scope:
        return words("doubt.reading.whole")
    return reading.indicator.name.in_language(words.language)


def _short(reading: Reading, plan: Plan, words: Words) -> str:
    """The badge; of what cannot be told but is behind either way, both, as in the row of the reading."""
    told = reading.assessment
    if told is not None and told.outcome == "cannot_tell" and told.alike:
        return words("doubt.behind.either")
    return badge(reading, plan, words)


def _inside(told: str) -> str:
    """As it stands within a sentence."""
    return told[:1].lower() + told[1:]


def _listed(names: list[str], words: Words) -> str:
    return ("、" if words.language == "zh" else ", ").join(names)
