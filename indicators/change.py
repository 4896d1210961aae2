"""Change on a base period, with the covariance of waves that share enterprises.

Ignoring the covariance overstated the error of a change by 61 % in simulation. Within a stratum of N units of which n
answered, and n12 in both waves: Cov = (n12 − N12·f0·f1) · s12 of the weighted linearised values (Tam 1984; Qualité and
Tillé 2008; Knottnerus and van Delden 2012). Units that changed stratum add nothing.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import stats

from indicators import cells
from indicators.engines import Engine
from indicators.estimate import CONFIDENCE, KEYS, Floats
from indicators.moments import NOISE
from indicators.plan import Indicator
from indicators.question import Question
from indicators.results import DIGITS, TOTAL
from indicators.statement import weighted_answers

#: sums over the units of both waves: of the former wave, of the later one, and of products of the two
_THEN, _NOW, _PRODUCTS = ("y0", "x0"), ("y1", "x1"), ("yy", "yx", "xy", "xx")
_TEXTS = dict(
    zip(
        (*_THEN, *_NOW, *_PRODUCTS),
        (
            "a.y_{0}",
            "a.x_{0}",
            "b.y_{0}",
            "b.x_{0}",
            "a.y_{0} * b.y_{0}",
            "a.y_{0} * b.x_{0}",
            "a.x_{0} * b.y_{0}",
            "a.x_{0} * b.x_{0}",
        ),
        strict=True,
    )
)
_ENDS = ("answered0", "population0", "answered1", "population1")


def pair_statement(question: Question, base: int) -> str:
    """Sums and products over units that answered both in the base year and in each other year.

    Grouped by the categories of both years, then_ and now_, because a unit may have changed them.
    """
    sums = [
        f"coalesce(sum({text.format(i)}), 0) AS {name}_{i}"
        for i in range(len(question.indicators))
        for name, text in _TEXTS.items()
    ]
    splits = [
        f"{side}.b_{name} AS {label}_{name}" for name in question.breakdowns for side, label in (("a", "then"), ("b", "now"))
    ]
    flags = [f"GROUPING(b.b_{name}) AS over_{name}" for name in question.breakdowns]
    sources = ("a.answered", "a.population", "b.answered", "b.population")
    ends = [f"max({source}) AS {name}" for source, name in zip(sources, _ENDS, strict=True)]
    columns = ["b.period AS period", "b.stratum AS stratum", *splits, *flags, "count(*) AS shared", *ends, *sums]
    both = [[f"{side}.b_{name}" for name in names for side in "ab"] for names in question.sets]
    sets = ", ".join(f"({', '.join(['b.period', 'b.stratum', *names])})" for names in both)
    joined = "weighted AS a JOIN weighted AS b ON a.unit = b.unit AND a.stratum = b.stratum"
    # a period number of a year ends in four zeros; a month is not held against a year
    return (
        f"{weighted_answers(question)}\nSELECT {', '.join(columns)}\nFROM {joined}\n"
        f"WHERE a.period = {base * 10000} AND b.period <> a.period AND b.period % 10000 = 0\nGROUP BY GROUPING SETS ({sets})"
    )


def covariances(question: Question, engine: Engine, base: int, levels: pl.DataFrame) -> pl.DataFrame:
    """KEYS and `covariance` of the estimate with that of the base year, for the ratios and totals of a question."""
    rows = engine.query(pair_statement(question, base)).with_columns(cells.period_name(pl.col("period")).alias("period"))
    strata = _of_set(rows, question, ()).select("period", "stratum", "shared", *_ENDS)
    found = []
    for names in question.sets:
        sums = _sums(_of_set(rows, question, names), names, len(question.indicators)).join(strata, on=["period", "stratum"])
        sums = sums.with_columns(pl.lit(",".join(names) or TOTAL).alias("breakdown"))
        for number, indicator in enumerate(question.indicators):
            keys: list[pl.Expr | str] = [pl.lit(indicator.id).alias("indicator"), *KEYS[1:]]
            own = [pl.col(f"{name}_{number}").alias(name) for name in _TEXTS]
            found.append(sums.select(*keys, "shared", *_ENDS, *own, is_total=pl.lit(indicator.kind == "total")))
    return _sum_over_strata(pl.concat(found), levels, str(base))


def _of_set(rows: pl.DataFrame, question: Question, names: tuple[str, ...]) -> pl.DataFrame:
    """Rows of one breakdown set; the first column is there so that a plan without breakdowns filters nothing."""
    return rows.filter(pl.lit(True), *(pl.col(f"over_{name}") == (0 if name in names else 1) for name in question.breakdowns))


def _sums(rows: pl.DataFrame, names: tuple[str, ...], indicators: int) -> pl.DataFrame:
    """Per period, stratum and category: each wave's sums over those who bore it in that wave, products over those in both."""

    def of(kept: pl.DataFrame, label: str, parts: tuple[str, ...]) -> pl.DataFrame:
        named = kept.rename({f"{label}_{name}": f"b_{name}" for name in names})
        summed = [pl.col(f"{part}_{number}").sum() for number in range(indicators) for part in parts]
        return named.drop_nulls([f"b_{name}" for name in names]).group_by("period", "stratum", cells.category(names)).agg(summed)

    keys = ["period", "stratum", "category"]
    stayed = rows.filter(pl.lit(True), *(pl.col(f"then_{name}") == pl.col(f"now_{name}") for name in names))
    ends = of(rows, "then", _THEN).join(of(rows, "now", _NOW), on=keys)
    return ends.join(of(stayed, "now", _PRODUCTS), on=keys, how="left").with_columns(pl.exclude(keys).fill_null(0.0))


