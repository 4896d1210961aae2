"""The plain sentences that stand first: how many targets stand how, and the gap that matters most with its error."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from dashboard.rows.assessed import Position
from dashboard.rows.reading import Reading
from dashboard.wording import doubt, phrases
from dashboard.words import Words
from indicators.catalogue import format


def counts(found: Mapping[Position, int], words: Words) -> str:
    """Of the plan's 10 targets: none reached, 3 on track …"""
    told = [words(f"lead.{name}", n=n) for name, n in found.items() if n or name == "reached"]
    return words("lead.counts", total=sum(found.values()), parts=words("lead.separator").join(told))


def gap(found: Reading | None, words: Words, strong: Callable[[str], str] = str, plain: Callable[[str], str] = str) -> str:
    """The gap that matters most: furthest behind its path, else widest beside its target.

    `strong` and `plain` write what stands out and what does not, as the place needs it.
    """
    now, told = (found.now, found.assessment) if found else (None, None)
    if found is None or now is None or now.value is None or now.gap is None:
        return plain(words("lead.none"))
    target, unit, language = found.target, found.unit, words.language
    assert target.operator is not None and target.value is not None and found.relative_gap is not None
    facts = {
        "name": strong(found.indicator.name.in_language(language)),
        "period": plain(phrases.period(now.period, found.through, words)),
        "value": plain(format.number(now.value, unit, language, signed=found.signed, beside=target.value)),
        "interval": plain(phrases.error(now, unit, words, signed=found.signed)),
        "bound": plain(format.bound(target.operator, target.value, unit, language, signed=found.signed)),
        "gap": strong(format.difference(now.gap, unit, language)),
    }
    if found.behind is not None and told is not None and told.path is not None and told.path_gap is not None:
        facts["path"] = plain(format.number(told.path, unit, language, signed=found.signed))
        sentence = words("lead.late", **facts, behind=strong(format.difference(told.path_gap, unit, language)))
    else:
        sentence = words("lead.widest", **facts, share=plain(format.share(found.relative_gap)))
    return doubt.joined([sentence, plain(words("lead.within")) if found.within_error else ""], words)
