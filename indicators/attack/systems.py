"""Systems: which indicators and periods hang together, and so must be attacked together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from indicators.attack.elimination import Column, Solution, Terms, solve
from indicators.attack.equations import Equations, Evidence
from indicators.attack.kinds import Kind
from indicators.attack.links import WHOLE
from indicators.attack.target import ONE, Equation, Target
from indicators.attack.told import AS_OF, RAW, Series, Told
from indicators.catalogue import periods

#: a denominator in a period: by the name of the first indicator that has it
Block = tuple[str, str]
#: a period and those that it is made of, of one indicator in one edition
Sum = tuple[str, str, tuple[str, ...], str]


@dataclass(frozen=True, kw_only=True)
class System:
    """Denominators and numerators of periods that add up to each other, with all that is said of them."""

    parts: tuple[Equations, ...]
    between: tuple[Equation, ...] = ()

    @cached_property
    def equations(self) -> list[Equation]:
        return [*(equation for part in self.parts for equation in part.all), *self.between]

    @property
    def targets(self) -> list[Target]:
        return [target for part in self.parts for target in part.targets]

    @cached_property
    def at_most(self) -> dict[Column, tuple[Column, float]]:
        return {above: most for part in self.parts for above, most in part.at_most.items()}

    @cached_property
    def _parts(self) -> dict[tuple[str, str], Equations]:
        return {(part.period, name): part for part in self.parts for name in (part.name, *part.indicators)}

    def expected(self, column: Column) -> float:
        """About how large an unknown is."""
        return 1.0 if column == ONE else self._parts[str(column[2]), str(column[1])].expected(column)

    def sized(self, terms: Terms) -> Terms:
        """The same between unknowns measured in what is expected of them."""
        return {column: factor * self.expected(column) for column, factor in terms.items()}

    def solution(self, equations: Iterable[Equation]) -> Solution:
        """What some of the equations say of the unknowns; a numerator and its denominator are measured alike."""
        return solve((self.sized(equation.terms) for equation in equations), lambda column: column[2], [ONE])

    @property
    def signed(self) -> set[Column]:
        return {column for part in self.parts for column in part.signed}


def systems(evidence: Evidence) -> list[System]:
    """Every system that holds a number that is attacked: of single periods, or of a year with its quarters or months."""
    blocks = _blocks(evidence)
    homes = {(name, period): block for block, names in blocks.items() for name in names for period in (block[1],)}
    sums = list(_sums(evidence))
    found = []
    for members in _connected(blocks, [[homes[name, one] for one in (whole, *parts)] for name, whole, parts, _ in sums]):
        made = {b: Equations(evidence=evidence, name=b[0], period=b[1], indicators=blocks[b]) for b in members}
        between = [
            equation
            for name, whole, parts, edition in sums
            if homes[name, whole] in made
            for equation in _added(evidence, name, edition, [made[homes[name, one]] for one in (whole, *parts)])
        ]
        distinct = {frozenset(equation.terms.items()): equation for equation in between}
        system = System(parts=tuple(made.values()), between=tuple(distinct.values()))
        if system.targets:
            found.append(system)
    return found


def _blocks(evidence: Evidence) -> dict[Block, tuple[str, ...]]:
    """Indicators by the denominator that they share in a period."""
    names: dict[str, dict[str, None]] = defaultdict(dict)
    for series in evidence.told.cells:
        if evidence.told.kind(series.indicator) in ("ratio", "total", "mix"):
            names[series.period][series.indicator] = None
    found: dict[Block, tuple[str, ...]] = {}
    for period, members in names.items():
        groups: list[list[str]] = []
        for name in members:
            home = next((group for group in groups if all(_shared(evidence, name, one, period) for one in group)), None)
            groups.append([name]) if home is None else home.append(name)
        found |= {(group[0], period): tuple(group) for group in groups}
    return found


def _shared(evidence: Evidence, one: str, other: str, period: str) -> bool:
    """Whether two ratios have one denominator: the same formula over the same rows, and as many units wherever both are told."""
    told = evidence.told
    if (
        {told.kind(one), told.kind(other)} != {"ratio"}
        or RAW in one + other
        or _denominator(told, one) != _denominator(told, other)
    ):
        return False
    first, second = told.indicator(one), told.indicator(other)
    if first.respondents == second.respondents and not (first.numerator or "").count("NULL") + (second.numerator or "").count(
        "NULL"
    ):
        return True
    year = period.partition(AS_OF)[0]
    there = [(Series(edition, one, year), Series(edition, other, year)) for edition in told.collection.editions]
    return all(evidence.counts.alike(a, b) for a, b in there if a in told.cells and b in told.cells)


def _denominator(told: Told, name: str) -> tuple[object, ...]:
    indicator = told.indicator(name)
    design = indicator.design or told.plan.dictionary.tables[str(indicator.table)].design
    formula = "".join(str(indicator.denominator).split())
    return indicator.table, repr(design), indicator.where, repr(indicator.panel), formula


def _connected(blocks: Mapping[Block, object], joined: Sequence[Sequence[Block]]) -> list[list[Block]]:
    """The blocks in groups, all that are joined in one."""
    home = {block: [block] for block in blocks}
    for members in joined:
        merged = [*dict.fromkeys(block for member in members for block in home[member])]
        home |= dict.fromkeys(merged, merged)
    return [*{id(group): group for group in home.values()}.values()]


def _sums(evidence: Evidence) -> Iterator[Sum]:
    """Periods that add up: those in which as many units answered as in each of their parts, for then weights are the same."""
    told = evidence.told
    for series in told.cells:
        if told.kind(series.indicator) not in ("ratio", "total") or RAW in series.indicator:
            continue
        year, _, later = series.period.partition(AS_OF)
        parts = _parts(told, series._replace(period=year))
        if later:
            seen = {one.removeprefix(later) for one in _parts(told, series._replace(period=later))}
            parts = [one for one in parts if one.removeprefix(year) in seen] if _over(told, series.indicator) else []
        own = [evidence.counts.of.get(series._replace(period=one), {}).get(WHOLE) for one in (year, *parts)]
        if parts and None not in own and len({*own}) == 1:
            yield series.indicator, series.period, tuple(parts), series.edition


def _parts(told: Told, series: Series) -> list[str]:
    """The quarters of a year, or the months of a quarter, or of a year without quarters."""
    level = periods.level(series.period)
    others = [one.period for one in told.cells if one._replace(period=series.period) == series and AS_OF not in one.period]
    inside = [one for one in others if one != series.period and periods.parts(one)[0] == periods.parts(series.period)[0]]
    for finer in ("quarter", "month") if level == "year" else ("month",) if level == "quarter" else ():
        found = sorted(one for one in inside if periods.level(one) == finer and _within(one, series.period))
        if found:
            return found
    return []


def _within(period: str, whole: str) -> bool:
    first, last = (2 * periods.middle(one) - periods.end(one) for one in (whole, period))
    return first - 1e-9 <= last and periods.end(period) <= periods.end(whole) + 1e-9


def _over(told: Told, name: str) -> bool:
    """Whether the last quarter there are records of is over; a part of it would be held against a whole one."""
    through = told.collection.through.get(told.table(name))
    if through is None:
        return True
    _, quarter, month, _ = periods.parts(through[:7])
    return quarter is not None or month is None or month % 3 == 0


def _added(evidence: Evidence, name: str, edition: str, parts: Sequence[Equations]) -> Iterator[Equation]:
    """Sums of a period are those of its parts."""
    cells = [evidence.told.cells[Series(edition, name, part.period)] for part in parts]
    kind = Kind.periods if edition == evidence.told.collection.asked else Kind.editions
    for key in cells[0]:
        there = [(part, 1.0 if at == 0 else -1.0) for at, part in enumerate(parts) if key in cells[at]]
        if evidence.told.kind(name) == "ratio":
            yield Equation(terms=_collected((part.x(edition, key), sign * part.size) for part, sign in there), kind=kind)
        terms = []
        for part, sign in there:
            column, factor = part.term(name, Series(edition, name, part.period), key)
            size = part.size if evidence.told.kind(name) == "ratio" else 1.0
            terms.append((column, sign * factor * part.scale[name] * size))
        largest = max(abs(factor) for _, factor in terms) or 1.0
        scaled = _collected((column, factor / largest) for column, factor in terms)
        yield Equation(terms=scaled, kind=kind, owner=name)


def _collected(terms: Iterator[tuple[Column, float]]) -> dict[Column, float]:
    found: dict[Column, float] = {}
    for column, factor in terms:
        found[column] = found.get(column, 0.0) + factor
    return found