def _sum_over_strata(pairs: pl.DataFrame, levels: pl.DataFrame, base: str) -> pl.DataFrame:
    now = levels.select(*KEYS, pl.col("value").alias("r1"), pl.col("x").alias("t1"))
    then = levels.filter(pl.col("period") == base).select(
        "indicator", "breakdown", "category", pl.col("value").alias("r0"), pl.col("x").alias("t0")
    )
    both = pairs.join(now, on=KEYS).join(then, on=["indicator", "breakdown", "category"])
    r0, r1, t0, t1 = (
        pl.when("is_total").then(pl.lit(v)).otherwise(pl.col(c)) for c, v in (("r0", 0.0), ("r1", 0.0), ("t0", 1.0), ("t1", 1.0))
    )
    n = pl.col("shared")
    product = (pl.col("yy") - r1 * pl.col("yx") - r0 * pl.col("xy") + r0 * r1 * pl.col("xx")) / (t0 * t1)
    sums = (pl.col("y0") - r0 * pl.col("x0")) * (pl.col("y1") - r1 * pl.col("x1")) / (t0 * t1)
    together = (product - sums / n) / (n - 1)
    # without a frame of both years the smaller population is taken to be wholly in the larger one
    population = pl.min_horizontal("population0", "population1")
    fractions = pl.col("answered0") / pl.col("population0") * (pl.col("answered1") / pl.col("population1"))
    # who was asked whole in one of the years has no error there, and so none in common with the other
    sampled = (pl.col("answered0") < pl.col("population0")) & (pl.col("answered1") < pl.col("population1"))
    part = pl.when((n > 1) & sampled).then((n - population * fractions) * together).otherwise(0.0)
    return both.group_by(KEYS).agg(covariance=part.sum())


