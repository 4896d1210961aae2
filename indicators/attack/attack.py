"""The attack: every way to work out withheld numbers from those that are told, tried one on top of the other.

The ways are those of Kind. A number that follows is said to fall to the first kind with which, on top of those before it, it
does. Beside exact recovery by elimination, linear programmes say how closely the others are enclosed (Handbook on Statistical
Disclosure Control, 2nd edition, ch. 4.4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from indicators.attack.collection import Collection
from indicators.attack.counts import Counts
from indicators.attack.elimination import Solution
from indicators.attack.equations import FEW, Evidence
from indicators.attack.found import Attacked, Narrowest, Recovered
from indicators.attack.intervals import POINT, Interval, intervals, point
from indicators.attack.kinds import Kind
from indicators.attack.levels import Level, Levels, Place
from indicators.attack.links import Links
from indicators.attack.shares import Shares
from indicators.attack.systems import System, systems
from indicators.attack.target import Target
from indicators.attack.told import AS_OF, RAW, Cell, Told

#: a system, what elimination leaves open of it, and its solution
_Open = tuple[System, list[Target], Solution]
#: what is being done, how much of it is done, of how much
Progress = Callable[[str, int, int], None]

_SAME = 1e-9


def attack(collection: Collection, progress: Progress | None = None) -> Attacked:
    """Everything that can be worked out of what `collection.asked` withheld, from all numbers of the collection."""
    told, links = Told(collection=collection), Links(plan=collection.plan)
    counts = Counts(told=told, links=links)
    levels = Levels(told=told)
    evidence = Evidence(told=told, links=links, counts=counts, levels=levels, shares=Shares(told=told, levels=levels))
    while True:
        found = Attacked()
        solved = _solved(evidence, found, progress)
        if not _learn(evidence, found):  # a number that fell may give another by index × level, and that one more
            break
    for done, open_ in enumerate(solved):
        if progress:
            progress(open_[0].parts[0].name, len(solved) + done, 2 * len(solved))
        _enclose(evidence, *open_, found)
    _learn(evidence, found)
    _follow(evidence, found)
    found.recovered += _counted(evidence, found)
    withheld = set(_withheld(told))
    found.tried = {kind: places & withheld for kind, places in found.tried.items()}
    found.recovered += _newcomers(told)
    if progress:
        progress("", 1, 1)
    return found


def _solved(evidence: Evidence, found: Attacked, progress: Progress | None) -> list[_Open]:
    """The systems, each with the targets that elimination leaves open; what it gives is added to `found`."""
    made = systems(evidence)
    open_ = []
    for done, system in enumerate(made):
        if progress:
            progress(system.parts[0].name, done, 2 * len(made))
        solution = system.solution(system.equations)
        agreed = _Agreed(system)
        left, fell = list[Target](), list[tuple[Target, float]]()
        for target in system.targets:
            value = solution.ratio(target.above, target.below)
            if value is None:
                left.append(target)
            elif target.unanimous or _by_definition(evidence.told, target, value) or agreed(target, value):
                found.unanimous[target.place] = value * target.scale
            else:
                fell.append((target, value))
        found.recovered += _kinds(system, fell)
        _note(system, found)
        open_.append((system, left, solution))
    return open_


@dataclass(kw_only=False)
class _Agreed:
    """Says of shares of none and of all whether they are known by unanimity alone."""

    system: System

    @cached_property
    def _without(self) -> Solution:
        return self.system.solution([equation for equation in self.system.equations if not equation.agreed])

    def __call__(self, target: Target, value: float) -> bool:
        share = value * target.scale
        if not target.agreeable or target.left or min(abs(share), abs(share - 1)) > _SAME:
            return False
        return self._without.ratio(target.above, target.below) is None


def _kinds(system: System, fell: Sequence[tuple[Target, float]]) -> Iterator[Recovered]:
    """Which kind each number falls to; of indicators with a denominator in common, that counts only from its kind on."""
    left = dict(enumerate(fell))
    for kind in Kind:
        if not left:
            return
        solutions: dict[str, Solution] = {}
        for at, (target, value) in list(left.items()):
            name = "" if kind >= Kind.denominators else str(target.above[1])
            if name not in solutions:
                used = [one for one in system.equations if one.kind <= kind and (not name or one.owner in (None, name))]
                solutions[name] = system.solution(used)
            if kind is max(Kind) or solutions[name].ratio(target.above, target.below) is not None:
                yield _recovered(system, target, value, kind)
                del left[at]


def _recovered(system: System, target: Target, value: float, kind: Kind) -> Recovered:
    series, key = target.place
    part = next(one for one in system.parts if one.period == series.period and series.indicator in one.indicators)
    what = "rest" if target.left else "raw" if series.indicator.endswith(RAW) else "value"
    place = (series._replace(indicator=series.indicator.removesuffix(RAW)), key)
    number = part.out(series.indicator, value * target.scale)
    return Recovered(place=place, what=what, value=number, kind=kind, beside=target.left or "")


def _by_definition(told: Told, target: Target, value: float) -> bool:
    """In the base year of a panel every step since then is zero."""
    series, _ = target.place
    panel = told.indicator(series.indicator).panel
    return panel is not None and str(panel.base_period) == series.period and abs(value) <= _SAME


def _note(system: System, found: Attacked) -> None:
    """Which kinds bear on the targets of a system."""
    there = {equation.kind for equation in system.equations}
    several = any(len(part.indicators) > 1 for part in system.parts)
    for kind in there | ({Kind.denominators} if several else set()):
        found.tried[kind] |= {target.place for target in system.targets}


def _learn(evidence: Evidence, found: Attacked) -> bool:
    """Levels that fell, with all that follows from them; whether anything did that a system could go on with."""
    own = {one.place: Level(value=one.value, kind=one.kind, published=False) for one in found.recovered if one.what == "value"}
    own |= {place: Level(value=value, published=False, agreed=True) for place, value in found.unanimous.items()}
    before = set(evidence.levels.known) | set(own)
    evidence.levels.learn(own)
    return any(series.indicator in evidence.told.additive for series, _ in set(evidence.levels.known) - before)


def _enclose(evidence: Evidence, system: System, targets: Sequence[Target], solution: Solution, found: Attacked) -> None:
    """Intervals of what elimination left open; a point is a recovery too, or unanimity where it is a share of none or of all."""
    named = [target for target in targets if not target.left]
    open_: list[Interval] = []
    for interval in intervals(system, named, solution):
        target = interval.target
        if not interval.point:
            open_.append(interval)
            found.intervals[target.place] = interval
        elif _by_definition(evidence.told, target, interval.low):
            found.unanimous[target.place] = interval.low
        elif target.above in system.at_most and min(abs(interval.low), abs(interval.high - 1)) <= POINT and target.agreeable:
            found.unanimous[target.place] = round(interval.low)
        elif target.place not in found.unanimous:
            kind = next((k for k in Kind if point(system, [one for one in system.equations if one.kind <= k], target)), max(Kind))
            found.recovered.append(_recovered(system, target, interval.low / target.scale, kind))
    exact = [interval for interval in open_ if interval.exact]
    if not exact:
        return
    least = min(exact, key=lambda interval: interval.width)
    series, key = least.target.place
    place = (series._replace(indicator=series.indicator.removesuffix(RAW)), key)
    told = Narrowest(place=place, low=least.low, high=least.high, width=least.width)
    for kind in {equation.kind for equation in system.equations}:
        if kind not in found.narrowest or told.width < found.narrowest[kind].width:
            found.narrowest[kind] = told


def _follow(evidence: Evidence, found: Attacked) -> None:
    """Withheld numbers that are told outright elsewhere, or follow from a change or a comparison alone."""
    fell = {one.place for one in found.recovered if one.what == "value"}
    for place in _withheld(evidence.told):
        level = evidence.levels.known.get(place)
        found.tried[Kind.beside].add(place)
        for kind in evidence.levels.kinds(place):
            found.tried[kind].add(place)
        if level is None or level.published or place in fell or place in found.unanimous:
            continue
        if level.agreed:
            found.unanimous[place] = level.value
        else:
            found.recovered.append(Recovered(place=place, what="value", value=level.value, kind=level.kind))


def _counted(evidence: Evidence, found: Attacked) -> Iterator[Recovered]:
    """Counts that are not told and follow from totals less parts, in one edition or from several."""
    several = len(evidence.told.collection.editions) > 1
    for place in _withheld(evidence.told):
        if evidence.told.kind(place[0].indicator) != "change":
            found.tried[Kind.parts].add(place)
        if several:
            found.tried[Kind.editions].add(place)
    for one in evidence.counts.found:
        if one.series.edition == evidence.told.collection.asked and not one.series.indicator.endswith(RAW):
            kind = Kind.editions if one.across else Kind.parts
            yield Recovered(place=(one.series, one.key), what=one.what, value=one.value, kind=kind)


def _withheld(told: Told) -> list[Place]:
    asked = told.collection.asked
    every = [(series, cells) for series, cells in told.cells.items() if series.edition == asked and AS_OF not in series.period]
    return [(one, key) for one, cells in every if RAW not in one.indicator for key, cell in cells.items() if cell.withheld]


def _newcomers(told: Told) -> Iterator[Recovered]:
    """The mean of the few who are in a full count of one edition and not in that of another, if nothing else changed."""
    asked = told.collection.asked
    for series, cells in told.cells.items():
        others = [told.cells[one] for one in told.series(series.indicator, series.period) if one.edition != asked]
        if series.edition != asked or not others or told.constant(series.indicator) is None:
            continue
        for key, now in cells.items():
            for edition, then in zip([e for e in told.collection.editions if e != asked], others, strict=False):
                mean = _between(now, then.get(key), counted=told.counted(series.indicator))
                if mean is not None:
                    yield Recovered(place=(series, key), what="newcomers", value=mean, kind=Kind.editions, beside=edition)


def _between(now: Cell, then: Cell | None, *, counted: bool) -> float | None:
    """What those few make in the mean; None where they are many or nobody, or not all units count as one."""
    if then is None or None in (now.value, then.value, now.n, then.n) or not (counted or (now.census and then.census)):
        return None
    more = (now.n or 0) - (then.n or 0)
    if not 0 < abs(more) < FEW:
        return None
    return ((now.n or 0) * (now.value or 0.0) - (then.n or 0) * (then.value or 0.0)) / more
