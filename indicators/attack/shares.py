"""Shares: what splits and decompositions tell of denominators, as shares of a whole or in units."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import polars as pl

from indicators.attack.levels import Levels
from indicators.attack.links import WHOLE, Key
from indicators.attack.told import Row, Series, Told
from indicators.catalogue.plan import Indicator, Target
from indicators.editions.results import TOTAL

#: a level that moved by a smaller part of that of all is no measure of its share, for rounding is as large
_MOVED = 1e-3


@dataclass(frozen=True, kw_only=True)
class Share:
    """The denominator of a category as a share of that of another; of no other where it is told in units."""

    key: Key
    of: Key | None
    value: float


@dataclass(kw_only=True)
class Shares:
    """What is told of the denominators of each series; of each category once, for a second telling would only add rounding."""

    told: Told
    levels: Levels
    of: dict[Series, dict[Key, Share]] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        for series, share in (*self._splits(), *self._decompositions()):
            if math.isfinite(share.value) and share.value > 0 and share.key != share.of:
                self.of[series].setdefault(share.key, share)

    def _splits(self) -> Iterator[tuple[Series, Share]]:
        """Weights, or where only those are told contributions and shares of the gap; and what the change since the base says."""
        gaps = {_number(row): row["contribution"] for row in self.told.rows("splits", pl.col("part") == "total")}
        for row in self.told.rows("splits", pl.col("part").is_in(["category", "total"])):
            indicator, series = self.told.indicator(row["indicator"]), Series(row["in_edition"], row["indicator"], row["period"])
            target = next((one for one in indicator.targets if (one.id or indicator.id) == row["target"]), None)
            if target is None:
                continue
            parent = _scope(target)
            key = parent if row["part"] == "total" else (row["breakdown"], row["category"])
            if row["units"] is not None and indicator.kind == "ratio":
                yield series, Share(key=key, of=None, value=float(row["units"]))
            weight = _weight(row, target, gaps.get(_number(row))) if row["part"] == "category" else None
            if weight is not None:
                yield from self._of_weight(indicator, series, row, parent, weight)

    def _of_weight(
        self, indicator: Indicator, series: Series, row: Row, parent: Key, weight: float
    ) -> Iterator[tuple[Series, Share]]:
        """A weight as share of the denominator, now and in the base year."""
        key = (row["breakdown"], row["category"])
        if indicator.mix:
            yield series, Share(key=key, of=parent, value=weight)
            return
        if indicator.kind not in ("ratio", "change"):
            return
        now, then = self._ends(indicator, series)
        level = self.told.plan.indicators[indicator.change_of or indicator.id]
        if level.kind != "ratio":
            return
        relative = indicator.kind == "change" and indicator.change_as == "relative"
        q0, whole0 = (self.levels.value(then, one) if then else None for one in (key, parent))
        if relative:
            if not q0 or not whole0:
                return
            weight *= whole0 / q0
        yield now, Share(key=key, of=parent, value=weight)
        q1, whole1 = self.levels.value(now, key), self.levels.value(now, parent)
        if then is None or None in (q0, q1, whole0, whole1):
            return
        per = whole0 if relative else 1.0
        former = _former(weight, row, per, float(q0), float(q1), float(whole0), float(whole1))  # type: ignore[arg-type]
        if former is not None:
            yield then, Share(key=key, of=parent, value=former)

    def _ends(self, indicator: Indicator, series: Series) -> tuple[Series, Series | None]:
        """The levels behind a number and its base year."""
        if indicator.kind == "change":
            return series._replace(indicator=str(indicator.change_of)), self.levels.base(series)
        begun = next((self.told.plan.base_of(target) for target in indicator.targets if target.value is not None), None)
        return series, series._replace(period=begun) if begun and begun != series.period else None

    def _decompositions(self) -> Iterator[tuple[Series, Share]]:
        """Of Bennet's parts within and between the categories follow both shares, where nobody who came or left is set apart."""
        parts: dict[tuple[Series, Key], dict[str, float]] = defaultdict(dict)
        for row in self.told.rows("decomposition", pl.col("method") == "bennet", pl.col("breakdown") != TOTAL):
            if row["value"] is not None:
                place = (Series(row["in_edition"], row["indicator"], row["period"]), (row["breakdown"], row["category"]))
                parts[place][row["part"]] = row["value"]
        for (series, key), known in parts.items():
            if set(known) - {"total"} != {"within", "between"}:
                continue
            indicator = self.told.indicator(series.indicator)
            now, then = self._ends(indicator, series)
            if then is None:
                continue
            found = [self.levels.value(end, one) for one in (key, WHOLE) for end in (then, now)]
            if any(value is None for value in found):
                continue
            q0, q1, whole0, whole1 = (float(value or 0.0) for value in found)
            per = whole0 if indicator.change_as == "relative" else 1.0
            shares = _bennet(known, per, q0, q1, whole0, whole1)
            if shares is not None:
                yield then, Share(key=key, of=WHOLE, value=shares[0])
                yield now, Share(key=key, of=WHOLE, value=shares[1])


def _number(row: Row) -> tuple[str, ...]:
    return tuple(row[name] for name in ("in_edition", "indicator", "period", "target", "breakdown"))


def _scope(target: Target) -> Key:
    if not isinstance(target.scope, dict):
        return WHOLE
    return ",".join(target.scope), ",".join(target.scope.values())


def _weight(row: Row, target: Target, gap: float | None) -> float | None:
    """The weight itself, or what a contribution or a share of the gap is of the distance to the threshold."""
    if row["weight"] is not None:
        return float(row["weight"])
    if target.value is None or target.operator is None or row["value"] is None or row["scale"] == "log":
        return None
    added = row["contribution"]
    if added is None and row["share"] is not None and gap is not None:
        added = row["share"] * gap
    short = target.value - row["value"] if target.operator.startswith(">") else row["value"] - target.value
    return float(added) / short if added is not None and short else None


def _former(
    weight: float, row: Mapping[str, float | None], per: float, q0: float, q1: float, whole0: float, whole1: float
) -> float | None:
    """The share in the base year, from what the category changed itself, or from what its share did."""
    within, shifted = row["within"], row["composition"]
    if within is not None and abs(q1 - q0) > _MOVED * abs(whole0):
        return 2 * within * per / (q1 - q0) - weight
    apart = (q0 + q1) / 2 - (whole0 + whole1) / 2
    if shifted is not None and abs(apart) > _MOVED * abs(whole0):
        return weight - shifted * per / apart
    return None


def _bennet(
    parts: Mapping[str, float], per: float, q0: float, q1: float, whole0: float, whole1: float
) -> tuple[float, float] | None:
    """Shares then and now."""
    apart = (q0 + q1) / 2 - (whole0 + whole1) / 2
    if min(abs(q1 - q0), abs(apart)) <= _MOVED * abs(whole0):
        return None
    mean, moved = parts["within"] * per / (q1 - q0), parts["between"] * per / apart
    return mean - moved / 2, mean + moved / 2
