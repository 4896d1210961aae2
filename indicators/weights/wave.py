"""A wave: the sample of one period under calibrated weights, and the residuals of one indicator in its categories.

The error of any estimate is that of its residuals: the linearised value of every unit whose weight was moved is regressed on the
totals with the weights before calibration, and the stratified formula is applied to weight × residual (Deville and Särndal 1992,
§4; Särndal, Swensson and Wretman 1992, §6.6). A domain keeps every unit: its residuals outside the domain are not zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from indicators.catalogue.question import Question
from indicators.estimation import strata
from indicators.statements.cells import category, period_name
from indicators.weights.calibration import Floats, basis, residuals
from indicators.weights.fitting import Fit, fit
from indicators.weights.totals import Known, Register


@dataclass(frozen=True, kw_only=True)
class Wave:
    """The sample of one period: its units in a fixed order, their weights, and their strata as the variance sees them."""

    number: int  # year × 10000 + quarter × 100 + month
    part: pl.DataFrame
    known: Known
    fit: Fit
    place: npt.NDArray[np.int64]  # the stratum of each unit, as a number
    answered: Floats  # of each stratum
    population: Floats
    heard: Floats

    @property
    def before(self) -> Floats:
        return self.part["weight"].to_numpy()

    @property
    def weight(self) -> Floats:
        return self.before * self.fit.factor

    @cached_property
    def period(self) -> str:
        return str(pl.select(period_name(pl.lit(self.number))).item())

    @cached_property
    def spanned(self) -> Floats:
        """The basis of the totals over the units whose weights were moved."""
        return basis(self.fit.auxiliaries[self.fit.moved], self.before[self.fit.moved])

    def weighted(self, values: Floats) -> Floats:
        """Weight × residual of linearised values, units × domains."""
        moved = self.fit.moved
        left = values.copy()
        left[moved] = residuals(values[moved], self.spanned, self.before[moved])
        return self.weight[:, None] * left


@dataclass(frozen=True, kw_only=True)
class Domains:
    """One indicator in every category of one breakdown set and period: D domains of n units."""

    wave: Wave
    total: bool  # of what is estimated: a total, or a ratio
    names: list[str]  # of the categories
    y: Floats
    x: Floats
    value: Floats  # NaN where the denominator is zero
    inside: npt.NDArray[np.bool_]  # units × domains
    spread: Floats  # weight × residual of the linearised values, units × domains

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """Units of each domain in each stratum, strata × domains."""
        found = np.zeros((self.wave.answered.size, len(self.names)), dtype=np.int64)
        np.add.at(found, self.wave.place, self.inside.astype(np.int64))
        return found

    @cached_property
    def centred(self) -> Floats:
        """√k·(u − ū) of every unit and domain, with the mean and the k of its stratum, so that products add up to covariances.

        Who answered alone deviates from the mean over the strata of the domain ("adjust"); of n answers `heard` count, as in
        `moments`.
        """
        n, whole, heard = self.wave.answered, self.wave.population, self.wave.heard
        alone, held = n == 1, self.counts > 0
        sums = np.zeros((n.size, len(self.names)))
        np.add.at(sums, self.wave.place, self.spread)
        middle = sums / n[:, None]
        overall = self.spread.sum(axis=0) / np.maximum(n @ held, 1) if self.total else np.zeros(len(self.names))
        middle[alone] = np.where(held[alone], overall, 0.0)
        fewer = np.maximum(n - 1, 1)
        factor = np.where(heard == n, (1 - n / whole) * n / fewer, (1 - heard / whole) * n**2 / (np.maximum(heard, 1) * fewer))
        factor = np.where(heard < whole, np.where(alone, 1 - heard / whole, factor), 0.0)
        return np.asarray(np.sqrt(factor)[self.wave.place][:, None] * (self.spread - middle[self.wave.place]))


def wave_of(question: Question, register: Register, part: pl.DataFrame) -> Wave:
    """The wave of the units of one period (rows of `sample.units_statement`, sorted by unit), calibrated to its register."""
    number = int(part["period"][0])
    known = register.of(part)
    assert question.design is not None and question.design.calibration is not None
    joint = strata.layers(part, question.design)
    sizes = joint.group_by("joint").agg(pl.col("answered", "population", "heard").sum()).sort("joint").with_row_index("at")
    placed = part.select("stratum").join(
        joint.select("stratum", "joint").join(sizes.select("joint", "at"), on="joint"), on="stratum", maintain_order="left"
    )
    return Wave(
        number=number,
        part=part,
        known=known,
        fit=fit(part, known.totals, part["stratum"].is_in(list(known.strata)).to_numpy(), question.design.calibration),
        place=placed["at"].cast(pl.Int64).to_numpy(),
        answered=sizes["answered"].to_numpy(),
        population=sizes["population"].to_numpy(),
        heard=sizes["heard"].to_numpy(),
    )


def domains_of(question: Question, wave: Wave, number: int, names: tuple[str, ...]) -> Domains:
    """The indicator `number` of a question in the categories of `names` in which anybody answered."""
    keyed = wave.part.with_columns(category(names))
    y, x = (keyed[f"{part}_{number}"] for part in "yx")
    answered = y.is_not_null()
    present = sorted(keyed.filter(answered)["category"].drop_nulls().unique())
    place = dict(zip(present, range(len(present)), strict=True))
    code = np.array([place.get(name, -1) for name in keyed["category"]], dtype=np.int64)
    inside = (code[:, None] == np.arange(len(present))) & answered.to_numpy()[:, None]
    one, below = (np.where(inside, part.fill_null(0.0).to_numpy()[:, None], 0.0) for part in (y, x))
    sum_y, sum_x = wave.weight @ one, wave.weight @ below
    total = question.indicators[number].kind == "total"
    value, linear = (sum_y, one) if total else _ratio(one, below, sum_y, sum_x)
    return Domains(
        wave=wave, total=total, names=present, y=sum_y, x=sum_x, value=value, inside=inside, spread=wave.weighted(linear)
    )


def _ratio(one: Floats, below: Floats, sum_y: Floats, sum_x: Floats) -> tuple[Floats, Floats]:
    """The ratios, NaN where the denominator is zero, and the linearised values (y − R·x)/X of every unit."""
    value = sum_y / np.where(sum_x != 0, sum_x, np.nan)
    apart = np.nan_to_num(one - value * below)
    # what is left of two equal numbers is rounding
    return value, np.where(np.abs(apart) > 1e-13 * np.abs(one), apart, 0.0) / np.where(sum_x != 0, sum_x, 1.0)
