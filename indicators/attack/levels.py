"""Levels: numbers that are told outright beside the results, and those that a change or a comparison leads to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from indicators.attack.kinds import Kind
from indicators.attack.links import WHOLE, Key
from indicators.attack.told import AS_OF, Cell, Row, Series, Told

Place = tuple[Series, Key]

#: a change fits its two ends where it differs from theirs by less
_FITS = 1e-9


@dataclass(frozen=True, kw_only=True)
class Level:
    """A number, and by which kind of attack it is known; those that are published by none."""

    value: float
    kind: Kind = Kind.beside
    published: bool = True
    agreed: bool = False  # known because everybody, or nobody, does what it counts


@dataclass(frozen=True, kw_only=True)
class Step:
    """Two numbers and what lies between them: now = then × (1 + change), or then + change. Any two of them tell the third."""

    now: Place
    then: Place
    change: Place | float
    relative: bool
    kind: Kind


@dataclass(kw_only=True)
class Levels:
    """Every number that is known, and what follows as soon as one more is."""

    told: Told
    known: dict[Place, Level] = field(default_factory=dict)
    _steps: dict[Place, list[Step]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        for series, cells in self.told.cells.items():
            self.known |= {(series, key): Level(value=cell.value) for key, cell in cells.items() if cell.value is not None}
        for place, value in self._beside():
            self.known.setdefault(place, Level(value=value, published=False))
        self._cut()
        for step in (*self._changes(), *self._comparisons(), *self._compositions()):
            ends = (step.now, step.then, step.change)
            for end in ends:
                if isinstance(end, tuple):
                    self._steps[end].append(step)
        self._follow([*self._steps])

    def value(self, series: Series, key: Key) -> float | None:
        level = self.known.get((series, key))
        return None if level is None else level.value

    def kinds(self, place: Place) -> set[Kind]:
        """What else bears on a number: changes, and comparisons with others."""
        return {step.kind for step in self._steps.get(place, ())}

    def learn(self, found: Mapping[Place, Level]) -> None:
        """Adds numbers with all that follow from them; those known already stay."""
        new = {place: level for place, level in found.items() if place not in self.known}
        self.known |= new
        self._follow([*new])

    def base(self, series: Series) -> Series:
        """What a change starts from: the base year, or of a year that is not over the same months of it.

        That is seen where both ends are told: a change of whole years fits them.
        """
        change = self.told.indicator(series.indicator)
        now = series._replace(indicator=str(change.change_of))
        then = now._replace(period=str(change.base_period))
        relative, cells = change.change_as == "relative", self.told.cells.get(series, {})
        for key, cell in cells.items():
            one, other = self.value(now, key), self.value(then, key)
            if None in (one, other, cell.value) or (key == WHOLE and change.mix):
                continue
            if not _fits(float(one), float(other), float(cell.value), relative=relative):  # type: ignore[arg-type]
                return then._replace(period=f"{then.period}{AS_OF}{series.period}")
        return then

    def _cut(self) -> None:
        """Base years cut to some months hold the categories of the whole year.

        Attacked is what a withheld change starts from, where the other end is told, or the whole year is withheld too.
        """
        for series, cells in [*self.told.cells.items()]:
            change = self.told.indicator(series.indicator)
            if change.change_of is None or AS_OF not in (then := self.base(series)).period:
                continue
            now = self.told.cells.get(series._replace(indicator=change.change_of), {})
            year = self.told.cells.get(then._replace(period=then.period.partition(AS_OF)[0]), {})
            hidden = {key for key, cell in cells.items() if cell.withheld}
            asked = {key for key in hidden if key in now and (not now[key].withheld or (key in year and year[key].withheld))}
            self.told.cells[then] = {key: Cell(withheld=key in asked) for key in year}

    def _follow(self, pending: list[Place]) -> None:
        while pending:
            for step in self._steps[pending.pop()]:
                if (found := self._third(step)) is not None and found[0] not in self.known:
                    self.known[found[0]] = found[1]
                    pending.append(found[0])

    def _third(self, step: Step) -> tuple[Place, Level] | None:
        now, then = self.known.get(step.now), self.known.get(step.then)
        by = self.known.get(step.change) if isinstance(step.change, tuple) else Level(value=step.change)
        if (now is None) + (then is None) + (by is None) != 1:
            return None
        known = [one for one in (now, then, by) if one is not None]
        kind, agreed = max(step.kind, *(one.kind for one in known)), all(one.published or one.agreed for one in known)
        agreed &= any(one.agreed for one in known)
        if now is None:
            assert then is not None and by is not None
            return step.now, _derived(then.value * (1 + by.value) if step.relative else then.value + by.value, kind, agreed)
        if then is None:
            assert by is not None
            if step.relative and by.value == -1:
                return None
            return step.then, _derived(now.value / (1 + by.value) if step.relative else now.value - by.value, kind, agreed)
        assert isinstance(step.change, tuple)
        if step.relative and not then.value:
            return None
        return step.change, _derived(now.value / then.value - 1 if step.relative else now.value - then.value, kind, agreed)

    def _changes(self) -> Iterator[Step]:
        """The published changes, and those that are withheld, between their ends."""
        for series, cells in self.told.cells.items():
            change = self.told.indicator(series.indicator)
            if change.change_of is None:
                continue
            now, then = series._replace(indicator=change.change_of), self.base(series)
            for key in cells:
                if not (key == WHOLE and change.mix):
                    relative = change.change_as == "relative"
                    yield Step(now=(now, key), then=(then, key), change=(series, key), relative=relative, kind=Kind.index)

    def _comparisons(self) -> Iterator[Step]:
        for row in self.told.rows("comparisons", pl.col("difference").is_not_null()):
            series, by = _series(row), float(row["difference"])
            now, then = (series, (row["breakdown"], row["category"])), (series, (row["breakdown"], row["other"]))
            yield Step(now=now, then=then, change=by, relative=False, kind=Kind.filters)

    def _compositions(self) -> Iterator[Step]:
        """Changes of levels of which the plan has no change, as the decomposition tells them."""
        for row in self.told.rows("decomposition", pl.col("method") == "composition", pl.col("part") == "total"):
            if row["value"] is not None and self.told.kind(row["indicator"]) == "ratio":
                series, key = _series(row), (row["breakdown"], row["category"])
                then = series._replace(period=row["base_period"])
                yield Step(now=(series, key), then=(then, key), change=float(row["value"]), relative=False, kind=Kind.index)

    def _beside(self) -> Iterator[tuple[Place, float]]:
        """Numbers that stand in another table than the results."""
        for row in self.told.rows("assessments"):
            place = (_series(row), (row["breakdown"], row["category"]))
            yield from _not_null(place, row["value"])
            if self.told.kind(row["indicator"]) in ("ratio", "total", "duration") and row["base_period"]:
                yield from _not_null((place[0]._replace(period=row["base_period"]), place[1]), row["base"])
        for row in self.told.rows("splits", pl.col("part") == "category"):
            yield from _not_null((_series(row), (row["breakdown"], row["category"])), row["value"])
        for row in self.told.rows("revisions"):
            place = (_series(row), (row["breakdown"], row["category"]))
            yield from _not_null(place, row["value"])
            yield from _not_null((place[0]._replace(edition=row["edition"]), place[1]), row["former"])
        for row in self.told.rows("decomposition", pl.col("method") == "opt_in", pl.col("base_period").is_null()):
            if row["part"] == "reweighted":
                yield from _not_null((_series(row), (row["breakdown"], row["category"])), row["value"])


def _fits(now: float, then: float, change: float, *, relative: bool) -> bool:
    if relative:
        return then == 0 or abs(now / then - 1 - change) <= _FITS
    return abs(now - then - change) <= _FITS * max(abs(now), abs(then), 1.0)


def _derived(value: float, kind: Kind, agreed: bool) -> Level:
    return Level(value=value, kind=kind, published=False, agreed=agreed)


def _series(row: Row) -> Series:
    return Series(row["in_edition"], row["indicator"], row["period"])


def _not_null(place: Place, value: float | None) -> Iterator[tuple[Place, float]]:
    if value is not None:
        yield place, float(value)
