"""Moments: what a category needs for its estimates, summed over strata from the rows of one statement.

The variance of a ratio R = Y/X over strata h is Σ k_h (S_yy − 2 R S_xy + R² S_xx) / X² with the centred sums of products
S of each stratum and k = (1 − f) · n/(n − 1), so that the sums over strata of k·S are all that the estimator needs:
one row per category, however many strata stand behind it. A stratum with one answer out of several has no spread of its
own; its products enter uncentred, with k = 1 − f, and for totals its sum beside them ("adjust").

Units of which all was imputed count as not having answered (Särndal, Swensson and Wretman 1992, §15.7, on the error that is
told when they count as answers): of n answers only r were heard, and the variance is N²(1 − r/N) s²/r with the spread
s² = S/(n − 1) of all n, which makes k = (1 − r/N) · n²/(r(n − 1)); r = n gives k as above. That is too much where a former wave
knows those imputed well, and up to a fifth of the error too little where they were given the mean or the value of a donor.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from indicators.catalogue.question import Question
from indicators.editions.results import TOTAL
from indicators.statements.cells import category, period_name, pick
from indicators.statements.statement import Columns, columns, largest_sets

#: y and x: weighted sums; n: units of the domain; df: n less the strata that hold them; asked: all answers of these strata;
#: open_df: df of the strata not asked whole alone; sampled: is there any such stratum; vyy, vxy, vxx: Σ k·S;
#: ay and a1: Σ (1 − f)·y and Σ (1 − f) over strata of one answer
MOMENTS = ("y", "x", "n", "df", "open_df", "asked", "sampled", "vyy", "vxy", "vxx", "ay", "a1")

#: below this share of its own terms a difference of sums is rounding, not variance
NOISE = 1e-13

_ANSWERED, _POPULATION, _HEARD = pl.col("answered"), pl.col("population"), pl.col("heard")
_OPEN = _HEARD < _POPULATION
_ALONE = pl.when(_OPEN & (_ANSWERED == 1)).then(1 - _HEARD / _POPULATION).otherwise(0.0)
_FACTOR = (
    pl.when(~_OPEN)
    .then(0.0)
    .when(_ANSWERED == 1)
    .then(1 - _HEARD / _POPULATION)
    .when(_HEARD == _ANSWERED)
    .then((1 - _ANSWERED / _POPULATION) * _ANSWERED / (_ANSWERED - 1))
    # of a stratum in which nobody was heard nothing is known: as if one had been, and without the finite population
    .otherwise((1 - _HEARD / _POPULATION) * _ANSWERED**2 / (_HEARD.clip(lower_bound=1) * (_ANSWERED - 1)))
)


def centred(product: str, a: str, b: str) -> pl.Expr:
    """What one stratum adds to the sum of k·S, from its sum of products and its sums of `a` and `b`."""
    spread = pl.col(product) - pl.when(_ANSWERED > 1).then(pl.col(a) * pl.col(b) / _ANSWERED).otherwise(0.0)
    return _FACTOR * pl.when(spread.abs() > NOISE * pl.col(product).abs()).then(spread).otherwise(0.0)


def of_cells(cells: pl.DataFrame, keys: tuple[str, ...]) -> pl.DataFrame:
    """`keys` and MOMENTS of the categories of a frame of cells."""
    inside = with_heard(cells).filter(pl.col("n") > 0)  # strata without a unit of the domain say nothing of it
    return inside.group_by(keys).agg(
        pl.col("y", "x", "n").sum(),
        df=pl.col("n").sum() - pl.len(),
        open_df=pl.when(_OPEN).then(pl.col("n") - 1).otherwise(0).sum(),
        asked=_ANSWERED.sum(),
        sampled=_OPEN.any(),
        vyy=centred("yy", "y", "y").sum(),
        vxy=centred("xy", "x", "y").sum(),
        vxx=centred("xx", "x", "x").sum(),
        ay=(_ALONE * pl.col("y")).sum(),
        a1=_ALONE.sum(),
    )


def of_rows(question: Question, rows: pl.DataFrame) -> Iterator[tuple[tuple[str, ...], pl.DataFrame]]:
    """Each breakdown set with a wide frame: period, b_<breakdown>, and the sums of `named` of every indicator.

    Strata and categories become whole numbers first, and every set is summed from the smallest frame that holds it.
    """
    if question.design is None:
        for names in question.sets:
            yield names, pick(rows, question, names)
        return
    coded = with_heard(rows).with_columns(pl.col("stratum", *(f"b_{name}" for name in question.breakdowns)).cast(pl.Categorical))
    lattices = {
        largest: _Lattice(question, pick(coded, question, largest, blanks=True), largest) for largest in largest_sets(question)
    }
    for names in sorted(question.sets, key=len, reverse=True):  # the long ones first: the short ones are sums of them
        holder = min((one for one in lattices.values() if set(names) <= set(one.names)), key=lambda one: one.finest.height)
        splits = [f"b_{name}" for name in names]
        yield names, holder.sums(names).drop_nulls(splits).with_columns(pl.col(splits).cast(pl.String))


def named(question: Question, number: int) -> dict[str, pl.Expr]:
    """The MOMENTS of one indicator as expressions over a frame of `of_rows`."""
    own = columns(question)[number]
    simple = {"y": pl.col(own.y), "x": pl.col(own.x), "n": pl.col(own.n)}
    if question.design is None:
        nothing = dict.fromkeys(("vyy", "vxy", "vxx", "ay", "a1"), pl.lit(0.0))
        alone = {"df": pl.col(own.n) - 1, "open_df": pl.lit(0, pl.Int64), "asked": pl.col(own.n).cast(pl.Float64)}
        return {**simple, **alone, "sampled": pl.lit(False), **nothing}
    products = {"vyy": own.yy, "vxy": own.xy, "vxx": own.xx}
    return {
        **simple,
        "df": pl.col(own.n) - pl.col(f"strata_{own.n}"),
        "open_df": pl.col(f"open_{own.n}"),
        "asked": pl.col(f"asked_{own.n}"),
        "sampled": pl.col(f"sampled_{own.n}") > 0,
        **{name: pl.col(f"v_{product}") if product else pl.lit(0.0) for name, product in products.items()},
        "ay": pl.col(f"a_{own.y}") if own.xy is None else pl.lit(0.0),
        "a1": pl.col(f"a1_{own.n}"),
    }


class _Lattice:
    """Sums over strata for every subset of one breakdown set, each from the smallest frame that holds it."""

    def __init__(self, question: Question, finest: pl.DataFrame, names: tuple[str, ...]) -> None:
        self.finest, self.names = finest, names
        layout = columns(question)
        self._plain = _unique(c for one in layout for c in (one.n, one.y, one.x))
        self._products = list(_products(layout))
        self._added = list(_added(layout))
        self._kept = [*self._plain, *(expression.meta.output_name() for expression in self._added)]
        by_stratum = finest.group_by("period", "stratum").agg(pl.col(f"b_{name}").n_unique() for name in names)
        # a breakdown that is one throughout each stratum, as those are from which strata were made, cuts through none
        self._nested = frozenset(name for name in names if (by_stratum[f"b_{name}"] == 1).all())
        self._strata: dict[frozenset[str], pl.DataFrame] = {frozenset(names) - self._nested: finest}
        self._summed: dict[frozenset[str], dict[frozenset[str], pl.DataFrame]] = {}

    def sums(self, names: tuple[str, ...]) -> pl.DataFrame:
        """period, b_<breakdown> of `names`, and all sums over strata."""
        wanted, cutting = frozenset(names), frozenset(names) - self._nested
        if cutting not in self._summed:
            finest = self._of_strata(cutting).with_columns(self._added)
            self._summed[cutting] = {self._nested | cutting: self._grouped(finest, self._nested | cutting)}
        ready = self._summed[cutting]
        if wanted not in ready:
            smallest = min((held for held in ready if wanted <= held), key=lambda held: ready[held].height)
            ready[wanted] = self._grouped(ready[smallest], wanted)
        return ready[wanted]

    def _grouped(self, frame: pl.DataFrame, names: frozenset[str]) -> pl.DataFrame:
        splits = [f"b_{name}" for name in self.names if name in names]
        return frame.group_by("period", *splits).agg(pl.col(self._kept).sum())

    def _of_strata(self, cutting: frozenset[str]) -> pl.DataFrame:
        """Sums per period, stratum and the categories that cut through strata; nested categories are carried along."""
        if cutting not in self._strata:
            smallest = min((held for held in self._strata if cutting <= held), key=lambda held: self._strata[held].height)
            keys = ["period", "stratum", *(f"b_{name}" for name in self.names if name in cutting)]
            carried = ["answered", "population", "heard", *(f"b_{name}" for name in self.names if name in self._nested)]
            sums = [*self._plain, *self._products]
            self._strata[cutting] = self._strata[smallest].group_by(keys).agg(pl.col(carried).first(), pl.col(sums).sum())
        return self._strata[cutting]


def keyed_sets(question: Question, rows: pl.DataFrame) -> list[pl.DataFrame]:
    """The wide frames of `of_rows` with period, breakdown and category spelled out, once for all indicators."""
    numbers = rows.select(number=pl.col("period").unique())
    periods = numbers.with_columns(name=period_name(pl.col("number")))
    spelled_period = pl.col("period").replace_strict(periods["number"], periods["name"], return_dtype=pl.String)
    if rows.is_empty():  # NOTE: over no rows Polars 2.1 leaves the numbers as they are, whatever type was asked for
        spelled_period = period_name(pl.col("period"))
    found = []
    for names, frame in of_rows(question, rows):
        spelled = frame.with_columns(
            spelled_period,
            pl.lit(",".join(names) or TOTAL).alias("breakdown"),
            category(names),
        )
        found.append(spelled.drop(f"b_{name}" for name in names))
    return found


def unfold(question: Question, number: int, sets: list[pl.DataFrame]) -> pl.DataFrame:
    """indicator, period, breakdown, category and MOMENTS of one indicator over all sets; `sets` as of `keyed_sets`."""
    wanted, indicator = named(question, number), pl.lit(question.indicators[number].id).alias("indicator")
    parts = [frame.select(indicator, "period", "breakdown", "category", **wanted) for frame in sets]
    return pl.concat(parts).filter(pl.col("n") > 0)


def with_heard(frame: pl.DataFrame) -> pl.DataFrame:
    """Where nobody was imputed whole, all that answered were heard."""
    return frame if "heard" in frame.columns else frame.with_columns(heard=_ANSWERED)


def _unique(names: Iterator[str]) -> list[str]:
    return list(dict.fromkeys(names))


def _products(layout: list[Columns]) -> dict[str, tuple[str, str]]:
    """Each sum of products once, and the two values that were multiplied."""
    found: dict[str, tuple[str, str]] = {}
    for one in layout:
        for product, pair in ((one.yy, (one.y, one.y)), (one.xx, (one.x, one.x)), (one.xy, (one.x, one.y))):
            if product:
                found.setdefault(product, pair)
    return found


def _added(layout: list[Columns]) -> Iterator[pl.Expr]:
    """What one stratum adds to the moments of a category: v_, a_, strata_, open_, asked_, sampled_ and a1_<column>."""
    for product, (a, b) in _products(layout).items():
        yield centred(product, a, b).alias(f"v_{product}")
    for y in _unique(one.y for one in layout if one.xy is None):
        yield (_ALONE * pl.col(y)).alias(f"a_{y}")
    for n in _unique(one.n for one in layout):
        inside = pl.col(n) > 0  # strata without a unit of the domain say nothing of it
        yield inside.cast(pl.Int64).alias(f"strata_{n}")
        yield pl.when(inside & _OPEN).then(pl.col(n) - 1).otherwise(0).alias(f"open_{n}")
        yield pl.when(inside).then(_ANSWERED).otherwise(0.0).alias(f"asked_{n}")
        yield (inside & _OPEN).cast(pl.Int64).alias(f"sampled_{n}")
        yield pl.when(inside).then(_ALONE).otherwise(0.0).alias(f"a1_{n}")
