"""What is said of a number held against a target, doubt included: outcome, gap, path, pace, probability, in short or long."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from dashboard.rows.assessed import Assessment, Pace
from dashboard.rows.judged import Lines
from dashboard.wording import definition, phrases
from dashboard.words import Words
from indicators.catalogue import format, periods
from indicators.catalogue.plan import Plan, Target, Unit
from pipelines.yamlfile import Text

#: growth a year, in which the pace of levels and relative changes is told
_GROWTH = Unit(name=Text(zh="%", en="%"), symbol=Text(zh="%", en="%"), factor=100)


def badge(row: Assessment, plan: Plan, words: Words, *, through: str | None = None, supposed: bool = False) -> str:
    """The outcome in a word or two; of what is met while there is time left, that it is so far.

    Two grades that cannot be told apart may both be behind, and then that is told. What is only supposed would be met.
    """
    if row.outcome is None:
        return ""
    if supposed and row.outcome.removesuffix("_within_error") in ("met", "not_met"):
        return words(f"whatif.outcome.{row.outcome}")
    if row.outcome == "cannot_tell" and row.alike:
        return words("doubt.behind")
    early = row.outcome in ("met", "met_within_error") and _early(row, target_of(plan, row), through)
    return words(f"outcome.so_far.{row.outcome}") if early else words(f"outcome.{row.outcome}")


def outcome(row: Assessment, plan: Plan, words: Words, *, through: str | None = None, supposed: bool = False) -> str:
    """The outcome in one column: with its probability, the two that cannot be told apart, or what is short of it."""
    named = badge(row, plan, words, through=through, supposed=supposed)
    if row.outcome == "cannot_tell":
        told = words("doubt.behind.either" if row.alike else "outcome.cannot_tell")
        return words("doubt.either", told=told, grades=graded(row, words)) if row.grade else told
    if row.outcome == "no_date" and row.gap is not None:
        return words("doubt.short", told=named, gap=_difference(row.gap, plan, row, words))
    if row.outcome == "no_error" and row.grade:
        return words("doubt.by_numbers", told=named, grade=words(f"grade.{row.grade}"))
    return _with_probability(named, row, words) if row.outcome == row.grade else named


def graded(row: Assessment, words: Words) -> str:
    """The grade, or both where they cannot be told apart, with their probability: too slow or on track (87%)."""
    return _with_probability(_both(row, words), row, words) if row.grade else ""


def ratio(row: Assessment, words: Words) -> str:
    """The pace since the base as a share of that needed, and what grade that is; the grade alone where it moves away."""
    grades = graded(row, words)
    if not grades or row.pace is None or row.pace < 0:
        return grades
    return words("doubt.ratio", share=format.share(row.pace), grades=grades)


def gap(row: Assessment, plan: Plan, words: Words) -> str:
    """What is still to go, or by how much the bound is exceeded, with the 95 % interval."""
    if row.gap is None:
        return ""
    if row.gap == 0:
        told = words("tile.reached")
    else:
        told = words("tile.to_go" if row.gap > 0 else "tile.beyond", gap=_difference(abs(row.gap), plan, row, words))
    between = gap_interval(row, plan, words)
    return words("doubt.within", told=told, interval=between) if between else told


def gap_interval(row: Assessment, plan: Plan, words: Words) -> str:
    """Both ends of the interval of the gap; where they lie on both sides of the bound, in words. Empty without one."""
    low, high = row.gap_low, row.gap_high
    if low is None or high is None:
        return ""
    ends = [_difference(abs(end), plan, row, words) for end in (low, high)]
    if low < 0 < high:
        return words("doubt.interval.across", beyond=ends[0], short=ends[1])
    first, last = ends if low >= 0 else reversed(ends)
    return words("doubt.interval.short" if low >= 0 else "doubt.interval.beyond", first=first, last=last)


def path(row: Assessment, plan: Plan, words: Words) -> str:
    """How far the number is from where the path in force would have it, in a few words; empty without a path."""
    found = _on_path(row, plan, words)
    return words(f"doubt.path.{found[0]}", **found[1]) if found else ""


def path_sentence(row: Assessment, plan: Plan, words: Words) -> str:
    """Where the number should be by the path in force, and how far it is from there; empty without a path."""
    found = _on_path(row, plan, words)
    return words(f"doubt.path.long.{found[0]}", **found[1]) if found else ""


def pace(row: Assessment, paces: Sequence[Pace], plan: Plan, words: Words) -> str:
    """How fast it moved, how fast it must move, and whether the fastest fifth of any breakdown ever did; empty without a base."""
    own = next((one for one in paces if one.achieved is not None), None)
    if own is None or own.achieved is None or row.base_period is None:
        return ""
    year, language = target_of(plan, row).year, words.language
    facts = {"base": periods.label(row.base_period, language), "achieved": speed(own, own.achieved, plan, words)}
    if own.required is None or year is None or row.gap is None or row.gap <= 0:
        return words("doubt.pace.moved", **facts)
    told = words("doubt.pace.needed", **facts, required=speed(own, own.required, plan, words), year=year)
    return joined([told, fastest(paces, plan, words)], words)


def fastest(paces: Iterable[Pace], plan: Plan, words: Words) -> str:
    """Whether the fastest fifth of the categories of any breakdown ever moved as fast as is required; empty where unknown."""
    known = [one for one in paces if one.fastest is not None and one.reached is not None and one.among]
    if not known:
        return ""
    up = plan.indicators[known[0].indicator].better == "higher"
    best = max(known, key=lambda one: (one.fastest or 0.0) * (1 if up else -1))
    facts = {"speed": _told_apart(best, plan, words)}
    facts["breakdown"] = definition.breakdown_name(plan, str(best.among), words)
    return words("doubt.fastest.reached" if best.reached else "doubt.fastest.never", **facts)


def probability(row: Assessment, words: Words) -> str:
    """Of what the estimate would be given its sampling error, never of what the sector will do; empty where all is certain."""
    open_ones = {name: found for name, found in row.probabilities.items() if found >= 0.005}
    if len(open_ones) < 2:
        return ""
    listed = [words("doubt.probable", what=words(f"doubt.event.{name}"), share=chance(p)) for name, p in open_ones.items()]
    return words("doubt.probability", listed=words("mark.list").join(listed))


def sentence(
    row: Assessment, plan: Plan, words: Words, paces: Sequence[Pace] = (), *, named: bool = False, through: str | None = None
) -> str:
    """All of it: value and bound, gap with interval, why the outcome is so, path, pace, probability; `named` says of what."""
    if row.value is None:
        return words("doubt.because.no_number") if row.outcome == "no_number" else ""
    target, unit = target_of(plan, row), format.unit_of(plan, row.indicator)
    signed = plan.indicators[row.indicator].kind == "change"
    facts = {
        "period": phrases.period(row.period, through, words),
        "value": format.number(row.value, unit, words.language, signed=signed, beside=row.threshold),
        "bound": phrases.bound(target, unit, words, signed=signed),
        "gap": gap(row, plan, words),
    }
    if named:
        facts["name"] = name(row, plan, words)
    told = [words("doubt.value.named" if named else "doubt.value", **facts)]
    if not row.scope:
        told.append(words("doubt.not_asked", category=definition.category(plan, row.breakdown, row.category, words)))
    told += [because(row, words), path_sentence(row, plan, words), pace(row, paces, plan, words), probability(row, words)]
    return joined(told, words)


def scenario(lines: Lines, unit: Unit, words: Words, *, signed: bool = False) -> str:
    """Where the pace so far would lead by the last year of its line, and what that is worth; empty without a pace."""
    steps = lines.get(("same_pace", None), ())
    if len(steps) < 2 or steps[-1].value is None:
        return ""
    last, language = steps[-1], words.language
    facts = {"year": last.year, "value": format.number(steps[-1].value, unit, language, signed=signed)}
    between = format.interval(last.low, last.high, unit, language, signed=signed)
    if between is None:
        return words("target.page.scenario.exact", **facts)
    return words("target.page.scenario", **facts, interval=words("interval.label", interval=between))


def because(row: Assessment, words: Words) -> str:
    """Why the outcome is what it is, in a sentence; of two that cannot be told apart, which."""
    if row.outcome is None:
        return ""
    if row.outcome == "cannot_tell":
        return words("doubt.because.cannot_tell", grades=graded(row, words)) if row.grade else ""
    told = words(f"doubt.because.{row.outcome}")
    by_numbers = row.outcome == "no_error" and row.grade is not None
    return joined([told, words("doubt.by_numbers.long", grade=words(f"grade.{row.grade}"))], words) if by_numbers else told


def name(row: Assessment, plan: Plan, words: Words) -> str:
    """The indicator, and the category where the number is not of all."""
    told = plan.indicators[row.indicator].name.in_language(words.language)
    if row.breakdown == "total":
        return told
    return words("doubt.of", name=told, category=definition.category(plan, row.breakdown, row.category, words))


def joined(sentences: Iterable[str], words: Words) -> str:
    """Sentences one after the other, empty ones left out; Chinese ones without a blank between them."""
    return ("" if words.language == "zh" else " ").join(told for told in sentences if told)


def chance(part: float) -> str:
    """A probability as whole per cent; what is not certain is never written as certain."""
    if 0.995 < part < 1:
        return "> 99%"
    return "< 1%" if 0 < part < 0.005 else format.share(part)


def target_of(plan: Plan, row: Assessment) -> Target:
    """The target that a number is held against. Raises KeyError for one that the plan does not have."""
    for target in plan.indicators[row.indicator].targets:
        if (target.id or row.indicator) == row.target:
            return target
    raise KeyError(row.target)


def _on_path(row: Assessment, plan: Plan, words: Words) -> tuple[str, dict[str, str]] | None:
    """On which side of its path a number lies, with both; on it where they print the same. None without a path."""
    if row.path is None or row.path_gap is None or row.value is None:
        return None
    unit, signed = format.unit_of(plan, row.indicator), plan.indicators[row.indicator].kind == "change"
    if not unit.decimals and not (row.path * unit.factor).is_integer():
        unit = unit.model_copy(update={"decimals": 1})  # half an enterprise is due: 17.5, not 18
    place, value = (format.number(one, unit, words.language, signed=signed) for one in (row.path, row.value))
    side = "on" if place == value else "behind" if row.path_gap > 0 else "ahead"
    return side, {"path": place, "gap": format.difference(abs(row.path_gap), unit, words.language)}


def _both(row: Assessment, words: Words) -> str:
    first = words(f"grade.{row.grade}")
    return words("doubt.or", first=first, second=words(f"grade.{row.other}")) if row.other else first


def _early(row: Assessment, target: Target, through: str | None) -> bool:
    """Whether there is time left: no date, before the target year, or that year not over."""
    return target.year is None or int(row.period[:4]) < target.year or periods.partial(row.period, through)


def _with_probability(told: str, row: Assessment, words: Words) -> str:
    """A full count is certain, and then nothing is said of probability."""
    if row.probability is None or row.probability >= 1:
        return told
    return words("doubt.sure", told=told, share=chance(row.probability))


def _difference(value: float, plan: Plan, row: Assessment, words: Words) -> str:
    return format.difference(value, format.unit_of(plan, row.indicator), words.language)


def speed(of: Pace, value: float, plan: Plan, words: Words, *, finer: int = 0) -> str:
    """A pace a year in the unit of the indicator, or as growth: the table holds logarithms, people read per cent."""
    unit = _GROWTH if of.scale == "log" else format.unit_of(plan, of.indicator)
    unit = unit.model_copy(update={"decimals": unit.decimals + finer})
    if of.scale == "log":
        return format.number(math.expm1(value), unit, words.language, signed=True)
    return format.difference(value, unit, words.language, signed=True)


def _told_apart(of: Pace, plan: Plan, words: Words) -> str:
    """The fastest pace with as many decimals as it takes to differ from the one required, where it does."""
    fastest, required = of.fastest or 0.0, of.required
    told = speed(of, fastest, plan, words)
    for finer in range(3):
        told = speed(of, fastest, plan, words, finer=finer)
        if required is None or required == fastest or told != speed(of, required, plan, words, finer=finer):
            break
    return told
