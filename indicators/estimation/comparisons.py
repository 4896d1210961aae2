"""Categories held against each other: the difference of two domain estimates with its error, for all pairs of a breakdown.

The difference of two domains is one linearised variable z1 − z2 over every sampled unit, zero outside both (Särndal,
Swensson and Wretman 1992, §5.6), so V = V1 + V2 − 2C. Where no unit is in both, C = −Σ k·s1·s2/n over strata with the sums s of
the weighted linearised values and the k of `moments`, (1 − f)·n/(n − 1) where all who count were heard; strata cut by both make
it negative, strata apart give none. Degrees of freedom are the units of both domains less the strata that hold them, as R
counts for the subset of both.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from indicators.catalogue.question import Question
from indicators.editions.details import DETAILS
from indicators.editions.results import DIGITS
from indicators.estimation.estimate import KEYS, Floats, t_quantile
from indicators.estimation.moments import NOISE, with_heard
from indicators.statements.cells import category, period_name, pick
from indicators.statements.statement import columns, largest_sets
from pipelines.yamlfile import Text

#: pairs grow with the square of the categories; a breakdown of more is a list to look things up in, not to compare
MOST = 100
NO_COMPARISONS = pl.DataFrame(schema=DETAILS["comparisons"])


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """Of every two of D domains: variance of the difference (D × D), and degrees of freedom (D × D)."""

    variance: Floats
    freedom: Floats


@dataclass(frozen=True, kw_only=True)
class _Sums:
    """Σ k·Σ u·u' of every two domains, the size of what was added up for it, and per stratum (rows) and domain: the sums of
    the weighted linearised values u, the units, and whether the stratum holds anything of the domain."""

    products: Floats
    terms: Floats
    sums: Floats
    counts: Floats
    held: npt.NDArray[np.bool_]


def of_units(
    values: Floats, inside: npt.NDArray[np.bool_], strata: npt.NDArray[np.int64], sizes: Floats, wholes: Floats
) -> Pairs:
    """Pairs from weighted linearised values, units × domains, zero outside the domain (residuals of a calibration need not be).

    `inside` says which unit is in which domain, `strata` numbers the stratum of each unit from 0; of each stratum `sizes`
    answered of `wholes`. A stratum of one answer deviates from the mean over all strata of the pair ("adjust").
    """
    layers = np.zeros((sizes.size, values.shape[0]))
    layers[strata, np.arange(values.shape[0])] = 1.0
    sums, counts = layers @ values, layers @ inside
    factor = _factor(sizes, wholes, sizes)
    products = values.T @ (values * factor[strata][:, None])
    held = (layers @ (inside | (values != 0))) > 0
    return _pairs(_Sums(products=products, terms=np.diag(products), sums=sums, counts=counts, held=held), sizes, factor)


def _factor(sizes: Floats, wholes: Floats, heard: Floats) -> Floats:
    """k of each stratum, as in `moments`."""
    several = np.maximum(sizes - 1, 1)
    left = np.where(heard < wholes, 1 - heard / wholes, 0.0)
    fewer = np.where(heard == sizes, sizes / several, sizes**2 / (np.maximum(heard, 1) * several))
    return np.asarray(left * np.where(sizes > 1, fewer, 1.0))


def _pairs(of: _Sums, sizes: Floats, factor: Floats) -> Pairs:
    """Pairs from the sums over strata, of which `sizes` answered of `wholes`."""
    alone = sizes == 1
    middle = np.where(alone, 0.0, factor / np.maximum(sizes, 1))
    covariance = of.products - of.sums.T @ (of.sums * middle[:, None])
    spread = np.diag(covariance)
    variance = spread[:, None] + spread[None, :] - 2 * covariance
    asked = _either(of.held, sizes)
    total = of.sums.sum(axis=0)
    mean = (total[:, None] - total[None, :]) / np.maximum(asked, 1)
    lonely = np.where(alone, factor, 0.0)
    pulled = lonely @ of.sums
    adjusted = mean**2 * _either(of.held, lonely) - 2 * mean * (pulled[:, None] - pulled[None, :])
    # what is below the rounding of its own terms is rounding, not variance
    certain = variance + adjusted <= NOISE * (of.terms[:, None] + of.terms[None, :])
    units = of.counts.sum(axis=0)
    freedom = units[:, None] + units[None, :] - _either(of.counts > 0, np.ones_like(sizes))
    return Pairs(variance=np.where(certain, 0.0, variance + adjusted), freedom=freedom)


def _either(held: npt.NDArray[np.bool_], weight: Floats) -> Floats:
    """For every two domains the sum of `weight` over the strata that hold something of one or the other."""
    own = weight @ held
    return np.asarray(own[:, None] + own[None, :] - held.T.astype(float) @ (held * weight[:, None]))


def compare(question: Question, rows: pl.DataFrame, levels: pl.DataFrame) -> pl.DataFrame:
    """Rows for the table `comparisons`: each two categories of every single breakdown, year by year.

    `rows` are those of the statement after `strata.collapsed`, `levels` the estimates made of them (KEYS, value, se, x, n,
    sampled). Nothing without a design, and nothing of a breakdown of more than MOST categories.
    """
    if question.design is None:
        return NO_COMPARISONS
    found = [NO_COMPARISONS]
    single = [names[0] for names in question.sets if len(names) == 1]
    yearly = levels.filter(pl.col("breakdown").is_in(single), pl.col("period").str.len_chars() == 4)
    yearly = yearly.filter(pl.col("value").is_not_null(), pl.col("n") > 0)
    many = _many(question, levels)
    # engines answer in any order, and the last digits of a sum depend on it
    ordered = rows.filter(pl.col("period") % 10000 == 0).sort("period", "stratum", *(f"b_{name}" for name in question.breakdowns))
    for name in (name for name in single if name not in many):
        known = yearly.filter(pl.col("breakdown") == name)
        for period, cells in _by_stratum(question, ordered, name).items():
            for number, indicator in enumerate(question.indicators):
                own = known.filter(pl.col("indicator") == indicator.id, pl.col("period") == period).sort("category")
                if own.height > 1:
                    found.append(told(own, _of_cells(question, number, cells, own)))
    return pl.concat(found)


def told(levels: pl.DataFrame, pairs: Pairs) -> pl.DataFrame:
    """Rows for the table `comparisons` from the estimates of D domains of one indicator, period and breakdown, in their order.

    Where an error is not known there is none of the difference; nor where units were sampled and no spread was seen among
    them, as between two shares of none: an error of 0 would say that there is none. Two domains asked whole differ with
    certainty or not at all. Of less than one degree of freedom no interval follows, and nothing is said of significance.
    """
    first, second = np.triu_indices(levels.height, k=1)
    one, other = levels[first], levels[second]
    value = one["value"].round_sig_figs(DIGITS) - other["value"].round_sig_figs(DIGITS)
    known = one["se"].is_not_null() & other["se"].is_not_null()
    sampled = one["sampled"] | other["sampled"]
    freedom, error = pairs.freedom[first, second], pl.Series(np.sqrt(pairs.variance[first, second]))
    unseen = sampled & (error == 0)
    frame = one.select(KEYS).with_columns(
        other["category"].alias("other"),
        difference=value.round_sig_figs(DIGITS),
        se=error.set(~known | unseen, None).round_sig_figs(DIGITS),
        quantile=pl.Series(t_quantile(np.maximum(freedom, 1.0))),
        usable=sampled & pl.Series(freedom >= 1),
        certain=~sampled,
    )
    width = pl.when(pl.col("usable") & (pl.col("se") > 0)).then(pl.col("quantile") * pl.col("se"))
    ends = frame.with_columns(low=pl.col("difference") - width, high=pl.col("difference") + width)
    outside = (pl.col("low") > 0) | (pl.col("high") < 0)
    differs = pl.when(pl.col("certain") & pl.col("se").is_not_null()).then(pl.col("difference") != 0)
    rounded = pl.col("low", "high").round_sig_figs(DIGITS)
    return ends.with_columns(rounded, significant=pl.coalesce(outside, differs)).select(NO_COMPARISONS.columns)


def left_out(question: Question, levels: pl.DataFrame) -> tuple[Text, ...]:
    """A notice for each breakdown that has too many categories to hold each against each."""
    named = [question.plan.breakdowns[name].name for name in _many(question, levels)] if question.design else []
    return tuple(
        Text(
            zh=f"“{name.zh}”的类别超过{MOST}个，未作两两比较。",
            en=f"“{name.en}” has more than {MOST} categories, so they are not compared with each other.",
        )
        for name in named
    )


def _many(question: Question, levels: pl.DataFrame) -> list[str]:
    single = [names[0] for names in question.sets if len(names) == 1]
    known = levels.lazy().filter(pl.col("breakdown").is_in(single)).group_by("breakdown").agg(pl.col("category").n_unique())
    counts = dict(known.collect().iter_rows())
    return [name for name in single if counts.get(name, 0) > MOST]


def _by_stratum(question: Question, rows: pl.DataFrame, name: str) -> dict[str, pl.DataFrame]:
    """For each year the sums of every indicator per stratum and category, in a fixed order."""
    held = next(largest for largest in largest_sets(question) if name in largest)
    inside = with_heard(pick(rows, question, held, blanks=True)).drop_nulls(f"b_{name}")
    sums = list(dict.fromkeys(name for own in columns(question) for name in vars(own).values() if name))
    keyed = inside.with_columns(category((name,)), period_name(pl.col("period")).alias("period"))
    grouped = keyed.group_by("period", "stratum", "category", maintain_order=True)
    found = grouped.agg(pl.col("answered", "population", "heard").first(), pl.col(sums).sum())
    return {str(period): part for (period,), part in found.partition_by("period", as_dict=True, maintain_order=True).items()}


def _of_cells(question: Question, number: int, cells: pl.DataFrame, levels: pl.DataFrame) -> Pairs:
    """Pairs of one indicator from its cells of one year; `levels` holds the categories, in order."""
    own = columns(question)[number]
    cells = cells.filter(pl.col(own.n) > 0, pl.col("category").is_in(levels["category"].implode()))
    strata = cells.select("stratum", "answered", "population", "heard").unique("stratum", maintain_order=True)
    row = cells["stratum"].replace_strict(strata["stratum"], pl.int_range(strata.height, eager=True)).to_numpy()
    column = cells["category"].replace_strict(levels["category"], pl.int_range(levels.height, eager=True)).to_numpy()

    def spread_out(name: str) -> Floats:
        table = np.zeros((strata.height, levels.height))
        table[row, column] = cells[name].to_numpy()
        return table

    sizes, wholes, heard = (strata[name].to_numpy() for name in ("answered", "population", "heard"))
    sums, squares = spread_out(own.y), spread_out(str(own.yy))
    terms = squares
    if own.xy and own.xx:
        value, below = levels["value"].to_numpy(), levels["x"].to_numpy()
        sums = (sums - value * spread_out(own.x)) / below
        crossed, under = 2 * value * spread_out(own.xy), value**2 * spread_out(own.xx)
        squares, terms = (squares - crossed + under) / below**2, (squares + under) / below**2
    factor, counts = _factor(sizes, wholes, heard), spread_out(own.n)
    products, terms = np.diag(factor @ squares), factor @ terms
    return _pairs(_Sums(products=products, terms=terms, sums=sums, counts=counts, held=counts > 0), sizes, factor)