def relative(indicator: Indicator, levels: pl.DataFrame, covariance: pl.DataFrame) -> pl.DataFrame:
    """Relative change value / base − 1 with its standard error and interval on the log scale; columns as of `estimate`."""
    base = str(indicator.base_period)
    # like with like: years with a base year, not their months with it
    alike = pl.col("period").str.len_chars() == len(base)
    level = levels.filter(pl.col("indicator") == indicator.change_of, alike)
    shared = ("value", "se", "n", "df", "sampled")
    then = level.filter(pl.col("period") == base).select("breakdown", "category", *(pl.col(c).alias(f"{c}0") for c in shared))
    both = level.filter(pl.col("period") != base).join(then, on=["breakdown", "category"]).join(covariance, on=KEYS, how="left")
    ratio = pl.col("value").round_sig_figs(DIGITS) / pl.col("value0").round_sig_figs(DIGITS)
    usable = (pl.col("value") > 0) & (pl.col("value0") > 0)
    cross = 2 * pl.col("covariance").fill_null(0.0) / (pl.col("value") * pl.col("value0"))
    variance = (pl.col("se") / pl.col("value")) ** 2 + (pl.col("se0") / pl.col("value0")) ** 2 - cross
    terms = (pl.col("se") / pl.col("value")) ** 2 + (pl.col("se0") / pl.col("value0")) ** 2
    variance = pl.when(variance > NOISE * terms).then(variance).otherwise(0.0)  # less than that is rounding
    both = both.with_columns(ratio=pl.when(usable).then(ratio), error=pl.when(usable).then(variance.sqrt()))
    df = np.maximum(np.minimum(both["df"].to_numpy(), both["df0"].to_numpy()).astype(float), 1.0)
    both = both.with_columns(quantile=pl.Series(stats.t.ppf(0.5 + CONFIDENCE / 2, df), dtype=pl.Float64))
    shown = pl.col("sampled") | pl.col("sampled0")
    width = pl.col("quantile") * pl.col("error")
    return both.select(
        pl.lit(indicator.id).alias("indicator"),
        "period",
        "breakdown",
        "category",
        value=(pl.col("ratio") - 1).round(DIGITS - 1),
        se=pl.col("ratio") * pl.col("error"),
        low=pl.when(shown & (pl.col("error") > 0)).then((pl.col("ratio").log() - width).exp() - 1),
        high=pl.when(shown & (pl.col("error") > 0)).then((pl.col("ratio").log() + width).exp() - 1),
        n=pl.min_horizontal("n", "n0"),
        sampled=shown,
    )


def relative_of_replicates(
    indicator: Indicator, levels: pl.DataFrame, replicates: dict[tuple[str, str, str], Floats]
) -> pl.DataFrame:
    """Relative change of a duration; error and interval from replicates that drew the same enterprises in both years."""
    base = str(indicator.base_period)
    level = levels.filter(pl.col("indicator") == indicator.change_of)
    then = level.filter(pl.col("period") == base).select(
        "breakdown", "category", pl.col("value").alias("value0"), pl.col("n").alias("n0")
    )
    both = level.filter(pl.col("period") != base).join(then, on=["breakdown", "category"])
    rows = []
    for row in both.iter_rows(named=True):
        now = replicates[row["period"], row["breakdown"], row["category"]]
        ratios = now / replicates[base, row["breakdown"], row["category"]] - 1
        ratios = ratios[np.isfinite(ratios)]
        value = None if row["value"] is None or not row["value0"] else row["value"] / row["value0"] - 1
        shown = value is not None and ratios.size >= 0.9 * now.size
        low, high = np.quantile(ratios, [0.025, 0.975]) if shown else (None, None)
        error = float(ratios.std(ddof=1)) if shown else None
        key = {"indicator": indicator.id, **{name: row[name] for name in ("period", "breakdown", "category")}}
        rows.append(
            {**key, "value": value, "se": error, "low": low, "high": high, "n": min(row["n"], row["n0"]), "sampled": True}
        )
    schema = {
        **dict.fromkeys(KEYS, pl.String),
        **dict.fromkeys(("value", "se", "low", "high"), pl.Float64),
        "n": pl.Int64,
        "sampled": pl.Boolean,
    }
    return pl.DataFrame(rows, schema=schema)
